//! Facts on the edges of the rules, written by hand: one step further and an answer is another.

use super::{Batch, Fact};
use crate::random::Random;
use crate::time::{DAY, HOUR, MINUTE};

const LOW: [u16; 3] = [200, 210, 220];
const HIGH: [u16; 3] = [400, 420, 440];

/// Batches for one workspace. Accounts are numbered from `accounts` on; the same are used in every
/// workspace that asks for the same number.
pub fn batches(workspace: usize, accounts: u32, now: i64) -> Vec<Batch> {
    let mut edges = Edges { now, account: accounts, facts: Vec::new(), batches: Vec::new(), workspace };
    edges.threshold();
    edges.failure();
    edges.seventy_two_hours();
    edges.windows();
    edges.repeats();
    edges.order();
    edges.age();
    edges.long_run();
    edges.cut();
    edges.batches
}

struct Edges {
    now: i64,
    account: u32,
    facts: Vec<Fact>,
    batches: Vec<Batch>,
    workspace: usize,
}

impl Edges {
    fn next_account(&mut self) {
        self.account += 1;
    }

    /// Of the present account, `ago` milliseconds back.
    fn fact(&mut self, ago: i64, dimensions: [u16; 3]) -> Fact {
        let sent = self.batches.iter().map(|batch| batch.facts.len()).sum::<usize>() + self.facts.len();
        Fact {
            number: sent as u32,
            account: self.account,
            at: self.now - ago,
            dimensions,
            resolved: true,
            confidence: 100,
            signals: 5,
        }
    }

    fn put(&mut self, ago: i64, dimensions: [u16; 3]) {
        let fact = self.fact(ago, dimensions);
        self.facts.push(fact);
    }

    fn put_all(&mut self, agos: &[i64], dimensions: [u16; 3]) {
        agos.iter().for_each(|&ago| self.put(ago, dimensions));
    }

    /// What was put becomes a batch.
    fn cut(&mut self) {
        let facts = std::mem::take(&mut self.facts);
        if !facts.is_empty() {
            self.batches.push(Batch { workspace: self.workspace, facts });
        }
    }

    /// A composite of exactly 3.00 is not low, whether by its parts or by rounding; 2.99 is.
    fn threshold(&mut self) {
        for dimensions in [[300, 300, 300], [299, 300, 300], [299, 299, 300], [100, 300, 497]] {
            self.next_account();
            self.put_all(&[4 * HOUR, 3 * HOUR, 2 * HOUR], dimensions);
        }
        // Low, low, 3.00, low, low: no run of three.
        self.next_account();
        self.put_all(&[9 * HOUR, 8 * HOUR], LOW);
        self.put(7 * HOUR, [290, 300, 310]);
        self.put_all(&[6 * HOUR, 5 * HOUR], LOW);
        self.cut();
    }

    /// A composite of exactly 2.00 counts as resolved, 1.99 does not.
    fn failure(&mut self) {
        for dimensions in [[200, 200, 200], [199, 200, 199], [199, 200, 200]] {
            self.next_account();
            self.put(5 * HOUR, dimensions);
            self.put(4 * HOUR, HIGH);
        }
        self.next_account();
        let mut unresolved = self.fact(4 * HOUR, HIGH);
        unresolved.resolved = false;
        self.facts.push(unresolved);
        self.cut();
    }

    /// Exactly 72 hours before the newest is in the run, a millisecond more is not.
    fn seventy_two_hours(&mut self) {
        for over in [-1, 0, 1] {
            self.next_account();
            self.put(74 * HOUR + over, LOW);
            self.put_all(&[3 * HOUR, 2 * HOUR], LOW);
        }
        // A trip in the midst of a batch: a good one in the same batch does not undo it, a fourth
        // low one does not trip again.
        self.next_account();
        self.put_all(&[9 * HOUR, 8 * HOUR, 7 * HOUR, 6 * HOUR], LOW);
        self.put(5 * HOUR, HIGH);
        self.put_all(&[4 * HOUR, 3 * HOUR, 2 * HOUR], LOW);
        // Two in one batch, the third in the next.
        self.next_account();
        self.put_all(&[4 * HOUR, 3 * HOUR], LOW);
        self.cut();
        self.put(2 * HOUR, LOW);
        self.cut();
    }

