//! The shape of an event: which members stand in it, still as text. Nothing here recurses: values
//! are captured without being built, however deep they are.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer as _, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::binary::HeaderAttribute;
use super::fault::{Fault, ValuePath};
use super::member::Member;

/// CloudEvents attributes that mean something here, or are common enough to be recognised cheaply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attribute {
    Specversion,
    Id,
    Source,
    Type,
    Time,
    Data,
    DataBase64,
    Datacontenttype,
    Dataschema,
    Subject,
}

impl Attribute {
    const COUNT: usize = Self::Subject as usize + 1;

    pub const fn name(self) -> &'static str {
        match self {
            Self::Specversion => "specversion",
            Self::Id => "id",
            Self::Source => "source",
            Self::Type => "type",
            Self::Time => "time",
            Self::Data => "data",
            Self::DataBase64 => "data_base64",
            Self::Datacontenttype => "datacontenttype",
            Self::Dataschema => "dataschema",
            Self::Subject => "subject",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "specversion" => Self::Specversion,
            "id" => Self::Id,
            "source" => Self::Source,
            "type" => Self::Type,
            "time" => Self::Time,
            "data" => Self::Data,
            "data_base64" => Self::DataBase64,
            "datacontenttype" => Self::Datacontenttype,
            "dataschema" => Self::Dataschema,
            "subject" => Self::Subject,
            _ => return None,
        })
    }
}

/// The members of one event. Reused from event to event.
#[derive(Debug, Default)]
pub(super) struct RawEvent<'a> {
    attributes: [Option<&'a str>; Attribute::COUNT],
    /// Extension attributes: only their names, to find repeated ones.
    extensions: Names<'a>,
    /// Members of `data`, in document order.
    pub members: Vec<(Member, &'a str)>,
    /// Name of the one [`Member::Unknown`] among them.
    pub unknown: Cow<'a, str>,
    /// The first thing that is wrong with the members as such: one is repeated, or no text.
    fault: Option<Fault>,
    /// The attributes came in headers.
    in_headers: bool,
}

impl<'a> RawEvent<'a> {
    /// Reads the members of an event (and of its `data`, if that is an object) from the text of one
    /// JSON value. On a fault, what was found until then is still there.
    pub fn read(&mut self, text: &'a str) -> Result<(), Fault> {
        self.clear();
        parse_object(text, Event { event: self, data_at_once: false })?;
        if let Some(data) = self.attribute(Attribute::Data).filter(|data| data.starts_with('{')) {
            parse_object(data, Data(self))?;
        }
        self.check()
    }

    fn clear(&mut self) {
        self.attributes = [None; Attribute::COUNT];
        self.extensions.clear();
        self.members.clear();
        self.unknown = Cow::Borrowed("");
        self.fault = None;
        self.in_headers = false;
    }

    /// Takes the attributes from headers (R4.1b). `data`: the body, one JSON value or nothing.
    pub fn read_binary(&mut self, headers: &'a [HeaderAttribute], data: &'a str) -> Result<(), Fault> {
        self.clear();
        self.in_headers = true;
        for HeaderAttribute { attribute, raw } in headers {
            let place = self.place(*attribute);
            let Some(raw) = raw else {
                self.note(|| Fault::invalid(place, "is not percent-encoded UTF-8"));
                continue;
            };
            if self.attributes[*attribute as usize].replace(raw).is_some() {
                self.note(|| Fault::duplicate(place));
            }
        }
        if data.starts_with('{') {
            parse_object(data, Data(self))?;
        }
        self.attributes[Attribute::Data as usize] = Some(data).filter(|data| !data.is_empty());
        self.check()
    }

    /// Where an attribute stands, or should stand.
    pub fn place(&self, attribute: Attribute) -> ValuePath<'static> {
        match attribute {
            Attribute::Data | Attribute::DataBase64 => ValuePath::Attribute(attribute.name()),
            _ if self.in_headers => ValuePath::Header(attribute.name()),
            _ => ValuePath::Attribute(attribute.name()),
        }
    }

    fn note(&mut self, fault: impl FnOnce() -> Fault) {
        self.fault.get_or_insert_with(fault);
    }

    /// Whether the members are well-formed as such.
    fn check(&mut self) -> Result<(), Fault> {
        self.fault.take().map_or(Ok(()), Err)
    }

    /// The text of an attribute; an attribute that is null is absent (CloudEvents' JSON format).
    pub fn attribute(&self, attribute: Attribute) -> Option<&'a str> {
        self.attributes[attribute as usize].filter(|raw| *raw != "null")
    }
}

fn parse_object<'a, V: Visitor<'a, Value = ()>>(text: &'a str, visitor: V) -> Result<(), Fault> {
    if !text.trim_ascii_start().starts_with('{') {
        let valid = serde_json::from_str::<&RawValue>(text).is_ok();
        return Err(Fault::malformed(if valid { "An event must be a JSON object." } else { "The event is not JSON." }));
    }
    let mut json = serde_json::Deserializer::from_str(text);
    // The parser's message is not used, since it may quote the event.
    (&mut json)
        .deserialize_map(visitor)
        .and_then(|()| json.end())
        .map_err(|e| Fault::malformed(format!("The event is not JSON: error at column {}.", e.column())))
}

