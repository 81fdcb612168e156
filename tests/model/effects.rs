//! R8.2a: what the events and commands of a frame made happen, with what was true then.

use tripswitch::domain::csat_config::CsatConfig;
use tripswitch::domain::effect::{
    BreakerStep, BreakerStepView, EffectContent, EffectId, EffectType, EffectView, EndedAs, ScoredView, SettingsChange,
};
use tripswitch::domain::event::{Body, Resolution};
use tripswitch::domain::field::{FieldChange, FieldValue};
use tripswitch::domain::health::RiskRule;
use tripswitch::domain::ids::{Id, Position};
use tripswitch::domain::own_settings::OwnSettings;
use tripswitch::domain::rating::{LinkTerms, ToldLink};
use tripswitch::domain::scoring::Ending;
use tripswitch::domain::time::Millis;
use tripswitch::domain::view::{BreakerState, ChurnRisk, ConversationQuality};

use crate::broken::Broken;
use crate::life::Life;
use crate::naive::{Arrival, Breaker, Naive};

/// An effect.
#[derive(Clone, Debug, PartialEq)]
pub struct Happening {
    pub id: EffectId,
    pub receipt: Millis,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq)]
pub enum What {
    Ended {
        conversation: Option<Id>,
        account: Option<Id>,
        ending: EndedAs,
        link: Option<LinkTerms>,
    },
    Scored(Box<ScoredView>),
    /// The breaker as it was then; `index` in [`Naive::breakers`].
    Breaker {
        index: usize,
        step: BreakerStep,
        then: Box<Breaker>,
        note: Option<String>,
    },
    Risk {
        account: Id,
        from: ChurnRisk,
        to: ChurnRisk,
        rule: RiskRule,
    },
    Settings(SettingsChange),
}

impl What {
    pub fn of_type(&self) -> EffectType {
        match self {
            Self::Ended { .. } => EffectType::ConversationResolved,
            Self::Scored(_) => EffectType::ConversationScored,
            Self::Breaker { step: BreakerStep::Triggered, .. } => EffectType::BreakerTriggered,
            Self::Breaker { step: BreakerStep::Acknowledged, .. } => EffectType::BreakerAcknowledged,
            Self::Breaker { step: BreakerStep::Resolved, .. } => EffectType::BreakerResolved,
            Self::Breaker { step: BreakerStep::Forgotten, .. } => EffectType::BreakerForgotten,
            Self::Risk { .. } => EffectType::AccountRiskChanged,
            Self::Settings(_) => EffectType::SettingsChanged,
        }
    }

    pub fn conversation(&self) -> Option<Id> {
        match self {
            Self::Ended { conversation, .. } => *conversation,
            Self::Scored(told) => Some(told.quality.conversation_id),
            Self::Breaker { .. } | Self::Risk { .. } | Self::Settings(_) => None,
        }
    }

    pub fn erase(&mut self) {
        match self {
            Self::Ended { conversation, link, .. } => (*conversation, *link) = (None, None),
            Self::Scored(told) => told.quality.conversation_id = Id::NIL,
            Self::Breaker { .. } | Self::Risk { .. } | Self::Settings(_) => {}
        }
    }
}

/// How `body` ended a conversation: one that was not over, or that was closed or abandoned and is resolved now.
pub fn ended(before: Option<Ending>, after: Option<Ending>, body: &Body) -> Option<EndedAs> {
    match (before, after) {
        (None | Some(Ending::Closed | Ending::Abandoned), Some(Ending::Resolved)) => Some(match body {
            Body::ConversationResolved(Resolution::AiResolved) => EndedAs::AiResolved,
            Body::ConversationResolved(Resolution::HumanResolved) => EndedAs::HumanResolved,
            _ => EndedAs::Resolved,
        }),
        (None, Some(Ending::Closed)) => Some(EndedAs::Closed),
        (None, Some(Ending::Abandoned)) => Some(EndedAs::Abandoned),
        (_, None) | (Some(_), Some(_)) => None,
    }
}

impl Naive {
    /// Effects of one position are numbered from 1, in the order in which they are told.
    pub fn tell(&mut self, at: Position, what: What) {
        let number = 1 + self.happened.iter().filter(|other| other.id.at == at).count() as u16;
        self.coverage.count(what.of_type().name());
        self.happened.push(Happening { id: EffectId { at, number }, receipt: self.receipt, what });
    }

    pub fn tell_end(
        &mut self,
        Arrival { event, conversation: id, position, .. }: Arrival,
        before: &Life,
        after: &Life,
    ) {
        let again = before.state.is_some() && self.breaks(Broken::ClosedThenResolvedUntold);
        let Some(ending) = ended(before.state, after.state, &event.body).filter(|_| !again) else { return };
        let link = after.end.as_ref().and_then(|end| self.link_of(end));
        self.coverage.count(match (ending, before.state) {
            (EndedAs::AiResolved, None) => "ended by the AI",
            (EndedAs::HumanResolved, None) => "ended by a human",
            (EndedAs::Resolved, None) => "ended by a status",
            (EndedAs::Closed, _) => "ended as closed",
            (EndedAs::Abandoned, _) => "ended as abandoned",
            (_, Some(_)) => "ended a second time, as resolved",
        });
        let account = self.known(id).attachment.account();
        self.tell(position, What::Ended { conversation: Some(id), account, ending, link });
    }

