//! `…/events` (R4.1–R4.6).

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::world::{ACCOUNT, UNKNOWN, World, at, conversation_id, event, low_score};
use crate::support::{Server, Setup};

fn created(id: &str) -> Value {
    event(id, "conversation.created", json!({"conversationId": conversation_id(1)}))
}

/// `created`, with one member of the event replaced; `null` takes it out.
fn with(member: &str, value: Value) -> Value {
    let mut event = created("e");
    if value.is_null() {
        event.as_object_mut().expect("an object").remove(member);
    } else {
        event[member] = value;
    }
    event
}

#[tokio::test]
async fn r4_3_accepted_duplicates_and_rejected() {
    let world = World::start().await;
    let path = at("events");
    let one = world.server.post(&path, &world.key, &created("a")).await.expect(202);
    assert_eq!(one, json!({"accepted": 1, "duplicates": 0, "rejected": []}));
    let again =
        world.server.post(&path, &world.key, &json!([created("a"), created("b"), created("b")])).await.expect(202);
    assert_eq!(again, json!({"accepted": 1, "duplicates": 2, "rejected": []}));

    let mut reused = created("a");
    reused["type"] = "conversation.status_changed".into();
    reused["data"]["status"] = "open".into();
    let mut empty = created("x");
    empty["id"] = "".into();
    let some = world.server.post(&path, &world.key, &json!([empty, created("a"), reused])).await.expect(207);
    assert_eq!((&some["accepted"], &some["duplicates"]), (&0.into(), &1.into()));
    let shown: Vec<_> = some["rejected"].as_array().unwrap().iter().map(|r| (&r["index"], &r["id"])).collect();
    assert_eq!(shown, [(&0.into(), &Value::Null), (&2.into(), &"a".into())]);
    assert_eq!(some["rejected"][1]["code"], "id_reused");
}

#[tokio::test]
async fn r4_3_a_batch_that_is_refused_as_a_whole_is_422() {
    let world = World::start().await;
    let before = world.fingerprint().await;
    let path = at("events");
    for body in [with("id", Value::Null), json!([with("id", Value::Null), with("type", "nothing".into())])] {
        let rejected = world.server.post(&path, &world.key, &body).await.all_rejected();
        assert_eq!(rejected.as_array().unwrap().len(), body.as_array().map_or(1, Vec::len));
        for entry in rejected.as_array().unwrap() {
            let mut names: Vec<_> = entry.as_object().unwrap().keys().map(String::as_str).collect();
            names.sort_unstable();
            assert_eq!(names, ["code", "error", "id", "index", "pointer"]);
        }
    }
    assert_eq!(world.fingerprint().await, before);
}

#[tokio::test]
async fn r4_7_another_account_than_the_one_attached_is_rejected_and_changes_nothing() {
    let world = World::start().await;
    let path = at("events");
    world.server.post(&path, &world.key, &low_score(1, ACCOUNT)).await.expect(202);
    let before = world.picture().await;
    let data = json!({"conversationId": conversation_id(1), "accountId": UNKNOWN});
    let other = event("other", "conversation.created", data);
    let rejected = world.server.post(&path, &world.key, &other).await.all_rejected();
    assert_eq!(rejected[0]["code"], "account_mismatch");
    assert_eq!(rejected[0]["pointer"], "/data/accountId");
    assert_eq!(world.picture().await, before);
    world.server.get(&format!("/api/accounts/{UNKNOWN}/quality"), &world.key).await.fails(404, "not_found");
}

