//! What a round made happen is put into the ring, and read from it (I4, R8.2).

use super::super::effect::EndedAs;
use super::super::effect::{
    AccountNumber, BreakerStep, BreakerStepView, Effect, EffectContent, EffectFilter, EffectId, EffectKind, EffectPage,
    EffectView, Scored, ScoredView,
};
use super::super::event::{Body, Resolution};
use super::super::health::RiskRule;
use super::super::ids::{Id, Position};
use super::super::life::Walk;
use super::super::rating::{LinkTerms, ToldLink};
use super::super::scoring::Ending;
use super::super::time::Millis;
use super::super::view::{BreakerScope, ChurnRisk, ConversationQuality, ScopeKind};
use super::Workspace;
use super::kept::Score;
use super::round::Round;

/// Effects that one question looks at, so that it never takes its workspace's time.
pub(super) const LOOKED_AT: usize = 20_000;

impl Round {
    /// Adds an effect behind those of the round, with the next number of its position.
    pub(super) fn effect(&mut self, at: Position, receipt: Millis, kind: EffectKind) {
        let number = self.effects.last().filter(|last| last.id.at == at).map_or(1, |last| last.id.number + 1);
        self.effects.push(Effect { id: EffectId { at, number }, receipt, kind });
    }
}

/// How a conversation ended, if `body` ended it: it was not over before, or was only closed and is resolved now.
pub(super) fn ended_by(body: &Body, before: &Walk, after: &Walk) -> Option<EndedAs> {
    let ending = after.scored.filter(|_| after.terminal)?.ending;
    let was = before.scored.filter(|_| before.terminal).map(|carried| carried.ending);
    let is_new = was.is_none() || (was != Some(Ending::Resolved) && ending == Ending::Resolved);
    let ended = match (ending, body) {
        (Ending::Resolved, Body::ConversationResolved(Resolution::AiResolved)) => EndedAs::AiResolved,
        (Ending::Resolved, Body::ConversationResolved(Resolution::HumanResolved)) => EndedAs::HumanResolved,
        (Ending::Resolved, _) => EndedAs::Resolved,
        (Ending::Closed, _) => EndedAs::Closed,
        (Ending::Abandoned, _) => EndedAs::Abandoned,
    };
    is_new.then_some(ended)
}

impl Workspace {
    /// The effect of a scoring, once its disconfirmation is known.
    pub(super) fn scored(&self, conversation: u32, account: Option<u32>, score: &Score) -> EffectKind {
        EffectKind::ConversationScored(Scored {
            conversation: self.conversations.id(conversation).into(),
            scored_at: score.key.0,
            account: account.into(),
            dimensions: score.dimensions,
            composite: score.composite,
            disconfirmation: score.disconfirmation,
            confidence: score.confidence,
            signal_count: score.signal_count,
            profile: score.profile,
            resolved: score.resolved,
            low: self.rules.is_low(score.composite),
            overridden: self.conversations.overridden(conversation).is_some(),
        })
    }

    /// The effect of a step of a breaker that there is.
    pub(super) fn breaker_effect(&self, id: Id, step: BreakerStep) -> EffectKind {
        let scope = self.breakers.get(id).map_or(ScopeKind::Workspace, |breaker| breaker.scope.kind());
        EffectKind::Breaker { breaker: id.into(), step, scope }
    }

    /// The effect of an account's risk, if it is not the one that was announced last.
    pub(super) fn risk_changed(&mut self, account: u32, (to, rule): (ChurnRisk, RiskRule)) -> Option<EffectKind> {
        let from = self.accounts.announced(account);
        (from != to).then(|| {
            self.accounts.announce(account, to);
            EffectKind::RiskChanged { account: Some(account).into(), from, to, rule }
        })
    }

    /// Puts a round's effects into the ring, and drops from it what is not kept any more.
    pub(super) fn keep_effects(&mut self, effects: &[Effect]) {
        let pieces = &mut self.pieces;
        effects.iter().for_each(|effect| pieces.ring.push(effect.clone()));
        let (deliveries, kept) = (&pieces.deliveries, self.rules.settings.effects);
        let mut lost = Vec::new();
        pieces.ring.trim(
            self.last_receipt,
            kept,
            |effect| effect.kind.of_type().is_of_breaker() && deliveries.need(effect),
            |gone| {
                if deliveries.any() && deliveries.need(gone) {
                    lost.push(gone.clone());
                }
            },
        );
        lost.iter().for_each(|gone| pieces.deliveries.lose(gone));
    }

    /// The newest effect there ever was; [`EffectId::ZERO`] before the first.
    pub fn newest_effect(&self) -> EffectId {
        self.pieces.ring.newest()
    }

