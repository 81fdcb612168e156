//! `/api/me` (R2.14c).

use std::time::Duration;

use serde_json::{Value, json};
use tripswitch::domain::ids::Side;
use tripswitch::domain::system::Permission;
use tripswitch::domain::time::HOUR;

use crate::support::issuer::Issuer;
use crate::support::signing::{Signer, header, payload};
use crate::support::world::{BOUND, Holder, SIBLING, WORKSPACE, World};
use crate::support::{NOW, Server, Setup};

fn named(id: &str) -> Value {
    json!({"id": id, "name": "Support of one"})
}

#[tokio::test]
async fn r2_14c_a_key_is_told_what_it_is_and_reaches() {
    let world = World::start().await;
    let scopes = [Permission::EventsWrite, Permission::QualityRead];
    let (bound, id) = world.make_key(Holder { expires_at: Some(NOW + HOUR), ..BOUND }, &scopes).await;
    let expected = json!({
        "actor": format!("api-key:{id}"), "tenant": "one", "side": "live", "scopes": ["events:write", "quality:read"],
        "workspaceId": WORKSPACE, "workspaces": [named(WORKSPACE)], "total": 1, "expiresAt": "2026-03-25T11:00:00.000Z"
    });
    assert_eq!(world.server.get("/api/me", &bound).await.expect(200), expected);

    let holder = Holder { workspace: None, side: Side::Test, ..BOUND };
    let (wide, id) = world.make_key(holder, &[]).await;
    let expected = json!({
        "actor": format!("api-key:{id}"), "tenant": "one", "side": "test", "scopes": [], "workspaceId": null,
        "workspaces": [named(WORKSPACE), named(SIBLING)], "total": 2, "expiresAt": null
    });
    assert_eq!(world.server.get("/api/me", &wide).await.expect(200), expected, "never another tenant's");
    world.server.clock.advance(HOUR);
    world.server.get("/api/me", &bound).await.fails(401, "unauthorized");
}

#[tokio::test]
async fn r2_14c_a_server_key_is_told_of_every_workspace() {
    let world = World::start().await;
    let me = world.server.get("/api/me", &world.server_key().await).await.expect(200);
    assert_eq!((&me["tenant"], &me["scopes"], &me["total"]), (&Value::Null, &json!(["server"]), &json!(3)));
    let names: Vec<_> = me["workspaces"].as_array().expect("a list").iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, ["Support of one", "Support of one", "Support of two"]);
}

#[tokio::test]
async fn r2_14c_a_person_is_told_when_the_token_ends() {
    let signer = Signer::generate();
    let issuer = Issuer::start(&[signer.jwk("k1")]).await;
    let setup = Setup { issuer: Some(issuer.trust(Duration::from_secs(60))), ..Setup::default() };
    let world = World::of(Server::start(setup).await).await;
    let token = signer.sign(&header("k1"), &payload(NOW / 1_000, "kp_1", "one", &["quality:read", "page:view"]));
    let me = world.server.get("/api/me", &token).await.expect(200);
    assert_eq!((&me["actor"], &me["tenant"], &me["side"]), (&json!("kp_1"), &json!("one"), &json!("live")));
    assert_eq!((&me["scopes"], &me["total"]), (&json!(["quality:read"]), &json!(2)));
    assert!(me["expiresAt"].as_str().is_some_and(|at| at > "2026-03-25T10:00:00.000Z"), "{me}");
}

#[tokio::test]
async fn r2_14c_it_takes_no_parameters_and_needs_a_credential() {
    let world = World::start().await;
    assert_eq!(world.server.get("/api/me?x=1", &world.key).await.fails(400, "invalid_request").pointers(), ["/x"]);
    world.server.get("/api/me", "").await.fails(401, "unauthorized");
    world.server.post_nothing("/api/me", &world.key).await.fails(405, "method_not_allowed");
}
