//! What the users of a workspace side set beside its configuration (R6.9), and its PATCH.

mod history;
mod schema;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::history::{SettingsHistoryEntry, SettingsHistoryPage};
use self::schema::SignalWeightChanges;
use super::body::{Asked, Body, Fields, InForce};
use super::patch::{sent, workspace_id};
use super::values::{Rate, Shares, WorkspaceId};
use crate::domain::exact::Exact;
use crate::domain::ids::Id;
use crate::domain::message::LanguageCode;
use crate::domain::own_settings::{OwnPatch, OwnSettings, OwnWeight, OwnWeights, Parts, WeightsPatch};
use crate::domain::score::Hundredths;
use crate::domain::scoring::catalogue::{MAX_WEIGHT, SignalKind};
use crate::domain::scoring::profile::ScoringModel;
use crate::domain::settings::Settings;

/// What holds in a workspace side beside its configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(json!({
    "workspaceId": "0191b5a2-7c3e-7d11-9f00-0123456789ab", "model": "support-2",
    "compositeWeights": [0.5, 0.25, 0.25], "defaultLanguage": "en", "workspaceFactor": 3, "windowConversations": 50,
    "windowDays": 90, "minConfidence": 0.4, "minSignals": null, "channelBreakers": true, "intentBreakers": false,
    "forgottenAfterHours": 4, "signalWeights": {"thanks": {"weight": 0.599, "loadings": [0.5, 0, 0.5]}}
})))]
pub struct QualitySettings {
    pub workspace_id: Id,
    /// How conversations are scored.
    pub model: ScoringModel,
    /// The parts of outcome, process and environment in the composite.
    #[schema(value_type = Shares)]
    pub composite_weights: Parts,
    /// The language of conversations in which nothing speaks for any: two or three letters.
    #[schema(value_type = String, pattern = "^[a-z]{2,3}$")]
    pub default_language: LanguageCode,
    /// A workspace's breaker needs this many times the low conversations that an account's needs.
    #[schema(minimum = 1, maximum = 100)]
    pub workspace_factor: u16,
    /// How many scored conversations an account's window has at most.
    #[schema(minimum = 1, maximum = 1_000)]
    pub window_conversations: u16,
    /// How many days it reaches back.
    #[schema(minimum = 1, maximum = 3_650)]
    pub window_days: u16,
    /// A score with less confidence counts in no run of low conversations; null: any counts.
    #[schema(required, value_type = Option<Rate>)]
    pub min_confidence: Option<Hundredths>,
    /// A score of fewer signals counts in no run of low conversations; null: any counts.
    #[schema(required, minimum = 0, maximum = 65_535)]
    pub min_signals: Option<u16>,
    /// Channels have breakers of their own.
    pub channel_breakers: bool,
    /// Intents have breakers of their own.
    pub intent_breakers: bool,
    /// After so many hours without the next step a breaker is announced again; null: never.
    #[schema(required, minimum = 1, maximum = 720)]
    pub forgotten_after_hours: Option<u16>,
    /// Every signal of the model that weighs something, by its name.
    #[schema(value_type = BTreeMap<String, SignalWeight>)]
    pub signal_weights: OwnWeights,
}

impl QualitySettings {
    /// Those of this workspace: what its users have set, and what is in force with that.
    pub fn of(workspace_id: Id, own: &OwnSettings, in_force: &Settings) -> Self {
        let (model, profile) = (&in_force.model, &in_force.profile);
        let weight = |kind: &SignalKind| {
            let weight = profile.weight_of(*kind);
            (*kind, OwnWeight { weight: Exact(weight.weight), loadings: Some(weight.loadings.map(Exact)) })
        };
        let weighed = profile.model.catalogue().iter().filter(|kind| !kind.is_marker());
        Self {
            workspace_id,
            model: profile.model,
            composite_weights: profile.composite_weights.map(Exact),
            default_language: profile.default_language,
            workspace_factor: model.workspace_factor,
            window_conversations: model.window_size,
            window_days: model.window_days,
            min_confidence: own.min_confidence,
            min_signals: own.min_signals,
            channel_breakers: own.channel_breakers.unwrap_or_default(),
            intent_breakers: own.intent_breakers.unwrap_or_default(),
            forgotten_after_hours: own.forgotten_after_hours,
            signal_weights: weighed.map(weight).collect(),
        }
    }
}

