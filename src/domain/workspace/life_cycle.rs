//! From a life to a score: what an event of a life, an import or the passing of time changes
//! (R5.1–R5.3).

use std::mem;

use super::super::event::ImportedScore;
use super::super::expectation::Expectation;
use super::super::ids::Position;
use super::super::life::{Life, LifeKind, Walk};
use super::super::score::Hundredths;
use super::super::scoring::estimator::{composite_of, estimate};
use super::super::scoring::signals::{is_scorable, observe};
use super::super::scoring::{Ending, Observation};
use super::super::time::Millis;
use super::Workspace;
use super::conversations::{Phase, Score};
use super::events::At;
use super::placement::NewScore;

impl Workspace {
    /// R5.3: an import replaces what is there and leaves the life alone.
    pub(super) fn import(&mut self, number: u32, at: At, import: &ImportedScore) -> NewScore {
        let before = self.conversations.get(number).score;
        let weights = self.profile().composite_weights;
        self.conversations.get_mut(number).signals = None;
        let score = Score {
            key: (at.time, at.position),
            dimensions: import.dimensions,
            composite: composite_of(weights, import.dimensions),
            confidence: import.confidence,
            signal_count: import.signal_count,
            resolved: import.resolved,
            imported: true,
            ..self.successor(before, at.receipt)
        };
        NewScore::Set { score, expect: before.is_none() }
    }

    /// An event of a life; scores as R5.1 says.
    pub(super) fn live(&mut self, number: u32, at: At, kind: LifeKind) -> NewScore {
        let max_turns = self.rules.settings.max_turns;
        let conversation = self.conversations.get_mut(number);
        let mut life = match mem::replace(&mut conversation.phase, Phase::Unlived) {
            Phase::Unlived => Box::default(),
            Phase::Living(life) => life,
            Phase::Settled(carried) => Box::new(Life::after(carried)),
        };
        let before = life.walk();
        if before.terminal {
            self.settling.remove(&(life.last_change, number));
        }
        let index = life.insert(at.time, at.position, kind, max_turns);
        life.last_change = at.receipt;
        let after = life.walk();
        if after.terminal {
            self.settling.insert((at.receipt, number));
        }
        let counts = index.map_or(after.terminal, |index| life.counts(&after, index));
        let changed = counts || life.counted(&before) != life.counted(&after) || before.scored != after.scored;
        let score = if changed { self.judge_life(number, at, &life, &before, &after) } else { NewScore::Keep };
        self.conversations.get_mut(number).phase = Phase::Living(life);
        score
    }

    /// The counted events have changed: what becomes of the score?
    fn judge_life(&mut self, number: u32, at: At, life: &Life, before: &Walk, after: &Walk) -> NewScore {
        let old = self.conversations.get(number).score;
        let imported = old.is_some_and(|score| score.imported);
        if imported && !after.is_transition(at.position) {
            return NewScore::Keep;
        }
        match self.score_life(life, after, old, at.receipt) {
            Some((score, signals)) => {
                self.conversations.get_mut(number).signals = Some(signals);
                if self.explained.back() != Some(&(at.receipt, number)) {
                    self.explained.push_back((at.receipt, number));
                }
                NewScore::Set { score, expect: old.is_none() || (before.reopened(life) && after.terminal) }
            }
            None if imported || life.carried.is_some() || old.is_none() => NewScore::Keep,
            None => {
                self.conversations.get_mut(number).signals = None;
                NewScore::Remove
            }
        }
    }

    fn score_life(
        &self,
        life: &Life,
        walk: &Walk,
        before: Option<Score>,
        receipt: Millis,
    ) -> Option<(Score, Box<[Observation]>)> {
        let scored = walk.scored?;
        let evidence = life.evidence(walk);
        let observations = observe(self.profile(), &evidence);
        if !is_scorable(&evidence, &observations) {
            return None;
        }
        let estimate = estimate(self.profile(), &observations);
        let score = Score {
            key: (scored.scored_at, scored.position),
            dimensions: estimate.dimensions.map(Hundredths::round),
            composite: Hundredths::round(estimate.composite),
            confidence: Hundredths::round(estimate.confidence),
            signal_count: estimate.signal_count,
            resolved: scored.ending == Ending::Resolved,
            imported: false,
            ..self.successor(before, receipt)
        };
        Some((score, observations.into()))
    }

    /// What a score takes over from the one before it, and what every new one has.
    fn successor(&self, before: Option<Score>, receipt: Millis) -> Score {
        Score {
            key: (receipt, Position::ZERO),
            dimensions: [Hundredths::MIN_SCORE; 3],
            composite: Hundredths::MIN_SCORE,
            confidence: Hundredths(0),
            // The sums hold the old one until the round is finished.
            disconfirmation: before.map_or(Hundredths(0), |score| score.disconfirmation),
            signal_count: 0,
            resolved: false,
            imported: false,
            profile: (self.profiles.len() - 1) as u16,
            receipt,
            expectation: before.map_or(Expectation::default(), |score| score.expectation),
        }
    }

    /// Settles what has not changed since `cutoff` (R5.2).
    pub(super) fn settle_until(&mut self, cutoff: Millis) {
        while let Some(&(last_change, number)) = self.settling.first()
            && last_change <= cutoff
        {
            self.settling.pop_first();
            let conversation = self.conversations.get_mut(number);
            if let Phase::Living(life) = &conversation.phase
                && let Some(carried) = life.settle()
            {
                conversation.phase = Phase::Settled(carried);
            }
        }
    }

    /// Drops the signals of what was last scored at or before `cutoff` (R5.5).
    pub(super) fn drop_signals_until(&mut self, cutoff: Millis) {
        while let Some(&(receipt, number)) = self.explained.front()
            && receipt <= cutoff
        {
            self.explained.pop_front();
            let conversation = self.conversations.get_mut(number);
            if conversation.score.is_some_and(|score| score.receipt == receipt) {
                conversation.signals = None;
            }
        }
    }
}
