//! Receivers that do what receivers do.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::super::resolver::Lookup;
use super::*;

const SOON: Duration = Duration::from_millis(300);

/// A receiver that reads one request on each connection and answers with these bytes; gets what it has read.
async fn receiver(answer: impl Into<Vec<u8>>) -> (SocketAddr, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, answer) = (listener.local_addr().unwrap(), answer.into());
    let (seen, requests) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let request = read(&mut stream).await;
            seen.send(request).ok();
            stream.write_all(&answer).await.ok();
            let flood = answer.ends_with(b"...");
            while flood && stream.write_all(&[b'.'; 4_096]).await.is_ok() {}
            // Until the client goes.
            stream.read_exact(&mut [0; 1]).await.ok();
        }
    });
    (address, requests)
}

/// A request with a body of `Content-Length` bytes.
async fn read(stream: &mut TcpStream) -> String {
    let (mut text, mut piece) = (String::new(), [0; 4_096]);
    loop {
        let count = stream.read(&mut piece).await.unwrap_or(0);
        text.push_str(&String::from_utf8_lossy(&piece[..count]));
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
        if count == 0 || body.len() >= length.parse().unwrap() {
            return text;
        }
    }
}

fn post(private: bool) -> HttpPost {
    let may_reach: fn(IpAddr) -> bool = if private { |_| true } else { address::is_public };
    HttpPost::with(Resolver::system(may_reach), private, SOON).unwrap()
}

fn message(url: impl Into<String>) -> Message {
    let (id, signature) = ("m-1".to_owned(), "v1,s".to_owned());
    Message { url: url.into().into(), id, timestamp: 17, signature, body: b"{\"a\":1}".to_vec() }
}

async fn ask(answer: impl Into<Vec<u8>>) -> Answer {
    let (address, _requests) = receiver(answer).await;
    post(true).post(message(format!("http://{address}/hook"))).await
}

fn of_status(status: u16) -> String {
    format!("HTTP/1.1 {status} x\r\ncontent-length: 2\r\n\r\nok")
}

#[tokio::test]
async fn r8_3_a_message_has_the_three_headers_and_its_body() {
    let (address, mut requests) = receiver(of_status(204).replace("2\r\n\r\nok", "0\r\n\r\n")).await;
    let answer = post(true).post(message(format!("http://{address}/hook?a=b"))).await;
    assert_eq!(answer, Answer { status: Some(204), ..Answer::default() });
    let request = requests.recv().await.unwrap();
    assert!(request.starts_with("POST /hook?a=b HTTP/1.1\r\n") && request.ends_with("\r\n\r\n{\"a\":1}"), "{request}");
    let agent = concat!("user-agent: Tripswitch/", env!("CARGO_PKG_VERSION"));
    let headers = [
        "content-type: application/json",
        "webhook-id: m-1",
        "webhook-timestamp: 17",
        "webhook-signature: v1,s",
        agent,
    ];
    for header in headers {
        assert!(request.contains(&format!("\r\n{header}\r\n")), "{header}: {request}");
    }
}

#[tokio::test]
async fn r8_3_the_status_decides_and_nothing_is_followed() {
    for (status, fault) in [
        (200, None),
        (202, None),
        (400, Some(DeliveryFault::Status)),
        (410, Some(DeliveryFault::Status)),
        (500, Some(DeliveryFault::Status)),
        (503, Some(DeliveryFault::Status)),
    ] {
        let answer = ask(of_status(status)).await;
        assert_eq!((answer.status, answer.fault, &*answer.excerpt), (Some(status), fault, "ok"));
        assert_eq!(is_gone(&answer), status == 410);
    }
    let (target, mut followed) = receiver(of_status(200)).await;
    for status in [301, 302, 303, 307, 308] {
        let moved = format!("HTTP/1.1 {status} x\r\nlocation: http://{target}/\r\ncontent-length: 0\r\n\r\n");
        let answer = ask(moved).await;
        assert_eq!((answer.status, answer.fault), (Some(status), Some(DeliveryFault::Redirect)));
    }
    assert!(followed.try_recv().is_err());
    let later = ask("HTTP/1.1 503 x\r\nretry-after: 120\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!(later.retry_after.as_deref(), Some("120"));
}

#[tokio::test]
async fn r8_3_of_an_answer_a_kilobyte_is_read_whether_or_not_it_ends() {
    let huge = ask("HTTP/1.1 200 x\r\ncontent-length: 1000000000000\r\n\r\n...").await;
    assert_eq!((huge.fault, huge.excerpt.len()), (None, EXCERPT));
    let endless = ask("HTTP/1.1 200 x\r\ntransfer-encoding: chunked\r\n\r\n4\r\nab\u{e9}").await;
    assert_eq!((endless.status, endless.fault), (Some(200), None), "the status was there");
    let broken = ask("HTTP/1.1 500 x\r\ncontent-length: 9\r\n\r\n\x01").await;
    assert_eq!((broken.fault, &*broken.excerpt), (Some(DeliveryFault::Status), "\u{1}"));
}

#[tokio::test]
async fn r8_3_what_does_not_answer_is_told_apart() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = free.local_addr().unwrap();
    drop(free);
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (garbage, _requests) = receiver("SSH-2.0-x\r\n\r\n").await;
    let cases = [
        (format!("http://{nobody}/"), DeliveryFault::Connect),
        (format!("http://{}/", silent.local_addr().unwrap()), DeliveryFault::Timeout),
        (format!("http://{garbage}/"), DeliveryFault::Broken),
        ("http://nowhere.invalid/".to_owned(), DeliveryFault::Name),
        ("ftp://example.com/".to_owned(), DeliveryFault::Address),
    ];
    for (url, fault) in cases {
        assert_eq!(post(true).post(message(&*url)).await, Answer::failed(fault), "{url}");
    }
}

