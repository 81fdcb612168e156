//! A journal in memory: for tests, and for tools that need no durability.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use super::{
    AppendError, Cause, GroupPosition, Journal, JournalRead, MAX_GROUP_BYTES, ReadError, SealError, StoredGroup,
    StoredGroups, TrimError,
};

/// The log itself; clones share it, as several processes share a server.
#[derive(Clone, Debug)]
pub struct MemoryLog(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    identity: u128,
    /// Position of the first group in `groups`, minus one.
    trimmed: u64,
    groups: Vec<Arc<[u8]>>,
    injected: Option<Injected>,
}

/// What the next appends answer instead of the truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Injected {
    /// One append answers `Unknown`; its group is stored all the same if `stored`.
    Unknown { stored: bool },
    /// Every append answers `Full` until this is taken back.
    Full,
    /// Every append answers `Poisoned` until this is taken back.
    Poisoned,
}

impl Default for MemoryLog {
    /// An empty log with a number that no other log of this process has.
    fn default() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let identity = u128::from(NEXT.fetch_add(1, Ordering::Relaxed));
        Self(Arc::new(Mutex::new(State { identity, ..State::default() })))
    }
}

impl MemoryLog {
    /// A writer. Several may exist: fencing tells them apart.
    pub fn writer(&self) -> MemoryJournal {
        MemoryJournal { log: self.clone() }
    }

    /// Sets or takes back a fault.
    pub fn answer(&self, injected: Option<Injected>) {
        self.0.lock().injected = injected;
    }
}

impl State {
    fn last(&self) -> GroupPosition {
        GroupPosition(self.trimmed + self.groups.len() as u64)
    }

    fn store(&mut self, group: &[u8]) -> GroupPosition {
        self.groups.push(group.into());
        self.last()
    }
}

/// A handle on a [`MemoryLog`].
#[derive(Clone, Debug)]
pub struct MemoryJournal {
    log: MemoryLog,
}

impl Journal for MemoryJournal {
    fn append(&mut self, expected_last: GroupPosition, group: &[u8]) -> Result<GroupPosition, AppendError> {
        if group.len() > MAX_GROUP_BYTES {
            return Err(AppendError::TooLarge { bytes: group.len(), most: MAX_GROUP_BYTES });
        }
        let mut state = self.log.0.lock();
        let last = state.last();
        if expected_last != last {
            return Err(AppendError::Fenced { last });
        }
        match state.injected {
            None => Ok(state.store(group)),
            Some(Injected::Unknown { stored }) => {
                state.injected = None;
                if stored {
                    state.store(group);
                }
                Err(AppendError::Unknown { source: told("the answer was lost") })
            }
            Some(Injected::Full) => {
                Err(AppendError::Full { source: io::Error::from(io::ErrorKind::StorageFull).into() })
            }
            Some(Injected::Poisoned) => Err(AppendError::Poisoned { source: Some(told("the storage failed")) }),
        }
    }

    /// Every group is a unit of its own.
    fn seal(&mut self) -> Result<(), SealError> {
        Ok(())
    }

    fn trim(&mut self, before: GroupPosition) -> Result<(), TrimError> {
        let mut state = self.log.0.lock();
        let upto = before.0.min(state.last().0).saturating_sub(1);
        let count = usize::try_from(upto.saturating_sub(state.trimmed)).unwrap_or(0);
        state.groups.drain(..count);
        state.trimmed += count as u64;
        Ok(())
    }

    fn reader(&self) -> Arc<dyn JournalRead + Send + Sync> {
        Arc::new(self.clone())
    }
}

impl JournalRead for MemoryJournal {
    fn read(&self, from: GroupPosition) -> Result<StoredGroups, ReadError> {
        let state = self.log.0.lock();
        let from = from.0.max(1);
        if from <= state.trimmed {
            return Err(ReadError::Trimmed { first: GroupPosition(state.trimmed + 1) });
        }
        let skipped = usize::try_from(from - state.trimmed - 1).unwrap_or(usize::MAX);
        let groups: Vec<_> = state.groups.iter().skip(skipped).cloned().collect();
        let entries = groups.into_iter().zip(from..);
        Ok(Box::new(
            entries
                .map(|(group, position)| Ok(StoredGroup { position: GroupPosition(position), group: group.to_vec() })),
        ))
    }

    fn first(&self) -> GroupPosition {
        GroupPosition(self.log.0.lock().trimmed + 1)
    }

    fn last(&self) -> GroupPosition {
        self.log.0.lock().last()
    }

    fn identity(&self) -> u128 {
        self.log.0.lock().identity
    }
}

fn told(message: &'static str) -> Cause {
    io::Error::other(message).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::conformance::{Bench, conformance_suite};

    impl Bench for MemoryLog {
        fn open(&self) -> Result<Box<dyn Journal + Send>, String> {
            Ok(Box::new(self.writer()))
        }

        fn lose_next_outcome(&self, stored: bool) {
            self.answer(Some(Injected::Unknown { stored }));
        }

        /// Memory dies with its process: nothing is left of a group that was not stored.
        fn tear(&self, _group: &[u8]) {}
    }

    conformance_suite!(MemoryLog::default());
}
