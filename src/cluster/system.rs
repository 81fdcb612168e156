//! The system workspace (I12) on nodes that do not own its partition.
//!
//! Every node follows the log of the system partition and applies it to a table of its own. Records go to the owner,
//! by request and reply; whoever sent one waits until its own table has it.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use async_nats::{Client, Subject};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::shelf::{Shelf, ShelfError};
use crate::actors::{Engine, EngineError, FollowedSystem};
use crate::background::Stop;
use crate::domain::record::Record;
use crate::domain::system::{SystemRecord, SystemRefusal};
use crate::domain::system_table::SystemTable;
use crate::journal::codec::{CodecError, decode_group, decode_record, encode_record};
use crate::journal::nats::NatsLog;
use crate::journal::{GroupPosition, ReadError, StoredGroup};
use crate::recovery::{RecoveryError, recover_system};
use crate::snapshot::JournalId;
use crate::snapshot::memory::MemorySnapshots;

/// How long the owner may take with a record.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two attempts to follow a log that could not be read.
const PAUSE: Duration = Duration::from_millis(500);

/// Why the log of the system partition could not be followed.
#[derive(Debug, Error)]
pub enum FollowError {
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    #[error(transparent)]
    Recovery(#[from] RecoveryError),
    #[error(transparent)]
    Log(#[from] crate::journal::nats::NatsLogError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("group {position} of the system partition could not be read: {source}")]
    Group { position: GroupPosition, source: CodecError },
    #[error("the log of the system partition has ended")]
    Ended,
    #[error("the thread that read it died")]
    Thread,
}

/// What the owner of the system partition answers.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    /// `None`: the record was taken.
    refusal: Option<SystemRefusal>,
    /// The number of the last frame that the owner's table has.
    applied: u64,
}

/// The table of this node.
pub struct SystemView {
    table: ArcSwap<SystemTable>,
    /// The last group that is in it.
    position: watch::Sender<GroupPosition>,
    changed: watch::Sender<()>,
    client: Client,
    subject: Subject,
}

impl SystemView {
    /// An empty one. `name`: of the cluster.
    pub fn new(client: Client, name: &str) -> Self {
        Self {
            table: ArcSwap::default(),
            position: watch::Sender::new(GroupPosition::ZERO),
            changed: watch::Sender::new(()),
            client,
            subject: format!("{name}.system").into(),
        }
    }

    /// Waits until the table has all up to `position`.
    pub async fn reached(&self, position: GroupPosition) {
        let mut now = self.position.subscribe();
        // The sender is here as long as anybody waits.
        drop(now.wait_for(|now| *now >= position).await);
    }

    /// Waits until somebody has made the first record.
    pub async fn initialised(&self) {
        let mut changed = self.changed.subscribe();
        while self.table.load().origin().is_none() {
            let _changed = changed.changed().await;
        }
    }

    /// Told after each change of the table.
    pub fn subscribe(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    async fn applied(&self, seq: u64) {
        let mut changed = self.changed.subscribe();
        while self.table.load().applied() < seq {
            let _changed = changed.changed().await;
        }
    }

    fn publish(&self, table: SystemTable, position: GroupPosition) {
        self.table.store(Arc::new(table));
        self.position.send_replace(position);
        self.changed.send_replace(());
    }

    /// Follows the log until the stop. What goes wrong is logged, and tried again from the newest snapshot.
    pub async fn follow(self: &Arc<Self>, log: &NatsLog, shelf: &Shelf, stop: &Stop) {
        loop {
            let followed = self.follow_once(log, shelf);
            let Some(Err(error)) = stop.run_until_cancelled(followed).await else { return };
            tracing::warn!(%error, "the system partition could not be followed; it is tried again");
            if stop.run_until_cancelled(sleep(PAUSE)).await.is_none() {
                return;
            }
        }
    }

    async fn follow_once(&self, log: &NatsLog, shelf: &Shelf) -> Result<(), FollowError> {
        let (reader, shelf, journal) = (log.reader(Handle::current()), shelf.clone(), log.identity());
        let load = move || {
            let store = MemorySnapshots::default();
            shelf.catch_up(&store, JournalId(journal))?;
            let last = reader.last();
            Ok::<_, FollowError>((recover_system(&*reader, &store)?.system, last))
        };
        let (table, last) = tokio::task::spawn_blocking(load).await.map_err(|_| FollowError::Thread)??;
        self.publish(table, last);
        let mut groups = std::pin::pin!(log.follow(last.next()));
        while let Some(group) = groups.next().await {
            self.take(&group?)?;
        }
        Err(FollowError::Ended)
    }

    fn take(&self, StoredGroup { position, group }: &StoredGroup) -> Result<(), FollowError> {
        let content = decode_group(group).map_err(|source| FollowError::Group { position: *position, source })?;
        let mut table = SystemTable::clone(&self.table.load());
        for frame in &content.frames {
            let before = table.clone();
            // What fails here has failed at the owner as well, which passes it over from then on (I6).
            if catch_unwind(AssertUnwindSafe(|| table.apply_frame(frame, &HashSet::new()))).is_err() {
                table = before;
                table.apply_frame(frame, &HashSet::from([frame.seq]));
            }
        }
        self.publish(table, *position);
        Ok(())
    }

    async fn send(&self, record: SystemRecord) -> Result<Result<(), SystemRefusal>, EngineError> {
        let bytes = encode_record(&Record::System(record));
        let answer = async {
            let reply = self.client.request(self.subject.clone(), bytes.into()).await.ok()?;
            let told: Told = serde_json::from_slice(&reply.payload).ok()?;
            self.applied(told.applied).await;
            Some(told.refusal.map_or(Ok(()), Err))
        };
        timeout(PATIENCE, answer).await.ok().flatten().ok_or(EngineError::Moving)
    }
}

impl FollowedSystem for SystemView {
    fn table(&self) -> Arc<SystemTable> {
        self.table.load_full()
    }

    fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    fn submit(&self, record: SystemRecord) -> BoxFuture<'_, Result<Result<(), SystemRefusal>, EngineError>> {
        self.send(record).boxed()
    }
}

/// Takes the records of other nodes for `engine`, which owns the system partition, until the stop.
pub async fn serve(client: Client, name: Arc<str>, engine: Engine, stop: Stop) {
    let subject = format!("{name}.system");
    let mut requests = match client.subscribe(subject).await {
        Ok(requests) => requests,
        Err(error) => return tracing::error!(%error, "records of other nodes cannot be taken"),
    };
    while let Some(Some(request)) = stop.run_until_cancelled(requests.next()).await {
        let (client, engine) = (client.clone(), engine.clone());
        tokio::spawn(async move {
            let (Some(reply), Ok(Record::System(record))) = (request.reply, decode_record(&request.payload)) else {
                return tracing::warn!("a request for the system partition is no record");
            };
            // Where the engine has lost the partition another one answers, or nobody, and the asker tries again.
            let Ok(answer) = engine.system(record).await else { return };
            let told = Told { refusal: answer.err(), applied: engine.system_table().applied() };
            let told = serde_json::to_vec(&told).expect("its members have a form in JSON");
            if let Err(error) = client.publish(reply, told.into()).await {
                tracing::debug!(%error, "an answer about a record could not be sent");
            }
        });
    }
}
