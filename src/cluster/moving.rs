//! A whole state on its way into a cluster, or out of it (R11.4).
//!
//! Into: each partition's part of the state is laid on the shelf as a snapshot behind the first record of its log, as if
//! an owner had made it; what comes after is written by the nodes. Out: what is on the shelf, with the logs behind it.
//! No node may run meanwhile. Everything here blocks.

use std::sync::Arc;

use thiserror::Error;
use tokio::runtime::Handle;

use super::erasures::ErasureBucket;
use super::join::JoinError;
use super::logs::Logs;
use super::overview::overview;
use super::shelf::{Shelf, ShelfError};
use super::{StoreError, join};
use crate::background::Stop;
use crate::clock::Clock;
use crate::cluster::MemberOptions;
use crate::cluster::bucket::Bucket;
use crate::domain::ids::WorkspaceKey;
use crate::domain::partition::Partition;
use crate::domain::system_table::SystemTable;
use crate::domain::time::Millis;
use crate::domain::workspace::Workspace;
use crate::erasures::{CommonList, ErasureList};
use crate::journal::nats::{NatsLog, NatsLogError};
use crate::journal::{GroupPosition, JournalRead};
use crate::recovery::save::{Moment, SaveProgress, save};
use crate::recovery::{Progress, Recovered, RecoveredSide, RecoveryError, recover, recover_within};
use crate::snapshot::memory::MemorySnapshots;
use crate::snapshot::{JournalId, SnapshotError, SnapshotStore};

/// The owner of the first record of a log that was brought in.
const IMPORTER: &str = "import";

/// Why a state did not get into a cluster, or out.
#[derive(Debug, Error)]
pub enum MoveError {
    #[error("nodes of the cluster run ({0}): stop them first")]
    Running(String),
    #[error("there is no cluster named {0:?} on these servers")]
    Missing(String),
    #[error("partition {0} of the cluster has data: only an empty cluster takes a state in")]
    NotEmpty(Partition),
    #[error("partition {0} came back with another state than it was given")]
    Differs(Partition),
    #[error("an event of workspace {} could not be applied: start a server on it, which passes it over", .0.id)]
    NotApplied(WorkspaceKey),
    #[error("the cluster's list of erasures: {0}")]
    Erasures(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error(transparent)]
    Join(#[from] JoinError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Log(#[from] NatsLogError),
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    #[error(transparent)]
    Recovery(#[from] RecoveryError),
}

/// A whole state.
pub struct State {
    pub system: SystemTable,
    pub workspaces: Vec<Box<Workspace>>,
    pub last_receipt: Option<Millis>,
}

impl State {
    /// Equal for equal states of all sides, wherever they are kept.
    pub fn hash(&self) -> [u8; 32] {
        let sides = self.workspaces.iter().map(|workspace| (workspace.key(), workspace.state_hash()));
        let mut sides: Vec<_> = sides.collect();
        sides.sort_unstable_by_key(|(key, _)| *key);
        let mut hasher = blake3::Hasher::new();
        for (_, hash) in &sides {
            hasher.update(hash);
        }
        hasher.finalize().into()
    }

    /// Conversations of all sides.
    pub fn conversations(&self) -> u64 {
        self.workspaces.iter().map(|workspace| workspace.conversations_held()).sum()
    }
}

/// A cluster that no node runs in.
pub struct Moving<'a> {
    pub logs: &'a Logs,
    /// As nodes have it; which of them it would be does not matter.
    pub options: &'a MemberOptions,
    pub erasures: &'a ErasureBucket,
    pub runtime: &'a Handle,
}

impl Moving<'_> {
    /// Brings `state` into a cluster that is empty, which is made if need be; each partition is read back and compared.
    /// Calls `done` after each.
    pub fn bring_in(
        &self,
        state: State,
        erasures: &ErasureList,
        clock: &dyn Clock,
        mut done: impl FnMut(),
    ) -> Result<(), MoveError> {
        self.check_stopped()?;
        let jetstream = &self.logs.connection.jetstream;
        let made = async {
            let bucket = Bucket::open(jetstream, &self.options.name, self.options.replicas).await?;
            join::agree(&bucket, self.options).await
        };
        self.runtime.block_on(made)?;
        let partitions = self.options.partitions;
        let logs: Vec<_> = Partition::all(partitions).map(|at| self.empty_log(at)).collect::<Result<_, _>>()?;
        self.erasures.add(&erasures.entries()).map_err(|error| MoveError::Erasures(error.into()))?;
        let State { system, mut workspaces, last_receipt } = state;
        for (at, log) in Partition::all(partitions).zip(logs) {
            let own = workspaces.extract_if(.., |side| Partition::of(side.key().id, partitions) == at).collect();
            let table = if at == Partition::SYSTEM { system.clone() } else { SystemTable::default() };
            let part = State { system: table, workspaces: own, last_receipt };
            self.bring(at, &log, part, &system, clock)?;
            done();
        }
        Ok(())
    }

