//! What the cluster's bucket holds: names of keys, and the JSON under them.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::partition::Partition;
use crate::domain::time::Millis;

/// The form of everything in the bucket, and of streams beside it.
pub(super) const FORMAT: u32 = 1;
/// The key that says what cluster this is.
pub(super) const META: &str = "meta";

const NODE: &str = "node.";
const PART: &str = "part.";
const DRAIN: &str = "drain.";

pub(super) fn node(name: &str) -> String {
    format!("{NODE}{name}")
}

pub(super) fn part(partition: Partition) -> String {
    format!("{PART}{partition}")
}

pub(super) fn drain(name: &str) -> String {
    format!("{DRAIN}{name}")
}

/// Whether a node may be called `name`: it is part of keys.
pub(super) fn is_node_name(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let outer = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    name.len() <= 128
        && name.chars().all(inner)
        && !name.contains("..")
        && outer(name.chars().next())
        && outer(name.chars().next_back())
}

/// A key, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key<'a> {
    Meta,
    Node(&'a str),
    Part(Partition),
    Drain(&'a str),
    /// Of a later program.
    Other,
}

impl<'a> Key<'a> {
    pub fn read(key: &'a str) -> Self {
        if key == META {
            return Self::Meta;
        }
        let node = key.strip_prefix(NODE).map(Self::Node);
        let drain = || key.strip_prefix(DRAIN).map(Self::Drain);
        let part = || key.strip_prefix(PART)?.parse().ok().map(|number| Self::Part(Partition(number)));
        node.or_else(drain).or_else(part).unwrap_or(Self::Other)
    }
}

/// What every node of a cluster has to agree on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MetaValue {
    pub format: u32,
    /// Beside the system's.
    pub partitions: u16,
    /// A fingerprint of the secret, in hexadecimal digits.
    pub secret: String,
}

/// A node that is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct NodeValue {
    /// The process: a name that is used again is told from the one before.
    pub run: Uuid,
    pub url: String,
    pub version: String,
    pub since: Millis,
    /// It is about to stop, and takes nothing any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub leaving: bool,
}

/// Who owns a partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PartValue {
    pub node: String,
    /// The process of that name.
    pub run: Uuid,
    /// The revision of the first value of this ownership, which itself cannot say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u64>,
    /// Whether requests may be sent there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ready: bool,
}

/// The part of a node's or a partition's value that says whose it is.
#[derive(Deserialize)]
struct Run {
    run: Uuid,
}

/// Whether a value was written by the process `run`.
pub(super) fn is_of(value: &[u8], run: Uuid) -> bool {
    serde_json::from_slice::<Run>(value).is_ok_and(|value| value.run == run)
}

/// `value` as it is kept.
pub(super) fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("texts, numbers and ids are JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_they_are_written() {
        assert_eq!(Key::read(META), Key::Meta);
        assert_eq!(Key::read(&node("a.b")), Key::Node("a.b"));
        assert_eq!(Key::read(&drain("a")), Key::Drain("a"));
        assert_eq!(Key::read(&part(Partition(7))), Key::Part(Partition(7)));
        assert_eq!(part(Partition(7)), "part.007");
        assert_eq!([Key::read("part.x"), Key::read("later")], [Key::Other, Key::Other]);
    }

    #[test]
    fn names_of_nodes_are_parts_of_keys() {
        assert!(["a", "host-1.example.org", "N_2"].into_iter().all(is_node_name));
        assert!(!["", ".a", "a.", "a..b", "a b", "a*", "a>", "ä", "-a"].into_iter().any(is_node_name));
    }

    #[test]
    fn values_are_kept_as_they_were_agreed_on() {
        let run = Uuid::from_u128(1);
        let claim = PartValue { node: "a".to_owned(), run, epoch: None, ready: false };
        assert_eq!(json(&claim), br#"{"node":"a","run":"00000000-0000-0000-0000-000000000001"}"#);
        let ready = PartValue { epoch: Some(9), ready: true, ..claim.clone() };
        assert_eq!(serde_json::from_slice::<PartValue>(&json(&ready)).unwrap(), ready);
        assert!(is_of(&json(&ready), run) && !is_of(&json(&ready), Uuid::nil()) && !is_of(b"", run));
    }
}
