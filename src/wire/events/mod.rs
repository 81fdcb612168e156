//! The events of R4.6: one schema per type, told apart by `type`. A test beside this file holds them
//! to what the door accepts.

use std::borrow::Cow;

use serde_json::{Map, Value, json};
use utoipa::openapi::schema::AdditionalProperties;
use utoipa::openapi::{
    ArrayBuilder, Discriminator, Object, ObjectBuilder, OneOfBuilder, Ref, RefOr, Schema, SchemaFormat, Type,
};
use utoipa::{PartialSchema, ToSchema};

use super::values::{AccountId, ConversationId, Instant, Rate, Score, fixed, one_of};

/// A type of event.
pub struct Kind {
    /// Its `type`.
    pub name: &'static str,
    /// The name of its schema.
    component: &'static str,
    description: &'static str,
    /// Members that must stand in its `data`, and those that may, besides [`ANYWHERE`] and
    /// [`OF_CONVERSATIONS`].
    pub required: &'static [&'static str],
    pub optional: &'static [&'static str],
}

/// Members of `data` whose values are listed, and the names of the schemas that list them: one type of a generated
/// client for each, wherever it stands.
const LISTED: [(&str, &str); 6] = [
    ("format", "MessageFormat"),
    ("sender", "MessageSender"),
    ("status", "ConversationStatus"),
    ("resolution", "Resolution"),
    ("attentionType", "AttentionType"),
    ("dimension", "Dimension"),
];

/// Members that may stand in the `data` of any event.
const ANYWHERE: [&str; 5] = ["accountId", "accountName", "contactId", "channel", "intent"];
/// One that may stand in the `data` of any event that names a conversation.
const OF_CONVERSATIONS: &str = "contactEmail";

pub const KINDS: [Kind; 10] = [
    Kind {
        name: "conversation.created",
        component: "ConversationCreated",
        description: "A conversation has begun. The first event that names one creates it, whatever its type.",
        required: &["conversationId"],
        optional: &[],
    },
    Kind {
        name: "message.received",
        component: "MessageReceived",
        description: "A message from the customer. Its text becomes signals at the door and is never stored.",
        required: &["conversationId"],
        optional: &["text", "language", "format", "automatic"],
    },
    Kind {
        name: "message.sent",
        component: "MessageSent",
        description: "A message to the customer. Its text becomes signals at the door and is never stored.",
        required: &["conversationId", "sender"],
        optional: &["text", "language", "format", "automatic"],
    },
    Kind {
        name: "conversation.status_changed",
        component: "ConversationStatusChanged",
        description: "resolved, closed and abandoned end a conversation; the others reopen one that had ended.",
        required: &["conversationId", "status"],
        optional: &[],
    },
    Kind {
        name: "conversation.resolved",
        component: "ConversationResolved",
        description: "The conversation has ended, and how.",
        required: &["conversationId", "resolution"],
        optional: &[],
    },
    Kind {
        name: "attention_item.created",
        component: "AttentionItemCreated",
        description: "Somebody should look at it.",
        required: &["conversationId", "attentionType"],
        optional: &[],
    },
    Kind {
        name: "signal.observed",
        component: "SignalObserved",
        description: "A fact observed elsewhere. A signal of the catalogue takes no `dimension` and no `weight`; one \
                      of your own needs both, unless the server's configuration has them.",
        required: &["conversationId", "signal", "value"],
        optional: &["dimension", "weight"],
    },
    Kind {
        name: "survey.responded",
        component: "SurveyResponded",
        description: "The customer's own rating.",
        required: &["conversationId", "rating"],
        optional: &["comment"],
    },
    Kind {
        name: "conversation.scored",
        component: "ConversationScored",
        description: "A score made elsewhere: an import, another QA system. It replaces what is there.",
        required: &["conversationId", "outcomeScore", "processScore", "environmentScore", "resolved"],
        optional: &["confidence", "signalCount"],
    },
    Kind {
        name: "account.updated",
        component: "AccountUpdated",
        description: "An account's name and contacts. Has no `conversationId`.",
        required: &["accountId"],
        optional: &["contactIds"],
    },
];

