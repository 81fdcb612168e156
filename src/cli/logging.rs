//! Logs, to standard error; and request spans, to a collector.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry, fmt};

use super::exit::{Exit, Failure};
use crate::config::{LogConfig, LogFormat};

/// Lines for people, or for machines.
type Lines = Box<dyn Layer<Registry> + Send + Sync>;

/// What has to be done at the end of the process.
#[must_use]
#[derive(Default)]
pub struct Logs {
    #[cfg(feature = "otlp")]
    exporter: Option<crate::otlp::Exporter>,
}

impl Logs {
    /// Sends the spans that are left, for a few seconds at most. Not to be called in a runtime.
    pub fn end(self) {
        #[cfg(feature = "otlp")]
        if let Some(exporter) = self.exporter {
            exporter.stop();
        }
    }
}

/// Checks whether logging can start with this configuration.
pub fn check(config: &LogConfig) -> Result<(), Failure> {
    filter(config).map(drop)
}

fn filter(config: &LogConfig) -> Result<EnvFilter, Failure> {
    EnvFilter::try_new(&*config.level).map_err(|error| failed(&error))
}

/// Starts logging, once a process.
pub fn start(config: &LogConfig) -> Result<Logs, Failure> {
    let filter = filter(config)?;
    let lines = fmt::layer().with_writer(stderr).with_ansi(stderr().is_terminal());
    let lines: Lines = match config.format {
        LogFormat::Human => lines.boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    #[cfg(feature = "otlp")]
    if !config.otlp_endpoint.is_empty() {
        return start_both(&config.otlp_endpoint, lines, filter);
    }
    tracing_subscriber::registry().with(lines).with(filter).try_init().map_err(|error| failed(&error))?;
    Ok(Logs::default())
}

/// The level is for log lines alone, not for spans.
#[cfg(feature = "otlp")]
fn start_both(collector: &str, lines: Lines, filter: EnvFilter) -> Result<Logs, Failure> {
    let exporter = crate::otlp::Exporter::new(collector).map_err(|error| failed(&error))?;
    let spans = exporter.layer(crate::http::request_log::TARGET);
    let subscriber = tracing_subscriber::registry().with(lines.with_filter(filter)).with(spans);
    subscriber.try_init().map_err(|error| failed(&error))?;
    Ok(Logs { exporter: Some(exporter) })
}

fn failed(error: &dyn std::fmt::Display) -> Failure {
    Failure::new(Exit::Configuration, format!("log: {error}"))
}
