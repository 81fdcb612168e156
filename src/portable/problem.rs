//! Why an export cannot be read, and how a line is.

use std::io;

use serde::de::DeserializeOwned;
use thiserror::Error;

use super::FORMAT;
use super::lines::Kind;
use crate::domain::ids::Id;
use crate::domain::system::SystemRefusal;
use crate::domain::workspace::blocks::RestoreError;

/// No line of ours comes near it: the longest, of a life with 10,000 messages, takes 30 MiB.
pub const LONGEST: u64 = 256 << 20;
/// The oldest format that is read.
pub const OLDEST: u32 = 1;
/// The last format that says how the memory was laid out: the number of each conversation, and which were free.
pub const LAST_WITH_NUMBERS: u32 = 3;
/// The last format whose contacts have no marks.
pub const LAST_WITHOUT_MARKS: u32 = 4;
/// The last format that does not say which conversations were rated.
pub const LAST_WITHOUT_RATINGS: u32 = 7;
/// The last format that has a line for each time that something was refused or changed nothing.
pub const LAST_WITHOUT_COUNTS: u32 = 4;

/// Of an `audit` line.
pub const NO_ENTRY: Problem = Problem::Value("action, target, outcome and details make no audit entry");

/// Why an export cannot be read.
#[derive(Debug, Error)]
#[error("line {line}: {problem}")]
pub struct ImportError {
    /// From 1.
    pub line: u64,
    #[source]
    pub problem: Problem,
}

/// What is wrong with a line.
#[derive(Debug, Error)]
pub enum Problem {
    #[error("it could not be read: {0}")]
    Read(#[source] io::Error),
    #[error("it is longer than {LONGEST} bytes")]
    TooLong,
    #[error("{message} (column {column})")]
    Json { message: String, column: usize },
    #[error("this is no export: its first line has the type \"export\" and a format")]
    NotAnExport,
    #[error("format {0} is not known to this program, which reads formats {OLDEST} to {FORMAT}")]
    UnknownFormat(u32),
    #[error("a line of type {next:?} does not follow one of type {last:?}")]
    Order { last: Kind, next: Kind },
    #[error("the export is cut short: {0}")]
    CutShort(&'static str),
    #[error("{0}")]
    Value(&'static str),
    #[error("the account {0} stands on no line before it")]
    UnknownAccount(Id),
    #[error("the account {0} stands on two lines")]
    AccountTwice(Id),
    #[error("the workspace {0} stands on no line before it")]
    UnknownWorkspace(Id),
    #[error("this side of the workspace {0} stands on two lines")]
    SideTwice(Id),
    #[error("{0}")]
    System(#[source] SystemRefusal),
    #[error("the side that ends before it: {0}")]
    Side(#[source] RestoreError),
    #[error("{0}")]
    Fact(#[source] RestoreError),
}

impl From<SystemRefusal> for Problem {
    fn from(refusal: SystemRefusal) -> Self {
        Self::System(refusal)
    }
}

impl From<RestoreError> for Problem {
    fn from(error: RestoreError) -> Self {
        Self::Fact(error)
    }
}

/// A line as one of its type.
pub fn parse<T: DeserializeOwned>(line: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(line).map_err(|error| {
        let (message, column) = (error.to_string(), error.column());
        // Its own count of lines says "1", or "2" at the end.
        let message = message.split(" at line ").next().unwrap_or_default().to_owned();
        Problem::Json { message, column }
    })
}
