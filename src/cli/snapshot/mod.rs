//! `snapshot create|list|status|verify|prune|restore` (R10.5): on a data directory that no server holds, or
//! on a running server.

mod create;
mod list;
mod prune;
mod restore;
mod status;
mod verify;

use super::exit::Failure;
use super::output::{self, FormatArgs};
use super::target::TargetArgs;
use crate::wire::snapshot::Snapshot;

pub use status::{facts as status_facts, of_directory as directory_status};

/// Take, look at and remove snapshots
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Take a snapshot
    Create(Args),
    /// List the snapshots, newest first
    List(Args),
    /// The last snapshot, and what a start would replay behind it
    Status(Args),
    /// Read all of a snapshot and compare it with its checksums
    Verify(verify::Args),
    /// Remove all but the newest
    Prune(prune::Args),
    Restore(restore::Args),
}

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    format: FormatArgs,
}

pub fn run(command: &Command, quiet: bool) -> Result<(), Failure> {
    match command {
        Command::Create(args) => create::run(args, quiet),
        Command::List(args) => list::run(args),
        Command::Status(args) => status::run(args),
        Command::Verify(args) => verify::run(args, quiet),
        Command::Prune(args) => prune::run(args, quiet),
        Command::Restore(args) => restore::run(args, quiet),
    }
}

/// One snapshot, for people.
fn tell(snapshot: &Snapshot) -> Result<(), Failure> {
    output::facts([
        ("number", snapshot.number.to_string()),
        ("state", list::state(snapshot.state).to_owned()),
        ("created", output::or_dash(snapshot.created_at)),
        ("took", output::or_dash(snapshot.took_millis.map(|millis| format!("{} ms", millis.0)))),
        ("bytes", output::or_dash(snapshot.bytes.map(|bytes| output::bytes(bytes.0)))),
        ("position", output::or_dash(snapshot.position)),
        ("sides", output::or_dash(snapshot.sides)),
        ("conversations", output::or_dash(snapshot.conversations)),
        ("accounts", output::or_dash(snapshot.accounts)),
        ("path", snapshot.path.display().to_string()),
    ])
}
