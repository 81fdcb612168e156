use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use parking_lot::Mutex;

use super::smtp::{Answer, Sink};
use crate::actors::EngineError;
use crate::background::Stop;
use crate::clock::{Clock, ManualClock};
use crate::config::mail::{MailRelay, SmtpUrl};
use crate::domain::follow_up::{DueMail, MailFault, MailNote, MailOutcome};
use crate::domain::ids::{Id, Side, WorkspaceKey};
use crate::domain::message::LanguageCode;
use crate::domain::time::{DAY, MINUTE, Millis};
use crate::ids::SeededIds;
use crate::links::Links;
use crate::mail::gate::Gate;
use crate::mail::postman::{Office, Postman};
use crate::mail::relay::{Patience, SmtpRelay};
use crate::mail::source::{Due, Source};
use crate::mail::{address, message, texts};
use crate::sealing::Sealer;
use crate::webhooks::slots::Slots;

const KEY: WorkspaceKey = WorkspaceKey { id: Id(1), side: Side::Live };
const NOW: Millis = 1_774_432_800_000;
const SECRET: [u8; 32] = [1; 32];

/// A side that keeps its mails in a list.
#[derive(Clone, Default)]
struct List(Arc<Mutex<Held>>);

#[derive(Default)]
struct Held {
    due: VecDeque<DueMail>,
    notes: Vec<MailNote>,
    /// How many notes cannot be written.
    fails: usize,
    /// The notes at the time of every question for the next mail.
    noted_before: Vec<usize>,
}

impl List {
    fn of(mails: &[(u128, &str)]) -> Self {
        let list = Self::default();
        list.0.lock().due = mails.iter().map(|(conversation, to)| due(*conversation, to)).collect();
        list
    }

    fn outcomes(&self) -> Vec<MailOutcome> {
        self.0.lock().notes.iter().map(|note| note.outcome).collect()
    }
}

fn due(conversation: u128, to: &str) -> DueMail {
    let sealed = address::seal(&Sealer::new(&SECRET), KEY, Id(conversation), to, &SeededIds::new(1));
    DueMail {
        conversation: Id(conversation),
        ending: 0,
        sealed,
        due: NOW,
        next: NOW,
        attempts: 0,
        expires: NOW + 14 * DAY,
        language: LanguageCode::new("da"),
    }
}

impl Source for List {
    fn next(&self, _: Millis) -> BoxFuture<'_, Result<Option<Due>, EngineError>> {
        let mut held = self.0.lock();
        let noted = held.notes.len();
        held.noted_before.push(noted);
        let language = LanguageCode::new("da").unwrap();
        let template = texts::template(language).unwrap().clone();
        let next = held.due.front().cloned().map(|mail| Due { mail, language, template });
        Box::pin(async move { Ok(next) })
    }

    fn note(&self, note: MailNote) -> BoxFuture<'_, Result<(), EngineError>> {
        let mut held = self.0.lock();
        let fails = held.fails > 0;
        if fails {
            held.fails -= 1;
        } else {
            held.due.retain(|mail| mail.conversation != note.conversation);
            held.notes.push(note);
        }
        Box::pin(async move { if fails { Err(EngineError::DiskFull) } else { Ok(()) } })
    }

    fn workspace(&self) -> Option<Box<str>> {
        Some("Nordisk Støtte".into())
    }
}

fn postman(sink: &Sink, list: &List, secret: [u8; 32]) -> Postman<List> {
    let smtp = SmtpUrl::parse(&format!("smtp://{}", sink.address)).unwrap();
    let from: lettre::message::Mailbox = "Acme <support@example.com>".parse().unwrap();
    let options = MailRelay { smtp, from: from.clone(), ca_file: None };
    let patience = Patience { word: Duration::from_secs(5), mail: Duration::from_secs(5) };
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::new(NOW));
    let office = Office {
        relay: Arc::new(SmtpRelay::new(&options, patience).unwrap()),
        from,
        links: Arc::new(Links::new([2; 32], 0, "https://t.example.com")),
        sealer: Sealer::new(&secret),
        gate: Gate::new(Arc::clone(&clock)),
        clock,
        slots: Slots::new(2),
        counts: Arc::default(),
        every_days: 30,
    };
    Postman::new(Arc::new(office), list.clone(), KEY, "tenant".into())
}

