//! Signals that no message carries: how a conversation ended, how long replies took, what was rated. Both models
//! have them, each with weights of its own.
//!
//! A wait begins with the first customer turn that nobody has answered yet and ends with the next agent turn. The
//! first wait of all is `first_response`'s, the others are `slow_reply`'s. Waits of which a time is missing, and
//! those still open, say nothing.

use super::catalogue::SignalKind;
use super::evidence::{Ending, Evidence, Speaker, Turn};
use super::measure::{Measure, bad, good, good_by, present, sat};
use super::profile::Profile;
use crate::domain::time::{Millis, SECOND};

/// Waits of a conversation, each as a sum of milliseconds and its number.
pub(super) struct Waits {
    first: Option<(Millis, u32)>,
    later: (Millis, u32),
}

/// Nothing for a signal that messages carry.
pub(super) fn measure(kind: SignalKind, profile: &Profile, evidence: &Evidence<'_>, waits: &Waits) -> Measure {
    match kind {
        SignalKind::Resolution => good(present(evidence.ending == Some(Ending::Resolved))),
        SignalKind::ResolutionFailed => bad(present(evidence.ending == Some(Ending::Abandoned))),
        SignalKind::Reopened => bad(sat(f64::from(evidence.reopenings), 1.0)),
        SignalKind::HumanHandoff => bad(sat(f64::from(evidence.handoffs), 1.0)),
        SignalKind::ValidationFailed => bad(sat(f64::from(evidence.validation_failures), 1.0)),
        SignalKind::FirstResponse => bad(delay(waits.first, profile.first_response_target_seconds)),
        SignalKind::SlowReply => {
            let later = (waits.later.1 > 0).then_some(waits.later);
            bad(delay(later, profile.reply_target_seconds))
        }
        SignalKind::Rating => rating(evidence.rating),
        _ => bad(0.0),
    }
}

/// How far a wait is over its target.
fn delay(wait: Option<(Millis, u32)>, target_seconds: u32) -> f64 {
    wait.map_or(0.0, |(sum, number)| {
        let target = SECOND * Millis::from(target_seconds.max(1)) * Millis::from(number);
        sat(sum as f64 / target as f64 - 1.0, 1.0)
    })
}

fn rating(rating: Option<u8>) -> Measure {
    rating.map_or_else(|| bad(0.0), |rating| good_by((f64::from(rating.clamp(1, 5)) - 1.0) / 4.0))
}

impl Waits {
    pub fn of(turns: &[Turn<'_>]) -> Self {
        let (mut first, mut later) = (None, (0, 0));
        let (mut waiting, mut answered): (Option<Option<Millis>>, bool) = (None, false);
        for turn in turns {
            match turn.speaker {
                Speaker::Customer => waiting = waiting.or(Some(turn.at)),
                Speaker::Agent => {
                    let Some(since) = waiting.take() else { continue };
                    let wait = since.zip(turn.at).map(|(since, at)| at.saturating_sub(since).max(0));
                    if !answered {
                        first = wait.map(|wait| (wait, 1));
                    } else if let Some(wait) = wait {
                        later = (later.0 + wait, later.1 + 1);
                    }
                    answered = true;
                }
            }
        }
        Self { first, later }
    }
}
