//! What the document says of effects: one schema for each type, told apart by `type`, with an example.

use std::sync::Arc;

use serde_json::json;
use utoipa::openapi::schema::AdditionalProperties;
use utoipa::openapi::{Discriminator, Object, ObjectBuilder, OneOfBuilder, Ref, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::{BreakerChange, ConversationEnd, Effect, RiskChange, ScoredConversation, SettingValue, SettingsChange};
use crate::domain::effect as domain;
use crate::domain::effect::{BreakerStep, BreakerStepView, EffectContent, EffectType, EffectView, EndedAs, ScoredView};
use crate::domain::field::{FieldChange, FieldValue};
use crate::domain::health::RiskRule;
use crate::domain::ids::Id;
use crate::domain::rating::{LinkTerms, ToldLink};
use crate::domain::score::Hundredths;
use crate::domain::time::{DAY, MINUTE, Millis};
use crate::domain::view::{BreakerState, BreakerView, ChurnRisk, ConversationQuality};
use crate::wire::settings::SignalWeight;
use crate::wire::values::{Shares, Timestamp, fixed};

/// The names of the schemas of an effect's type and of its `data`, and what it tells.
const fn described(kind: EffectType) -> (&'static str, &'static str, &'static str) {
    match kind {
        EffectType::ConversationScored => {
            ("ConversationScoredEffect", "ScoredConversation", "A conversation was scored, or scored anew.")
        }
        EffectType::ConversationResolved => ("ConversationResolvedEffect", "ConversationEnd", "A conversation ended."),
        EffectType::BreakerTriggered => ("BreakerTriggeredEffect", "BreakerChange", "The AI is paused."),
        EffectType::BreakerAcknowledged => {
            ("BreakerAcknowledgedEffect", "BreakerChange", "A person has seen a breaker, which still pauses the AI.")
        }
        EffectType::BreakerResolved => ("BreakerResolvedEffect", "BreakerChange", "This breaker pauses nothing more."),
        EffectType::BreakerForgotten => {
            ("BreakerForgottenEffect", "BreakerChange", "Nobody has done the next thing about a breaker in time.")
        }
        EffectType::AccountRiskChanged => {
            ("AccountRiskChangedEffect", "RiskChange", "The churn risk of an account changed.")
        }
        EffectType::SettingsChanged => {
            ("SettingsChangedEffect", "SettingsChange", "A person changed the configuration or the settings.")
        }
    }
}

impl PartialSchema for Effect {
    fn schema() -> RefOr<Schema> {
        let component = |kind| described(kind).0;
        let mapping = EffectType::ALL.map(|kind| (kind.name(), format!("#/components/schemas/{}", component(kind))));
        EffectType::ALL
            .into_iter()
            .fold(OneOfBuilder::new(), |schema, kind| schema.item(Ref::from_schema_name(component(kind))))
            .discriminator(Some(Discriminator::with_mapping("type", mapping)))
            .description(Some("Something that happened in a workspace side."))
            .into()
    }
}

impl ToSchema for Effect {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.extend(EffectType::ALL.map(|kind| (described(kind).0.to_owned(), of_type(kind).into())));
        schemas.push((Timestamp::name().into_owned(), Timestamp::schema()));
        add::<ScoredConversation>(schemas);
        add::<ConversationEnd>(schemas);
        add::<BreakerChange>(schemas);
        add::<RiskChange>(schemas);
        add::<SettingsChange>(schemas);
    }
}

/// With what it refers to.
fn add<T: ToSchema>(schemas: &mut Vec<(String, RefOr<Schema>)>) {
    schemas.push((T::name().into_owned(), T::schema()));
    T::schemas(schemas);
}

impl PartialSchema for SettingValue {
    fn schema() -> RefOr<Schema> {
        let kinds = [Type::Boolean, Type::Number, Type::String, Type::Null];
        let one = |one: OneOfBuilder, kind| one.item(ObjectBuilder::new().schema_type(kind));
        let more = [Ref::from_schema_name(Shares::name()), Ref::from_schema_name(SignalWeight::name())];
        let plain = kinds.into_iter().fold(OneOfBuilder::new(), one);
        more.into_iter().fold(plain, OneOfBuilder::item).into()
    }
}

