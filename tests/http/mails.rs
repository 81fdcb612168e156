//! R13.2b: follow-up mails, from the event to the mail server.

#![expect(clippy::unwrap_used, reason = "what tests are made of: a panic is the verdict")]

use std::time::Duration;

use serde_json::{Value, json};
use tripswitch::config::mail::{MailRelay, SmtpUrl};
use tripswitch::domain::ids::{Side, WorkspaceKey};
use tripswitch::domain::rating::LinkRating;
use tripswitch::domain::system::Permission;
use tripswitch::domain::time::{self, DAY, HOUR, MINUTE, Millis};

use crate::support::smtp::{Answer, Sink};
use crate::support::world::{BOUND, WORKSPACE, World, conversation_id, id_of};
use crate::support::{NOW, Server, Setup};

fn live() -> WorkspaceKey {
    WorkspaceKey { id: id_of(WORKSPACE), side: Side::Live }
}

/// Where all customers have their mail: no file of the server's may name it.
const AT: &str = "quillfeather.example";

/// A world whose mails go to this sink, an hour after the end of a conversation.
async fn world(sink: &Sink) -> World {
    let smtp = SmtpUrl::parse(&format!("smtp://{}", sink.address)).unwrap();
    let from = "Acme <support@example.com>".parse().unwrap();
    let mail_server = Some(MailRelay { smtp, from, ca_file: None });
    let mut world = World::of(Server::start(Setup { mail_server, ..Setup::default() }).await).await;
    world.key = world
        .make_key(
            BOUND,
            &[Permission::Admin, Permission::EventsWrite, Permission::QualityWrite, Permission::QualityRead],
        )
        .await
        .0;
    let config = json!({"emailFollowupEnabled": true, "followUpDelayMinutes": 60});
    world.server.patch(&at("csat-config"), &world.key, &config).await.expect(200);
    world
}

fn at(path: &str) -> String {
    format!("/api/workspaces/{WORKSPACE}/{path}")
}

/// A conversation that ended at `ended`, with somebody who speaks Danish.
fn end(number: u32, name: &str, ended: Millis) -> Value {
    let event = |kind: &str, mut data: Value| {
        data["conversationId"] = conversation_id(number).into();
        json!({
            "specversion": "1.0", "id": format!("{kind}-{number}"), "source": "mails", "type": kind,
            "time": time::format(ended), "data": data
        })
    };
    let text = "Hvor er min ordre? Jeg har ventet på den siden sidste uge. Quillfeather.";
    json!([
        event("message.received", json!({"text": text, "language": "da", "contactEmail": format!("{name}@{AT}")})),
        event("conversation.resolved", json!({"resolution": "ai_resolved"})),
    ])
}

impl World {
    async fn ends(&self, number: u32, name: &str, ended: Millis) {
        self.server.post(&at("events"), &self.key, &end(number, name, ended)).await.expect(202);
    }

    async fn follow_ups(&self) -> Value {
        self.server.get(&at("quality/follow-ups"), &self.key).await.expect(200)
    }
}

/// Waits until so many mails were taken.
async fn taken(sink: &Sink, count: usize) -> Vec<String> {
    let waits = sink.clone();
    tokio::task::spawn_blocking(move || waits.wait_for(count)).await.unwrap();
    sink.mails().into_iter().map(|mail| mail.to.split('@').next().unwrap().to_owned()).collect()
}

