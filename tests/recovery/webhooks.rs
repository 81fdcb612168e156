//! R8.3: kill -9 between a message's sending and the note of it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::events::import;
use crate::support::process::Home;
use crate::support::random::Random;

/// How long something may take before the test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// A message as it has arrived.
struct Arrived {
    id: String,
    body: Value,
}

/// Takes everything.
#[derive(Clone, Default)]
struct Receiver(Arc<(Mutex<Vec<Arrived>>, Condvar)>);

impl Receiver {
    /// With its URL.
    fn start() -> (Self, String) {
        let (receiver, listener) = (Self::default(), TcpListener::bind("127.0.0.1:0").unwrap());
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let taker = receiver.clone();
        thread::spawn(move || {
            for connection in listener.incoming() {
                let taker = taker.clone();
                // A connection ends with the server that is killed.
                thread::spawn(move || while taker.take(connection.as_ref().unwrap()).is_some() {});
            }
        });
        (receiver, url)
    }

    fn take(&self, connection: &std::net::TcpStream) -> Option<()> {
        let mut reader = BufReader::with_capacity(1 << 16, connection);
        let (mut id, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            match line.trim_end().split_once(": ") {
                Some(("webhook-id", value)) => id = value.to_owned(),
                Some(("content-length", value)) => length = value.parse().ok()?,
                Some(_) => {}
                None if line == "\r\n" => break,
                None => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let (all, news) = &*self.0;
        all.lock().unwrap().push(Arrived { id, body: serde_json::from_slice(&body).ok()? });
        news.notify_all();
        let mut connection = connection;
        connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").ok()
    }

    /// Waits until so many different messages are there.
    fn wait_for(&self, different: usize) {
        let (all, news) = &*self.0;
        let has_fewer =
            |all: &mut Vec<Arrived>| all.iter().map(|arrived| &arrived.id).collect::<BTreeSet<_>>().len() < different;
        let (_all, timeout) = news.wait_timeout_while(all.lock().unwrap(), PATIENCE, has_fewer).unwrap();
        assert!(!timeout.timed_out(), "{different} messages do not come");
    }
}

#[test]
fn r8_3_after_a_kill_nothing_is_missing_and_what_comes_again_has_the_same_id() {
    const ROUNDS: usize = 4;
    const EACH: usize = 40;
    let (receiver, url) = Receiver::start();
    let mut home = Home::new();
    home.env("TRIPSWITCH__WEBHOOKS__ALLOW_PRIVATE", "true");
    let accounts: Vec<_> = (0..5).map(|n| Random::of(5, &[n]).uuid().to_string()).collect();
    let conversation = |n: usize| Random::of(6, &[n as u64]).uuid().to_string();
    let mut server = home.serve();
    let hook = json!({"url": url, "types": ["conversation.scored"]});
    server.client().post(&home.at("webhooks"), &hook).expect(201);
    for round in 0..ROUNDS {
        let numbers = round * EACH..(round + 1) * EACH;
        let events: Vec<_> = numbers
            .clone()
            .map(|n| import("hooks", &n.to_string(), &conversation(n), Some(&accounts[n % 5]), 400))
            .collect();
        assert_eq!(server.client().post(&home.at("events"), &json!(events)).expect(202)["accepted"], EACH);
        // Noted is what was sent a second ago and more.
        receiver.wait_for(numbers.start + EACH / 2);
        server.kill();
        server = home.serve();
    }
    receiver.wait_for(ROUNDS * EACH);

    let all = receiver.0.0.lock().unwrap();
    let mut bodies: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut first: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let sent: BTreeMap<_, _> = (0..ROUNDS * EACH).map(|n| (conversation(n), n)).collect();
    for Arrived { id, body } in &*all {
        let text = |member: &str| body["data"][member].as_str().unwrap();
        let number = *sent.get(text("conversationId")).expect("it was scored");
        if bodies.entry(id).or_default().insert(body.to_string()) {
            first.entry(text("accountId")).or_default().push(number);
        }
    }
    assert_eq!(bodies.len(), ROUNDS * EACH);
    assert!(bodies.values().all(|bodies| bodies.len() == 1), "an id is one message");
    assert!(all.len() > bodies.len(), "some have come again: {}", all.len());
    for (account, numbers) in first {
        assert!(numbers.is_sorted(), "{account}: {numbers:?}");
    }
}
