//! What a crash, or rot, leaves on disk.

use std::fs;
use std::io::ErrorKind;

use rstest::rstest;

use super::super::super::JournalRead;
use super::super::format::{HEADER_BYTES, group_span};
use super::*;

const LAST: usize = 500;

/// Three groups in segment 1; the last has [`LAST`] bytes. Answers its offset and bytes on disk.
fn three_groups(site: &Site) -> (u64, Vec<u8>) {
    let mut journal = site.open();
    append(&mut journal, &payload(1, 100));
    append(&mut journal, &payload(2, 2_000));
    append(&mut journal, &payload(3, LAST));
    drop(journal);
    let offset = BLOCK + group_span(100) + group_span(2_000);
    (offset, site.bytes(1, offset, group_span(LAST)))
}

fn torn_files(site: &Site) -> Vec<PathBuf> {
    let names = fs::read_dir(directory(site.root.path())).unwrap().map(|entry| entry.unwrap().path());
    names.filter(|path| path.extension().is_some_and(|extension| extension == "bin")).collect()
}

/// Opens after a cut; two groups must be left, or all three where the cut only took padding.
fn check_cut(site: &Site, kept: usize, whole: bool) {
    let opened = site.try_open().unwrap_or_else(|error| panic!("cut after {kept} bytes: {error}"));
    let mut journal = opened.journal;
    let mut expected = vec![payload(1, 100), payload(2, 2_000)];
    if whole {
        expected.push(payload(3, LAST));
    }
    assert!(contents(&journal) == expected, "cut after {kept} bytes");
    let torn = torn_files(site);
    assert_eq!(torn, opened.torn);
    assert_eq!(torn.len(), usize::from(!whole && kept > 0), "cut after {kept} bytes");
    append(&mut journal, &payload(9, 30));
    expected.push(payload(9, 30));
    drop(journal);
    assert!(contents(&site.open()) == expected, "cut after {kept} bytes, an append and another opening");
    torn.iter().for_each(|path| fs::remove_file(path).unwrap());
}

#[test]
fn i7_the_last_group_cut_at_every_byte_is_a_torn_tail() {
    let site = Site::new();
    let (offset, group) = three_groups(&site);
    for kept in 0..=HEADER_BYTES + LAST + 2 {
        let mut bytes = group.clone();
        bytes[kept..].fill(0);
        // What the round before has appended behind its cut goes too.
        bytes.resize(bytes.len() + 512, 0);
        site.patch(1, offset, &bytes);
        check_cut(&site, kept, kept >= HEADER_BYTES + LAST);
    }
}

#[test]
fn i7_a_segment_that_ends_within_the_last_group_is_a_torn_tail() {
    let whole = HEADER_BYTES + LAST;
    for kept in [0, 1, 8, 63, 64, 65, 511, 512, 513, whole - 1, whole, whole + 1, 1_023] {
        let site = Site::new();
        let (offset, _) = three_groups(&site);
        let file = OpenOptions::new().write(true).open(site.segment(1)).unwrap();
        file.set_len(offset + kept as u64).unwrap();
        drop(file);
        check_cut(&site, kept, kept >= whole);
    }
}

#[test]
fn r9_4_blocks_of_the_last_group_that_came_without_its_first_are_kept_aside() {
    let site = Site::new();
    let (offset, group) = three_groups(&site);
    site.patch(1, offset, &[0; 512]);
    let opened = site.try_open().unwrap();
    assert_eq!(opened.journal.last(), GroupPosition(2));
    assert_eq!(opened.torn, [directory(site.root.path()).join(format!("torn-1-{}.bin", offset + 512))]);
    assert_eq!(fs::read(&opened.torn[0]).unwrap(), group[512..]);
    drop(opened);
    assert_eq!(site.bytes(1, offset, 1_024), [0; 1_024], "nothing of it is left for a later group to touch");
}

