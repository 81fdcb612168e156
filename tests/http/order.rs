//! R2.8's order of refusals: 401, malformed id 400, 404, 403, then the rest.

use reqwest::Method;

use crate::support::world::{ACCOUNT, BOUND, SIBLING, UNKNOWN, WORKSPACE, World, at, conversation};

const MALFORMED: &str = "not-a-uuid";

#[tokio::test]
async fn r2_8_each_refusal_comes_before_the_next() {
    let world = World::start().await;
    let nothing = world.make_key(BOUND, &[]).await.0;
    let stats = |id: &str| format!("/api/workspaces/{id}/quality/stats?period=never&x=1");
    world.server.get(&stats(MALFORMED), "").await.fails(401, "unauthorized");
    world.server.get(&stats(MALFORMED), &nothing).await.fails(400, "invalid_id");
    world.server.get(&stats(UNKNOWN), &nothing).await.fails(404, "not_found");
    world.server.get(&stats(SIBLING), &nothing).await.fails(403, "forbidden");
    world.server.get(&stats(WORKSPACE), &nothing).await.fails(403, "forbidden");
    let rest = world.server.get(&stats(WORKSPACE), &world.key).await;
    assert_eq!(rest.fails(400, "invalid_request").pointers(), ["/x", "/period"]);
}

#[tokio::test]
async fn r2_8_a_lookup_tells_unknown_before_it_tells_of_scopes() {
    let world = World::start().await;
    world.trip().await;
    let nothing = world.make_key(BOUND, &[]).await.0;
    for (known, unknown) in [
        (conversation(1), conversation(77)),
        (conversation(1) + "/explanation", conversation(77) + "/explanation"),
        (conversation(1) + "/revisions", conversation(77) + "/revisions"),
        (format!("/api/accounts/{ACCOUNT}/quality"), format!("/api/accounts/{UNKNOWN}/quality")),
        (
            format!("/api/accounts/{ACCOUNT}/quality/explanation"),
            format!("/api/accounts/{UNKNOWN}/quality/explanation"),
        ),
        (format!("/api/accounts/{ACCOUNT}/conversations"), format!("/api/accounts/{UNKNOWN}/conversations")),
    ] {
        world.server.get(&unknown, &nothing).await.fails(404, "not_found");
        world.server.get(&format!("{unknown}?x=1"), &nothing).await.fails(404, "not_found");
        world.server.get(&known, &nothing).await.fails(403, "forbidden");
        world.server.get(&format!("{known}?x=1"), &world.key).await.fails(400, "invalid_request");
        world.server.get(&format!("{known}?workspaceId={SIBLING}"), &world.key).await.fails(403, "forbidden");
        world.server.get(&format!("{known}?workspaceId={UNKNOWN}"), &world.key).await.fails(404, "not_found");
    }
}

#[tokio::test]
async fn r2_8_an_unknown_breaker_is_told_before_scopes_and_bodies() {
    let world = World::start().await;
    let known = world.trip().await;
    let nothing = world.make_key(BOUND, &[]).await.0;
    for step in ["acknowledge", "resolve", "notes"] {
        let ask = |breaker: &str, key: &str| {
            let path = format!("/api/workspaces/{WORKSPACE}/quality/circuit-breakers/{breaker}/{step}?x=1");
            world.server.ask(Method::POST, &path, key).header("content-type", "image/png").bytes("{")
        };
        ask(MALFORMED, &nothing).send().await.fails(400, "invalid_id");
        ask(UNKNOWN, &nothing).send().await.fails(404, "not_found");
        ask(UNKNOWN, &world.key).send().await.fails(404, "not_found");
        ask(&known, &nothing).send().await.fails(403, "forbidden");
        ask(&known, &world.key).send().await.fails(400, "invalid_request");
    }
}

