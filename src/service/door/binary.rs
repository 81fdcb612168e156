//! CloudEvents' binary content mode (R4.1b): the attributes of one event are headers, its `data` is the body.

use percent_encoding::percent_decode;

use super::envelope::Attribute;

/// A `ce-` header of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventHeader {
    /// In lower case, without `ce-`.
    pub name: Box<str>,
    pub value: Box<[u8]>,
}

impl EventHeader {
    /// Whether a request that has it is an event in binary mode: proxies add other `ce-` headers to anything.
    fn makes_an_event(&self) -> bool {
        use Attribute::{Id, Source, Specversion, Type};
        matches!(Attribute::from_name(&self.name), Some(Specversion | Id | Source | Type))
    }
}

/// Whether the headers say that the body is the `data` of an event.
pub(super) fn is_binary(headers: &[EventHeader]) -> bool {
    headers.iter().any(EventHeader::makes_an_event)
}

/// An attribute that is read from a header.
#[derive(Debug)]
pub(super) struct HeaderAttribute {
    pub attribute: Attribute,
    /// A text in JSON; `None` where the header is not UTF-8.
    pub raw: Option<String>,
}

/// The attributes that mean something, in the order of the headers.
pub(super) fn attributes(headers: &[EventHeader]) -> Vec<HeaderAttribute> {
    let read = |header: &EventHeader| {
        use Attribute::{Id, Source, Specversion, Time, Type};
        let attribute = Attribute::from_name(&header.name)?;
        let means = matches!(attribute, Specversion | Id | Source | Type | Time);
        means.then(|| HeaderAttribute { attribute, raw: decode(&header.value) })
    };
    headers.iter().filter_map(read).collect()
}

/// Undoes double quotes around the value, then percent-encoding (CloudEvents' HTTP binding, 3.1.3.2). A `%` that begins
/// no escape stays: not every client encodes it.
fn decode(value: &[u8]) -> Option<String> {
    let quoted = value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
    let unquoted = quoted.map(|inner| {
        let mut escaped = false;
        let kept = inner.iter().filter(|byte| {
            escaped = !escaped && **byte == b'\\';
            !escaped
        });
        kept.copied().collect::<Vec<_>>()
    });
    let text = percent_decode(unquoted.as_deref().unwrap_or(value)).decode_utf8().ok()?;
    serde_json::to_string(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r4_1b_values_are_unquoted_and_percent_decoded() {
        let read = |value: &str| decode(value.as_bytes()).map(|raw| serde_json::from_str::<String>(&raw).unwrap());
        for (value, text) in [
            ("helpdesk", "helpdesk"),
            ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"),
            ("%E2%82%ac", "€"),
            ("€", "€"),
            ("100%", "100%"),
            ("%zz%2", "%zz%2"),
            ("%2541", "%41"),
            (r#""a \"b\" \\ c%20d""#, r#"a "b" \ c d"#),
            ("say \"hi\"", "say \"hi\""),
            ("\"", "\""),
            ("a+b", "a+b"),
        ] {
            assert_eq!(read(value).as_deref(), Some(text), "{value}");
        }
        assert_eq!(decode(b"%ff"), None);
        assert_eq!(decode(b"\xff"), None);
    }
}
