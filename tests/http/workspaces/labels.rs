//! Breakers of channels and intents (R7.8).

use serde_json::{Value, json};

use crate::support::world::{ACCOUNT, UNKNOWN, WORKSPACE, World, at, conversation_id, event};

/// An imported score of a conversation in a channel, about something.
fn scored(n: u32, account: &str, score: f64, channel: &str, intent: &str) -> Value {
    let data = json!({"conversationId": conversation_id(n), "accountId": account, "resolved": false, "channel": channel,
        "intent": intent, "outcomeScore": score, "processScore": score, "environmentScore": score});
    event(&format!("scored-{n}"), "conversation.scored", data)
}

/// Low conversations of two accounts in the channel email; between them good ones elsewhere, so that neither the
/// workspace nor an account has a run.
async fn story(world: &World, lows: std::ops::Range<u32>) {
    for n in lows {
        let account = if n % 2 == 0 { ACCOUNT } else { UNKNOWN };
        let good = scored(500 + n, account, 4.0, "chat", "praise");
        world.send(WORKSPACE, &world.key, &[scored(n, account, 1.5, "email", "refund"), good]).await;
    }
}

async fn switch(world: &World, patch: Value) {
    world.server.patch(&at("quality/settings"), &world.key, &patch).await.expect(200);
}

async fn active(world: &World) -> Vec<(String, String)> {
    let list = world.server.get(&at("quality/circuit-breakers"), &world.key).await.expect(200);
    let text = |breaker: &Value, member: &str| breaker[member].as_str().expect("a text").to_owned();
    let items = list["items"].as_array().expect("a list");
    items.iter().map(|breaker| (text(breaker, "scopeKey"), text(breaker, "reason"))).collect()
}

async fn decision(world: &World, query: &str) -> Value {
    world.server.get(&at(&format!("quality/gate?{query}")), &world.key).await.expect(200)["decision"].clone()
}

#[tokio::test]
async fn r7_8_off_by_default() {
    let world = World::start().await;
    story(&world, 0..12).await;
    assert_eq!(active(&world).await, []);
    assert_eq!(decision(&world, "channel=email&intent=refund").await, "proceed");
}

#[tokio::test]
async fn r7_8_a_channel_is_judged_as_the_workspace_is_and_pauses_what_is_in_it() {
    let world = World::start().await;
    switch(&world, json!({"channelBreakers": true})).await;
    story(&world, 0..8).await;
    assert_eq!(active(&world).await, []);
    story(&world, 8..9).await;
    let reason = "9 consecutive conversations scored below composite threshold (3.0) in channel email";
    assert_eq!(active(&world).await, [("channel:email".to_owned(), reason.to_owned())]);
    for (query, expected) in [
        ("channel=email", "pause"),
        (&format!("accountId={ACCOUNT}&channel=email&intent=x"), "pause"),
        ("channel=chat", "proceed"),
        ("intent=email", "proceed"),
        (&format!("accountId={ACCOUNT}"), "proceed"),
        ("", "proceed"),
    ] {
        assert_eq!(decision(&world, query).await, expected, "{query}");
    }
    story(&world, 20..30).await;
    assert_eq!(active(&world).await.len(), 1, "one of a scope at a time");
}

#[tokio::test]
async fn r7_8_an_intent_has_one_and_both_trip_by_one_event() {
    let world = World::start().await;
    switch(&world, json!({"intentBreakers": true})).await;
    story(&world, 0..9).await;
    let reason = |place: &str| format!("9 consecutive conversations scored below composite threshold (3.0) in {place}");
    assert_eq!(active(&world).await, [("intent:refund".to_owned(), reason("intent refund"))]);

    let world = World::start().await;
    switch(&world, json!({"intentBreakers": true, "channelBreakers": true})).await;
    story(&world, 0..9).await;
    let expected =
        [("intent:refund".to_owned(), reason("intent refund")), ("channel:email".to_owned(), reason("channel email"))];
    assert_eq!(active(&world).await, expected, "the channel's first; the newest first");
    let gate = world.server.get(&at("quality/gate?channel=email&intent=refund"), &world.key).await.expect(200);
    assert_eq!((gate["breakers"].as_array().map(Vec::len), &gate["epoch"]), (Some(2), &json!(2)));
}

#[tokio::test]
async fn r7_8_a_run_of_one_account_trips_no_channel() {
    let world = World::start().await;
    switch(&world, json!({"channelBreakers": true})).await;
    for n in 0..12 {
        let good = scored(500 + n, ACCOUNT, 4.0, "chat", "praise");
        world.send(WORKSPACE, &world.key, &[scored(n, ACCOUNT, 1.5, "email", "refund"), good]).await;
    }
    assert_eq!(active(&world).await, []);
}

#[tokio::test]
async fn r7_8_behind_a_resolve_a_channels_run_begins_anew() {
    let world = World::start().await;
    switch(&world, json!({"channelBreakers": true})).await;
    story(&world, 0..9).await;
    let list = world.server.get(&at("quality/circuit-breakers"), &world.key).await.expect(200);
    let id = list["items"][0]["id"].as_str().expect("an id");
    world.server.clock.advance(1_000);
    for verb in ["acknowledge", "resolve"] {
        world.server.post_nothing(&at(&format!("quality/circuit-breakers/{id}/{verb}")), &world.key).await.expect(200);
    }
    world.server.clock.advance(1_000);
    story(&world, 20..28).await;
    assert_eq!(active(&world).await, []);
    story(&world, 28..29).await;
    assert_eq!(active(&world).await.len(), 1);
}

#[tokio::test]
async fn r8_1_channel_and_intent_have_1_to_255_characters() {
    let world = World::start().await;
    let long = "x".repeat(256);
    for (query, pointers) in [
        ("channel=&intent=".to_owned(), &["/channel", "/intent"][..]),
        (format!("channel={long}"), &["/channel"]),
        ("channel=a&channel=b".into(), &["/channel"]),
        ("channel=%FF".into(), &["/channel"]),
    ] {
        let reply = world.server.get(&at(&format!("quality/gate?{query}")), &world.key).await;
        assert_eq!(reply.fails(400, "invalid_request").pointers(), pointers, "{query}");
    }
    assert_eq!(decision(&world, &format!("channel={}&intent=%C3%A9", &long[1..])).await, "proceed");
}

#[tokio::test]
async fn r8_1_a_gate_held_for_a_channel_answers_with_its_breaker_and_its_tag() {
    let world = World::start().await;
    let path = at("quality/gate?channel=email&waitEpoch=0&timeoutSeconds=60");
    let held = world.server.get(&path, &world.key);
    let trip = json!({"scopeKey": "channel:email", "reason": "x"});
    let list = at("quality/circuit-breakers");
    let (reply, breaker) = futures::join!(held, world.server.post(&list, &world.key, &trip));
    let id = breaker.expect(201)["id"].clone();
    assert_eq!(reply.expect(200), json!({"decision": "pause", "epoch": 1, "breakers": [id]}));
    let request = world.server.ask(reqwest::Method::GET, &at("quality/gate?channel=email"), &world.key);
    let known = request.header("if-none-match", reply.header("etag")).send().await;
    assert_eq!(known.status.as_u16(), 304);
}
