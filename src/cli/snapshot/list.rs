//! `snapshot list`.

use super::Args;
use crate::cli::exit::Failure;
use crate::cli::output::{self, Format, or_dash};
use crate::cli::remote::NOTHING;
use crate::cli::target::Location;
use crate::offline::snapshots;
use crate::wire::list::SnapshotList;
use crate::wire::snapshot::{Snapshot, SnapshotState};

pub fn run(args: &Args) -> Result<(), Failure> {
    let snapshots: Vec<Snapshot> = match args.target.location()? {
        Location::Server(remote) => remote.call::<SnapshotList>("GET", "snapshots", NOTHING)?.items,
        Location::Directory(config) => {
            snapshots::list(&config.storage.data_dir)?.into_iter().map(Snapshot::from).collect()
        }
    };
    match args.format.output {
        Format::Json => output::json(&snapshots),
        Format::Table => output::table(
            ["number", "state", "created", "took", "bytes", "position", "sides", "conversations", "accounts", "reason"],
            snapshots.into_iter().map(cells),
        ),
    }
}

fn cells(snapshot: Snapshot) -> [String; 10] {
    [
        snapshot.number.to_string(),
        state(snapshot.state).to_owned(),
        or_dash(snapshot.created_at),
        or_dash(snapshot.took_millis.map(|millis| format!("{} ms", millis.0))),
        or_dash(snapshot.bytes.map(|bytes| output::bytes(bytes.0))),
        or_dash(snapshot.position),
        or_dash(snapshot.sides),
        or_dash(snapshot.conversations),
        or_dash(snapshot.accounts),
        or_dash(snapshot.reason),
    ]
}

/// For people.
pub const fn state(state: SnapshotState) -> &'static str {
    match state {
        SnapshotState::Whole => "whole",
        SnapshotState::Damaged => "damaged",
        SnapshotState::UnknownVersion => "unknown version",
        SnapshotState::Unreadable => "unreadable",
        SnapshotState::SetAside => "set aside",
    }
}
