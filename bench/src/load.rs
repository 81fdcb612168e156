//! Loads: many clients that send, one that asks meanwhile, many that ask.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::contender::{Client, Contender, Fallible};
use crate::random::Random;
use crate::time::now;
use crate::workload::Shape;
use crate::zipf::Zipf;

/// Times in ascending order.
#[derive(Debug, Default)]
pub struct Times(Vec<Duration>);

impl Times {
    pub fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// The time that this share of all stays within, in milliseconds.
    pub fn at(&self, share: f64) -> f64 {
        let index = (self.0.len() as f64 * share) as usize;
        let time = self.0.get(index.min(self.0.len().saturating_sub(1)));
        time.map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }
}

/// The result of sending.
pub struct Sent<K> {
    /// Of each batch.
    pub times: Times,
    pub took: Duration,
    /// Still connected: what a server holds for them counts as its memory.
    pub clients: Vec<K>,
}

/// Sends all over `clients` connections.
pub fn send<C: Contender>(contender: &C, clients: usize, all: &[C::Prepared]) -> Fallible<Sent<C::Client>> {
    let next = Mutex::new(all.iter());
    let ready = std::sync::Barrier::new(clients + 1);
    std::thread::scope(|scope| {
        let one = || -> Fallible<(C::Client, Vec<Duration>)> {
            let client = contender.connect();
            ready.wait();
            let (mut client, mut times) = (client?, Vec::new());
            loop {
                let Some(prepared) = next.lock().unwrap_or_else(PoisonError::into_inner).next() else {
                    return Ok((client, times));
                };
                let began = now();
                client.ingest(prepared)?;
                times.push(began.elapsed());
            }
        };
        let threads: Vec<_> = (0..clients).map(|_| scope.spawn(one)).collect();
        ready.wait();
        let began = now();
        let (mut all, mut clients) = (Vec::with_capacity(all.len()), Vec::new());
        for thread in threads {
            let (client, mut times) = thread.join().map_err(|_| "a client panicked")??;
            all.append(&mut times);
            clients.push(client);
        }
        Ok(Sent { times: Times::new(all), took: began.elapsed(), clients })
    })
}

/// Something that a client asks again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Of an account, by popularity.
    Health,
    /// Of an account, by popularity.
    Gate,
    /// Of one workspace, over one range.
    Statistics { workspace: usize, from: i64, to: i64 },
}

/// Asks until it is told to stop.
pub struct Asker<'a, C: Contender> {
    client: C::Client,
    shape: &'a Shape,
    popularity: Zipf,
    random: Random,
}

impl<'a, C: Contender> Asker<'a, C> {
    pub fn new(contender: &C, shape: &'a Shape, seed: u64) -> Fallible<Self> {
        let popularity = Zipf::new(shape.accounts_of_each());
        Ok(Self { client: contender.connect()?, shape, popularity, random: Random::new(seed) })
    }

    /// The time of one answer.
    pub fn ask(&mut self, question: Question) -> Fallible<Duration> {
        let workspace = self.random.index(self.shape.workspaces);
        let account = self.shape.account(workspace, self.popularity.sample(&mut self.random));
        let began = now();
        match question {
            Question::Health => self.client.ask_health(workspace, account)?,
            Question::Gate => drop(self.client.ask_gate(workspace, account)?),
            Question::Statistics { workspace, from, to } => self.client.ask_statistics(workspace, from, to)?,
        }
        Ok(began.elapsed())
    }

    /// One every two milliseconds, so that asking costs little.
    pub fn probe(mut self, question: Question, stop: &AtomicBool) -> Fallible<Times> {
        let mut times = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            times.push(self.ask(question)?);
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(Times::new(times))
    }

    /// One after the other, `count` times or for as long as `span`.
    pub fn ask_on(mut self, question: Question, count: usize, span: Duration) -> Fallible<Times> {
        let (began, mut times) = (now(), Vec::new());
        while times.len() < count && began.elapsed() < span {
            times.push(self.ask(question)?);
        }
        Ok(Times::new(times))
    }
}

/// Answers a second over `clients` connections, and their times.
pub fn ask<C: Contender>(
    contender: &C,
    shape: &Shape,
    clients: usize,
    question: Question,
    span: Duration,
) -> Fallible<(f64, Times)> {
    let began = now();
    std::thread::scope(|scope| {
        let one = |seed| {
            move || -> Fallible<Times> { Asker::new(contender, shape, seed)?.ask_on(question, usize::MAX, span) }
        };
        let threads: Vec<_> = (0..clients as u64).map(|seed| scope.spawn(one(seed))).collect();
        let mut times = Vec::new();
        for thread in threads {
            times.append(&mut thread.join().map_err(|_| "a client panicked")??.0);
        }
        Ok((times.len() as f64 / began.elapsed().as_secs_f64(), Times::new(times)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_occurred() {
        let times = Times::new((1..=100).rev().map(Duration::from_millis).collect());
        assert_eq!((times.at(0.0), times.at(0.5), times.at(0.99), times.at(1.0)), (1.0, 51.0, 100.0, 100.0));
        assert!(Times::default().at(0.5).is_nan());
    }
}
