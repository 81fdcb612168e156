//! Every change of a side's configuration and settings, as far as its trail reaches (R6.9).

use std::sync::Arc;

use super::tenant_load::TenantLoad;
use super::{Service, ServiceError};
use crate::domain::ids::{Position, WorkspaceKey};
use crate::domain::time::Millis;
use crate::wire::settings::SettingsHistoryEntry;

/// The place of an entry, ascending.
pub type SettingsPlace = (Millis, Position);

impl Service {
    /// Up to `limit` changes before `before`, the newest first, and where the next page goes on if there is one.
    pub async fn settings_history(
        &self,
        load: &Arc<TenantLoad>,
        key: WorkspaceKey,
        before: Option<SettingsPlace>,
        limit: usize,
    ) -> Result<(Vec<SettingsHistoryEntry>, Option<SettingsPlace>), ServiceError> {
        let trail = self.engine.read(key, |workspace| workspace.trail().clone()).await?;
        let (receipt, at) = before.unwrap_or((Millis::MAX, Position::ZERO));
        // What is looked for may be few of many entries.
        let looking = move || {
            let mut found: Vec<_> = trail.settings_before(receipt, at).take(limit + 1).collect();
            let more = found.len() > limit;
            found.truncate(limit);
            let next = found.last().filter(|_| more).map(|(entry, _)| (entry.receipt, entry.at));
            (found.into_iter().map(|(entry, changed)| SettingsHistoryEntry::of(entry, changed)).collect(), next)
        };
        Ok(self.in_turn(load, looking).await?)
    }
}
