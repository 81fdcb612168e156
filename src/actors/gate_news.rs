//! Which gates have changed: other nodes of a cluster keep the last state of each, for when its owner is out of reach.

use std::collections::HashSet;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::engine::Engine;
use crate::domain::ids::WorkspaceKey;
use crate::domain::workspace::GateState;

/// The sides whose gate has changed since somebody last asked; at most as many as there are sides.
#[derive(Debug, Default)]
pub(crate) struct GateNews {
    changed: Mutex<HashSet<WorkspaceKey>>,
    told: Notify,
}

impl GateNews {
    pub fn tell(&self, key: WorkspaceKey) {
        self.changed.lock().insert(key);
        self.told.notify_one();
    }

    async fn next(&self) -> HashSet<WorkspaceKey> {
        loop {
            self.told.notified().await;
            let changed = std::mem::take(&mut *self.changed.lock());
            if !changed.is_empty() {
                return changed;
            }
        }
    }
}

impl Engine {
    /// Waits until gates have changed: each as it is now. What happens between two calls is not missed; there is one
    /// who asks.
    pub async fn gate_changes(&self) -> Vec<(WorkspaceKey, Arc<GateState>)> {
        let changed = self.shared.gate_news.next().await;
        let now = |key| Some((key, self.shared.directory.workspace(key)?.gate()?));
        changed.into_iter().filter_map(now).collect()
    }

    /// The gates of all sides that have one.
    pub fn gates(&self) -> Vec<(WorkspaceKey, Arc<GateState>)> {
        let sides = self.shared.directory.workspaces();
        sides.iter().filter_map(|side| Some((side.key, side.gate()?))).collect()
    }
}
