//! Snapshots of a running server: taken, listed, verified, removed (R10.5).

use std::path::PathBuf;

use super::{Operator, Service, ServiceError};
use crate::actors::{self, Engine, EngineError, TakeError};
use crate::domain::ids::WorkspaceKey;
use crate::snapshot::{Listed, ListedState, Manifest, ManifestError, SnapshotError, SnapshotNumber};
use crate::wire::snapshot::{LastSnapshot, Pruned, Snapshot, SnapshotState, SnapshotStatus, Tail};
use crate::wire::values::{Count, Size, Timestamp};

/// A whole one.
pub fn whole(path: PathBuf, manifest: &Manifest) -> Snapshot {
    let sides = || manifest.sides.iter().filter(|side| side.key != WorkspaceKey::SYSTEM);
    Snapshot {
        number: Count(manifest.number.0),
        state: SnapshotState::Whole,
        reason: None,
        path,
        created_at: Some(Timestamp(manifest.created_at)),
        took_millis: Some(Size(manifest.took_millis)),
        bytes: Some(Size(manifest.bytes())),
        position: Some(Count(manifest.position.0)),
        last_receipt: manifest.last_receipt.map(Timestamp),
        program: Some(manifest.program.clone()),
        sides: Some(sides().count().into()),
        conversations: Some(Count(sides().map(|side| side.conversations).sum())),
        accounts: Some(Count(sides().map(|side| side.accounts).sum())),
    }
}

impl From<Listed> for Snapshot {
    fn from(Listed { number, path, state }: Listed) -> Self {
        let (state, reason) = match state {
            ListedState::Whole(manifest) => return whole(path, &manifest),
            ListedState::SetAside => {
                (SnapshotState::SetAside, "it was found damaged at a start, and set aside".to_owned())
            }
            ListedState::Unusable(error) => {
                let state = match error {
                    ManifestError::Missing | ManifestError::Damaged(_) => SnapshotState::Damaged,
                    ManifestError::UnknownVersion { .. } => SnapshotState::UnknownVersion,
                    ManifestError::Io(_) => SnapshotState::Unreadable,
                };
                (state, error.to_string())
            }
        };
        Self::unusable(number.0, path, state, reason)
    }
}

/// What is left after these were removed.
pub fn pruned(keep: usize, removed: &[SnapshotNumber]) -> Pruned {
    Pruned { keep: keep.into(), removed: removed.iter().map(|number| Count(number.0)).collect() }
}

impl From<actors::SnapshotStatus> for SnapshotStatus {
    fn from(status: actors::SnapshotStatus) -> Self {
        let actors::SnapshotStatus { last, running, progress, tail, failures, failure, passed_over } = status;
        let last = last.map(|last| LastSnapshot {
            number: Count(last.number.0),
            created_at: Timestamp(last.created_at),
            took_millis: Size(last.took_millis),
            bytes: Size(last.bytes),
            position: Count(last.position.0),
        });
        let tail = Tail { frames: Count(tail.frames), events: Count(tail.events), bytes: Size(tail.bytes) };
        Self { last, running, progress, tail, failures: Count(failures), failure, passed_over }
    }
}

impl Service {
    /// Takes a snapshot and waits until it is written and read back; goes on if the caller hangs up.
    pub async fn take_snapshot(&self, operator: Operator) -> Result<Snapshot, ServiceError> {
        let manifest = self.detached(|engine| async move { engine.snapshot().await }).await?;
        let made = self.find_snapshot(operator, manifest.number.0).await;
        // Its path alone is not worth a failure: the snapshot is there.
        Ok(made.unwrap_or_else(|_| whole(PathBuf::new(), &manifest)))
    }

    /// All of them, newest first.
    pub async fn list_snapshots(&self, _: Operator) -> Result<Vec<Snapshot>, ServiceError> {
        let listed = self.engine.snapshots().await?;
        Ok(listed.into_iter().map(Snapshot::from).collect())
    }

