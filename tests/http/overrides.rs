//! `/api/conversations/{conversationId}/quality/override` (R5.9).

use reqwest::Method;
use serde_json::{Value, json};
use tripswitch::domain::system::Permission;

use crate::support::world::{
    ACCOUNT, BOUND, SIBLING, WORKSPACE, World, at, conversation, conversation_id, event, low_score,
};

fn path(n: u32) -> String {
    conversation(n) + "/override"
}

fn said(score: f64) -> Value {
    json!({"outcomeScore": score, "processScore": score, "environmentScore": score, "reason": "I have read it."})
}

/// An imported score, now.
fn scored(n: u32, score: f64) -> Value {
    let data = json!({"conversationId": conversation_id(n), "accountId": ACCOUNT, "resolved": true,
        "outcomeScore": score, "processScore": score, "environmentScore": score, "confidence": 0.8, "signalCount": 7});
    event(&format!("scored-{n}-{score}"), "conversation.scored", data)
}

async fn take_back(world: &World, n: u32) -> crate::support::Reply {
    world.server.ask(Method::DELETE, &path(n), &world.key).send().await
}

/// Of the account and the workspace: run, composite, resolution rate; and how many breakers are active.
async fn health(world: &World) -> [Value; 6] {
    let account = world.server.get(&format!("/api/accounts/{ACCOUNT}/quality"), &world.key).await.expect(200);
    let stats = world.server.get(&at("quality/stats"), &world.key).await.expect(200);
    let list = world.server.get(&at("quality/circuit-breakers"), &world.key).await.expect(200);
    [
        account["consecutiveLow"].clone(),
        account["rollingComposite"].clone(),
        account["resolutionRate"].clone(),
        stats["averageComposite"].clone(),
        stats["resolutionRate"].clone(),
        list["total"].clone(),
    ]
}

#[tokio::test]
async fn r5_9_the_persons_scores_are_in_force_and_the_models_stand_beside_them() {
    let world = World::start().await;
    let (key, id) = world.make_key(BOUND, &[Permission::QualityWrite]).await;
    world.send(WORKSPACE, &world.key, &[scored(1, 1.5)]).await;
    let before = world.server.get(&conversation(1), &world.key).await.expect(200);
    let explanation = conversation(1) + "/explanation";
    let explained = world.server.get(&explanation, &world.key).await.expect(200);
    assert_eq!(explained["override"], Value::Null);

    world.server.clock.advance(1_000);
    let body = json!({"outcomeScore": 4, "processScore": 3.5, "environmentScore": 4.01, "reason": "I have read it."});
    let answer = world.server.post(&path(1), &key, &body).await.expect(200);
    let mut expected = before.clone();
    expected["outcomeScore"] = json!(4);
    expected["processScore"] = json!(3.5);
    expected["environmentScore"] = json!(4.01);
    expected["compositeScore"] = json!(3.84);
    expected["confidence"] = json!(1);
    assert_eq!(answer, expected, "R3.2's members and no other");
    assert_eq!(world.server.get(&conversation(1), &world.key).await.expect(200), answer);

    let mut now = world.server.get(&explanation, &world.key).await.expect(200);
    let stated = json!({
        "outcomeScore": 4, "processScore": 3.5, "environmentScore": 4.01, "compositeScore": 3.84, "resolved": null,
        "actor": format!("api-key:{id}"), "at": "2026-03-25T10:00:01.000Z", "reason": "I have read it.",
        "model": {"outcomeScore": 1.5, "processScore": 1.5, "environmentScore": 1.5, "compositeScore": 1.5,
            "confidence": 0.8, "signalCount": 7, "scoredAt": "2026-03-25T10:00:00.000Z"},
    });
    assert_eq!(now["override"], stated);
    now["override"] = Value::Null;
    assert_eq!(now, explained, "what the model says is explained as ever");

    assert_eq!(take_back(&world, 1).await.expect(200), before);
    assert_eq!(world.server.get(&explanation, &world.key).await.expect(200), explained);
    assert_eq!(world.server.get(&conversation(1), &world.key).await.expect(200), before);
}

