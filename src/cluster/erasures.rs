//! The list of erasures (R4.10) of a cluster: a bucket that every node adds to and watches. Each node has what is in it
//! in a file of its own as well, as a server alone does.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::context::Context;
use async_nats::jetstream::kv::{Config, Operation, Store};
use async_nats::jetstream::message::PublishMessage;
use futures::StreamExt;
use futures::future::try_join_all;
use tokio::runtime::Handle;
use tokio::time::sleep;

use super::patience;
use crate::background::Stop;
use crate::erasures::{CommonList, ErasureEntry, Erasures};

/// How long the mark of an entry that has expired stays.
const MARKS: Duration = Duration::from_secs(60);
/// Between two attempts to watch the bucket.
const PAUSE: Duration = Duration::from_secs(1);

/// The list of all nodes.
#[derive(Clone)]
pub struct ErasureBucket {
    jetstream: Context,
    store: Store,
    runtime: Handle,
    /// How long an entry is kept: as long as backups are (R4.10).
    keep: Duration,
}

impl ErasureBucket {
    /// Of the cluster `name`; made where there is none.
    pub async fn open(
        jetstream: &Context,
        name: &str,
        replicas: usize,
        keep: Duration,
    ) -> Result<Self, async_nats::Error> {
        let bucket = format!("{name}-erasures");
        let config =
            Config { bucket, history: 1, num_replicas: replicas, limit_markers: Some(MARKS), ..Config::default() };
        let store = patience::bucket(jetstream, config).await?;
        Ok(Self { jetstream: jetstream.clone(), store, runtime: Handle::current(), keep })
    }

    /// Has `erasures` add here first, and takes in what is here, then and until the stop. Returns once all is in that was
    /// here at first; the rest goes on beside.
    pub async fn follow(self, erasures: Arc<Erasures>, stop: Stop) -> Result<(), async_nats::Error> {
        erasures.share(Box::new(self.clone()));
        let all = patience::patiently(async || self.all().await).await?;
        learn(&erasures, all).await;
        tokio::spawn(async move {
            while !stop.is_cancelled() {
                if let Some(Err(error)) = stop.run_until_cancelled(self.watch(&erasures)).await {
                    tracing::warn!(%error, "the cluster's list of erasures cannot be watched; it is tried again");
                }
                stop.run_until_cancelled(sleep(PAUSE)).await;
            }
        });
        Ok(())
    }

    /// Everything that is in it; blocks.
    pub fn entries(&self) -> Result<Vec<ErasureEntry>, async_nats::Error> {
        self.runtime.block_on(self.all())
    }

    async fn all(&self) -> Result<Vec<ErasureEntry>, async_nats::Error> {
        let (mut all, mut keys) = (Vec::new(), self.store.keys().await?);
        while let Some(key) = keys.next().await {
            let value = self.store.get(key?).await?;
            all.extend(value.and_then(|value| serde_json::from_slice::<ErasureEntry>(&value).ok()));
        }
        Ok(all)
    }

    async fn watch(&self, erasures: &Arc<Erasures>) -> Result<(), async_nats::Error> {
        let mut changes = self.store.watch_with_history(">").await?;
        while let Some(change) = changes.next().await {
            let change = change?;
            if change.operation == Operation::Put
                && let Ok(entry) = serde_json::from_slice(&change.value)
            {
                learn(erasures, vec![entry]).await;
            }
        }
        Ok(())
    }
}

async fn learn(erasures: &Arc<Erasures>, entries: Vec<ErasureEntry>) {
    let erasures = Arc::clone(erasures);
    let learned = tokio::task::spawn_blocking(move || erasures.learn(&entries));
    if let Ok(Err(error)) = learned.await {
        tracing::error!(%error, "erasures of other nodes could not be kept; the watch brings them again");
    }
}

impl CommonList for ErasureBucket {
    fn add(&self, entries: &[ErasureEntry]) -> io::Result<()> {
        let puts = entries.iter().map(async |entry| {
            let value = serde_json::to_vec(entry).map_err(io::Error::from)?;
            let message = PublishMessage::build().payload(value.into()).ttl(self.keep);
            let subject = format!("{}{}", self.store.prefix, entry.name());
            let sent = self.jetstream.send_publish(subject, message).await.map_err(io::Error::other)?;
            sent.await.map_err(io::Error::other)
        });
        self.runtime.block_on(try_join_all(puts)).map(drop)
    }
}
