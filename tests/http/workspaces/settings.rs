//! `…/quality/settings` (R6.9).

use reqwest::Method;
use serde_json::{Value, json};
use tripswitch::domain::scoring::catalogue::SignalWeight;
use tripswitch::domain::scoring::profile::ScoringModel;
use tripswitch::domain::system::Permission;

use super::accounts::whole;
use crate::support::world::{BOUND, SIBLING, WORKSPACE, World, at, conversation_id, event};

/// What the built-in configuration says.
fn defaults() -> Value {
    let profile = ScoringModel::Support2.profile();
    let weighed = profile.model.catalogue().iter().filter(|kind| !kind.is_marker());
    let weights = weighed.map(|kind| {
        let SignalWeight { weight, loadings } = profile.weight_of(*kind);
        (kind.name().to_owned(), json!({"weight": number(weight), "loadings": loadings.map(number)}))
    });
    json!({
        "workspaceId": WORKSPACE, "model": "support-2", "compositeWeights": profile.composite_weights, "defaultLanguage": "en",
        "workspaceFactor": 3, "windowConversations": 50, "windowDays": 90, "minConfidence": null, "minSignals": null,
        "channelBreakers": false, "intentBreakers": false, "forgottenAfterHours": null,
        "signalWeights": weights.collect::<serde_json::Map<_, _>>(),
    })
}

/// Without needless zeros (R2.4).
fn number(value: f64) -> Value {
    if value.fract() == 0.0 { json!(value as u8) } else { json!(value) }
}

async fn patched(world: &World, patch: Value) -> Value {
    world.server.patch(&at("quality/settings"), &world.key, &patch).await.expect(200)
}

async fn history(world: &World, query: &str) -> Value {
    world.server.get(&at(&format!("quality/settings/history{query}")), &world.key).await.expect(200)
}

#[tokio::test]
async fn r6_9_only_the_members_sent_change_and_null_takes_back() {
    let world = World::start().await;
    let path = at("quality/settings");
    assert_eq!(world.server.get(&path, &world.key).await.expect(200), defaults());
    let before = world.fingerprint().await;
    assert_eq!(world.server.patch(&path, &world.key, &json!({})).await.expect(200), defaults());
    assert_eq!(world.fingerprint().await, before, "nothing was sent, nothing is recorded");

    let patch = r#"{"minConfidence": 4.0e-1, "minSignals": 3, "channelBreakers": true, "forgottenAfterHours": 4}"#;
    let body = world.server.ask(Method::PATCH, &path, &world.key).text(patch).send().await.expect(200);
    let mut expected = defaults();
    expected["minConfidence"] = json!(0.4);
    expected["minSignals"] = json!(3);
    expected["channelBreakers"] = json!(true);
    expected["forgottenAfterHours"] = json!(4);
    assert_eq!(body, expected);
    assert_eq!(world.server.get(&path, &world.key).await.expect(200), expected);

    let patch = json!({"minSignals": null, "channelBreakers": null, "intentBreakers": true});
    let request =
        world.server.ask(Method::PATCH, &path, &world.key).header("content-type", "application/merge-patch+json");
    let body = request.bytes(patch.to_string()).send().await.expect(200);
    expected["minSignals"] = Value::Null;
    expected["channelBreakers"] = json!(false);
    expected["intentBreakers"] = json!(true);
    assert_eq!(body, expected);
    let world = world.restarted().await;
    assert_eq!(world.server.get(&path, &world.key).await.expect(200), expected, "R9.2");
}

#[tokio::test]
async fn r6_9_what_was_read_can_be_sent_back() {
    let world = World::start().await;
    let path = at("quality/settings");
    let mut read = world.server.get(&path, &world.key).await.expect(200);
    assert_eq!(world.server.patch(&path, &world.key, &read).await.expect(200), read);
    read["forgottenAfterHours"] = json!(720);
    assert_eq!(world.server.patch(&path, &world.key, &read).await.expect(200), read);
    read["workspaceId"] = SIBLING.into();
    read["forgottenAfterHours"] = json!(721);
    let reply = world.server.patch(&path, &world.key, &read).await;
    assert_eq!(reply.fails(400, "invalid_request").pointers(), ["/workspaceId", "/forgottenAfterHours"]);
}

