//! A backtest (R10.7): which breakers would have tripped under other settings, beside those that did.
//!
//! It plays a [`Cut`] through once more, scope by scope: what was scored in the order in which it was scored, each time
//! judged by the very code that judges in earnest. What people did stays as it was: a breaker that would have tripped is
//! active until the first resolve of its scope that there was, and where somebody tripped a breaker by hand, it
//! stopped its scope.
//!
//! Of each conversation the state knows its last score alone, and the receipt of the latest event that made it. So one
//! that was scored again is judged as if its last score had been its only one, and its receipt is taken to be no later
//! than those of the conversations that were scored after it, since receipts never decrease. Where nothing was scored
//! twice, that is exactly what happened.

mod broad;
mod history;
mod play;
mod scores;
mod settings;
mod tripped;

#[cfg(test)]
mod tests;

pub use settings::{OtherSettings, OtherWeight};
pub use tripped::{MOST_LISTED, Tripped, TrippedBreaker};

use super::super::rules::Rules;
use super::super::time::Millis;
use super::cut::Cut;
use history::History;
use play::Play;
use scores::Scores;
use tripped::{Found, Listing};

/// What is asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Question {
    pub settings: OtherSettings,
    /// Breakers count that trip from then on, and until then the settings are those of the side. None: as far back as
    /// conversations are kept.
    pub from: Option<Millis>,
    /// Inclusive.
    pub to: Option<Millis>,
    /// The present, until which what was not resolved is active.
    pub now: Millis,
}

/// The answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Backtest {
    /// From when on breakers count; none where that is from the beginning.
    pub from: Option<Millis>,
    pub to: Option<Millis>,
    pub as_is: Tripped,
    pub what_if: Tripped,
    /// Where other weights of signals were asked for.
    pub reweighed: Option<Reweighed>,
}

/// What other weights of signals did to the scores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reweighed {
    /// Conversations that were scored with the other weights.
    pub rescored: u64,
    /// Those that keep their score, since its signals are gone, or it never had any of this model's.
    pub unchanged: u64,
}

/// Whoever waits does not want the answer any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenUp;

/// How far it has come.
struct Steps<'a> {
    done: u64,
    total: u64,
    go_on: &'a mut dyn FnMut(f64) -> bool,
}

/// Steps between two looks at whether to go on: some ten microseconds of work.
const STRIDE: u64 = 256;

impl Steps<'_> {
    fn step(&mut self) -> Result<(), GivenUp> {
        self.done += 1;
        if self.done.is_multiple_of(STRIDE) { self.look() } else { Ok(()) }
    }

    fn look(&mut self) -> Result<(), GivenUp> {
        let share = self.done as f64 / self.total.max(1) as f64;
        if (self.go_on)(share.min(1.0)) { Ok(()) } else { Err(GivenUp) }
    }
}

impl Cut {
    /// Answers the question. `go_on` is told how far it has come (0 to 1), and says whether to go on.
    pub fn backtest(&self, question: &Question, go_on: &mut dyn FnMut(f64) -> bool) -> Result<Backtest, GivenUp> {
        let as_is = self.as_is();
        let rules = question.settings.over(&as_is);
        let kept_from = Some(self.head.retained_from).filter(|from| *from > Millis::MIN);
        let from = question.from.max(kept_from);
        let labels = [rules.own.channel_breakers, rules.own.intent_breakers].into_iter().flatten().map(u64::from);
        let weights = u64::from(!question.settings.signals.is_empty());
        // Each looks at every conversation: weights, the history, accounts, the workspace, channels, intents.
        let total = self.conversations.records.len() as u64 * (weights + 3 + labels.sum::<u64>());
        let mut steps = Steps { done: 0, total, go_on };
        steps.look()?;
        let (scores, reweighed) = Scores::new(self, &question.settings, &mut steps)?;
        let history = History::of(self, &mut steps)?;
        let mut play = Play::new(self, rules, scores, from, question.to);
        play.accounts(&history, &mut steps)?;
        play.workspace(&history, &mut steps)?;
        play.labels(&history, &mut steps)?;
        let tripped = [self.did_trip(from, question.to), play.listing];
        let [as_is, what_if] = tripped.map(|listing| listing.shown(self, question.now));
        Ok(Backtest { from, to: question.to, as_is, what_if, reweighed })
    }

    fn as_is(&self) -> Rules {
        Rules { settings: self.head.settings.clone(), csat: self.head.csat.clone(), own: self.own.clone() }
    }

    /// The breakers that tripped. What people tripped by hand has nothing to do with settings.
    fn did_trip(&self, from: Option<Millis>, to: Option<Millis>) -> Listing {
        let mut listing = Listing::default();
        let tripped = self.breakers.iter().filter(|breaker| breaker.by.is_none());
        for breaker in tripped.filter(|breaker| is_within(from, to, breaker.triggered.0)) {
            let resolved_at = breaker.resolved.as_ref().map(|step| step.at);
            let run = breaker.evidence.len();
            listing.add(Found::at(breaker.triggered, run).until(resolved_at), &breaker.scope);
        }
        listing
    }
}

fn is_within(from: Option<Millis>, to: Option<Millis>, at: Millis) -> bool {
    from.is_none_or(|from| at >= from) && to.is_none_or(|to| at <= to)
}
