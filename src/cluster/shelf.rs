//! Snapshots where every node finds them: an object store in NATS, beside the logs.
//!
//! A node writes its snapshots to its own disk first, as a server alone does, and then lays each on the shelf: block for
//! block, so that another node has the same content in a store of its own. Who takes a partition over fetches the newest
//! if its own is older. What is trimmed from a log is below two snapshots on the shelf: see [`ShelvedStore`].
//!
//! ```text
//! object "<partition>/<position, 20 digits>" = "TSSNAP1\n", length u32, manifest (JSON),
//!   and for each block: key (9 bytes), length u32, value. Integers are little-endian.
//! ```
//!
//! Everything here blocks: it is called by threads that write and load snapshots.

use std::path::PathBuf;
use std::sync::Arc;

use async_nats::jetstream::object_store::{ObjectMetadata, ObjectStore};
use futures::TryStreamExt;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, duplex};
use tokio::runtime::Handle;

use super::patience::patiently;
use crate::domain::partition::Partition;
use crate::journal::GroupPosition;
use crate::snapshot::{
    BlockKey, Draft, DraftSide, JournalId, Listed, ListedState, MAX_BLOCK_BYTES, Manifest, SnapshotError,
    SnapshotNumber, SnapshotRead, SnapshotStore, SnapshotWriter,
};

const MAGIC: &[u8; 8] = b"TSSNAP1\n";
/// What is read ahead of the upload.
const AHEAD: usize = 1 << 20;
/// Snapshots of a partition that stay on the shelf whatever a node's own configuration says: one alone is not trusted.
pub const LEAST_KEPT: usize = 2;
/// The largest manifest that is read.
const MAX_MANIFEST_BYTES: usize = 64 << 20;

