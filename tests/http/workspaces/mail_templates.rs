//! `…/mail-templates` (R13.2b).

#![expect(clippy::unwrap_used, reason = "what tests are made of: a panic is the verdict")]

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::world::{BOUND, Holder, WORKSPACE, World};
use tripswitch::domain::ids::Side;
use tripswitch::domain::system::Permission;

fn at(language: &str) -> String {
    format!("/api/workspaces/{WORKSPACE}/mail-templates/{language}")
}

fn all() -> String {
    format!("/api/workspaces/{WORKSPACE}/mail-templates")
}

async fn put(world: &World, key: &str, language: &str, body: &Value) -> crate::support::Reply {
    world.server.ask(Method::PUT, &at(language), key).json(body).send().await
}

async fn languages(world: &World, key: &str) -> Vec<(String, bool)> {
    let list = world.server.get(&all(), key).await.expect(200);
    let items = list["items"].as_array().unwrap();
    assert_eq!(list["total"], items.len());
    let own = |item: &Value| (item["language"].as_str().unwrap().to_owned(), !item["changedAt"].is_null());
    items.iter().map(own).collect()
}

#[tokio::test]
async fn r13_2b_a_template_is_set_shown_changed_and_taken_back() {
    let world = World::start().await;
    let key = world.make_key(BOUND, &[Permission::QualityRead, Permission::Admin]).await.0;
    let built_in = ["da", "de", "en", "es", "fr"].map(|language| (language.to_owned(), false));
    assert_eq!(languages(&world, &key).await, built_in);
    let text = |text: &str| json!({"subject": "Hej {{workspace}}", "text": text});
    let set = put(&world, &key, "da", &text("Her: {{link}}")).await.expect(200);
    assert_eq!((&set["language"], &set["text"]), (&json!("da"), &json!("Her: {{link}}")));
    assert_eq!(world.server.get(&at("da"), &key).await.expect(200), set);
    put(&world, &key, "sv", &text("Här: {{link}}")).await.expect(200);
    assert_eq!(languages(&world, &key).await[0], ("da".to_owned(), true));
    assert_eq!(languages(&world, &key).await.last(), Some(&("sv".to_owned(), true)));

    world.server.clock.advance(1_000);
    assert_eq!(put(&world, &key, "da", &text("Her: {{link}}")).await.expect(200), set, "nothing has changed");
    let changed = put(&world, &key, "da", &text("{{link}}")).await.expect(200);
    assert_ne!(changed["changedAt"], set["changedAt"]);
    let gone = world.server.ask(Method::DELETE, &at("da"), &key).send().await.expect(200);
    assert_eq!(gone, changed, "as it was");
    assert_eq!(world.server.get(&at("da"), &key).await.expect(200)["changedAt"], Value::Null);
    world.server.ask(Method::DELETE, &at("da"), &key).send().await.fails(404, "not_found");
    world.server.get(&at("nb"), &key).await.fails(404, "not_found");

    let test = Holder { side: Side::Test, ..BOUND };
    let test = world.make_key(test, &[Permission::QualityRead]).await.0;
    assert_eq!(languages(&world, &test).await, built_in, "the test side has its own");
}

#[tokio::test]
async fn r13_2b_what_is_wrong_with_a_template_is_told_and_nothing_changes() {
    let world = World::start().await;
    let key = world.make_key(BOUND, &[Permission::QualityRead, Permission::Admin]).await.0;
    let wrong = put(&world, &key, "en", &json!({"subject": "a\nb", "text": "{{name}}"})).await;
    let details = wrong.fails(400, "invalid_request").expect(400)["details"].clone();
    assert_eq!(details.as_array().unwrap().len(), 2);
    for language in ["EN", "e", "english", "e1"] {
        let good = json!({"subject": "x", "text": "{{link}}"});
        put(&world, &key, language, &good).await.fails(400, "invalid_request");
    }
    assert_eq!(world.server.get(&at("en"), &key).await.expect(200)["changedAt"], Value::Null);
    for n in 0..50_u8 {
        let language = format!("x{}{}", char::from(b'a' + n / 10), char::from(b'a' + n % 10));
        put(&world, &key, &language, &json!({"subject": "x", "text": "{{link}}"})).await.expect(200);
    }
    put(&world, &key, "en", &json!({"subject": "x", "text": "{{link}}"})).await.fails(409, "too_many_resources");
}
