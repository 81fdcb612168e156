//! From what is known of a conversation to its observed signals: presence n and goodness g of each.
//!
//! How the catalogue's table is read where it leaves room:
//! - A turn that was not read (no text, no pack for its language) is left out of sentiment and of
//!   both sides of every share, so no share exceeds 1. It still counts as a turn: for effort, for
//!   what stands next to a question, for "the last two agent turns". A count over a list cannot
//!   find anything in it; a count over questions can.
//! - `sentiment_end` takes the last three customer turns that have a sentiment.
//! - A wait begins with the first customer turn that nobody has answered yet and ends with the next
//!   agent turn. The first wait of all is `first_response`'s, the others are `slow_reply`'s. Waits
//!   of which a time is missing, and those still open, say nothing.

use super::super::catalogue::{Profile, SignalKind};
use super::super::estimator::to_quantum;
use super::super::repeats::{repeats, repeats_within};
use super::super::{Ending, Evidence, Observation, ObservedKind, Speaker, Turn};
use super::lexicon::List;
use crate::domain::event::{OwnSignal, Quantum, TurnFeatures};
use crate::domain::time::{Millis, SECOND};

/// The signals with a presence above 0: the catalogue's in its order, then the workspace's own by
/// name. The same evidence gives the same list on every machine.
pub fn observe(profile: &Profile, evidence: &Evidence) -> Vec<Observation> {
    let turns = Turns::of(&evidence.turns);
    let mut observations = Vec::new();
    for kind in SignalKind::ALL {
        let (presence, goodness) = match mean_override(evidence, kind) {
            Some(value) => (Quantum::MAX, value),
            None => {
                let Measure { presence, goodness } = measure(kind, profile, evidence, &turns);
                (to_quantum(presence), to_quantum(goodness))
            }
        };
        if presence > 0 {
            observations.push(Observation { signal: ObservedKind::Catalogue(kind), presence, goodness });
        }
    }
    observations.extend(own_observations(&evidence.own));
    observations
}

/// Whether a conversation can have a score at all: a customer said something, or something was
/// observed besides how it ended and that it was reopened. Spam that is tidied away has none.
pub fn is_scorable(evidence: &Evidence, observations: &[Observation]) -> bool {
    let says_something = |observation: &Observation| match &observation.signal {
        ObservedKind::Catalogue(kind) => {
            !matches!(kind, SignalKind::Resolution | SignalKind::ResolutionFailed | SignalKind::Reopened)
        }
        ObservedKind::Own(_) => true,
    };
    evidence.turns.iter().any(|turn| turn.speaker == Speaker::Customer) || observations.iter().any(says_something)
}

fn mean_override(evidence: &Evidence, kind: SignalKind) -> Option<Quantum> {
    mean(evidence.overrides.iter().filter(|(other, _)| *other == kind).map(|(_, value)| *value))
}

/// One per name, by name: the mean value with the last description.
fn own_observations(own: &[(&OwnSignal, Quantum)]) -> Vec<Observation> {
    let mut own = own.to_vec();
    // Those of one name stay in their order.
    own.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
    let observation = |of_name: &[(&OwnSignal, Quantum)]| {
        let (last, _) = of_name.last()?;
        let goodness = mean(of_name.iter().map(|(_, value)| *value))?;
        Some(Observation { signal: ObservedKind::Own((*last).clone()), presence: Quantum::MAX, goodness })
    };
    own.chunk_by(|(a, _), (b, _)| a.name == b.name).filter_map(observation).collect()
}

/// Half up; `None` over nothing.
fn mean(values: impl Iterator<Item = Quantum>) -> Option<Quantum> {
    let (sum, count) = values.fold((0_u64, 0_u64), |(sum, count), value| (sum + u64::from(value), count + 1));
    (count > 0).then(|| ((2 * sum + count) / (2 * count)) as Quantum)
}

/// n and g before they are quantised, 0–1.
struct Measure {
    presence: f64,
    goodness: f64,
}

fn good(presence: f64) -> Measure {
    Measure { presence, goodness: 1.0 }
}

fn bad(presence: f64) -> Measure {
    Measure { presence, goodness: 0.0 }
}

/// 1 − e^(−amount/scale), 0 for what is below 0.
fn sat(amount: f64, scale: f64) -> f64 {
    1.0 - libm::exp(-amount.max(0.0) / scale)
}

