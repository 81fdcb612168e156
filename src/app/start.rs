//! From its parts to a server that could answer: replay, check the clock, start the engine, put the use cases on
//! it. `serve` and the tests of HTTP go through here, each with parts of its own.

use std::path::Path;
use std::sync::Arc;

use thiserror::Error;

use super::cluster::ClusterError;
use super::machine;
use super::node::{Ground, Node, Unit};
use crate::actors::{Engine, SettingsSource, StartError, SystemSource};
use crate::clock::{Clock, StartRefused, check_start, check_wall};
use crate::cluster::shelf::ShelfError;
use crate::config::Config;
use crate::domain::ids::WorkspaceKey;
use crate::domain::settings::Settings;
use crate::erasures::{Erasures, ErasuresError};
use crate::ids::Ids;
use crate::issuer::{HttpFetch, Issuer, IssuerOptions};
use crate::journal::Journal;
use crate::mail::Mail;
use crate::mail::relay::RelayError;
use crate::recovery::{Progress, Recovered, RecoveredSide, RecoveryError, recover};
use crate::service::Service;
use crate::service::door::{Secret, SecretError};
use crate::service::quota::QuotaOptions;
use crate::snapshot::{SnapshotError, SnapshotStore};
use crate::storage::{OpenError, Storage};
use crate::webhooks::Webhooks;

