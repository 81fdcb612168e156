//! What every actor of an engine shares.

use std::sync::Arc;

use ractor::{ActorRef, ActorRuntime};
use tokio::runtime::Handle;
use tokio::sync::Notify;

use crate::background::Stop;
use crate::clock::Clock;
use crate::domain::configured::Configured;
use crate::domain::event::EventRecord;
use crate::domain::ids::WorkspaceKey;
use crate::domain::record::{APPLY_VERSION, Frame, Record};
use crate::domain::settings::Settings;
use crate::domain::time::{MINUTE, Millis};
use crate::domain::workspace::Workspace;
use crate::journal::JournalRead;
use crate::journal::codec::encode_record;
use crate::journal::writer::{Committed, Refusal, Refused, Submission, WriteOutcome, WriterHandle};

use super::common::Measures;
use super::counters::Counters;
use super::directory::Directory;
use super::duplicates::{DuplicateMemory, DuplicateShare, MemoryShare};
use super::error::EngineError;
use super::faults::Faults;
use super::gate_news::GateNews;
use super::handle::{Room, Status, WorkspaceHandle, answer};
use super::in_flight::{Allowance, BodyPermit, InFlightBudget};
use super::messages::{Lane, Pending, QueuedFrame, ReplyTo, WorkspaceMsg, tell};
use super::snapshots::{Purge, SnapshotRules, Snapshots, Written};
use super::supervisor::SupervisorMsg;
use super::system::SystemLane;
use super::workspace::{WorkspaceActor, WorkspaceState};

/// What config.toml said for a workspace side at the start (I1).
pub type SettingsSource = Arc<dyn Fn(WorkspaceKey) -> Arc<Configured> + Send + Sync>;

/// Bounds and spans of the engine.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// Bytes that may wait in the whole server; a workspace side holds at most a quarter (R4.9).
    pub waiting_bytes: usize,
    /// Event identities remembered in the whole server (R4.4).
    pub duplicate_limit: u64,
    /// Event frames in a round, at most.
    pub round_frames: usize,
    /// An account that was not needed for so long stops, milliseconds.
    pub idle_after: Millis,
    /// How long a question may wait for its turn, milliseconds.
    pub query_timeout: Millis,
    pub snapshots: SnapshotRules,
    /// Says what must be gone from snapshots and journal.
    pub purge: Purge,
    /// Called by threads whose work nobody waits for, as they begin, to lower their priority.
    pub background: fn(),
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            waiting_bytes: 256 << 20,
            duplicate_limit: 100_000_000,
            round_frames: 8,
            idle_after: 5 * MINUTE,
            query_timeout: 10_000,
            snapshots: SnapshotRules::default(),
            purge: Purge::default(),
            background: || {},
        }
    }
}

/// A record, and its bytes in the journal.
pub(crate) struct Encoded {
    pub record: Record,
    pub bytes: Vec<u8>,
}

impl From<Record> for Encoded {
    fn from(record: Record) -> Self {
        Self { bytes: encode_record(&record), record }
    }
}

/// The events as records that fit into a group; one event always does.
pub(super) fn pieces(events: Vec<EventRecord>, most_bytes: usize) -> Vec<Encoded> {
    let whole = Encoded::from(Record::Events(events));
    match whole.record {
        Record::Events(mut events) if whole.bytes.len() > most_bytes && events.len() > 1 => {
            let rest = events.split_off(events.len() / 2);
            [events, rest].into_iter().flat_map(|part| pieces(part, most_bytes)).collect()
        }
        record => vec![Encoded { record, ..whole }],
    }
}

pub(crate) struct Shared {
    /// Where actors run, whoever starts them.
    pub runtime: Handle,
    pub directory: Directory,
    pub options: EngineOptions,
    pub clock: Arc<dyn Clock>,
    pub settings: SettingsSource,
    pub in_flight: Arc<InFlightBudget>,
    pub duplicates: Arc<DuplicateMemory>,
    pub counters: Arc<Counters>,
    pub measures: Measures,
    pub system: Arc<SystemLane>,
    pub reader: Arc<dyn JournalRead + Send + Sync>,
    pub supervisor: ActorRef<SupervisorMsg>,
    pub writer: WriterHandle<Pending>,
    /// The engine takes nothing more.
    pub stopping: Stop,
    pub faults: Faults,
    pub snapshots: Snapshots,
    /// A mail is due sooner than before in some side.
    pub mail_news: Notify,
    pub gate_news: Arc<GateNews>,
    /// Held by the retention pass under way.
    pub retention_turn: tokio::sync::Mutex<()>,
}