fn present(condition: bool) -> f64 {
    f64::from(u8::from(condition))
}

/// The catalogue's table, row by row.
fn measure(kind: SignalKind, profile: &Profile, evidence: &Evidence, turns: &Turns) -> Measure {
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
        SignalKind::UserRepeats => bad(sat(repeats_within(&turns.customer, 3, 5) as f64, 1.0)),
        SignalKind::AgentRepeats => bad(sat(repeats(&turns.agent, 7) as f64, 1.0)),
        SignalKind::Interrogation => bad(sat(share(&turns.agent, |turn| turn.question) - 0.5, 0.25)),
        SignalKind::Effort => bad(sat(turns.customer.len() as f64 - 10.0, 8.0)),
        SignalKind::Resolution => good(present(evidence.ending == Some(Ending::Resolved))),
        SignalKind::ResolutionFailed => bad(present(evidence.ending == Some(Ending::Abandoned))),
        SignalKind::Reopened => bad(sat(f64::from(evidence.reopenings), 1.0)),
        SignalKind::HumanHandoff => bad(sat(f64::from(evidence.handoffs), 1.0)),
        SignalKind::ValidationFailed => bad(sat(f64::from(evidence.validation_failures), 1.0)),
        SignalKind::FirstResponse => bad(delay(turns.first_wait, profile.first_response_target_seconds)),
        SignalKind::SlowReply => bad(delay(turns.mean_later_wait(), profile.reply_target_seconds)),
        SignalKind::Rating => rating(evidence.rating),
    }
}

/// g = σ((v − middle) / width) of the mean compound v; absent where no turn has one.
fn sentiment(compounds: &[i16], middle: f64, width: f64) -> Measure {
    match mean_compound(compounds) {
        Some(v) => good_by(1.0 / (1.0 + libm::exp(-(v - middle) / width))),
        None => bad(0.0),
    }
}

fn good_by(goodness: f64) -> Measure {
    Measure { presence: 1.0, goodness }
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

/// How far a wait (milliseconds, as a sum and its number) is over its target.
fn delay(wait: Option<(Millis, u32)>, target_seconds: u32) -> f64 {
    wait.map_or(0.0, |(sum, number)| {
        let target = SECOND * Millis::from(target_seconds.max(1)) * Millis::from(number);
        sat(sum as f64 / target as f64 - 1.0, 1.0)
    })
}

fn rating(rating: Option<u8>) -> Measure {
    rating.map_or_else(|| bad(0.0), |rating| good_by((f64::from(rating.clamp(1, 5)) - 1.0) / 4.0))
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

/// 0 over nothing.
fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// What the rows ask of the turns.
struct Turns<'a> {
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
    first_wait: Option<(Millis, u32)>,
    /// Sum and number.
    later_waits: (Millis, u32),
}

impl<'a> Turns<'a> {
    fn of(turns: &[Turn<'a>]) -> Self {
        let of = |speaker| turns.iter().filter(move |turn| turn.speaker == speaker).map(|turn| turn.features);
        let (first_wait, later_waits) = waits(turns);
        let mut seen = Self {
            customer: of(Speaker::Customer).collect(),
            agent: of(Speaker::Agent).collect(),
            compounds: of(Speaker::Customer).filter_map(|turn| turn.compound).collect(),
            dodged: 0,
            unanswered: 0,
            ends_in_question: turns.last().is_some_and(is_customer_question),
            first_wait,
            later_waits,
        };
        for (index, turn) in turns.iter().enumerate().filter(|(_, turn)| is_customer_question(turn)) {
            let next = turns[index + 1..].iter().take(2);
            let mut answers = next.filter(|turn| turn.speaker == Speaker::Agent).peekable();
            if answers.peek().is_none() {
                seen.unanswered += 1;
            } else if answers.all(|answer| answer.features.question) {
                seen.dodged += usize::from(turn.features.read);
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

    fn mean_later_wait(&self) -> Option<(Millis, u32)> {
        (self.later_waits.1 > 0).then_some(self.later_waits)
    }
}

fn is_customer_question(turn: &Turn) -> bool {
    turn.speaker == Speaker::Customer && turn.features.question
}

/// The first wait, and sum and number of the others (see the head of this file).
fn waits(turns: &[Turn]) -> (Option<(Millis, u32)>, (Millis, u32)) {
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
    (first, later)
}

#[cfg(test)]
mod tests;
