//! `…/accounts` (R6.6).

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use tripswitch::clock::Clock;

use crate::support::NOW;
use crate::support::world::{ACCOUNT, WORKSPACE, World, at, conversation_id, event};

pub fn account_id(n: u32) -> String {
    format!("acacacac-acac-4cac-8cac-{n:012}")
}

/// An imported score of a conversation of an account; `again` tells one of the same conversation from another.
pub fn scored(n: u32, account: u32, score: f64, again: u32) -> Value {
    let data = json!({"conversationId": conversation_id(n), "accountId": account_id(account), "resolved": score > 3.0,
        "accountName": format!("Customer {account}"), "outcomeScore": score, "processScore": score,
        "environmentScore": score, "confidence": 0.5, "signalCount": 3});
    event(&format!("scored-{n}-{again}"), "conversation.scored", data)
}

/// A list page by page; `between` is called with the number of each page before the next one is asked for.
pub async fn paged(world: &World, path: &str, between: impl AsyncFn(usize)) -> Vec<Value> {
    let (mut all, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let body = world.server.get(&format!("{path}{cursor}"), &world.key).await.expect(200);
        let data = body["data"].as_array().expect("a list");
        all.extend(data.iter().cloned());
        match body["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
        between(pages).await;
        pages += 1;
    }
}

/// Since the world began.
pub fn seconds(world: &World) -> u32 {
    u32::try_from((world.server.clock.now() - NOW) / 1_000).expect("a short time")
}

pub fn members(rows: &[Value], member: &str) -> Vec<String> {
    rows.iter().map(|row| row[member].as_str().expect("a text").to_owned()).collect()
}

/// All rows in another form than JSON.
pub async fn whole(world: &World, path: &str, accept: &str) -> String {
    let reply = world.server.ask(Method::GET, path, &world.key).header("accept", accept).send().await;
    assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, accept), "{}", reply.text);
    assert!(reply.header("content-disposition").starts_with("attachment; filename=\""));
    assert_eq!(reply.header("vary"), "accept");
    reply.text
}

async fn list(world: &World, query: &str) -> Vec<Value> {
    paged(world, &at(&format!("accounts?limit=100{query}")), async |_| {}).await
}

/// Six accounts: good, without a name, medium, low composite, with a breaker, never scored.
async fn story(world: &World) {
    let mut events = Vec::new();
    for (account, scores) in [(0, [4.5; 3]), (1, [4.0; 3]), (2, [3.4; 3]), (3, [4.0, 2.0, 2.5])] {
        let of = |(n, score): (usize, f64)| scored(10 * account + n as u32, account, score, 0);
        events.extend(scores.into_iter().enumerate().map(of));
    }
    let data = json!({"conversationId": conversation_id(90), "accountId": account_id(5)});
    events.push(event("created", "conversation.created", data));
    world.send(WORKSPACE, &world.key, &events).await;
    world.server.clock.advance(60_000);
    let lows: Vec<_> = (40..43).map(|n| scored(n, 4, 1.5, 0)).collect();
    world.send(WORKSPACE, &world.key, &lows).await;
}

#[tokio::test]
async fn r6_6_the_riskiest_accounts_come_first_with_their_health() {
    let world = World::start().await;
    assert_eq!(world.server.get(&at("accounts"), &world.key).await.expect(200), json!({"data": []}));
    story(&world).await;
    let rows = list(&world, "").await;
    let order = [4, 3, 2, 1, 0, 5].map(account_id);
    assert_eq!(members(&rows, "accountId"), order);
    assert_eq!(members(&rows, "churnRisk"), ["critical", "high", "medium", "low", "low", "low"]);
    for row in &rows {
        let path = format!("/api/accounts/{}/quality", row["accountId"].as_str().expect("an id"));
        let health = world.server.get(&path, &world.key).await.expect(200);
        let (row, health) = (row.as_object().expect("an object"), health.as_object().expect("an object").clone());
        assert!(row.len() == health.len() + 3 && health.iter().all(|(name, value)| row[name] == *value));
    }
    let breakers = world.server.get(&at("quality/circuit-breakers"), &world.key).await.expect(200);
    let more =
        |at: usize| (rows[at]["name"].clone(), rows[at]["lastScoredAt"].clone(), rows[at]["activeBreakerId"].clone());
    let scored_at = |minute: u32| json!(format!("2026-03-25T10:0{minute}:00.000Z"));
    assert_eq!(more(0), (json!("Customer 4"), scored_at(1), breakers["items"][0]["id"].clone()));
    assert_eq!(more(1), (json!("Customer 3"), scored_at(0), Value::Null));
    assert_eq!(more(5), (Value::Null, Value::Null, Value::Null));
}

