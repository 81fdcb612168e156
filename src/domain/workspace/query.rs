//! Questions, answered from the state (sections 3 and 5). None changes anything.

use std::sync::Arc;

use super::super::account::Account;
use super::super::breaker::Breaker;
use super::super::csat_config::CsatConfig;
use super::super::expectation::ExpectationSource;
use super::super::hex;
use super::super::ids::{Id, WorkspaceKey};
use super::super::own_settings::OwnSettings;
use super::super::rules::Rules;
use super::super::score::{Dimension, Hundredths};
use super::super::scoring::Observation;
use super::super::scoring::estimator::{Explanation, explain};
use super::super::scoring::profile::Profile;
use super::super::settings::Settings;
use super::super::time::Millis;
use super::super::view::{BreakerDetail, BreakerFilter, BreakerRow, BreakerView, ConversationQuality, Known, Skipped};
use super::Workspace;
use super::breakers::GateState;
use super::conversations::Course;
use super::kept::Score;

/// Of the events that are passed over, those that are named.
const LATEST_SKIPS: usize = 10;

impl Workspace {
    pub fn key(&self) -> WorkspaceKey {
        self.key
    }

    /// The rules by which is decided, shared with readers.
    pub fn rules(&self) -> Arc<Rules> {
        Arc::clone(&self.rules)
    }

    /// All events that were ever passed over (I6).
    pub fn skipped(&self) -> Skipped {
        let latest = self.skips.iter().rev().take(LATEST_SKIPS).copied().collect();
        Skipped { count: self.skips.len() as u64, latest }
    }

    pub fn csat_config(&self) -> &CsatConfig {
        &self.rules.csat
    }

    /// Whether the next frame needs a settings record before it (I1).
    pub fn needs_settings(&self, effective: &Settings) -> bool {
        !self.installed || self.rules.settings != *effective
    }

    /// What the gate answers from.
    pub fn gate(&self) -> GateState {
        self.breakers.gate()
    }

    /// How many event identities are remembered (R4.4).
    pub fn duplicates_held(&self) -> u64 {
        self.duplicates.len() as u64
    }

    /// How many conversations there are.
    pub fn conversations_held(&self) -> u64 {
        self.conversations.held() as u64
    }

    /// How many accounts were ever named.
    pub fn accounts_known(&self) -> u64 {
        self.accounts.count() as u64
    }

    /// How many breakers are active, and how many of those somebody has acknowledged.
    pub fn breakers_active(&self) -> (u64, u64) {
        self.breakers.active_counts()
    }

    /// Events that came after their conversation had settled (R5.2).
    pub fn late_events(&self) -> u64 {
        self.late
    }

    /// A breaker with this id ever triggered here.
    pub fn knows_breaker(&self, id: Id) -> bool {
        self.breakers.get(id).is_some()
    }

    /// R3.4.
    pub fn active_breakers(&self) -> Vec<BreakerView> {
        self.breakers.active().map(|breaker| breaker.view(self.key)).collect()
    }

    /// The ids of the active breakers, in the order of R3.4.
    pub fn active_breaker_ids(&self) -> Vec<Id> {
        self.breakers.active().map(|breaker| breaker.id).collect()
    }

    /// Those of the breakers that there are, active or not.
    pub fn breakers_named(&self, ids: &[Id]) -> Vec<BreakerView> {
        ids.iter().filter_map(|id| self.breakers.get(*id)).map(|breaker| breaker.view(self.key)).collect()
    }

    /// R7.5.
    pub fn breaker_detail(&self, id: Id) -> Option<BreakerDetail> {
        self.breakers.get(id).map(|breaker| breaker.detail(self.key, self.name_of_paused(breaker)))
    }

    /// A breaker's place in the history of all.
    pub fn breaker_number(&self, id: Id) -> Option<u32> {
        self.breakers.number(id)
    }

    /// R7.5: those that the filter wants, newest first, before the one of the number `before`; and before which the
    /// next page is. A page may have fewer than `limit` although there is a next.
    pub fn breaker_history(
        &self,
        filter: &BreakerFilter,
        before: Option<u32>,
        limit: usize,
    ) -> (Vec<(u32, BreakerRow)>, Option<u32>) {
        let (page, next) = self.breakers.page(filter, before, limit);
        let row = |breaker: &Breaker| breaker.row(self.key, self.name_of_paused(breaker));
        (page.into_iter().map(|(number, breaker)| (number, row(breaker))).collect(), next)
    }

    /// As the account that a breaker pauses is called now.
    fn name_of_paused(&self, breaker: &Breaker) -> Option<Arc<str>> {
        let number = self.accounts.find(breaker.scope.account()?)?;
        self.accounts.get(number).name.clone()
    }

    /// R6.9: what the users of the side have set.
    pub fn own_settings(&self) -> &OwnSettings {
        &self.rules.own
    }

    /// R3.2.
    pub fn conversation(&self, id: Id) -> Known<ConversationQuality> {
        let Some(number) = self.conversations.find(id) else { return Known::Unknown };
        let Some(score) = self.conversations.score(number) else { return Known::NotScored };
        Known::Found(score.quality(id))
    }

    pub fn knows_account(&self, id: Id) -> bool {
        self.accounts.find(id).is_some()
    }

