//! R9.4: random bits of a real journal flip, anywhere before its last group. A start is refused with file
//! and offset, or the bit stood where nothing is kept and nothing changes; never is a group passed over.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use tripswitch::domain::record::Frame;
use tripswitch::journal::GroupPosition;
use tripswitch::journal::codec::decode_group;
use tripswitch::storage::{OpenError, ReadOnly};

use crate::support::events::bulk;
use crate::support::from_env;
use crate::support::journal::{BLOCK, groups, overwrite, segments};
use crate::support::process::{Home, NO_SPAWN, SERVE, told};
use crate::support::random::Random;

const FLIPS: u64 = 200;
/// Refusals that the program is asked for, too.
const STARTS: usize = 6;
const PER_REQUEST: u64 = 400;

/// A data directory whose journal goes on in a second segment.
fn written() -> Home {
    let home = Home::new();
    let server = home.serve();
    let mut client = server.client();
    let mut request = 0;
    while segments(&home.data()).len() < 2 || groups(&segments(&home.data())[1]).len() < 3 {
        assert!(request < 200, "a segment has 1 MiB");
        client.post(&home.at("events"), &bulk("rot", request, PER_REQUEST)).expect(202);
        request += 1;
    }
    server.kill();
    home
}

fn read(data: &Path) -> Result<Vec<Frame>, OpenError> {
    let _no_child = NO_SPAWN.read();
    let journal = ReadOnly::open(data)?.journal;
    let entries = journal.read(GroupPosition(1)).unwrap();
    Ok(entries.flat_map(|entry| decode_group(&entry.unwrap().group).unwrap().frames).collect())
}

/// Bytes of a segment, and the place that a start must name if one of them is wrong; none where nothing is
/// kept.
struct Part {
    segment: PathBuf,
    bytes: Range<u64>,
    place: Option<(PathBuf, u64)>,
}

/// Everything before the last group.
fn parts(data: &Path) -> Vec<Part> {
    let (mut parts, mut end_of_chain) = (Vec::new(), None);
    for path in segments(data) {
        let mut add = |bytes, place| parts.push(Part { segment: path.clone(), bytes, place });
        add(0..64, Some((path.clone(), 0)));
        add(64..BLOCK, None);
        let mut end = BLOCK;
        for (at, length) in groups(&path) {
            // The chain breaks where the group was due: behind the one before it.
            let place = end_of_chain.take().unwrap_or((path.clone(), at));
            end = (at + length).next_multiple_of(BLOCK);
            add(at..at + length, Some(place));
            add(at + length..end, None);
        }
        add(end..fs::metadata(&path).unwrap().len(), None);
        end_of_chain = Some((path, end));
    }
    let last = parts.iter().rposition(|part| part.place.is_some()).unwrap();
    parts.truncate(last);
    parts.retain(|part| !part.bytes.is_empty());
    parts
}

/// A byte anywhere, or, every fourth time, in any part whatever its size: headers and padding are small.
fn pick<'a>(parts: &'a [Part], random: &mut Random) -> (&'a Part, u64) {
    let length = |part: &Part| part.bytes.end - part.bytes.start;
    if random.below(4) == 0 {
        let part = &parts[usize::try_from(random.below(parts.len() as u64)).unwrap()];
        return (part, part.bytes.start + random.below(length(part)));
    }
    let mut left = random.below(parts.iter().map(length).sum());
    for part in parts {
        if left < length(part) {
            return (part, part.bytes.start + left);
        }
        left -= length(part);
    }
    unreachable!("it lies below the sum of all")
}

/// The program itself refuses the start, and says where.
fn starts_are_refused(home: &Home, file: &Path, offset: u64, what: &str) {
    for arguments in [&SERVE[..], &["journal", "verify"]] {
        let start = home.run(arguments);
        assert_eq!(start.status.code(), Some(65), "{what}, {arguments:?}: {}", told(&start));
        let message = String::from_utf8_lossy(&start.stderr);
        assert!(message.contains(file.to_str().unwrap()), "{what}: {message}");
        assert!(message.contains(&format!("byte {offset}")), "{what}, {offset}: {message}");
    }
}

#[test]
fn r9_4_random_flipped_bits_before_the_last_group_are_refused_or_change_nothing() {
    let seed = from_env("TRIPSWITCH_SEED", 1);
    let home = written();
    let (frames, parts) = (read(&home.data()).unwrap(), parts(&home.data()));
    let before: Vec<_> = segments(&home.data()).iter().map(|path| fs::read(path).unwrap()).collect();
    let mut random = Random::of(seed, &[18]);
    let (mut refused, mut harmless) = (0, 0);
    for flip in 0..FLIPS {
        let (part, at) = pick(&parts, &mut random);
        let (path, place) = (&part.segment, &part.place);
        let bit = random.below(8);
        let what = format!("TRIPSWITCH_SEED={seed}, flip {flip}: bit {bit} of byte {at} of {}", path.display());
        let index = segments(&home.data()).iter().position(|segment| segment == path).unwrap();
        let byte = before[index][usize::try_from(at).unwrap()];
        overwrite(path, at, &[byte ^ 1 << bit]);
        match (read(&home.data()), place) {
            (Ok(read), None) => {
                assert!(read == frames, "{what}: other frames");
                harmless += 1;
            }
            (Err(OpenError::Damaged { file, offset, .. }), Some(place)) => {
                assert_eq!((&file, offset), (&place.0, place.1), "{what}");
                if refused < STARTS {
                    starts_are_refused(&home, &file, offset, &what);
                }
                refused += 1;
            }
            (other, place) => panic!("{what}, place {place:?}: {:?}", other.map(|frames| frames.len())),
        }
        overwrite(path, at, &[byte]);
    }
    println!("{FLIPS} flips: {refused} refused, {harmless} in padding");
    assert!(refused > STARTS && harmless > 0, "seed {seed}: {refused} refused, {harmless} harmless");
    let after: Vec<_> = segments(&home.data()).iter().map(|path| fs::read(path).unwrap()).collect();
    assert!(before == after, "no start has changed anything");
    assert!(read(&home.data()).unwrap() == frames);
}
