//! The golden files, and data directories made of them.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use tempfile::TempDir;
use tripswitch::clock::ManualClock;
use tripswitch::domain::audit::{Audited, Noted, Trail};
use tripswitch::domain::ids::Position;
use tripswitch::domain::record::Frame;
use tripswitch::domain::system_table::SystemTable;
use tripswitch::domain::time::Millis;
use tripswitch::domain::workspace::Workspace;
use tripswitch::journal::codec::{GroupBuilder, decode_group, encode_record};
use tripswitch::journal::{GroupPosition, JournalRead};
use tripswitch::recovery::save::{Moment, SaveProgress, save};
use tripswitch::recovery::versions::{SideBlocks, SystemBlocks};
use tripswitch::recovery::{Progress, RecoveredSide, recover};
use tripswitch::snapshot::envelope::HEADER_BYTES;
use tripswitch::snapshot::memory::MemorySnapshots;
use tripswitch::snapshot::{Block, JournalId, SnapshotStore};
use tripswitch::storage::{FileOptions, ReadOnly, Storage};

use crate::stream::{self, FixedIds};

pub const MIB: u64 = 1 << 20;
const SEGMENT: &str = "journal.segment";
const FRAMES: &str = "frames.txt";
const HASHES: &str = "state-hashes.txt";
const BLOCKS: &str = "snapshot-blocks.bin";
const TRAILS: &str = "trails.txt";

/// What is checked in of one version, and the stream that it is compared with.
pub struct Golden {
    pub version: u8,
    /// The used part of the journal's only segment.
    pub segment: Vec<u8>,
    pub frames_text: String,
    pub hashes_text: String,
    /// Every block of a snapshot of the state that the journal comes to. Version 1: those of sides, each
    /// behind its length; later: all, each behind side, section and length (u32, u8, u32). Integers are
    /// little-endian.
    pub blocks: Vec<u8>,
    /// The frames, by group.
    pub made: Vec<Vec<Frame>>,
}

/// What older programs have written: never anew.
pub static V1: LazyLock<Golden> = LazyLock::new(|| Golden::read(1));
pub static V2: LazyLock<Golden> = LazyLock::new(|| Golden::read(2));
pub static V3: LazyLock<Golden> = LazyLock::new(|| Golden::read(3));
pub static V4: LazyLock<Golden> = LazyLock::new(|| Golden::read(4));
pub static V5: LazyLock<Golden> = LazyLock::new(|| Golden::read(5));
pub static V6: LazyLock<Golden> = LazyLock::new(|| Golden::read(6));
/// What this program writes. Written anew before it is read, where the environment asks for that.
pub static V7: LazyLock<Golden> = LazyLock::new(|| Golden::read(WRITTEN));

const WRITTEN: u8 = 7;

impl Golden {
    fn read(version: u8) -> Self {
        let made = stream::make(version);
        let anew = std::env::var("TRIPSWITCH_GOLDEN").unwrap_or_default();
        match anew.as_str() {
            "" | "state-hashes" => {}
            "all" if version < WRITTEN => {}
            "all" => {
                fs::create_dir_all(directory(version)).unwrap();
                fs::write(directory(version).join(SEGMENT), write(&made)).unwrap();
                fs::write(directory(version).join(FRAMES), frames_text(&made.concat())).unwrap();
            }
            other => panic!("TRIPSWITCH_GOLDEN is state-hashes or all, not {other}"),
        }
        let segment = fs::read(directory(version).join(SEGMENT)).unwrap();
        let place = Place::new(&segment, true);
        if !anew.is_empty() && version > 1 {
            fs::write(directory(version).join(TRAILS), trails_of(&place)).unwrap();
        }
        if !anew.is_empty() && version == WRITTEN {
            fs::write(directory(version).join(HASHES), hashes_of(&place)).unwrap();
            fs::write(directory(version).join(BLOCKS), blocks_of(&place)).unwrap();
        }
        let text = |name: &str| fs::read_to_string(directory(version).join(name)).unwrap();
        let blocks = fs::read(directory(version).join(BLOCKS)).unwrap();
        Self { version, segment, frames_text: text(FRAMES), hashes_text: text(HASHES), blocks, made }
    }

