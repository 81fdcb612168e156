//! Logs, to standard error.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use super::exit::{Exit, Failure};
use crate::config::{LogConfig, LogFormat};

/// Starts logging, once a process.
pub fn start(config: &LogConfig) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::new(Exit::Configuration, format!("log: {error}"));
    let filter = EnvFilter::try_new(&*config.level).map_err(|error| failed(&error))?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let started = match config.format {
        LogFormat::Human => subscriber.try_init(),
        LogFormat::Json => subscriber.json().try_init(),
    };
    started.map_err(|error| failed(&error))
}
