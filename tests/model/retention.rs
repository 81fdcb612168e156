//! R4.11: what is too old goes.

use tripswitch::domain::ids::{Id, Position};
use tripswitch::domain::time::Millis;

use crate::broken::Broken;
use crate::naive::Naive;

impl Naive {
    pub fn retain(&mut self, cutoff: Millis, most: usize) {
        self.retained_from = self.retained_from.max(cutoff);
        self.trail.retain(|(_, receipt, ..)| *receipt >= cutoff);
        self.vain.retain(|(.., last)| *last >= cutoff);
        let due = self.due(cutoff);
        let most = if self.breaks(Broken::RetentionWithoutBound) { due.len() } else { most };
        if due.len() > most {
            self.coverage.count("retention left more for another record");
        }
        for (_, unscored, _, id) in due.into_iter().take(most) {
            self.conversations.retain(|known| known.id != id);
            self.coverage.count(if unscored { "unscored one removed" } else { "scored one removed" });
        }
    }

    pub fn is_retention_due(&self, cutoff: Millis) -> bool {
        !self.due(cutoff).is_empty()
            || self.trail.iter().any(|(_, receipt, ..)| *receipt < cutoff)
            || self.vain.iter().any(|(.., last)| *last < cutoff)
    }

    /// Age, whether it is unscored, position and id of what is older than the cut-off, oldest first.
    fn due(&self, cutoff: Millis) -> Vec<(Millis, bool, Position, Id)> {
        let cutoff = cutoff + Millis::from(self.breaks(Broken::RetentionInclusive));
        let mut due = Vec::new();
        for known in &self.conversations {
            match &known.score {
                Some(score) => due.push((score.scored_at, false, score.position, known.id)),
                None if self.breaks(Broken::RetentionOfScoredOnly) => {}
                None => due.push((known.last_change, true, Position::ZERO, known.id)),
            }
        }
        due.retain(|(age, ..)| *age < cutoff);
        due.sort_unstable();
        due
    }
}
