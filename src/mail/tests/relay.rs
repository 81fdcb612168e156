use std::time::Duration;

use super::smtp::{Answer, Sink};
use crate::background::Stop;
use crate::config::mail::{MailRelay, SmtpUrl};
use crate::domain::follow_up::MailFault;
use crate::mail::message::Message;
use crate::mail::relay::{Patience, Relay, RelayError, SmtpRelay, Tried};

pub const PATIENCE: Patience = Patience { word: Duration::from_millis(500), mail: Duration::from_millis(500) };

pub fn options(url: &str) -> MailRelay {
    let from = "Acme <support@example.com>".parse().unwrap();
    MailRelay { smtp: SmtpUrl::parse(url).unwrap(), from, ca_file: None }
}

pub fn message(to: &str) -> Message {
    let bytes = b"Subject: x\r\n\r\n.a line\r\n".to_vec();
    Message { from: "support@example.com".parse().unwrap(), to: to.parse().unwrap(), bytes }
}

async fn send_to(sink: &Sink, url: &str, to: &str) -> Tried {
    let relay = SmtpRelay::new(&options(&url.replace("SINK", &sink.address.to_string())), PATIENCE).unwrap();
    relay.send(&message(to), &Stop::new()).await
}

/// What comes of a mail when the server answers this to a word that begins so.
async fn tried(begins: &'static str, answer: Answer) -> (Tried, Sink) {
    let sink = Sink::start(move |word| if word.starts_with(begins) { answer.clone() } else { Answer::Good });
    (send_to(&sink, "smtp://SINK", "anna@example.org").await, sink)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r13_2b_a_mail_is_taken_with_its_envelope_and_its_dots() {
    let (tried, sink) = tried("NOTHING", Answer::Good).await;
    assert_eq!(tried, Tried::Taken);
    let [mail] = &sink.mails()[..] else { panic!("{:?}", sink.mails()) };
    assert_eq!((&*mail.to, &*mail.text), ("anna@example.org", "Subject: x\r\n\r\n..a line\r\n\r\n"));
    let words = sink.words();
    assert_eq!(words[..3], ["CONNECT", "EHLO example.com", "MAIL FROM:<support@example.com>"]);
    sink.wait_for_word("QUIT", 1);
}

#[tokio::test]
async fn r13_2b_what_a_server_says_of_a_mail_and_what_of_itself() {
    let refused = |code| Tried::Refused { fault: MailFault::Refused(code), again: false };
    let later = |code| Tried::Refused { fault: MailFault::Deferred(code), again: true };
    let trouble = |code| Tried::Trouble(MailFault::Refused(code));
    let closing = Tried::Trouble(MailFault::Deferred(421));
    let cases = [
        ("RCPT", "550 5.1.1 no such user", refused(550)),
        ("RCPT", "450 4.2.0 greylisted", later(450)),
        ("RCPT", "421 closing", closing),
        ("DATA", "554 no", refused(554)),
        ("CONTENT", "554 spam", refused(554)),
        ("CONTENT", "451 later", later(451)),
        ("CONTENT", "421 closing", closing),
        ("MAIL", "550 not from you", trouble(550)),
        ("MAIL", "451 later", Tried::Trouble(MailFault::Deferred(451))),
        ("CONNECT", "554 not you", trouble(554)),
        ("EHLO", "502 what", trouble(502)),
    ];
    for (word, answer, expected) in cases {
        let (tried, sink) = tried(word, Answer::Say(answer)).await;
        assert_eq!(tried, expected, "{word}: {answer}");
        assert!(sink.mails().is_empty());
    }
}

#[tokio::test]
async fn r13_2b_a_server_that_is_silent_or_gone() {
    for word in ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "CONTENT"] {
        assert_eq!(tried(word, Answer::Silence).await.0, Tried::Trouble(MailFault::Timeout), "{word}");
        assert_eq!(tried(word, Answer::Close).await.0, Tried::Trouble(MailFault::Unreachable), "{word}");
    }
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let relay = SmtpRelay::new(&options(&format!("smtp://{gone}")), PATIENCE).unwrap();
    let tried = relay.send(&message("anna@example.org"), &Stop::new()).await;
    assert_eq!(tried, Tried::Trouble(MailFault::Unreachable));
}

#[tokio::test]
async fn r13_2b_a_password_goes_to_a_server_that_asks_for_it_and_never_over_a_line_that_should_be_tls() {
    let sink = Sink::start(|_| Answer::Good);
    assert_eq!(send_to(&sink, "smtp://me:pw@SINK/me.example.com", "a@example.org").await, Tried::Taken);
    // NUL me NUL pw.
    assert!(sink.words().contains(&"AUTH PLAIN AG1lAHB3".to_owned()), "{:?}", sink.words());
    assert!(sink.words().contains(&"EHLO me.example.com".to_owned()));

    let sink = Sink::start(|word| if word.starts_with("AUTH") { Answer::Say("535 no") } else { Answer::Good });
    let wrong = send_to(&sink, "smtp://me:pw@SINK", "a@example.org").await;
    assert_eq!(wrong, Tried::Trouble(MailFault::Login));

    let sink = Sink::start(|_| Answer::Good);
    let never = send_to(&sink, "smtp://me:pw@SINK?tls=required", "a@example.org").await;
    assert_eq!(never, Tried::Trouble(MailFault::Tls));
    assert!(!sink.words().iter().any(|word| word.starts_with("AUTH") || word.starts_with("MAIL")));
}

#[tokio::test]
async fn r13_2b_an_address_beyond_ascii_needs_a_server_for_it() {
    let sink = Sink::start(|_| Answer::Good);
    let never = Tried::Refused { fault: MailFault::Refused(553), again: false };
    assert_eq!(send_to(&sink, "smtp://SINK", "jürgen@example.org").await, never);
    let able =
        |word: &str| if word.starts_with("EHLO") { Answer::Say("250-sink\r\n250 SMTPUTF8") } else { Answer::Good };
    sink.behave(able);
    assert_eq!(send_to(&sink, "smtp://SINK", "jürgen@example.org").await, Tried::Taken);
    assert!(sink.words().contains(&"MAIL FROM:<support@example.com> SMTPUTF8".to_owned()), "{:?}", sink.words());
}

#[tokio::test]
async fn r13_2b_a_stop_breaks_a_mail_off_before_its_text_and_not_behind() {
    for (word, expected) in [("RCPT", Tried::BrokenOff), ("CONTENT", Tried::Trouble(MailFault::Timeout))] {
        let sink = Sink::start(move |said| if said.starts_with(word) { Answer::Silence } else { Answer::Good });
        let relay = SmtpRelay::new(&options(&format!("smtp://{}", sink.address)), PATIENCE).unwrap();
        let (stop, to) = (Stop::new(), message("anna@example.org"));
        let stops = async {
            let (waits, stop) = (sink.clone(), stop.clone());
            tokio::task::spawn_blocking(move || waits.wait_for_word(word, 1)).await.unwrap();
            stop.cancel();
        };
        let (tried, ()) = futures::join!(relay.send(&to, &stop), stops);
        assert_eq!(tried, expected, "{word}");
    }
}

#[test]
fn r13_2b_a_file_of_certificates_that_is_none_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ca.pem");
    let with = || SmtpRelay::new(&MailRelay { ca_file: Some(path.clone()), ..options("smtps://localhost") }, PATIENCE);
    assert!(matches!(with(), Err(RelayError::CaFile(_))));
    std::fs::write(&path, "nothing").unwrap();
    assert!(matches!(with(), Err(RelayError::NoCertificate)));
}
