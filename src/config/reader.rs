//! Reads options out of the layers: type, range, default. Collects all faults, and the values in force.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use super::source::{Fault, Layers, Leaf, Source, Value};
use crate::domain::scoring::catalogue::shares;

/// An option with its value in force, and where that comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Effective {
    pub key: String,
    /// Formatted as TOML; a secret is masked.
    pub value: String,
    pub source: Source,
}

/// Hands out options. A key that was never asked for is unknown.
pub struct Reader {
    layers: Layers,
    known: BTreeSet<String>,
    faults: Vec<Fault>,
    effective: Vec<Effective>,
    /// Whether options that are not present go unrecorded: in overrides, where the default is the value of another
    /// section.
    pub only_written: bool,
}

impl Reader {
    pub fn new(layers: Layers, faults: Vec<Fault>) -> Self {
        Self { layers, known: BTreeSet::new(), faults, effective: Vec::new(), only_written: false }
    }

    /// Whole number within `range`.
    pub fn integer<T>(&mut self, key: &str, range: RangeInclusive<T>, default: T) -> T
    where
        T: Copy + Into<u64> + TryFrom<u64>,
    {
        let (low, high): (u64, u64) = ((*range.start()).into(), (*range.end()).into());
        let default_shown = Value::Integer(default.into().cast_signed());
        let expected = format!("a whole number from {low} to {high}");
        self.option(key, default, default_shown, &expected, |leaf| match leaf.value {
            Value::Integer(number) => {
                u64::try_from(number).ok().filter(|n| (low..=high).contains(n)).and_then(|n| T::try_from(n).ok())
            }
            _ => None,
        })
    }

    /// Number within `range`.
    pub fn number(&mut self, key: &str, range: RangeInclusive<f64>, default: f64) -> f64 {
        let expected = format!("a number from {} to {}", range.start(), range.end());
        self.option(key, default, Value::Float(default), &expected, |leaf| {
            number(&leaf.value).filter(|n| range.contains(n))
        })
    }

    /// Three numbers, each within `range`.
    pub fn three(&mut self, key: &str, range: RangeInclusive<f64>, default: [f64; 3]) -> [f64; 3] {
        let expected = format!("three numbers from {} to {}", range.start(), range.end());
        let shown = Value::List(default.map(Value::Float).into());
        self.option(key, default, shown, &expected, |leaf| {
            three(&leaf.value).filter(|a| a.iter().all(|n| range.contains(n)))
        })
    }

    /// Three parts of a whole: not negative, not all 0. Only their ratio counts.
    pub fn parts(&mut self, key: &str, default: [f64; 3]) -> [f64; 3] {
        let shown = Value::List(default.map(Value::Float).into());
        let expected = "three numbers that are not negative and not all 0";
        self.option(key, default, shown, expected, |leaf| shares(three(&leaf.value)?))
    }

    /// A text that `check` accepts; `expected` says which those are.
    pub fn text(&mut self, key: &str, default: &str, expected: &str, check: impl Fn(&str) -> bool) -> Box<str> {
        self.option(key, default.into(), Value::Text(default.into()), expected, |leaf| {
            text(leaf).filter(|text| check(text)).map(Into::into)
        })
    }

    /// A text that reads as a `T`.
    pub fn parsed<T: FromStr + Display>(&mut self, key: &str, default: T, expected: &str) -> T {
        let shown = Value::Text(default.to_string());
        self.option(key, default, shown, expected, |leaf| text(leaf)?.parse().ok())
    }

    /// One of the names.
    pub fn choice<T: Copy>(&mut self, key: &str, names: &[(&str, T)], default: usize) -> T {
        let (name, value) = names[default];
        let list: Vec<_> = names.iter().map(|(name, _)| format!("{name:?}")).collect();
        self.option(key, value, Value::Text(name.into()), &format!("one of {}", list.join(", ")), |leaf| {
            let given = text(leaf)?;
            names.iter().find(|(name, _)| *name == given).map(|(_, value)| *value)
        })
    }

    pub fn flag(&mut self, key: &str, default: bool) -> bool {
        self.option(key, default, Value::Bool(default), "true or false", flag)
    }

