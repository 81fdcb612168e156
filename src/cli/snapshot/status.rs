//! `snapshot status`.

use super::Args;
use crate::actors;
use crate::cli::exit::Failure;
use crate::cli::output::{self, Format};
use crate::cli::remote::NOTHING;
use crate::cli::target::Location;
use crate::offline::snapshots::{self, DirectoryStatus};
use crate::wire::snapshot::{LastSnapshot, SnapshotStatus};
use crate::wire::values::Count;

pub fn run(args: &Args) -> Result<(), Failure> {
    let status = match args.target.location()? {
        Location::Server(remote) => remote.call("GET", "snapshots/status", NOTHING)?,
        Location::Directory(config) => of_directory(&snapshots::status(&config.storage.data_dir)?),
    };
    match args.format.output {
        Format::Json => output::json(&status),
        Format::Table => output::facts(facts(&status)),
    }
}

/// The answer of a server that has just started on the directory.
pub fn of_directory(status: &DirectoryStatus) -> SnapshotStatus {
    actors::SnapshotStatus {
        last: status.recovered.snapshot.as_ref().map(actors::LastSnapshot::from),
        running: false,
        progress: 1.0,
        tail: status.recovered.tail,
        failures: 0,
        failure: None,
        passed_over: !status.recovered.passed_over.is_empty(),
    }
    .into()
}

/// For people.
pub fn facts(status: &SnapshotStatus) -> Vec<(&'static str, String)> {
    let last = status.last.map(|last| {
        let LastSnapshot { number, created_at, took_millis, bytes, position } = last;
        let (bytes, took) = (output::bytes(bytes.0), took_millis.0);
        format!("{number} of {created_at}, {bytes}, up to group {position}, took {took} ms")
    });
    let tail = &status.tail;
    let behind = format!("{} frames, {} events, {}", tail.frames, tail.events, output::bytes(tail.bytes.0));
    let mut facts = vec![("last snapshot", output::or_dash(last)), ("behind it", behind)];
    if status.running {
        facts.push(("being written", format!("{:.0} %", status.progress * 100.0)));
    }
    if status.failures > Count(0) {
        let said = status.failure.as_deref().unwrap_or("the last attempt worked");
        facts.push(("failed attempts", format!("{}: {said}", status.failures)));
    }
    if status.passed_over {
        facts.push(("damaged", "a newer snapshot was, or would be, passed over".to_owned()));
    }
    facts
}
