//! `…/quality/circuit-breakers/{breakerId}` and its notes (R7.5).

use reqwest::Method;
use serde_json::{Value, json};
use tripswitch::domain::system::Permission;

use crate::support::world::{BOUND, UNKNOWN, World, at, conversation_id};

fn path(breaker: &str) -> String {
    at(&format!("quality/circuit-breakers/{breaker}"))
}

#[tokio::test]
async fn r7_5_a_breaker_with_what_made_it_trip_and_what_was_done_to_it() {
    let world = World::start().await;
    let (key, key_id) = world.make_key(BOUND, &[Permission::QualityRead, Permission::QualityWrite]).await;
    let id = world.trip().await;
    let mut expected = world.server.get(&at("quality/circuit-breakers"), &key).await.expect(200)["items"][0].clone();
    let evidence = |n| json!({"conversationId": conversation_id(n), "compositeScore": 1.5, "scoredAt": "2026-03-25T10:00:00.000Z"});
    let step = |second: u32, step: &str, actor: Value, note: Value| json!({"step": step, "at": format!("2026-03-25T10:00:0{second}.000Z"), "actor": actor, "note": note});
    expected["accountName"] = Value::Null;
    expected["state"] = json!("triggered");
    expected["trigger"] = json!("automatic");
    expected["evidence"] = [3, 2, 1].map(evidence).into_iter().collect();
    let mut history = vec![step(0, "triggered", Value::Null, Value::Null)];
    expected["history"] = json!(history);
    assert_eq!(world.server.get(&path(&format!("cb_{id}")), &key).await.expect(200), expected);

    let me = json!(format!("api-key:{key_id}"));
    for (second, verb, body, status, name) in [
        (1, "acknowledge", json!({"note": "seen"}), 200, "acknowledged"),
        (2, "notes", json!({"note": "The supplier says Thursday."}), 201, "noted"),
        (3, "resolve", json!({}), 200, "resolved"),
        (4, "notes", json!({"note": "It came on Friday."}), 201, "noted"),
    ] {
        world.server.clock.advance(1_000);
        let answer = world.server.post(&format!("{}/{verb}", path(&id)), &key, &body).await.expect(status);
        history.push(step(second, name, me.clone(), body["note"].clone()));
        let detail = world.server.get(&path(&id), &key).await.expect(200);
        assert_eq!(detail["history"], json!(history), "{verb}");
        assert_eq!(detail["evidence"], expected["evidence"]);
        let members: Vec<_> = answer.as_object().expect("an object").iter().collect();
        assert!(members.iter().all(|(name, value)| detail[name.as_str()] == **value), "{verb}: {answer} of {detail}");
        assert_eq!(members.len(), if verb == "notes" { 12 } else { 7 }, "R3.5, R3.6: their answers are as ever");
    }
    let detail = world.server.get(&path(&id), &key).await.expect(200);
    assert_eq!((&detail["state"], &detail["acknowledgedBy"]), (&json!("resolved"), &me));
}

#[tokio::test]
async fn r7_5_a_note_changes_nothing_but_the_history() {
    let world = World::start().await;
    let id = world.trip().await;
    let before = world.picture().await;
    world.server.post(&(path(&id) + "/notes"), &world.key, &json!({"note": "x"})).await.expect(201);
    assert_eq!(world.picture().await, before, "not even the gate's epoch");
    world.server.post(&(path(UNKNOWN) + "/notes"), &world.key, &json!({"note": "x"})).await.fails(404, "not_found");
    world.server.get(&path(UNKNOWN), &world.key).await.fails(404, "not_found");
}

#[tokio::test]
async fn r7_5_a_note_is_required_and_has_1_to_2000_characters() {
    let world = World::start().await;
    let id = world.trip().await;
    let before = world.fingerprint().await;
    let post = |body: String| world.server.ask(Method::POST, &(path(&id) + "/notes"), &world.key).text(body).send();
    let note = |length: usize| json!({"note": "é".repeat(length)}).to_string();
    let cases = [
        ("{}".into(), &["/note"][..]),
        (r#"{"note": null}"#.into(), &["/note"]),
        (note(0), &["/note"]),
        (note(2_001), &["/note"]),
        (r#"{"note": "x", "at": 1}"#.into(), &["/at"]),
    ];
    for (body, pointers) in cases {
        assert_eq!(post(body.clone()).await.fails(400, "invalid_request").pointers(), pointers, "{body}");
    }
    post(String::new()).await.fails(400, "malformed_json");
    world.server.post_nothing(&(path(&id) + "/notes"), &world.key).await.fails(415, "unsupported_media_type");
    assert_eq!(world.fingerprint().await, before);
    post(note(2_000)).await.expect(201);
}

#[tokio::test]
async fn r7_5_a_breaker_takes_a_hundred_notes() {
    let world = World::start().await;
    let id = world.trip().await;
    let (notes, body) = (path(&id) + "/notes", json!({"note": "x"}));
    let post = || world.server.post(&notes, &world.key, &body);
    for _ in 0..100 {
        post().await.expect(201);
    }
    post().await.fails(409, "too_many_notes");
    let detail = world.server.get(&path(&id), &world.key).await.expect(200);
    assert_eq!(detail["history"].as_array().map(Vec::len), Some(101));
}

#[tokio::test]
async fn r4_10_an_erased_conversation_leaves_its_composite_in_the_evidence() {
    let world = World::start().await;
    let id = world.trip().await;
    let admin = world.admin_key().await;
    let gone = at(&format!("conversations/{}", conversation_id(2)));
    world.server.ask(Method::DELETE, &gone, &admin).send().await.expect(200);
    let evidence = world.server.get(&path(&id), &world.key).await.expect(200)["evidence"].clone();
    assert_eq!(evidence[0]["conversationId"], conversation_id(3));
    assert_eq!((&evidence[1]["conversationId"], &evidence[1]["compositeScore"]), (&Value::Null, &json!(1.5)));
}