impl Kind {
    /// Every member that may stand in its `data`, the required ones first.
    pub fn members(&self) -> Vec<&'static str> {
        let mut members: Vec<_> = self.required.iter().chain(self.optional).copied().collect();
        members.extend(ANYWHERE.into_iter().filter(|name| !self.required.contains(name)));
        members.extend(self.required.contains(&"conversationId").then_some(OF_CONVERSATIONS));
        members
    }

    /// An event with every member of this type.
    pub fn example(&self) -> Value {
        let members = self.members().into_iter();
        let data: Map<_, _> = members.map(|name| (name.to_owned(), member(name).1)).collect();
        json!({"specversion": "1.0", "id": format!("{}-1", self.name), "source": "helpdesk", "type": self.name, "data": data})
    }

    fn data(&self) -> Object {
        let object = ObjectBuilder::new().additional_properties(Some(AdditionalProperties::FreeForm(false)));
        let object = self.members().into_iter().fold(object, |object, name| {
            let required = self.required.contains(&name);
            let listed = LISTED.iter().find(|(listed, _)| *listed == name);
            let schema = listed.map_or_else(|| member(name).0, |(_, schema)| Ref::from_schema_name(*schema).into());
            object.property(name, if required { schema } else { nullable(schema) })
        });
        self.required.iter().fold(object, |object, name| object.required(*name)).build()
    }

    fn schema(&self) -> Schema {
        let object = ObjectBuilder::new()
            .description(Some(self.description))
            .property("specversion", fixed("1.0"))
            .property("id", text(1, 255, "Together with `source` the event's identity: a repeat changes nothing."))
            .property("source", text(1, 255, "Who says it."))
            .property("type", fixed(self.name))
            .property("time", nullable(Ref::from_schema_name("Instant").into()))
            .property("data", self.data())
            .additional_properties(Some(AdditionalProperties::FreeForm(true)))
            .examples([self.example()]);
        ["specversion", "id", "source", "type", "data"].into_iter().fold(object, ObjectBuilder::required).into()
    }
}

/// A member of `data`, and an example of it.
fn member(name: &str) -> (RefOr<Schema>, Value) {
    let named = |name: &str| RefOr::from(Ref::from_schema_name(name));
    let plain = |kind: Type| RefOr::from(ObjectBuilder::new().schema_type(kind));
    match name {
        "conversationId" => (named("ConversationId"), json!("0191b5a2-7c3e-7d11-9f00-00000000c0f1")),
        "accountId" => (named("AccountId"), json!("acc_0191b5a2-7c3e-7d11-9f00-00000000acc1")),
        "accountName" => (text(1, 255, "").into(), json!("Nordic Parts ApS")),
        "contactId" => (text(1, 255, "").into(), json!("anna@example.org")),
        "contactEmail" => (address().into(), json!("anna@example.org")),
        "channel" => (text(1, 255, "").into(), json!("email")),
        "intent" => (text(1, 255, "").into(), json!("order_status")),
        "text" => (plain(Type::String), json!("Where is my order?")),
        "language" => (text(1, 35, "A language tag; recognised from the text where it is absent.").into(), json!("en")),
        "format" => (one_of(["auto", "text", "html"]).into(), json!("html")),
        "automatic" => (plain(Type::Boolean), json!(false)),
        "sender" => (one_of(["ai", "human"]).into(), json!("ai")),
        "status" => {
            let all = ["open", "in_progress", "awaiting_contact", "resolved", "closed", "abandoned"];
            (one_of(all).into(), json!("in_progress"))
        }
        "resolution" => (one_of(["ai_resolved", "human_resolved", "abandoned"]).into(), json!("ai_resolved")),
        "attentionType" => {
            (one_of(["validation_failed", "human_requested", "escalation"]).into(), json!("human_requested"))
        }
        "signal" => (text(1, 255, "A name from the catalogue, or your own.").into(), json!("refund_granted")),
        "value" => (number(Type::Number, 0, 1, "Goodness, from 0 (bad) to 1 (good).").into(), json!(0.75)),
        "dimension" => (one_of(["outcome", "process", "environment"]).into(), json!("outcome")),
        "weight" => (number(Type::Number, 0, 10, "In pseudo-counts.").into(), json!(1.5)),
        "rating" => (number(Type::Integer, 1, 5, "From 1 (worst) to 5 (best).").into(), json!(4)),
        "comment" => (text(0, 2_000, "Stored: it was given for that.").into(), json!("Quick and friendly.")),
        "outcomeScore" => (named("Score"), json!(4.2)),
        "processScore" => (named("Score"), json!(3.8)),
        "environmentScore" => (named("Score"), json!(4)),
        "resolved" => (plain(Type::Boolean), json!(true)),
        "confidence" => (named("Rate"), json!(0.87)),
        "signalCount" => {
            (number(Type::Integer, 0, 65_535, "Signals behind the score; 0 where it is absent.").into(), json!(12))
        }
        "contactIds" => {
            let ids = ArrayBuilder::new().items(text(1, 255, "Opaque.")).max_items(Some(1_000));
            (ids.into(), json!(["anna@example.org"]))
        }
        other => unreachable!("KINDS and ANYWHERE name no member {other}"),
    }
}

