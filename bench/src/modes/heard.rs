//! Streams and webhooks: what they cost those who write, and how soon a pause is heard.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::contender::{Contender, Fallible, Rules};
use crate::ground::Ground;
use crate::load::{Times, send};
use crate::measure::{Measure, Work};
use crate::ours::{OurClient, Ours};
use crate::time::now;
use crate::workload::{account_id, conversation_id, workspace_id};

/// How much is attached.
#[derive(Clone, Debug, clap::Args)]
pub struct Listeners {
    /// Streams, one workspace after the other
    #[arg(long, default_value_t = 100)]
    streams: usize,
    /// Webhooks, one workspace after the other
    #[arg(long, default_value_t = 10)]
    webhooks: usize,
    /// What they want, separated by commas
    #[arg(long, default_value = "breaker.triggered,breaker.acknowledged,breaker.resolved,breaker.forgotten")]
    types: String,
    /// Breakers that are tripped under load to see how soon that is heard
    #[arg(long, default_value_t = 200)]
    trips: u32,
}

/// What was heard of.
#[derive(Debug, Default)]
struct Heard {
    bytes: AtomicU64,
    deliveries: AtomicU64,
}

pub fn run(ground: &Ground, measure: Measure, listeners: &Listeners) -> Fallible<()> {
    for attached in [false, true] {
        let (_directory, site) = ground.site(measure.shape.workspaces)?;
        let private = vec![("TRIPSWITCH__WEBHOOKS__ALLOW_PRIVATE", "true".to_owned())];
        let ours = Ours::start_with(&site, Rules::default(), private)?;
        let heard = Arc::new(Heard::default());
        let before = ours.resident();
        if attached {
            attach(&ours, measure.shape.workspaces, listeners, &heard)?;
        }
        let each = ours.resident().saturating_sub(before) / listeners.streams.max(1) as u64;
        let work = Work::new(measure.shape);
        let prepared: Vec<_> = work.batches.iter().map(|batch| ours.prepare(batch)).collect();
        let half = prepared.len() / 2;
        let sent = send(&ours, measure.clients, &prepared[..half])?;
        let facts = measure.shape.facts as f64 / 2.0;
        println!("{} streams and {} webhooks: {attached}", listeners.streams, listeners.webhooks);
        println!(
            "  facts/s: {:.0}; batch p50 {:.2} ms, p99 {:.2} ms",
            facts / sent.took.as_secs_f64(),
            sent.times.at(0.5),
            sent.times.at(0.99)
        );
        if attached {
            let (bytes, deliveries) = (heard.bytes.load(Ordering::Relaxed), heard.deliveries.load(Ordering::Relaxed));
            println!(
                "  {} KiB a stream when it was opened; {} MiB streamed, {deliveries} delivered",
                each >> 10,
                bytes >> 20
            );
        }
        drop(sent.clients);
        if attached {
            trips(&ours, measure.clients, &prepared[half..], listeners.trips)?;
        }
    }
    Ok(())
}

/// Opens streams and makes webhooks.
fn attach(ours: &Ours, workspaces: usize, listeners: &Listeners, heard: &Arc<Heard>) -> Fallible<()> {
    for n in 0..listeners.streams {
        let mut stream = Stream::open(ours, n % workspaces, &listeners.types)?;
        let heard = Arc::clone(heard);
        std::thread::spawn(move || {
            let mut buffer = vec![0; 16_384];
            while let Ok(read @ 1..) = stream.0.read(&mut buffer) {
                heard.bytes.fetch_add(read as u64, Ordering::Relaxed);
            }
        });
    }
    let address = receive(heard)?;
    let types: Vec<&str> = listeners.types.split(',').collect();
    let mut client = ours.connect()?;
    for n in 0..listeners.webhooks {
        let path = format!("/api/workspaces/{}/webhooks", workspace_id(n % workspaces));
        let body = json!({"url": format!("http://{address}/{n}"), "types": types, "format": "standard"});
        expect(&mut client, "POST", &path, &body.to_string(), 201)?;
    }
    Ok(())
}

fn expect(client: &mut OurClient, method: &str, path: &str, body: &str, wanted: u16) -> Fallible<serde_json::Value> {
    match client.exchange(method, path, body)? {
        (status, answer) if status == wanted => Ok(answer),
        (status, answer) => Err(format!("{method} {path}: {status} {answer}").into()),
    }
}

/// An open stream behind its head.
struct Stream(BufReader<TcpStream>);

impl Stream {
    fn open(ours: &Ours, workspace: usize, types: &str) -> Fallible<Self> {
        let mut connection = TcpStream::connect(ours.address())?;
        write!(
            connection,
            "GET /api/workspaces/{}/quality/stream?types={types} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\r\n",
            workspace_id(workspace),
            ours.key()
        )?;
        let (mut reader, mut head) = (BufReader::new(connection), String::new());
        while reader.read_line(&mut head)? > 0 && !head.ends_with("\r\n\r\n") {}
        if head.starts_with("HTTP/1.1 200 ") { Ok(Self(reader)) } else { Err(head.into()) }
    }
}

