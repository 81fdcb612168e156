//! `…/quality/circuit-breakers/history` (R7.5).

use reqwest::Method;
use serde_json::{Value, json};

use super::accounts::whole;
use crate::support::world::{ACCOUNT, WORKSPACE, World, at, conversation_id, event};

/// Pages of this size up to the last; what is fewer than that has another page behind it, or is the last.
async fn paged(world: &World, limit: usize, query: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = at(&format!("quality/circuit-breakers/history?limit={limit}{query}{cursor}"));
        let body = world.server.get(&path, &world.key).await.expect(200);
        let data = body["data"].as_array().expect("a list");
        assert!(data.len() <= limit);
        all.extend(data.iter().cloned());
        match body["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

async fn post(world: &World, path: &str, body: Value, status: u16) -> Value {
    world.server.post(&at(&format!("quality/circuit-breakers{path}")), &world.key, &body).await.expect(status)
}

async fn trip(world: &World, scope: &str) -> String {
    let breaker = post(world, "", json!({"scopeKey": scope, "reason": "They called."}), 201).await;
    breaker["id"].as_str().expect("an id").to_owned()
}

/// Four breakers, a minute apart: one resolved, one acknowledged, two of which nobody has taken care. The account gets its
/// name when it is paused already.
async fn story(world: &World) -> [String; 4] {
    let resolved = world.trip().await;
    let named = json!({"accountId": ACCOUNT, "accountName": "Nordic Parts ApS"});
    world.send(WORKSPACE, &world.key, &[event("named", "account.updated", named)]).await;
    let step = async |id: &str, verb| post(world, &format!("/{id}/{verb}"), json!({}), 200).await;
    let next = || world.server.clock.advance(60_000);
    next();
    let acknowledged = trip(world, "channel:email").await;
    step(&resolved, "acknowledge").await;
    next();
    step(&resolved, "resolve").await;
    let second = trip(world, &format!("account:{ACCOUNT}")).await;
    next();
    step(&acknowledged, "acknowledge").await;
    [resolved, acknowledged, second, trip(world, "intent:refund").await]
}

fn ids(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["id"].as_str().expect("an id")).collect()
}

#[tokio::test]
async fn r7_5_all_breakers_the_newest_first_with_how_long_people_took() {
    let world = World::start().await;
    let empty = world.server.get(&at("quality/circuit-breakers/history"), &world.key).await.expect(200);
    assert_eq!(empty, json!({"data": []}));
    let story = story(&world).await;
    let rows = paged(&world, 50, "").await;
    let newest: Vec<_> = story.iter().rev().map(String::as_str).collect();
    assert_eq!(ids(&rows), newest);
    let times = |row: &Value| (row["secondsToAcknowledge"].clone(), row["secondsToResolve"].clone());
    assert_eq!(times(&rows[3]), (json!(60), json!(120)));
    assert_eq!(times(&rows[2]), (json!(120), Value::Null));
    assert_eq!(times(&rows[1]), (Value::Null, Value::Null));
    let of = |member: &str| rows.iter().map(|row| row[member].clone()).collect::<Vec<_>>();
    assert_eq!(of("state"), ["triggered", "triggered", "acknowledged", "resolved"]);
    assert_eq!(of("trigger"), ["manual", "manual", "manual", "automatic"]);
    let name = json!("Nordic Parts ApS");
    assert_eq!(of("accountName"), [Value::Null, name.clone(), Value::Null, name], "of scopes that are an account");
    for (id, row) in newest.iter().zip(&rows) {
        let detail = world.server.get(&at(&format!("quality/circuit-breakers/{id}")), &world.key).await.expect(200);
        let members = row.as_object().expect("an object").iter();
        let common = members.filter(|(name, _)| !name.starts_with("seconds"));
        assert!(common.clone().count() == 10 && common.clone().all(|(name, value)| detail[name] == *value));
    }
}

#[tokio::test]
async fn r7_5_breakers_are_filtered_by_state_scope_and_time() {
    let world = World::start().await;
    let [resolved, acknowledged, second, newest] = &story(&world).await;
    let account = format!("&scopeKey=account:{ACCOUNT}");
    let cases: [(&str, &[&String]); 11] = [
        ("&state=resolved", &[resolved]),
        ("&state=acknowledged", &[acknowledged]),
        ("&state=triggered", &[newest, second]),
        ("&scopeKey=channel:email", &[acknowledged]),
        ("&scopeKey=intent%3Arefund&state=resolved", &[]),
        (&account, &[second, resolved]),
        (&(account.clone() + "&state=resolved"), &[resolved]),
        ("&scopeKey=account:ext:nobody", &[]),
        ("&from=2026-03-25T10:01:00Z&to=2026-03-25T10:02:00Z", &[second, acknowledged]),
        ("&to=2026-03-25T10:00:59.999Z", &[resolved]),
        ("&from=2026-03-26", &[]),
    ];
    for (query, expected) in cases {
        for limit in [1, 100] {
            let rows = paged(&world, limit, query).await;
            assert_eq!(ids(&rows), expected.iter().map(|id| id.as_str()).collect::<Vec<_>>(), "{query}");
        }
    }
}

#[tokio::test]
async fn r2_6_pages_of_any_size_have_every_breaker_once_whatever_trips_in_between() {
    let world = World::start().await;
    for n in 0..7 {
        trip(&world, &format!("channel:{n}")).await;
    }
    let whole = paged(&world, 100, "").await;
    assert_eq!(whole.len(), 7);
    for limit in [1, 2, 3, 6, 7, 8] {
        assert_eq!(paged(&world, limit, "").await, whole, "{limit} a page");
    }
    let first = world.server.get(&at("quality/circuit-breakers/history?limit=4"), &world.key).await.expect(200);
    trip(&world, "channel:later").await;
    let cursor = first["nextCursor"].as_str().expect("there is more");
    let path = at(&format!("quality/circuit-breakers/history?cursor={cursor}"));
    let second = world.server.get(&path, &world.key).await.expect(200);
    assert_eq!(second["data"].as_array().expect("a list"), &whole[4..], "what came meanwhile is not in it");
    assert!(second.get("nextCursor").is_none());
}

#[tokio::test]
async fn r2_6_a_broken_cursor_and_other_parameters_are_told_at_once() {
    let world = World::start().await;
    let admin = world.admin_key().await;
    let of_audit = world.server.get(&at("audit?limit=1"), &admin).await.expect(200)["nextCursor"].clone();
    for cursor in ["", "x", of_audit.as_str().expect("there is more")] {
        let path = at(&format!("quality/circuit-breakers/history?cursor={cursor}"));
        let reply = world.server.get(&path, &world.key).await;
        assert_eq!(reply.fails(400, "invalid_request").pointers(), ["/cursor"], "{cursor}");
    }
    let query = "limit=0&cursor=x&from=2026-03-02&to=2026-03-01&state=open&scopeKey=account&reason=x";
    let reply = world.server.get(&at(&format!("quality/circuit-breakers/history?{query}")), &world.key).await;
    let mut pointers = reply.fails(400, "invalid_request").pointers();
    pointers.sort_unstable();
    assert_eq!(pointers, ["/cursor", "/from", "/limit", "/reason", "/scopeKey", "/state"]);
}

#[tokio::test]
async fn r2_12_a_test_key_sees_the_history_of_its_side() {
    let world = World::start().await;
    let created = event("created", "conversation.created", json!({"conversationId": conversation_id(1)}));
    world.send(WORKSPACE, &world.key, &[created]).await;
    trip(&world, "channel:email").await;
    assert_eq!(paged(&world, 100, "").await.len(), 1);
    let holder =
        crate::support::world::Holder { side: tripswitch::domain::ids::Side::Test, ..crate::support::world::BOUND };
    let test = world.make_key(holder, &[tripswitch::domain::system::Permission::QualityRead]).await.0;
    let path = at("quality/circuit-breakers/history");
    assert_eq!(world.server.get(&path, &test).await.expect(200), json!({"data": []}));
}

#[tokio::test]
async fn r6_6_all_breakers_as_a_table_and_as_lines() {
    let world = World::start().await;
    story(&world).await;
    let rows = paged(&world, 50, "").await;
    let path = at("quality/circuit-breakers/history");
    let table = whole(&world, &path, "text/csv").await;
    let mut lines = table.lines();
    let header = "id,scopeKey,accountName,state,trigger,reason,triggeredAt,acknowledgedBy,acknowledgedAt,resolvedAt,\
                  secondsToAcknowledge,secondsToResolve";
    assert_eq!(lines.next(), Some(header));
    for (line, row) in lines.zip(&rows) {
        let id = row["id"].as_str().expect("an id");
        assert!(line.starts_with(id), "{line}");
    }
    assert_eq!(table.lines().count(), 5);
    let text = whole(&world, &format!("{path}?state=triggered"), "application/x-ndjson").await;
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines, rows[..2]);
    let ask = world.server.ask(Method::GET, &format!("{path}?limit=2"), &world.key).header("accept", "text/csv");
    assert_eq!(ask.send().await.fails(400, "invalid_request").pointers(), ["/limit"]);
}
