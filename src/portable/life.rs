//! The life of a conversation in its line: the events that are kept until it settles (R5.2).

use std::borrow::Cow;

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::conversation::named_signal;
use super::values::{Hex, PositionText, Time, is_false};
use crate::domain::event::{AttentionType, ObservedSignal, OwnSignal, TurnFeatures};
use crate::domain::exact::Exact;
use crate::domain::life::{Carried, ContactMark, Life, LifeKind, Move};
use crate::domain::message::{LanguageCode, MessageFeatures, Reading};
use crate::domain::quantum::Quantum;
use crate::domain::scoring::task::lexicon::List;
use crate::domain::scoring::{Ending, Speaker};
use crate::domain::workspace::facts::Left;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LifeLine {
    /// Receipt of the latest event that changed it.
    pub last_change: Time,
    /// A hash of whom it was with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_mark: Option<Hex<8>>,
    /// What a life that began after settling took over from the one before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<CarriedLine>,
    pub events: Vec<EventLine>,
}

/// A transition into terminal and what stood at it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CarriedLine {
    pub ended_at: Time,
    pub position: PositionText,
    #[serde(with = "EndingName")]
    pub ending: Ending,
    pub reopenings: u32,
}

/// What a life has come to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SettledLine {
    pub ended_at: Time,
    pub position: PositionText,
    #[serde(with = "EndingName")]
    pub ending: Ending,
    pub reopenings: u32,
    /// Receipt of the latest event that changed it, where there is no score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_change: Option<Time>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EventLine {
    pub time: Time,
    pub position: PositionText,
    pub event: KindLine,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum KindLine {
    /// Says only that the conversation exists.
    Named,
    Message(MessageLine),
    Status(StatusName),
    Attention(AttentionType),
    Signal(ObservedLine),
    Rating(u8),
    /// A message that was read for `support-2`.
    Turn(TurnLine),
    /// An automatic message.
    Automatic,
}

/// What is kept of a message that was read for `task-1` (R4.8).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MessageLine {
    #[serde(with = "SpeakerName")]
    pub speaker: Speaker,
    /// In 1/10,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compound: Option<i16>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub read: bool,
    #[serde(default, skip_serializing_if = "Lists::is_empty")]
    pub lists: Lists,
    #[serde(default, skip_serializing_if = "is_false")]
    pub question: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub exclamation: bool,
    /// Keyed hashes.
    #[serde(default, skip_serializing_if = "<[u32]>::is_empty")]
    pub words: Box<[u32]>,
}

/// What is kept of a message that was read for `support-2`. Flags and marks are numbers of bits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TurnLine {
    #[serde(with = "SpeakerName")]
    pub speaker: Speaker,
    /// The event named its language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<LanguageCode>,
    pub flags: u16,
    pub words: u16,
    pub letters: u16,
    pub latin: u16,
    #[serde(default, skip_serializing_if = "<[ReadingLine]>::is_empty")]
    pub readings: Box<[ReadingLine]>,
    /// Keyed hashes.
    #[serde(default, skip_serializing_if = "<[u32]>::is_empty")]
    pub content: Box<[u32]>,
}

/// What it says if it is in this language.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReadingLine {
    pub language: LanguageCode,
    pub votes: u16,
    pub marks: u32,
}

impl From<Reading> for ReadingLine {
    fn from(Reading { language, votes, marks }: Reading) -> Self {
        Self { language, votes, marks }
    }
}

impl From<ReadingLine> for Reading {
    fn from(ReadingLine { language, votes, marks }: ReadingLine) -> Self {
        Self { language, votes, marks }
    }
}

impl TurnLine {
    fn new(speaker: Speaker, message: &MessageFeatures) -> Self {
        let MessageFeatures { told, flags, words, letters, latin, readings, content } = message;
        Self {
            speaker,
            language: *told,
            flags: *flags,
            words: *words,
            letters: *letters,
            latin: *latin,
            readings: readings.iter().map(|reading| ReadingLine::from(*reading)).collect(),
            content: content.clone(),
        }
    }

    fn message(self) -> MessageFeatures {
        let Self { speaker: _, language, flags, words, letters, latin, readings, content } = self;
        let readings = readings.iter().map(|reading| Reading::from(*reading)).collect();
        MessageFeatures { told: language, flags, words, letters, latin, readings, content }
    }
}

/// Word lists that matched, by name.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Lists(u16);

impl Lists {
    fn is_empty(&self) -> bool {
        self.0 == 0
    }
}

impl Serialize for Lists {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let named = List::ALL.into_iter().filter(|list| list.is_in(self.0));
        if named.clone().fold(0, |bits, list| bits | list.bit()) != self.0 {
            return Err(S::Error::custom("a message matched a list without a name"));
        }
        serializer.collect_seq(named)
    }
}

