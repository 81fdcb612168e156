//! The load driver: starts the release binary on an empty directory, fills it over HTTP and
//! prints what it measured. Not a test: nothing here passes or fails.
//!
//! `cargo bench --bench load -- [scored|messages|all] [--events N] [--clients N] [--workspaces N]
//! [--accounts N]`

mod client;
mod server;
mod workload;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use client::Client;
use server::{Bench, Server};
use workload::{Batch, Kind, Plan};

fn main() {
    let plan = match Plan::from_arguments(std::env::args().skip(1)) {
        Ok(plan) => plan,
        Err(message) => {
            eprintln!("{message}");
            std::process::exit(2);
        }
    };
    for kind in plan.kinds() {
        run(&plan, kind);
    }
}

fn run(plan: &Plan, kind: Kind) {
    let bench = Bench::prepare();
    let server = bench.start();
    let tenant = server.set_up(plan.workspaces);
    println!("\n# {kind:?}: {} events, {} clients, batches of 100", plan.events, plan.clients);
    println!("idle: {} MiB resident", server.resident() >> 20);

    let batches = workload::batches(plan, kind, &tenant.workspaces);
    let stop = Arc::new(AtomicBool::new(false));
    let probes = probe(&server, &tenant, plan, &stop);
    let before = server.resident();
    let began = now();
    let latencies = ingest(&server, &tenant.key, plan.clients, batches);
    let took = began.elapsed();
    stop.store(true, Ordering::Relaxed);
    println!("ingest: {:.0} events/s, batch {}", plan.events as f64 / took.as_secs_f64(), Percentiles::of(latencies));
    for (name, probe) in probes {
        println!("{name} meanwhile: {}", Percentiles::of(probe.join().expect("a probe does not panic")));
    }
    let resident = server.resident();
    println!("resident: {} MiB, {} bytes an event", resident >> 20, (resident - before) / plan.events);

    let disk = bench.bytes_on_disk();
    server.kill();
    let began = now();
    let server = bench.start();
    let back = began.elapsed();
    println!(
        "back after kill -9: {:.2} s ({:.0} events/s replayed), {} MiB on disk, {} MiB resident",
        back.as_secs_f64(),
        plan.events as f64 / back.as_secs_f64(),
        disk >> 20,
        server.resident() >> 20
    );
}

/// Posts all batches over `clients` connections; answers the time of each.
fn ingest(server: &Server, key: &str, clients: usize, batches: Vec<Batch>) -> Vec<Duration> {
    let queue = Mutex::new(batches.into_iter());
    let all = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..clients {
            scope.spawn(|| {
                let mut client = Client::connect(server.address());
                let mut latencies = Vec::new();
                loop {
                    let Some(batch) = queue.lock().expect("no client panics").next() else { break };
                    let path = format!("/api/workspaces/{}/events", batch.workspace);
                    let began = now();
                    let status = client.post(&path, key, &batch.body);
                    latencies.push(began.elapsed());
                    assert!(status == 202, "a batch was answered {status}: {}", client.body());
                }
                all.lock().expect("no client panics").extend(latencies);
            });
        }
    });
    all.into_inner().expect("no client panics")
}

type Probe = std::thread::JoinHandle<Vec<Duration>>;

/// Asks for account health and the gate every few milliseconds until `stop`.
fn probe(server: &Server, tenant: &server::Tenant, plan: &Plan, stop: &Arc<AtomicBool>) -> Vec<(&'static str, Probe)> {
    ["account health", "gate"]
        .into_iter()
        .map(|name| {
            let (address, key, stop) = (server.address(), tenant.key.clone(), Arc::clone(stop));
            let workspaces = tenant.workspaces.clone();
            let accounts = plan.accounts / plan.workspaces;
            let thread = std::thread::spawn(move || {
                let mut client = Client::connect(address);
                let mut latencies = Vec::new();
                let mut random = workload::Random(name.len() as u64);
                while !stop.load(Ordering::Relaxed) {
                    let w = random.below(workspaces.len() as u64) as usize;
                    let account = workload::account_id(w, random.zipf(accounts as u64));
                    let path = match name {
                        "gate" => format!("/api/workspaces/{}/quality/gate?accountId={account}", workspaces[w]),
                        _ => format!("/api/accounts/{account}/quality?workspaceId={}", workspaces[w]),
                    };
                    let began = now();
                    let status = client.get(&path, &key);
                    latencies.push(began.elapsed());
                    assert!(status == 200 || status == 404, "{path} was answered {status}: {}", client.body());
                    std::thread::sleep(Duration::from_millis(2));
                }
                latencies
            });
            (name, thread)
        })
        .collect()
}

#[expect(clippy::disallowed_methods, reason = "a load driver measures the wall")]
fn now() -> Instant {
    Instant::now()
}

struct Percentiles(Vec<Duration>);

impl Percentiles {
    fn of(mut values: Vec<Duration>) -> Self {
        values.sort_unstable();
        Self(values)
    }
}

impl std::fmt::Display for Percentiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = |share: f64| {
            let index = (self.0.len() as f64 * share) as usize;
            self.0.get(index.min(self.0.len().saturating_sub(1))).map_or(0.0, |value| value.as_secs_f64() * 1e3)
        };
        write!(f, "p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms (n {})", at(0.5), at(0.99), at(1.0), self.0.len())
    }
}
