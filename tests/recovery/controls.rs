//! The crash tests crash-tested: servers that lie must be caught by the same check that finds nothing
//! to complain about in an honest one.

use std::fs;

use crate::load::{Checked, check_everything, load, workers};
use crate::support::journal::cut_power;
use crate::support::process::Home;
use crate::support::random::Random;

const FAULT: &str = "TRIPSWITCH_FAULT";
const SYNCED: &str = "TRIPSWITCH_FAULT_SYNCED";

/// Whether the clients still write when the server dies, or have just been answered.
#[derive(Clone, Copy, Debug)]
enum Moment {
    Writing,
    Answered,
}

/// What becomes of blocks that were not synced.
#[derive(Clone, Copy, Debug)]
enum Cut {
    All,
    Some,
}

/// Writes, kills, cuts the power if `home` notes what is synced, and checks with an honest server.
fn crash(mut home: Home, seed: u64, moment: Moment, cut: Cut) -> Checked {
    let mut workers = workers(seed);
    let server = load(&mut workers, &home, home.serve(), 150, |server| match moment {
        Moment::Writing => {
            server.kill();
            None
        }
        Moment::Answered => Some(server),
    });
    if let Some(server) = server {
        // The last request that was answered is lost first, so it should be a batch.
        workers[0].last_word(&home, server.address);
        server.kill();
    }
    if let Ok(noted) = fs::read_to_string(home.root().join("synced")) {
        let (segment, offset) = noted.trim().split_once(' ').unwrap();
        let mut random = Random::of(seed, &[1]);
        let lost = cut_power(&home.data(), segment, offset.parse().unwrap(), || match cut {
            Cut::All => false,
            Cut::Some => random.below(2) == 0,
        });
        println!("seed {seed}: {lost} blocks behind {noted} did not reach the disk");
    }
    home.without(FAULT);
    let server = home.serve();
    check_everything(&mut workers, &home, &server)
}

fn home(fault: Option<&str>, notes_synced: bool) -> Home {
    let mut home = Home::new();
    if let Some(fault) = fault {
        home.env(FAULT, fault);
    }
    if notes_synced {
        let root = home.root().to_str().unwrap().to_owned();
        home.env(SYNCED, root);
    }
    home
}

fn lost(checked: &Checked) -> bool {
    // A lost batch is accepted again as if it were new.
    checked.complaints.iter().any(|complaint| complaint.contains("of batch") && complaint.contains("\"accepted\":"))
}

#[test]
fn r9_1_an_honest_server_loses_nothing_when_the_power_is_cut_too() {
    let rounds = [
        (11, Moment::Writing, Cut::All),
        (12, Moment::Answered, Cut::All),
        (13, Moment::Writing, Cut::Some),
        (14, Moment::Writing, Cut::Some),
        (15, Moment::Writing, Cut::Some),
    ];
    for (seed, moment, cut) in rounds {
        let checked = crash(home(None, true), seed, moment, cut);
        assert!(checked.complaints.is_empty(), "seed {seed}: {:#?}", checked.complaints);
    }
}

#[test]
fn r9_1_a_server_that_answers_before_it_writes_is_caught_by_a_kill() {
    let checked = crash(home(Some("ack-before-write"), false), 21, Moment::Answered, Cut::All);
    assert!(lost(&checked), "the fault went unseen: {checked:#?}");
}

#[test]
fn r9_1_a_server_that_answers_before_it_syncs_is_caught_by_a_power_cut() {
    let checked = crash(home(Some("ack-before-sync"), true), 22, Moment::Answered, Cut::All);
    assert!(lost(&checked), "the fault went unseen: {checked:#?}");
    // Without the power cut the page cache keeps what was written: only the cut tells.
    let checked = crash(home(Some("ack-before-sync"), false), 23, Moment::Answered, Cut::All);
    assert!(checked.complaints.is_empty(), "{:#?}", checked.complaints);
}
