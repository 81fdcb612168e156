//! Fault points: those of `apply`, and an account that dies in the middle of a round. Only in tests and with
//! the cargo feature `faults`; empty otherwise.

use ractor::ActorCell;

use crate::domain::account::AccountList;
use crate::recovery::faults::ApplyFaults;

pub(crate) use imp::Faults;

#[cfg(any(test, feature = "faults"))]
mod imp {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU8, Ordering};

    use tokio::sync::Notify;

    use super::*;

    const KILL: u8 = 1;
    const PANIC: u8 = 2;
    const STALL: u8 = 3;
    const PANIC_ON_THE_SPOT: u8 = 4;

    /// Which faults are on; clones share them.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct Faults {
        pub apply: ApplyFaults,
        next_account_run: Arc<AtomicU8>,
        released: Arc<Notify>,
    }

    impl Faults {
        pub fn from_env() -> Self {
            Self { apply: ApplyFaults::from_env(), ..Self::default() }
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
    pub(crate) struct Faults {
        pub apply: ApplyFaults,
    }

    impl Faults {
        pub const fn from_env() -> Self {
            Self { apply: ApplyFaults::from_env() }
        }

        pub const fn wants_messages(&self) -> bool {
            false
        }

        pub const fn on_the_spot(&self) {}

        pub async fn in_account(&self, _: &ActorCell, _: &AccountList) {}
    }
}
