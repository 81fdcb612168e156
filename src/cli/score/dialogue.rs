//! One dialogue of `score`'s input, and the line that answers it.

use std::borrow::Cow;
use std::fmt;

use chrono::DateTime;
use serde::{Deserialize, Serialize};

use crate::domain::message::{Heard, LanguageCode};
use crate::domain::reading::{Format, read};
use crate::domain::score::serialize_number;
use crate::domain::scoring::estimator::{estimate, explain};
use crate::domain::scoring::profile::{Profile, ScoringModel};
use crate::domain::scoring::reader::{Incoming, Kept, MessageReader};
use crate::domain::scoring::support::pack::List;
use crate::domain::scoring::support::turns::Turns;
use crate::domain::scoring::task::text::WordKey;
use crate::domain::scoring::{Ending, Evidence, Observation, Speaker, Turn, Words, is_scorable, observe};
use crate::domain::time::Millis;
use crate::wire::scoring as wire;

/// Why there is no score.
const NO_EVIDENCE: &str = "no customer message, and nothing else that says how it went";

/// Word hashes are compared within one dialogue and thrown away: no secret is needed.
const WORD_KEY: WordKey = [0; 16];

/// A dialogue as somebody exports it; members that are not named here are ignored.
#[derive(Deserialize)]
#[serde(expecting = "a dialogue: an object with `id` and `turns`")]
struct Dialogue {
    id: DialogueId,
    turns: Vec<DialogueTurn>,
    #[serde(default)]
    resolution: Option<Outcome>,
    #[serde(default, deserialize_with = "rating")]
    rating: Option<u8>,
    /// Whom it belongs to, a text or a number. Only calibration asks for it.
    #[serde(default)]
    account: Option<serde_json::Value>,
}

/// Echoed as it came.
#[derive(Deserialize, Serialize)]
#[serde(untagged, expecting = "expected a text or a number")]
enum DialogueId {
    Text(String),
    Number(serde_json::Number),
}

#[derive(Deserialize)]
#[serde(expecting = "a turn: an object with `role` and `text`")]
struct DialogueTurn {
    role: Role,
    #[serde(default)]
    text: Option<String>,
    #[serde(default, deserialize_with = "instant")]
    at: Option<Millis>,
}

/// Who wrote a line, under the names that exports use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Role {
    #[serde(alias = "customer", alias = "contact", alias = "end-user", alias = "end_user")]
    User,
    Agent,
    #[serde(alias = "assistant", alias = "bot")]
    Ai,
    #[serde(alias = "operator", alias = "admin")]
    Human,
    /// A line of the helpdesk itself: no turn. In the dialogues that `task-1` was fitted to, the booking bot.
    System,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    AiResolved,
    HumanResolved,
    Abandoned,
}

/// What is wrong with a dialogue, and in which of its members.
pub(crate) type Broken = serde_path_to_error::Error<serde_json::Error>;

/// A fault of the dialogue as a whole.
fn of_all(error: serde_json::Error) -> Broken {
    serde_path_to_error::Error::new(serde_path_to_error::Track::new().path(), error)
}

/// 1 to 5; `null` for none.
fn rating<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<u8>, D::Error> {
    match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::Null => Ok(None),
        value => match [1, 2, 3, 4, 5].into_iter().find(|rating| value.as_f64() == Some(f64::from(*rating))) {
            Some(rating) => Ok(Some(rating)),
            None => Err(serde::de::Error::custom(format!("must be 1, 2, 3, 4 or 5, not {value}"))),
        },
    }
}

/// RFC 3339 with any offset, or seconds or milliseconds since 1970; `null` for none.
fn instant<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Millis>, D::Error> {
    /// As many seconds are the year 5138, as many milliseconds 1973.
    const MILLISECONDS_FROM: i64 = 100_000_000_000;
    let refused = |shown: &dyn fmt::Display| {
        let expected = "an RFC 3339 time, or whole seconds or milliseconds since 1970";
        serde::de::Error::custom(format!("must be {expected}, not {shown}"))
    };
    match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::Null => Ok(None),
        serde_json::Value::String(text) => match DateTime::parse_from_rfc3339(&text) {
            Ok(at) => Ok(Some(at.timestamp_millis())),
            Err(_) => Err(refused(&format_args!("{text:?}"))),
        },
        value => match value.as_i64().filter(|number| *number >= 0) {
            Some(number) if number < MILLISECONDS_FROM => Ok(Some(number * 1_000)),
            Some(number) => Ok(Some(number)),
            None => Err(refused(&value)),
        },
    }
}

