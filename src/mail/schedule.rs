//! When a mail that was not taken is tried again. It follows from the mail and its attempts, so that a restart comes to
//! the same.

use uuid::Uuid;

use crate::domain::time::{HOUR, MINUTE, Millis};
use crate::webhooks::schedule::jitter;

/// Pauses after the first, the second … failed attempt. After the last one there is no further.
const PAUSES: [Millis; 7] = [5 * MINUTE, 30 * MINUTE, 2 * HOUR, 4 * HOUR, 8 * HOUR, 14 * HOUR, 20 * HOUR];
/// How long to wait after so many failed attempts, of which there is at least one; `None`: it is given up.
pub fn pause(mail: Uuid, attempts: usize) -> Option<Millis> {
    let pause = *PAUSES.get(attempts.checked_sub(1)?)?;
    Some(pause + jitter(mail, attempts, pause))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r13_2b_eight_attempts_over_two_days() {
        let mail = Uuid::from_u128(7);
        for (at, planned) in PAUSES.into_iter().enumerate() {
            let waited = pause(mail, at + 1).unwrap();
            assert!((planned - planned / 10..=planned + planned / 10).contains(&waited), "{planned}: {waited}");
        }
        assert_eq!((pause(mail, 8), pause(mail, 255)), (None, None));
        assert!((48 * HOUR..49 * HOUR).contains(&PAUSES.iter().sum()));
        let spread: std::collections::BTreeSet<_> = (0..100).map(|mail| pause(Uuid::from_u128(mail), 1)).collect();
        assert!(spread.len() > 90, "{spread:?}");
        assert_eq!(pause(mail, 3), pause(mail, 3));
    }
}
