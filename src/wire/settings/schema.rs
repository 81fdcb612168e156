//! What the document says of the weights of signals.

use utoipa::ToSchema;
use utoipa::openapi::{ObjectBuilder, OneOfBuilder, Ref, RefOr, Schema, Type};

use crate::wire::values::Shares;

/// What a signal weighs, and for what.
#[derive(ToSchema)]
#[schema(examples(json!({"weight": 0.599, "loadings": [0.5, 0, 0.5]})))]
pub struct SignalWeight {
    /// In pseudo-counts.
    #[schema(minimum = 0, maximum = 10)]
    pub weight: f64,
    /// The parts of it that go to outcome, process and environment; null or left out: those of the configuration.
    #[schema(required = false)]
    pub loadings: Option<Shares>,
}

/// By their names, the signals to change; null takes one back.
pub struct SignalWeightChanges;

impl utoipa::PartialSchema for SignalWeightChanges {
    fn schema() -> RefOr<Schema> {
        let one = OneOfBuilder::new().item(Ref::from_schema_name(SignalWeight::name()));
        let one = one.item(ObjectBuilder::new().schema_type(Type::Null));
        ObjectBuilder::new().additional_properties(Some(Schema::from(one.build()))).into()
    }
}

impl ToSchema for SignalWeightChanges {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((SignalWeight::name().into_owned(), <SignalWeight as utoipa::PartialSchema>::schema()));
        SignalWeight::schemas(schemas);
    }
}
