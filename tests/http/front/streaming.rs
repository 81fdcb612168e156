//! Bodies pass through as they come, both ways, whatever their size.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{Node, pair};
use crate::support::raw::Raw;
use crate::support::world::{ACCOUNT, WORKSPACE, at, event};

/// A node of the cluster's that a test plays itself.
pub async fn played() -> (Node, TcpListener) {
    let (entry, listener) = (Node::start().await, TcpListener::bind("127.0.0.1:0").await.expect("a free port"));
    entry.believes(WORKSPACE, &format!("http://{}", listener.local_addr().expect("a bound listener has an address")));
    (entry, listener)
}

/// Reads until `end` has come.
async fn until(stream: &mut TcpStream, end: &str) -> String {
    let mut seen = Vec::new();
    while !seen.ends_with(end.as_bytes()) {
        let byte = stream.read_u8().await.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&seen)));
        seen.push(byte);
    }
    String::from_utf8(seen).expect("what was sent is text")
}

#[tokio::test]
async fn both_bodies_pass_piece_by_piece() {
    let (entry, listener) = played().await;
    let mut client = TcpStream::connect(entry.world.server.address).await.unwrap();
    let head = format!(
        "POST {}?a=%2F&b HTTP/1.1\r\nhost: me.example.com\r\nauthorization: Bearer k\r\nx-request-id: r-1\r\n\
         traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\nconnection: keep-alive, x-own\r\n\
         x-own: 1\r\nte: trailers\r\ntripswitch-hop: mine\r\ntransfer-encoding: chunked\r\n\r\n",
        at("events")
    );
    client.write_all(format!("{head}5\r\nfirst\r\n").as_bytes()).await.unwrap();
    let (mut node, _) = listener.accept().await.unwrap();
    let passed = until(&mut node, "\r\n\r\n").await;
    assert!(passed.starts_with(&format!("POST {}?a=%2F&b HTTP/1.1\r\n", at("events"))), "{passed}");
    for line in [
        "host: me.example.com",
        "authorization: Bearer k",
        "x-request-id: r-1",
        "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "transfer-encoding: chunked",
    ] {
        assert_eq!(passed.matches(&format!("\r\n{line}\r\n")).count(), 1, "{line} in {passed}");
    }
    for name in ["x-own", "te:", "connection:", "mine"] {
        assert!(!passed.contains(name), "{name} in {passed}");
    }
    assert!(passed.contains(" 127.0.0.1\r\n"), "the client's address stands in the hop: {passed}");
    // The second piece is sent when the first has arrived.
    until(&mut node, "first\r\n").await;
    client.write_all(b"6\r\nsecond\r\n0\r\n\r\n").await.unwrap();
    until(&mut node, "second\r\n0\r\n\r\n").await;

    let answer = "HTTP/1.1 200 OK\r\ncontent-type: text/csv\r\ntransfer-encoding: chunked\r\nkeep-alive: timeout=9\r\n\
                  x-request-id: r-1\r\n\r\n3\r\none\r\n";
    node.write_all(answer.as_bytes()).await.unwrap();
    let head = until(&mut client, "\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200 OK") && head.contains("content-type: text/csv"), "{head}");
    assert_eq!(head.matches("x-request-id").count(), 1, "{head}");
    assert!(!head.contains("timeout=9"), "{head}");
    until(&mut client, "one\r\n").await;
    node.write_all(b"3\r\ntwo\r\n0\r\n\r\n").await.unwrap();
    until(&mut client, "two\r\n0\r\n\r\n").await;
}

#[tokio::test]
async fn a_client_that_hangs_up_is_told_to_the_other_node() {
    let (entry, listener) = played().await;
    // While the answer is waited for, and while it comes.
    for begun in [false, true] {
        let mut client = TcpStream::connect(entry.world.server.address).await.unwrap();
        let head = format!("GET {} HTTP/1.1\r\nhost: x\r\n\r\n", at("quality/stats"));
        client.write_all(head.as_bytes()).await.unwrap();
        let (mut node, _) = listener.accept().await.unwrap();
        until(&mut node, "\r\n\r\n").await;
        if begun {
            node.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n").await.unwrap();
            until(&mut client, "one\r\n").await;
        }
        drop(client);
        assert_eq!(node.read(&mut [0; 1]).await.unwrap_or(0), 0);
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_breaks_off() {
    let (entry, listener) = played().await;
    let mut client = TcpStream::connect(entry.world.server.address).await.unwrap();
    client.write_all(format!("GET {} HTTP/1.1\r\nhost: x\r\n\r\n", at("quality/stats")).as_bytes()).await.unwrap();
    let (mut node, _) = listener.accept().await.unwrap();
    until(&mut node, "\r\n\r\n").await;
    node.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf").await.unwrap();
    drop(node);
    let mut seen = String::new();
    let _broken = client.read_to_string(&mut seen).await;
    assert!(seen.contains("content-length: 100") && seen.ends_with("half"), "{seen}");
}

#[tokio::test]
async fn large_bodies_pass_and_too_large_ones_are_refused_as_ever() {
    let (_owner, entry, unit) = pair(WORKSPACE).await;
    let text = "x".repeat(3_000);
    let message = |n: u32| {
        let data = json!({"conversationId": format!("cccccccc-cccc-4ccc-8ccc-{n:012}"), "accountId": ACCOUNT,
            "role": "customer", "text": text});
        event(&format!("m-{n}"), "message.received", data)
    };
    let events: Value = (0..1_000).map(message).collect::<Vec<_>>().into();
    let taken = entry.world.server.post(&at("events"), &unit.key, &events).await;
    let whole = unit.server.post(&at("events"), &unit.key, &events).await;
    assert_eq!(taken.status, whole.status, "{} {}", taken.text, whole.text);
    let mut raw = Raw::connect(entry.world.server.address).await;
    for size in [5 << 20, 20 << 20] {
        let head = format!(
            "POST {} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
             content-length: {size}\r\n\r\n",
            at("events"),
            unit.key
        );
        raw.send(head).await;
        let _sent = raw.sends_all(vec![b' '; size]).await;
        let answer = raw.next().await.expect("an answer");
        assert!(answer.status == 413 && answer.body.contains("payload_too_large"), "{answer:?}");
    }
}