    /// 49, 50, 51 and 101 conversations: the oldest are good, so that each one too many shows.
    fn windows(&mut self) {
        for length in [49, 50, 51, 101] {
            self.next_account();
            for n in 0..length {
                self.put((2 + length - n) * HOUR / 2, if n < length - 49 { [500; 3] } else { [310, 320, 330] });
            }
            self.cut();
        }
    }

    /// Two low ones sent twice are two: within a batch, across batches, and with others between.
    fn repeats(&mut self) {
        for across in [false, true] {
            self.next_account();
            self.put_all(&[4 * HOUR, 3 * HOUR], LOW);
            let last = self.facts[self.facts.len() - 2..].to_vec();
            if across {
                self.cut();
                self.put(2 * DAY, HIGH);
            }
            self.facts.extend(last.clone());
            self.facts.extend(last);
            self.cut();
        }
        // Repeats of good ones count in no window and no statistics.
        self.next_account();
        self.put(2 * HOUR, HIGH);
        let again = self.facts[0].clone();
        self.facts.push(again);
        self.cut();
    }

    /// The order is that of `scoredAt`, then of arrival.
    fn order(&mut self) {
        // The good one is the newest, the low ones come later but are older.
        self.next_account();
        self.put(2 * HOUR, HIGH);
        self.put_all(&[5 * HOUR, 4 * HOUR, 3 * HOUR], LOW);
        // A good one comes last, but stands between.
        self.next_account();
        self.put_all(&[5 * HOUR, 3 * HOUR], LOW);
        self.put(4 * HOUR, HIGH);
        self.put(2 * HOUR, LOW);
        // Low ones arrive newest first.
        self.next_account();
        self.put_all(&[2 * HOUR, 4 * HOUR, 3 * HOUR], LOW);
        // At the same millisecond the later arrival is the newer one.
        for last in [LOW, HIGH] {
            self.next_account();
            self.put_all(&[4 * HOUR, 3 * HOUR], LOW);
            self.put(2 * HOUR, if last == LOW { HIGH } else { LOW });
            self.put(2 * HOUR, last);
        }
        self.cut();
        // All of 60 in a mixed order: the window is of the newest, not of the last to arrive.
        self.next_account();
        let (mut random, mut agos) = (Random::new(5), (2..62).collect::<Vec<i64>>());
        for at in (1..agos.len()).rev() {
            agos.swap(at, random.index(at + 1));
        }
        for ago in agos {
            self.put(ago * HOUR / 2, [if ago > 40 { 480 } else { 320 }, 330, 340]);
        }
        self.cut();
    }

    /// History trips nothing, and is in no window after 90 days; a run counts at any age.
    fn age(&mut self) {
        for hours in [71, 73] {
            self.next_account();
            self.put_all(&[(hours + 2) * HOUR, (hours + 1) * HOUR, hours * HOUR], LOW);
        }
        for days in [89, 91] {
            self.next_account();
            self.put(days * DAY, HIGH);
            self.put_all(&[days * DAY - HOUR, days * DAY - 2 * HOUR], LOW);
        }
        self.cut();
    }

    /// A run is never longer than 100.
    fn long_run(&mut self) {
        self.next_account();
        for n in 0..103 {
            self.put(3 * HOUR - n * MINUTE, LOW);
        }
        self.cut();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_name_one_fact_each() {
        let all = batches(0, 0, 1_774_432_800_000);
        let mut known = std::collections::HashMap::new();
        for fact in all.iter().flat_map(|batch| &batch.facts) {
            let first = known.entry(fact.number).or_insert_with(|| fact.clone());
            assert_eq!(first, fact);
        }
        assert!(all.iter().all(|batch| !batch.facts.is_empty()));
    }
}
