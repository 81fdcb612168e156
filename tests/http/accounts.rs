//! `/api/accounts/{accountId}/quality` (R3.3, R2.15).

use serde_json::json;

use crate::support::world::{ACCOUNT, SIBLING, UNKNOWN, WORKSPACE, World, at, conversation_id, event, low_score};

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

#[tokio::test]
async fn r6_8_what_gives_an_account_its_risk() {
    let world = World::start().await;
    let path = format!("/api/accounts/{ACCOUNT}/quality/explanation");
    world.server.get(&path, &world.key).await.fails(404, "not_found");
    let scored = |n: u32, score: f64, confidence: f64| {
        let data = json!({"conversationId": conversation_id(n), "accountId": ACCOUNT, "resolved": true,
            "outcomeScore": score, "processScore": score, "environmentScore": score, "confidence": confidence,
            "signalCount": n});
        event(&format!("scored-{n}"), "conversation.scored", data)
    };
    let scores =
        [scored(1, 4.0, 0.2), scored(2, 4.0, 1.0), scored(3, 1.5, 1.0), scored(4, 4.5, 0.2), scored(5, 2.5, 1.0)];
    world.send(WORKSPACE, &world.key, &scores).await;
    let explain = async || world.server.get(&path, &world.key).await.expect(200);
    let one = |n: u32, score: f64| json!({"conversationId": conversation_id(n), "compositeScore": score, "scoredAt": "2026-03-25T10:00:00.000Z"});
    let mut expected = json!({
        "accountId": ACCOUNT, "churnRisk": "high", "rule": "composite_below_3_5_and_declining",
        "windowFrom": "2025-12-25T10:00:00.000Z", "conversationCount": 5, "run": [one(5, 2.5)], "leftOut": [],
    });
    assert_eq!(explain().await, expected);
    world.server.patch(&at("quality/settings"), &world.key, &json!({"minConfidence": 0.5})).await.expect(200);
    let mut left_out = one(4, 4.5);
    left_out["confidence"] = json!(0.2);
    left_out["signalCount"] = json!(4);
    expected["run"] = json!([one(5, 2.5), one(3, 1.5)]);
    expected["leftOut"] = json!([left_out]);
    assert_eq!(explain().await, expected, "R7.7: not what lies behind the end of the run");
    let health = world.server.get(&format!("/api/accounts/{ACCOUNT}/quality"), &world.key).await.expect(200);
    for member in ["churnRisk", "conversationCount"] {
        assert_eq!(health[member], expected[member]);
    }
    assert_eq!(health["consecutiveLow"], 2);
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
