//! Time and number: what is slow, what does not end, and what is too much.

use std::convert::Infallible;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;

use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::Method;
use tokio::net::{TcpListener, TcpStream};
use tripswitch::background::Stop;
use tripswitch::http::{Limits, Wire};
use tripswitch::ids::SeededIds;

use crate::support::raw::Raw;
use crate::support::world::{WORKSPACE, World, at};

const SHORT: Duration = Duration::from_millis(60);

fn patch(world: &World, framing: &str) -> String {
    format!(
        "PATCH {} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n{framing}\r\n\r\n",
        at("csat-config"),
        world.key
    )
}

fn ask(world: &World) -> String {
    format!("GET {} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\r\n", at("csat-config"), world.key)
}

#[tokio::test]
async fn fifty_half_sent_requests_do_not_stay_open() {
    let world = World::start_with(Limits { header_timeout: SHORT, ..Limits::default() }).await;
    let (good, mut open) = (ask(&world), Vec::new());
    for number in 0..50 {
        let mut raw = Raw::connect(world.server.address).await;
        if number % 2 == 0 {
            raw.send(&good).await;
            raw.answer().await.expect(200);
        }
        raw.send(&good[..1 + number]).await;
        open.push(raw);
    }
    for mut raw in open {
        raw.answer().await.closes(408, "request_timeout");
        raw.ends().await;
    }
}

#[tokio::test]
async fn r2_7c_connections_on_which_nothing_begins_end_without_a_word() {
    let world = World::start_with(Limits { idle_timeout: Duration::ZERO, ..Limits::default() }).await;
    let mut fresh = Raw::connect(world.server.address).await;
    let mut used = Raw::connect(world.server.address).await;
    used.send(ask(&world)).await;
    used.answer().await.expect(200);
    fresh.ends().await;
    used.ends().await;
}

#[tokio::test]
async fn r2_7_a_body_that_comes_in_drops_ends_with_408() {
    let world = World::start_with(Limits { body_timeout: SHORT, ..Limits::default() }).await;
    let before = world.fingerprint().await;
    for path in [patch(&world, "transfer-encoding: chunked"), patch(&world, "content-length: 1000000")] {
        let mut raw = Raw::connect(world.server.address).await;
        raw.send(&path).await;
        let drop: &[u8] = if path.contains("chunked") { b"1\r\n \r\n" } else { b" " };
        // The pauses are the sends themselves: each has its own segment.
        let answer = loop {
            raw.send(drop).await;
            if let Ok(answer) = tokio::time::timeout(Duration::from_millis(1), raw.answer()).await {
                break answer;
            }
        };
        answer.fails(408, "request_timeout");
        raw.ends().await;
    }
    assert_eq!(world.fingerprint().await, before);
}

#[tokio::test]
async fn a_client_that_reads_no_answers_is_cut() {
    let world = World::start_with(Limits { body_timeout: SHORT, ..Limits::default() }).await;
    let ask = ask(&world);
    let mut raw = Raw::connect(world.server.address).await;
    // Until no buffer on the way takes any more, and then until the server gives up.
    while raw.sends_all(&ask).await {}
    world.server.get(&at("csat-config"), &world.key).await.expect(200);
}

#[tokio::test]
async fn r2_8_connections_beyond_the_limits_are_told_so_and_leave_their_place() {
    let limits = Limits { connections: 4, connections_per_address: 2, ..Limits::default() };
    let world = World::start_with(limits).await;
    let good = ask(&world);
    let mut open = Vec::new();
    for _ in 0..2 {
        let mut raw = Raw::connect(world.server.address).await;
        raw.send(&good).await;
        raw.answer().await.expect(200);
        open.push(raw);
    }
    let mut third = Raw::connect(world.server.address).await;
    third.send(&good).await;
    third.answer().await.closes(429, "too_many_connections");
    third.ends().await;
    // The others are not disturbed, and a place that was left is taken again.
    for raw in &mut open {
        raw.send(&good).await;
        raw.answer().await.expect(200);
    }
    open.pop();
    let mut tries = 0;
    loop {
        let mut raw = Raw::connect(world.server.address).await;
        raw.send(&good).await;
        if raw.answer().await.status == 200 {
            break;
        }
        tries += 1;
        assert!(tries < 1_000, "the place is not given back");
    }
}

