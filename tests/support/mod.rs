//! The real server in this process, on a free port, with a manual clock and seeded ids.

pub mod contract;
pub mod issuer;
pub mod keep;
pub mod raw;
pub mod reply;
pub mod signing;
#[expect(dead_code, reason = "shared: others need more of it")]
pub mod smtp;
pub mod sse;
pub mod witness;
pub mod world;

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tripswitch::actors::Engine;
use tripswitch::app::{self, Parts, Started, Watched};
use tripswitch::background::{Ending, Stop};
use tripswitch::clock::ManualClock;
use tripswitch::config::Config;
use tripswitch::config::mail::MailRelay;
use tripswitch::domain::time::Millis;
use tripswitch::erasures::Erasures;
use tripswitch::http::monitor::{self, Monitor};
use tripswitch::http::{App, Limits, Meter, Streams, Web, Wire};
use tripswitch::ids::{Ids, SeededIds};
use tripswitch::issuer::{HttpFetch, IssuerOptions};
use tripswitch::journal::memory::MemoryLog;
use tripswitch::mail::Mail;
use tripswitch::service::Service;
use tripswitch::service::cluster::Membership;
use tripswitch::service::door::Secret;
use tripswitch::service::quota::QuotaOptions;
use tripswitch::snapshot::memory::MemorySnapshots;
use tripswitch::webhooks::Webhooks;

pub use reply::Reply;

use keep::Kept;
use witness::Journaled;

/// 2026-03-25T10:00:00.000Z, the day of R3.1's example.
pub const NOW: Millis = 1_774_432_800_000;

/// Where customers reach the server, behind a proxy that takes `/support` away.
pub const PUBLIC_URL: &str = "https://rate.example.com/support";

/// A running server; it stops with the runtime of its test.
pub struct Server {
    pub address: std::net::SocketAddr,
    pub clock: Arc<ManualClock>,
    pub ids: Arc<SeededIds>,
    pub log: MemoryLog,
    pub snapshots: MemorySnapshots,
    pub engine: Engine,
    pub service: Arc<Service>,
    pub webhooks: Arc<Webhooks>,
    pub mail: Arc<Mail>,
    /// Deliver and send mails until the stop.
    delivering: JoinHandle<()>,
    mailing: JoinHandle<()>,
    pub meter: Arc<Meter>,
    _journaled: Journaled,
    /// Where the kept list of erasures lies.
    pub directory: Kept,
    client: reqwest::Client,
    pub ending: Ending,
    serving: JoinHandle<()>,
}

/// What a test's server differs in.
pub struct Setup {
    /// What an earlier server has left.
    pub log: MemoryLog,
    pub now: Millis,
    pub wire: Wire,
    /// Bytes of ingest bodies under way.
    pub in_flight_bytes: u64,
    pub issuer: Option<(IssuerOptions, Arc<HttpFetch>)>,
    pub quotas: QuotaOptions,
    /// Workspaces and keys that a tenant makes for itself.
    pub ceilings: (u32, u32),
    pub streams: Streams,
    /// Streams that a tenant may have open.
    pub most_streams: u32,
    /// Webhooks may go to this machine.
    pub private_targets: bool,
    /// Where customers reach `/s/`.
    pub public_url: &'static str,
    /// Another one than the server before had.
    pub secret: Option<[u8; 32]>,
    /// Takes mails.
    pub mail_server: Option<MailRelay>,
    /// As if it were a node of a cluster.
    pub membership: Option<Membership>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            log: MemoryLog::default(),
            now: NOW,
            wire: Wire::new(Limits::default(), Arc::new(SeededIds::new(2))),
            in_flight_bytes: 16 << 20,
            issuer: None,
            quotas: QuotaOptions::default(),
            ceilings: (1_000, 10_000),
            streams: Streams::default(),
            most_streams: 1_000,
            private_targets: true,
            public_url: PUBLIC_URL,
            secret: None,
            mail_server: None,
            membership: None,
        }
    }
}

impl Setup {
    pub fn with(limits: Limits) -> Self {
        Self { wire: Wire::new(limits, Arc::new(SeededIds::new(2))), ..Self::default() }
    }
}

