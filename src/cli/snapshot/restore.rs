//! `snapshot restore` (R10.6).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use crate::cli::args;
use crate::cli::config_args::ConfigArgs;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::{self, Format, FormatArgs};
use crate::cli::progress;
use crate::cli::target::{erasures_exit, open_exit, recovery_exit, snapshot_exit};
use crate::clock::{SystemClock, check_wall, wall};
use crate::domain::ids::{Id, Position, Side, WorkspaceKey};
use crate::domain::time;
use crate::erasures::{ErasureList, SLACK, read_list};
use crate::ids::RandomIds;
use crate::offline::restore::{Carried, Found, Point, Replace, RestoreError, Source, Written, check_target, write};
use crate::recovery::Progress;
use crate::recovery::save::SaveProgress;
use crate::snapshot::SnapshotNumber;

/// Write the state of a data directory, or of a backup of it, as a new data directory
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where the new data directory goes; it must not exist, or be empty
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// What to restore: a data directory, a copy of one, or one snapshot's directory; else that of
    /// --data-dir and the configuration
    #[arg(long, value_name = "DIR", conflicts_with_all = ["config", "data_dir"])]
    from: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArgs,
    /// Begin with this snapshot instead of the newest
    #[arg(long, value_name = "NUMBER")]
    snapshot: Option<u64>,
    /// The state as of this time (RFC 3339) or position, as in 1234-0 or 1234
    #[arg(long, value_name = "TIME|POSITION", value_parser = until)]
    until: Option<Until>,
    /// The workspace that the position is one of, where there are several
    #[arg(long, value_name = "UUID", value_parser = args::id)]
    workspace: Option<Id>,
    /// The position is one of the workspace's test side
    #[arg(long)]
    test: bool,
    /// The kept list of erasures, to be applied again; a target that is replaced has its own
    #[arg(long, value_name = "FILE")]
    erasures: Option<PathBuf>,
    /// Replace a target that is not empty; it is kept beside the new one
    #[arg(long)]
    force: bool,
    /// Read and check everything, and write nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    format: FormatArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    Time(time::Millis),
    Position(Position),
}

fn until(text: &str) -> Result<Until, String> {
    let (seq, place) = text.split_once('-').unwrap_or((text, "65535"));
    match (seq.parse::<u64>(), place.parse::<u16>()) {
        (Ok(seq), Ok(place)) if (1..1 << 48).contains(&seq) => Ok(Until::Position(Position::new(seq, place))),
        _ => args::instant(text).map(Until::Time).map_err(|error| format!("{error}; or a position as in 1234-0")),
    }
}

/// What was restored.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    /// `None` for a dry run.
    to: Option<PathBuf>,
    /// Where the replaced directory is now.
    replaced: Option<PathBuf>,
    /// The snapshot that was loaded, and what of the journal was replayed after it.
    snapshot: Option<SnapshotNumber>,
    frames_replayed: u64,
    events_replayed: u64,
    /// Of the last frame.
    last_receipt: Option<String>,
    /// Up to which position.
    workspaces: Vec<RestoredSide>,
    /// Erasures that were applied again.
    erased_again: usize,
    /// What was erased between the state and this time may have left the list, so it may be in the new directory.
    /// `None`: nothing has.
    erasures_missing_before: Option<String>,
    /// Damaged snapshots that were passed over.
    passed_over: Vec<String>,
    secret: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RestoredSide {
    workspace_id: Id,
    side: Side,
    seq: u64,
    /// Of its last frame; none without frames.
    last_receipt: Option<String>,
}

pub fn run(args: &Args, quiet: bool) -> Result<(), Failure> {
    let replace = if args.force { Replace::SetAside } else { Replace::Refuse };
    check_target(&args.to, replace)?;
    let from = match &args.from {
        Some(from) => from.clone(),
        None => args.config.load(Vec::new())?.config.storage.data_dir,
    };
    check_wall(wall())?;
    let source = Source::open(&from)?.with_snapshot(args.snapshot.map(SnapshotNumber));
    let reading = Arc::new(Progress::default());
    let (shown, point) = (Arc::clone(&reading), args.point());
    let mut found =
        progress::during(quiet, move || (shown.stage().name(), shown.share()), || source.read(point, &reading))?;
    let list = erasures(args, &source.data_dir)?;
    let erased = found.erase(&list);
    let secret = Some(source.data_dir.join("secret")).filter(|path| path.is_file());
    let mut report = Report::of(&found, erased, secret.is_some());
    report.erasures_missing_before = list.since().filter(|since| is_before(&found, *since)).map(time::format);
    if !args.dry_run {
        let carried = Carried { secret, erasures: list };
        let written = put(&args.to, found, &carried, replace, quiet)?;
        (report.to, report.replaced) = (Some(args.to.clone()), written.replaced);
    }
    // The list may be in the target that is replaced.
    drop(source);
    match args.format.output {
        Format::Json => output::json(&report),
        Format::Table => report.tell(),
    }
}

/// Whether erasures from before this time may be missing in the state.
fn is_before(found: &Found, since: time::Millis) -> bool {
    found.last_receipt.is_some_and(|last| last < since.saturating_add(SLACK))
}

impl Args {
    fn point(&self) -> Point {
        let side = if self.test { Side::Test } else { Side::Live };
        match self.until {
            None => Point::End,
            Some(Until::Time(at)) => Point::Time(at),
            Some(Until::Position(at)) => Point::Position { workspace: self.workspace, side, at },
        }
    }
}

