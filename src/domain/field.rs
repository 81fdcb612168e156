//! Members of the configuration and of the settings, as an effect tells of their change.

use serde::{Deserialize, Serialize};

use super::message::LanguageCode;
use super::own_settings::{OwnWeight, Parts};
use super::score::Hundredths;
use super::scoring::profile::ScoringModel;

/// One member, by its name in JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    pub name: Box<str>,
    pub before: FieldValue,
    pub after: FieldValue,
}

impl FieldChange {
    /// The change of a field, if it is one. Names in JSON are those of the fields in camel case.
    pub fn of<T: Into<FieldValue>>(field: &str, before: T, after: T) -> Option<Self> {
        let (before, after) = (before.into(), after.into());
        let mut parts = field.split('_');
        let mut name = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (first, rest) = part.split_at(1);
            name.extend([&*first.to_ascii_uppercase(), rest]);
        }
        (before != after).then(|| Self { name: name.into(), before, after })
    }
}

/// A value that a member of the configuration can have. The order of the variants is part of the on-disk format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FieldValue {
    Null,
    Bool(bool),
    Integer(u32),
    Hundredths(Hundredths),
    Text(Box<str>),
    Parts(Parts),
    /// Of a signal.
    Weight(OwnWeight),
}

impl From<bool> for FieldValue {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<u16> for FieldValue {
    fn from(value: u16) -> Self {
        Self::Integer(value.into())
    }
}

impl From<Hundredths> for FieldValue {
    fn from(value: Hundredths) -> Self {
        Self::Hundredths(value)
    }
}

impl From<ScoringModel> for FieldValue {
    fn from(model: ScoringModel) -> Self {
        Self::Text(model.name().into())
    }
}

impl From<LanguageCode> for FieldValue {
    fn from(language: LanguageCode) -> Self {
        Self::Text(language.as_str().into())
    }
}

impl From<Parts> for FieldValue {
    fn from(parts: Parts) -> Self {
        Self::Parts(parts)
    }
}

impl<T: Into<Self>> From<Option<T>> for FieldValue {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