impl Shared {
    /// Sends a record to the journal. The answer comes by `reply`.
    pub fn submit(
        &self,
        lane: Lane,
        encoded: Encoded,
        reply: ReplyTo,
        permit: Option<BodyPermit>,
    ) -> Result<(), EngineError> {
        let Encoded { record, bytes: record_bytes } = encoded;
        let key = match &lane {
            Lane::Workspace(handle) => handle.key,
            Lane::System(_) => WorkspaceKey::SYSTEM,
        };
        let payload = Pending { record, lane, reply, permit };
        let closed = if self.is_stopping() { EngineError::ShuttingDown } else { EngineError::JournalFailed };
        self.writer.submit(Submission { key, record_bytes, apply_version: APPLY_VERSION, payload }).map_err(|_| closed)
    }

    pub fn is_stopping(&self) -> bool {
        self.stopping.is_cancelled()
    }

    /// Identities are forgotten by receipts, when frames are applied. While the memory or a share of it is full no
    /// events come, so a side that is not written to would keep identities whose days are over. Once an hour, each
    /// side that shares what is full therefore gets its settings record again, which changes nothing else.
    pub fn relieve_duplicates(&self, full: MemoryShare, of: &DuplicateShare) {
        if !of.is_relief_due(full, self.clock.now()) {
            return;
        }
        for handle in self.directory.workspaces() {
            let concerned = handle.identities.is_within(full, of) && handle.duplicates() > 0;
            if concerned && handle.status() == Status::Serving {
                let record = handle.settings_record();
                if let Err(error) = self.submit(Lane::Workspace(handle), record.into(), ReplyTo::Nobody, None) {
                    tracing::warn!(%error, "identities could not be let go of");
                }
            }
        }
    }

    /// What a side may hold, whether or not it is there; `None` for a workspace that the system workspace does not
    /// know.
    pub fn room(&self, key: WorkspaceKey) -> Option<(Allowance, DuplicateShare)> {
        if let Some(handle) = self.directory.workspace(key) {
            return Some((handle.allowance.clone(), handle.identities.clone()));
        }
        let table = self.system.table();
        let tenant = &table.workspace(key.id)?.tenant;
        Some((self.in_flight.allowance(key.id, tenant), self.duplicates.share(tenant, key.side)))
    }

    /// The handle of a side that is to be written to, made for its first record: a side that was only asked takes
    /// nothing. `None` for a workspace that the system workspace does not know.
    pub fn workspace_to_write(self: &Arc<Self>, key: WorkspaceKey) -> Option<Arc<WorkspaceHandle>> {
        if let Some(handle) = self.directory.workspace(key) {
            return Some(handle);
        }
        self.directory.workspace_or_insert(key, || {
            // Looked up while the place is locked: whoever deletes the workspace takes it out of the table first.
            let name = self.system.table().workspace(key.id)?.name.clone();
            // Whatever the configuration says: its first record brings the settings (I1).
            let workspace = Box::new(Workspace::new(key, name.clone(), Settings::default()));
            Some(self.install(key, name, Some(workspace)))
        })
    }

    /// Lets go of a side whose workspace was deleted: what waits for it is refused, its actor and their accounts stop,
    /// and what it used belongs to others again.
    pub fn retire(&self, key: WorkspaceKey) {
        self.directory.wake_awaiting(key);
        let Some(handle) = self.directory.take(key) else { return };
        handle.retire(&self.duplicates);
        let actor = handle.queue.actor();
        handle.queue.detach();
        handle.queue.close(EngineError::WorkspaceUnavailable);
        if let Some(actor) = actor {
            actor.stop(None);
        }
        answer(handle.take_unanswered(u64::MAX), Vec::new());
        self.directory.forget_accounts(key);
        self.in_flight.forget(key.id);
    }

