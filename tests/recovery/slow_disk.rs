//! R4.9, R9.5: a disk that takes two seconds for every sync. What waits is bounded, what is too much is
//! refused, and what was answered is there.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use crate::support::events::bulk;
use crate::support::http::Client;
use crate::support::process::{Home, can_trace};

const CLIENTS: u64 = 12;
/// Events of a request: about 120 KB, so that a workspace's share holds eight of them.
const COUNT: u64 = 480;
const INFLIGHT: u64 = 4 << 20;
/// Requests of one client, at most.
const PATIENCE: u64 = 200;
/// What `Retry-After` says.
const RETRY: Duration = Duration::from_secs(1);

/// What a client sent.
#[derive(Default)]
struct Sent {
    accepted: Vec<u64>,
    refused: Vec<u64>,
}

/// Sends requests until `enough` says so; after a refusal another one, when it was told to.
fn run(home: &Home, mut client: Client, number: u64, counts: &Counts) -> Sent {
    let mut sent = Sent::default();
    for request in (0..PATIENCE).map(|request| number * 1_000 + request).take_while(|_| !counts.enough()) {
        let reply = client.post(&home.at("events"), &bulk("slow", request, COUNT));
        match reply.status {
            202 => {
                assert_eq!(reply.body["accepted"], COUNT);
                counts.accepted.fetch_add(1, Ordering::SeqCst);
                sent.accepted.push(request);
            }
            503 => {
                assert_eq!(reply.body["code"], "overloaded", "{}", reply.body);
                counts.overloaded.fetch_add(1, Ordering::SeqCst);
                sent.refused.push(request);
                thread::sleep(RETRY);
            }
            other => panic!("{other}: {}", reply.body),
        }
    }
    sent
}

#[derive(Default)]
struct Counts {
    accepted: AtomicU64,
    overloaded: AtomicU64,
}

impl Counts {
    fn enough(&self) -> bool {
        self.accepted.load(Ordering::SeqCst) >= 20 && self.overloaded.load(Ordering::SeqCst) >= 1
    }
}

/// The second listener's address, as the server's log tells it.
fn admin(home: &Home) -> SocketAddr {
    let log = fs::read_to_string(home.log()).unwrap();
    let line = log.lines().rfind(|line| line.contains("ready") && line.contains("admin")).expect("it says so");
    let (_, behind) = line.rsplit_once("admin").unwrap();
    let address: String =
        behind.chars().skip_while(|c| !c.is_ascii_digit()).take_while(|c| "0123456789.:".contains(*c)).collect();
    address.parse().unwrap_or_else(|_| panic!("{address}: {line}"))
}

/// Bytes that wait, as `/metrics` tells.
fn waiting(admin: SocketAddr) -> u64 {
    let mut stream = TcpStream::connect(admin).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    let line = page.lines().find(|line| line.starts_with("tripswitch_waiting_bytes ")).expect("a gauge");
    line.rsplit(' ').next().unwrap().parse::<f64>().unwrap() as u64
}

#[test]
fn r4_9_a_slow_sync_leaves_memory_bounded_and_loses_nothing_that_was_answered() {
    if !can_trace() {
        return;
    }
    let mut home = Home::new();
    home.env("TRIPSWITCH__LIMITS__INFLIGHT_BYTES", INFLIGHT.to_string());
    home.env("TRIPSWITCH__SERVER__MAX_BODY_BYTES", (INFLIGHT / 4).to_string());
    // Calls are counted by thread: a start stays quick.
    let slow = ["-e", "trace=fdatasync", "-e", "inject=fdatasync:delay_exit=2000000:when=4+"];
    let server = home.serve_under(&[&["strace", "-f", "-o", "/dev/null"][..], &slow].concat());
    let (admin, counts, ended, most) = (admin(&home), Counts::default(), AtomicBool::new(false), AtomicU64::new(0));
    let sent: Vec<Sent> = thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(Ordering::SeqCst) {
                most.fetch_max(waiting(admin), Ordering::SeqCst);
            }
        });
        let (home, counts) = (&home, &counts);
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| (number, server.client()))
            .map(|(number, client)| scope.spawn(move || run(home, client, number, counts)))
            .collect();
        let sent = clients.into_iter().map(|client| client.join()).collect::<Vec<_>>();
        ended.store(true, Ordering::SeqCst);
        sent.into_iter().map(Result::unwrap).collect()
    });
    let most = most.into_inner();
    println!("at most {most} bytes waited; {:?} accepted, {:?} refused", counts.accepted, counts.overloaded);
    assert!(counts.enough(), "{:?} accepted, {:?} refused", counts.accepted, counts.overloaded);
    assert!(most > 0 && most <= INFLIGHT / 4, "{most} bytes waited");
    server.kill();

    let server = home.serve();
    let mut client = server.client();
    for sent in sent {
        for request in sent.accepted {
            let known = client.post(&home.at("events"), &bulk("slow", request, COUNT)).expect(202);
            assert_eq!(known["duplicates"], COUNT, "request {request}: {known}");
        }
        for request in sent.refused.into_iter().take(3) {
            let fresh = client.post(&home.at("events"), &bulk("slow", request, COUNT)).expect(202);
            assert_eq!(fresh["accepted"], COUNT, "request {request}, which was refused: {fresh}");
        }
    }
}