/// Why the engine has not started.
#[derive(Debug, Error)]
pub enum AppError {
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Of the place where snapshots are kept.
    #[error(transparent)]
    Snapshots(#[from] SnapshotError),
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    Erasures(#[from] ErasuresError),
    /// Exit 65.
    #[error(transparent)]
    Recovery(#[from] RecoveryError),
    /// Exit 78.
    #[error(transparent)]
    Clock(#[from] StartRefused),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("webhooks cannot be sent from this machine: {0}")]
    Webhooks(#[source] reqwest::Error),
    #[error(transparent)]
    Mail(#[from] RelayError),
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    #[error("the opening of the data directory, or the replay, was broken off")]
    Interrupted,
}

/// What a server is made of.
pub struct Parts {
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    pub journal: Box<dyn Journal + Send>,
    pub snapshots: Arc<dyn SnapshotStore>,
    pub secret: Secret,
    pub erasures: Arc<Erasures>,
    /// Whose tokens are taken, and where its keys come from; without it API keys are all.
    pub issuer: Option<(IssuerOptions, Arc<HttpFetch>)>,
    pub quotas: QuotaOptions,
    /// How many threads read events at a time.
    pub cores: usize,
}

impl Parts {
    /// On a data directory that this process has to itself: the secret and the list of erasures are read, and made
    /// where there are none (R4.8).
    pub fn on(storage: Storage, data_dir: &Path, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Result<Self, AppError> {
        let Storage { journal, snapshots, torn, .. } = storage;
        for kept in torn {
            tracing::warn!(kept = %kept.display(), "the journal ended in a write that did not finish; it was cut and kept");
        }
        Self::over(journal, snapshots, data_dir, clock, ids)
    }

    /// The same with a journal and snapshots that are not in the data directory.
    pub fn over(
        journal: Box<dyn Journal + Send>,
        snapshots: Arc<dyn SnapshotStore>,
        data_dir: &Path,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
    ) -> Result<Self, AppError> {
        check_wall(clock.now())?;
        let secret = Secret::load_or_create(data_dir, ids.as_ref())?;
        let erasures = Arc::new(Erasures::load(data_dir)?);
        if erasures.is_torn() {
            tracing::warn!("the list of erasures ends in a line that was not finished; the next one replaces it");
        }
        let (issuer, quotas, cores) = (None, QuotaOptions::default(), machine::cores());
        Ok(Self { clock, ids, journal, snapshots, secret, erasures, issuer, quotas, cores })
    }
}

/// What runs, and is to be served.
pub struct Started {
    pub engine: Engine,
    pub service: Arc<Service>,
    /// Its keys are to be kept fresh.
    pub issuer: Option<Arc<Issuer>>,
    /// To be delivered.
    pub webhooks: Arc<Webhooks>,
    /// To be sent.
    pub mail: Arc<Mail>,
}

/// Replays the journal on a thread that may block, then starts the actors. `accept_clock`: R2.16.
pub async fn start(
    config: &Config,
    parts: Parts,
    accept_clock: bool,
    progress: Arc<Progress>,
) -> Result<Started, AppError> {
    let (node, (journal, snapshots)) = Node::new(Arc::new(config.clone()), parts)?;
    let Unit { engine, service, webhooks, mail } =
        start_alone(&node, journal, snapshots, accept_clock, progress).await?;
    Ok(Started { engine, service, issuer: node.issuer, webhooks, mail })
}

/// One engine that has everything.
pub(super) async fn start_alone(
    node: &Node,
    journal: Box<dyn Journal + Send>,
    snapshots: Arc<dyn SnapshotStore>,
    accept_clock: bool,
    progress: Arc<Progress>,
) -> Result<Unit, AppError> {
    let (reader, store, now) = (journal.reader(), Arc::clone(&snapshots), Arc::clone(&node.clock));
    let (list, keeping) = (Arc::clone(&node.erasures), node.keeping);
    let replay = tokio::task::spawn_blocking(move || {
        let recovered = recover(reader.as_ref(), store.as_ref(), &progress)?;
        progress.finish();
        check_start(now.now(), recovered.last_receipt, accept_clock)?;
        list.keep(keeping, now.now());
        Ok::<_, AppError>(recovered)
    });
    let recovered = replay.await.map_err(|_| AppError::Interrupted)??;
    warn(&recovered, &node.settings);
    node.start(Ground { recovered, journal, snapshots, system: SystemSource::Own, membership: None }).await
}

/// Of what was found and does not stop the start.
pub(super) fn warn(recovered: &Recovered, settings: &SettingsSource) {
    for passed in &recovered.passed_over {
        tracing::warn!(number = %passed.number, reason = passed.reason, kept = ?passed.moved_to, "a snapshot is damaged and was passed over");
    }
    let strange = with_another_secret(recovered, settings);
    if strange > 0 {
        tracing::warn!(
            workspace_sides = strange,
            "the file `secret` is not the one that the state was made with: words of messages before do not match \
             later ones, and a known event is a duplicate without its content being compared; restore the file \
             from its backup if there is one"
        );
    }
}

/// How many workspace sides have settings that name another secret than `settings` does.
fn with_another_secret(recovered: &Recovered, settings: &SettingsSource) -> usize {
    let is_other = |(key, state): &&(WorkspaceKey, RecoveredSide)| match state {
        RecoveredSide::Ready(workspace) => {
            let known = workspace.rules().settings.secret_id;
            known != Settings::default().secret_id && known != settings(*key).plain().settings.secret_id
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
    use crate::ids::SeededIds;
    use crate::recovery::Stage;
    use crate::storage::FileOptions;

    use crate::domain::time::{DAY, Millis};

    const T: Millis = 1_750_000_000_000;

    fn open(path: &Path, now: Millis) -> Result<Parts, AppError> {
        let (ids, options) = (Arc::new(SeededIds::new(1)), FileOptions { segment_bytes: 1 << 20 });
        let storage = Storage::open(path, &options, ids.as_ref())?.with_snapshots()?;
        Parts::on(storage, path, Arc::new(ManualClock::new(now)), ids)
    }

    async fn start(path: &Path, now: Millis, accept_clock: bool) -> Result<Engine, AppError> {
        let progress = Arc::new(Progress::default());
        let parts = open(path, now)?;
        let started = super::start(&Config::default(), parts, accept_clock, Arc::clone(&progress)).await?;
        assert_eq!(progress.stage(), Stage::Replaying);
        Ok(started.engine)
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
        let before_1970 = start(dir.path(), -1, true).await;
        assert!(matches!(before_1970, Err(AppError::Clock(StartRefused::BeforeEpoch { .. }))), "never accepted");
        for now in [T - 1, T + 181 * DAY] {
            assert!(matches!(start(dir.path(), now, false).await, Err(AppError::Clock(_))), "{now}");
        }
        let engine = start(dir.path(), T - 1, true).await.unwrap();
        engine.shutdown().await;
    }
}
