//! The demo's customers, conversations and story, written for it. They are data: the files of `texts/`.

use std::sync::LazyLock;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::choice::Course;

/// The account that goes bad while the demo runs.
pub const NORDIC_PARTS: usize = 5;

/// A customer company. Its id is made of its place in the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    pub name: String,
    /// How many it had before the demo began.
    pub conversations: usize,
    pub course: Course,
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Customer,
    Ai,
    Human,
}

/// What happens in a conversation, in order.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub enum Step {
    Says(Who, String),
    /// The AI hands over or fails a check: an attention item of that type.
    Attention(String),
    /// A survey's rating.
    Rates(u8),
}

impl TryFrom<String> for Step {
    type Error = String;

    fn try_from(line: String) -> Result<Self, String> {
        let (kind, rest) = line.split_once(": ").ok_or_else(|| format!("no \": \" in {line:?}"))?;
        let rest = rest.to_owned();
        match kind {
            "customer" => Ok(Self::Says(Who::Customer, rest)),
            "ai" => Ok(Self::Says(Who::Ai, rest)),
            "human" => Ok(Self::Says(Who::Human, rest)),
            "attention" => Ok(Self::Attention(rest)),
            "rates" => rest.parse().map(Self::Rates).map_err(|error| format!("{error} in {line:?}")),
            _ => Err(format!("{kind:?} is no step")),
        }
    }
}

/// One conversation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// Whose it is; none fits everyone.
    pub account: Option<String>,
    pub intent: String,
    pub channel: String,
    #[serde(default = "english")]
    pub language: String,
    /// `ai_resolved`, `human_resolved` or `abandoned`.
    pub resolution: String,
    pub steps: Vec<Step>,
}

fn english() -> String {
    "en".to_owned()
}

/// What a person did with a breaker.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deed {
    /// Since the trip.
    pub minutes: i64,
    pub by: String,
    pub note: String,
}

/// A trip by hand.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByHand {
    pub by: String,
    pub reason: String,
}

/// A breaker of the past.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incident {
    /// Whose conversations fail; none for a trip by hand.
    pub account: Option<String>,
    /// What they are about, or what the AI is stopped for.
    pub intent: String,
    pub by_hand: Option<ByHand>,
    pub days_ago: i64,
    pub hour: i64,
    pub acknowledged: Deed,
    pub noted: Option<Deed>,
    pub resolved: Deed,
}

/// A change of settings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    pub days_ago: i64,
    pub hour: i64,
    pub by: String,
    /// Below the workspace's.
    pub path: String,
    pub body: Value,
}

/// A score that a person replaced.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    pub account: String,
    pub days_ago: i64,
    pub by: String,
    pub body: Value,
}

/// What people did before the demo.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Story {
    #[serde(rename = "incident")]
    pub incidents: Vec<Incident>,
    #[serde(rename = "change")]
    pub changes: Vec<Change>,
    pub correction: Correction,
}

/// All of it.
pub struct Texts {
    pub accounts: Vec<Account>,
    pub good: Vec<Script>,
    pub middling: Vec<Script>,
    pub poor: Vec<Script>,
    pub bad: Vec<Script>,
    pub by_a_person: Vec<Script>,
    pub going_bad: Vec<Script>,
    pub story: Story,
    /// Events that are refused: type, data, and where that is the fault the time.
    pub faulty: Vec<Value>,
}

pub static TEXTS: LazyLock<Texts> = LazyLock::new(|| Texts {
    accounts: list(include_str!("texts/accounts.toml"), "account"),
    good: scripts(include_str!("texts/good.toml")),
    middling: scripts(include_str!("texts/middling.toml")),
    poor: scripts(include_str!("texts/poor.toml")),
    bad: scripts(include_str!("texts/bad.toml")),
    by_a_person: scripts(include_str!("texts/by_a_person.toml")),
    going_bad: scripts(include_str!("texts/going_bad.toml")),
    story: toml::from_str(include_str!("texts/story.toml")).expect("a story (tested)"),
    faulty: serde_json::from_str(include_str!("texts/faulty.json")).expect("a list of events (tested)"),
});

fn scripts(text: &str) -> Vec<Script> {
    list(text, "script")
}

fn list<T: DeserializeOwned>(text: &str, name: &str) -> Vec<T> {
    let mut table: std::collections::HashMap<String, Vec<T>> = toml::from_str(text).expect("valid entries (tested)");
    table.remove(name).expect("the list is there (tested)")
}

/// Those that fit an account.
pub fn fitting(scripts: &'static [Script], account: &str) -> impl Iterator<Item = &'static Script> + Clone {
    let account = account.to_owned();
    scripts.iter().filter(move |script| script.account.as_ref().is_none_or(|whose| *whose == account))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(script: &Script, who: Who) -> bool {
        script.steps.iter().any(|step| matches!(step, Step::Says(speaker, _) if *speaker == who))
    }

    #[test]
    fn every_name_in_the_texts_is_an_account() {
        let Texts { accounts, good, by_a_person, going_bad, story, .. } = &*TEXTS;
        assert_eq!(accounts[NORDIC_PARTS].name, "Nordic Parts ApS");
        let of_scripts = good.iter().chain(by_a_person).chain(going_bad).filter_map(|script| script.account.as_ref());
        let of_incidents = story.incidents.iter().filter_map(|incident| incident.account.as_ref());
        for name in of_scripts.chain(of_incidents).chain([&story.correction.account]) {
            assert!(accounts.iter().any(|account| account.name == *name), "{name}");
        }
    }

    #[test]
    fn there_are_texts_for_every_turn() {
        let Texts { middling, poor, bad, going_bad, faulty, .. } = &*TEXTS;
        assert!(going_bad.len() >= 3, "a breaker needs three");
        assert!(going_bad.iter().all(|script| script.account.as_deref() == Some("Nordic Parts ApS")));
        let shared = [middling, poor, bad].into_iter().flatten();
        assert!(shared.map(|script| script.account.as_ref()).all(|account| account.is_none()));
        assert!(!faulty.is_empty());
    }

    #[test]
    fn while_paused_the_ai_says_nothing() {
        assert!(!TEXTS.by_a_person.iter().any(|script| says(script, Who::Ai)));
        assert!(TEXTS.by_a_person.iter().all(|script| says(script, Who::Human)));
    }
}
