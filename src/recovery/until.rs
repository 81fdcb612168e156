//! A journal up to a point: what a restore to an earlier state reads (R10.6).

use std::iter;

use crate::domain::ids::{Position, WorkspaceKey};
use crate::domain::record::Record;
use crate::domain::time::Millis;
use crate::journal::codec::{GroupBuilder, GroupView, RawFrame, decode_record, encode_record};
use crate::journal::{Cause, GroupPosition, JournalRead, ReadError, StoredGroup, StoredGroups};

/// The last frame that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Everything received at or before this time.
    Time(Millis),
    /// Everything up to this event of this side, in the order of the journal.
    Position { key: WorkspaceKey, at: Position },
}

/// The place of the limit in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The last group of which a frame counts.
    pub group: GroupPosition,
    /// Its receipt.
    pub receipt: Millis,
    /// After this frame nothing of the group counts, and of this frame only the events up to this place.
    frame: Option<(WorkspaceKey, Position)>,
}

impl Until {
    /// `None`: the journal has nothing at or before the time, or not this position.
    pub fn locate(self, journal: &dyn JournalRead) -> Result<Option<Limit>, ReadError> {
        let mut limit = None;
        for entry in journal.read(journal.first())? {
            let StoredGroup { position, group } = entry?;
            let view = GroupView::new(&group).map_err(|error| unreadable(error.into()))?;
            let receipt = view.receipt;
            match self {
                Self::Time(time) if receipt > time => break,
                Self::Time(_) => limit = Some(Limit { group: position, receipt, frame: None }),
                Self::Position { key, at } => {
                    for frame in view.frames() {
                        let frame = frame.map_err(|error| unreadable(error.into()))?;
                        if frame.key == key && frame.seq == at.seq() {
                            return Ok(Some(Limit { group: position, receipt, frame: Some((key, at)) }));
                        }
                    }
                }
            }
        }
        Ok(limit)
    }
}

fn unreadable(source: Cause) -> ReadError {
    ReadError::Storage { source }
}

/// The journal as it was when it ended at the limit.
pub struct UpTo<'a> {
    pub journal: &'a dyn JournalRead,
    pub limit: Limit,
}

impl JournalRead for UpTo<'_> {
    fn read(&self, from: GroupPosition) -> Result<StoredGroups, ReadError> {
        let limit = self.limit;
        if from > limit.group {
            return Ok(Box::new(iter::empty()));
        }
        let entries = self.journal.read(from)?;
        let within =
            entries.take_while(move |entry| entry.as_ref().map_or(true, |entry| entry.position <= limit.group));
        Ok(Box::new(within.map(move |entry| {
            let entry = entry?;
            match limit.frame {
                Some((key, at)) if entry.position == limit.group => {
                    let group = cut(&entry.group, key, at).map_err(unreadable)?;
                    Ok(StoredGroup { group, ..entry })
                }
                Some(_) | None => Ok(entry),
            }
        })))
    }

    fn first(&self) -> GroupPosition {
        self.journal.first()
    }

    fn last(&self) -> GroupPosition {
        self.journal.last().min(self.limit.group)
    }

    fn identity(&self) -> u128 {
        self.journal.identity()
    }
}

/// A group that ends with this event.
fn cut(group: &[u8], key: WorkspaceKey, at: Position) -> Result<Vec<u8>, Cause> {
    let view = GroupView::new(group)?;
    let mut builder = GroupBuilder::default();
    builder.begin(view.receipt);
    for frame in view.frames() {
        let RawFrame { key: of, seq, apply_version, record, .. } = frame?;
        if (of, seq) != (key, at.seq()) {
            builder.push(of, seq, apply_version, record);
            continue;
        }
        let mut last = decode_record(record)?;
        if let Record::Events(events) = &mut last {
            events.truncate(usize::from(at.place()) + 1);
        }
        builder.push(of, seq, apply_version, &encode_record(&last));
        break;
    }
    Ok(builder.finish().to_vec())
}

/// A journal without the frames that a snapshot does not have: its replay gives the snapshot's state.
pub struct AsOf<'a, F> {
    pub journal: &'a dyn JournalRead,
    /// The last seq of a side that counts.
    pub last_seq: F,
}

impl<F: Fn(WorkspaceKey) -> u64 + Clone + Send + 'static> JournalRead for AsOf<'_, F> {
    fn read(&self, from: GroupPosition) -> Result<StoredGroups, ReadError> {
        let last_seq = self.last_seq.clone();
        let thinned = move |group: &[u8]| -> Result<Vec<u8>, Cause> {
            let view = GroupView::new(group)?;
            let mut builder = GroupBuilder::default();
            builder.begin(view.receipt);
            for frame in view.frames() {
                let RawFrame { key, seq, apply_version, record, .. } = frame?;
                if seq <= last_seq(key) {
                    builder.push(key, seq, apply_version, record);
                }
            }
            Ok(builder.finish().to_vec())
        };
        Ok(Box::new(self.journal.read(from)?.map(move |entry| {
            let entry = entry?;
            let group = thinned(&entry.group).map_err(unreadable)?;
            Ok(StoredGroup { group, ..entry })
        })))
    }

    fn first(&self) -> GroupPosition {
        self.journal.first()
    }

    fn last(&self) -> GroupPosition {
        self.journal.last()
    }

    fn identity(&self) -> u128 {
        self.journal.identity()
    }
}

/// No journal, for a snapshot without one.
pub struct NoJournal;

impl JournalRead for NoJournal {
    fn read(&self, _: GroupPosition) -> Result<StoredGroups, ReadError> {
        Ok(Box::new(iter::empty()))
    }

    fn first(&self) -> GroupPosition {
        GroupPosition(1)
    }

    fn last(&self) -> GroupPosition {
        GroupPosition::ZERO
    }

    fn identity(&self) -> u128 {
        0
    }
}
