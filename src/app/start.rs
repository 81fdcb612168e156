//! From its parts to a server that could answer: replay, check the clock, start the engine, put the use cases on
//! it. `serve` and the tests of HTTP go through here, each with parts of its own.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::runtime::Handle;

use super::machine;
use crate::actors::{Engine, EngineOptions, EngineParts, Purge, SettingsSource, SnapshotRules, StartError};
use crate::clock::{Clock, StartRefused, check_start, check_wall};
use crate::config::{Config, ScoringConfig, WebhooksConfig};
use crate::domain::ids::{Id, WorkspaceKey};
use crate::domain::settings::Settings;
use crate::domain::time::Millis;
use crate::erasures::{Erasures, ErasuresError, Keeping};
use crate::ids::Ids;
use crate::issuer::{HttpFetch, Issuer, IssuerOptions};
use crate::journal::Journal;
use crate::journal::writer::GroupLimits;
use crate::links::Links;
use crate::mail::Mail;
use crate::mail::gate::Gate;
use crate::mail::postman::Office;
use crate::mail::relay::{Patience, RelayError, SmtpRelay};
use crate::recovery::{Progress, Recovered, RecoveredSide, RecoveryError, recover};
use crate::sealing::Sealer;
use crate::service::Service;
use crate::service::ceilings::Ceilings;
use crate::service::door::{Door, DoorOptions, OwnSignals, Secret, SecretError};
use crate::service::quota::{QuotaOptions, Quotas};
use crate::snapshot::{SnapshotError, SnapshotStore};
use crate::storage::{OpenError, Storage};
use crate::webhooks::Webhooks;
use crate::webhooks::client::HttpPost;
use crate::webhooks::sender::Sender;
use crate::webhooks::slots::Slots;

/// A tenant's part of the connections: what it has under way leaves half to the others.
const TENANTS_PART: usize = 2;

/// Connections to the mail server, of all workspaces together.
const MAILS_AT_A_TIME: usize = 8;

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
        check_wall(clock.now())?;
        let Storage { journal, snapshots, torn, .. } = storage;
        for kept in torn {
            tracing::warn!(kept = %kept.display(), "the journal ended in a write that did not finish; it was cut and kept");
        }
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
    let Parts { clock, ids, journal, snapshots, secret, erasures, issuer, quotas, cores } = parts;
    let (reader, store, now) = (journal.reader(), Arc::clone(&snapshots), Arc::clone(&clock));
    let keeping = Keeping { backups: millis(config.storage.backups_kept), within: millis(config.storage.erase_within) };
    let list = Arc::clone(&erasures);
    let replay = tokio::task::spawn_blocking(move || {
        let recovered = recover(reader.as_ref(), store.as_ref(), &progress)?;
        progress.finish();
        check_start(now.now(), recovered.last_receipt, accept_clock)?;
        list.keep(keeping, now.now());
        Ok::<_, AppError>(recovered)
    });
    let recovered = replay.await.map_err(|_| AppError::Interrupted)??;
    let settings = settings_source(config, secret.id());
    warn(&recovered, &settings);
    let options = engine_options(config, purge(Arc::clone(&erasures), keeping.within));
    let group_limits = GroupLimits {
        bytes: to_usize(config.journal.group_bytes()),
        frames: to_usize(config.journal.group_max_frames.into()),
    };
    let (journal_clock, engine_ids) = (Arc::clone(&clock), Arc::clone(&ids));
    let engine = EngineParts {
        recovered,
        journal,
        snapshots,
        clock: journal_clock,
        ids: engine_ids,
        settings,
        options,
        group_limits,
    };
    let engine = Engine::start(engine).await?;
    let issuer = issuer.map(|(options, fetch)| Issuer::new(options, fetch, Arc::clone(&clock), Handle::current()));
    let issuer = issuer.map(Arc::new);
    let links = Arc::new(links(config, &secret));
    let webhooks = Arc::new(webhooks(config, &secret, &engine, &links, &ids)?);
    let mail = Arc::new(mail(config, &secret, &engine, &links)?);
    let door = Arc::new(door(config, secret, &engine));
    let streams = to_usize(config.limits.streams_per_tenant.into());
    let service = Service::new(engine.clone(), door, ids, erasures, Arc::clone(&webhooks), links)
        .with_loads(cores, to_usize(config.server.max_connections.into()) / TENANTS_PART, streams)
        .with_erase_within(keeping.within)
        .with_data_dir(data_dir(config))
        .with_ceilings(ceilings(config))
        .with_quotas(Quotas::new(quotas, &clock));
    let service = match &issuer {
        Some(issuer) => service.with_issuer(Arc::clone(issuer)),
        None => service,
    };
    let service = service.with_mails(mail.is_configured());
    Ok(Started { engine, service: Arc::new(service), issuer, webhooks, mail })
}

