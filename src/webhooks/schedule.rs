//! When a delivery that failed is tried again. It follows from the attempts so far, so that a restart comes to the
//! same.

use crate::domain::delivery::Attempt;
use crate::domain::time::{HOUR, MINUTE, Millis, SECOND};
use uuid::Uuid;

/// Pauses after the first, the second … failed attempt. After the last one there is no further.
const PAUSES: [Millis; 9] =
    [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
/// Attempts of a delivery.
pub const ATTEMPTS: usize = PAUSES.len() + 1;
/// How long a receiver may put the next attempt off.
const MOST_PUT_OFF: Millis = 24 * HOUR;
/// A pause is longer or shorter by up to so much of it, so that what failed together does not come back together.
const JITTER_PERCENT: i64 = 10;

/// When the next attempt is due, after these; `None` where there is none. At once before the first.
pub fn next(message: Uuid, attempts: &[Attempt]) -> Option<Millis> {
    let Some(last) = attempts.last() else { return Some(Millis::MIN) };
    let pause = PAUSES.get(attempts.len() - 1)?;
    Some(end(last).saturating_add(pause + jitter(message, attempts.len(), *pause)))
}

/// As [`next`], where the receiver has asked for a pause (`Retry-After`) after the last attempt.
pub fn next_after(message: Uuid, attempts: &[Attempt], put_off: Option<Millis>) -> Option<Millis> {
    let (due, last) = (next(message, attempts)?, attempts.last());
    let asked = put_off.zip(last).map(|(pause, last)| end(last).saturating_add(pause.clamp(0, MOST_PUT_OFF)));
    Some(asked.map_or(due, |asked| asked.max(due)))
}

fn end(attempt: &Attempt) -> Millis {
    attempt.at.saturating_add(attempt.milliseconds.into())
}

/// What a pause is longer or shorter by. Spread evenly over the messages.
pub fn jitter(message: Uuid, attempt: usize, pause: Millis) -> Millis {
    let mut hasher = blake3::Hasher::new_derive_key("tripswitch 2026 webhook jitter");
    hasher.update(message.as_bytes()).update(&(attempt as u64).to_le_bytes());
    let drawn = u64::from_le_bytes(*hasher.finalize().as_bytes().first_chunk().expect("a hash has 32 bytes"));
    let most = pause * JITTER_PERCENT / 100;
    (drawn % (2 * most as u64 + 1)) as i64 - most
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::delivery::DeliveryFault;

    const MESSAGE: Uuid = Uuid::from_u128(7);

    fn failed(at: Millis) -> Attempt {
        Attempt { at, milliseconds: 40, status: Some(500), fault: Some(DeliveryFault::Status) }
    }

    #[test]
    fn r8_3_ten_attempts_over_three_days() {
        let mut attempts = Vec::new();
        assert_eq!(next(MESSAGE, &attempts), Some(Millis::MIN));
        for pause in PAUSES {
            let last = attempts.last().map_or(0, end);
            attempts.push(failed(last));
            let waited = next(MESSAGE, &attempts).unwrap() - end(attempts.last().unwrap());
            assert!((pause - pause / 10..=pause + pause / 10).contains(&waited), "{pause}: {waited}");
            attempts.last_mut().unwrap().at += waited;
        }
        attempts.push(failed(0));
        assert_eq!((attempts.len(), next(MESSAGE, &attempts)), (ATTEMPTS, None));
        assert!((75 * HOUR..76 * HOUR).contains(&PAUSES.iter().sum()));
    }

    #[test]
    fn r8_3_the_next_attempt_follows_from_the_message_and_its_attempts() {
        let due = |message, count| next(Uuid::from_u128(message), &vec![failed(0); count]);
        assert_eq!(due(1, 2), due(1, 2));
        let spread: std::collections::BTreeSet<_> = (0..100).map(|message| due(message, 2)).collect();
        assert!(spread.len() > 90, "{spread:?}");
    }

    #[test]
    fn r8_3_a_receiver_puts_the_next_attempt_off_by_a_day_at_most_and_never_brings_it_forward() {
        let attempts = [failed(0)];
        let after = |put_off| next_after(MESSAGE, &attempts, put_off);
        let plain = next(MESSAGE, &attempts);
        for short in [None, Some(-5), Some(0), Some(SECOND)] {
            assert_eq!(after(short), plain);
        }
        assert_eq!(after(Some(MINUTE)), Some(40 + MINUTE));
        assert_eq!(after(Some(Millis::MAX)), Some(40 + 24 * HOUR));
        assert_eq!(next_after(MESSAGE, &[failed(0); ATTEMPTS], Some(MINUTE)), None);
    }
}
