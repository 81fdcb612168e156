//! A whole server: configuration in, two listeners out.

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::front::Front;
use super::machine;
use super::start::{AppError, DataDirectory, StartOptions};
use crate::actors::{Engine, EngineOptions, Purge, SettingsSource, SnapshotRules};
use crate::clock::{Clock, SystemClock};
use crate::config::{AuthConfig, Config, ScoringConfig};
use crate::domain::ids::{Id, WorkspaceKey};
use crate::domain::scoring::text::Analyzer;
use crate::domain::settings::Settings;
use crate::domain::time::{DAY, Millis};
use crate::erasures::{Erasures, ErasuresError, due};
use crate::http::monitor::{self, EngineMonitor};
use crate::http::{App, Limits, Meter, Tls, TlsError, Web, Wire};
use crate::identity::fetch::PATIENCE;
use crate::identity::{HttpFetch, Identity, IdentityOptions, WAIT};
use crate::ids::{Ids, RandomIds};
use crate::journal::file::FileOptions;
use crate::journal::writer::GroupLimits;
use crate::recovery::Progress;
use crate::service::Service;
use crate::service::door::{Door, DoorOptions, OwnSignals, Secret, SecretError};
use crate::service::quota::{QuotaOptions, Quotas, Rates};
use crate::service::room::Room;

/// Bodies of requests that carry no events: small JSON.
const SMALL_BODY: usize = 1 << 20;
/// How long a refusal waits that a client could have known: four a second on a connection.
const HOLD: Duration = Duration::from_millis(250);
/// How long cutting what is still open may take.
const CUT_WITHIN: Duration = Duration::from_millis(500);

