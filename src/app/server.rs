//! A whole server: configuration in, two listeners out.

use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::DropGuard;

use super::backend::{AppOf, Backend, Begun, Outside, Serving};
use super::front::Front;
use super::machine;
use super::monitor::EngineMonitor;
use super::node::{relay, to_usize};
use super::start::AppError;
use crate::background::{Ending, Stop};
use crate::clock::{Clock, SystemClock};
use crate::config::{AuthConfig, Config};
use crate::domain::reading;
use crate::http::monitor;
use crate::http::{App, Limits, Meter, Pace, SignIn, Streams, Tls, TlsError, Web, Wire};
use crate::ids::{Ids, RandomIds};
use crate::issuer::fetch::PATIENCE;
use crate::issuer::{HttpFetch, IssuerOptions, WAIT};
use crate::mail::relay::RelayError;
use crate::recovery::Progress;
use crate::service::quota::{QuotaOptions, Rates};

/// Bodies of requests that carry no events: small JSON.
const SMALL_BODY: usize = 1 << 20;
/// Over how many seconds the least rate of a body is taken.
const PACE_SECONDS: usize = 5;
/// The pause before a refusal of a client that was told to wait: four a second on a connection.
const HOLD: Duration = Duration::from_millis(250);
/// How long closing the connections that are still open may take.
const CUT_WITHIN: Duration = Duration::from_millis(500);
/// How long answers of the second listener may take at the end; none of them waits for anything.
const ADMIN_GRACE: Duration = Duration::from_millis(500);

