//! SIGTERM while eight clients write: an orderly end.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::load::{check_everything, load, workers};
use crate::support::process::Home;

#[test]
fn r9_1_sigterm_under_load_ends_with_0_and_loses_nothing_that_was_answered() {
    let home = Home::new();
    let mut workers = workers(2);
    for _ in 0..3 {
        load(&mut workers, &home, home.serve(), 200, |server| {
            assert_eq!(server.terminate().code(), Some(0));
            None
        });
        let server = home.serve();
        let checked = check_everything(&mut workers, &home, &server);
        assert!(checked.complaints.is_empty(), "{:#?}", checked.complaints);
        assert_eq!(server.terminate().code(), Some(0));
    }
}

/// Connections that would go on for ever: a header and a body half sent, and one that asks without
/// reading until no buffer takes any more.
fn hold(address: SocketAddr, home: &Home) -> Vec<TcpStream> {
    let connect = || TcpStream::connect(address).unwrap();
    let head = |method: &str, path: &str, framing: &str| {
        format!("{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n{framing}\r\n", home.key)
    };
    let mut half_sent = connect();
    half_sent.write_all(b"GET /api HTTP/1.1\r\nho").unwrap();
    let mut upload = connect();
    let framing = "content-type: application/json\r\ncontent-length: 100000\r\n";
    upload.write_all(head("POST", &home.at("events"), framing).as_bytes()).unwrap();
    let mut deaf = connect();
    deaf.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
    let asks = head("GET", &home.at("csat-config"), "").repeat(100);
    while deaf.write_all(asks.as_bytes()).is_ok() {}
    vec![half_sent, upload, deaf]
}

#[test]
fn r9_1_sigterm_cuts_what_does_not_end_and_loses_nothing_that_was_answered() {
    let mut home = Home::new();
    home.env("TRIPSWITCH__SERVER__SHUTDOWN_GRACE_SECONDS", "1");
    let mut workers = workers(3);
    let mut held = Vec::new();
    load(&mut workers, &home, home.serve(), 200, |server| {
        held = hold(server.address, &home);
        assert_eq!(server.terminate().code(), Some(0));
        None
    });
    let log = fs::read_to_string(home.log()).unwrap();
    assert!(log.contains("connections were still open at the end, and are cut"), "{log}");
    for mut stream in held {
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut rest = Vec::new();
        // The end of what had been answered, or a reset; a timeout would be an open connection.
        let end = stream.read_to_end(&mut rest);
        assert!(!end.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock));
    }
    let server = home.serve();
    let checked = check_everything(&mut workers, &home, &server);
    assert!(checked.complaints.is_empty(), "{:#?}", checked.complaints);
    assert_eq!(server.terminate().code(), Some(0));
}