/// Of what was found and does not stop the start.
fn warn(recovered: &Recovered, settings: &SettingsSource) {
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

/// As operators elsewhere can read it.
pub(super) fn data_dir(config: &Config) -> PathBuf {
    let path = &config.storage.data_dir;
    std::path::absolute(path).unwrap_or_else(|_| path.clone())
}

fn engine_options(config: &Config, purge: Purge) -> EngineOptions {
    EngineOptions {
        waiting_bytes: to_usize(config.limits.inflight_bytes),
        duplicate_limit: config.limits.duplicates,
        idle_after: millis(config.limits.account_idle),
        snapshots: SnapshotRules {
            replay_budget: config.snapshots.replay_budget,
            interval: config.snapshots.interval,
            keep: to_usize(config.snapshots.keep.into()),
        },
        background: machine::step_far_back,
        purge,
        ..EngineOptions::default()
    }
}

/// What was erased, and must be gone from snapshots and journal by now (R4.10).
fn purge(erasures: Arc<Erasures>, within: Millis) -> Purge {
    Purge::new(move |now| erasures.due(now, within))
}

/// What the configuration says by workspace; both sides of one share it.
fn settings_source(config: &Config, secret_id: [u8; 8]) -> SettingsSource {
    let settings = |id: Id| Arc::new(config.configured_for(id, secret_id));
    let own: HashMap<Id, _> = config.workspaces.keys().map(|id| (*id, settings(*id))).collect();
    let server = settings(WorkspaceKey::SYSTEM.id);
    Arc::new(move |key| Arc::clone(own.get(&key.id).unwrap_or(&server)))
}

fn webhooks(
    config: &Config,
    secret: &Secret,
    engine: &Engine,
    links: &Arc<Links>,
    ids: &Arc<dyn Ids>,
) -> Result<Webhooks, AppError> {
    let WebhooksConfig { allow_private, in_flight, dashboard_url } = config.webhooks.clone();
    let post = Arc::new(HttpPost::new(allow_private).map_err(AppError::Webhooks)?);
    let dashboard = Some(dashboard_url).filter(|url| !url.is_empty());
    let sender = Sender::new(post, engine.clock(), to_usize(in_flight.into()), dashboard);
    let sealer = Sealer::new(&secret.sealing_key());
    Ok(Webhooks::new(engine.clone(), sealer, Arc::clone(links), Arc::clone(ids), sender, allow_private))
}

fn links(config: &Config, secret: &Secret) -> Links {
    Links::new(secret.links_key(), config.ratings.link_generation, &config.ratings.public_url)
}

/// The server that takes mails, if there is one.
pub(super) fn relay(config: &Config) -> Result<Option<SmtpRelay>, RelayError> {
    config.mail.relay.as_ref().map(|relay| SmtpRelay::new(relay, Patience::default())).transpose()
}

fn mail(config: &Config, secret: &Secret, engine: &Engine, links: &Arc<Links>) -> Result<Mail, RelayError> {
    let office = relay(config)?.zip(config.mail.relay.as_ref()).map(|(relay, options)| Office {
        relay: Arc::new(relay),
        from: options.from.clone(),
        links: Arc::clone(links),
        sealer: Sealer::new(&secret.sealing_key()),
        clock: engine.clock(),
        gate: Gate::new(engine.clock()),
        slots: Slots::new(MAILS_AT_A_TIME),
        counts: Arc::default(),
        every_days: config.mail.follow_up_every_days,
    });
    Ok(Mail::new(engine.clone(), office))
}

fn door(config: &Config, secret: Secret, engine: &Engine) -> Door {
    let signals =
        |scoring: &ScoringConfig| scoring.own_signals.iter().map(|(name, weight)| (name.clone(), *weight)).collect();
    let options = DoorOptions {
        max_events: config.server.max_events_per_request.into(),
        max_bytes: to_usize(config.server.max_body_bytes),
        retention: config.model.retention_span(),
        own_signals: OwnSignals {
            server: signals(&config.scoring),
            workspaces: config.workspaces.iter().map(|(id, scoring)| (*id, signals(scoring))).collect(),
        },
        ..DoorOptions::new(secret)
    };
    let table = engine.system_table();
    let origin = table.origin().expect("a started engine has written its first record");
    Door::new(options, origin.identity_key)
}

fn ceilings(config: &Config) -> Ceilings {
    let limits = &config.limits;
    Ceilings::new(to_usize(limits.workspaces_per_tenant.into()), to_usize(limits.keys_per_tenant.into()))
}

fn millis(span: Duration) -> Millis {
    Millis::try_from(span.as_millis()).unwrap_or(Millis::MAX)
}

pub(super) fn to_usize(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use crate::domain::system::SystemRecord;
    use crate::ids::SeededIds;
    use crate::recovery::Stage;
    use crate::storage::FileOptions;

    use crate::domain::time::DAY;

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
