//! How the score of a conversation came to be what it is: its scorings, as far back as the ring of effects reaches (R5.5b).

use super::super::effect::{EffectId, EffectKind, ScoredView, SmallId};
use super::super::ids::{Id, Position};
use super::super::time::Millis;
use super::Workspace;
use super::effects::LOOKED_AT;

/// A scoring.
#[derive(Clone, Debug, PartialEq)]
pub struct Revision {
    pub at: Position,
    pub receipt: Millis,
    pub scored: ScoredView,
}

/// The scorings of a conversation that a piece of the ring has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Revisions {
    /// The newest first, no more than were asked for.
    pub newest: Vec<Revision>,
    /// How many the piece has.
    pub total: u64,
    /// The effect before which the next older piece ends; none at the end of the ring.
    pub older: Option<EffectId>,
}

impl Workspace {
    /// What the piece before the effect `before` has of a conversation, or the newest piece.
    pub fn revisions(&self, conversation: Id, before: Option<EffectId>, most: usize) -> Revisions {
        let mut found = Revisions::default();
        // It stands for all conversations that were erased.
        if conversation == Id::NIL {
            return found;
        }
        let theirs = SmallId::from(conversation);
        let kept = &self.pieces.ring.frequent.kept;
        let mut effects = kept.ahead(move |effect| before.is_none_or(|before| effect.id < before));
        for effect in effects.by_ref().take(LOOKED_AT) {
            found.older = Some(effect.id);
            let EffectKind::ConversationScored(scored) = &effect.kind else { continue };
            if scored.conversation == theirs {
                found.total += 1;
                if found.newest.len() < most {
                    let revision = |scored| Revision { at: effect.id.at, receipt: effect.receipt, scored };
                    found.newest.extend(self.scored_view(scored).map(revision));
                }
            }
        }
        if effects.next().is_none() {
            found.older = None;
        }
        found
    }
}
