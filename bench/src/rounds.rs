//! All contenders in turn, several times, each in a process of its own.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::contender::Fallible;
use crate::ground::Ground;
use crate::measure::Figures;
use crate::names::Name;
use crate::report::Report;
use crate::time::now;

/// What to compare, and for how long.
pub struct Rounds<'a> {
    pub names: &'a [Name],
    pub rounds: usize,
    /// No measurement begins later.
    pub limit: Duration,
    /// Given to `measure` in the same words.
    pub arguments: Vec<String>,
}

impl Rounds<'_> {
    pub fn run(&self, ground: &Ground) -> Fallible<Report> {
        let (began, mut report) = (now(), Report::new(self.names));
        let mut longest = Duration::ZERO;
        for round in 1..=self.rounds {
            for &name in self.names {
                if began.elapsed() + longest > self.limit {
                    eprintln!("out of time: round {round} ends before {name}");
                    return Ok(report);
                }
                let started = now();
                let figures = measure(ground, name, &self.arguments)?;
                longest = longest.max(started.elapsed());
                eprintln!("round {round}: {name}: {} ({:.0} s)", line(&figures), seconds(started));
                report.add(name, figures);
            }
        }
        Ok(report)
    }
}

fn seconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64()
}

fn line(figures: &Figures) -> String {
    format!(
        "{:.0} facts/s, batch p50 {:.1} and p99 {:.1} ms, health p99 {:.2} alone and {:.2} ms under ingest, \
         statistics p99 {:.2} ms, back after {:.2} s",
        figures.facts_per_second,
        figures.batch_p50,
        figures.batch_p99,
        figures.health_p99,
        figures.health_p99_under_ingest,
        figures.statistics_p99,
        figures.recovery_seconds
    )
}

/// A fresh process, so that one contender's leavings are not another's memory.
fn measure(ground: &Ground, name: Name, arguments: &[String]) -> Fallible<Figures> {
    let output = Command::new(std::env::current_exe()?)
        .args(["measure", &name.to_string(), "--json", "--work-dir"])
        .arg(ground.root())
        .arg("--binary")
        .arg(ground.binary())
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("measuring {name} failed").into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
