//! What a snapshot costs those who write meanwhile, and what it saves the next start.

use std::time::Instant;

use serde_json::Value;

use crate::contender::{Contender, Fallible, Rules};
use crate::ground::Ground;
use crate::load::{Times, send};
use crate::measure::Measure;
use crate::ours::Ours;
use crate::time::{now, wall};
use crate::workload::scored::Stream;

/// Batches that are made and sent at a time, so that memory stays bounded.
const SLICE: usize = 2_000;
/// Slices sent with a snapshot going on, and as many without, in turn.
const ROUNDS: usize = 4;

pub fn run(ground: &Ground, measure: Measure) -> Fallible<()> {
    let Measure { mut shape, clients } = measure;
    let kept = shape.facts;
    // What is measured comes on top.
    shape.facts += 2 * ROUNDS * SLICE * 100;
    let (_directory, site) = ground.site(shape.workspaces)?;
    let mut ours = Ours::start(&site, Rules::default())?;
    let mut slices = Slices { stream: Stream::new(shape, wall()), ours: &ours };
    let began = now();
    for _ in 0..kept / (SLICE * 100) {
        send(&ours, clients, &slices.next())?;
    }
    println!("{kept} facts, {} workspaces, {} accounts, in {:.0} s", shape.workspaces, shape.accounts, seconds(began));
    println!("memory: {} MiB", ours.resident() >> 20);
    let (mut without, mut during) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        without.push(send(&ours, clients, &slices.next())?.times);
        let (times, snapshot) = with_snapshot(&ours, clients, &slices.next())?;
        told(&snapshot, ours.peak());
        during.push(times);
    }
    row("without a snapshot", &without);
    row("while one is written", &during);
    ours.crash()?;
    let began = now();
    ours.restart()?;
    println!("back after kill -9 in {:.2} s, memory {} MiB", seconds(began), ours.resident() >> 20);
    Ok(())
}

struct Slices<'a> {
    stream: Stream,
    ours: &'a Ours,
}

impl Slices<'_> {
    fn next(&mut self) -> Vec<<Ours as Contender>::Prepared> {
        self.stream.by_ref().take(SLICE).map(|batch| self.ours.prepare(&batch)).collect()
    }
}

/// Sends, and takes one snapshot after the other meanwhile; returns the last one's answer.
fn with_snapshot(
    ours: &Ours,
    clients: usize,
    slice: &[<Ours as Contender>::Prepared],
) -> Fallible<(Times, (Value, f64))> {
    std::thread::scope(|scope| {
        let sending = scope.spawn(|| send(ours, clients, slice).map(|sent| sent.times));
        let mut last = None;
        while last.is_none() || !sending.is_finished() {
            let began = now();
            last = Some((ours.snapshot()?, seconds(began)));
        }
        let times = sending.join().map_err(|_| "sending panicked")??;
        last.map(|last| (times, last)).ok_or_else(|| "no snapshot was taken".into())
    })
}

fn told((snapshot, took): &(Value, f64), peak: u64) {
    let mib = snapshot["bytes"].as_u64().unwrap_or(0) >> 20;
    println!(
        "snapshot {}: {} conversations, {mib} MiB, {took:.2} s, memory at most {} MiB",
        snapshot["number"],
        snapshot["conversations"],
        peak >> 20
    );
}

fn row(what: &str, rounds: &[Times]) {
    let of = |share: f64| rounds.iter().map(|times| format!("{:.1}", times.at(share))).collect::<Vec<_>>().join(" ");
    println!("batch {what}: p50 {} ms, p99 {} ms, longest {} ms", of(0.5), of(0.99), of(1.0));
}

fn seconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64()
}
