//! `snapshot prune`.

use serde_json::json;

use crate::cli::exit::Failure;
use crate::cli::output::{self, Format, FormatArgs};
use crate::cli::target::{Place, TargetArgs};
use crate::offline::snapshots;
use crate::service::snapshots::Pruned;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many to keep, 1 to 100 [default: snapshots.keep of the configuration]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    keep: Option<u32>,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    format: FormatArgs,
}

pub fn run(args: &Args, quiet: bool) -> Result<(), Failure> {
    let pruned: Pruned = match args.target.place()? {
        Place::Server(remote) => {
            let body = args.keep.map(|keep| json!({"keep": keep}));
            remote.run(remote.ask("POST", "snapshots/prune", body.as_ref(), None))?.read()?
        }
        Place::Directory(config) => {
            let keep = args.keep.unwrap_or(config.snapshots.keep) as usize;
            let removed = snapshots::prune(&config.storage.data_dir, keep)?;
            output::note(quiet, "The journal stays as it is; a server trims it after its next snapshot.");
            Pruned::new(keep, &removed)
        }
    };
    match args.format.output {
        Format::Json => output::json(&pruned),
        Format::Table => output::table(["removed"], pruned.removed.iter().map(|number| [number.to_string()])),
    }
}