    /// Effects behind `after`, in order: those that the filter wants, at most `limit` of them.
    pub fn effects(&self, after: EffectId, filter: &EffectFilter, limit: usize) -> EffectPage {
        let ring = &self.pieces.ring;
        let account = filter.account.map(|id| (id, self.accounts.find(id)));
        let mut page =
            EffectPage { effects: Vec::new(), upto: after, more: false, missed: ring.misses(after, filter.types) };
        for (looked_at, effect) in ring.behind(after, filter.types).enumerate() {
            if page.effects.len() >= limit || looked_at >= LOOKED_AT {
                page.more = true;
                return page;
            }
            page.upto = effect.id;
            let is_wanted = filter.types.contains(effect.kind.of_type());
            if is_wanted && account.is_none_or(|account| self.concerns(effect, account)) {
                page.effects.extend(self.view(effect));
            }
        }
        page.upto = after.max(ring.newest());
        page
    }

    /// One effect, if it is kept.
    pub fn effect(&self, id: EffectId) -> Option<EffectView> {
        self.pieces.ring.find(id).and_then(|effect| self.view(effect))
    }

    /// The place before the first effect that was received at `since` or later.
    pub fn effects_since(&self, since: Millis) -> EffectId {
        self.pieces.ring.before(since)
    }

    /// Whether it is about the account: its conversations, its risk, and the breakers that pause it.
    fn concerns(&self, effect: &Effect, (id, number): (Id, Option<u32>)) -> bool {
        let is_theirs = |account| number.is_some() && Option::<u32>::from(account) == number;
        match &effect.kind {
            EffectKind::ConversationScored(scored) => is_theirs(scored.account),
            EffectKind::ConversationResolved { account, .. }
            | EffectKind::ConversationEnded { account, .. }
            | EffectKind::RiskChanged { account, .. } => is_theirs(*account),
            EffectKind::Breaker { breaker, .. } => match self.breakers.get((*breaker).into()).map(|b| &b.scope) {
                Some(BreakerScope::Account(account)) => *account == id,
                Some(BreakerScope::Workspace) => true,
                Some(BreakerScope::Label(..)) | None => false,
            },
            EffectKind::SettingsChanged(_) => false,
        }
    }

    /// With the names that its numbers stand for.
    fn view(&self, effect: &Effect) -> Option<EffectView> {
        let content = match &effect.kind {
            EffectKind::ConversationScored(scored) => {
                EffectContent::ConversationScored(Box::new(self.scored_view(scored)?))
            }
            EffectKind::ConversationResolved { conversation, account, ending } => {
                self.end_view((*conversation).into(), *account, *ending, None)
            }
            EffectKind::ConversationEnded { conversation, account, ending, link } => {
                self.end_view((*conversation).into(), *account, *ending, Some(*link))
            }
            EffectKind::Breaker { breaker, step, .. } => {
                EffectContent::Breaker(Box::new(self.step_view((*breaker).into(), *step, effect.id.at)?))
            }
            EffectKind::RiskChanged { account: number, from, to, rule } => {
                EffectContent::RiskChanged { account: self.account_of(*number)?, from: *from, to: *to, rule: *rule }
            }
            EffectKind::SettingsChanged(change) => EffectContent::SettingsChanged(change.clone()),
        };
        Some(EffectView { id: effect.id, receipt: effect.receipt, content })
    }

    /// With the names that its numbers stand for.
    pub(super) fn scored_view(&self, scored: &Scored) -> Option<ScoredView> {
        Some(ScoredView {
            quality: ConversationQuality {
                conversation_id: scored.conversation.into(),
                outcome_score: scored.dimensions[0],
                process_score: scored.dimensions[1],
                environment_score: scored.dimensions[2],
                composite_score: scored.composite,
                disconfirmation: scored.disconfirmation,
                confidence: scored.confidence,
                signal_count: scored.signal_count,
                scored_at: scored.scored_at,
            },
            account: self.account_of(scored.account),
            resolved: scored.resolved,
            low: scored.low,
            model_version: self.profiles.get(usize::from(scored.profile))?.name.to_string(),
            overridden: scored.overridden,
        })
    }

    fn end_view(
        &self,
        conversation: Id,
        account: AccountNumber,
        ending: EndedAs,
        link: Option<LinkTerms>,
    ) -> EffectContent {
        let conversation = Some(conversation).filter(|id| *id != Id::NIL);
        let link = link.filter(|_| conversation.is_some()).map(|terms| ToldLink { terms, url: None });
        EffectContent::ConversationResolved { conversation, account: self.account_of(account), ending, link }
    }

    fn account_of(&self, number: AccountNumber) -> Option<Id> {
        Option::<u32>::from(number).map(|number| self.accounts.get(number).id)
    }

    fn step_view(&self, id: Id, step: BreakerStep, at: Position) -> Option<BreakerStepView> {
        let breaker = self.breakers.get(id)?.as_of(at);
        let action = match step {
            BreakerStep::Triggered | BreakerStep::Forgotten => None,
            BreakerStep::Acknowledged => breaker.acknowledged.as_ref(),
            BreakerStep::Resolved => breaker.resolved.as_ref(),
        };
        let note = action.and_then(|action| action.note.as_deref()).map(str::to_owned);
        let account = breaker.scope.account();
        Some(BreakerStepView { step, breaker: breaker.view(self.key), state: breaker.state(), account, note })
    }
}
