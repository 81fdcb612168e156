//! R9.5: a disk that is really full, 8 MiB of memory behind a file system.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::answers::{Answers, ask, differences};
use crate::support::events::bulk;
use crate::support::http::Client;
use crate::support::process::{Home, Server, skipped, spawn_quietly, told};

const COUNT: u64 = 400;
/// Another file that fills the disk until it is removed.
const BALLAST: usize = 4 << 20;

/// A file system of 8 MiB at the data directory's place; unmounted when it is dropped.
pub struct Disk(PathBuf);

impl Disk {
    pub fn mount(at: &Path) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let mounted = spawn_quietly("mount", &["-t", "tmpfs", "-o", "size=8m", "tmpfs", at.to_str().unwrap()]);
        if !mounted {
            skipped("no file system can be mounted here: the test of a full disk did nothing");
        }
        mounted.then(|| Self(at.to_owned()))
    }

    /// Makes the file system larger.
    pub fn grow(&self) {
        let grown = spawn_quietly("mount", &["-o", "remount,size=160m", self.0.to_str().unwrap()]);
        assert!(grown, "a file system that could be mounted can be remounted");
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a process that is just ending may still have files open.
        spawn_quietly("umount", &["-l", self.0.to_str().unwrap()]);
    }
}

fn post(home: &Home, client: &mut Client, request: u64) -> (u16, Value) {
    let reply = client.post(&home.at("events"), &bulk("full", request, COUNT));
    (reply.status, reply.body)
}

/// Posts until a request is refused; its number.
fn fill(home: &Home, client: &mut Client, from: u64) -> u64 {
    for request in from..from + 1_000 {
        let (status, body) = post(home, client, request);
        if status != 202 {
            assert_eq!((status, &body["code"]), (507, &Value::from("disk_full")), "{body}");
            return request;
        }
        assert_eq!(body["accepted"], COUNT);
    }
    panic!("8 MiB hold no 1,000 requests");
}

fn answers(home: &Home, server: &Server) -> Answers {
    let of = |request| bulk("full", request, 1)[0]["data"]["conversationId"].as_str().unwrap().to_owned();
    ask(home, &mut server.client(), &[], &[of(0), of(1), of(10)], &[])
}

fn scored(answers: &Answers, home: &Home) -> Value {
    answers[&home.at("quality/stats?from=2000-01-01&to=2099-12-31")]["body"]["conversationsScored"].clone()
}

#[test]
fn r9_5_a_full_disk_refuses_writes_and_when_there_is_space_they_go_on_without_a_restart() {
    let mut home = Home::empty();
    let Some(disk) = Disk::mount(&home.data()) else { return };
    home.settle();
    fs::write(disk.ballast(), vec![1; BALLAST]).unwrap();
    let server = home.serve();
    let mut client = server.client();

    let full = fill(&home, &mut client, 0);
    assert!(full > 20, "{full} requests fit");
    let before = answers(&home, &server);
    assert_eq!(scored(&before, &home), Value::from(full * COUNT), "a refused write changes nothing");
    for request in full..full + 5 {
        assert_eq!(post(&home, &mut client, request).0, 507, "still full");
    }
    assert_eq!(differences(&before, &answers(&home, &server)), [""; 0], "reads and the gate go on");

    fs::remove_file(disk.ballast()).unwrap();
    let (status, body) = post(&home, &mut client, full);
    assert_eq!((status, &body["accepted"]), (202, &COUNT.into()), "no restart, and nothing of it was known: {body}");
    let again = fill(&home, &mut client, full + 1);
    assert!(again > full + 20, "the space is used: {full}, {again}");
    let last = answers(&home, &server);
    server.kill();

    // The disk is full: a start needs no space, and finds what was answered.
    let verified = home.run(&["journal", "verify"]);
    assert!(verified.status.success(), "{}", told(&verified));
    let server = home.serve();
    assert_eq!(differences(&last, &answers(&home, &server)), [""; 0]);
    assert_eq!(scored(&last, &home), Value::from(again * COUNT), "all of what was answered, and no part of the rest");
    let mut client = server.client();
    assert_eq!(post(&home, &mut client, again).0, 507, "full as before");
}
