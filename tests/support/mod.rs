//! The real server in this process, on a free port, with a manual clock and seeded ids.

pub mod contract;
pub mod engine;
pub mod issuer;
pub mod keep;
pub mod raw;
pub mod reply;
pub mod signing;
pub mod witness;
pub mod world;

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tripswitch::actors::Engine;
use tripswitch::background::Stop;
use tripswitch::clock::{Clock, ManualClock};
use tripswitch::domain::time::Millis;
use tripswitch::erasures::Erasures;
use tripswitch::http::monitor::{self, Monitor};
use tripswitch::http::{App, Limits, Meter, Web, Wire};
use tripswitch::ids::SeededIds;
use tripswitch::issuer::{HttpFetch, Issuer, IssuerOptions};
use tripswitch::journal::memory::MemoryLog;
use tripswitch::service::Service;
use tripswitch::snapshot::memory::MemorySnapshots;

pub use reply::Reply;

use keep::Kept;
use witness::Journaled;

/// 2026-03-25T10:00:00.000Z, the day of R3.1's example.
pub const NOW: Millis = 1_774_432_800_000;

/// A running server; it stops with the runtime of its test.
pub struct Server {
    pub address: std::net::SocketAddr,
    pub clock: Arc<ManualClock>,
    pub ids: Arc<SeededIds>,
    pub log: MemoryLog,
    pub snapshots: MemorySnapshots,
    pub engine: Engine,
    pub service: Arc<Service>,
    pub meter: Arc<Meter>,
    _journaled: Journaled,
    /// Where the kept list of erasures lies.
    pub directory: Kept,
    client: reqwest::Client,
    stop: Stop,
    serving: JoinHandle<()>,
}

impl Server {
    /// `room`: bytes of ingest bodies under way.
    pub async fn start(limits: Limits, in_flight_bytes: usize) -> Self {
        Self::start_on(MemoryLog::default(), NOW, limits, in_flight_bytes).await
    }

    /// Starts one that takes an issuer's tokens.
    pub async fn start_trusting(trust: (IssuerOptions, Arc<HttpFetch>)) -> Self {
        let (options, fetch) = trust;
        let set_up = |service: Service, clock| {
            let issuer = Issuer::new(options, fetch, clock, Handle::current());
            service.with_issuer(Arc::new(issuer))
        };
        Self::start_as(MemoryLog::default(), NOW, Limits::default(), set_up).await
    }

    /// Starts on what an earlier server left in the log.
    pub async fn start_on(log: MemoryLog, now: Millis, limits: Limits, in_flight_bytes: usize) -> Self {
        let wire = Wire::new(limits, Arc::new(SeededIds::new(2)));
        Self::start_wired(log, now, wire, in_flight_bytes).await
    }

    /// `set_up` changes the service before it serves.
    pub async fn start_as(
        log: MemoryLog,
        now: Millis,
        limits: Limits,
        set_up: impl FnOnce(Service, Arc<dyn Clock>) -> Service,
    ) -> Self {
        Self::start_whole(log, now, Wire::new(limits, Arc::new(SeededIds::new(2))), 16 << 20, set_up).await
    }

    /// Starts with TLS, or with what browsers are told.
    pub async fn start_wired(log: MemoryLog, now: Millis, wire: Wire, in_flight_bytes: usize) -> Self {
        Self::start_whole(log, now, wire, in_flight_bytes, |service, _| service).await
    }

