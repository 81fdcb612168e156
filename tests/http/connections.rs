//! How long a connection stays, what its answers say about that, and how a server ends without losing a request.

use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpStream;
use tripswitch::http::Limits;

use crate::support::raw::{Raw, RawAnswer};
use crate::support::world::{World, at};

fn ask_of(path: &str, world: &World, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n{headers}\r\n", world.key)
}

fn ask(world: &World, headers: &str) -> String {
    ask_of(&at("csat-config"), world, headers)
}

/// A good answer, and whether its connection stays.
#[track_caller]
fn stays(answer: &RawAnswer) -> bool {
    answer.expect(200);
    match (answer.header("connection"), answer.header("keep-alive")) {
        (None, Some(_)) => true,
        (Some("close"), None) => false,
        other => panic!("{other:?} in {answer:?}"),
    }
}

#[tokio::test]
async fn r2_7c_answers_say_how_long_a_connection_stays_open_without_a_word() {
    let world = World::start_with(Limits { idle_timeout: Duration::from_secs(7), ..Limits::default() }).await;
    let mut raw = Raw::connect(world.server.address).await;
    for request in [ask(&world, ""), ask_of("/nothing", &world, ""), ask(&world, "connection: keep-alive, x\r\n")] {
        raw.send(request).await;
        assert_eq!(raw.answer().await.header("keep-alive"), Some("timeout=7"));
    }
    raw.send(ask(&world, "connection: x, Close\r\n")).await;
    assert!(!stays(&raw.answer().await));
    raw.ends().await;

    let mut old = Raw::connect(world.server.address).await;
    old.send(ask(&world, "").replace("HTTP/1.1", "HTTP/1.0")).await;
    assert_eq!(old.answer().await.header("keep-alive"), None, "of HTTP/1.1 alone");
    old.ends().await;
}

#[tokio::test]
async fn r2_7c_a_connection_whose_request_was_not_read_to_its_end_is_not_said_to_stay() {
    let world = World::start().await;
    let mut raw = Raw::connect(world.server.address).await;
    for _ in 0..2 {
        // Some clients send a body with every request. Here nobody reads it.
        let request = ask(&world, "content-length: 2\r\n");
        raw.send(request + "{}").await;
        assert!(stays(&raw.answer().await));
    }
    let post = format!("POST {} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n", at("events"));
    let with_key = format!("{post}authorization: Bearer {}\r\n", world.key);
    for (request, status) in [
        (format!("{with_key}transfer-encoding: chunked\r\n\r\nzz\r\n"), 400),
        (format!("{post}expect: 100-continue\r\ncontent-length: 9\r\n\r\n"), 401),
        (ask(&world, "content-length: 9\r\n"), 200),
    ] {
        let mut raw = Raw::connect(world.server.address).await;
        raw.send(request.clone()).await;
        let answer = raw.answer().await;
        answer.expect(status);
        assert_eq!((answer.header("connection"), answer.header("keep-alive")), (Some("close"), None), "{request}");
        raw.ends().await;
    }
}

#[tokio::test]
async fn r2_7c_until_the_stop_requests_are_taken_and_no_connection_is_kept() {
    let world = World::start().await;
    let (address, ending) = (world.server.address, world.server.ending.clone());
    let (mut used, mut fresh) = (Raw::connect(address).await, Raw::connect(address).await);
    used.send(ask(&world, "")).await;
    assert!(stays(&used.answer().await));
    let mut begun = Raw::connect(address).await;
    begun.send(&ask(&world, "")[..30]).await;
    let mut held = Raw::connect(address).await;
    held.send(ask_of(&at("quality/gate?waitEpoch=0&timeoutSeconds=60"), &world, "")).await;

    ending.drain.cancel();
    for raw in [&mut used, &mut fresh, &mut Raw::connect(address).await] {
        raw.send(ask(&world, "")).await;
        assert!(!stays(&raw.answer().await));
        raw.ends().await;
    }
    begun.send(&ask(&world, "")[30..]).await;
    assert!(!stays(&begun.answer().await));

    ending.stop.cancel();
    assert!(!stays(&held.answer().await), "a held answer is given at the stop");
    world.server.stop().await;
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn r2_7c_what_has_come_before_the_stop_is_answered() {
    for _ in 0..20 {
        let world = World::start().await;
        let address = world.server.address;
        let mut used = Raw::connect(address).await;
        used.send(ask(&world, "")).await;
        assert!(stays(&used.answer().await));
        let (mut fresh, mut begun) = (Raw::connect(address).await, Raw::connect(address).await);
        begun.send(&ask(&world, "")[..30]).await;
        used.send(ask(&world, "")).await;
        fresh.send(ask(&world, "")).await;
        let request = ask(&world, "");
        let (_, (), ()) = tokio::join!(
            world.server.stop(),
            async { assert!(!stays(&used.answer().await) && !stays(&fresh.answer().await)) },
            async {
                begun.send(&request[30..]).await;
                assert!(!stays(&begun.answer().await));
            }
        );
    }
}

#[tokio::test]
async fn r2_7b_headers_have_32_kib_and_the_request_line_half_of_it() {
    let world = World::start().await;
    let status = async |request: String| {
        let mut raw = Raw::connect(world.server.address).await;
        raw.send(request).await;
        let answer = raw.answer().await;
        (answer.status, answer.json()["code"].as_str().map(str::to_owned))
    };
    let refused = |status: u16, code: &str| (status, Some(code.to_owned()));
    let of_size = |size: usize| {
        let rest = ask(&world, "x: \r\n").len();
        ask(&world, &format!("x: {}\r\n", "y".repeat(size - rest)))
    };
    assert_eq!(status(of_size(32 << 10)).await, (200, None));
    assert_eq!(status(of_size((32 << 10) + 1)).await, refused(431, "headers_too_large"));
    let with_line = |size: usize| {
        let query = "x".repeat(size - format!("GET {}? HTTP/1.1\r\n", at("csat-config")).len());
        ask_of(&format!("{}?{query}", at("csat-config")), &world, "")
    };
    assert_eq!(status(with_line((16 << 10) - 1)).await, refused(400, "invalid_request"));
    assert_eq!(status(with_line(16 << 10)).await, refused(414, "uri_too_long"));
}

#[tokio::test]
async fn r2_8_who_has_too_many_connections_is_told_which_option_bounds_them() {
    let told = async |limits: Limits| {
        let world = World::start_with(limits).await;
        let _only = Raw::connect(world.server.address).await;
        let mut other = Raw::connect(world.server.address).await;
        let body: Value = other.answer().await.json();
        body["error"].as_str().expect("a message").to_owned()
    };
    let told_one = told(Limits { connections_per_address: 1, ..Limits::default() }).await;
    assert!(told_one.contains("[server] max_connections_per_address"), "{told_one}");
    let told_all = told(Limits { connections: 1, ..Limits::default() }).await;
    assert!(told_all.contains("[server] max_connections)"), "{told_all}");
}