    /// All that the cluster has. Calls `done` after each partition.
    pub fn take_out(&self, mut done: impl FnMut()) -> Result<State, MoveError> {
        self.check_stopped()?;
        self.runtime.block_on(self.compared())?;
        let log = self.log(Partition::SYSTEM)?;
        let Recovered { system, mut last_receipt, .. } = self.read(Partition::SYSTEM, &log, None)?;
        done();
        let mut workspaces = Vec::new();
        for at in Partition::all(self.options.partitions).skip(1) {
            let read = self.read(at, &self.log(at)?, Some(&system))?;
            last_receipt = last_receipt.max(read.last_receipt);
            workspaces.extend(state_of(read)?.workspaces);
            done();
        }
        Ok(State { system, workspaces, last_receipt })
    }

    /// What nodes have in common is as the cluster was made with: another number of partitions would leave some out.
    async fn compared(&self) -> Result<(), MoveError> {
        let name = &self.options.name;
        let bucket = Bucket::existing(&self.logs.connection.jetstream, name).await?;
        let bucket = bucket.ok_or_else(|| MoveError::Missing(name.clone()))?;
        Ok(join::agree(&bucket, self.options).await?)
    }

    fn check_stopped(&self) -> Result<(), MoveError> {
        let seen = self.runtime.block_on(overview(&self.logs.connection.jetstream, &self.options.name))?;
        let nodes: Vec<_> = seen.into_iter().flat_map(|seen| seen.nodes).map(|node| node.name).collect();
        if nodes.is_empty() { Ok(()) } else { Err(MoveError::Running(nodes.join(", "))) }
    }

    fn log(&self, at: Partition) -> Result<NatsLog, MoveError> {
        let missing = || MoveError::Missing(self.options.name.clone());
        self.runtime.block_on(self.logs.existing(at))?.ok_or_else(missing)
    }

    fn empty_log(&self, at: Partition) -> Result<NatsLog, MoveError> {
        let log = self.runtime.block_on(self.logs.open(at))?;
        let (_, last) = self.runtime.block_on(log.bounds())?;
        let is_empty = last == GroupPosition::ZERO && self.logs.shelf(at).positions()?.is_empty();
        if is_empty { Ok(log) } else { Err(MoveError::NotEmpty(at)) }
    }

    /// `all`: tenants, workspaces and keys of the whole.
    fn bring(
        &self,
        at: Partition,
        log: &NatsLog,
        part: State,
        all: &SystemTable,
        clock: &dyn Clock,
    ) -> Result<(), MoveError> {
        let before = part.hash();
        let State { system, mut workspaces, last_receipt } = part;
        let owned = log.own(0, IMPORTER, self.runtime.clone(), Stop::new());
        let position = self.runtime.block_on(owned)?.last();
        let moment = Moment {
            created_at: clock.now(),
            journal: JournalId(log.identity()),
            position,
            last_receipt,
            system,
            cuts: workspaces.iter_mut().map(|workspace| workspace.cut()).collect(),
        };
        let store = MemorySnapshots::default();
        let manifest = save(&store, moment, clock, &SaveProgress::default())?;
        drop(workspaces);
        self.logs.shelf(at).lay(&*store.open(manifest.number)?)?;
        let followed = (at != Partition::SYSTEM).then_some(all);
        let read = self.read(at, log, followed)?;
        let same_table = followed.is_some() || read.system == *all;
        if same_table && state_of(read)?.hash() == before { Ok(()) } else { Err(MoveError::Differs(at)) }
    }

    /// What a node would begin with.
    fn read(&self, at: Partition, log: &NatsLog, followed: Option<&SystemTable>) -> Result<Recovered, MoveError> {
        let (shelf, store): (Shelf, Arc<dyn SnapshotStore>) =
            (self.logs.shelf(at), Arc::new(MemorySnapshots::default()));
        shelf.catch_up(&*store, JournalId(log.identity()))?;
        self.runtime.block_on(log.bounds())?;
        let reader = log.reader(self.runtime.clone());
        let progress = Progress::default();
        Ok(match followed {
            Some(system) => recover_within(&*reader, &*store, &progress, system)?,
            None => recover(&*reader, &*store, &progress)?,
        })
    }
}

fn state_of(recovered: Recovered) -> Result<State, MoveError> {
    let Recovered { system, workspaces, last_receipt, .. } = recovered;
    let side = |(key, side)| match side {
        RecoveredSide::Ready(workspace) => Ok(workspace),
        RecoveredSide::Failed(_) => Err(MoveError::NotApplied(key)),
    };
    let workspaces = workspaces.into_iter().map(side).collect::<Result<_, _>>()?;
    Ok(State { system, workspaces, last_receipt })
}