impl Server {
    /// As `serve` does it, with a journal and snapshots in memory, a clock that stands and ids that repeat.
    pub async fn start(setup: Setup) -> Self {
        witness::log();
        let Setup { log, now, wire, in_flight_bytes, issuer, quotas, ceilings, .. } = setup;
        let Setup { streams, most_streams, private_targets, public_url, secret, mail_server, membership, .. } = setup;
        let (clock, ids) = (Arc::new(ManualClock::new(now)), Arc::new(SeededIds::new(1)));
        let drawn = ids.secret();
        let (snapshots, directory) = (MemorySnapshots::default(), Kept::new());
        let journaled = Journaled::new(&log, &directory, &SeededIds::new(1));
        let mut config = Config::default();
        config.storage.data_dir = directory.path().to_owned();
        config.limits.inflight_bytes = in_flight_bytes;
        config.limits.streams_per_tenant = most_streams;
        config.webhooks.allow_private = private_targets;
        config.ratings.public_url = public_url.into();
        config.mail.relay = mail_server;
        (config.limits.workspaces_per_tenant, config.limits.keys_per_tenant) = ceilings;
        let parts = Parts {
            clock: clock.clone(),
            ids: ids.clone(),
            journal: Box::new(log.writer()),
            snapshots: Arc::new(snapshots.clone()),
            secret: Secret::new(secret.unwrap_or(drawn)),
            erasures: Arc::new(Erasures::load(directory.path()).expect("an empty list")),
            issuer,
            quotas,
            cores: 2,
        };
        let Started { engine, service, webhooks, mail, .. } =
            app::start(&config, parts, false, Arc::default()).await.expect("the server starts");
        let service = as_node(service, membership);
        let (limits, web): (Limits, Web) = (wire.limits, wire.web.clone());
        let (ending, meter) = (Ending::default(), Arc::<Meter>::default());
        let app = App {
            service: Arc::clone(&service),
            ids: ids.clone(),
            limits,
            meter: Arc::clone(&meter),
            web,
            streams,
            stop: ending.stop.clone(),
        };
        let (delivers, stop) = (Arc::clone(&webhooks), ending.stop.clone());
        let delivering = tokio::spawn(async move { delivers.run(&stop).await });
        let (sends, stop) = (Arc::clone(&mail), ending.stop.clone());
        let mailing = tokio::spawn(async move { sends.run(&stop).await });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let router = tripswitch::http::router(app);
        let serving = tokio::spawn(tripswitch::http::serve(listener, router, wire, ending.clone()));
        let client = tripswitch::outgoing::client().no_proxy().build().expect("a plain client");
        Self {
            address,
            clock,
            ids,
            log,
            snapshots,
            engine,
            service,
            webhooks,
            mail,
            delivering,
            mailing,
            meter,
            _journaled: journaled,
            directory,
            client,
            ending,
            serving,
        }
    }

    /// For the second listener: the one engine of this server.
    pub fn watched(&self) -> impl Fn() -> Vec<Watched> + Send + Sync + 'static {
        let (engine, webhooks, mail) = (self.engine.clone(), Arc::clone(&self.webhooks), Arc::clone(&self.mail));
        let one = Watched { engine, webhooks, mail, serves: Arc::new(|| true) };
        move || vec![one.clone()]
    }

    /// Stops the server and waits for its end.
    pub async fn stop(self) {
        self.ending.drain.cancel();
        self.ending.stop.cancel();
        for task in [self.serving, self.delivering, self.mailing] {
            tokio::time::timeout(Duration::from_secs(20), task).await.expect("it ends").expect("it does not panic");
        }
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

    /// An answer that lasts, after its head.
    pub async fn stream(self) -> reqwest::Response {
        self.0.send().await.expect("the server answers")
    }

    /// Of an answer that lasts, the head. Panics if the document does not have such an answer.
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

/// The service as that of a node of a cluster, where there is one.
fn as_node(service: Arc<Service>, membership: Option<Membership>) -> Arc<Service> {
    Arc::new(Arc::into_inner(service).expect("nobody else has it yet").with_membership(membership))
}
