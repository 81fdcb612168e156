//! What can be measured, and what each must be able to do.

use std::error::Error;
use std::path::PathBuf;

use crate::answers::{Health, Statistics, Trip};
use crate::workload::Batch;

pub type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// A store under measurement, running.
pub trait Contender: Sync {
    /// Whether the store lives in this process.
    const EMBEDDED: bool = false;

    /// A batch in the form in which it is sent; made before the clock starts.
    type Prepared: Send + Sync;
    type Client: Client<Prepared = Self::Prepared>;

    fn prepare(&self, batch: &Batch) -> Self::Prepared;

    /// A connection of its own.
    fn connect(&self) -> Fallible<Self::Client>;

    /// Bytes of memory of its processes; of this one, where the store is embedded.
    fn resident(&self) -> u64;

    /// Bytes in its directory.
    fn bytes_on_disk(&self) -> u64;

    /// kill -9.
    fn crash(&mut self) -> Fallible<()>;

    /// Answers when it serves again.
    fn restart(&mut self) -> Fallible<()>;
}

/// One connection. What `ask_…` methods are answered is not looked into: they are timed.
pub trait Client: Send {
    type Prepared;

    /// The batch is durable, and visible to every question, when this answers.
    fn ingest(&mut self, batch: &Self::Prepared) -> Fallible<()>;

    /// Nothing for an account that was never named.
    fn health(&mut self, workspace: usize, account: u32) -> Fallible<Option<Health>>;

    /// Active breakers of accounts, by account.
    fn trips(&mut self, workspace: usize) -> Fallible<Vec<Trip>>;

    fn statistics(&mut self, workspace: usize, from: i64, to: i64) -> Fallible<Statistics>;

    fn ask_health(&mut self, workspace: usize, account: u32) -> Fallible<()> {
        self.health(workspace, account).map(drop)
    }

    fn ask_statistics(&mut self, workspace: usize, from: i64, to: i64) -> Fallible<()> {
        self.statistics(workspace, from, to).map(drop)
    }

    /// Whether the AI may answer for the account; false where there is no such question.
    fn ask_gate(&mut self, _workspace: usize, _account: u32) -> Fallible<bool> {
        Ok(false)
    }
}

/// Where a contender lives.
#[derive(Clone, Debug)]
pub struct Site {
    /// Empty, and removed at the end.
    pub directory: PathBuf,
    /// Holds one file for each process that was started; see [`crate::process`].
    pub processes: PathBuf,
    /// The program `tripswitch`.
    pub binary: PathBuf,
    pub workspaces: usize,
}

/// A rule that a variant of a store gets wrong on purpose, to see that the check notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// A composite at the threshold is low.
    ThresholdInclusive,
    /// Exactly 72 hours are too long for a run.
    SpanExclusive,
    Window49,
    Window51,
    NoDuplicates,
    /// Windows and runs in the order of arrival.
    ByArrival,
}

impl Broken {
    pub const ALL: [Self; 6] = [
        Self::ThresholdInclusive,
        Self::SpanExclusive,
        Self::Window49,
        Self::Window51,
        Self::NoDuplicates,
        Self::ByArrival,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::ThresholdInclusive => "threshold <=",
            Self::SpanExclusive => "72 h <",
            Self::Window49 => "window 49",
            Self::Window51 => "window 51",
            Self::NoDuplicates => "dedupe off",
            Self::ByArrival => "order by arrival",
        }
    }
}

/// The rules as a store gets them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rules {
    pub broken: Option<Broken>,
}

impl Rules {
    /// Composites up to and including this one are low.
    pub fn highest_low(self) -> u16 {
        crate::oracle::LOW - u16::from(self.broken != Some(Broken::ThresholdInclusive))
    }

    /// The longest span of a run.
    pub fn run_span(self) -> i64 {
        crate::oracle::RUN_SPAN - i64::from(self.broken == Some(Broken::SpanExclusive))
    }

    pub fn window(self) -> usize {
        match self.broken {
            Some(Broken::Window49) => 49,
            Some(Broken::Window51) => 51,
            Some(Broken::ThresholdInclusive | Broken::SpanExclusive | Broken::NoDuplicates | Broken::ByArrival)
            | None => crate::oracle::WINDOW,
        }
    }

    pub fn dedupes(self) -> bool {
        self.broken != Some(Broken::NoDuplicates)
    }

    pub fn by_arrival(self) -> bool {
        self.broken == Some(Broken::ByArrival)
    }

    /// Puts the rules into SQL or Lua where `{NAME}` stands.
    pub fn fill(self, text: &str) -> String {
        text.replace("{HIGHEST_LOW}", &self.highest_low().to_string())
            .replace("{FAILURE}", &crate::oracle::FAILURE.to_string())
            .replace("{RUN_SPAN}", &self.run_span().to_string())
            .replace("{RECENT_SPAN}", &crate::oracle::RUN_SPAN.to_string())
            .replace("{RUN_THAT_TRIPS}", &crate::oracle::RUN_THAT_TRIPS.to_string())
            .replace("{RUN_HORIZON}", &crate::oracle::RUN_HORIZON.to_string())
            .replace("{WINDOW}", &self.window().to_string())
            .replace("{WINDOW_SPAN}", &crate::oracle::WINDOW_SPAN.to_string())
    }
}
