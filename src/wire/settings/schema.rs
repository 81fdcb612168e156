//! What the document says of the weights of signals.

use utoipa::openapi::{ObjectBuilder, OneOfBuilder, Ref, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::SignalWeight;

/// By their names, the signals to change; null takes one back.
pub struct SignalWeightChanges;

impl PartialSchema for SignalWeightChanges {
    fn schema() -> RefOr<Schema> {
        let one = OneOfBuilder::new().item(Ref::from_schema_name(SignalWeight::name()));
        let one = one.item(ObjectBuilder::new().schema_type(Type::Null));
        ObjectBuilder::new().additional_properties(Some(Schema::from(one.build()))).into()
    }
}

impl ToSchema for SignalWeightChanges {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((SignalWeight::name().into_owned(), SignalWeight::schema()));
        SignalWeight::schemas(schemas);
    }
}