#[test]
fn r9_4_what_is_kept_aside_is_never_overwritten() {
    let site = Site::new();
    let (offset, mut group) = three_groups(&site);
    group[500] ^= 1;
    for expected in ["", "-2", "-3"] {
        site.patch(1, offset, &group);
        let opened = site.try_open().unwrap();
        assert_eq!(opened.torn, [directory(site.root.path()).join(format!("torn-1-{offset}{expected}.bin"))]);
        assert_eq!(fs::read(&opened.torn[0]).unwrap(), group);
    }
}

/// What a flipped bit may do.
#[derive(Clone, Copy, Debug)]
enum Flip {
    Refused { offset: u64 },
    Nothing,
}

/// Groups of 300,000 bytes, three to a segment: 1, 2, 3 in the first, 4 and 5 in the second.
fn two_segments(site: &Site) -> Vec<Vec<u8>> {
    let groups: Vec<_> = (1..=5).map(|seed| payload(seed, 300_000)).collect();
    let mut journal = site.open();
    groups.iter().for_each(|group| {
        append(&mut journal, group);
    });
    groups
}

const SECOND: u64 = BLOCK + group_span(300_000);
const THIRD: u64 = BLOCK + 2 * group_span(300_000);
const REST: u64 = BLOCK + 3 * group_span(300_000);

#[rstest]
#[case::segment_magic(1, 0..8, Flip::Refused { offset: 0 })]
#[case::segment_header(1, 8..64, Flip::Refused { offset: 0 })]
#[case::segment_header_padding(1, 64..80, Flip::Nothing)]
#[case::header_of_the_first_group(1, 512..576, Flip::Refused { offset: BLOCK })]
#[case::header_in_the_middle(1, SECOND..SECOND + 64, Flip::Refused { offset: SECOND })]
#[case::first_bytes(1, SECOND + 64..SECOND + 80, Flip::Refused { offset: SECOND })]
#[case::last_bytes(1, SECOND + 300_050..SECOND + 300_064, Flip::Refused { offset: SECOND })]
#[case::padding_begins(1, SECOND + 300_064..SECOND + 300_072, Flip::Nothing)]
#[case::padding_ends(1, THIRD - 8..THIRD, Flip::Nothing)]
#[case::last_group_of_a_segment(1, THIRD..THIRD + 64, Flip::Refused { offset: THIRD })]
#[case::unused_rest(1, REST..REST + 24, Flip::Nothing)]
#[case::end_of_a_segment(1, MIB - 16..MIB, Flip::Nothing)]
#[case::header_of_the_next_segment(2, 0..64, Flip::Refused { offset: 0 })]
#[case::first_group_of_the_next_segment(2, BLOCK..BLOCK + 80, Flip::Refused { offset: REST })]
fn r9_4_a_flipped_bit_before_the_last_group(
    #[case] segment: u64,
    #[case] range: std::ops::Range<u64>,
    #[case] expected: Flip,
) {
    let site = Site::new();
    let groups = two_segments(&site);
    for offset in range {
        let byte = site.bytes(segment, offset, 1)[0];
        site.patch(segment, offset, &[byte ^ 1 << (offset % 8)]);
        match (site.try_open(), expected) {
            (Ok(opened), Flip::Nothing) => assert!(contents(&opened.journal) == groups, "byte {offset}"),
            (Err(OpenError::Damaged { file, offset: told, .. }), Flip::Refused { offset: place }) => {
                // The chain breaks where the group should have been: behind the segment before.
                let expected_file = if place == REST { 1 } else { segment };
                assert_eq!((file, told), (site.segment(expected_file), place), "byte {offset}");
            }
            (result, _) => panic!("byte {offset} of segment {segment}, expected {expected:?}: {result:?}"),
        }
        site.patch(segment, offset, &[byte]);
    }
    assert!(contents(&site.open()) == groups);
}

#[test]
fn r9_4_damage_is_not_repaired() {
    let site = Site::new();
    two_segments(&site);
    site.patch(1, SECOND + 100, &[0]);
    let before = site.bytes(1, 0, MIB);
    assert!(matches!(site.try_open(), Err(OpenError::Damaged { .. })));
    assert!(matches!(site.try_open(), Err(OpenError::Damaged { .. })));
    assert!(site.bytes(1, 0, MIB) == before && torn_files(&site).is_empty());
}

