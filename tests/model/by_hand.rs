//! R7.5 and R7.6: breakers by hand, their notes and history, and those that nobody looks after.

use tripswitch::domain::effect::BreakerStep;
use tripswitch::domain::ids::Position;
use tripswitch::domain::record::Frame;
use tripswitch::domain::reply::CommandRefusal;
use tripswitch::domain::time::{HOUR, Millis};
use tripswitch::domain::view::{
    BreakerDetail, BreakerFilter, BreakerRow, BreakerScope, HistoryEntry, HistoryStep, TriggerKind,
};

use crate::broken::Broken;
use crate::naive::{Breaker, Deed, Naive};

impl Naive {
    pub fn trip(
        &mut self,
        frame: &Frame,
        actor: &str,
        scope: &BreakerScope,
        reason: &str,
    ) -> Result<usize, CommandRefusal> {
        let at = Position::new(frame.seq, 0);
        if self.active(scope).is_some() && !self.breaks(Broken::ManualTripWhileActive) {
            self.coverage.count("trip by hand refused: active");
            return Err(CommandRefusal::BreakerActive);
        }
        let account = scope.account();
        let known = |account| self.accounts.iter().any(|(known, _)| *known == account);
        if account.is_some_and(|account| !known(account)) && !self.breaks(Broken::ManualTripOfUnknownAccount) {
            self.coverage.count("trip by hand refused: unknown account");
            return Err(CommandRefusal::UnknownAccount);
        }
        self.breakers.push(Breaker {
            id: None,
            scope: scope.clone(),
            reason: reason.to_owned(),
            triggered_at: frame.receipt,
            position: at,
            by: Some(actor.into()),
            evidence: Vec::new(),
            acknowledged: None,
            resolved: None,
            notes: Vec::new(),
            announced: None,
        });
        self.epoch += 1;
        self.coverage.count(match scope {
            BreakerScope::Account(_) => "account tripped by hand",
            BreakerScope::Workspace => "workspace tripped by hand",
            BreakerScope::Label(..) => "label tripped by hand",
        });
        let index = self.breakers.len() - 1;
        self.tell_breaker(at, index, BreakerStep::Triggered);
        if let Some(account) = account.filter(|_| !self.breaks(Broken::RiskUntoldOnTripByHand)) {
            self.tell_risk(at, account);
        }
        Ok(index)
    }

    pub fn note_breaker(&mut self, index: usize, deed: Deed) -> Result<usize, CommandRefusal> {
        let most = if self.breaks(Broken::NotesOfNinetyNine) { 99 } else { 100 };
        let notes = &mut self.breakers[index].notes;
        if notes.len() >= most {
            self.coverage.count("too many notes");
            return Err(CommandRefusal::TooManyNotes);
        }
        notes.push(deed);
        self.coverage.count("noted");
        Ok(index)
    }

    /// R7.6: the active ones that wait for so many hours, the oldest trip first, and a thousand at most.
    pub fn announce_forgotten(&mut self, frame: &Frame) {
        let Some(hours) = self.own.forgotten_after_hours else { return };
        let span = Millis::from(hours) * HOUR + Millis::from(self.breaks(Broken::ForgottenEdgeExclusive));
        let due = |breaker: &Breaker| self.waits_since(breaker).is_some_and(|since| frame.receipt - since >= span);
        let all: Vec<usize> = (0..self.breakers.len()).filter(|index| due(&self.breakers[*index])).collect();
        let at = Position::new(frame.seq, 0);
        if all.len() > 1_000 {
            self.coverage.count("more than a thousand forgotten");
        }
        for index in all.into_iter().take(1_000) {
            let breaker = &mut self.breakers[index];
            self.coverage.count(match (&breaker.announced, &breaker.acknowledged) {
                (Some(_), _) => "forgotten again",
                (None, Some(_)) => "forgotten after an acknowledgement",
                (None, None) => "forgotten",
            });
            breaker.announced = Some((frame.receipt, at));
            self.tell_breaker(at, index, BreakerStep::Forgotten);
        }
    }

    /// Since its last step or announcement, while it is active.
    fn waits_since(&self, breaker: &Breaker) -> Option<Millis> {
        let acknowledged = breaker.acknowledged.as_ref().filter(|_| !self.breaks(Broken::ForgottenSinceTrip));
        let steps = [Some(breaker.triggered_at), acknowledged.map(|deed| deed.at), breaker.announced.map(|(at, _)| at)];
        let once = self.breaks(Broken::ForgottenOnce) && breaker.announced.is_some();
        steps.into_iter().flatten().max().filter(|_| breaker.resolved.is_none() && !once)
    }

    /// When the next one is forgotten.
    pub fn forgotten_at(&self) -> Option<Millis> {
        let hours = self.own.forgotten_after_hours?;
        let first = self.breakers.iter().filter_map(|breaker| self.waits_since(breaker)).min()?;
        Some(first + Millis::from(hours) * HOUR)
    }

    /// R7.5.
    pub fn detail(&self, breaker: &Breaker) -> BreakerDetail {
        let entry = |step, at, actor: Option<&str>, note: Option<&str>| HistoryEntry {
            step,
            at,
            actor: actor.map(str::to_owned),
            note: note.map(str::to_owned),
        };
        let by = |step, deed: &Deed| (deed.position, entry(step, deed.at, Some(&*deed.actor), deed.note.as_deref()));
        let first = entry(HistoryStep::Triggered, breaker.triggered_at, breaker.by.as_deref(), None);
        let mut history = vec![(breaker.position, first)];
        history.extend(breaker.acknowledged.iter().map(|deed| by(HistoryStep::Acknowledged, deed)));
        history.extend(breaker.notes.iter().map(|deed| by(HistoryStep::Noted, deed)));
        history
            .extend(breaker.announced.map(|(at, position)| (position, entry(HistoryStep::Forgotten, at, None, None))));
        history.extend(breaker.resolved.iter().map(|deed| by(HistoryStep::Resolved, deed)));
        history.sort_by_key(|(position, _)| *position);
        BreakerDetail {
            breaker: self.breaker_view(breaker),
            account_name: breaker.scope.account().and_then(|id| self.name_of(id)),
            state: breaker.state(),
            trigger: breaker.trigger(),
            evidence: breaker.evidence.clone(),
            history: history.into_iter().map(|(_, entry)| entry).collect(),
        }
    }

    /// The history of all, newest first.
    pub fn history(&self, filter: &BreakerFilter) -> Vec<BreakerRow> {
        let fits = |breaker: &&Breaker| {
            filter.state.is_none_or(|state| state == breaker.state())
                && filter.scope.as_ref().is_none_or(|scope| *scope == breaker.scope)
                && filter.from.is_none_or(|from| from <= breaker.triggered_at)
                && filter.to.is_none_or(|to| breaker.triggered_at <= to)
        };
        let row = |breaker: &Breaker| {
            let seconds = |deed: &Deed| (deed.at - breaker.triggered_at) as u64 / 1_000;
            BreakerRow {
                breaker: self.breaker_view(breaker),
                account_name: breaker.scope.account().and_then(|id| self.name_of(id)),
                state: breaker.state(),
                trigger: breaker.trigger(),
                seconds_to_acknowledge: breaker.acknowledged.as_ref().map(seconds),
                seconds_to_resolve: breaker.resolved.as_ref().map(seconds),
            }
        };
        self.breakers.iter().rev().filter(fits).map(row).collect()
    }
}

impl Breaker {
    fn trigger(&self) -> TriggerKind {
        if self.by.is_some() { TriggerKind::Manual } else { TriggerKind::Automatic }
    }
}