#[tokio::test]
async fn r6_9_all_faults_at_once_and_nothing_changed() {
    let world = World::start().await;
    let before = world.fingerprint().await;
    let body = r#"{"minConfidence": 1.01, "minSignals": 2.0, "channelBreakers": "yes", "intentBreakers": 1,
        "forgottenAfterHours": 0, "model": "best", "signalWeights": {"happiness": {"weight": 1}}, "windowDays": 401,
        "retentionDays": 1}"#;
    let reply = world.server.ask(Method::PATCH, &at("quality/settings"), &world.key).text(body).send().await;
    let expected = [
        "/model",
        "/windowDays",
        "/minConfidence",
        "/minSignals",
        "/channelBreakers",
        "/intentBreakers",
        "/forgottenAfterHours",
        "/signalWeights/happiness",
        "/retentionDays",
    ];
    assert_eq!(reply.fails(400, "invalid_request").pointers(), expected);
    assert_eq!(world.fingerprint().await, before);
    let read = world.make_key(BOUND, &[Permission::QualityRead]).await.0;
    world.server.patch(&at("quality/settings"), &read, &json!({})).await.fails(403, "forbidden");
}

#[tokio::test]
async fn r2_14b_a_patch_of_settings_is_in_the_trail_with_what_was_before() {
    let world = World::start().await;
    for body in [json!({"minConfidence": 0.5, "channelBreakers": true}), json!({"minConfidence": null})] {
        world.server.patch(&at("quality/settings"), &world.key, &body).await.expect(200);
    }
    let admin = world.admin_key().await;
    let trail = world.server.get(&at("audit?action=settings.patched"), &admin).await.expect(200);
    let expected = [
        json!({"from": {"minConfidence": 0.5}, "to": {"minConfidence": null}}),
        json!({"from": {"minConfidence": null, "channelBreakers": null},
            "to": {"minConfidence": 0.5, "channelBreakers": true}}),
    ];
    for (entry, expected) in trail["data"].as_array().expect("a list").iter().zip(expected) {
        assert_eq!((&entry["details"], &entry["outcome"]), (&expected, &json!("done")));
    }
    assert_eq!(trail["data"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn r6_9_what_config_toml_has_is_set_and_taken_back() {
    let world = World::start().await;
    let patch = json!({
        "compositeWeights": [2, 1, 1], "defaultLanguage": "da", "workspaceFactor": 2, "windowConversations": 20,
        "windowDays": 30, "signalWeights": {"praise": {"weight": 4}, "thanks": {"weight": 1, "loadings": [0, 1, 3]}},
    });
    let mut expected = defaults();
    expected["compositeWeights"] = json!([0.5, 0.25, 0.25]);
    expected["defaultLanguage"] = json!("da");
    expected["workspaceFactor"] = json!(2);
    expected["windowConversations"] = json!(20);
    expected["windowDays"] = json!(30);
    expected["signalWeights"]["praise"]["weight"] = json!(4);
    expected["signalWeights"]["thanks"] = json!({"weight": 1, "loadings": [0, 0.25, 0.75]});
    assert_eq!(patched(&world, patch).await, expected);
    let world = world.restarted().await;
    assert_eq!(world.server.get(&at("quality/settings"), &world.key).await.expect(200), expected, "R9.2");
    assert_eq!(patched(&world, expected.clone()).await, expected, "what was read is taken");

    expected["signalWeights"]["praise"] = defaults()["signalWeights"]["praise"].clone();
    expected["windowDays"] = json!(90);
    assert_eq!(patched(&world, json!({"signalWeights": {"praise": null}, "windowDays": null})).await, expected);
    let back = json!({"compositeWeights": null, "defaultLanguage": null, "workspaceFactor": null,
        "windowConversations": null, "signalWeights": null});
    assert_eq!(patched(&world, back).await, defaults());
}

#[tokio::test]
async fn r6_9_messages_are_read_and_scored_with_the_model_that_was_set() {
    let world = World::start().await;
    let version = async |n: u32| {
        let data = |more: Value| {
            let mut data = json!({"conversationId": conversation_id(n)});
            data.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            data
        };
        let events = [
            event(&format!("asked-{n}"), "message.received", data(json!({"text": "Where is my order, Quillfeather?"}))),
            event(&format!("said-{n}"), "message.sent", data(json!({"text": "It comes today.", "sender": "ai"}))),
            event(&format!("glad-{n}"), "message.received", data(json!({"text": "Wonderful, thank you so much!"}))),
            event(&format!("end-{n}"), "conversation.resolved", data(json!({"resolution": "ai_resolved"}))),
        ];
        world.send(WORKSPACE, &world.key, &events).await;
        let path = format!("/api/conversations/{}/quality/explanation", conversation_id(n));
        let told = world.server.get(&path, &world.key).await.expect(200);
        let signals = told["scoring"]["dimensions"][2]["signals"].as_array().expect("a list").clone();
        let names: Vec<_> = signals.iter().filter_map(|signal| signal["signal"].as_str()).map(str::to_owned).collect();
        (told["modelVersion"].clone(), names)
    };
    let (name, signals) = version(1).await;
    assert!(name == "support-2" && signals.contains(&"thanks".to_owned()), "{name} {signals:?}");
    let weights = patched(&world, json!({"model": "task-1"})).await["signalWeights"].clone();
    assert!(weights.get("gratitude").is_some() && weights.get("thanks").is_none(), "{weights}");
    let (name, signals) = version(2).await;
    assert_eq!(name, ScoringModel::Task1.profile().name.as_ref());
    assert!(signals.contains(&"gratitude".to_owned()), "{signals:?}");
    let reply =
        world.server.patch(&at("quality/settings"), &world.key, &json!({"signalWeights": {"thanks": null}})).await;
    assert_eq!(reply.fails(400, "invalid_request").pointers(), ["/signalWeights/thanks"], "another model's");
    patched(&world, json!({"model": null})).await;
    assert_eq!(version(3).await.0, "support-2");
}

#[tokio::test]
async fn r6_9_every_change_is_in_the_history_with_who_made_it() {
    let world = World::start().await;
    assert_eq!(history(&world, "").await, json!({"data": []}));
    patched(&world, json!({"windowDays": 30, "channelBreakers": true})).await;
    world.server.patch(&at("csat-config"), &world.key, &json!({"linkExpiryDays": 30, "circuitBreakerCount": 3})).await;
    patched(&world, json!({"windowDays": 30})).await;
    patched(&world, json!({"windowDays": null, "channelBreakers": true, "signalWeights": {"praise": {"weight": 4}}}))
        .await;
    let all = history(&world, "").await;
    let told = |entry: &Value| json!([entry["source"], entry["before"], entry["after"]]);
    let expected = [
        json!(["settings", {"windowDays": 30, "signalWeights": {"praise": null}},
            {"windowDays": null, "signalWeights": {"praise": {"weight": 4, "loadings": null}}}]),
        json!(["csat_config", {"linkExpiryDays": 14}, {"linkExpiryDays": 30}]),
        json!(["settings", {"windowDays": null, "channelBreakers": null},
            {"windowDays": 30, "channelBreakers": true}]),
    ];
    let data = all["data"].as_array().expect("a list");
    assert_eq!(data.iter().map(told).collect::<Vec<_>>(), expected, "what changed nothing is not among them");
    assert!(data.iter().all(|entry| entry["actor"].as_str().is_some_and(|actor| actor.starts_with("api-key:"))));
    let world = world.restarted().await;
    assert_eq!(history(&world, "").await, all, "R9.2");

    let (mut pages, mut query) = (Vec::new(), "?limit=1".to_owned());
    while let Value::String(cursor) = &history(&world, &query).await["nextCursor"] {
        pages.push(history(&world, &query).await["data"][0].clone());
        query = format!("?limit=1&cursor={cursor}");
    }
    pages.push(history(&world, &query).await["data"][0].clone());
    assert_eq!(&pages, data);
    let path = at("quality/settings/history?limit=0&cursor=x&from=2026-01-01");
    let reply = world.server.get(&path, &world.key).await;
    assert_eq!(reply.fails(400, "invalid_request").pointers(), ["/from", "/limit", "/cursor"]);
    let ingest = world.make_key(BOUND, &[Permission::EventsWrite]).await.0;
    world.server.get(&at("quality/settings/history"), &ingest).await.fails(403, "forbidden");
}

#[tokio::test]
async fn r6_6_all_changes_as_a_table_and_as_lines() {
    let world = World::start().await;
    for minimum in [3, 4] {
        world.server.patch(&at("quality/settings"), &world.key, &json!({"minSignals": minimum})).await.expect(200);
    }
    let list = history(&world, "").await;
    let path = at("quality/settings/history");
    let table = whole(&world, &path, "text/csv").await;
    assert!(table.starts_with("position,at,actor,source,before,after\r\n"), "{table}");
    assert_eq!(table.matches("\r\n").count(), 1 + list["data"].as_array().expect("a list").len());
    assert!(table.contains("settings,\"{\"\"minSignals\"\":3}\",\"{\"\"minSignals\"\":4}\"\r\n"), "{table}");
    let text = whole(&world, &path, "application/x-ndjson").await;
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(json!(lines), list["data"]);
}
