//! The journal's reader (R9.4) on arbitrary segments, and the codec on arbitrary groups and records:
//! what is read is whole and comes back when it is written again; the rest is refused.
//!
//! The first byte of the input says what the rest is: a record, a group, or the bytes of one or two
//! segments, as they are or with the checksums (and the links of the chain) set right, without which
//! hardly anything would get past them.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tripswitch::journal::codec::{
    GroupBuilder, GroupView, decode_frames_of, decode_group, decode_record, encode_record,
};
use tripswitch::journal::{GroupPosition, MAX_GROUP_BYTES};
use tripswitch::storage::{OpenError, ReadOnly};

use crate::memory;

const BLOCK: usize = 512;
const HEADER: usize = 64;

/// What decoding may take: bincode believes a text's length up to the size of a group, and serde makes
/// room for a megabyte of a list's items before the first is there.
fn memory_for(bytes: &[u8]) -> usize {
    MAX_GROUP_BYTES + (4 << 20) + 64 * bytes.len()
}

pub fn check(data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else { return };
    match choice & 3 {
        0 => check_record(rest),
        1 => check_group(rest),
        2 => check_segments(*choice, rest.to_vec()),
        _ => {
            let mut image = rest.to_vec();
            mend(&mut image, choice & 4 != 0);
            check_segments(*choice, image);
        }
    }
}

fn check_record(bytes: &[u8]) {
    let Ok(record) = memory::within(memory_for(bytes), || decode_record(bytes)) else { return };
    assert_eq!(encode_record(&record), bytes);
}

fn check_group(bytes: &[u8]) {
    let decoded = memory::within(memory_for(bytes), || decode_group(bytes));
    let Ok(view) = GroupView::new(bytes) else {
        assert!(decoded.is_err(), "it has no header");
        return;
    };
    let frames: Vec<_> = view.frames().collect();
    if let Ok(first) = frames.first().map(|first| first.as_ref()).transpose()
        && let Some(first) = first
    {
        let own = decode_frames_of(bytes, first.key);
        assert!(decoded.is_err() || own.is_ok(), "all frames are good, but not those of one workspace");
    }
    let Ok(content) = decoded else { return };
    assert_eq!(content.frames.len(), frames.len());
    let mut builder = GroupBuilder::default();
    builder.begin(content.receipt);
    let mut expected = bytes.to_vec();
    expected[2..4].fill(0);
    let mut at = 16;
    for (frame, raw) in content.frames.iter().zip(frames) {
        let raw = raw.expect("the group was decoded");
        assert_eq!((raw.key, raw.seq, raw.apply_version), (frame.key, frame.seq, frame.apply_version));
        builder.push(frame.key, frame.seq, frame.apply_version, &encode_record(&frame.record));
        // Reserved: read over.
        expected[at + 17] = 0;
        at += 32 + raw.record.len();
    }
    assert_eq!(builder.finish(), expected);
}

/// One data directory for the whole run, on memory where there is some: every input is written to it.
fn data_dir() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a directory of its own")
}

thread_local! {
    static PLACE: TempDir = data_dir();
}

fn check_segments(choice: u8, image: Vec<u8>) {
    // Where the second segment begins, in blocks; 0 for none.
    let cut = usize::from(choice >> 3) * BLOCK;
    PLACE.with(|place| {
        let directory = place.path().join("journal");
        fs::create_dir_all(&directory).expect("a directory of our own");
        // Their names fit their headers where that is possible: those before may have been trimmed.
        let number =
            image.get(24..32).and_then(|field| field.first_chunk()).map_or(1, |field| u64::from_le_bytes(*field));
        let number = number.clamp(1, u64::MAX - 1);
        let paths = [number, number + 1].map(|number| directory.join(format!("{number:020}.segment")));
        let (first, second) = image.split_at(if cut == 0 { image.len() } else { cut.min(image.len()) });
        fs::write(&paths[0], first).expect("a file of our own");
        if !second.is_empty() {
            fs::write(&paths[1], second).expect("a file of our own");
        }
        let opened = memory::within(memory_for(&image), || ReadOnly::open(place.path()));
        match opened {
            Ok(opened) => check_journal(&opened, [(&paths[0], first), (&paths[1], second)]),
            Err(OpenError::Damaged { file, .. } | OpenError::UnknownVersion { file, .. }) => {
                assert!(paths.contains(&file), "{}", file.display());
            }
            Err(error) => panic!("only the bytes can be at fault: {error}"),
        }
        paths.iter().for_each(|path| drop(fs::remove_file(path)));
    });
}

/// The scan has let it through: now everything in it can be read.
fn check_journal(ReadOnly { journal, torn, .. }: &ReadOnly, segments: [(&PathBuf, &[u8]); 2]) {
    // A partition with another number than this one's has no groups in it.
    let mut next = journal.first();
    if let Ok(entries) = journal.read(next) {
        for entry in entries {
            let entry = entry.expect("the scan has read it");
            assert_eq!(entry.position, next, "no gap");
            next = GroupPosition(next.0 + 1);
            check_group(&entry.group);
        }
    }
    for torn in torn {
        let (_, segment) = segments.into_iter().find(|(path, _)| **path == torn.file).expect("one of them");
        let end = torn.offset + torn.bytes;
        assert!(torn.bytes > 0 && end <= segment.len() as u64, "{torn:?}");
    }
}

/// Sets the checksums of all segments' and groups' headers right; with `chain`, the groups' numbers
/// and what each says of the one before as well.
fn mend(image: &mut [u8], chain: bool) {
    let (mut at, mut number, mut previous) = (0, 1_u64, 0_u32);
    while at + HEADER <= image.len() {
        let group = match image[at..].first_chunk::<8>() {
            Some(b"TripsGrp") => true,
            Some(b"TripsSeg") => false,
            Some(_) | None => {
                at += BLOCK;
                continue;
            }
        };
        if chain && group {
            image[at + 24..at + 32].copy_from_slice(&number.to_le_bytes());
            image[at + 32..at + 36].copy_from_slice(&previous.to_le_bytes());
        }
        let length = image[at + 12..].first_chunk().map_or(0, |length| u32::from_le_bytes(*length)) as usize;
        let body = image.get(at + HEADER..at + HEADER + length).map(<[u8]>::to_vec).unwrap_or_default();
        image[at + 16..at + 20].fill(0);
        let checksum = crc32c::crc32c_append(crc32c::crc32c(&image[at..at + HEADER]), &body);
        image[at + 16..at + 20].copy_from_slice(&checksum.to_le_bytes());
        if group {
            (number, previous) = (number.wrapping_add(1), checksum);
        }
        at += (HEADER + body.len()).next_multiple_of(BLOCK);
    }
}
