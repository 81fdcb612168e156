//! R9.5, I7: half a group is really written, by a real process. A limit on the size of its files, set while
//! it runs, makes the kernel take the first part of a write and refuse the rest.

use std::fs;

use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::Value;

use crate::support::events::bulk;
use crate::support::journal::{BLOCK, groups, segments};
use crate::support::process::{Home, Server, told};

const COUNT: u64 = 40;
/// Bytes of the group that still fit: its header and a part of its record, no multiple of a block.
const FITS: u64 = 1_700;

fn limit_files(server: &Server, size: u64) {
    let pid = Pid::from_raw(i32::try_from(server.id()).unwrap());
    prlimit(pid, Resource::Fsize, Rlimit { current: Some(size), maximum: None }).unwrap();
}

fn post(home: &Home, server: &Server, request: u64) -> (u16, Value) {
    let reply = server.client().post(&home.at("events"), &bulk("half", request, COUNT));
    (reply.status, reply.body)
}

fn all_known(home: &Home, server: &Server, requests: std::ops::Range<u64>) {
    for request in requests {
        let (status, body) = post(home, server, request);
        assert_eq!((status, &body["duplicates"]), (202, &COUNT.into()), "{request}: {body}");
    }
}

#[test]
fn r9_5_half_a_group_is_never_answered_and_no_later_group_is_glued_to_it() {
    let home = Home::new();
    // Without this the signal ends the process at once.
    let server = home.serve_under(&["sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh"]);
    for request in 0..5 {
        assert_eq!(post(&home, &server, request).0, 202);
    }
    let segment = segments(&home.data()).remove(0);
    let (last, length) = *groups(&segment).last().unwrap();
    let end = (last + length).next_multiple_of(BLOCK);
    limit_files(&server, end + FITS);

    let (status, body) = post(&home, &server, 5);
    assert!(status == 503 || status == 507, "{status} {body}");
    let written = fs::read(&segment).unwrap();
    let behind = &written[usize::try_from(end).unwrap()..];
    assert!(behind.iter().all(|byte| *byte == 0), "the half group was taken back");
    // Whether it goes on or not: what it answers from here on must hold.
    let (status, body) = post(&home, &server, 6);
    assert!(status == 503 || status == 507, "the limit is still there: {status} {body}");
    server.client().get(&home.at("quality/gate")).expect(200);
    server.kill();

    let verified = home.run(&["journal", "verify"]);
    assert!(verified.status.success(), "{}", told(&verified));
    let server = home.serve();
    all_known(&home, &server, 0..5);
    for request in 5..8 {
        let (status, body) = post(&home, &server, request);
        assert_eq!((status, &body["accepted"]), (202, &COUNT.into()), "nothing of it was kept: {body}");
    }
    server.kill();
    let server = home.serve();
    all_known(&home, &server, 0..8);
}
