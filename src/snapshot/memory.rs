//! Snapshots in memory: for tests.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;

use super::content::{Checked, Sums};
use super::{
    Block, BlockKey, Blocks, Draft, Listed, ListedState, Manifest, SnapshotError, SnapshotNumber, SnapshotRead,
    SnapshotStore, SnapshotWriter,
};

/// A store; clones share it.
#[derive(Clone, Debug, Default)]
pub struct MemorySnapshots(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// The highest number that was ever given.
    last: u64,
    writing: bool,
    full: bool,
    whole: BTreeMap<SnapshotNumber, Arc<Kept>>,
    set_aside: Vec<(SnapshotNumber, Arc<Kept>)>,
}

/// A snapshot as its store keeps it: the manifest's bytes, and the blocks.
#[derive(Clone, Debug)]
struct Kept {
    manifest: Vec<u8>,
    blocks: Vec<Block>,
}

impl MemorySnapshots {
    /// Whether writing answers `Full` from here on.
    pub fn fill(&self, full: bool) {
        self.0.lock().full = full;
    }

    /// Flips a bit of the last byte of the last block that has any, else of the manifest.
    pub fn damage(&self, number: SnapshotNumber) {
        if let Some(kept) = self.0.lock().whole.get_mut(&number) {
            let Kept { manifest, blocks } = Arc::make_mut(kept);
            let last = blocks.iter_mut().rev().find_map(|block| block.value.last_mut());
            if let Some(byte) = last.or_else(|| manifest.last_mut()) {
                *byte ^= 1;
            }
        }
    }

    fn path(number: SnapshotNumber) -> PathBuf {
        format!("memory/{number}").into()
    }
}

impl State {
    fn check_space(&self) -> Result<(), SnapshotError> {
        let source = || io::Error::from(io::ErrorKind::StorageFull).into();
        if self.full { Err(SnapshotError::Full { source: source() }) } else { Ok(()) }
    }

    fn take(&mut self, number: SnapshotNumber) -> Result<Arc<Kept>, SnapshotError> {
        self.whole.remove(&number).ok_or(SnapshotError::NotFound { number })
    }
}

impl SnapshotStore for MemorySnapshots {
    fn begin(&self) -> Result<Box<dyn SnapshotWriter>, SnapshotError> {
        let mut state = self.0.lock();
        if state.writing {
            return Err(SnapshotError::Busy);
        }
        state.check_space()?;
        state.writing = true;
        state.last += 1;
        let number = SnapshotNumber(state.last);
        let writer = MemoryWriter { store: self.clone(), number, sums: Sums::default(), blocks: vec![], failed: false };
        Ok(Box::new(writer))
    }

    fn list(&self) -> Result<Vec<Listed>, SnapshotError> {
        let state = self.0.lock();
        let whole = state.whole.iter().map(|(number, kept)| Listed {
            number: *number,
            path: Self::path(*number),
            state: match Manifest::decode(*number, &kept.manifest) {
                Ok(manifest) => ListedState::Whole(Box::new(manifest)),
                Err(error) => ListedState::Unusable(error),
            },
        });
        let aside = state.set_aside.iter().map(|(number, _)| Listed {
            number: *number,
            path: Self::path(*number).with_extension("bad"),
            state: ListedState::SetAside,
        });
        let mut all: Vec<_> = whole.chain(aside).collect();
        all.sort_by_key(|listed| std::cmp::Reverse(listed.number));
        Ok(all)
    }

    fn open(&self, number: SnapshotNumber) -> Result<Arc<dyn SnapshotRead>, SnapshotError> {
        let kept = self.0.lock().whole.get(&number).cloned().ok_or(SnapshotError::NotFound { number })?;
        let decoded = Manifest::decode(number, &kept.manifest);
        let manifest = decoded.map_err(|error| error.of(number, &Self::path(number)))?;
        Ok(Arc::new(MemorySnapshot { manifest, kept }))
    }

