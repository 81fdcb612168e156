//! A portable export: NDJSON of facts, and a directory's state made of it again (R10.5). `docs/export.md`
//! describes the format for users, with an example of every line.
//!
//! One JSON object a line, in this order:
//!
//! | `type` | how many | what it says |
//! |---|---|---|
//! | `export` | one, first | format version, program, when |
//! | `directory` | one | incarnation, key of the identity hashes, seq of the system workspace |
//! | `workspace` | any | tenant and name; those of one tenant oldest first |
//! | `key` | any | an API key: its hash, never the key |
//! | `side` | any, each with its own of the following | configuration, settings, profiles, seq |
//! | `free` | any | numbers of removed conversations, the last to be given anew first |
//! | `account`, `contact` | any | by number, from 0 |
//! | `conversation` | any | by `number`: score, signals, life, comment |
//! | `breaker` | any | in the order in which they tripped, with what people did to them |
//! | `identities` | any | what tells duplicates, in the order in which it came |
//! | `audit` | any, before the first side and last in each | who did what |
//! | `end` | one, last | how many lines came before, and BLAKE3 over their bytes |
//!
//! Names of fields are in camelCase, ids are UUIDs, times RFC 3339, scores decimals, positions
//! `"seq-place"`, bytes hexadecimal. An absent member is none; an unknown one is refused, as are an unknown
//! type and an unknown format version. What follows from the rest (indexes, statistics, windows, signals of
//! conversations that live) is not in it. Nor is the file `secret` (R4.8). Format 1 had no `audit` lines and no
//! member `auditAfter`, format 2 no `model` in profiles and no `turn` and `automatic` in lives.
//!
//! [`import`] gives workspaces with the same state hash as those that were exported: numbers, free numbers,
//! positions and the order of everything are kept.

mod audit;
mod conversation;
mod life;
mod lines;
mod read;
mod side;
#[cfg(test)]
mod tests;
mod values;
mod write;

use crate::domain::time::Millis;

pub use read::{ImportError, Imported, Problem, import};
pub use write::{ExportError, Header, Summary, export};

/// The version that is written. Those before it are read, too.
pub const FORMAT: u32 = 3;

/// How far an export or import is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub lines: u64,
    pub bytes: u64,
}

/// Where the system workspace stands (I12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SystemPosition {
    /// Seq of the last record applied.
    pub seq: u64,
    /// [`Millis::MIN`] before the first.
    pub last_receipt: Millis,
}