#[tokio::test]
async fn r6_6_accounts_are_sorted_and_filtered() {
    let world = World::start().await;
    story(&world).await;
    let cases: [(&str, &[u32]); 12] = [
        ("&sort=composite", &[4, 3, 2, 1, 0, 5]),
        ("&sort=name", &[0, 1, 2, 3, 4, 5]),
        ("&sort=lastScoredAt", &[4, 0, 1, 2, 3, 5]),
        ("&sort=churnRisk", &[4, 3, 2, 1, 0, 5]),
        ("&risk=high", &[3]),
        ("&risk=medium,critical", &[4, 2]),
        ("&paused=true", &[4]),
        ("&paused=false&risk=low&sort=name", &[0, 1, 5]),
        ("&q=CUSTOMER", &[4, 3, 2, 1, 0]),
        ("&q=omer+1", &[1]),
        ("&q=nobody", &[]),
        ("&q=customer&risk=critical&paused=true&sort=composite", &[4]),
    ];
    for (query, expected) in cases {
        let expected: Vec<_> = expected.iter().copied().map(account_id).collect();
        assert_eq!(members(&list(&world, query).await, "accountId"), expected, "{query}");
        let small = paged(&world, &at(&format!("accounts?limit=1{query}")), async |_| {}).await;
        assert_eq!(members(&small, "accountId"), expected, "{query}, one a page");
    }
    let faults: [(&str, &[&str]); 6] = [
        ("sort=risk&risk=worst,high&paused=1&q=", &["/sort", "/risk", "/paused", "/q"]),
        ("risk=", &["/risk"]),
        ("limit=0&cursor=x", &["/limit", "/cursor"]),
        ("order=asc", &["/order"]),
        ("q=a&q=b", &["/q"]),
        ("sort=", &["/sort"]),
    ];
    for (query, pointers) in faults {
        let reply = world.server.get(&at(&format!("accounts?{query}")), &world.key).await;
        let mut found = reply.fails(400, "invalid_request").pointers();
        let mut expected = pointers.to_vec();
        found.sort();
        expected.sort_unstable();
        assert_eq!(found, expected, "{query}");
    }
}

#[tokio::test]
async fn r6_6_every_account_is_shown_once_whatever_is_written_between_pages() {
    let world = World::start().await;
    let accounts = 300;
    for first in (0..accounts).step_by(100) {
        let events: Vec<_> = (first..first + 100).map(|n| scored(n, n, 2.0 + f64::from(n % 30) / 10.0, 0)).collect();
        world.send(WORKSPACE, &world.key, &events).await;
    }
    for query in ["", "&sort=lastScoredAt", "&sort=composite", "&sort=name"] {
        let path = at(&format!("accounts?limit=40{query}"));
        // Those at the end become the worst, and those at the begin the best; others come.
        let rows = paged(&world, &path, async |page| {
            world.server.clock.advance(1_000);
            let page = page as u32;
            let again = seconds(&world);
            let events: Vec<_> = (0..40)
                .map(|n| scored(40 * page + n, 40 * page + n, if n % 2 == 0 { 1.1 } else { 4.9 }, again))
                .chain([scored(1_000 + again, 1_000 + again, 1.0, again)])
                .collect();
            world.send(WORKSPACE, &world.key, &events).await;
        })
        .await;
        let ids = members(&rows, "accountId");
        let different: BTreeSet<_> = ids.iter().collect();
        assert_eq!(different.len(), ids.len(), "{query}: none twice");
        assert!((0..accounts).all(|n| different.contains(&account_id(n))), "{query}: none left out");
    }
}

#[tokio::test]
async fn r6_6_a_cursor_is_of_its_query_and_outlives_the_walk() {
    let world = World::start().await;
    story(&world).await;
    let first = world.server.get(&at("accounts?limit=2"), &world.key).await.expect(200);
    let cursor = first["nextCursor"].as_str().expect("there is more").to_owned();
    for query in ["sort=name", "risk=low", "paused=false"] {
        let reply = world.server.get(&at(&format!("accounts?{query}&cursor={cursor}")), &world.key).await;
        assert_eq!(reply.fails(400, "invalid_request").pointers(), ["/cursor"], "{query}");
    }
    let reply = world.server.get(&at(&format!("conversations?cursor={cursor}")), &world.key).await;
    assert_eq!(reply.fails(400, "invalid_request").pointers(), ["/cursor"]);
    let path = at(&format!("accounts?limit=3&cursor={cursor}"));
    let second = world.server.get(&path, &world.key).await.expect(200);
    assert_eq!(members(second["data"].as_array().expect("a list"), "accountId"), [2, 1, 0].map(account_id));
    let world = world.restarted().await;
    let after = world.server.get(&path, &world.key).await.expect(200);
    assert_eq!(after["data"], second["data"], "it goes on behind the row, in the order of now");
}

#[tokio::test]
async fn r6_6_all_accounts_as_a_table_and_as_lines() {
    let world = World::start().await;
    story(&world).await;
    let formula = json!({"conversationId": conversation_id(91), "accountId": ACCOUNT, "accountName": "=cmd, \"x\""});
    world.send(WORKSPACE, &world.key, &[event("named", "conversation.created", formula)]).await;
    let path = at("accounts?sort=name");
    let table = whole(&world, &path, "text/csv").await;
    let lines: Vec<_> = table.split("\r\n").collect();
    let header = "accountId,name,churnRisk,rollingComposite,rollingOutcome,rollingProcess,rollingEnvironment,\
                  resolutionRate,conversationCount,consecutiveLow,trend,lastScoredAt,activeBreakerId";
    assert_eq!((lines[0], lines.len()), (header, 9));
    assert_eq!(lines[1], format!("{ACCOUNT},\"'=cmd, \"\"x\"\"\",low,,,,,,0,0,stable,,"));
    let expected = format!("{},Customer 0,low,4.5,4.5,4.5,4.5,1,3,0,stable,2026-03-25T10:00:00.000Z,", account_id(0));
    assert_eq!((lines[2], lines[8]), (expected.as_str(), ""));
    let text = whole(&world, &path, "application/x-ndjson").await;
    let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(rows, paged(&world, &at("accounts?sort=name&limit=2"), async |_| {}).await);
    for (query, pointers) in [("limit=3", &["/limit"][..]), ("limit=3&cursor=x&y=1", &["/y", "/limit", "/cursor"])] {
        let ask = world.server.ask(Method::GET, &at(&format!("accounts?{query}")), &world.key);
        let reply = ask.header("accept", "text/csv").send().await;
        assert_eq!(reply.fails(400, "invalid_request").pointers(), pointers);
    }
}
