//! All contenders in turn, several times, each in a process of its own.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::contender::Fallible;
use crate::ground::Ground;
use crate::measure::Figures;
use crate::names::Name;
use crate::process::Process;
use crate::report::Report;
use crate::time::now;

/// A measurement that takes longer is taken for hung.
const LONGEST: Duration = Duration::from_secs(8 * 60);

/// What to compare, and for how long.
pub struct Rounds<'a> {
    pub names: &'a [Name],
    pub rounds: usize,
    /// No measurement begins that would probably end later than `limit` after this.
    pub began: Instant,
    pub limit: Duration,
    /// Given to `measure` in the same words.
    pub arguments: Vec<String>,
}

impl Rounds<'_> {
    /// What fails is told, and missing in the table.
    pub fn run(&self, ground: &Ground) -> Report {
        let (mut longest, mut report) = (Duration::ZERO, Report::new(self.names));
        for round in 1..=self.rounds {
            for &name in self.names {
                if self.began.elapsed() + longest > self.limit {
                    eprintln!("out of time: round {round} ends before {name}");
                    return report;
                }
                let started = now();
                match measure(ground, name, &self.arguments) {
                    Ok(figures) => {
                        eprintln!("round {round}: {name}: {} ({:.0} s)", line(&figures), seconds(started));
                        report.add(name, figures);
                    }
                    Err(error) => {
                        eprintln!("round {round}: {name} FAILED: {error}");
                        report.failures += 1;
                    }
                }
                longest = longest.max(started.elapsed());
            }
        }
        report
    }
}

fn seconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64()
}

fn line(figures: &Figures) -> String {
    format!(
        "{:.0} facts/s, batch p50 {:.1}, p99 {:.1} and longest {:.1} ms, health p99 {:.2} alone and {:.2} ms under ingest, \
         statistics p99 {:.2} ms, back after {:.2} s",
        figures.facts_per_second,
        figures.batch_p50,
        figures.batch_p99,
        figures.batch_longest,
        figures.health_p99,
        figures.health_p99_under_ingest,
        figures.statistics_p99,
        figures.recovery_seconds
    )
}

/// A fresh process, so that memory that one contender left behind is not counted for another.
fn measure(ground: &Ground, name: Name, arguments: &[String]) -> Fallible<Figures> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["measure", &name.to_string(), "--json", "--work-dir"]).arg(ground.root());
    command.arg("--binary").arg(ground.binary()).args(arguments);
    let mut process = Process::start(command.stdin(Stdio::null()).stdout(Stdio::piped()), &ground.processes())?;
    let line = process.first_line(LONGEST)?;
    let status = process.wait()?;
    if !status.success() {
        return Err(format!("its process ended with {status}").into());
    }
    Ok(serde_json::from_str(&line)?)
}
