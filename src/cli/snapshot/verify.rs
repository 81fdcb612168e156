//! `snapshot verify`.

use std::sync::Arc;

use serde::Serialize;

use crate::cli::exit::{self, Exit, Failure};
use crate::cli::output::{self, Format, FormatArgs};
use crate::cli::progress;
use crate::cli::remote::{NOTHING, Remote};
use crate::cli::target::{Location, TargetArgs};
use crate::config::Config;
use crate::offline::OfflineError;
use crate::offline::restore::Source;
use crate::offline::snapshots::{self, Reading};
use crate::recovery::Progress;
use crate::snapshot::{ListedState, ManifestError, SnapshotError, SnapshotNumber};
use crate::wire::snapshot::{Snapshot, SnapshotState};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The snapshot's number, as `snapshot list` shows it
    number: u64,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    format: FormatArgs,
}

pub fn run(args: &Args, quiet: bool) -> Result<(), Failure> {
    let number = args.number;
    let (found, replay) = match args.target.location()? {
        Location::Server(remote) => (on_server(&remote, number)?, None),
        Location::Directory(config) => {
            let found = on_directory(&config, number, quiet)?;
            let is_whole = found.state == SnapshotState::Whole;
            (found, is_whole.then(|| compare(&config, number, quiet)).transpose()?)
        }
    };
    match args.format.output {
        Format::Json => output::json(&Verified { snapshot: &found, replay: replay.as_ref() })?,
        Format::Table => {
            super::tell(&found)?;
            replay.iter().try_for_each(Replay::tell)?;
        }
    }
    if replay.is_some_and(|replay| replay == Replay::Different) {
        let what = "a replay of the journal comes to another state";
        return Err(Failure::new(Exit::Damaged, format!("snapshot {number}: {what}")));
    }
    let reason = found.reason.unwrap_or_default();
    match found.state {
        SnapshotState::Whole => Ok(()),
        SnapshotState::Unreadable => Err(Failure::new(Exit::Failed, format!("snapshot {number}: {reason}"))),
        SnapshotState::Damaged | SnapshotState::UnknownVersion | SnapshotState::SetAside => {
            Err(Failure::new(Exit::Damaged, format!("snapshot {number}: {reason}")))
        }
    }
}

#[derive(Serialize)]
struct Verified<'a> {
    #[serde(flatten)]
    snapshot: &'a Snapshot,
    /// `None` on a running server, and where the snapshot is damaged.
    #[serde(skip_serializing_if = "Option::is_none")]
    replay: Option<&'a Replay>,
}

/// The state that a replay of the journal before the snapshot gives (R10.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
enum Replay {
    Same,
    Different,
    /// There is no older snapshot, and the journal does not reach back to the beginning.
    Impossible,
}

impl Replay {
    fn tell(&self) -> Result<(), Failure> {
        output::line(match self {
            Self::Same => "a replay of the journal comes to the same state",
            Self::Different => "a replay of the journal comes to ANOTHER state",
            Self::Impossible => "not replayed: nothing older is kept that leads to it",
        })
    }
}

/// State hashes of all sides, loaded and replayed.
fn compare(config: &Config, number: u64, quiet: bool) -> Result<Replay, Failure> {
    let reading = Arc::new(Progress::default());
    let shown = Arc::clone(&reading);
    let source = Source::open(&config.storage.data_dir)?;
    let look = move || (shown.stage().name(), shown.share());
    let sides = progress::during(quiet, look, || source.compare(SnapshotNumber(number), &reading))?;
    Ok(match sides {
        None => Replay::Impossible,
        Some(sides) if sides.iter().all(|side| side.is_same) => Replay::Same,
        Some(_) => Replay::Different,
    })
}

fn on_server(remote: &Remote, number: u64) -> Result<Snapshot, Failure> {
    let answer = remote.run(remote.ask("POST", &format!("snapshots/{number}/verify"), NOTHING, None))?;
    answer.read().map_err(|failure: Failure| match answer.status {
        404 => Failure { exit: Exit::NoInput, ..failure },
        _ => failure,
    })
}

/// Damage is what the verb looks for: it is shown like other results, and then ends the program with its exit code.
fn on_directory(config: &Config, number: u64, quiet: bool) -> Result<Snapshot, Failure> {
    let data_dir = config.storage.data_dir.clone();
    let number = SnapshotNumber(number);
    let mut listed = Vec::new();
    for one in snapshots::list(&data_dir)?.into_iter().filter(|listed| listed.number == number) {
        match one.state {
            ListedState::Unusable(error @ ManifestError::Io(_)) if exit::refusal(&error).is_some() => {
                return Err(Failure::of(Exit::Failed, &error));
            }
            _ => listed.push(Snapshot::from(one)),
        }
    }
    listed.sort_by_key(|snapshot| snapshot.state == SnapshotState::SetAside);
    let snapshot = listed.into_iter().next().ok_or(OfflineError::Snapshots(SnapshotError::NotFound { number }))?;
    if snapshot.state != SnapshotState::Whole {
        return Ok(snapshot);
    }
    let reading = Arc::new(Reading::default());
    let shown = Arc::clone(&reading);
    let look = move || ("Reading the snapshot", shown.share());
    match progress::during(quiet, look, || snapshots::verify(&data_dir, number, &reading)) {
        Ok(_) => Ok(snapshot),
        Err(OfflineError::Snapshots(error @ SnapshotError::Damaged { .. })) => Ok(snapshot.damaged(error.to_string())),
        Err(other) => Err(other.into()),
    }
}
