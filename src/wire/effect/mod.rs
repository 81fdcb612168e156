//! Effects, as the stream and webhooks tell them (R8.2a): `{"type", "timestamp", "data"}`.

mod schema;

pub use self::schema::example;

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use super::account::RuleName;
use super::breaker::{Breaker, BreakerState};
use super::quality::{ChurnRisk, ConversationQuality};
use super::values::{Timestamp, joined, one_of, or_null};
use crate::domain::effect as domain;
use crate::domain::effect::{BreakerStepView, EffectContent, EffectType, EffectView, EndedAs, ScoredView};
use crate::domain::field::{self, FieldValue};
use crate::domain::ids::Id;

/// Something that happened in a workspace side. `schema` has what the document says of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Effect {
    #[serde(rename = "type")]
    pub kind: EffectName,
    /// The receipt of what made it happen.
    pub timestamp: Timestamp,
    pub data: EffectData,
}

impl From<&EffectView> for Effect {
    fn from(effect: &EffectView) -> Self {
        let data = match &effect.content {
            EffectContent::ConversationScored(view) => EffectData::Scored(view.as_ref().into()),
            EffectContent::ConversationResolved { conversation, account, ending, link } => {
                let (conversation_id, account_id, resolution) = (*conversation, *account, (*ending).into());
                let link = link.as_ref().and_then(|link| Some((link.url.clone()?, Timestamp(link.terms.expires))));
                let (satisfaction_link, expires_at) = link.unzip();
                EffectData::Ended(ConversationEnd {
                    conversation_id,
                    account_id,
                    resolution,
                    satisfaction_link,
                    expires_at,
                })
            }
            EffectContent::Breaker(view) => EffectData::Breaker(view.as_ref().into()),
            EffectContent::RiskChanged { account, from, to, rule } => {
                let (account_id, from, to, rule) = (*account, (*from).into(), (*to).into(), RuleName(*rule));
                EffectData::Risk(RiskChange { account_id, from, to, rule })
            }
            EffectContent::SettingsChanged(change) => EffectData::Settings(change.as_ref().into()),
        };
        Self { kind: EffectName(effect.of_type()), timestamp: Timestamp(effect.receipt), data }
    }
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EffectName(pub EffectType);

impl Serialize for EffectName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

impl utoipa::PartialSchema for EffectName {
    fn schema() -> RefOr<Schema> {
        one_of(EffectType::ALL.map(EffectType::name)).description(Some("What happened.")).into()
    }
}

impl ToSchema for EffectName {
    fn name() -> Cow<'static, str> {
        "EffectType".into()
    }
}

/// Each type of effect has its own.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum EffectData {
    Scored(ScoredConversation),
    Ended(ConversationEnd),
    Breaker(BreakerChange),
    Risk(RiskChange),
    Settings(SettingsChange),
}

/// A score that was made, or made anew.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScoredConversation {
    /// Its id is nil, and null in JSON, once the conversation is erased.
    #[serde(flatten, serialize_with = "erasable")]
    pub quality: ConversationQuality,
    #[serde(flatten)]
    pub more: ScoredMore,
}

// What an effect says beside the score.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScoredMore {
    #[schema(required)]
    pub account_id: Option<Id>,
    pub resolved: bool,
    /// The composite is below the threshold of its time.
    pub low: bool,
    /// The name of the scoring profile.
    pub model_version: String,
    /// A person's scores are in force.
    pub overridden: bool,
}

impl From<&ScoredView> for ScoredConversation {
    fn from(view: &ScoredView) -> Self {
        let ScoredView { quality, account, resolved, low, model_version, overridden } = view.clone();
        let more = ScoredMore { account_id: account, resolved, low, model_version, overridden };
        Self { quality: quality.into(), more }
    }
}

/// The members of a score; erased ones are few, so that they may cost more.
fn erasable<S: Serializer>(quality: &ConversationQuality, serializer: S) -> Result<S::Ok, S::Error> {
    if quality.conversation_id != Id::NIL {
        return quality.serialize(serializer);
    }
    let mut members = serde_json::to_value(quality).map_err(serde::ser::Error::custom)?;
    members["conversationId"] = Value::Null;
    members.serialize(serializer)
}