    /// The one with this number; of several the one that is not set aside.
    pub async fn find_snapshot(&self, operator: Operator, number: u64) -> Result<Snapshot, ServiceError> {
        let mut found: Vec<_> = self.list_snapshots(operator).await?;
        found.retain(|snapshot| snapshot.number == Count(number));
        found.sort_by_key(|snapshot| snapshot.state == SnapshotState::SetAside);
        found.into_iter().next().ok_or(ServiceError::UnknownSnapshot)
    }

    pub fn snapshot_status(&self, _: Operator) -> SnapshotStatus {
        self.engine.snapshot_status().into()
    }

    /// Reads all of `snapshot`; what is not whole by its manifest is not looked into.
    pub async fn verify_snapshot(&self, _: Operator, snapshot: Snapshot) -> Result<Snapshot, ServiceError> {
        if snapshot.state != SnapshotState::Whole {
            return Ok(snapshot);
        }
        let number = SnapshotNumber(snapshot.number.0);
        match self.detached(move |engine| async move { engine.verify_snapshot(number).await }).await {
            Ok(_) => Ok(snapshot),
            Err(TakeError::Store(error @ SnapshotError::Damaged { .. })) => {
                tracing::error!(%number, %error, "a snapshot that was verified is damaged");
                Ok(snapshot.damaged(error.to_string()))
            }
            Err(other) => Err(other.into()),
        }
    }

    /// Removes all but the newest `keep`; as many as the configuration says where none is given.
    pub async fn prune_snapshots(&self, _: Operator, keep: Option<usize>) -> Result<Pruned, ServiceError> {
        let keep = keep.unwrap_or_else(|| self.engine.snapshots_kept());
        let removed = self.detached(move |engine| async move { engine.prune_snapshots(keep).await }).await?;
        Ok(pruned(keep, &removed))
    }

    /// Work that goes on even if its client hangs up.
    async fn detached<T: Send + 'static, F: Future<Output = Result<T, TakeError>> + Send + 'static>(
        &self,
        work: impl FnOnce(Engine) -> F,
    ) -> Result<T, TakeError> {
        if self.engine.is_stopping() {
            return Err(EngineError::ShuttingDown.into());
        }
        self.engine.run(work(self.engine.clone())).await?
    }
}

impl From<TakeError> for ServiceError {
    /// The error for the client; causes that mean nothing to a client go to the log.
    fn from(error: TakeError) -> Self {
        match error {
            TakeError::Workspace(id) => Self::WorkspaceWithoutState(id),
            TakeError::Engine(error) => error.into(),
            TakeError::Store(SnapshotError::Full { .. }) => Self::NoSpaceForSnapshot,
            TakeError::Store(SnapshotError::NotFound { .. }) => Self::UnknownSnapshot,
            TakeError::Store(SnapshotError::Busy | SnapshotError::InUse { .. }) => Self::SnapshotInUse,
            error @ (TakeError::Store(
                SnapshotError::ReadOnly
                | SnapshotError::Damaged { .. }
                | SnapshotError::UnknownVersion { .. }
                | SnapshotError::TooLarge { .. }
                | SnapshotError::Order { .. }
                | SnapshotError::NoSuchSide { .. }
                | SnapshotError::GivenUp
                | SnapshotError::Engine { .. }
                | SnapshotError::Io { .. },
            )
            | TakeError::Thread) => {
                tracing::error!(%error, "snapshots could not be read or written");
                Self::Snapshots
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r9_4_only_damage_is_called_damage() {
        let listed = |error| Listed {
            number: SnapshotNumber(3),
            path: "snapshots/3".into(),
            state: ListedState::Unusable(error),
        };
        let refused = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        let cases = [
            (ManifestError::Missing, SnapshotState::Damaged),
            (ManifestError::Damaged("is cut short".into()), SnapshotState::Damaged),
            (ManifestError::UnknownVersion { found: 2, known: 1 }, SnapshotState::UnknownVersion),
            (ManifestError::Io(refused), SnapshotState::Unreadable),
        ];
        for (error, state) in cases {
            let reason = error.to_string();
            let view = Snapshot::from(listed(error));
            assert_eq!((view.state, view.reason, view.bytes), (state, Some(reason), None));
        }
    }
}
