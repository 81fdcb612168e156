//! What has happened to deliveries since the last record of it.

use std::collections::BTreeMap;

use crate::domain::delivery::{DeliveryNotes, Outcome};
use crate::domain::effect::EffectId;
use crate::domain::ids::Id;

/// Deliveries that one record tells of, at most. Nothing more is begun until it is written.
pub const MOST_NOTED: usize = 1_000;

/// Not written yet.
#[derive(Debug, Default)]
pub struct Notes {
    outcomes: BTreeMap<EffectId, Vec<Outcome>>,
    /// Up to where the last record went.
    noted_upto: EffectId,
}

impl Notes {
    pub const fn after(noted_upto: EffectId) -> Self {
        Self { outcomes: BTreeMap::new(), noted_upto }
    }

    /// Adds what became of a delivery. That it was open need not be told of one that is not any more.
    pub fn add(&mut self, effect: EffectId, outcome: Outcome) {
        let known = self.outcomes.entry(effect).or_default();
        known.retain(|earlier| *earlier != Outcome::Open);
        known.push(outcome);
    }

    pub fn is_full(&self) -> bool {
        self.outcomes.len() >= MOST_NOTED
    }

    /// Whether there is something that a restart must not forget. How far one that wants nothing of all this has looked
    /// can be told later.
    pub fn are_due(&self) -> bool {
        !self.outcomes.is_empty()
    }

    /// Whether there is anything to tell.
    pub fn are_any(&self, upto: EffectId) -> bool {
        self.are_due() || upto > self.noted_upto
    }

    /// The record; what it tells is taken to be written.
    pub fn take(&mut self, endpoint: Id, upto: EffectId) -> DeliveryNotes {
        self.noted_upto = upto;
        let all = std::mem::take(&mut self.outcomes);
        let outcomes = all.into_iter().flat_map(|(effect, all)| all.into_iter().map(move |outcome| (effect, outcome)));
        DeliveryNotes { endpoint, upto, outcomes: outcomes.collect() }
    }

    /// Takes back what could not be written; what came since stands behind it.
    pub fn put_back(&mut self, notes: DeliveryNotes, noted_upto: EffectId) {
        let later = std::mem::take(&mut self.outcomes);
        notes.outcomes.into_iter().for_each(|(effect, outcome)| self.add(effect, outcome));
        for (effect, outcomes) in later {
            outcomes.into_iter().for_each(|outcome| self.add(effect, outcome));
        }
        self.noted_upto = noted_upto;
    }

    pub const fn noted_upto(&self) -> EffectId {
        self.noted_upto
    }
}
