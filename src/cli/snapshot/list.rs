//! `snapshot list`.

use super::Args;
use crate::cli::exit::Failure;
use crate::cli::output::{self, Format, or_dash};
use crate::cli::target::{Items, Place};
use crate::domain::time;
use crate::offline::snapshots;
use crate::service::snapshots::{SnapshotState, SnapshotView};

pub fn run(args: &Args) -> Result<(), Failure> {
    let snapshots: Vec<SnapshotView> = match args.target.place()? {
        Place::Server(remote) => remote.call::<Items<_>>("GET", "snapshots", None)?.items,
        Place::Directory(config) => {
            snapshots::list(&config.storage.data_dir)?.into_iter().map(SnapshotView::from).collect()
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

fn cells(snapshot: SnapshotView) -> [String; 10] {
    [
        snapshot.number.to_string(),
        state(snapshot.state).to_owned(),
        or_dash(snapshot.created_at.map(time::format)),
        or_dash(snapshot.took_millis.map(|millis| format!("{millis} ms"))),
        or_dash(snapshot.bytes.map(output::bytes)),
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
