//! The only place that draws random ids and secrets.

use parking_lot::Mutex;
use rand::distr::{Alphanumeric, SampleString};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use uuid::{Builder, Uuid};

/// A source of ids and secrets.
pub trait Ids: Send + Sync {
    /// A random (version 4) UUID.
    fn uuid(&self) -> Uuid;

    /// 32 random bytes.
    fn secret(&self) -> [u8; 32];

    /// `length` characters of `[A-Za-z0-9]`, each as likely as any other (R2.11).
    fn token(&self, length: usize) -> String;
}

/// From the thread's cryptographic generator, which the operating system seeds.
#[derive(Clone, Copy, Debug, Default)]
pub struct RandomIds;

impl Ids for RandomIds {
    fn uuid(&self) -> Uuid {
        uuid(&mut rand::rng())
    }

    fn secret(&self) -> [u8; 32] {
        secret(&mut rand::rng())
    }

    fn token(&self, length: usize) -> String {
        Alphanumeric.sample_string(&mut rand::rng(), length)
    }
}

/// The same ids for the same seed, for tests and the demo's history. Never for secrets that guard anything.
#[derive(Debug)]
pub struct SeededIds(Mutex<StdRng>);

impl SeededIds {
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }
}

impl Ids for SeededIds {
    fn uuid(&self) -> Uuid {
        uuid(&mut *self.0.lock())
    }

    fn secret(&self) -> [u8; 32] {
        secret(&mut *self.0.lock())
    }

    fn token(&self, length: usize) -> String {
        Alphanumeric.sample_string(&mut *self.0.lock(), length)
    }
}

fn uuid(rng: &mut impl Rng) -> Uuid {
    let mut bytes = [0; 16];
    rng.fill_bytes(&mut bytes);
    Builder::from_random_bytes(bytes).into_uuid()
}

fn secret(rng: &mut impl Rng) -> [u8; 32] {
    let mut bytes = [0; 32];
    rng.fill_bytes(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r2_11_tokens_use_the_whole_alphabet_and_nothing_else() {
        let token = SeededIds::new(1).token(10_000);
        assert_eq!(token.len(), 10_000);
        let mut counts = [0_u32; 128];
        token.bytes().for_each(|byte| counts[usize::from(byte)] += 1);
        for byte in 0..128_u8 {
            let count = counts[usize::from(byte)];
            // 161 expected of each; six standard deviations are 76.
            let fair = if byte.is_ascii_alphanumeric() { 85..=238 } else { 0..=0 };
            assert!(fair.contains(&count), "{:?} came {count} times", char::from(byte));
        }
    }

    #[test]
    fn seeded_ids_repeat_and_random_ones_do_not() {
        let (a, b) = (SeededIds::new(7), SeededIds::new(7));
        assert_eq!((a.uuid(), a.secret(), a.token(32)), (b.uuid(), b.secret(), b.token(32)));
        assert_ne!(a.uuid(), a.uuid());
        assert_ne!(RandomIds.uuid(), RandomIds.uuid());
        assert_ne!(RandomIds.secret(), RandomIds.secret());
        assert_ne!(RandomIds.token(32), RandomIds.token(32));
        assert_eq!(RandomIds.uuid().get_version_num(), 4);
    }
}
