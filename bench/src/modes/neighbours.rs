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
/// Pause between its requests: it stays well below the limit that the flood meets.
const PAUSE: Duration = Duration::from_millis(20);
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
    let own = shape.workspaces;
    let key = ours.tenant("quiet", own)?;
    let batches: Vec<_> = Stream::new(Shape { facts: 2_000, workspaces: 1, accounts: 100, ..shape }, wall())
        .map(|batch| ours.prepare_for(&key, own, &batch))
        .collect();
    send(&ours, 1, &batches)?;
    let quiet = |stop: &AtomicBool| watch(&ours, &key, own, &batches, stop);
    let alone = for_a_while(quiet)?;
    let events = ours.prepare_many(Talk::new(Shape { facts: 60_000, ..shape }, wall()), BATCH);
    let (stop, sent, refused) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    let (stop, sent, refused) = (&stop, &sent, &refused);
    let (during, sent, refused) = std::thread::scope(|scope| {
        let (ours, events) = (&ours, &events);
        let flood = |start: usize| {
            move || -> Fallible<()> {
                let mut client = ours.connect()?;
                for request in events.iter().cycle().skip(start) {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let counter = if client.flood(request)? { sent } else { refused };
                    counter.fetch_add(1, Ordering::Relaxed);
                }
                Ok(())
            }
        };
        let threads: Vec<_> = (0..clients).map(|n| scope.spawn(flood(n * events.len() / clients))).collect();
        std::thread::sleep(Duration::from_secs(1));
        let during = for_a_while(quiet);
        stop.store(true, Ordering::Relaxed);
        for thread in threads {
            thread.join().map_err(|_| "a flooding client panicked")??;
        }
        Fallible::Ok((during?, sent.load(Ordering::Relaxed), refused.load(Ordering::Relaxed)))
    })?;
    let seconds = (SPAN + Duration::from_secs(1)).as_secs_f64();
    let per_second = (sent * BATCH) as f64 / seconds;
    println!("  flood of {clients} connections: {per_second:.0} events/s taken, {refused} requests refused");
    for (what, alone, during) in
        [("batch", &alone[0], &during[0]), ("health", &alone[1], &during[1]), ("gate", &alone[2], &during[2])]
    {
        let at = |share| format!("{:.2} → {:.2} ms", alone.at(share), during.at(share));
        let times = during.at(0.99) / alone.at(0.99);
        println!("  the other's {what}: p50 {}, p99 {} ({times:.1}×, n {})", at(0.5), at(0.99), during.len());
    }
    Ok(())
}

fn for_a_while<T: Send>(run: impl FnOnce(&AtomicBool) -> Fallible<T> + Send) -> Fallible<T> {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let running = scope.spawn(|| run(&stop));
        std::thread::sleep(SPAN);
        stop.store(true, Ordering::Relaxed);
        running.join().map_err(|_| "a client panicked")?
    })
}

/// Batches, healths and gates in turn, until it is told to stop.
fn watch(ours: &Ours, key: &str, workspace: usize, batches: &[Vec<u8>], stop: &AtomicBool) -> Fallible<[Times; 3]> {
    let mut client: OurClient = ours.client_of(key)?;
    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    for (n, batch) in (0..).zip(batches.iter().cycle()) {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let began = now();
        client.ingest(batch)?;
        times[0].push(began.elapsed());
        let began = now();
        client.ask_health(workspace, n % 100)?;
        times[1].push(began.elapsed());
        let began = now();
        client.ask_gate(workspace, n % 100)?;
        times[2].push(began.elapsed());
        std::thread::sleep(PAUSE);
    }
    Ok(times.map(Times::new))
}
