//! `/api/accounts/{accountId}/quality` (R3.3, R2.15).

use serde_json::{Value, json};

use crate::support::world::{ACCOUNT, SIBLING, UNKNOWN, WORKSPACE, World, at, conversation_id, event, low_score};

/// Now, of a server that has just started.
const TIME: &str = "2026-03-25T10:00:00.000Z";

#[tokio::test]
async fn r3_3_a_known_account_that_was_never_scored() {
    let world = World::start().await;
    let data = json!({"conversationId": conversation_id(1), "accountId": ACCOUNT});
    world.send(WORKSPACE, &world.key, &[event("created", "conversation.created", data)]).await;
    let body = world.server.get(&format!("/api/accounts/{ACCOUNT}/quality"), &world.key).await.expect(200);
    let expected = json!({
        "accountId": ACCOUNT, "rollingComposite": null, "rollingOutcome": null, "rollingProcess": null,
        "rollingEnvironment": null, "resolutionRate": null, "conversationCount": 0, "churnRisk": "low",
        "consecutiveLow": 0, "trend": "stable",
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn r3_3_an_unknown_account() {
    let world = World::start().await;
    let reply = world.server.get(&format!("/api/accounts/{UNKNOWN}/quality"), &world.key).await;
    let error = "No account exists with the given ID or no health data is available.";
    assert_eq!(reply.fails(404, "not_found").json()["error"], error);
}

/// An imported score of [`ACCOUNT`], now.
fn scored(n: u32, score: f64, confidence: f64) -> Value {
    let data = json!({"conversationId": conversation_id(n), "accountId": ACCOUNT, "resolved": true,
        "outcomeScore": score, "processScore": score, "environmentScore": score, "confidence": confidence,
        "signalCount": n});
    event(&format!("scored-{n}"), "conversation.scored", data)
}

/// How it stands in an explanation.
fn shown(n: u32, score: f64) -> Value {
    json!({"conversationId": conversation_id(n), "compositeScore": number(score), "scoredAt": TIME})
}

/// Whole numbers are written as such (R2.4).
fn number(x: f64) -> Value {
    if x.fract() == 0.0 { json!(x as i64) } else { json!(x) }
}

fn change(value: &str, now: f64, needs: &str, bound: f64) -> Value {
    json!({"value": value, "now": number(now), "needs": needs, "bound": number(bound)})
}

async fn explained(world: &World) -> Value {
    world.server.get(&format!("/api/accounts/{ACCOUNT}/quality/explanation"), &world.key).await.expect(200)
}

#[tokio::test]
async fn r6_8_what_gives_an_account_its_risk() {
    let world = World::start().await;
    let path = format!("/api/accounts/{ACCOUNT}/quality/explanation");
    world.server.get(&path, &world.key).await.fails(404, "not_found");
    let scores =
        [scored(1, 4.0, 0.2), scored(2, 4.0, 1.0), scored(3, 1.5, 1.0), scored(4, 4.5, 0.2), scored(5, 2.5, 1.0)];
    world.send(WORKSPACE, &world.key, &scores).await;
    let mut expected = json!({
        "accountId": ACCOUNT, "accountName": null, "churnRisk": "high", "rule": "composite_below_3_5_and_declining",
        "next": {
            "worse": {"risk": "critical", "rules": [
                {"rule": "active_breaker", "changes": [change("activeBreakers", 0.0, "atLeast", 1.0)]},
                {"rule": "consecutive_low_at_count", "changes": [change("consecutiveLow", 1.0, "atLeast", 3.0)]},
                {"rule": "composite_below_2", "changes": [change("rollingComposite", 3.3, "below", 2.0)]},
            ]},
            "better": {"risk": "medium", "rules": [{"rule": "composite_below_3_5_and_declining", "changes": [
                change("rollingComposite", 3.3, "atLeast", 3.5), change("trendChange", -1.0, "above", -0.25),
            ]}]},
        },
        "windowFrom": "2025-12-25T10:00:00.000Z", "conversationCount": 5,
        "window": {"from": "2025-12-25T10:00:00.000Z", "to": TIME, "conversations": 5, "mostConversations": 50,
            "oldestScoredAt": TIME},
        "run": [shown(5, 2.5)], "leftOut": [],
        "runBounds": {"length": 1, "tripsAt": 3, "windowHours": 72, "from": "2026-03-22T10:00:00.000Z",
            "latestResolve": null, "horizon": 100, "endedBy": "not_low"},
        "trend": {"direction": "declining", "slope": -0.25, "change": -1,
            "points": [shown(1, 4.0), shown(2, 4.0), shown(3, 1.5), shown(4, 4.5), shown(5, 2.5)]},
    });
    assert_eq!(explained(&world).await, expected);
    world.server.patch(&at("quality/settings"), &world.key, &json!({"minConfidence": 0.5})).await.expect(200);
    let mut left_out = shown(4, 4.5);
    left_out["confidence"] = json!(0.2);
    left_out["signalCount"] = json!(4);
    expected["run"] = json!([shown(5, 2.5), shown(3, 1.5)]);
    expected["runBounds"]["length"] = json!(2);
    expected["leftOut"] = json!([left_out]);
    expected["next"]["worse"]["rules"][1]["changes"][0]["now"] = json!(2);
    assert_eq!(explained(&world).await, expected, "R7.7: not what lies behind the end of the run");
    let named = event("named", "account.updated", json!({"accountId": ACCOUNT, "accountName": "Nordic Parts ApS"}));
    world.send(WORKSPACE, &world.key, &[named]).await;
    expected["accountName"] = json!("Nordic Parts ApS");
    assert_eq!(explained(&world).await, expected);
    let health = world.server.get(&format!("/api/accounts/{ACCOUNT}/quality"), &world.key).await.expect(200);
    for member in ["churnRisk", "conversationCount"] {
        assert_eq!(health[member], expected[member]);
    }
    assert_eq!(health["consecutiveLow"], 2);
}

#[tokio::test]
async fn r6_8_what_ends_a_run_and_what_leads_out_of_critical() {
    let world = World::start().await;
    let end = async || explained(&world).await["runBounds"]["endedBy"].clone();
    let rules = |step: &Value| step["rules"].as_array().expect("a list").iter().map(|of| of["rule"].clone()).collect();
    let breaker = world.trip().await;
    let paused = explained(&world).await;
    let better = &paused["next"]["better"];
    assert_eq!((&paused["churnRisk"], &paused["next"]["worse"]), (&json!("critical"), &Value::Null));
    let holding: Vec<Value> = rules(better);
    assert_eq!(holding, ["active_breaker", "consecutive_low_at_count", "composite_below_2"]);
    assert_eq!((&better["risk"], end().await), (&json!("high"), json!("oldest")));
    assert_eq!((&paused["trend"]["slope"], &paused["trend"]["change"]), (&Value::Null, &Value::Null));

    for verb in ["acknowledge", "resolve"] {
        let path = at(&format!("quality/circuit-breakers/{breaker}/{verb}"));
        world.server.post(&path, &world.key, &json!({})).await.expect(200);
    }
    let resolved = explained(&world).await;
    let bounds = &resolved["runBounds"];
    assert_eq!((&bounds["latestResolve"], &bounds["length"]), (&json!(TIME), &json!(0)));
    assert_eq!(bounds["endedBy"], "latest_resolve");
    let holding: Vec<Value> = rules(&resolved["next"]["better"]);
    assert_eq!(holding, ["composite_below_2"]);

    world.server.clock.advance(73 * 3_600_000);
    world.send(WORKSPACE, &world.key, &[low_score(4, ACCOUNT)]).await;
    assert_eq!(end().await, "breaker_window");
}

#[tokio::test]
async fn r6_8_an_account_without_scores() {
    let world = World::start().await;
    let data = json!({"conversationId": conversation_id(1), "accountId": ACCOUNT});
    world.send(WORKSPACE, &world.key, &[event("created", "conversation.created", data)]).await;
    let body = explained(&world).await;
    assert_eq!((&body["rule"], &body["next"]["better"]), (&json!("few_conversations"), &Value::Null));
    let worse = &body["next"]["worse"];
    assert_eq!(worse["risk"], "medium");
    let expected = json!([
        {"value": "rollingComposite", "now": null, "needs": "below", "bound": 3.5},
        change("conversationCount", 0.0, "atLeast", 3.0),
    ]);
    assert_eq!(worse["rules"][0]["changes"], expected);
    assert_eq!(body["window"]["oldestScoredAt"], Value::Null);
    assert_eq!((&body["runBounds"]["from"], &body["runBounds"]["endedBy"]), (&Value::Null, &json!("oldest")));
    assert_eq!(body["trend"], json!({"direction": "stable", "slope": null, "change": null, "points": []}));
}

#[tokio::test]
async fn r2_15_the_same_account_in_two_workspaces_is_two_things() {
    let world = World::start().await;
    let path = format!("/api/accounts/{ACCOUNT}/quality");
    for workspace in [WORKSPACE, SIBLING] {
        world.send(workspace, &world.tenant_key, &[low_score(1, ACCOUNT)]).await;
    }
    world.server.get(&path, &world.tenant_key).await.fails(409, "ambiguous_workspace");
    world.server.get(&format!("{path}?workspaceId={SIBLING}"), &world.tenant_key).await.expect(200);
    world.server.get(&path, &world.key).await.expect(200);
    let reply = world.server.get(&format!("{path}?workspace={SIBLING}&x=1"), &world.key).await;
    assert_eq!(reply.fails(400, "invalid_request").pointers(), ["/workspace", "/x"]);
}

#[tokio::test]
async fn r2_2b_an_account_by_the_id_of_another_system() {
    let world = World::start().await;
    for workspace in [WORKSPACE, SIBLING] {
        world.send(workspace, &world.tenant_key, &[low_score(1, "ext:4711")]).await;
    }
    let path = "/api/accounts/ext:4711/quality";
    world.server.get(path, &world.tenant_key).await.fails(409, "ambiguous_workspace");
    for (workspace, id) in
        [(WORKSPACE, "fdc613d1-0c26-520f-ae2c-eaeaf6a1f6f8"), (SIBLING, "4f273609-83d5-5582-b5c8-ed7ce0442dd3")]
    {
        let named = world.server.get(&format!("{path}?workspaceId={workspace}"), &world.tenant_key).await.expect(200);
        assert_eq!((&named["accountId"], &named["conversationCount"]), (&json!(id), &json!(1)));
        let by_id = world.server.get(&format!("/api/accounts/{id}/quality"), &world.tenant_key).await.expect(200);
        assert_eq!(by_id, named);
    }
    world.server.get("/api/accounts/ext:4712/quality", &world.tenant_key).await.fails(404, "not_found");
    let gate = |id: &str| format!("/api/workspaces/{WORKSPACE}/quality/gate?accountId={id}");
    world
        .send(WORKSPACE, &world.key, &[low_score(2, "EXT:4711"), low_score(3, "fdc613d1-0c26-520f-ae2c-eaeaf6a1f6f8")])
        .await;
    for (id, decision) in [("ext:4711", "pause"), ("ext%3A4711", "pause"), ("ext:47%2011", "proceed")] {
        assert_eq!(world.server.get(&gate(id), &world.key).await.expect(200)["decision"], decision, "{id}");
    }
    for id in ["ext:", &format!("ext:{}", "x".repeat(201)), "ext:%00", "4711"] {
        let reply = world.server.get(&gate(id), &world.key).await;
        assert_eq!(reply.fails(400, "invalid_id").pointers(), ["/accountId"], "{id}");
    }
    world.server.get("/api/workspaces/ext:1/quality/gate", &world.key).await.fails(400, "invalid_id");
}

#[tokio::test]
async fn r6_6_the_conversations_of_an_account() {
    let world = World::start().await;
    let path = format!("/api/accounts/{ACCOUNT}/conversations");
    world.server.get(&path, &world.key).await.fails(404, "not_found");
    let events = [low_score(1, ACCOUNT), low_score(2, UNKNOWN), low_score(3, ACCOUNT)];
    world.send(WORKSPACE, &world.key, &events).await;
    let ids = async |query: &str| {
        let body = world.server.get(&format!("{path}{query}"), &world.key).await.expect(200);
        let rows = body["data"].as_array().expect("a list").clone();
        rows.iter().map(|row| row["conversationId"].clone()).collect::<Vec<_>>()
    };
    let of = |numbers: &[u32]| numbers.iter().map(|n| json!(conversation_id(*n))).collect::<Vec<_>>();
    assert_eq!(ids("").await, of(&[3, 1]));
    assert_eq!(ids("?order=asc&low=true").await, of(&[1, 3]));
    assert_eq!(ids(&format!("?sort=composite&workspaceId={WORKSPACE}")).await, of(&[1, 3]));
    assert_eq!(ids("?low=false").await, of(&[]));
    world.server.get(&format!("{path}?accountId=x"), &world.key).await.fails(400, "invalid_request");
    world.send(SIBLING, &world.tenant_key, &[low_score(1, ACCOUNT)]).await;
    world.server.get(&path, &world.tenant_key).await.fails(409, "ambiguous_workspace");
}
