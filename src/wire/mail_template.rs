//! What follow-up mails say, by language (R13.2b).

use serde::Serialize;
use utoipa::ToSchema;

use super::body::{Asked, Body, Fields};
use super::values::{Count, Timestamp};
use crate::domain::mail_template::{Piece, Placeholder, has, pieces};

/// Characters of a subject.
const MAX_SUBJECT: usize = 200;
/// Characters of a text.
const MAX_TEXT: usize = 10_000;

/// A subject and a text for the mails in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(json!({
    "language": "en", "subject": "How did we do?", "text": "Please tell us:\n\n{{ratings}}\n\nOr here: {{link}}\n",
    "changedAt": "2026-03-15T14:35:00.000Z"
})))]
pub struct MailTemplate {
    /// The code of the language (ISO 639).
    #[schema(pattern = "^[a-z]{2,3}$")]
    pub language: String,
    /// Null where it cannot be read any more: it was sealed with another secret of the data directory. Mails are then
    /// written as if it were not there.
    #[schema(required)]
    pub subject: Option<Box<str>>,
    #[schema(required)]
    pub text: Option<Box<str>>,
    /// When it was set; null for one that is built in.
    #[schema(required)]
    pub changed_at: Option<Timestamp>,
}

/// The templates of a workspace side, by language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct MailTemplateList {
    pub items: Vec<MailTemplate>,
    pub total: Count,
}

impl From<Vec<MailTemplate>> for MailTemplateList {
    fn from(items: Vec<MailTemplate>) -> Self {
        Self { total: items.len().into(), items }
    }
}

/// What mails in a language shall say. `{{link}}` becomes the address of the page to rate on, `{{ratings}}` that address
/// once for each rating, `{{workspace}}` the workspace's name, `{{optOut}}` the address at which mails are stopped.
#[derive(Clone, Debug, PartialEq, Eq, ToSchema)]
#[schema(examples(json!({
    "subject": "{{workspace}}: how did we do?",
    "text": "Please tell us:\n\n{{ratings}}\n\nOr here: {{link}}\n\nNo such mails any more: {{optOut}}\n"
})))]
pub struct NewMailTemplate {
    /// One line. Of the placeholders, `{{workspace}}` alone.
    #[schema(value_type = String, min_length = 1, max_length = 200, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$")]
    pub subject: Box<str>,
    /// Plain text, which the page in the mail is made of as well. Has `{{link}}`.
    #[schema(
        value_type = String,
        max_length = 10000,
        pattern = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*\{\{ *link *\}\}[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"
    )]
    pub text: Box<str>,
}

impl Body for NewMailTemplate {
    fn read(fields: &mut Fields<'_>, _: Asked) -> Self {
        let subject = fields.required("subject", |fields, name| fields.text_as(name, subject));
        let text = fields.required("text", |fields, name| fields.text_as(name, text));
        Self { subject: subject.unwrap_or_default(), text: text.unwrap_or_default() }
    }
}

fn subject(text: String) -> Result<Box<str>, String> {
    if !(1..=MAX_SUBJECT).contains(&text.chars().count()) {
        return Err(format!("must have 1 to {MAX_SUBJECT} characters"));
    }
    if text.chars().any(char::is_control) {
        return Err("must be one line without control characters".into());
    }
    only(&text, &[Placeholder::Workspace])?;
    Ok(text.into())
}

fn text(text: String) -> Result<Box<str>, String> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    if !(1..=MAX_TEXT).contains(&text.chars().count()) {
        return Err(format!("must have 1 to {MAX_TEXT} characters"));
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        return Err("must not have control characters other than line ends and tabs".into());
    }
    only(&text, &Placeholder::ALL)?;
    if has(&text, Placeholder::Link) { Ok(text.into()) } else { Err("must have {{link}}".into()) }
}

/// Whether a template has no other placeholders; if it has, the error names them.
fn only(template: &str, known: &[Placeholder]) -> Result<(), String> {
    let other = |piece| match piece {
        Piece::Put(placeholder) if !known.contains(&placeholder) => Some(placeholder.name()),
        Piece::Unknown(name) => Some(name),
        Piece::Put(_) | Piece::Text(_) => None,
    };
    let other: Vec<_> = pieces(template).into_iter().filter_map(other).map(shown).collect();
    let names: Vec<_> = known.iter().map(|placeholder| shown(placeholder.name())).collect();
    if other.is_empty() {
        Ok(())
    } else {
        Err(format!("may have {} and no other placeholders; it has {}", names.join(", "), other.join(", ")))
    }
}

/// With its braces; of a long one the beginning.
fn shown(name: &str) -> String {
    const SHOWN: usize = 40;
    match name.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{{{{{}…", &name[..end]),
        None => format!("{{{{{name}}}}}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::wire::body::{BodyError, read};

    fn faults(body: &Value) -> Vec<(String, String)> {
        match read::<NewMailTemplate>(body.to_string().as_bytes(), Asked::default()) {
            Err(BodyError::Faults(faults)) => {
                faults.into_iter().map(|fault| (fault.pointer, fault.error.into_owned())).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn r13_2b_a_template_is_read_with_its_line_ends_made_one_kind() {
        let body = json!({"subject": "{{workspace}}?", "text": "a\r\nb\rc\n\t{{ link }}{{ratings}}{{optOut}}{ {x}"});
        let read: NewMailTemplate = read(body.to_string().as_bytes(), Asked::default()).unwrap();
        assert_eq!(
            (&*read.subject, &*read.text),
            ("{{workspace}}?", "a\nb\nc\n\t{{ link }}{{ratings}}{{optOut}}{ {x}")
        );
    }

    #[test]
    fn r13_2b_everything_that_is_wrong_with_a_template_is_told_at_once() {
        let told = faults(&json!({"subject": "a\r\nBcc: x", "text": "no link", "html": "<p>"}));
        let expected = [
            ("/subject", "must be one line without control characters"),
            ("/text", "must have {{link}}"),
            ("/html", "is not a known field"),
        ];
        assert_eq!(told, expected.map(|(pointer, error)| (pointer.to_owned(), error.to_owned())));
        let long = "x".repeat(60);
        let told = faults(&json!({"subject": "{{link}}", "text": format!("{{{{link}}}}{{{{name}}}}{{{{{long}}}}}")}));
        assert_eq!(told[0].1, "may have {{workspace}} and no other placeholders; it has {{link}}");
        let all =
            "may have {{link}}, {{ratings}}, {{workspace}}, {{optOut}} and no other placeholders; it has {{name}}";
        assert_eq!(told[1].1, format!("{all}, {{{{{}…", &long[..40]));
        assert_eq!(faults(&json!({})).len(), 2);
        let (subject, text) = ("x".repeat(201), format!("{{{{link}}}}{}", "x".repeat(10_000)));
        let told = faults(&json!({"subject": subject, "text": text}));
        assert!(told[0].1.contains("1 to 200") && told[1].1.contains("1 to 10000"), "{told:?}");
        assert!(faults(&json!({"subject": "x", "text": "{{link}}\u{0}"}))[0].1.contains("control characters"));
    }
}
