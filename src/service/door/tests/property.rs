//! Whatever comes in: no panic, one fate for every event, and equal contents hash equally.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::super::EventHeader;
use super::*;

const CONTENT_TYPES: [&str; 4] =
    ["application/json", "application/cloudevents+json", "application/cloudevents-batch+json", "application/x-ndjson"];

/// Every index of the request stands in exactly one of the two lists.
fn check(batch: &Batch) {
    let mut indices: Vec<_> = batch.indices().collect();
    assert_eq!(indices.len(), batch.events.len());
    indices.extend(batch.rejected.iter().map(|rejected| rejected.index));
    indices.sort_unstable();
    assert_eq!(indices, (0..batch.len()).collect::<Vec<_>>());
}

fn read_all(body: &[u8]) {
    let door = door();
    for content_type in CONTENT_TYPES {
        for encoding in [None, Some("gzip"), Some("zstd")] {
            let context = DoorContext { content_encoding: encoding, ..context(content_type) };
            let specversion = [EventHeader { name: "specversion".into(), value: body.into() }];
            for headers in [&[][..], &specversion] {
                if let Ok(batch) = door.read(&DoorContext { headers, ..context }, Bytes::copy_from_slice(body)) {
                    check(&batch);
                }
            }
        }
    }
}

fn sample() -> String {
    let events = [
        event("message.received", json!({"text": "Thanks, \u{e9}t\u{e9}!", "language": "en", "channel": "chat"})),
        event("survey.responded", json!({"rating": 4, "comment": "a \"quoted\" one"})),
        event("conversation.scored", scored()),
        event("signal.observed", json!({"signal": "tone", "value": 0.25, "dimension": "process", "weight": 2})),
        event("account.updated", json!({"accountId": ACCOUNT, "contactIds": ["a", "b"]})),
    ];
    Value::Array(events.to_vec()).to_string()
}

/// Bits of JSON to put in the wrong place.
const SHARDS: [&str; 14] =
    ["{", "}", "[", "]", ",", ":", "\"", "\\", "null", "1e400", "-", "\\ud800", "\n", "\"id\":\"x\","];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn r4_3_arbitrary_bytes_never_panic(body in vec(any::<u8>(), 0..400)) {
        read_all(&body);
    }

    #[test]
    fn r4_3_mutilated_json_never_panics(cuts in vec((any::<Index>(), 0_usize..6, select(&SHARDS[..])), 1..5)) {
        let mut body = sample().into_bytes();
        for (at, removed, shard) in cuts {
            let at = at.index(body.len());
            let end = (at + removed).min(body.len());
            body.splice(at..end, shard.bytes());
        }
        read_all(&body);
    }

    #[test]
    fn r4_1_an_event_fares_the_same_alone_and_in_an_array(
        which in 0_usize..5,
        cuts in vec((any::<Index>(), 0_usize..3, select(&SHARDS[..])), 0..3),
    ) {
        let samples: Vec<Value> = serde_json::from_str(&sample()).unwrap();
        let mut text = samples[which].to_string();
        for (at, removed, shard) in cuts {
            let at = text.floor_char_boundary(at.index(text.len()));
            let end = text.floor_char_boundary((at + removed).min(text.len()));
            text.replace_range(at..end, shard);
        }
        let (alone, listed) = (read("application/cloudevents+json", text.clone()), read("application/json", format!("[{text}]")));
        if let Ok(alone) = alone {
            let listed = listed.unwrap();
            prop_assert_eq!(&alone.events, &listed.events);
            // Where something is no JSON is counted from the beginning of the event in both.
            prop_assert_eq!(&alone.rejected, &listed.rejected);
            prop_assert_eq!(alone.id(0), listed.id(0));
        }
    }

    #[test]
    fn r4_4_the_way_of_writing_does_not_change_the_content(
        hundredths in 100_u16..=500,
        padding in 0_usize..4,
        shift in 0_usize..3,
        upper in any::<bool>(),
        prefixed in any::<bool>(),
        defaults in any::<bool>(),
        turn in 0_usize..6,
        escape in any::<bool>(),
    ) {
        let plain = event("conversation.scored", json!({
            "outcomeScore": f64::from(hundredths) / 100.0, "processScore": 3, "environmentScore": 1.25,
            "resolved": false, "channel": "mail",
        }));
        let mut id = CONVERSATION.to_owned();
        if upper { id.make_ascii_uppercase(); }
        if prefixed { id.insert_str(0, "conv_"); }
        let digits = format!("{:0>3}", u32::from(hundredths) * 10_u32.pow(shift as u32));
        let (whole, decimals) = digits.split_at(digits.len() - 2);
        let mut members = vec![
            format!(r#""conversationId": "{id}""#),
            format!(r#""outcomeScore":{whole}.{decimals}{}e-{shift}"#, "0".repeat(padding)),
            r#""processScore":3.00"#.to_owned(),
            r#""environmentScore":125E-2"#.to_owned(),
            r#""resolved" : false"#.to_owned(),
            if escape { r#""ch\u0061nnel":"m\u0061il""# } else { r#""channel":"mail""# }.to_owned(),
        ];
        if defaults {
            members.extend([r#""confidence":1.0"#, r#""signalCount":0e3"#, r#""intent":null"#].map(str::to_owned));
        }
        members.rotate_left(turn);
        let text = format!(
            r#"{{"data": {{{}}}, "type":"conversation.scored","source":"\/test","id":"e1","specversion":"1.0"}}"#,
            members.join(" , ")
        );
        prop_assert_eq!(judge_text(&door(), text).unwrap(), accepted(&plain));
    }
}
