//! `status` (R10.5): a server, or a data directory that no server holds, on one page.

use std::path::PathBuf;

use serde::Serialize;

use super::exit::Failure;
use super::output::{self, Format, FormatArgs, or_dash};
use super::remote::NOTHING;
use super::snapshot::{directory_status, status_facts};
use super::target::{Location, TargetArgs};
use crate::domain::ids::{Id, Side};
use crate::offline::snapshots::{self, DirectoryStatus};
use crate::storage::TornTail;
use crate::wire::snapshot::SnapshotStatus;
use crate::wire::status::{ServerStatus, SideName, Usage};
use crate::wire::values::{Count, Size, Timestamp};

/// Show a server, or a data directory, on one page
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    format: FormatArgs,
}

/// A data directory without a server; members are those of [`ServerStatus`].
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DirectoryPage {
    version: &'static str,
    /// `None` before the first start.
    incarnation: Option<Id>,
    data_directory: PathBuf,
    workspaces: usize,
    journal: DirectoryJournal,
    snapshots: SnapshotStatus,
    snapshots_listed: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DirectoryJournal {
    first_group: Count,
    last_group: Count,
    last_receipt: Option<Timestamp>,
    segments: Option<Count>,
    bytes: Option<Size>,
    torn_tail: Vec<TornTail>,
}

pub fn run(args: &Args) -> Result<(), Failure> {
    match args.target.location()? {
        Location::Server(remote) => {
            let page: ServerStatus = remote.call("GET", "status", NOTHING)?;
            match args.format.output {
                Format::Json => output::json(&page),
                Format::Table => output::facts(server_facts(&page)),
            }
        }
        Location::Directory(config) => {
            let page = page(config.storage.data_dir.clone(), snapshots::status(&config.storage.data_dir)?);
            match args.format.output {
                Format::Json => output::json(&page),
                Format::Table => output::facts(directory_facts(&page)),
            }
        }
    }
}

fn page(data_directory: PathBuf, status: DirectoryStatus) -> DirectoryPage {
    let system = &status.recovered.system;
    DirectoryPage {
        version: env!("CARGO_PKG_VERSION"),
        incarnation: system.origin().map(|origin| origin.incarnation),
        data_directory,
        workspaces: system.workspaces().count(),
        snapshots: directory_status(&status),
        snapshots_listed: status.snapshots.len(),
        journal: DirectoryJournal {
            first_group: status.first_group.0.into(),
            last_group: status.last_group.0.into(),
            last_receipt: status.recovered.last_receipt.map(Timestamp),
            segments: status.footprint.map(|footprint| footprint.units.into()),
            bytes: status.footprint.map(|footprint| Size(footprint.bytes)),
            torn_tail: status.torn,
        },
    }
}

fn directory_facts(page: &DirectoryPage) -> Vec<(&'static str, String)> {
    let journal = &page.journal;
    let mut facts = vec![
        ("version", page.version.to_owned()),
        ("incarnation", or_dash(page.incarnation)),
        ("data directory", page.data_directory.display().to_string()),
        ("workspaces", page.workspaces.to_string()),
        ("journal", groups(journal.first_group, journal.last_group, journal.segments, journal.bytes)),
        ("last receipt", or_dash(journal.last_receipt)),
        ("snapshots", page.snapshots_listed.to_string()),
    ];
    facts.extend(status_facts(&page.snapshots));
    facts.extend(journal.torn_tail.iter().map(|torn| {
        let TornTail { file, offset, bytes } = torn;
        ("torn tail", format!("{bytes} bytes at byte {offset} of {}; cut at the next start", file.display()))
    }));
    facts
}

fn server_facts(page: &ServerStatus) -> Vec<(&'static str, String)> {
    let (workspaces, journal) = (&page.workspaces, &page.journal);
    let Usage { used, limit } = page.identities;
    let waiting = page.waiting_bytes;
    let mut facts = vec![
        ("version", page.version.clone()),
        ("incarnation", page.incarnation.to_string()),
        ("data directory", or_dash(page.data_directory.as_ref().map(|path| path.display()))),
        ("phase", page.phase.name().to_owned()),
        ("up since", format!("{} ({} s)", page.started_at, page.uptime_seconds)),
        ("workspaces", workspaces.workspaces.to_string()),
        ("sides serving", workspaces.sides_serving.to_string()),
        ("sides rebuilding", names(&workspaces.sides_rebuilding)),
        ("sides failed", names(&workspaces.sides_failed)),
        ("events skipped", page.events_skipped.count.to_string()),
        ("journal", groups(journal.first_group, journal.last_group, journal.segments, journal.bytes)),
        ("journal state", journal.state.name().to_owned()),
        ("last receipt", or_dash(journal.last_receipt)),
    ];
    facts.extend(status_facts(&page.snapshots));
    facts.push(("identities", format!("{} of {}", used.0, limit.0)));
    facts.push(("waiting", format!("{} of {}", output::bytes(waiting.used.0), output::bytes(waiting.limit.0))));
    let skips = page.events_skipped.sides.iter();
    facts.extend(skips.map(|side| {
        (
            "skipped",
            format!(
                "{} in {}: {}",
                side.count,
                named(&SideName { workspace_id: side.workspace_id, side: side.side }),
                side.latest.join(" ")
            ),
        )
    }));
    facts.extend(page.clock_step_not_followed_millis.map(|step| ("clock step", format!("{step} ms, not followed"))));
    facts.extend(page.warnings.iter().map(|warning| ("warning", warning.clone())));
    facts
}

fn groups(first: Count, last: Count, segments: Option<Count>, bytes: Option<Size>) -> String {
    let place = segments.zip(bytes).map(|(count, bytes)| format!(", {count} segments, {}", output::bytes(bytes.0)));
    format!("groups {first} to {last}{}", place.unwrap_or_default())
}

fn names(sides: &[SideName]) -> String {
    if sides.is_empty() { "0".to_owned() } else { sides.iter().map(named).collect::<Vec<_>>().join(" ") }
}

fn named(side: &SideName) -> String {
    let test = match side.side {
        Side::Live => "",
        Side::Test => " (test)",
    };
    format!("{}{test}", side.workspace_id)
}