    /// Makes the handle of a workspace side and starts its actor; without a state it is to be
    /// rebuilt.
    pub fn install(
        self: &Arc<Self>,
        key: WorkspaceKey,
        name: Box<str>,
        workspace: Option<Box<Workspace>>,
    ) -> Arc<WorkspaceHandle> {
        let (configured, table) = ((self.settings)(key), self.system.table());
        let tenant = table.workspace(key.id).map_or("", |entry| &entry.tenant);
        let room = Room {
            allowance: self.in_flight.allowance(key.id, tenant),
            identities: self.duplicates.share(tenant, key.side),
            watches: self.directory.watches_of_new(key),
            gate_news: Arc::clone(&self.gate_news),
        };
        let handle = Arc::new(WorkspaceHandle::new(key, name, configured, room));
        if let Some(workspace) = workspace
            && self.start(&handle, workspace)
        {
            handle.set_status(Status::Serving);
        }
        handle
    }

    /// Starts an actor for the handle and gives it the queue. False if the engine is stopping.
    pub fn start(self: &Arc<Self>, handle: &Arc<WorkspaceHandle>, workspace: Box<Workspace>) -> bool {
        handle.publish(&workspace, &self.duplicates);
        handle.queue.begins_after(workspace.applied());
        if handle.is_retired() {
            handle.retire(&self.duplicates);
            return false;
        }
        let state = WorkspaceState::new(workspace, Arc::clone(handle), Arc::clone(self));
        let supervisor = self.supervisor.get_cell();
        let _context = self.runtime.enter();
        // The actor has no name, and its `pre_start` cannot fail, so only a stopping supervisor could be in the way,
        // which the actor learns later.
        match ActorRuntime::<WorkspaceActor>::spawn_linked_instant(None, WorkspaceActor, state, supervisor) {
            Ok((actor, _)) => {
                handle.queue.attach(actor.clone());
                // Whoever deleted the workspace meanwhile may have found no actor to stop.
                if handle.is_retired() {
                    handle.retire(&self.duplicates);
                    handle.queue.detach();
                    actor.stop(None);
                    return false;
                }
                true
            }
            Err(error) => {
                tracing::error!(%error, workspace = %handle.key.id, "a workspace could not be started");
                false
            }
        }
    }

    /// Asks a workspace's actor; the answer is lost if it dies.
    pub fn ask(handle: &WorkspaceHandle, message: WorkspaceMsg) -> Result<(), EngineError> {
        let actor = handle.queue.actor().ok_or(EngineError::WorkspaceUnavailable)?;
        actor.send_message(message).map_err(|_| EngineError::WorkspaceUnavailable)
    }
}

/// What the journal's writer calls, on its thread, with each record's outcome in order.
pub(crate) fn deliver(written: &Written, outcome: WriteOutcome<Pending>) {
    match outcome {
        WriteOutcome::Committed(Committed { key, seq, receipt, group, durable_at, payload }) => {
            let Pending { record, lane, reply, permit } = payload;
            written.frame(group, &record);
            let frame = Frame { key, seq, receipt, apply_version: APPLY_VERSION, record };
            let (reply, durable) = match reply {
                ReplyTo::Committed(answer) => (ReplyTo::Nobody, Some(answer)),
                reply @ (ReplyTo::Nobody | ReplyTo::Applied(_) | ReplyTo::System(_)) => (reply, None),
            };
            let queued = QueuedFrame { frame, group, durable_at, reply, permit };
            match lane {
                Lane::Workspace(handle) => handle.queue.push(queued),
                Lane::System(lane) => lane.queue.push(queued),
            }
            // Told once the frame is in its queue, with all that stand before it.
            if let Some(answer) = durable {
                tell(answer, Ok(seq));
            }
        }
        WriteOutcome::Refused(Refused { reason, payload, .. }) => {
            drop(payload.permit);
            payload.reply.refuse(match reason {
                Refusal::Full => EngineError::DiskFull,
                Refusal::TooLarge => EngineError::Overloaded,
                Refusal::Fenced | Refusal::Poisoned => EngineError::JournalFailed,
            });
        }
    }
}
