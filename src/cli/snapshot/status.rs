//! `snapshot status`.

use super::Args;
use crate::actors::{LastSnapshot, SnapshotStatus};
use crate::cli::exit::Failure;
use crate::cli::output::{self, Format};
use crate::cli::target::Place;
use crate::domain::time;
use crate::offline::snapshots::{self, DirectoryStatus};

pub fn run(args: &Args) -> Result<(), Failure> {
    let status = match args.target.place()? {
        Place::Server(remote) => remote.call("GET", "snapshots/status", None)?,
        Place::Directory(config) => of_directory(&snapshots::status(&config.storage.data_dir)?),
    };
    match args.format.output {
        Format::Json => output::json(&status),
        Format::Table => output::facts(facts(&status)),
    }
}

/// The answer of a server that has just started on the directory.
pub fn of_directory(status: &DirectoryStatus) -> SnapshotStatus {
    SnapshotStatus {
        last: status.recovered.snapshot.as_ref().map(LastSnapshot::from),
        running: false,
        progress: 1.0,
        tail: status.recovered.tail,
        failures: 0,
        failure: None,
        passed_over: !status.recovered.passed_over.is_empty(),
    }
}

/// For people.
pub fn facts(status: &SnapshotStatus) -> Vec<(&'static str, String)> {
    let last = status.last.map(|last| {
        let LastSnapshot { number, created_at, took_millis, bytes, position } = last;
        let (at, bytes) = (time::format(created_at), output::bytes(bytes));
        format!("{number} of {at}, {bytes}, up to group {position}, took {took_millis} ms")
    });
    let tail = &status.tail;
    let behind = format!("{} frames, {} events, {}", tail.frames, tail.events, output::bytes(tail.bytes));
    let mut facts = vec![("last snapshot", output::or_dash(last)), ("behind it", behind)];
    if status.running {
        facts.push(("being written", format!("{:.0} %", status.progress * 100.0)));
    }
    if status.failures > 0 {
        let said = status.failure.as_deref().unwrap_or("the last attempt worked");
        facts.push(("failed attempts", format!("{}: {said}", status.failures)));
    }
    if status.passed_over {
        facts.push(("damaged", "a newer snapshot was, or would be, passed over".to_owned()));
    }
    facts
}
