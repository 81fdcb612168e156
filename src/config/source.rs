//! Where values come from: config.toml, the environment and flags, laid over each other (R10.8).
//!
//! Each layer becomes the same thing: values under dotted keys (`server.listen`), each with its origin. What the keys
//! mean is known to the [`Reader`](super::reader::Reader).

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

/// Names of variables begin with it; sections and keys are joined by two underscores.
pub const ENV_PREFIX: &str = "TRIPSWITCH__";

/// Where a value was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Default,
    File {
        path: Arc<Path>,
        line: usize,
    },
    /// The variable's name.
    Env(String),
    /// With its dashes.
    Flag(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Env(name) => write!(f, "env {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

/// A value as written.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Text(String),
    Integer(i64),
    Float(f64),
    Bool(bool),
    List(Vec<Value>),
    /// A value that no option takes (a date, a number out of range), by TOML's name for it.
    Other(&'static str),
}

impl fmt::Display for Value {
    /// Formatted as TOML.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{}", toml::Value::String(text.clone())),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Float(number) => write!(f, "{number:?}"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::List(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if index == 0 { "" } else { ", " })?;
                }
                f.write_str("]")
            }
            Self::Other(kind) => f.write_str(kind),
        }
    }
}

/// One value and its origin.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaf {
    pub value: Value,
    /// A variable or flag as it was given, for options that are texts.
    pub raw: Option<String>,
    pub source: Source,
}

/// A fault that stops the start: what it is, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub source: Source,
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.source, self.message)
    }
}

/// All layers; a later one wins over an earlier one.
#[derive(Debug, Default)]
pub struct Layers {
    pub leaves: BTreeMap<String, Leaf>,
    /// Tables that are present, empty ones too, so that a misspelt section is noticed.
    pub tables: BTreeMap<String, Source>,
}

impl Layers {
    /// Lays a file over the values so far. On a syntax error nothing is taken, and all errors are reported.
    pub fn file(&mut self, path: &Path, text: &str) -> Vec<Fault> {
        let lines = Lines { path: Arc::from(path), text };
        let (document, errors) = DeTable::parse_recoverable(text);
        if errors.is_empty() {
            self.table("", document.get_ref(), &lines);
        }
        let fault = |error: &toml::de::Error| Fault {
            source: lines.at(error.span().map_or(0, |span| span.start)),
            message: error.message().to_owned(),
        };
        errors.iter().map(fault).collect()
    }

    fn table(&mut self, prefix: &str, table: &DeTable<'_>, lines: &Lines<'_>) {
        for (key, value) in table {
            let path = join(prefix, key.get_ref());
            let source = lines.at(key.span().start);
            if let DeValue::Table(inner) = value.get_ref() {
                self.tables.insert(path.clone(), source);
                self.table(&path, inner, lines);
            } else {
                self.leaves.insert(path, Leaf { value: plain(value.get_ref()), raw: None, source });
            }
        }
    }

    /// Lays variables over the values so far; other programs' variables are passed over.
    pub fn environment(&mut self, variables: impl IntoIterator<Item = (String, String)>) {
        for (name, raw) in variables {
            if let Some(rest) = name.strip_prefix(ENV_PREFIX) {
                let key = rest.split("__").map(str::to_ascii_lowercase).collect::<Vec<_>>().join(".");
                self.given(key, raw, Source::Env(name));
            }
        }
    }

    /// Lays a flag over the values so far.
    pub fn flag(&mut self, name: &'static str, key: &str, raw: String) {
        self.given(key.to_owned(), raw, Source::Flag(name));
    }

    /// A value without TOML's quotes: a number, truth value or list if it parses as one, else a text.
    fn given(&mut self, key: String, raw: String, source: Source) {
        let value = DeValue::parse(&raw).map_or_else(|_| Value::Text(raw.clone()), |value| plain(value.get_ref()));
        self.leaves.insert(key, Leaf { value, raw: Some(raw), source });
    }
}

/// A file's text, to find the line of an offset.
struct Lines<'a> {
    path: Arc<Path>,
    text: &'a str,
}

impl Lines<'_> {
    fn at(&self, offset: usize) -> Source {
        let before = &self.text.as_bytes()[..offset.min(self.text.len())];
        Source::File { path: self.path.clone(), line: 1 + before.iter().filter(|byte| **byte == b'\n').count() }
    }
}

/// `prefix.key`. A key that would need quotes keeps them, so it cannot be a known one.
fn join(prefix: &str, key: &str) -> String {
    let bare = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    let key = if bare { key.to_owned() } else { format!("{key:?}") };
    if prefix.is_empty() { key } else { format!("{prefix}.{key}") }
}

fn plain(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Value::Other("a number out of range"), Value::Integer),
        DeValue::Float(number) => number.as_str().parse().map_or(Value::Other("a number out of range"), Value::Float),
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Datetime(_) => Value::Other("a date"),
        DeValue::Array(items) => Value::List(items.iter().map(|item| plain(item.get_ref())).collect()),
        DeValue::Table(_) => Value::Other("a table"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r10_8_every_leaf_knows_its_line() {
        let mut layers = Layers::default();
        let faults =
            layers.file(Path::new("c.toml"), "[server]\nlisten = \"x\"\n\n[a.b]\nc = { d = 1_000, e = [1, 2.5] }\n");
        assert_eq!(faults, []);
        assert_eq!(layers.leaves["server.listen"].source.to_string(), "c.toml:2");
        assert_eq!(layers.leaves["a.b.c.d"].value, Value::Integer(1_000));
        assert_eq!(layers.leaves["a.b.c.e"].value.to_string(), "[1, 2.5]");
        assert_eq!(layers.tables["a.b"].to_string(), "c.toml:4");
    }

    #[test]
    fn r10_8_syntax_errors_name_file_and_line() {
        let faults = Layers::default().file(Path::new("c.toml"), "[server]\nlisten = \n");
        assert!(faults[0].to_string().starts_with("c.toml:2: "), "{faults:?}");
    }

    #[test]
    fn r10_8_later_layers_win() {
        let mut layers = Layers::default();
        layers.file(Path::new("c.toml"), "[server]\nlisten = \"a\"\nmax_body_bytes = 1\n");
        layers.environment([
            ("TRIPSWITCH__SERVER__LISTEN".into(), "b".into()),
            ("TRIPSWITCH__SERVER__MAX_BODY_BYTES".into(), "2".into()),
            ("TRIPSWITCH_ADMIN_KEY".into(), "not ours".into()),
        ]);
        layers.flag("--listen", "server.listen", "c".into());
        assert_eq!(layers.leaves["server.listen"].value, Value::Text("c".into()));
        assert_eq!(layers.leaves["server.max_body_bytes"].value, Value::Integer(2));
        assert_eq!(layers.leaves["server.max_body_bytes"].source.to_string(), "env TRIPSWITCH__SERVER__MAX_BODY_BYTES");
        assert_eq!(layers.leaves.len(), 2);
    }

    #[test]
    fn a_key_with_a_dot_is_not_two_keys() {
        let mut layers = Layers::default();
        layers.file(Path::new("c.toml"), "\"server.listen\" = \"a\"\n");
        assert_eq!(layers.leaves.keys().collect::<Vec<_>>(), ["\"server.listen\""]);
    }
}
