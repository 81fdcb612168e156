//! R10.7: what would have tripped under other settings, found out by a naive model that lives through it.

use tripswitch::domain::ids::Position;
use tripswitch::domain::score::Hundredths;
use tripswitch::domain::scoring::estimator::composite_of;
use tripswitch::domain::time::{HOUR, Millis};
use tripswitch::domain::view::BreakerScope;
use tripswitch::domain::workspace::backtest::{Backtest, OtherSettings, Question, Tripped, TrippedBreaker};

use crate::broken::Broken;
use crate::compare::{Check, Compared, same};
use crate::health::score;
use crate::naive::{Breaker, Conversation, Deed, Judged, Naive};
use crate::random::Random;
use crate::scenario::Scenario;

/// What happens once more, in the order of positions; what is scored before what was done to breakers by the same event.
enum Event<'a> {
    Scored(&'a Conversation, Millis),
    Tripped(&'a Breaker),
    Resolved(&'a BreakerScope, &'a Deed),
}

impl Event<'_> {
    fn place(&self) -> (Position, bool) {
        match self {
            Self::Scored(known, _) => (score(known).position, false),
            Self::Tripped(breaker) => (breaker.position, true),
            Self::Resolved(_, deed) => (deed.position, true),
        }
    }
}

impl Naive {
    /// With nothing scored and nothing tripped, under these settings.
    fn anew(&self, other: &OtherSettings) -> Self {
        let mut anew = Self::new(self.key, &self.name, self.settings.clone(), self.broken);
        (anew.csat, anew.own, anew.accounts) = (self.csat.clone(), self.own.clone(), self.accounts.clone());
        let csat = &mut anew.csat;
        csat.threshold_low_composite = other.threshold_low_composite.unwrap_or(csat.threshold_low_composite);
        csat.circuit_breaker_count = other.circuit_breaker_count.unwrap_or(csat.circuit_breaker_count);
        csat.circuit_breaker_window_hours =
            other.circuit_breaker_window_hours.unwrap_or(csat.circuit_breaker_window_hours);
        let own = &mut anew.own;
        own.min_confidence = other.min_confidence.unwrap_or(own.min_confidence);
        own.min_signals = other.min_signals.unwrap_or(own.min_signals);
        own.channel_breakers = other.channel_breakers.unwrap_or(own.channel_breakers);
        own.intent_breakers = other.intent_breakers.unwrap_or(own.intent_breakers);
        let model = &mut anew.settings.model;
        model.workspace_factor = other.workspace_factor.unwrap_or(model.workspace_factor);
        anew
    }

