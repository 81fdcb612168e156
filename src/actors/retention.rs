//! Retention (R4.11): once a day each workspace side whose oldest conversation is too old gets
//! records that remove a bounded number each, one after the other.

use std::sync::Arc;
use std::time::Duration;

use crate::background::every;
use crate::domain::record::Record;
use crate::domain::time::{DAY, HOUR, Millis};

use super::engine::Engine;
use super::error::EngineError;
use super::handle::{Status, WorkspaceHandle};

/// How often the clock is looked at.
const TICK: Duration = Duration::from_secs(60);
/// Conversations that one record removes at most: some tens of milliseconds.
const MOST: u32 = 10_000;

/// When retention is due, by server time.
#[derive(Debug)]
struct Schedule {
    next: Millis,
}

impl Schedule {
    /// Nothing is removed in the first hour after a start, so that a start with too short a retention can still be
    /// stopped.
    const fn new(start: Millis) -> Self {
        Self { next: start.saturating_add(HOUR) }
    }

    /// True once a day.
    fn is_due(&mut self, now: Millis) -> bool {
        let due = now >= self.next;
        if due {
            self.next = now.saturating_add(DAY);
        }
        due
    }
}

/// Goes on until the engine stops. One pass is over before the next begins.
pub(super) async fn keep(engine: &Engine) {
    let mut schedule = Schedule::new(engine.now());
    let mut ticks = every(TICK, &engine.shared.stopping);
    while ticks.next().await {
        if schedule.is_due(engine.now()) {
            engine.retain().await;
        }
    }
}

impl Engine {
    /// Removes what is older than the retention, in every side that serves (R4.11). The engine does so
    /// once a day by itself, but not in the first hour. A second pass waits for the first.
    pub async fn retain(&self) {
        let _turn = self.shared.retention_turn.lock().await;
        for handle in self.shared.directory.workspaces() {
            if let Err(error) = self.retain_in(&handle).await {
                tracing::warn!(workspace = %handle.key.id, %error, "what is too old was not removed; the next pass tries again");
            }
        }
    }

    async fn retain_in(&self, handle: &Arc<WorkspaceHandle>) -> Result<(), EngineError> {
        let cutoff = self.now().saturating_sub(handle.effective().settings.model.retention_span());
        while handle.status() == Status::Serving
            && self.read(handle.key, move |workspace| workspace.is_retention_due(cutoff)).await?
        {
            self.write_own(handle, Record::Retention { cutoff, most: MOST }).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r4_11_nothing_is_removed_in_the_first_hour_and_then_once_a_day() {
        let mut schedule = Schedule::new(1_000);
        assert!(!schedule.is_due(1_000 + HOUR - 1));
        assert!(schedule.is_due(1_000 + HOUR));
        assert!(!schedule.is_due(1_000 + HOUR + DAY - 1));
        assert!(schedule.is_due(1_000 + HOUR + 3 * DAY));
        assert!(!schedule.is_due(1_000 + HOUR + 4 * DAY - 1), "days that were missed are not made up for");
    }
}
