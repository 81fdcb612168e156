//! Where a cluster has its logs and the shelf of its snapshots.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::object_store::{Config, ObjectStore};
use tokio::runtime::Handle;
use tokio::time::sleep;

use super::patience::patiently;
use super::shelf::{self, Shelf, ShelfError};
use crate::domain::partition::Partition;
use crate::ids::Ids;
use crate::journal::GroupPosition;
use crate::journal::nats::{LogPlace, NatsLog, NatsLogError};
use crate::nats::Connection;

/// How often a log is tried that has just been made: not every server knows it at once.
const ATTEMPTS: u32 = 10;
const PAUSE: Duration = Duration::from_millis(200);

/// The logs of all partitions, and the shelf.
#[derive(Clone)]
pub struct Logs {
    pub connection: Connection,
    /// The cluster's.
    pub name: Arc<str>,
    replicas: usize,
    objects: ObjectStore,
    ids: Arc<dyn Ids>,
}

impl Logs {
    /// Makes the shelf where there is none.
    pub async fn new(
        connection: Connection,
        name: &str,
        replicas: usize,
        ids: Arc<dyn Ids>,
    ) -> Result<Self, async_nats::Error> {
        let bucket = format!("{name}-snapshots");
        let jetstream = &connection.jetstream;
        let objects = patiently(async || match jetstream.get_object_store(&bucket).await {
            Ok(objects) => Ok::<_, async_nats::Error>(objects),
            Err(_) => {
                let config = Config { bucket: bucket.clone(), num_replicas: replicas, ..Config::default() };
                Ok(jetstream.create_object_store(config).await?)
            }
        });
        let objects = objects.await?;
        Ok(Self { connection, name: name.into(), replicas, objects, ids })
    }

    fn place(&self, partition: Partition) -> LogPlace {
        LogPlace {
            stream: format!("{}-log-{partition}", self.name),
            subject: format!("{}.log.{partition}", self.name),
            replicas: self.replicas,
        }
    }

    /// The log of a partition, made where there is none.
    pub async fn open(&self, partition: Partition) -> Result<NatsLog, NatsLogError> {
        let mut left = ATTEMPTS;
        loop {
            left -= 1;
            match NatsLog::open(&self.connection, self.place(partition), &*self.ids).await {
                Err(NatsLogError::Unavailable { .. }) if left > 0 => sleep(PAUSE).await,
                done => return done,
            }
        }
    }

    /// `None` where nobody has made it.
    pub async fn existing(&self, partition: Partition) -> Result<Option<NatsLog>, NatsLogError> {
        NatsLog::open_existing(&self.connection, self.place(partition)).await
    }

    /// The place of the newest snapshot of each partition that has any.
    pub async fn newest_snapshots(&self) -> Result<HashMap<Partition, GroupPosition>, ShelfError> {
        let mut newest = HashMap::new();
        for (partition, position) in shelf::listed(&self.objects).await? {
            let known = newest.entry(partition).or_insert(position);
            *known = position.max(*known);
        }
        Ok(newest)
    }

    /// Where the snapshots of a partition lie.
    pub fn shelf(&self, partition: Partition) -> Shelf {
        Shelf::new(self.objects.clone(), partition, Handle::current())
    }
}
