//! R13.2b: a server that dies at each step between a mail's being due and the record that it is sent.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tripswitch::clock::wall;
use tripswitch::domain::time;

use crate::snapshot_steps::STEP;
use crate::support::events::event;
use crate::support::process::{Home, Server, wait_until};
use crate::support::random::Random;
use crate::support::smtp::{Answer, Sink};

/// In minutes.
const DELAY: i64 = 60;
/// Where all customers have their mail: no file of the server's may name it.
const AT: &str = "quillfeather.example";

/// A directory whose server sends to this sink.
fn home(sink: &Sink) -> Home {
    let mut home = Home::new();
    home.env("TRIPSWITCH__MAIL__SMTP_URL", format!("smtp://me:Quillfeather@{}", sink.address));
    home.env("TRIPSWITCH__MAIL__FROM", "Acme <support@example.com>");
    home.env("TRIPSWITCH__RATINGS__PUBLIC_URL", "https://support.example.com");
    let server = home.serve();
    let config = json!({"emailFollowupEnabled": true, "followUpDelayMinutes": DELAY});
    server.client().patch(&home.at("csat-config"), &config).expect(200);
    assert!(server.terminate().success());
    home
}

/// The end of a conversation with this customer, whose mail is due so many seconds from now.
fn end(number: u64, name: &str, due_in: i64) -> Value {
    let at = wall() + due_in * 1_000 - DELAY * 60_000;
    let conversation = Random::of(23, &[number]).uuid().to_string();
    let data = json!({
        "conversationId": conversation, "resolution": "ai_resolved", "contactEmail": format!("{name}@{AT}")
    });
    let mut event = event("mails", &number.to_string(), "conversation.resolved", data);
    event["time"] = time::format(at).into();
    event
}

fn post(home: &Home, server: &Server, event: &Value) {
    server.client().post(&home.at("events"), event).expect(202);
}

/// The `Message-ID`s of all mails to a customer.
fn to(sink: &Sink, name: &str) -> Vec<String> {
    let to = format!("{name}@{AT}");
    let mails = sink.mails().into_iter().filter(|mail| mail.to == to);
    mails.map(|mail| mail.header("Message-ID").unwrap().to_owned()).collect()
}

#[test]
fn r13_2b_a_server_that_dies_at_any_step_sends_one_mail_and_two_in_one_place_only() {
    let steps = [("mail-due", 1), ("mail-written", 1), ("mail-recipient", 1), ("mail-taken", 2), ("mail-recorded", 1)];
    for (at, (step, copies)) in steps.into_iter().enumerate() {
        let number = 10 * at as u64;
        let sink = Sink::start(|_| Answer::Good);
        let mut home = home(&sink);
        home.env(STEP, step);
        let server = home.serve();
        // It may die before it answers.
        let _ = server.client().send("POST", &home.at("events"), Some(&end(number, "anna", -60)));
        assert_eq!(server.ended().code(), None, "{step}");
        home.without(STEP);
        // The second says that nothing more comes of the first: a side sends one after the other.
        for (place, behind) in ["bert", "carl"].into_iter().enumerate() {
            let server = home.serve();
            post(&home, &server, &end(number + 1 + place as u64, behind, -1));
            sink.wait_for(copies + place + 1);
            // What is killed before that is recorded is another copy.
            let sent = || server.client().get(&home.at("quality/follow-ups")).expect(200)["sent"].clone();
            wait_until("both are recorded", || sent() == place + 2);
            server.kill();
        }
        let names = to(&sink, "anna");
        assert_eq!(names.len(), copies, "{step}");
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 1, "{step}: a copy has the same name");
        assert_eq!((to(&sink, "bert").len(), to(&sink, "carl").len()), (1, 1), "{step}");
    }
}

#[test]
fn r13_2b_a_mail_that_becomes_due_while_the_server_is_away_is_sent_after_the_start() {
    let sink = Sink::start(|_| Answer::Good);
    let home = home(&sink);
    let server = home.serve();
    post(&home, &server, &end(1, "anna", 1));
    server.kill();
    let server = home.serve();
    sink.wait_for(1);
    assert!(server.terminate().success());
    assert_eq!(to(&sink, "anna").len(), 1);
}
