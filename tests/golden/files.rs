//! The golden files, and data directories made of them.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use tempfile::TempDir;
use tripswitch::domain::record::Frame;
use tripswitch::domain::system_table::SystemTable;
use tripswitch::domain::workspace::Workspace;
use tripswitch::domain::workspace::cut::Block;
use tripswitch::domain::workspace::restore::Restoring;
use tripswitch::journal::codec::{GroupBuilder, decode_group, encode_record};
use tripswitch::journal::file::{FileJournal, FileOptions, ReadOnlyJournal};
use tripswitch::journal::{Journal, JournalRead};
use tripswitch::recovery::{Progress, State, recover};
use tripswitch::snapshot::envelope;
use tripswitch::snapshot::memory::MemorySnapshots;

use crate::P;
use crate::stream::{self, FixedIds};

pub const MIB: u64 = 1 << 20;
const SEGMENT: &str = "journal.segment";
const FRAMES: &str = "frames.txt";
const HASHES: &str = "state-hashes.txt";
const BLOCKS: &str = "snapshot-blocks.bin";

/// What is checked in, and the stream that it is compared with.
pub struct Golden {
    /// The used part of the journal's only segment.
    pub segment: Vec<u8>,
    pub frames_text: String,
    pub hashes_text: String,
    /// Every block of a snapshot of the state that the journal comes to, each behind its length (u32,
    /// little-endian).
    pub blocks: Vec<u8>,
    /// The frames, by group.
    pub made: Vec<Vec<Frame>>,
}

/// Read once, after the files were written where the environment asks for that.
pub static GOLDEN: LazyLock<Golden> = LazyLock::new(|| {
    let made = stream::make();
    let anew = std::env::var("TRIPSWITCH_GOLDEN").unwrap_or_default();
    match anew.as_str() {
        "" | "state-hashes" => {}
        "all" => {
            fs::write(directory().join(SEGMENT), write(&made)).unwrap();
            fs::write(directory().join(FRAMES), frames_text(&made.concat())).unwrap();
        }
        other => panic!("TRIPSWITCH_GOLDEN is state-hashes or all, not {other}"),
    }
    let segment = fs::read(directory().join(SEGMENT)).unwrap();
    if !anew.is_empty() {
        fs::write(directory().join(HASHES), hashes_of(&Place::new(&segment, true))).unwrap();
        fs::write(directory().join(BLOCKS), blocks_of(&Place::new(&segment, true))).unwrap();
    }
    let text = |name: &str| fs::read_to_string(directory().join(name)).unwrap();
    let blocks = fs::read(directory().join(BLOCKS)).unwrap();
    Golden { segment, frames_text: text(FRAMES), hashes_text: text(HASHES), blocks, made }
});

pub fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/v1")
}

/// A data directory of its own with the golden journal.
pub struct Place(TempDir);

impl Place {
    /// `padded`: with a segment of full size, as the program makes it.
    pub fn of_golden(padded: bool) -> Self {
        Self::new(&GOLDEN.segment, padded)
    }

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

    pub fn open_read_only(&self) -> ReadOnlyJournal {
        FileJournal::open_read_only(self.path()).unwrap()
    }
}

fn segment_path(data: &Path) -> PathBuf {
    data.join(format!("journal/{:020}.segment", 1))
}

/// Writes the groups as the program does; answers the used part of the segment, in whole blocks.
pub fn write(groups: &[Vec<Frame>]) -> Vec<u8> {
    let root = tempfile::tempdir().unwrap();
    let options = FileOptions { segment_bytes: MIB };
    let mut journal = FileJournal::open(root.path(), &options, &FixedIds::default()).unwrap().journal;
    for frames in groups {
        let mut builder = GroupBuilder::default();
        builder.begin(frames[0].receipt);
        for frame in frames {
            builder.push(frame.key, frame.seq, frame.apply_version, &encode_record(&frame.record));
        }
        let last = journal.last(P);
        journal.append(P, last, builder.finish()).unwrap();
    }
    drop(journal);
    let mut bytes = fs::read(segment_path(root.path())).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    bytes.truncate(used.next_multiple_of(512));
    bytes
}

pub fn frames_of(journal: &dyn JournalRead) -> Vec<Frame> {
    let entries = journal.read(P, journal.first(P)).unwrap();
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

/// One line a workspace side: its name, the seq it stands at, and the hash of its state.
pub fn state_hashes() -> String {
    hashes_of(&Place::of_golden(true))
}

/// The system workspace, and the others by their keys.
fn states(place: &Place) -> (SystemTable, Vec<Workspace>) {
    let mut recovered = recover(&place.open_read_only(), &MemorySnapshots::default(), &Progress::default()).unwrap();
    recovered.workspaces.sort_by_key(|(key, _)| *key);
    let ready = |(_, state)| match state {
        State::Ready(workspace) => *workspace,
        State::Failed(at) => panic!("applying event {at} failed"),
    };
    (recovered.system, recovered.workspaces.into_iter().map(ready).collect())
}

fn hashes_of(place: &Place) -> String {
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

/// The blocks of a snapshot as it is written by this program.
pub fn blocks() -> Vec<u8> {
    blocks_of(&Place::of_golden(true))
}

fn blocks_of(place: &Place) -> Vec<u8> {
    let mut bytes = Vec::new();
    for mut workspace in states(place).1 {
        for block in workspace.cut().blocks() {
            let block = envelope::encode(&block);
            bytes.extend_from_slice(&u32::try_from(block.len()).unwrap().to_le_bytes());
            bytes.extend_from_slice(&block);
        }
    }
    bytes
}

/// The workspaces that the golden blocks are of.
pub fn restored() -> Vec<Workspace> {
    let (mut rest, mut restored, mut current) = (GOLDEN.blocks.as_slice(), Vec::new(), Restoring::default());
    while let Some((length, behind)) = rest.split_first_chunk() {
        let (block, behind) = behind.split_at(u32::from_le_bytes(*length) as usize);
        let block: Block<'_> = envelope::decode(block).unwrap();
        if matches!(block, Block::Head(_)) && rest.len() < GOLDEN.blocks.len() {
            restored.push(std::mem::take(&mut current).finish().unwrap());
        }
        current.push(block).unwrap();
        rest = behind;
    }
    restored.push(current.finish().unwrap());
    restored
}
