//! Single values.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::{
    ArrayBuilder, KnownFormat, Object, ObjectBuilder, OneOfBuilder, Ref, RefOr, Schema, SchemaFormat, Type,
};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::expectation::ExpectationSource;
use crate::domain::ids::{Id, Side};
use crate::domain::score::{Dimension, Hundredths, Ratio, serialize_number};
use crate::domain::scoring::profile::ScoringModel;
use crate::domain::system::Permission;
use crate::domain::time::{self, Millis};

const UUID: &str = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}";

/// Says in the document what a type is. The documentation of the type is its description.
macro_rules! schema {
    ($name:ident = $schema:expr, $($doc:literal)*) => {
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let description = concat!($($doc, "\n"),*).trim().replace("\n ", "\n");
                $schema.description(Some(description).filter(|text| !text.is_empty())).into()
            }
        }

        impl ToSchema for $name {}
    };
}

/// Values of answers: what they hold, and their schema.
macro_rules! answered {
    ($($(#[doc = $doc:literal])+ $name:ident($(#[$with:meta])? $inner:ty) = $schema:expr;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name($(#[$with])? pub $inner);

        schema!($name = $schema, $($doc)+);
    )+};
}

/// Forms of what is sent, which has no type of its own once it is read.
macro_rules! sent {
    ($($(#[doc = $doc:literal])+ $name:ident = $schema:expr;)+) => {$(
        $(#[doc = $doc])+
        pub struct $name;

        schema!($name = $schema, $($doc)+);
    )+};
}

answered! {
    /// UTC, with milliseconds.
    Timestamp(#[serde(with = "time")] Millis) =
        text(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$", "2026-03-15T14:35:00.000Z")
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
    /// From 1 (worst) to 5 (best), in steps of 0.01.
    Score(Hundredths) = number(1, 5, json!(3.85));
    /// From 0 to 1, in steps of 0.01.
    Rate(Hundredths) = number(0, 1, json!(0.88));
    /// How many.
    Count(u64) = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).examples([json!(42)]);
    /// How many, of bytes or of milliseconds too.
    Size(u64) = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).examples([json!(65_536)]);
}

sent! {
    /// A workspace's UUID in any case, bare or after `ws_`.
    WorkspaceId = id("[Ww][Ss]_", "0191b5a2-7c3e-7d11-9f00-0123456789ab");
    /// An account's UUID in any case, bare or after `acc_`; or `ext:` and the id that another system has for it.
    AccountId = name("[Aa][Cc][Cc]_", "acc_0191b5a2-7c3e-7d11-9f00-00000000acc1");
    /// A conversation's UUID in any case, bare or after `conv_`; or `ext:` and the id that another system has for it.
    ConversationId = name("[Cc][Oo][Nn][Vv]_", "0191b5a2-7c3e-7d11-9f00-00000000c0f1");
    /// A breaker's UUID in any case, bare or after `cb_`.
    BreakerId = id("[Cc][Bb]_", "cb_0191b5a2-7c3e-8d11-9f00-00000000cb01");
    /// An API key's UUID in any case.
    KeyId = text(&format!("^{UUID}$"), "0191b5a2-7c3e-7d11-9f00-00000000ce11");
    /// What a breaker stops: `account:` or `workspace:` and an id in any spelling, or `channel:` or `intent:` and a name
    /// of 1 to 255 characters.
    ScopeKey = text(
        &format!(
            r"^(account:(([Aa][Cc][Cc]_)?{UUID}|[Ee][Xx][Tt]:[^\u0000]{{1,200}})|workspace:([Ww][Ss]_)?{UUID}|(channel|intent):[\s\S]{{1,255}})$"
        ),
        "account:acc_0191b5a2-7c3e-7d11-9f00-00000000acc1",
    );
    /// A webhook's UUID in any case.
    WebhookId = text(&format!("^{UUID}$"), "0191b5a2-7c3e-7d11-9f00-00000000e0d0");
    /// A backtest's UUID in any case.
    BacktestId = text(&format!("^{UUID}$"), "0191b5a2-7c3e-7d11-9f00-0000000bac0e");
    /// A delivery's UUID in any case.
    DeliveryId = text(&format!("^{UUID}$"), "0191b5a2-7c3e-8d11-9f00-0000000de1e0");
    /// RFC 3339 with any offset. Digits beyond milliseconds are cut; second 60 is refused.
    Instant = ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        .examples(["2026-03-15T14:35:00.000Z", "2026-03-15T15:35:00+01:00"]);
    /// Parts of a whole, of which only the ratio counts: of outcome, process and environment.
    Shares = ArrayBuilder::new()
        .items(ObjectBuilder::new().schema_type(Type::Number).minimum(Some(0)))
        .min_items(Some(3))
        .max_items(Some(3))
        .examples([json!([0.5, 0.25, 0.25])]);
    /// A date, or an RFC 3339 time. A space before the offset is read as `+`.
    DateOrInstant = date_or_instant().examples(["2026-03-01", "2026-03-01T00:00:00Z"]);
}

// Of the domain, whose own JSON is that of answers.
schema!(
    Id =
        text("^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$", "0191b5a2-7c3e-7d11-9f00-0123456789ab",)
            .format(Some(SchemaFormat::Custom("uuid".to_owned()))),
    "A UUID, hyphenated and in lower case."
);
schema!(Side = names([Side::Live, Side::Test]),);
schema!(Dimension = names(Dimension::ALL),);
schema!(
    ScoringModel = names(ScoringModel::ALL),
    "`support-2` for customer support, `task-1` for dialogues with booking bots."
);
schema!(
    ExpectationSource = {
        use ExpectationSource::{AccountWindow, Baseline, Workspace};
        names([Baseline, AccountWindow, Workspace])
    },
    "The configured baseline, or the mean of the account's window, or of the workspace."
);

impl PartialSchema for Permission {
    fn schema() -> RefOr<Schema> {
        use Permission::{Admin, EventsWrite, QualityRead, QualityWrite, Server};
        let all = names([QualityRead, QualityWrite, EventsWrite, Admin, Server]);
        all.description(Some("`server` stands in server keys alone.")).into()
    }
}

impl ToSchema for Permission {
    fn name() -> Cow<'static, str> {
        "Scope".into()
    }
}

/// A number that is not rounded to hundredths, or that may be negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number(pub Ratio);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_number(&self.0.nearest(), serializer)
    }
}

