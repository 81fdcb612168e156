//! Ratings beside what the model says without them (R13.3).

use std::collections::BTreeSet;

use super::super::calibration::{Answers, Case, MOST, Offer, offer};
use super::super::ids::Id;
use super::super::rating::Unrated;
use super::super::score::Hundredths;
use super::super::scoring::profile::Profile;
use super::super::scoring::{Observation, observe};
use super::super::time::Millis;
use super::conversations::ConversationsCut;
use super::cut::Cut;
use super::kept::Score;
use super::ratings::{rating_in, unrated, without_rating};

/// A rated conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct RatedConversation {
    pub conversation: Id,
    /// None without an account, which counts as one of its own.
    pub account: Option<Id>,
    /// 1 to 5.
    pub rating: u8,
    /// Receipt of the rating.
    pub at: Millis,
    /// The model's composite without the rating.
    pub composite: Hundredths,
    /// The number of the profile that made it.
    pub profile: u16,
    /// The signals behind it, without the rating, as long as they are kept.
    pub signals: Option<Vec<Observation>>,
}

/// Scored conversations, and those of them that were rated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answering {
    pub scored: u64,
    pub rated: u64,
    /// Sums of composites, in hundredths: of all, and of those that were rated.
    pub composites: [u64; 2],
}

impl From<Answering> for Answers {
    fn from(answering: Answering) -> Self {
        let Answering { scored, rated, composites: [all, of_rated] } = answering;
        Self {
            conversations: scored,
            answered: rated,
            score_of_answered: Hundredths::mean(of_rated, rated),
            score_of_all: Hundredths::mean(all, scored),
        }
    }
}

impl Cut {
    /// The newest `most` ratings with a receipt in `from..=to`, the newest first. Those of conversations that had no
    /// score of the model are left out.
    pub fn rated(&self, from: Millis, to: Millis, most: usize) -> Vec<RatedConversation> {
        let mut newest = BTreeSet::new();
        for (number, rated) in self.ratings.iter().filter(|(_, rated)| (from..=to).contains(&rated.at)) {
            newest.insert((rated.at, number));
            if newest.len() > most {
                newest.pop_first();
            }
        }
        newest.into_iter().rev().filter_map(|(_, number)| self.rated_one(number)).collect()
    }

    /// What the newest ratings give whose signals are kept, and were read for the model of `base` (R5.10).
    pub fn offer(&self, base: &Profile) -> Offer {
        let is_of_model =
            |rated: &RatedConversation| self.head.profiles[usize::from(rated.profile)].model == base.model;
        let case = |rated: RatedConversation| {
            let observations = rated.signals?;
            Some(Case { account: rated.account.unwrap_or(rated.conversation), rating: rated.rating, observations })
        };
        let rated = self.rated(Millis::MIN, Millis::MAX, MOST).into_iter().filter(is_of_model);
        offer(base, &rated.filter_map(case).collect::<Vec<_>>())
    }

    /// The profile in force without its calibration, as far as the side alone tells.
    pub fn uncalibrated(&self) -> Profile {
        let profile = &self.head.settings.profile;
        self.own.calibration.as_ref().map_or_else(|| profile.clone(), |calibrated| calibrated.without(profile))
    }

    fn rated_one(&self, number: u32) -> Option<RatedConversation> {
        let rated = self.ratings.get(number)?;
        let now = self.model_score(number).and_then(|score| {
            let signals = self.signals_of_rated(number, &score)?;
            let rating = rating_in(&signals)?;
            let signals = without_rating(signals);
            let without = unrated(&signals, &score, &self.head.profiles[usize::from(score.profile)]);
            Some((rating, without, Some(signals)))
        });
        let (rating, Unrated { composite, profile }, signals) =
            now.or_else(|| Some((rated.rating, rated.without?, None)))?;
        let account = self.conversations.account(number).and_then(|account| self.account(account));
        Some(RatedConversation {
            conversation: self.conversations.records.get(number).id(),
            account: account.map(|account| account.id),
            rating,
            at: rated.at,
            composite,
            profile,
            signals,
        })
    }

    /// Who answered in `from..=to` by `scoredAt`, beside everybody.
    pub fn answering(&self, from: Millis, to: Millis) -> Answering {
        let mut answering = Answering::default();
        for number in 0..self.conversations.records.len() as u32 {
            let Some(score) = self.model_score(number).filter(|score| (from..=to).contains(&score.key.0)) else {
                continue;
            };
            let without = self.ratings.get(number).map(|_| self.rated_one(number).map(|one| one.composite));
            let composite = u64::from(without.flatten().unwrap_or(score.composite).0);
            answering.scored += 1;
            answering.composites[0] += composite;
            if without.is_some() {
                answering.rated += 1;
                answering.composites[1] += composite;
            }
        }
        answering
    }

    fn model_score(&self, number: u32) -> Option<Score> {
        let parts: &ConversationsCut = &self.conversations;
        let model = match parts.overrides.get(number) {
            Some(overridden) => overridden.model,
            None => parts.score(number),
        };
        model.filter(|score| !score.imported)
    }

    fn signals_of_rated(&self, number: u32, score: &Score) -> Option<Vec<Observation>> {
        if score.receipt <= self.head.explained_after {
            return None;
        }
        let parts = &self.conversations;
        match parts.records.get(number).signals() {
            Some(at) => self.signals.read(at),
            None => {
                let life = parts.lives.find(number)?;
                Some(observe(&self.head.profiles[usize::from(score.profile)], &life.evidence(&life.walk())))
            }
        }
    }
}