    fn remove(&self, number: SnapshotNumber) -> Result<(), SnapshotError> {
        self.0.lock().take(number).map(drop)
    }

    fn set_aside(&self, number: SnapshotNumber) -> Result<PathBuf, SnapshotError> {
        let mut state = self.0.lock();
        let kept = state.take(number)?;
        state.set_aside.push((number, kept));
        Ok(Self::path(number).with_extension("bad"))
    }

    fn remove_set_aside(&self, number: SnapshotNumber) -> Result<(), SnapshotError> {
        self.0.lock().set_aside.retain(|(aside, _)| *aside != number);
        Ok(())
    }
}

struct MemoryWriter {
    store: MemorySnapshots,
    number: SnapshotNumber,
    sums: Sums,
    blocks: Vec<Block>,
    failed: bool,
}

impl SnapshotWriter for MemoryWriter {
    fn number(&self) -> SnapshotNumber {
        self.number
    }

    fn put(&mut self, key: BlockKey, value: &[u8]) -> Result<(), SnapshotError> {
        if self.failed {
            return Err(SnapshotError::GivenUp);
        }
        let taken = self.store.0.lock().check_space().and_then(|()| self.sums.add(key, value));
        self.failed = taken.is_err();
        taken?;
        self.blocks.push(Block { key, value: value.to_vec() });
        Ok(())
    }

    fn finish(mut self: Box<Self>, draft: Draft) -> Result<Manifest, SnapshotError> {
        if self.failed {
            return Err(SnapshotError::GivenUp);
        }
        let contents = std::mem::take(&mut self.sums).finish(draft.sides.len())?;
        let manifest = Manifest::new(self.number, draft, &contents, vec![]);
        let kept = Kept { manifest: manifest.encode(), blocks: std::mem::take(&mut self.blocks) };
        let mut state = self.store.0.lock();
        state.check_space()?;
        state.whole.insert(self.number, Arc::new(kept));
        drop(state);
        Ok(manifest)
    }
}

impl Drop for MemoryWriter {
    fn drop(&mut self) {
        self.store.0.lock().writing = false;
    }
}

struct MemorySnapshot {
    manifest: Manifest,
    kept: Arc<Kept>,
}

impl SnapshotRead for MemorySnapshot {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn blocks(&self, side: u32) -> Blocks {
        let sides = &self.manifest.sides;
        let Some(entry) = usize::try_from(side).ok().and_then(|side| sides.get(side)) else {
            return Box::new(std::iter::once(Err(SnapshotError::NoSuchSide { side, sides: sides.len() })));
        };
        let kept = Arc::clone(&self.kept);
        let raw = (0..kept.blocks.len()).map(move |at| kept.blocks[at].clone());
        let raw = raw.filter(move |block| block.key.side == side).map(Ok);
        Checked::blocks(self.manifest.number, side, entry.content(), raw)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::conformance::{Bench, conformance_suite};

    impl Bench for MemorySnapshots {
        fn open(&self) -> Box<dyn SnapshotStore> {
            Box::new(self.clone())
        }

        fn damage(&self, number: SnapshotNumber) {
            Self::damage(self, number);
        }
    }

    conformance_suite!(MemorySnapshots::default());

    #[test]
    fn r9_5_a_full_store_takes_nothing_and_later_everything() {
        let store = MemorySnapshots::default();
        store.fill(true);
        assert!(matches!(store.begin().err(), Some(SnapshotError::Full { .. })));
        store.fill(false);
        let mut writer = store.begin().unwrap();
        store.fill(true);
        let key = BlockKey { side: 0, section: 0, number: 0 };
        assert!(matches!(writer.put(key, b"x"), Err(SnapshotError::Full { .. })));
        assert!(matches!(writer.put(key, b"x"), Err(SnapshotError::GivenUp)));
        drop(writer);
        store.fill(false);
        assert!(store.list().unwrap().is_empty());
        assert!(store.begin().is_ok());
    }
}
