//! A fault point of `apply`: a panic at a chosen event. Only in tests and with the cargo feature `faults`;
//! empty otherwise.

use std::collections::HashSet;
use std::sync::atomic::AtomicU64;

use crate::domain::ids::Position;
use crate::domain::record::Frame;

pub(crate) use imp::ApplyFaults;

/// An event with this `intent`, or a command of this actor, makes `apply` panic while the fault is on.
#[cfg(any(test, feature = "faults"))]
pub(crate) const PANIC_INTENT: &str = "__panic__";

#[cfg(any(test, feature = "faults"))]
mod imp {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::domain::event::EventRecord;
    use crate::domain::record::Record;

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
            | Record::LeveledSettings { .. }
            | Record::Rated(_)
            | Record::OptOut { .. }
            | Record::Mails(_)
            | Record::SettingsV2(_)
            | Record::Resource { .. }
            | Record::Deliveries(_)
            | Record::Forgotten
            | Record::Skip { .. }
            | Record::System(_)
            | Record::Delivered { .. }
            | Record::Repeats(_)
            | Record::ErasedContact { .. }
            | Record::Erasure { .. }
            | Record::ErasedBy { .. }
            | Record::Retention { .. } => Vec::new(),
        }
    }

    /// Whether the fault is on; clones share it.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct ApplyFaults(Arc<AtomicBool>);

    impl ApplyFaults {
        /// `TRIPSWITCH_FAULT=panic-on-intent`.
        pub fn from_env() -> Self {
            let selected = std::env::var("TRIPSWITCH_FAULT").is_ok_and(|fault| fault == "panic-on-intent");
            Self(Arc::new(selected.into()))
        }

        #[cfg(test)]
        pub fn panic_on_intent(&self, on: bool) {
            self.0.store(on, Ordering::SeqCst);
        }

        /// Stands in for a fault of `apply` in one of `frames`, unless the event is skipped.
        pub fn in_apply(&self, frames: &[Frame], skipped: &HashSet<Position>, progress: &AtomicU64) {
            if !self.0.load(Ordering::SeqCst) {
                return;
            }
            let guilty = frames.iter().flat_map(poisonous).find(|position| !skipped.contains(position));
            if let Some(position) = guilty {
                progress.store(position.packed(), Ordering::Relaxed);
                panic!("fault point: the intent, or actor, {PANIC_INTENT}");
            }
        }
    }
}

#[cfg(not(any(test, feature = "faults")))]
mod imp {
    use super::*;

    /// None: this build has no fault points.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct ApplyFaults;

    impl ApplyFaults {
        pub const fn from_env() -> Self {
            Self
        }

        pub const fn in_apply(&self, _: &[Frame], _: &HashSet<Position>, _: &AtomicU64) {}
    }
}
