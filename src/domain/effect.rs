//! Effects: what a round made happen, as the stream and webhooks tell it (I4, R8.2a).
//!
//! An effect holds what was true at its event, in 72 bytes, so that one that is read an hour later says the same.
//! Breakers only grow, so an effect of a breaker names it, and its view is that of the breaker as of the effect's
//! position. `wire::effect` has the JSON.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::field::FieldChange;
use super::health::RiskRule;
use super::ids::{Id, Position};
use super::rating::{LinkTerms, ToldLink};
use super::score::Hundredths;
use super::time::Millis;
use super::view::{BreakerState, BreakerView, ChurnRisk, ConversationQuality, ScopeKind};

/// The place of an effect among all of its side: the position of what made it happen, and its number among the effects
/// of that position, from 1. In text `12-3.1` (R8.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EffectId {
    pub at: Position,
    pub number: u16,
}

impl EffectId {
    /// Before all effects.
    pub const ZERO: Self = Self { at: Position::ZERO, number: 0 };

    /// Behind all effects of the frames up to `seq`.
    pub const fn end_of(seq: u64) -> Self {
        Self { at: Position::new(seq, u16::MAX), number: u16::MAX }
    }
}

impl fmt::Display for EffectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at, self.number)
    }
}

/// A text is no id of an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no id of an effect, such as `12-3.1`")]
pub struct NotAnEffect;

impl FromStr for EffectId {
    type Err = NotAnEffect;

    fn from_str(text: &str) -> Result<Self, NotAnEffect> {
        let (at, number) = text.split_once('.').ok_or(NotAnEffect)?;
        let is_plain = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let number = if is_plain { number.parse().map_err(|_| NotAnEffect)? } else { return Err(NotAnEffect) };
        Ok(Self { at: Position::parse(at).ok_or(NotAnEffect)?, number })
    }
}

/// The types of R8.2a.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EffectType {
    ConversationScored,
    ConversationResolved,
    BreakerTriggered,
    BreakerAcknowledged,
    BreakerResolved,
    BreakerForgotten,
    AccountRiskChanged,
    SettingsChanged,
}

impl EffectType {
    pub const ALL: [Self; 8] = [
        Self::ConversationScored,
        Self::ConversationResolved,
        Self::BreakerTriggered,
        Self::BreakerAcknowledged,
        Self::BreakerResolved,
        Self::BreakerForgotten,
        Self::AccountRiskChanged,
        Self::SettingsChanged,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::ConversationScored => "conversation.scored",
            Self::ConversationResolved => "conversation.resolved",
            Self::BreakerTriggered => "breaker.triggered",
            Self::BreakerAcknowledged => "breaker.acknowledged",
            Self::BreakerResolved => "breaker.resolved",
            Self::BreakerForgotten => "breaker.forgotten",
            Self::AccountRiskChanged => "account.risk_changed",
            Self::SettingsChanged => "settings.changed",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Conversations make them in any number; the others are few, and are kept apart so that the many do not push them
    /// out.
    pub const fn is_frequent(self) -> bool {
        matches!(self, Self::ConversationScored | Self::ConversationResolved | Self::AccountRiskChanged)
    }

    /// Whether it is kept until those who want it have it (R8.2).
    pub const fn is_of_breaker(self) -> bool {
        matches!(
            self,
            Self::BreakerTriggered | Self::BreakerAcknowledged | Self::BreakerResolved | Self::BreakerForgotten
        )
    }
}

/// A set of types, as 16 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectTypes(u16);

impl EffectTypes {
    pub const NONE: Self = Self(0);
    pub const ALL: Self = Self((1 << EffectType::ALL.len()) - 1);

    pub const fn contains(self, kind: EffectType) -> bool {
        self.0 >> kind as u16 & 1 == 1
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub const fn overlaps(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// In the order of [`EffectType::ALL`].
    pub fn iter(self) -> impl Iterator<Item = EffectType> {
        EffectType::ALL.into_iter().filter(move |kind| self.contains(*kind))
    }
}

impl FromIterator<EffectType> for EffectTypes {
    fn from_iter<T: IntoIterator<Item = EffectType>>(types: T) -> Self {
        Self(types.into_iter().fold(0, |bits, kind| bits | 1 << kind as u16))
    }
}

/// An id without the alignment of a `u128`, which would cost every effect 16 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmallId([u64; 2]);

impl From<Id> for SmallId {
    fn from(id: Id) -> Self {
        Self([(id.0 >> 64) as u64, id.0 as u64])
    }
}

impl From<SmallId> for Id {
    fn from(small: SmallId) -> Self {
        Self(u128::from(small.0[0]) << 64 | u128::from(small.0[1]))
    }
}

impl fmt::Debug for SmallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Id::from(*self))
    }
}