#[tokio::test]
async fn r2_8_a_body_is_judged_last() {
    let world = World::start().await;
    let nothing = world.make_key(BOUND, &[]).await.0;
    for (method, path) in [
        (Method::PATCH, "csat-config"),
        (Method::PATCH, "quality/settings"),
        (Method::POST, "events"),
        (Method::POST, "quality/circuit-breakers"),
        (Method::POST, "quality/backtest"),
    ] {
        let ask = |id: &str, key: &str| {
            let path = format!("/api/workspaces/{id}/{path}");
            world.server.ask(method.clone(), &path, key).header("content-type", "image/png").bytes("{")
        };
        ask(MALFORMED, "").send().await.fails(401, "unauthorized");
        ask(MALFORMED, &nothing).send().await.fails(400, "invalid_id");
        ask(UNKNOWN, &nothing).send().await.fails(404, "not_found");
        ask(WORKSPACE, &nothing).send().await.fails(403, "forbidden");
        ask(WORKSPACE, &world.key).send().await.fails(415, "unsupported_media_type");
    }
}

#[tokio::test]
async fn r2_8_an_unknown_conversation_is_told_before_scopes_and_bodies() {
    let world = World::start().await;
    world.trip().await;
    let nothing = world.make_key(BOUND, &[]).await.0;
    let ask = |conversation: String, key: &str| {
        let path = format!("{conversation}/override?x=1");
        world.server.ask(Method::POST, &path, key).header("content-type", "image/png").bytes("{")
    };
    let malformed = format!("/api/conversations/{MALFORMED}/quality");
    ask(malformed, &nothing).send().await.fails(400, "invalid_id");
    ask(conversation(77), &nothing).send().await.fails(404, "not_found");
    ask(conversation(1), &nothing).send().await.fails(403, "forbidden");
    ask(conversation(1), &world.key).send().await.fails(400, "invalid_request");
}

#[tokio::test]
async fn r2_2_only_hyphenated_ids_bare_or_with_the_prefix_of_their_kind() {
    let world = World::start().await;
    world.trip().await;
    let undashed = |id: &str| id.replace('-', "");
    let conversation_id = conversation(1).split('/').nth(3).unwrap().to_owned();
    let kinds = [
        ("ws_", WORKSPACE, "/api/workspaces/{}/csat-config", "/workspaceId"),
        ("conv_", &conversation_id, "/api/conversations/{}/quality", "/conversationId"),
        ("acc_", ACCOUNT, "/api/accounts/{}/quality", "/accountId"),
    ];
    for (prefix, id, path, pointer) in kinds {
        for good in
            [id.to_owned(), id.to_uppercase(), format!("{prefix}{id}"), format!("{prefix}{}", id.to_uppercase())]
        {
            world.server.get(&path.replace("{}", &good), &world.key).await.expect(200);
        }
        for bad in [
            MALFORMED.to_owned(),
            undashed(id),
            format!("urn:uuid:{id}"),
            format!("%7B{id}%7D"),
            format!("cb_{id}"),
            format!("{id}0"),
            format!("{prefix}{prefix}{id}"),
            format!("{id}%00"),
            "%C3%A9".to_owned(),
        ] {
            let reply = world.server.get(&path.replace("{}", &bad), &world.key).await;
            assert_eq!(reply.fails(400, "invalid_id").pointers(), [pointer], "{bad}");
        }
        world.server.get(&path.replace("{}", "%FF"), &world.key).await.fails(400, "invalid_id");
        world.server.get(&path.replace("{}", "%FF"), "").await.fails(401, "unauthorized");
    }
}

#[tokio::test]
async fn r2_7_every_malformed_id_is_named_at_once() {
    let world = World::start().await;
    let acknowledge = format!("/api/workspaces/{MALFORMED}/quality/circuit-breakers/{MALFORMED}/acknowledge");
    let reply = world.server.post_nothing(&acknowledge, &world.key).await;
    assert_eq!(reply.fails(400, "invalid_id").pointers(), ["/workspaceId", "/breakerId"]);
    let reply = world.server.get("/api/accounts/x/quality?workspaceId=y", &world.key).await;
    assert_eq!(reply.fails(400, "invalid_id").pointers(), ["/accountId", "/workspaceId"]);
    let reply = world.server.get("/api/workspaces/x/quality/gate?accountId=y", &world.key).await;
    assert_eq!(reply.fails(400, "invalid_id").pointers(), ["/workspaceId", "/accountId"]);
    assert_eq!(world.server.get(&at("quality/gate?accountId="), &world.key).await.pointers(), ["/accountId"]);
}
