//! The command line: one file per verb (section 10 of the contract).

pub mod args;
pub mod backtest;
pub mod calibrate;
pub mod check_config;
pub mod cluster;
pub mod completions;
pub mod config_args;
pub mod demo;
pub mod exit;
pub mod id;
pub mod journal;
pub mod key;
pub mod logging;
pub mod openapi;
pub mod out_file;
pub mod output;
pub mod portable;
pub mod progress;
pub mod remote;
pub mod score;
pub mod serve;
pub mod snapshot;
pub mod status;
pub mod target;
pub mod text;
pub mod workspace;

use std::io::Write;

use clap::Parser;

use exit::{Exit, Failure};

use crate::app::machine;

/// Scores AI-support conversations as they happen, and pauses the AI for an account when they go bad
#[derive(Debug, Parser)]
#[command(name = "tripswitch", version, propagate_version = true, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Say nothing but what was asked for
    #[arg(long, short, global = true)]
    quiet: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Serve(serve::Args),
    Demo(demo::Args),
    /// Score dialogues from a file: no server, no set-up
    Score(score::ScoreArgs),
    #[command(subcommand)]
    Workspace(workspace::Command),
    #[command(subcommand)]
    Key(key::Command),
    #[command(subcommand)]
    Cluster(cluster::Command),
    Id(id::Args),
    CheckConfig(check_config::Args),
    Status(status::Args),
    Backtest(backtest::Args),
    Calibrate(calibrate::Args),
    #[command(subcommand)]
    Snapshot(snapshot::Command),
    #[command(subcommand)]
    Journal(journal::Command),
    Export(portable::ExportArgs),
    Import(portable::ImportArgs),
    Openapi(openapi::Args),
    Completions(completions::Args),
}

/// Runs the verb of the command line. A wrong command line ends the process here (R10.9: 2).
pub fn run() -> Exit {
    machine::keep_files_private();
    machine::keep_no_cores();
    let Cli { command, quiet } = Cli::parse();
    let done = match command {
        Command::Serve(args) => serve::run(&args, quiet),
        Command::Demo(args) => demo::run(&args, quiet),
        Command::Score(args) => score::run(&args).map_err(score::failed),
        Command::Workspace(command) => workspace::run(&command, quiet),
        Command::Key(command) => key::run(&command, quiet),
        Command::Cluster(command) => cluster::run(&command, quiet),
        Command::Id(args) => id::run(&args),
        Command::CheckConfig(args) => check_config::run(&args, quiet),
        Command::Status(args) => status::run(&args),
        Command::Backtest(args) => backtest::run(&args, quiet),
        Command::Calibrate(args) => calibrate::run(&args, quiet),
        Command::Snapshot(command) => snapshot::run(&command, quiet),
        Command::Journal(command) => journal::run(&command, quiet),
        Command::Export(args) => portable::export(&args, quiet),
        Command::Import(args) => portable::import(&args, quiet),
        Command::Openapi(args) => openapi::run(&args),
        Command::Completions(args) => completions::run(&args),
    };
    match done {
        Ok(()) => Exit::Ok,
        Err(Failure { exit, message }) => {
            if !message.is_empty() {
                // If standard error is closed, nobody can be told.
                drop(writeln!(std::io::stderr().lock(), "{}{message}", if exit == Exit::Ok { "" } else { "error: " }));
            }
            exit
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn r10_4_a_key_needs_a_tenant_and_a_scope_or_is_a_server_key() {
        let parse = |line: &str| Cli::try_parse_from(line.split(' '));
        assert!(parse("tripswitch key create --server").is_ok());
        assert!(parse("tripswitch key create --tenant t --scope quality:read --scope admin").is_ok());
        assert!(parse("tripswitch backtest --set circuitBreakerCount=5 --set minSignals=2").is_ok());
        for wrong in [
            "tripswitch key create",
            "tripswitch key create --tenant t",
            "tripswitch key create --tenant t --scope server",
            "tripswitch key create --server --tenant t",
            "tripswitch key create --server --url http://127.0.0.1:1",
            "tripswitch key create --tenant t --scope admin --expires tomorrow",
            "tripswitch workspace create --name n",
            "tripswitch workspace list --url http://127.0.0.1:1 --data-dir d",
            "tripswitch workspace list --ca ca.pem",
            "tripswitch key revoke acme",
            "tripswitch snapshot",
            "tripswitch snapshot verify",
            "tripswitch snapshot verify newest",
            "tripswitch snapshot prune --keep 0",
            "tripswitch snapshot list --url http://127.0.0.1:1 --data-dir d",
            "tripswitch backtest --set circuitBreakerCount",
            "tripswitch backtest --workspace acme",
            "tripswitch journal verify --url http://127.0.0.1:1",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
