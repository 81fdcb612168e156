//! Bodies of requests: JSON objects that are read member by member, with every fault at once (R2.7, R2.9).

mod value;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::ops::RangeInclusive;

use serde::Deserializer as _;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use self::value::{Read, boolean, elements, hundredths, integer, one_of, parts, real, score, typed};
use super::failure::{Fault, Faults};
use crate::domain::ids::{Id, IdKind, parse_id};
use crate::domain::score::Hundredths;
use crate::domain::scoring::profile::ScoringModel;
use crate::domain::time::{Millis, parse_rfc3339};

/// What the members of a body may be held to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The server's time.
    pub now: Millis,
    /// The workspace of the path, where it names one.
    pub workspace: Option<Id>,
    /// Whether targets of requests may be plain HTTP, and lie in private networks.
    pub private_targets: bool,
    /// What a change of settings has to fit.
    pub in_force: Option<InForce>,
}

/// Settings of the side that are in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InForce {
    pub model: ScoringModel,
    /// The model where none is set.
    pub configured_model: ScoringModel,
    pub retention_days: u16,
}

/// The body of a request.
pub trait Body: Sized {
    /// Takes its members; what is wrong with them stays in `fields`.
    fn read(fields: &mut Fields<'_>, asked: Asked) -> Self;
}

/// Takes no fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ToSchema)]
#[schema(examples(json!({})), max_properties = 0)]
pub struct Nothing {}

impl Body for Nothing {
    fn read(_: &mut Fields<'_>, _: Asked) -> Self {
        Self {}
    }
}

/// Why a body is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyError {
    /// It is not JSON.
    Malformed,
    /// Everything that is wrong with it.
    Faults(Vec<Fault>),
}

/// Reads all of a body.
pub fn read<T: Body>(body: &[u8], asked: Asked) -> Result<T, BodyError> {
    let mut fields = Fields::parse(body)?;
    let read = T::read(&mut fields, asked);
    fields.finish().map(|()| read)
}

/// Members of a body that are kept. No body has nearly as many fields, so what is beyond is unknown.
const MEMBERS: usize = 1_000;

/// The members that were not asked for yet, and the faults so far.
#[derive(Default)]
pub struct Fields<'a> {
    members: BTreeMap<String, &'a RawValue>,
    faults: Faults,
}

impl<'a> Fields<'a> {
    /// Refuses what is not JSON, or not an object. Values are not looked into here, so depth costs no stack.
    fn parse(body: &'a [u8]) -> Result<Self, BodyError> {
        let whole: &RawValue = serde_json::from_slice(body).map_err(|_| BodyError::Malformed)?;
        Self::of_object(whole.get()).map_err(|error| {
            error.map_or(BodyError::Malformed, |error| {
                BodyError::Faults(vec![Fault { pointer: String::new(), error: error.into() }])
            })
        })
    }

