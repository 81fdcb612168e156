//! What a snapshot says of itself.
//!
//! ```text
//! line 1: the JSON of Manifest
//! line 2: blake3 <of the bytes of line 1, 64 hex digits>
//! ```
//!
//! Nothing stands behind the second line's end, so that every flipped bit of the file is seen.

use std::fmt;
use std::io;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use crate::domain::ids::WorkspaceKey;
use crate::domain::time::Millis;
use crate::journal::GroupPosition;

use super::content::{Digest, SideContent};
use super::{BlockKey, SnapshotError, SnapshotNumber};

/// The version of snapshots that are written: of the manifest, the directory and what they mean.
pub const FORMAT: u16 = 1;

/// The random number that tells one journal from all others; 32 hex digits in text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalId(pub u128);

impl fmt::Display for JournalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl Serialize for JournalId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for JournalId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = (text.len() == 32).then(|| u128::from_str_radix(&text, 16).ok()).flatten();
        digits.map(Self).ok_or_else(|| serde::de::Error::custom("a journal's number has 32 hex digits"))
    }
}

/// What the one who takes a snapshot knows of it; the store adds the rest.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// Version of the program.
    pub program: String,
    pub created_at: Millis,
    /// From the cut to the last block, in milliseconds.
    pub took_millis: u64,
    pub journal: JournalId,
    /// The state has every frame of the groups up to here.
    pub position: GroupPosition,
    /// None before the first group.
    pub last_receipt: Option<Millis>,
    pub apply_version: u16,
    pub record_version: u16,
    /// The scoring profile.
    pub model: String,
    /// The workspace sides, the system workspace among them. A block's `side` is an index into them.
    pub sides: Vec<DraftSide>,
}

/// A workspace side at the cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DraftSide {
    pub key: WorkspaceKey,
    /// The last one that is applied.
    pub seq: u64,
    pub conversations: u64,
    pub accounts: u64,
}

/// A snapshot's description of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// [`FORMAT`] in all that this program reads.
    pub format: u16,
    pub number: SnapshotNumber,
    pub program: String,
    pub created_at: Millis,
    pub took_millis: u64,
    pub journal: JournalId,
    pub position: GroupPosition,
    pub last_receipt: Option<Millis>,
    pub apply_version: u16,
    pub record_version: u16,
    pub model: String,
    pub sides: Vec<SideEntry>,
    /// In the order of their blocks; together all blocks. Empty where the store has no parts.
    pub parts: Vec<PartEntry>,
}

/// A workspace side and the sum of its blocks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SideEntry {
    pub key: WorkspaceKey,
    pub seq: u64,
    pub conversations: u64,
    pub accounts: u64,
    pub blocks: u64,
    pub bytes: u64,
    pub blake3: Digest,
}

impl SideEntry {
    /// What its blocks must come to.
    pub const fn content(&self) -> SideContent {
        SideContent { blocks: self.blocks, bytes: self.bytes, blake3: self.blake3 }
    }
}

/// A directory with some of the blocks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PartEntry {
    /// Its name inside the snapshot's directory.
    pub directory: String,
    pub first: BlockKey,
    pub last: BlockKey,
    pub blocks: u64,
    /// Of all values.
    pub bytes: u64,
    pub files: PartFiles,
}

/// The files of a part as they lie on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PartFiles {
    pub count: u64,
    pub bytes: u64,
    /// Of each file, sorted by name: length of the name, name, length and BLAKE3 of the content (lengths
    /// u64, little-endian). Zeroes at the end of sled's log count nowhere.
    pub blake3: Digest,
}

/// Why a manifest cannot be used.
#[derive(Debug, Error)]
pub enum ManifestError {
    #[error("it has no manifest")]
    Missing,
    #[error("its manifest {0}")]
    Damaged(String),
    #[error("it has format version {found}; this program knows version {known}")]
    UnknownVersion { found: u64, known: u16 },
    #[error("its manifest could not be read: {0}")]
    Io(#[source] io::Error),
}

impl ManifestError {
    /// As the error of the snapshot with this number.
    pub(super) fn of(self, number: SnapshotNumber, path: &std::path::Path) -> SnapshotError {
        match self {
            Self::UnknownVersion { found, known } => SnapshotError::UnknownVersion { number, found, known },
            Self::Io(source) => SnapshotError::io(path, source),
            Self::Missing | Self::Damaged(_) => SnapshotError::Damaged { number, what: self.to_string() },
        }
    }
}

/// What is read of a manifest before anything else.
#[derive(Deserialize)]
struct Version {
    format: u64,
}

impl Manifest {
    /// `contents` has one entry per side of the draft.
    pub(super) fn new(number: SnapshotNumber, draft: Draft, contents: &[SideContent], parts: Vec<PartEntry>) -> Self {
        let sides = draft.sides.iter().zip(contents).map(|(side, content)| SideEntry {
            key: side.key,
            seq: side.seq,
            conversations: side.conversations,
            accounts: side.accounts,
            blocks: content.blocks,
            bytes: content.bytes,
            blake3: content.blake3,
        });
        Self {
            format: FORMAT,
            number,
            program: draft.program,
            created_at: draft.created_at,
            took_millis: draft.took_millis,
            journal: draft.journal,
            position: draft.position,
            last_receipt: draft.last_receipt,
            apply_version: draft.apply_version,
            record_version: draft.record_version,
            model: draft.model,
            sides: sides.collect(),
            parts,
        }
    }

