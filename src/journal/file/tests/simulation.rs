//! Random work, random faults, random crashes: every acknowledged group is there, in order, and at
//! most the one whose outcome was unknown beside them.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::super::super::{AppendError, JournalRead};
use super::*;

struct Simulation {
    seed: u64,
    rng: StdRng,
    site: Site,
    journal: Option<FileJournal>,
    /// Every group that was acknowledged, or found after a crash.
    acknowledged: Vec<Vec<u8>>,
    unknown: Option<Vec<u8>>,
}

impl Simulation {
    fn new(seed: u64) -> Self {
        let site = Site::new();
        let journal = Some(site.open());
        Self { seed, rng: StdRng::seed_from_u64(seed), site, journal, acknowledged: Vec::new(), unknown: None }
    }

    fn step(&mut self) {
        match self.rng.random_range(0..21) {
            0..14 => self.append(),
            14..17 => self.crash(),
            17 => {
                self.site.disk.heal();
                let before = self.rng.random_range(0..=self.acknowledged.len() as u64);
                self.journal.as_mut().unwrap().trim(GroupPosition(before)).unwrap();
            }
            18 => {
                self.site.disk.heal();
                self.journal.as_mut().unwrap().seal().unwrap();
            }
            _ => self.break_something(),
        }
    }

    fn break_something(&mut self) {
        let (which, kept) = (self.rng.random_range(0..7), self.rng.random_range(0..2_000));
        self.site.disk.set(|faults| match which {
            0 | 1 => faults.short_write = Some(kept),
            2 => faults.no_zeroes = true,
            3 => faults.no_truncation = true,
            4 => faults.no_space = true,
            5 => faults.no_sync = Some(Loss::Kept),
            _ => faults.no_sync = Some(Loss::Lost),
        });
    }

    fn append(&mut self) {
        let length = match self.rng.random_range(0..10) {
            0 => self.rng.random_range(0..1_400_000),
            1..4 => self.rng.random_range(0..300_000),
            _ => self.rng.random_range(0..2_000),
        };
        let group = payload(self.rng.random(), length);
        let last = GroupPosition(self.acknowledged.len() as u64);
        match self.journal.as_mut().unwrap().append(last, &group) {
            Ok(position) => {
                assert_eq!(position, last.next(), "seed {}", self.seed);
                self.acknowledged.push(group);
            }
            Err(AppendError::Full { .. }) => self.site.disk.heal(),
            Err(AppendError::Poisoned { .. }) => {
                self.unknown = Some(group);
                self.crash();
            }
            Err(error) => panic!("seed {}: {error}", self.seed),
        }
    }

    fn crash(&mut self) {
        self.journal = None;
        self.site.disk.heal();
        let opened = self.site.try_open().unwrap_or_else(|error| panic!("seed {}: {error}", self.seed));
        let journal = opened.journal;
        let found = contents(&journal);
        let first = usize::try_from(journal.first().0 - 1).unwrap();
        self.acknowledged.extend(
            self.unknown
                .take()
                .filter(|unknown| first + found.len() > self.acknowledged.len() && found.last() == Some(unknown)),
        );
        assert!(found == self.acknowledged[first..], "seed {}: from group {} on", self.seed, first + 1);
        self.journal = Some(journal);
    }
}

#[test]
fn i7_r9_1_random_faults_and_crashes_lose_nothing_that_was_acknowledged() {
    for seed in 0..60 {
        let mut simulation = Simulation::new(seed);
        (0..40).for_each(|_| simulation.step());
        simulation.crash();
    }
}