/// Answers 204 to everything.
fn receive(heard: &Arc<Heard>) -> Fallible<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let (address, heard) = (listener.local_addr()?, Arc::clone(heard));
    std::thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let heard = Arc::clone(&heard);
            std::thread::spawn(move || {
                while answer(&connection).is_ok() {
                    heard.deliveries.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    Ok(address)
}

fn answer(connection: &TcpStream) -> Fallible<()> {
    let (mut reader, mut length) = (BufReader::new(connection), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err("the server hung up".into());
        }
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse()?,
            Some(_) => {}
            None => break,
        }
    }
    reader.read_exact(&mut vec![0; length])?;
    Ok((&mut &*connection).write_all(b"HTTP/1.1 204 No Content\r\n\r\n")?)
}

/// Trips breakers under full load: from the answer of the third low score until the held gate, and the stream, tell.
fn trips(ours: &Ours, clients: usize, load: &[Vec<u8>], trips: u32) -> Fallible<()> {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let flooding: Vec<_> = (0..clients)
            .map(|n| {
                let stop = &stop;
                scope.spawn(move || -> Fallible<u64> {
                    let (mut client, mut batches) = (ours.connect()?, 0);
                    for batch in load.iter().cycle().skip(n * load.len() / clients) {
                        if stop.load(Ordering::Relaxed) {
                            break;
                        }
                        client.flood(batch)?;
                        batches += 1;
                    }
                    Ok(batches)
                })
            })
            .collect();
        let watched = Watched::new(ours)?;
        let (mut gate, mut stream) = (Vec::new(), Vec::new());
        let began = now();
        let seen: Fallible<()> = (0..trips).try_for_each(|n| {
            let (told, streamed) = watched.trip(ours, n)?;
            gate.push(told);
            stream.push(streamed);
            Ok(())
        });
        let took = began.elapsed();
        stop.store(true, Ordering::Relaxed);
        let batches = flooding.into_iter().map(|thread| thread.join().map_err(|_| "a client panicked")?);
        let batches: u64 = batches.sum::<Fallible<u64>>()?;
        seen?;
        println!("  {trips} trips while {:.0} batches/s are sent", batches as f64 / took.as_secs_f64());
        for (what, times) in [("held gate", Times::new(gate)), ("stream", Times::new(stream))] {
            println!(
                "  heard by the {what}: p50 {:.2} ms, p99 {:.2} ms after the answer",
                times.at(0.5),
                times.at(0.99)
            );
        }
        Ok(())
    })
}

/// The first workspace's stream of trips, with the time at which each was read.
struct Watched(mpsc::Receiver<(String, Instant)>);

impl Watched {
    fn new(ours: &Ours) -> Fallible<Self> {
        let (sender, receiver) = mpsc::channel();
        let stream = Stream::open(ours, 0, "breaker.triggered")?;
        std::thread::spawn(move || {
            for line in stream.0.lines().map_while(Result::ok) {
                if line.starts_with("data: ") && sender.send((line, now())).is_err() {
                    return;
                }
            }
        });
        Ok(Self(receiver))
    }

    fn trip(&self, ours: &Ours, n: u32) -> Fallible<(Duration, Duration)> {
        let account = account_id(u32::MAX - n);
        let events = format!("/api/workspaces/{}/events", workspace_id(0));
        let gate = format!("/api/workspaces/{}/quality/gate?accountId={account}", workspace_id(0));
        let low = |k: u32| {
            json!([{"specversion": "1.0", "source": "bench", "id": format!("trip-{n}-{k}"),
                "type": "conversation.scored", "data": {
                "conversationId": conversation_id(0, u32::MAX - 4 * n - k).to_string(), "accountId": account.to_string(),
                "outcomeScore": 1.5, "processScore": 1.5, "environmentScore": 1.5,
                "resolved": false}}])
            .to_string()
        };
        let mut client = ours.connect()?;
        expect(&mut client, "POST", &events, &low(0), 202)?;
        expect(&mut client, "POST", &events, &low(1), 202)?;
        std::thread::scope(|scope| {
            let mut asker = ours.connect()?;
            let mut answer = expect(&mut asker, "GET", &gate, "", 200)?;
            let pipeline = scope.spawn(move || -> Fallible<Instant> {
                while answer["decision"] != "pause" {
                    let held = format!("{gate}&waitEpoch={}&timeoutSeconds=60", answer["epoch"]);
                    answer = expect(&mut asker, "GET", &held, "", 200)?;
                }
                Ok(now())
            });
            expect(&mut client, "POST", &events, &low(2), 202)?;
            let answered = now();
            let told = pipeline.join().map_err(|_| "a pipeline panicked")??;
            let name = account.to_string();
            let streamed = loop {
                let (line, at) = self.0.recv_timeout(Duration::from_secs(60))?;
                if line.contains(&name) {
                    break at;
                }
            };
            Ok((told.saturating_duration_since(answered), streamed.saturating_duration_since(answered)))
        })
    }
}