#[tokio::test]
async fn r2_8_a_full_server_says_503_and_goes_on_accepting() {
    let world = World::start_with(Limits { connections: 1, ..Limits::default() }).await;
    let good = ask(&world);
    let mut only = Raw::connect(world.server.address).await;
    for _ in 0..100 {
        let mut raw = Raw::connect(world.server.address).await;
        raw.answer().await.closes(503, "too_many_connections");
        raw.ends().await;
    }
    only.send(&good).await;
    only.answer().await.expect(200);
}

#[tokio::test]
async fn r4_1_bombs_and_nesting_are_refused_and_change_nothing() {
    let world = World::start().await;
    let before = world.fingerprint().await;
    let spaces = vec![b' '; 256 << 20];
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&spaces).unwrap();
    let zstd = zstd::encode_all(&*spaces, 3).unwrap();
    let post =
        |encoding: &str| world.server.ask(Method::POST, &at("events"), &world.key).header("content-encoding", encoding);
    post("gzip").text(gzip.finish().unwrap()).send().await.fails(413, "payload_too_large");
    post("zstd").text(zstd).send().await.fails(413, "payload_too_large");
    // One byte more than the limit, and the limit itself.
    let at_limit = |size: usize| zstd::encode_all(&*vec![b' '; size], 3).unwrap();
    post("zstd").text(at_limit((4 << 20) + 1)).send().await.fails(413, "payload_too_large");
    post("zstd").text(at_limit(4 << 20)).send().await.fails(400, "malformed_json");

    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep_object = format!("{}1{}", r#"{"a":"#.repeat(100_000), "}".repeat(100_000));
    let event =
        |data: &str| format!(r#"{{"specversion":"1.0","id":"a","source":"s","type":"message.sent","data":{data}}}"#);
    let member = |value: &str| event(&format!(r#"{{"conversationId":"{WORKSPACE}","sender":"ai","text":{value}}}"#));
    for nested in [&deep, &deep_object] {
        for body in [
            nested.clone(),
            event(nested),
            member(nested),
            format!("[{}]", event(nested)),
            format!("[{nested}]"),
            format!(r#"{{"extension":{nested},{}"#, &event("{}")[1..]),
        ] {
            let ask = world.server.ask(Method::POST, &at("events"), &world.key).text(body);
            let status = ask.send().await.status.as_u16();
            assert!(matches!(status, 400 | 422), "{status}");
        }
    }
    assert_eq!(world.fingerprint().await, before);
}

#[tokio::test]
async fn the_server_ends_after_the_grace_whatever_is_open() {
    let limits = Limits { shutdown_grace: SHORT, ..Limits::default() };
    let world = World::start_with(limits).await;
    let address = world.server.address;
    let mut idle = Raw::connect(address).await;
    idle.send(ask(&world)).await;
    idle.answer().await.expect(200);
    let mut half_sent = Raw::connect(address).await;
    half_sent.send("GET /api HTTP/1.1\r\nho").await;
    let mut upload = Raw::connect(address).await;
    upload.send(patch(&world, "content-length: 1000")).await;
    let mut deaf = Raw::connect(address).await;
    deaf.send(ask(&world).repeat(2_000)).await;
    let silent = TcpStream::connect(address).await.unwrap();

    world.server.stop().await;
    idle.ends().await;
    half_sent.ends().await;
    upload.ends().await;
    drop((deaf, silent));
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn an_answer_without_an_end_is_cut_after_the_grace() {
    let endless = async || Body::from_stream(futures::stream::repeat_with(|| Ok::<_, Infallible>("all of it\n")));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound listener has an address");
    let wire = Wire::new(Limits { shutdown_grace: SHORT, ..Limits::default() }, Arc::new(SeededIds::new(1)));
    let stop = Stop::new();
    let router = Router::new().route("/", get(endless));
    let serving = tokio::spawn(tripswitch::http::serve(listener, router, wire, stop.clone()));
    let mut reader = Raw::connect(address).await;
    reader.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(reader.answer().await.status, 200);
    stop.cancel();
    let end = async { tokio::join!(reader.drain(), serving).1 };
    tokio::time::timeout(Duration::from_secs(30), end).await.expect("it ends").expect("it does not panic");
}
