//! What happens arrives; and what did not.

use super::*;
use crate::support::world::{ACCOUNT, UNKNOWN, low_score};

const ALL: [&str; 8] = [
    "conversation.scored",
    "conversation.resolved",
    "breaker.triggered",
    "breaker.acknowledged",
    "breaker.resolved",
    "breaker.forgotten",
    "account.risk_changed",
    "settings.changed",
];

#[tokio::test]
async fn r8_3_what_happens_arrives_in_order_and_signed() {
    let hooked = Hooked::start().await;
    let mut receiver = Receiver::start().await;
    let made = hooked.make(&receiver.url, &ALL).await;
    let breaker = hooked.world.trip().await;
    let mut arrived = Vec::new();
    while arrived.last().is_none_or(|last: &Value| last["type"] != "breaker.triggered") {
        let message = receiver.next().await;
        assert!(message.is_signed_with(made["secret"].as_str().expect("a secret")));
        assert_eq!(message.header("webhook-timestamp"), "1774432800");
        assert_eq!(message.header("content-type"), "application/json");
        let body = message.body();
        assert_eq!(body.as_object().expect("an object").len(), 3);
        assert_eq!(body["timestamp"], "2026-03-25T10:00:00.000Z");
        arrived.push(body);
    }
    let scored = arrived.iter().filter(|body| body["type"] == "conversation.scored");
    let ids: Vec<_> = scored.map(|body| body["data"]["conversationId"].clone()).collect();
    assert_eq!(ids, (1..=3).map(|n| json!(crate::support::world::conversation_id(n))).collect::<Vec<_>>());
    assert_eq!(arrived.last().expect("some")["data"]["id"], json!(breaker));
    let path = format!("quality/circuit-breakers/{breaker}/acknowledge");
    hooked.world.server.post(&at(&path), &hooked.world.key, &json!({"note": "seen"})).await.expect(200);
    let rest = loop {
        let body = receiver.next().await.body();
        if body["type"] != "account.risk_changed" {
            break body;
        }
    };
    assert_eq!((&rest["type"], &rest["data"]["note"]), (&json!("breaker.acknowledged"), &json!("seen")));
    let now = hooked.until(&path_of(&made), |webhook| !webhook["lastDeliveryAt"].is_null()).await;
    assert_eq!(now["lastDeliveryAt"], "2026-03-25T10:00:00.000Z");
}

#[tokio::test]
async fn r8_3_only_the_types_that_are_asked_for_and_only_from_then_on() {
    let hooked = Hooked::start().await;
    let mut receiver = Receiver::start().await;
    hooked.world.trip().await;
    hooked.make(&receiver.url, &["settings.changed"]).await;
    let patch = json!({"linkExpiryDays": 9});
    hooked.world.server.patch(&at("csat-config"), &hooked.world.key, &patch).await.expect(200);
    let body = receiver.next().await.body();
    assert_eq!(body["data"]["changes"], json!([{"name": "linkExpiryDays", "before": 14, "after": 9}]));
    assert!(receiver.has_nothing());
}

#[tokio::test]
async fn r8_3_a_failed_delivery_is_listed_and_sent_again() {
    let hooked = Hooked::start().await;
    let mut receiver = Receiver::start().await;
    receiver.answers(503);
    let made = hooked.make(&receiver.url, &["breaker.triggered"]).await;
    let path = format!("{}/deliveries", path_of(&made));
    hooked.world.trip().await;
    let first = receiver.next().await;
    let failed = hooked.until(&format!("{path}?state=failed"), |page| page["data"][0].is_object()).await;
    let delivery = &failed["data"][0];
    let attempt = json!({"at": "2026-03-25T10:00:00.000Z", "status": 503, "error": "status", "milliseconds": 0});
    assert_eq!((&delivery["type"], &delivery["attempts"]), (&json!("breaker.triggered"), &json!([attempt])));
    assert_eq!((&delivery["webhookId"], &delivery["excerpt"]), (&made["id"], &json!("the receiver's word")));
    assert_eq!(delivery["messageId"], first.header("webhook-id"));
    let next = delivery["nextAttemptAt"].as_str().expect("a time");
    assert!(("2026-03-25T10:00:04.500Z".."2026-03-25T10:00:05.501Z").contains(&next), "{next}");
    assert_eq!(hooked.get(&format!("{path}?state=delivered")).await, json!({"data": []}));

    receiver.answers(200);
    let id = delivery["id"].as_str().expect("an id");
    let again = hooked.post(&format!("{path}/{id}/resend"), &json!({}), 202).await;
    assert_eq!((&again["id"], &again["state"], &again["attempts"]), (&json!(id), &json!("pending"), &json!([])));
    let second = receiver.next().await;
    assert_eq!((second.header("webhook-id"), &second.text), (first.header("webhook-id"), &first.text));
    let delivered = hooked.until(&format!("{path}?state=delivered"), |page| page["data"][0].is_object()).await;
    assert_eq!((&delivered["data"][0]["id"], &delivered["data"][0]["nextAttemptAt"]), (&json!(id), &json!(null)));
    let unknown = format!("{path}/{UNKNOWN}/resend");
    hooked.world.server.post_nothing(&at(&unknown), &hooked.admin).await.fails(404, "not_found");
}