    /// A text, or none.
    pub fn optional_text(&mut self, key: &str) -> Option<String> {
        self.written(key, "a text", |leaf| text(leaf).map(str::to_owned))
    }

    /// True, false, or none.
    pub fn optional_flag(&mut self, key: &str) -> Option<bool> {
        self.written(key, "true or false", flag)
    }

    /// A list of texts, or none.
    pub fn optional_texts(&mut self, key: &str) -> Option<Vec<Box<str>>> {
        self.written(key, "a list of texts", |leaf| match &leaf.value {
            Value::List(items) => items
                .iter()
                .map(|item| if let Value::Text(text) = item { Some(text.as_str().into()) } else { None })
                .collect(),
            _ => None,
        })
    }

    /// A list of texts that `check` accepts, empty where nothing is written.
    pub fn texts(&mut self, key: &str, expected: &str, check: impl Fn(&str) -> bool) -> Vec<Box<str>> {
        self.option(key, Vec::new(), Value::List(Vec::new()), expected, |leaf| match &leaf.value {
            Value::List(items) => items
                .iter()
                .map(|item| if let Value::Text(text) = item { Some(text.as_str()) } else { None })
                .map(|text| text.filter(|text| check(text)).map(Into::into))
                .collect(),
            _ => None,
        })
    }

    /// Whether the option is present in a layer.
    pub fn is_written(&self, key: &str) -> bool {
        self.layers.leaves.contains_key(key)
    }

    /// The text of a key, if it is one. Does not count as asking for the option: an unknown key stays unknown.
    pub fn written_text(&self, key: &str) -> Option<&str> {
        text(self.layers.leaves.get(key)?)
    }

    /// The names under `prefix`, which are the user's to choose.
    pub fn children(&mut self, prefix: &str) -> BTreeSet<String> {
        self.known.insert(format!("{prefix}."));
        let start = format!("{prefix}.");
        let keys = self.layers.leaves.keys().chain(self.layers.tables.keys());
        let names = keys.filter_map(|key| key.strip_prefix(&start)?.split('.').next());
        names.map(str::to_owned).collect()
    }

    /// A fault of the option, or of the section of that name.
    pub fn fault(&mut self, key: &str, message: impl Display) {
        let source = self.source_of(key);
        self.faults.push(Fault { source, message: format!("{key}: {message}") });
    }

    /// All values in force, in the order in which they were asked for; or all faults.
    pub fn finish(mut self) -> Result<Vec<Effective>, Vec<Fault>> {
        for (key, leaf) in &self.layers.leaves {
            if !self.known.contains(key) {
                self.faults.push(Fault { source: leaf.source.clone(), message: format!("{key}: unknown key") });
            }
        }
        for (table, source) in &self.layers.tables {
            let start = format!("{table}.");
            let used = self.known.range(start.clone()..).next().is_some_and(|key| key.starts_with(&start));
            let told = self.layers.leaves.keys().any(|key| key.starts_with(&start));
            if !used && !told {
                self.faults.push(Fault { source: source.clone(), message: format!("{table}: unknown section") });
            }
        }
        if self.faults.is_empty() { Ok(self.effective) } else { Err(self.faults) }
    }

    fn source_of(&self, key: &str) -> Source {
        let exact = self.layers.leaves.get(key).map(|leaf| &leaf.source).or_else(|| self.layers.tables.get(key));
        let start = format!("{key}.");
        let below = || self.layers.leaves.iter().find(|(k, _)| k.starts_with(&start)).map(|(_, leaf)| &leaf.source);
        exact.or_else(below).cloned().unwrap_or(Source::Default)
    }

    fn option<T>(
        &mut self,
        key: &str,
        default: T,
        default_shown: Value,
        expected: &str,
        read: impl Fn(&Leaf) -> Option<T>,
    ) -> T {
        if let Some(value) = self.written(key, expected, read) {
            return value;
        }
        if !self.only_written && !self.is_written(key) {
            self.record(key, &default_shown, Source::Default);
        }
        default
    }