fn put(to: &Path, found: Found, carried: &Carried, replace: Replace, quiet: bool) -> Result<Written, Failure> {
    let writing = Arc::new(SaveProgress::default());
    let shown = Arc::clone(&writing);
    let clock = SystemClock::new();
    let written = progress::during(
        quiet,
        move || ("Writing the snapshot", shown.share()),
        || write(to, found, carried, replace, &clock, &RandomIds, &writing),
    );
    Ok(written?)
}

/// The lists of the source, of the target that is replaced, and the one that was named.
fn erasures(args: &Args, source: &Path) -> Result<ErasureList, Failure> {
    let mut all = ErasureList::default();
    let named = args.erasures.as_deref();
    if let Some(path) = named.filter(|path| matches!(path.try_exists(), Ok(false))) {
        return Err(Failure::new(Exit::NoInput, format!("{} does not exist", path.display())));
    }
    let kept = [source, &args.to].map(|directory| directory.join("erasures"));
    for file in kept.iter().map(PathBuf::as_path).filter(|file| file.is_file()).chain(named) {
        all.merge(&read_list(file).map_err(|error| Failure::of(erasures_exit(&error), &error))?);
    }
    Ok(all)
}

impl Report {
    fn of(found: &Found, erased_again: usize, secret: bool) -> Self {
        let side = |key: WorkspaceKey, seq, receipt| RestoredSide {
            workspace_id: key.id,
            side: key.side,
            seq,
            last_receipt: (seq > 0).then(|| time::format(receipt)),
        };
        let sides = found.workspaces.iter().map(|w| side(w.key(), w.applied(), w.last_applied_at()));
        Self {
            to: None,
            replaced: None,
            snapshot: found.snapshot,
            frames_replayed: found.tail.frames,
            events_replayed: found.tail.events,
            last_receipt: found.last_receipt.map(time::format),
            workspaces: sides.collect(),
            erased_again,
            erasures_missing_before: None,
            passed_over: found
                .passed_over
                .iter()
                .map(|passed| format!("{}: {}", passed.number, passed.reason))
                .collect(),
            secret,
        }
    }

    fn tell(&self) -> Result<(), Failure> {
        let from = self.snapshot.map_or_else(|| "the journal alone".to_owned(), |number| format!("snapshot {number}"));
        output::line(format_args!(
            "from {from} and {} frames behind it ({} events), up to {}",
            self.frames_replayed,
            self.events_replayed,
            self.last_receipt.as_deref().unwrap_or("the beginning"),
        ))?;
        let row = |side: &RestoredSide| {
            let of = match side.side {
                Side::Live => "live",
                Side::Test => "test",
            };
            let received = output::or_dash(side.last_receipt.as_deref());
            [side.workspace_id.to_string(), of.to_owned(), side.seq.to_string(), received]
        };
        output::table(["workspace", "side", "up to frame", "received"], self.workspaces.iter().map(row))?;
        for passed in &self.passed_over {
            output::line(format_args!("damaged and passed over: snapshot {passed}"))?;
        }
        if self.erased_again > 0 {
            output::line(format_args!("erased again: {}", self.erased_again))?;
        }
        if let Some(since) = &self.erasures_missing_before {
            output::line(format_args!(
                "WARNING: this state is older than the list of erasures, which begins at {since}: what was erased \
                 between is here again; erase it once more, or do not use this directory"
            ))?;
        }
        if !self.secret {
            output::line(format_args!("without the file `secret`: known events will not be compared by content"))?;
        }
        match (&self.to, &self.replaced) {
            (None, _) => output::line(format_args!("dry run: nothing was written")),
            (Some(to), None) => output::line(format_args!("written to {}", to.display())),
            (Some(to), Some(old)) => {
                output::line(format_args!("written to {}; what was there is in {}", to.display(), old.display()))
            }
        }
    }
}

impl From<RestoreError> for Failure {
    fn from(error: RestoreError) -> Self {
        let exit = match &error {
            RestoreError::Missing(_) | RestoreError::NoSuchPoint => Exit::NoInput,
            RestoreError::Renamed(_) | RestoreError::WhichWorkspace => Exit::Usage,
            RestoreError::Open(error) => open_exit(error),
            RestoreError::NoSnapshot { passed_over } if passed_over.is_empty() => Exit::NoInput,
            RestoreError::NoSnapshot { .. }
            | RestoreError::Read(_)
            | RestoreError::Replay(_)
            | RestoreError::Failed { .. } => Exit::Damaged,
            RestoreError::Recovery(error) => recovery_exit(error),
            RestoreError::Erasures(error) => erasures_exit(error),
            RestoreError::NotEmpty(_) | RestoreError::Mounted(_) => Exit::NotEmpty,
            RestoreError::Store(error) => snapshot_exit(error),
            RestoreError::Clock(_) => Exit::Configuration,
            RestoreError::Io { .. } => Exit::Failed,
        };
        Self::of(exit, &error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r10_6_a_point_is_a_time_or_a_position() {
        assert_eq!(until("12-3"), Ok(Until::Position(Position::new(12, 3))));
        assert_eq!(until("12"), Ok(Until::Position(Position::new(12, u16::MAX))));
        assert_eq!(until("2026-03-15T14:35:00Z"), Ok(Until::Time(1_773_585_300_000)));
        for wrong in ["", "0-1", "12-", "yesterday", "2026-03-15", "-5"] {
            assert!(until(wrong).is_err(), "{wrong}");
        }
    }
}
