//! The load on the demo's cluster: conversations whose events go to any node, each again until it is answered.

use std::cell::Cell;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::RwLock;
use tokio::time::{sleep, timeout};

use super::super::choice::{Chooser, Dice};
use super::super::client::Client;
use super::super::events::Conversation;
use super::super::texts::TEXTS;
use crate::cli::exit::{Exit, Failure};
use crate::ids::{Ids, RandomIds};

/// Conversations at a time.
const SENDERS: usize = 8;
const BETWEEN_EVENTS: Duration = Duration::from_millis(150);
const BEFORE_REPEATING: Duration = Duration::from_millis(100);
/// How long an answer may take, all repetitions included.
const PATIENCE: Duration = Duration::from_secs(60);

/// Of the events that were sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    pub sent: u64,
    pub accepted: u64,
    /// Requests that were made again.
    pub repeated: u64,
    /// All of whose events were accepted.
    pub conversations: u64,
}

pub struct Load {
    /// One for each node.
    clients: Vec<Client>,
    tally: Cell<Tally>,
    /// Conversations hold it for reading, a check for writing: so it looks between them.
    quiet: RwLock<()>,
}

impl Load {
    pub fn new(clients: Vec<Client>) -> Self {
        Self { clients, tally: Cell::default(), quiet: RwLock::default() }
    }

    pub const fn tally(&self) -> Tally {
        self.tally.get()
    }

    /// Waits until every node knows the key and has an answer.
    pub async fn known(&self) -> Result<(), Failure> {
        for client in &self.clients {
            self.counted(&[client]).await?;
        }
        Ok(())
    }

    /// Sends until the caller stops polling.
    pub async fn run(&self) -> Result<(), Failure> {
        futures::future::try_join_all((0..SENDERS).map(|number| self.send(number))).await.map(drop)
    }

    /// Lets the conversations under way come to their end, and says how many the workspace has by then.
    pub async fn check(&self) -> Result<u64, Failure> {
        let _quiet = self.quiet.write().await;
        self.counted(&self.clients.iter().collect::<Vec<_>>()).await
    }

    /// Conversations that the API counts; it may take a while until one of the nodes answers.
    async fn counted(&self, clients: &[&Client]) -> Result<u64, Failure> {
        let asked = async {
            for client in clients.iter().cycle() {
                if let Some(count) = client.conversations_scored().await {
                    return count;
                }
                sleep(BEFORE_REPEATING).await;
            }
            0
        };
        timeout(PATIENCE, asked).await.map_err(|_| unanswered())
    }

    async fn send(&self, number: usize) -> Result<(), Failure> {
        let account = number % TEXTS.accounts.len();
        let dice = Dice::new(20_000 + number as u64);
        let mut chooser = Chooser::new(&TEXTS.accounts[account]);
        loop {
            let _under_way = self.quiet.read().await;
            let (script, _) = chooser.next(u64::MAX, &dice);
            for event in (Conversation { id: RandomIds.uuid(), account, script }).now() {
                self.count(|tally| tally.sent += 1);
                timeout(PATIENCE, self.deliver(&event, &dice)).await.map_err(|_| unanswered())??;
                self.count(|tally| tally.accepted += 1);
                sleep(BETWEEN_EVENTS).await;
            }
            self.count(|tally| tally.conversations += 1);
        }
    }

    /// To one node after another, as dice say, until one accepts it. It carries an id: what was stored without an answer
    /// counts once.
    async fn deliver(&self, event: &Value, dice: &Dice) -> Result<(), Failure> {
        while !self.clients[dice.pick(&self.clients)].offer(event).await? {
            self.count(|tally| tally.repeated += 1);
            sleep(BEFORE_REPEATING).await;
        }
        Ok(())
    }

    fn count(&self, change: impl FnOnce(&mut Tally)) {
        let mut tally = self.tally.get();
        change(&mut tally);
        self.tally.set(tally);
    }
}

fn unanswered() -> Failure {
    Failure::new(Exit::Failed, format!("no node has answered within {PATIENCE:?}"))
}
