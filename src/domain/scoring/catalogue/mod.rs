//! The signals that can be observed, by whichever model.

use serde::{Deserialize, Serialize};

/// A signal. The numbers are part of the on-disk formats: new ones come last.
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
    Thanks,
    Solved,
    ContentEnd,
    Warm,
    Calm,
    Unsolved,
    Waiting,
    Retold,
    Giveup,
    Threat,
    HumanAsked,
    ResignEnd,
    OpenRepeat,
    Shout,
    Disputed,
    DeniedEnd,
    LeftOpen,
    NoAnswer,
    AgentDone,
    AgentOffer,
    AgentSpecific,
    AgentCannot,
    AgentStall,
    AgentDeflect,
    AgentSorry,
    FollowupUnmet,
    EndsUnresolved,
    NoReply,
    LanguageUnknown,
    ClosedOn,
}

/// A signal with its name, and its weight w and loadings L (outcome, process, environment) in `task-1`.
struct Row(SignalKind, &'static str, f64, [f64; 3]);

/// A signal that `task-1` does not have.
const fn later(kind: SignalKind, name: &'static str) -> Row {
    Row(kind, name, 0.0, [THIRD; 3])
}

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
        later(Thanks, "thanks"),
        later(Solved, "solved"),
        later(ContentEnd, "content_end"),
        later(Warm, "warm"),
        later(Calm, "calm"),
        later(Unsolved, "unsolved"),
        later(Waiting, "waiting"),
        later(Retold, "retold"),
        later(Giveup, "giveup"),
        later(Threat, "threat"),
        later(HumanAsked, "human_asked"),
        later(ResignEnd, "resign_end"),
        later(OpenRepeat, "open_repeat"),
        later(Shout, "shout"),
        later(Disputed, "disputed"),
        later(DeniedEnd, "denied_end"),
        later(LeftOpen, "left_open"),
        later(NoAnswer, "no_answer"),
        later(AgentDone, "agent_done"),
        later(AgentOffer, "agent_offer"),
        later(AgentSpecific, "agent_specific"),
        later(AgentCannot, "agent_cannot"),
        later(AgentStall, "agent_stall"),
        later(AgentDeflect, "agent_deflect"),
        later(AgentSorry, "agent_sorry"),
        later(FollowupUnmet, "followup_unmet"),
        later(EndsUnresolved, "ends_unresolved"),
        later(NoReply, "no_reply"),
        later(LanguageUnknown, "language_unknown"),
        later(ClosedOn, "closed_on"),
    ]
};

impl SignalKind {
    pub const COUNT: usize = Self::ClosedOn as usize + 1;

    /// By their numbers.
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

    /// There were no labels to fit it to: it is marked `uncalibrated` wherever it is shown.
    pub const fn is_uncalibrated(self) -> bool {
        self.is_operational() || matches!(self, Self::ClosedOn)
    }

    /// Observed from status, times, attention items and ratings instead of messages.
    pub const fn is_operational(self) -> bool {
        self as u8 >= Self::Resolution as u8 && self as u8 <= Self::Rating as u8
    }

    /// It tells how much to trust the other signals and nothing about the conversation: it weighs nothing, and
    /// `signal.observed` does not take it.
    pub const fn is_marker(self) -> bool {
        matches!(self, Self::NoReply | Self::LanguageUnknown)
    }

    /// Weight and loadings of `task-1`'s first profile, `support-en-1`.
    pub const fn first_weight(self) -> SignalWeight {
        let Row(_, _, weight, loadings) = ROWS[self as usize];
        SignalWeight { weight, loadings }
    }
}

/// The signals of `task-1`: those of messages first, then the operational ones. Sums run in this order.
pub const TASK: [SignalKind; SignalKind::Rating as usize + 1] = {
    let mut task = [SignalKind::SentimentMean; SignalKind::Rating as usize + 1];
    let mut i = 0;
    while i < task.len() {
        task[i] = SignalKind::ALL[i];
        i += 1;
    }
    task
};

/// The signals of `support-2`: of the customer, of the agent, the operational ones, the markers, and last those of
/// `task-1` that `support-2` does not read from messages but that others may still observe. Sums run in this order,
/// and profiles keep their weights in it, so new ones come last.
pub const SUPPORT: [SignalKind; 57] = {
    use SignalKind::*;
    [
        Thanks,
        Praise,
        Solved,
        ContentEnd,
        Warm,
        Calm,
        Complaint,
        Unsolved,
        Waiting,
        Retold,
        Giveup,
        Threat,
        HumanAsked,
        ResignEnd,
        OpenRepeat,
        Shout,
        Disputed,
        DeniedEnd,
        LeftOpen,
        NoAnswer,
        UserRepeats,
        AgentDone,
        AgentOffer,
        AgentSpecific,
        AgentCannot,
        AgentStall,
        AgentDeflect,
        AgentSorry,
        FollowupUnmet,
        EndsUnresolved,
        AgentRepeats,
        Resolution,
        ResolutionFailed,
        Reopened,
        HumanHandoff,
        ValidationFailed,
        FirstResponse,
        SlowReply,
        Rating,
        ClosedOn,
        NoReply,
        LanguageUnknown,
        SentimentMean,
        SentimentEnd,
        Gratitude,
        Enthusiasm,
        Acceptance,
        AgentConfirm,
        Rejection,
        Correction,
        AgentFailure,
        EndFailure,
        EndApology,
        QuestionDodged,
        QuestionUnanswered,
        Interrogation,
        Effort,
    ]
};

/// Where a signal stands in [`SUPPORT`], by its number; 255 for one of `task-1` alone.
pub const PLACE_IN_SUPPORT: [u8; SignalKind::COUNT] = {
    let mut places = [u8::MAX; SignalKind::COUNT];
    let mut i = 0;
    while i < SUPPORT.len() {
        places[SUPPORT[i] as usize] = i as u8;
        i += 1;
    }
    places
};

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

/// Parts of a whole as shares of 1; `None` unless they are not negative and not all 0. Parts that already sum to 1 stay
/// as they are, to the last bit.
pub fn shares(parts: [f64; 3]) -> Option<[f64; 3]> {
    let sum: f64 = parts.iter().sum();
    let fine = parts.iter().all(|part| part.is_finite() && *part >= 0.0) && sum > 0.0 && sum.is_finite();
    fine.then(|| if (sum - 1.0).abs() <= SUM_TOLERANCE { parts } else { parts.map(|part| part / sum) })
}

/// Each within 0–1 and together 1 (± 1e-9). False for NaN.
pub(super) fn is_distribution(shares: &[f64; 3]) -> bool {
    shares.iter().all(|share| (0.0..=1.0).contains(share)) && (shares.iter().sum::<f64>() - 1.0).abs() <= SUM_TOLERANCE
}

#[cfg(test)]
mod tests;