schema!(Number = ObjectBuilder::new().schema_type(Type::Number),);

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&time::format(self.0))
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<u64> for Count {
    fn from(count: u64) -> Self {
        Self(count)
    }
}

impl From<u32> for Count {
    fn from(count: u32) -> Self {
        Self(count.into())
    }
}

impl From<usize> for Count {
    fn from(count: usize) -> Self {
        Self(count as u64)
    }
}

fn text(pattern: &str, example: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern)).examples([example])
}

/// One of these texts.
pub fn one_of<const N: usize>(texts: [&str; N]) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(texts))
}

/// One of these values, which are texts in JSON.
pub fn names<T: Serialize, const N: usize>(values: [T; N]) -> ObjectBuilder {
    let names = values.map(|value| serde_json::to_value(value).unwrap_or_default());
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names))
}

/// This text and no other. A list of one would be a type of its own in each generated client, this is the text itself.
pub fn fixed(text: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).extensions(Some(Extensions::from_iter([("const", text)])))
}

/// One object with the members of both, which the wire flattens into one.
pub fn joined<A: PartialSchema, B: PartialSchema>(description: &str) -> Object {
    let parts = [A::schema(), B::schema()].map(|part| match part {
        RefOr::T(Schema::Object(object)) => object,
        RefOr::T(_) | RefOr::Ref(_) => unreachable!("both are objects"),
    });
    let [mut whole, more] = parts;
    whole.description = Some(description.to_owned());
    whole.examples.clear();
    whole.properties.extend(more.properties);
    whole.required.extend(more.required);
    whole
}

/// A member that is always there and may be null.
pub fn or_null<T: ToSchema>(description: &str) -> RefOr<Schema> {
    let null = ObjectBuilder::new().schema_type(Type::Null);
    OneOfBuilder::new().item(Ref::from_schema_name(T::name())).item(null).description(Some(description)).into()
}

/// An id that may have a prefix.
fn id(prefix: &str, example: &str) -> ObjectBuilder {
    text(&format!("^({prefix})?{UUID}$"), example)
}

/// An id that may have a prefix, or one of another system (R2.2b).
fn name(prefix: &str, example: &str) -> ObjectBuilder {
    text(&format!(r"^(({prefix})?{UUID}|[Ee][Xx][Tt]:[^\u0000]{{1,200}})$"), example).max_length(Some(204))
}

fn number(least: i32, most: i32, example: Value) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Number)
        .minimum(Some(least))
        .maximum(Some(most))
        .multiple_of(Some(0.01))
        .examples([example])
}

fn date_or_instant() -> OneOfBuilder {
    let text = |format| {
        let format = Some(SchemaFormat::KnownFormat(format));
        Schema::from(ObjectBuilder::new().schema_type(Type::String).format(format).build())
    };
    OneOfBuilder::new().item(text(KnownFormat::Date)).item(text(KnownFormat::DateTime))
}
