//! Applies frames from the journal without actors: this is how a workspace comes back at a start, and after a
//! failure. Rounds are larger than those of the actors; the state does not depend on where they end (I1).

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use thiserror::Error;

use crate::domain::ids::{Position, WorkspaceKey};
use crate::domain::local::Local;
use crate::domain::record::{APPLY_VERSION, Frame, Record};
use crate::domain::reply::Reply;
use crate::domain::workspace::{Applied, Workspace};
use crate::journal::codec::{CodecError, GroupView, RawFrame};
use crate::journal::{GroupPosition, JournalRead, ReadError};

use super::faults::ApplyFaults;

/// Event frames applied in one round.
const ROUND_FRAMES: usize = 64;
/// Accounts that are kept awake from round to round; if there are more, all go to sleep and are built again when
/// needed.
const ACCOUNTS_KEPT: usize = 16_384;

/// Why a replay did not get to its end.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// A skip of this event lets the next replay pass over it.
    #[error("applying event {at} of workspace {} ({:?}) failed: {reason}", key.id, key.side)]
    Panicked { key: WorkspaceKey, at: Position, reason: String },
    #[error("workspace {} ({:?}): frame {found} stands where frame {expected} was due", key.id, key.side)]
    Gap { key: WorkspaceKey, expected: u64, found: u64 },
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("group {group} of the journal could not be read")]
    Group {
        group: GroupPosition,
        #[source]
        source: CodecError,
    },
    #[error("workspace {} ({:?}): the record of frame {seq} could not be read", key.id, key.side)]
    Record {
        key: WorkspaceKey,
        seq: u64,
        #[source]
        source: CodecError,
    },
    #[error(
        "workspace {} ({:?}): frame {seq} asks for apply version {found}; this program knows versions up to {APPLY_VERSION}",
        key.id, key.side
    )]
    ApplyVersion { key: WorkspaceKey, seq: u64, found: u16 },
}

/// One workspace side that is being replayed.
pub(crate) struct Replay {
    key: WorkspaceKey,
    local: Box<Local>,
    skipped: HashSet<Position>,
    progress: AtomicU64,
    /// The event frames of the next round.
    round: Vec<Frame>,
    faults: ApplyFaults,
    /// Replies of frames before this one are dropped.
    replies_from: u64,
    replies: Vec<(u64, Reply)>,
}

/// The result of a replay.
pub(crate) struct Replayed {
    pub workspace: Box<Workspace>,
    pub replies: Vec<(u64, Reply)>,
}

impl Replay {
    /// Continues from this state. `skipped`: all skips that the journal after the state has for this side, also those
    /// that come late in it (I6).
    pub fn new(mut workspace: Workspace, skipped: HashSet<Position>, faults: ApplyFaults) -> Self {
        workspace.install_skips(skipped.iter().copied());
        let (key, local) = (workspace.key(), Box::new(Local { workspace, accounts: HashMap::new() }));
        Self {
            key,
            local,
            skipped,
            progress: AtomicU64::new(0),
            round: Vec::new(),
            faults,
            replies_from: u64::MAX,
            replies: Vec::new(),
        }
    }

    /// Keeps the replies of `seq` and later frames.
    pub fn keep_replies_from(mut self, seq: u64) -> Self {
        self.replies_from = seq;
        self
    }

    /// Whether the frame is in the state already, or waits for its round.
    pub fn holds(&self, seq: u64) -> bool {
        seq <= self.local.workspace.applied() + self.round.len() as u64
    }

    /// Takes the next frame, which is applied together with those around it.
    pub fn push(&mut self, frame: Frame) -> Result<(), ReplayError> {
        let expected = self.local.workspace.applied() + self.round.len() as u64 + 1;
        if frame.seq != expected {
            return Err(ReplayError::Gap { key: self.key, expected, found: frame.seq });
        }
        let is_events = matches!(frame.record, Record::Events(_));
        if !is_events || self.round.len() >= ROUND_FRAMES {
            self.apply_round()?;
        }
        self.round.push(frame);
        if is_events { Ok(()) } else { self.apply_round() }
    }

    pub fn finish(mut self) -> Result<Replayed, ReplayError> {
        self.apply_round()?;
        self.let_accounts_go();
        Ok(Replayed { workspace: Box::new(self.local.workspace), replies: self.replies })
    }

    fn apply_round(&mut self) -> Result<(), ReplayError> {
        let frames = std::mem::take(&mut self.round);
        let Some(first) = frames.first() else { return Ok(()) };
        self.progress.store(Position::new(first.seq, 0).packed(), Ordering::Relaxed);
        // After a panic this replay is given up, so a half-changed state is never looked at.
        let applied = catch_unwind(AssertUnwindSafe(|| self.apply(&frames))).map_err(|panic| {
            let at = Position::from_packed(self.progress.load(Ordering::Relaxed));
            ReplayError::Panicked { key: self.key, at, reason: panic_text(panic.as_ref()) }
        })?;
        let replies_from = self.replies_from;
        self.replies.extend(applied.replies.into_iter().filter(|(seq, _)| *seq >= replies_from));
        self.round = frames;
        self.round.clear();
        Ok(())
    }

    fn apply(&mut self, frames: &[Frame]) -> Applied {
        self.faults.in_apply(frames, &self.skipped, &self.progress);
        let applied = self.local.apply_with(frames, &self.progress);
        if self.local.accounts.len() > ACCOUNTS_KEPT {
            self.let_accounts_go();
        }
        applied
    }

    fn let_accounts_go(&mut self) {
        let awake: Vec<_> = self.local.accounts.keys().copied().collect();
        awake.into_iter().for_each(|id| self.local.sleep(id));
    }
}

/// The message of a panic.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without a message".to_owned())
}

/// Calls `take` with every frame of the journal from group `from` on, in order, until it returns false, and
/// `group_done` after every group.
pub(crate) fn for_each_frame(
    reader: &dyn JournalRead,
    from: GroupPosition,
    mut take: impl FnMut(RawFrame<'_>) -> Result<bool, ReplayError>,
    mut group_done: impl FnMut(),
) -> Result<(), ReplayError> {
    for entry in reader.read(from)? {
        let entry = entry?;
        let codec = |source| ReplayError::Group { group: entry.position, source };
        for frame in GroupView::new(&entry.group).map_err(codec)?.frames() {
            if !take(frame.map_err(codec)?)? {
                return Ok(());
            }
        }
        group_done();
    }
    Ok(())
}

/// Decodes a frame that this program can apply.
pub(crate) fn decode(raw: &RawFrame<'_>) -> Result<Frame, ReplayError> {
    let RawFrame { key, seq, apply_version: found, .. } = *raw;
    if found > APPLY_VERSION {
        return Err(ReplayError::ApplyVersion { key, seq, found });
    }
    raw.decode().map_err(|source| ReplayError::Record { key, seq, source })
}

/// The event that a frame skips, if it is a skip.
pub(crate) fn skip_of(raw: &RawFrame<'_>) -> Result<Option<Position>, ReplayError> {
    if !raw.is_skip() {
        return Ok(None);
    }
    match decode(raw)?.record {
        Record::Skip { seq, place, .. } => Ok(Some(Position::new(seq, place))),
        Record::Events(_)
        | Record::Command { .. }
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
        | Record::System(_)
        | Record::Delivered { .. }
        | Record::Repeats(_)
        | Record::ErasedContact { .. }
        | Record::Erasure { .. }
        | Record::ErasedBy { .. }
        | Record::Retention { .. } => Ok(None),
    }
}
