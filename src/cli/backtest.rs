//! `backtest` (R10.7): on a running server, or on a data directory that no server holds.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::value::RawValue;

use super::args;
use super::exit::{Exit, Failure};
use super::output::{self, Format, FormatArgs, or_dash};
use super::progress;
use super::remote::{Remote, told};
use super::target::{Location, TargetArgs, server_workspaces};
use crate::clock::wall;
use crate::domain::ids::{Id, Side, WorkspaceKey};
use crate::domain::settings::Settings;
use crate::domain::workspace::Workspace;
use crate::domain::workspace::backtest as domain;
use crate::domain::workspace::cut::Cut;
use crate::offline::restore::{Found, Point, Source};
use crate::recovery::Progress;
use crate::wire::backtest::{Backtest, BacktestProgress, NewBacktest, TrippedBreakers, faults_of_model};
use crate::wire::body::{self, Asked, BodyError};

/// How often a server is asked how far it has come.
const POLL: Duration = Duration::from_millis(500);

/// Show what would have tripped under other settings, beside what did
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A setting in place of the one in force, as in circuitBreakerCount=5; the value in JSON
    #[arg(long, value_name = "KEY=VALUE", value_parser = setting)]
    set: Vec<(String, String)>,
    /// The workspace; needed where there is more than one
    #[arg(long, value_name = "UUID", value_parser = args::id)]
    workspace: Option<Id>,
    /// Count breakers from this date or time on, with the settings in force until then
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Count them until this date or time
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    format: FormatArgs,
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("KEY=VALUE is expected, as in circuitBreakerCount=5")?;
    // What is no JSON is a text, as in a shell.
    let value = match serde_json::from_str::<&RawValue>(value) {
        Ok(json) => json.get().to_owned(),
        Err(_) => serde_json::Value::from(value).to_string(),
    };
    Ok((key.to_owned(), value))
}

pub fn run(args: &Args, quiet: bool) -> Result<(), Failure> {
    let body = body(args)?;
    let asked = body::read::<NewBacktest>(body.get().as_bytes(), Asked::default()).map_err(refused)?;
    let backtest = match args.target.location()? {
        Location::Server(remote) => {
            let workspace = match args.workspace {
                Some(workspace) => workspace,
                None => only(server_workspaces(&remote)?.into_iter().map(|workspace| workspace.id))?,
            };
            remote.run(on_server(&remote, workspace, &body, quiet))?
        }
        Location::Directory(config) => on_directory(&config.storage.data_dir, args.workspace, asked, quiet)?,
    };
    match args.format.output {
        Format::Json => output::json(&backtest),
        Format::Table => tell(&backtest),
    }
}

/// The request, as a client sends it.
fn body(args: &Args) -> Result<Box<RawValue>, Failure> {
    let member = |name: &str, value: &str| format!("{}:{value}", serde_json::Value::from(name));
    let settings: Vec<_> = args.set.iter().map(|(key, value)| member(key, value)).collect();
    let mut members = vec![member("settings", &format!("{{{}}}", settings.join(",")))];
    for (name, time) in [("from", &args.from), ("to", &args.to)] {
        members.extend(time.as_ref().map(|time| member(name, &serde_json::Value::from(time.as_str()).to_string())));
    }
    RawValue::from_string(format!("{{{}}}", members.join(","))).map_err(|error| Failure::of(Exit::Usage, &error))
}

fn refused(error: BodyError) -> Failure {
    let faults = match error {
        BodyError::Malformed => Vec::new(),
        BodyError::Faults(faults) => faults,
    };
    Failure::new(Exit::Usage, told("The settings are not valid.", &faults))
}

/// The workspace, where there is one.
fn only(all: impl IntoIterator<Item = Id>) -> Result<Id, Failure> {
    let all: Vec<Id> = all.into_iter().collect();
    match all[..] {
        [only] => Ok(only),
        [] => Err(Failure::new(Exit::NoInput, "There is no workspace.")),
        _ => Err(Failure::new(Exit::Usage, format!("There are {} workspaces: say which with --workspace.", all.len()))),
    }
}

async fn on_server(remote: &Remote, workspace: Id, body: &RawValue, quiet: bool) -> Result<Backtest, Failure> {
    let hundredths = AtomicU64::new(0);
    let share = || hundredths.load(Ordering::Relaxed) as f64 / 100.0;
    tokio::select! {
        backtest = ask(remote, workspace, body, &hundredths) => backtest,
        never = progress::show(|| "Backtesting", quiet, share) => match never {},
    }
}

async fn ask(remote: &Remote, workspace: Id, body: &RawValue, hundredths: &AtomicU64) -> Result<Backtest, Failure> {
    let path = format!("/api/workspaces/{workspace}/quality/backtest");
    let answer = remote.ask("POST", &path, Some(body), None).await?;
    if answer.status != 202 {
        return answer.read();
    }
    let id = answer.read::<BacktestProgress>()?.id;
    loop {
        tokio::time::sleep(POLL).await;
        let answer = remote.ask("GET", &format!("{path}/{id}"), super::remote::NOTHING, None).await?;
        let BacktestProgress { progress, result, .. } = answer.read()?;
        if let Some(backtest) = result {
            return Ok(backtest);
        }
        hundredths.store(progress.0.into(), Ordering::Relaxed);
    }
}