    /// Everything that happens once more: what was scored last of each conversation, at a receipt no later than any of
    /// what was scored behind it.
    fn once_more(&self, from: Option<Millis>) -> Vec<Event<'_>> {
        let scored = || self.conversations.iter().filter(|known| known.score.is_some());
        let later = |place: Position| scored().map(score).filter(move |later| later.position >= place);
        let receipt = |known: &Conversation| later(score(known).position).map(|later| later.made).min();
        let least = |known: &Conversation| match self.breaks(Broken::ReceiptOfLastScoring) {
            true => Some(score(known).made),
            false => receipt(known),
        };
        let mut events: Vec<Event<'_>> =
            scored().filter_map(|known| Some(Event::Scored(known, least(known)?))).collect();
        for breaker in &self.breakers {
            let is_given = breaker.by.is_some() || from.is_some_and(|from| breaker.triggered_at < from);
            events.extend(is_given.then_some(Event::Tripped(breaker)));
            let resolved = breaker.resolved.as_ref().filter(|_| !self.breaks(Broken::NothingIsResolved));
            events.extend(resolved.map(|deed| Event::Resolved(&breaker.scope, deed)));
        }
        events.sort_by_key(Event::place);
        events
    }

    fn backtest(&self, question: &Question) -> Backtest {
        let kept = Some(self.retained_from).filter(|from| *from > Millis::MIN);
        let (from, to) = (question.from.max(kept), question.to);
        let within = |at: Millis| from.is_none_or(|from| at >= from) && to.is_none_or(|to| at <= to);
        let mut anew = self.anew(&question.settings);
        let mut found = Vec::new();
        for event in self.once_more(from) {
            match event {
                Event::Scored(known, receipt) => {
                    let mut known = known.clone();
                    let score = known.score.as_mut().expect("scored");
                    if let Some(weights) = question.settings.composite_weights.filter(|other| *other != score.weights) {
                        score.composite = composite_of(weights, score.dimensions);
                    }
                    let (conversation, position) = (known.id, score.position);
                    let account = known.attachment.account();
                    anew.conversations.push(known);
                    if within(receipt) {
                        let before = anew.breakers.len();
                        anew.receipt = receipt;
                        anew.judge(account, Judged { conversation, position, receipt, leaves: None });
                        found.extend(before..anew.breakers.len());
                    }
                }
                Event::Tripped(breaker) => anew.breakers.push(Breaker { resolved: None, ..breaker.clone() }),
                Event::Resolved(scope, deed) => anew.resolve_again(scope, deed),
            }
        }
        let did = self.breakers.iter().filter(|breaker| breaker.by.is_none() && within(breaker.triggered_at));
        let would = found.into_iter().map(|index| &anew.breakers[index]);
        let [as_is, what_if] = [did.collect(), would.collect()].map(|breakers| self.tripped(breakers, question.now));
        Backtest { from, to, as_is, what_if, reweighed: None }
    }

    /// A resolve ends runs, whether there is a breaker now or not.
    fn resolve_again(&mut self, scope: &BreakerScope, deed: &Deed) {
        let mut resolved = false;
        for breaker in self.breakers.iter_mut().filter(|breaker| breaker.scope == *scope && breaker.resolved.is_none())
        {
            (breaker.resolved, resolved) = (Some(deed.clone()), true);
        }
        if !resolved {
            self.breakers.push(Breaker {
                id: None,
                scope: scope.clone(),
                reason: String::new(),
                triggered_at: deed.at,
                position: deed.position,
                by: None,
                evidence: Vec::new(),
                acknowledged: None,
                resolved: Some(deed.clone()),
                notes: Vec::new(),
                announced: None,
            });
        }
    }

    /// Newest first; there are too few for a list to have an end.
    fn tripped(&self, mut breakers: Vec<&Breaker>, now: Millis) -> Tripped {
        breakers.sort_by(|a, b| (b.position, &b.scope).cmp(&(a.position, &a.scope)));
        let shown = breakers.iter().map(|breaker| {
            let resolved_at = breaker.resolved.as_ref().map(|deed| deed.at);
            TrippedBreaker {
                scope: breaker.scope.clone(),
                account_name: breaker.scope.account().and_then(|id| self.name_of(id)),
                triggered_at: breaker.triggered_at,
                resolved_at,
                run: breaker.evidence.len() as u32,
                seconds_active: (resolved_at.unwrap_or(now) - breaker.triggered_at).max(0) as u64 / 1_000,
            }
        });
        Tripped { breakers: shown.collect(), total: breakers.len() as u64 }
    }

    /// Some settings; and as far back as to something that happened, or all.
    fn question(&self, rng: &mut Random, now: Millis) -> Question {
        let composite = rng.pick(&[200, 250, 299, 300, 301, 350]);
        let settings = OtherSettings {
            threshold_low_composite: rng.chance(40).then_some(Hundredths(composite)),
            circuit_breaker_count: rng.chance(40).then(|| rng.pick(&[1, 2, 3, 5, 20])),
            circuit_breaker_window_hours: rng.chance(30).then(|| rng.pick(&[1, 24, 72, 168])),
            workspace_factor: rng.chance(30).then(|| rng.pick(&[1, 2, 3])),
            min_confidence: rng.chance(20).then(|| rng.pick(&[None, Some(20), Some(50)]).map(Hundredths)),
            min_signals: rng.chance(20).then(|| rng.pick(&[None, Some(1), Some(5)])),
            channel_breakers: rng.chance(30).then(|| rng.pick(&[None, Some(true), Some(false)])),
            intent_breakers: rng.chance(30).then(|| rng.pick(&[None, Some(true), Some(false)])),
            composite_weights: rng.chance(20).then(|| rng.pick(&[[0.5, 0.25, 0.25], [0.2, 0.3, 0.5], [1.0 / 3.0; 3]])),
            signals: Vec::new(),
            level: None,
        };
        let (from, to) = self.some_period(rng);
        Question { settings, from, to, now }
    }

    fn some_period(&self, rng: &mut Random) -> (Option<Millis>, Option<Millis>) {
        let scored = self.conversations.iter().filter_map(|known| known.score.as_ref()).map(|score| score.made);
        let times: Vec<Millis> = scored.chain(self.breakers.iter().map(|breaker| breaker.triggered_at)).collect();
        let mut time = || {
            let asked = rng.chance(50) && !times.is_empty();
            asked.then(|| rng.pick(&times) + rng.pick(&[-HOUR, -1, 0, 1]))
        };
        let (from, to) = (time(), time());
        match (from, to) {
            (Some(a), Some(b)) => (Some(a.min(b)), Some(a.max(b))),
            ends => ends,
        }
    }
}

impl Compared {
    pub fn backtests(&mut self, now: Millis) -> Check {
        let mut rng = Random::new(self.frames.len() as u64 ^ 0xbac);
        let cut = self.real.workspace().cut();
        let ask = |question: &Question| cut.backtest(question, &mut |_| true).expect("somebody waits for it");
        let (from, to) = self.naive.some_period(&mut rng);
        let unchanged = Question { from, to, now, ..Question::default() };
        let other = self.naive.question(&mut rng, now);
        for question in [&unchanged, &other] {
            let (real, naive) = (ask(question), self.naive.backtest(question));
            same(&format!("a backtest of {question:?}"), &real, &naive)?;
            self.naive.coverage.add("tripped as it was", naive.as_is.total);
            self.naive.coverage.add("would have tripped", naive.what_if.total);
            self.naive.coverage.add("other settings make a difference", u64::from(naive.as_is != naive.what_if));
        }
        if self.scenario == Scenario::Played {
            let real = ask(&unchanged);
            same("what would have tripped without any change", &real.what_if, &real.as_is)?;
            self.naive.coverage.add("tripped as it would have", real.as_is.total);
        }
        Ok(())
    }
}
