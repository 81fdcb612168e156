//! From the first bad message to the resolved breaker, with a pipeline at the held gate, a stream and a webhook's
//! receiver attached, while the server is killed again and again (R8.1 to R8.3): the stream sees every effect once and
//! in order, the receiver each at least once under one id, and nothing is heard that did not happen.
//!
//! `TRIPSWITCH_KILLS` and `TRIPSWITCH_SEED` set how often the server is killed, and when.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::events::import;
use crate::support::from_env;
use crate::support::http::Client;
use crate::support::process::{Home, Server, wait_until};
use crate::support::random::Random;

/// Kills without `TRIPSWITCH_KILLS`.
const KILLS: u64 = 20;
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the server is now, for those who come back after each kill.
#[derive(Clone)]
struct Place {
    address: Arc<Mutex<SocketAddr>>,
    over: Arc<AtomicBool>,
    workspace: String,
    key: String,
}

impl Place {
    fn now(&self) -> SocketAddr {
        *self.address.lock().unwrap()
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    fn path(&self, rest: &str) -> String {
        format!("/api/workspaces/{}/quality/{rest}", self.workspace)
    }

    /// A stream of effects behind this id; what is heard goes to `hear` until the connection breaks.
    fn stream(&self, last: &str, hear: &mut dyn FnMut(Heard) -> bool) -> io::Result<()> {
        let mut connection = TcpStream::connect(self.now())?;
        connection.set_read_timeout(Some(PATIENCE))?;
        write!(
            connection,
            "GET {} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\nlast-event-id: {last}\r\n\r\n",
            self.path("stream"),
            self.key
        )?;
        let (mut lines, mut heard) = (Chunked::new(connection)?, Heard::default());
        while let Some(line) = lines.line()? {
            match line.split_once(": ") {
                Some(("id", id)) => heard.id = id.to_owned(),
                Some(("event", kind)) => heard.kind = kind.to_owned(),
                Some(("data", data)) => heard.data = data.to_owned(),
                _ if line.is_empty() && !heard.kind.is_empty() => {
                    if !hear(std::mem::take(&mut heard)) {
                        return Ok(());
                    }
                }
                _ => heard = if line.is_empty() { Heard::default() } else { heard },
            }
        }
        Ok(())
    }
}

/// One event of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Heard {
    id: String,
    kind: String,
    data: String,
}

/// The lines of a chunked body.
struct Chunked {
    connection: BufReader<TcpStream>,
    rest: Vec<u8>,
}

impl Chunked {
    fn new(connection: TcpStream) -> io::Result<Self> {
        let mut connection = BufReader::new(connection);
        let mut head = String::new();
        while connection.read_line(&mut head)? > 0 && !head.ends_with("\r\n\r\n") {}
        if !head.starts_with("HTTP/1.1 200 ") {
            return Err(io::Error::other(head));
        }
        Ok(Self { connection, rest: Vec::new() })
    }

    fn line(&mut self) -> io::Result<Option<String>> {
        loop {
            if let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=end).collect();
                return Ok(Some(String::from_utf8_lossy(&line).trim_end().to_owned()));
            }
            let mut size = String::new();
            self.connection.read_line(&mut size)?;
            let size = usize::from_str_radix(size.trim(), 16).map_err(|_| io::ErrorKind::UnexpectedEof)?;
            if size == 0 {
                return Ok(None);
            }
            let mut chunk = vec![0; size + 2];
            self.connection.read_exact(&mut chunk)?;
            self.rest.extend_from_slice(&chunk[..size]);
        }
    }
}

/// A reader that comes back with its last id, until it is over.
fn follow(place: Place) -> thread::JoinHandle<Vec<Heard>> {
    thread::spawn(move || {
        let (mut seen, mut last) = (Vec::new(), "0-0.0".to_owned());
        while !place.is_over() {
            let heard = place.stream(&last.clone(), &mut |heard: Heard| {
                match heard.kind.as_str() {
                    "end" => return false,
                    "reset" => panic!("nothing was lost, so nothing is to be begun anew: {heard:?}"),
                    _ => {}
                }
                last = heard.id.clone();
                seen.push(heard);
                !place.is_over()
            });
            if heard.is_err() {
                thread::sleep(Duration::from_millis(5));
            }
        }
        seen
    })
}

