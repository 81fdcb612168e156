//! What is kept of a conversation beside its record: a score, what its life came to, a comment. Part of the on-disk
//! format.

use serde::{Deserialize, Serialize};

use super::super::expectation::Expectation;
use super::super::health::WindowEntry;
use super::super::ids::{Id, Position};
use super::super::life::{Carried, ContactMark};
use super::super::run::Scored;
use super::super::score::Hundredths;
use super::super::time::Millis;
use super::super::timeline::Key;
use super::super::view::ConversationQuality;

/// A published score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    /// `scoredAt` and the position of the event that gave it.
    pub key: Key,
    pub dimensions: [Hundredths; 3],
    pub composite: Hundredths,
    pub confidence: Hundredths,
    pub disconfirmation: Hundredths,
    pub signal_count: u16,
    pub resolved: bool,
    /// It was made elsewhere, and stands until R5.3 replaces it.
    pub imported: bool,
    /// The number of the profile it was made with.
    pub profile: u16,
    /// Receipt of the latest event that made or re-made it.
    pub receipt: Millis,
    pub expectation: Expectation,
}

impl Score {
    pub fn entry(&self, conversation: u32) -> WindowEntry {
        WindowEntry {
            conversation,
            key: self.key,
            dimensions: self.dimensions,
            composite: self.composite,
            signal_count: self.signal_count,
            confidence: self.confidence.0.min(100) as u8,
            resolved: self.resolved,
        }
    }

    /// R3.2, of the conversation with this id.
    pub const fn quality(&self, conversation_id: Id) -> ConversationQuality {
        ConversationQuality {
            conversation_id,
            outcome_score: self.dimensions[0],
            process_score: self.dimensions[1],
            environment_score: self.dimensions[2],
            composite_score: self.composite,
            disconfirmation: self.disconfirmation,
            confidence: self.confidence,
            signal_count: self.signal_count,
            scored_at: self.key.0,
        }
    }

    pub fn scored(&self, conversation: u32) -> Scored {
        let Self { key, composite, confidence, signal_count, .. } = *self;
        Scored { conversation, key, composite, confidence, signal_count }
    }
}

/// What is left of a life that has settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    pub carried: Carried,
    /// Receipt of the latest event that changed it; known only where there is no score.
    pub last_change: Millis,
}

/// What a customer wrote in a survey (R4.8); the last one of a conversation is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    pub position: Position,
    pub contact: Option<ContactMark>,
    pub text: Box<str>,
}

/// A person's scores in place of the model's (R5.9).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overridden {
    pub actor: Box<str>,
    pub at: Millis,
    pub dimensions: [Hundredths; 3],
    /// None: as the model says.
    pub resolved: Option<bool>,
    pub reason: Box<str>,
    /// What would be in force without it; none where the conversation would have no score any more.
    pub model: Option<Score>,
}

impl Overridden {
    /// The score in force in place of `model`: of a person, so it is certain.
    pub fn in_force(&self, model: Score, composite: Hundredths) -> Score {
        Score {
            dimensions: self.dimensions,
            composite,
            confidence: Hundredths(100),
            resolved: self.resolved.unwrap_or(model.resolved),
            ..model
        }
    }
}
