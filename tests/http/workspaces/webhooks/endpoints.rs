//! Endpoints are made, shown, changed and removed.

use super::*;
use tripswitch::domain::ids::Side;

use crate::support::world::{Holder, UNKNOWN};
use crate::support::{Server, Setup};

#[tokio::test]
async fn r8_3_an_endpoint_is_made_shown_changed_and_removed() {
    let hooked = Hooked::start().await;
    let server = &hooked.world.server;
    let body = json!({"url": "http://127.0.0.1:9/a?b=c", "types": ["breaker.resolved", "conversation.scored"],
        "description": "CRM"});
    let reply = server.post(&at("webhooks"), &hooked.admin, &body).await;
    assert_eq!(reply.header("cache-control"), "no-store");
    let mut made = reply.expect(201);
    let secret = made["secret"].take();
    assert_eq!(secret.as_str().expect("a secret").len(), "whsec_".len() + 44);
    made.as_object_mut().expect("an object").remove("secret");
    let expected = json!({"id": made["id"], "url": "http://127.0.0.1:9/a?b=c",
        "types": ["conversation.scored", "breaker.resolved"], "format": "standard", "enabled": true,
        "description": "CRM", "state": "active", "disabledReason": null,
        "createdAt": "2026-03-25T10:00:00.000Z", "lastDeliveryAt": null});
    assert_eq!(made, expected);
    let path = path_of(&made);
    assert_eq!(hooked.get(&path).await, made);
    assert_eq!(hooked.get("webhooks").await, json!({"items": [made], "total": 1}));
    assert_eq!(server.patch(&at(&path), &hooked.admin, &made).await.expect(200), made, "what was read is taken back");
    let patch = json!({"enabled": false, "types": ["breaker.triggered"]});
    let changed = server.patch(&at(&path), &hooked.admin, &patch).await.expect(200);
    let mut expected = expected;
    (expected["enabled"], expected["types"], expected["state"]) =
        (json!(false), patch["types"].clone(), json!("disabled"));
    assert_eq!(changed, expected);
    let delete = || server.ask(reqwest::Method::DELETE, &at(&path), &hooked.admin).send();
    assert_eq!(delete().await.expect(200), expected);
    delete().await.fails(404, "not_found");
    assert_eq!(hooked.get("webhooks").await["total"], 0);
    let audit = hooked.get("audit?limit=3").await;
    let actions: Vec<_> = (0..3).map(|n| audit["data"][n]["action"].as_str().expect("an action")).collect();
    assert_eq!(actions, ["resource.removed", "resource.changed", "resource.created"]);
    assert!(!audit.to_string().contains("127.0.0.1"));
}

#[tokio::test]
async fn r8_3_every_fault_at_once_and_nothing_is_made() {
    let hooked = Hooked::start().await;
    let server = &hooked.world.server;
    let body = json!({"url": "ftp://x/", "types": [], "format": "teams", "secret": "s"});
    let reply = server.post(&at("webhooks"), &hooked.admin, &body).await;
    assert_eq!(reply.fails(400, "invalid_request").pointers(), ["/format", "/url", "/types", "/secret"]);
    let made = hooked.make("http://127.0.0.1:9/", &["account.risk_changed"]).await;
    let path = at(&path_of(&made));
    let reply = server.patch(&path, &hooked.admin, &json!({"format": "pagerduty"})).await;
    assert_eq!(reply.fails(400, "invalid_request").pointers(), ["/types", "/routingKey"]);
    let reply = server.patch(&path, &hooked.admin, &json!({"routingKey": "R0", "id": UNKNOWN})).await;
    assert_eq!(reply.fails(400, "invalid_request").pointers(), ["/id", "/routingKey"]);
    let pager = json!({"format": "pagerduty", "types": ["breaker.triggered"], "routingKey": "R0"});
    let changed = server.patch(&path, &hooked.admin, &pager).await.expect(200);
    assert!(!changed.to_string().contains("R0"), "it is never shown");
    server.patch(&path, &hooked.admin, &json!({"description": "kept"})).await.expect(200);
    server.patch(&path, &hooked.admin, &json!({"format": "slack"})).await.expect(200);
    let reply = server.patch(&path, &hooked.admin, &json!({"format": "pagerduty"})).await;
    assert_eq!(reply.fails(400, "invalid_request").pointers(), ["/routingKey"], "it went with the format");
}

#[tokio::test]
async fn r8_3_private_targets_are_refused_unless_they_are_allowed() {
    let setup = Setup { private_targets: false, ..Setup::default() };
    let hooked = Hooked::of(World::of(Server::start(setup).await).await).await;
    let server = &hooked.world.server;
    for url in ["http://example.com/", "https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/latest"] {
        let body = json!({"url": url, "types": ["breaker.triggered"]});
        let reply = server.post(&at("webhooks"), &hooked.admin, &body).await;
        assert_eq!(reply.fails(400, "invalid_request").pointers(), ["/url"], "{url}");
    }
    // A name is judged when it is resolved.
    let made = hooked.make("https://localhost.example.invalid/", &["breaker.triggered"]).await;
    let tried = hooked.post(&format!("{}/test", path_of(&made)), &json!({}), 200).await;
    assert_eq!((&tried["attempt"]["error"], &tried["attempt"]["status"]), (&json!("name"), &json!(null)));
}

#[tokio::test]
async fn r8_3_a_side_has_twenty_at_most_and_the_test_side_its_own() {
    let hooked = Hooked::start().await;
    let body = json!({"url": "http://127.0.0.1:9/", "types": ["breaker.triggered"], "enabled": false});
    for _ in 0..20 {
        hooked.post("webhooks", &body, 201).await;
    }
    let server = &hooked.world.server;
    server.post(&at("webhooks"), &hooked.admin, &body).await.fails(409, "too_many_resources");
    let holder = Holder { side: Side::Test, ..BOUND };
    let test = hooked.world.make_key(holder, &[Permission::Admin]).await.0;
    assert_eq!(server.get(&at("webhooks"), &test).await.expect(200)["total"], 0);
    let made = server.post(&at("webhooks"), &test, &body).await.expect(201);
    server.get(&at(&path_of(&made)), &hooked.admin).await.fails(404, "not_found");
    assert_eq!(hooked.get("webhooks").await["total"], 20);
}
