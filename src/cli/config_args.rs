//! The options that say which configuration a verb works with.

use std::path::PathBuf;

use super::exit::Failure;
use crate::config::{Inputs, Loaded, load};

/// `--config` and `--data-dir`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ConfigArgs {
    /// Configuration file [default: config.toml, if it is there]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Data directory [default: snapshots]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}

impl ConfigArgs {
    /// The configuration, with `flags` (name, key, value) over it.
    pub fn load(&self, flags: Vec<(&'static str, &'static str, String)>) -> Result<Loaded, Failure> {
        let data_dir = self.data_dir.as_ref().map(|dir| ("--data-dir", "storage.data_dir", dir.display().to_string()));
        let flags = data_dir.into_iter().chain(flags).collect();
        Ok(load(Inputs::from_process(self.config.clone(), flags))?)
    }
}
