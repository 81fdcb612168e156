//! What a mail says: a subject and a text with placeholders; one of a workspace's own is a resource of the kind
//! `mail-template`, one for each language, sealed as a whole.

use std::borrow::Cow;
use std::fmt::Write;

use bincode::config;
use serde::{Deserialize, Serialize};

use super::texts::Scale;
use crate::domain::effect::EffectTypes;
use crate::domain::ids::{Id, WorkspaceKey};
use crate::domain::mail_template::{Piece, Placeholder, pieces};
use crate::domain::message::LanguageCode;
use crate::domain::resource::{MAX_BODY, Resource, ResourceBody};
use crate::ids::Ids;
use crate::sealing::{NotOpened, Place, Sealer};
use crate::webhooks::names::uuid;

/// The kind of its resource.
pub const KIND: &str = "mail-template";
/// Templates of a workspace side.
pub const MOST: u16 = 50;
/// The version of the content.
const VERSION: u16 = 1;
/// The looks of a link for one rating: mail programs take no style sheets.
const BUTTON: &str = "display:inline-block;min-width:2.5em;padding:.6em 0;margin:0 .3em .3em 0;border:1px solid #888;\
    border-radius:.4em;text-align:center;text-decoration:none;font-weight:bold";

/// The order of the fields is part of the on-disk format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    pub subject: Box<str>,
    pub text: Box<str>,
}

/// What is put into one mail.
#[derive(Clone, Copy, Debug)]
pub struct Filling<'a> {
    /// The workspace's name.
    pub workspace: &'a str,
    pub link: &'a str,
    pub opt_out: &'a str,
    /// None where no words are known for it.
    pub scale: Option<Scale<'a>>,
}

/// By which id a side knows the template of a language.
pub fn id(language: LanguageCode) -> Id {
    let mut hasher = blake3::Hasher::new_derive_key("tripswitch 2026 mail template");
    uuid(hasher.update(language.as_str().as_bytes())).into()
}

/// A template of a workspace's own, with its language, which the id alone does not tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnTemplate {
    pub language: LanguageCode,
    pub template: Template,
}

impl OwnTemplate {
    /// As a resource keeps it.
    pub fn seal(&self, sealer: &Sealer, key: WorkspaceKey, ids: &dyn Ids) -> ResourceBody {
        let content = bincode::serde::encode_to_vec(self, config::legacy()).expect("it is plain data");
        let content = sealer.seal(&place(key, id(self.language)), &content, ids);
        ResourceBody { version: VERSION, wants: EffectTypes::NONE, content }
    }

    /// What a resource keeps; fails under another secret than it was sealed with.
    pub fn open(sealer: &Sealer, key: WorkspaceKey, resource: &Resource) -> Result<Self, NotOpened> {
        if resource.body.version != VERSION {
            return Err(NotOpened);
        }
        let content = sealer.open(&place(key, resource.id), &resource.body.content)?;
        let limited = config::legacy().with_limit::<MAX_BODY>();
        let (own, _) = bincode::serde::decode_from_slice(&content, limited).map_err(|_| NotOpened)?;
        Ok(own)
    }
}

const fn place(key: WorkspaceKey, id: Id) -> Place<'static> {
    Place { key, kind: KIND, id, version: VERSION }
}

impl Template {
    /// On one line, whatever the workspace is called.
    pub fn subject(&self, filling: &Filling<'_>) -> String {
        fill(&self.subject, |placeholder| match placeholder {
            Placeholder::Workspace => one_line(filling.workspace),
            Placeholder::Link | Placeholder::Ratings | Placeholder::OptOut => "".into(),
        })
    }

    /// For mail programs that show text alone.
    pub fn plain(&self, filling: &Filling<'_>) -> String {
        fill(self.text.trim(), |placeholder| match placeholder {
            Placeholder::Link => filling.link.into(),
            Placeholder::Ratings => filling.ratings().into(),
            Placeholder::Workspace => one_line(filling.workspace),
            Placeholder::OptOut => filling.opt_out.into(),
        })
    }

    /// The same as a page: nothing in it is loaded from anywhere.
    pub fn html(&self, filling: &Filling<'_>, language: LanguageCode) -> String {
        let anchor = |url: &str| format!("<a href=\"{0}\">{0}</a>", escaped(url));
        let mut text = String::new();
        for piece in pieces(self.text.trim()) {
            match piece {
                Piece::Text(part) | Piece::Unknown(part) => text.push_str(&escaped(part).replace('\n', "<br>\n")),
                Piece::Put(Placeholder::Link) => text.push_str(&anchor(filling.link)),
                Piece::Put(Placeholder::Ratings) => text.push_str(&filling.buttons()),
                Piece::Put(Placeholder::Workspace) => text.push_str(&escaped(&one_line(filling.workspace))),
                Piece::Put(Placeholder::OptOut) => text.push_str(&anchor(filling.opt_out)),
            }
        }
        format!(
            "<!DOCTYPE html>\n<html lang=\"{}\">\n<head><meta charset=\"utf-8\"></head>\n\
             <body style=\"font-family:sans-serif;line-height:1.4\">\n{text}\n</body>\n</html>\n",
            language.as_str()
        )
    }
}