/// Why a snapshot was not laid down or fetched.
#[derive(Debug, Error)]
pub enum ShelfError {
    #[error("the object store of snapshots: {0}")]
    Objects(#[from] async_nats::Error),
    #[error("the object {name} is none of this program's: {what}")]
    Foreign { name: String, what: &'static str },
    #[error("the object {name} has other blocks than its manifest says")]
    Differs { name: String },
    #[error(transparent)]
    Store(#[from] SnapshotError),
    #[error("the object store of snapshots could not be read or written: {0}")]
    Io(#[from] std::io::Error),
}

/// The shelf of one partition.
#[derive(Clone)]
pub struct Shelf {
    objects: ObjectStore,
    partition: Partition,
    runtime: Handle,
}

impl Shelf {
    pub const fn new(objects: ObjectStore, partition: Partition, runtime: Handle) -> Self {
        Self { objects, partition, runtime }
    }

    fn name(&self, position: GroupPosition) -> String {
        format!("{}/{:020}", self.partition, position.0)
    }

    /// The positions of what lies there, newest first.
    pub fn positions(&self) -> Result<Vec<GroupPosition>, ShelfError> {
        let listed = self.runtime.block_on(patiently(async || listed(&self.objects).await))?;
        let own = listed.into_iter().filter(|(partition, _)| *partition == self.partition);
        let mut positions: Vec<_> = own.map(|(_, position)| position).collect();
        positions.sort_unstable_by(|a, b| b.cmp(a));
        Ok(positions)
    }

    /// Lays `snapshot` down.
    pub fn lay(&self, snapshot: &dyn SnapshotRead) -> Result<(), ShelfError> {
        let name = self.name(snapshot.manifest().position);
        self.runtime.block_on(async {
            let (mut sink, mut source) = duplex(AHEAD);
            let fill = async {
                write_all(snapshot, &mut sink).await?;
                sink.shutdown().await?;
                drop(sink);
                Ok::<_, ShelfError>(())
            };
            let object = ObjectMetadata { name, ..ObjectMetadata::default() };
            let put = async { self.objects.put(object, &mut source).await.map_err(async_nats::Error::from) };
            let (filled, put) = futures::join!(fill, put);
            filled?;
            put?;
            Ok(())
        })
    }

    /// Writes the snapshot of `position` into `store`.
    pub fn fetch(&self, position: GroupPosition, store: &dyn SnapshotStore) -> Result<Manifest, ShelfError> {
        let name = self.name(position);
        let read = async {
            let mut object =
                patiently(async || self.objects.get(&name).await).await.map_err(async_nats::Error::from)?;
            read_all(&name, &mut object, store).await
        };
        self.runtime.block_on(read)
    }

    /// Removes all but the newest `keep`.
    pub fn remove_surplus(&self, keep: usize) -> Result<(), ShelfError> {
        for position in self.positions()?.into_iter().skip(keep.max(LEAST_KEPT)) {
            let name = self.name(position);
            self.runtime.block_on(self.objects.delete(&name)).map_err(async_nats::Error::from)?;
        }
        Ok(())
    }

    /// Sees to it that `store` has the newest snapshot of the journal: that on the shelf, where it has none as new.
    /// Snapshots of another journal, which were left by one that is not there any more, go.
    pub fn catch_up(&self, store: &dyn SnapshotStore, journal: JournalId) -> Result<(), ShelfError> {
        let mut own = None;
        for Listed { number, state, .. } in store.list()? {
            match state {
                ListedState::Whole(manifest) if manifest.journal == journal => {
                    own = own.max(Some(manifest.position));
                }
                ListedState::Whole(_) => store.remove(number)?,
                ListedState::Unusable(_) | ListedState::SetAside => {}
            }
        }
        match self.positions()?.first() {
            Some(newest) if own < Some(*newest) => self.fetch(*newest, store).map(drop),
            Some(_) | None => Ok(()),
        }
    }
}

/// Everything on the shelf of a cluster.
pub(super) async fn listed(objects: &ObjectStore) -> Result<Vec<(Partition, GroupPosition)>, ShelfError> {
    let list = objects.list().await.map_err(async_nats::Error::from)?;
    let all: Vec<_> = list.map_err(async_nats::Error::from).try_collect().await?;
    let place = |name: &str| {
        let (partition, position) = name.split_once('/')?;
        Some((Partition(partition.parse().ok()?), GroupPosition(position.parse().ok()?)))
    };
    Ok(all.iter().filter_map(|info| place(&info.name)).collect())
}

async fn write_all(snapshot: &dyn SnapshotRead, sink: &mut (impl AsyncWrite + Unpin)) -> Result<(), ShelfError> {
    let manifest = snapshot.manifest();
    let bytes = serde_json::to_vec(manifest).map_err(std::io::Error::from)?;
    sink.write_all(MAGIC).await?;
    sink.write_u32_le(length(bytes.len())).await?;
    sink.write_all(&bytes).await?;
    for (side, _) in (0..).zip(&manifest.sides) {
        for block in snapshot.blocks(side) {
            let block = block?;
            sink.write_all(&block.key.to_bytes()).await?;
            sink.write_u32_le(length(block.value.len())).await?;
            sink.write_all(&block.value).await?;
        }
    }
    Ok(())
}

fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).expect("manifests and blocks are smaller than 4 GiB")
}

async fn read_all(
    name: &str,
    source: &mut (impl AsyncRead + Unpin),
    store: &dyn SnapshotStore,
) -> Result<Manifest, ShelfError> {
    let foreign = |what| ShelfError::Foreign { name: name.to_owned(), what };
    let mut magic = [0; MAGIC.len()];
    source.read_exact(&mut magic).await?;
    if magic != *MAGIC {
        return Err(foreign("it begins with something else"));
    }
    let manifest = read_piece(source, MAX_MANIFEST_BYTES).await?.ok_or_else(|| foreign("its manifest is too large"))?;
    let sent: Manifest = serde_json::from_slice(&manifest).map_err(|_| foreign("its manifest cannot be read"))?;
    let mut writer = store.begin()?;
    let blocks: u64 = sent.sides.iter().map(|side| side.blocks).sum();
    for _ in 0..blocks {
        let mut key = [0; BlockKey::BYTES];
        source.read_exact(&mut key).await?;
        let key = BlockKey::from_bytes(&key).ok_or_else(|| foreign("a block has no key"))?;
        let value = read_piece(source, MAX_BLOCK_BYTES).await?.ok_or_else(|| foreign("a block is too large"))?;
        writer.put(key, &value)?;
    }
    // The end brings the object's own check.
    if source.read(&mut [0]).await? != 0 {
        return Err(ShelfError::Differs { name: name.to_owned() });
    }
    let written = writer.finish(draft(&sent))?;
    if written.sides != sent.sides {
        store.remove(written.number)?;
        return Err(ShelfError::Differs { name: name.to_owned() });
    }
    Ok(written)
}

/// A length and as many bytes; `None` if there are more than `most`.
async fn read_piece(source: &mut (impl AsyncRead + Unpin), most: usize) -> std::io::Result<Option<Vec<u8>>> {
    let length = usize::try_from(source.read_u32_le().await?).unwrap_or(usize::MAX);
    if length > most {
        return Ok(None);
    }
    let mut bytes = vec![0; length];
    source.read_exact(&mut bytes).await?;
    Ok(Some(bytes))
}

fn draft(manifest: &Manifest) -> Draft {
    let sides = manifest.sides.iter().map(|side| DraftSide {
        key: side.key,
        seq: side.seq,
        conversations: side.conversations,
        accounts: side.accounts,
    });
    Draft {
        program: manifest.program.clone(),
        created_at: manifest.created_at,
        took_millis: manifest.took_millis,
        journal: manifest.journal,
        position: manifest.position,
        last_receipt: manifest.last_receipt,
        apply_version: manifest.apply_version,
        record_version: manifest.record_version,
        model: manifest.model.clone(),
        sides: sides.collect(),
    }
}

/// A node's own store, whose snapshots are laid on the shelf as they are finished. One that could not be laid down is
/// none: what the engine trims from the log is below snapshots that it has, and so below ones that others find, too.
pub struct ShelvedStore {
    own: Arc<dyn SnapshotStore>,
    shelf: Shelf,
    keep: usize,
}

impl ShelvedStore {
    /// Keeps the newest `keep` on the shelf, and [`LEAST_KEPT`] at least.
    pub fn new(own: Arc<dyn SnapshotStore>, shelf: Shelf, keep: usize) -> Self {
        Self { own, shelf, keep }
    }
}

impl SnapshotStore for ShelvedStore {
    fn begin(&self) -> Result<Box<dyn SnapshotWriter>, SnapshotError> {
        let (own, shelf, keep) = (Arc::clone(&self.own), self.shelf.clone(), self.keep);
        Ok(Box::new(ShelvedWriter { writer: self.own.begin()?, own, shelf, keep }))
    }

    fn list(&self) -> Result<Vec<Listed>, SnapshotError> {
        self.own.list()
    }

    fn open(&self, number: SnapshotNumber) -> Result<Arc<dyn SnapshotRead>, SnapshotError> {
        self.own.open(number)
    }

    fn remove(&self, number: SnapshotNumber) -> Result<(), SnapshotError> {
        self.own.remove(number)
    }

    fn set_aside(&self, number: SnapshotNumber) -> Result<PathBuf, SnapshotError> {
        self.own.set_aside(number)
    }

    fn remove_set_aside(&self, number: SnapshotNumber) -> Result<(), SnapshotError> {
        self.own.remove_set_aside(number)
    }
}

struct ShelvedWriter {
    writer: Box<dyn SnapshotWriter>,
    own: Arc<dyn SnapshotStore>,
    shelf: Shelf,
    keep: usize,
}

impl SnapshotWriter for ShelvedWriter {
    fn number(&self) -> SnapshotNumber {
        self.writer.number()
    }

    fn put(&mut self, key: BlockKey, value: &[u8]) -> Result<(), SnapshotError> {
        self.writer.put(key, value)
    }

    fn finish(self: Box<Self>, draft: Draft) -> Result<Manifest, SnapshotError> {
        let Self { writer, own, shelf, keep } = *self;
        let manifest = writer.finish(draft)?;
        let laid = own.open(manifest.number).map_err(ShelfError::from).and_then(|snapshot| shelf.lay(&*snapshot));
        if let Err(error) = laid {
            own.remove(manifest.number)?;
            return Err(SnapshotError::Engine { what: error.to_string() });
        }
        if let Err(error) = shelf.remove_surplus(keep) {
            tracing::warn!(%error, "older snapshots stay on the shelf; the next one tries again");
        }
        Ok(manifest)
    }
}
