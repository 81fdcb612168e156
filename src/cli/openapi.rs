//! `openapi`: the description of the HTTP API.

use super::exit::Failure;
use super::output;
use crate::http::openapi;

/// Print the OpenAPI document of the HTTP API
#[derive(Debug, clap::Args)]
pub struct Args {}

/// As `/api/openapi.json` serves it.
pub fn run(_: &Args) -> Result<(), Failure> {
    output::line(openapi::text().trim_end())
}
