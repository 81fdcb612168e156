//! `…/quality/stats` (R3.1).

use serde_json::json;

use crate::support::world::{ACCOUNT, WORKSPACE, World, at, low_score};

#[tokio::test]
async fn r3_1_exactly_these_fields_and_the_default_period() {
    let world = World::start().await;
    let body = world.server.get(&at("quality/stats"), &world.key).await.expect(200);
    let expected = json!({
        "periodStart": "2026-02-24T00:00:00.000Z", "periodEnd": "2026-03-25T23:59:59.999Z",
        "conversationsScored": 0, "averageComposite": null, "averageOutcome": null, "averageProcess": null,
        "averageEnvironment": null, "averageConfidence": null, "averageDisconfirmation": null,
        "circuitBreakersTriggered": 0, "resolutionRate": null,
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn r3_1_periods_over_http() {
    let world = World::start().await;
    world.send(WORKSPACE, &world.key, &[low_score(1, ACCOUNT)]).await;
    let cases = [
        ("period=last_7d", "2026-03-19T00:00:00.000Z", "2026-03-25T23:59:59.999Z", 1),
        ("period=last_90d", "2025-12-26T00:00:00.000Z", "2026-03-25T23:59:59.999Z", 1),
        ("from=2026-03-25T10:00:00Z", "2026-03-25T10:00:00.000Z", "2026-03-25T23:59:59.999Z", 1),
        ("from=2026-03-25T10:00:00.001Z", "2026-03-25T10:00:00.001Z", "2026-03-25T23:59:59.999Z", 0),
        ("to=2026-03-25", "2026-02-24T00:00:00.000Z", "2026-03-25T23:59:59.999Z", 1),
        ("to=2026-03-25T09:59:59.999Z", "2026-02-23T10:00:00.000Z", "2026-03-25T09:59:59.999Z", 0),
        ("period=last_7d&from=2026-03-01&to=2026-03-01", "2026-03-01T00:00:00.000Z", "2026-03-01T23:59:59.999Z", 0),
        ("from=2026-03-25T12:00:00+02:00", "2026-03-25T10:00:00.000Z", "2026-03-25T23:59:59.999Z", 1),
        ("from=2026-03-25T12:00:00%2B02:00", "2026-03-25T10:00:00.000Z", "2026-03-25T23:59:59.999Z", 1),
    ];
    for (query, start, end, scored) in cases {
        let body = world.server.get(&at(&format!("quality/stats?{query}")), &world.key).await.expect(200);
        let shown = (&body["periodStart"], &body["periodEnd"], &body["conversationsScored"]);
        assert_eq!(shown, (&start.into(), &end.into(), &scored.into()), "{query}");
    }
}

#[tokio::test]
async fn r3_1_bad_periods() {
    let world = World::start().await;
    let cases: [(&str, &[&str]); 12] = [
        ("period=last_31d", &["/period"]),
        ("period=", &["/period"]),
        ("period=LAST_7D", &["/period"]),
        ("period=never&from=2026-03-01&to=2026-03-02", &["/period"]),
        ("from=2026-03-02&to=2026-03-01", &["/from"]),
        ("from=2026-02-30", &["/from"]),
        ("to=2026-03-25T23:59:60Z", &["/to"]),
        ("from=yesterday&to=1774432800", &["/from", "/to"]),
        ("from=2026-03-26", &["/from"]),
        ("form=2026-03-01&until=x", &["/form", "/until"]),
        ("from=2026-03-01&from=2026-03-01", &["/from"]),
        ("period=last_7d&period=last_7d&x=%FF", &["/x", "/period"]),
    ];
    for (query, pointers) in cases {
        let reply = world.server.get(&at(&format!("quality/stats?{query}")), &world.key).await;
        assert_eq!(reply.fails(400, "invalid_request").pointers(), pointers, "{query}");
    }
}
