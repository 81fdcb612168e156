//! `…/quality/timeseries` (R6.7).

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::world::{ACCOUNT, WORKSPACE, World, at, conversation_id, event};

async fn buckets(world: &World, query: &str) -> Vec<Value> {
    let body = world.server.get(&at(&format!("quality/timeseries?{query}")), &world.key).await.expect(200);
    assert_eq!(body.as_object().expect("an object").len(), 1);
    body["buckets"].as_array().expect("buckets").clone()
}

/// Imported scores of these times.
async fn scored(world: &World, times: &[&str]) {
    let events = times.iter().zip(1..).map(|(time, n)| {
        let score = 1.0 + f64::from(n % 9) / 2.0;
        let data = json!({"conversationId": conversation_id(n), "accountId": ACCOUNT, "resolved": n % 2 == 0,
            "outcomeScore": score, "processScore": score, "environmentScore": score});
        let mut event = event(&format!("scored-{n}"), "conversation.scored", data);
        event["time"] = json!(time);
        event
    });
    world.send(WORKSPACE, &world.key, &events.collect::<Vec<_>>()).await;
}

fn counts(buckets: &[Value]) -> Vec<u64> {
    buckets.iter().map(|bucket| bucket["conversationsScored"].as_u64().expect("a number")).collect()
}

#[tokio::test]
async fn r6_7_thirty_days_of_nothing() {
    let world = World::start().await;
    let days = buckets(&world, "").await;
    assert_eq!(days.len(), 30);
    let first = json!({"start": "2026-02-24T00:00:00.000Z", "end": "2026-02-24T23:59:59.999Z", "conversationsScored": 0,
        "averageComposite": null, "averageOutcome": null, "averageProcess": null, "averageEnvironment": null,
        "averageConfidence": null, "averageDisconfirmation": null, "circuitBreakersTriggered": 0,
        "resolutionRate": null, "histogram": [0, 0, 0, 0, 0, 0, 0, 0]});
    assert_eq!(days[0], first);
    assert_eq!(
        (&days[29]["start"], &days[29]["end"]),
        (&json!("2026-03-25T00:00:00.000Z"), &json!("2026-03-25T23:59:59.999Z"))
    );
}

#[tokio::test]
async fn r6_7_each_bucket_is_what_the_statistics_say_of_it_and_all_add_up() {
    let world = World::start().await;
    let times = [
        "2026-03-01T00:00:00Z",
        "2026-03-01T10:14:59.999Z",
        "2026-03-01T10:15:00Z",
        "2026-03-08T23:59:59.999Z",
        "2026-03-09T00:00:00Z",
        "2026-03-25T09:00:00Z",
        "2026-03-02T00:00:00Z",
        "2026-03-01T23:59:59.999Z",
    ];
    scored(&world, &times).await;
    let trip = json!({"scopeKey": format!("account:{ACCOUNT}"), "reason": "They called."});
    world.server.post(&at("quality/circuit-breakers"), &world.key, &trip).await.expect(201);
    let stats = async |from: &str, to: &str| {
        world.server.get(&at(&format!("quality/stats?from={from}&to={to}")), &world.key).await.expect(200)
    };
    let (from, to) = ("2026-03-01T10:15:00Z", "2026-03-25T12:00:00Z");
    let whole = stats(from, to).await;
    for (bucket, zone) in [("week", "UTC"), ("day", "America/St_Johns"), ("hour", "Asia/Kathmandu")] {
        let parts = buckets(&world, &format!("bucket={bucket}&timeZone={zone}&from={from}&to={to}")).await;
        assert_eq!((&parts[0]["start"], &parts[parts.len() - 1]["end"]), (&whole["periodStart"], &whole["periodEnd"]));
        for member in ["conversationsScored", "circuitBreakersTriggered"] {
            let sum: u64 = parts.iter().map(|part| part[member].as_u64().expect("a number")).sum();
            assert_eq!(sum, whole[member].as_u64().expect("a number"), "{bucket}: {member}");
        }
        for part in parts.iter().filter(|part| part["conversationsScored"] != 0) {
            let mut part = part.as_object().expect("an object").clone();
            let (start, end) = (part.remove("start").expect("a time"), part.remove("end").expect("a time"));
            let in_histogram = part.remove("histogram").expect("counts");
            let in_histogram: u64 = in_histogram.as_array().expect("counts").iter().filter_map(Value::as_u64).sum();
            assert_eq!(json!(in_histogram), part["conversationsScored"]);
            part.extend([("periodStart".to_owned(), start.clone()), ("periodEnd".to_owned(), end.clone())]);
            let alone = stats(start.as_str().expect("a text"), end.as_str().expect("a text")).await;
            assert_eq!(Value::from(part), alone, "{bucket} in {zone}");
        }
    }
}