impl Filling<'_> {
    fn rated(&self, rating: u8) -> String {
        format!("{}?rating={rating}", self.link)
    }

    fn meaning(&self, rating: u8) -> &str {
        match (self.scale, rating) {
            (Some(scale), 1) => scale.worst,
            (Some(scale), 5) => scale.best,
            _ => "",
        }
    }

    /// A line for each rating.
    fn ratings(&self) -> String {
        let line = |rating| match self.meaning(rating) {
            "" => format!("{rating}: {}", self.rated(rating)),
            meaning => format!("{rating} ({meaning}): {}", self.rated(rating)),
        };
        (1..=5).map(line).collect::<Vec<_>>().join("\n")
    }

    /// A row of links, with the ends of the scale beside it.
    fn buttons(&self) -> String {
        let mut row = String::new();
        let meaning = |rating| escaped(self.meaning(rating));
        let write = |row: &mut String, rating: u8| {
            let url = self.rated(rating);
            write!(row, "<a href=\"{}\" style=\"{BUTTON}\">{rating}</a> ", escaped(&url))
        };
        (1..=5).for_each(|rating| write(&mut row, rating).expect("a text takes what is written"));
        match (meaning(1), meaning(5)) {
            (worst, _) if worst.is_empty() => row,
            (worst, best) => format!("{row}<br>\n<small>1: {worst}, 5: {best}</small>"),
        }
    }
}

fn fill<'a>(template: &'a str, put: impl Fn(Placeholder) -> Cow<'a, str>) -> String {
    let piece = |piece| match piece {
        Piece::Text(part) | Piece::Unknown(part) => Cow::Borrowed(part),
        Piece::Put(placeholder) => put(placeholder),
    };
    pieces(template).into_iter().map(piece).collect()
}

/// Without line ends and other control characters.
fn one_line(text: &str) -> Cow<'_, str> {
    if text.chars().any(char::is_control) { text.replace(char::is_control, " ").into() } else { text.into() }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{Position, Side};
    use crate::ids::SeededIds;
    use crate::mail::texts;

    const FILLING: Filling<'static> = Filling {
        workspace: "A & B\r\nBcc: <x@example.com>",
        link: "https://t.example.com/s/x",
        opt_out: "https://t.example.com/s/x/opt-out",
        scale: Some(Scale { worst: "bad", best: "good" }),
    };

    fn template(subject: &str, text: &str) -> Template {
        Template { subject: subject.into(), text: text.into() }
    }

    #[test]
    fn r13_2b_a_template_is_filled_as_text_and_as_a_page() {
        let template = template("{{workspace}}?", "\n1 < 2 \"{{workspace}}\"\n{{ratings}}\n\n{{link}} {{optOut}}\n");
        assert_eq!(template.subject(&FILLING), "A & B  Bcc: <x@example.com>?");
        let plain = "1 < 2 \"A & B  Bcc: <x@example.com>\"\n1 (bad): https://t.example.com/s/x?rating=1\n\
                     2: https://t.example.com/s/x?rating=2\n3: https://t.example.com/s/x?rating=3\n\
                     4: https://t.example.com/s/x?rating=4\n5 (good): https://t.example.com/s/x?rating=5\n\n\
                     https://t.example.com/s/x https://t.example.com/s/x/opt-out";
        assert_eq!(template.plain(&FILLING), plain);
        let html = template.html(&FILLING, LanguageCode::ENGLISH);
        assert!(html.contains("1 &lt; 2 &quot;A &amp; B  Bcc: &lt;x@example.com&gt;&quot;<br>"), "{html}");
        for link in ["", "?rating=1", "?rating=5", "/opt-out"] {
            assert!(html.contains(&format!("<a href=\"https://t.example.com/s/x{link}\"")), "{link}: {html}");
        }
        assert!(html.contains("1: bad, 5: good") && html.contains("lang=\"en\""));
        let unknown = Filling { scale: None, ..FILLING };
        assert!(template.plain(&unknown).contains("\n1: https"));
    }

    #[test]
    fn r13_2b_what_is_put_in_is_not_read_as_a_template() {
        let filling = Filling { workspace: "{{link}}", ..FILLING };
        assert_eq!(template("", "{{workspace}}").plain(&filling), "{{link}}");
    }

    #[test]
    fn r13_2b_a_template_comes_back_from_its_resource_under_the_same_secret_only() {
        let (ids, key) = (SeededIds::new(1), WorkspaceKey { id: Id(1), side: Side::Live });
        let language = LanguageCode::new("da").unwrap();
        let own = OwnTemplate { language, template: texts::template(language).unwrap().clone() };
        let body = own.seal(&Sealer::new(&[1; 32]), key, &ids);
        let resource = Resource { kind: KIND.into(), id: id(language), made: 0, changed: (0, Position::ZERO), body };
        assert_eq!(OwnTemplate::open(&Sealer::new(&[1; 32]), key, &resource), Ok(own));
        assert_eq!(OwnTemplate::open(&Sealer::new(&[2; 32]), key, &resource), Err(NotOpened));
        assert_ne!(id(language), id(LanguageCode::ENGLISH));
    }
}
