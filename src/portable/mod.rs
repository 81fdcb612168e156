//! A portable export: NDJSON of facts, and a directory's state made of it again (R10.5). `docs/export.md`
//! describes the format for users, with an example of every line.
//!
//! One JSON object a line; types of lines stand in the order of [`Kind`](lines::Kind). An absent member is none; an
//! unknown one is refused, as are an unknown type and an unknown format version. What follows from the rest (indexes,
//! statistics, windows, signals of conversations that live, places in the memory) is not in it. Nor is the file
//! `secret` (R4.8). A new kind of fact has its variant in `Kind`, a file of its own, and its place in `facts`.
//!
//! [`import`] gives workspaces that answer every question as those that were exported, and make the same of every
//! later frame. Their state hash may be another one: conversations are numbered anew.

mod audit;
mod conversation;
mod facts;
mod life;
mod lines;
mod out;
mod problem;
mod ratings;
mod read;
mod side;
#[cfg(test)]
mod tests;
mod values;
mod write;

use crate::domain::time::Millis;

pub use out::ExportError;
pub use problem::{ImportError, Problem};
pub use read::{Imported, import};
pub use write::{Header, Summary, export};

/// The version that is written. Those before it are read, too.
pub const FORMAT: u32 = 8;

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
