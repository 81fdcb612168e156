//! The check that every other test here stands under (`support::contract`) can fail.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::contract::fault;
use crate::support::world::{World, at, conversation};
use crate::support::{Reply, contract};

fn changed(reply: &Reply, change: impl FnOnce(&mut Value)) -> Reply {
    let mut body = reply.json();
    change(&mut body);
    Reply { status: reply.status, headers: reply.headers.clone(), text: body.to_string() }
}

#[tokio::test]
async fn r2_10_an_answer_with_other_fields_values_or_status_does_not_pass() {
    let world = World::start().await;
    world.trip().await;
    let path = conversation(1);
    let reply = world.server.get(&path, &world.key).await;
    let verdict = |reply: &Reply| fault(&Method::GET, &path, reply);
    assert_eq!(verdict(&reply), None);
    let changes: [(&str, Value); 6] = [
        ("compositeScore", json!(5.01)),
        ("compositeScore", json!(3.855)),
        ("signalCount", json!(1.5)),
        ("scoredAt", json!("2026-03-25T10:00:00Z")),
        ("conversationId", json!("CCCCCCCC-CCCC-4CCC-8CCC-000000000001")),
        ("surprise", json!(1)),
    ];
    for (member, value) in changes {
        let wrong = changed(&reply, |body| body[member] = value.clone());
        assert!(verdict(&wrong).is_some(), "{member}: {value}");
    }
    let less = changed(&reply, |body| drop(body.as_object_mut().expect("an object").remove("confidence")));
    assert!(verdict(&less).is_some());
    let status = Reply { status: StatusCode::CREATED, headers: reply.headers.clone(), text: reply.text.clone() };
    assert!(verdict(&status).is_some());
    assert!(fault(&Method::DELETE, &path, &reply).is_some() && fault(&Method::GET, "/api/nothing", &reply).is_some());
}

#[tokio::test]
async fn r2_7_a_failure_with_a_code_that_the_route_does_not_have_does_not_pass() {
    let world = World::start().await;
    let path = at("csat-config");
    let reply = world.server.patch(&path, &world.key, &json!({"linkExpiryDays": 0})).await;
    contract::check(&Method::PATCH, &path, &reply);
    let other = changed(&reply, |body| body["code"] = "empty_batch".into());
    assert!(fault(&Method::PATCH, &path, &other).is_some());
    let mut bare = Reply { status: reply.status, headers: reply.headers.clone(), text: reply.text.clone() };
    bare.headers.remove("content-type");
    assert!(fault(&Method::PATCH, &path, &bare).is_some());
}

#[tokio::test]
async fn r2_8_an_answer_without_its_header_does_not_pass() {
    let world = World::start().await;
    let path = at("csat-config");
    let mut reply = world.server.get(&path, "").await;
    reply.headers.remove("www-authenticate");
    assert!(fault(&Method::GET, &path, &reply).is_some_and(|fault| fault.contains("WWW-Authenticate")));
}