/// A pipeline at the held gate: which decisions it was told for the account, in order, without repeats.
fn ask_the_gate(place: Place, account: String) -> thread::JoinHandle<Vec<String>> {
    thread::spawn(move || {
        let (mut told, mut epoch) = (Vec::new(), None);
        while !place.is_over() {
            let wait = epoch.map(|epoch: u64| format!("&waitEpoch={epoch}&timeoutSeconds=1")).unwrap_or_default();
            let path = format!("{}?accountId={account}{wait}", place.path("gate"));
            match Client::new(place.now(), &place.key).send("GET", &path, None) {
                Ok(reply) if reply.status == 200 => {
                    epoch = reply.body["epoch"].as_u64();
                    let decision = reply.body["decision"].as_str().unwrap().to_owned();
                    if told.last() != Some(&decision) {
                        told.push(decision);
                    }
                }
                Ok(_) | Err(_) => thread::sleep(Duration::from_millis(5)),
            }
        }
        told
    })
}

/// What a receiver was sent: id and body, in order.
#[derive(Clone, Default)]
struct Received(Arc<Mutex<Vec<(String, String)>>>);

impl Received {
    /// Answers 204 to everything, on a connection each.
    fn listen(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, received) = (listener.local_addr().unwrap(), self.clone());
        thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let received = received.clone();
                thread::spawn(move || while received.one(&connection).is_ok() {});
            }
        });
        address
    }

    fn one(&self, connection: &TcpStream) -> io::Result<()> {
        let mut reader = BufReader::new(connection);
        let (mut id, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            match line.trim_end().split_once(": ") {
                Some((name, value)) if name.eq_ignore_ascii_case("webhook-id") => id = value.to_owned(),
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.parse().map_err(io::Error::other)?;
                }
                _ if line.trim_end().is_empty() => break,
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        self.0.lock().unwrap().push((id, String::from_utf8_lossy(&body).into_owned()));
        (&mut &*connection).write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
    }
}

/// A server that is killed at random moments, and what is asked of it until it is answered.
struct Stage<'a> {
    home: &'a Home,
    place: Place,
    server: Option<Server>,
    random: Random,
    kills: u64,
}

impl Stage<'_> {
    fn client(&self) -> Client {
        self.server.as_ref().unwrap().client()
    }

    /// Kills the server while it works on `requests`, if a kill is left, and starts it again.
    fn maybe_kill(&mut self) {
        if self.kills == 0 || self.random.below(3) > 0 {
            return;
        }
        self.kills -= 1;
        thread::sleep(Duration::from_micros(self.random.below(60_000)));
        self.server.take().unwrap().kill();
        let server = self.home.serve();
        *self.place.address.lock().unwrap() = server.address;
        self.server = Some(server);
    }

    /// Asks until it is answered with one of these. The request is begun, and then the server may die under it.
    fn until(&mut self, method: &str, path: &str, body: &Value, wanted: &[u16]) -> Value {
        for _ in 0..100 {
            let (mut client, request) = (self.client(), (method.to_owned(), path.to_owned(), body.clone()));
            let asked = thread::spawn(move || client.send(&request.0, &request.1, Some(&request.2)));
            self.maybe_kill();
            match asked.join().unwrap() {
                Ok(reply) if wanted.contains(&reply.status) => return reply.body,
                Ok(reply) => assert!(reply.status >= 500, "{method} {path}: {} {}", reply.status, reply.body),
                Err(_) => {}
            }
        }
        panic!("{method} {path} is never answered");
    }

    /// Bad conversations until the account's breaker trips: the id of the breaker. One that is scored in the millisecond of
    /// the resolve before counts for no run (R6.3), so that it may take a fourth.
    fn trip(&mut self, round: u64) -> String {
        let list = self.place.path("circuit-breakers");
        for low in 0..5 {
            let (event, conversation) = (format!("{round}-{low}"), id(1_000 * (round + 1) + low));
            self.write(&[import("heard", &event, &conversation, Some(&id(1)), 150)]);
            let active = self.until("GET", &list, &Value::Null, &[200]);
            if let Some(breaker) = active["items"][0]["id"].as_str() {
                return breaker.to_owned();
            }
        }
        panic!("five low scores in a row trip nothing");
    }

    fn write(&mut self, events: &[Value]) {
        self.until("POST", &self.home.at("events"), &json!(events), &[202]);
    }
}

fn id(number: u64) -> String {
    format!("0190b5c0-0000-7000-8000-{number:012x}")
}

