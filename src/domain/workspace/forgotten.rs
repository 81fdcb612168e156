//! Breakers that nobody acknowledges, or resolves once they are acknowledged, are announced again (R7.6).

use super::super::effect::BreakerStep;
use super::super::ids::Position;
use super::super::record::Frame;
use super::super::reply::Reply;
use super::super::time::Millis;
use super::Workspace;
use super::round::{EventStep, Round};

/// Breakers that one record announces at most; the server writes another while more are due.
const MOST: usize = 1_000;

impl Workspace {
    pub(super) fn announce_forgotten(&mut self, round: &mut Round, frame: &Frame) -> Reply {
        let Some(after) = self.rules.own.forgotten_after() else { return Reply::Done };
        let at = Position::new(frame.seq, 0);
        for id in self.breakers.announce_until(frame.receipt - after, MOST, (frame.receipt, at)) {
            let effect = self.breaker_effect(id, BreakerStep::Forgotten);
            round.steps.push(EventStep::of_effect(at, frame.receipt, None, effect));
        }
        Reply::Done
    }

    /// When the next breaker is forgotten.
    pub fn forgotten_at(&self) -> Option<Millis> {
        Some(self.breakers.waits_since()?.saturating_add(self.rules.own.forgotten_after()?))
    }
}