impl Dialogue {
    fn read(json: &[u8]) -> Result<Self, Broken> {
        let whole = whole_characters(json);
        let mut reader = serde_json::Deserializer::from_slice(&whole);
        let mut dialogue: Self = serde_path_to_error::deserialize(&mut reader)?;
        reader.end().map_err(of_all)?;
        if dialogue.turns.iter().all(|turn| turn.at.is_some()) {
            dialogue.turns.sort_by_key(|turn| turn.at);
        }
        Ok(dialogue)
    }

    fn account(&self) -> Result<Option<String>, Broken> {
        match &self.account {
            None | Some(serde_json::Value::Null) => Ok(None),
            Some(serde_json::Value::String(name)) => Ok(Some(name.clone())),
            Some(serde_json::Value::Number(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(of_all(serde::de::Error::custom("account: expected a text or a number"))),
        }
    }
}

impl fmt::Display for DialogueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => number.fmt(f),
        }
    }
}

/// A dialogue as calibration sees it: without what its rating says.
pub(crate) struct Judged {
    pub id: String,
    pub account: Option<String>,
    pub rating: Option<u8>,
    /// `None` where there is no score.
    pub composite: Option<f64>,
    pub observations: Vec<Observation>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Score(ScoreLine),
    NoScore {
        id: DialogueId,
        score: (),
        reason: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        read: Option<Vec<ReadTurn>>,
    },
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
    explanation: Option<wire::Scoring>,
    #[serde(skip_serializing_if = "Option::is_none")]
    read: Option<Vec<ReadTurn>>,
}

/// A turn as it was read.
#[derive(Serialize)]
struct ReadTurn {
    role: Role,
    text: String,
    /// It was written by a machine: no turn.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    automatic: bool,
    /// The language that it was read in; absent if it was read in none.
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<LanguageCode>,
}

/// How dialogues are scored, and what the output shows.
pub(crate) struct Scoring {
    pub reader: MessageReader,
    pub profile: Profile,
    /// Adds what each signal contributed.
    pub explain: bool,
    /// Adds each turn as it was read.
    pub show_text: bool,
}

impl Scoring {
    pub fn new(model: ScoringModel, explain: bool, show_text: bool) -> Self {
        Self { reader: MessageReader::of(model), profile: model.profile().clone(), explain, show_text }
    }

    /// Turns a dialogue in JSON into the line that answers it (without its line feed), or says which
    /// member is wrong, and what is wrong with it.
    pub fn line(&self, json: &[u8]) -> Result<String, Broken> {
        let dialogue = Dialogue::read(json)?;
        let kept: Vec<Option<Kept>> = dialogue.turns.iter().map(|turn| self.kept(turn)).collect();
        let evidence = self.evidence(&dialogue, &kept);
        let observations = observe(&self.profile, &evidence);
        let read = self.show_text.then(|| self.read_turns(&dialogue, &kept, &evidence));
        if !is_scorable(&evidence, &observations) {
            let answer = Answer::NoScore { id: dialogue.id, score: (), reason: NO_EVIDENCE, read };
            return serde_json::to_string(&answer).map_err(of_all);
        }
        let estimate = estimate(&self.profile, &observations);
        let [outcome, process, environment] = estimate.dimensions.map(four_decimals);
        serde_json::to_string(&Answer::Score(ScoreLine {
            id: dialogue.id,
            outcome,
            process,
            environment,
            composite: four_decimals(estimate.composite),
            confidence: four_decimals(estimate.confidence),
            signal_count: estimate.signal_count,
            explanation: self.explain.then(|| explain(&self.profile, &observations).into()),
            read,
        }))
        .map_err(of_all)
    }

    /// What calibration asks of a dialogue.
    pub fn judged(&self, json: &[u8]) -> Result<Judged, Broken> {
        let dialogue = Dialogue::read(json)?;
        let kept: Vec<Option<Kept>> = dialogue.turns.iter().map(|turn| self.kept(turn)).collect();
        let evidence = Evidence { rating: None, ..self.evidence(&dialogue, &kept) };
        let observations = observe(&self.profile, &evidence);
        let is_scorable = is_scorable(&evidence, &observations);
        Ok(Judged {
            account: dialogue.account()?,
            id: dialogue.id.to_string(),
            rating: dialogue.rating,
            composite: is_scorable.then(|| estimate(&self.profile, &observations).composite),
            observations,
        })
    }