impl utoipa::PartialSchema for ScoredConversation {
    fn schema() -> RefOr<Schema> {
        let mut object = joined::<ConversationQuality, ScoredMore>("A score that was made, or made anew.");
        object.properties.insert("conversationId".to_owned(), or_null::<Id>("Null once it is erased."));
        object.into()
    }
}

impl ToSchema for ScoredConversation {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        ConversationQuality::schemas(schemas);
        ScoredMore::schemas(schemas);
    }
}

/// A conversation ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConversationEnd {
    /// Null once it is erased.
    #[schema(required)]
    pub conversation_id: Option<Id>,
    #[schema(required)]
    pub account_id: Option<Id>,
    pub resolution: Ending,
    /// Where its customer can say how it went; with `emailInlineEnabled`, and where the server knows its own address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, format = "uri")]
    pub satisfaction_link: Option<Box<str>>,
    /// Until when that link is good.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Timestamp, required = false)]
    pub expires_at: Option<Timestamp>,
}

/// How it ended; `resolved` where a status says so, which does not say by whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    AiResolved,
    HumanResolved,
    Resolved,
    Closed,
    Abandoned,
}

impl From<EndedAs> for Ending {
    fn from(ending: EndedAs) -> Self {
        match ending {
            EndedAs::AiResolved => Self::AiResolved,
            EndedAs::HumanResolved => Self::HumanResolved,
            EndedAs::Resolved => Self::Resolved,
            EndedAs::Closed => Self::Closed,
            EndedAs::Abandoned => Self::Abandoned,
        }
    }
}

/// A breaker as of a step of its life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BreakerChange {
    #[serde(flatten)]
    pub breaker: Breaker,
    #[serde(flatten)]
    pub more: BreakerMore,
}

// What an effect says beside the breaker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct BreakerMore {
    pub state: BreakerState,
    /// What the person who did the step wrote.
    #[schema(required)]
    pub note: Option<String>,
}

impl From<&BreakerStepView> for BreakerChange {
    fn from(view: &BreakerStepView) -> Self {
        let BreakerStepView { breaker, state, note, .. } = view.clone();
        Self { breaker: breaker.into(), more: BreakerMore { state: state.into(), note } }
    }
}

impl utoipa::PartialSchema for BreakerChange {
    fn schema() -> RefOr<Schema> {
        joined::<Breaker, BreakerMore>("A breaker as of a step of its life.").into()
    }
}

impl ToSchema for BreakerChange {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Breaker::schemas(schemas);
        BreakerMore::schemas(schemas);
    }
}

/// The churn risk of an account changed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RiskChange {
    pub account_id: Id,
    pub from: ChurnRisk,
    pub to: ChurnRisk,
    pub rule: RuleName,
}

/// Members of the configuration or of the settings changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SettingsChange {
    /// Who changed them: `api-key:<id>`, or a JWT's subject or `client:<id>`.
    pub actor: Box<str>,
    #[schema(min_items = 1)]
    pub changes: Vec<FieldChange>,
}

/// One member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SettingChange)]
pub struct FieldChange {
    /// As it stands in JSON; of a signal's weight `signalWeights.` and its name.
    pub name: Box<str>,
    pub before: SettingValue,
    pub after: SettingValue,
}

/// What a member can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingValue(pub FieldValue);

impl Serialize for SettingValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            FieldValue::Null => serializer.serialize_unit(),
            FieldValue::Bool(value) => serializer.serialize_bool(*value),
            FieldValue::Integer(value) => serializer.serialize_u32(*value),
            FieldValue::Hundredths(value) => value.serialize(serializer),
            FieldValue::Text(text) => serializer.serialize_str(text),
            FieldValue::Parts(parts) => parts.serialize(serializer),
            FieldValue::Weight(weight) => weight.serialize(serializer),
        }
    }
}

impl From<&domain::SettingsChange> for SettingsChange {
    fn from(change: &domain::SettingsChange) -> Self {
        let one = |change: &field::FieldChange| FieldChange {
            name: change.name.clone(),
            before: SettingValue(change.before.clone()),
            after: SettingValue(change.after.clone()),
        };
        Self { actor: change.actor.clone(), changes: change.changes.iter().map(one).collect() }
    }
}
