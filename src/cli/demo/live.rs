//! The demo's day, which goes wrong for one account.

use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc;

use super::choice::{Chooser, Dice};
use super::client::Client;
use super::events::{Conversation, account_id, event};
use super::texts::{NORDIC_PARTS, Script, TEXTS, fitting};
use crate::cli::exit::Failure;
use crate::ids::{Ids, RandomIds};

/// The pause between two events of a conversation.
const BETWEEN_EVENTS: Duration = Duration::from_millis(900);

/// The pause between two conversations of the account that goes bad.
const BETWEEN_BAD: Duration = Duration::from_secs(3);

/// The pauses between two conversations of any other, in seconds.
const BETWEEN_CONVERSATIONS: (i64, i64) = (15, 75);

/// The pause between two looks whether a breaker has tripped.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// The pause between two mistakes of the helpdesk.
const BETWEEN_MISTAKES: Duration = Duration::from_secs(25);

/// Of a hundred events how many the helpdesk sends twice, since it was not sure.
const TWICE: u64 = 4;

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

/// Conversations as they happen, until the caller stops polling.
pub async fn live(client: Client, tell: Teller) -> Result<(), Failure> {
    let others = (0..TEXTS.accounts.len()).filter(|account| *account != NORDIC_PARTS);
    let ordinary = others.map(|account| ordinary_day(client.clone(), account, tell.clone()));
    let ordinary = futures::future::try_join_all(ordinary);
    let bad = bad_day(client.clone(), tell.clone());
    let mistakes = mistakes(client.clone());
    let watch = watch_breakers(client, tell);
    tokio::try_join!(ordinary, bad, mistakes, watch).map(drop)
}

async fn ordinary_day(client: Client, account: usize, tell: Teller) -> Result<(), Failure> {
    let dice = Dice::new(10_000 + account as u64);
    let mut chooser = Chooser::new(&TEXTS.accounts[account]);
    tokio::time::sleep(Duration::from_millis(2_300 * account as u64)).await;
    loop {
        // After the last week there is no season any more.
        let (script, _) = chooser.next(u64::MAX, &dice);
        converse(&client, account, script, &dice, &tell).await?;
        let (least, most) = BETWEEN_CONVERSATIONS;
        tokio::time::sleep(Duration::from_secs(dice.between(least, most).unsigned_abs())).await;
    }
}

/// The AI fails until its breaker trips; then people answer, until somebody has resolved it.
async fn bad_day(client: Client, tell: Teller) -> Result<(), Failure> {
    let (account, name) = (account_id(NORDIC_PARTS), &TEXTS.accounts[NORDIC_PARTS].name);
    let own = |scripts: &'static [Script]| {
        fitting(scripts, name).filter(|script| script.account.is_some()).collect::<Vec<_>>().into_iter().cycle()
    };
    let (mut bad, mut by_a_person, mut good) = (own(&TEXTS.going_bad), own(&TEXTS.by_a_person), own(&TEXTS.good));
    let dice = Dice::new(10_000 + NORDIC_PARTS as u64);
    let (mut was_paused, mut is_mended) = (false, false);
    tokio::time::sleep(BETWEEN_BAD).await;
    loop {
        let is_paused = client.is_paused(account).await?;
        if is_paused != was_paused {
            let line = if is_paused {
                "the gate says pause: people answer now"
            } else {
                "the gate says proceed: the AI answers again"
            };
            say(&tell, format!("{name:<24} {line}")).await;
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
        converse(&client, NORDIC_PARTS, script, &dice, &tell).await?;
        tokio::time::sleep(BETWEEN_BAD).await;
    }
}

/// Plays one conversation in its own time, and tells its score.
async fn converse(
    client: &Client,
    account: usize,
    script: &'static Script,
    dice: &Dice,
    tell: &Teller,
) -> Result<(), Failure> {
    let conversation = Conversation { id: RandomIds.uuid(), account, script };
    for event in conversation.now() {
        let times = if dice.percent(TWICE) { 2 } else { 1 };
        for _ in 0..times {
            client.send(std::slice::from_ref(&event)).await?;
        }
        tokio::time::sleep(BETWEEN_EVENTS).await;
    }
    let composite = client.composite(conversation.id).await?;
    let health = client.health(account_id(account)).await?;
    let score = composite.map_or_else(|| "no score".to_owned(), |composite| format!("{composite:.2}"));
    let low = match health.consecutive_low {
        0 => String::new(),
        run => format!(", {run} low in a row"),
    };
    let name = &TEXTS.accounts[account].name;
    say(tell, format!("{name:<24} {:<16} {score}  (churn risk {}{low})", script.intent, health.churn_risk)).await;
    Ok(())
}

/// Events of a helpdesk that was connected in haste: each is refused. First all of them, then one now and then.
async fn mistakes(client: Client) -> Result<(), Failure> {
    let mistakes = &TEXTS.faulty;
    for (number, mistake) in mistakes.iter().cycle().enumerate() {
        let Value::Object(mut members) = event(&format!("mistake-{number}"), "", Value::Null) else { continue };
        members.extend(mistake.as_object().cloned().unwrap_or_default());
        client.try_to_send(&Value::Object(members)).await?;
        if number >= mistakes.len() {
            tokio::time::sleep(BETWEEN_MISTAKES).await;
        }
    }
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
