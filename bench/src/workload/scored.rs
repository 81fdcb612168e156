//! A stream of scored conversations: many workspaces, a few busy accounts in each, mostly in the
//! order of time, with repeats, low runs and gaps of days.

use std::collections::VecDeque;

use super::{BATCH, Batch, Fact, Shape};
use crate::random::Random;
use crate::time::{DAY, HOUR, MINUTE};
use crate::zipf::Zipf;

/// Repeats are taken from so many of a workspace's last facts.
const REMEMBERED: usize = 1000;
/// No fact lies closer to an edge that moves with the clock, so that it does not matter how long a
/// run takes.
const MARGIN: i64 = 40 * MINUTE;

/// Makes batches one after the other.
#[derive(Debug)]
pub struct Stream {
    shape: Shape,
    now: i64,
    random: Random,
    popularity: Zipf,
    /// Facts made, repeats included.
    made: usize,
    /// Facts that came earlier, and how many are new, by workspace.
    recent: Vec<VecDeque<Fact>>,
    numbers: Vec<u32>,
}

impl Stream {
    /// `now` is the time at which it is sent, in milliseconds.
    pub fn new(shape: Shape, now: i64) -> Self {
        Self {
            shape,
            now,
            random: Random::new(shape.seed),
            popularity: Zipf::new(shape.accounts_of_each()),
            made: 0,
            recent: vec![VecDeque::new(); shape.workspaces],
            numbers: vec![0; shape.workspaces],
        }
    }

    fn fact(&mut self, workspace: usize) -> Fact {
        let recent = &self.recent[workspace];
        self.made += 1;
        if recent.len() >= 20 && self.random.per_mille(50) {
            return recent[self.random.index(recent.len())].clone();
        }
        // One in a hundred has the account and the time of the one before it.
        let same = recent.back().filter(|_| self.random.per_mille(10)).map(|last| (last.account, last.at));
        let (account, at) = match same {
            Some(same) => same,
            None => {
                let rank = self.popularity.sample(&mut self.random);
                (self.shape.account(workspace, rank), self.time())
            }
        };
        let number = self.numbers[workspace];
        self.numbers[workspace] += 1;
        let fact = self.scores(number, account, at);
        let recent = &mut self.recent[workspace];
        recent.push_back(fact.clone());
        if recent.len() > REMEMBERED {
            recent.pop_front();
        }
        fact
    }

    /// The first 30 % are history, from 100 days to 73 hours ago; the rest is of the last 71 hours.
    /// 2 % are late.
    fn time(&mut self) -> i64 {
        let (made, all) = (self.made as i64, self.shape.facts.max(1) as i64);
        let history = (all * 3 / 10).max(1);
        let ago = if made <= history {
            100 * DAY - (100 * DAY - 73 * HOUR) / history * made
        } else {
            71 * HOUR - (70 * HOUR) * (made - history) / (all - history)
        };
        let late = match self.random.per_mille(20) {
            true if self.random.per_mille(250) => self.random.below(80 * HOUR as u64) as i64,
            true => self.random.below(6 * HOUR as u64) as i64,
            false => 0,
        };
        self.now - away_from_edges(ago + late)
    }

    /// One account in twenty does badly.
    fn scores(&mut self, number: u32, account: u32, at: i64) -> Fact {
        let bad = Random::new(u64::from(account)).per_mille(50);
        let random = &mut self.random;
        let low = random.per_mille(if bad { 550 } else { 80 });
        let dimensions = if random.per_mille(10) {
            let off = random.between(0, 40) as u16;
            [300 - off, 300, 300 + off]
        } else {
            let (least, most) = if low { (120, 320) } else { (290, 500) };
            [(); 3].map(|()| random.between(least, most) as u16)
        };
        let resolved = random.per_mille(if low { 300 } else { 920 });
        let confidence = random.between(40, 100) as u16;
        Fact { number, account, at, dimensions, resolved, confidence, signals: random.between(3, 30) as u16 }
    }
}

impl Iterator for Stream {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        let left = self.shape.facts.saturating_sub(self.made);
        if left == 0 {
            return None;
        }
        let workspace = self.random.index(self.shape.workspaces);
        let facts = (0..left.min(BATCH)).map(|_| self.fact(workspace)).collect();
        Some(Batch { workspace, facts })
    }
}

fn away_from_edges(ago: i64) -> i64 {
    let near = [72 * HOUR, 90 * DAY].into_iter().find(|edge| (ago - edge).abs() < MARGIN);
    near.map_or(ago, |edge| edge + MARGIN + (ago - edge).abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    const NOW: i64 = 1_774_432_800_000;

    fn batches(seed: u64) -> Vec<Batch> {
        Stream::new(Shape { facts: 40_000, workspaces: 20, accounts: 2_000, seed }, NOW).collect()
    }

    #[test]
    fn the_same_seed_makes_the_same_stream_and_another_seed_another() {
        assert_eq!(batches(1), batches(1));
        assert_ne!(batches(1), batches(2));
    }

    #[test]
    fn a_twentieth_are_repeats_and_a_repeat_is_the_same_fact() {
        let mut known = std::collections::HashMap::new();
        let mut repeats = 0;
        for batch in batches(1) {
            for fact in batch.facts {
                if let Some(first) = known.insert((batch.workspace, fact.number), fact.clone()) {
                    assert_eq!(first, fact);
                    repeats += 1;
                }
            }
        }
        assert!((1_700..2_300).contains(&repeats), "{repeats} of 40,000");
    }

    #[test]
    fn most_come_in_order_and_some_do_not() {
        let (mut newest, mut seen, mut late) = (vec![0; 20], HashSet::new(), 0);
        for batch in batches(1) {
            for fact in batch.facts.iter().filter(|fact| seen.insert((batch.workspace, fact.number))) {
                late += usize::from(fact.at < newest[batch.workspace]);
                newest[batch.workspace] = newest[batch.workspace].max(fact.at);
            }
        }
        assert!((500..1_200).contains(&late), "{late} of 38,000");
    }

    #[test]
    fn no_fact_lies_near_an_edge_that_moves() {
        for fact in batches(1).iter().flat_map(|batch| &batch.facts) {
            for edge in [72 * HOUR, 90 * DAY] {
                assert!((NOW - fact.at - edge).abs() >= MARGIN);
            }
            assert!(fact.at < NOW - MARGIN);
        }
    }

    #[test]
    fn lows_and_composites_at_the_threshold_occur() {
        let facts: Vec<_> = batches(1).into_iter().flat_map(|batch| batch.facts).collect();
        let share = |test: &dyn Fn(u16) -> bool| {
            1000 * facts.iter().filter(|fact| test(fact.composite())).count() / facts.len()
        };
        assert!((80..150).contains(&share(&|c| c < 300)), "{} per mille", share(&|c| c < 300));
        assert!(share(&|c| c == 300) >= 9);
    }
}
