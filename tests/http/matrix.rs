//! R2.8, R2.12, R2.14: every route × whose data × which credential. A route that stands in the API's
//! document and has no row here fails.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::Value;
use tripswitch::domain::effect::EffectTypes;
use tripswitch::domain::ids::{Id, Side, WorkspaceKey};
use tripswitch::domain::resource::{ResourceChange, ResourceRecord};
use tripswitch::domain::system::Permission;
use tripswitch::webhooks::endpoint::{Endpoint, InForce, KIND, MOST};
use tripswitch::webhooks::sign::SigningSecret;
use tripswitch::wire::webhook::WebhookFormat;

use crate::support::world::{
    ACCOUNT, BOUND, FOREIGN, Holder, SIBLING, UNKNOWN, WORKSPACE, World, conversation_id, event, id_of, low_score,
};
use crate::support::{Reply, Server};

const READ: &[Permission] = &[Permission::QualityRead];
const WRITE: &[Permission] = &[Permission::QualityWrite];
/// Readers, and those that send events.
const PRODUCERS: &[Permission] = &[Permission::QualityRead, Permission::EventsWrite];
const ADMIN: &[Permission] = &[Permission::Admin];
const TENANTS: [Permission; 4] =
    [Permission::QualityRead, Permission::QualityWrite, Permission::EventsWrite, Permission::Admin];

/// What a route speaks of, and so what its refusals are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    /// No credential is looked at.
    Nobody,
    /// The credential itself: any will do.
    Anybody,
    /// The workspace of the path.
    Workspace,
    /// Of the credential's workspaces, the one that has the id of the path.
    Thing,
    /// The credential's tenant.
    Tenant,
    /// The whole server: server keys alone.
    Server,
}

struct Row {
    route: &'static str,
    of: Of,
    /// Any one of them.
    scopes: &'static [Permission],
    body: &'static str,
    /// The answer to a credential that may.
    status: u16,
    /// A server key may as well, for every tenant (R2.14).
    server_too: bool,
}

const fn row(route: &'static str, of: Of, scopes: &'static [Permission], body: &'static str, status: u16) -> Row {
    Row { route, of, scopes, body, status, server_too: matches!(of, Of::Tenant | Of::Server) }
}

