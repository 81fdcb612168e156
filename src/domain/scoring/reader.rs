//! From a message as an event brings it to what its workspace's model keeps of it.

use super::evidence::Speaker;
use super::profile::ScoringModel;
use super::support::text::SupportReader;
use super::task::language::primary_subtag;
use super::task::text::{Analyzer, WordKey};
use crate::domain::event::TurnFeatures;
use crate::domain::message::{Heard, LanguageCode};
use crate::domain::reading::{Format, read};

/// A message as it came.
#[derive(Clone, Copy, Debug)]
pub struct Incoming<'t> {
    pub speaker: Speaker,
    /// `None`: there is no text, only the fact of a message.
    pub text: Option<&'t str>,
    /// A language tag (BCP 47).
    pub language: Option<&'t str>,
    pub format: Format,
    /// The sender says that no person wrote it.
    pub automatic: bool,
}

/// What is kept of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// A turn for `task-1`.
    Task(TurnFeatures),
    /// A turn for `support-2`, or an automatic message for either.
    Heard(Heard),
}

/// Reads the messages of a workspace for its model. Cheap to clone.
#[derive(Clone, Debug)]
pub enum MessageReader {
    Task(Analyzer),
    Support(SupportReader),
}

impl Default for MessageReader {
    /// For `support-2`, with the built-in packs.
    fn default() -> Self {
        Self::of(ScoringModel::Support2)
    }
}

impl MessageReader {
    /// For a model, with the built-in packs.
    pub fn of(model: ScoringModel) -> Self {
        match model {
            ScoringModel::Task1 => Self::Task(Analyzer::default()),
            ScoringModel::Support2 => Self::Support(SupportReader::default()),
        }
    }

    /// With another language for messages in which nothing speaks for any. `support-2` asks for none before a score is
    /// made, and its reader is the same.
    #[must_use]
    pub fn with_default_language(&self, language: LanguageCode) -> Self {
        match self {
            Self::Task(analyzer) => Self::Task(analyzer.with_default_language(language.as_str())),
            Self::Support(reader) => Self::Support(reader.clone()),
        }
    }

    /// The model whose reader this is.
    pub const fn model(&self) -> ScoringModel {
        match self {
            Self::Task(_) => ScoringModel::Task1,
            Self::Support(_) => ScoringModel::Support2,
        }
    }

    /// The marks of a line that the helpdesk itself wrote (a closing, a hand-over). `task-1` reads none.
    pub fn system_line(&self, text: &str) -> u32 {
        match self {
            Self::Task(_) => 0,
            Self::Support(reader) => reader.system_line(&read(text, Format::Auto).text),
        }
    }

    /// `key` comes from [`conversation_word_key`](super::task::text::conversation_word_key). Of a message of which
    /// nothing is left to read, only the fact that it came is kept.
    pub fn read(&self, message: &Incoming<'_>, key: &WordKey) -> Kept {
        if message.automatic {
            return Kept::Heard(Heard::Automatic);
        }
        let read = message.text.map(|text| read(text, message.format));
        if read.as_ref().is_some_and(|read| read.automatic) {
            return Kept::Heard(Heard::Automatic);
        }
        let text = read.as_ref().map(|read| &*read.text).filter(|text| !text.is_empty());
        match self {
            Self::Task(analyzer) => Kept::Task(analyzer.analyze(text, message.language, key)),
            Self::Support(reader) => {
                let language = message.language.and_then(primary_subtag);
                let language = language.and_then(|code| LanguageCode::new(&code));
                let features = text.map(|text| reader.read(text, language, message.speaker, key));
                Kept::Heard(Heard::Turn(Box::new(features.unwrap_or_default())))
            }
        }
    }
}