#[tokio::test]
async fn r6_7_days_of_a_zone_have_23_24_or_25_hours() {
    let world = World::start().await;
    let times = [
        // The first and the last instant of the longest day of Copenhagen, and its neighbours.
        "2025-10-25T21:59:59.999Z",
        "2025-10-25T22:00:00Z",
        "2025-10-26T22:59:59.999Z",
        "2025-10-26T23:00:00Z",
        // The same of the shortest.
        "2025-03-29T22:59:59.999Z",
        "2025-03-29T23:00:00Z",
        "2025-03-30T21:59:59.999Z",
        "2025-03-30T22:00:00Z",
    ];
    scored(&world, &times).await;
    let copenhagen = async |query: &str| buckets(&world, &format!("timeZone=Europe/Copenhagen&{query}")).await;
    let autumn = copenhagen("from=2025-10-25&to=2025-10-27").await;
    assert_eq!(counts(&autumn), [1, 2, 1]);
    assert_eq!(
        (&autumn[1]["start"], &autumn[1]["end"]),
        (&json!("2025-10-25T22:00:00.000Z"), &json!("2025-10-26T22:59:59.999Z"))
    );
    let spring = copenhagen("from=2025-03-29&to=2025-03-31").await;
    assert_eq!(counts(&spring), [1, 2, 1]);
    assert_eq!(
        (&spring[1]["start"], &spring[1]["end"]),
        (&json!("2025-03-29T23:00:00.000Z"), &json!("2025-03-30T21:59:59.999Z"))
    );
    assert_eq!(copenhagen("bucket=hour&from=2025-10-26&to=2025-10-26").await.len(), 25);
    assert_eq!(copenhagen("bucket=hour&from=2025-03-30&to=2025-03-30").await.len(), 23);
    let week = copenhagen("bucket=week&from=2025-10-20&to=2025-10-26").await;
    assert_eq!(counts(&week), [3], "Monday to Sunday");
}

#[tokio::test]
async fn r6_6_a_bucket_a_line_for_tables_and_lines() {
    let world = World::start().await;
    scored(&world, &["2026-03-25T09:00:00Z"]).await;
    let query = "from=2026-03-24&to=2026-03-25";
    let path = at(&format!("quality/timeseries?{query}"));
    let whole = async |form: &str| {
        let reply = world.server.ask(Method::GET, &path, &world.key).header("accept", form).send().await;
        assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, form));
        reply.text
    };
    let of_json = buckets(&world, query).await;
    let lines: Vec<Value> =
        whole("application/x-ndjson").await.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines, of_json);
    let table = whole("text/csv").await;
    let lines: Vec<_> = table.split("\r\n").collect();
    assert_eq!(lines[0].split(',').count(), of_json[0].as_object().expect("an object").len());
    let empty = "2026-03-24T00:00:00.000Z,2026-03-24T23:59:59.999Z,0,,,,,,,0,,\"[0,0,0,0,0,0,0,0]\"";
    let one = "2026-03-25T00:00:00.000Z,2026-03-25T23:59:59.999Z,1,1.5,1.5,1.5,1.5,1,0,0,0,\"[0,1,0,0,0,0,0,0]\"";
    assert_eq!(lines[1..], [empty, one, ""]);
}

#[tokio::test]
async fn r6_7_at_most_a_thousand_buckets() {
    let world = World::start().await;
    assert_eq!(buckets(&world, "bucket=hour&from=2026-01-01T00:00:00Z&to=2026-02-11T15:59:59.999Z").await.len(), 1_000);
    let cases: [(&str, &[&str]); 8] = [
        ("bucket=hour&from=2026-01-01T00:00:00Z&to=2026-02-11T16:00:00Z", &["/bucket"]),
        ("bucket=hour&from=0000-01-01&to=9999-12-31", &["/bucket"]),
        ("bucket=month", &["/bucket"]),
        ("timeZone=Copenhagen", &["/timeZone"]),
        ("timeZone=europe/copenhagen", &["/timeZone"]),
        ("timeZone=%2B01:00", &["/timeZone"]),
        ("bucket=&timeZone=&from=2026-02-30&to=x", &["/bucket", "/timeZone", "/from", "/to"]),
        ("period=last_7d&from=2026-03-02&to=2026-03-01", &["/period", "/from"]),
    ];
    for (query, pointers) in cases {
        let reply = world.server.get(&at(&format!("quality/timeseries?{query}")), &world.key).await;
        assert_eq!(reply.fails(400, "invalid_request").pointers(), pointers, "{query}");
    }
}
