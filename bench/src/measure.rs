//! One contender, measured once: filled, asked, killed, and asked again.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::answers::Statistics;
use crate::contender::{Client, Contender, Fallible};
use crate::load::{Asker, Question, Sent, Times, ask, send};
use crate::names::Task;
use crate::oracle::statistics;
use crate::time::{last_30_days, now, wall};
use crate::workload::{Batch, Shape, scored::Stream};

/// What was measured. Times in milliseconds, but for the recovery's.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Figures {
    pub facts_per_second: f64,
    pub batch_p50: f64,
    pub batch_p99: f64,
    /// The longest of all: a stall shows here.
    pub batch_longest: f64,
    pub health_p50: f64,
    pub health_p99: f64,
    /// Answers a second to all clients.
    pub healths_per_second: f64,
    pub health_p99_under_ingest: f64,
    /// Where there is a gate.
    pub gate_p99_under_ingest: Option<f64>,
    pub statistics_p99: f64,
    pub disk_bytes_per_fact: f64,
    pub resident_bytes: f64,
    pub recovery_seconds: f64,
}

/// How to measure.
#[derive(Clone, Copy, Debug)]
pub struct Measure {
    pub shape: Shape,
    pub clients: usize,
}

impl Task for Measure {
    type Output = Figures;

    fn run<C: Contender>(self, mut contender: C) -> Fallible<Figures> {
        let Self { shape, clients } = self;
        let work = Work::new(shape);
        let prepared: Vec<_> = work.batches.iter().map(|batch| contender.prepare(batch)).collect();
        let (disk_before, resident_before) = (contender.bytes_on_disk(), contender.resident());
        let ingest = ingest(&contender, &shape, clients, &prepared)?;
        // What is sent was made before: where the store is embedded, the growth is the store's.
        let embedding = if C::EMBEDDED { resident_before } else { 0 };
        let resident_bytes = contender.resident().saturating_sub(embedding) as f64;
        drop((prepared, ingest.clients));
        work.verify(&mut contender.connect()?)?;

        let alone = Asker::new(&contender, &shape, 1)?.ask_on(Question::Health, 10_000, Duration::from_secs(3))?;
        let (healths_per_second, _) = ask(&contender, &shape, clients, Question::Health, Duration::from_secs(2))?;
        let question = work.busiest();
        let statistics = Asker::new(&contender, &shape, 2)?.ask_on(question, 2_000, Duration::from_secs(4))?;
        let disk = contender.bytes_on_disk().saturating_sub(disk_before);

        contender.crash()?;
        let began = now();
        contender.restart()?;
        Asker::new(&contender, &shape, 3)?.ask(Question::Health)?;
        let recovery_seconds = began.elapsed().as_secs_f64();
        work.verify(&mut contender.connect()?)?;
        Ok(Figures {
            facts_per_second: shape.facts as f64 / ingest.took.as_secs_f64(),
            batch_p50: ingest.batches.at(0.5),
            batch_p99: ingest.batches.at(0.99),
            batch_longest: ingest.batches.at(1.0),
            health_p50: alone.at(0.5),
            health_p99: alone.at(0.99),
            healths_per_second,
            health_p99_under_ingest: ingest.health.at(0.99),
            gate_p99_under_ingest: ingest.gate.map(|times| times.at(0.99)),
            statistics_p99: statistics.at(0.99),
            disk_bytes_per_fact: disk as f64 / shape.facts as f64,
            resident_bytes,
            recovery_seconds,
        })
    }
}

/// The result of an ingest with two probes beside it.
pub struct Ingest<K> {
    pub took: Duration,
    pub batches: Times,
    pub health: Times,
    pub gate: Option<Times>,
    /// Those that sent, still connected.
    pub clients: Vec<K>,
}

pub fn ingest<C: Contender>(
    contender: &C,
    shape: &Shape,
    clients: usize,
    prepared: &[C::Prepared],
) -> Fallible<Ingest<C::Client>> {
    let stop = AtomicBool::new(false);
    let has_gate = contender.connect()?.ask_gate(0, 0)?;
    std::thread::scope(|scope| {
        let probe = |question, seed| {
            let stop = &stop;
            scope.spawn(move || Asker::new(contender, shape, seed)?.probe(question, stop))
        };
        let health = probe(Question::Health, 11);
        let gate = has_gate.then(|| probe(Question::Gate, 12));
        let sent = send(contender, clients, prepared);
        stop.store(true, Ordering::Relaxed);
        let health = health.join().map_err(|_| "a probe panicked")??;
        let gate = gate.map(|gate| gate.join().map_err(|_| "a probe panicked")?).transpose()?;
        let Sent { times, took, clients } = sent?;
        Ok(Ingest { took, batches: times, health, gate, clients })
    })
}

/// The stream, and what is known of it without a store.
pub struct Work {
    pub batches: Vec<Batch>,
    busiest: usize,
    from: i64,
    to: i64,
    expected: Statistics,
}

impl Work {
    pub fn new(shape: Shape) -> Self {
        let at = wall();
        let batches: Vec<_> = Stream::new(shape, at).collect();
        let mut counts = vec![0; shape.workspaces];
        batches.iter().for_each(|batch| counts[batch.workspace] += batch.facts.len());
        let busiest = (0..shape.workspaces).max_by_key(|&workspace| counts[workspace]).unwrap_or(0);
        let (from, to) = last_30_days(at);
        let mut seen = HashSet::new();
        let facts = batches.iter().filter(|batch| batch.workspace == busiest).flat_map(|batch| &batch.facts);
        let expected = statistics(facts.filter(|fact| seen.insert(fact.number)), from, to);
        Self { batches, busiest, from, to, expected }
    }

    /// The statistics of 30 days of the workspace with the most facts.
    pub fn busiest(&self) -> Question {
        Question::Statistics { workspace: self.busiest, from: self.from, to: self.to }
    }

    /// Statistics do not depend on the order of arrival, so they are known in advance.
    pub fn verify<C: Client>(&self, client: &mut C) -> Fallible<()> {
        let actual = client.statistics(self.busiest, self.from, self.to)?;
        if actual != self.expected {
            return Err(format!("the busiest workspace is {actual:?}, should be {:?}", self.expected).into());
        }
        Ok(())
    }
}