/// Waits until so many mails are not due any more.
async fn noted(world: &World, sent: u64, failed: u64) -> Value {
    loop {
        let mails = world.follow_ups().await;
        if (mails["sent"].as_u64(), mails["failed"].as_u64()) == (Some(sent), Some(failed)) {
            return mails;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r13_2b_a_mail_goes_out_an_hour_after_the_end_in_the_customers_language_and_the_workspaces_words() {
    let sink = Sink::start(|_| Answer::Good);
    let world = world(&sink).await;
    world.ends(1, "anna", NOW - 2 * HOUR).await;
    assert_eq!(taken(&sink, 1).await, ["anna"]);
    let mails = noted(&world, 1, 0).await;
    assert_eq!(mails, json!({"configured": true, "due": 0, "sent": 1, "failed": 0, "optedOut": 0, "failures": []}));
    let first = sink.mails().remove(0);
    assert!(first.text.contains("<html lang=3D\"da\">"), "{}", first.text);
    assert!(first.header("List-Unsubscribe").unwrap().starts_with("<https://rate.example.com/support/s/"));

    let own = json!({"subject": "Hej fra {{workspace}}", "text": "Bare et klik: {{link}}"});
    let put = world.server.ask(reqwest::Method::PUT, &at("mail-templates/da"), &world.key).json(&own).send();
    put.await.expect(200);
    world.ends(2, "bodil", NOW - 2 * HOUR).await;
    assert_eq!(taken(&sink, 2).await, ["anna", "bodil"]);
    let second = sink.mails().remove(1);
    assert_eq!(second.header("Subject"), Some("Hej fra Support of one"));
    assert!(second.text.contains("Bare et klik: https://rate.example.com/support/s/"), "{}", second.text);

    // Not yet due, and due in the past of the past: an import of what is long over.
    world.ends(3, "carl", NOW - 30 * MINUTE).await;
    world.ends(4, "dora", NOW - 3 * DAY).await;
    world.ends(5, "eva", NOW - 2 * HOUR).await;
    assert_eq!(taken(&sink, 3).await, ["anna", "bodil", "eva"]);
    assert_eq!(noted(&world, 3, 0).await["due"], 1);
    world.server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r13_2b_what_is_put_off_is_sent_later_and_what_is_refused_is_shown() {
    let sink = Sink::start(|word| match word {
        word if word.starts_with("RCPT TO:<later@") => Answer::Say("450 4.2.0 greylisted"),
        word if word.starts_with("RCPT TO:<gone@") => Answer::Say("550 5.1.1 no such user"),
        _ => Answer::Good,
    });
    let world = world(&sink).await;
    world.ends(1, "later", NOW - 2 * HOUR).await;
    world.ends(2, "gone", NOW - 2 * HOUR).await;
    let mails = noted(&world, 0, 1).await;
    let [later, gone] = &mails["failures"].as_array().unwrap()[..] else { panic!("{mails}") };
    let next = later["nextAttemptAt"].as_str().unwrap().to_owned();
    let deferred = json!({
        "conversationId": conversation_id(1), "at": null, "attempts": 1, "fault": "deferred", "smtpCode": 450,
        "nextAttemptAt": next
    });
    let refused = json!({
        "conversationId": conversation_id(2), "at": time::format(NOW), "attempts": 1, "fault": "refused", "smtpCode": 550,
        "nextAttemptAt": null
    });
    assert_eq!((later, gone), (&deferred, &refused));
    sink.behave(|_| Answer::Good);
    world.server.clock.advance(6 * MINUTE);
    // A mail that is due wakes the sender, as time does on a clock that goes.
    world.ends(3, "anna", NOW - 2 * HOUR).await;
    let mut to = taken(&sink, 2).await;
    to.sort();
    assert_eq!(to, ["anna", "later"]);
    noted(&world, 2, 1).await;
    assert!(!world.follow_ups().await.to_string().contains(AT), "nobody's address is shown");
    world.server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r13_2b_who_has_rated_come_back_opted_out_or_had_one_lately_gets_none() {
    let sink = Sink::start(|_| Answer::Good);
    let world = world(&sink).await;
    let ends = NOW - 30 * MINUTE;
    for (number, name) in [(1, "rated"), (2, "back"), (3, "silent"), (4, "anna")] {
        world.ends(number, name, ends).await;
    }
    let id = |number| id_of(&conversation_id(number));
    let rating = LinkRating { conversation: id(1), ending: 0, rating: 4, comment: None };
    world.server.engine.rate(live(), rating).await.unwrap().unwrap();
    let reopened = json!({
        "specversion": "1.0", "id": "reopened", "source": "mails", "type": "conversation.status_changed",
        "data": {"conversationId": conversation_id(2), "status": "open"}
    });
    world.server.post(&at("events"), &world.key, &reopened).await.expect(202);
    assert!(world.server.engine.opt_out(live(), id(3)).await.unwrap());
    world.server.clock.advance(HOUR);
    // Wakes the sender; an address counts whatever its case.
    world.ends(5, "Silent", NOW - HOUR).await;
    world.ends(6, "wakes", NOW - HOUR).await;
    let mut to = taken(&sink, 2).await;
    to.sort();
    assert_eq!(to, ["anna", "wakes"]);
    world.ends(7, "ANNA", NOW - HOUR / 2).await;
    world.ends(8, "bert", NOW - HOUR / 2).await;
    assert_eq!(taken(&sink, 3).await[2], "bert");
    let mails = noted(&world, 3, 0).await;
    assert_eq!((&mails["due"], &mails["optedOut"]), (&json!(0), &json!(1)));
    world.server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r13_2b_without_a_mail_server_nothing_is_sent_and_it_is_told() {
    let world = World::start().await;
    let told = world.server.get(&at("quality/follow-ups"), &world.key).await.expect(200);
    assert_eq!(told["configured"], false);
    world.server.stop().await;
}