/// In an order in which each can be asked by one that may.
const ROWS: &[Row] = &[
    row("GET /api/openapi.json", Of::Nobody, &[], "", 200),
    row("GET /api/sign-in", Of::Nobody, &[], "", 200),
    row("GET /api/me", Of::Anybody, &[], "", 200),
    row("GET /api/workspaces/{workspaceId}/quality/stats", Of::Workspace, READ, "", 200),
    row("GET /api/workspaces/{workspaceId}/quality/overview", Of::Workspace, READ, "", 200),
    row("GET /api/workspaces/{workspaceId}/quality/timeseries", Of::Workspace, READ, "", 200),
    row("GET /api/workspaces/{workspaceId}/quality/circuit-breakers", Of::Workspace, READ, "", 200),
    row("GET /api/workspaces/{workspaceId}/accounts", Of::Workspace, READ, "", 200),
    row("GET /api/workspaces/{workspaceId}/conversations", Of::Workspace, READ, "", 200),
    row("GET /api/workspaces/{workspaceId}/quality/gate", Of::Workspace, PRODUCERS, "", 200),
    row("GET /api/workspaces/{workspaceId}/quality/stream", Of::Workspace, READ, "", 200),
    row("POST /api/workspaces/{workspaceId}/quality/stream/ticket", Of::Workspace, READ, "", 201),
    row("GET /api/workspaces/{workspaceId}/csat-config", Of::Workspace, READ, "", 200),
    row("PATCH /api/workspaces/{workspaceId}/csat-config", Of::Workspace, WRITE, "{}", 200),
    row("POST /api/workspaces/{workspaceId}/events", Of::Workspace, &[Permission::EventsWrite], EVENT, 202),
    row("GET /api/workspaces/{workspaceId}/events/rejections", Of::Workspace, PRODUCERS, "", 200),
    row("GET /api/workspaces/{workspaceId}/events/rates", Of::Workspace, PRODUCERS, "", 200),
    row("GET /api/workspaces/{workspaceId}/quality/settings", Of::Workspace, READ, "", 200),
    row("GET /api/workspaces/{workspaceId}/quality/settings/history", Of::Workspace, READ, "", 200),
    row("PATCH /api/workspaces/{workspaceId}/quality/settings", Of::Workspace, WRITE, "{}", 200),
    row("GET /api/workspaces/{workspaceId}/quality/calibration", Of::Workspace, READ, "", 200),
    row("POST /api/workspaces/{workspaceId}/quality/calibration/apply", Of::Workspace, WRITE, "", 409),
    row("POST /api/workspaces/{workspaceId}/quality/calibration/revert", Of::Workspace, WRITE, "", 409),
    row("POST /api/workspaces/{workspaceId}/quality/backtest", Of::Workspace, READ, r#"{"settings": {}}"#, 200),
    // There is none.
    row("GET /api/workspaces/{workspaceId}/quality/backtest/{backtestId}", Of::Workspace, READ, "", 404),
    row("DELETE /api/workspaces/{workspaceId}/quality/backtest/{backtestId}", Of::Workspace, READ, "", 404),
    row("POST /api/workspaces/{workspaceId}/quality/circuit-breakers", Of::Workspace, WRITE, TRIP, 201),
    row("GET /api/workspaces/{workspaceId}/quality/circuit-breakers/history", Of::Workspace, READ, "", 200),
    row("GET /api/workspaces/{workspaceId}/quality/circuit-breakers/{breakerId}", Of::Workspace, READ, "", 200),
    row(
        "POST /api/workspaces/{workspaceId}/quality/circuit-breakers/{breakerId}/notes",
        Of::Workspace,
        WRITE,
        r#"{"note": "x"}"#,
        201,
    ),
    row(
        "POST /api/workspaces/{workspaceId}/quality/circuit-breakers/{breakerId}/acknowledge",
        Of::Workspace,
        WRITE,
        "{}",
        200,
    ),
    row(
        "POST /api/workspaces/{workspaceId}/quality/circuit-breakers/{breakerId}/resolve",
        Of::Workspace,
        WRITE,
        "{}",
        200,
    ),
    row("GET /api/conversations/{conversationId}/quality", Of::Thing, READ, "", 200),
    row("GET /api/conversations/{conversationId}/quality/explanation", Of::Thing, READ, "", 200),
    row("GET /api/conversations/{conversationId}/quality/revisions", Of::Thing, READ, "", 200),
    row("POST /api/conversations/{conversationId}/quality/override", Of::Thing, WRITE, OVERRIDE, 200),
    row("DELETE /api/conversations/{conversationId}/quality/override", Of::Thing, WRITE, "", 200),
    row("POST /api/conversations/{conversationId}/satisfaction-link", Of::Thing, WRITE, "", 201),
    row("GET /api/accounts/{accountId}/quality", Of::Thing, READ, "", 200),
    row("GET /api/accounts/{accountId}/quality/explanation", Of::Thing, READ, "", 200),
    row("GET /api/accounts/{accountId}/conversations", Of::Thing, READ, "", 200),
    Row { server_too: true, ..row("GET /api/workspaces/{workspaceId}/audit", Of::Workspace, ADMIN, "", 200) },
    row("DELETE /api/workspaces/{workspaceId}/contacts/{contactId}", Of::Workspace, ADMIN, "", 200),
    row("DELETE /api/workspaces/{workspaceId}/conversations/{conversationId}", Of::Workspace, ADMIN, "", 200),
    row("GET /api/workspaces/{workspaceId}/webhooks", Of::Workspace, ADMIN, "", 200),
    row("POST /api/workspaces/{workspaceId}/webhooks", Of::Workspace, ADMIN, WEBHOOK, 201),
    row("GET /api/workspaces/{workspaceId}/webhooks/{webhookId}", Of::Workspace, ADMIN, "", 200),
    row("PATCH /api/workspaces/{workspaceId}/webhooks/{webhookId}", Of::Workspace, ADMIN, "{}", 200),
    row("POST /api/workspaces/{workspaceId}/webhooks/{webhookId}/test", Of::Workspace, ADMIN, "{}", 200),
    row("POST /api/workspaces/{workspaceId}/webhooks/{webhookId}/rotate-secret", Of::Workspace, ADMIN, "{}", 200),
    row("GET /api/workspaces/{workspaceId}/webhooks/{webhookId}/deliveries", Of::Workspace, ADMIN, "", 200),
    // The webhook is disabled, and has delivered nothing.
    row("POST /api/workspaces/{workspaceId}/webhooks/{webhookId}/replay", Of::Workspace, ADMIN, SINCE, 409),
    row(
        "POST /api/workspaces/{workspaceId}/webhooks/{webhookId}/deliveries/{deliveryId}/resend",
        Of::Workspace,
        ADMIN,
        "{}",
        404,
    ),
    row("DELETE /api/workspaces/{workspaceId}/webhooks/{webhookId}", Of::Workspace, ADMIN, "", 200),
    row("GET /api/workspaces/{workspaceId}/quality/follow-ups", Of::Workspace, READ, "", 200),
    row("GET /api/workspaces/{workspaceId}/mail-templates", Of::Workspace, READ, "", 200),
    row("PUT /api/workspaces/{workspaceId}/mail-templates/{language}", Of::Workspace, ADMIN, TEMPLATE, 200),
    row("GET /api/workspaces/{workspaceId}/mail-templates/{language}", Of::Workspace, READ, "", 200),
    row("DELETE /api/workspaces/{workspaceId}/mail-templates/{language}", Of::Workspace, ADMIN, "", 200),
    row("GET /api/admin/workspaces", Of::Tenant, ADMIN, "", 200),
    row("POST /api/admin/workspaces", Of::Tenant, ADMIN, r#"{"name": "W", "tenant": "one"}"#, 201),
    row("GET /api/admin/keys", Of::Tenant, ADMIN, "", 200),
    row("POST /api/admin/keys", Of::Tenant, ADMIN, r#"{"tenant": "one", "scopes": ["quality:read"]}"#, 201),
    row("DELETE /api/admin/keys/{keyId}", Of::Tenant, ADMIN, "", 200),
    row("POST /api/admin/snapshots", Of::Server, &[], "", 201),
    row("GET /api/admin/snapshots", Of::Server, &[], "", 200),
    row("GET /api/admin/snapshots/status", Of::Server, &[], "", 200),
    row("POST /api/admin/snapshots/{number}/verify", Of::Server, &[], "", 200),
    row("POST /api/admin/snapshots/prune", Of::Server, &[], "", 200),
    row("GET /api/admin/export", Of::Server, &[], "", 200),
    row("GET /api/admin/journal", Of::Server, &[], "", 200),
    row("GET /api/admin/status", Of::Server, &[], "", 200),
    // The server is alone.
    row("GET /api/admin/cluster", Of::Server, &[], "", 404),
    // Nothing can be asked of it afterwards.
    row("DELETE /api/admin/workspaces/{workspaceId}", Of::Tenant, ADMIN, "", 200),
];

const EVENT: &str = r#"{"specversion": "1.0", "id": "m", "source": "matrix", "type": "conversation.created",
    "data": {"conversationId": "dddddddd-dddd-4ddd-8ddd-dddddddddddd"}}"#;

const TRIP: &str = r#"{"scopeKey": "channel:matrix", "reason": "x"}"#;

const OVERRIDE: &str = r#"{"outcomeScore": 4, "processScore": 4, "environmentScore": 4, "reason": "x"}"#;

const TEMPLATE: &str = r#"{"subject": "x", "text": "{{link}}"}"#;
const WEBHOOK: &str = r#"{"url": "http://127.0.0.1:9/", "types": ["breaker.forgotten"], "enabled": false}"#;
const SINCE: &str = r#"{"since": "2026-03-25T00:00:00Z"}"#;

/// Everything there is twice, in `one` and in `two`.
struct Matrix {
    world: World,
    breaker: String,
    foreign_breaker: String,
    foreign_key: String,
}

impl Matrix {
    async fn start() -> Self {
        let world = World::start().await;
        let breaker = world.trip().await;
        let holder = Holder { tenant: Some("two"), workspace: Some(FOREIGN), ..BOUND };
        let (key, id) = world.make_key(holder, &TENANTS).await;
        let scores: Vec<Value> = (101..=103).map(|n| low_score(n, FOREIGN)).collect();
        world.send(FOREIGN, &key, &scores).await;
        let list = format!("/api/workspaces/{FOREIGN}/quality/circuit-breakers");
        let list = world.server.get(&list, &key).await.expect(200);
        let foreign_breaker = list["items"][0]["id"].as_str().expect("a breaker").to_owned();
        for (workspace, id) in [(WORKSPACE, &breaker), (FOREIGN, &foreign_breaker)] {
            let key = WorkspaceKey { id: id_of(workspace), side: Side::Live };
            disabled_webhook(&world.server, key, id_of(id)).await;
        }
        Self { world, breaker, foreign_breaker, foreign_key: id.to_string() }
    }

    /// The path of a row for what is the caller's own.
    fn own(&self, row: &Row) -> String {
        path(row, WORKSPACE, &self.breaker, &conversation_id(1), ACCOUNT, UNKNOWN)
    }

    async fn ask(&self, row: &Row, path: &str, key: &str) -> Reply {
        let method: Method = row.route.split(' ').next().and_then(|name| name.parse().ok()).expect("a method");
        let ask = self.world.server.ask(method, path, key).header("x-request-id", "matrix");
        if row.body.is_empty() { ask.send().await } else { ask.text(row.body).send().await }
    }

    /// All that a refusal must leave alone.
    async fn untouched(&self) -> (impl PartialEq + std::fmt::Debug, u64, [u8; 32], usize) {
        let foreign = WorkspaceKey { id: id_of(FOREIGN), side: Side::Live };
        let (seq, hash) =
            self.world.server.engine.read(foreign, |w| (w.applied(), w.state_hash())).await.expect("it answers");
        let keys = self.world.server.engine.system_table().keys().len();
        (self.world.fingerprint().await, seq, hash, keys)
    }

    /// The refusals of two paths, which nobody can tell apart.
    async fn same(&self, row: &Row, key: &str, paths: [&str; 2], status: u16, code: &str) {
        let [a, b] = [self.ask(row, paths[0], key).await, self.ask(row, paths[1], key).await];
        a.fails(status, code);
        assert_eq!((a.status, &a.text), (b.status, &b.text), "{} {paths:?}", row.route);
        let but_time = |reply: &Reply| {
            let mut names: Vec<_> = reply.headers.iter().map(|(n, v)| (n.clone(), v.clone())).collect();
            names.retain(|(name, _)| name != "date");
            names
        };
        assert_eq!(but_time(&a), but_time(&b), "{}", row.route);
    }
}

/// A webhook with this id, that sends nothing.
async fn disabled_webhook(server: &Server, key: WorkspaceKey, id: Id) {
    let secrets = vec![InForce { secret: SigningSecret::random(server.ids.as_ref()), until: None }];
    let endpoint = Endpoint {
        url: "http://127.0.0.1:9/".into(),
        types: EffectTypes::ALL,
        format: WebhookFormat::Standard,
        enabled: false,
        description: "".into(),
        secrets,
        routing_key: None,
        disabled: None,
    };
    let body = endpoint.seal(&server.webhooks.sealer, key, id, server.ids.as_ref());
    let record = ResourceRecord { kind: KIND.into(), id, change: ResourceChange::Made { body, most: MOST } };
    server.engine.change_resource(key, None, record).await.expect("the engine runs").expect("a fresh id");
}

/// A workspace's webhook has the id of its breaker.
fn path(row: &Row, workspace: &str, breaker: &str, conversation: &str, account: &str, key: &str) -> String {
    let template = row.route.split(' ').nth(1).expect("a path");
    // By then the breaker of a row is active.
    let query = if row.route.starts_with("DELETE /api/admin/workspaces/") { "?force=true" } else { "" };
    (template.to_owned() + query)
        .replace("{workspaceId}", workspace)
        .replace("{breakerId}", breaker)
        .replace("{webhookId}", breaker)
        .replace("{deliveryId}", UNKNOWN)
        .replace("{backtestId}", UNKNOWN)
        .replace("{conversationId}", conversation)
        .replace("{accountId}", account)
        .replace("{contactId}", "a-contact")
        .replace("{language}", "da")
        .replace("{keyId}", key)
        .replace("{number}", "1")
}

#[tokio::test]
async fn r2_8_every_route_of_the_document_has_a_row() {
    let world = World::start().await;
    let document = world.server.get("/api/openapi.json", "").await.expect(200);
    let mut routes = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for method in methods.as_object().expect("methods").keys() {
            if ["get", "post", "put", "patch", "delete"].contains(&method.as_str()) {
                routes.insert(format!("{} {path}", method.to_uppercase()));
            }
        }
    }
    let rows: BTreeSet<_> = ROWS.iter().map(|row| row.route.to_owned()).collect();
    assert_eq!(routes, rows);
}

#[tokio::test]
async fn r2_8_without_a_known_credential_every_route_is_the_same_401() {
    let matrix = Matrix::start().await;
    let before = matrix.untouched().await;
    let unknown = format!("sf_live_v1_{}", "x".repeat(32));
    for row in ROWS.iter().filter(|row| row.of != Of::Nobody) {
        let own = matrix.own(row);
        for foreign in [path(row, FOREIGN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN), own.clone()] {
            matrix.same(row, "", [&own, &foreign], 401, "unauthorized").await;
            matrix.same(row, &unknown, [&own, &foreign], 401, "unauthorized").await;
        }
    }
    assert_eq!(matrix.untouched().await, before);
}

#[tokio::test]
async fn r2_14_each_scope_and_none_on_every_route() {
    let matrix = Matrix::start().await;
    let before = matrix.untouched().await;
    let none = matrix.world.make_key(BOUND, &[]).await.0;
    let mut keys = vec![(None, none)];
    for scope in TENANTS {
        keys.push((Some(scope), matrix.world.make_key(Holder { workspace: None, ..BOUND }, &[scope]).await.0));
        keys.push((Some(scope), matrix.world.make_key(BOUND, &[scope]).await.0));
    }
    let keys_made = keys.len();
    for row in ROWS.iter().filter(|row| !matches!(row.of, Of::Nobody | Of::Anybody)) {
        for (scope, key) in &keys {
            if scope.is_some_and(|scope| row.scopes.contains(&scope)) {
                continue;
            }
            // A key that nobody has is not found before it is forbidden.
            let missing = row.route.contains("{keyId}");
            let reply = matrix.ask(row, &matrix.own(row), key).await;
            if missing {
                reply.fails(404, "not_found")
            } else {
                reply.fails(403, "forbidden")
            };
        }
    }
    let (a, b, c, keys) = matrix.untouched().await;
    assert_eq!((a, b, c, keys - keys_made), before);
}

#[tokio::test]
async fn r2_14_who_may_is_answered_on_every_route() {
    let matrix = Matrix::start().await;
    let server = matrix.world.server_key().await;
    for row in ROWS {
        let all = matrix.world.make_key(Holder { workspace: None, ..BOUND }, row.scopes).await;
        let mine = matrix.world.make_key(BOUND, &[Permission::QualityRead]).await.1.to_string();
        let own = path(row, WORKSPACE, &matrix.breaker, &conversation_id(1), ACCOUNT, &mine);
        let key = match row.of {
            Of::Nobody => "",
            Of::Server => &server,
            Of::Anybody | Of::Workspace | Of::Thing | Of::Tenant => &all.0,
        };
        let reply = matrix.ask(row, &own, key).await;
        assert_eq!(reply.status.as_u16(), row.status, "{}: {}", row.route, reply.text);
        if row.scopes.len() > 1 {
            for scope in row.scopes {
                let key = matrix.world.make_key(BOUND, &[*scope]).await.0;
                assert_eq!(matrix.ask(row, &own, &key).await.status.as_u16(), row.status, "{}", row.route);
            }
        }
    }
}

#[tokio::test]
async fn r2_8_another_workspace_of_the_tenant_is_403_another_tenants_and_an_unknown_one_the_same_404() {
    let matrix = Matrix::start().await;
    let bound = matrix.world.make_key(BOUND, &TENANTS).await.0;
    let wide = matrix.world.make_key(Holder { workspace: None, ..BOUND }, &TENANTS).await.0;
    let none = matrix.world.make_key(BOUND, &[]).await.0;
    let before = matrix.untouched().await;
    for row in ROWS.iter().filter(|row| row.of == Of::Workspace) {
        let in_workspace = |id, breaker: &str| path(row, id, breaker, &conversation_id(101), FOREIGN, UNKNOWN);
        matrix.ask(row, &in_workspace(SIBLING, UNKNOWN), &bound).await.fails(403, "forbidden");
        let paths = [&*in_workspace(FOREIGN, &matrix.foreign_breaker), &*in_workspace(UNKNOWN, UNKNOWN)];
        for key in [&bound, &wide, &none] {
            matrix.same(row, key, paths, 404, "not_found").await;
        }
    }
    assert_eq!(matrix.untouched().await, before);
}

#[tokio::test]
async fn r2_8_another_tenants_things_are_the_same_404_as_unknown_ones() {
    let matrix = Matrix::start().await;
    let bound = matrix.world.make_key(BOUND, &TENANTS).await.0;
    let wide = matrix.world.make_key(Holder { workspace: None, ..BOUND }, &TENANTS).await.0;
    let before = matrix.untouched().await;
    for row in ROWS {
        let theirs = path(row, WORKSPACE, &matrix.foreign_breaker, &conversation_id(101), FOREIGN, &matrix.foreign_key);
        let nobodys = path(row, WORKSPACE, UNKNOWN, &conversation_id(999), UNKNOWN, UNKNOWN);
        let contact = row.route.contains("{contactId}");
        if theirs == nobodys || contact {
            continue;
        }
        for key in [&bound, &wide] {
            matrix.same(row, key, [&theirs, &nobodys], 404, "not_found").await;
            if row.of == Of::Thing {
                let [there, nowhere] = [FOREIGN, UNKNOWN].map(|id| format!("{theirs}?workspaceId={id}"));
                matrix.same(row, key, [&there, &nowhere], 404, "not_found").await;
            }
        }
    }
    assert_eq!(matrix.untouched().await, before);
}

#[tokio::test]
async fn r2_12_a_test_key_never_sees_or_changes_live_data() {
    let matrix = Matrix::start().await;
    let holder = Holder { side: Side::Test, workspace: None, ..BOUND };
    let test = matrix.world.make_key(holder, &TENANTS).await.0;
    let before = matrix.untouched().await;
    for row in ROWS.iter().filter(|row| matches!(row.of, Of::Workspace | Of::Thing)) {
        let reply = matrix.ask(row, &matrix.own(row), &test).await;
        // Erasing a contact that nobody knows is fine (R4.10); all else that has an id is unknown there.
        let named = ["{breakerId}", "{webhookId}", "{conversationId}", "{accountId}"]
            .iter()
            .any(|name| row.route.contains(name));
        let expected = if named { 404 } else { row.status };
        assert_eq!(reply.status.as_u16(), expected, "{}: {}", row.route, reply.text);
        for live in [&*matrix.breaker, &*conversation_id(1), ACCOUNT] {
            assert!(!reply.text.contains(live), "{}: {}", row.route, reply.text);
        }
    }
    assert_eq!(matrix.untouched().await, before);
}

#[tokio::test]
async fn r2_14_a_server_key_administers_and_touches_no_tenants_data() {
    let matrix = Matrix::start().await;
    let server = matrix.world.server_key().await;
    let before = matrix.untouched().await;
    for row in ROWS.iter().filter(|row| matches!(row.of, Of::Workspace | Of::Thing) && !row.server_too) {
        matrix.ask(row, &matrix.own(row), &server).await.fails(403, "forbidden");
    }
    assert_eq!(matrix.untouched().await, before);
    let created = event("x", "conversation.created", serde_json::json!({"conversationId": conversation_id(7)}));
    let path = format!("/api/workspaces/{WORKSPACE}/events");
    matrix.world.server.post(&path, &server, &created).await.fails(403, "forbidden");
}