    /// The members of an object; of what is none, why not, as far as it is JSON.
    fn of_object(text: &'a str) -> Result<Self, Option<&'static str>> {
        if !text.starts_with('{') {
            return Err(Some("must be an object"));
        }
        serde_json::Deserializer::from_str(text).deserialize_map(Members).map_err(|_| None)
    }

    fn add(&mut self, name: String, value: &'a RawValue) {
        let full = self.members.len() == MEMBERS;
        match self.members.entry(name) {
            Entry::Vacant(free) if full => self.faults.push(|| unknown(free.key())),
            Entry::Vacant(free) => drop(free.insert(value)),
            Entry::Occupied(taken) => self.faults.push(|| Fault::at(taken.key(), "must not be repeated")),
        }
    }

    /// Refuses if anything was wrong, or if a member was not asked for.
    fn finish(self) -> Result<(), BodyError> {
        let faults = self.into_faults();
        if faults.count() == 0 { Ok(()) } else { Err(BodyError::Faults(faults.into_details())) }
    }

    /// What was wrong; members that were not asked for are.
    fn into_faults(mut self) -> Faults {
        self.members.keys().for_each(|name| self.faults.push(|| unknown(name)));
        self.faults
    }

    /// The names of the members that were not asked for yet.
    pub fn names(&self) -> Vec<String> {
        self.members.keys().cloned().collect()
    }

    /// Adds a fault that reading alone does not show.
    pub fn fault(&mut self, name: &str, error: &'static str) {
        self.faults.push(|| Fault::at(name, error));
    }

    /// Whether the member was sent, and not asked for yet.
    pub fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// Takes a member whatever it is.
    pub fn pass_over(&mut self, name: &str) {
        self.members.remove(name);
    }

    fn read<T>(&mut self, name: &str, read: impl FnOnce(&'a str) -> Read<T>) -> Option<T> {
        let value = self.members.remove(name)?;
        match read(value.get()) {
            Ok(value) => Some(value),
            Err(error) => {
                self.faults.push(|| Fault::at(name, error));
                None
            }
        }
    }

    /// As a reader of one kind; a missing member is a fault.
    pub fn required<T>(&mut self, name: &str, read: impl FnOnce(&mut Self, &str) -> Option<T>) -> Option<T> {
        if !self.has(name) {
            self.fault(name, "is required");
            return None;
        }
        read(self, name)
    }

    pub fn boolean(&mut self, name: &str) -> Option<bool> {
        self.read(name, boolean)
    }

    /// A text of `min` to `max` characters.
    pub fn text(&mut self, name: &str, min: usize, max: usize) -> Option<String> {
        self.read(name, |text| {
            let value: String = typed(text, "must be a string")?;
            if (min..=max).contains(&value.chars().count()) {
                Ok(value)
            } else if min == 0 {
                Err(format!("must have at most {max} characters"))
            } else {
                Err(format!("must have {min} to {max} characters"))
            }
        })
    }

    /// A text that `read` makes something of.
    pub fn text_as<T>(&mut self, name: &str, read: impl FnOnce(String) -> Result<T, String>) -> Option<T> {
        self.read(name, |text| read(typed(text, "must be a string")?))
    }

    /// One of these names.
    pub fn one_of<T: Copy>(&mut self, name: &str, known: &[(&str, T)]) -> Option<T> {
        self.read(name, |text| one_of(text, known))
    }

    /// As [`one_of`](Self::one_of), or null.
    pub fn nullable_one_of<T: Copy>(&mut self, name: &str, known: &[(&str, T)]) -> Option<Option<T>> {
        self.nullable(name, |text| one_of(text, known))
    }

    pub fn integer(&mut self, name: &str, min: u16, max: u16) -> Option<u16> {
        self.read(name, |text| integer(text, min, max))
    }

    /// A number from 1 to 5 in steps of 0.01.
    pub fn score(&mut self, name: &str) -> Option<Hundredths> {
        self.read(name, score)
    }

    /// As [`Self::score`]; `null` is a value, as in all that follow.
    pub fn nullable_score(&mut self, name: &str) -> Option<Option<Hundredths>> {
        self.nullable(name, score)
    }

    /// A number from 0 to 1 in steps of 0.01.
    pub fn nullable_rate(&mut self, name: &str) -> Option<Option<Hundredths>> {
        self.nullable(name, |text| hundredths(text, Hundredths(0), Hundredths(100)))
    }

    pub fn nullable_integer(&mut self, name: &str, min: u16, max: u16) -> Option<Option<u16>> {
        self.nullable(name, |text| integer(text, min, max))
    }

    pub fn nullable_boolean(&mut self, name: &str) -> Option<Option<bool>> {
        self.nullable(name, boolean)
    }

    /// A number within `range`.
    pub fn number(&mut self, name: &str, range: RangeInclusive<f64>) -> Option<f64> {
        self.read(name, |text| real(text, &range))
    }

    /// Three parts of a whole, of which only the ratio counts.
    pub fn nullable_parts(&mut self, name: &str) -> Option<Option<[f64; 3]>> {
        self.nullable(name, parts)
    }

    /// An object whose members `read` takes; what is wrong with them is pointed at within it.
    pub fn object<T>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let mut members = self.read(name, |text| {
            Self::of_object(text).map_err(|error| error.unwrap_or("must be an object").to_owned())
        })?;
        let value = read(&mut members);
        let faults = members.into_faults();
        let is_fine = faults.count() == 0;
        self.faults.append(name, faults);
        is_fine.then_some(value)
    }

    /// As [`object`](Self::object), or null.
    pub fn nullable_object<T>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> T) -> Option<Option<T>> {
        if self.members.get(name).is_some_and(|value| value.get() == "null") {
            self.pass_over(name);
            return Some(None);
        }
        self.object(name, read).map(Some)
    }

    /// What `read` makes of a member that may be null.
    pub fn nullable<T>(&mut self, name: &str, read: impl FnOnce(&str) -> Read<T>) -> Option<Option<T>> {
        self.read(name, |text| if text == "null" { Ok(None) } else { read(text).map(Some) })
    }

    pub fn id(&mut self, name: &str, kind: IdKind) -> Option<Id> {
        self.parsed(name, |text| parse_id(kind, text))
    }

    /// An RFC 3339 time.
    pub fn instant(&mut self, name: &str) -> Option<Millis> {
        self.parsed(name, parse_rfc3339)
    }

    /// What `parse` makes of a text; its error fits behind the name of the field.
    pub fn parsed<T, E: ToString>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        self.read(name, |text| {
            let value: String = typed(text, "must be a string")?;
            parse(&value).map_err(|why| why.to_string())
        })
    }

    /// An array of at most `most` elements; faults of its elements point at them. One that is longer is refused
    /// before any of them is looked at.
    pub fn list<T>(&mut self, name: &str, most: usize, read: impl Fn(&str) -> Result<T, String>) -> Option<Vec<T>> {
        let elements = self.read(name, |text| elements(text, most))?;
        let before = self.faults.count();
        let mut values = Vec::with_capacity(elements.len());
        for (index, element) in elements.iter().enumerate() {
            match read(element.get()) {
                Ok(value) => values.push(value),
                Err(error) => self.faults.push(|| Fault { pointer: format!("/{name}/{index}"), error: error.into() }),
            }
        }
        (self.faults.count() == before).then_some(values)
    }
}

fn unknown(name: &str) -> Fault {
    Fault::at(name, "is not a known field")
}

/// Takes in the members of an object in their order, repeated ones included.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Fields::default();
        while let Some((name, value)) = map.next_entry()? {
            fields.add(name, value);
        }
        Ok(fields)
    }
}

#[cfg(test)]
mod tests;
