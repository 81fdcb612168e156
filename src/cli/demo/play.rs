//! What happens in the demo: three weeks of history, then a day that goes wrong for one account.

use std::time::Duration;

use tokio::sync::mpsc;
use uuid::Uuid;

use super::client::{Client, events};
use super::script::{ACCOUNTS, BY_A_PERSON, GOING_BAD, NORDIC_PARTS, ORDINARY, Script};
use crate::cli::exit::Failure;
use crate::domain::time::{DAY, HOUR, Millis};
use crate::ids::{Ids, RandomIds};

/// Conversations of each account before the demo began.
const HISTORY: usize = 9;

/// The pause between two events of a conversation.
const BETWEEN_EVENTS: Duration = Duration::from_millis(900);

/// The pause between two conversations of an account.
const BETWEEN_CONVERSATIONS: Duration = Duration::from_secs(3);

/// The pause between two looks whether a breaker has tripped.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// What the demo tells its user.
pub enum News {
    Line(String),
    /// A breaker's id and reason.
    Tripped {
        id: String,
        reason: String,
    },
}

/// A failed send means that nobody listens any more: the demo is about to end.
type Teller = mpsc::Sender<News>;

/// The id of an account: always the same, so that it is easy to recognise.
pub fn account_id(account: usize) -> Uuid {
    Uuid::from_u128(0xacc0_0000_0000_4000_8000_0000_0000_0001 + account as u128)
}

/// Sends the history: every other day two conversations that went as usual.
pub async fn history(client: &Client, now: Millis) -> Result<usize, Failure> {
    for (account, name) in ACCOUNTS.iter().enumerate() {
        let mut batch = Vec::new();
        for (number, script) in scripts_of(account).cycle().take(HISTORY).enumerate() {
            let days_ago = Millis::try_from(2 * (HISTORY - number) + account % 2).unwrap_or(1);
            let start = now - days_ago * DAY + Millis::try_from(account).unwrap_or(0) * HOUR;
            batch.extend(events(script, (account_id(account), name), RandomIds.uuid(), Some(start)));
        }
        client.send(&batch).await?;
    }
    Ok(ACCOUNTS.len() * HISTORY)
}

/// Conversations as they happen, until the caller stops polling.
pub async fn live(client: Client, tell: Teller) -> Result<(), Failure> {
    let ordinary = (0..NORDIC_PARTS).map(|account| ordinary_day(client.clone(), account, tell.clone()));
    let ordinary = futures::future::try_join_all(ordinary);
    let bad = bad_day(client.clone(), tell.clone());
    let watch = watch_breakers(client, tell);
    tokio::try_join!(ordinary, bad, watch).map(drop)
}

async fn ordinary_day(client: Client, account: usize, tell: Teller) -> Result<(), Failure> {
    tokio::time::sleep(Duration::from_millis(1_700 * account as u64)).await;
    for script in scripts_of(account).cycle() {
        converse(&client, script, &tell).await?;
        tokio::time::sleep(BETWEEN_CONVERSATIONS + Duration::from_secs(account as u64)).await;
    }
    Ok(())
}

/// The AI fails until its breaker trips; then people answer, until somebody has resolved it.
async fn bad_day(client: Client, tell: Teller) -> Result<(), Failure> {
    let account = account_id(NORDIC_PARTS);
    let (mut bad, mut by_a_person, mut good) =
        (GOING_BAD.iter().cycle(), BY_A_PERSON.iter().cycle(), scripts_of(NORDIC_PARTS).cycle());
    let (mut was_paused, mut is_mended) = (false, false);
    tokio::time::sleep(BETWEEN_CONVERSATIONS).await;
    loop {
        let is_paused = client.is_paused(account).await?;
        if is_paused != was_paused {
            let line = if is_paused {
                "the gate says pause: people answer now"
            } else {
                "the gate says proceed: the AI answers again"
            };
            say(&tell, format!("{:<24} {line}", ACCOUNTS[NORDIC_PARTS])).await;
            is_mended |= was_paused;
            was_paused = is_paused;
        }
        let next = match (is_paused, is_mended) {
            (true, _) => by_a_person.next(),
            (false, true) => good.next(),
            (false, false) => bad.next(),
        };
        // The scripts never end: they begin again.
        let Some(script) = next else { return Ok(()) };
        converse(&client, script, &tell).await?;
        tokio::time::sleep(BETWEEN_CONVERSATIONS).await;
    }
}

/// Plays one conversation in its own time, and tells its score.
async fn converse(client: &Client, script: &Script, tell: &Teller) -> Result<(), Failure> {
    let (account, name) = (account_id(script.account), ACCOUNTS[script.account]);
    let conversation = RandomIds.uuid();
    for event in events(script, (account, name), conversation, None) {
        client.send(&[event]).await?;
        tokio::time::sleep(BETWEEN_EVENTS).await;
    }
    let composite = client.composite(conversation).await?;
    let health = client.health(account).await?;
    let score = composite.map_or_else(|| "no score".to_owned(), |composite| format!("{composite:.2}"));
    let low = match health.consecutive_low {
        0 => String::new(),
        run => format!(", {run} low in a row"),
    };
    say(tell, format!("{name:<24} {:<16} {score}  (churn risk {}{low})", script.intent, health.churn_risk)).await;
    Ok(())
}

async fn watch_breakers(client: Client, tell: Teller) -> Result<(), Failure> {
    let mut told = String::new();
    loop {
        if let Some((id, reason)) = client.breaker().await?
            && id != told
        {
            told.clone_from(&id);
            // See `Teller`.
            drop(tell.send(News::Tripped { id, reason }).await);
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}

async fn say(tell: &Teller, line: String) {
    // See `Teller`.
    drop(tell.send(News::Line(line)).await);
}

fn scripts_of(account: usize) -> impl Iterator<Item = &'static Script> + Clone {
    ORDINARY.iter().filter(move |script| script.account == account)
}