#[tokio::test]
async fn r4_6_each_fault_of_an_event_has_its_code_and_place() {
    let world = World::start().await;
    let before = world.fingerprint().await;
    let id = conversation_id(1);
    let data = |kind: &str, data: Value| event("e", kind, data);
    let rating = |value: Value| data("survey.responded", json!({"conversationId": id, "rating": value}));
    let cases = [
        (with("id", Value::Null), "missing_field", "/id"),
        (with("id", "".into()), "invalid_field", "/id"),
        (with("id", "x".repeat(256).into()), "invalid_field", "/id"),
        (with("id", 7.into()), "invalid_field", "/id"),
        (with("source", Value::Null), "missing_field", "/source"),
        (with("specversion", "0.3".into()), "unsupported_specversion", "/specversion"),
        (with("time", "2026-03-25T10:05:00.001Z".into()), "time_in_future", "/time"),
        (with("time", "2025-02-17T10:00:00Z".into()), "too_old", "/time"),
        (with("time", "2026-02-30T10:00:00Z".into()), "invalid_field", "/time"),
        (with("type", "conversation.exploded".into()), "unknown_type", "/type"),
        (with("data", json!({"conversationId": id, "colour": 1})), "unknown_field", "/data/colour"),
        (with("data", json!({})), "missing_field", "/data/conversationId"),
        (with("data", json!({"conversationId": id.replace('-', "")})), "invalid_field", "/data/conversationId"),
        (with("data", json!({"conversationId": format!("urn:uuid:{id}")})), "invalid_field", "/data/conversationId"),
        (rating(0.into()), "invalid_field", "/data/rating"),
        (rating(6.into()), "invalid_field", "/data/rating"),
        (rating(3.5.into()), "invalid_field", "/data/rating"),
        (rating("5".into()), "invalid_field", "/data/rating"),
        (
            data("account.updated", json!({"accountId": ACCOUNT, "conversationId": id})),
            "unknown_field",
            "/data/conversationId",
        ),
    ];
    for (event, code, pointer) in cases {
        let rejected = world.server.post(&at("events"), &world.key, &event).await.all_rejected();
        assert_eq!((&rejected[0]["code"], &rejected[0]["pointer"]), (&code.into(), &pointer.into()), "{event}");
    }
    assert_eq!(world.fingerprint().await, before);
}

/// The word is what `scripts/check-secrets` looks for in all that the tests leave behind.
#[tokio::test]
async fn r4_8_no_answer_repeats_a_text() {
    let world = World::start().await;
    let said = |member: &str| {
        let mut data = json!({"conversationId": conversation_id(1), "text": "Dear Quillfeather, it is broken!"});
        data[member] = "Quillfeather".into();
        event(member, "message.received", data)
    };
    let post = || world.server.ask(Method::POST, &at("events"), &world.key);
    let cut = said("text").to_string();
    let broken = cut.trim_end_matches('}').to_owned();
    for (request, status) in [
        (post().json(&said("text")), 202),
        (post().json(&said("nonsense")), 422),
        (post().json(&said("conversationId")), 422),
        (post().text(broken), 400),
    ] {
        let reply = request.send().await;
        assert_eq!(reply.status.as_u16(), status, "{}", reply.text);
        assert!(!reply.text.contains("Quillfeather"), "{}", reply.text);
    }
}

#[tokio::test]
async fn r4_1b_an_event_in_headers_and_the_same_in_json() {
    let world = World::start().await;
    let event = created("e 1");
    let post = || {
        let ask = world.server.ask(Method::POST, &at("events"), &world.key);
        ask.header("ce-source", "tests").header("CE-Type", "conversation.created").header("ce-id", "e%201")
    };
    let in_headers = || post().header("ce-specversion", "1.0");
    let body = event["data"].to_string();
    assert_eq!(event["source"], "tests", "as in the header");
    let answer = in_headers().text(body.clone()).send().await.expect(202);
    assert_eq!(answer, json!({"accepted": 1, "duplicates": 0, "rejected": []}));
    let again = world.server.post(&at("events"), &world.key, &event).await.expect(202);
    assert_eq!(again["duplicates"], 1);
    assert_eq!(in_headers().bytes(body.clone()).send().await.expect(202)["duplicates"], 1, "without Content-Type");

    let rejected = post().text(body.clone()).send().await.all_rejected();
    assert_eq!((&rejected[0]["error"], &rejected[0]["id"]), (&json!("`ce-specversion` is required."), &json!("e 1")));
    in_headers().text("{").send().await.fails(400, "malformed_json");
    in_headers().header("content-type", "text/plain").bytes(body).send().await.fails(415, "unsupported_media_type");
}

