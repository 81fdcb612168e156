//! Compares a store with the oracle, answer by answer.

use std::fmt::Debug;

use crate::contender::{Client, Contender, Fallible};
use crate::oracle::Oracle;
use crate::random::Random;
use crate::time::{DAY, wall};
use crate::workload::{Batch, Fact, Shape, edges, scored};

/// Workspaces of the stream; the hand-written edges have two more.
const WORKSPACES: usize = 20;
/// Accounts of the edges are numbered from here; both of their workspaces name the same.
const EDGE_ACCOUNTS: u32 = 1 << 20;
const CLIENTS: usize = 8;

/// All that a store is checked with.
pub struct CheckedWork {
    now: i64,
    /// By workspace, in order.
    batches: Vec<Vec<Batch>>,
}

impl CheckedWork {
    /// The edges, and a stream of so many facts.
    pub fn new(facts: usize, seed: u64) -> Self {
        let now = wall();
        let shape = Shape { facts, workspaces: WORKSPACES, accounts: WORKSPACES * 100, seed };
        let mut batches = vec![Vec::new(); WORKSPACES];
        for batch in scored::Stream::new(shape, now) {
            batches[batch.workspace].push(batch);
        }
        for workspace in [WORKSPACES, WORKSPACES + 1] {
            batches.push(edges::batches(workspace, EDGE_ACCOUNTS, now));
        }
        Self { now, batches }
    }

    pub const fn workspaces() -> usize {
        WORKSPACES + 2
    }
}

/// What differs from the oracle, in words; empty if nothing does. Eight clients, each with
/// workspaces of its own: the order within a workspace is that of the workload.
pub fn differences<C: Contender>(contender: &C, work: &CheckedWork) -> Fallible<Vec<String>> {
    let threads = std::thread::scope(|scope| {
        let one = |first: usize| {
            move || -> Fallible<Vec<String>> {
                let mut found = Vec::new();
                let client = contender.connect()?;
                let mut check =
                    Check { contender, client, now: work.now, oracle: Oracle::default(), found: Vec::new() };
                for workspace in (first..work.batches.len()).step_by(CLIENTS) {
                    check.workspace(workspace, &work.batches[workspace])?;
                    found.append(&mut check.found);
                    check.oracle = Oracle::default();
                }
                Ok(found)
            }
        };
        let threads: Vec<_> = (0..CLIENTS).map(|first| scope.spawn(one(first))).collect();
        threads.into_iter().map(|thread| thread.join()).collect::<Vec<_>>()
    });
    let mut found = Vec::new();
    for thread in threads {
        found.append(&mut thread.map_err(|_| "a client panicked")??);
    }
    Ok(found)
}

struct Check<'a, C: Contender> {
    contender: &'a C,
    client: C::Client,
    now: i64,
    oracle: Oracle,
    found: Vec<String>,
}

impl<C: Contender> Check<'_, C> {
    fn workspace(&mut self, workspace: usize, batches: &[Batch]) -> Fallible<()> {
        // In odd workspaces a fact that trips is sent alone, so that it shows which one it is; in
        // even ones batches stay whole.
        let split = workspace % 2 == 1;
        for (n, batch) in batches.iter().enumerate() {
            for part in if split { self.split(&batch.facts) } else { vec![batch.facts.clone()] } {
                let part = Batch { workspace, facts: part };
                self.client.ingest(&self.contender.prepare(&part))?;
                for fact in &part.facts {
                    self.oracle.take(fact, self.now);
                }
                let (actual, expected) = (self.client.trips(workspace)?, self.oracle.trips());
                self.compare(|| format!("trips in {workspace} after batch {n}"), &actual, &expected);
                if !self.found.is_empty() {
                    return Ok(());
                }
            }
            // What is in the middle of the stream moves out of a window later.
            if n % 8 == 0 {
                self.accounts(workspace, batch.facts.iter().map(|fact| fact.account).collect())?;
            }
        }
        self.accounts(workspace, self.oracle.facts().iter().map(|fact| fact.account).collect())?;
        self.unknown_account(workspace)?;
        self.ranges(workspace)
    }

    /// Cuts before and after each fact that trips.
    fn split(&self, facts: &[Fact]) -> Vec<Vec<Fact>> {
        let mut oracle = self.oracle.clone();
        let mut parts = vec![Vec::new()];
        for fact in facts {
            if oracle.take(fact, self.now).is_some() {
                parts.extend([vec![fact.clone()], Vec::new()]);
            } else if let Some(part) = parts.last_mut() {
                part.push(fact.clone());
            }
        }
        parts.retain(|part| !part.is_empty());
        parts
    }

    fn accounts(&mut self, workspace: usize, mut accounts: Vec<u32>) -> Fallible<()> {
        accounts.sort_unstable();
        accounts.dedup();
        for account in accounts {
            let (actual, expected) = (self.client.health(workspace, account)?, self.oracle.health(account, self.now));
            self.compare(|| format!("health of account {account} in {workspace}"), &actual, &expected);
        }
        Ok(())
    }

    fn unknown_account(&mut self, workspace: usize) -> Fallible<()> {
        let actual = self.client.health(workspace, u32::MAX)?;
        self.compare(|| format!("health of an unknown account in {workspace}"), &actual, &None);
        Ok(())
    }

    /// Ranges that begin and end at a fact, a millisecond beside one, and at days.
    fn ranges(&mut self, workspace: usize) -> Fallible<()> {
        let times: Vec<i64> = self.oracle.facts().iter().map(|fact| fact.at).collect();
        let mut random = Random::new(workspace as u64);
        let day = |at: i64| at - at.rem_euclid(DAY);
        let mut ranges = vec![
            (self.now - 120 * DAY, self.now),
            (day(self.now) - 29 * DAY, day(self.now) + DAY - 1),
            (day(self.now) - 2 * DAY, day(self.now) - DAY),
        ];
        for _ in 0..if times.is_empty() { 0 } else { 20 } {
            let mut time = || times[random.index(times.len())];
            let (a, b) = (time(), time());
            let (from, to) = (a.min(b), a.max(b));
            ranges.extend([(from, to), (from + 1, to), (from, to - 1), (from - 1, to + 1), (from, from)]);
            ranges.extend([(day(from), to), (from, day(to) + DAY - 1)]);
        }
        for (from, to) in ranges.into_iter().filter(|(from, to)| from <= to) {
            let (actual, expected) = (self.client.statistics(workspace, from, to)?, self.oracle.statistics(from, to));
            self.compare(|| format!("statistics of {workspace} from {from} to {to}"), &actual, &expected);
        }
        Ok(())
    }

    fn compare<T: PartialEq + Debug>(&mut self, what: impl Fn() -> String, actual: &T, expected: &T) {
        if actual != expected {
            self.found.push(format!("{}: {actual:?}, the oracle says {expected:?}", what()));
        }
    }
}