impl ToSchema for SettingValue {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        add::<Shares>(schemas);
        add::<SignalWeight>(schemas);
    }
}

fn of_type(kind: EffectType) -> Object {
    let (_, data, description) = described(kind);
    let object = ObjectBuilder::new()
        .description(Some(description))
        .property("type", fixed(kind.name()))
        .property("timestamp", Ref::from_schema_name(Timestamp::name()))
        .property("data", Ref::from_schema_name(data))
        .additional_properties(Some(AdditionalProperties::FreeForm(false)))
        .examples([json!(example(kind))]);
    ["type", "timestamp", "data"].into_iter().fold(object, ObjectBuilder::required).build()
}

/// 2026-03-15T14:35:00.000Z.
const AT: Millis = 1_773_585_300_000;
const ACCOUNT: Id = Id(0x0191_b5a2_7c3e_7d11_9f00_0000_0000_acc1);
const CONVERSATION: Id = Id(0x0191_b5a2_7c3e_7d11_9f00_0000_0000_c0f1);

/// Of no server's, so it leads nowhere.
fn link() -> ToldLink {
    let terms = LinkTerms { ending: 0, expires: AT + 14 * DAY };
    ToldLink { terms, url: Some("https://support.example.com/s/AQABGZG1onw".into()) }
}

/// One of this type.
pub fn example(kind: EffectType) -> Effect {
    let breaker = |step| EffectContent::Breaker(Box::new(step_of_breaker(step)));
    let content = match kind {
        EffectType::ConversationScored => EffectContent::ConversationScored(Box::new(scored())),
        EffectType::ConversationResolved => EffectContent::ConversationResolved {
            conversation: Some(CONVERSATION),
            account: Some(ACCOUNT),
            ending: EndedAs::AiResolved,
            link: Some(link()),
        },
        EffectType::BreakerTriggered => breaker(BreakerStep::Triggered),
        EffectType::BreakerAcknowledged => breaker(BreakerStep::Acknowledged),
        EffectType::BreakerResolved => breaker(BreakerStep::Resolved),
        EffectType::BreakerForgotten => breaker(BreakerStep::Forgotten),
        EffectType::AccountRiskChanged => EffectContent::RiskChanged {
            account: ACCOUNT,
            from: ChurnRisk::Medium,
            to: ChurnRisk::Critical,
            rule: RiskRule::ALL[0],
        },
        EffectType::SettingsChanged => {
            let (before, after) = (FieldValue::Integer(3), FieldValue::Integer(5));
            let changes = vec![FieldChange { name: "circuitBreakerCount".into(), before, after }];
            let actor = "api-key:0191b5a2-7c3e-7d11-9f00-00000000ce11".into();
            EffectContent::SettingsChanged(Arc::new(domain::SettingsChange { actor, changes }))
        }
    };
    Effect::from(&EffectView { id: domain::EffectId::ZERO, receipt: AT, content })
}

fn scored() -> ScoredView {
    let quality = ConversationQuality {
        conversation_id: CONVERSATION,
        outcome_score: Hundredths(420),
        process_score: Hundredths(380),
        environment_score: Hundredths(400),
        composite_score: Hundredths(400),
        disconfirmation: Hundredths(15),
        confidence: Hundredths(87),
        signal_count: 12,
        scored_at: AT,
    };
    let (account, model_version) = (Some(ACCOUNT), "support-2".to_owned());
    ScoredView { quality, account, resolved: true, low: false, model_version, overridden: false }
}

