//! Snapshots of a running server: taken, listed, verified, removed (R10.5).

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Operator, Service, ServiceError};
use crate::actors::{Engine, EngineError, SnapshotStatus, TakeError};
use crate::domain::ids::WorkspaceKey;
use crate::domain::time::{self, Millis};
use crate::snapshot::{Listed, ListedState, Manifest, ManifestError, SnapshotError, SnapshotNumber};

/// Whether a snapshot can be used, as far as was looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SnapshotState {
    Whole,
    Damaged,
    /// Written by a program that this one does not understand; no damage (R9.7).
    UnknownVersion,
    /// The machine refuses to read it.
    Unreadable,
    /// Found damaged at a start, which does not look at it again.
    SetAside,
}

/// A snapshot as operators see it. What its manifest says is `None` where that cannot be read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SnapshotView {
    pub number: u64,
    pub state: SnapshotState,
    /// Why it is not whole.
    pub reason: Option<String>,
    pub path: PathBuf,
    #[serde(serialize_with = "time::serialize_option", deserialize_with = "time::deserialize_option")]
    pub created_at: Option<Millis>,
    pub took_millis: Option<u64>,
    /// Of all blocks, without what the storage adds.
    pub bytes: Option<u64>,
    /// The last group of the journal of which it holds every frame.
    pub position: Option<u64>,
    #[serde(serialize_with = "time::serialize_option", deserialize_with = "time::deserialize_option")]
    pub last_receipt: Option<Millis>,
    /// The version of the program that wrote it.
    pub program: Option<String>,
    /// Workspace sides.
    pub sides: Option<usize>,
    pub conversations: Option<u64>,
    pub accounts: Option<u64>,
}

impl SnapshotView {
    /// A whole one.
    pub fn whole(path: PathBuf, manifest: &Manifest) -> Self {
        let sides = || manifest.sides.iter().filter(|side| side.key != WorkspaceKey::SYSTEM);
        Self {
            number: manifest.number.0,
            state: SnapshotState::Whole,
            reason: None,
            path,
            created_at: Some(manifest.created_at),
            took_millis: Some(manifest.took_millis),
            bytes: Some(manifest.bytes()),
            position: Some(manifest.position.0),
            last_receipt: manifest.last_receipt,
            program: Some(manifest.program.clone()),
            sides: Some(sides().count()),
            conversations: Some(sides().map(|side| side.conversations).sum()),
            accounts: Some(sides().map(|side| side.accounts).sum()),
        }
    }

    fn unusable(number: SnapshotNumber, path: PathBuf, state: SnapshotState, reason: String) -> Self {
        Self {
            number: number.0,
            state,
            reason: Some(reason),
            path,
            created_at: None,
            took_millis: None,
            bytes: None,
            position: None,
            last_receipt: None,
            program: None,
            sides: None,
            conversations: None,
            accounts: None,
        }
    }

    /// The same snapshot after it was read and found to be no good.
    #[must_use]
    pub fn damaged(self, reason: String) -> Self {
        Self { state: SnapshotState::Damaged, reason: Some(reason), ..self }
    }
}

impl From<Listed> for SnapshotView {
    fn from(Listed { number, path, state }: Listed) -> Self {
        let (state, reason) = match state {
            ListedState::Whole(manifest) => return Self::whole(path, &manifest),
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
        Self::unusable(number, path, state, reason)
    }
}

/// What was removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pruned {
    pub keep: usize,
    /// Newest first.
    pub removed: Vec<u64>,
}

impl Pruned {
    pub fn new(keep: usize, removed: &[SnapshotNumber]) -> Self {
        Self { keep, removed: removed.iter().map(|number| number.0).collect() }
    }
}

impl Service {
    /// Takes a snapshot and waits until it is written and read back; goes on if the caller hangs up.
    pub async fn take_snapshot(&self, operator: Operator) -> Result<SnapshotView, ServiceError> {
        let manifest = self.detached(|engine| async move { engine.snapshot().await }).await?;
        let made = self.find_snapshot(operator, manifest.number.0).await;
        // Its path alone is not worth a failure: the snapshot is there.
        Ok(made.unwrap_or_else(|_| SnapshotView::whole(PathBuf::new(), &manifest)))
    }

    /// All of them, newest first.
    pub async fn list_snapshots(&self, _: Operator) -> Result<Vec<SnapshotView>, ServiceError> {
        let listed = self.engine.snapshots().await?;
        Ok(listed.into_iter().map(SnapshotView::from).collect())
    }

    /// The one with this number; of several the one that is not set aside.
    pub async fn find_snapshot(&self, operator: Operator, number: u64) -> Result<SnapshotView, ServiceError> {
        let mut found: Vec<_> = self.list_snapshots(operator).await?;
        found.retain(|snapshot| snapshot.number == number);
        found.sort_by_key(|snapshot| snapshot.state == SnapshotState::SetAside);
        found.into_iter().next().ok_or(ServiceError::UnknownSnapshot)
    }

    pub fn snapshot_status(&self, _: Operator) -> SnapshotStatus {
        self.engine.snapshot_status()
    }

    /// Reads all of `snapshot`; what is not whole by its manifest is not looked into.
    pub async fn verify_snapshot(&self, _: Operator, snapshot: SnapshotView) -> Result<SnapshotView, ServiceError> {
        if snapshot.state != SnapshotState::Whole {
            return Ok(snapshot);
        }
        let number = SnapshotNumber(snapshot.number);
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
        Ok(Pruned::new(keep, &removed))
    }

    /// Work that nobody breaks off by hanging up.
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
    /// What clients are told; what says nothing to them goes to the log.
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
            let view = SnapshotView::from(listed(error));
            assert_eq!((view.state, view.reason, view.bytes), (state, Some(reason), None));
        }
    }
}