    /// A data directory with this journal. `padded`: with a segment of full size, as the program makes it.
    pub fn place(&self, padded: bool) -> Place {
        Place::new(&self.segment, padded)
    }

    /// The workspaces that the blocks of version 1 are of.
    pub fn restored_1(&self) -> Vec<Workspace> {
        let (mut rest, mut restored, mut current) = (self.blocks.as_slice(), Vec::new(), SideBlocks::default());
        while let Some((length, behind)) = rest.split_first_chunk() {
            let (block, behind) = behind.split_at(u32::from_le_bytes(*length) as usize);
            let is_head = block[HEADER_BYTES..][..4] == [0; 4];
            if is_head && rest.len() < self.blocks.len() {
                restored.push(std::mem::take(&mut current).finish().unwrap());
            }
            current.push(block).unwrap();
            rest = behind;
        }
        restored.push(current.finish().unwrap());
        restored
    }

    /// What the blocks since version 2 are of.
    pub fn restored(&self) -> (SystemTable, Vec<Workspace>) {
        let (mut rest, mut system, mut sides) = (self.blocks.as_slice(), SystemBlocks::default(), BTreeMap::new());
        while let Some((head, behind)) = rest.split_first_chunk::<9>() {
            let (side, section) = (u32::from_le_bytes([head[0], head[1], head[2], head[3]]), head[4]);
            let length = u32::from_le_bytes([head[5], head[6], head[7], head[8]]);
            let (block, behind) = behind.split_at(length as usize);
            match side {
                0 => system.push(section, block).unwrap(),
                side => sides.entry(side).or_insert_with(SideBlocks::default).push(block).unwrap(),
            }
            rest = behind;
        }
        (system.finish().unwrap(), sides.into_values().map(|side| side.finish().unwrap()).collect())
    }
}

pub fn directory(version: u8) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/v{version}"))
}

/// A data directory of its own with the golden journal.
pub struct Place(TempDir);

impl Place {
    fn new(segment: &[u8], padded: bool) -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("journal")).unwrap();
        let path = segment_path(root.path());
        fs::write(&path, segment).unwrap();
        if padded {
            fs::File::options().write(true).open(path).unwrap().set_len(MIB).unwrap();
        }
        Self(root)
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Nothing in it is torn.
    pub fn journal(&self) -> Box<dyn JournalRead + Send + Sync> {
        let ReadOnly { journal, torn, .. } = ReadOnly::open(self.path()).unwrap();
        assert_eq!(torn, []);
        journal
    }
}

fn segment_path(data: &Path) -> PathBuf {
    data.join(format!("journal/{:020}.segment", 1))
}

/// Writes the groups as the program does; answers the used part of the segment, in whole blocks.
pub fn write(groups: &[Vec<Frame>]) -> Vec<u8> {
    let root = tempfile::tempdir().unwrap();
    let options = FileOptions { segment_bytes: MIB };
    let mut journal = Storage::open(root.path(), &options, &FixedIds::default()).unwrap().journal;
    for frames in groups {
        let mut builder = GroupBuilder::default();
        builder.begin(frames[0].receipt);
        for frame in frames {
            builder.push(frame.key, frame.seq, frame.apply_version, &encode_record(&frame.record));
        }
        let last = journal.last();
        journal.append(last, builder.finish()).unwrap();
    }
    drop(journal);
    let mut bytes = fs::read(segment_path(root.path())).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    bytes.truncate(used.next_multiple_of(512));
    bytes
}

pub fn frames_of(journal: &dyn JournalRead) -> Vec<Frame> {
    let entries = journal.read(journal.first()).unwrap();
    entries.flat_map(|entry| decode_group(&entry.unwrap().group).unwrap().frames).collect()
}