fn on_directory(data_dir: &Path, workspace: Option<Id>, asked: NewBacktest, quiet: bool) -> Result<Backtest, Failure> {
    let (key, cut) = read(data_dir, workspace, quiet)?;
    let faults = faults_of_model(&asked.settings, cut.head().settings.profile.model);
    if !faults.is_empty() {
        return Err(Failure::new(Exit::Failed, told("The request is not valid.", &faults)));
    }
    let question = asked.question(wall());
    let thousandths = Arc::new(AtomicU64::new(0));
    let shown = Arc::clone(&thousandths);
    let look = move || ("Backtesting", shown.load(Ordering::Relaxed) as f64 / 1_000.0);
    let mut go_on = |share: f64| {
        thousandths.store((share * 1_000.0) as u64, Ordering::Relaxed);
        true
    };
    let backtest = progress::during(quiet, look, || cut.backtest(&question, &mut go_on));
    let given_up = |domain::GivenUp| Failure::new(Exit::Failed, "The backtest was given up.");
    Ok(Backtest::of(key, backtest.map_err(given_up)?))
}

/// The live side of the workspace; of the only one where none is named.
fn read(data_dir: &Path, workspace: Option<Id>, quiet: bool) -> Result<(WorkspaceKey, Cut), Failure> {
    let reading = Arc::new(Progress::default());
    let shown = Arc::clone(&reading);
    let source = Source::open(data_dir)?;
    let look = move || (shown.stage().name(), shown.share());
    let Found { system, workspaces, .. } = progress::during(quiet, look, || source.read(Point::End, &reading))?;
    let id = workspace.map_or_else(|| only(system.workspaces().map(|entry| entry.id)), Ok)?;
    let entry = system.workspace(id);
    let entry = entry.ok_or_else(|| Failure::new(Exit::NoInput, "No workspace exists with the given ID."))?;
    let key = WorkspaceKey { id, side: Side::Live };
    let found = workspaces.into_iter().find(|workspace| workspace.key() == key);
    let empty = || Box::new(Workspace::new(key, entry.name.clone(), Settings::default()));
    Ok((key, found.unwrap_or_else(empty).cut()))
}

fn tell(backtest: &Backtest) -> Result<(), Failure> {
    let Backtest { from, to, as_is, what_if, rescored, unchanged } = backtest;
    let mut facts = vec![
        ("from", from.map_or_else(|| "the beginning".to_owned(), |from| from.to_string())),
        ("to", to.map_or_else(|| "now".to_owned(), |to| to.to_string())),
        ("tripped", counted(as_is)),
        ("would have tripped", counted(what_if)),
    ];
    if let Some((rescored, unchanged)) = rescored.zip(*unchanged) {
        facts.push(("scored anew", format!("{rescored} conversations, and {unchanged} as they were")));
    }
    output::facts(facts)?;
    for (title, tripped) in [("TRIPPED", as_is), ("WOULD HAVE TRIPPED", what_if)] {
        if !tripped.breakers.is_empty() {
            output::line(format_args!("\n{title}"))?;
            table(tripped)?;
        }
    }
    Ok(())
}

fn counted(tripped: &TrippedBreakers) -> String {
    let total = tripped.total;
    let listed = tripped.breakers.len() as u64;
    if listed < total.0 { format!("{total}, of which the newest {listed} are listed") } else { total.to_string() }
}

fn table(tripped: &TrippedBreakers) -> Result<(), Failure> {
    let rows = tripped.breakers.iter().map(|breaker| {
        let resolved = breaker.resolved_at.map_or_else(|| "active".to_owned(), |at| at.to_string());
        [
            breaker.triggered_at.to_string(),
            resolved,
            span(breaker.seconds_active.0),
            breaker.run_length.to_string(),
            breaker.scope_key.clone(),
            or_dash(breaker.account_name.as_ref()),
        ]
    });
    output::table(["triggered", "resolved", "for", "run", "scope", "account"], rows)
}

/// A span for people, in its two largest units.
fn span(seconds: u64) -> String {
    match (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, minutes) => format!("{minutes}m {}s", seconds % 60),
        (0, hours, minutes) => format!("{hours}h {minutes}m"),
        (days, hours, _) => format!("{days}d {hours}h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r10_7_a_value_is_json_or_a_text() {
        let value = |text: &str| setting(text).map(|(key, value)| format!("{key} {value}"));
        assert_eq!(value("minSignals=3").unwrap(), "minSignals 3");
        assert_eq!(value("minConfidence=null").unwrap(), "minConfidence null");
        assert_eq!(value(r#"a={"b": [1]}"#).unwrap(), r#"a {"b": [1]}"#);
        assert_eq!(value("a=b=c").unwrap(), r#"a "b=c""#);
        assert!(value("minSignals").is_err());
    }

    #[test]
    fn spans_read_as_people_say_them() {
        let read = [59, 60, 3_599, 3_600, 86_399, 86_400, 900_000].map(span);
        assert_eq!(read, ["59s", "1m 0s", "59m 59s", "1h 0m", "23h 59m", "1d 0h", "10d 10h"]);
    }
}
