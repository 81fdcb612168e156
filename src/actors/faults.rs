//! Fault points: a panic in `apply` at a chosen event, an account that dies in the middle of a
//! round. Only in tests and with the cargo feature `faults`; empty otherwise.

use std::collections::HashSet;
use std::sync::atomic::AtomicU64;

use ractor::ActorCell;

use crate::domain::account::AccountList;
use crate::domain::ids::Position;
use crate::domain::record::Frame;

pub(crate) use imp::Faults;

/// An event with this `intent`, or a command of this actor, makes `apply` panic while the fault is on.
#[cfg(any(test, feature = "faults"))]
pub(crate) const PANIC_INTENT: &str = "__panic__";

#[cfg(any(test, feature = "faults"))]
mod imp {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

    use tokio::sync::Notify;

    use super::*;
    use crate::domain::event::EventRecord;
    use crate::domain::record::Record;

    const KILL: u8 = 1;
    const PANIC: u8 = 2;
    const STALL: u8 = 3;
    const PANIC_ON_THE_SPOT: u8 = 4;

    /// What in a frame makes `apply` panic.
    fn poisonous(frame: &Frame) -> Vec<Position> {
        let at = |place| Position::new(frame.seq, place);
        match &frame.record {
            Record::Events(events) => {
                let poisonous = |event: &EventRecord| event.intent.as_deref() == Some(PANIC_INTENT);
                events.iter().zip(0..).filter(|(event, _)| poisonous(event)).map(|(_, place)| at(place)).collect()
            }
            Record::Command { actor, .. } if &**actor == PANIC_INTENT => vec![at(0)],
            Record::Command { .. }
            | Record::SettingsV1(_)
            | Record::Settings(_)
            | Record::Skip { .. }
            | Record::System(_)
            | Record::Delivered { .. }
            | Record::Erasure { .. }
            | Record::ErasedBy { .. }
            | Record::Retention { .. } => Vec::new(),
        }
    }

    /// Which faults are on; clones share them.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct Faults {
        panic_on_intent: Arc<AtomicBool>,
        next_account_run: Arc<AtomicU8>,
        released: Arc<Notify>,
    }

    impl Faults {
        /// `TRIPSWITCH_FAULT=panic-on-intent`.
        pub fn from_env() -> Self {
            let faults = Self::default();
            let selected = std::env::var("TRIPSWITCH_FAULT").is_ok_and(|fault| fault == "panic-on-intent");
            faults.panic_on_intent.store(selected, Ordering::SeqCst);
            faults
        }

        #[cfg(test)]
        pub fn panic_on_intent(&self, on: bool) {
            self.panic_on_intent.store(on, Ordering::SeqCst);
        }

        /// The next account that runs is killed before it does anything.
        #[cfg(test)]
        pub fn kill_next_account(&self) {
            self.next_account_run.store(KILL, Ordering::SeqCst);
        }

        /// The next account that runs panics.
        #[cfg(test)]
        pub fn panic_in_next_account(&self) {
            self.next_account_run.store(PANIC, Ordering::SeqCst);
        }

        /// The next account whose list its workspace does on the spot panics.
        #[cfg(test)]
        pub fn panic_on_the_spot(&self) {
            self.next_account_run.store(PANIC_ON_THE_SPOT, Ordering::SeqCst);
        }

        /// The next account that runs waits until it is released.
        #[cfg(test)]
        pub fn stall_next_account(&self) {
            self.next_account_run.store(STALL, Ordering::SeqCst);
        }

        /// Whether an account has met the fault that was set.
        #[cfg(test)]
        pub fn account_was_hit(&self) -> bool {
            self.next_account_run.load(Ordering::SeqCst) == 0
        }

        #[cfg(test)]
        pub fn release_account(&self) {
            self.released.notify_one();
        }

        /// Stands in for a fault of `apply` in one of `frames`, unless the event is skipped.
        pub fn in_apply(&self, frames: &[Frame], skipped: &HashSet<Position>, progress: &AtomicU64) {
            if !self.panic_on_intent.load(Ordering::SeqCst) {
                return;
            }
            let guilty = frames.iter().flat_map(poisonous).find(|position| !skipped.contains(position));
            if let Some(position) = guilty {
                progress.store(position.packed(), Ordering::Relaxed);
                panic!("fault point: the intent, or actor, {PANIC_INTENT}");
            }
        }

        /// A fault of an account's actor is on: the next list must reach one.
        pub fn wants_messages(&self) -> bool {
            !matches!(self.next_account_run.load(Ordering::SeqCst), 0 | PANIC_ON_THE_SPOT)
        }

        /// Stands in for a panic of an account whose list is done on the spot.
        pub fn on_the_spot(&self) {
            let next = &self.next_account_run;
            if next.compare_exchange(PANIC_ON_THE_SPOT, 0, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
                panic!("fault point: an account, on the spot");
            }
        }

        /// Stands in for the death of an account's actor.
        pub async fn in_account(&self, myself: &ActorCell, _list: &AccountList) {
            match self.next_account_run.swap(0, Ordering::SeqCst) {
                KILL => {
                    myself.kill();
                    std::future::pending::<()>().await;
                }
                PANIC => panic!("fault point: an account"),
                STALL => self.released.notified().await,
                _ => {}
            }
        }
    }
}

#[cfg(not(any(test, feature = "faults")))]
mod imp {
    use super::*;

    /// None: this build has no fault points.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct Faults;

    impl Faults {
        pub const fn from_env() -> Self {
            Self
        }

        pub const fn wants_messages(&self) -> bool {
            false
        }

        pub const fn on_the_spot(&self) {}

        pub const fn in_apply(&self, _: &[Frame], _: &HashSet<Position>, _: &AtomicU64) {}

        pub async fn in_account(&self, _: &ActorCell, _: &AccountList) {}
    }
}
