//! The bucket in which owners of partitions write the state of their gates, and every node reads all of them.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::kv::{Config, Operation, Store};
use futures::StreamExt;
use tokio::time::sleep;

use super::gates::{Gates, name_of, read, read_name, write};
use super::patience;
use crate::actors::Engine;
use crate::background::Stop;
use crate::domain::ids::WorkspaceKey;
use crate::domain::workspace::GateState;

/// Between two attempts to reach the bucket.
const PAUSE: Duration = Duration::from_secs(1);

/// The gates of a cluster.
#[derive(Clone)]
pub struct GateBucket {
    store: Store,
    pub gates: Arc<Gates>,
}

impl GateBucket {
    /// Of the cluster `name`; made where there is none.
    pub async fn open(jetstream: &Context, name: &str, replicas: usize) -> Result<Self, async_nats::Error> {
        let bucket = format!("{name}-gates");
        let config = Config { bucket, history: 1, num_replicas: replicas, ..Config::default() };
        Ok(Self { store: patience::bucket(jetstream, config).await?, gates: Arc::default() })
    }

    /// Takes in what owners write, until the stop.
    pub async fn watch(&self, stop: &Stop) {
        while !stop.is_cancelled() {
            if let Some(Err(error)) = stop.run_until_cancelled(self.watch_once()).await {
                tracing::warn!(%error, "the gates of other nodes cannot be watched; it is tried again");
            }
            stop.run_until_cancelled(sleep(PAUSE)).await;
        }
    }

    async fn watch_once(&self) -> Result<(), async_nats::Error> {
        let is_empty = self.store.status().await?.values() == 0;
        let mut changes = self.store.watch_with_history(">").await?;
        if is_empty {
            self.gates.complete();
        }
        while let Some(change) = changes.next().await {
            let change = change?;
            if change.operation == Operation::Put
                && let (Some(key), Ok(state)) = (read_name(&change.key), read(&change.value))
            {
                self.gates.learn(key, state);
            }
            if change.delta == 0 {
                self.gates.complete();
            }
        }
        Ok(())
    }

    /// Writes the gates of an engine that owns a partition: all at first, then each that has changed, until the stop.
    pub async fn follow(&self, engine: &Engine, stop: &Stop) {
        let mut due = engine.gates();
        loop {
            for (key, state) in due {
                let Some(()) = stop.run_until_cancelled(self.publish(key, &state)).await else { return };
            }
            let Some(changed) = stop.run_until_cancelled(engine.gate_changes()).await else { return };
            due = changed;
        }
    }

    /// Tried until it is written: others would go on with a state that is over.
    async fn publish(&self, key: WorkspaceKey, state: &GateState) {
        if state.epoch == 0 {
            return;
        }
        let Ok(value) = write(state) else { return };
        while let Err(error) = self.store.put(name_of(key), value.clone().into()).await {
            tracing::warn!(%error, "the state of a gate could not be written for other nodes; it is tried again");
            sleep(PAUSE).await;
        }
    }
}
