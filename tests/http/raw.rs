//! What is no proper request, on sockets that send anything: always an answer in R2.7's form or an
//! end, and never another tenant's answer.

use tripswitch::domain::ids::{Id, Side};
use tripswitch::domain::system::Permission;

use crate::support::raw::{Raw, RawAnswer};
use crate::support::world::{BOUND, FOREIGN, Holder, WORKSPACE, World, at};

/// A request for a workspace's configuration.
fn ask(workspace: &str, key: &str) -> String {
    format!("GET /api/workspaces/{workspace}/csat-config HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n\r\n")
}

fn is_of(answer: &RawAnswer, workspace: &str) {
    assert_eq!(answer.expect(200)["workspaceId"], workspace);
}

async fn foreign_key(world: &World) -> String {
    let holder = Holder { tenant: Some("two"), workspace: Some(FOREIGN), side: Side::Live, ..BOUND };
    world.make_key(holder, &[Permission::QualityRead, Permission::EventsWrite]).await.0
}

/// What hyper cannot parse, with the answer that it must get.
fn unparsable() -> Vec<(Vec<u8>, u16, &'static str)> {
    let head = |line: &str| format!("POST /x HTTP/1.1\r\nhost: x\r\n{line}\r\n\r\n").into_bytes();
    let malformed = [
        b"NONSENSE\r\n\r\n".to_vec(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec(),
        b"GET / HTTP/9.9\r\nhost: x\r\n\r\n".to_vec(),
        b"GET /\x7f HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(),
        b"GET  / HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(),
        b"G{T / HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        b"POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n".to_vec(),
        head("no colon"),
        head("x : y"),
        head("x: y\r\n folded"),
        head("x: \0"),
        head("content-length: abc"),
        head("content-length: -1"),
        head("content-length: 3, 3"),
        head("content-length: 99999999999999999999999"),
        head("content-length: 3\r\ncontent-length: 4"),
        head("transfer-encoding: gzip"),
        head("transfer-encoding: chunked, gzip"),
    ];
    let mut cases: Vec<_> = malformed.map(|bytes| (bytes, 400, "malformed_request")).into();
    let many: String = (0..101).map(|number| format!("x-{number}: y\r\n")).collect();
    cases.push((head(many.trim_end()), 431, "headers_too_large"));
    cases.push((head(&format!("x: {}", "y".repeat(64 << 10))), 431, "headers_too_large"));
    cases.push((format!("GET / HTTP/1.1\r\nx: {}", "y".repeat(64 << 10)).into_bytes(), 431, "headers_too_large"));
    cases.push((format!("GET /{} HTTP/1.1\r\n\r\n", "y".repeat(20 << 10)).into_bytes(), 414, "uri_too_long"));
    cases.push((format!("GET /{}", "y".repeat(100 << 10)).into_bytes(), 414, "uri_too_long"));
    cases.push((format!("GET /{}", "y".repeat(17 << 10)).into_bytes(), 414, "uri_too_long"));
    cases
}

#[tokio::test]
async fn r2_7_what_cannot_be_parsed_gets_the_form_of_every_failure() {
    let world = World::start().await;
    let good = ask(WORKSPACE, &world.key);
    let mut ids = std::collections::HashSet::new();
    for (bad, status, code) in unparsable() {
        let mut first = Raw::connect(world.server.address).await;
        first.send(&bad).await;
        let answer = first.answer().await;
        answer.closes(status, code);
        assert!(ids.insert(answer.header("x-request-id").unwrap().to_owned()), "a fresh id");
        first.ends().await;

        let mut later = Raw::connect(world.server.address).await;
        later.send(&good).await;
        is_of(&later.answer().await, WORKSPACE);
        later.send(&bad).await;
        later.answer().await.closes(status, code);
        later.ends().await;

        let mut pipelined = Raw::connect(world.server.address).await;
        pipelined.send([good.as_bytes(), good.as_bytes(), &bad, good.as_bytes()].concat()).await;
        is_of(&pipelined.answer().await, WORKSPACE);
        is_of(&pipelined.answer().await, WORKSPACE);
        pipelined.answer().await.closes(status, code);
        pipelined.ends().await;
    }
}

#[tokio::test]
async fn r2_7_a_client_that_goes_on_sending_is_not_reset_before_it_has_its_answer() {
    let world = World::start().await;
    let mut raw = Raw::connect(world.server.address).await;
    raw.send(format!("GET / HTTP/1.1\r\nx: {}", "y".repeat(40 << 10))).await;
    raw.answer().await.closes(431, "headers_too_large");
    // A socket that is closed would answer the first with a reset, and the second would fail.
    for _ in 0..3 {
        assert!(raw.sends_all("y".repeat(1_000)).await);
    }
    raw.end().await;
    raw.ends().await;
}

#[tokio::test]
async fn r2_7_garbage_behind_a_body_that_nobody_reads() {
    let world = World::start().await;
    // The answer to the first and the refusal of the second can come to stand in one buffer.
    let unread = format!("{}content-length: 3\r\n\r\nabc", ask(WORKSPACE, &world.key).strip_suffix("\r\n").unwrap());
    let mut raw = Raw::connect(world.server.address).await;
    raw.send(format!("{unread}NONSENSE\r\n\r\n")).await;
    is_of(&raw.answer().await, WORKSPACE);
    raw.answer().await.closes(400, "malformed_request");
    raw.ends().await;
}

#[tokio::test]
async fn r2_8_requests_that_can_be_read_in_two_ways_are_refused_and_end_the_connection() {
    let world = World::start().await;
    let foreign = foreign_key(&world).await;
    let hidden = ask(FOREIGN, &foreign);
    let post = |headers: &str, body: &str| {
        let key = &world.key;
        format!("POST {} HTTP/1.1\r\nauthorization: Bearer {key}\r\n{headers}\r\n\r\n{body}", at("events"))
    };
    let chunked = "transfer-encoding: chunked";
    let smuggling = format!("0\r\n\r\n{hidden}");
    let length = format!("content-length: {}", smuggling.len());
    let cases = [
        post(&format!("host: x\r\n{length}\r\n{chunked}"), &smuggling),
        post(&format!("host: x\r\n{chunked}\r\n{length}"), &smuggling),
        post(&format!("host: x\r\n{length}\r\n{length}"), &smuggling),
        post(&length, &smuggling),
        post(&format!("host: x\r\nhost: y\r\n{chunked}"), &smuggling),
        "GET /api HTTP/1.1\r\n\r\n".to_owned(),
        "GET http://x/api HTTP/1.1\r\n\r\n".to_owned(),
    ];
    for bad in cases {
        for before in [String::new(), ask(FOREIGN, &foreign), format!("{0}{0}", ask(WORKSPACE, &world.key))] {
            let mut raw = Raw::connect(world.server.address).await;
            raw.send(format!("{before}{bad}{hidden}")).await;
            for _ in 0..before.matches("\r\n\r\n").count() {
                raw.answer().await.expect(200);
            }
            raw.answer().await.closes(400, "malformed_request");
            raw.ends().await;
        }
    }
    let coded = post("host: x\r\ntransfer-encoding: gzip, chunked", "0\r\n\r\n");
    let mut raw = Raw::connect(world.server.address).await;
    raw.send(coded).await;
    raw.answer().await.closes(501, "unsupported_transfer_coding");
    raw.ends().await;
}

#[tokio::test]
async fn answers_on_one_connection_stay_with_their_tenants() {
    let world = World::start().await;
    let foreign = foreign_key(&world).await;
    let mut raw = Raw::connect(world.server.address).await;
    let chunked = format!(
        "PATCH {} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         transfer-encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n",
        at("csat-config"),
        world.key
    );
    let all: String = (0..20)
        .map(|round| match round % 4 {
            0 => ask(WORKSPACE, &world.key),
            1 => ask(FOREIGN, &foreign),
            2 => chunked.clone(),
            _ => ask(WORKSPACE, &foreign),
        })
        .collect();
    // In pieces that end anywhere.
    for piece in all.as_bytes().chunks(97) {
        raw.send(piece).await;
    }
    for round in 0..20 {
        let answer = raw.answer().await;
        match round % 4 {
            0 | 2 => is_of(&answer, WORKSPACE),
            1 => is_of(&answer, FOREIGN),
            _ => answer.fails(404, "not_found"),
        }
    }
    raw.send("\r\n\r\nGARBAGE\r\n\r\n").await;
    raw.answer().await.closes(400, "malformed_request");
    raw.ends().await;
}

#[tokio::test]
async fn r2_7_unusual_targets_and_old_versions_get_a_sane_answer() {
    let world = World::start().await;
    let mut raw = Raw::connect(world.server.address).await;
    raw.send(ask(WORKSPACE, &world.key).replace("GET /", "GET http://elsewhere.example/")).await;
    is_of(&raw.answer().await, WORKSPACE);
    raw.send("OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n").await;
    raw.answer().await.fails(404, "not_found");
    raw.send(format!("OPTIONS {} HTTP/1.1\r\nhost: x\r\n\r\n", at("csat-config"))).await;
    raw.answer().await.fails(405, "method_not_allowed");
    raw.send("GET /api HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n").await;
    raw.answer().await.fails(404, "not_found");

    let mut raw = Raw::connect(world.server.address).await;
    raw.send("CONNECT example.com:443 HTTP/1.1\r\nhost: example.com:443\r\n\r\n").await;
    raw.answer().await.fails(404, "not_found");

    let mut old = Raw::connect(world.server.address).await;
    old.send(ask(WORKSPACE, &world.key).replace("HTTP/1.1\r\nhost: x", "HTTP/1.0")).await;
    is_of(&old.answer().await, WORKSPACE);
    old.ends().await;
    let mut old = Raw::connect(world.server.address).await;
    old.send(ask(WORKSPACE, &world.key).replace("HTTP/1.1\r\nhost: x", "HTTP/1.0\r\nconnection: keep-alive")).await;
    is_of(&old.answer().await, WORKSPACE);
    old.send("NONSENSE\r\n\r\n").await;
    old.answer().await.closes(400, "malformed_request");
    old.ends().await;
}

#[tokio::test]
async fn an_upload_that_is_broken_off_changes_nothing() {
    let world = World::start().await;
    let before = world.fingerprint().await;
    let id = Id(7);
    let event = format!(
        r#"{{"specversion":"1.0","id":"a","source":"s","type":"conversation.created","data":{{"conversationId":"{id}"}}}}"#
    );
    let head = |framing: &str| {
        format!(
            "POST {} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n{framing}\r\n\r\n",
            at("events"),
            world.key
        )
    };
    let uploads = [
        format!("{}{event}", head(&format!("content-length: {}", event.len() + 1))),
        format!("{}{:x}\r\n{event}\r\n", head("transfer-encoding: chunked"), event.len()),
        format!("{}{:x}\r\n{}", head("transfer-encoding: chunked"), event.len(), &event[..event.len() / 2]),
    ];
    for upload in uploads {
        // Gone at once, and gone in order.
        let mut raw = Raw::connect(world.server.address).await;
        raw.send(&upload).await;
        drop(raw);
        let mut raw = Raw::connect(world.server.address).await;
        raw.send(&upload).await;
        raw.end().await;
        if let Some(answer) = raw.next().await {
            answer.fails(400, "malformed_body");
        }
        raw.ends().await;
    }
    assert_eq!(world.fingerprint().await, before);
    let path = format!("/api/conversations/{id}/quality");
    world.server.get(&path, &world.key).await.fails(404, "not_found");
}
