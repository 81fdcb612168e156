//! An issuer of tokens on this machine: up, down, slow, or answering nonsense.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tripswitch::issuer::{HttpFetch, IssuerOptions, fetch::PATIENCE};

use super::signing::{AUDIENCE, ISSUER};

/// What the next requests are answered.
#[derive(Clone)]
pub enum Answer {
    Body(u16, String),
    Redirect(String),
    /// Nothing, until [`Issuer::release`].
    Hangs,
}

#[derive(Clone)]
struct Desk(Arc<Inside>);

struct Inside {
    answer: Mutex<Answer>,
    requests: AtomicUsize,
    hanging: AtomicUsize,
    released: Semaphore,
}

/// Serves one key set at `/.well-known/jwks`.
pub struct Issuer {
    address: SocketAddr,
    desk: Desk,
    serving: Mutex<Option<JoinHandle<()>>>,
}

impl Issuer {
    /// Publishes these keys.
    pub async fn start(keys: &[Value]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let inside = Inside {
            answer: Mutex::new(key_set(keys)),
            requests: AtomicUsize::new(0),
            hanging: AtomicUsize::new(0),
            released: Semaphore::new(0),
        };
        let issuer = Self { address, desk: Desk(Arc::new(inside)), serving: Mutex::default() };
        issuer.serve(listener);
        issuer
    }

    fn serve(&self, listener: TcpListener) {
        let routes = Router::new()
            .route("/.well-known/jwks", get(answer))
            .route("/elsewhere", get(async || "{\"keys\": []}"))
            .with_state(self.desk.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, routes).await.expect("it serves") });
        *self.serving.lock() = Some(serving);
    }

    /// Connections are refused from here on.
    pub async fn stop(&self) {
        let serving = self.serving.lock().take().expect("it is up");
        serving.abort();
        // The error is the abortion that was asked for.
        let _ = serving.await;
    }

    /// Up again, at the same address.
    pub async fn resume(&self) {
        self.serve(TcpListener::bind(self.address).await.expect("its port is free again"));
    }

    pub fn publish(&self, keys: &[Value]) {
        self.answers(key_set(keys));
    }

    pub fn answers(&self, answer: Answer) {
        *self.desk.0.answer.lock() = answer;
    }

    /// Lets one of those that hang go on, to the answer of that moment.
    pub fn release(&self) {
        self.desk.0.released.add_permits(1);
    }

    /// How often it was asked.
    pub fn requests(&self) -> usize {
        self.desk.0.requests.load(Ordering::SeqCst)
    }

    /// How many wait for an answer that does not come.
    pub fn hanging(&self) -> usize {
        self.desk.0.hanging.load(Ordering::SeqCst)
    }

    pub fn jwks_url(&self) -> String {
        format!("http://{}/.well-known/jwks", self.address)
    }

    pub fn fetch(&self, patience: Duration) -> HttpFetch {
        HttpFetch::new(self.jwks_url().parse().expect("a URL"), patience).expect("a client")
    }

    /// What a server needs to take its tokens. `wait`: as long as a token with an unknown key waits.
    pub fn trust(&self, wait: Duration) -> (IssuerOptions, Arc<HttpFetch>) {
        let options = IssuerOptions { issuer: ISSUER.into(), audience: vec![AUDIENCE.into()], wait };
        (options, Arc::new(self.fetch(PATIENCE)))
    }
}

fn key_set(keys: &[Value]) -> Answer {
    Answer::Body(200, json!({"keys": keys}).to_string())
}

/// Counts a request that hangs, until it is answered or its client has gone.
struct Hanging<'a>(&'a AtomicUsize);

impl Drop for Hanging<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn answer(State(Desk(inside)): State<Desk>) -> impl IntoResponse {
    inside.requests.fetch_add(1, Ordering::SeqCst);
    let now = inside.answer.lock().clone();
    let now = if let Answer::Hangs = now {
        inside.hanging.fetch_add(1, Ordering::SeqCst);
        let _hanging = Hanging(&inside.hanging);
        inside.released.acquire().await.expect("the semaphore stays open").forget();
        inside.answer.lock().clone()
    } else {
        now
    };
    let (status, location, body) = match now {
        Answer::Body(status, body) => (status, String::new(), body),
        Answer::Redirect(to) => (302, to, String::new()),
        Answer::Hangs => (500, String::new(), "released without an answer".to_owned()),
    };
    let status = StatusCode::from_u16(status).expect("a status");
    // A kept connection would outlive a stop.
    (status, [(header::CONNECTION, "close".to_owned()), (header::LOCATION, location)], body)
}
