//! `journal status|verify` (R9.4, R10.5): looks at a data directory that no server holds; `status`
//! also at what a running server knows of its journal.

use std::path::Path;

use super::config_args::ConfigArgs;
use super::exit::{Exit, Failure};
use super::output::{self, Format, FormatArgs, or_dash};
use super::remote::{NOTHING, Remote};
use super::target::{Location, TargetArgs, open_exit};
use crate::domain::ids::{Side, WorkspaceKey};
use crate::domain::time;
use crate::storage::inspect::{Depth, GroupReport, LAST_GROUP_NOTE, Report, inspect};
use crate::wire::status::Journal;

/// Look at the journal
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// What is in it: segments, groups, frames of each workspace
    Status(StatusArgs),
    /// Read every record and check checksums, chain and order
    Verify(Args),
}

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    format: FormatArgs,
}

#[derive(Debug, clap::Args)]
pub struct StatusArgs {
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    format: FormatArgs,
}

pub fn run(command: &Command, quiet: bool) -> Result<(), Failure> {
    match command {
        Command::Status(args) => match args.target.location()? {
            Location::Server(remote) => of_server(&remote, args.format.output),
            Location::Directory(config) => look(&config.storage.data_dir, Depth::Status, args.format.output, quiet),
        },
        Command::Verify(args) => {
            let config = args.config.load(Vec::new())?.config;
            look(&config.storage.data_dir, Depth::Verify, args.format.output, quiet)
        }
    }
}

fn of_server(remote: &Remote, format: Format) -> Result<(), Failure> {
    let journal: Journal = remote.call("GET", "journal", NOTHING)?;
    match format {
        Format::Json => output::json(&journal),
        Format::Table => output::facts([
            ("state", journal.state.name().to_owned()),
            ("full since", or_dash(journal.full_since)),
            ("first group", journal.first_group.to_string()),
            ("last group", journal.last_group.to_string()),
            ("last receipt", or_dash(journal.last_receipt)),
            ("segments", or_dash(journal.segments)),
            ("bytes", or_dash(journal.bytes.map(|bytes| output::bytes(bytes.0)))),
            ("groups written", journal.groups_written.to_string()),
            ("frames written", journal.frames_written.to_string()),
            ("bytes written", output::bytes(journal.bytes_written.0)),
        ]),
    }
}

fn look(data_dir: &Path, depth: Depth, format: Format, quiet: bool) -> Result<(), Failure> {
    let report = inspect(data_dir, depth).map_err(|error| {
        let exit = open_exit(&error);
        let hint = match depth {
            Depth::Status => ": a server is running on it; use --url and --admin-key",
            Depth::Verify => ": stop the server, or look at a copy",
        };
        let failure = Failure::of(exit, &error);
        Failure { message: failure.message + if exit == Exit::InUse { hint } else { "" }, ..failure }
    })?;
    match format {
        Format::Json => output::json(&report)?,
        Format::Table => tell(&report)?,
    }
    if depth == Depth::Verify {
        output::note(quiet, LAST_GROUP_NOTE);
    }
    if report.problems.is_empty() {
        return Ok(());
    }
    Err(Failure::new(Exit::Damaged, format!("{} groups are not right.", report.problems.len())))
}

fn tell(report: &Report) -> Result<(), Failure> {
    let at = |group: &Option<GroupReport>| {
        let shown = |g: &GroupReport| {
            format!("{} ({})", g.group, g.receipt.map_or_else(|| "unreadable".to_owned(), time::format))
        };
        group.as_ref().map_or_else(|| "-".to_owned(), shown)
    };
    output::line(format_args!(
        "segments  {}\ngroups    {}\nframes    {}\nbytes     {}\nfirst     {}\nlast      {}\n",
        report.segments.len(),
        report.groups,
        report.frames,
        report.bytes,
        at(&report.first),
        at(&report.last),
    ))?;
    let row = |w: &crate::storage::inspect::WorkspaceReport| {
        let (id, side) = named(w.key);
        [id, side.to_owned(), w.frames.to_string(), w.first_seq.to_string(), w.last_seq.to_string()]
    };
    output::table(["workspace", "side", "frames", "first", "last"], report.workspaces.iter().map(row))?;
    for torn in &report.torn_tail {
        let file = torn.file.display();
        output::line(format_args!(
            "torn tail: {} bytes at byte {} of {file}; cut at the next start",
            torn.bytes, torn.offset
        ))?;
    }
    for kept in &report.torn_kept {
        output::line(format_args!("cut at an earlier start and kept: {}", kept.display()))?;
    }
    for problem in &report.problems {
        output::line(format_args!("group {}: {}", problem.group, problem.what))?;
    }
    Ok(())
}

fn named(key: WorkspaceKey) -> (String, &'static str) {
    let side = match key.side {
        Side::Live => "live",
        Side::Test => "test",
    };
    if key == WorkspaceKey::SYSTEM { ("(system)".to_owned(), "-") } else { (key.id.to_string(), side) }
}
