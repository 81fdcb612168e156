//! From a data directory to a running engine: lock, read, check the clock, replay, serve.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use crate::actors::{Engine, EngineOptions, EngineParts, SettingsSource, StartError};
use crate::clock::{Clock, StartRefused, check_start};
use crate::domain::ids::WorkspaceKey;
use crate::domain::settings::Settings;
use crate::ids::Ids;
use crate::journal::writer::GroupLimits;
use crate::recovery::{Progress, Recovered, RecoveredSide, RecoveryError, recover};
use crate::snapshot::SnapshotError;
use crate::storage::{FileOptions, OpenError, Storage};

/// Why the engine has not started.
#[derive(Debug, Error)]
pub enum AppError {
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Of the place where snapshots are kept.
    #[error(transparent)]
    Snapshots(#[from] SnapshotError),
    /// Exit 65.
    #[error(transparent)]
    Recovery(#[from] RecoveryError),
    /// Exit 78.
    #[error(transparent)]
    Clock(#[from] StartRefused),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("the replay was broken off")]
    Interrupted,
}

/// A data directory that this process has to itself. Between [`open`](Self::open) and
/// [`start`](Self::start) its other files may be read and made (the secret, R4.8).
pub struct DataDirectory {
    path: PathBuf,
    storage: Storage,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

/// How to run on it.
pub struct StartOptions {
    pub engine: EngineOptions,
    pub group_limits: GroupLimits,
    /// The settings that each workspace side should have (I1).
    pub settings: SettingsSource,
    /// `--accept-clock` (R2.16).
    pub accept_clock: bool,
}

impl DataDirectory {
    /// Locks the directory and checks every group of its journal; makes both where there is none.
    pub fn open(
        path: &Path,
        options: &FileOptions,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
    ) -> Result<Self, AppError> {
        let storage = Storage::open(path, options, ids.as_ref())?.with_snapshots()?;
        Ok(Self { path: path.to_owned(), storage, clock, ids })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the remains of a write that did not finish were put aside (R9.4).
    pub fn torn(&self) -> &[PathBuf] {
        &self.storage.torn
    }

    /// Replays the journal on a thread that may block, then starts the actors.
    pub async fn start(self, options: StartOptions, progress: Arc<Progress>) -> Result<Engine, AppError> {
        let (reader, store) = (self.storage.journal.reader(), Arc::clone(&self.storage.snapshots));
        let clock = Arc::clone(&self.clock);
        let replay = tokio::task::spawn_blocking(move || {
            let recovered = recover(reader.as_ref(), store.as_ref(), &progress)?;
            progress.finish();
            check_start(clock.now(), recovered.last_receipt, options.accept_clock)?;
            Ok::<_, AppError>(recovered)
        });
        let recovered = replay.await.map_err(|_| AppError::Interrupted)??;
        for passed in &recovered.passed_over {
            tracing::warn!(number = %passed.number, reason = passed.reason, kept = ?passed.moved_to, "a snapshot is damaged and was passed over");
        }
        let strange = with_another_secret(&recovered, &options.settings);
        if strange > 0 {
            tracing::warn!(
                workspace_sides = strange,
                "the file `secret` is not the one that the state was made with: words of messages before do not match \
                 later ones, and a known event is a duplicate without its content being compared; restore the file \
                 from its backup if there is one"
            );
        }
        let parts = EngineParts {
            recovered,
            journal: self.storage.journal,
            snapshots: self.storage.snapshots,
            clock: self.clock,
            ids: self.ids,
            settings: options.settings,
            options: options.engine,
            group_limits: options.group_limits,
        };
        Ok(Engine::start(parts).await?)
    }
}

/// How many workspace sides have settings that name another secret than `settings` does.
fn with_another_secret(recovered: &Recovered, settings: &SettingsSource) -> usize {
    let is_other = |(key, state): &&(WorkspaceKey, RecoveredSide)| match state {
        RecoveredSide::Ready(workspace) => {
            let known = workspace.rules().settings.secret_id;
            known != Settings::default().secret_id && known != settings(*key).secret_id
        }
        RecoveredSide::Failed(_) => false,
    };
    recovered.workspaces.iter().filter(is_other).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use crate::domain::ids::Id;
    use crate::domain::system::SystemRecord;
    use crate::domain::time::{DAY, Millis};
    use crate::ids::SeededIds;
    use crate::recovery::Stage;

    const T: Millis = 1_750_000_000_000;

    fn open(path: &Path, now: Millis) -> Result<DataDirectory, AppError> {
        let options = FileOptions { segment_bytes: 1 << 20 };
        DataDirectory::open(path, &options, Arc::new(ManualClock::new(now)), Arc::new(SeededIds::new(1)))
    }

    async fn start(path: &Path, now: Millis, accept_clock: bool) -> Result<Engine, AppError> {
        let progress = Arc::new(Progress::default());
        let settings: SettingsSource = Arc::new(|_| Arc::new(Settings::default()));
        let options = StartOptions {
            engine: EngineOptions::default(),
            group_limits: GroupLimits::default(),
            settings,
            accept_clock,
        };
        let engine = open(path, now)?.start(options, Arc::clone(&progress)).await?;
        assert_eq!(progress.stage(), Stage::Replaying);
        Ok(engine)
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn r9_1_a_data_directory_starts_stops_and_starts_again() {
        let dir = tempfile::tempdir().unwrap();
        let engine = start(dir.path(), T, false).await.unwrap();
        assert!(engine.readiness().ready);
        let created =
            |id| SystemRecord::WorkspaceCreated { id: Id(id), name: "n".into(), tenant: "t".into(), actor: "a".into() };
        engine.system(created(1)).await.unwrap().unwrap();
        let incarnation = engine.incarnation();
        assert!(matches!(open(dir.path(), T), Err(AppError::Open(OpenError::InUse { .. }))), "R9.6");
        let last = engine.clone();
        engine.shutdown().await;
        assert!(!last.readiness().ready);
        drop(last);
        let engine = start(dir.path(), T + 1, false).await.unwrap();
        assert_eq!(engine.incarnation(), incarnation);
        assert!(engine.system_table().workspace(Id(1)).is_some());
        engine.shutdown().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn r2_16_a_start_with_a_clock_out_of_range_is_refused_unless_accepted() {
        let dir = tempfile::tempdir().unwrap();
        start(dir.path(), T, false).await.unwrap().shutdown().await;
        for now in [T - 1, T + 181 * DAY] {
            assert!(matches!(start(dir.path(), now, false).await, Err(AppError::Clock(_))), "{now}");
        }
        let engine = start(dir.path(), T - 1, true).await.unwrap();
        engine.shutdown().await;
    }
}
