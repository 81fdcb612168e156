//! R6.6: lists of accounts and of conversations, sorted anew from all there is; and lists that somebody goes through while
//! frames come in.

use std::cmp::Reverse;
use std::sync::Arc;

use tripswitch::domain::effect::ScoredView;
use tripswitch::domain::ids::{Id, Position};
use tripswitch::domain::score::Hundredths;
use tripswitch::domain::time::Millis;
use tripswitch::domain::view::{AccountHealth, BreakerScope, ChurnRisk};
use tripswitch::domain::workspace::account_list::{AccountQuery, AccountSort};
use tripswitch::domain::workspace::conversation_list::{ConversationQuery, ConversationSort};

use crate::broken::Broken;
use crate::health::{order, score};
use crate::life::{ending_of, reopens};
use crate::naive::{Conversation, Naive};

/// What a list says of an account.
#[derive(Clone, Debug, PartialEq)]
pub struct AccountLine {
    pub health: AccountHealth,
    pub name: Option<String>,
    pub last_scored_at: Option<Millis>,
    pub active_breaker: Option<Id>,
}

/// What a list says of a conversation, and how its account is called.
pub type ConversationLine = (ScoredView, Option<Arc<str>>);

/// Critical, high, medium, low.
pub fn place_of(risk: ChurnRisk) -> usize {
    match risk {
        ChurnRisk::Critical => 0,
        ChurnRisk::High => 1,
        ChurnRisk::Medium => 2,
        ChurnRisk::Low => 3,
    }
}

impl Naive {
    fn account_line(&self, id: Id, name: Option<&str>, now: Millis) -> AccountLine {
        let scope = BreakerScope::Account(id);
        AccountLine {
            health: self.assess(id, now),
            name: name.map(str::to_owned),
            last_scored_at: self.scored(&scope).first().map(|known| score(known).scored_at),
            active_breaker: self.active(&scope).and_then(|breaker| breaker.id),
        }
    }

    fn account_fits(&self, query: &AccountQuery, line: &AccountLine) -> bool {
        let small = line.name.as_ref().map(|name| name.to_lowercase());
        let has_name = |part: &str| match &line.name {
            Some(name) if self.breaks(Broken::NamesByCase) => name.contains(part),
            _ => small.as_ref().is_some_and(|name| name.contains(part)),
        };
        let paused = line.active_breaker.is_some();
        (query.risks.is_empty() || query.risks.contains(&line.health.churn_risk))
            && query.paused.is_none_or(|wanted| wanted == paused)
            && query.name.as_deref().is_none_or(has_name)
    }

    /// R6.6, in order.
    pub fn account_list(&self, query: &AccountQuery, now: Millis) -> Vec<AccountLine> {
        let now = if self.breaks(Broken::TimeStandsStill) { self.receipt } else { now };
        let lines = self.accounts.iter().map(|(id, name)| self.account_line(*id, name.as_deref(), now));
        let mut lines: Vec<AccountLine> = lines.filter(|line| self.account_fits(query, line)).collect();
        // What there is none of comes last.
        let composite = |line: &AccountLine| match line.health.rolling_composite {
            None if self.breaks(Broken::WithoutCompositeFirst) => (false, 0),
            composite => (composite.is_none(), composite.map_or(0, |composite| composite.0)),
        };
        let id = |line: &AccountLine| line.health.account_id;
        let name = |line: &AccountLine| line.name.as_ref().map(|name| name.to_lowercase());
        match query.sort {
            AccountSort::ChurnRisk if self.breaks(Broken::RiskAlone) => {
                lines.sort_by_key(|line| (place_of(line.health.churn_risk), id(line)));
            }
            AccountSort::ChurnRisk => {
                lines.sort_by_key(|line| (place_of(line.health.churn_risk), composite(line), id(line)));
            }
            AccountSort::Composite => lines.sort_by_key(|line| (composite(line), id(line))),
            AccountSort::Name => lines.sort_by_key(|line| (line.name.is_none(), name(line), id(line))),
            AccountSort::LastScoredAt => lines.sort_by_key(|line| (Reverse(line.last_scored_at), id(line))),
        }
        lines
    }

