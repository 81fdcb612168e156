use serde_json::json;

use super::super::body::{self, BodyError};
use super::*;

const IN_FORCE: InForce =
    InForce { model: ScoringModel::Support2, configured_model: ScoringModel::Task1, retention_days: 400 };

fn read(body: &str) -> Result<QualitySettingsPatch, BodyError> {
    let asked = Asked { workspace: Some(Id(1)), in_force: Some(IN_FORCE), ..Asked::default() };
    body::read(body.as_bytes(), asked)
}

fn faults(body: &str) -> Vec<(String, String)> {
    match read(body) {
        Err(BodyError::Faults(faults)) => {
            faults.into_iter().map(|fault| (fault.pointer, fault.error.into_owned())).collect()
        }
        other => panic!("{body}: {other:?}"),
    }
}

fn pointers(body: &str) -> Vec<String> {
    faults(body).into_iter().map(|(pointer, _)| pointer).collect()
}

#[test]
fn r6_9_each_end_of_each_range_and_null() {
    let good = [
        ("model", &["\"support-2\"", "\"task-1\"", "null"][..]),
        ("compositeWeights", &["[1, 1, 1]", "[0.5, 0.25, 0.25]", "[0, 0, 1e-300]", "null"]),
        ("defaultLanguage", &["\"da\"", "\"fil\"", "null"]),
        ("workspaceFactor", &["1", "100", "null"]),
        ("windowConversations", &["1", "1000", "null"]),
        ("windowDays", &["1", "400", "null"]),
        ("minConfidence", &["0", "1", "0.01", "1.00", "null"]),
        ("minSignals", &["0", "65535", "null"]),
        ("channelBreakers", &["true", "false", "null"]),
        ("intentBreakers", &["true", "false", "null"]),
        ("forgottenAfterHours", &["1", "720", "null"]),
        ("signalWeights", &["{}", "null", "{\"praise\": null}", "{\"praise\": {\"weight\": 10}}"]),
    ];
    let bad = [
        ("model", &["\"support\"", "2", "true", "{}"][..]),
        (
            "compositeWeights",
            &["[0, 0, 0]", "[1, 1]", "[1, 1, 1, 1]", "[1, -1, 1]", "[1, 1, \"1\"]", "[1e308, 1e308, 1]", "1"],
        ),
        ("defaultLanguage", &["\"e\"", "\"EN\"", "\"engl\"", "1"]),
        ("workspaceFactor", &["0", "101", "1.0", "\"3\""]),
        ("windowConversations", &["0", "1001", "1e2"]),
        ("windowDays", &["0", "401", "\"90\""]),
        ("minConfidence", &["-0.01", "1.01", "0.005", "\"0.5\"", "true", "1e400"]),
        ("minSignals", &["-1", "65536", "1.0", "\"3\"", "true"]),
        ("channelBreakers", &["0", "1", "\"true\"", "[]"]),
        ("intentBreakers", &["0", "1", "\"true\"", "{}"]),
        ("forgottenAfterHours", &["0", "721", "24.0", "\"24\"", "false"]),
        ("signalWeights", &["[]", "1", "true"]),
    ];
    for (name, value) in good.into_iter().flat_map(|(name, values)| values.iter().map(move |value| (name, value))) {
        assert!(read(&format!(r#"{{"{name}": {value}}}"#)).is_ok(), "{name} {value}");
    }
    for (name, value) in bad.into_iter().flat_map(|(name, values)| values.iter().map(move |value| (name, value))) {
        assert_eq!(pointers(&format!(r#"{{"{name}": {value}}}"#)), [format!("/{name}")], "{value}");
    }
    let all = pointers(r#"{"minSignals": 1.5, "forgottenAfterHours": 0, "retention": 1, "minConfidence": 2}"#);
    assert_eq!(all, ["/minConfidence", "/minSignals", "/forgottenAfterHours", "/retention"]);
}

#[test]
fn r6_9_what_is_wrong_with_weights_is_named_signal_by_signal() {
    let body = json!({"signalWeights": {
        "thanks": {"weight": 10.5}, "praise": {"loadings": [1, 0, 0]}, "solved": {"weight": 1, "loadings": [0, 0, 0]},
        "calm": 3, "happiness": {"weight": 1}, "no_reply": {"weight": 1}, "a/b": null, "warm": {"weight": 1, "x": 1},
    }});
    let expected = [
        ("/signalWeights/a~1b", "is not a known signal"),
        ("/signalWeights/calm", "must be an object"),
        ("/signalWeights/happiness", "is not a known signal"),
        ("/signalWeights/no_reply", "is a signal without a weight"),
        ("/signalWeights/praise/weight", "is required"),
        ("/signalWeights/solved/loadings", "must be three numbers that are not negative and not all 0"),
        ("/signalWeights/thanks/weight", "must be between 0 and 10"),
        ("/signalWeights/warm/x", "is not a known field"),
    ];
    let expected = expected.map(|(pointer, error)| (pointer.to_owned(), error.to_owned()));
    assert_eq!(faults(&body.to_string()), expected);
}

#[test]
fn r6_9_a_signal_must_be_of_the_model_that_is_in_force_then() {
    let with = |model: &str| format!(r#"{{{model}"signalWeights": {{"thanks": {{"weight": 1}}}}}}"#);
    assert!(read(&with("")).is_ok() && read(&with(r#""model": "support-2", "#)).is_ok());
    for model in [r#""model": "task-1", "#, r#""model": null, "#] {
        let expected = ("/signalWeights/thanks".to_owned(), "is a signal of another model".to_owned());
        assert_eq!(faults(&with(model)), [expected], "{model}");
    }
}

#[test]
fn r6_9_what_is_not_set_is_what_is_in_force_and_what_was_read_is_taken_back() {
    let in_force = Settings { profile: ScoringModel::Support2.profile().clone(), ..Settings::default() };
    let answer = serde_json::to_value(QualitySettings::of(Id(1), &OwnSettings::default(), &in_force)).unwrap();
    let mut members = answer.clone();
    let weights = members.as_object_mut().unwrap().remove("signalWeights").unwrap();
    let third = 1.0 / 3.0;
    let expected = json!({
        "workspaceId": "00000000-0000-0000-0000-000000000001", "model": "support-2",
        "compositeWeights": [third, third, third], "defaultLanguage": "en", "workspaceFactor": 3,
        "windowConversations": 50, "windowDays": 90, "minConfidence": null, "minSignals": null,
        "channelBreakers": false, "intentBreakers": false, "forgottenAfterHours": null,
    });
    assert_eq!(members, expected);
    assert_eq!(weights["thanks"], json!({"weight": 0.599, "loadings": [0.5, 0, 0.5]}));
    assert!(weights.get("no_reply").is_none(), "it weighs nothing");
    let patch = OwnPatch::from(read(&answer.to_string()).unwrap());
    assert_eq!((patch.min_confidence, patch.channel_breakers), (Some(None), Some(Some(false))));
    let sent = patch.signal_weights.clone().flatten().unwrap();
    for (kind, weight) in sent {
        let (weight, known) = (weight.unwrap(), in_force.profile.weight_of(kind));
        assert_eq!(
            (weight.weight, weight.loadings),
            (Exact(known.weight), Some(known.loadings.map(Exact))),
            "{kind:?}"
        );
    }
    assert_eq!(pointers(&answer.to_string().replace("000000000001", "000000000002")), ["/workspaceId"]);
    assert_eq!(read("{}").unwrap(), QualitySettingsPatch::default());
}
