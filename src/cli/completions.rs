//! `completions`: a script for the shell.

use clap::CommandFactory;
use clap_complete::Shell;

use super::exit::Failure;
use super::{Cli, output};

/// Print a completion script
#[derive(Debug, clap::Args)]
pub struct Args {
    shell: Shell,
}

pub fn run(args: &Args) -> Result<(), Failure> {
    // Into memory first: clap_complete panics when the reader of a pipe goes away.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "tripswitch", &mut script);
    output::line(String::from_utf8_lossy(&script).trim_end())
}
