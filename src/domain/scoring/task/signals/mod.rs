//! The signals of `task-1` that messages carry.
//!
//! Details of how the table of docs/scoring.md is read:
//! - A turn that was not read (no text, no pack for its language) is left out of sentiment and of
//!   both sides of every share, so no share exceeds 1. It still counts as a turn: for effort, for
//!   what stands next to a question, for "the last two agent turns". A count over a list cannot
//!   find anything in it; a count over questions can.
//! - `sentiment_end` takes the last three customer turns that have a sentiment.

use std::borrow::Cow;

use super::super::catalogue::SignalKind;
use super::super::evidence::{Evidence, Speaker, Words};
use super::super::measure::{Measure, bad, good, good_by, present, ratio, sat};
use super::super::repeats::{repeats, repeats_within};
use super::lexicon::List;
use crate::domain::event::TurnFeatures;
use crate::domain::message::{MessageFeatures, flag};

/// Presence and goodness of a signal; nothing for signals that messages do not carry.
pub(in super::super) fn measure(kind: SignalKind, turns: &Turns<'_>) -> Measure {
    match kind {
        SignalKind::SentimentMean => sentiment(&turns.compounds, 0.25, 0.15),
        SignalKind::SentimentEnd => sentiment(&turns.compounds[turns.compounds.len().saturating_sub(3)..], 0.30, 0.25),
        SignalKind::Gratitude => good(sat(turns.customer_hits(List::Gratitude), 1.0)),
        SignalKind::Praise => good(sat(turns.customer_hits(List::Praise), 1.5)),
        SignalKind::Enthusiasm => good(enthusiasm(turns)),
        SignalKind::Acceptance => good(sat(turns.customer_share(List::Acceptance), 0.2)),
        SignalKind::AgentConfirm => good(sat(count(&turns.agent, |turn| List::Confirmation.is_in(turn.hits)), 1.0)),
        SignalKind::Complaint => bad(sat(turns.customer_hits(List::Complaint), 1.0)),
        SignalKind::Rejection => bad(sat(turns.customer_share(List::Rejection), 0.15)),
        SignalKind::Correction => bad(sat(turns.customer_share(List::Correction), 0.15)),
        SignalKind::AgentFailure => bad(sat(share(&turns.agent, |turn| List::Failure.is_in(turn.hits)), 0.1)),
        SignalKind::EndFailure => bad(present(turns.ends_with(List::Failure))),
        SignalKind::EndApology => bad(present(turns.ends_with(List::Apology))),
        SignalKind::QuestionDodged => bad(sat(ratio(turns.dodged, readable(&turns.customer)), 0.2)),
        SignalKind::QuestionUnanswered => bad(present(turns.ends_in_question).max(sat(turns.unanswered as f64, 1.0))),
        SignalKind::UserRepeats => bad(sat(repeats_within(&words_of(&turns.customer), 3, 5) as f64, 1.0)),
        SignalKind::AgentRepeats => bad(sat(repeats(&words_of(&turns.agent), 7) as f64, 1.0)),
        SignalKind::Interrogation => bad(sat(share(&turns.agent, |turn| turn.question) - 0.5, 0.25)),
        SignalKind::Effort => bad(sat(turns.customer.len() as f64 - 10.0, 8.0)),
        _ => bad(0.0),
    }
}

/// g = σ((v − middle) / width) of the mean compound v; absent where no turn has one.
fn sentiment(compounds: &[i16], middle: f64, width: f64) -> Measure {
    match mean_compound(compounds) {
        Some(v) => good_by(1.0 / (1.0 + libm::exp(-(v - middle) / width))),
        None => bad(0.0),
    }
}

/// An exact fraction, divided once.
fn mean_compound(compounds: &[i16]) -> Option<f64> {
    let sum: i64 = compounds.iter().copied().map(i64::from).sum();
    (!compounds.is_empty()).then(|| sum as f64 / (10_000 * compounds.len()) as f64)
}

