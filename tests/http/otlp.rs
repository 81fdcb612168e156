//! Spans of requests on their way to a collector.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use reqwest::StatusCode;

use crate::process::{Home, Served};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";

/// What a collector was sent: path, type and body.
type Sent = (String, String, Vec<u8>);

/// Takes everything that comes.
fn collector() -> (String, Receiver<Sent>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("a bound listener has an address");
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let sender = sender.clone();
            thread::spawn(move || {
                while let Some(sent) = take(&stream) {
                    drop(sender.send(sent))
                }
            });
        }
    });
    (format!("http://{address}"), receiver)
}

/// One request, which is answered; none at the end of the connection.
fn take(stream: &TcpStream) -> Option<Sent> {
    let mut reader = BufReader::new(stream);
    let (mut line, mut kind, mut length) = (String::new(), String::new(), 0);
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-type") => kind = value.trim().to_owned(),
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.trim().parse().ok()?,
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let mut writer = stream;
    writer.write_all(ANSWER).ok()?;
    Some((path, kind, body))
}

async fn get(served: &Served, home: &Home, path: &str, id: &str, parent: Option<&str>) -> StatusCode {
    let client = tripswitch::outgoing::client().no_proxy().build().expect("a plain client");
    let ask = client.get(format!("{}{path}", served.url)).bearer_auth(&home.key).header("x-request-id", id);
    let ask = match parent {
        Some(parent) => ask.header("traceparent", parent),
        None => ask,
    };
    ask.send().await.expect("an answer").status()
}

fn serve(home: &Home, collector: &str) -> Served {
    home.serve(&[("TRIPSWITCH__LOG__OTLP_ENDPOINT", collector), ("TRIPSWITCH__LOG__FORMAT", "json")])
}

fn holds(body: &[u8], part: &[u8]) -> bool {
    body.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn otlp_a_request_is_a_span_of_its_callers_trace() {
    let home = Home::new();
    let (address, sent) = collector();
    let served = serve(&home, &address);
    let path = home.at("csat-config");
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    assert_eq!(get(&served, &home, &path, "r-child", Some(parent)).await, 200);
    assert_eq!(get(&served, &home, &path, "r-unsampled", Some(&parent.replace("-01", "-00"))).await, 200);
    assert_eq!(get(&served, &home, &format!("{path}?hush=quiet"), "r-root", None).await, 400);
    assert_eq!(served.stop(), Some(0), "the last spans go out at the end");

    let sent: Vec<Sent> = sent.try_iter().collect();
    assert!(!sent.is_empty(), "{}", home.logged());
    for (path, kind, _) in &sent {
        assert_eq!((path.as_str(), kind.as_str()), ("/v1/traces", "application/x-protobuf"));
    }
    let all: Vec<u8> = sent.into_iter().flat_map(|(_, _, body)| body).collect();
    let (trace, span) = (0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736_u128, 0x00f0_67aa_0ba9_02b7_u64);
    // Field 4 of a span is its parent, of eight bytes.
    let child_of = [&[0x22, 8][..], &span.to_be_bytes()].concat();
    assert!(holds(&all, &trace.to_be_bytes()) && holds(&all, &child_of), "the caller's trace and span");
    for text in ["service.name", "GET /api/workspaces/{workspaceId}/csat-config", "r-child", "r-root"] {
        assert!(holds(&all, text.as_bytes()), "{text}");
    }
    for text in ["r-unsampled", "quiet", &home.key[11..], &home.workspace] {
        assert!(!holds(&all, text.as_bytes()), "{text}");
    }
}

#[tokio::test]
async fn otlp_a_collector_that_is_down_or_says_nothing_holds_nobody_up() {
    let home = Home::new();
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let gone = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let addresses = [&silent, &gone].map(|listener| format!("http://{}", listener.local_addr().expect("its address")));
    drop(gone);
    for address in addresses {
        let served = serve(&home, &address);
        for n in 0..100 {
            let (path, id) = (home.at("csat-config"), format!("r-{n}"));
            assert_eq!(get(&served, &home, &path, &id, None).await, 200);
        }
        assert_eq!(served.stop(), Some(0), "{}", home.logged());
    }
}