    /// An account that is asleep, for waking it; from now on it must be told of changes. `None`: it is awake, or
    /// unknown.
    pub fn wake(&mut self, id: Id) -> Option<Account> {
        let number = self.accounts.find(id)?;
        if std::mem::replace(&mut self.accounts.belongings(number).awake, true) {
            return None;
        }
        Some(self.rebuilt(number))
    }

    /// An account that was handed out is asleep again.
    pub fn sleep(&mut self, id: Id) {
        if let Some(number) = self.accounts.find(id) {
            self.accounts.belongings(number).awake = false;
        }
    }

    /// An account as its index and breaker give it: an awake one holds nothing more (I3).
    pub fn account(&self, id: Id) -> Option<Account> {
        self.accounts.find(id).map(|number| self.rebuilt(number))
    }

    pub(super) fn rebuilt(&self, number: u32) -> Account {
        let record = self.accounts.get(number);
        let mut entries: Vec<_> = (self.accounts.scored(number).newest_first())
            .take(self.rules.kept_by_account())
            .map(|item| self.conversations.placed(item).entry(item))
            .collect();
        entries.reverse();
        entries.shrink_to_fit();
        let tripped = self.accounts.tripped(number);
        Account::new(self.key, record.id, entries, tripped.last_resolve, tripped.active)
    }

    /// The signals behind a score that was made here, as long as they are kept: its life gives them, or they are in
    /// the log.
    pub(super) fn signals_behind(&self, number: u32, score: &Score) -> Option<Vec<Observation>> {
        if !self.can_explain(score) {
            return None;
        }
        match (self.conversations.signals(number), self.conversations.course(number)) {
            (Some(at), _) => self.signals.read(at),
            (None, Course::Living(life)) => Some(self.signals_of(life, score)),
            (None, Course::Unlived | Course::Settled(_)) => None,
        }
    }

    /// R5.5: the sums behind a score; the model's, where a person's is in force (R5.9).
    pub fn explanation(&self, id: Id, now: Millis) -> Known<ConversationExplanation> {
        let Some(number) = self.conversations.find(id) else { return Known::Unknown };
        let Some(in_force) = self.conversations.score(number) else { return Known::NotScored };
        let score = self.model_of(number).unwrap_or(in_force);
        if now - score.receipt >= self.rules.settings.model.explanation_span() {
            return Known::Gone;
        }
        let profile = &self.profiles[usize::from(score.profile)];
        let explanation = match self.signals_behind(number, &score) {
            Some(signals) => Some(explain(profile, &signals)),
            None if score.imported => None,
            None => return Known::Gone,
        };
        let account = self.conversations.account(number).map(|account| self.accounts.get(account));
        let [channel, intent] = self.labels.of_conversation(number);
        Known::Found(ConversationExplanation {
            conversation_id: id,
            account_id: account.map(|account| account.id),
            account_name: account.and_then(|account| account.name.clone()),
            channel,
            intent,
            resolved: score.resolved,
            reopened: self.conversations.is_reopened(number),
            model_version: profile.name.to_string(),
            model_hash: hex::encode(&profile.hash),
            imported: score.imported,
            composite_score: score.composite,
            dimensions: Dimension::ALL.map(|dimension| Published::of(dimension, &score, profile)),
            disconfirmation: score.disconfirmation,
            confidence: score.confidence,
            scored_at: score.key.0,
            scoring: explanation,
        })
    }
}

/// R5.5. The sums of `scoring` are unrounded: `compositeScore` and the dimensions' scores are
/// rounded from its totals. An imported score has no `scoring`: its composite is the weighted sum
/// of its dimensions.
#[derive(Clone, Debug, PartialEq)]
pub struct ConversationExplanation {
    pub conversation_id: Id,
    pub account_id: Option<Id>,
    /// As the account is called now.
    pub account_name: Option<Arc<str>>,
    pub channel: Option<Arc<str>>,
    pub intent: Option<Arc<str>>,
    /// It ended resolved.
    pub resolved: bool,
    /// It was over and was taken up again, whether or not it is over now.
    pub reopened: bool,
    /// The profile's name.
    pub model_version: String,
    /// 16 hexadecimal digits over everything that can change a score.
    pub model_hash: String,
    pub imported: bool,
    pub composite_score: Hundredths,
    pub dimensions: [Published; 3],
    pub disconfirmation: Hundredths,
    pub confidence: Hundredths,
    pub scored_at: Millis,
    pub scoring: Option<Explanation>,
}

/// One published dimension: its weight in the composite, and what was expected of it when the
/// conversation was first scored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Published {
    pub dimension: Dimension,
    pub score: Hundredths,
    pub weight: f64,
    pub expected: Option<Hundredths>,
    pub expectation_source: Option<ExpectationSource>,
}

impl Published {
    fn of(dimension: Dimension, score: &Score, profile: &Profile) -> Self {
        let d = dimension as usize;
        let expected = score.expectation.0[d];
        Self {
            dimension,
            score: score.dimensions[d],
            weight: profile.composite_weights[d],
            expected: expected.map(|(value, _)| value),
            expectation_source: expected.map(|(_, source)| source),
        }
    }
}
