//! Identity and content: R4.4, R4.8.

use super::*;
use crate::domain::event::Identity;

fn identity(text: &str) -> Identity {
    judge_text(&door(), text).unwrap_or_else(|rejected| panic!("{text}: {rejected:?}")).identity
}

/// An event given as the members of its `data`.
fn with_data(kind: &str, data: &str) -> Identity {
    identity(&format!(r#"{{"specversion":"1.0","id":"1","source":"s","type":"{kind}","data":{data}}}"#))
}

#[track_caller]
fn same(kind: &str, left: &str, right: &str) {
    assert_eq!(with_data(kind, left), with_data(kind, right), "{left} and {right}");
}

#[track_caller]
fn differ(kind: &str, left: &str, right: &str) {
    let (left_is, right_is) = (with_data(kind, left), with_data(kind, right));
    assert_eq!(left_is.key, right_is.key);
    assert_ne!(left_is.content, right_is.content, "{left} and {right}");
}

const C: &str = r#""conversationId":"f47ac10b-58cc-4372-a567-0e02b2c3d479""#;

#[test]
fn r4_4_contents_that_say_the_same_are_the_same() {
    let c = C;
    same("survey.responded", &format!(r#"{{{c},"rating":4}}"#), &format!(r#"{{ "rating" : 4.0 , {c} }}"#));
    same("survey.responded", &format!(r#"{{{c},"rating":4}}"#), &format!(r#"{{{c},"rating":4,"comment":null}}"#));
    same(
        "conversation.created",
        &format!("{{{c}}}"),
        r#"{"\u0063onversationId":"conv_F47AC10B-58CC-4372-A567-0E02B2C3D479"}"#,
    );
    let scores = format!(r#"{{{c},"outcomeScore":4.5,"processScore":3,"environmentScore":2,"resolved":true"#);
    same(
        "conversation.scored",
        &format!("{scores}}}"),
        &format!(r#"{scores},"confidence":1.00,"signalCount":0}}"#).replace("4.5", "45e-1"),
    );
    same("message.received", &format!(r#"{{{c},"text":"Hé"}}"#), &format!(r#"{{{c},"text":"\u0048\u00e9"}}"#));
    same(
        "signal.observed",
        &format!(r#"{{{c},"signal":"praise","value":0.5}}"#),
        &format!(r#"{{{c},"value":5e-1,"signal":"praise"}}"#),
    );
    let account = r#""accountId":"9b2d7c1e-3f4a-4b5c-8d6e-7f8091a2b3c4""#;
    same("account.updated", &format!("{{{account}}}"), &format!(r#"{{{account},"contactIds":[]}}"#));
}

#[test]
fn r4_4_contents_that_say_something_else_differ() {
    let c = C;
    let members = [
        r#""accountId":"9b2d7c1e-3f4a-4b5c-8d6e-7f8091a2b3c4""#,
        r#""accountName":"a""#,
        r#""contactId":"a""#,
        r#""channel":"a""#,
        r#""intent":"a""#,
        r#""text":"a""#,
        r#""language":"a""#,
        r#""contactEmail":"a@b""#,
        r#""contactEmail":"A@b""#,
    ];
    for (at, member) in members.iter().enumerate() {
        differ("message.received", &format!("{{{c}}}"), &format!("{{{c},{member}}}"));
        for other in &members[..at] {
            differ("message.received", &format!("{{{c},{member}}}"), &format!("{{{c},{other}}}"));
        }
    }
    differ("message.received", &format!(r#"{{{c},"text":"ab"}}"#), &format!(r#"{{{c},"text":"a","language":"b"}}"#));
    differ("message.received", &format!(r#"{{{c},"text":"a"}}"#), &format!(r#"{{{c},"text":"A"}}"#));
    differ("message.received", &format!(r#"{{{c},"text":""}}"#), &format!("{{{c}}}"));
    for (kind, left, right) in [
        ("message.sent", r#""sender":"ai""#, r#""sender":"human""#),
        ("conversation.status_changed", r#""status":"open""#, r#""status":"closed""#),
        ("conversation.resolved", r#""resolution":"ai_resolved""#, r#""resolution":"abandoned""#),
        ("attention_item.created", r#""attentionType":"escalation""#, r#""attentionType":"human_requested""#),
        ("survey.responded", r#""rating":4"#, r#""rating":5"#),
        ("survey.responded", r#""rating":4"#, r#""rating":4,"comment":"a""#),
        ("signal.observed", r#""signal":"praise","value":0.5"#, r#""signal":"praise","value":0.500001"#),
        ("signal.observed", r#""signal":"praise","value":1"#, r#""signal":"gratitude","value":1"#),
    ] {
        differ(kind, &format!("{{{c},{left}}}"), &format!("{{{c},{right}}}"));
    }
    let scores = |tail: &str| {
        format!(r#"{{{c},"outcomeScore":4.5,"processScore":3,"environmentScore":2,"resolved":true{tail}}}"#)
    };
    differ("conversation.scored", &scores(""), &scores(r#","confidence":0.99"#));
    differ("conversation.scored", &scores(""), &scores(r#","signalCount":1"#));
    differ("conversation.scored", &scores(""), &scores("").replace("true", "false"));
    differ("conversation.scored", &scores(""), &scores("").replace(r#"processScore":3"#, r#"processScore":3.01"#));
    let contacts =
        |list: &str| format!(r#"{{"accountId":"9b2d7c1e-3f4a-4b5c-8d6e-7f8091a2b3c4","contactIds":[{list}]}}"#);
    differ("account.updated", &contacts(r#""ab""#), &contacts(r#""a","b""#));
    differ("account.updated", &contacts(r#""a","b""#), &contacts(r#""b","a""#));
}

#[test]
fn r4_4_type_and_time_as_sent_are_part_of_the_content() {
    let with = |kind: &str, time: &str| {
        let tail = format!(r#""type":"{kind}"{time},"data":{{{C}}}}}"#);
        identity(&format!(r#"{{"specversion":"1.0","id":"1","source":"s",{tail}"#))
    };
    let base = with("conversation.created", "");
    let timed = with("conversation.created", r#","time":"2026-03-15T14:35:00Z""#);
    assert_eq!(base, with("conversation.created", r#","time":null"#));
    assert_ne!(base.content, timed.content);
    assert_ne!(timed.content, with("conversation.created", r#","time":"2026-03-15T14:35:00.000Z""#).content);
    assert_ne!(base.content, with("message.received", "").content);
    assert_eq!(base.key, timed.key);
}

#[test]
fn r4_4_identity_is_workspace_side_source_and_id() {
    let body = |source: &str, id: &str| {
        let mut event = event("conversation.created", json!({}));
        event["source"] = json!(source);
        event["id"] = json!(id);
        Bytes::from(event.to_string())
    };
    let key = |workspace: WorkspaceKey, body: Bytes| {
        let context = DoorContext { workspace, ..context("application/json") };
        door().read(&context, body).unwrap().events[0].identity
    };
    let base = key(WORKSPACE, body("ab", "c"));
    assert_eq!(base, key(WORKSPACE, body("ab", "c")));
    for other in [
        key(WORKSPACE, body("a", "bc")),
        key(WORKSPACE, body("ab", "d")),
        key(WorkspaceKey { side: Side::Test, ..WORKSPACE }, body("ab", "c")),
        key(WorkspaceKey { id: Id(1), ..WORKSPACE }, body("ab", "c")),
    ] {
        assert_ne!(base.key, other.key);
        assert_eq!(base.content, other.content);
    }
}

#[test]
fn r4_8_another_secret_changes_the_content_and_another_journal_the_identity() {
    let text = event("message.received", json!({"text": "my invoice is wrong"})).to_string();
    let record = |secret, key| {
        let door = Door::new(DoorOptions::new(Secret::new([secret; 32])), [key; 32]);
        judge_text(&door, text.clone()).unwrap()
    };
    let (base, secret, journal) = (record(1, 2), record(3, 2), record(1, 4));
    assert_eq!(base.identity.key, secret.identity.key);
    assert_ne!(base.identity.content, secret.identity.content);
    assert_ne!(base.body, secret.body);
    assert_ne!(base.identity.key, journal.identity.key);
    assert_eq!((base.identity.content, &base.body), (journal.identity.content, &journal.body));
}

#[test]
fn i2_the_record_holds_neither_text_nor_id_nor_source() {
    let mut event = event("message.received", json!({"text": "kanariefugl kanariefugl"}));
    event["id"] = json!("kanariefugl-id");
    event["source"] = json!("/kanariefugl-source");
    let record = accepted(&event);
    assert!(!format!("{record:?}").contains("kanarie"));
    assert!(!serde_json::to_string(&record).unwrap().contains("kanarie"));
}
