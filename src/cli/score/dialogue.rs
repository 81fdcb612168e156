//! One line of `score`'s input, and the line that answers it.

use chrono::DateTime;
use serde::{Deserialize, Serialize};

use crate::domain::event::TurnFeatures;
use crate::domain::score::serialize_number;
use crate::domain::scoring::catalogue::Profile;
use crate::domain::scoring::estimator::{Explanation, estimate, explain};
use crate::domain::scoring::task::signals::{is_scorable, observe};
use crate::domain::scoring::task::text::{Analyzer, WordKey};
use crate::domain::scoring::{Ending, Evidence, Speaker, Turn};
use crate::domain::time::Millis;

/// Why there is no score.
const NO_EVIDENCE: &str = "no customer message, and nothing else that says how it went";

/// Word hashes are compared within one dialogue and thrown away: no secret is needed.
const WORD_KEY: WordKey = [0; 16];

/// A dialogue as somebody exports it; members that are not named here are ignored.
#[derive(Deserialize)]
struct Dialogue {
    id: DialogueId,
    turns: Vec<DialogueTurn>,
    #[serde(default)]
    resolution: Option<Outcome>,
    #[serde(default)]
    rating: Option<Rating>,
}

/// Echoed as it came.
#[derive(Deserialize, Serialize)]
#[serde(untagged)]
enum DialogueId {
    Text(String),
    Number(serde_json::Number),
}

#[derive(Deserialize)]
struct DialogueTurn {
    role: Role,
    #[serde(default)]
    text: Option<String>,
    #[serde(default, deserialize_with = "instant")]
    at: Option<Millis>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Role {
    User,
    Agent,
    Ai,
    Human,
    System,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    AiResolved,
    HumanResolved,
    Abandoned,
}

/// 1 to 5.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "f64")]
struct Rating(u8);

impl TryFrom<f64> for Rating {
    type Error = String;

    fn try_from(rating: f64) -> Result<Self, String> {
        match rating {
            1.0 => Ok(Self(1)),
            2.0 => Ok(Self(2)),
            3.0 => Ok(Self(3)),
            4.0 => Ok(Self(4)),
            5.0 => Ok(Self(5)),
            _ => Err(format!("rating must be 1, 2, 3, 4 or 5, not {rating}")),
        }
    }
}

/// RFC 3339 with any offset, `null` for none.
fn instant<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Millis>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    match DateTime::parse_from_rfc3339(&text) {
        Ok(at) => Ok(Some(at.timestamp_millis())),
        Err(_) => Err(serde::de::Error::custom(format!("\"at\" must be an RFC 3339 time, not {text:?}"))),
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Score(ScoreLine),
    NoScore { id: DialogueId, score: (), reason: &'static str },
}

/// Before rounding to hundredths (R2.4); four decimals.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ScoreLine {
    id: DialogueId,
    #[serde(serialize_with = "serialize_number")]
    outcome: f64,
    #[serde(serialize_with = "serialize_number")]
    process: f64,
    #[serde(serialize_with = "serialize_number")]
    environment: f64,
    #[serde(serialize_with = "serialize_number")]
    composite: f64,
    #[serde(serialize_with = "serialize_number")]
    confidence: f64,
    signal_count: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<Explanation>,
}

/// Turns one line of JSON into the line that answers it (without its line feed), or says what is
/// wrong with it.
pub(super) fn score_line(
    analyzer: &Analyzer,
    profile: &Profile,
    line: &[u8],
    explained: bool,
) -> Result<String, serde_json::Error> {
    let dialogue: Dialogue = serde_json::from_slice(line)?;
    let read = |turn: &DialogueTurn| analyzer.analyze(turn.text.as_deref(), None, &WORD_KEY);
    let features: Vec<TurnFeatures> = dialogue.turns.iter().map(read).collect();
    let evidence = evidence(&dialogue, &features);
    let observations = observe(profile, &evidence);
    if !is_scorable(&evidence, &observations) {
        return serde_json::to_string(&Answer::NoScore { id: dialogue.id, score: (), reason: NO_EVIDENCE });
    }
    let estimate = estimate(profile, &observations);
    let [outcome, process, environment] = estimate.dimensions.map(four_decimals);
    serde_json::to_string(&Answer::Score(ScoreLine {
        id: dialogue.id,
        outcome,
        process,
        environment,
        composite: four_decimals(estimate.composite),
        confidence: four_decimals(estimate.confidence),
        signal_count: estimate.signal_count,
        explanation: explained.then(|| explain(profile, &observations)),
    }))
}

/// Turns by time where every one has a time, else as they stand.
fn evidence<'a>(dialogue: &Dialogue, features: &'a [TurnFeatures]) -> Evidence<'a> {
    let turn = |(turn, features): (&DialogueTurn, &'a TurnFeatures)| {
        let speaker = match turn.role {
            Role::User => Speaker::Customer,
            Role::Agent | Role::Ai | Role::Human | Role::System => Speaker::Agent,
        };
        Turn { speaker, at: turn.at, features }
    };
    let mut turns: Vec<_> = dialogue.turns.iter().zip(features).map(turn).collect();
    if turns.iter().all(|turn| turn.at.is_some()) {
        turns.sort_by_key(|turn| turn.at);
    }
    let ending = dialogue.resolution.map(|outcome| match outcome {
        Outcome::AiResolved | Outcome::HumanResolved => Ending::Resolved,
        Outcome::Abandoned => Ending::Abandoned,
    });
    Evidence { turns, ending, rating: dialogue.rating.map(|rating| rating.0), ..Evidence::default() }
}

fn four_decimals(value: f64) -> f64 {
    (value * 10_000.0 + 0.5).floor() / 10_000.0
}
