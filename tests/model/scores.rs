//! R5.1 to R5.3 and disconfirmation (docs/scoring.md): what a conversation scores, and what was expected.

use tripswitch::domain::event::{Body, ImportedScore};
use tripswitch::domain::expectation::ExpectationSource;
use tripswitch::domain::ids::{Id, Position};
use tripswitch::domain::score::Hundredths;
use tripswitch::domain::scoring::catalogue::SignalKind;
use tripswitch::domain::scoring::estimator::{composite_of, disconfirmation, estimate};
use tripswitch::domain::scoring::{Ending, Evidence, Observation, ObservedKind, Speaker, observe};
use tripswitch::domain::time::Millis;

use crate::broken::Broken;
use crate::life::{self, End, Kept, Life, WalkFaults, walk};
use crate::naive::{Arrival, Comment, Conversation, Naive, Score, Seen};

impl Naive {
    /// An event of a conversation's life; true if it makes a scoring.
    pub fn live(&mut self, arrival: Arrival, begins_life: bool) -> bool {
        let Arrival { event, conversation: id, time, position, receipt, .. } = arrival;
        let before = self.life_of(self.known(id));
        let max_turns = usize::from(self.settings.model.max_turns);
        let boundless = self.breaks(Broken::TurnsWithoutBound);
        let forgets = self.breaks(Broken::NewLifeForgetsReopenings);
        let settled_on = self.end_of(self.known(id));
        let known = self.known_mut(id);
        if begins_life {
            let mut carried = settled_on.expect("a settled life has an end");
            if forgets {
                carried.reopenings = 0;
            }
            known.carried = Some(carried);
            known.kept.clear();
            known.settled = false;
            (known.contact, known.ended) = (None, None);
        }
        known.contact = event.contact.as_ref().map(|contact| contact.id.clone()).or(known.contact.take());
        if let Body::SurveyResponded { comment: Some(text), .. } = &event.body {
            known.comment = Some(Comment { contact: known.contact.clone(), text: text.clone() });
        }
        known.last_change = receipt;
        let messages = known.kept.iter().filter(|kept| life::is_message(&kept.body)).count();
        let beyond = life::is_message(&event.body) && messages >= max_turns && !boundless;
        if !beyond {
            known.kept.push(Kept { time, position, body: event.body.clone() });
        }
        let after = self.life_of(self.known(id));
        self.note_life(&before, &after, begins_life, beyond);
        self.tell_end(arrival, &before, &after);
        let before_end = if begins_life { None } else { before.end.as_ref() };
        let Some(end) = &after.end else { return false };
        let Some(mut score) = self.life_score(id, end, receipt, position) else {
            self.vanish(id);
            return false;
        };
        let stands = self.known(id).score.as_ref().is_some_and(|score| score.imported);
        let takes_over = (after.transitions.contains(&position) && !self.breaks(Broken::ImportNeverReplaced))
            || self.breaks(Broken::ImportReplacedByAnyEvent);
        if stands && !takes_over {
            self.coverage.count("import stood");
            return false;
        }
        let changed = end.counted.contains(&position)
            || (beyond && after.terminal && !self.breaks(Broken::BeyondTurnsIsNothing))
            || before_end.is_none_or(|old| {
                old.counted != end.counted || (old.scored_at, old.position) != (end.scored_at, end.position)
            });
        if !changed {
            return false;
        }
        if stands {
            self.coverage.count("import replaced by life");
        }
        let reopened = before.been_terminal && !before.terminal && after.terminal;
        self.expect(arrival, reopened);
        score.disconfirmation = self.disappointment(id, &score);
        self.note_score(id, &score);
        self.model_says(id, score);
        true
    }

    pub fn life_of(&self, conversation: &Conversation) -> Life {
        let faults = WalkFaults {
            by_arrival: self.breaks(Broken::WalkedByArrival),
            closed_stays_closed: self.breaks(Broken::ClosedStaysClosed),
            later_events_do_not_count: self.breaks(Broken::LaterEventsDoNotCount),
            new_life_counts_all: self.breaks(Broken::NewLifeCountsAll),
            reopened_counts_all: self.breaks(Broken::ReopenedCountsAll),
        };
        walk(conversation.carried.as_ref(), &conversation.kept, faults)
    }

