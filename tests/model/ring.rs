//! R8.2: the effects that are kept. The many of conversations lie apart from the few of breakers and settings.

use tripswitch::domain::effect::{EffectFilter, EffectId, EffectType, EffectTypes, EffectView, ScoredView};
use tripswitch::domain::ids::{Id, Position};
use tripswitch::domain::time::{HOUR, Millis};
use tripswitch::domain::view::BreakerScope;

use crate::broken::Broken;
use crate::effects::{Happening, What};
use crate::naive::Naive;

/// Effects of one frequency, oldest first, and the id of the last that went.
#[derive(Clone, Debug, Default)]
pub struct Lane {
    pub kept: Vec<Happening>,
    pub gone: EffectId,
}

fn is_frequent(kind: EffectType) -> bool {
    matches!(kind, EffectType::ConversationScored | EffectType::ConversationResolved | EffectType::AccountRiskChanged)
}

impl Naive {
    /// Keeps the effects of a frame; what is too old or too many goes.
    pub fn keep(&mut self, happened: &[Happening]) {
        for happening in happened {
            self.lanes[usize::from(!is_frequent(happening.what.of_type()))].kept.push(happening.clone());
        }
        let kept = self.settings.effects;
        let most = kept.most as usize + usize::from(self.breaks(Broken::RingOfOneMore));
        let oldest = self.receipt - Millis::from(kept.hours) * HOUR;
        let oldest = oldest + Millis::from(self.breaks(Broken::RingAgeExclusive));
        for number in 0..self.lanes.len() {
            while let Some(first) = self.lanes[number].kept.first() {
                let held = self.lanes[number].kept.len();
                let is_over = held > most || first.receipt < oldest;
                // What is needed has a bound, too.
                let stays = self.is_needed(first) && (held <= 2 * most || self.breaks(Broken::NeededWithoutBound));
                if !is_over || stays {
                    if is_over {
                        self.coverage.count("kept until it is delivered");
                    }
                    break;
                }
                let gone = self.lanes[number].kept.remove(0);
                self.coverage.count("effect gone");
                self.lanes[number].gone = gone.id;
                self.lose(&gone);
            }
        }
    }

    /// After an export and import of everything up to this frame, which have no effects.
    pub fn lose_effects(&mut self, seq: u64) {
        let nothing = Lane { kept: Vec::new(), gone: EffectId::end_of(seq) };
        self.lanes = [nothing.clone(), nothing];
        self.begin_deliveries_anew();
    }

    /// Those there are of these types for this account, behind `after`.
    pub fn kept(&self, after: EffectId, filter: &EffectFilter) -> Vec<EffectView> {
        let mut all: Vec<_> = self.lanes.iter().flat_map(|lane| &lane.kept).filter(|kept| kept.id > after).collect();
        all.sort_by_key(|kept| kept.id);
        all.retain(|kept| filter.types.contains(kept.what.of_type()));
        all.retain(|kept| filter.account.is_none_or(|account| self.concerns(&kept.what, account)));
        all.into_iter().map(|kept| self.shown(kept)).collect()
    }

    /// R5.5b: position and score of each scoring of a conversation that is kept, newest first.
    pub fn revisions(&self, id: Id) -> Vec<(Position, ScoredView)> {
        let scorings = self.lanes[0].kept.iter().rev().filter_map(|kept| match &kept.what {
            What::Scored(told) if told.quality.conversation_id == id => Some((kept.id.at, (**told).clone())),
            _ => None,
        });
        scorings.collect()
    }

    /// Whether some of these types behind `after` are not kept any more.
    pub fn misses(&self, after: EffectId, types: EffectTypes) -> bool {
        let wanted = |frequent| types.iter().any(|kind| is_frequent(kind) == frequent);
        [true, false].into_iter().zip(&self.lanes).any(|(frequent, lane)| wanted(frequent) && after < lane.gone)
    }

    pub fn newest_effect(&self) -> EffectId {
        let newest = |lane: &Lane| lane.kept.last().map_or(lane.gone, |last| last.id);
        newest(&self.lanes[0]).max(newest(&self.lanes[1]))
    }

    /// The place before everything that is kept and was received at `since` or later.
    pub fn effects_since(&self, since: Millis) -> EffectId {
        let before =
            |lane: &Lane| lane.kept.iter().rfind(|kept| kept.receipt < since).map_or(lane.gone, |last| last.id);
        before(&self.lanes[0]).max(before(&self.lanes[1]))
    }

    /// Its own, and those of the breakers that pause it.
    fn concerns(&self, what: &What, account: Id) -> bool {
        match what {
            What::Ended { account: theirs, .. } => *theirs == Some(account),
            What::Scored(told) => told.account == Some(account),
            What::Risk { account: theirs, .. } => *theirs == account,
            What::Breaker { then, .. } => match then.scope {
                BreakerScope::Account(theirs) => theirs == account,
                BreakerScope::Workspace => !self.breaks(Broken::FilterWithoutWorkspace),
                BreakerScope::Label(..) => self.breaks(Broken::FilterWithLabels),
            },
            What::Settings(_) => false,
        }
    }

    /// R4.10: the numbers stay. Whether there was any.
    pub fn erase_from_effects(&mut self, id: Id) -> bool {
        let told = self.tells_of(id);
        for kept in self.lanes.iter_mut().flat_map(|lane| &mut lane.kept) {
            if kept.what.conversation() == Some(id) {
                kept.what.erase();
            }
        }
        told
    }

    pub fn tells_of(&self, id: Id) -> bool {
        self.lanes.iter().flat_map(|lane| &lane.kept).any(|kept| kept.what.conversation() == Some(id))
    }
}
