//! The engine: writes go through the journal and are applied before they are answered; queries go to the actors, or
//! are answered from memory.

use std::sync::Arc;

use parking_lot::Mutex;
use ractor::{Actor, ActorRef, SpawnErr};
use thiserror::Error;
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};
use tokio::task::{JoinError, JoinHandle};

use crate::background::Stop;
use crate::clock::Clock;
use crate::domain::configured::Effective;
use crate::domain::event::EventRecord;
use crate::domain::ids::{Id, Side, WorkspaceKey};
use crate::domain::record::Record;
use crate::domain::reply::{Reply, Verdict};
use crate::domain::system::{SystemRecord, SystemRefusal};
use crate::domain::system_table::SystemTable;
use crate::domain::time::Millis;
use crate::ids::Ids;
use crate::journal::Journal;
use crate::journal::codec::most_record_bytes;
use crate::journal::writer::{GroupLimits, JournalWriter, WriterHealth, WriterStart};
use crate::recovery::{Recovered, RecoveredSide};
use crate::snapshot::SnapshotStore;

use super::common::Common;
use super::directory::{Directory, EffectsWatch};
use super::error::EngineError;
use super::faults::Faults;
use super::forgotten;
use super::handle::{Status, WorkspaceHandle};
use super::in_flight::{Allowance, BodyPermit};
use super::messages::{Lane, Pending, ReplyTo, SystemMsg, WorkspaceMsg};
use super::retention;
use super::shared::{Encoded, EngineOptions, SettingsSource, Shared, deliver, pieces};
use super::snapshots::{self, Snapshots};
use super::supervisor::{SharedSlot, Supervisor, SupervisorMsg};
use super::system::{self, SystemActor, SystemLane, SystemSource, SystemState};

/// The bytes that a waiting record takes besides its own.
const RECORD_OVERHEAD: usize = 512;

/// Everything that an engine is made of.
pub struct EngineParts {
    /// What [`recover`](crate::recovery::recover) read from this very journal.
    pub recovered: Recovered,
    pub journal: Box<dyn Journal + Send>,
    /// Where `recovered` came from, and where new snapshots go.
    pub snapshots: Arc<dyn SnapshotStore>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    pub settings: SettingsSource,
    /// Whose tenants, workspaces and keys hold.
    pub system: SystemSource,
    pub options: EngineOptions,
    pub common: Common,
    pub group_limits: GroupLimits,
}