impl<'de> Deserialize<'de> for Lists {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let lists = Vec::<List>::deserialize(deserializer)?;
        if !lists.is_sorted() {
            return Err(D::Error::custom("lists stand in the order of their bits"));
        }
        Ok(Self(lists.into_iter().fold(0, |bits, list| bits | list.bit())))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StatusName {
    Reopened,
    Resolved,
    Closed,
    Abandoned,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Ending", rename_all = "camelCase")]
enum EndingName {
    Resolved,
    Closed,
    Abandoned,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Speaker", rename_all = "camelCase")]
enum SpeakerName {
    Customer,
    Agent,
}

/// A signal that somebody else observed, its value in 1/65,535.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObservedLine {
    pub name: Cow<'static, str>,
    pub value: Quantum,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<Exact>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loadings: Option<[Exact; 3]>,
}

impl From<&Life> for LifeLine {
    fn from(life: &Life) -> Self {
        let event = |(time, position, kind): (_, _, &LifeKind)| EventLine {
            time: Time(time),
            position: PositionText(position),
            event: kind.into(),
        };
        Self {
            last_change: Time(life.last_change),
            contact_mark: life.contact.map(|mark| Hex(mark.to_bytes())),
            before: life.carried.map(CarriedLine::from),
            events: life.events().map(event).collect(),
        }
    }
}

impl LifeLine {
    /// An error says what does not fit.
    pub fn life(self) -> Result<Life, &'static str> {
        let mut life = self.before.map_or_else(Life::default, |before| Life::after(before.into()));
        life.last_change = self.last_change.0;
        life.contact = self.contact_mark.map(|mark| ContactMark::from_bytes(mark.0));
        for EventLine { time, position, event } in self.events {
            life.insert(time.0, position.0, event.kind()?, u16::MAX).ok_or("a life holds fewer messages")?;
        }
        Ok(life)
    }
}

impl From<Carried> for CarriedLine {
    fn from(carried: Carried) -> Self {
        let Carried { scored_at, position, ending, reopenings } = carried;
        Self { ended_at: Time(scored_at), position: PositionText(position), ending, reopenings }
    }
}

impl From<CarriedLine> for Carried {
    fn from(line: CarriedLine) -> Self {
        let CarriedLine { ended_at, position, ending, reopenings } = line;
        Self { scored_at: ended_at.0, position: position.0, ending, reopenings }
    }
}

impl From<Left> for SettledLine {
    fn from(left: Left) -> Self {
        let CarriedLine { ended_at, position, ending, reopenings } = left.carried.into();
        Self { ended_at, position, ending, reopenings, last_change: Time::since(left.last_change) }
    }
}

impl From<SettledLine> for Left {
    fn from(line: SettledLine) -> Self {
        let SettledLine { ended_at, position, ending, reopenings, last_change } = line;
        let carried = CarriedLine { ended_at, position, ending, reopenings }.into();
        Self { carried, last_change: Time::or_ever(last_change) }
    }
}

impl From<&LifeKind> for KindLine {
    fn from(kind: &LifeKind) -> Self {
        match kind {
            LifeKind::Named => Self::Named,
            LifeKind::Turn(speaker, features) => {
                let TurnFeatures { compound, read, hits, question, exclamation, words } = features;
                Self::Message(MessageLine {
                    speaker: *speaker,
                    compound: *compound,
                    read: *read,
                    lists: Lists(*hits),
                    question: *question,
                    exclamation: *exclamation,
                    words: words.clone(),
                })
            }
            LifeKind::Move(Move::Reopen) => Self::Status(StatusName::Reopened),
            LifeKind::Move(Move::End(Ending::Resolved)) => Self::Status(StatusName::Resolved),
            LifeKind::Move(Move::End(Ending::Closed)) => Self::Status(StatusName::Closed),
            LifeKind::Move(Move::End(Ending::Abandoned)) => Self::Status(StatusName::Abandoned),
            LifeKind::Attention(kind) => Self::Attention(*kind),
            LifeKind::Signal(signal, value) => Self::Signal(ObservedLine::new(signal, *value)),
            LifeKind::Rating(rating) => Self::Rating(*rating),
            LifeKind::Message(speaker, message) => Self::Turn(TurnLine::new(*speaker, message)),
            LifeKind::Automatic => Self::Automatic,
        }
    }
}

impl KindLine {
    fn kind(self) -> Result<LifeKind, &'static str> {
        Ok(match self {
            Self::Named => LifeKind::Named,
            Self::Message(MessageLine { speaker, compound, read, lists, question, exclamation, words }) => {
                LifeKind::Turn(speaker, TurnFeatures { compound, read, hits: lists.0, question, exclamation, words })
            }
            Self::Status(StatusName::Reopened) => LifeKind::Move(Move::Reopen),
            Self::Status(StatusName::Resolved) => LifeKind::Move(Move::End(Ending::Resolved)),
            Self::Status(StatusName::Closed) => LifeKind::Move(Move::End(Ending::Closed)),
            Self::Status(StatusName::Abandoned) => LifeKind::Move(Move::End(Ending::Abandoned)),
            Self::Attention(kind) => LifeKind::Attention(kind),
            Self::Signal(ObservedLine { name, value, weight, loadings }) => {
                LifeKind::Signal(named_signal(name, weight, loadings)?, value)
            }
            Self::Rating(rating) => LifeKind::Rating(rating),
            Self::Turn(line) => LifeKind::Message(line.speaker, Box::new(line.message())),
            Self::Automatic => LifeKind::Automatic,
        })
    }
}

impl ObservedLine {
    fn new(signal: &ObservedSignal, value: Quantum) -> Self {
        match signal {
            ObservedSignal::Catalogue(kind) => {
                Self { name: Cow::Borrowed(kind.name()), value, weight: None, loadings: None }
            }
            ObservedSignal::Own(OwnSignal { name, weight, loadings }) => Self {
                name: Cow::Owned(name.to_string()),
                value,
                weight: Some(Exact(*weight)),
                loadings: Some(loadings.map(Exact)),
            },
        }
    }
}
