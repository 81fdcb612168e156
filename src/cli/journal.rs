//! `journal status|verify` (R9.4, R10.5): looks at a data directory that no server holds.

use super::config_args::ConfigArgs;
use super::exit::{Exit, Failure};
use super::output::{self, Format, FormatArgs};
use super::target::open_exit;
use crate::domain::ids::{Side, WorkspaceKey};
use crate::domain::time;
use crate::journal::inspect::{Depth, GroupReport, LAST_GROUP_NOTE, Report, inspect};

/// Look at the journal
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// What is in it: segments, groups, frames of each workspace
    Status(Args),
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

pub fn run(command: &Command, quiet: bool) -> Result<(), Failure> {
    let (args, depth) = match command {
        Command::Status(args) => (args, Depth::Status),
        Command::Verify(args) => (args, Depth::Verify),
    };
    let data_dir = args.config.load(Vec::new())?.config.storage.data_dir;
    let report = inspect(&data_dir, depth).map_err(|error| {
        let exit = open_exit(&error);
        let hint = if exit == Exit::InUse { ": stop the server, or look at a copy" } else { "" };
        Failure::new(exit, format!("{error}{hint}"))
    })?;
    match args.format.output {
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
    let row = |w: &crate::journal::inspect::WorkspaceReport| {
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
