//! `check-config`: whether the server would start with it, and what holds.

use serde_json::json;

use super::config_args::ConfigArgs;
use super::exit::Failure;
use super::logging;
use super::output::{self, Format, FormatArgs};
use crate::app::Server;

/// Check the configuration
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// Show every value and where it came from
    #[arg(long)]
    effective: bool,
    #[command(flatten)]
    format: FormatArgs,
}

pub fn run(args: &Args, quiet: bool) -> Result<(), Failure> {
    let loaded = args.config.load(Vec::new())?;
    logging::check(&loaded.config.log)?;
    Server::check(&loaded.config)?;
    if !args.effective {
        output::note(quiet, "The configuration is fine.");
        return Ok(());
    }
    match args.format.output {
        Format::Table => {
            let row = |e: &crate::config::Effective| [e.key.clone(), e.value.clone(), e.source.to_string()];
            output::table(["option", "value", "from"], loaded.effective.iter().map(row))
        }
        Format::Json => {
            let item =
                |e: &crate::config::Effective| json!({"option": e.key, "value": e.value, "from": e.source.to_string()});
            output::json(&loaded.effective.iter().map(item).collect::<Vec<_>>())
        }
    }
}
