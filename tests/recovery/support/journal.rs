//! The journal that a process has left behind: its files, and its frames through the library.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use tripswitch::domain::ids::{Id, Side, WorkspaceKey};
use tripswitch::domain::local::Local;
use tripswitch::domain::record::{Frame, Record};
use tripswitch::domain::settings::Settings;
use tripswitch::ids::RandomIds;
use tripswitch::journal::GroupPosition;
use tripswitch::journal::codec::decode_group;
use tripswitch::recovery::{Progress, Recovered, RecoveredSide, recover};
use tripswitch::storage::{FileOptions, Storage};

use super::process::NO_SPAWN;

/// Groups begin on multiples of this, with this magic.
pub const BLOCK: u64 = 512;
const MAGIC: &[u8] = b"TripsGrp";

/// The segment files, in order.
pub fn segments(data: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(data.join("journal")).unwrap().map(|entry| entry.unwrap().path());
    let mut segments: Vec<_> = entries.filter(|path| path.extension().is_some_and(|e| e == "segment")).collect();
    segments.sort();
    assert!(!segments.is_empty());
    segments
}

/// Where the groups of a segment begin, and how long they are without padding.
pub fn groups(segment: &Path) -> Vec<(u64, u64)> {
    let bytes = fs::read(segment).unwrap();
    let blocks = bytes.chunks(BLOCK as usize).enumerate().filter(|(_, block)| block.starts_with(MAGIC));
    let length = |block: &[u8]| 64 + u64::from(u32::from_le_bytes(block[12..16].try_into().unwrap()));
    blocks.map(|(index, block)| (index as u64 * BLOCK, length(block))).collect()
}

/// What a power cut may do: behind `offset` of the segment named `synced`, each block reaches the disk or
/// not, as `keeps` says. Answers how many blocks were lost that were not empty.
#[cfg(feature = "faults")]
pub fn cut_power(data: &Path, synced: &str, offset: u64, mut keeps: impl FnMut() -> bool) -> usize {
    let mut lost = 0;
    for path in segments(data) {
        let name = path.file_name().unwrap().to_str().unwrap();
        // Segments are made whole and synced before they have a name; only their groups may go.
        let from = match name.cmp(synced) {
            std::cmp::Ordering::Less => continue,
            std::cmp::Ordering::Equal => offset,
            std::cmp::Ordering::Greater => BLOCK,
        };
        let bytes = fs::read(&path).unwrap();
        for at in (from..bytes.len() as u64).step_by(BLOCK as usize) {
            let block = &bytes[usize::try_from(at).unwrap()..][..BLOCK as usize];
            if block.iter().any(|byte| *byte != 0) && !keeps() {
                overwrite(&path, at, &[0; BLOCK as usize]);
                lost += 1;
            }
        }
    }
    lost
}

pub fn overwrite(path: &Path, offset: u64, bytes: &[u8]) {
    File::options().write(true).open(path).unwrap().write_all_at(bytes, offset).unwrap();
}

/// Opens the journal as the server does, for as long as `look` takes; nobody else may have it.
fn open<T>(data: &Path, look: impl FnOnce(&Storage) -> T) -> T {
    let _no_child = NO_SPAWN.read();
    look(&Storage::open(data, &FileOptions { segment_bytes: 1 << 20 }, &RandomIds).unwrap())
}

/// All frames of all workspaces, in order.
pub fn frames(data: &Path) -> Vec<Frame> {
    open(data, |storage| {
        let entries = storage.journal.read(GroupPosition(1)).unwrap();
        entries.flat_map(|entry| decode_group(&entry.unwrap().group).unwrap().frames).collect()
    })
}

/// What a start would recover.
pub fn recovered(data: &Path) -> Recovered {
    open(data, |storage| recover(&*storage.journal, &*storage.snapshots, &Progress::default()).unwrap())
}

/// The live side of a workspace.
pub fn live(workspace: &str) -> WorkspaceKey {
    WorkspaceKey { id: Id::from(workspace.parse::<uuid::Uuid>().unwrap()), side: Side::Live }
}

/// The hash of a workspace's state as a start would recover it, and the seq it stands at.
pub fn recovered_hash(data: &Path, key: WorkspaceKey) -> (u64, [u8; 32]) {
    let states = recovered(data).workspaces;
    let (_, state) = states.into_iter().find(|(found, _)| *found == key).expect("the workspace has frames");
    match state {
        RecoveredSide::Ready(workspace) => (workspace.applied(), workspace.state_hash()),
        RecoveredSide::Failed(at) => panic!("applying event {at} failed"),
    }
}

/// The hash of the state after these frames of one workspace; `size` says how many event frames the
/// next round may have.
pub fn replayed_hash(key: WorkspaceKey, name: &str, frames: &[Frame], mut size: impl FnMut() -> usize) -> [u8; 32] {
    let mut local = Local::new(key, name.into(), Settings::default());
    let mut rest = frames;
    while !rest.is_empty() {
        let events = rest.iter().take_while(|frame| matches!(frame.record, Record::Events(_))).count();
        let (round, behind) = rest.split_at(events.min(size()).max(1));
        local.apply(round);
        rest = behind;
    }
    local.workspace.state_hash()
}
