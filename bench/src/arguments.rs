//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::measure::Measure;
use crate::modes::heard::Listeners;
use crate::names::Name;
use crate::workload::Shape;

/// Measures Tripswitch, and other stores at the same work.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub struct Arguments {
    #[command(subcommand)]
    pub verb: Verb,
    #[command(flatten)]
    pub place: Place,
}

#[derive(Debug, Args)]
pub struct Place {
    /// The program `tripswitch`; otherwise the one beside this program
    #[arg(long, global = true, value_name = "FILE")]
    pub binary: Option<PathBuf>,
    /// An existing directory for all data, which is left to the caller to remove
    #[arg(long, global = true, value_name = "DIR")]
    pub work_dir: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Check, self-test, then all in turn: a table of medians
    Compare {
        #[command(flatten)]
        size: Size,
        #[command(flatten)]
        only: Only,
        /// How many times each is measured
        #[arg(long, default_value_t = 3)]
        rounds: usize,
        /// No measurement begins that would probably end later
        #[arg(long, default_value_t = 25)]
        max_minutes: u64,
        /// Write the table there too, as Markdown
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Leave out the broken variants
        #[arg(long)]
        no_self_test: bool,
    },
    /// Compare all answers with the oracle's
    Check {
        #[command(flatten)]
        only: Only,
        /// Facts beside the edges
        #[arg(long, default_value_t = CHECKED)]
        facts: usize,
    },
    /// Break each rule of each store: every time the check must notice
    SelfTest {
        #[command(flatten)]
        only: Only,
    },
    /// One contender once, in full
    Measure {
        name: Name,
        #[command(flatten)]
        size: Size,
        #[arg(long, hide = true)]
        json: bool,
    },
    /// Tripswitch: imported scores
    Scored {
        #[command(flatten)]
        size: Size,
    },
    /// Tripswitch: whole conversations, message by message (--facts counts events)
    Messages {
        #[command(flatten)]
        size: Size,
    },
    /// 20,000 and 200,000 accounts, 200 workspaces and one
    Growth {
        #[command(flatten)]
        size: Size,
        #[arg(long, value_enum, default_value_t = Name::Ours)]
        name: Name,
    },
    /// Tripswitch: what snapshots cost those who write, and save a start
    Snapshots {
        #[command(flatten)]
        size: Size,
    },
    /// Tripswitch: what one tenant at full flood (--clients connections) costs another
    Neighbours {
        #[command(flatten)]
        size: Size,
    },
    /// Tripswitch: questions alone; --workspaces 1 --facts 10000000 for a large workspace
    Reads {
        #[command(flatten)]
        size: Size,
    },
    /// Tripswitch: lists, series and backtests; --accounts 1000000 --facts 10000000 for a large workspace
    Asked {
        #[command(flatten)]
        size: Size,
        /// Ask nothing: print the filled server's address, the workspace, a key of it and a server key on one line, and
        /// leave it to others until standard input ends
        #[arg(long)]
        hold: bool,
    },
    /// Tripswitch: what streams and webhooks cost those who write, and how soon a pause is heard
    Heard {
        #[command(flatten)]
        size: Size,
        #[command(flatten)]
        listeners: Listeners,
    },
}

/// Facts of a check, beside the edges.
pub const CHECKED: usize = 20_000;

#[derive(Debug, Args)]
pub struct Only {
    /// Names, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "NAME,…", default_values_t = Name::USUAL)]
    pub only: Vec<Name>,
}

#[derive(Clone, Copy, Debug, Args)]
pub struct Size {
    /// Facts to be sent, repeats included
    #[arg(long, default_value_t = 1_000_000)]
    pub facts: usize,
    #[arg(long, default_value_t = 200)]
    pub workspaces: usize,
    /// Over all workspaces
    #[arg(long, default_value_t = 20_000)]
    pub accounts: usize,
    /// Connections that send
    #[arg(long, default_value_t = 8)]
    pub clients: usize,
    #[arg(long, default_value_t = 42)]
    pub seed: u64,
}

impl Size {
    pub fn measure(self) -> Measure {
        let Self { facts, workspaces, accounts, clients, seed } = self;
        let shape = Shape { facts: facts.max(1), workspaces: workspaces.max(1), accounts, seed };
        Measure { shape, clients: clients.max(1) }
    }

    /// The same in words, for a process of our own.
    pub fn words(self) -> Vec<String> {
        let Self { facts, workspaces, accounts, clients, seed } = self;
        vec![
            format!("--facts={facts}"),
            format!("--workspaces={workspaces}"),
            format!("--accounts={accounts}"),
            format!("--clients={clients}"),
            format!("--seed={seed}"),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_size_in_words_is_the_same_size() {
        let words = ["bench", "measure", "pg"].map(str::to_owned);
        let size = Size { facts: 7, workspaces: 6, accounts: 5, clients: 4, seed: 3 };
        let parsed = Arguments::try_parse_from(words.into_iter().chain(size.words())).unwrap();
        let Verb::Measure { name: Name::Pg, size: read, json: false } = parsed.verb else { panic!("{parsed:?}") };
        assert_eq!(read.words(), size.words());
    }
}
