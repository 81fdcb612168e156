//! The newest effects of a side, for the stream and for webhooks (I4, R8.2).
//!
//! Conversations make effects in any number; those of breakers and settings are few. The two lie apart, so that the many
//! do not push out the few, and who only wants the few passes over none of the many. What is older than the time or
//! beyond the number that the settings say is dropped, but no effect of a breaker that is still to be delivered.
//!
//! The ring is state, but no part of the state hash: an older snapshot has none, so a state made of one may know less.

use super::super::effect::{Effect, EffectId, EffectKind, EffectType, EffectTypes, EffectsKept};
use super::super::ids::Id;
use super::super::log::Log;
use super::super::time::{HOUR, Millis};

/// A list, and the id of the newest effect that was dropped from it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lane {
    pub kept: Log<Effect>,
    pub dropped: EffectId,
}

/// See the module.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ring {
    pub frequent: Lane,
    pub rare: Lane,
}

impl Ring {
    /// Of a state that came from before there were rings: what frames up to `seq` did is not known.
    pub fn beginning_after(seq: u64) -> Self {
        let lane =
            Lane { kept: Log::default(), dropped: if seq == 0 { EffectId::ZERO } else { EffectId::end_of(seq) } };
        Self { frequent: lane.clone(), rare: lane }
    }

    /// Of the parts of a state at seq `applied`; `None` if the effects are not of its frames, in their order.
    pub fn restored(dropped: [EffectId; 2], effects: Vec<Effect>, applied: u64) -> Option<Self> {
        let [frequent, rare] = dropped.map(|dropped| Lane { kept: Log::default(), dropped });
        let mut ring = Self { frequent, rare };
        for effect in effects {
            let lane = ring.lane_of(&effect);
            let newest = lane.kept.last().map_or(lane.dropped, |last| last.id);
            (newest < effect.id && effect.id.at.seq() <= applied).then(|| lane.kept.push(effect))?;
        }
        Some(ring)
    }

    fn lane_of(&mut self, effect: &Effect) -> &mut Lane {
        if effect.kind.of_type().is_frequent() { &mut self.frequent } else { &mut self.rare }
    }

    fn lanes(&self, types: EffectTypes) -> impl Iterator<Item = &Lane> {
        let wants = |frequent| EffectType::ALL.into_iter().any(|t| t.is_frequent() == frequent && types.contains(t));
        let frequent = wants(true).then_some(&self.frequent);
        frequent.into_iter().chain(wants(false).then_some(&self.rare))
    }

    pub fn push(&mut self, effect: Effect) {
        self.lane_of(&effect).kept.push(effect);
    }

    /// The newest effect there ever was; [`EffectId::ZERO`] before the first.
    pub fn newest(&self) -> EffectId {
        let newest = |lane: &Lane| lane.kept.last().map_or(lane.dropped, |effect| effect.id);
        newest(&self.frequent).max(newest(&self.rare))
    }

    /// Effects of these types behind `after`, in order. Others of the same lanes are among them.
    pub fn behind(&self, after: EffectId, types: EffectTypes) -> impl Iterator<Item = &Effect> {
        let mut lanes: Vec<_> =
            self.lanes(types).map(|lane| lane.kept.behind(move |effect| effect.id <= after).peekable()).collect();
        std::iter::from_fn(move || {
            let next = lanes.iter_mut().filter_map(|lane| Some((lane.peek()?.id, lane))).min_by_key(|(id, _)| *id);
            next.and_then(|(_, lane)| lane.next())
        })
    }

    /// Whether effects of these types behind `after` are not kept any more.
    pub fn misses(&self, after: EffectId, types: EffectTypes) -> bool {
        self.lanes(types).any(|lane| after < lane.dropped)
    }

    pub fn find(&self, id: EffectId) -> Option<&Effect> {
        let lanes = [&self.frequent, &self.rare].into_iter();
        lanes.filter_map(|lane| lane.kept.behind(move |effect| effect.id < id).next()).find(|effect| effect.id == id)
    }

    /// The place before the first that was received at `since` or later.
    pub fn before(&self, since: Millis) -> EffectId {
        let place = |lane: &Lane| {
            let newest = lane.kept.ahead(move |effect| effect.receipt < since).next();
            newest.map_or(lane.dropped, |effect| effect.id)
        };
        // Ids and receipts ascend together, so nothing of either lane lies between.
        place(&self.frequent).max(place(&self.rare))
    }

    /// Drops what is too old or too much, but what is `needed`; tells what goes.
    pub fn trim(
        &mut self,
        now: Millis,
        kept: EffectsKept,
        needed: impl Fn(&Effect) -> bool,
        mut gone: impl FnMut(&Effect),
    ) {
        let oldest = now - Millis::from(kept.hours) * HOUR;
        for lane in [&mut self.frequent, &mut self.rare] {
            while let Some(first) = lane.kept.first() {
                let many = lane.kept.len() > kept.most as usize;
                let is_over = many || first.receipt < oldest;
                // A list of what is needed has a bound, too.
                let may_go = lane.kept.len() > 2 * kept.most as usize || !needed(first);
                if !is_over || !may_go {
                    break;
                }
                lane.dropped = first.id;
                lane.kept.drop_first(1, &mut gone);
            }
        }
    }

    /// The ids of conversations in it; nil for those that were erased.
    pub fn conversations(&self) -> impl Iterator<Item = Id> {
        self.frequent.kept.iter().filter_map(|effect| effect.kind.conversation())
    }

    /// Takes a conversation's id away (R4.10).
    pub fn erase_conversation(&mut self, is_theirs: impl Fn(&EffectKind) -> bool) {
        self.frequent.kept.change(|effect| is_theirs(&effect.kind), |effect| effect.kind.erase_conversation());
    }
}
