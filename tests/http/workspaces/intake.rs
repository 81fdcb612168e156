//! `…/events/rejections` and `…/events/rates` (R4.12).

use std::num::NonZeroU32;

use reqwest::Method;
use serde_json::{Value, json};
use tripswitch::domain::ids::Side;
use tripswitch::domain::system::Permission;
use tripswitch::domain::time::MINUTE;
use tripswitch::service::quota::{QuotaOptions, Rates};

use crate::support::world::{ACCOUNT, BOUND, Holder, SIBLING, WORKSPACE, World, at, conversation_id, event, low_score};
use crate::support::{Server, Setup};

/// A value that no rejection may show.
const VALUE: &str = "Quillfeather";
/// Nor a name, which the journal has: an event is refused for its id behind it.
const NAME: &str = "Hollyhock ApS";

fn received(id: &str, member: &str, value: Value) -> Value {
    event(id, "message.received", json!({"conversationId": conversation_id(1), member: value}))
}

async fn rejections(world: &World, key: &str) -> Vec<Value> {
    let list = world.server.get(&at("events/rejections"), key).await.expect(200);
    let items = list["items"].as_array().expect("a list").clone();
    assert_eq!(list["total"], items.len());
    items
}

/// The minutes in which something came, oldest first: how long ago, and accepted, duplicates, rejected.
async fn rates(world: &World, path: &str, key: &str) -> Vec<(usize, [u64; 3])> {
    let list = world.server.get(path, key).await.expect(200);
    let items = list["items"].as_array().expect("a list");
    assert_eq!((items.len(), &list["total"]), (61, &json!(61)));
    let count = |item: &Value, name: &str| item[name].as_u64().expect("a count");
    let counts = |item: &Value| ["accepted", "duplicates", "rejected"].map(|name| count(item, name));
    let all = items.iter().enumerate().map(|(at, item)| (60 - at, counts(item)));
    all.filter(|(_, counts)| *counts != [0; 3]).collect()
}

#[tokio::test]
async fn r4_12_rejected_events_are_told_newest_first_and_without_contents() {
    let world = World::start().await;
    let accepted = event(
        "sent-before",
        "conversation.created",
        json!({"conversationId": conversation_id(1), "accountId": ACCOUNT}),
    );
    world.send(WORKSPACE, &world.key, &[accepted]).await;
    let mut no_id = received("", "text", VALUE.into());
    no_id.as_object_mut().expect("an object").remove("id");
    let batch = json!([
        received(VALUE, "language", VALUE.repeat(4).into()),
        event("2", VALUE, json!({})),
        no_id,
        received("4", "unheardOf", VALUE.into()),
        VALUE,
        event(
            "sent-before",
            "conversation.created",
            json!({"conversationId": conversation_id(2), "accountName": NAME})
        ),
        received("7", "accountId", SIBLING.into()),
        received("8", "text", VALUE.into()),
    ]);
    let sent = world.server.ask(Method::POST, &at("events"), &world.key).header("x-request-id", "r-1").json(&batch);
    assert_eq!(sent.send().await.expect(207)["rejected"].as_array().map(Vec::len), Some(7));

    let kept = rejections(&world, &world.key).await;
    let told: Vec<_> =
        kept.iter().map(|one| [&one["code"], &one["type"], &one["pointer"]].map(|v| v.as_str())).collect();
    let expected = [
        [Some("account_mismatch"), Some("message.received"), Some("/data/accountId")],
        [Some("id_reused"), Some("conversation.created"), Some("/id")],
        [Some("malformed"), None, None],
        [Some("unknown_field"), Some("message.received"), Some("/data/unheardOf")],
        [Some("missing_field"), Some("message.received"), Some("/id")],
        [Some("unknown_type"), None, Some("/type")],
        [Some("invalid_field"), Some("message.received"), Some("/data/language")],
    ];
    assert_eq!(told, expected);
    for one in &kept {
        assert_eq!((&one["at"], &one["requestId"]), (&json!("2026-03-25T10:00:00.000Z"), &json!("r-1")));
        assert_eq!(one.as_object().map(|members| members.len()), Some(6), "{one}");
    }
    let text = json!(kept).to_string();
    for value in [VALUE, NAME, "sent-before", ACCOUNT, SIBLING, &conversation_id(1)] {
        assert!(!text.contains(value), "{value}: {text}");
    }
    assert_eq!(kept[0]["error"], "The conversation belongs to another account.");
    assert_eq!(kept[3]["error"], "`unheardOf` is not a member of the data of message.received.");
}