    /// Of all sides.
    pub fn blocks(&self) -> u64 {
        self.sides.iter().map(|side| side.blocks).sum()
    }

    /// Of all values of all sides.
    pub fn bytes(&self) -> u64 {
        self.sides.iter().map(|side| side.bytes).sum()
    }

    /// The two lines.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).expect("a manifest has neither maps nor anything that fails");
        let hash = second_line(&bytes);
        bytes.push(b'\n');
        bytes.extend_from_slice(hash.as_bytes());
        bytes
    }

    /// The other way. `number` is what the snapshot is called.
    pub(super) fn decode(number: SnapshotNumber, bytes: &[u8]) -> Result<Self, ManifestError> {
        let damaged = |what: &str| ManifestError::Damaged(what.to_owned());
        let end = bytes.iter().position(|byte| *byte == b'\n').ok_or_else(|| damaged("is cut short"))?;
        let (json, hash) = (&bytes[..end], &bytes[end + 1..]);
        if hash != second_line(json).as_bytes() {
            return Err(damaged("does not match its hash"));
        }
        let json_error = |error: serde_json::Error| ManifestError::Damaged(format!("is no manifest: {error}"));
        let Version { format } = serde_json::from_slice(json).map_err(json_error)?;
        if format != u64::from(FORMAT) {
            return Err(ManifestError::UnknownVersion { found: format, known: FORMAT });
        }
        let manifest: Self = serde_json::from_slice(json).map_err(json_error)?;
        if manifest.number != number {
            return Err(ManifestError::Damaged(format!("is that of snapshot {}", manifest.number)));
        }
        Ok(manifest)
    }
}

fn second_line(json: &[u8]) -> String {
    format!("blake3 {}\n", blake3::hash(json).to_hex())
}

#[cfg(test)]
mod tests {
    use super::super::conformance::draft;
    use super::super::content::Tally;
    use super::*;

    const NUMBER: SnapshotNumber = SnapshotNumber(7);

    fn manifest() -> Manifest {
        let key = |side| BlockKey { side, section: 2, number: 3 };
        let files = PartFiles { count: 3, bytes: 1 << 40, blake3: Digest([0xa5; 32]) };
        let part = PartEntry { directory: "part-0001".into(), first: key(0), last: key(2), blocks: 9, bytes: 8, files };
        Manifest::new(NUMBER, draft(3), &[Tally::default().content(); 3], vec![part])
    }

    #[test]
    fn a_manifest_comes_back_as_it_was() {
        assert_eq!(Manifest::decode(NUMBER, &manifest().encode()).unwrap(), manifest());
    }

    #[test]
    fn r9_7_the_names_of_format_1() {
        let text = String::from_utf8(manifest().encode()).unwrap();
        let expected = concat!(
            r#"{"format":1,"number":7,"program":"0.0.0","createdAt":1750000000000,"tookMillis":12,"#,
            r#""journal":"000000000000000000000000000000ab","position":42,"lastReceipt":1749999999999,"#,
            r#""applyVersion":3,"recordVersion":1,"model":"support-en-1","sides":["#,
            r#"{"key":{"id":"00000000-0000-0000-0000-000000000000","side":"live"},"seq":100,"#,
            r#""conversations":10,"accounts":1,"blocks":0,"bytes":0,"blake3":"af1349b9"#,
        );
        assert!(text.starts_with(expected), "{text}");
        let part = r#""parts":[{"directory":"part-0001","first":{"side":0,"section":2,"number":3},"last":"#;
        assert!(text.contains(part), "{text}");
        assert!(text.contains(r#""files":{"count":3,"bytes":1099511627776,"blake3":"a5a5"#), "{text}");
    }

    #[test]
    fn every_flipped_bit_is_recognised() {
        let good = manifest().encode();
        for at in 0..good.len() * 8 {
            let mut bytes = good.clone();
            bytes[at / 8] ^= 1 << (at % 8);
            let found = Manifest::decode(NUMBER, &bytes);
            assert!(matches!(found, Err(ManifestError::Damaged(_))), "bit {at}: {found:?}");
        }
    }

    #[test]
    fn every_cut_and_every_addition_is_recognised() {
        let good = manifest().encode();
        for length in 0..good.len() {
            assert!(Manifest::decode(NUMBER, &good[..length]).is_err(), "the first {length} bytes were accepted");
        }
        for more in ["\n", " ", "x"] {
            assert!(Manifest::decode(NUMBER, &[&good, more.as_bytes()].concat()).is_err());
        }
    }

    #[test]
    fn r9_7_another_format_is_refused_by_name_whatever_else_it_says() {
        for (json, found) in [(r#"{"format":2,"parts":"elsewhere"}"#, 2), (r#"{"format":70000}"#, 70_000)] {
            let bytes = format!("{json}\n{}", second_line(json.as_bytes()));
            let refused = Manifest::decode(NUMBER, bytes.as_bytes());
            let expected = |error: &ManifestError| matches!(error, ManifestError::UnknownVersion { found: told, known: 1 } if *told == found);
            assert!(refused.as_ref().is_err_and(expected), "{refused:?}");
        }
    }

    #[test]
    fn a_manifest_under_another_number_is_damage() {
        assert!(matches!(Manifest::decode(SnapshotNumber(8), &manifest().encode()), Err(ManifestError::Damaged(_))));
    }
}
