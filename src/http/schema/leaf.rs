//! Single values.

use serde_json::{Value, json};
use utoipa::openapi::{KnownFormat, ObjectBuilder, OneOfBuilder, RefOr, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

const UUID: &str = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}";

/// Named schemas of single values.
macro_rules! leaves {
    ($($(#[doc = $doc:literal])+ $name:ident = $schema:expr;)+) => {$(
        $(#[doc = $doc])+
        pub struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let description = concat!($($doc, "\n"),+).replace("\n ", "\n");
                $schema.description(Some(description.trim().to_owned())).into()
            }
        }

        impl ToSchema for $name {}
    )+};
}

leaves! {
    /// A UUID, hyphenated and in lower case.
    Id = text(
        "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
        "0191b5a2-7c3e-7d11-9f00-0123456789ab",
    ).format(Some(SchemaFormat::Custom("uuid".to_owned())));
    /// A workspace's UUID in any case, bare or after `ws_`.
    WorkspaceId = id("[Ww][Ss]_", "0191b5a2-7c3e-7d11-9f00-0123456789ab");
    /// An account's UUID in any case, bare or after `acc_`.
    AccountId = id("[Aa][Cc][Cc]_", "acc_0191b5a2-7c3e-7d11-9f00-00000000acc1");
    /// A conversation's UUID in any case, bare or after `conv_`.
    ConversationId = id("[Cc][Oo][Nn][Vv]_", "0191b5a2-7c3e-7d11-9f00-00000000c0f1");
    /// A breaker's UUID in any case, bare or after `cb_`.
    BreakerId = id("[Cc][Bb]_", "cb_0191b5a2-7c3e-8d11-9f00-00000000cb01");
    /// An API key's UUID in any case.
    KeyId = text(&format!("^{UUID}$"), "0191b5a2-7c3e-7d11-9f00-00000000ce11");
    /// UTC, with milliseconds.
    Timestamp = text(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$", "2026-03-15T14:35:00.000Z")
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
    /// RFC 3339 with any offset. Digits beyond milliseconds are cut; second 60 is refused.
    Instant = ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        .examples(["2026-03-15T14:35:00.000Z", "2026-03-15T15:35:00+01:00"]);
    /// From 1 (worst) to 5 (best), in steps of 0.01.
    Score = number(1, 5, json!(3.85));
    /// From 0 to 1, in steps of 0.01.
    Rate = number(0, 1, json!(0.88));
    /// How many.
    Count = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).examples([json!(42)]);
    /// How many, of bytes or of milliseconds too.
    Size = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).examples([json!(65_536)]);
}

fn text(pattern: &str, example: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern)).examples([example])
}

/// One of these texts.
pub(super) fn one_of<const N: usize>(texts: [&str; N]) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(texts))
}

/// An id that may have a prefix.
fn id(prefix: &str, example: &str) -> ObjectBuilder {
    text(&format!("^({prefix})?{UUID}$"), example)
}

fn number(least: i32, most: i32, example: Value) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Number)
        .minimum(Some(least))
        .maximum(Some(most))
        .multiple_of(Some(0.01))
        .examples([example])
}

#[derive(ToSchema)]
#[schema(default = "last_30d")]
pub enum PeriodName {
    #[schema(rename = "last_7d")]
    Last7d,
    #[schema(rename = "last_30d")]
    Last30d,
    #[schema(rename = "last_90d")]
    Last90d,
}

/// A date, or an RFC 3339 time. A space before the offset is read as `+`.
pub struct DateOrInstant;

impl PartialSchema for DateOrInstant {
    fn schema() -> RefOr<Schema> {
        let text = |format| {
            let format = Some(SchemaFormat::KnownFormat(format));
            Schema::from(ObjectBuilder::new().schema_type(Type::String).format(format).build())
        };
        OneOfBuilder::new()
            .item(text(KnownFormat::Date))
            .item(text(KnownFormat::DateTime))
            .description(Some("A date, or an RFC 3339 time. A space before the offset is read as `+`."))
            .examples(["2026-03-01", "2026-03-01T00:00:00Z"])
            .into()
    }
}

impl ToSchema for DateOrInstant {}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum Encoding {
    Identity,
    Gzip,
    Zstd,
}