    /// `None` for the helpdesk itself.
    fn speaker(&self, role: Role) -> Option<Speaker> {
        match role {
            Role::User => Some(Speaker::Customer),
            Role::Agent | Role::Ai | Role::Human => Some(Speaker::Agent),
            Role::System if self.profile.model == ScoringModel::Task1 => Some(Speaker::Agent),
            Role::System => None,
        }
    }

    /// What is kept of a turn; nothing of a line of the helpdesk.
    fn kept(&self, turn: &DialogueTurn) -> Option<Kept> {
        let speaker = self.speaker(turn.role)?;
        let text = turn.text.as_deref();
        let message = Incoming { speaker, text, language: None, format: Format::Auto, automatic: false };
        Some(self.reader.read(&message, &WORD_KEY))
    }

    fn evidence<'a>(&self, dialogue: &Dialogue, kept: &'a [Option<Kept>]) -> Evidence<'a> {
        let (mut turns, mut ending, mut handoffs, mut automatic) = (Vec::new(), None, 0, 0);
        for (turn, kept) in dialogue.turns.iter().zip(kept) {
            match self.speaker(turn.role).zip(kept.as_ref()) {
                Some((speaker, Kept::Task(features))) => {
                    turns.push(Turn { speaker, at: turn.at, words: Words::Task(features) });
                }
                Some((speaker, Kept::Heard(Heard::Turn(message)))) => {
                    turns.push(Turn { speaker, at: turn.at, words: Words::Support(message) });
                }
                Some((_, Kept::Heard(Heard::Automatic))) => automatic += 1,
                None => {
                    let marks = self.reader.system_line(turn.text.as_deref().unwrap_or_default());
                    handoffs += u32::from(List::SystemHandoff.is_in(marks));
                    if List::SystemClosed.is_in(marks) {
                        ending = Some(Ending::Closed);
                    }
                }
            }
        }
        let told = dialogue.resolution.map(|outcome| match outcome {
            Outcome::AiResolved | Outcome::HumanResolved => Ending::Resolved,
            Outcome::Abandoned => Ending::Abandoned,
        });
        Evidence { turns, ending: told.or(ending), handoffs, rating: dialogue.rating, automatic, ..Evidence::default() }
    }

    fn read_turns(&self, dialogue: &Dialogue, kept: &[Option<Kept>], evidence: &Evidence<'_>) -> Vec<ReadTurn> {
        let mut languages = match self.profile.model {
            ScoringModel::Task1 => Vec::new(),
            ScoringModel::Support2 => Turns::of(evidence, &self.profile).all.iter().map(|turn| turn.language).collect(),
        }
        .into_iter();
        let read_turn = |(turn, kept): (&DialogueTurn, &Option<Kept>)| {
            let automatic = matches!(kept, Some(Kept::Heard(Heard::Automatic)));
            let is_turn = kept.is_some() && !automatic;
            ReadTurn {
                role: turn.role,
                text: read(turn.text.as_deref().unwrap_or_default(), Format::Auto).text.into_owned(),
                automatic,
                language: if is_turn { languages.next().flatten() } else { None },
            }
        };
        dialogue.turns.iter().zip(kept).map(read_turn).collect()
    }
}

/// JSON has no half of a character, as a text that was cut within one has (`\ud83d` without its other half). Such
/// halves become the replacement character.
fn whole_characters(line: &[u8]) -> Cow<'_, [u8]> {
    let unit = |at: usize| {
        let escape = line.get(at..at + 6).filter(|escape| escape.starts_with(b"\\u"))?;
        u16::from_str_radix(std::str::from_utf8(&escape[2..]).ok()?, 16).ok()
    };
    let mut whole = Cow::Borrowed(line);
    let mut at = 0;
    while at < line.len() {
        at += match unit(at) {
            _ if line[at] != b'\\' => 1,
            Some(0xd800..0xdc00) if matches!(unit(at + 6), Some(0xdc00..0xe000)) => 12,
            Some(0xd800..0xe000) => {
                whole.to_mut()[at..at + 6].copy_from_slice(b"\\ufffd");
                6
            }
            Some(_) => 6,
            None => 2,
        };
    }
    whole
}

fn four_decimals(value: f64) -> f64 {
    (value * 10_000.0 + 0.5).floor() / 10_000.0
}
