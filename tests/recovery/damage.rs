//! R9.4: damage stops a start, a torn tail does not.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::events::import;
use crate::support::journal::{groups, overwrite, segments};
use crate::support::process::{Home, SERVE, Server, told};
use crate::support::random::Random;

const POSTS: u64 = 12;

fn conversation(number: u64) -> String {
    Random::of(4, &[number]).uuid().to_string()
}

fn post(home: &Home, server: &Server, number: u64) -> Value {
    let event = import("damage", &number.to_string(), &conversation(number), None, 250);
    server.client().post(&home.at("events"), &event).expect(202)
}

/// A data directory with one group per post at its end, and the segment they are in.
fn written() -> (Home, PathBuf) {
    let home = Home::new();
    let server = home.serve();
    for number in 0..POSTS {
        assert_eq!(post(&home, &server, number)["accepted"], 1);
    }
    server.kill();
    let segment = segments(&home.data()).remove(0);
    assert!(groups(&segment).len() as u64 >= POSTS);
    (home, segment)
}

#[test]
fn r9_4_a_flipped_bit_with_groups_behind_it_stops_the_start_and_names_file_and_offset() {
    let (home, segment) = written();
    let (groups, bytes) = (groups(&segment), fs::read(&segment).unwrap());
    let (middle, length) = groups[groups.len() / 2];
    // In the magic, the length, the checksum, the group's number, and in the record.
    for place in [0, 12, 17, 24, length - 3] {
        let at = middle + place;
        overwrite(&segment, at, &[bytes[usize::try_from(at).unwrap()] ^ 0x10]);
        for arguments in [&SERVE[..], &["workspace", "list"], &["journal", "verify"]] {
            let start = home.run(arguments);
            assert_eq!(start.status.code(), Some(65), "byte {place} of the group, {arguments:?}: {}", told(&start));
            let message = String::from_utf8_lossy(&start.stderr);
            assert!(message.contains(segment.to_str().unwrap()), "{message}");
            assert!(message.contains(&format!("byte {middle}")), "{middle}: {message}");
        }
        overwrite(&segment, at, &bytes[usize::try_from(at).unwrap()..][..1]);
    }
    assert_eq!(fs::read(&segment).unwrap(), bytes, "nothing was repaired or cut");
    let server = home.serve();
    assert_eq!(post(&home, &server, 0)["duplicates"], 1);
}

#[test]
fn r9_4_a_torn_tail_is_cut_and_kept_aside_and_everything_before_it_stands() {
    type Tear = fn(&PathBuf, u64, u64);
    let halves: [(&str, Tear); 3] = [
        ("the second half never reached the disk", |segment, at, length| {
            overwrite(segment, at + length / 2, &vec![0; usize::try_from(length - length / 2).unwrap()]);
        }),
        ("the first block never reached the disk", |segment, at, length| {
            overwrite(segment, at, &[0; 64]);
            overwrite(segment, at + length - 1, &[0xff]);
        }),
        ("the file ends in the middle of it", |segment, at, length| {
            fs::File::options().write(true).open(segment).unwrap().set_len(at + length / 2).unwrap();
        }),
    ];
    for (what, tear) in halves {
        let (home, segment) = written();
        let (last, length) = *groups(&segment).last().unwrap();
        tear(&segment, last, length);
        let server = home.serve();
        let name = format!("torn-1-{last}.bin");
        assert!(home.data().join("journal").join(&name).is_file(), "{what}");
        assert!(fs::read_to_string(home.log()).unwrap().contains(&name), "{what}: it is reported");
        for number in 0..POSTS - 1 {
            assert_eq!(post(&home, &server, number)["duplicates"], 1, "{what}: {number}");
        }
        assert_eq!(post(&home, &server, POSTS - 1)["accepted"], 1, "{what}: the torn one is gone as a whole");
        server.kill();
        let server = home.serve();
        assert_eq!(post(&home, &server, POSTS - 1)["duplicates"], 1, "{what}: written again over the cut");
    }
}
