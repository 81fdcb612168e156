//! Channels and intents: the names that events give, which conversations have them, and what their breakers need (R7.8).
//!
//! A name has a number from 1; a conversation has the last one of each kind that an event named. Conversations without
//! any cost nothing. Names stay as long as their side. The lists of scored conversations are in no cut, but rebuilt.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::chunks::Chunks;
use super::super::ids::Id;
use super::super::run::LastResolve;
use super::super::time::Millis;
use super::super::timeline::{Keys, Timeline};
use super::super::view::LabelKind;
use super::accounts::Tripped;
use super::tally::Sums;

/// Names of a kind at most. Events with others are taken as if they named none.
pub const MOST_NAMES: usize = 4_096;

/// The numbers of a conversation's channel and intent; 0 for none.
pub type Numbers = [u16; 2];

/// A name.
#[derive(Clone, Debug)]
struct Label {
    name: Arc<str>,
    scored: Timeline<Sums>,
    tripped: Tripped,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    /// By number, from 1.
    known: [Vec<Label>; 2],
    by_name: [HashMap<Arc<str>, u16>; 2],
    /// By the conversation's number, as far as any has one.
    of: Chunks<Numbers>,
}

/// What a cut has of it.
#[derive(Clone, Debug, Default)]
pub struct LabelsCut {
    pub names: [Vec<Arc<str>>; 2],
    pub of: Chunks<Numbers>,
}

impl LabelsCut {
    /// A conversation's channel and its intent.
    pub fn of_conversation(&self, conversation: u32) -> [Option<Arc<str>>; 2] {
        let numbers = self.of.find(conversation).copied().unwrap_or_default();
        [0, 1].map(|kind: usize| self.names[kind].get(usize::from(numbers[kind]).checked_sub(1)?).cloned())
    }

    /// The number of a conversation's channel or intent; 0 for none.
    pub fn number(&self, conversation: u32, kind: LabelKind) -> usize {
        self.of.find(conversation).map_or(0, |numbers| usize::from(numbers[kind as usize]))
    }

    /// Gives a conversation a channel or intent.
    pub fn put(&mut self, conversation: u32, kind: LabelKind, number: u16) {
        self.of.fill(conversation as usize + 1, &Numbers::default());
        self.of.get_mut(conversation)[kind as usize] = number;
    }
}

impl Labels {
    pub fn numbers(&self, conversation: u32) -> Numbers {
        self.of.find(conversation).copied().unwrap_or_default()
    }

    /// A conversation's channel and its intent.
    pub fn of_conversation(&self, conversation: u32) -> [Option<Arc<str>>; 2] {
        let numbers = self.numbers(conversation);
        LabelKind::ALL.map(|kind| self.name(kind, numbers[kind as usize]).cloned())
    }

    pub fn name(&self, kind: LabelKind, number: u16) -> Option<&Arc<str>> {
        self.label(kind, number).map(|label| &label.name)
    }

    fn label(&self, kind: LabelKind, number: u16) -> Option<&Label> {
        self.known[kind as usize].get(usize::from(number).checked_sub(1)?)
    }

    fn label_mut(&mut self, kind: LabelKind, number: u16) -> Option<&mut Label> {
        self.known[kind as usize].get_mut(usize::from(number).checked_sub(1)?)
    }

    pub fn find(&self, kind: LabelKind, name: &str) -> Option<u16> {
        self.by_name[kind as usize].get(name).copied()
    }

    /// Whether a name is known, or there is room for it.
    pub fn admits(&self, kind: LabelKind, name: &str) -> bool {
        self.known[kind as usize].len() < MOST_NAMES || self.find(kind, name).is_some()
    }

    /// The number of a name, which is made if it is not there yet; none if there are too many.
    pub fn find_or_create(&mut self, kind: LabelKind, name: &str) -> Option<u16> {
        if let Some(number) = self.find(kind, name) {
            return Some(number);
        }
        if !self.admits(kind, name) {
            return None;
        }
        let known = &mut self.known[kind as usize];
        let name: Arc<str> = name.into();
        known.push(Label { name: Arc::clone(&name), scored: Timeline::default(), tripped: Tripped::default() });
        let number = known.len() as u16;
        self.by_name[kind as usize].insert(name, number);
        Some(number)
    }

    /// Gives a conversation another channel or intent. `keys`, if it is scored; `sums` are those of one that is.
    pub fn set(
        &mut self,
        keys: Option<&impl Keys>,
        conversation: u32,
        kind: LabelKind,
        number: u16,
        sums: impl Fn(u32) -> Sums,
    ) {
        let mut numbers = self.numbers(conversation);
        let before = std::mem::replace(&mut numbers[kind as usize], number);
        if before == number {
            return;
        }
        self.put(conversation, numbers);
        let Some(keys) = keys else { return };
        if let Some(label) = self.label_mut(kind, before) {
            label.scored.remove(keys, conversation, &sums(conversation));
        }
        if let Some(label) = self.label_mut(kind, number) {
            label.scored.insert(keys, conversation, sums);
        }
    }

    fn put(&mut self, conversation: u32, numbers: Numbers) {
        self.of.fill(conversation as usize + 1, &Numbers::default());
        *self.of.get_mut(conversation) = numbers;
    }

