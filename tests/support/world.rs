//! Two tenants: `one` with two workspaces, `two` with one; and keys of every kind.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tripswitch::clock::Clock;
use tripswitch::domain::ids::{Id, Side, WorkspaceKey};
use tripswitch::domain::system::{ApiKey, Permission, SystemRecord};
use tripswitch::domain::time::Millis;
use tripswitch::http::Limits;
use tripswitch::ids::Ids;

use super::{Server, Setup};

/// The first workspace of tenant `one`.
pub const WORKSPACE: &str = "11111111-1111-4111-8111-111111111111";
/// The second workspace of tenant `one`.
pub const SIBLING: &str = "22222222-2222-4222-8222-222222222222";
/// The workspace of tenant `two`.
pub const FOREIGN: &str = "33333333-3333-4333-8333-333333333333";
/// Nobody's.
pub const UNKNOWN: &str = "99999999-9999-4999-8999-999999999999";
pub const ACCOUNT: &str = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa";

/// All scopes but `admin`.
const DATA: [Permission; 3] = [Permission::QualityRead, Permission::QualityWrite, Permission::EventsWrite];

/// A server with the two tenants.
pub struct World {
    pub server: Server,
    /// Reads and writes in [`WORKSPACE`].
    pub key: String,
    /// The same, in all workspaces of tenant `one`.
    pub tenant_key: String,
}

/// Whom a key is made for.
#[derive(Clone, Copy)]
pub struct Holder {
    pub tenant: Option<&'static str>,
    pub workspace: Option<&'static str>,
    pub side: Side,
    pub expires_at: Option<Millis>,
}

/// The holder of keys bound to [`WORKSPACE`].
pub const BOUND: Holder =
    Holder { tenant: Some("one"), workspace: Some(WORKSPACE), side: Side::Live, expires_at: None };

impl World {
    pub async fn start() -> Self {
        Self::start_with(Limits::default()).await
    }

    pub async fn start_with(limits: Limits) -> Self {
        Self::of(Server::start(Setup::with(limits)).await).await
    }

    /// Fills a server with the two tenants.
    pub async fn of(server: Server) -> Self {
        for (id, tenant) in [(WORKSPACE, "one"), (SIBLING, "one"), (FOREIGN, "two")] {
            let (name, tenant) = (format!("Support of {tenant}").into(), tenant.into());
            let record = SystemRecord::WorkspaceCreated { id: id_of(id), name, tenant, actor: "test".into() };
            server.engine.system(record).await.expect("the engine runs").expect("a fresh id");
        }
        let mut world = Self { server, key: String::new(), tenant_key: String::new() };
        world.key = world.make_key(BOUND, &DATA).await.0;
        world.tenant_key = world.make_key(Holder { workspace: None, ..BOUND }, &DATA).await.0;
        world
    }

    /// The same world after an orderly end and a start from the journal.
    pub async fn restarted(self) -> Self {
        let Self { server, key, tenant_key } = self;
        let (log, now) = (server.log.clone(), server.clock.now());
        let engine = server.engine.clone();
        server.stop().await;
        engine.shutdown().await;
        Self { server: Server::start(Setup { log, now, ..Setup::default() }).await, key, tenant_key }
    }

    /// A key and its id.
    pub async fn make_key(&self, holder: Holder, scopes: &[Permission]) -> (String, Id) {
        let prefix = match holder.side {
            Side::Live => "sf_live_v1_",
            Side::Test => "sf_test_v1_",
        };
        let secret = format!("{prefix}{}", self.server.ids.token(32));
        let id = Id::from(self.server.ids.uuid());
        let key = ApiKey {
            id,
            name: "test".into(),
            key_prefix: secret[..prefix.len() + 4].into(),
            hash: Sha256::digest(secret.as_bytes()).into(),
            tenant: holder.tenant.map(Into::into),
            workspace: holder.workspace.map(id_of),
            side: holder.side,
            scopes: scopes.to_vec(),
            created_at: super::NOW,
            expires_at: holder.expires_at,
            last_used_at: None,
            revoked_at: None,
        };
        let record = SystemRecord::KeyCreated { key, actor: "test".into() };
        self.server.engine.system(record).await.expect("the engine runs").expect("a fresh key");
        (secret, id)
    }

