//! The scores that are in force, or what they would be with other weights.

use std::sync::Arc;

use super::super::super::score::Hundredths;
use super::super::super::scoring::estimator::{composite_of, estimate};
use super::super::super::scoring::profile::Profile;
use super::super::super::scoring::{Observation, observe};
use super::super::cut::Cut;
use super::super::kept::Score;
use super::{GivenUp, OtherSettings, Reweighed, Steps};

/// Scores by number.
pub struct Scores<'a> {
    cut: &'a Cut,
    /// For the composite of kept dimensions.
    composite_weights: Option<[f64; 3]>,
    /// By number, where signals have other weights: the scores that could be made anew.
    anew: Vec<Option<Anew>>,
}

/// What a run sees of a score that was made anew.
#[derive(Clone, Copy)]
struct Anew {
    composite: Hundredths,
    confidence: Hundredths,
    signal_count: u16,
}

impl<'a> Scores<'a> {
    pub fn new(
        cut: &'a Cut,
        settings: &OtherSettings,
        steps: &mut Steps<'_>,
    ) -> Result<(Self, Option<Reweighed>), GivenUp> {
        let mut scores = Self { cut, composite_weights: settings.composite_weights, anew: Vec::new() };
        if settings.signals.is_empty() && settings.level.is_none() {
            return Ok((scores, None));
        }
        let profile = settings.reweighed(&cut.head.settings.profile);
        let mut reweighed = Reweighed::default();
        for number in 0..cut.conversations.records.len() as u32 {
            steps.step()?;
            let anew = match cut.conversations.score(number) {
                None => None,
                Some(score) => {
                    let anew =
                        cut.signals_behind(number, &score, &profile).map(|signals| made_anew(&profile, &signals));
                    let count = if anew.is_some() { &mut reweighed.rescored } else { &mut reweighed.unchanged };
                    *count += 1;
                    anew
                }
            };
            scores.anew.push(anew);
        }
        Ok((scores, Some(reweighed)))
    }

    /// The score of a conversation that has one.
    pub fn get(&self, number: u32) -> Score {
        let score = self.cut.conversations.score(number).expect("only scored conversations are asked for");
        if let Some(Anew { composite, confidence, signal_count }) = self.anew.get(number as usize).copied().flatten() {
            return Score { composite, confidence, signal_count, ..score };
        }
        match self.composite_weights {
            // The composite was made of dimensions that were not rounded yet: where the weights are the same, it stays.
            Some(weights) if weights != self.cut.head.profiles[usize::from(score.profile)].composite_weights => {
                Score { composite: composite_of(weights, score.dimensions), ..score }
            }
            Some(_) | None => score,
        }
    }
}

fn made_anew(profile: &Profile, signals: &[Observation]) -> Anew {
    let estimate = estimate(profile, signals);
    Anew {
        composite: Hundredths::round(estimate.composite),
        confidence: Hundredths::round(estimate.confidence),
        signal_count: estimate.signal_count,
    }
}

impl Cut {
    /// The signals behind a score, as long as they are kept, if the profile's model has read them and no person's word
    /// stands in place of what they come to.
    fn signals_behind(&self, number: u32, score: &Score, profile: &Profile) -> Option<Vec<Observation>> {
        let parts = &self.conversations;
        let made_with: &Arc<Profile> = &self.head.profiles[usize::from(score.profile)];
        let is_kept = !score.imported && score.receipt > self.head.explained_after;
        if !is_kept || made_with.model != profile.model || parts.overrides.get(number).is_some() {
            return None;
        }
        match parts.records.get(number).signals() {
            Some(at) => self.signals.read(at),
            None => parts.lives.find(number).map(|life| observe(made_with, &life.evidence(&life.walk()))),
        }
    }
}
