//! `…/conversations` of a workspace (R6.6).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::accounts::{account_id, members, paged, scored, seconds, whole};
use crate::support::world::{WORKSPACE, World, at, conversation_id, event};

async fn list(world: &World, query: &str) -> Vec<Value> {
    paged(world, &at(&format!("conversations?limit=100{query}")), async |_| {}).await
}

/// Six conversations, a minute apart; the last two in the same millisecond, one of them reopened, in a channel.
async fn story(world: &World) {
    for (n, score) in [(0, 4.5), (1, 1.5), (2, 3.0), (3, 2.5)] {
        world.send(WORKSPACE, &world.key, &[scored(n, n % 2, score, 0)]).await;
        world.server.clock.advance(60_000);
    }
    let of = |kind: &str, more: Value| {
        let mut data = json!({"conversationId": conversation_id(4), "channel": "email", "intent": "refund"});
        data.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        event(&format!("{kind}-{more}"), kind, data)
    };
    let events = [
        of("message.received", json!({"text": "Where is my order, Quillfeather?"})),
        of("conversation.status_changed", json!({"status": "closed"})),
        of("conversation.status_changed", json!({"status": "open"})),
        of("conversation.status_changed", json!({"status": "resolved"})),
        scored(5, 0, 4.0, 0),
    ];
    world.send(WORKSPACE, &world.key, &events).await;
}

fn numbers(rows: &[Value]) -> Vec<u32> {
    let number = |id: String| id.rsplit('-').next().and_then(|digits| digits.parse().ok()).expect("a number");
    members(rows, "conversationId").into_iter().map(number).collect()
}

#[tokio::test]
async fn r6_6_the_newest_conversations_come_first_with_their_scores() {
    let world = World::start().await;
    assert_eq!(world.server.get(&at("conversations"), &world.key).await.expect(200), json!({"data": []}));
    story(&world).await;
    let rows = list(&world, "").await;
    assert_eq!(numbers(&rows), [5, 4, 3, 2, 1, 0]);
    for row in &rows {
        let path = format!("/api/conversations/{}/quality", row["conversationId"].as_str().expect("an id"));
        let score = world.server.get(&path, &world.key).await.expect(200);
        let (row, score) = (row.as_object().expect("an object"), score.as_object().expect("an object").clone());
        assert!(row.len() == score.len() + 6 && score.iter().all(|(name, value)| row[name] == *value));
    }
    let more =
        |row: &Value| ["accountId", "resolved", "low", "modelVersion", "overridden"].map(|member| row[member].clone());
    let names: Vec<_> = rows.iter().map(|row| row["accountName"].clone()).collect();
    let expected = ["Customer 0", "", "Customer 1", "Customer 0", "Customer 1", "Customer 0"];
    assert_eq!(names, expected.map(|name| if name.is_empty() { Value::Null } else { json!(name) }));
    assert_eq!(more(&rows[5])[..3], [json!(account_id(0)), json!(true), json!(false)]);
    assert_eq!(more(&rows[4])[..3], [json!(account_id(1)), json!(false), json!(true)]);
    assert_eq!(more(&rows[1]), [Value::Null, json!(true), json!(false), json!("support-2"), json!(false)]);
    let said = json!({"outcomeScore": 1.2, "processScore": 1.2, "environmentScore": 1.2, "reason": "No."});
    let path = format!("/api/conversations/{}/quality/override", conversation_id(4));
    world.server.post(&path, &world.key, &said).await.expect(200);
    let row = &list(&world, "").await[1];
    assert_eq!((&row["overridden"], &row["low"], &row["compositeScore"]), (&json!(true), &json!(true), &json!(1.2)));
}

