//! The profiles that scores here were made with, by their numbers.
//!
//! A score names its profile by number, for which a record has room for 256, and every number stands in the head of each
//! snapshot. Users change weights as often as they like (R6.9), so numbers are given again: of [`MANY`], those that no
//! score names any more. Which one follows from the state alone.

use std::sync::Arc;

use super::super::effect::EffectKind;
use super::super::scoring::profile::Profile;
use super::super::time::Millis;
use super::Workspace;

/// Below so many, each change has a number of its own, as it always had.
const MANY: usize = 128;
/// A side's users make no change that needs more.
const MOST: usize = 250;

impl Workspace {
    /// The profile is in force from here on.
    pub(super) fn enter_profile(&mut self, profile: &Profile) {
        if !self.installed {
            // No score was made yet, so the profile from before the first settings record is not needed.
            self.profiles.clear();
        }
        let known = match self.profiles.len() {
            ..MANY => self.profiles.len().checked_sub(1).filter(|last| *self.profiles[*last] == *profile),
            MANY.. => self.number_of(profile),
        };
        let unused = || (self.profiles.len() >= MANY).then(|| self.unused()).flatten();
        let number = known.or_else(unused).unwrap_or(self.profiles.len());
        match self.profiles.get_mut(number) {
            Some(place) if **place == *profile => {}
            Some(place) => *place = Arc::new(profile.clone()),
            None => self.profiles.push(Arc::new(profile.clone())),
        }
        self.in_force = number as u16;
    }

    /// Takes in the profiles of a state, of which the one of its settings is in force.
    pub(super) fn take_profiles(&mut self, profiles: Vec<Arc<Profile>>) {
        self.profiles = profiles;
        let in_force = self.number_of(self.profile()).or(self.profiles.len().checked_sub(1));
        self.in_force = in_force.unwrap_or_default() as u16;
    }

    /// Whether the profile can be told apart from all those that scores were made with.
    pub fn takes_profile(&self, profile: &Profile) -> bool {
        self.profiles.len() < MOST || self.number_of(profile).is_some() || self.unused().is_some()
    }

    /// The newest number of the profile.
    fn number_of(&self, profile: &Profile) -> Option<usize> {
        self.profiles.iter().rposition(|known| **known == *profile)
    }

    /// The first number that nothing names: no score, no score that a person's stands for, no effect.
    fn unused(&self) -> Option<usize> {
        let mut used = vec![false; self.profiles.len()];
        let scores = self.tally_between(Millis::MIN, Millis::MAX);
        let overridden = self.conversations.all_overridden().filter_map(|(_, said)| said.model);
        let effects = self.pieces.ring.frequent.kept.iter().filter_map(|effect| match &effect.kind {
            EffectKind::ConversationScored(scored) => Some(scored.profile),
            _ => None,
        });
        let named = scores.groups().map(|group| group.profile).chain(overridden.map(|score| score.profile));
        let rated = self.ratings.iter().filter_map(|(_, rated)| Some(rated.without?.profile));
        named.chain(effects).chain(rated).for_each(|number| used[usize::from(number)] = true);
        used.iter().position(|used| !used)
    }
}