    /// A conversation got a score, or its score another place.
    pub fn enter(&mut self, keys: &impl Keys, conversation: u32, sums: impl Fn(u32) -> Sums) {
        for (kind, number) in LabelKind::ALL.into_iter().zip(self.numbers(conversation)) {
            if let Some(label) = self.label_mut(kind, number) {
                label.scored.insert(keys, conversation, &sums);
            }
        }
    }

    /// Before the place of a score changes, or the score goes.
    pub fn leave(&mut self, keys: &impl Keys, conversation: u32, sums: &Sums) {
        for (kind, number) in LabelKind::ALL.into_iter().zip(self.numbers(conversation)) {
            if let Some(label) = self.label_mut(kind, number) {
                label.scored.remove(keys, conversation, sums);
            }
        }
    }

    /// A score has changed in its place.
    pub fn adjust(&mut self, keys: &impl Keys, conversation: u32, old: &Sums, new: &Sums) {
        for (kind, number) in LabelKind::ALL.into_iter().zip(self.numbers(conversation)) {
            if let Some(label) = self.label_mut(kind, number) {
                label.scored.adjust(keys, conversation, old, new);
            }
        }
    }

    /// Computes all sums anew: for a change of what they sum up.
    pub fn recount(&mut self, sums: impl Fn(u32) -> Sums) {
        self.known.iter_mut().flatten().for_each(|label| label.scored.recount(&sums));
    }

    /// All names of a kind, with the sums over keys with `from <= scoredAt <= to`.
    pub fn sums(
        &self,
        kind: LabelKind,
        keys: &impl Keys,
        (from, to): (Millis, Millis),
        sums: impl Fn(u32) -> Sums,
    ) -> Vec<(Arc<str>, Sums)> {
        let range = |label: &Label| (Arc::clone(&label.name), label.scored.range(keys, from, to, &sums));
        self.known[kind as usize].iter().map(range).collect()
    }

    /// A conversation is removed; it has left already.
    pub fn forget(&mut self, conversation: u32) {
        if self.numbers(conversation) != Numbers::default() {
            self.put(conversation, Numbers::default());
        }
    }

    /// Its scored conversations.
    pub fn newest_first(&self, kind: LabelKind, number: u16) -> impl Iterator<Item = u32> + '_ {
        self.label(kind, number).into_iter().flat_map(|label| label.scored.newest_first())
    }

    pub fn tripped(&self, kind: LabelKind, number: u16) -> Tripped {
        self.label(kind, number).map(|label| label.tripped).unwrap_or_default()
    }

    pub fn trip(&mut self, kind: LabelKind, number: u16, breaker: Id) {
        if let Some(label) = self.label_mut(kind, number) {
            label.tripped.active = Some(breaker);
        }
    }

    pub fn resolve(&mut self, kind: LabelKind, name: &str, last: LastResolve) {
        if let Some(label) = self.find(kind, name).and_then(|number| self.label_mut(kind, number)) {
            label.tripped = Tripped { active: None, last_resolve: Some(last) };
        }
    }

    /// Takes in a breaker that tripped before: it is active, or was resolved.
    pub fn tripped_before(&mut self, kind: LabelKind, name: &str, breaker: Id, resolved: Option<LastResolve>) {
        if let Some(label) = self.find(kind, name).and_then(|number| self.label_mut(kind, number)) {
            label.tripped.happened(breaker, resolved);
        }
    }

    /// Names, and who has them, as they are now (I9).
    pub fn cut(&mut self) -> LabelsCut {
        let names = |labels: &Vec<Label>| labels.iter().map(|label| Arc::clone(&label.name)).collect();
        LabelsCut { names: [names(&self.known[0]), names(&self.known[1])], of: self.of.cut() }
    }

    /// Who has which names, as it is now.
    pub fn cut_numbers(&mut self) -> Chunks<Numbers> {
        self.of.cut()
    }

    /// The inverse of [`cut`](Self::cut). `scored`: the scored conversations in the order of their keys.
    pub fn restored(cut: LabelsCut, keys: &impl Keys, scored: &[u32], sums: impl Fn(u32) -> Sums) -> Self {
        let mut labels = Self::default();
        for (kind, names) in LabelKind::ALL.into_iter().zip(&cut.names) {
            names.iter().for_each(|name| {
                labels.find_or_create(kind, name);
            });
        }
        labels.of = cut.of;
        let mut lists: [Vec<Vec<u32>>; 2] = [0, 1].map(|kind: usize| vec![Vec::new(); labels.known[kind].len() + 1]);
        for &conversation in scored {
            for (kind, number) in labels.numbers(conversation).into_iter().enumerate() {
                if let Some(list) = lists[kind].get_mut(usize::from(number)).filter(|_| number > 0) {
                    list.push(conversation);
                }
            }
        }
        for (kind, lists) in lists.iter().enumerate() {
            for (label, list) in labels.known[kind].iter_mut().zip(lists.iter().skip(1)) {
                label.scored = Timeline::of_sorted(keys, list, &sums);
            }
        }
        labels
    }

    /// Whether every number has a name.
    pub fn is_whole(cut: &LabelsCut) -> bool {
        let has_name = |numbers: &Numbers| (0..2).all(|kind| usize::from(numbers[kind]) <= cut.names[kind].len());
        cut.names.iter().all(|names| names.len() <= MOST_NAMES) && cut.of.iter().all(has_name)
    }
}