    /// The score of a life that has been terminal, if there is one; without its disconfirmation.
    fn life_score(&self, id: Id, end: &End, receipt: Millis, at: Position) -> Option<Score> {
        let known = self.known(id);
        let evidence = life::evidence(end, &known.kept);
        let profile = &self.settings.profile;
        let observations = observe(profile, &evidence);
        if !says_something(&evidence, &observations) {
            return None;
        }
        let estimate = estimate(profile, &observations);
        let counts = |kept: &&Kept| end.counted.contains(&kept.position);
        let seen = Seen { end: end.clone(), kept: known.kept.iter().filter(counts).cloned().collect() };
        let closed = self.breaks(Broken::ClosedIsResolved) && end.ending == Ending::Closed;
        Some(Score {
            dimensions: estimate.dimensions.map(Hundredths::round),
            composite: Hundredths::round(estimate.composite),
            disconfirmation: Hundredths(0),
            confidence: Hundredths::round(estimate.confidence),
            signal_count: estimate.signal_count,
            resolved: end.ending == Ending::Resolved || closed,
            scored_at: end.scored_at,
            position: if self.breaks(Broken::RescoreTakesPosition) { at } else { end.position },
            imported: false,
            weights: self.settings.profile.composite_weights,
            made: receipt,
            unexplained: false,
            profile: profile.clone().into(),
            seen: Some(seen),
        })
    }

    /// The life has no score (any more).
    fn vanish(&mut self, id: Id) {
        let stays = self.breaks(Broken::VanishedScoreStays);
        let known = self.known_mut(id);
        let of_this_life = known.carried.is_none() && known.score.as_ref().is_some_and(|score| !score.imported);
        if of_this_life && self.outlives_model(id) {
            return;
        }
        let known = self.known_mut(id);
        if of_this_life && !stays {
            known.score = None;
            known.expectation = None;
            self.coverage.count("score vanished");
        } else {
            self.coverage.count("life without a score");
        }
    }

    /// R5.3; always a scoring.
    pub fn import(&mut self, arrival: Arrival, import: ImportedScore) -> bool {
        let Arrival { conversation: id, time, position, receipt, .. } = arrival;
        if let Some(old) = self.known(id).score.as_ref() {
            if old.imported && time < old.scored_at && self.breaks(Broken::ImportLastByTime) {
                return false;
            }
            self.coverage.count(if old.imported { "import replaced by import" } else { "life replaced by import" });
        }
        let keeps = self.breaks(Broken::ImportKeepsResolution);
        let resolved_before = self.known(id).score.as_ref().filter(|_| keeps).map(|old| old.resolved);
        self.expect(arrival, false);
        let mut score = Score {
            dimensions: import.dimensions,
            composite: composite_of(self.settings.profile.composite_weights, import.dimensions),
            disconfirmation: Hundredths(0),
            confidence: import.confidence,
            signal_count: import.signal_count,
            resolved: resolved_before.unwrap_or(import.resolved),
            scored_at: time,
            position,
            imported: true,
            weights: self.settings.profile.composite_weights,
            made: receipt,
            unexplained: false,
            profile: self.settings.profile.clone().into(),
            seen: None,
        };
        score.disconfirmation = self.disappointment(id, &score);
        self.note_score(id, &score);
        self.model_says(id, score);
        true
    }

    pub fn disappointment(&self, id: Id, score: &Score) -> Hundredths {
        let expected = self.known(id).expectation.expect("frozen before");
        let values = expected.map(|of_dimension| of_dimension.map(|(value, _)| value));
        disconfirmation(score.weights, values, score.dimensions)
    }

