//! `…/quality/settings` (R6.9).

use reqwest::Method;
use serde_json::{Value, json};
use tripswitch::domain::system::Permission;

use crate::support::world::{BOUND, SIBLING, WORKSPACE, World, at};

fn defaults() -> Value {
    json!({
        "workspaceId": WORKSPACE, "minConfidence": null, "minSignals": null, "channelBreakers": false,
        "intentBreakers": false, "forgottenAfterHours": null,
    })
}

#[tokio::test]
async fn r6_9_only_the_members_sent_change_and_null_takes_back() {
    let world = World::start().await;
    let path = at("quality/settings");
    assert_eq!(world.server.get(&path, &world.key).await.expect(200), defaults());
    let before = world.fingerprint().await;
    assert_eq!(world.server.patch(&path, &world.key, &json!({})).await.expect(200), defaults());
    assert_eq!(world.fingerprint().await, before, "nothing was sent, nothing is recorded");

    let patch = r#"{"minConfidence": 4.0e-1, "minSignals": 3, "channelBreakers": true, "forgottenAfterHours": 4}"#;
    let body = world.server.ask(Method::PATCH, &path, &world.key).text(patch).send().await.expect(200);
    let mut expected = defaults();
    expected["minConfidence"] = json!(0.4);
    expected["minSignals"] = json!(3);
    expected["channelBreakers"] = json!(true);
    expected["forgottenAfterHours"] = json!(4);
    assert_eq!(body, expected);
    assert_eq!(world.server.get(&path, &world.key).await.expect(200), expected);

    let patch = json!({"minSignals": null, "channelBreakers": null, "intentBreakers": true});
    let request =
        world.server.ask(Method::PATCH, &path, &world.key).header("content-type", "application/merge-patch+json");
    let body = request.bytes(patch.to_string()).send().await.expect(200);
    expected["minSignals"] = Value::Null;
    expected["channelBreakers"] = json!(false);
    expected["intentBreakers"] = json!(true);
    assert_eq!(body, expected);
    let world = world.restarted().await;
    assert_eq!(world.server.get(&path, &world.key).await.expect(200), expected, "R9.2");
}

#[tokio::test]
async fn r6_9_what_was_read_can_be_sent_back() {
    let world = World::start().await;
    let path = at("quality/settings");
    let mut read = world.server.get(&path, &world.key).await.expect(200);
    assert_eq!(world.server.patch(&path, &world.key, &read).await.expect(200), read);
    read["forgottenAfterHours"] = json!(720);
    assert_eq!(world.server.patch(&path, &world.key, &read).await.expect(200), read);
    read["workspaceId"] = SIBLING.into();
    read["forgottenAfterHours"] = json!(721);
    let reply = world.server.patch(&path, &world.key, &read).await;
    assert_eq!(reply.fails(400, "invalid_request").pointers(), ["/workspaceId", "/forgottenAfterHours"]);
}

#[tokio::test]
async fn r6_9_all_faults_at_once_and_nothing_changed() {
    let world = World::start().await;
    let before = world.fingerprint().await;
    let body = r#"{"minConfidence": 1.01, "minSignals": 2.0, "channelBreakers": "yes", "intentBreakers": 1,
        "forgottenAfterHours": 0, "model": "task-1"}"#;
    let reply = world.server.ask(Method::PATCH, &at("quality/settings"), &world.key).text(body).send().await;
    let expected =
        ["/minConfidence", "/minSignals", "/channelBreakers", "/intentBreakers", "/forgottenAfterHours", "/model"];
    assert_eq!(reply.fails(400, "invalid_request").pointers(), expected);
    assert_eq!(world.fingerprint().await, before);
    let read = world.make_key(BOUND, &[Permission::QualityRead]).await.0;
    world.server.patch(&at("quality/settings"), &read, &json!({})).await.fails(403, "forbidden");
}

#[tokio::test]
async fn r2_14b_a_patch_of_settings_is_in_the_trail_with_what_was_before() {
    let world = World::start().await;
    for body in [json!({"minConfidence": 0.5, "channelBreakers": true}), json!({"minConfidence": null})] {
        world.server.patch(&at("quality/settings"), &world.key, &body).await.expect(200);
    }
    let admin = world.admin_key().await;
    let trail = world.server.get(&at("audit?action=settings.patched"), &admin).await.expect(200);
    let expected = [
        json!({"from": {"minConfidence": 0.5}, "to": {"minConfidence": null}}),
        json!({"from": {"minConfidence": null, "channelBreakers": null},
            "to": {"minConfidence": 0.5, "channelBreakers": true}}),
    ];
    for (entry, expected) in trail["data"].as_array().expect("a list").iter().zip(expected) {
        assert_eq!((&entry["details"], &entry["outcome"]), (&expected, &json!("done")));
    }
    assert_eq!(trail["data"].as_array().map(Vec::len), Some(2));
}