#[tokio::test]
async fn r13_2b_each_mail_is_sent_and_noted_before_the_next() {
    let sink = Sink::start(|_| Answer::Good);
    let list = List::of(&[(1, "anna@example.org"), (2, "bert@example.org"), (3, "carl@example.org")]);
    postman(&sink, &list, SECRET).run(&Stop::new()).await;
    let mails = sink.mails();
    let to: Vec<_> = mails.iter().map(|mail| &*mail.to).collect();
    assert_eq!(to, ["anna@example.org", "bert@example.org", "carl@example.org"]);
    let sent = MailOutcome::Sent { quiet_until: NOW + 30 * DAY };
    assert_eq!(list.outcomes(), [sent; 3]);
    assert_eq!(list.0.lock().noted_before, [0, 1, 2, 3]);
    let id = format!("<{}@example.com>", message::name(KEY, Id(1), 0));
    assert_eq!(mails[0].header("Message-ID"), Some(&*id));
    assert!(mails[0].header("List-Unsubscribe").unwrap().starts_with("<https://t.example.com/s/"));
}

#[tokio::test]
async fn r13_2b_what_is_refused_is_tried_again_or_given_up() {
    let sink = Sink::start(|word| match word {
        "RCPT TO:<gone@example.org>" => Answer::Say("550 unknown"),
        "RCPT TO:<later@example.org>" => Answer::Say("450 later"),
        _ => Answer::Good,
    });
    let list = List::of(&[(1, "gone@example.org"), (2, "later@example.org"), (3, "not an address")]);
    list.0.lock().due.push_back(DueMail { attempts: 7, ..due(4, "later@example.org") });
    let postman = postman(&sink, &list, SECRET);
    postman.run(&Stop::new()).await;
    let failed = |fault, next| MailOutcome::Failed { fault, next };
    let outcomes = list.outcomes();
    assert_eq!(outcomes[0], failed(MailFault::Refused(550), None));
    let MailOutcome::Failed { fault: MailFault::Deferred(450), next: Some(next) } = outcomes[1] else {
        panic!("{outcomes:?}")
    };
    assert!((NOW + 4 * MINUTE..NOW + 6 * MINUTE).contains(&next));
    assert_eq!(outcomes[2..], [failed(MailFault::Unreadable, None), failed(MailFault::Deferred(450), None)]);
    assert!(sink.mails().is_empty());
}

#[tokio::test]
async fn r13_2b_what_was_sealed_with_another_secret_is_given_up() {
    let sink = Sink::start(|_| Answer::Good);
    let list = List::of(&[(1, "anna@example.org")]);
    postman(&sink, &list, [9; 32]).run(&Stop::new()).await;
    assert_eq!(list.outcomes(), [MailOutcome::Failed { fault: MailFault::Unreadable, next: None }]);
    assert!(sink.words().is_empty());
}

#[tokio::test]
async fn r13_2b_what_the_server_was_away_for_too_long_for_is_given_up() {
    let sink = Sink::start(|_| Answer::Good);
    let list = List::of(&[(1, "anna@example.org"), (2, "bert@example.org")]);
    list.0.lock().due[0].next = NOW - 3 * DAY - 1;
    list.0.lock().due[1].next = NOW - 3 * DAY;
    postman(&sink, &list, SECRET).run(&Stop::new()).await;
    let late = MailOutcome::Failed { fault: MailFault::Late, next: None };
    assert_eq!(list.outcomes(), [late, MailOutcome::Sent { quiet_until: NOW + 30 * DAY }]);
    assert_eq!(sink.mails().len(), 1);
}

#[tokio::test]
async fn r13_2b_a_note_that_cannot_be_written_holds_up_the_next_mail_and_sends_none_twice() {
    let sink = Sink::start(|_| Answer::Good);
    let list = List::of(&[(1, "anna@example.org"), (2, "bert@example.org")]);
    list.0.lock().fails = 3;
    postman(&sink, &list, SECRET).run(&Stop::new()).await;
    assert_eq!((sink.mails().len(), list.outcomes().len()), (2, 2));
}

#[tokio::test]
async fn r13_2b_a_stop_leaves_what_is_due_for_the_next_start() {
    let sink = Sink::start(|word| if word.starts_with("MAIL") { Answer::Silence } else { Answer::Good });
    let list = List::of(&[(1, "anna@example.org"), (2, "bert@example.org")]);
    let (stop, waits) = (Stop::new(), sink.clone());
    let first = postman(&sink, &list, SECRET);
    let stops = async {
        tokio::task::spawn_blocking(move || waits.wait_for_word("MAIL", 1)).await.unwrap();
        stop.cancel();
    };
    futures::join!(first.run(&stop), stops);
    assert!(list.outcomes().is_empty());
    sink.behave(|_| Answer::Good);
    postman(&sink, &list, SECRET).run(&Stop::new()).await;
    assert_eq!(sink.mails().len(), 2);
}
