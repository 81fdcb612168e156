//! `/api/accounts/{accountId}/quality` (R3.3, R2.15).

use serde_json::json;

use crate::support::world::{ACCOUNT, SIBLING, UNKNOWN, WORKSPACE, World, conversation_id, event, low_score};

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