#[test]
fn r9_4_a_group_wiped_to_zeroes_is_damage() {
    let site = Site::new();
    two_segments(&site);
    site.patch(1, SECOND, &vec![0; usize::try_from(group_span(300_000)).unwrap()]);
    assert!(matches!(site.try_open(), Err(OpenError::Damaged { offset: SECOND, .. })));
}

#[test]
fn r9_4_a_segment_missing_in_the_middle_is_damage() {
    let site = Site::new();
    let mut journal = site.open();
    (0..8).for_each(|seed| {
        append(&mut journal, &payload(seed, 300_000));
    });
    drop(journal);
    assert!(site.segment(3).exists());
    fs::remove_file(site.segment(2)).unwrap();
    match site.try_open() {
        Err(OpenError::Damaged { file, .. }) => assert_eq!(file, site.segment(2)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn r9_4_the_only_group_of_a_trimmed_journal_is_not_taken_for_a_torn_tail() {
    let site = Site::new();
    let mut journal = site.open();
    (0..4).for_each(|seed| {
        append(&mut journal, &payload(seed, 300_000));
    });
    journal.trim(GroupPosition(4)).unwrap();
    drop(journal);
    assert!(!site.segment(1).exists());
    site.patch(2, BLOCK + 100, &[0]);
    assert!(matches!(site.try_open(), Err(OpenError::Damaged { offset: BLOCK, .. })));
}

#[test]
fn i7_a_group_within_a_torn_group_is_no_sign_of_damage_unless_it_is_the_journal_s_own() {
    let site = Site::new();
    let (offset, _) = three_groups(&site);
    let journal =
        super::super::scan::scan(&directory(site.root.path()), &mut |_, _| {}).unwrap().origin.unwrap().journal;
    for (forged_journal, damage) in [(journal ^ 1, false), (journal, true)] {
        let forged = format::Header { partition: 0, number: 9, previous: 0, journal: forged_journal };
        let mut bytes = vec![1; 512];
        format::encode(format::Kind::Group, forged, b"forged", &mut bytes);
        site.patch(1, offset, &bytes);
        assert_eq!(matches!(site.try_open(), Err(OpenError::Damaged { .. })), damage);
        if !damage {
            assert_eq!(site.open().last(), GroupPosition(2));
        }
    }
}

/// Gives what starts at `offset` another version, checksum included.
fn make_version(site: &Site, version: u16, offset: u64, length: u64) {
    let mut bytes = site.bytes(1, offset, HEADER_BYTES as u64 + length);
    bytes[8..10].copy_from_slice(&version.to_le_bytes());
    bytes[16..20].fill(0);
    let checksum = crc32c::crc32c(&bytes);
    bytes[16..20].copy_from_slice(&checksum.to_le_bytes());
    site.patch(1, offset, &bytes);
}

#[rstest]
#[case::segment(0, 0)]
#[case::group_in_the_middle(BLOCK, 100)]
#[case::last_group(BLOCK + group_span(100) + group_span(2_000), LAST as u64)]
fn r9_7_an_unknown_version_is_refused_by_name(#[case] offset: u64, #[case] length: u64) {
    let site = Site::new();
    three_groups(&site);
    // Version 0 was never released.
    for version in [0, 2, 513] {
        make_version(&site, version, offset, length);
        let error = site.try_open().unwrap_err();
        let told = match &error {
            OpenError::UnknownVersion { found, known: 1, offset: told, .. } => Some((*found, *told)),
            _ => None,
        };
        assert_eq!(told, Some((version, offset)), "{error}");
        assert!(error.to_string().contains(&format!("format version {version} at byte {offset}")), "{error}");
    }
    make_version(&site, 1, offset, length);
    assert_eq!(site.open().last(), GroupPosition(3));
}

#[test]
fn unfinished_segments_are_removed_at_opening() {
    let site = Site::new();
    three_groups(&site);
    let leftover = site.segment(2).with_extension("tmp");
    fs::write(&leftover, b"half").unwrap();
    assert_eq!(site.open().last(), GroupPosition(3));
    assert_eq!(fs::metadata(&leftover).unwrap_err().kind(), ErrorKind::NotFound);
}
