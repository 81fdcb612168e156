//! `…/quality/gate` (R8.1).

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tripswitch::background::Stop;
use tripswitch::domain::ids::{Side, WorkspaceKey};

use crate::metrics::Watched;
use crate::support::world::{ACCOUNT, UNKNOWN, WORKSPACE, World, at, id_of};

#[tokio::test]
async fn r8_1_pauses_the_account_while_its_breaker_is_active() {
    let world = World::start().await;
    let gate = |account: &str| at(&format!("quality/gate?accountId={account}"));
    let body = world.server.get(&gate(ACCOUNT), &world.key).await.expect(200);
    assert_eq!(body, json!({"decision": "proceed", "epoch": 0, "breakers": []}));
    let id = world.trip().await;
    let body = world.server.get(&gate(&format!("acc_{ACCOUNT}")), &world.key).await.expect(200);
    assert_eq!(body, json!({"decision": "pause", "epoch": 1, "breakers": [id]}));
    for path in [gate(UNKNOWN), at("quality/gate")] {
        let body = world.server.get(&path, &world.key).await.expect(200);
        assert_eq!(body, json!({"decision": "proceed", "epoch": 1, "breakers": []}), "{path}");
    }
    for verb in ["acknowledge", "resolve"] {
        world.server.post_nothing(&at(&format!("quality/circuit-breakers/{id}/{verb}")), &world.key).await.expect(200);
    }
    let body = world.server.get(&gate(ACCOUNT), &world.key).await.expect(200);
    assert_eq!(body, json!({"decision": "proceed", "epoch": 3, "breakers": []}));
}

#[tokio::test]
async fn r8_1_the_etag_names_incarnation_and_epoch() {
    let world = World::start().await;
    let path = at("quality/gate");
    let tag = world.server.get(&path, &world.key).await.header("etag").to_owned();
    assert_eq!(tag, format!("\"{}-0\"", world.server.engine.incarnation()));
    let conditional = |value: &str| world.server.ask(Method::GET, &path, &world.key).header("if-none-match", value);
    for value in [tag.clone(), format!("W/{tag}"), format!("\"x\", W/{tag}"), "*".to_owned()] {
        let reply = conditional(&value).send().await;
        assert_eq!((reply.status.as_u16(), reply.text.as_str()), (304, ""), "{value}");
        assert_eq!(reply.header("etag"), tag);
    }
    for value in ["\"x\"", "", tag.trim_matches('"')] {
        conditional(value).send().await.expect(200);
    }
    world.trip().await;
    let reply = conditional(&tag).send().await;
    assert_eq!(reply.expect(200)["epoch"], 1);
    assert_ne!(reply.header("etag"), tag);
}

#[tokio::test]
async fn r8_1_unknown_repeated_and_broken_parameters() {
    let world = World::start().await;
    let cases: [(&str, &str, &[&str]); 5] = [
        ("accountId=x", "invalid_id", &["/accountId"]),
        ("account=x", "invalid_request", &["/account"]),
        (&format!("accountId={ACCOUNT}&accountId={ACCOUNT}"), "invalid_request", &["/accountId"]),
        ("waitEpoch=-1&timeoutSeconds=0", "invalid_request", &["/waitEpoch", "/timeoutSeconds"]),
        ("timeoutSeconds=61", "invalid_request", &["/timeoutSeconds"]),
    ];
    for (query, code, pointers) in cases {
        let reply = world.server.get(&at(&format!("quality/gate?{query}")), &world.key).await;
        assert_eq!(reply.fails(400, code).pointers(), pointers, "{query}");
    }
}

#[tokio::test]
async fn r8_1_a_held_answer_comes_with_the_change() {
    let world = World::start().await;
    let path = at(&format!("quality/gate?accountId={ACCOUNT}&waitEpoch=0&timeoutSeconds=60"));
    let held = world.server.get(&path, &world.key);
    let (reply, id) = futures::join!(held, world.trip());
    assert_eq!(reply.expect(200), json!({"decision": "pause", "epoch": 1, "breakers": [id]}));
    // Behind and ahead are answered at once.
    for epoch in [0, 2] {
        let path = at(&format!("quality/gate?waitEpoch={epoch}&timeoutSeconds=60"));
        assert_eq!(world.server.get(&path, &world.key).await.expect(200)["epoch"], 1);
    }
}

#[tokio::test]
async fn r8_1_a_held_answer_comes_at_the_time_out_as_it_would_have_without() {
    let world = World::start().await;
    let path = at("quality/gate?waitEpoch=0&timeoutSeconds=1");
    let reply = world.server.get(&path, &world.key).await;
    assert_eq!(reply.expect(200), json!({"decision": "proceed", "epoch": 0, "breakers": []}));
    let tag = reply.header("etag").to_owned();
    let reply = world.server.ask(Method::GET, &path, &world.key).header("if-none-match", &tag).send().await;
    assert_eq!(reply.status.as_u16(), 304);
}

#[tokio::test]
async fn r8_1_ten_thousand_held_answers_come_at_a_stop() {
    let watched = Watched::start().await;
    let (server, stop) = (&watched.world.server, Stop::new());
    let key = WorkspaceKey { id: id_of(WORKSPACE), side: Side::Live };
    let wait = || server.service.wait_at_gate(key, 0, Duration::from_secs(3_600), &stop);
    let all = futures::future::join_all(std::iter::repeat_with(wait).take(10_000));
    let held = server.ask(Method::GET, &at("quality/gate?waitEpoch=0&timeoutSeconds=60"), &watched.world.key);
    let held = tokio::spawn(held.send());
    while watched.page().await.value("tripswitch_http_requests_in_flight", &[]) < 1.0 {}
    stop.cancel();
    all.await;
    watched.world.server.stop().await;
    let reply = held.await.expect("no panic");
    assert_eq!(reply.expect(200), json!({"decision": "proceed", "epoch": 0, "breakers": []}));
}