#[tokio::test]
async fn r8_3_what_failed_is_tried_again_when_its_time_has_come() {
    let hooked = Hooked::start().await;
    let mut receiver = Receiver::start().await;
    receiver.answers(500);
    hooked.make(&receiver.url, &["breaker.triggered"]).await;
    hooked.world.trip().await;
    receiver.next().await;
    // Not yet, whatever else happens.
    hooked.world.server.clock.advance(4_000);
    hooked.world.send(WORKSPACE, &hooked.world.key, &[low_score(9, ACCOUNT)]).await;
    assert!(receiver.has_nothing());
    receiver.answers(200);
    hooked.world.server.clock.advance(2_000);
    hooked.world.send(WORKSPACE, &hooked.world.key, &[low_score(10, ACCOUNT)]).await;
    assert_eq!(receiver.next().await.header("webhook-timestamp"), "1774432806");
}

#[tokio::test]
async fn r8_3_deliveries_have_pages() {
    let hooked = Hooked::start().await;
    let mut receiver = Receiver::start().await;
    let made = hooked.make(&receiver.url, &["conversation.scored"]).await;
    let path = format!("{}/deliveries", path_of(&made));
    let events: Vec<_> = (1..=7).map(|n| low_score(n, ACCOUNT)).collect();
    hooked.world.send(WORKSPACE, &hooked.world.key, &events).await;
    receiver.types(7).await;
    let all = hooked
        .until(&format!("{path}?state=delivered"), |page| page["data"].as_array().is_some_and(|d| d.len() == 7))
        .await;
    let mut pages = Vec::new();
    let mut query = "limit=3".to_owned();
    loop {
        let page = hooked.get(&format!("{path}?{query}")).await;
        pages.extend(page["data"].as_array().expect("a list").clone());
        let Some(cursor) = page["nextCursor"].as_str() else { break };
        query = format!("limit=3&cursor={cursor}");
    }
    assert_eq!(json!(pages), all["data"]);
    let positions: Vec<_> = pages.iter().map(|delivery| delivery["position"].as_str().expect("a text")).collect();
    assert_eq!(positions.len(), 7);
    assert!(positions.is_sorted_by(|a, b| place(a) > place(b)), "{positions:?}");
    let reply = hooked.world.server.get(&at(&format!("{path}?state=lost&limit=0&x=1&cursor=y")), &hooked.admin).await;
    assert_eq!(reply.fails(400, "invalid_request").pointers(), ["/x", "/limit", "/cursor", "/state"]);
}

fn place(position: &str) -> tripswitch::domain::effect::EffectId {
    position.parse().expect("an effect's id")
}

#[tokio::test]
async fn r8_3_a_replay_sends_what_was_received_since_again() {
    let hooked = Hooked::start().await;
    let mut receiver = Receiver::start().await;
    let made = hooked.make(&receiver.url, &["conversation.scored"]).await;
    for n in 1..=4 {
        hooked.world.send(WORKSPACE, &hooked.world.key, &[low_score(n, ACCOUNT)]).await;
        hooked.world.server.clock.advance(1_000);
    }
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(receiver.next().await.header("webhook-id").to_owned());
    }
    let path = format!("{}/replay", path_of(&made));
    hooked.post(&path, &json!({"since": "2026-03-25T11:00:02+01:00"}), 202).await;
    let again = [receiver.next().await, receiver.next().await].map(|message| message.header("webhook-id").to_owned());
    assert_eq!(again, ids[2..]);
    hooked.world.server.patch(&at(&path_of(&made)), &hooked.admin, &json!({"enabled": false})).await.expect(200);
    let since = json!({"since": "2026-03-25T10:00:00Z"});
    hooked.world.server.post(&at(&path), &hooked.admin, &since).await.fails(409, "webhook_disabled");
}

#[tokio::test]
async fn r8_3_a_receiver_that_is_gone_gets_nothing_until_it_is_enabled_again() {
    let hooked = Hooked::start().await;
    let mut receiver = Receiver::start().await;
    receiver.answers(410);
    let made = hooked.make(&receiver.url, &["conversation.scored"]).await;
    hooked.world.send(WORKSPACE, &hooked.world.key, &[low_score(1, ACCOUNT)]).await;
    receiver.next().await;
    let path = path_of(&made);
    let gone = hooked.until(&path, |webhook| webhook["state"] == "disabled").await;
    assert_eq!(
        (&gone["enabled"], &gone["disabledReason"]),
        (&json!(false), &json!("The receiver has answered 410 Gone."))
    );
    let given_up = hooked.get(&format!("{path}/deliveries")).await;
    let (state, status) = (&given_up["data"][0]["state"], &given_up["data"][0]["attempts"][0]["status"]);
    assert_eq!((state, status), (&json!("abandoned"), &json!(410)));
    hooked.world.send(WORKSPACE, &hooked.world.key, &[low_score(2, ACCOUNT)]).await;
    receiver.answers(200);
    let back = hooked.world.server.patch(&at(&path), &hooked.admin, &json!({"enabled": true})).await.expect(200);
    assert_eq!((&back["state"], &back["disabledReason"]), (&json!("active"), &json!(null)));
    hooked.world.send(WORKSPACE, &hooked.world.key, &[low_score(3, ACCOUNT)]).await;
    let third = crate::support::world::conversation_id(3);
    assert_eq!(receiver.next().await.body()["data"]["conversationId"], third, "not what happened meanwhile");
}
