//! Questions alone: by number of clients, and over a workspace that holds everything.

use std::time::Duration;

use crate::contender::{Contender, Fallible, Rules};
use crate::ground::Ground;
use crate::load::{Question, ask, send};
use crate::measure::Measure;
use crate::ours::Ours;
use crate::time::{last_30_days, wall};
use crate::workload::scored::Stream;

/// Batches that are made and sent at a time, so that memory stays bounded.
const SLICE: usize = 5_000;
const SPAN: Duration = Duration::from_secs(2);

pub fn run(ground: &Ground, measure: Measure) -> Fallible<()> {
    let Measure { shape, clients } = measure;
    let (_directory, site) = ground.site(shape.workspaces)?;
    let ours = Ours::start(&site, Rules::default())?;
    let at = wall();
    let mut stream = Stream::new(shape, at).peekable();
    while stream.peek().is_some() {
        let slice: Vec<_> = stream.by_ref().take(SLICE).map(|batch| ours.prepare(&batch)).collect();
        send(&ours, clients, &slice)?;
    }
    println!("{} facts, {} workspaces, {} accounts", shape.facts, shape.workspaces, shape.accounts);
    println!("memory: {} MiB", ours.resident() >> 20);
    let (from, to) = last_30_days(at);
    let statistics = Question::Statistics { workspace: 0, from, to };
    // Neither end at a day, nor at a fact.
    let uneven = Question::Statistics { workspace: 0, from: from + 12_345_678, to: at - 23_456_789 };
    for (name, question) in [
        ("account health", Question::Health),
        ("gate", Question::Gate),
        ("30-day statistics", statistics),
        ("statistics of an uneven range", uneven),
    ] {
        for clients in [1, 2, 4, 8, 16, 32] {
            let (rate, times) = ask(&ours, &shape, clients, question, SPAN)?;
            println!(
                "{name}, {clients:2} clients: {rate:.0}/s, p50 {:.2} ms, p99 {:.2} ms",
                times.at(0.5),
                times.at(0.99)
            );
        }
    }
    Ok(())
}