#[tokio::test]
async fn r5_9_counters_windows_and_breakers_follow_and_come_back() {
    let world = World::start().await;
    let scores: Vec<_> = [(1, 1.5), (2, 4.5), (3, 1.5)].map(|(n, score)| scored(n, score)).into();
    world.send(WORKSPACE, &world.key, &scores).await;
    let before = health(&world).await;
    assert_eq!(before, [json!(1), json!(2.5), json!(0.33), json!(2.5), json!(0.33), json!(0)]);
    world.server.post(&path(2), &world.key, &said(2.0)).await.expect(200);
    let tripped = [json!(3), json!(1.67), json!(0.33), json!(1.67), json!(0.33), json!(1)];
    assert_eq!(health(&world).await, tripped, "a run of three, by a person's word");

    take_back(&world, 2).await.expect(200);
    let mut after = before;
    after[5] = json!(1);
    assert_eq!(health(&world).await, after, "R7.3: what tripped stays until somebody resolves it");
    for n in [1, 3] {
        world.server.post(&path(n), &world.key, &said(5.0)).await.expect(200);
    }
    assert_eq!(health(&world).await[..5], [json!(0), json!(4.83), json!(1), json!(4.83), json!(1)]);
}

#[tokio::test]
async fn r5_9_whether_it_was_resolved_may_be_said_too() {
    let world = World::start().await;
    world.send(WORKSPACE, &world.key, &[scored(1, 4.0)]).await;
    let rate = async || health(&world).await[2].clone();
    assert_eq!(rate().await, 1);
    let mut body = said(4.0);
    body["resolved"] = json!(false);
    world.server.post(&path(1), &world.key, &body).await.expect(200);
    assert_eq!(rate().await, 0);
    world.server.post(&path(1), &world.key, &said(4.0)).await.expect(200);
    assert_eq!(rate().await, 1, "left out: as it ended");
    world.server.post(&path(1), &world.key, &body).await.expect(200);
    take_back(&world, 1).await.expect(200);
    assert_eq!(rate().await, 1);
}

#[tokio::test]
async fn r5_9_the_model_goes_on_under_an_override() {
    let world = World::start().await;
    world.send(WORKSPACE, &world.key, &[scored(1, 1.5)]).await;
    let overridden = world.server.post(&path(1), &world.key, &said(4.0)).await.expect(200);
    world.server.clock.advance(1_000);
    world.send(WORKSPACE, &world.key, &[scored(1, 3.0)]).await;
    let now = world.server.get(&conversation(1), &world.key).await.expect(200);
    assert_eq!(now["compositeScore"], overridden["compositeScore"], "the person's word stands");
    let explained = world.server.get(&(conversation(1) + "/explanation"), &world.key).await.expect(200);
    assert_eq!(explained["override"]["model"]["compositeScore"], 3);
    let world = world.restarted().await;
    assert_eq!(world.server.get(&conversation(1), &world.key).await.expect(200), now, "R9.2");
    let again = world.server.get(&(conversation(1) + "/explanation"), &world.key).await.expect(200);
    assert_eq!(again, explained, "R9.2");
    assert_eq!(take_back(&world, 1).await.expect(200)["compositeScore"], 3);
}

#[tokio::test]
async fn r4_10_an_erasure_takes_the_override_along() {
    let world = World::start().await;
    world.send(WORKSPACE, &world.key, &[scored(1, 1.5)]).await;
    world.server.post(&path(1), &world.key, &said(4.0)).await.expect(200);
    let before = world.server.get(&at("quality/stats"), &world.key).await.expect(200);
    let admin = world.admin_key().await;
    let gone = at(&format!("conversations/{}", conversation_id(1)));
    world.server.ask(Method::DELETE, &gone, &admin).send().await.expect(200);
    assert_eq!(world.server.get(&at("quality/stats"), &world.key).await.expect(200), before, "the numbers stay");
    take_back(&world, 1).await.fails(404, "not_found");
    world.send(WORKSPACE, &world.key, &[scored(1, 3.0)]).await;
    let explained = world.server.get(&(conversation(1) + "/explanation"), &world.key).await.expect(200);
    assert_eq!((&explained["override"], &explained["compositeScore"]), (&Value::Null, &json!(3)), "another one");
}

