//! When keys were last used: kept in memory, written at most once a minute (R2.11).

use std::time::Duration;

use dashmap::DashMap;

use super::Service;
use crate::actors::EngineError;
use crate::background::{Stop, every};
use crate::domain::ids::Id;
use crate::domain::system::{ApiKey, SystemRecord};
use crate::domain::time::Millis;

const EVERY: Duration = Duration::from_secs(60);

/// Uses since the last flush.
#[derive(Debug, Default)]
pub struct KeyUsage(DashMap<Id, Millis>);

impl KeyUsage {
    /// Records a use.
    pub fn touch(&self, key: Id, at: Millis) {
        let mut last = self.0.entry(key).or_insert(at);
        *last = at.max(*last);
    }

    /// The latest use known of a key.
    pub fn last_used(&self, key: &ApiKey) -> Option<Millis> {
        self.0.get(&key.id).map(|at| *at).max(key.last_used_at)
    }

    /// The uses that are not written yet, in the order of the ids.
    fn pending(&self) -> Vec<(Id, Millis)> {
        let mut uses: Vec<_> = self.0.iter().map(|entry| (*entry.key(), *entry.value())).collect();
        uses.sort_unstable();
        uses
    }

    /// Forgets the uses that were written, unless the key was used again since.
    fn written(&self, uses: &[(Id, Millis)]) {
        for (key, at) in uses {
            self.0.remove_if(key, |_, last| last <= at);
        }
    }
}

impl Service {
    /// What is due once a minute until the stop: writes the last uses of keys and the counts of repeated requests, also
    /// a last time then, and forgets idle quotas, tenants, walks and rates, and backtests that are over.
    pub async fn upkeep(&self, stop: &Stop) {
        let mut ticks = every(EVERY, stop);
        while ticks.next().await {
            self.try_flush().await;
            self.loads.forget_idle();
            self.tickets.forget_idle(self.now());
            self.walks.forget_idle(self.engine.clock().elapsed());
            self.backtests.forget_idle(self.now());
            let table = self.engine.system_table();
            self.intake.forget_idle(self.now(), |id| table.workspace(id).is_some());
            if let Some(quotas) = &self.quotas {
                quotas.forget_idle();
            }
        }
        self.try_flush().await;
    }

    async fn try_flush(&self) {
        if let Err(error) = self.flush_key_usage().await {
            tracing::warn!(%error, "the last uses of API keys could not be written");
        }
        self.flush_repeats().await;
    }

    /// Writes the pending uses as one record, if there are any. After an error they stay pending.
    pub async fn flush_key_usage(&self) -> Result<(), EngineError> {
        let uses = self.usage.pending();
        if uses.is_empty() {
            return Ok(());
        }
        let refusal = self.engine.system(SystemRecord::KeysUsed(uses.clone())).await?;
        if let Err(refusal) = refusal {
            tracing::warn!(%refusal, "the last uses of API keys were not taken");
        }
        self.usage.written(&uses);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r2_11_a_use_during_a_flush_is_not_lost() {
        let usage = KeyUsage::default();
        usage.touch(Id(2), 10);
        usage.touch(Id(1), 5);
        usage.touch(Id(2), 8);
        let uses = usage.pending();
        assert_eq!(uses, [(Id(1), 5), (Id(2), 10)]);
        usage.touch(Id(2), 11);
        usage.written(&uses);
        assert_eq!(usage.pending(), [(Id(2), 11)]);
    }
}
