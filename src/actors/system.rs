//! The system workspace (I12): tenants, workspaces and keys go the same way as everything else.
//!
//! Readers share an immutable table. Changes are rare and the table is small, so each batch of records is applied to
//! a copy, which is published before anything is answered. That also makes a failing record harmless: its copy is
//! dropped, and a skip is written (I6).

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arc_swap::ArcSwap;
use futures::future::BoxFuture;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::{oneshot, watch};

use crate::domain::record::Record;
use crate::domain::system::{SystemRecord, SystemRefusal};
use crate::domain::system_table::SystemTable;

use super::engine::Engine;
use super::error::EngineError;
use super::in_flight::Allowance;
use super::messages::{Lane, QueuedFrame, ReplyTo, SystemCut, SystemMsg, tell};
use super::queue::FrameQueue;
use super::shared::Shared;

/// Records applied to one copy of the table.
const BATCH: usize = 64;

/// Where an engine has the system workspace from.
#[derive(Clone)]
pub enum SystemSource {
    /// It is in the engine's own journal.
    Own,
    /// It is in the journal of another engine, and is followed here.
    Followed(Arc<dyn FollowedSystem>),
}

/// The system workspace of another engine, as far as it is known here.
pub trait FollowedSystem: Send + Sync {
    fn table(&self) -> Arc<SystemTable>;

    /// Told after each change of the table.
    fn changes(&self) -> watch::Receiver<()>;

    /// Has the engine that owns it apply a record. The table shows it before this returns.
    fn submit(&self, record: SystemRecord) -> BoxFuture<'_, Result<Result<(), SystemRefusal>, EngineError>>;
}

/// The system workspace, for all other threads.
pub(crate) struct SystemLane {
    pub queue: FrameQueue<SystemMsg>,
    pub allowance: Allowance,
    /// Changes only if it is the engine's own.
    table: ArcSwap<SystemTable>,
    source: SystemSource,
}

impl SystemLane {
    pub fn new(table: SystemTable, source: SystemSource, allowance: Allowance) -> Self {
        Self { queue: FrameQueue::new(), allowance, table: ArcSwap::from_pointee(table), source }
    }

    pub fn table(&self) -> Arc<SystemTable> {
        match &self.source {
            SystemSource::Own => self.table.load_full(),
            SystemSource::Followed(followed) => followed.table(),
        }
    }

    /// `None`: the engine owns it.
    pub fn followed(&self) -> Option<&Arc<dyn FollowedSystem>> {
        match &self.source {
            SystemSource::Own => None,
            SystemSource::Followed(followed) => Some(followed),
        }
    }
}

/// Lets go of sides whose workspaces were deleted by way of another engine, until the engine is shut down.
pub(super) async fn keep(engine: &Engine) {
    let shared = &engine.shared;
    let Some(followed) = shared.system.followed() else { return };
    let mut changes = followed.changes();
    while let Some(Ok(())) = shared.stopping.run_until_cancelled(changes.changed()).await {
        let table = followed.table();
        for handle in shared.directory.workspaces() {
            if table.is_deleted(handle.key.id) {
                shared.retire(handle.key);
            }
        }
    }
}

/// The result of a record of the system workspace; `None` for the server's own records.
type SystemAnswer = Option<Result<(), SystemRefusal>>;

/// Applies `frames` to a copy of `table`; the error is the seq of a frame that panicked.
fn apply_all(
    table: &SystemTable,
    frames: &[QueuedFrame],
    skipped: &HashSet<u64>,
) -> Result<(SystemTable, Vec<SystemAnswer>), u64> {
    let mut copy = table.clone();
    let mut answers = Vec::with_capacity(frames.len());
    for QueuedFrame { frame, .. } in frames {
        let answer = catch_unwind(AssertUnwindSafe(|| copy.apply_frame(frame, skipped)));
        answers.push(answer.map_err(|_| frame.seq)?);
    }
    Ok((copy, answers))
}

pub(crate) struct SystemActor;

pub(crate) struct SystemState {
    pub lane: Arc<SystemLane>,
    pub shared: Arc<Shared>,
}

impl Actor for SystemActor {
    type Msg = SystemMsg;
    type State = SystemState;
    type Arguments = SystemState;

    async fn pre_start(&self, _: ActorRef<SystemMsg>, state: SystemState) -> Result<SystemState, ActorProcessingErr> {
        Ok(state)
    }

    async fn handle(
        &self,
        myself: ActorRef<SystemMsg>,
        message: SystemMsg,
        state: &mut SystemState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            SystemMsg::FramesWaiting => {
                let frames = state.lane.queue.take_any(BATCH);
                if !frames.is_empty() {
                    state.apply(frames).await;
                }
                state.lane.queue.signal_rest();
            }
            SystemMsg::Cut(reply) => {
                let waiting = state.lane.queue.first_group();
                tell(reply, SystemCut { table: state.lane.table(), waiting });
            }
            SystemMsg::Drain(reply) => {
                if state.lane.queue.is_empty() {
                    tell(reply, ());
                } else {
                    myself.send_message(SystemMsg::Drain(reply))?;
                }
            }
        }
        Ok(())
    }
}

impl SystemState {
    async fn apply(&self, frames: Vec<QueuedFrame>) {
        let mut skipped = HashSet::new();
        let (table, answers) = loop {
            match apply_all(&self.lane.table.load(), &frames, &skipped) {
                Ok(applied) => break applied,
                Err(guilty) => {
                    skipped.insert(guilty);
                    if let Err(error) = self.skip(guilty).await {
                        tracing::error!(%error, seq = guilty, "a system record failed and could not be skipped");
                        self.lane.queue.close(EngineError::WorkspaceUnavailable);
                        frames.into_iter().for_each(|frame| frame.reply.refuse(EngineError::WorkspaceUnavailable));
                        return;
                    }
                }
            }
        };
        self.lane.table.store(Arc::new(table));
        for (QueuedFrame { reply, permit, .. }, answer) in frames.into_iter().zip(answers) {
            drop(permit);
            match (reply, answer) {
                (ReplyTo::System(waiting), Some(answer)) => tell(waiting, Ok(answer)),
                (reply, None | Some(_)) => reply.refuse(EngineError::WorkspaceUnavailable),
            }
        }
    }

    /// Passes the record over from now on, in every replay.
    async fn skip(&self, seq: u64) -> Result<(), EngineError> {
        let (reply, committed) = oneshot::channel();
        let record = Record::Skip { seq, place: 0, reason: "a system record failed".into() };
        self.shared.submit(Lane::System(Arc::clone(&self.lane)), record.into(), ReplyTo::Committed(reply), None)?;
        committed.await.map_err(|_| EngineError::JournalFailed)?.map(drop)
    }
}
