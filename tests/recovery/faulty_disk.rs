//! R9.5, I7: a disk that is full for a while, and one that fails to sync, made by the kernel's answers to
//! the journal's thread (strace injects them).

use serde_json::Value;

use crate::support::events::import;
use crate::support::http::{Client, Reply};
use crate::support::process::{Home, Server, can_trace};
use crate::support::random::Random;

fn conversation(number: u64) -> String {
    Random::of(6, &[number]).uuid().to_string()
}

fn post(home: &Home, client: &mut Client, number: u64) -> Reply {
    let event = import("disk", &number.to_string(), &conversation(number), None, 250);
    client.post(&home.at("events"), &event)
}

fn scored(home: &Home, client: &mut Client) -> u64 {
    let stats = client.get(&home.at("quality/stats?from=2000-01-01&to=2099-12-31")).expect(200);
    stats["conversationsScored"].as_u64().unwrap()
}

/// A server whose system calls fail as `fault` says (strace's `inject`). It counts the calls of each thread.
fn serve(home: &Home, fault: &str) -> Server {
    let inject = format!("inject={fault}");
    home.serve_under(&["strace", "-f", "-o", "/dev/null", "-e", "trace=pwrite64,fdatasync,fsync", "-e", &inject])
}

/// Posts until one is not taken; its number and what it was answered.
fn until_refused(home: &Home, client: &mut Client) -> (u64, Reply) {
    let refused = (0..100).map(|number| (number, post(home, client, number))).find(|(_, reply)| reply.status != 202);
    refused.expect("the fault comes within 100 posts")
}

fn reads_go_on(home: &Home, client: &mut Client, number: u64) {
    client.get(&home.at("quality/gate")).expect(200);
    assert_eq!(scored(home, client), number, "a refused write changes nothing");
    client.get(&format!("/api/conversations/{}/quality", conversation(number - 1))).expect(200);
    client.get(&format!("/api/conversations/{}/quality", conversation(number))).expect(404);
}

fn check_after_restart(home: &Home, number: u64) {
    let server = home.serve();
    let mut client = server.client();
    for known in 0..number {
        assert_eq!(post(home, &mut client, known).expect(202)["duplicates"], 1, "{known}");
    }
}

#[test]
fn r9_5_a_full_disk_refuses_writes_changes_nothing_and_writes_go_on_when_there_is_space() {
    if !can_trace() {
        return;
    }
    let home = Home::new();
    let server = serve(&home, "pwrite64:error=ENOSPC:when=20..29");
    let mut client = server.client();
    let (number, refused) = until_refused(&home, &mut client);
    assert_eq!((refused.status, &refused.body["code"]), (507, &Value::from("disk_full")), "{refused:?}");
    reads_go_on(&home, &mut client, number);
    let taken = (0..50).map(|_| post(&home, &mut client, number)).find(|reply| reply.status == 202);
    assert_eq!(taken.expect("the fault ends").body["accepted"], 1, "not known from when it was refused");
    assert_eq!(scored(&home, &mut client), number + 1);
    server.kill();
    check_after_restart(&home, number + 1);
}

#[test]
fn i7_a_failed_fdatasync_is_final_and_never_tried_again() {
    if !can_trace() {
        return;
    }
    let home = Home::new();
    // The sync fails once: a program that tried it again would succeed, and answer although it cannot know what is on
    // disk.
    let server = serve(&home, "fdatasync:error=EIO:when=20");
    let mut client = server.client();
    let (number, refused) = until_refused(&home, &mut client);
    assert_eq!((refused.status, &refused.body["code"]), (503, &Value::from("journal_failed")), "{refused:?}");
    for later in number..number + 5 {
        assert_eq!(post(&home, &mut client, later).status, 503, "no write is taken until a restart");
    }
    reads_go_on(&home, &mut client, number);
    server.kill();
    check_after_restart(&home, number);
}
