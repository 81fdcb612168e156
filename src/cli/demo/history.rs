//! Plays the plan against a server of its own, through the API, with a clock that stands where the plan is: so breakers
//! of the past carry times of the past.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::client::Client;
use super::plan::{Act, Plan, What};
use super::receiver::Receiver;
use super::setup::Made;
use crate::app::Server;
use crate::cli::exit::{Exit, Failure};
use crate::clock::{Clock, Stopwatch};
use crate::config::Config;
use crate::domain::time::{DAY, HOUR, Millis, SECOND};

/// How long the history waits for webhooks to be told: they are beside what is shown, so it goes on without.
const HEARD_WITHIN: Duration = Duration::from_millis(400);

/// Events that are sent at once, at most.
const BATCH: usize = 500;

/// They are those of a day; in the last day, of which the stream still knows, those of an hour.
const LAST_DAY: Millis = DAY + HOUR;

/// Shows what it is put to; spans are the real ones.
struct PlayedClock {
    now: AtomicI64,
    since: Stopwatch,
}

impl PlayedClock {
    fn set(&self, now: Millis) {
        self.now.store(now, Ordering::SeqCst);
    }
}

impl Clock for PlayedClock {
    fn now(&self) -> Millis {
        self.now.load(Ordering::SeqCst)
    }

    fn elapsed(&self) -> Duration {
        self.since.elapsed()
    }
}

/// Writes the history into the data directory; tells of how many conversations.
pub async fn write(config: &Config, made: &Made, plan: Plan, receiver: &Receiver) -> Result<usize, Failure> {
    let Some(began) = plan.items.first().map(|(at, _)| *at) else { return Ok(0) };
    let clock = Arc::new(PlayedClock { now: AtomicI64::new(began), since: Stopwatch::start() });
    let mut config = config.clone();
    // Nobody shall find it where the demo is expected.
    config.server.listen.set_port(0);
    let server = Server::start_at(&config, false, Arc::default(), clock.clone()).await?;
    let client = Client::new(&server.url(), made.helpdesk.expose(), made.workspace.uuid())?;
    let conversations = plan.conversations;
    let done = Player { client, clock, made, receiver, heard: receiver.asked(), waiting: Vec::new() }.play(plan).await;
    server.stop().await;
    done.map(|()| conversations)
}

struct Player<'a> {
    /// The helpdesk's.
    client: Client,
    clock: Arc<PlayedClock>,
    made: &'a Made,
    receiver: &'a Receiver,
    /// How often the receiver had been asked when something was done last that it is told of.
    heard: u64,
    /// Events that are to be sent next, with the time of the last.
    waiting: Vec<(Millis, Value)>,
}

impl Player<'_> {
    async fn play(mut self, plan: Plan) -> Result<(), Failure> {
        let end = plan.items.last().map_or(0, |(at, _)| *at);
        for (at, what) in plan.items {
            let first = self.waiting.first().map_or(at, |(at, _)| *at);
            let span = if at > end - LAST_DAY { HOUR } else { DAY };
            if self.waiting.len() == BATCH || at.div_euclid(span) != first.div_euclid(span) {
                self.send().await?;
            }
            match what {
                What::Event(event) => self.waiting.push((at, event)),
                What::Act(act) => {
                    self.send().await?;
                    self.clock.set(at);
                    self.act(act).await?;
                }
            }
        }
        self.send().await
    }

    /// Sends what waits, a second after the last of it happened.
    async fn send(&mut self) -> Result<(), Failure> {
        let Some((last, _)) = self.waiting.last() else { return Ok(()) };
        self.clock.set(last + SECOND);
        self.heard = self.receiver.asked();
        let events: Vec<_> = self.waiting.drain(..).map(|(_, event)| event).collect();
        self.client.send(&events).await
    }

    async fn act(&mut self, act: Act) -> Result<(), Failure> {
        let heard = self.receiver.asked();
        match act {
            Act::Heard => {
                // See `HEARD_WITHIN`.
                drop(tokio::time::timeout(HEARD_WITHIN, self.receiver.asked_more(self.heard)).await);
                return Ok(());
            }
            Act::Trip { scope, by } => {
                let body = json!({"scopeKey": scope, "reason": by.reason});
                self.by(&by.by)?.post("quality/circuit-breakers", &body).await?;
            }
            Act::Breaker { scope, step, deed } => {
                let breaker = self.client.breaker_of(&scope).await?;
                let path = format!("quality/circuit-breakers/{breaker}/{step}");
                self.by(&deed.by)?.post(&path, &json!({"note": deed.note})).await?;
            }
            Act::Change { by, path, body } => drop(self.by(by)?.patch(path, body).await?),
            Act::Correct { conversation, by, body } => self.by(by)?.correct(conversation, body).await?,
            Act::Webhook { description, types } => {
                let body = json!({"url": self.receiver.url(), "types": types, "description": description});
                self.client.with_key(self.made.key.expose()).post("webhooks", &body).await?;
            }
            Act::Snapshot => self.client.with_key(self.made.server_key.expose()).snapshot().await?,
        }
        self.heard = heard;
        Ok(())
    }

    /// The API in the hands of a person.
    fn by(&self, name: &str) -> Result<Client, Failure> {
        let people: &HashMap<_, _> = &self.made.people;
        let key = people.get(name).ok_or_else(|| Failure::new(Exit::Failed, format!("{name} has no key")))?;
        Ok(self.client.with_key(key.expose()))
    }
}