#[tokio::test]
async fn r4_12_requests_that_are_refused_for_what_they_are_are_told_too() {
    let world = World::start().await;
    let ask = |path: &str| world.server.ask(Method::POST, &at(path), &world.key);
    ask("events").text(format!("{{\"{VALUE}\"")).send().await.fails(400, "malformed_json");
    ask("events?x=1").text("{}").send().await.fails(400, "invalid_request");
    ask("events").text("[]").send().await.fails(400, "empty_batch");
    ask("events").header("content-type", "text/plain").bytes("x").send().await.fails(415, "unsupported_media_type");
    ask("events").text("x".repeat((4 << 20) + 1)).send().await.fails(413, "payload_too_large");
    // Nobody's, since the credential may not.
    let reader = world.make_key(BOUND, &[Permission::QualityRead]).await.0;
    world.server.ask(Method::POST, &at("events"), &reader).text("{").send().await.fails(403, "forbidden");
    world.server.ask(Method::POST, &at("events"), "").text("{").send().await.fails(401, "unauthorized");

    let kept = rejections(&world, &reader).await;
    let codes: Vec<_> = kept.iter().filter_map(|one| one["code"].as_str()).collect();
    let expected = ["payload_too_large", "unsupported_media_type", "empty_batch", "invalid_request", "malformed_json"];
    assert_eq!(codes, expected);
    assert!(kept.iter().all(|one| one["type"].is_null() && one["pointer"].is_null()), "{kept:?}");
    assert!(!json!(kept).to_string().contains(VALUE), "{kept:?}");
    assert_eq!(rates(&world, &at("events/rates"), &reader).await, [], "nobody knows how many events they had");
}

#[tokio::test]
async fn r4_12_what_may_come_again_is_no_rejection() {
    let credential = Rates { requests: None, events: NonZeroU32::new(1) };
    let quotas = QuotaOptions { credential, batch: 1, ..QuotaOptions::default() };
    let world = World::of(Server::start(Setup { quotas, ..Setup::default() }).await).await;
    world.server.post(&at("events"), &world.key, &low_score(1, ACCOUNT)).await.expect(202);
    world.server.post(&at("events"), &world.key, &low_score(2, ACCOUNT)).await.fails(429, "rate_limited");
    assert_eq!(rejections(&world, &world.key).await, Vec::<Value>::new());
    assert_eq!(rates(&world, &at("events/rates"), &world.key).await, [(0, [1, 0, 0])]);
}

#[tokio::test]
async fn r4_12_each_side_keeps_its_last_hundred_until_a_restart() {
    let world = World::start().await;
    let unknown = |n: u32| event("e", &format!("t{n}"), json!({}));
    let batch: Vec<_> = (0..130).map(unknown).collect();
    let rejected = world.server.post(&at("events"), &world.key, &batch.into()).await.all_rejected();
    assert_eq!(rejected.as_array().map(Vec::len), Some(130), "the answer has them all");
    world.server.post(&at("events"), &world.key, &received("x", "nothing", 1.into())).await.all_rejected();
    let kept = rejections(&world, &world.key).await;
    let newest = [&kept[0]["code"], &kept[1]["code"]];
    assert_eq!((kept.len(), newest), (100, [&json!("unknown_field"), &json!("unknown_type")]));

    let test = world.make_key(Holder { side: Side::Test, ..BOUND }, &[Permission::EventsWrite]).await.0;
    let sibling = at("events/rejections").replace(WORKSPACE, SIBLING);
    assert_eq!(world.server.get(&sibling, &world.tenant_key).await.expect(200)["total"], 0);
    assert_eq!(rejections(&world, &test).await, Vec::<Value>::new());
    world.server.post(&at("events"), &test, &unknown(1)).await.all_rejected();
    assert_eq!((rejections(&world, &test).await.len(), rejections(&world, &world.key).await.len()), (1, 100));

    let world = world.restarted().await;
    assert_eq!(rejections(&world, &world.key).await, Vec::<Value>::new());
}

#[tokio::test]
async fn r4_12_events_are_counted_by_minutes_of_the_server() {
    let world = World::start().await;
    let (path, clock) = (at("events/rates"), world.server.clock.clone());
    assert_eq!(rates(&world, &path, &world.key).await, []);
    let send = async |events: Value| world.server.post(&at("events"), &world.key, &events).await;
    send(json!([low_score(1, ACCOUNT), low_score(1, ACCOUNT), low_score(2, ACCOUNT), 5])).await.expect(207);
    clock.advance(MINUTE - 1);
    send(low_score(2, ACCOUNT)).await.expect(202);
    clock.advance(1);
    send(json!([5, 6])).await.all_rejected();
    assert_eq!(rates(&world, &path, &world.key).await, [(1, [2, 2, 1]), (0, [0, 0, 2])]);
    let list = world.server.get(&path, &world.key).await.expect(200);
    let minutes = [&list["items"][0]["minute"], &list["items"][60]["minute"]];
    assert_eq!(minutes, [&json!("2026-03-25T09:01:00.000Z"), &json!("2026-03-25T10:01:00.000Z")]);
    clock.advance(60 * MINUTE);
    assert_eq!(rates(&world, &path, &world.key).await, [(60, [0, 0, 2])]);
    let test = world.make_key(Holder { side: Side::Test, ..BOUND }, &[Permission::EventsWrite]).await.0;
    assert_eq!(rates(&world, &path, &test).await, [], "the other side");
}

#[tokio::test]
async fn r2_9_neither_takes_parameters() {
    let world = World::start().await;
    for path in ["events/rejections?x=1", "events/rates?x=1"] {
        let reply = world.server.get(&at(path), &world.key).await;
        assert_eq!(reply.fails(400, "invalid_request").pointers(), ["/x"]);
    }
}