#[tokio::test]
async fn r6_6_conversations_are_sorted_and_filtered() {
    let world = World::start().await;
    story(&world).await;
    let four = list(&world, "").await[1]["compositeScore"].as_f64().expect("a score");
    assert!(four > 3.0 && four < 4.0, "{four}: the order below");
    let cases: [(&str, &[u32]); 20] = [
        ("&order=asc", &[0, 1, 2, 3, 4, 5]),
        ("&sort=composite", &[1, 3, 2, 4, 5, 0]),
        ("&sort=composite&order=desc", &[0, 5, 4, 2, 3, 1]),
        ("&low=true", &[3, 1]),
        ("&low=false&sort=composite", &[2, 4, 5, 0]),
        ("&resolved=true", &[5, 4, 0]),
        ("&resolved=false&order=asc", &[1, 2, 3]),
        ("&reopened=true", &[4]),
        ("&reopened=false&low=true", &[3, 1]),
        ("&minScore=3", &[5, 4, 2, 0]),
        ("&minScore=2.5&maxScore=3.00", &[3, 2]),
        ("&minConfidence=0.51&maxScore=4", &[]),
        ("&minConfidence=0.5&low=true", &[3, 1]),
        ("&channel=email", &[4]),
        ("&channel=email&intent=praise", &[]),
        ("&intent=refund", &[4]),
        ("&modelVersion=task-1", &[]),
        ("&modelVersion=support-2&order=asc&low=true", &[1, 3]),
        ("&from=2026-03-25T10:01:00Z&to=2026-03-25T10:03:00Z", &[3, 2, 1]),
        ("&sort=composite&from=2026-03-25T10:04:00Z", &[4, 5]),
    ];
    for (query, expected) in cases {
        assert_eq!(numbers(&list(&world, query).await), expected, "{query}");
        let small = paged(&world, &at(&format!("conversations?limit=1{query}")), async |_| {}).await;
        assert_eq!(numbers(&small), expected, "{query}, one a page");
    }
    let faults: [(&str, &[&str]); 5] = [
        ("low=yes&resolved=&reopened=TRUE", &["/low", "/reopened", "/resolved"]),
        ("minScore=0.5&maxScore=5.01&minConfidence=1.5", &["/maxScore", "/minConfidence", "/minScore"]),
        ("minScore=4&maxScore=3", &["/minScore"]),
        ("sort=account&order=up&from=2026-03-26&to=2026-03-25", &["/from", "/order", "/sort"]),
        ("channel=&accountId=x&limit=101", &["/accountId", "/channel", "/limit"]),
    ];
    for (query, pointers) in faults {
        let reply = world.server.get(&at(&format!("conversations?{query}")), &world.key).await;
        let mut found = reply.fails(400, "invalid_request").pointers();
        found.sort();
        assert_eq!(found, pointers, "{query}");
    }
}

#[tokio::test]
async fn r6_6_every_conversation_is_shown_once_whatever_is_written_between_pages() {
    let world = World::start().await;
    let count = 90;
    for n in 0..count {
        world.send(WORKSPACE, &world.key, &[scored(n, n % 7, 2.0 + f64::from(n % 25) / 10.0, 0)]).await;
        world.server.clock.advance(10);
    }
    let of_account = format!("/api/accounts/{}/conversations?limit=4", account_id(3));
    for (path, expected) in [
        (at("conversations?limit=20"), None),
        (at("conversations?limit=20&order=asc"), None),
        (at("conversations?limit=20&sort=composite"), None),
        (at("conversations?limit=20&sort=composite&order=desc"), None),
        (of_account.clone(), Some(3)),
        (of_account + "&sort=composite", Some(3)),
    ] {
        let rows = paged(&world, &path, async |_| {
            world.server.clock.advance(1_000);
            let again = seconds(&world);
            // Each is scored again now, some better and some worse; others come.
            let events: Vec<_> = (0..count)
                .map(|n| scored(n, n % 7, if (n + again).is_multiple_of(2) { 1.1 } else { 4.9 }, again))
                .chain([scored(1_000 + again, 3, 1.0, again)])
                .collect();
            world.send(WORKSPACE, &world.key, &events).await;
        })
        .await;
        let found = numbers(&rows);
        let different: BTreeSet<_> = found.iter().copied().collect();
        assert_eq!(different.len(), found.len(), "{path}: none twice");
        let mut wanted = (0..count).filter(|n| expected.is_none_or(|account| n % 7 == account));
        assert!(wanted.all(|n| different.contains(&n)), "{path}: none left out");
    }
}