/// Fills in the attributes.
struct Event<'r, 'a> {
    event: &'r mut RawEvent<'a>,
    /// Read `data` in the same pass; it is an error then that it is no object.
    data_at_once: bool,
}

impl<'a> Visitor<'a> for Event<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        let event = self.event;
        while let Some(name) = map.next_key_seed(Name)? {
            let attribute = Attribute::from_name(&name);
            let raw = if self.data_at_once && attribute == Some(Attribute::Data) {
                map.next_value_seed(Data(event))?;
                "{}"
            } else {
                map.next_value::<&RawValue>()?.get()
            };
            let repeated = match attribute {
                Some(attribute) => event.attributes[attribute as usize].replace(raw).is_some(),
                None => !event.extensions.insert(name.clone()),
            };
            if repeated {
                event.note(|| Fault::duplicate(ValuePath::Attribute(&name)));
            }
        }
        Ok(())
    }
}

/// Fills in the members of `data`.
struct Data<'r, 'a>(&'r mut RawEvent<'a>);

impl<'a> Visitor<'a> for Data<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        let event = self.0;
        let mut seen = 0_u32;
        while let Some(name) = map.next_key_seed(Name)? {
            let raw = map.next_value::<&RawValue>()?.get();
            let member = Member::from_name(&name);
            let repeated = seen & member.bit() != 0;
            seen |= member.bit();
            match (member, repeated) {
                // One unknown name is enough to reject the event.
                (Member::Unknown, true) => {}
                (Member::Unknown, false) => {
                    event.members.push((member, raw));
                    event.unknown = name;
                }
                (_, false) => event.members.push((member, raw)),
                (_, true) => event.note(|| Fault::duplicate(ValuePath::Data(member.name()))),
            }
        }
        Ok(())
    }
}

impl<'a> DeserializeSeed<'a> for Data<'_, 'a> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'a> DeserializeSeed<'a> for Event<'_, 'a> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

/// The name of a member, borrowed where nothing in it was escaped.
struct Name;

impl<'a> DeserializeSeed<'a> for Name {
    type Value = Cow<'a, str>;

    fn deserialize<D: serde::Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'a> Visitor<'a> for Name {
    type Value = Cow<'a, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'a str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

/// Names seen so far: a list while they are few (nearly always none), then a set, so that the work grows with the
/// event's length alone.
#[derive(Debug, Default)]
struct Names<'a> {
    few: Vec<Cow<'a, str>>,
    many: HashSet<Cow<'a, str>>,
}

impl<'a> Names<'a> {
    const FEW: usize = 16;

    fn clear(&mut self) {
        self.few.clear();
        // Not `clear`: that would walk a large table again for every later event.
        self.many = HashSet::new();
    }

    /// False if it was there.
    fn insert(&mut self, name: Cow<'a, str>) -> bool {
        if self.few.contains(&name) {
            return false;
        }
        if self.few.len() < Self::FEW {
            self.few.push(name);
            return true;
        }
        self.many.insert(name)
    }
}

/// Hands the elements of a JSON array on, one after the other, until `each` says stop (an error
/// too). Elements before a syntax error are handed on.
pub(super) fn each_element<'a>(text: &'a str, each: impl FnMut(&'a RawValue) -> bool) -> Result<(), serde_json::Error> {
    let mut json = serde_json::Deserializer::from_str(text);
    (&mut json).deserialize_seq(Elements(each))?;
    json.end()
}

struct Elements<F>(F);

impl<'a, F: FnMut(&'a RawValue) -> bool> Visitor<'a> for Elements<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'a>>(mut self, mut seq: A) -> Result<(), A::Error> {
        while let Some(element) = seq.next_element::<&RawValue>()? {
            if !(self.0)(element) {
                return Err(A::Error::custom("more elements than allowed"));
            }
        }
        Ok(())
    }
}

/// Reads a JSON array of events in a single pass, for the usual case that each element and its
/// `data` are objects. Anything else is an error, of which only the slower way
/// ([`each_element`] and [`RawEvent::read`]) can say whom it concerns.
pub(super) fn each_event<'a>(
    text: &'a str,
    event: &mut RawEvent<'a>,
    each: impl FnMut(&RawEvent<'a>, Result<(), Fault>) -> bool,
) -> Result<(), serde_json::Error> {
    let mut json = serde_json::Deserializer::from_str(text);
    (&mut json).deserialize_seq(Events { event, each })?;
    json.end()
}

struct Events<'r, 'a, F> {
    event: &'r mut RawEvent<'a>,
    each: F,
}

impl<'a, F: FnMut(&RawEvent<'a>, Result<(), Fault>) -> bool> Visitor<'a> for Events<'_, 'a, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of events")
    }

    fn visit_seq<A: SeqAccess<'a>>(mut self, mut seq: A) -> Result<(), A::Error> {
        loop {
            self.event.clear();
            if seq.next_element_seed(Event { event: self.event, data_at_once: true })?.is_none() {
                return Ok(());
            }
            let shape = self.event.check();
            if !(self.each)(self.event, shape) {
                return Err(A::Error::custom("more elements than allowed"));
            }
        }
    }
}
