//! The turns of a conversation in the language that it is read in.

use std::borrow::Cow;

use super::language::{Choice, choose};
use super::pack::{List, mark};
use crate::domain::event::TurnFeatures;
use crate::domain::message::{LanguageCode, MessageFeatures, Reading, flag};
use crate::domain::scoring::evidence::{Evidence, Speaker, Turn as ScoredTurn, Words};
use crate::domain::scoring::profile::Profile;
use crate::domain::scoring::task::lexicon::List as TaskList;

/// The turns as this model reads them.
pub struct Turns<'a> {
    pub all: Vec<Turn<'a>>,
    /// Whether there is a pack for the conversation's language, or for one that a message of the customer names.
    pub is_read: bool,
}

/// One turn.
pub struct Turn<'a> {
    pub speaker: Speaker,
    /// The language that it is read in; none without a pack.
    pub language: Option<LanguageCode>,
    message: Cow<'a, MessageFeatures>,
    /// What its words say in that language; 0 without a pack.
    marks: u32,
}

/// The marks that speak against a conversation.
const AGAINST: u32 = List::Complaint.bit()
    | List::Unsolved.bit()
    | List::Waiting.bit()
    | List::Tries.bit()
    | List::Restate.bit()
    | List::Human.bit()
    | List::Giveup.bit()
    | List::Threat.bit()
    | mark::NEGATED;

impl<'a> Turns<'a> {
    pub fn of(evidence: &Evidence<'a>, profile: &Profile) -> Self {
        let default = profile.default_language;
        let messages: Vec<_> = evidence.turns.iter().map(|turn| (turn.speaker, as_message(turn, default))).collect();
        let untold = |speaker| {
            let of = messages.iter().filter(move |(of, message)| *of == speaker && message.told.is_none());
            of.map(|(_, message)| message.as_ref())
        };
        let choice = choose(untold(Speaker::Customer), untold(Speaker::Agent), default);
        let mut is_read = false;
        let mut all = Vec::with_capacity(messages.len());
        for (speaker, message) in messages {
            let language = message.told.or(match choice {
                Choice::Language(language) => Some(language),
                Choice::Unknown => None,
            });
            let known = language.filter(|language| profile.languages.contains(language));
            is_read |= known.is_some() && speaker == Speaker::Customer;
            let reading = known.and_then(|language| reading(&message, language));
            let marks = reading.map_or(0, |reading| reading.marks);
            all.push(Turn { speaker, language: known, message, marks });
        }
        Self { all, is_read }
    }
}

fn reading(message: &MessageFeatures, language: LanguageCode) -> Option<&Reading> {
    message.readings.iter().find(|reading| reading.language == language)
}

impl Turn<'_> {
    pub fn is_customers(&self) -> bool {
        self.speaker == Speaker::Customer
    }

    pub const fn hits(&self, list: List) -> bool {
        list.is_in(self.marks)
    }

    pub fn hits_any(&self, lists: &[List]) -> bool {
        lists.iter().any(|list| self.hits(*list))
    }

    /// How often it hits the list: 0, 1, or 2 for more than once.
    pub const fn times(&self, list: List) -> u32 {
        self.hits(list) as u32 + (self.marks & mark::twice(list) != 0) as u32
    }

    pub const fn has(&self, mark: u32) -> bool {
        self.marks & mark != 0
    }

    pub fn is(&self, flag: u16) -> bool {
        self.message.has(flag)
    }

    pub fn words(&self) -> u32 {
        u32::from(self.message.words)
    }

    pub fn content(&self) -> &[u32] {
        &self.message.content
    }

    /// Whether it is one word that says nothing: "hello".
    pub fn is_bare(&self) -> bool {
        self.language.is_some() && self.marks == 0 && self.content().is_empty() && self.words() == 1
    }

    /// Whether it thanks, praises, or says that it works.
    pub fn is_glad(&self) -> bool {
        self.hits_any(&[List::Thanks, List::Praise, List::Solved])
    }

    /// Whether something in it speaks against the conversation.
    pub const fn is_against(&self) -> bool {
        self.marks & AGAINST != 0
    }

    /// Whether something else in it than waiting does.
    pub const fn is_bad(&self) -> bool {
        self.marks & AGAINST & !List::Waiting.bit() != 0
    }

    /// Whether it asks. The courtesy at the end of an answer ("anything else?") is no question.
    pub fn asks(&self) -> bool {
        let is_courtesy = self.hits(List::AgentFollowup) && self.is(flag::ONE_QUESTION);
        self.is(flag::QUESTION) && (self.is_customers() || !is_courtesy)
    }

    /// Whether it is shouted, insistent or angry, and not from joy.
    pub fn is_loud(&self) -> bool {
        let shouts = self.is(flag::CAPITALS | flag::INSISTENT | flag::SAD)
            || (self.is(flag::EXCLAMATION) && self.hits(List::Complaint));
        shouts && (!self.is_glad() || self.is_against())
    }
}

/// A message that was read for `task-1` counts with those of its lists that mean the same here.
fn as_message<'a>(turn: &ScoredTurn<'a>, default: LanguageCode) -> Cow<'a, MessageFeatures> {
    match turn.words {
        Words::Support(message) => Cow::Borrowed(message),
        Words::Task(features) => Cow::Owned(translated(features, turn.speaker, default)),
    }
}

/// Lists of `task-1`, each with the list that means the same here.
const SAME: [(TaskList, List); 9] = [
    (TaskList::Gratitude, List::Thanks),
    (TaskList::Praise, List::Praise),
    (TaskList::Complaint, List::Complaint),
    (TaskList::Correction, List::Restate),
    (TaskList::Rejection, List::Unsolved),
    (TaskList::Acceptance, List::Content),
    (TaskList::Apology, List::AgentSorry),
    (TaskList::Failure, List::AgentCannot),
    (TaskList::Confirmation, List::AgentDone),
];

fn translated(features: &TurnFeatures, speaker: Speaker, default: LanguageCode) -> MessageFeatures {
    let same = SAME.iter().filter(|(task, _)| task.is_in(features.hits));
    let marks = same.fold(0, |marks, (_, list)| marks | list.bit());
    let flags = [(features.question, flag::QUESTION), (features.exclamation, flag::EXCLAMATION)];
    MessageFeatures {
        told: features.read.then_some(default),
        flags: flags.into_iter().filter(|(is_so, _)| *is_so).fold(0, |flags, (_, flag)| flags | flag),
        readings: [Reading { language: default, votes: 0, marks }].into(),
        // An agent's courtesies are among its words, and two of them would look like a repeated answer.
        content: if speaker == Speaker::Customer { features.words.clone() } else { Box::default() },
        ..MessageFeatures::default()
    }
}
