//! Why an account has the risk that it has (R6.8).

use super::super::health::{self, RiskRule, WindowEntry};
use super::super::ids::Id;
use super::super::run::{Scored, consecutive_low};
use super::super::score::Hundredths;
use super::super::time::Millis;
use super::super::view::ChurnRisk;
use super::Workspace;

/// What gives an account its risk.
#[derive(Clone, Debug, PartialEq)]
pub struct AccountExplanation {
    pub account_id: Id,
    pub churn_risk: ChurnRisk,
    /// The rule of R6.5 that gave it.
    pub rule: RiskRule,
    /// Since when a conversation has to be scored to be in the window.
    pub window_from: Millis,
    pub conversation_count: u32,
    /// The low ones in a row, the newest first.
    pub run: Vec<Considered>,
    /// Those among them that do not count (R7.7), the newest first.
    pub left_out: Vec<Considered>,
}

/// A conversation that was looked at for the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Considered {
    /// None once it is erased.
    pub conversation: Option<Id>,
    pub composite: Hundredths,
    pub confidence: Hundredths,
    pub signal_count: u16,
    pub scored_at: Millis,
}

impl Workspace {
    /// R6.8 as of `now`; none for an account that no event has named.
    pub fn account_explanation(&self, id: Id, now: Millis) -> Option<AccountExplanation> {
        let number = self.accounts.find(id)?;
        let (rules, tripped) = (&*self.rules, self.accounts.tripped(number));
        let newest_first: Vec<WindowEntry> = (self.accounts.scored(number).newest_first())
            .take(rules.kept_by_account())
            .map(|item| self.conversations.placed(item).entry(item))
            .collect();
        let horizon = rules.run_horizon(false);
        let looked_at = || newest_first.iter().map(WindowEntry::scored);
        let run: Vec<Scored> = consecutive_low(rules, tripped.last_resolve, horizon, looked_at()).collect();
        let mut counted = 0;
        let within_reach = looked_at().take(horizon).take_while(|scored| {
            counted += usize::from(rules.counts(*scored));
            counted <= run.len()
        });
        let left_out = within_reach.filter(|scored| !rules.counts(*scored)).map(|scored| self.considered(scored));
        let left_out = left_out.collect();

        let window_from = now - rules.settings.model.window_span();
        let newest = newest_first.iter().take(rules.settings.model.window_size.into());
        let mut window: Vec<_> = newest.take_while(|entry| entry.key.0 >= window_from).copied().collect();
        window.reverse();
        let (churn_risk, rule) = health::risk(rules, &window, run.len(), tripped.active.is_some());
        Some(AccountExplanation {
            account_id: id,
            churn_risk,
            rule,
            window_from,
            conversation_count: window.len() as u32,
            run: run.into_iter().map(|scored| self.considered(scored)).collect(),
            left_out,
        })
    }

    fn considered(&self, scored: Scored) -> Considered {
        let Scored { conversation, key, composite, confidence, signal_count } = scored;
        let conversation = Some(conversation).filter(|number| self.conversations.has_id(*number));
        let conversation = conversation.map(|number| self.conversations.id(number));
        Considered { conversation, composite, confidence, signal_count, scored_at: key.0 }
    }
}
