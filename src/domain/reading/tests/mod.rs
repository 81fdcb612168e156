//! Messages as mail programs send them, and what is read of them.

mod automatic;
mod kept;
mod mails;
mod mutated;

use std::borrow::Cow;

use proptest::prelude::*;

use super::{Format, MAX_CHARS, MAX_RAW, read};

fn auto(text: &str) -> String {
    read(text, Format::Auto).text.into_owned()
}

/// What holds for every message: no more than came, and what was read reads as itself.
fn assert_sound(text: &str) {
    for format in [Format::Auto, Format::Text, Format::Html] {
        let once = read(text, format);
        assert!(once.text.len() <= text.len(), "{format:?} grew: {text:?}\n{:?}", once.text);
        assert!(once.text.chars().count() <= MAX_CHARS, "{format:?}");
        assert_eq!(once.text.trim(), once.text, "{format:?}");
        assert!(!once.text.contains(['\n', '\r', '\t']) && !once.text.contains("  "), "{format:?}: {:?}", once.text);
        assert_eq!(read(&once.text, format), once, "{format:?} of {text:?}");
    }
}

#[test]
fn a_plain_chat_message_is_not_copied() {
    for text in ["Where is my order 4711? I asked twice; it's late...", "ok", "", "Hallo, ça marche 👍", "> ", "Thanks"]
    {
        let same = text != "> ";
        assert_eq!(matches!(read(text, Format::Auto).text, Cow::Borrowed(read) if read == text), same, "{text}");
    }
}

#[test]
fn long_bodies_are_read_as_far_as_promised() {
    let whole = "word ".repeat(MAX_CHARS);
    assert_eq!(auto(&whole).chars().count(), MAX_CHARS - 1, "and no blank at the end");
    let buried = format!("{}\n\n\nend", "> old\n".repeat(MAX_RAW / 6 + 1));
    assert_eq!(auto(&buried), "", "what lies behind is not looked at");
    assert_eq!(auto(&"é".repeat(MAX_RAW)).chars().count(), MAX_CHARS);
}

/// What would take for ever if any step went back over what it has seen.
#[test]
fn no_body_takes_for_ever() {
    let bodies = [
        "a".repeat(4 << 20),
        ">".repeat(16_000),
        "<".repeat(MAX_RAW),
        "<b>".repeat(MAX_RAW / 3),
        "<div><blockquote>".repeat(MAX_RAW / 17),
        "<!--".repeat(MAX_RAW / 4),
        "<style>".repeat(MAX_RAW / 7),
        "&".repeat(MAX_RAW),
        "&amp;".repeat(MAX_RAW / 5),
        "\n".repeat(MAX_RAW),
        "On \n".repeat(MAX_RAW / 4),
        "From: a@b.c\n".repeat(MAX_RAW / 12),
        "On 10 Mar 2026 at 09:12 x wrote\n".repeat(MAX_RAW / 32),
        "this message confidential ".repeat(MAX_RAW / 26),
        "a\nthis message confidential privileged\n".repeat(MAX_RAW / 39),
        "Thanks,\n".repeat(MAX_RAW / 8),
        "a\n--\n".repeat(MAX_RAW / 5),
        "[image: http://a ".repeat(MAX_RAW / 17),
        "a@".repeat(MAX_RAW / 2),
        "=E2".repeat(MAX_RAW / 3),
        "=\n".repeat(MAX_RAW / 2),
        "e\u{301}".repeat(MAX_RAW / 3),
        "\u{301}".repeat(MAX_RAW / 2),
        "\u{200b}".repeat(MAX_RAW / 3),
        "PS\nKind regards\n".repeat(MAX_RAW / 16),
        "Priya Raman | \n".repeat(MAX_RAW / 15),
    ];
    for body in bodies {
        assert_sound(&body);
        assert_sound(&format!("<p>{body}"));
    }
}

/// The tokenizer compares each attribute of a tag with all before it; that must not reach a long tag.
#[test]
fn a_tag_of_a_thousand_attributes_is_given_up() {
    let attributes: String = (0..30_000).map(|n| format!(" a{n}=\">\"")).collect();
    let read = auto(&format!("<p>before</p><div{attributes}>inside</div><p>after</p>"));
    assert!(read.starts_with("before"), "{}", &read[..40]);
    let picture = format!("<p>before</p><img src=\"data:{}\"><p>after</p>", "A".repeat(100_000));
    assert_eq!(auto(&picture), "before after");
}

proptest! {
    #[test]
    fn every_text_is_read_soundly(text in "\\PC{0,300}") {
        assert_sound(&text);
    }

    #[test]
    fn every_heap_of_marks_is_read_soundly(text in "[ -~\n\r\t<>&;=/’´\u{200b}\u{ad}\u{301}éøßﬁ½👍🏽]{0,300}") {
        assert_sound(&text);
    }
}
