//! What the demo of a cluster prints: lines of what happens, and on a terminal a line below them of how things stand.

use std::convert::Infallible;
use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::time::sleep;

use super::Made;
use super::load::Tally;
use super::nodes::Nodes;
use crate::cli::exit::Failure;
use crate::cli::output;
use crate::clock::Stopwatch;

const BETWEEN_STATES: Duration = Duration::from_secs(1);

pub struct Show {
    since: Stopwatch,
    /// None where nobody would see it move.
    state: Option<ProgressBar>,
}

impl Show {
    pub fn new(quiet: bool) -> Self {
        let is_seen = !quiet && std::io::stderr().is_terminal() && std::io::stdout().is_terminal();
        let state = is_seen.then(|| {
            let style = ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
            ProgressBar::new_spinner().with_style(style)
        });
        Self { since: Stopwatch::start(), state }
    }

    /// The dashboard's address with the key comes first, as in the demo of a server alone.
    pub fn introduce(&self, made: &Made, nodes: &Nodes) -> Result<(), Failure> {
        let Made { workspace, key, server_key } = made;
        let (key, server_key) = (key.expose(), server_key.expose());
        let urls = nodes.all.iter().map(|node| format!("{}         {}\n", node.process.name, node.url));
        let first = nodes.all.first().map_or("", |node| &node.url);
        output::line(format_args!(
            "dashboard  {first}/#key={key}\n\n\
             {}workspace  {workspace}\n\
             key        {key}\n\
             server key {server_key} (sign in with it to see the page System)\n\n\
             Any node answers for all of them. Events go to nodes at random, again where there was no answer. In turn a\n\
             node is killed (kill -9), the others take its partitions over, and it comes back. Ctrl-C ends the demo.\n",
            urls.collect::<String>()
        ))
    }

    /// A line of what has happened, with the time since the demo began.
    pub fn tell(&self, what: impl std::fmt::Display) -> Result<(), Failure> {
        let line = format!("{:6.1} s  {what}", self.since.elapsed().as_secs_f64());
        match &self.state {
            Some(state) => state.suspend(|| output::line(line)),
            None => output::line(line),
        }
    }

    /// Shows how things stand every second. Never ends by itself.
    pub async fn states(&self, tally: impl Fn() -> Tally) -> Infallible {
        loop {
            if let Some(state) = &self.state {
                state.set_message(format!("           {}", counts(tally())));
            }
            sleep(BETWEEN_STATES).await;
        }
    }
}

impl Drop for Show {
    fn drop(&mut self) {
        if let Some(state) = &self.state {
            state.finish_and_clear();
        }
    }
}

pub fn counts(Tally { sent, accepted, repeated, conversations }: Tally) -> String {
    format!("events: {sent} sent, {accepted} accepted, {repeated} repeated; {conversations} conversations")
}