/// Why no server runs.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    #[error("cannot listen on {address}: {source}")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("the threads that serve connections could not be started: {0}")]
    Threads(std::io::Error),
    #[error(transparent)]
    App(#[from] AppError),
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    Erasures(#[from] ErasuresError),
    #[error("the issuer's keys cannot be fetched from this machine: {0}")]
    Identity(#[source] reqwest::Error),
    #[error("the data directory's opening was broken off")]
    Interrupted,
}

/// A running server.
pub struct Server {
    address: SocketAddr,
    admin_address: SocketAddr,
    engine: Engine,
    stop: watch::Sender<bool>,
    api: JoinHandle<()>,
    admin: JoinHandle<()>,
    usage: JoinHandle<()>,
    keys: Option<JoinHandle<()>>,
    grace: Duration,
    tls: Option<Tls>,
    /// Ends after all that runs on it.
    _front: Front,
}

impl Server {
    /// Takes both ports first, so that a taken one is told at once; answers `/readyz` while the
    /// journal is checked, a snapshot read and the rest replayed, and requests after that; `progress` tells
    /// how far it has come.
    /// `accept_clock`: R2.16.
    pub async fn start(config: &Config, accept_clock: bool, progress: Arc<Progress>) -> Result<Self, ServerError> {
        let ids: Arc<dyn Ids> = Arc::new(RandomIds);
        let wire = wire(config, &ids)?;
        let (api, address) = listen(config.server.listen)?;
        let (admin, admin_address) = listen(config.admin.listen)?;
        let issuer = config.auth.as_ref().map(issuer).transpose()?;
        let front = Front::start().map_err(ServerError::Threads)?;
        let monitor = Arc::new(EngineMonitor::new(Arc::clone(&progress)));
        let meter = Arc::<Meter>::default();
        let (stop, _) = watch::channel(false);
        let routes = monitor::router(monitor.clone(), Arc::clone(&meter), Arc::clone(&ids));
        let (stops, plain) = (stopped(&stop), Wire::new(wire.limits, Arc::clone(&ids)));
        let admin = front.serve(admin, |listener| crate::http::serve(listener, routes, plain, stops));
        let admin = admin.map_err(ServerError::Threads)?;
        let api_routes = crate::http::routes();
        let started = match start_engine(config, &ids, accept_clock, progress).await {
            Ok(started) => started,
            Err(error) => {
                admin.abort();
                return Err(error);
            }
        };
        let engine = started.engine.clone();

        let identity = issuer.map(|(options, fetch)| Identity::new(options, fetch, engine.clock(), Handle::current()));
        let identity = identity.map(Arc::new);
        let service = Arc::new(service(config, started, &ids, identity.clone()));
        monitor.started(engine.clone(), service.room());
        let keys = identity.map(|identity| {
            let stopped = stopped(&stop);
            tokio::spawn(async move { identity.keep_keys(stopped).await })
        });
        let usage = tokio::spawn({
            let (service, stopped) = (Arc::clone(&service), stopped(&stop));
            async move { service.keep_key_usage(stopped).await }
        });
        let (limits, web, tls) = (wire.limits, wire.web.clone(), wire.tls.clone());
        let routes = crate::http::router_of(api_routes, App { service, ids, limits, meter, web });
        let stops = stopped(&stop);
        let api = front.serve(api, |listener| crate::http::serve(listener, routes, wire, stops));
        let (api, grace) = (api.map_err(ServerError::Threads)?, config.server.shutdown_grace);
        Ok(Self { address, admin_address, engine, stop, api, admin, usage, keys, grace, tls, _front: front })
    }

    /// What a start finds out before it touches ports and data: whether certificate and key can be read
    /// and belong together, and whether the issuer's keys could be fetched.
    pub fn check(config: &Config) -> Result<(), ServerError> {
        wire(config, &(Arc::new(RandomIds) as Arc<dyn Ids>))?;
        config.auth.as_ref().map(issuer).transpose()?;
        Ok(())
    }

    /// Where the API listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The API's address as a client writes it.
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Reads the certificate and its key again; `false` where there is no TLS. After an error all is
    /// as it was.
    pub fn reload(&self) -> Result<bool, TlsError> {
        self.tls.as_ref().map_or(Ok(false), |tls| tls.reload().map(|()| true))
    }

    /// Where the second listener listens.
    pub fn admin_address(&self) -> SocketAddr {
        self.admin_address
    }

    /// Finishes the requests under way, within the grace; then what was accepted.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        // The listeners cut what is left after the grace by themselves.
        let last = tokio::time::sleep(self.grace + CUT_WITHIN);
        let mut last = std::pin::pin!(last);
        for mut task in [self.api, self.admin, self.usage].into_iter().chain(self.keys) {
            tokio::select! {
                biased;
                _ = &mut task => {}
                () = &mut last => task.abort(),
            }
        }
        self.engine.shutdown().await;
    }
}

/// The use cases on a started engine, as they are configured.
fn service(config: &Config, started: Started, ids: &Arc<dyn Ids>, identity: Option<Arc<Identity>>) -> Service {
    let Started { engine, secret, erasures } = started;
    let (door, quotas) = (Arc::new(door(config, secret, &engine)), quotas(config, &engine.clock()));
    let service = Service::new(engine, door, Arc::clone(ids), erasures)
        .with_room(Arc::new(Room::new(to_usize(config.limits.inflight_bytes), machine::cores())))
        .with_erase_within(erase_within(config))
        .with_data_dir(data_dir(config))
        .with_quotas(quotas);
    if let Some(identity) = identity { service.with_identity(identity) } else { service }
}

/// Whose tokens are taken, and where its keys come from.
fn issuer(auth: &AuthConfig) -> Result<(IdentityOptions, Arc<HttpFetch>), ServerError> {
    let fetch = HttpFetch::new(auth.jwks_url.clone(), PATIENCE).map_err(ServerError::Identity)?;
    let options = IdentityOptions { issuer: auth.issuer.clone(), audience: auth.audience.clone(), wait: WAIT };
    Ok((options, Arc::new(fetch)))
}

/// How the public listener serves.
fn wire(config: &Config, ids: &Arc<dyn Ids>) -> Result<Wire, TlsError> {
    let server = &config.server;
    let tls = server.tls.as_ref().map(|files| Tls::load(&files.certificate, &files.key)).transpose()?;
    // Checked when the configuration was read.
    let origins = server.cors_origins.iter().filter_map(|origin| origin.parse().ok()).collect();
    let web = Web { https: tls.is_some(), origins };
    Ok(Wire { limits: limits(config), ids: Arc::clone(ids), web, tls })
}

fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ServerError> {
    let failed = |source| ServerError::Listen { address, source };
    let listener = TcpListener::bind(address).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let real = listener.local_addr().map_err(failed)?;
    Ok((listener, real))
}

struct Started {
    engine: Engine,
    secret: Secret,
    erasures: Arc<Erasures>,
}

async fn start_engine(
    config: &Config,
    ids: &Arc<dyn Ids>,
    accept_clock: bool,
    progress: Arc<Progress>,
) -> Result<Started, ServerError> {
    let directory = open(config, Arc::clone(ids)).await?;
    let secret = Secret::load_or_create(directory.path(), ids.as_ref())?;
    for kept in directory.torn() {
        tracing::warn!(kept = %kept.display(), "the journal ended in a write that did not finish; it was cut and kept");
    }
    let erasures = Arc::new(Erasures::load(directory.path())?);
    if erasures.is_torn() {
        tracing::warn!("the list of erasures ends in a line that was not finished; the next one replaces it");
    }
    let mut options = start_options(config, &secret, accept_clock);
    options.engine.purge = purge(Arc::clone(&erasures), erase_within(config));
    let engine = directory.start(options, progress).await?;
    Ok(Started { engine, secret, erasures })
}

/// Reading every group may take long.
async fn open(config: &Config, ids: Arc<dyn Ids>) -> Result<DataDirectory, ServerError> {
    let path = data_dir(config);
    let options = FileOptions { segment_bytes: config.journal.segment_bytes() };
    let opened =
        tokio::task::spawn_blocking(move || DataDirectory::open(&path, &options, Arc::new(SystemClock::new()), ids));
    Ok(opened.await.map_err(|_| ServerError::Interrupted)??)
}

/// As operators elsewhere can read it.
fn data_dir(config: &Config) -> PathBuf {
    let path = &config.storage.data_dir;
    std::path::absolute(path).unwrap_or_else(|_| path.clone())
}

fn limits(config: &Config) -> Limits {
    Limits {
        events_body: to_usize(config.server.max_body_bytes),
        body: SMALL_BODY.min(to_usize(config.server.max_body_bytes)),
        body_timeout: config.server.body_timeout,
        header_timeout: config.server.header_timeout,
        shutdown_grace: config.server.shutdown_grace,
        connections: machine::connections(to_usize(config.server.max_connections.into())),
        connections_per_address: to_usize(config.server.max_connections_per_address.into()),
    }
}

fn start_options(config: &Config, secret: &Secret, accept_clock: bool) -> StartOptions {
    StartOptions {
        engine: EngineOptions {
            waiting_bytes: to_usize(config.limits.inflight_bytes),
            duplicate_limit: config.limits.duplicates,
            idle_after: Millis::try_from(config.limits.account_idle.as_millis()).unwrap_or(Millis::MAX),
            snapshots: SnapshotRules {
                replay_budget: config.snapshots.replay_budget,
                interval: config.snapshots.interval,
                keep: to_usize(config.snapshots.keep.into()),
            },
            background: machine::step_far_back,
            ..EngineOptions::default()
        },
        group_limits: GroupLimits {
            bytes: to_usize(config.journal.group_bytes()),
            frames: to_usize(config.journal.group_max_frames.into()),
        },
        settings: settings_source(config, secret.id()),
        accept_clock,
    }
}

fn quotas(config: &Config, clock: &Arc<dyn Clock>) -> Quotas {
    let limits = &config.limits;
    let rates = |requests, events| Rates { requests: NonZeroU32::new(requests), events: NonZeroU32::new(events) };
    let options = QuotaOptions {
        credential: rates(limits.requests_per_key, limits.events_per_key),
        tenant: rates(limits.requests_per_tenant, limits.events_per_tenant),
        batch: config.server.max_events_per_request.into(),
        hold: HOLD,
    };
    Quotas::new(options, clock)
}

fn erase_within(config: &Config) -> Millis {
    Millis::try_from(config.storage.erase_within.as_millis()).unwrap_or(Millis::MAX)
}

/// What was erased, and must be gone from snapshots and journal by now (R4.10).
fn purge(erasures: Arc<Erasures>, within: Millis) -> Purge {
    Purge::new(move |now| due(&erasures.entries(), now, within))
}

/// The settings by workspace; both sides of one share them.
fn settings_source(config: &Config, secret_id: [u8; 8]) -> SettingsSource {
    let settings = |id: Id| Arc::new(Settings { secret_id, ..config.settings_for(id) });
    let own: HashMap<Id, _> = config.workspaces.keys().map(|id| (*id, settings(*id))).collect();
    let server = settings(WorkspaceKey::SYSTEM.id);
    Arc::new(move |key| Arc::clone(own.get(&key.id).unwrap_or(&server)))
}

fn door(config: &Config, secret: Secret, engine: &Engine) -> Door {
    let analyzer = |scoring: &ScoringConfig| Arc::new(Analyzer::new(scoring.packs.to_vec(), &scoring.default_language));
    let signals =
        |scoring: &ScoringConfig| scoring.own_signals.iter().map(|(name, weight)| (name.clone(), *weight)).collect();
    let options = DoorOptions {
        max_events: config.server.max_events_per_request.into(),
        max_bytes: to_usize(config.server.max_body_bytes),
        retention: Millis::from(config.model.retention_days) * DAY,
        own_signals: OwnSignals {
            server: signals(&config.scoring),
            workspaces: config.workspaces.iter().map(|(id, scoring)| (*id, signals(scoring))).collect(),
        },
        analyzers: config.workspaces.iter().map(|(id, scoring)| (*id, analyzer(scoring))).collect(),
        ..DoorOptions::new(secret)
    };
    let table = engine.system_table();
    let origin = table.origin().expect("a started engine has written its first record");
    Door::new(options, analyzer(&config.scoring), origin.identity_key)
}

/// Done when the server is to stop.
fn stopped(stop: &watch::Sender<bool>) -> impl Future<Output = ()> + use<> {
    let mut stop = stop.subscribe();
    async move {
        // A sender that is gone is a word to stop as well.
        drop(stop.wait_for(|stop| *stop).await);
    }
}

fn to_usize(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