fn enthusiasm(turns: &Turns) -> f64 {
    if mean_compound(&turns.compounds).is_some_and(|mean| mean > 0.0) {
        sat(share(&turns.customer, |turn| turn.exclamation), 0.1)
    } else {
        0.0
    }
}

fn count(turns: &[&TurnFeatures], matches: impl Fn(&TurnFeatures) -> bool) -> f64 {
    turns.iter().filter(|turn| turn.read && matches(turn)).count() as f64
}

fn readable(turns: &[&TurnFeatures]) -> usize {
    turns.iter().filter(|turn| turn.read).count()
}

fn share(turns: &[&TurnFeatures], matches: impl Fn(&TurnFeatures) -> bool) -> f64 {
    let matching = turns.iter().filter(|turn| turn.read && matches(turn)).count();
    ratio(matching, readable(turns))
}

fn words_of<'t>(turns: &[&'t TurnFeatures]) -> Vec<&'t [u32]> {
    turns.iter().map(|turn| &*turn.words).collect()
}

/// A turn as this model reads it. A message that was read for `support-2` counts by its structure alone.
pub(in super::super) fn read<'a>(words: Words<'a>) -> Cow<'a, TurnFeatures> {
    match words {
        Words::Task(features) => Cow::Borrowed(features),
        Words::Support(message) => Cow::Owned(structure_of(message)),
    }
}

fn structure_of(message: &MessageFeatures) -> TurnFeatures {
    TurnFeatures {
        question: message.has(flag::QUESTION),
        exclamation: message.has(flag::EXCLAMATION),
        words: message.content.clone(),
        ..TurnFeatures::default()
    }
}

/// What the signals ask of the turns.
pub(in super::super) struct Turns<'a> {
    customer: Vec<&'a TurnFeatures>,
    agent: Vec<&'a TurnFeatures>,
    /// Of the customer turns that have one.
    compounds: Vec<i16>,
    /// Read customer questions that were met with nothing but questions.
    dodged: usize,
    /// Customer questions without an agent turn among the next two turns.
    unanswered: usize,
    /// The last turn of all is a customer's question.
    ends_in_question: bool,
}

impl<'a> Turns<'a> {
    /// `read` has the turns of `evidence` as [`read()`] reads them.
    pub(in super::super) fn of(evidence: &Evidence<'_>, read: &'a [Cow<'_, TurnFeatures>]) -> Self {
        let turns: Vec<(Speaker, &TurnFeatures)> =
            evidence.turns.iter().zip(read).map(|(turn, features)| (turn.speaker, features.as_ref())).collect();
        let of = |speaker| turns.iter().filter(move |turn| turn.0 == speaker).map(|turn| turn.1);
        let mut seen = Self {
            customer: of(Speaker::Customer).collect(),
            agent: of(Speaker::Agent).collect(),
            compounds: of(Speaker::Customer).filter_map(|turn| turn.compound).collect(),
            dodged: 0,
            unanswered: 0,
            ends_in_question: turns.last().is_some_and(is_customer_question),
        };
        for (index, turn) in turns.iter().enumerate().filter(|(_, turn)| is_customer_question(turn)) {
            let next = turns[index + 1..].iter().take(2);
            let mut answers = next.filter(|turn| turn.0 == Speaker::Agent).peekable();
            if answers.peek().is_none() {
                seen.unanswered += 1;
            } else if answers.all(|answer| answer.1.question) {
                seen.dodged += usize::from(turn.1.read);
            }
        }
        seen
    }

    fn customer_hits(&self, list: List) -> f64 {
        count(&self.customer, |turn| list.is_in(turn.hits))
    }

    fn customer_share(&self, list: List) -> f64 {
        share(&self.customer, |turn| list.is_in(turn.hits))
    }

    /// In one of the last two agent turns.
    fn ends_with(&self, list: List) -> bool {
        self.agent.iter().rev().take(2).any(|turn| list.is_in(turn.hits))
    }
}

fn is_customer_question(turn: &(Speaker, &TurnFeatures)) -> bool {
    turn.0 == Speaker::Customer && turn.1.question
}

#[cfg(test)]
mod tests;
