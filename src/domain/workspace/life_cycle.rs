//! From a life to a score: what an event of a life, an import or the passing of time changes
//! (R5.1–R5.3).

use std::sync::Arc;

use super::super::event::ImportedScore;
use super::super::expectation::Expectation;
use super::super::ids::Position;
use super::super::life::{ContactMark, Life, LifeKind, Walk};
use super::super::score::Hundredths;
use super::super::scoring::estimator::{composite_of, estimate};
use super::super::scoring::{Ending, Observation};
use super::super::scoring::{is_scorable, observe};
use super::super::time::Millis;
use super::Workspace;
use super::conversations::Course;
use super::kept::{Left, Score};
use super::placement::NewScore;
use super::round::At;

/// What an event of a life did.
pub(super) struct Lived {
    pub score: NewScore,
    pub before: Walk,
    pub after: Walk,
}

impl Workspace {
    /// R5.3: an import replaces what is there and leaves the life alone.
    pub(super) fn import(&mut self, number: u32, at: At, import: &ImportedScore) -> NewScore {
        let before = self.conversations.score(number);
        let weights = self.profile().composite_weights;
        self.conversations.set_signals(number, None);
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
    pub(super) fn live(&mut self, number: u32, at: At, kind: LifeKind, contact: Option<ContactMark>) -> Lived {
        let max_turns = self.rules.settings.model.max_turns;
        let mut taken = self.conversations.take_life(number);
        let life = Arc::make_mut(&mut taken);
        let before = life.walk();
        if before.terminal {
            self.settling.remove(&(life.last_change, number));
        }
        let index = life.insert(at.time, at.position, kind, max_turns);
        life.last_change = at.receipt;
        life.contact = contact.or(life.contact);
        let after = life.walk();
        if after.terminal {
            self.settling.insert((at.receipt, number));
        }
        let counts = index.map_or(after.terminal, |index| life.counts(&after, index));
        let changed = counts || life.counted(&before) != life.counted(&after) || before.scored != after.scored;
        let score = if changed { self.judge_life(number, at, life, &before, &after) } else { NewScore::Keep };
        if changed && matches!(score, NewScore::Keep) {
            self.keep_signals(number, life, &before, index);
        }
        self.conversations.put_life(number, taken);
        Lived { score, before, after }
    }

    /// The events that count have changed: finds out what becomes of the score.
    fn judge_life(&mut self, number: u32, at: At, life: &Life, before: &Walk, after: &Walk) -> NewScore {
        let old = self.conversations.score(number);
        let imported = old.is_some_and(|score| score.imported);
        if imported && !after.is_transition(at.position) {
            return NewScore::Keep;
        }
        match self.score_life(life, after, old, at.receipt) {
            Some(score) => {
                // As long as there is a life, it gives the signals.
                self.conversations.set_signals(number, None);
                NewScore::Set { score, expect: old.is_none() || (before.reopened(life) && after.terminal) }
            }
            None if imported || life.carried.is_some() || old.is_none() => NewScore::Keep,
            None => {
                self.conversations.set_signals(number, None);
                NewScore::Remove
            }
        }
    }

    /// The score of an earlier life stands although this life has changed. If the score was this life's, its signals
    /// were those of before the event.
    fn keep_signals(&mut self, number: u32, life: &mut Life, before: &Walk, index: Option<usize>) {
        let Some(score) = self.conversations.score(number).filter(|score| self.can_explain(score)) else { return };
        if self.conversations.signals(number).is_none() {
            let profile = Arc::clone(&self.profiles[usize::from(score.profile)]);
            let signals = life.without(index, |life| observe(&profile, &life.evidence(before)));
            let at = self.signals.append(score.receipt, &signals);
            self.conversations.set_signals(number, Some(at));
        }
    }

    fn score_life(&self, life: &Life, walk: &Walk, before: Option<Score>, receipt: Millis) -> Option<Score> {
        let scored = walk.scored?;
        let evidence = life.evidence(walk);
        let observations = observe(self.profile(), &evidence);
        if !is_scorable(&evidence, &observations) {
            return None;
        }
        let estimate = estimate(self.profile(), &observations);
        Some(Score {
            key: (scored.scored_at, scored.position),
            dimensions: estimate.dimensions.map(Hundredths::round),
            composite: Hundredths::round(estimate.composite),
            confidence: Hundredths::round(estimate.confidence),
            signal_count: estimate.signal_count,
            resolved: scored.ending == Ending::Resolved,
            imported: false,
            ..self.successor(before, receipt)
        })
    }

    /// What a score keeps of the one before it, and what every new score has.
    fn successor(&self, before: Option<Score>, receipt: Millis) -> Score {
        Score {
            key: (receipt, Position::ZERO),
            dimensions: [Hundredths::MIN_SCORE; 3],
            composite: Hundredths::MIN_SCORE,
            confidence: Hundredths(0),
            // The sums contain the old disconfirmation until the round is finished.
            disconfirmation: before.map_or(Hundredths(0), |score| score.disconfirmation),
            signal_count: 0,
            resolved: false,
            imported: false,
            profile: self.in_force,
            receipt,
            expectation: before.map_or(Expectation::default(), |score| score.expectation),
        }
    }

    /// Settles the conversations that have not changed since `cutoff` (R5.2).
    pub(super) fn settle_until(&mut self, cutoff: Millis) {
        while let Some(&(last_change, number)) = self.settling.first()
            && last_change <= cutoff
        {
            self.settling.pop_first();
            let Course::Living(life) = self.conversations.course(number) else { continue };
            let Some(carried) = life.settle() else { continue };
            let noted = life.noted;
            let rating = self.ratings.get(number).and_then(|_| life.evidence(&life.walk()).rating);
            match self.conversations.score(number) {
                Some(score) if self.can_explain(&score) && self.conversations.signals(number).is_none() => {
                    let at = self.signals.append(score.receipt, &self.signals_of(life, &score));
                    self.conversations.set_signals(number, Some(at));
                }
                Some(_) => {}
                None => {
                    let id = self.conversations.id(number);
                    self.unscored.remove(&(noted, id));
                    self.unscored.insert((last_change, id));
                }
            }
            self.conversations.settle(number, Left { carried, last_change });
            if let Some(rating) = rating {
                self.settle_rating(number, rating);
            }
            self.settle_follow_up(number);
        }
    }

    /// Whether the signals behind a score that was made here can still be asked for (R5.5).
    pub(super) fn can_explain(&self, score: &Score) -> bool {
        !score.imported && score.receipt > self.explained_after
    }

    /// The signals that gave `score`, by a life that has not changed since.
    pub(super) fn signals_of(&self, life: &Life, score: &Score) -> Vec<Observation> {
        observe(&self.profiles[usize::from(score.profile)], &life.evidence(&life.walk()))
    }

    /// Drops the signals of what was last scored at or before `cutoff`, for good (R5.5).
    pub(super) fn drop_signals_until(&mut self, cutoff: Millis) {
        self.explained_after = self.explained_after.max(cutoff);
        self.signals.drop_until(self.explained_after);
    }
}
