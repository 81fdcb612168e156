//! The catalogue of signals and the profile that weighs them.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::task::lexicon::{Pack, builtin_packs};

/// The signals of the catalogue, in its order (sums run in this order).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

/// A row of the catalogue: name, default weight w, default loadings L (outcome, process, environment).
struct Row(SignalKind, &'static str, f64, [f64; 3]);

const THIRD: f64 = 1.0 / 3.0;

/// By the number of the kind (a test holds it to that).
const ROWS: [Row; SignalKind::COUNT] = {
    use SignalKind::*;
    [
        Row(SentimentMean, "sentiment_mean", 0.9, [0.25, 0.25, 0.5]),
        Row(SentimentEnd, "sentiment_end", 0.8, [0.5, 0.0, 0.5]),
        Row(Gratitude, "gratitude", 1.4, [0.5, 0.0, 0.5]),
        Row(Praise, "praise", 1.3, [0.34, 0.0, 0.66]),
        Row(Enthusiasm, "enthusiasm", 1.9, [0.0, 0.0, 1.0]),
        Row(Acceptance, "acceptance", 0.6, [0.7, 0.3, 0.0]),
        Row(AgentConfirm, "agent_confirm", 0.3, [1.0, 0.0, 0.0]),
        Row(Complaint, "complaint", 0.8, [0.34, 0.33, 0.33]),
        Row(Rejection, "rejection", 1.4, [0.5, 0.5, 0.0]),
        Row(Correction, "correction", 0.5, [0.2, 0.8, 0.0]),
        Row(AgentFailure, "agent_failure", 0.8, [0.7, 0.3, 0.0]),
        Row(EndFailure, "end_failure", 0.2, [1.0, 0.0, 0.0]),
        Row(EndApology, "end_apology", 0.9, [1.0, 0.0, 0.0]),
        Row(QuestionDodged, "question_dodged", 0.7, [0.0, 1.0, 0.0]),
        Row(QuestionUnanswered, "question_unanswered", 0.5, [0.5, 0.5, 0.0]),
        Row(UserRepeats, "user_repeats", 0.5, [0.0, 1.0, 0.0]),
        Row(AgentRepeats, "agent_repeats", 0.6, [0.0, 1.0, 0.0]),
        Row(Interrogation, "interrogation", 0.8, [0.0, 1.0, 0.0]),
        Row(Effort, "effort", 0.5, [0.3, 0.7, 0.0]),
        Row(Resolution, "resolution", 3.0, [1.0, 0.0, 0.0]),
        Row(ResolutionFailed, "resolution_failed", 3.0, [1.0, 0.0, 0.0]),
        Row(Reopened, "reopened", 3.0, [0.7, 0.3, 0.0]),
        Row(HumanHandoff, "human_handoff", 1.0, [0.0, 1.0, 0.0]),
        Row(ValidationFailed, "validation_failed", 1.0, [0.3, 0.7, 0.0]),
        Row(FirstResponse, "first_response", 1.0, [0.0, 1.0, 0.0]),
        Row(SlowReply, "slow_reply", 1.0, [0.0, 1.0, 0.0]),
        Row(Rating, "rating", 8.0, [THIRD, THIRD, THIRD]),
    ]
};

impl SignalKind {
    pub const COUNT: usize = Self::Rating as usize + 1;

    /// In the catalogue's order.
    pub const ALL: [Self; Self::COUNT] = {
        let mut all = [Self::SentimentMean; Self::COUNT];
        let mut i = 0;
        while i < Self::COUNT {
            all[i] = ROWS[i].0;
            i += 1;
        }
        all
    };

    /// As events, configuration and answers call it (`sentiment_mean`).
    pub const fn name(self) -> &'static str {
        ROWS[self as usize].1
    }

    /// The kind of that name, exactly as [`name`](Self::name) writes it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Observed from status, times, items and ratings, not from messages: no public labels to fit it
    /// on, so it is marked `uncalibrated` wherever it is shown.
    pub const fn is_operational(self) -> bool {
        self as u8 >= Self::Resolution as u8
    }

    /// Weight and loadings of `support-en-1`.
    pub const fn default_weight(self) -> SignalWeight {
        let Row(_, _, weight, loadings) = ROWS[self as usize];
        SignalWeight { weight, loadings }
    }
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

/// The largest weight a signal may have, in pseudo-counts.
pub const MAX_WEIGHT: f64 = 10.0;

/// How far three shares may miss 1 in sum.
const SUM_TOLERANCE: f64 = 1e-9;

impl SignalWeight {
    /// What is wrong with it, naming the signal; empty if nothing is.
    pub fn faults(&self, name: &str) -> Vec<String> {
        let mut faults = Vec::new();
        if !(0.0..=MAX_WEIGHT).contains(&self.weight) {
            faults.push(format!("{name}: weight must be between 0 and {MAX_WEIGHT}, not {}", self.weight));
        }
        if !is_distribution(&self.loadings) {
            faults.push(format!("{name}: loadings must lie between 0 and 1 and sum to 1, not {:?}", self.loadings));
        }
        faults
    }
}

/// Each within 0–1 and together 1 (± 1e-9). False for NaN.
fn is_distribution(shares: &[f64; 3]) -> bool {
    shares.iter().all(|share| (0.0..=1.0).contains(share)) && (shares.iter().sum::<f64>() - 1.0).abs() <= SUM_TOLERANCE
}

impl Default for Profile {
    fn default() -> Self {
        static HASH: LazyLock<[u8; 8]> = LazyLock::new(|| unhashed_default().computed_hash(builtin_packs()));
        Self { hash: *HASH, ..unhashed_default() }
    }
}

fn unhashed_default() -> Profile {
    Profile {
        name: "support-en-1".into(),
        hash: [0; 8],
        prior_strength: 3.0,
        priors: [0.52, 0.72, 0.39],
        composite_weights: [THIRD; 3],
        signals: SignalKind::ALL.into_iter().map(SignalKind::default_weight).collect(),
        first_response_target_seconds: 300,
        reply_target_seconds: 900,
    }
}

impl Profile {
    /// Weight and loadings of a kind; the catalogue's own where the profile is too short to say.
    pub fn weight_of(&self, kind: SignalKind) -> SignalWeight {
        self.signals.get(kind as usize).copied().unwrap_or_else(|| kind.default_weight())
    }

    /// First 8 bytes of BLAKE3 over the name, every number and the language packs (in order of their
    /// language), apart from [`hash`](Self::hash) itself. Equal on every machine.
    pub fn computed_hash(&self, packs: &[Pack]) -> [u8; 8] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"tripswitch scoring profile 1\0");
        text(&mut hasher, &self.name);
        numbers(&mut hasher, &[self.prior_strength]);
        numbers(&mut hasher, &self.priors);
        numbers(&mut hasher, &self.composite_weights);
        hasher.update(&self.first_response_target_seconds.to_le_bytes());
        hasher.update(&self.reply_target_seconds.to_le_bytes());
        hasher.update(&(self.signals.len() as u64).to_le_bytes());
        for signal in &self.signals {
            numbers(&mut hasher, &[signal.weight]);
            numbers(&mut hasher, &signal.loadings);
        }
        let mut packs: Vec<_> = packs.iter().map(|pack| (pack.language(), pack.digest())).collect();
        packs.sort_unstable();
        for (language, digest) in packs {
            text(&mut hasher, language);
            hasher.update(&digest);
        }
        let hash = *hasher.finalize().as_bytes();
        [hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7]]
    }

    /// All that is impossible in it, one sentence each; such a profile stops the start.
    pub fn validate(&self) -> Result<(), Vec<String>> {
        let mut faults = Vec::new();
        if self.name.is_empty() {
            faults.push("name must not be empty".to_owned());
        }
        if !(self.prior_strength.is_finite() && self.prior_strength > 0.0) {
            faults.push(format!("prior_strength must be above 0, not {}", self.prior_strength));
        }
        if self.priors.iter().any(|prior| !(*prior > 0.0 && *prior < 1.0)) {
            faults.push(format!("priors must lie strictly between 0 and 1, not {:?}", self.priors));
        }
        if !is_distribution(&self.composite_weights) {
            faults.push(format!(
                "composite_weights must lie between 0 and 1 and sum to 1, not {:?}",
                self.composite_weights
            ));
        }
        if self.first_response_target_seconds == 0 || self.reply_target_seconds == 0 {
            faults.push("reply targets must be at least 1 second".to_owned());
        }
        if self.signals.len() != SignalKind::COUNT {
            faults.push(format!(
                "signals must have {} entries, one per signal, not {}",
                SignalKind::COUNT,
                self.signals.len()
            ));
        }
        for (kind, signal) in SignalKind::ALL.into_iter().zip(&self.signals) {
            faults.extend(signal.faults(kind.name()));
        }
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }
}

/// Length first, so that no two sequences of texts look alike.
pub(super) fn text(hasher: &mut blake3::Hasher, text: &str) {
    hasher.update(&(text.len() as u64).to_le_bytes());
    hasher.update(text.as_bytes());
}

fn numbers(hasher: &mut blake3::Hasher, numbers: &[f64]) {
    for number in numbers {
        hasher.update(&number.to_bits().to_le_bytes());
    }
}

#[cfg(test)]
mod tests;