/// Why an engine does not start.
#[derive(Debug, Error)]
pub enum StartError {
    #[error("the journal's writer could not be started")]
    Writer(#[source] std::io::Error),
    #[error("an actor could not be started")]
    Actor(#[from] SpawnErr),
    #[error("the first record could not be written")]
    Initialise(#[source] EngineError),
}

/// A running engine. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    pub(super) shared: Arc<Shared>,
    pub(super) journal: Arc<WriterHealth>,
    pub(super) common: Common,
    /// Of the journal, at the start.
    pub(super) replayed_bytes: u64,
    /// The largest record that fits into a group, in bytes.
    most_record: usize,
    running: Arc<Mutex<Option<Running>>>,
}

/// What is joined and dropped at the end.
struct Running {
    writer: JournalWriter<Pending>,
    supervisor: ActorRef<SupervisorMsg>,
    supervisor_done: JoinHandle<()>,
}

impl Engine {
    /// Starts the actors over what was recovered. Workspaces whose replay failed are rebuilt before
    /// this returns, or stay down.
    pub async fn start(parts: EngineParts) -> Result<Self, StartError> {
        Self::start_with(parts, Faults::from_env()).await
    }

    pub(super) async fn start_with(parts: EngineParts, faults: Faults) -> Result<Self, StartError> {
        let EngineParts { recovered, journal, snapshots, clock, ids, settings, system, options, common, group_limits } =
            parts;
        let Common { in_flight, duplicates, counters, measures } = common.clone();
        let snapshots = Snapshots::new(snapshots, &*journal, options.snapshots, &recovered, measures.snapshots.clone());
        let Recovered { system: table, workspaces, last_seqs, last_receipt, tail, .. } = recovered;
        let slot = SharedSlot::default();
        let (supervisor, supervisor_done) = Supervisor::spawn(None, Supervisor, Arc::clone(&slot)).await?;
        let last_receipt = last_receipt.unwrap_or(Millis::MIN);
        let most_record = most_record_bytes(&*journal);
        let start = WriterStart { last_seqs, last_receipt };
        let written = Arc::clone(&snapshots.written);
        let sink = move |outcome| deliver(&written, outcome);
        let groups = measures.groups.clone();
        let writer = JournalWriter::spawn(journal, Arc::clone(&clock), start, group_limits, groups, sink)
            .map_err(StartError::Writer)?;
        let allowance = in_flight.allowance(WorkspaceKey::SYSTEM.id, "");
        let shared = Arc::new(Shared {
            runtime: Handle::current(),
            directory: Directory::default(),
            clock,
            settings,
            system: Arc::new(SystemLane::new(table, system, allowance)),
            in_flight,
            duplicates,
            options,
            counters,
            measures,
            reader: writer.reader(),
            supervisor: supervisor.clone(),
            writer: writer.handle(),
            stopping: Stop::new(),
            faults,
            snapshots,
            mail_news: Notify::new(),
            gate_news: Arc::default(),
            retention_turn: tokio::sync::Mutex::default(),
        });
        *slot.lock() = Some(Arc::clone(&shared));
        let journal = writer.health();
        let running = Running { writer, supervisor, supervisor_done };
        let running = Arc::new(Mutex::new(Some(running)));
        let engine = Self { shared, journal, common, replayed_bytes: tail.bytes, most_record, running };
        engine.start_system(ids.as_ref()).await?;
        engine.start_workspaces(workspaces).await;
        Ok(engine)
    }

    /// Takes snapshots and removes what is too old, whenever that is due, until the engine is shut down.
    pub async fn upkeep(&self) {
        futures::join!(retention::keep(self), snapshots::keep(self), forgotten::keep(self), system::keep(self));
    }

    /// Starts the system workspace; the first record of a data directory says who it is (I12).
    async fn start_system(&self, ids: &dyn Ids) -> Result<(), StartError> {
        let lane = &self.shared.system;
        if lane.followed().is_some() {
            return Ok(());
        }
        let state = SystemState { lane: Arc::clone(lane), shared: Arc::clone(&self.shared) };
        let (actor, _) = SystemActor::spawn_linked(None, SystemActor, state, self.shared.supervisor.get_cell()).await?;
        lane.queue.attach(actor);
        if lane.table().origin().is_none() {
            let first = SystemRecord::Initialised { incarnation: ids.uuid().into(), identity_key: ids.secret() };
            // The table takes any first record.
            let _done = self.system(first).await.map_err(StartError::Initialise)?;
        }
        Ok(())
    }

    async fn start_workspaces(&self, workspaces: Vec<(WorkspaceKey, RecoveredSide)>) {
        let table = self.shared.system.table();
        for (key, state) in workspaces {
            let name = table.workspace(key.id).map_or_else(Box::default, |entry| entry.name.clone());
            let (workspace, guilty) = match state {
                RecoveredSide::Ready(workspace) => (Some(workspace), None),
                RecoveredSide::Failed(guilty) => (None, Some(guilty)),
            };
            let install = || Some(self.shared.install(key, name, workspace));
            let handle = self.shared.directory.workspace_or_insert(key, install);
            if let (Some(guilty), Some(handle)) = (guilty, handle) {
                drop(self.shared.supervisor.send_message(SupervisorMsg::Rebuild { handle, guilty }));
            }
        }
        self.settle().await;
    }

    /// Waits until no rebuild is under way.
    async fn settle(&self) {
        let (reply, settled) = oneshot::channel();
        drop(self.shared.supervisor.send_message(SupervisorMsg::Settle(reply)));
        // A supervisor that is gone has no rebuilds.
        drop(settled.await);
    }

    /// For bytes that are under way for a workspace (R4.9).
    pub fn room(&self, key: WorkspaceKey) -> Result<Allowance, EngineError> {
        let (allowance, _) = self.shared.room(key).ok_or(EngineError::WorkspaceUnavailable)?;
        Ok(allowance)
    }

    /// For bytes that are under way for a tenant and belong to none of its workspaces.
    pub fn room_of(&self, tenant: &str) -> Allowance {
        self.shared.in_flight.of_tenant(tenant)
    }

    /// Stores the events of one request and applies them; a verdict each. The permit is given back when they are
    /// applied, whether or not the caller still waits.
    pub async fn ingest(
        &self,
        key: WorkspaceKey,
        events: Vec<EventRecord>,
        mut permit: BodyPermit,
    ) -> Result<Vec<Verdict>, EngineError> {
        self.check_writable()?;
        let (_, identities) = self.shared.room(key).ok_or(EngineError::WorkspaceUnavailable)?;
        permit.hold(identities.reserve(events.len()).inspect_err(|error| {
            if let EngineError::DuplicateMemoryFull(full) = error {
                self.shared.relieve_duplicates(*full, &identities);
            }
        })?);
        let handle = self.writable(key)?;
        let mut verdicts = Vec::with_capacity(events.len());
        let (mut pieces, mut permit) = (pieces(events, self.most_record).into_iter().peekable(), Some(permit));
        while let Some(piece) = pieces.next() {
            // The bytes of all pieces are under way until the last one is applied.
            let permit = if pieces.peek().is_none() { permit.take() } else { None };
            match self.write(&handle, piece, permit).await? {
                Reply::Events(more) => verdicts.extend(more),
                other => return Err(unlike(&other)),
            }
        }
        Ok(verdicts)
    }

    /// Writes a record of the server's own that a side's clients were the cause of; it counts as theirs.
    pub async fn note(&self, key: WorkspaceKey, record: Record) -> Result<(), EngineError> {
        self.write_counted(key, record).await.map(drop)
    }

    /// Erases what `record` names (R4.10); answers whether there was anything.
    pub async fn erase(&self, key: WorkspaceKey, record: Record) -> Result<bool, EngineError> {
        match self.write_counted(key, record).await? {
            Reply::Erased { found } => Ok(found),
            other => Err(unlike(&other)),
        }
    }

    /// Changes the system workspace, wherever it is; the table shows it before this returns.
    pub async fn system(&self, record: SystemRecord) -> Result<Result<(), SystemRefusal>, EngineError> {
        if let Some(followed) = self.shared.system.followed() {
            return followed.submit(record).await;
        }
        self.check_writable()?;
        let (lane, record) = (&self.shared.system, Encoded::from(Record::System(record)));
        let permit = lane.allowance.take(record.bytes.len() + RECORD_OVERHEAD)?;
        let (reply, answer) = oneshot::channel();
        self.shared.submit(Lane::System(Arc::clone(lane)), record, ReplyTo::System(reply), Some(permit))?;
        answer.await.unwrap_or(Err(EngineError::WorkspaceUnavailable))
    }

    /// Deletes a workspace with both its sides (R2.17): nobody finds it any more when this returns.
    pub async fn delete_workspace(&self, id: Id, actor: &str) -> Result<Result<(), SystemRefusal>, EngineError> {
        let deleted = self.system(SystemRecord::WorkspaceDeleted { id, actor: actor.into() }).await?;
        if deleted.is_ok() {
            for side in [Side::Live, Side::Test] {
                self.shared.retire(WorkspaceKey { id, side });
            }
        }
        Ok(deleted)
    }

    /// To await effects of a side, whether or not it has been written to yet.
    pub fn watch_effects(&self, key: WorkspaceKey) -> EffectsWatch {
        EffectsWatch::new(Arc::clone(&self.shared), key)
    }

    /// All sides that have been written to.
    pub fn sides(&self) -> Vec<WorkspaceKey> {
        self.shared.directory.workspaces().iter().map(|handle| handle.key).collect()
    }

    /// How many breakers of a side are active, as of its last round; fails where a side does not serve.
    pub fn active_breakers(&self, key: WorkspaceKey) -> Result<u64, EngineError> {
        let held = self.serving(key)?.map(|handle| handle.held());
        Ok(held.map_or(0, |held| held.breakers_triggered + held.breakers_acknowledged))
    }

    /// Does `work` on the runtime of the actors, to its end, whether or not the caller still waits. A panic in it is
    /// the caller's.
    pub fn run<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
        &self,
        work: F,
    ) -> impl Future<Output = Result<T, EngineError>> + Send + use<T, F> {
        joined(self.shared.runtime.spawn(work))
    }

    /// As [`run`](Self::run), on a thread that may block.
    pub fn run_blocking<T: Send + 'static, F: FnOnce() -> T + Send + 'static>(
        &self,
        work: F,
    ) -> impl Future<Output = Result<T, EngineError>> + Send + use<T, F> {
        joined(self.shared.runtime.spawn_blocking(work))
    }

    /// Tenants, workspaces and keys as they are now.
    pub fn system_table(&self) -> Arc<SystemTable> {
        self.shared.system.table()
    }

    /// The incarnation, which names this data directory in ETags (R8.1).
    pub fn incarnation(&self) -> Id {
        let origin = self.shared.system.table().origin().copied();
        origin.expect("the first record is written before the engine has started").incarnation
    }

    /// Where server time comes from.
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.shared.clock)
    }

    /// Server time.
    pub fn now(&self) -> Millis {
        self.shared.clock.now()
    }

    fn check_writable(&self) -> Result<(), EngineError> {
        if self.shared.is_stopping() {
            return Err(EngineError::ShuttingDown);
        }
        if self.journal.read().failed { Err(EngineError::JournalFailed) } else { Ok(()) }
    }

    fn writable(&self, key: WorkspaceKey) -> Result<Arc<WorkspaceHandle>, EngineError> {
        self.check_writable()?;
        if_serving(self.shared.workspace_to_write(key).ok_or(EngineError::WorkspaceUnavailable)?)
    }

    /// The handle of a side that serves; `None` for one that has no record yet.
    pub(super) fn serving(&self, key: WorkspaceKey) -> Result<Option<Arc<WorkspaceHandle>>, EngineError> {
        if self.shared.is_stopping() {
            return Err(EngineError::ShuttingDown);
        }
        self.shared.directory.workspace(key).map(if_serving).transpose()
    }

    /// Writes a record of no request body; its own bytes count.
    pub(super) async fn write_counted(&self, key: WorkspaceKey, record: Record) -> Result<Reply, EngineError> {
        let (handle, record) = (self.writable(key)?, Encoded::from(record));
        let permit = handle.allowance.take(record.bytes.len() + RECORD_OVERHEAD)?;
        self.write(&handle, record, Some(permit)).await
    }

    async fn write(
        &self,
        handle: &Arc<WorkspaceHandle>,
        record: Encoded,
        permit: Option<BodyPermit>,
    ) -> Result<Reply, EngineError> {
        if handle.settings_due() {
            let _turn = handle.settings_lock.lock().await;
            self.write_settings(handle).await?;
        }
        self.submit(handle, record, permit).await
    }

    /// Writes a record of the server's own and waits until it is applied.
    pub(super) async fn write_own(&self, handle: &Arc<WorkspaceHandle>, record: Record) -> Result<(), EngineError> {
        self.write(handle, record.into(), None).await.map(drop)
    }

    /// Writes the settings record that has to stand before the next frame, if one has to, and waits until it is applied
    /// (I1). The caller holds the lock: other writers wait for it meanwhile, and then find it done.
    async fn write_settings(&self, handle: &Arc<WorkspaceHandle>) -> Result<(), EngineError> {
        if handle.settings_due() {
            self.submit(handle, handle.settings_record().into(), None).await?;
        }
        Ok(())
    }

    /// Writes what the users of a side set, and then the settings that this makes, before anybody is told. A frame that
    /// was on its way already may come in between, and is applied by the settings before.
    pub(super) async fn write_own_settings(
        &self,
        key: WorkspaceKey,
        record: Record,
    ) -> Result<(Reply, Arc<Effective>), EngineError> {
        let (handle, record) = (self.writable(key)?, Encoded::from(record));
        let permit = handle.allowance.take(record.bytes.len() + RECORD_OVERHEAD)?;
        let _turn = handle.settings_lock.lock().await;
        self.write_settings(&handle).await?;
        let reply = self.submit(&handle, record, Some(permit)).await?;
        self.write_settings(&handle).await?;
        Ok((reply, handle.effective()))
    }

    /// Writes the settings that a side should have, where it has others.
    pub async fn settle_settings(&self, key: WorkspaceKey) -> Result<(), EngineError> {
        self.check_writable()?;
        let Some(handle) = self.serving(key)?.filter(|handle| handle.settings_due()) else { return Ok(()) };
        let _turn = handle.settings_lock.lock().await;
        self.write_settings(&handle).await
    }

    async fn submit(
        &self,
        handle: &Arc<WorkspaceHandle>,
        record: Encoded,
        permit: Option<BodyPermit>,
    ) -> Result<Reply, EngineError> {
        let (reply, answer) = oneshot::channel();
        self.shared.submit(Lane::Workspace(Arc::clone(handle)), record, ReplyTo::Applied(reply), permit)?;
        answer.await.unwrap_or(Err(EngineError::WorkspaceUnavailable))
    }

    /// Accepts nothing more, writes and applies what was accepted, and stops every actor and the journal's writer.
    /// Other clones answer [`EngineError::ShuttingDown`] from now on.
    pub async fn shutdown(self) {
        self.end(true).await;
    }

    /// As [`shutdown`](Self::shutdown), without a snapshot: somebody else goes on with the journal.
    pub async fn abandon(self) {
        self.end(false).await;
    }

    /// What its sides remember counts no longer against what it shares with other engines: it has ended.
    pub fn give_back(&self) {
        for handle in self.shared.directory.workspaces() {
            handle.give_back(&self.shared.duplicates);
        }
    }

    async fn end(self, with_snapshot: bool) {
        self.shared.stopping.cancel();
        let Some(running) = self.running.lock().take() else { return };
        self.settle().await;
        let writer = running.writer;
        // Joins a thread that finishes its last groups.
        drop(tokio::task::spawn_blocking(move || writer.stop()).await);
        self.drain().await;
        self.settle().await;
        if with_snapshot && self.has_changed() {
            // What went wrong is logged; the journal has everything.
            drop(self.snapshot().await);
        }
        for handle in self.shared.directory.workspaces() {
            handle.queue.detach();
            handle.queue.close(EngineError::ShuttingDown);
        }
        self.shared.system.queue.detach();
        self.shared.system.queue.close(EngineError::ShuttingDown);
        running.supervisor.get_cell().stop_children_and_wait(None, None).await;
        running.supervisor.stop(None);
        drop(running.supervisor_done.await);
    }

    /// Waits until every queue is empty. A workspace that fails meanwhile drops its reply.
    async fn drain(&self) {
        for handle in self.shared.directory.workspaces() {
            let (reply, drained) = oneshot::channel();
            if Shared::ask(&handle, WorkspaceMsg::Drain(reply)).is_ok() {
                drop(drained.await);
            }
        }
        let (reply, drained) = oneshot::channel();
        if let Some(system) = self.shared.system.queue.actor()
            && system.send_message(SystemMsg::Drain(reply)).is_ok()
        {
            drop(drained.await);
        }
    }
}

fn if_serving(handle: Arc<WorkspaceHandle>) -> Result<Arc<WorkspaceHandle>, EngineError> {
    match handle.status() {
        Status::Serving => Ok(handle),
        Status::Rebuilding | Status::Failed => Err(EngineError::WorkspaceUnavailable),
    }
}

/// Why a record has another reply than its kind has.
pub(super) fn unlike(reply: &Reply) -> EngineError {
    if *reply == Reply::Skipped {
        return EngineError::WorkspaceUnavailable;
    }
    tracing::error!(?reply, "a record was answered as another kind of record is");
    EngineError::Internal
}

async fn joined<T: Send>(task: JoinHandle<T>) -> Result<T, EngineError> {
    match task.await.map_err(JoinError::try_into_panic) {
        Ok(done) => Ok(done),
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        // The runtime is going down.
        Err(Err(_)) => Err(EngineError::ShuttingDown),
    }
}
