//! What is passed on: records on their way to the journal, frames on their way to `apply`, and the messages of the
//! actors.

use std::sync::Arc;
use std::time::Duration;

use ractor::Message;
use tokio::sync::oneshot;

#[cfg(test)]
use crate::domain::account::Account;
use crate::domain::account::AccountList;
use crate::domain::ids::Id;
use crate::domain::record::{Frame, Record};
use crate::domain::reply::Reply;
use crate::domain::rules::Rules;
use crate::domain::system::SystemRefusal;
use crate::domain::system_table::SystemTable;
use crate::domain::time::Millis;
use crate::domain::view::AccountHealth;
use crate::domain::workspace::Workspace;
use crate::journal::GroupPosition;

use super::error::EngineError;
use super::gather::PendingPart;
use super::handle::WorkspaceHandle;
use super::in_flight::BodyPermit;
use super::snapshots::SideCut;
use super::system::SystemLane;

/// Takes an answer once there is one.
pub(crate) type Answer<T> = oneshot::Sender<Result<T, EngineError>>;

/// Answers; the receiver may be gone.
pub(crate) fn tell<T>(waiting: oneshot::Sender<T>, answer: T) {
    let _gone = waiting.send(answer);
}

/// The journal writer's payload: the decoded form of a record that is already encoded, so that it need not be decoded
/// again.
pub struct Pending {
    pub(crate) record: Record,
    pub(crate) lane: Lane,
    pub(crate) reply: ReplyTo,
    /// None for the server's own records.
    pub(crate) permit: Option<BodyPermit>,
}

/// Who applies the record.
pub(crate) enum Lane {
    Workspace(Arc<WorkspaceHandle>),
    System(Arc<SystemLane>),
}

/// Who waits for the record.
pub(crate) enum ReplyTo {
    Nobody,
    /// The seq, as soon as the record is durable.
    Committed(Answer<u64>),
    /// A workspace's reply.
    Applied(Answer<Reply>),
    /// The system workspace's reply.
    System(Answer<Result<(), SystemRefusal>>),
}

impl ReplyTo {
    /// Tells the receiver that there will be no answer; it may be gone.
    pub fn refuse(self, error: EngineError) {
        match self {
            Self::Nobody => {}
            Self::Committed(answer) => tell(answer, Err(error)),
            Self::Applied(answer) => tell(answer, Err(error)),
            Self::System(answer) => tell(answer, Err(error)),
        }
    }

    /// Passes a workspace's reply on; `None` if the replay gave none.
    pub fn applied(self, reply: Option<Reply>) {
        match self {
            Self::Applied(answer) => tell(answer, reply.ok_or(EngineError::WorkspaceUnavailable)),
            Self::Nobody => {}
            other @ (Self::Committed(_) | Self::System(_)) => other.refuse(EngineError::WorkspaceUnavailable),
        }
    }
}

/// A durable frame that waits to be applied.
pub(crate) struct QueuedFrame {
    pub frame: Frame,
    /// Where it stands in the journal.
    pub group: GroupPosition,
    /// Since when it is on stable storage, by the clock's `elapsed`.
    pub durable_at: Duration,
    pub reply: ReplyTo,
    pub permit: Option<BodyPermit>,
}

/// Messages that can say "there are frames in your queue".
pub(crate) trait Waking: Message {
    fn frames_waiting() -> Self;
}

/// What is asked of a workspace's state.
pub(crate) type Question = Box<dyn FnOnce(&Workspace) + Send>;

/// What is done to a workspace's state beside its frames: nothing that belongs to the state changes.
pub(crate) type Chore = Box<dyn FnOnce(&mut Workspace) + Send>;

/// To a workspace's actor.
pub(crate) enum WorkspaceMsg {
    FramesWaiting,
    /// Stops the accounts that were idle for long enough.
    Sweep,
    /// Wakes the account and has it answer; `None` for an unknown one.
    Account {
        id: Id,
        now: Millis,
        reply: Answer<Option<AccountHealth>>,
    },
    /// Looks at the state between two rounds, and answers by a channel of its own.
    Read(Question),
    /// As [`Self::Read`], where something is shared, or noted that follows from the state.
    Tend(Chore),
    /// Answers once the queue is empty.
    Drain(oneshot::Sender<()>),
    /// The side's part of a snapshot.
    Cut(oneshot::Sender<SideCut>),
}

impl Waking for WorkspaceMsg {
    fn frames_waiting() -> Self {
        Self::FramesWaiting
    }
}

/// To an account's actor.
pub(crate) enum AccountMsg {
    /// The account's part of a round.
    Run {
        list: AccountList,
        share: PendingPart,
    },
    Health {
        rules: Arc<Rules>,
        now: Millis,
        reply: Answer<Option<AccountHealth>>,
    },
    /// For tests: what the account holds.
    #[cfg(test)]
    Inspect(oneshot::Sender<Option<Box<Account>>>),
}

/// To the system workspace's actor.
pub(crate) enum SystemMsg {
    FramesWaiting,
    Drain(oneshot::Sender<()>),
    Cut(oneshot::Sender<SystemCut>),
}

/// The system workspace's part of a snapshot.
pub(crate) struct SystemCut {
    pub table: Arc<SystemTable>,
    /// The group of the first frame that waits to be applied.
    pub waiting: Option<GroupPosition>,
}

impl Waking for SystemMsg {
    fn frames_waiting() -> Self {
        Self::FramesWaiting
    }
}