/// One effect, as the state keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    pub id: EffectId,
    pub receipt: Millis,
    pub kind: EffectKind,
}

/// What happened. The order of the variants is part of the on-disk format.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum EffectKind {
    ConversationScored(Scored),
    ConversationResolved {
        conversation: SmallId,
        account: AccountNumber,
        ending: EndedAs,
    },
    Breaker {
        breaker: SmallId,
        step: BreakerStep,
        scope: ScopeKind,
    },
    RiskChanged {
        account: AccountNumber,
        from: ChurnRisk,
        to: ChurnRisk,
        rule: RiskRule,
    },
    SettingsChanged(Arc<SettingsChange>),
    /// [`ConversationResolved`](Self::ConversationResolved) with what a link to rate the conversation is for.
    ConversationEnded {
        conversation: SmallId,
        account: AccountNumber,
        ending: EndedAs,
        link: LinkTerms,
    },
}

impl EffectKind {
    pub const fn of_type(&self) -> EffectType {
        match self {
            Self::ConversationScored(_) => EffectType::ConversationScored,
            Self::ConversationResolved { .. } | Self::ConversationEnded { .. } => EffectType::ConversationResolved,
            Self::Breaker { step: BreakerStep::Triggered, .. } => EffectType::BreakerTriggered,
            Self::Breaker { step: BreakerStep::Acknowledged, .. } => EffectType::BreakerAcknowledged,
            Self::Breaker { step: BreakerStep::Resolved, .. } => EffectType::BreakerResolved,
            Self::Breaker { step: BreakerStep::Forgotten, .. } => EffectType::BreakerForgotten,
            Self::RiskChanged { .. } => EffectType::AccountRiskChanged,
            Self::SettingsChanged(_) => EffectType::SettingsChanged,
        }
    }

    /// The conversation that it is about; nil once that is erased (R4.10).
    pub fn conversation(&self) -> Option<Id> {
        match self {
            Self::ConversationScored(Scored { conversation, .. })
            | Self::ConversationResolved { conversation, .. }
            | Self::ConversationEnded { conversation, .. } => Some((*conversation).into()),
            Self::Breaker { .. } | Self::RiskChanged { .. } | Self::SettingsChanged(_) => None,
        }
    }

    /// Leaves the numbers and takes the conversation's id away (R4.10).
    pub fn erase_conversation(&mut self) {
        if let Self::ConversationScored(Scored { conversation, .. })
        | Self::ConversationResolved { conversation, .. }
        | Self::ConversationEnded { conversation, .. } = self
        {
            *conversation = Id::NIL.into();
        }
    }
}

/// The number of an account within its side, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountNumber(u32);

impl From<Option<u32>> for AccountNumber {
    fn from(number: Option<u32>) -> Self {
        Self(number.unwrap_or(u32::MAX))
    }
}

impl From<AccountNumber> for Option<u32> {
    fn from(number: AccountNumber) -> Self {
        Some(number.0).filter(|number| *number != u32::MAX)
    }
}

/// A conversation was scored, or scored anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scored {
    pub conversation: SmallId,
    pub scored_at: Millis,
    pub account: AccountNumber,
    pub dimensions: [Hundredths; 3],
    pub composite: Hundredths,
    pub disconfirmation: Hundredths,
    pub confidence: Hundredths,
    pub signal_count: u16,
    /// The number of the profile that made it.
    pub profile: u16,
    pub resolved: bool,
    /// Below the threshold of its time.
    pub low: bool,
    /// A person's scores are in force (R5.9).
    pub overridden: bool,
}

/// How a conversation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EndedAs {
    AiResolved,
    HumanResolved,
    /// Resolved by a status, which does not say by whom.
    Resolved,
    Closed,
    Abandoned,
}

impl EndedAs {
    pub const ALL: [Self; 5] = [Self::AiResolved, Self::HumanResolved, Self::Resolved, Self::Closed, Self::Abandoned];

    pub const fn name(self) -> &'static str {
        match self {
            Self::AiResolved => "ai_resolved",
            Self::HumanResolved => "human_resolved",
            Self::Resolved => "resolved",
            Self::Closed => "closed",
            Self::Abandoned => "abandoned",
        }
    }
}

/// What became of a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BreakerStep {
    Triggered,
    Acknowledged,
    Resolved,
    /// Nobody has done the next thing in time (R7.6).
    Forgotten,
}

/// What a PATCH of the configuration or of the settings has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsChange {
    pub actor: Box<str>,
    pub changes: Vec<FieldChange>,
}