    pub fn risk_counts(&self, now: Millis) -> [u64; 4] {
        let mut counts = [0; 4];
        for (id, _) in &self.accounts {
            counts[place_of(self.assess(*id, now).churn_risk)] += 1;
        }
        counts
    }

    /// Whether it was taken up again after it had ended, in this life or before.
    pub fn is_reopened(&self, known: &Conversation) -> bool {
        if let Some(end) = &known.ended {
            return end.reopenings > 0;
        }
        let carried = known.carried.as_ref().filter(|_| !self.breaks(Broken::ReopenedOfThisLife));
        let mut terminal = carried.is_some();
        let mut events: Vec<_> = known.kept.iter().collect();
        events.sort_by_key(|event| (event.time, event.position));
        let mut reopened = carried.is_some_and(|end| end.reopenings > 0);
        for event in events {
            reopened |= terminal && reopens(&event.body);
            terminal |= ending_of(&event.body).is_some();
        }
        reopened
    }

    fn conversation_fits(&self, query: &ConversationQuery, known: &Conversation) -> bool {
        let score = score(known);
        let is = |wanted: Option<bool>, found: bool| wanted.is_none_or(|wanted| wanted == found);
        let edge = u16::from(self.breaks(Broken::ScoresExclusive));
        let resolved = match self.breaks(Broken::FailuresAreUnresolved) {
            true => self.counts_as_resolved(score),
            false => score.resolved,
        };
        let label = |(wanted, found): (&Option<Box<str>>, &Option<Arc<str>>)| {
            wanted.is_none() || wanted.as_deref() == found.as_deref()
        };
        (!known.erased || self.breaks(Broken::ErasedAreListed))
            && query.account.is_none_or(|account| known.attachment.account() == Some(account))
            && is(query.low, self.is_low(score.composite))
            && is(query.resolved, resolved)
            && is(query.reopened, self.is_reopened(known))
            && query.min_confidence.is_none_or(|least| score.confidence >= least)
            && query.min_score.is_none_or(|least| score.composite.0 >= least.0 + edge)
            && query.max_score.is_none_or(|most| score.composite <= most)
            && query.labels.iter().zip(&known.labels).all(label)
            && query.model_version.as_deref().is_none_or(|version| *score.profile.name == *version)
            && query.from.is_none_or(|from| score.scored_at >= from)
            && query.to.is_none_or(|to| score.scored_at <= to)
    }

    fn conversation_line(&self, known: &Conversation) -> ConversationLine {
        let score = score(known);
        let view = ScoredView {
            quality: score.quality(known.id),
            account: known.attachment.account(),
            resolved: score.resolved,
            low: self.is_low(score.composite),
            model_version: score.profile.name.to_string(),
            overridden: known.said.is_some(),
        };
        (view, known.attachment.account().and_then(|account| self.name_of(account)))
    }

    /// R6.6, in order.
    pub fn conversation_list(&self, query: &ConversationQuery) -> Vec<ConversationLine> {
        let mut fitting = self.scored(&BreakerScope::Workspace);
        fitting.retain(|known| self.conversation_fits(query, known));
        fitting.sort_by_key(|known| place(query, known));
        if query.descending {
            fitting.reverse();
            if self.breaks(Broken::SameCompositeOldestFirst) && query.sort == ConversationSort::Composite {
                fitting.sort_by_key(|known| (Reverse(score(known).composite), order(known)));
            }
        }
        fitting.into_iter().map(|known| self.conversation_line(known)).collect()
    }
}

fn place(query: &ConversationQuery, known: &Conversation) -> (Hundredths, (Millis, Position)) {
    match query.sort {
        ConversationSort::ScoredAt => (Hundredths(0), order(known)),
        ConversationSort::Composite => (score(known).composite, order(known)),
    }
}
