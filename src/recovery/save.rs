//! From cuts to a snapshot (R9.3).

use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock::Clock;
use crate::domain::audit::Trail;
use crate::domain::ids::WorkspaceKey;
use crate::domain::record::APPLY_VERSION;
use crate::domain::system_table::SystemTable;
use crate::domain::time::Millis;
use crate::domain::workspace::blocks::TrailHead;
use crate::domain::workspace::cut::Cut;
use crate::domain::workspace::pieces::REPEATS_OF_A_BLOCK;
use crate::journal::GroupPosition;
use crate::journal::codec::RECORD_VERSION;
use crate::snapshot::{
    BlockKey, Draft, DraftSide, JournalId, Manifest, SnapshotError, SnapshotStore, SnapshotWriter, envelope,
};

use super::versions::{TRAIL, TrailBlock};

/// The system workspace is one content, which is split into pieces of so many bytes.
const SYSTEM_BLOCK: usize = 48 << 10;

/// The state of everything at one moment.
pub struct Moment {
    pub created_at: Millis,
    pub journal: JournalId,
    /// Every frame of groups up to this one is in the cuts.
    pub position: GroupPosition,
    pub last_receipt: Option<Millis>,
    pub system: SystemTable,
    pub cuts: Vec<Cut>,
}

/// How far the writing of a snapshot is.
#[derive(Debug, Default)]
pub struct SaveProgress {
    records: AtomicU64,
    total: AtomicU64,
}

impl SaveProgress {
    /// 0 to 1, by what has been encoded; reading it back comes after that.
    pub fn share(&self) -> f64 {
        let total = self.total.load(Ordering::Relaxed).max(1);
        self.records.load(Ordering::Relaxed) as f64 / total as f64
    }

    fn begins(&self, total: u64) {
        self.records.store(0, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
    }
}

/// Writes a snapshot and reads it back; blocks for seconds per GiB. Memory that only a cut holds is freed on threads
/// of its own.
pub fn save(
    store: &dyn SnapshotStore,
    moment: Moment,
    clock: &dyn Clock,
    progress: &SaveProgress,
) -> Result<Manifest, SnapshotError> {
    let began = clock.elapsed();
    let Moment { created_at, journal, position, last_receipt, system, mut cuts } = moment;
    cuts.sort_by_key(|cut| cut.head().key);
    progress.begins(cuts.iter().map(Cut::conversations).sum());
    let mut writer = store.begin()?;
    let mut sides = vec![put_system(&mut *writer, &system)?];
    let model = cuts.first().map_or_else(String::new, |cut| cut.head().settings.profile.name.to_string());
    for (side, cut) in (1..).zip(cuts) {
        sides.push(put_side(&mut *writer, side, &cut)?);
        progress.records.fetch_add(cut.conversations(), Ordering::Relaxed);
    }
    let took = clock.elapsed().saturating_sub(began);
    writer.finish(Draft {
        program: env!("CARGO_PKG_VERSION").to_owned(),
        created_at,
        took_millis: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        journal,
        position,
        last_receipt,
        apply_version: APPLY_VERSION,
        record_version: RECORD_VERSION,
        model,
        sides,
    })
}

fn put_system(writer: &mut dyn SnapshotWriter, system: &SystemTable) -> Result<DraftSide, SnapshotError> {
    let bytes = envelope::encode(&(system, system.deleted()));
    for (number, piece) in (0..).zip(bytes.chunks(SYSTEM_BLOCK)) {
        writer.put(BlockKey { side: 0, section: 0, number }, piece)?;
    }
    let trails = system.trails();
    let entries = trails.iter().map(|trail| trail.len() as u64).sum();
    let head = envelope::encode(&TrailHead { after: trails.after(), entries });
    writer.put(BlockKey { side: 0, section: TRAIL, number: 0 }, &head)?;
    let done = trails.iter().flat_map(Trail::chunks).map(|chunk| TrailBlock::Entries(chunk.into()));
    let repeats = trails.iter().flat_map(|trail| trail.repeats().chunks(REPEATS_OF_A_BLOCK));
    let repeats = repeats.map(|chunk| TrailBlock::Repeats(chunk.into()));
    for (number, block) in (1..).zip(done.chain(repeats)) {
        writer.put(BlockKey { side: 0, section: TRAIL, number }, &envelope::encode(&block))?;
    }
    Ok(DraftSide { key: WorkspaceKey::SYSTEM, seq: system.applied(), conversations: 0, accounts: 0 })
}

fn put_side(writer: &mut dyn SnapshotWriter, side: u32, cut: &Cut) -> Result<DraftSide, SnapshotError> {
    let (mut section, mut number) = (0, 0);
    for block in cut.blocks() {
        if block.section() != section {
            (section, number) = (block.section(), 0);
        }
        writer.put(BlockKey { side, section, number }, &envelope::encode(&block))?;
        number += 1;
    }
    let head = cut.head();
    let (conversations, accounts) = (cut.conversations(), head.counts.accounts);
    Ok(DraftSide { key: head.key, seq: head.applied, conversations, accounts })
}