    async fn start_whole(
        log: MemoryLog,
        now: Millis,
        wire: Wire,
        in_flight_bytes: usize,
        set_up: impl FnOnce(Service, Arc<dyn Clock>) -> Service,
    ) -> Self {
        witness::log();
        let clock = Arc::new(ManualClock::new(now));
        let ids = Arc::new(SeededIds::new(1));
        let snapshots = MemorySnapshots::default();
        let (engine, door) =
            engine::start(Arc::clone(&clock), Arc::clone(&ids), &log, &snapshots, in_flight_bytes).await;
        let directory = Kept::new();
        let journaled = Journaled::new(&log, &directory, &SeededIds::new(1));
        let erasures = Arc::new(Erasures::load(directory.path()).expect("an empty list"));
        let service = Service::new(engine.clone(), door, ids.clone(), erasures).with_cores(2);
        let service = Arc::new(set_up(service, clock.clone()));
        let (limits, web): (Limits, Web) = (wire.limits, wire.web.clone());
        let (stop, meter) = (Stop::new(), Arc::default());
        let app = App { service: Arc::clone(&service), ids: ids.clone(), limits, meter, web, stop: stop.clone() };
        let meter = Arc::clone(&app.meter);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let router = tripswitch::http::router(app);
        let serving = tokio::spawn(tripswitch::http::serve(listener, router, wire, stop.clone()));
        let client = reqwest::Client::builder().no_proxy().build().expect("a plain client");
        Self {
            address,
            clock,
            ids,
            log,
            snapshots,
            engine,
            service,
            meter,
            _journaled: journaled,
            directory,
            client,
            stop,
            serving,
        }
    }

    /// Stops the server and waits for its end.
    pub async fn stop(self) {
        self.stop.cancel();
        tokio::time::timeout(Duration::from_secs(20), self.serving).await.expect("it ends").expect("it does not panic");
    }

    /// A request under construction.
    pub fn ask(&self, method: Method, path: &str, key: &str) -> Ask {
        let request = self.client.request(method, format!("http://{}{path}", self.address));
        Ask(if key.is_empty() { request } else { request.bearer_auth(key) })
    }

    pub async fn get(&self, path: &str, key: &str) -> Reply {
        self.ask(Method::GET, path, key).send().await
    }

    pub async fn post(&self, path: &str, key: &str, body: &Value) -> Reply {
        self.ask(Method::POST, path, key).json(body).send().await
    }

    pub async fn patch(&self, path: &str, key: &str, body: &Value) -> Reply {
        self.ask(Method::PATCH, path, key).json(body).send().await
    }

    /// A POST without a body.
    pub async fn post_nothing(&self, path: &str, key: &str) -> Reply {
        self.ask(Method::POST, path, key).send().await
    }

    /// Serves the second listener beside, and gives its address.
    pub async fn monitor(&self, source: Arc<dyn Monitor>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let router = monitor::router(source, Arc::clone(&self.meter), self.ids.clone());
        let wire = Wire::new(Limits::default(), self.ids.clone());
        tokio::spawn(tripswitch::http::serve(listener, router, wire, Stop::new()));
        format!("http://{address}")
    }

    /// Status and body of what need not be text.
    pub async fn get_bytes(&self, path: &str) -> (u16, Vec<u8>) {
        let reply = self.client.get(format!("http://{}{path}", self.address)).send().await.expect("the server answers");
        (reply.status().as_u16(), reply.bytes().await.expect("a whole body").to_vec())
    }

    /// An address of another listener: the document does not speak of it.
    pub async fn get_url(&self, url: &str) -> Reply {
        Reply::read(self.client.get(url).send().await.expect("the server answers")).await
    }
}

/// A request under construction.
pub struct Ask(reqwest::RequestBuilder);

impl Ask {
    pub fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, value))
    }

    pub fn json(self, body: &Value) -> Self {
        Self(self.0.json(body))
    }

    /// A JSON body as it stands.
    pub fn text(self, body: impl Into<reqwest::Body>) -> Self {
        Self(self.0.header("content-type", "application/json").body(body))
    }

    /// A body without a content type.
    pub fn bytes(self, body: impl Into<reqwest::Body>) -> Self {
        Self(self.0.body(body))
    }

    /// Panics if the document does not have such an answer.
    pub async fn send(self) -> Reply {
        let (client, request) = self.0.build_split();
        let request = request.expect("a request that can be sent");
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let reply = Reply::read(client.execute(request).await.expect("the server answers")).await;
        // A preflight is the browser's, and no route's.
        if method != Method::OPTIONS {
            contract::check(&method, &path, &reply);
        }
        reply
    }
}
