//! R9.5 for snapshots: a disk without room for one, and a sync of its files that fails. The journal goes on.

use std::fs;

use serde_json::{Value, json};

use crate::disk_full::Disk;
use crate::support::answers::{Answers, ask, differences};
use crate::support::events::bulk;
use crate::support::http::Client;
use crate::support::journal::recovered;
use crate::support::process::{Home, Server, can_trace, told, wait_until};
use crate::support::twin::{Kept, Whole, numbers, without_snapshots};

const COUNT: u64 = 400;
const BUDGET: &str = "TRIPSWITCH__SNAPSHOTS__REPLAY_BUDGET";

fn post(home: &Home, client: &mut Client, request: u64) {
    let body = client.post(&home.at("events"), &bulk("disk", request, COUNT)).expect(202);
    assert_eq!(body["accepted"], COUNT, "{body}");
}

fn answers(home: &Home, server: &Server) -> Answers {
    let of = |request| bulk("disk", request, 1)[0]["data"]["conversationId"].as_str().unwrap().to_owned();
    ask(home, &mut server.client(), &[], &[of(0), of(1)], &[])
}

fn scored(home: &Home, answers: &Answers) -> Value {
    answers[&home.at("quality/stats?from=2000-01-01&to=2099-12-31")]["body"]["conversationsScored"].clone()
}

fn log_says(home: &Home, what: &str) -> bool {
    fs::read_to_string(home.log()).unwrap().contains(what)
}

fn names(home: &Home) -> Vec<String> {
    let entries = fs::read_dir(home.data().join("snapshots")).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// A key that may ask for snapshots; no server may run.
fn server_key(home: &Home) -> String {
    let made = home.run(&["key", "create", "--server", "--name", "backups", "-o", "json"]);
    assert!(made.status.success(), "{}", told(&made));
    serde_json::from_slice::<Value>(&made.stdout).unwrap()["key"].as_str().unwrap().to_owned()
}

/// Posts until the journal has no room left; the number of the request that was refused.
fn fill(home: &Home, client: &mut Client, from: u64) -> u64 {
    let refused = |request: &u64| client.post(&home.at("events"), &bulk("disk", *request, COUNT)).status == 507;
    (from..from + 1_000).find(refused).expect("8 MiB hold no 1,000 requests")
}

/// A failed snapshot is reported and leaves nothing; writes, reads and the gate go on. Answers what is
/// answered then, with `requests` in it.
fn goes_on_without(home: &Home, server: &Server, requests: u64) -> Answers {
    wait_until("the failure is reported", || log_says(home, "no snapshot could be taken"));
    let before = answers(home, server);
    assert_eq!(scored(home, &before), Value::from(requests * COUNT));
    post(home, &mut server.client(), requests);
    let after = answers(home, server);
    assert_eq!(scored(home, &after), Value::from((requests + 1) * COUNT), "writes and reads go on");
    server.client().get(&home.at("quality/gate")).expect(200);
    wait_until("nothing is left of it", || names(home).is_empty());
    after
}

#[test]
fn r9_5_a_snapshot_that_finds_no_room_fails_alone_and_with_space_the_next_one_works_without_a_restart() {
    let mut home = Home::empty();
    let Some(disk) = Disk::mount(&home.data()) else { return };
    home.settle();
    let key = server_key(&home);
    let server = home.serve();
    let take = || Client::new(server.address, &key).post("/api/admin/snapshots", &json!({}));
    post(&home, &mut server.client(), 0);
    let refused = take();
    assert_eq!((refused.status, &refused.body["code"]), (507, &"disk_full".into()), "{refused:?}");
    let kept = goes_on_without(&home, &server, 1);
    let full = fill(&home, &mut server.client(), 2);
    assert_eq!(take().status, 507, "nor with a full journal beside it");
    let answered = answers(&home, &server);
    assert_eq!(scored(&home, &answered), Value::from(full * COUNT), "reads go on");
    assert_ne!(kept, answered);

    disk.grow();
    let taken = take();
    assert_eq!(taken.status, 201, "without a restart: {taken:?}");
    assert_eq!(numbers(&home.data()), [taken.body["number"].as_u64().unwrap()], "{:?}", names(&home));
    post(&home, &mut server.client(), full);
    let last = answers(&home, &server);
    server.kill();
    let recovered = recovered(&home.data());
    assert!(recovered.snapshot.is_some());
    assert_eq!(Whole::of(recovered), without_snapshots(&home.data()));
    assert_eq!(differences(&last, &answers(&home, &home.serve())), [""; 0]);
}

#[test]
fn r9_5_a_failed_fsync_of_a_snapshot_ends_the_snapshot_and_not_the_journal() {
    if !can_trace() {
        return;
    }
    let mut home = Home::new();
    let kept = Kept::beside(&home);
    let server = home.serve();
    (0..3).for_each(|request| post(&home, &mut server.client(), request));
    server.kill();
    kept.follow(&home.data());
    home.env(BUDGET, "1000");
    let part = home.data().join("snapshots/0000000001.tmp/part-0001/db");
    let part = ["-P", part.to_str().unwrap()];
    let fault = ["-e", "trace=fsync", "-e", "inject=fsync:error=EIO"];
    let server = home.serve_under(&[&["strace", "-f", "-o", "/dev/null"][..], &part, &fault].concat());
    goes_on_without(&home, &server, 3);
    // The next one has another number, and no fault.
    server.terminate();
    assert_eq!(numbers(&home.data()), [2], "{:?}", names(&home));
    assert_eq!(kept.compare(&home.data()).map(|number| number.0), Some(2));
}
