//! `…/webhooks` (R8.3), with receivers on this machine.

mod deliveries;
mod endpoints;
mod secrets;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use parking_lot::Mutex;
use ring::hmac;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tripswitch::domain::system::Permission;

use crate::support::world::{BOUND, WORKSPACE, World, at};

/// A message as it has arrived.
struct Arrived {
    headers: HeaderMap,
    text: String,
}

impl Arrived {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).expect("a header").to_str().expect("a text")
    }

    fn body(&self) -> Value {
        serde_json::from_str(&self.text).expect("JSON")
    }

    /// Whether one of the signatures is of this secret.
    fn is_signed_with(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").expect("a secret")).expect("base64");
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        let signed = format!("{}.{}.{}", self.header("webhook-id"), self.header("webhook-timestamp"), self.text);
        let signature = format!("v1,{}", STANDARD.encode(hmac::sign(&key, signed.as_bytes())));
        self.header("webhook-signature").split(' ').any(|sent| sent == signature)
    }
}

/// A receiver that answers what it is told to.
struct Receiver {
    url: String,
    status: Arc<Mutex<u16>>,
    arrived: mpsc::UnboundedReceiver<Arrived>,
}

impl Receiver {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let (sender, arrived) = mpsc::unbounded_channel();
        let status = Arc::new(Mutex::new(200));
        let answers = Arc::clone(&status);
        let take = move |headers: HeaderMap, body: Bytes| {
            let text = String::from_utf8(body.to_vec()).expect("UTF-8");
            sender.send(Arrived { headers, text }).ok();
            let status = StatusCode::from_u16(*answers.lock()).expect("a status");
            async move { (status, "the receiver's word") }
        };
        let router = Router::new().fallback(take);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, status, arrived }
    }

    fn answers(&self, status: u16) {
        *self.status.lock() = status;
    }

    async fn next(&mut self) -> Arrived {
        self.arrived.recv().await.expect("a message")
    }

    /// The types of the next messages.
    async fn types(&mut self, count: usize) -> Vec<String> {
        let mut types = Vec::new();
        for _ in 0..count {
            types.push(self.next().await.body()["type"].as_str().expect("a type").to_owned());
        }
        types
    }

    fn has_nothing(&mut self) -> bool {
        self.arrived.try_recv().is_err()
    }
}

/// A world with somebody who may.
struct Hooked {
    world: World,
    admin: String,
}

impl Hooked {
    async fn start() -> Self {
        Self::of(World::start().await).await
    }

    async fn of(world: World) -> Self {
        let admin = world.make_key(BOUND, &[Permission::Admin]).await.0;
        Self { world, admin }
    }

    /// A webhook with its secret.
    async fn make(&self, url: &str, types: &[&str]) -> Value {
        let body = json!({"url": url, "types": types});
        self.world.server.post(&at("webhooks"), &self.admin, &body).await.expect(201)
    }

    async fn get(&self, path: &str) -> Value {
        self.world.server.get(&at(path), &self.admin).await.expect(200)
    }

    async fn post(&self, path: &str, body: &Value, status: u16) -> Value {
        self.world.server.post(&at(path), &self.admin, body).await.expect(status)
    }

    /// Looks until it is so: what is noted of deliveries is no news for anybody.
    async fn until(&self, path: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        loop {
            let found = self.get(path).await;
            if is_so(&found) {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn path_of(webhook: &Value) -> String {
    format!("webhooks/{}", webhook["id"].as_str().expect("an id"))
}
