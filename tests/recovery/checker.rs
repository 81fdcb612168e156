//! The check of the crash tests, checked: clients that were told something else than what is there must
//! make it complain.

use serde_json::Value;

use crate::load::{Pending, Worker, check, check_everything, load, workers};
use crate::support::process::Home;

type Change = fn(&mut [Worker]);

/// What is changed in the clients' memory, and what the complaint about it says.
const CHANGES: [(&str, Change); 8] = [
    ("conversations are scored where", |told| told[1].scored += 1),
    ("after change 7", |told| told[0].patches = 7),
    ("the gate was at", |told| told[1].gate.0 += 1_000_000),
    ("the gate was at \"another-1\"", |told| told[1].gate.1 = "\"another-1\"".into()),
    ("\"another reason\"", |told| change_breakers(told, "reason", "another reason")),
    ("\"another time\"", |told| change_breakers(told, "triggeredAt", "another time")),
    ("nothing of it is there", |told| {
        let unheard =
            serde_json::json!({"id": "0190b5c0-0000-7000-8000-00000000bbbb", "reason": "nothing of it is there"});
        told[1].breakers.insert("0190b5c0-0000-7000-8000-00000000bbbb".to_owned(), unheard);
    }),
    // Last, for it leaves a batch behind.
    ("of batch", |told| told[1].answered += 1),
];

fn change_breakers(told: &mut [Worker], member: &str, value: &str) {
    for breaker in told[1].breakers.values_mut() {
        breaker[member] = value.into();
    }
}

#[test]
fn r9_1_the_check_notices_each_kind_of_loss() {
    let home = Home::new();
    let mut told = workers(3);
    load(&mut told, &home, home.serve(), 400, |server| {
        server.kill();
        None
    });
    let server = home.serve();
    assert_eq!(check_everything(&mut told, &home, &server).complaints, [""; 0]);
    assert!(!told[1].breakers.is_empty() && told[1].answered > 2, "{:#?}", told[1]);

    for (complaint, change) in CHANGES {
        let mut told = told.clone();
        change(&mut told);
        let found = check(&mut told, &home, &server).complaints;
        assert!(found.iter().any(|found| found.contains(complaint)), "{complaint}: {found:#?}");
    }

    // A request of which only a part is there.
    let events = told[2].due().events;
    server.client().post(&home.at("events"), &Value::from(&events[..1])).expect(202);
    told[2].pending = Some(Pending::Batch);
    let found = check(&mut told, &home, &server).complaints;
    assert!(events.len() == 1 || found.iter().any(|found| found.contains("half of a request")), "{found:#?}");
}
