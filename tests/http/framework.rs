//! What the framework finds answers in R2.7's form too; request ids; bodies and their limits.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tripswitch::domain::system::Permission;
use tripswitch::http::Limits;

use crate::support::world::{BOUND, WORKSPACE, World, at};

#[tokio::test]
async fn r2_7_unknown_routes_and_wrong_methods() {
    let world = World::start().await;
    for path in ["/api", "/api/workspaces", "/nothing/%FF", "/api/admin", &at("csat-config/"), &at("quality")] {
        world.server.get(path, &world.key).await.fails(404, "not_found");
        world.server.get(path, "").await.fails(404, "not_found");
    }
    let cases = [
        (Method::DELETE, at("csat-config"), "GET,HEAD,PATCH"),
        (Method::POST, at("quality/stats"), "GET,HEAD"),
        (Method::GET, at("events"), "POST"),
        (Method::PUT, "/api/admin/keys".to_owned(), "GET,HEAD,POST"),
        (Method::GET, at(&format!("quality/circuit-breakers/{WORKSPACE}/resolve")), "POST"),
    ];
    for (method, path, allow) in cases {
        let reply = world.server.ask(method, &path, &world.key).send().await;
        reply.fails(405, "method_not_allowed");
        assert_eq!(reply.header("allow"), allow, "{path}");
    }
}

#[tokio::test]
async fn r2_1_sane_request_ids_are_echoed_and_others_replaced() {
    let world = World::start().await;
    let ask = |path: &str, id: &str| world.server.ask(Method::GET, path, &world.key).header("x-request-id", id);
    for path in [at("csat-config"), "/nothing".to_owned()] {
        assert_eq!(ask(&path, "Req_1.2-3").send().await.header("x-request-id"), "Req_1.2-3");
        for id in ["a b", &"x".repeat(129), "a/b", ""] {
            let reply = ask(&path, id).send().await;
            assert_eq!(reply.header("x-request-id").len(), 36, "a fresh id");
        }
    }
    let (a, b) = (world.server.get("/a", "").await, world.server.get("/a", "").await);
    assert_ne!(a.header("x-request-id"), b.header("x-request-id"));
}

