//! `export` and `import` (R10.5): everything as portable NDJSON of facts.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::config_args::ConfigArgs;
use super::exit::{Exit, Failure};
use super::target::{Location, TargetArgs};
use super::text::{NotText, skip_byte_order_mark};
use super::{out_file, output, progress};
use crate::clock::{SystemClock, check_wall, wall};
use crate::domain::time::Millis;
use crate::files::explained;
use crate::ids::RandomIds;
use crate::offline::restore::{Carried, Found, Point, Replace, Source, check_target, write};
use crate::portable::{self, ExportError, Header, ImportError, Imported, Problem, SystemPosition};
use crate::recovery::Progress;
use crate::recovery::save::SaveProgress;

/// Write everything as portable NDJSON of facts (docs/export.md)
#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// Where to write it; standard output without one, and for -
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

/// Make a data directory of an export
#[derive(Debug, clap::Args)]
pub struct ImportArgs {
    /// What `export` has written; standard input for -
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    config: ConfigArgs,
}

pub fn export(args: &ExportArgs, quiet: bool) -> Result<(), Failure> {
    match args.target.location()? {
        Location::Server(remote) => out_file::write(args.file.as_deref(), |out| remote.download("export", out)),
        Location::Directory(config) => {
            let found = read(&config.storage.data_dir, quiet)?;
            out_file::write(args.file.as_deref(), |out| export_found(found, out, quiet))
        }
    }
}

fn read(data_dir: &Path, quiet: bool) -> Result<Found, Failure> {
    let reading = Arc::new(Progress::default());
    let shown = Arc::clone(&reading);
    let source = Source::open(data_dir)?;
    let read = || source.read(Point::End, &reading);
    Ok(progress::during(quiet, move || (shown.stage().name(), shown.share()), read)?)
}

fn export_found(found: Found, mut out: &mut dyn Write, quiet: bool) -> Result<(), Failure> {
    let Found { system, workspaces, last_receipt, .. } = found;
    let total: u64 = workspaces.iter().map(|workspace| workspace.conversations_held()).sum();
    let position = SystemPosition { seq: system.applied(), last_receipt: last_receipt.unwrap_or(Millis::MIN) };
    let header =
        Header { program: concat!("tripswitch ", env!("CARGO_PKG_VERSION")), exported_at: wall(), system: position };
    let lines = Arc::new(AtomicU64::new(0));
    let shown = Arc::clone(&lines);
    let look = move || ("Exporting", shown.load(Ordering::Relaxed) as f64 / total.max(1) as f64);
    let cuts = workspaces.into_iter().map(|mut workspace| workspace.cut());
    let written = progress::during(quiet, look, || {
        let mut tell = |done: portable::Progress| lines.store(done.lines, Ordering::Relaxed);
        portable::export(&mut out, header, &system, cuts, &mut tell)
    })?;
    output::note(quiet, format_args!("{} lines, {} conversations", written.written.lines, written.conversations));
    Ok(())
}

/// All that an export says; standard input for -.
pub(super) fn read_export(path: &Path, doing: &'static str, quiet: bool) -> Result<Imported, Failure> {
    let (mut input, size): (Box<dyn BufRead>, u64) = if path.as_os_str() == "-" {
        (Box::new(io::stdin().lock()), 0)
    } else {
        let unreadable = |error| {
            let failure = Failure::of(Exit::NoInput, &explained(path, error));
            Failure { message: format!("{}: {}", path.display(), failure.message), ..failure }
        };
        let file = File::open(path).map_err(unreadable)?;
        let size = file.metadata().map_err(unreadable)?.len();
        (Box::new(BufReader::with_capacity(1 << 20, file)), size)
    };
    skip_byte_order_mark(&mut input)?;
    let bytes = Arc::new(AtomicU64::new(0));
    let shown = Arc::clone(&bytes);
    let look = move || (doing, shown.load(Ordering::Relaxed) as f64 / size.max(1) as f64);
    Ok(progress::during(quiet, look, || {
        let mut tell = |done: portable::Progress| bytes.store(done.bytes, Ordering::Relaxed);
        portable::import(input, &mut tell)
    })?)
}

pub fn import(args: &ImportArgs, quiet: bool) -> Result<(), Failure> {
    let target = args.config.load(Vec::new())?.config.storage.data_dir;
    check_wall(wall())?;
    check_target(&target, Replace::Refuse)?;
    let imported = read_export(&args.file, "Importing", quiet)?;
    let lines = imported.read.lines;
    let found = Found::imported(imported);
    let writing = Arc::new(SaveProgress::default());
    let shown = Arc::clone(&writing);
    let clock = SystemClock::new();
    let written = progress::during(
        quiet,
        move || ("Writing the snapshot", shown.share()),
        || write(&target, found, &Carried::default(), Replace::Refuse, &clock, &RandomIds, &writing),
    )?;
    let conversations: u64 = written.manifest.sides.iter().map(|side| side.conversations).sum();
    output::note(quiet, format_args!("{lines} lines, {conversations} conversations: {}", target.display()));
    Ok(())
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Write(error) => error.into(),
            ExportError::Encode { .. }
            | ExportError::NotInitialised
            | ExportError::UnknownWorkspace(_)
            | ExportError::Stray { .. } => Self::of(Exit::Damaged, &error),
        }
    }
}

impl From<NotText> for Failure {
    fn from(error: NotText) -> Self {
        let exit = if matches!(error, NotText::Read(_)) { Exit::Failed } else { Exit::Damaged };
        Self::of(exit, &error)
    }
}

impl From<ImportError> for Failure {
    fn from(error: ImportError) -> Self {
        let exit = if matches!(error.problem, Problem::Read(_)) { Exit::Failed } else { Exit::Damaged };
        Self::of(exit, &error)
    }
}
