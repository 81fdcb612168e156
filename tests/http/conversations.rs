//! `/api/conversations/{conversationId}/…` (R3.2, R5.5, R2.15).

use serde_json::{Value, json};

use crate::support::world::{
    ACCOUNT, SIBLING, UNKNOWN, WORKSPACE, World, conversation, conversation_id, event, low_score,
};

#[tokio::test]
async fn r3_2_exactly_these_fields() {
    let world = World::start().await;
    world.send(WORKSPACE, &world.key, &[low_score(1, ACCOUNT)]).await;
    let body = world.server.get(&conversation(1), &world.key).await.expect(200);
    let expected = json!({
        "conversationId": conversation_id(1), "outcomeScore": 1.5, "processScore": 1.5, "environmentScore": 1.5,
        "compositeScore": 1.5, "disconfirmation": 0, "confidence": 1, "signalCount": 0,
        "scoredAt": "2026-03-25T10:00:00.000Z",
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn r3_2_not_found_until_scored() {
    let world = World::start().await;
    let created = event("created", "conversation.created", json!({"conversationId": conversation_id(1)}));
    world.send(WORKSPACE, &world.key, &[created]).await;
    for path in [conversation(1), conversation(2)] {
        let reply = world.server.get(&path, &world.key).await;
        assert_eq!(reply.fails(404, "not_found").json()["error"], "No quality score exists for this conversation.");
        for more in ["/explanation", "/revisions"] {
            world.server.get(&(path.clone() + more), &world.key).await.fails(404, "not_found");
        }
    }
}

#[tokio::test]
async fn r5_5_an_explanation_says_what_conversation_it_is() {
    let world = World::start().await;
    let told = |n: u32, kind: &str, data: Value| {
        let mut whole = json!({"conversationId": conversation_id(1)});
        whole.as_object_mut().expect("an object").extend(data.as_object().expect("an object").clone());
        event(&format!("told-{n}"), kind, whole)
    };
    let said = json!({"text": "Where is my order?"});
    world.send(WORKSPACE, &world.key, &[told(1, "message.received", said)]).await;
    world.send(WORKSPACE, &world.key, &[told(2, "conversation.status_changed", json!({"status": "closed"}))]).await;
    let path = conversation(1) + "/explanation";
    let shown = async || {
        let body = world.server.get(&path, &world.key).await.expect(200);
        ["accountId", "accountName", "channel", "intent", "resolved", "reopened"].map(|member| body[member].clone())
    };
    let nothing = Value::Null;
    let (no, yes) = (json!(false), json!(true));
    assert_eq!(shown().await, [nothing.clone(), nothing.clone(), nothing.clone(), nothing, no.clone(), no.clone()]);
    let known = json!({"accountId": ACCOUNT, "accountName": "Nordic Parts ApS", "channel": "email", "intent": "refund",
        "status": "open"});
    world.send(WORKSPACE, &world.key, &[told(3, "conversation.status_changed", known)]).await;
    let whose = [json!(ACCOUNT), json!("Nordic Parts ApS"), json!("email"), json!("refund")];
    let expected =
        |resolved: &Value, reopened: &Value| whose.iter().chain([resolved, reopened]).cloned().collect::<Vec<_>>();
    assert_eq!(shown().await.to_vec(), expected(&no, &yes));
    world.send(WORKSPACE, &world.key, &[told(4, "conversation.resolved", json!({"resolution": "ai_resolved"}))]).await;
    assert_eq!(shown().await.to_vec(), expected(&yes, &yes));
    let said = json!({"outcomeScore": 1, "processScore": 1, "environmentScore": 1, "resolved": false, "reason": "No."});
    world.server.post(&(conversation(1) + "/override"), &world.key, &said).await.expect(200);
    assert_eq!(shown().await.to_vec(), expected(&yes, &yes), "R5.9: the model's, as all but `override`");
}

#[tokio::test]
async fn r2_15_a_tenant_wide_credential_asks_all_its_workspaces() {
    let world = World::start().await;
    world.send(SIBLING, &world.tenant_key, &[low_score(1, ACCOUNT)]).await;
    world.server.get(&conversation(1), &world.tenant_key).await.expect(200);
    // A key bound elsewhere does not find it.
    world.server.get(&conversation(1), &world.key).await.fails(404, "not_found");

    world.send(WORKSPACE, &world.tenant_key, &[low_score(1, ACCOUNT)]).await;
    world.server.get(&conversation(1), &world.key).await.expect(200);
    for path in ["", "/explanation", "/revisions"].map(|more| conversation(1) + more) {
        world.server.get(&path, &world.tenant_key).await.fails(409, "ambiguous_workspace");
        for workspace in [WORKSPACE, SIBLING] {
            world.server.get(&format!("{path}?workspaceId=ws_{workspace}"), &world.tenant_key).await.expect(200);
        }
        world.server.get(&format!("{path}?workspaceId={UNKNOWN}"), &world.tenant_key).await.fails(404, "not_found");
        let twice = format!("{path}?workspaceId={WORKSPACE}&workspaceId={WORKSPACE}");
        let reply = world.server.get(&twice, &world.tenant_key).await;
        assert_eq!(reply.fails(400, "invalid_request").pointers(), ["/workspaceId"]);
    }
}

#[tokio::test]
async fn r2_15_having_heard_of_it_is_enough_to_be_ambiguous() {
    let world = World::start().await;
    world.send(SIBLING, &world.tenant_key, &[low_score(1, ACCOUNT)]).await;
    let created = event("created", "conversation.created", json!({"conversationId": conversation_id(1)}));
    world.send(WORKSPACE, &world.tenant_key, &[created]).await;
    world.server.get(&conversation(1), &world.tenant_key).await.fails(409, "ambiguous_workspace");
}

#[tokio::test]
async fn i5_reading_makes_no_side_of_any_workspace() {
    let world = World::start().await;
    let admin = world.admin_key().await;
    let account = format!("/api/accounts/{ACCOUNT}/quality");
    let everywhere =
        [conversation(1), conversation(1) + "/explanation", account.clone() + "/explanation", account.clone()];
    for path in everywhere {
        world.server.get(&path, &world.tenant_key).await.fails(404, "not_found");
    }
    let of_side = ["quality/stats", "quality/circuit-breakers", "quality/circuit-breakers/history", "quality/gate"];
    for path in of_side.into_iter().chain(["quality/settings", "csat-config"]) {
        world.server.get(&format!("/api/workspaces/{SIBLING}/{path}"), &world.tenant_key).await.expect(200);
    }
    world.server.get(&format!("/api/workspaces/{SIBLING}/audit"), &admin).await.expect(200);
    let gone = format!("/api/workspaces/{SIBLING}/conversations/{}", conversation_id(1));
    world.server.ask(reqwest::Method::DELETE, &gone, &admin).send().await.fails(404, "not_found");
    let refused = world.server.post(&format!("/api/workspaces/{SIBLING}/events"), &world.tenant_key, &json!([])).await;
    refused.fails(400, "empty_batch");
    assert_eq!(world.server.engine.stats_now().sides, 0);
    world.send(SIBLING, &world.tenant_key, &[low_score(1, ACCOUNT)]).await;
    assert_eq!(world.server.engine.stats_now().sides, 1);
}
