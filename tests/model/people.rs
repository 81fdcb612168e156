//! What people do in a stream beside acknowledging and resolving.

use tripswitch::domain::event::EventRecord;
use tripswitch::domain::ids::Id;
use tripswitch::domain::own_settings::OwnPatch;
use tripswitch::domain::record::Override;
use tripswitch::domain::score::Hundredths;
use tripswitch::domain::time::HOUR;
use tripswitch::domain::view::{BreakerScope, LabelKind};

use crate::stream::{Action, Maker, account, conversation};

/// Names of channels and of intents; they share one.
pub const LABELS: [[&str; 2]; 2] = [["email", "chat"], ["refund", "email"]];

impl Maker {
    /// Something of a person's, as often as the scenario wants.
    pub(crate) fn by_people(&mut self) -> Option<Action> {
        if self.shares.people.iter().all(|share| *share == 0) {
            return None;
        }
        let mut drawn = self.rng.below(100);
        for (kind, share) in self.shares.people.into_iter().enumerate() {
            if drawn < share {
                return Some(self.by_person(kind));
            }
            drawn -= share;
        }
        None
    }

    fn by_person(&mut self, kind: usize) -> Action {
        match kind {
            0 => Action::Own(self.own_patch()),
            1 => Action::Trip(self.scope()),
            2 => Action::Note(self.which()),
            3 => {
                self.advance_to_forgotten();
                Action::Forgotten
            }
            4 => Action::Override(self.word()),
            5 => Action::TakeBack(self.taken_back()),
            _ => self.of_endpoint(),
        }
    }

    /// Of an account, known or not, of the workspace, or of a channel or intent, known or not.
    fn scope(&mut self) -> BreakerScope {
        match self.rng.below(6) {
            0 | 1 => BreakerScope::Account(account(self.rng.below(self.shares.accounts + 1))),
            2 => BreakerScope::Workspace,
            3 => BreakerScope::Label(LabelKind::Channel, self.rng.pick(&["email", "chat", "phone"]).into()),
            _ => BreakerScope::Label(LabelKind::Intent, self.rng.pick(&["email", "refund"]).into()),
        }
    }

    /// Often exactly the hours after something that was done to a breaker.
    fn advance_to_forgotten(&mut self) {
        self.marks.push(self.now);
        if self.rng.chance(60) {
            let at = self.mark() + self.rng.pick(&[1, 24, 72]) * HOUR + self.rng.range(-1, 0);
            self.now = self.now.max(at);
            self.marks.push(self.now);
        }
    }

    fn word(&mut self) -> Override {
        let known = self.threads.len() as u64;
        let back = if self.rng.chance(60) { self.rng.below(known.clamp(1, 4)) } else { self.rng.below(known + 1) };
        let conversation = conversation(known.saturating_sub(1 + back));
        self.overridden.push(conversation);
        let low = self.rng.chance(50);
        let dimensions =
            [0; 3].map(|_| Hundredths(self.rng.range(if low { 100 } else { 280 }, if low { 310 } else { 500 }) as u16));
        let resolved = self.rng.pick(&[None, None, Some(true), Some(false)]);
        Override { conversation, dimensions, resolved, reason: "it was the carrier".into() }
    }

    fn taken_back(&mut self) -> Id {
        let count = self.overridden.len() as u64;
        if count == 0 || self.rng.chance(10) {
            return conversation(self.rng.below(self.threads.len() as u64 + 1));
        }
        self.overridden[(count - 1 - self.rng.below(count.min(4))) as usize]
    }

    /// R6.9: some of the settings, or back to what holds without.
    pub(crate) fn own_patch(&mut self) -> OwnPatch {
        let rng = &mut self.rng;
        let mut patch = OwnPatch::default();
        let least = rng.pick(&[None, Some(1), Some(20), Some(50), Some(51), Some(100)]);
        patch.min_confidence = rng.chance(30).then_some(least.map(Hundredths));
        let least = rng.pick(&[None, Some(1), Some(2), Some(5), Some(15)]);
        patch.min_signals = rng.chance(30).then_some(least);
        let asked = rng.pick(&[Some(true), Some(true), Some(false), None]);
        patch.channel_breakers = rng.chance(30).then_some(asked);
        let asked = rng.pick(&[Some(true), Some(true), Some(false), None]);
        patch.intent_breakers = rng.chance(30).then_some(asked);
        let hours = rng.pick(&[None, Some(1), Some(24), Some(72)]);
        patch.forgotten_after_hours = rng.chance(30).then_some(hours);
        patch
    }

    /// Breakers of channels and intents from the beginning, for the most part.
    pub(crate) fn first_own_patch(&mut self) -> OwnPatch {
        let mut patch = self.own_patch();
        if self.rng.chance(75) {
            (patch.channel_breakers, patch.intent_breakers) = (Some(Some(true)), Some(Some(true)));
        }
        if self.shares.accounts == 1 {
            // Some of them do not count.
            patch.min_confidence = Some(Some(Hundredths(20)));
        } else if self.rng.chance(60) {
            (patch.min_confidence, patch.min_signals) = (None, None);
        }
        patch
    }

    /// A channel and an intent, or one of them.
    pub(crate) fn label(&mut self, event: &mut EventRecord) {
        let [channel, intent] = LABELS.map(|names| {
            let named = self.rng.chance(self.shares.names_label);
            named.then(|| self.rng.pick(&names).into())
        });
        (event.channel, event.intent) = (channel, intent);
    }
}