/// A mail address.
fn address() -> ObjectBuilder {
    let format = SchemaFormat::Custom("email".into());
    let description = "Where the customer may be asked how it went; kept sealed, and only until that is done.";
    ObjectBuilder::new().schema_type(Type::String).format(Some(format)).description(Some(description))
}

/// So many characters, none of them NUL.
fn text(least: usize, most: usize, description: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(least))
        .max_length(Some(most))
        .pattern(Some(r"^[^\u0000]*$"))
        .description(Some(description).filter(|text| !text.is_empty()))
}

fn number(kind: Type, least: i32, most: i32, description: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(kind).minimum(Some(least)).maximum(Some(most)).description(Some(description))
}

/// A member that is null is absent.
fn nullable(schema: RefOr<Schema>) -> RefOr<Schema> {
    OneOfBuilder::new().item(schema).item(ObjectBuilder::new().schema_type(Type::Null)).into()
}

/// An event of any type.
pub struct Event;

impl PartialSchema for Event {
    fn schema() -> RefOr<Schema> {
        let mapping = KINDS.iter().map(|kind| (kind.name, format!("#/components/schemas/{}", kind.component)));
        KINDS
            .iter()
            .fold(OneOfBuilder::new(), |schema, kind| schema.item(Ref::from_schema_name(kind.component)))
            .schema_type(Type::Object)
            .discriminator(Some(Discriminator::with_mapping("type", mapping)))
            .description(Some(
                "A CloudEvents 1.0 event. Attributes that do not stand here are accepted and ignored, but for \
                 `data_base64`: data must be readable. An unknown member of `data` rejects the event.",
            ))
            .into()
    }
}

impl ToSchema for Event {
    fn name() -> Cow<'static, str> {
        "Event".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.extend(KINDS.iter().map(|kind| (kind.component.to_owned(), kind.schema().into())));
        schemas.extend(LISTED.iter().map(|(name, schema)| ((*schema).to_owned(), member(name).0)));
        schemas.push((Instant::name().into_owned(), Instant::schema()));
        schemas.push((ConversationId::name().into_owned(), ConversationId::schema()));
        schemas.push((AccountId::name().into_owned(), AccountId::schema()));
        schemas.push((Score::name().into_owned(), Score::schema()));
        schemas.push((Rate::name().into_owned(), Rate::schema()));
    }
}

/// `application/json`: one event or an array of them.
pub struct OneOrMany;

impl PartialSchema for OneOrMany {
    fn schema() -> RefOr<Schema> {
        OneOfBuilder::new().item(Ref::from_schema_name("Event")).item(Ref::from_schema_name("Events")).into()
    }
}

impl ToSchema for OneOrMany {
    fn name() -> Cow<'static, str> {
        "EventOrEvents".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((Event::name().into_owned(), Event::schema()));
        schemas.push((Batch::name().into_owned(), Batch::schema()));
        Event::schemas(schemas);
    }
}

/// An array of events.
pub struct Batch;

impl PartialSchema for Batch {
    fn schema() -> RefOr<Schema> {
        ArrayBuilder::new().items(Ref::from_schema_name("Event")).min_items(Some(1)).max_items(Some(1_000)).into()
    }
}

impl ToSchema for Batch {
    fn name() -> Cow<'static, str> {
        "Events".into()
    }
}

/// `application/x-ndjson` and its other names: an event on each line.
pub struct Lines;

impl PartialSchema for Lines {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("Each line an `Event` in JSON; blank lines are passed over."))
            .into()
    }
}

impl ToSchema for Lines {
    fn name() -> Cow<'static, str> {
        "EventLines".into()
    }
}

/// An example of it.
pub fn lines() -> String {
    format!("{}\n{}\n", KINDS[4].example(), KINDS[5].example())
}

#[cfg(test)]
mod tests;
