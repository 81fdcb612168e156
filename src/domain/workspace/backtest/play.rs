//! The history as it is played through once more, scope by scope.

use std::sync::Arc;

use super::super::super::account::Account;
use super::super::super::breaker::Breaker;
use super::super::super::ids::Position;
use super::super::super::rules::Rules;
use super::super::super::run::LastResolve;
use super::super::super::time::Millis;
use super::super::super::view::{BreakerScope, LabelKind};
use super::super::cut::Cut;
use super::super::kept::Score;
use super::broad::Broad;
use super::history::{Groups, History, Slot};
use super::scores::Scores;
use super::tripped::{Found, Listing};
use super::{GivenUp, Steps, is_within};

/// Who judges a scope as its conversations are scored one by one.
pub trait Judge {
    /// A conversation is scored; `judge` the run after it. How long a run is that trips a breaker.
    fn scored(&mut self, number: u32, score: &Score, receipt: Millis, judge: bool) -> Option<usize>;
    /// A breaker is active that did not trip here.
    fn tripped(&mut self, breaker: &Breaker);
    fn resolved(&mut self, last: LastResolve);
}

/// An account, judged by the rules.
struct Judged<'a> {
    rules: &'a Rules,
    account: Account,
}

impl Judge for Judged<'_> {
    fn scored(&mut self, number: u32, score: &Score, receipt: Millis, judge: bool) -> Option<usize> {
        let trip = self.account.scored(self.rules, score.entry(number), receipt, judge)?;
        Some(trip.run.len())
    }

    fn tripped(&mut self, breaker: &Breaker) {
        self.account.tripped(breaker.id);
    }

    fn resolved(&mut self, last: LastResolve) {
        self.account.resolved(last);
    }
}

/// The history as it is played through under other rules.
pub struct Play<'a> {
    cut: &'a Cut,
    rules: Rules,
    scores: Scores<'a>,
    from: Option<Millis>,
    to: Option<Millis>,
    /// The breakers that there are, by scope, and each scope's in the order in which they tripped.
    real: Vec<&'a Breaker>,
    pub listing: Listing,
}

/// What was done to a scope, apart from scores.
enum Happening<'a> {
    Tripped(&'a Breaker),
    Resolved(LastResolve),
}

impl Happening<'_> {
    fn position(&self) -> Position {
        match self {
            Self::Tripped(breaker) => breaker.triggered.1,
            Self::Resolved(last) => last.position,
        }
    }

    fn resolve(&self) -> Option<LastResolve> {
        match self {
            Self::Tripped(_) => None,
            Self::Resolved(last) => Some(*last),
        }
    }
}

impl<'a> Play<'a> {
    pub fn new(cut: &'a Cut, mut rules: Rules, scores: Scores<'a>, from: Option<Millis>, to: Option<Millis>) -> Self {
        // Nobody asks for a window, so accounts need to keep no more than what a run is looked for in.
        rules.settings.model.window_size = 1;
        let mut real: Vec<&Breaker> = cut.breakers.iter().collect();
        real.sort_by(|a, b| a.scope.cmp(&b.scope));
        Self { cut, rules, scores, from, to, real, listing: Listing::default() }
    }

    /// R7.1.
    pub fn accounts(&mut self, history: &History, steps: &mut Steps<'_>) -> Result<(), GivenUp> {
        let groups = Groups::of(history, self.cut.accounts.len(), |slot| slot.account());
        let rules = self.rules.clone();
        for (number, record) in (0..).zip(self.cut.accounts.iter()) {
            let theirs = groups.get(number);
            let kept = Vec::with_capacity(theirs.len().min(rules.kept_by_account()));
            let account = Account::new(self.cut.head.key, record.id, kept, None, None);
            let slots = theirs.iter().map(|rank| history.slot(*rank));
            self.scope(&BreakerScope::Account(record.id), Judged { rules: &rules, account }, slots, steps)?;
        }
        Ok(())
    }

    /// R7.2.
    pub fn workspace(&mut self, history: &History, steps: &mut Steps<'_>) -> Result<(), GivenUp> {
        let rules = self.rules.clone();
        self.scope(&BreakerScope::Workspace, Broad::new(self.cut, &rules), history.slots(), steps)
    }

    /// R7.8, as far as it is asked for.
    pub fn labels(&mut self, history: &History, steps: &mut Steps<'_>) -> Result<(), GivenUp> {
        let (rules, cut) = (self.rules.clone(), self.cut);
        let asked_for = [rules.own.channel_breakers, rules.own.intent_breakers];
        for kind in LabelKind::ALL.into_iter().filter(|kind| asked_for[*kind as usize] == Some(true)) {
            let names = &cut.labels.names[kind as usize];
            let groups = Groups::of(history, names.len(), |slot| cut.labels.number(slot.number, kind).checked_sub(1));
            for (number, name) in (0..).zip(names) {
                let scope = BreakerScope::Label(kind, Arc::clone(name));
                let slots = groups.get(number).iter().map(|rank| history.slot(*rank));
                self.scope(&scope, Broad::new(cut, &rules), slots, steps)?;
            }
        }
        Ok(())
    }

    /// Plays one scope through.
    fn scope<'s>(
        &mut self,
        scope: &BreakerScope,
        mut judge: impl Judge,
        slots: impl Iterator<Item = &'s Slot>,
        steps: &mut Steps<'_>,
    ) -> Result<(), GivenUp> {
        let mut happenings = happenings(&self.real, scope, self.from).peekable();
        let mut open: Option<Found> = None;
        for Slot { number, receipt, .. } in slots {
            steps.step()?;
            let score = self.scores.get(*number);
            while let Some(happening) = happenings.next_if(|happening| happening.position() < score.key.1) {
                match happening {
                    Happening::Tripped(breaker) => judge.tripped(breaker),
                    Happening::Resolved(last) => {
                        judge.resolved(last);
                        if let Some(found) = open.take() {
                            self.listing.add(found.until(Some(last.at)), scope);
                        }
                    }
                }
            }
            let is_asked_for = is_within(self.from, self.to, *receipt);
            if let Some(run) = judge.scored(*number, &score, *receipt, is_asked_for) {
                open = Some(Found::at((*receipt, score.key.1), run));
            }
        }
        if let Some(found) = open {
            let resolve = happenings.find_map(|happening| happening.resolve());
            self.listing.add(found.until(resolve.map(|last| last.at)), scope);
        }
        Ok(())
    }
}

/// What was done to a scope, in order. Breakers that tripped by themselves since `from` are what is in question.
fn happenings<'a>(
    real: &[&'a Breaker],
    scope: &BreakerScope,
    from: Option<Millis>,
) -> impl Iterator<Item = Happening<'a>> {
    let start = real.partition_point(|breaker| breaker.scope < *scope);
    let count = real[start..].partition_point(|breaker| breaker.scope == *scope);
    let theirs: Vec<&Breaker> = real[start..start + count].to_vec();
    theirs.into_iter().flat_map(move |breaker| {
        let is_given = breaker.by.is_some() || from.is_some_and(|from| breaker.triggered.0 < from);
        let resolved = breaker.resolved.as_ref().map(|step| LastResolve { at: step.at, position: step.position });
        let tripped = is_given.then_some(Happening::Tripped(breaker));
        tripped.into_iter().chain(resolved.map(Happening::Resolved))
    })
}