#[test]
fn r8_from_the_first_bad_message_to_the_resolve_nothing_is_missed_over_kills() {
    let (seed, kills) = (from_env("TRIPSWITCH_SEED", 1), from_env("TRIPSWITCH_KILLS", KILLS));
    let mut home = Home::new();
    home.env("TRIPSWITCH__WEBHOOKS__ALLOW_PRIVATE", "true");
    let server = home.serve();
    let received = Received::default();
    let endpoint = json!({"url": format!("http://{}/hook", received.listen()), "types": TYPES, "format": "standard"});
    let hooks = format!("/api/workspaces/{}/webhooks", home.workspace);
    server.client().post(&hooks, &endpoint).expect(201);
    let place = Place {
        address: Arc::new(Mutex::new(server.address)),
        over: Arc::default(),
        workspace: home.workspace.clone(),
        key: home.key.clone(),
    };
    let (reader, pipeline) = (follow(place.clone()), ask_the_gate(place.clone(), id(1)));
    let random = Random::of(seed, &[8]);
    let mut stage = Stage { home: &home, place: place.clone(), server: Some(server), random, kills };
    let mut round = 0;
    while stage.kills > 0 || round < 3 {
        let breaker = stage.trip(round);
        for step in ["acknowledge", "resolve"] {
            let path = stage.place.path(&format!("circuit-breakers/{breaker}/{step}"));
            stage.until("POST", &path, &json!({"note": step}), &[200]);
        }
        round += 1;
    }
    let truth = everything(&stage.place);
    wait_until("the receiver has everything", || {
        received.0.lock().unwrap().iter().map(|(id, _)| id.clone()).collect::<BTreeSet<_>>().len() >= truth.len()
    });
    place.over.store(true, Ordering::SeqCst);
    // Wakes the reader and the pipeline once more.
    stage.kills = 0;
    stage.write(&[import("heard", "last", &id(9), Some(&id(2)), 450)]);
    let (seen, told) = (reader.join().unwrap(), pipeline.join().unwrap());
    let failed = |what: &str| format!("TRIPSWITCH_SEED={seed}: {what}");
    assert_eq!(seen[..truth.len()], truth[..], "{}", failed("the stream is not what happened"));
    check_received(&received.0.lock().unwrap(), &truth, seed);
    let changes: Vec<&str> = told.iter().map(String::as_str).collect();
    assert!(changes.windows(2).all(|pair| pair[0] != pair[1]) && changes.contains(&"pause"), "{changes:?}");
    println!(
        "{kills} kills in {round} rounds: {} effects, {} deliveries",
        truth.len(),
        received.0.lock().unwrap().len()
    );
}

/// The types that the receiver wants: all.
const TYPES: [&str; 8] = [
    "conversation.scored",
    "conversation.resolved",
    "breaker.triggered",
    "breaker.acknowledged",
    "breaker.resolved",
    "breaker.forgotten",
    "account.risk_changed",
    "settings.changed",
];

/// Every effect so far, as a reader gets them who begins at the begin.
fn everything(place: &Place) -> Vec<Heard> {
    let mut all = Vec::new();
    let newest = newest(place);
    let read = place.stream("0-0.0", &mut |heard| {
        let is_last = heard.id == newest;
        all.push(heard);
        !is_last
    });
    read.unwrap();
    all
}

/// The id of the newest effect: that of the breaker's resolve or what follows it.
fn newest(place: &Place) -> String {
    let mut newest = String::new();
    let read = place.stream("999999999-0.1", &mut |heard| {
        assert_eq!(heard.kind, "reset", "an id that is not known yet");
        newest = heard.id;
        false
    });
    read.unwrap();
    newest
}

/// Every effect came, under one id with one body; first sent in the order in which they happened, since all of them
/// are of one account.
fn check_received(received: &[(String, String)], truth: &[Heard], seed: u64) {
    let mut bodies: BTreeMap<&str, &str> = BTreeMap::new();
    let mut firsts = Vec::new();
    for (id, body) in received {
        match bodies.insert(id, body) {
            None => firsts.push(body.as_str()),
            Some(before) => assert_eq!(before, body, "TRIPSWITCH_SEED={seed}: {id} came with two bodies"),
        }
    }
    let of_truth: Vec<&str> = truth.iter().map(|heard| heard.data.as_str()).collect();
    assert_eq!(firsts[..truth.len()], of_truth[..], "TRIPSWITCH_SEED={seed}: what was sent is not what happened");
}