    /// Freezes the expectation at the first scoring, and anew where the life came back from open.
    fn expect(&mut self, arrival: Arrival, reopened: bool) {
        let id = arrival.conversation;
        let renew =
            (reopened && !self.breaks(Broken::ExpectationNeverRenewed)) || self.breaks(Broken::ExpectationNotFrozen);
        let first = self.known(id).expectation.is_none();
        if !first && !renew {
            return;
        }
        if !first && reopened {
            self.coverage.count("expectation renewed");
        }
        let expectation = [0, 1, 2].map(|d| self.expected(arrival, d));
        for of_dimension in &expectation {
            self.coverage.count(match of_dimension {
                Some((_, ExpectationSource::Baseline)) => "expected by baseline",
                Some((_, ExpectationSource::AccountWindow)) => "expected by account",
                Some((_, ExpectationSource::Workspace)) => "expected by workspace",
                None => "expected by nothing",
            });
        }
        self.known_mut(id).expectation = Some(expectation);
    }

    fn expected(&self, arrival: Arrival, d: usize) -> Option<(Hundredths, ExpectationSource)> {
        let Arrival { conversation: id, receipt, joins, .. } = arrival;
        if let Some(baseline) = self.csat.baselines()[d] {
            return Some((baseline, ExpectationSource::Baseline));
        }
        let other = |known: &&Conversation| known.id != id || self.breaks(Broken::ExpectationOfItself);
        let mean = |of: &[&Conversation]| {
            let sum =
                of.iter().filter_map(|known| known.score.as_ref()).map(|score| u64::from(score.dimensions[d].0)).sum();
            Hundredths::mean(sum, of.len() as u64)
        };
        if let Some(account) = self.known(id).attachment.account() {
            // The window is that of before the event: one that joins with it was not there yet.
            let absent = joins.then_some(id);
            let others: Vec<_> = self.window_without(account, receipt, absent).into_iter().filter(other).collect();
            if others.len() >= if self.breaks(Broken::ExpectationOfFour) { 4 } else { 5 } {
                return mean(&others).map(|value| (value, ExpectationSource::AccountWindow));
            }
        }
        let since = if self.breaks(Broken::ExpectationOfAllTimes) {
            Millis::MIN
        } else {
            receipt - self.settings.model.window_span()
        };
        let recent = |known: &&Conversation| known.score.as_ref().is_some_and(|score| score.scored_at >= since);
        let others: Vec<_> = self.conversations.iter().filter(other).filter(recent).collect();
        if others.len() >= if self.breaks(Broken::ExpectationOfNineteen) { 19 } else { 20 } {
            mean(&others).map(|value| (value, ExpectationSource::Workspace))
        } else {
            None
        }
    }

    fn note_life(&mut self, before: &Life, after: &Life, begins_life: bool, beyond: bool) {
        if begins_life {
            return self.coverage.count("new life");
        }
        if beyond {
            self.coverage.count("message beyond the turns kept");
        }
        if before.terminal && !after.terminal {
            self.coverage.count("reopening");
        }
        if after.closed_then_resolved > before.closed_then_resolved {
            self.coverage.count("closed, then resolved");
        }
        if let (Some(old), Some(new)) = (&before.end, &after.end)
            && before.terminal
            && after.terminal
            && old.scored_at != new.scored_at
        {
            self.coverage.count(if new.scored_at < old.scored_at {
                "scoredAt moved back"
            } else {
                "scoredAt moved on"
            });
        }
    }

    pub fn note_score(&mut self, id: Id, score: &Score) {
        let known = self.known(id);
        let new_life = known.carried.is_some() && !score.imported;
        let again = known.score.is_some();
        self.coverage.count(match (score.imported, again) {
            (true, _) => "import",
            (false, false) => "first life score",
            (false, true) => "re-score",
        });
        if new_life {
            self.coverage.count("score of a new life");
        }
        if score.disconfirmation.0 > 0 {
            self.coverage.count("disconfirmed");
        }
        if score.composite == self.csat.threshold_low_composite {
            self.coverage.count("composite exactly at the threshold");
        }
    }
}

/// A customer message, or any observation besides how it ended and that it was reopened.
fn says_something(evidence: &Evidence, observations: &[Observation]) -> bool {
    let operational = |observation: &Observation| {
        matches!(
            observation.signal,
            ObservedKind::Catalogue(SignalKind::Resolution | SignalKind::ResolutionFailed | SignalKind::Reopened)
        )
    };
    evidence.turns.iter().any(|turn| turn.speaker == Speaker::Customer)
        || observations.iter().any(|observation| observation.presence > 0 && !operational(observation))
}