#[tokio::test]
async fn r8_3_a_certificate_that_nobody_trusts_is_a_fault_of_tls() {
    let signed = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    outgoing::provide_cryptography();
    let key = rustls::pki_types::PrivateKeyDer::try_from(signed.signing_key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![signed.cert.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            assert!(acceptor.accept(stream).await.is_err());
        }
    });
    let answer = post(true).post(message(format!("https://localhost:{port}/"))).await;
    assert_eq!(answer, Answer::failed(DeliveryFault::Tls));
    let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = plain.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut stream, _) = plain.accept().await.unwrap();
        stream.write_all(b"no TLS here, and enough of it").await.unwrap();
        stream.read_exact(&mut [0; 1]).await.ok();
    });
    let answer = post(true).post(message(format!("https://localhost:{port}/"))).await;
    assert_eq!(answer, Answer::failed(DeliveryFault::Tls));
}

#[tokio::test]
async fn r8_3_private_addresses_are_refused_by_name_and_by_number() {
    let (address, mut requests) = receiver(of_status(200)).await;
    let port = address.port();
    let strict = post(false);
    for host in ["127.0.0.1", "[::ffff:127.0.0.1]", "2130706433", "localhost", "169.254.169.254"] {
        let answer = strict.post(message(format!("https://{host}:{port}/"))).await;
        assert_eq!(answer, Answer::failed(DeliveryFault::Address), "{host}");
    }
    let lookup: Lookup = Arc::new(|_| Box::pin(async { Ok(vec![([127, 0, 0, 1], 0).into()]) }));
    let named = HttpPost::with(Resolver::new(lookup, address::is_public), false, SOON).unwrap();
    let answer = named.post(message(format!("https://hooks.example.com:{port}/"))).await;
    assert_eq!(answer, Answer::failed(DeliveryFault::Address));
    assert!(requests.try_recv().is_err());
}

#[tokio::test]
async fn r8_3_a_name_that_changes_its_address_gains_nothing() {
    static CALLS: AtomicU16 = AtomicU16::new(0);
    let (address, mut requests) = receiver(of_status(200) + "\r\n").await;
    // First only the address that may be reached, then both, then only the other one.
    let answers = [&[1][..], &[2, 1], &[2]];
    let lookup: Lookup = Arc::new(move |_| {
        let call = usize::from(CALLS.fetch_add(1, Ordering::Relaxed));
        let found = answers[call].iter().map(|last| ([127, 0, 0, *last], 0).into()).collect();
        Box::pin(async { Ok(found) })
    });
    let resolver = Resolver::new(lookup, |address| address == IpAddr::from([127, 0, 0, 1]));
    let post = HttpPost::with(resolver, true, SOON).unwrap();
    let mut faults = Vec::new();
    for _ in answers {
        faults.push(post.post(message(format!("http://rebinds.example:{}/", address.port()))).await.fault);
    }
    assert_eq!(faults, [None, None, Some(DeliveryFault::Address)]);
    assert!(requests.recv().await.is_some() && requests.recv().await.is_some());
    assert!(requests.try_recv().is_err());
}
