//! `…/quality/circuit-breakers` (R3.4–R3.6).

use reqwest::Method;
use serde_json::json;

use crate::support::world::{ACCOUNT, BOUND, UNKNOWN, World, at};
use tripswitch::domain::system::Permission;

fn path(breaker: &str, verb: &str) -> String {
    at(&format!("quality/circuit-breakers/{breaker}/{verb}"))
}

#[tokio::test]
async fn r3_4_the_active_breakers_with_exactly_these_fields() {
    let world = World::start().await;
    let empty = world.server.get(&at("quality/circuit-breakers"), &world.key).await.expect(200);
    assert_eq!(empty, json!({"items": [], "total": 0}));
    let id = world.trip().await;
    let list = world.server.get(&at("quality/circuit-breakers"), &world.key).await.expect(200);
    let breaker = &list["items"][0];
    let mut names: Vec<_> = breaker.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    let expected = ["acknowledgedAt", "acknowledgedBy", "id", "reason", "resolvedAt", "scopeKey", "triggeredAt"];
    assert_eq!(names, expected);
    assert_eq!(breaker["id"], id);
    assert_eq!(breaker["scopeKey"], format!("account:acc_{ACCOUNT}"));
    assert_eq!(breaker["triggeredAt"], "2026-03-25T10:00:00.000Z");
    assert!(
        breaker["acknowledgedBy"].is_null() && breaker["acknowledgedAt"].is_null() && breaker["resolvedAt"].is_null()
    );
}

#[tokio::test]
async fn r3_5_the_first_acknowledgement_stands() {
    let world = World::start().await;
    let id = world.trip().await;
    let (other, other_id) = world.make_key(BOUND, &[Permission::QualityWrite]).await;
    world.server.clock.advance(1_000);
    let first = world.server.post_nothing(&path(&format!("cb_{id}"), "acknowledge"), &other).await.expect(200);
    assert_eq!(first["acknowledgedBy"], format!("api-key:{other_id}"));
    assert_eq!(first["acknowledgedAt"], "2026-03-25T10:00:01.000Z");
    world.server.clock.advance(1_000);
    let again = world.server.post(&path(&id, "acknowledge"), &world.key, &json!({"note": "seen"})).await.expect(200);
    assert_eq!(again, first);
}

#[tokio::test]
async fn r3_6_resolved_once_and_only_after_an_acknowledgement() {
    let world = World::start().await;
    let id = world.trip().await;
    let before = world.picture().await;
    world.server.post_nothing(&path(&id, "resolve"), &world.key).await.fails(409, "breaker_not_acknowledged");
    assert_eq!(world.picture().await, before);

    world.server.post_nothing(&path(&id, "acknowledge"), &world.key).await.expect(200);
    world.server.clock.advance(1_000);
    let resolved =
        world.server.post(&path(&id, "resolve"), &world.key, &json!({"note": "called them"})).await.expect(200);
    assert_eq!(resolved["resolvedAt"], "2026-03-25T10:00:01.000Z");
    let after = world.picture().await;
    world.server.clock.advance(1_000);
    let again = world.server.post_nothing(&path(&id, "resolve"), &world.key).await.expect(200);
    assert_eq!(again, resolved);
    world.server.post_nothing(&path(&id, "acknowledge"), &world.key).await.fails(409, "breaker_resolved");
    assert_eq!(world.picture().await, after);
    let list = world.server.get(&at("quality/circuit-breakers"), &world.key).await.expect(200);
    assert_eq!(list["total"], 0);
}

#[tokio::test]
async fn r3_5_an_unknown_breaker() {
    let world = World::start().await;
    world.trip().await;
    let before = world.picture().await;
    for verb in ["acknowledge", "resolve"] {
        world.server.post_nothing(&path(UNKNOWN, verb), &world.key).await.fails(404, "not_found");
    }
    assert_eq!(world.picture().await, before);
}

#[tokio::test]
async fn r3_6_bodies_other_than_a_note_are_refused() {
    let world = World::start().await;
    let id = world.trip().await;
    let before = world.picture().await;
    let note = |length: usize| json!({"note": "é".repeat(length)}).to_string();
    for verb in ["acknowledge", "resolve"] {
        let post = |body: &str| world.server.ask(Method::POST, &path(&id, verb), &world.key).text(body.to_owned());
        let cases = [
            (note(2_001), "/note"),
            (r#"{"note": null}"#.into(), "/note"),
            (r#"{"note": 1}"#.into(), "/note"),
            (r#"{"notes": "x"}"#.into(), "/notes"),
            ("[]".into(), ""),
            (r#"{"note": "a", "note": "a"}"#.into(), "/note"),
        ];
        for (body, pointer) in cases {
            let reply = post(&body).send().await;
            assert_eq!(reply.fails(400, "invalid_request").pointers(), [pointer], "{body}");
        }
        post(r#"{"note""#).send().await.fails(400, "malformed_json");
        let plain = world.server.ask(Method::POST, &path(&id, verb), &world.key).bytes("note=x");
        plain.send().await.fails(415, "unsupported_media_type");
        let query = world.server.post_nothing(&format!("{}?note=x", path(&id, verb)), &world.key).await;
        assert_eq!(query.fails(400, "invalid_request").pointers(), ["/note"]);
    }
    assert_eq!(world.picture().await, before);
    let longest = world.server.ask(Method::POST, &path(&id, "acknowledge"), &world.key).text(note(2_000));
    longest.send().await.expect(200);
    let nothing = world.server.ask(Method::POST, &path(&id, "resolve"), &world.key).text("{}");
    nothing.send().await.expect(200);
}
