//! Rebuilds a failed workspace (I6): the guilty event is skipped from now on, the newest good snapshot is loaded, the
//! journal after it is replayed up to that skip, and the requests that wait get the replay's verdicts.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::domain::ids::Position;
use crate::domain::record::Record;

use super::error::EngineError;
use super::handle::{Status, WorkspaceHandle, answer};
use super::messages::{Lane, ReplyTo};
use crate::recovery::RecoveryError;
use crate::recovery::one::OneReplay;
use crate::recovery::replay::{ReplayError, Replayed};

use super::shared::Shared;

/// Rebuilds the side, or leaves it failed until a restart. Its gate answers from the last state meanwhile.
pub(crate) async fn run(shared: Arc<Shared>, handle: Arc<WorkspaceHandle>, guilty: Option<Position>, cause: String) {
    handle.set_status(Status::Rebuilding);
    handle.queue.detach();
    shared.directory.forget_accounts(handle.key);
    let workspace = handle.key.id;
    tracing::error!(%workspace, side = ?handle.key.side, ?guilty, cause, "a workspace failed and is rebuilt");
    match replayed(&shared, &handle, guilty, cause).await {
        Some(replayed) => resume(&shared, &handle, replayed),
        None => give_up(&handle),
    }
}

/// Skips and replays, again for each further event that fails.
async fn replayed(
    shared: &Arc<Shared>,
    handle: &Arc<WorkspaceHandle>,
    mut guilty: Option<Position>,
    mut cause: String,
) -> Option<Replayed> {
    loop {
        if !handle.may_rebuild(shared.clock.now()) {
            tracing::error!(workspace = %handle.key.id, "too many failures: the workspace is down until a restart");
            return None;
        }
        let upto = match skip(shared, handle, guilty, &cause).await {
            Ok(seq) => seq,
            Err(error) => {
                tracing::error!(workspace = %handle.key.id, %error, "the guilty event could not be skipped");
                return None;
            }
        };
        match replay(shared, handle, upto).await {
            Ok(replayed) => return Some(replayed),
            Err(Some(RecoveryError::Replay(ReplayError::Panicked { at, reason, .. }))) => {
                (guilty, cause) = (Some(at), reason)
            }
            Err(Some(error)) => {
                tracing::error!(workspace = %handle.key.id, %error, "the workspace could not be replayed");
                return None;
            }
            Err(None) => return None,
        }
    }
}

/// Appends the skip, if there is an event to skip. Returns the last frame to replay: the skip, once it is durable, or
/// the last frame that is known here. All frames up to it were answered or wait in the side's queue.
async fn skip(
    shared: &Shared,
    handle: &Arc<WorkspaceHandle>,
    guilty: Option<Position>,
    cause: &str,
) -> Result<u64, EngineError> {
    let Some(guilty) = guilty else { return Ok(handle.queue.last()) };
    let reason: String = cause.chars().take(200).collect();
    let record = Record::Skip { seq: guilty.seq(), place: guilty.place(), reason: reason.into() };
    let (reply, committed) = oneshot::channel();
    shared.submit(Lane::Workspace(Arc::clone(handle)), record.into(), ReplyTo::Committed(reply), None)?;
    let seq = committed.await.map_err(|_| EngineError::JournalFailed)??;
    shared.counters.skipped();
    Ok(seq)
}

/// Replays up to `upto`, on a thread that may block. `Err(None)`: the runtime is going down.
async fn replay(
    shared: &Arc<Shared>,
    handle: &Arc<WorkspaceHandle>,
    upto: u64,
) -> Result<Replayed, Option<RecoveryError>> {
    let replay = OneReplay {
        key: handle.key,
        name: handle.name.clone(),
        upto,
        replies_from: handle.first_unanswered().unwrap_or(upto),
        faults: shared.faults.apply.clone(),
    };
    let shared = Arc::clone(shared);
    let run = tokio::task::spawn_blocking(move || {
        // Neither snapshots nor groups of the journal may be removed while they are read.
        let _reading = shared.snapshots.files.read();
        replay.run(shared.reader.as_ref(), shared.snapshots.store.as_ref())
    });
    run.await.map_err(|_| None)?.map_err(Some)
}

/// The new actor takes over first, and then the waiting requests are answered, so that their next questions find it
/// there.
fn resume(shared: &Arc<Shared>, handle: &Arc<WorkspaceHandle>, replayed: Replayed) {
    let waiting = handle.take_unanswered(replayed.workspace.applied());
    if !shared.start(handle, replayed.workspace) {
        return give_up(handle);
    }
    shared.counters.rebuilt();
    handle.set_status(Status::Serving);
    tracing::info!(workspace = %handle.key.id, side = ?handle.key.side, "the workspace is back");
    answer(waiting, replayed.replies);
}

/// Down until a restart, which applies what was stored.
fn give_up(handle: &WorkspaceHandle) {
    handle.set_status(Status::Failed);
    handle.queue.close(EngineError::WorkspaceUnavailable);
    answer(handle.take_unanswered(u64::MAX), Vec::new());
}