    pub async fn server_key(&self) -> String {
        let holder = Holder { tenant: None, workspace: None, ..BOUND };
        self.make_key(holder, &[Permission::Server]).await.0
    }

    pub async fn admin_key(&self) -> String {
        self.make_key(Holder { workspace: None, ..BOUND }, &[Permission::Admin]).await.0
    }

    /// Sends events and expects them all to be accepted.
    pub async fn send(&self, workspace: &str, key: &str, events: &[Value]) {
        let path = format!("/api/workspaces/{workspace}/events");
        let body = self.server.post(&path, key, &events.into()).await.expect(202);
        assert_eq!(body["accepted"], events.len());
    }

    /// Trips the breaker of [`ACCOUNT`] and gives its id.
    pub async fn trip(&self) -> String {
        let events: Vec<_> = (1..=3).map(|n| low_score(n, ACCOUNT)).collect();
        self.send(WORKSPACE, &self.key, &events).await;
        let list = self.server.get(&at("quality/circuit-breakers"), &self.key).await.expect(200);
        assert_eq!(list["total"], 1, "{list}");
        list["items"][0]["id"].as_str().expect("a breaker has an id").to_owned()
    }

    /// [`Self::picture`], and the last seq of [`WORKSPACE`] with its state's hash: nothing was even
    /// recorded.
    pub async fn fingerprint(&self) -> (Vec<Value>, u64, [u8; 32]) {
        let key = WorkspaceKey { id: id_of(WORKSPACE), side: Side::Live };
        let (seq, hash) =
            self.server.engine.read(key, |w| (w.applied(), w.state_hash())).await.expect("the workspace answers");
        (self.picture().await, seq, hash)
    }

    /// Everything that a reader can see of [`WORKSPACE`]: for "nothing changed".
    pub async fn picture(&self) -> Vec<Value> {
        let mut picture = Vec::new();
        let history = "quality/circuit-breakers/history";
        let of_side = ["quality/stats", "quality/circuit-breakers", history, "quality/gate", "quality/settings"];
        for path in of_side.into_iter().chain(["csat-config"]) {
            picture.push(self.server.get(&at(path), &self.key).await.expect(200));
        }
        for path in [format!("/api/accounts/{ACCOUNT}/quality"), conversation(1)] {
            picture.push(without_request_id(self.server.get(&path, &self.key).await.json()));
        }
        picture
    }
}

fn without_request_id(mut body: Value) -> Value {
    body.as_object_mut().expect("an object").remove("requestId");
    body
}

pub fn id_of(text: &str) -> Id {
    Id::from(text.parse::<uuid::Uuid>().expect("a UUID"))
}

/// A path in [`WORKSPACE`].
pub fn at(path: &str) -> String {
    format!("/api/workspaces/{WORKSPACE}/{path}")
}

pub fn conversation_id(n: u32) -> String {
    format!("cccccccc-cccc-4ccc-8ccc-{n:012}")
}

/// The path of a conversation's score.
pub fn conversation(n: u32) -> String {
    format!("/api/conversations/{}/quality", conversation_id(n))
}

/// An event of this type; `data` goes beside the conversation.
pub fn event(id: &str, kind: &str, data: Value) -> Value {
    json!({"specversion": "1.0", "id": id, "source": "tests", "type": kind, "data": data})
}

/// An imported score of 1.5 in every dimension, now.
pub fn low_score(n: u32, account: &str) -> Value {
    let data = json!({"conversationId": conversation_id(n), "accountId": account, "resolved": false,
        "outcomeScore": 1.5, "processScore": 1.5, "environmentScore": 1.5});
    event(&format!("low-{n}"), "conversation.scored", data)
}
