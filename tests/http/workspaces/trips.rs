//! `POST …/quality/circuit-breakers`: breakers that people trip (R7.5).

use reqwest::Method;
use serde_json::{Value, json};
use tripswitch::domain::system::Permission;

use crate::support::world::{
    ACCOUNT, BOUND, SIBLING, UNKNOWN, WORKSPACE, World, at, conversation_id, event, low_score,
};

const LIST: &str = "quality/circuit-breakers";

async fn trip(world: &World, scope: &str) -> Value {
    world.server.post(&at(LIST), &world.key, &json!({"scopeKey": scope, "reason": "They called."})).await.expect(201)
}

async fn resolve(world: &World, breaker: &Value) {
    let id = breaker["id"].as_str().expect("an id");
    for verb in ["acknowledge", "resolve"] {
        world.server.post_nothing(&at(&format!("{LIST}/{id}/{verb}")), &world.key).await.expect(200);
    }
}

async fn gate(world: &World, query: &str) -> Value {
    world.server.get(&at(&format!("quality/gate?{query}")), &world.key).await.expect(200)
}

/// The account is known, and nothing is scored.
async fn start() -> World {
    let world = World::start().await;
    let data = json!({"conversationId": conversation_id(9), "accountId": ACCOUNT});
    world.send(WORKSPACE, &world.key, &[event("created", "conversation.created", data)]).await;
    world
}

#[tokio::test]
async fn r7_5_a_breaker_that_was_tripped_by_hand_lives_as_any_other() {
    let world = start().await;
    let (key, id) = world.make_key(BOUND, &[Permission::QualityWrite]).await;
    let body = json!({"scopeKey": format!("account:{}", ACCOUNT.to_uppercase()), "reason": "They called."});
    let breaker = world.server.post(&at(LIST), &key, &body).await.expect(201);
    let expected = json!({
        "id": breaker["id"], "scopeKey": format!("account:acc_{ACCOUNT}"), "reason": "They called.",
        "triggeredAt": "2026-03-25T10:00:00.000Z", "acknowledgedBy": null, "acknowledgedAt": null, "resolvedAt": null,
    });
    assert_eq!(breaker, expected);
    let asked = gate(&world, &format!("accountId={ACCOUNT}")).await;
    assert_eq!(asked, json!({"decision": "pause", "epoch": 1, "breakers": [breaker["id"]]}));
    let list = world.server.get(&at(LIST), &world.key).await.expect(200);
    assert_eq!(list, json!({"items": [breaker], "total": 1}));
    let health = world.server.get(&format!("/api/accounts/{ACCOUNT}/quality"), &world.key).await.expect(200);
    assert_eq!(health["churnRisk"], "critical", "R6.5");
    let stats = world.server.get(&at("quality/stats"), &world.key).await.expect(200);
    assert_eq!(stats["circuitBreakersTriggered"], 1);

    let path = at(&format!("{LIST}/{}", breaker["id"].as_str().expect("an id")));
    let detail = world.server.get(&path, &world.key).await.expect(200);
    assert_eq!((&detail["trigger"], &detail["evidence"]), (&json!("manual"), &json!([])));
    assert_eq!(detail["history"][0]["step"], "triggered");
    assert_eq!(detail["history"][0]["actor"], format!("api-key:{id}"));
    resolve(&world, &breaker).await;
    assert_eq!(gate(&world, &format!("accountId={ACCOUNT}")).await["decision"], "proceed");
}

#[tokio::test]
async fn r7_5_every_scope_can_be_tripped_and_stops_what_it_names() {
    let world = start().await;
    let cases = [
        ("account:ext:4711".into(), Some("accountId=ext:4711"), Some("accountId=ext:4712")),
        ("channel:email".to_owned(), Some("channel=email"), Some("channel=Email")),
        ("intent:where is my order?".into(), Some("intent=where%20is+my%20order%3F"), Some("channel=where")),
        (format!("workspace:{WORKSPACE}"), None, None),
    ];
    let data = json!({"conversationId": "ext:1", "accountId": "ext:4711"});
    world.send(WORKSPACE, &world.key, &[event("named", "conversation.created", data)]).await;
    for (scope, stopped, free) in cases {
        let breaker = trip(&world, &scope).await;
        assert_eq!(gate(&world, stopped.unwrap_or_default()).await["breakers"], json!([breaker["id"]]), "{scope}");
        if let Some(free) = free {
            assert_eq!(gate(&world, free).await["decision"], "proceed", "{scope}");
            assert_eq!(gate(&world, "").await["decision"], "proceed", "{scope}");
        }
        resolve(&world, &breaker).await;
        assert_eq!(gate(&world, stopped.unwrap_or_default()).await["decision"], "proceed", "{scope}");
    }
    let both = [trip(&world, "channel:email").await, trip(&world, "intent:refund").await];
    let asked = gate(&world, &format!("accountId={ACCOUNT}&channel=email&intent=refund")).await;
    assert_eq!(asked["breakers"], json!([both[0]["id"], both[1]["id"]]));
}

