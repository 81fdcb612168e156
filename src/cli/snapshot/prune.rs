//! `snapshot prune`.

use crate::cli::exit::Failure;
use crate::cli::output::{self, Format, FormatArgs};
use crate::cli::target::{Location, TargetArgs};
use crate::offline::snapshots;
use crate::service::snapshots::pruned;
use crate::wire::snapshot::{Prune, Pruned};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many to keep, 1 to 100 [default: snapshots.keep of the configuration]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=100))]
    keep: Option<u16>,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    format: FormatArgs,
}

pub fn run(args: &Args, quiet: bool) -> Result<(), Failure> {
    let pruned: Pruned = match args.target.location()? {
        Location::Server(remote) => {
            let body = Prune { keep: args.keep };
            remote.run(remote.ask("POST", "snapshots/prune", Some(&body), None))?.read()?
        }
        Location::Directory(config) => {
            let keep = args.keep.map_or(config.snapshots.keep as usize, usize::from);
            let removed = snapshots::prune(&config.storage.data_dir, keep)?;
            output::note(quiet, "The journal stays as it is; a server trims it after its next snapshot.");
            pruned(keep, &removed)
        }
    };
    match args.format.output {
        Format::Json => output::json(&pruned),
        Format::Table => output::table(["removed"], pruned.removed.iter().map(|number| [number.to_string()])),
    }
}
