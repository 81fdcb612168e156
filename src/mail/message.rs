//! One mail as it goes out (RFC 5322): text and page, who it is from and for, and how not to get another one.

use std::time::{Duration, UNIX_EPOCH};

use lettre::Address;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use uuid::Uuid;

use super::template::{Filling, Template};
use crate::domain::ids::{Id, Side, WorkspaceKey};
use crate::domain::message::LanguageCode;
use crate::domain::time::Millis;
use crate::webhooks::names::uuid;

/// A mail with its envelope.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    pub from: Address,
    pub to: Address,
    /// ASCII alone, with `\r\n` at the end of each line.
    pub bytes: Vec<u8>,
}

/// What a message is made of, beside its text.
pub struct Letter<'a> {
    pub name: Uuid,
    pub from: &'a Mailbox,
    pub to: Address,
    pub language: LanguageCode,
    pub at: Millis,
}

/// What a mail is known by: the same for every attempt to send it, so that a second copy can be told from another mail.
pub fn name(key: WorkspaceKey, conversation: Id, ending: u32) -> Uuid {
    let side = match key.side {
        Side::Live => 0,
        Side::Test => 1,
    };
    let mut hasher = blake3::Hasher::new_derive_key("tripswitch 2026 follow-up mail");
    hasher.update(&{ key.id.0 }.to_le_bytes()).update(&[side]);
    hasher.update(&{ conversation.0 }.to_le_bytes()).update(&ending.to_le_bytes());
    uuid(&hasher)
}

/// Writes it down.
pub fn write(letter: Letter<'_>, template: &Template, filling: &Filling<'_>) -> Message {
    let Letter { name, from, to, language, at } = letter;
    let date = UNIX_EPOCH + Duration::from_millis(at.unsigned_abs());
    let headers = [
        // No answer by machine is wanted: those of vacations know one of these.
        ("Auto-Submitted", "auto-generated".to_owned()),
        ("X-Auto-Response-Suppress", "OOF, AutoReply".to_owned()),
        ("List-Unsubscribe", format!("<{}>", filling.opt_out)),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()),
    ];
    let builder = lettre::Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to.clone()))
        .subject(template.subject(filling))
        .date(date)
        .message_id(Some(format!("<{name}@{}>", from.email.domain())));
    let builder = headers.into_iter().fold(builder, |builder, (name, value)| {
        builder.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), value))
    });
    let parts = MultiPart::alternative()
        .boundary(name.simple().to_string())
        .singlepart(SinglePart::plain(template.plain(filling)))
        .singlepart(SinglePart::html(template.html(filling, language)));
    let message = builder.multipart(parts).expect("it has one sender and one recipient");
    Message { from: from.email.clone(), to, bytes: message.formatted() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::texts;

    const KEY: WorkspaceKey = WorkspaceKey { id: Id(1), side: Side::Live };

    fn written(workspace: &str, language: &str) -> String {
        let language = LanguageCode::new(language).unwrap();
        let link = format!("https://t.example.com/s/{}", "x".repeat(80));
        let opt_out = format!("{link}/opt-out");
        let filling = Filling { workspace, link: &link, opt_out: &opt_out, scale: texts::scale(language) };
        let from = Mailbox::new(Some("Støtte, \"Acme\"".into()), "support@example.com".parse().unwrap());
        let to = "anna@example.org".parse().unwrap();
        let letter = Letter { name: name(KEY, Id(2), 0), from: &from, to, language, at: 1_774_432_800_000 };
        let message = write(letter, texts::template(language).unwrap(), &filling);
        String::from_utf8(message.bytes).unwrap()
    }

    /// The header lines of a name, folded ones put together.
    fn header(text: &str, name: &str) -> Vec<String> {
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        let head = head.replace("\r\n ", " ");
        let of_name = |line: &&str| line.to_ascii_lowercase().starts_with(&format!("{}:", name.to_ascii_lowercase()));
        head.split("\r\n").filter(of_name).map(str::to_owned).collect()
    }

    #[test]
    fn r13_2b_a_mail_says_whom_it_is_from_and_how_to_get_no_other() {
        let text = written("Acme", "en");
        let opt_out = format!("<https://t.example.com/s/{}/opt-out>", "x".repeat(80));
        assert_eq!(header(&text, "List-Unsubscribe"), [format!("List-Unsubscribe: {opt_out}")]);
        assert_eq!(header(&text, "List-Unsubscribe-Post"), ["List-Unsubscribe-Post: List-Unsubscribe=One-Click"]);
        assert_eq!(header(&text, "Auto-Submitted"), ["Auto-Submitted: auto-generated"]);
        assert_eq!(header(&text, "To"), ["To: anna@example.org"]);
        assert_eq!(header(&text, "Date"), ["Date: Wed, 25 Mar 2026 10:00:00 +0000"]);
        let id = format!("Message-ID: <{}@example.com>", name(KEY, Id(2), 0));
        assert_eq!(header(&text, "Message-ID"), [id]);
        assert!(header(&text, "Content-Type")[0].contains("multipart/alternative"), "{text}");
        let decoded = text.replace("=\r\n", "").replace("=3D", "=");
        for rating in 1..=5 {
            assert_eq!(decoded.matches(&format!("?rating={rating}")).count(), 2, "as text and as a page: {decoded}");
        }
    }

    #[test]
    fn r13_2b_a_mail_is_ascii_in_lines_that_servers_take() {
        for language in texts::languages() {
            let text = written(&"Ærø ".repeat(60), language.as_str());
            assert!(text.is_ascii() && text.split("\r\n").all(|line| line.len() <= 998 && !line.contains('\n')));
        }
    }

    #[test]
    fn r13_2b_no_name_brings_a_header_of_its_own() {
        let name = "Acme\r\nBcc: x@example.com\r\n\r\nHello";
        let text = written(name, "en");
        assert_eq!(header(&text, "Bcc"), [""; 0]);
        assert_eq!(header(&text, "Subject").len(), 1);
        assert_eq!(header(&text, "From").len(), 1);
    }

    #[test]
    fn r13_2b_the_name_of_a_mail_never_changes_and_is_another_for_each_ending() {
        let test = WorkspaceKey { side: Side::Test, ..KEY };
        let all = [name(KEY, Id(2), 0), name(KEY, Id(2), 1), name(KEY, Id(3), 0), name(test, Id(2), 0)];
        for (at, one) in all.iter().enumerate() {
            assert!(one.get_version_num() == 8 && !all[..at].contains(one), "{one}");
        }
        assert_eq!(all[0].to_string(), "597c7e4b-332e-84ae-9396-490335cd5d27", "a repeat has it, too");
    }
}