#[tokio::test]
async fn r7_5_one_of_a_scope_at_a_time_and_the_refusal_names_it() {
    let world = World::start().await;
    let automatic = world.trip().await;
    let body = json!({"scopeKey": format!("account:{ACCOUNT}"), "reason": "They called."});
    let before = world.picture().await;
    for _ in 0..2 {
        let refused = world.server.post(&at(LIST), &world.key, &body).await;
        assert_eq!(refused.fails(409, "breaker_active").pointers(), ["/scopeKey"]);
        assert!(refused.text.contains(&automatic), "{}", refused.text);
    }
    assert_eq!(world.picture().await, before);
    resolve(&world, &json!({"id": automatic})).await;
    let by_hand = world.server.post(&at(LIST), &world.key, &body).await.expect(201);
    assert_ne!(by_hand["id"], automatic);
    // A run trips nothing while somebody's breaker is active (R7.1).
    let more: Vec<_> = (11..=13).map(|n| low_score(n, ACCOUNT)).collect();
    world.send(WORKSPACE, &world.key, &more).await;
    assert_eq!(world.server.get(&at(LIST), &world.key).await.expect(200)["items"], json!([by_hand]));
}

#[tokio::test]
async fn r6_3_a_run_begins_anew_behind_a_resolved_trip_by_hand() {
    let world = World::start().await;
    let run = async || {
        let health = world.server.get(&format!("/api/accounts/{ACCOUNT}/quality"), &world.key).await.expect(200);
        health["consecutiveLow"].as_u64()
    };
    world.send(WORKSPACE, &world.key, &[low_score(1, ACCOUNT), low_score(2, ACCOUNT)]).await;
    assert_eq!(run().await, Some(2));
    let breaker = trip(&world, &format!("account:{ACCOUNT}")).await;
    resolve(&world, &breaker).await;
    assert_eq!(run().await, Some(0));
    world.server.clock.advance(1_000);
    world.send(WORKSPACE, &world.key, &[low_score(3, ACCOUNT), low_score(4, ACCOUNT)]).await;
    assert_eq!(run().await, Some(2));
    assert_eq!(world.server.get(&at(LIST), &world.key).await.expect(200)["total"], 0);
}

#[tokio::test]
async fn r7_5_what_is_no_scope_or_no_reason_is_told_at_once() {
    let world = start().await;
    let before = world.fingerprint().await;
    let text = |length: usize| "é".repeat(length);
    let cases = [
        (json!({}), &["/reason", "/scopeKey"][..]),
        (json!({"scopeKey": "account:x", "reason": ""}), &["/reason", "/scopeKey"]),
        (json!({"scopeKey": ACCOUNT, "reason": text(501)}), &["/reason", "/scopeKey"]),
        (json!({"scopeKey": format!("workspace:ws_{SIBLING}"), "reason": "x"}), &["/scopeKey"]),
        (json!({"scopeKey": format!("channel:{}", text(256)), "reason": "x"}), &["/scopeKey"]),
        (json!({"scopeKey": null, "reason": 1, "note": "x"}), &["/note", "/reason", "/scopeKey"]),
    ];
    for (body, expected) in cases {
        let reply = world.server.post(&at(LIST), &world.key, &body).await;
        let mut pointers = reply.fails(400, "invalid_request").pointers();
        pointers.sort_unstable();
        assert_eq!(pointers, expected, "{body}");
    }
    assert_eq!(world.fingerprint().await, before);
    let unknown = json!({"scopeKey": format!("account:{UNKNOWN}"), "reason": text(500)});
    world.server.post(&at(LIST), &world.key, &unknown).await.fails(404, "not_found");
    let longest = json!({"scopeKey": format!("channel:{}", text(255)), "reason": text(500)});
    world.server.post(&at(LIST), &world.key, &longest).await.expect(201);
}

#[tokio::test]
async fn r2_14b_trips_and_notes_are_in_the_trail_without_what_was_written() {
    let world = start().await;
    let breaker = trip(&world, "channel:email").await;
    let path = at(&format!("{LIST}/{}/notes", breaker["id"].as_str().expect("an id")));
    world.server.post(&path, &world.key, &json!({"note": "They write, too."})).await.expect(201);
    let again = json!({"scopeKey": "channel:email", "reason": "x"});
    world.server.post(&at(LIST), &world.key, &again).await.fails(409, "breaker_active");
    let admin = world.admin_key().await;
    let reply = world.server.get(&at("audit?limit=3"), &admin).await;
    let trail = reply.expect(200)["data"].clone();
    let shown =
        |place: usize| ["action", "target", "outcome", "code", "details"].map(|name| trail[place][name].clone());
    let none = Value::Null;
    assert_eq!(
        shown(0),
        [json!("breaker.tripped"), none.clone(), json!("refused"), json!("breaker_active"), json!({})]
    );
    assert_eq!(shown(1), [json!("breaker.noted"), breaker["id"].clone(), json!("done"), none.clone(), json!({})]);
    assert_eq!(shown(2), [json!("breaker.tripped"), breaker["id"].clone(), json!("done"), none, json!({})]);
    assert!(!reply.text.contains("They"), "the breaker has it");
}

#[tokio::test]
async fn r9_2_after_a_restart_a_trip_by_hand_is_what_it_was() {
    let world = start().await;
    let breaker = trip(&world, "channel:email").await;
    let id = breaker["id"].as_str().expect("an id");
    let notes = at(&format!("{LIST}/{id}/notes"));
    let before = world.server.post(&notes, &world.key, &json!({"note": "They write, too."})).await.expect(201);
    let world = world.restarted().await;
    assert_eq!(world.server.get(&at(&format!("{LIST}/{id}")), &world.key).await.expect(200), before);
    assert_eq!(gate(&world, "channel=email").await["breakers"], json!([id]));
    let again = json!({"scopeKey": "channel:email", "reason": "x"});
    let refused = world.server.ask(Method::POST, &at(LIST), &world.key).json(&again).send().await;
    refused.fails(409, "breaker_active");
}
