//! I6 with snapshots: a record whose `apply` panics, in a journal that no longer reaches back to the beginning; and a
//! program in which the fault was repaired since.

use serde_json::{Value, json};

use crate::load::{Worker, check, load};
use crate::snapshot_steps::{BUDGET, FAULT, Rig};
use crate::support::answers::{Answers, ask, differences};
use crate::support::events::{event, import};
use crate::support::journal::segments;
use crate::support::process::{Home, Server, wait_until};

const PANIC: &str = "panic-on-intent";
const CONVERSATIONS: [&str; 3] = [
    "0190b5c0-0000-7000-8000-0000000000a1",
    "0190b5c0-0000-7000-8000-0000000000a2",
    "0190b5c0-0000-7000-8000-0000000000a3",
];

/// A batch whose middle event cannot be applied.
fn batch(number: u64) -> Value {
    let good = |place: usize| import("panic", &format!("{number}-{place}"), CONVERSATIONS[place], None, 250);
    let intent = json!({"conversationId": CONVERSATIONS[1], "intent": "__panic__"});
    json!([good(0), event("panic", &format!("{number}-1"), "conversation.created", intent), good(2)])
}

fn post_guilty(home: &Home, server: &Server, number: u64) {
    let answer = server.client().post(&home.at("events"), &batch(number)).expect(207);
    assert_eq!(answer["accepted"], 2, "the others of the batch stand: {answer}");
    assert_eq!(answer["rejected"][0]["index"], 1, "{answer}");
    assert_eq!(answer["rejected"][0]["code"], "internal_error", "{answer}");
}

fn answers(home: &Home, server: &Server) -> Answers {
    ask(home, &mut server.client(), &[], &CONVERSATIONS.map(str::to_owned), &[])
}

/// Nothing of the clients is missing; the batches of this test are not theirs.
fn complaints(workers: &mut [Worker], home: &Home, server: &Server) -> Vec<String> {
    let found = check(workers, home, server).complaints.into_iter();
    found.filter(|complaint| !complaint.contains("conversations are scored")).collect()
}

/// A data directory whose journal begins behind its only snapshot.
fn trimmed() -> Rig {
    let mut rig = Rig::new(71, 1);
    let server = rig.home.serve();
    let server = load(&mut rig.workers, &rig.home, server, 40, Some).unwrap();
    rig.neighbour.fill_segment(&rig.home, &server);
    server.kill();
    rig.kept.follow(&rig.home.data());
    rig.home.env(BUDGET, "1000");
    let oldest = segments(&rig.home.data()).remove(0);
    let server = rig.home.serve();
    wait_until("the journal is trimmed", || !oldest.exists());
    server.kill();
    rig.home.without(BUDGET);
    rig.kept.compare(&rig.home.data());
    rig
}

#[test]
fn i6_a_record_that_panics_between_two_snapshots_is_skipped_for_good_with_and_without_the_fault() {
    let mut rig = trimmed();
    rig.home.env(FAULT, PANIC);
    let server = rig.home.serve();
    post_guilty(&rig.home, &server, 0);
    rig.neighbour.write(&server, [1].into_iter());
    assert_eq!(complaints(&mut rig.workers, &rig.home, &server), [""; 0], "it serves, from the snapshot on");
    let told = answers(&rig.home, &server);
    server.kill();

    // The skip is in the journal: no start fails because of the event, and a repaired program skips it, too.
    for (fault, ends) in [(PANIC, "kill"), ("none", "kill"), (PANIC, "stop"), ("none", "kill"), (PANIC, "kill")] {
        rig.kept.compare(&rig.home.data());
        rig.home.env(FAULT, fault);
        let server = rig.home.serve();
        assert_eq!(differences(&told, &answers(&rig.home, &server)), [""; 0], "{fault}");
        assert_eq!(complaints(&mut rig.workers, &rig.home, &server), [""; 0], "{fault}");
        if ends == "stop" {
            assert_eq!(server.terminate().code(), Some(0), "with a snapshot that has the skip");
        } else {
            server.kill();
        }
    }
    rig.home.env(FAULT, "none");
    let server = rig.home.serve();
    let mended = server.client().post(&rig.home.at("events"), &batch(0)).expect(202);
    assert_eq!((&mended["accepted"], &mended["duplicates"]), (&1.into(), &2.into()), "it left no identity: {mended}");
    server.kill();
    rig.kept.compare(&rig.home.data());
}