/// What a signal weighs, and for what.
#[derive(ToSchema)]
#[schema(examples(json!({"weight": 0.599, "loadings": [0.5, 0, 0.5]})))]
pub struct SignalWeight {
    /// In pseudo-counts.
    #[schema(minimum = 0, maximum = 10)]
    pub weight: f64,
    /// The parts of it that go to outcome, process and environment; null or left out: those of the configuration.
    #[schema(required = false, value_type = Option<Shares>)]
    pub loadings: Option<[f64; 3]>,
}

/// The members to change; the others stay. Null takes back what was set. An empty object changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(examples(json!({
    "model": null, "minConfidence": 0.4, "channelBreakers": true, "signalWeights": {"thanks": {"weight": 0.8}}
})))]
pub struct QualitySettingsPatch {
    /// As a GET answers it: that of the path. Any other is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, value_type = WorkspaceId)]
    pub workspace_id: Option<Id>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "sent")]
    #[schema(required = false, value_type = Option<ScoringModel>)]
    pub model: Option<Option<ScoringModel>>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "sent")]
    #[schema(required = false, value_type = Option<Shares>)]
    pub composite_weights: Option<Option<Parts>>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "sent")]
    #[schema(required = false, value_type = Option<String>, pattern = "^[a-z]{2,3}$")]
    pub default_language: Option<Option<LanguageCode>>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "sent")]
    #[schema(required = false, value_type = Option<u16>, minimum = 1, maximum = 100)]
    pub workspace_factor: Option<Option<u16>>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "sent")]
    #[schema(required = false, value_type = Option<u16>, minimum = 1, maximum = 1_000)]
    pub window_conversations: Option<Option<u16>>,
    /// At most the days for which conversations are kept.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "sent")]
    #[schema(required = false, value_type = Option<u16>, minimum = 1, maximum = 3_650)]
    pub window_days: Option<Option<u16>>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "sent")]
    #[schema(required = false, value_type = Option<Rate>)]
    pub min_confidence: Option<Option<Hundredths>>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "sent")]
    #[schema(required = false, value_type = Option<u16>, minimum = 0, maximum = 65_535)]
    pub min_signals: Option<Option<u16>>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "sent")]
    #[schema(required = false, value_type = Option<bool>)]
    pub channel_breakers: Option<Option<bool>>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "sent")]
    #[schema(required = false, value_type = Option<bool>)]
    pub intent_breakers: Option<Option<bool>>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "sent")]
    #[schema(required = false, value_type = Option<u16>, minimum = 1, maximum = 720)]
    pub forgotten_after_hours: Option<Option<u16>>,
    /// By their names, those to change; null takes one back, or all of them.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "sent")]
    #[schema(required = false, value_type = Option<SignalWeightChanges>)]
    pub signal_weights: Option<Option<WeightsPatch>>,
}

impl Body for QualitySettingsPatch {
    fn read(fields: &mut Fields<'_>, asked: Asked) -> Self {
        let workspace_id = workspace_id(fields, asked);
        let model = fields.nullable_one_of("model", &ScoringModel::NAMED);
        let most_days = asked.in_force.map_or(u16::MAX, |in_force| in_force.retention_days);
        Self {
            workspace_id,
            model,
            composite_weights: composite_weights(fields, "compositeWeights"),
            default_language: fields.nullable("defaultLanguage", language),
            workspace_factor: fields.nullable_integer("workspaceFactor", 1, 100),
            window_conversations: fields.nullable_integer("windowConversations", 1, 1_000),
            window_days: fields.nullable_integer("windowDays", 1, most_days.min(3_650)),
            min_confidence: fields.nullable_rate("minConfidence"),
            min_signals: fields.nullable_integer("minSignals", 0, u16::MAX),
            channel_breakers: fields.nullable_boolean("channelBreakers"),
            intent_breakers: fields.nullable_boolean("intentBreakers"),
            forgotten_after_hours: fields.nullable_integer("forgottenAfterHours", 1, 720),
            signal_weights: signal_weights(fields, "signalWeights", model_after(model, asked.in_force)),
        }
    }
}

