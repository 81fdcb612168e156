//! `data` by type: R4.6.

use super::*;
use crate::domain::event::{
    AttentionType, Body, ContactName, ImportedScore, ObservedSignal, OwnSignal, Resolution, Sender, Status,
};
use crate::domain::message::{Heard, LanguageCode};
use crate::domain::score::Hundredths;
use crate::domain::scoring::Speaker;
use crate::domain::scoring::catalogue::SignalKind;
use crate::domain::scoring::catalogue::SignalWeight;
use crate::domain::scoring::support::text::SupportReader;
use crate::domain::scoring::task::text::conversation_word_key;

fn conversation() -> Id {
    Id(0xf47ac10b_58cc_4372_a567_0e02b2c3d479)
}

fn account() -> Id {
    Id(0x9b2d7c1e_3f4a_4b5c_8d6e_7f8091a2b3c4)
}

/// The contact with the mark that the door gives it (R4.8).
fn named(id: &str) -> ContactName {
    ContactName { mark: Some(door().contact_mark(WORKSPACE, id)), ..id.into() }
}

/// One good event of each type.
fn one_of_each() -> [(&'static str, Value); 10] {
    [
        ("conversation.created", json!({})),
        ("message.received", json!({"text": "Thanks!", "language": "en"})),
        ("message.sent", json!({"sender": "ai", "text": "Hello"})),
        ("conversation.status_changed", json!({"status": "in_progress"})),
        ("conversation.resolved", json!({"resolution": "ai_resolved"})),
        ("attention_item.created", json!({"attentionType": "escalation"})),
        ("signal.observed", json!({"signal": "rating", "value": 0.5})),
        ("survey.responded", json!({"rating": 4, "comment": "fine"})),
        ("conversation.scored", scored()),
        ("account.updated", json!({"accountId": ACCOUNT, "contactIds": ["c1", "c2"]})),
    ]
}

#[test]
fn r4_6_each_type_becomes_its_body() {
    let bodies = one_of_each().map(|(kind, data)| accepted(&event(kind, data)).body);
    let reader = SupportReader::default();
    let key = conversation_word_key(&[1; 32], conversation());
    let (english, turn) = (Some(LanguageCode::ENGLISH), |message| Heard::Turn(Box::new(message)));
    let expected = [
        Body::ConversationCreated,
        Body::Message { sender: None, heard: turn(reader.read("Thanks!", english, Speaker::Customer, &key)) },
        Body::Message { sender: Some(Sender::Ai), heard: turn(reader.read("Hello", None, Speaker::Agent, &key)) },
        Body::StatusChanged(Status::InProgress),
        Body::ConversationResolved(Resolution::AiResolved),
        Body::AttentionItemCreated(AttentionType::Escalation),
        Body::SignalObserved { signal: ObservedSignal::Catalogue(SignalKind::Rating), value: 32_768 },
        Body::SurveyResponded { rating: 4, comment: Some("fine".into()) },
        Body::ConversationScored(ImportedScore {
            dimensions: [Hundredths(450), Hundredths(300), Hundredths(125)],
            resolved: true,
            confidence: Hundredths(100),
            signal_count: 0,
        }),
        Body::AccountUpdated { contacts: ["c1", "c2"].map(named).into() },
    ];
    assert_eq!(bodies, expected);
}

#[test]
fn r4_6_the_common_members_may_stand_in_any_type() {
    for (kind, mut data) in one_of_each() {
        let prefixed = format!("acc_{}", ACCOUNT.to_uppercase());
        let common = json!({"accountId": prefixed, "accountName": "Nordic Parts ApS", "contactId": "c-9",
            "channel": "chat", "intent": "refund \"now\""});
        data.as_object_mut().unwrap().extend(common.as_object().unwrap().clone());
        let record = accepted(&event(kind, data));
        assert_eq!(record.account, Some(account()), "{kind}");
        assert_eq!(record.account_name.as_deref(), Some("Nordic Parts ApS"));
        assert_eq!(record.contact, Some(named("c-9")));
        assert_eq!((record.channel.as_deref(), record.intent.as_deref()), (Some("chat"), Some("refund \"now\"")));
        assert_eq!(record.conversation, (kind != "account.updated").then(conversation), "{kind}");
    }
}

#[test]
fn r4_6_members_that_a_type_needs() {
    for (kind, needed) in [
        ("conversation.created", &["conversationId"][..]),
        ("message.received", &["conversationId"]),
        ("message.sent", &["conversationId", "sender"]),
        ("conversation.status_changed", &["status"]),
        ("conversation.resolved", &["resolution"]),
        ("attention_item.created", &["attentionType"]),
        ("signal.observed", &["signal", "value"]),
        ("survey.responded", &["rating"]),
        ("conversation.scored", &["outcomeScore", "processScore", "environmentScore", "resolved"]),
        ("account.updated", &["accountId"]),
    ] {
        let (_, data) = one_of_each().into_iter().find(|(name, _)| *name == kind).unwrap();
        for member in needed {
            let mut absent = event(kind, data.clone());
            absent["data"].as_object_mut().unwrap().remove(*member);
            refused(&absent, "missing_field", &format!("/data/{member}"));
            absent["data"][member] = json!(null);
            refused(&absent, "missing_field", &format!("/data/{member}"));
        }
    }
}

#[test]
fn r4_6_an_address_is_one_that_mail_can_be_sent_to_and_is_never_quoted() {
    let with = |address: &Value| event("conversation.created", json!({"contactEmail": address}));
    let long = format!("{}@{}.example.org", "a".repeat(64), ["b"; 89].join("."));
    assert_eq!(long.len(), 254);
    for good in ["anna@example.org", "a.b+c@xn--mnchen-3ya.de", "jürgen@example.org", &long] {
        assert!(judge(&with(&json!(good))).is_ok(), "{good}");
    }
    let wrong = [
        "anna",
        "@example.org",
        "anna@",
        "anna@example.org, bert@example.org",
        "Anna <anna@example.org>",
        "<anna@example.org>",
        "anna@example.org\r\nBcc: bert@example.org",
        " anna@example.org",
        "\"anna maria\"@example.org",
        "an na@example.org",
        "a@b@example.org",
        "",
        &format!("a{long}"),
    ];
    for text in wrong {
        let rejected = judge(&with(&json!(text))).unwrap_err();
        assert_eq!(rejected.pointer.as_deref(), Some("/data/contactEmail"), "{text:?}");
        assert!(!rejected.error.contains("example.org\r") && !rejected.error.contains("bert"), "{rejected:?}");
    }
    refused(&with(&json!(7)), "invalid_field", "/data/contactEmail");
    assert!(judge(&with(&Value::Null)).is_ok());
    let updated = event("account.updated", json!({"accountId": ACCOUNT, "contactEmail": "anna@example.org"}));
    refused(&updated, "unknown_field", "/data/contactEmail");
}

#[test]
fn r4_6_members_that_a_type_does_not_have() {
    for (kind, data) in one_of_each() {
        for member in ["colour", "a/b", "Rating", ""] {
            let mut event = event(kind, data.clone());
            event["data"][member] = json!(1);
            refused(&event, "unknown_field", &format!("/data/{}", member.replace('/', "~1")));
        }
    }
    refused(
        &event("account.updated", json!({"accountId": ACCOUNT, "conversationId": CONVERSATION})),
        "unknown_field",
        "/data/conversationId",
    );
    refused(&event("message.received", json!({"rating": 4})), "unknown_field", "/data/rating");
    refused(&event("conversation.created", json!({"contactIds": []})), "unknown_field", "/data/contactIds");
}

#[test]
fn r4_6_the_first_fault_in_the_document_is_named() {
    let text = |members: &str| {
        format!(r#"{{"specversion":"1.0","id":"1","source":"s","type":"survey.responded","data":{{{members}}}}}"#)
    };
    for (members, pointer) in [
        (r#""rating":9,"colour":1,"comment":2"#, "/data/rating"),
        (r#""colour":1,"rating":9,"colour":1"#, "/data/colour"),
        (r#""comment":2,"rating":9"#, "/data/comment"),
    ] {
        assert_eq!(judge_text(&door(), text(members)).unwrap_err().pointer.as_deref(), Some(pointer), "{members}");
    }
}

#[test]
fn r4_6_texts_have_1_to_255_characters() {
    for member in ["accountName", "contactId", "channel", "intent"] {
        for (value, good) in [
            (json!("x"), true),
            (json!("é".repeat(255)), true),
            (json!("é".repeat(256)), false),
            (json!(""), false),
            (json!("a\0"), false),
            (json!("line\nbreak"), true),
            (json!(7), false),
            (json!({}), false),
            (json!(null), true),
        ] {
            let result = judge(&event("conversation.created", json!({member: value})));
            assert_eq!(result.is_ok(), good, "{member}: {value}");
        }
    }
    let comment = |length| event("survey.responded", json!({"rating": 1, "comment": "ü".repeat(length)}));
    accepted(&comment(0));
    accepted(&comment(2_000));
    refused(&comment(2_001), "invalid_field", "/data/comment");
    let language = |length| event("message.received", json!({"language": "e".repeat(length)}));
    accepted(&language(35));
    refused(&language(36), "invalid_field", "/data/language");
    refused(&language(0), "invalid_field", "/data/language");
    accepted(&event("message.received", json!({"text": "long ".repeat(100_000)})));
    accepted(&event("message.received", json!({"text": ""})));
    refused(&event("message.received", json!({"text": 5})), "invalid_field", "/data/text");
}

#[test]
fn r4_6_lone_surrogates_are_no_text() {
    let text = event("message.received", json!({"text": "@"})).to_string().replace('@', r"\ud800");
    assert_eq!(judge_text(&door(), text).unwrap_err().pointer.as_deref(), Some("/data/text"));
}

#[test]
fn r4_6_ratings_are_whole_numbers_from_1_to_5() {
    let rated = |raw: &str| {
        judge_text(&door(), event("survey.responded", json!({"rating": 77})).to_string().replace("77", raw))
    };
    for (raw, rating) in [("1", 1), ("5", 5), ("4.0", 4), ("4e0", 4), ("40e-1", 4)] {
        assert_eq!(rated(raw).unwrap().body, Body::SurveyResponded { rating, comment: None }, "{raw}");
    }
    for raw in ["0", "6", "3.5", "\"4\"", "true", "-1", "1e400", "[4]", "{}", "1e99999999999999999999"] {
        let rejected = rated(raw).unwrap_err();
        assert_eq!(
            (rejected.code.name(), rejected.pointer.as_deref()),
            ("invalid_field", Some("/data/rating")),
            "{raw}"
        );
    }
}

#[test]
fn r4_6_imported_scores_have_at_most_two_decimals() {
    let import = |member: &str, raw: &str| {
        let mut data = scored();
        data[member] = json!("@");
        judge_text(&door(), event("conversation.scored", data).to_string().replace("\"@\"", raw)).map(|r| r.body)
    };
    for member in ["outcomeScore", "processScore", "environmentScore"] {
        for raw in ["1", "5", "4.50", "4.5e0", "1.01", "5.00"] {
            assert!(import(member, raw).is_ok(), "{member}: {raw}");
        }
        for raw in ["0.99", "5.01", "1.005", "4.501", "1e400", "\"4\"", "-2", "true"] {
            assert_eq!(import(member, raw).unwrap_err().pointer, Some(format!("/data/{member}")), "{raw}");
        }
    }
    for (member, good, bad) in [
        ("confidence", &["0", "1", "0.85", "1.00"][..], &["1.01", "-0.1", "0.855", "\"1\""][..]),
        ("signalCount", &["0", "65535", "12.0"], &["65536", "-1", "1.5"]),
        ("resolved", &["true", "false"], &["1", "\"true\"", "0", "[]"]),
    ] {
        for raw in good {
            assert!(import(member, raw).is_ok(), "{member}: {raw}");
        }
        for raw in bad {
            assert_eq!(import(member, raw).unwrap_err().pointer, Some(format!("/data/{member}")), "{raw}");
        }
    }
    let Ok(Body::ConversationScored(score)) = import("confidence", "0.85") else { panic!("accepted before") };
    assert_eq!(score.confidence, Hundredths(85));
}

#[test]
fn r4_6_choices_are_exact() {
    for (kind, member, good, bad) in [
        ("message.sent", "sender", &["ai", "human"][..], &["AI", "customer", ""][..]),
        (
            "conversation.status_changed",
            "status",
            &["open", "in_progress", "awaiting_contact", "resolved", "closed", "abandoned"],
            &["Open", "reopened"],
        ),
        ("conversation.resolved", "resolution", &["ai_resolved", "human_resolved", "abandoned"], &["resolved"]),
        ("attention_item.created", "attentionType", &["validation_failed", "human_requested", "escalation"], &["x"]),
    ] {
        good.iter().for_each(|name| drop(accepted(&event(kind, json!({member: name})))));
        bad.iter()
            .for_each(|name| refused(&event(kind, json!({member: name})), "invalid_field", &format!("/data/{member}")));
        refused(&event(kind, json!({member: 1})), "invalid_field", &format!("/data/{member}"));
    }
}

fn observed(door: &Door, data: Value) -> Result<(ObservedSignal, u16), RejectedEvent> {
    match judge_text(door, event("signal.observed", data).to_string())?.body {
        Body::SignalObserved { signal, value } => Ok((signal, value)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn r4_6_values_are_rounded_half_up_to_their_grain() {
    for (value, quantum) in [
        (json!(0), 0),
        (json!(1), 65_535),
        (json!(1.0), 65_535),
        (json!(0.1), 6_554),
        (json!(0.3), 19_661),
        (json!(-0.0), 0),
    ] {
        assert_eq!(observed(&door(), json!({"signal": "praise", "value": value})).unwrap().1, quantum, "{value}");
    }
    for value in [json!(1.0001), json!(-0.1), json!("1"), json!(true), json!(1e300)] {
        refused(&event("signal.observed", json!({"signal": "praise", "value": value})), "invalid_field", "/data/value");
    }
}

#[test]
fn r4_6_a_catalogue_signal_takes_no_description() {
    for (member, value) in [("dimension", json!("outcome")), ("weight", json!(1))] {
        let data = json!({"signal": "praise", "value": 1, member: value});
        refused(&event("signal.observed", data), "invalid_field", &format!("/data/{member}"));
    }
}

#[test]
fn r4_6_an_own_signal_is_declared_or_described() {
    let (workspace, server) = (
        SignalWeight { weight: 2.0, loadings: [0.5, 0.5, 0.0] },
        SignalWeight { weight: 3.0, loadings: [0.0, 0.5, 0.5] },
    );
    let door = door_with(|options| {
        options.own_signals.server.insert("tone".into(), server);
        options.own_signals.server.insert("wit".into(), server);
        options.own_signals.workspaces.entry(WORKSPACE.id).or_default().insert("tone".into(), workspace);
        options.own_signals.workspaces.entry(Id(1)).or_default().insert("other".into(), workspace);
    });
    let own = |name: &str, weight, loadings| ObservedSignal::Own(OwnSignal { name: name.into(), weight, loadings });
    for (data, expected) in [
        (json!({"signal": "tone"}), own("tone", 2.0, [0.5, 0.5, 0.0])),
        (json!({"signal": "wit"}), own("wit", 3.0, [0.0, 0.5, 0.5])),
        (json!({"signal": "tone", "weight": 10}), own("tone", 10.0, [0.5, 0.5, 0.0])),
        (json!({"signal": "tone", "dimension": "environment"}), own("tone", 2.0, [0.0, 0.0, 1.0])),
        (json!({"signal": "new", "dimension": "process", "weight": 0}), own("new", 0.0, [0.0, 1.0, 0.0])),
    ] {
        let mut data = data;
        data["value"] = json!(1);
        assert_eq!(observed(&door, data.clone()).unwrap().0, expected, "{data}");
    }
    for (data, code, pointer) in [
        (json!({"signal": "other", "value": 1, "dimension": "outcome"}), "missing_field", "/data/weight"),
        (json!({"signal": "other", "value": 1, "weight": 1}), "missing_field", "/data/dimension"),
        (json!({"signal": "x", "value": 1, "weight": 10.1, "dimension": "outcome"}), "invalid_field", "/data/weight"),
        (json!({"signal": "x", "value": 1, "weight": 1, "dimension": "mood"}), "invalid_field", "/data/dimension"),
    ] {
        let rejected = observed(&door, data.clone()).unwrap_err();
        assert_eq!((rejected.code.name(), rejected.pointer.as_deref()), (code, Some(pointer)), "{data}");
    }
}

#[test]
fn r4_6_an_account_names_at_most_1000_contacts() {
    let update = |contacts: Value| event("account.updated", json!({"accountId": ACCOUNT, "contactIds": contacts}));
    accepted(&update(json!([])));
    accepted(&update(Value::Array(vec![json!("c"); 1_000])));
    refused(&update(Value::Array(vec![json!("c"); 1_001])), "invalid_field", "/data/contactIds");
    refused(&update(json!("c")), "invalid_field", "/data/contactIds");
    refused(&update(json!(["c", 5])), "invalid_field", "/data/contactIds/1");
    refused(&update(json!(["", "c"])), "invalid_field", "/data/contactIds/0");
}

#[test]
fn r2_2_ids_are_hyphenated_uuids_bare_or_with_their_prefix() {
    for id in [CONVERSATION.to_owned(), CONVERSATION.to_uppercase(), format!("conv_{CONVERSATION}")] {
        let record = accepted(&event("conversation.created", json!({"conversationId": id})));
        assert_eq!(record.conversation, Some(conversation()));
    }
    for id in [json!(format!("acc_{CONVERSATION}")), json!(CONVERSATION.replace('-', "")), json!(""), json!(5)] {
        refused(&event("conversation.created", json!({"conversationId": id})), "invalid_field", "/data/conversationId");
    }
}
