//! `…/quality/gate` (R8.1).

use reqwest::Method;
use serde_json::json;

use crate::support::world::{ACCOUNT, UNKNOWN, World, at};

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
async fn r8_1_unknown_repeated_and_unsupported_parameters() {
    let world = World::start().await;
    let cases: [(&str, &str, &[&str]); 5] = [
        ("accountId=x", "invalid_id", &["/accountId"]),
        ("account=x", "invalid_request", &["/account"]),
        (&format!("accountId={ACCOUNT}&accountId={ACCOUNT}"), "invalid_request", &["/accountId"]),
        ("waitEpoch=0&timeoutSeconds=1", "invalid_request", &["/waitEpoch", "/timeoutSeconds"]),
        ("timeoutSeconds=1", "invalid_request", &["/timeoutSeconds"]),
    ];
    for (query, code, pointers) in cases {
        let reply = world.server.get(&at(&format!("quality/gate?{query}")), &world.key).await;
        assert_eq!(reply.fails(400, code).pointers(), pointers, "{query}");
    }
}