    pub fn tell_score(&mut self, at: Position, id: Id) {
        let known = self.known(id);
        let score = known.score.as_ref().expect("just scored");
        let told = ScoredView {
            quality: ConversationQuality { conversation_id: id, ..score.quality(id) },
            account: known.attachment.account(),
            resolved: score.resolved,
            low: self.is_low(score.composite),
            model_version: score.profile.name.to_string(),
            overridden: known.said.is_some(),
        };
        if self.breaks(Broken::ScoreToldBeforeEnd)
            && let Some(last) = self.happened.pop_if(|last| matches!(last.what, What::Ended { .. }) && last.id.at == at)
        {
            self.tell(at, What::Scored(Box::new(told)));
            return self.tell(at, last.what);
        }
        self.tell(at, What::Scored(Box::new(told)));
    }

    pub fn tell_breaker(&mut self, at: Position, index: usize, step: BreakerStep) {
        let breaker = &self.breakers[index];
        let then = Box::new(Breaker { evidence: Vec::new(), notes: Vec::new(), ..breaker.clone() });
        let deed = match step {
            BreakerStep::Acknowledged => &breaker.acknowledged,
            BreakerStep::Resolved => &breaker.resolved,
            BreakerStep::Triggered | BreakerStep::Forgotten => &None,
        };
        let note = deed.as_ref().and_then(|deed| deed.note.as_deref()).map(str::to_owned);
        self.tell(at, What::Breaker { index, step, then, note });
    }

    /// The risk of an account, where it is another than the one told last; at first it is low.
    pub fn tell_risk(&mut self, at: Position, account: Id) {
        let (to, rule) = self.risk(&self.assess(account, self.receipt));
        let told = self.risks.iter().rev().find(|(known, _)| *known == account);
        let from = told.map_or(ChurnRisk::Low, |(_, risk)| *risk);
        if from == to && !self.breaks(Broken::RiskToldUnchanged) {
            return;
        }
        self.coverage.count(rule.name());
        self.risks.push((account, to));
        self.tell(at, What::Risk { account, from, to, rule });
    }

    /// Settings whose values were `before` and are `after` now, by their names.
    pub fn tell_settings(&mut self, at: Position, actor: &str, before: &[Field], after: &[Field]) {
        let pairs = before.iter().zip(after).map(|((name, before), (_, after))| (name, before.clone(), after.clone()));
        let keeps = self.breaks(Broken::UnchangedFieldsTold);
        let changes = pairs.filter(|(_, before, after)| before != after || keeps);
        let changes = changes.map(|(name, before, after)| FieldChange { name: (*name).into(), before, after });
        let change = SettingsChange { actor: actor.into(), changes: changes.collect() };
        if before != after {
            self.tell(at, What::Settings(change));
        }
    }

    /// As readers see it.
    pub fn shown(&self, happening: &Happening) -> EffectView {
        let Happening { id, receipt, what } = happening.clone();
        let content = match what {
            What::Ended { conversation, account, ending, link } => {
                let link = link.map(|terms| ToldLink { terms, url: None });
                EffectContent::ConversationResolved { conversation, account, ending, link }
            }
            What::Scored(told) => EffectContent::ConversationScored(told),
            What::Breaker { index, step, then, note } => {
                let then = Breaker { id: self.breakers[index].id, ..*then };
                EffectContent::Breaker(Box::new(BreakerStepView {
                    step,
                    breaker: self.breaker_view(&then),
                    state: then.state(),
                    account: then.scope.account(),
                    note,
                }))
            }
            What::Risk { account, from, to, rule } => EffectContent::RiskChanged { account, from, to, rule },
            What::Settings(change) => EffectContent::SettingsChanged(change.into()),
        };
        EffectView { id, receipt, content }
    }
}

impl Breaker {
    pub fn state(&self) -> BreakerState {
        if self.resolved.is_some() {
            BreakerState::Resolved
        } else if self.acknowledged.is_some() {
            BreakerState::Acknowledged
        } else {
            BreakerState::Triggered
        }
    }
}

/// A member of a configuration by its name in JSON.
pub type Field = (&'static str, FieldValue);

/// R6.9.
pub fn own_fields(own: &OwnSettings) -> [Field; 5] {
    [
        ("minConfidence", own.min_confidence.into()),
        ("minSignals", own.min_signals.into()),
        ("channelBreakers", own.channel_breakers.into()),
        ("intentBreakers", own.intent_breakers.into()),
        ("forgottenAfterHours", own.forgotten_after_hours.into()),
    ]
}

/// R3.7.
pub fn fields(csat: &CsatConfig) -> [Field; 11] {
    [
        ("emailInlineEnabled", csat.email_inline_enabled.into()),
        ("emailFollowupEnabled", csat.email_followup_enabled.into()),
        ("linkExpiryDays", csat.link_expiry_days.into()),
        ("followUpDelayMinutes", csat.follow_up_delay_minutes.into()),
        ("thresholdResolutionFailure", csat.threshold_resolution_failure.into()),
        ("thresholdLowComposite", csat.threshold_low_composite.into()),
        ("circuitBreakerCount", csat.circuit_breaker_count.into()),
        ("circuitBreakerWindowHours", csat.circuit_breaker_window_hours.into()),
        ("baselineOutcome", csat.baseline_outcome.into()),
        ("baselineProcess", csat.baseline_process.into()),
        ("baselineEnvironment", csat.baseline_environment.into()),
    ]
}
