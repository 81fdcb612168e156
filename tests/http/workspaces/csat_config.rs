//! `…/csat-config` (R3.7, R3.8).

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::world::{SIBLING, WORKSPACE, World, at};

fn defaults() -> Value {
    json!({
        "workspaceId": WORKSPACE, "emailInlineEnabled": true, "emailFollowupEnabled": false, "linkExpiryDays": 14,
        "followUpDelayMinutes": 60, "thresholdResolutionFailure": 2, "thresholdLowComposite": 3,
        "circuitBreakerCount": 3, "circuitBreakerWindowHours": 72, "baselineOutcome": null, "baselineProcess": null,
        "baselineEnvironment": null,
    })
}

#[tokio::test]
async fn r3_8_only_the_fields_sent_change() {
    let world = World::start().await;
    let path = at("csat-config");
    assert_eq!(world.server.get(&path, &world.key).await.expect(200), defaults());
    assert_eq!(world.server.patch(&path, &world.key, &json!({})).await.expect(200), defaults());

    let patch = r#"{"thresholdLowComposite": 3.10, "baselineOutcome": 4e0, "emailFollowupEnabled": true}"#;
    let body = world.server.ask(Method::PATCH, &path, &world.key).text(patch).send().await.expect(200);
    let mut expected = defaults();
    expected["thresholdLowComposite"] = json!(3.1);
    expected["baselineOutcome"] = json!(4);
    expected["emailFollowupEnabled"] = json!(true);
    assert_eq!(body, expected);
    assert_eq!(world.server.get(&path, &world.key).await.expect(200), expected);

    let body = world.server.patch(&path, &world.key, &json!({"baselineOutcome": null})).await.expect(200);
    expected["baselineOutcome"] = Value::Null;
    assert_eq!(body, expected);
}

#[tokio::test]
async fn r3_8_what_was_read_can_be_sent_back() {
    let world = World::start().await;
    let path = at("csat-config");
    let mut read = world.server.get(&path, &world.key).await.expect(200);
    read["linkExpiryDays"] = json!(30);
    assert_eq!(world.server.patch(&path, &world.key, &read).await.expect(200), read);
    read["workspaceId"] = SIBLING.into();
    read["linkExpiryDays"] = json!(0);
    let reply = world.server.patch(&path, &world.key, &read).await;
    assert_eq!(reply.fails(400, "invalid_request").pointers(), ["/workspaceId", "/linkExpiryDays"]);
}

#[tokio::test]
async fn r3_8_each_field_below_above_wrong_type_null_nan_and_beyond() {
    let world = World::start().await;
    let before = world.fingerprint().await;
    let booleans = ["emailInlineEnabled", "emailFollowupEnabled"];
    let integers = [
        ("linkExpiryDays", "0", "91"),
        ("followUpDelayMinutes", "-1", "10081"),
        ("circuitBreakerCount", "0", "101"),
        ("circuitBreakerWindowHours", "0", "169"),
    ];
    let thresholds = ["thresholdResolutionFailure", "thresholdLowComposite"];
    let baselines = ["baselineOutcome", "baselineProcess", "baselineEnvironment"];
    let mut cases: Vec<(&str, &str)> = Vec::new();
    for name in booleans {
        cases.extend(["0", "1", "\"true\"", "null", "[]", "{}", "1e400"].map(|value| (name, value)));
    }
    for (name, below, above) in integers {
        let bad =
            [below, above, "\"14\"", "true", "null", "[]", "{}", "14.0", "1e1", "2.5", "1e400", "99999999999999999999"];
        cases.extend(bad.map(|value| (name, value)));
    }
    for name in thresholds.into_iter().chain(baselines) {
        let bad = [
            "0.99",
            "5.01",
            "0",
            "-3",
            "\"3\"",
            "true",
            "[]",
            "{}",
            "1.005",
            "2.999999999999999999999",
            "1e400",
            "1e-400",
        ];
        cases.extend(bad.map(|value| (name, value)));
    }
    cases.extend(thresholds.map(|name| (name, "null")));
    for (name, value) in cases {
        let body = format!(r#"{{"{name}": {value}}}"#);
        let reply = world.server.ask(Method::PATCH, &at("csat-config"), &world.key).text(body).send().await;
        assert_eq!(reply.fails(400, "invalid_request").pointers(), [format!("/{name}")], "{value}");
    }
    for name in ["linkExpiryDays", "baselineOutcome"] {
        for value in ["NaN", "Infinity", "-", "01", ".5", "5.", "+5", "0x5"] {
            let body = format!(r#"{{"{name}": {value}}}"#);
            let reply = world.server.ask(Method::PATCH, &at("csat-config"), &world.key).text(body).send().await;
            reply.fails(400, "malformed_json");
        }
    }
    assert_eq!(world.fingerprint().await, before);
}

#[tokio::test]
async fn r3_8_all_faults_at_once_and_nothing_changed() {
    let world = World::start().await;
    let before = world.fingerprint().await;
    let body = r#"{"circuitBreakerCount": 5, "linkExpiryDays": 14.0, "thresholdLowComposite": 1.005, "workspaceId": "x",
        "emailInlineEnabled": null, "colour": "red"}"#;
    let reply = world.server.ask(Method::PATCH, &at("csat-config"), &world.key).text(body).send().await;
    let mut pointers = reply.fails(400, "invalid_request").pointers();
    pointers.sort_unstable();
    assert_eq!(
        pointers,
        ["/colour", "/emailInlineEnabled", "/linkExpiryDays", "/thresholdLowComposite", "/workspaceId"]
    );
    assert_eq!(world.fingerprint().await, before);
}
