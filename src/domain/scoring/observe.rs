//! From what is known of a conversation to its observed signals: presence n and goodness g of each.

use std::borrow::Cow;

use super::catalogue::SignalKind;
use super::evidence::{Evidence, Speaker};
use super::measure::Measure;
use super::observation::{Observation, ObservedKind};
use super::operational::{self, Waits};
use super::profile::{Profile, ScoringModel};
use super::{support, task};
use crate::domain::event::{OwnSignal, TurnFeatures};
use crate::domain::message::LanguageCode;
use crate::domain::quantum::Quantum;
use crate::domain::quantum::to_quantum;

/// The signals with a presence above 0: the model's in its catalogue's order, then the workspace's own by
/// name. The same evidence gives the same list on every machine.
pub fn observe(profile: &Profile, evidence: &Evidence<'_>) -> Vec<Observation> {
    match profile.model {
        ScoringModel::Task1 => {
            let read: Vec<Cow<'_, TurnFeatures>> =
                evidence.turns.iter().map(|turn| task::signals::read(turn.words)).collect();
            let turns = task::signals::Turns::of(evidence, &read);
            by_catalogue(profile, evidence, |kind| task::signals::measure(kind, &turns))
        }
        ScoringModel::Support2 => {
            let turns = support::turns::Turns::of(evidence, profile);
            let view = support::signals::View::of(&turns, evidence);
            by_catalogue(profile, evidence, |kind| view.measure(kind))
        }
    }
}

/// The language that the customer writes in, as far as it is told and has a word list.
pub fn language(profile: &Profile, evidence: &Evidence<'_>) -> Option<LanguageCode> {
    match profile.model {
        ScoringModel::Task1 => None,
        ScoringModel::Support2 => {
            let turns = support::turns::Turns::of(evidence, profile);
            turns.all.iter().rev().find(|turn| turn.is_customers())?.language
        }
    }
}

fn by_catalogue(
    profile: &Profile,
    evidence: &Evidence<'_>,
    of_messages: impl Fn(SignalKind) -> Measure,
) -> Vec<Observation> {
    let waits = Waits::of(&evidence.turns);
    let mut observations = Vec::new();
    for &kind in profile.model.catalogue() {
        // The customer's own rating stands, whatever else was observed.
        let is_rated = profile.scale.guards && kind == SignalKind::Rating && evidence.rating.is_some();
        let (presence, goodness) = match mean_override(evidence, kind).filter(|_| !is_rated) {
            Some(value) => (Quantum::MAX, value),
            None => {
                let Measure { presence, goodness } = if kind.is_operational() {
                    operational::measure(kind, profile, evidence, &waits)
                } else {
                    of_messages(kind)
                };
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

/// Whether a conversation can have a score at all: the customer wrote something, or something was observed besides
/// its ending and its reopenings. Spam that is tidied away has none.
pub fn is_scorable(evidence: &Evidence<'_>, observations: &[Observation]) -> bool {
    let says_something = |observation: &Observation| match &observation.signal {
        ObservedKind::Catalogue(kind) => {
            let is_ending =
                matches!(kind, SignalKind::Resolution | SignalKind::ResolutionFailed | SignalKind::Reopened);
            !is_ending && !kind.is_marker()
        }
        ObservedKind::Own(_) => true,
    };
    evidence.turns.iter().any(|turn| turn.speaker == Speaker::Customer) || observations.iter().any(says_something)
}

fn mean_override(evidence: &Evidence, kind: SignalKind) -> Option<Quantum> {
    mean(evidence.overrides.iter().filter(|(other, _)| *other == kind).map(|(_, value)| *value))
}

/// One observation for each name, in the order of names: the mean value with the last description.
fn own_observations(own: &[(&OwnSignal, Quantum)]) -> Vec<Observation> {
    let mut own = own.to_vec();
    // The sort is stable, so those of one name stay in their order.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r5_8_no_observed_signal_takes_the_place_of_the_customers_answer() {
        let observed = vec![(SignalKind::Rating, 0)];
        let rating = |evidence: &Evidence<'_>| {
            let is_rating =
                |observation: &Observation| observation.signal == ObservedKind::Catalogue(SignalKind::Rating);
            observe(ScoringModel::Support2.profile(), evidence).into_iter().find(is_rating).unwrap().goodness
        };
        let answered = Evidence { rating: Some(5), ..Evidence::default() };
        let both = Evidence { overrides: observed.clone(), ..answered.clone() };
        assert_eq!(rating(&both), rating(&answered));
        assert_eq!(rating(&Evidence { overrides: observed, ..Evidence::default() }), 0);
    }
}
