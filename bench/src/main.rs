//! A benchmark anyone can run again: Tripswitch, and what a team would pick instead, at the same
//! work, checked against one oracle before its time counts. `docs/benchmarks.md` says what and how.

mod answers;
mod arguments;
mod check;
mod contender;
mod ground;
mod load;
mod measure;
mod modes;
mod names;
mod oracle;
mod ours;
mod peers;
mod process;
#[expect(dead_code, reason = "shared: others need more of it")]
#[path = "../../tests/support/random.rs"]
mod random;
mod report;
mod rounds;
mod self_test;
mod time;
mod workload;
mod zipf;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use arguments::{Arguments, CHECKED, Size, Verb};
use contender::{Fallible, Rules};
use ground::Ground;
use names::{Name, with};
use rounds::Rounds;

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tripswitch-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Fallible<()> {
    let ground = Ground::new(arguments.place.work_dir.as_deref(), arguments.place.binary.as_deref())?;
    match arguments.verb {
        Verb::Compare { size, only, rounds, max_minutes, out, no_self_test } => {
            let began = time::now();
            self_test::check(&ground, &only.only, CHECKED)?;
            if !no_self_test {
                self_test::self_test(&ground, &only.only)?;
            }
            let limit = Duration::from_secs(60 * max_minutes);
            let rounds = Rounds { names: &only.only, rounds, began, limit, arguments: size.words() };
            compare(&ground, &rounds, out.as_deref())
        }
        Verb::Check { only, facts } => self_test::check(&ground, &only.only, facts),
        Verb::SelfTest { only } => self_test::self_test(&ground, &only.only),
        Verb::Measure { name, size, json } => one(&ground, name, size, json),
        Verb::Scored { size } => one(&ground, Name::Ours, size, false),
        Verb::Messages { size } => modes::messages::run(&ground, size.measure()),
        Verb::Growth { size, name } => modes::growth::run(&ground, size.measure(), name),
        Verb::Snapshots { size } => modes::snapshots::run(&ground, size.measure()),
        Verb::Neighbours { size } => modes::neighbours::run(&ground, size.measure()),
        Verb::Reads { size } => modes::reads::run(&ground, size.measure()),
        Verb::Asked { size, hold } => modes::asked::run(&ground, size.measure(), hold),
        Verb::Heard { size, listeners } => modes::heard::run(&ground, size.measure(), &listeners),
    }
}

fn compare(ground: &Ground, rounds: &Rounds<'_>, out: Option<&Path>) -> Fallible<()> {
    let report = rounds.run(ground);
    println!("{}", report.table());
    if let Some(path) = out {
        std::fs::write(path, report.markdown())?;
    }
    match report.failures {
        0 => Ok(()),
        failures => Err(format!("{failures} measurements failed").into()),
    }
}

fn one(ground: &Ground, name: Name, size: Size, json: bool) -> Fallible<()> {
    let measure = size.measure();
    let (_directory, site) = ground.site(measure.shape.workspaces)?;
    let figures = with(name, &site, Rules::default(), measure)?;
    if json {
        println!("{}", serde_json::to_string(&figures)?);
    } else {
        println!("{name}: {} facts, {} clients", measure.shape.facts, measure.clients);
        print!("{}", report::describe(&figures));
    }
    Ok(())
}
