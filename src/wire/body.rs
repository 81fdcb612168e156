//! Bodies of requests: JSON objects that are read member by member, with every fault at once (R2.7, R2.9).

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use serde::Deserializer as _;
use serde::de::{DeserializeOwned, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::failure::{Fault, Faults};
use super::number::{self, Decimal, NotInteger};
use crate::domain::ids::{Id, IdKind, parse_id};
use crate::domain::score::Hundredths;
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

/// What a member of a field's type may be besides.
type Read<T> = Result<T, String>;

impl<'a> Fields<'a> {
    /// Refuses what is not JSON, or not an object. Values are not looked into here, so depth costs no stack.
    fn parse(body: &'a [u8]) -> Result<Self, BodyError> {
        let whole: &RawValue = serde_json::from_slice(body).map_err(|_| BodyError::Malformed)?;
        if !whole.get().starts_with('{') {
            let error = "must be an object".into();
            return Err(BodyError::Faults(vec![Fault { pointer: String::new(), error }]));
        }
        let mut reader = serde_json::Deserializer::from_str(whole.get());
        reader.deserialize_map(Members).map_err(|_| BodyError::Malformed)
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
    fn finish(mut self) -> Result<(), BodyError> {
        self.members.keys().for_each(|name| self.faults.push(|| unknown(name)));
        if self.faults.count() == 0 { Ok(()) } else { Err(BodyError::Faults(self.faults.into_details())) }
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
        self.read(name, |text| {
            let sent: String = typed(text, "must be a string")?;
            let found = known.iter().find(|(name, _)| *name == sent);
            found.map(|(_, value)| *value).ok_or_else(|| {
                let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
                format!("must be one of {}", names.join(", "))
            })
        })
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

    fn nullable<T>(&mut self, name: &str, read: impl FnOnce(&str) -> Read<T>) -> Option<Option<T>> {
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

/// The elements of an array that has no more than `most`.
fn elements(text: &str, most: usize) -> Read<Vec<&RawValue>> {
    let (mut found, mut reader) = (Vec::new(), serde_json::Deserializer::from_str(text));
    let read = reader.deserialize_seq(Elements { found: &mut found, most });
    if found.len() > most {
        return Err(format!("must have at most {most} elements"));
    }
    read.map(|()| found).map_err(|_| "must be an array".to_owned())
}

fn typed<T: DeserializeOwned>(text: &str, complaint: &'static str) -> Read<T> {
    serde_json::from_str(text).map_err(|_| complaint.to_owned())
}

fn is_number(text: &str) -> bool {
    text.starts_with(|first: char| first == '-' || first.is_ascii_digit())
}

fn boolean(text: &str) -> Read<bool> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("must be true or false".into()),
    }
}

fn integer(text: &str, min: u16, max: u16) -> Read<u16> {
    if !is_number(text) {
        return Err("must be an integer".into());
    }
    number::integer(text, min..=max).map_err(|why| match why {
        NotInteger::Form => "must be an integer".into(),
        NotInteger::Range => format!("must be between {min} and {max}"),
    })
}

fn score(text: &str) -> Read<Hundredths> {
    hundredths(text, Hundredths::MIN_SCORE, Hundredths::MAX_SCORE)
}

fn hundredths(text: &str, min: Hundredths, max: Hundredths) -> Read<Hundredths> {
    if !is_number(text) {
        return Err("must be a number".into());
    }
    match number::hundredths(text, min.0..=max.0) {
        Decimal::Hundredths(value) => Ok(Hundredths(value)),
        Decimal::OutOfRange => Err(format!("must be between {min} and {max}")),
        Decimal::NotAStep => Err("must be in steps of 0.01".into()),
    }
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

/// Collects the elements of an array, up to one too many.
struct Elements<'f, 'de> {
    found: &'f mut Vec<&'de RawValue>,
    most: usize,
}

impl<'de> Visitor<'de> for Elements<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while self.found.len() <= self.most
            && let Some(element) = seq.next_element()?
        {
            self.found.push(element);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(result: Result<(), BodyError>) -> Vec<(String, String)> {
        let BodyError::Faults(faults) = result.unwrap_err() else { panic!("it is JSON") };
        faults.into_iter().map(|fault| (fault.pointer, fault.error.into_owned())).collect()
    }

    #[test]
    fn r2_9_unknown_and_repeated_members_are_named_all_at_once() {
        let mut fields = Fields::parse(br#"{"a/b": 1, "name": "", "note": 3, "name": "x", "~": null}"#).unwrap();
        assert_eq!(fields.text("name", 1, 5), None);
        assert_eq!(fields.text("note", 0, 5), None);
        assert_eq!(fields.required("tenant", |f, n| f.text(n, 1, 5)), None);
        let expected = [
            ("/name", "must not be repeated"),
            ("/name", "must have 1 to 5 characters"),
            ("/note", "must be a string"),
            ("/tenant", "is required"),
            ("/a~1b", "is not a known field"),
            ("/~0", "is not a known field"),
        ];
        let mut actual = faults(fields.finish());
        actual.sort();
        let mut expected = expected.map(|(pointer, error)| (pointer.to_owned(), error.to_owned()));
        expected.sort();
        assert_eq!(actual, expected);
    }

    #[test]
    fn r2_7_what_is_not_an_object() {
        let whole = BodyError::Faults(vec![Fault { pointer: String::new(), error: "must be an object".into() }]);
        for body in ["[]", "1", " \"x\""] {
            assert_eq!(read::<Nothing>(body.as_bytes(), Asked::default()), Err(whole.clone()), "{body}");
        }
        for body in [&b""[..], b"{", b"{\"a\":NaN}", b"{} {}", b"{\"a\":\"\xff\"}", b"{\"a\":01}"] {
            let shown = String::from_utf8_lossy(body);
            assert_eq!(read::<Nothing>(body, Asked::default()), Err(BodyError::Malformed), "{shown}");
        }
    }

    #[test]
    fn r2_7_what_many_members_and_long_arrays_cost_is_bounded() {
        let names = (0..5_000).map(|n| format!("\"{n:04}\":1")).collect::<Vec<_>>().join(",");
        let body = format!("{{{names}}}");
        let fields = Fields::parse(body.as_bytes()).map_err(drop).unwrap();
        assert_eq!(fields.members.len(), MEMBERS);
        let found = faults(fields.finish());
        assert_eq!((found.len(), found[100].clone()), (101, (String::new(), "and 4900 more".to_owned())));

        let body = format!("{{\"list\":[{}]}}", vec!["1"; 500_000].join(","));
        let mut fields = Fields::parse(body.as_bytes()).map_err(drop).unwrap();
        let read = |_: &str| -> Result<(), String> { panic!("no element is looked at") };
        assert_eq!(fields.list("list", 9, read), None);
        assert_eq!(faults(fields.finish()), [("/list".to_owned(), "must have at most 9 elements".to_owned())]);
    }

    #[test]
    fn r2_7_depth_costs_no_stack() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert!(matches!(Fields::parse(deep.as_bytes()), Err(BodyError::Faults(_))));
        let body = format!(r#"{{"note": {deep}, "list": {deep}}}"#);
        let mut fields = Fields::parse(body.as_bytes()).unwrap();
        fields.text("note", 0, 5);
        fields.list("list", 9, |text| typed::<String>(text, "must be a string"));
        assert_eq!(faults(fields.finish()).len(), 2);
    }

    #[test]
    fn r2_2_ids_and_times_in_bodies() {
        let body = br#"{"id": "urn:uuid:0191b5a2-7c3e-7d11-9f00-0123456789ab", "at": "2026-02-30T00:00:00Z", "list": ["a", 1]}"#;
        let mut fields = Fields::parse(body).unwrap();
        fields.id("id", IdKind::Workspace);
        fields.instant("at");
        fields.list("list", 9, |text| typed::<String>(text, "must be a string"));
        let pointers: Vec<_> = faults(fields.finish()).into_iter().map(|(pointer, _)| pointer).collect();
        assert_eq!(pointers, ["/id", "/at", "/list/1"]);
    }
}