#[tokio::test]
async fn r6_6_a_cursor_goes_on_behind_its_row_when_the_walk_is_gone() {
    let world = World::start().await;
    story(&world).await;
    let mut waiting = Vec::new();
    for query in ["", "&order=asc", "&sort=composite", "&sort=composite&order=desc"] {
        let first = world.server.get(&at(&format!("conversations?limit=2{query}")), &world.key).await.expect(200);
        let cursor = first["nextCursor"].as_str().expect("there is more");
        let path = at(&format!("conversations?limit=3{query}&cursor={cursor}"));
        let second = world.server.get(&path, &world.key).await.expect(200);
        assert_eq!(second["data"].as_array().map(Vec::len), Some(3));
        waiting.push((path, second["data"].clone()));
    }
    let world = world.restarted().await;
    for (path, expected) in waiting {
        assert_eq!(world.server.get(&path, &world.key).await.expect(200)["data"], expected, "{path}");
    }
}

#[tokio::test]
async fn r6_6_all_conversations_as_a_table_and_as_lines() {
    let world = World::start().await;
    story(&world).await;
    let path = at("conversations?low=true");
    let table = whole(&world, &path, "text/csv").await;
    let lines: Vec<_> = table.split("\r\n").collect();
    let header = "conversationId,accountId,accountName,scoredAt,compositeScore,outcomeScore,processScore,environmentScore,\
                  resolved,low,confidence,disconfirmation,signalCount,modelVersion,overridden";
    assert_eq!((lines[0], lines.len(), lines[3]), (header, 4, ""));
    let begins = format!(
        "{},{},Customer 1,2026-03-25T10:03:00.000Z,2.5,2.5,2.5,2.5,false,true,",
        conversation_id(3),
        account_id(1)
    );
    assert!(lines[1].starts_with(&begins) && lines[1].ends_with(",3,support-2,false"), "{}", lines[1]);
    let text = whole(&world, &path, "application/x-ndjson").await;
    let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(rows, list(&world, "&low=true").await);
    // More than one part, and nothing but the header.
    let events: Vec<_> = (100..700).map(|n| scored(n, 5, 4.0, 0)).collect();
    for part in events.chunks(100) {
        world.send(WORKSPACE, &world.key, part).await;
    }
    assert_eq!(whole(&world, &at("conversations"), "text/csv").await.lines().count(), 607);
    assert_eq!(whole(&world, &at("conversations?to=2020-01-01"), "text/csv").await.lines().count(), 1);
    assert_eq!(whole(&world, &at("conversations?to=2020-01-01"), "application/x-ndjson").await, "");
}

#[tokio::test]
async fn r6_6_a_row_has_the_present_name_of_its_account() {
    let world = World::start().await;
    world.send(WORKSPACE, &world.key, &[scored(1, 1, 2.0, 0)]).await;
    let data = json!({"accountId": account_id(1), "accountName": "=Nordic, \"Parts\""});
    world.send(WORKSPACE, &world.key, &[event("renamed", "account.updated", data)]).await;
    for query in ["", "&sort=composite"] {
        assert_eq!(members(&list(&world, query).await, "accountName"), ["=Nordic, \"Parts\""]);
    }
    let table = whole(&world, &at("conversations"), "text/csv").await;
    assert!(table.contains(",\"'=Nordic, \"\"Parts\"\"\","), "{table}");
}

#[tokio::test]
async fn r4_10_an_erased_conversation_is_in_no_list() {
    let world = World::start().await;
    story(&world).await;
    let admin = world.admin_key().await;
    let path = at(&format!("conversations/{}", conversation_id(3)));
    world.server.ask(reqwest::Method::DELETE, &path, &admin).send().await.expect(200);
    assert_eq!(numbers(&list(&world, "").await), [5, 4, 2, 1, 0]);
    assert_eq!(numbers(&list(&world, "&sort=composite").await), [1, 2, 4, 5, 0]);
}