#[tokio::test]
async fn r4_1_bodies_that_are_refused_as_a_whole() {
    let world = World::start().await;
    let before = world.fingerprint().await;
    let post = || world.server.ask(Method::POST, &at("events"), &world.key);
    post().text("[]").send().await.fails(400, "empty_batch");
    for broken in ["", "{", "[{}", "nonsense", &"[".repeat(100_000)] {
        post().text(broken.to_owned()).send().await.fails(400, "malformed_json");
    }
    let many: Vec<_> = (0..1_001).map(|n| created(&format!("e{n}"))).collect();
    post().json(&many.into()).send().await.fails(413, "too_many_events");
    post().header("content-type", "text/csv").bytes("a").send().await.fails(415, "unsupported_media_type");
    post().bytes("{}").send().await.fails(415, "unsupported_media_type");
    post().header("content-encoding", "br").text("{}").send().await.fails(415, "unsupported_encoding");
    let query = world.server.post(&at("events?dry=1"), &world.key, &created("a")).await;
    assert_eq!(query.fails(400, "invalid_request").pointers(), ["/dry"]);
    assert_eq!(world.fingerprint().await, before);
}

#[tokio::test]
async fn r4_1_each_media_type_is_taken() {
    let world = World::start().await;
    let sent = [
        ("application/json; charset=UTF8", created("a").to_string()),
        ("application/cloudevents+json; charset=utf-8", created("b").to_string()),
        ("application/cloudevents-batch+json", json!([created("c")]).to_string()),
        ("application/x-ndjson", format!("{}\n", created("d"))),
        ("application/ndjson; charset=utf8", format!("{}\r\n\r\n", created("e"))),
        ("Application/JSONL", created("f").to_string()),
    ];
    for (content_type, body) in sent {
        let ask = world.server.ask(Method::POST, &at("events"), &world.key).header("content-type", content_type);
        let answer = ask.bytes(body).send().await.expect(202);
        assert_eq!(answer, json!({"accepted": 1, "duplicates": 0, "rejected": []}), "{content_type}");
    }
}

#[tokio::test]
async fn r4_1_a_body_that_unpacks_beyond_the_limit_is_413() {
    let world = World::start().await;
    let before = world.fingerprint().await;
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    let block = vec![b' '; 1 << 20];
    (0..64).for_each(|_| bomb.write_all(&block).unwrap());
    let bomb = bomb.finish().unwrap();
    assert!(bomb.len() < 1 << 20, "small on the wire");
    let ask = world.server.ask(Method::POST, &at("events"), &world.key).header("content-encoding", "gzip");
    ask.text(bomb).send().await.fails(413, "payload_too_large");
    assert_eq!(world.fingerprint().await, before);
}

#[tokio::test]
async fn r4_1_deep_nesting_inside_an_event_is_that_events_fault() {
    let world = World::start().await;
    let deep = format!("{}1{}", r#"{"a":"#.repeat(100_000), "}".repeat(100_000));
    let body = format!(
        r#"{{"specversion":"1.0","id":"deep","source":"t","type":"conversation.created","data":{{"conversationId":"{}","x":{deep}}}}}"#,
        conversation_id(1)
    );
    let reply = world.server.ask(Method::POST, &at("events"), &world.key).text(body).send().await;
    assert_eq!(reply.all_rejected()[0]["code"], "unknown_field");
}

#[tokio::test]
async fn r4_1_one_thousand_events_go_through() {
    let world = World::start().await;
    let many: Vec<_> = (0..1_000).map(|n| created(&format!("e{n}"))).collect();
    let body = world.server.post(&at("events"), &world.key, &many.into()).await.expect(202);
    assert_eq!(body["accepted"], 1_000);
}

#[tokio::test]
async fn r4_9_too_much_under_way_is_refused_as_a_whole() {
    let world = World::of(Server::start(Setup { in_flight_bytes: 40_000, ..Setup::default() }).await).await;
    let before = world.fingerprint().await;
    // More than the quarter that a workspace may have.
    let many: Vec<Value> = (0..100).map(|n| created(&n.to_string())).collect();
    let reply = world.server.post(&at("events"), &world.key, &many.into()).await;
    reply.fails(503, "overloaded");
    assert_eq!(world.fingerprint().await, before);
}