/// One line a frame.
pub fn frames_text(frames: &[Frame]) -> String {
    let mut text = String::new();
    for frame in frames {
        let Frame { key, seq, receipt, apply_version, record } = frame;
        writeln!(text, "{} {:?} {seq} at {receipt}, apply {apply_version}: {record:?}", key.id, key.side).unwrap();
    }
    text
}

/// The system workspace, and the others by their keys.
pub fn states(place: &Place) -> (SystemTable, Vec<Workspace>) {
    let mut recovered = recover(&*place.journal(), &MemorySnapshots::default(), &Progress::default()).unwrap();
    recovered.workspaces.sort_by_key(|(key, _)| *key);
    let ready = |(_, state)| match state {
        RecoveredSide::Ready(workspace) => *workspace,
        RecoveredSide::Failed(at) => panic!("applying event {at} failed"),
    };
    (recovered.system, recovered.workspaces.into_iter().map(ready).collect())
}

/// One line a workspace side: its name, the seq it stands at, and the hash of its state.
pub fn hashes_of(place: &Place) -> String {
    let (system, workspaces) = states(place);
    let table = bincode::serde::encode_to_vec(&system, bincode::config::legacy()).unwrap();
    format!("system {}\n{}", blake3::hash(&table), sides_text(&workspaces))
}

/// One line a side.
pub fn sides_text(workspaces: &[Workspace]) -> String {
    let mut text = String::new();
    for workspace in workspaces {
        let (key, hash) = (workspace.key(), blake3::Hash::from_bytes(workspace.state_hash()));
        writeln!(text, "{} {:?} {} {hash}", key.id, key.side, workspace.applied()).unwrap();
    }
    text
}

/// Who did what, one line an entry, with how often and when last where it came again.
pub fn trails_of(place: &Place) -> String {
    let (system, sides) = states(place);
    let mut text = String::from("system\n");
    system.trails().iter().for_each(|trail| write_trail(&mut text, trail));
    for side in sides {
        writeln!(text, "{} {:?}", side.key().id, side.key().side).unwrap();
        write_trail(&mut text, side.trail());
    }
    text
}

fn write_trail<A: Audited + Debug>(text: &mut String, trail: &Trail<A>) {
    let newest_first: Vec<_> = trail.before(Millis::MAX, Position::ZERO).collect();
    for Noted { entry, count, last } in newest_first.into_iter().rev() {
        let again = if count > 1 { format!(" {count} times, last {last}") } else { String::new() };
        writeln!(text, "{entry:?}{again}").unwrap();
    }
}

pub fn trails(golden: &Golden) -> String {
    fs::read_to_string(directory(golden.version).join(TRAILS)).unwrap()
}

/// The blocks of a snapshot as it is written by this program.
pub fn blocks_of(place: &Place) -> Vec<u8> {
    let (system, mut sides) = states(place);
    let cuts: Vec<_> = sides.iter_mut().map(Workspace::cut).collect();
    let (store, count) = (MemorySnapshots::default(), cuts.len() as u32);
    let moment = Moment {
        created_at: 0,
        journal: JournalId(FixedIds::JOURNAL),
        position: GroupPosition(1),
        last_receipt: Some(0),
        system,
        cuts,
    };
    let number = save(&store, moment, &ManualClock::new(0), &SaveProgress::default()).unwrap().number;
    let snapshot = store.open(number).unwrap();
    let mut bytes = Vec::new();
    for block in (0..=count).flat_map(|side| snapshot.blocks(side)) {
        let Block { key, value } = block.unwrap();
        bytes.extend_from_slice(&key.side.to_le_bytes());
        bytes.push(key.section);
        bytes.extend_from_slice(&u32::try_from(value.len()).unwrap().to_le_bytes());
        bytes.extend_from_slice(&value);
    }
    bytes
}