fn step_of_breaker(step: BreakerStep) -> BreakerStepView {
    let (state, note) = match step {
        BreakerStep::Triggered | BreakerStep::Forgotten => (BreakerState::Triggered, None),
        BreakerStep::Acknowledged => (BreakerState::Acknowledged, None),
        BreakerStep::Resolved => (BreakerState::Resolved, Some("Called the customer; the order is on its way.")),
    };
    let seen = state != BreakerState::Triggered;
    let breaker = BreakerView {
        id: Id(0x0191_b5a2_7c3e_8d11_9f00_0000_0000_cb01),
        scope_key: format!("account:acc_{ACCOUNT}"),
        reason: "3 consecutive conversations scored below composite threshold (3.0) for account Nordic Parts ApS"
            .into(),
        triggered_at: AT,
        acknowledged_by: seen.then(|| "api-key:0191b5a2-7c3e-7d11-9f00-00000000ce11".into()),
        acknowledged_at: seen.then_some(AT + 2 * MINUTE),
        resolved_at: (state == BreakerState::Resolved).then_some(AT + 9 * MINUTE),
    };
    BreakerStepView { step, breaker, state, account: Some(ACCOUNT), note: note.map(str::to_owned) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(kind: EffectType) -> String {
        serde_json::to_string(&example(kind)).unwrap()
    }

    #[test]
    fn r8_2a_effects_have_the_members_of_r3_2_and_r3_4_and_their_own() {
        let scored = concat!(
            r#"{"type":"conversation.scored","timestamp":"2026-03-15T14:35:00.000Z","data":{"#,
            r#""conversationId":"0191b5a2-7c3e-7d11-9f00-00000000c0f1","outcomeScore":4.2,"processScore":3.8,"#,
            r#""environmentScore":4,"compositeScore":4,"disconfirmation":0.15,"confidence":0.87,"signalCount":12,"#,
            r#""scoredAt":"2026-03-15T14:35:00.000Z","accountId":"0191b5a2-7c3e-7d11-9f00-00000000acc1","#,
            r#""resolved":true,"low":false,"modelVersion":"support-2","overridden":false}}"#
        );
        assert_eq!(text(EffectType::ConversationScored), scored);
        let triggered = text(EffectType::BreakerTriggered);
        let ends = r#""acknowledgedBy":null,"acknowledgedAt":null,"resolvedAt":null,"state":"triggered","note":null}}"#;
        assert!(triggered.ends_with(ends), "{triggered}");
        let ended = concat!(
            r#""data":{"conversationId":"0191b5a2-7c3e-7d11-9f00-00000000c0f1","#,
            r#""accountId":"0191b5a2-7c3e-7d11-9f00-00000000acc1","resolution":"ai_resolved","#,
            r#""satisfactionLink":"https://support.example.com/s/AQABGZG1onw","expiresAt":"2026-03-29T14:35:00.000Z"}}"#
        );
        assert!(text(EffectType::ConversationResolved).ends_with(ended));
        let changes = r#""changes":[{"name":"circuitBreakerCount","before":3,"after":5}]}}"#;
        assert!(text(EffectType::SettingsChanged).ends_with(changes));
    }

    #[test]
    fn r8_2a_r4_10_an_erased_conversation_is_null() {
        let mut view = scored();
        view.quality.conversation_id = Id::NIL;
        let data = serde_json::to_value(ScoredConversation::from(&view)).unwrap();
        let mut whole = serde_json::to_value(ScoredConversation::from(&scored())).unwrap();
        whole["conversationId"] = serde_json::Value::Null;
        assert_eq!(data, whole);
    }

    #[test]
    fn r8_2a_each_type_has_its_own_schema_with_exactly_the_members_of_its_example() {
        let mut schemas = Vec::new();
        Effect::schemas(&mut schemas);
        let find = |name: &str| {
            let found = schemas.iter().find(|(known, _)| known == name).unwrap_or_else(|| panic!("{name}"));
            serde_json::to_value(&found.1).unwrap()
        };
        let keys = |value: &serde_json::Value| {
            let mut keys: Vec<_> = value.as_object().unwrap().keys().cloned().collect();
            keys.sort();
            keys
        };
        for kind in EffectType::ALL {
            let (effect, data, _) = described(kind);
            let shown = json!(example(kind));
            assert_eq!(keys(&find(effect)["properties"]), keys(&shown), "{}", kind.name());
            assert_eq!(keys(&find(data)["properties"]), keys(&shown["data"]), "{}", kind.name());
            let (mut required, mut members) =
                (find(data)["required"].as_array().unwrap().clone(), keys(&shown["data"]));
            members.retain(|member| !["satisfactionLink", "expiresAt"].contains(&&**member));
            required.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
            assert_eq!(required, members, "{}", kind.name());
        }
    }
}