    /// The option, if it is present and valid; a fault if it is not valid.
    fn written<T>(&mut self, key: &str, expected: &str, read: impl Fn(&Leaf) -> Option<T>) -> Option<T> {
        self.known.insert(key.to_owned());
        let leaf = self.layers.leaves.get(key)?.clone();
        let value = read(&leaf);
        if value.is_none() {
            let found = if is_secret(key) { "what is there".to_owned() } else { leaf.value.to_string() };
            let message = format!("{key}: {expected} is expected, not {found}");
            self.faults.push(Fault { source: leaf.source, message });
        } else {
            let shown = match (&leaf.raw, &leaf.value) {
                (Some(raw), Value::Text(_)) => Value::Text(raw.clone()),
                _ => leaf.value,
            };
            self.record(key, &shown, leaf.source);
        }
        value
    }

    fn record(&mut self, key: &str, value: &Value, source: Source) {
        let value = if is_secret(key) { "\"***\"".to_owned() } else { value.to_string() };
        self.effective.push(Effective { key: key.to_owned(), value, source });
    }
}

/// Whether an option's value must not be shown (R10.8).
fn is_secret(key: &str) -> bool {
    let name = key.rsplit('.').next().unwrap_or(key);
    ["secret", "password", "token", "api_key", "smtp_url"].iter().any(|word| name.ends_with(word))
}

fn flag(leaf: &Leaf) -> Option<bool> {
    match leaf.value {
        Value::Bool(value) => Some(value),
        _ => None,
    }
}

fn text(leaf: &Leaf) -> Option<&str> {
    match (&leaf.raw, &leaf.value) {
        (_, Value::Text(text)) => Some(text),
        (Some(raw), _) => Some(raw),
        (None, _) => None,
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    }
}

fn three(value: &Value) -> Option<[f64; 3]> {
    let Value::List(items) = value else { return None };
    let numbers: Vec<f64> = items.iter().map(number).collect::<Option<_>>()?;
    numbers.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn reader(text: &str) -> Reader {
        let mut layers = Layers::default();
        let faults = layers.file(Path::new("c.toml"), text);
        Reader::new(layers, faults)
    }

    fn faults(reader: Reader) -> Vec<String> {
        reader.finish().unwrap_err().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn r10_8_unknown_keys_and_sections_are_faults_with_their_line() {
        let mut r = reader("[server]\nlisten = \"a\"\nlisen = \"b\"\n[servr]\n[log]\n");
        r.text("server.listen", "x", "a text", |_| true);
        r.text("log.level", "info", "a text", |_| true);
        assert_eq!(faults(r), ["c.toml:3: server.lisen: unknown key", "c.toml:4: servr: unknown section"]);
    }

    #[test]
    fn r10_8_impossible_values_are_told_all_at_once() {
        let mut r = reader("a = 0\nb = 3\nc = [1, 2]\nd = \"x\"\ne = 1.5\n");
        assert_eq!(r.integer("a", 1..=9u16, 5), 5);
        assert!(r.text("b", "x", "a text", |_| true).starts_with('x'));
        r.three("c", 0.0..=1.0, [0.0; 3]);
        r.choice("d", &[("y", 1), ("z", 2)], 0);
        r.integer("e", 1..=9u16, 5);
        let told = faults(r);
        assert_eq!(told.len(), 5);
        assert_eq!(told[0], "c.toml:1: a: a whole number from 1 to 9 is expected, not 0");
        assert_eq!(told[3], "c.toml:4: d: one of \"y\", \"z\" is expected, not \"x\"");
    }

    #[test]
    fn r10_8_secrets_are_masked() {
        let mut r = reader("[webhooks]\nsigning_secret = \"hunter2\"\n");
        assert_eq!(&*r.text("webhooks.signing_secret", "", "a text", |_| true), "hunter2");
        assert_eq!(r.finish().unwrap()[0].value, "\"***\"");
        let mut r = reader("[mail]\nsmtp_url = \"smtp://me:hunter2@\"\n");
        r.text("mail.smtp_url", "", "a mail server", |_| false);
        assert_eq!(faults(r), ["c.toml:2: mail.smtp_url: a mail server is expected, not what is there"]);
    }

    #[test]
    fn a_number_in_the_environment_may_be_a_text() {
        let mut layers = Layers::default();
        layers.environment([("TRIPSWITCH__SCORING__PROFILE".into(), "12".into())]);
        let mut r = Reader::new(layers, Vec::new());
        assert_eq!(&*r.text("scoring.profile", "x", "a text", |_| true), "12");
    }
}