#[tokio::test]
async fn r2_7_bodies_that_are_not_json_objects() {
    let world = World::start().await;
    let before = world.fingerprint().await;
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let deep_field = format!(r#"{{"linkExpiryDays": {deep}}}"#);
    let deep_unknown = format!(r#"{{"x": {}1{}}}"#, r#"{"a":"#.repeat(100_000), "}".repeat(100_000));
    let cases = [
        ("", "malformed_json"),
        ("{", "malformed_json"),
        ("{'a':1}", "malformed_json"),
        ("{} {}", "malformed_json"),
        (r#"{"circuitBreakerCount": NaN}"#, "malformed_json"),
        (r#"{"circuitBreakerCount": 5,}"#, "malformed_json"),
        ("null", "invalid_request"),
        ("[]", "invalid_request"),
        ("\"a\"", "invalid_request"),
        ("5", "invalid_request"),
        (&deep, "invalid_request"),
        (&deep_field, "invalid_request"),
        (&deep_unknown, "invalid_request"),
        (&"[".repeat(100_000), "malformed_json"),
    ];
    for (body, code) in cases {
        let ask = world.server.ask(Method::PATCH, &at("csat-config"), &world.key).text(body.to_owned());
        ask.send().await.fails(400, code);
    }
    let utf8 = world.server.ask(Method::PATCH, &at("csat-config"), &world.key).text(&b"{\"\xff\": 1}"[..]);
    utf8.send().await.fails(400, "malformed_json");
    assert_eq!(world.fingerprint().await, before);
}

#[tokio::test]
async fn r2_7_wrong_content_types() {
    let world = World::start().await;
    let path = at("csat-config");
    let patch = || world.server.ask(Method::PATCH, &path, &world.key);
    let latin = "application/json; charset=latin1";
    for content_type in ["text/plain", "application/jsonp", "application/x-www-form-urlencoded", latin, ""] {
        let ask = patch().header("content-type", content_type).bytes(r#"{"circuitBreakerCount": 5}"#);
        ask.send().await.fails(415, "unsupported_media_type");
    }
    patch().bytes("{}").send().await.fails(415, "unsupported_media_type");
    let packed = patch().header("content-encoding", "gzip").text("{}");
    packed.send().await.fails(415, "unsupported_media_type");
    for content_type in
        ["Application/JSON; charset=utf-8", "application/json;charset=utf8", "application/merge-patch+json"]
    {
        patch().header("content-type", content_type).bytes("{}").send().await.expect(200);
    }
    // What patches is no other body.
    let admin = world.make_key(BOUND, &[Permission::Admin]).await.0;
    let make = world.server.ask(Method::POST, "/api/admin/keys", &admin);
    let make = make.header("content-type", "application/merge-patch+json").bytes(r#"{"scopes": ["admin"]}"#);
    make.send().await.fails(415, "unsupported_media_type");
    assert_eq!(world.server.get(&path, &world.key).await.expect(200)["circuitBreakerCount"], 3);
}

#[tokio::test]
async fn r2_8_a_body_that_is_too_large_is_read_on_so_that_the_answer_is_seen() {
    let world = World::start().await;
    let before = world.fingerprint().await;
    let large = vec![b' '; 15 << 20];
    for (method, path) in [(Method::PATCH, at("csat-config")), (Method::POST, at("events"))] {
        let ask = world.server.ask(method, &path, &world.key).text(large.clone());
        ask.send().await.fails(413, "payload_too_large");
    }
    // Refusals that never look at the body as well.
    let ask = world.server.ask(Method::POST, &at("events"), "").text(large.clone());
    ask.send().await.fails(401, "unauthorized");
    world.server.ask(Method::POST, "/nothing", "").text(large).send().await.fails(404, "not_found");
    assert_eq!(world.fingerprint().await, before);
}

/// Sends `head` and then nothing; what comes back until the server closes or answers.
async fn raw(world: &World, head: &str) -> String {
    let mut stream = TcpStream::connect(world.server.address).await.expect("the server accepts");
    stream.write_all(head.as_bytes()).await.expect("the server reads");
    let mut answer = Vec::new();
    let mut buffer = [0; 4_096];
    while let Ok(Ok(count @ 1..)) = tokio::time::timeout(Duration::from_secs(10), stream.read(&mut buffer)).await {
        answer.extend_from_slice(&buffer[..count]);
        if answer.ends_with(b"}") {
            break;
        }
    }
    String::from_utf8(answer).expect("an answer in UTF-8")
}

#[tokio::test]
async fn r2_7_a_body_that_does_not_arrive_is_408() {
    let limits = Limits { body_timeout: Duration::from_millis(50), ..Limits::default() };
    let world = World::start_with(limits).await;
    let head = format!(
        "PATCH {} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         content-length: 10\r\n\r\n{{",
        at("csat-config"),
        world.key
    );
    let answer = raw(&world, &head).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains(r#""code":"request_timeout""#), "{answer}");
}

#[tokio::test]
async fn r2_7_a_broken_chunked_body_is_400() {
    let world = World::start().await;
    let head = format!(
        "PATCH {} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         transfer-encoding: chunked\r\n\r\nnot a chunk\r\n",
        at("csat-config"),
        world.key
    );
    let answer = raw(&world, &head).await;
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("malformed_body"), "{answer}");
}

#[tokio::test]
async fn slow_headers_do_not_hold_a_connection_open() {
    let limits = Limits { header_timeout: Duration::from_millis(50), ..Limits::default() };
    let world = World::start_with(limits).await;
    let answer = raw(&world, "GET / HTTP/1.1\r\nhost: x\r\n").await;
    assert!(!answer.contains("200"), "{answer}");
    world.server.get(&at("csat-config"), &world.key).await.expect(200);
}

#[tokio::test]
async fn an_idle_connection_does_not_keep_the_server_from_its_end() {
    let world = World::start().await;
    world.server.patch(&at("csat-config"), &world.key, &json!({})).await.expect(200);
    let _idle = TcpStream::connect(world.server.address).await.unwrap();
    world.server.stop().await;
}