#[tokio::test]
async fn r5_9_what_has_no_score_or_no_override() {
    let world = World::start().await;
    let created = event("created", "conversation.created", json!({"conversationId": conversation_id(1)}));
    world.send(WORKSPACE, &world.key, &[created, scored(2, 4.0)]).await;
    let before = world.fingerprint().await;
    for n in [1, 77] {
        let told = world.server.get(&conversation(n), &world.key).await.json()["error"].clone();
        for reply in [world.server.post(&path(n), &world.key, &said(4.0)).await, take_back(&world, n).await] {
            assert_eq!(reply.fails(404, "not_found").json()["error"], told, "as whoever asks for the score is told");
        }
    }
    assert_eq!(world.fingerprint().await, before);
    take_back(&world, 2).await.fails(409, "not_overridden");
    world.server.post(&path(2), &world.key, &said(4.0)).await.expect(200);
    take_back(&world, 2).await.expect(200);
    take_back(&world, 2).await.fails(409, "not_overridden");
}

#[tokio::test]
async fn r5_9_all_faults_at_once_and_nothing_changed() {
    let world = World::start().await;
    world.send(WORKSPACE, &world.key, &[low_score(1, ACCOUNT)]).await;
    let before = world.fingerprint().await;
    let post = |body: String| world.server.ask(Method::POST, &path(1), &world.key).text(body).send();
    let cases = [
        ("{}".to_owned(), &["/environmentScore", "/outcomeScore", "/processScore", "/reason"][..]),
        (
            r#"{"outcomeScore": 0.99, "processScore": 5.01, "environmentScore": 3.005, "resolved": null, "reason": "",
                "score": 1}"#
                .to_owned(),
            &["/environmentScore", "/outcomeScore", "/processScore", "/reason", "/resolved", "/score"],
        ),
    ];
    for (body, expected) in cases {
        let mut pointers = post(body.clone()).await.fails(400, "invalid_request").pointers();
        pointers.sort_unstable();
        assert_eq!(pointers, expected, "{body}");
    }
    let reasons = |length: usize| {
        let mut body = said(1.0);
        body["reason"] = "é".repeat(length).into();
        body.to_string()
    };
    assert_eq!(post(reasons(2_001)).await.fails(400, "invalid_request").pointers(), ["/reason"]);
    assert_eq!(world.fingerprint().await, before);
    post(reasons(2_000)).await.expect(200);
}

#[tokio::test]
async fn r2_15_a_tenant_wide_credential_says_which_workspace_it_means() {
    let world = World::start().await;
    for workspace in [WORKSPACE, SIBLING] {
        world.send(workspace, &world.tenant_key, &[low_score(1, ACCOUNT)]).await;
    }
    world.server.post(&path(1), &world.tenant_key, &said(4.0)).await.fails(409, "ambiguous_workspace");
    let there = format!("{}?workspaceId={SIBLING}", path(1));
    world.server.post(&there, &world.tenant_key, &said(4.0)).await.expect(200);
    let score = async |workspace: &str| {
        let path = format!("{}?workspaceId={workspace}", conversation(1));
        world.server.get(&path, &world.tenant_key).await.expect(200)["compositeScore"].clone()
    };
    assert_eq!((score(SIBLING).await, score(WORKSPACE).await), (json!(4), json!(1.5)));
    world.server.ask(Method::DELETE, &there, &world.tenant_key).send().await.expect(200);
    assert_eq!(score(SIBLING).await, 1.5);
}

#[tokio::test]
async fn r2_14b_an_override_says_who_and_not_of_what() {
    let world = World::start().await;
    world.send(WORKSPACE, &world.key, &[low_score(1, ACCOUNT)]).await;
    let (key, id) = world.make_key(BOUND, &[Permission::QualityWrite]).await;
    world.server.post(&path(1), &key, &said(4.0)).await.expect(200);
    world.server.ask(Method::DELETE, &path(1), &key).send().await.expect(200);
    let admin = world.admin_key().await;
    let reply = world.server.get(&at("audit"), &admin).await;
    let trail = reply.expect(200)["data"].clone();
    let entry =
        |action: &str| trail.as_array().expect("a list").iter().find(|entry| entry["action"] == action).cloned();
    for action in ["score.overridden", "score.override_taken_back"] {
        let entry = entry(action).unwrap_or_else(|| panic!("{action}: {trail}"));
        assert_eq!((&entry["actor"], &entry["outcome"]), (&json!(format!("api-key:{id}")), &json!("done")));
        assert_eq!(entry["target"], Value::Null);
    }
    assert!(!reply.text.contains(&conversation_id(1)) && !reply.text.contains("I have read it"), "R4.10");
}
