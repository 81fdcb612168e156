//! Breakers that are forgotten (R7.6): once a minute each side in which one is due gets a record that announces it.

use std::sync::Arc;
use std::time::Duration;

use crate::background::every;
use crate::domain::record::Record;

use super::engine::Engine;
use super::error::EngineError;
use super::handle::{Status, WorkspaceHandle};

/// How often the clock is looked at.
const TICK: Duration = Duration::from_secs(60);

/// Goes on until the engine stops. One pass is over before the next begins.
pub(super) async fn keep(engine: &Engine) {
    let mut ticks = every(TICK, &engine.shared.stopping);
    while ticks.next().await {
        engine.announce_forgotten().await;
    }
}

impl Engine {
    /// Announces the breakers that are forgotten by now, in every side that serves. The engine does so once a minute by
    /// itself.
    pub async fn announce_forgotten(&self) {
        for handle in self.shared.directory.workspaces() {
            if let Err(error) = self.announce_in(&handle).await {
                tracing::warn!(
                    workspace = %handle.key.id, %error,
                    "a forgotten breaker was not announced; the next minute tries again"
                );
            }
        }
    }

    async fn announce_in(&self, handle: &Arc<WorkspaceHandle>) -> Result<(), EngineError> {
        let mut due = handle.forgotten_at();
        while handle.status() == Status::Serving && due <= self.now() {
            self.write_own(handle, Record::Forgotten).await?;
            if std::mem::replace(&mut due, handle.forgotten_at()) == due {
                break;
            }
        }
        Ok(())
    }
}
