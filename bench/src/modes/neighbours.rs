//! What one tenant at full flood costs another.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use crate::contender::{Client, Contender, Fallible, Rules};
use crate::ground::Ground;
use crate::load::{Times, send};
use crate::measure::Measure;
use crate::ours::{OurClient, Ours};
use crate::time::{now, wall};
use crate::workload::Shape;
use crate::workload::conversations::Talk;
use crate::workload::scored::Stream;

/// How long the neighbour is watched in each of the cases.
const SPAN: Duration = Duration::from_secs(8);
/// How long a flood runs before it is looked at.
const RISE: Duration = Duration::from_secs(1);
/// Pause between the neighbour's rounds.
const PAUSE: Duration = Duration::from_millis(4);
/// Rounds with a batch; the others only ask. So it stays well below the limit that the flood meets.
const BATCH_EVERY: u32 = 4;
/// Events in a request of the flood.
const BATCH: usize = 1_000;

/// `measure.clients` is the number of connections that flood. The last workspace is the neighbour's.
pub fn run(ground: &Ground, measure: Measure) -> Fallible<()> {
    for rate in [None, Some(10_000)] {
        let variables = rate.map(|rate: u32| ("TRIPSWITCH__LIMITS__EVENTS_PER_SECOND_PER_TENANT", rate.to_string()));
        println!("{}", rate.map_or("no limit".to_owned(), |rate| format!("{rate} events a second of a tenant")));
        one(ground, measure, variables.into_iter().collect())?;
    }
    Ok(())
}

fn one(ground: &Ground, measure: Measure, variables: Vec<(&'static str, String)>) -> Fallible<()> {
    let Measure { shape, clients } = measure;
    let (_directory, site) = ground.site(shape.workspaces)?;
    let ours = Ours::start_with(&site, Rules::default(), variables)?;
    let neighbour = Neighbour::new(&ours, shape)?;
    let alone = for_a_while(SPAN, |stop| neighbour.watch(stop))?;
    let events = ours.prepare_many(Talk::new(Shape { facts: 60_000, ..shape }, wall()), BATCH);
    let flood = Flood { ours: &ours, requests: &events, clients, sent: 0.into(), refused: 0.into() };
    let during = for_a_while(RISE + SPAN, |stop| {
        std::thread::scope(|scope| {
            let flooding = scope.spawn(|| flood.run(stop));
            std::thread::sleep(RISE);
            let seen = neighbour.watch(stop);
            flooding.join().map_err(|_| "a flooding client panicked")??;
            seen
        })
    })?;
    let per_second = (flood.sent.into_inner() * BATCH) as f64 / (RISE + SPAN).as_secs_f64();
    let refused = flood.refused.into_inner();
    println!("  flood of {clients} connections: {per_second:.0} events/s taken, {refused} requests refused");
    for (what, (alone, during)) in ["batch", "health", "gate"].iter().zip(alone.iter().zip(&during)) {
        let at = |share| format!("{:.2} → {:.2} ms", alone.at(share), during.at(share));
        let times = during.at(0.99) / alone.at(0.99);
        println!("  the other's {what}: p50 {}, p99 {} ({times:.1}×, n {})", at(0.5), at(0.99), during.len());
    }
    Ok(())
}

/// Runs until `span` is over and it has been told to stop.
fn for_a_while<T: Send>(span: Duration, run: impl FnOnce(&AtomicBool) -> Fallible<T> + Send) -> Fallible<T> {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let running = scope.spawn(|| run(&stop));
        std::thread::sleep(span);
        stop.store(true, Ordering::Relaxed);
        running.join().map_err(|_| "a client panicked")?
    })
}

/// A tenant that sends as fast as it is answered, whatever it is told.
struct Flood<'a> {
    ours: &'a Ours,
    requests: &'a [Vec<u8>],
    clients: usize,
    sent: AtomicUsize,
    refused: AtomicUsize,
}

impl Flood<'_> {
    fn run(&self, stop: &AtomicBool) -> Fallible<()> {
        std::thread::scope(|scope| {
            let client = |n: usize| move || self.client(n * self.requests.len() / self.clients, stop);
            let threads: Vec<_> = (0..self.clients).map(|n| scope.spawn(client(n))).collect();
            threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a flooding client panicked")?)
        })
    }

    fn client(&self, start: usize, stop: &AtomicBool) -> Fallible<()> {
        let mut client = self.ours.connect()?;
        for request in self.requests.iter().cycle().skip(start) {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let counter = if client.flood(request)? { &self.sent } else { &self.refused };
            counter.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// Another tenant, with one workspace and 100 accounts.
struct Neighbour<'a> {
    ours: &'a Ours,
    key: String,
    workspace: usize,
    batches: Vec<Vec<u8>>,
}

impl<'a> Neighbour<'a> {
    fn new(ours: &'a Ours, shape: Shape) -> Fallible<Self> {
        let workspace = shape.workspaces;
        let key = ours.tenant("quiet", workspace)?;
        let batches: Vec<_> = Stream::new(Shape { facts: 2_000, workspaces: 1, accounts: 100, ..shape }, wall())
            .map(|batch| ours.prepare_for(&key, workspace, &batch))
            .collect();
        send(ours, 1, &batches)?;
        Ok(Self { ours, key, workspace, batches })
    }

    /// How long its batches, healths and gates take, until it is told to stop.
    fn watch(&self, stop: &AtomicBool) -> Fallible<[Times; 3]> {
        let mut client: OurClient = self.ours.client_of(&self.key)?;
        let [mut batches, mut healths, mut gates] = [const { Vec::new() }; 3];
        let mut next = self.batches.iter().cycle();
        for n in 0_u32.. {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            if let Some(batch) = next.next().filter(|_| n % BATCH_EVERY == 0) {
                batches.push(timed(|| client.ingest(batch))?);
            }
            healths.push(timed(|| client.ask_health(self.workspace, n % 100).map(drop))?);
            gates.push(timed(|| client.ask_gate(self.workspace, n % 100).map(drop))?);
            std::thread::sleep(PAUSE);
        }
        Ok([batches, healths, gates].map(Times::new))
    }
}

fn timed(run: impl FnOnce() -> Fallible<()>) -> Fallible<Duration> {
    let began = now();
    run()?;
    Ok(began.elapsed())
}