/// Which effects a reader wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EffectFilter {
    pub types: EffectTypes,
    /// Only those of this account, and of the breakers that pause it: its own and the workspace's.
    pub account: Option<Id>,
}

impl Default for EffectFilter {
    fn default() -> Self {
        Self { types: EffectTypes::ALL, account: None }
    }
}

/// An effect with the names that its numbers stand for.
#[derive(Clone, Debug, PartialEq)]
pub struct EffectView {
    pub id: EffectId,
    pub receipt: Millis,
    pub content: EffectContent,
}

/// What [`EffectKind`] says, for readers.
#[derive(Clone, Debug, PartialEq)]
pub enum EffectContent {
    ConversationScored(Box<ScoredView>),
    ConversationResolved {
        /// None once it is erased.
        conversation: Option<Id>,
        account: Option<Id>,
        ending: EndedAs,
        /// A link to rate it, where one is to be told.
        link: Option<ToldLink>,
    },
    Breaker(Box<BreakerStepView>),
    RiskChanged {
        account: Id,
        from: ChurnRisk,
        to: ChurnRisk,
        rule: RiskRule,
    },
    SettingsChanged(Arc<SettingsChange>),
}

/// See [`Scored`].
#[derive(Clone, Debug, PartialEq)]
pub struct ScoredView {
    /// With the nil id once it is erased.
    pub quality: ConversationQuality,
    pub account: Option<Id>,
    pub resolved: bool,
    pub low: bool,
    pub model_version: String,
    pub overridden: bool,
}

/// A breaker as of a step of its life.
#[derive(Clone, Debug, PartialEq)]
pub struct BreakerStepView {
    pub step: BreakerStep,
    pub breaker: BreakerView,
    pub state: BreakerState,
    /// The account that it pauses, if it is an account's.
    pub account: Option<Id>,
    /// What the person who did the step wrote.
    pub note: Option<String>,
}

impl EffectView {
    pub fn of_type(&self) -> EffectType {
        match &self.content {
            EffectContent::ConversationScored(_) => EffectType::ConversationScored,
            EffectContent::ConversationResolved { .. } => EffectType::ConversationResolved,
            EffectContent::Breaker(view) => match view.step {
                BreakerStep::Triggered => EffectType::BreakerTriggered,
                BreakerStep::Acknowledged => EffectType::BreakerAcknowledged,
                BreakerStep::Resolved => EffectType::BreakerResolved,
                BreakerStep::Forgotten => EffectType::BreakerForgotten,
            },
            EffectContent::RiskChanged { .. } => EffectType::AccountRiskChanged,
            EffectContent::SettingsChanged(_) => EffectType::SettingsChanged,
        }
    }
}

/// What a reader gets at once.
#[derive(Clone, Debug, PartialEq)]
pub struct EffectPage {
    /// In order; those that the filter wants.
    pub effects: Vec<EffectView>,
    /// Everything up to here was looked at: where the next page goes on.
    pub upto: EffectId,
    /// There is more to look at behind `upto`.
    pub more: bool,
    /// Effects behind the place that was asked for, of types that the filter wants, are not kept any more.
    pub missed: bool,
}

/// For how long and how many effects are kept (R8.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EffectsKept {
    pub hours: u16,
    /// Of the frequent types together, and of the others.
    pub most: u32,
}

impl Default for EffectsKept {
    fn default() -> Self {
        Self { hours: 24, most: 100_000 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r8_2_an_id_comes_back_from_its_text() {
        let id = EffectId { at: Position::new(12, 3), number: 1 };
        assert_eq!((id.to_string().as_str(), "12-3.1".parse()), ("12-3.1", Ok(id)));
        for text in ["", "12-3", "12-3.", "12.3", ".1", "12-3.+1", "12-3.65536", "12-3.1 ", "a-b.c"] {
            assert_eq!(text.parse::<EffectId>(), Err(NotAnEffect), "{text}");
        }
        assert!(EffectId::ZERO < id && id < EffectId::end_of(12) && EffectId::end_of(11) < id);
    }

    #[test]
    fn r8_2a_every_type_has_a_name_and_a_place_in_a_set() {
        for kind in EffectType::ALL {
            assert_eq!(EffectType::named(kind.name()), Some(kind));
            assert_eq!(EffectTypes::from_iter([kind]).iter().collect::<Vec<_>>(), [kind]);
        }
        assert_eq!(EffectTypes::ALL, EffectType::ALL.into_iter().collect());
    }

    #[test]
    fn i11_an_effect_is_small() {
        assert_eq!(size_of::<Effect>(), 72);
    }
}
