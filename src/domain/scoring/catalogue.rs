//! The catalogue of signals and the profile that weighs them.

use serde::{Deserialize, Serialize};

/// The signals of the catalogue, in its order (sums run in this order).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum SignalKind {
    SentimentMean,
    SentimentEnd,
    Gratitude,
    Praise,
    Enthusiasm,
    Acceptance,
    AgentConfirm,
    Complaint,
    Rejection,
    Correction,
    AgentFailure,
    EndFailure,
    EndApology,
    QuestionDodged,
    QuestionUnanswered,
    UserRepeats,
    AgentRepeats,
    Interrogation,
    Effort,
    Resolution,
    ResolutionFailed,
    Reopened,
    HumanHandoff,
    ValidationFailed,
    FirstResponse,
    SlowReply,
    Rating,
}

/// How a conversation's signals become its score: what config's `[scoring]` sets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// `support-en-1` unless configured otherwise.
    pub name: Box<str>,
    /// BLAKE3 (first 8 bytes) over everything that can change a score, word lists included.
    pub hash: [u8; 8],
    /// K, in pseudo-counts.
    pub prior_strength: f64,
    /// m_d, 0–1.
    pub priors: [f64; 3],
    /// ω_d, summing to 1.
    pub composite_weights: [f64; 3],
    /// Weight and loadings of each [`SignalKind`], by its number.
    pub signals: Vec<SignalWeight>,
    /// Target of the first reply, in seconds.
    pub first_response_target_seconds: u32,
    /// Target of the later replies, in seconds.
    pub reply_target_seconds: u32,
}

/// w (pseudo-counts) and L_d (summing to 1) of one signal.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignalWeight {
    pub weight: f64,
    pub loadings: [f64; 3],
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            name: "support-en-1".into(),
            hash: [0; 8],
            prior_strength: 3.0,
            priors: [0.52, 0.72, 0.39],
            composite_weights: [1.0 / 3.0; 3],
            signals: Vec::new(),
            first_response_target_seconds: 300,
            reply_target_seconds: 900,
        }
    }
}