/// Why the server has not started.
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
    Mail(#[from] RelayError),
    #[error("the issuer's keys cannot be fetched from this machine: {0}")]
    Issuer(#[source] reqwest::Error),
}

/// A running server.
pub struct Server {
    address: SocketAddr,
    admin_address: SocketAddr,
    backend: Backend,
    /// Asks clients to go elsewhere.
    drain: DropGuard,
    stop: DropGuard,
    /// Stops the second listener, which lives longer.
    stop_admin: DropGuard,
    /// `None` until the API is served.
    api: Option<JoinHandle<()>>,
    admin: JoinHandle<()>,
    /// What goes on beside, until the stop.
    tasks: Vec<JoinHandle<()>>,
    /// From the drain to the stop.
    drained_after: Duration,
    grace: Duration,
    tls: Option<Tls>,
    /// Dropped after everything that runs on it.
    front: Front,
}

impl Server {
    /// Takes both ports first, so that a taken one is told at once; answers `/readyz` while the
    /// journal is checked, a snapshot read and the rest replayed, and requests after that; `progress` tells
    /// how far it has come.
    /// `accept_clock`: R2.16.
    pub async fn start(config: &Config, accept_clock: bool, progress: Arc<Progress>) -> Result<Self, ServerError> {
        Self::start_at(config, accept_clock, progress, Arc::new(SystemClock::new())).await
    }

    /// The same at the time that `clock` shows.
    pub async fn start_at(
        config: &Config,
        accept_clock: bool,
        progress: Arc<Progress>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ServerError> {
        let prepared = tokio::task::spawn_blocking(reading::prepare);
        let ids: Arc<dyn Ids> = Arc::new(RandomIds);
        let wire = wire(config, &ids)?;
        let (api, address) = listen(config.server.listen)?;
        let (admin, admin_address) = listen(config.admin.listen)?;
        let issuer = config.auth.as_ref().map(issuer).transpose()?;
        let front = Front::start().map_err(ServerError::Threads)?;
        let (ending, stop_admin) = (Ending::default(), Stop::new());
        let monitor = Arc::new(EngineMonitor::new(Arc::clone(&progress), ending.drain.clone()));
        let meter = Arc::<Meter>::default();
        let routes = monitor::router(monitor.clone(), Arc::clone(&meter), Arc::clone(&ids));
        let limits = Limits { shutdown_grace: ADMIN_GRACE, ..wire.limits };
        let (stops, plain) = (stop_admin.clone(), Wire::new(limits, Arc::clone(&ids)));
        let admin = front.serve(admin, |listener| crate::http::serve(listener, routes, plain, stops));
        let admin = admin.map_err(ServerError::Threads)?;
        let api_routes = crate::http::routes();
        // A recovered server should listen at once, so what takes time is prepared before.
        let _ = prepared.await;
        let outside = Outside { clock, ids: Arc::clone(&ids), issuer, quotas: quotas(config), accept_clock };
        let serving = Serving { routes: api_routes, app_of: app_of(&wire, meter), stop: ending.stop.clone() };
        let begun = Backend::start(&Arc::new(config.clone()), outside, progress, serving).await;
        let Begun { backend, router, tasks } = match begun {
            Ok(begun) => begun,
            Err(error) => {
                admin.abort();
                return Err(error.into());
            }
        };
        monitor.started(backend.watched());
        if let Some(standing) = backend.standing() {
            monitor.joined(standing);
        }
        let tls = wire.tls.clone();
        let (ends, drained_after, grace) = (ending.clone(), config.server.drain, config.server.shutdown_grace);
        let mut server = Self {
            address,
            admin_address,
            backend,
            drain: ending.drain.drop_guard(),
            stop: ending.stop.drop_guard(),
            stop_admin: stop_admin.drop_guard(),
            api: None,
            admin,
            tasks,
            drained_after,
            grace,
            tls,
            front,
        };
        match server.front.serve(api, |listener| crate::http::serve(listener, router, wire, ends)) {
            Ok(served) => server.api = Some(served),
            Err(error) => {
                server.stop().await;
                return Err(ServerError::Threads(error));
            }
        }
        Ok(server)
    }

    /// Checks before ports and data are touched: whether certificate and key can be read and belong together, whether
    /// the issuer's keys could be fetched, and the mail server's certificate checked.
    pub fn check(config: &Config) -> Result<(), ServerError> {
        wire(config, &(Arc::new(RandomIds) as Arc<dyn Ids>))?;
        config.auth.as_ref().map(issuer).transpose()?;
        relay(config)?;
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

    /// Takes requests until the drain is over, and tells their clients to go elsewhere; finishes those under way,
    /// within the grace; then what was accepted. As long as there are requests the second listener answers, and says
    /// that no more should come.
    pub async fn stop(self) {
        drop(self.drain);
        tokio::time::sleep(self.drained_after).await;
        drop(self.stop);
        end(self.api.into_iter().chain(self.tasks), self.grace).await;
        drop(self.stop_admin);
        end([self.admin], ADMIN_GRACE).await;
        self.backend.stop().await;
    }
}

/// Waits until these have ended: listeners cut what is left after their grace by themselves. Cuts them
/// where they do not.
async fn end(tasks: impl IntoIterator<Item = JoinHandle<()>>, grace: Duration) {
    let last = tokio::time::sleep(grace + CUT_WITHIN);
    let mut last = std::pin::pin!(last);
    for mut task in tasks {
        tokio::select! {
            biased;
            _ = &mut task => {}
            () = &mut last => task.abort(),
        }
    }
}

/// Whose tokens are taken, and where its keys come from.
fn issuer(auth: &AuthConfig) -> Result<(IssuerOptions, Arc<HttpFetch>), ServerError> {
    let fetch = HttpFetch::new(auth.jwks_url.clone(), PATIENCE).map_err(ServerError::Issuer)?;
    let options = IssuerOptions { issuer: auth.issuer.clone(), audience: auth.audience.clone(), wait: WAIT };
    Ok((options, Arc::new(fetch)))
}

/// Where people sign in on the page, if they may.
fn sign_in(auth: &AuthConfig) -> Option<Arc<SignIn>> {
    let (client_id, origin) = (auth.client_id.clone()?, auth.origin()?);
    let (issuer, audience) = (auth.issuer.clone(), auth.audience.first().cloned());
    Some(Arc::new(SignIn { issuer, origin, client_id, audience }))
}

/// How the public listener serves.
fn wire(config: &Config, ids: &Arc<dyn Ids>) -> Result<Wire, TlsError> {
    let server = &config.server;
    let tls = server.tls.as_ref().map(|files| Tls::load(&files.certificate, &files.key)).transpose()?;
    // Checked when the configuration was read.
    let origins = server.cors_origins.iter().filter_map(|origin| origin.parse().ok()).collect();
    let web = Web { https: tls.is_some(), origins, sign_in: config.auth.as_ref().and_then(sign_in) };
    Ok(Wire { limits: limits(config), ids: Arc::clone(ids), web, tls })
}

fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ServerError> {
    let failed = |source| ServerError::Listen { address, source };
    let listener = TcpListener::bind(address).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let real = listener.local_addr().map_err(failed)?;
    Ok((listener, real))
}

/// What handlers get, whoever's service they are for.
fn app_of(wire: &Wire, meter: Arc<Meter>) -> AppOf {
    let Wire { limits, ids, web, .. } = wire.clone();
    Arc::new(move |service, stop| {
        let (ids, meter, web) = (Arc::clone(&ids), Arc::clone(&meter), web.clone());
        App { service, ids, limits, meter, web, streams: Streams::default(), stop }
    })
}

fn limits(config: &Config) -> Limits {
    Limits {
        events_body: to_usize(config.server.max_body_bytes),
        body: SMALL_BODY.min(to_usize(config.server.max_body_bytes)),
        body_timeout: config.server.body_timeout,
        pace: Pace {
            least: to_usize(config.server.least_body_rate) * PACE_SECONDS,
            span: Duration::from_secs(PACE_SECONDS as u64),
        },
        header_timeout: config.server.header_timeout,
        idle_timeout: config.server.idle_timeout,
        shutdown_grace: config.server.shutdown_grace,
        connections: machine::connections(to_usize(config.server.max_connections.into())),
        connections_per_address: to_usize(config.server.max_connections_per_address.into()),
    }
}

fn quotas(config: &Config) -> QuotaOptions {
    let limits = &config.limits;
    let rates = |requests, events| Rates { requests: NonZeroU32::new(requests), events: NonZeroU32::new(events) };
    QuotaOptions {
        credential: rates(limits.requests_per_key, limits.events_per_key),
        tenant: rates(limits.requests_per_tenant, limits.events_per_tenant),
        refused: NonZeroU32::new(limits.refused_per_address),
        batch: config.server.max_events_per_request.into(),
        hold: HOLD,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::io::{Read, Write};
    use std::net::TcpStream;

    use crate::clock;
    use crate::domain::ids::Side;
    use crate::domain::system::{NewKey, Permission};
    use crate::offline::{Absent, system_offline};
    use crate::storage::FileOptions;

    /// The whole answer to a request for `path`; empty where nobody listens.
    fn ask(address: SocketAddr, path: &str) -> String {
        let mut answer = String::new();
        if let Ok(mut stream) = TcpStream::connect(address) {
            write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
            stream.read_to_string(&mut answer).unwrap();
        }
        answer
    }

    #[test]
    fn r10_10_readyz_says_that_it_stops_as_long_as_requests_are_open() {
        let directory = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.storage.data_dir = directory.path().to_owned();
        config.journal.segment_mib = 1;
        config.server.drain = Duration::ZERO;
        config.server.listen = "127.0.0.1:0".parse().unwrap();
        config.admin.listen = config.server.listen;
        let options = FileOptions { segment_bytes: config.journal.segment_bytes() };
        let mut system = system_offline(directory.path(), Absent::Make, &options, &RandomIds, clock::wall()).unwrap();
        let workspace = system.create_workspace("S", "t", None).unwrap();
        let (name, tenant, scopes) = ("k".into(), Some("t".into()), vec![Permission::EventsWrite]);
        let new = NewKey { name, tenant, workspace: Some(workspace), side: Side::Live, scopes, expires_at: None };
        let (_, key) = system.create_key(new).unwrap();
        drop(system);

        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let server = runtime.block_on(Server::start(&config, false, Arc::default())).unwrap();
        let admin = server.admin_address();
        assert!(ask(admin, "/readyz").starts_with("HTTP/1.1 200 "));
        let mut upload = TcpStream::connect(server.address()).unwrap();
        let head = format!(
            "POST /api/workspaces/{workspace}/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n",
            key.expose()
        );
        upload.write_all(head.as_bytes()).unwrap();
        let mut word = [0; 12];
        upload.read_exact(&mut word).unwrap();
        assert_eq!(&word, b"HTTP/1.1 100", "the body is waited for");

        let stopping = runtime.spawn(server.stop());
        let mut told = ask(admin, "/readyz");
        while told.starts_with("HTTP/1.1 200 ") {
            told = ask(admin, "/readyz");
        }
        assert!(told.starts_with("HTTP/1.1 503 ") && told.contains("\"shutting_down\""), "{told}");
        upload.write_all(b"[]").unwrap();
        let mut answer = String::new();
        upload.read_to_string(&mut answer).unwrap();
        assert!(answer.contains("HTTP/1.1 400 "), "{answer}");
        runtime.block_on(stopping).unwrap();
        assert_eq!(ask(admin, "/readyz"), "", "it has ended");
    }
}
