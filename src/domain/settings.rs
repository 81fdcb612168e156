//! What `apply` takes from config.toml, as the journal carries it (I1): config.toml is read at
//! start only, and a workspace side whose effective settings differ from its last settings record
//! gets a new one before its next frame.

use serde::{Deserialize, Serialize};

use super::effect::EffectsKept;
use super::scoring::level::Level;
use super::scoring::profile::Profile;
use super::time::{DAY, Millis};

/// The effective settings of one workspace side.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    pub model: Model,
    /// The secret with which the content and word hashes of the following frames are keyed (R4.8).
    pub secret_id: [u8; 8],
    /// The scoring profile: priors, weights, catalogue.
    pub profile: Profile,
    /// `[effects]` of config.toml.
    pub effects: EffectsKept,
}

impl Settings {
    /// With another level of the profile, which is not written with it.
    #[must_use]
    pub fn at_level(&self, level: Level) -> Self {
        Self { profile: Profile { level, ..self.profile.clone() }, ..self.clone() }
    }
}

/// `[model]` of config.toml. bincode writes the numbers alone, in this order; their names are JSON's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Model {
    /// Scored conversations in an account's window (R6.1), 1–1,000.
    pub window_size: u16,
    /// Days the window reaches back (R6.1).
    pub window_days: u16,
    /// A workspace's breaker needs this many times the account's count (R7.2).
    pub workspace_factor: u16,
    /// Days after which a terminal conversation settles (R5.2).
    pub settle_days: u16,
    /// Days for which an event's identity is remembered (R4.4).
    pub duplicate_days: u16,
    /// Days for which an explanation is kept (R5.5).
    pub explanation_days: u16,
    /// Days for which a conversation is kept (R4.11).
    pub retention_days: u16,
    /// Messages kept per life of a conversation; further ones are accepted and do not count (R5.1).
    pub max_turns: u16,
}

impl Default for Model {
    fn default() -> Self {
        Self {
            window_size: 50,
            window_days: 90,
            workspace_factor: 3,
            settle_days: 7,
            duplicate_days: 7,
            explanation_days: 90,
            retention_days: 400,
            max_turns: 1_000,
        }
    }
}

impl Model {
    pub fn window_span(&self) -> Millis {
        Millis::from(self.window_days) * DAY
    }

    pub fn settle_span(&self) -> Millis {
        Millis::from(self.settle_days) * DAY
    }

    pub fn duplicate_span(&self) -> Millis {
        Millis::from(self.duplicate_days) * DAY
    }

    pub fn explanation_span(&self) -> Millis {
        Millis::from(self.explanation_days) * DAY
    }

    pub fn retention_span(&self) -> Millis {
        Millis::from(self.retention_days) * DAY
    }
}