/// The model that is in force once this is done.
fn model_after(sent: Option<Option<ScoringModel>>, in_force: Option<InForce>) -> Option<ScoringModel> {
    match sent {
        Some(Some(model)) => Some(model),
        Some(None) => in_force.map(|in_force| in_force.configured_model),
        None => in_force.map(|in_force| in_force.model),
    }
}

/// A language of two or three letters.
fn language(text: &str) -> Result<LanguageCode, String> {
    let code: Option<String> = serde_json::from_str(text).ok();
    code.and_then(|code| LanguageCode::new(&code)).ok_or_else(|| "must be two or three lower case letters".to_owned())
}

/// Parts of the dimensions.
pub fn composite_weights(fields: &mut Fields<'_>, name: &str) -> Option<Option<Parts>> {
    fields.nullable_parts(name).map(|parts| parts.map(|parts| parts.map(Exact)))
}

/// Weights of signals by their names; of those that `model` has, if it is known.
pub fn signal_weights(
    fields: &mut Fields<'_>,
    name: &str,
    model: Option<ScoringModel>,
) -> Option<Option<WeightsPatch>> {
    fields.nullable_object(name, |signals| {
        let mut weights = WeightsPatch::new();
        for name in signals.names() {
            match weighable(&name, model) {
                Ok(kind) => {
                    let sent = signals.nullable_object(&name, signal_weight);
                    weights.extend(sent.map(|weight| (kind, weight.flatten())));
                }
                Err(error) => {
                    signals.pass_over(&name);
                    signals.fault(&name, error);
                }
            }
        }
        weights
    })
}

/// The signal of this name, if it can be weighed.
fn weighable(name: &str, model: Option<ScoringModel>) -> Result<SignalKind, &'static str> {
    let kind = SignalKind::from_name(name).ok_or("is not a known signal")?;
    if kind.is_marker() {
        return Err("is a signal without a weight");
    }
    match model {
        Some(model) if model.place(kind).is_none() => Err("is a signal of another model"),
        Some(_) | None => Ok(kind),
    }
}

fn signal_weight(fields: &mut Fields<'_>) -> Option<OwnWeight> {
    let weight = fields.required("weight", |fields, name| fields.number(name, 0.0..=MAX_WEIGHT));
    let loadings = fields.nullable_parts("loadings").flatten();
    Some(OwnWeight { weight: Exact(weight?), loadings: loadings.map(|parts| parts.map(Exact)) })
}

impl From<OwnPatch> for QualitySettingsPatch {
    fn from(patch: OwnPatch) -> Self {
        let OwnPatch { model, composite_weights, default_language, workspace_factor, .. } = patch;
        let OwnPatch { window_conversations, window_days, min_confidence, min_signals, .. } = patch;
        let OwnPatch { channel_breakers, intent_breakers, forgotten_after_hours, signal_weights, .. } = patch;
        Self {
            workspace_id: None,
            model,
            composite_weights,
            default_language,
            workspace_factor,
            window_conversations,
            window_days,
            min_confidence,
            min_signals,
            channel_breakers,
            intent_breakers,
            forgotten_after_hours,
            signal_weights,
        }
    }
}

impl From<QualitySettingsPatch> for OwnPatch {
    fn from(patch: QualitySettingsPatch) -> Self {
        let QualitySettingsPatch {
            workspace_id: _, model, composite_weights, default_language, workspace_factor, ..
        } = patch;
        let QualitySettingsPatch { window_conversations, window_days, min_confidence, min_signals, .. } = patch;
        let QualitySettingsPatch { channel_breakers, intent_breakers, forgotten_after_hours, signal_weights, .. } =
            patch;
        Self {
            model,
            composite_weights,
            default_language,
            workspace_factor,
            window_conversations,
            window_days,
            min_confidence,
            min_signals,
            channel_breakers,
            intent_breakers,
            forgotten_after_hours,
            signal_weights,
        }
    }
}
#[cfg(test)]
mod tests;
