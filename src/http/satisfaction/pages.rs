//! The pages as they are sent: one file each, with its style and without a script.

use std::sync::LazyLock;

use askama::Template;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::answer::{Answer, Fault, LONGEST};
use super::language::Language;
use super::words::{Notice, Words};
use crate::domain::rating::Given;
use crate::domain::time;
use crate::http::error::ApiError;

const STYLE: &str = include_str!("templates/page.css");

/// Nothing is loaded and nothing is run; of styles only that of the page.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    );
    policy.parse().expect("it is ASCII")
});

/// What stands around every page.
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    pub language: Language,
    /// The workspace's name, once the link is known to be good.
    pub workspace: Option<&'a str>,
    /// The choice that the address names: it stays when another language is chosen.
    pub asked_rating: Option<u8>,
}

impl Frame<'_> {
    const fn style(&self) -> &'static str {
        STYLE
    }

    const fn words(&self) -> &'static Words {
        Words::of(self.language)
    }
}

/// Until when an answer can be changed.
struct Until {
    stamp: String,
    shown: String,
}

impl Until {
    fn of(given: &Given) -> Self {
        let stamp = time::format(given.changeable_until());
        let shown = format!("{}, {} UTC", &stamp[..10], &stamp[11..16]);
        Self { stamp, shown }
    }
}

/// One of the answers to choose from.
struct Choice {
    value: u8,
    text: &'static str,
    is_made: bool,
}

#[derive(Template)]
#[template(path = "form.html")]
struct FormPage<'a> {
    frame: Frame<'a>,
    words: &'static Words,
    token: &'a str,
    fault: Option<&'static str>,
    until: Option<Until>,
    choices: Vec<Choice>,
    comment: &'a str,
    longest: usize,
}

#[derive(Template)]
#[template(path = "thanks.html")]
struct ThanksPage<'a> {
    frame: Frame<'a>,
    words: &'static Words,
    answer: &'static str,
    comment: Option<&'a str>,
    until: Until,
}

#[derive(Template)]
#[template(path = "stop.html")]
struct StopPage<'a> {
    frame: Frame<'a>,
    words: &'static Words,
}

#[derive(Template)]
#[template(path = "notice.html")]
struct NoticePage<'a> {
    frame: Frame<'a>,
    words: &'static Words,
    notice: Notice,
}

/// The form. `given`: what was said through the link before.
pub fn form(frame: Frame<'_>, token: &str, answer: &Answer, given: Option<&Given>, fault: Option<Fault>) -> Response {
    let words = frame.words();
    let said = |fault| match fault {
        Fault::NoRating => words.choose,
        Fault::TooLong => words.too_long,
    };
    let status = if fault.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let (fault, until) = (fault.map(said), given.map(Until::of));
    let choices =
        (1..).zip(words.choices).map(|(value, text)| Choice { value, text, is_made: answer.rating == Some(value) });
    let (choices, comment) = (choices.collect(), answer.comment.as_str());
    page(status, &FormPage { frame, words, token, fault, until, choices, comment, longest: LONGEST })
}

/// What was recorded.
pub fn thanks(frame: Frame<'_>, given: &Given) -> Response {
    let words = frame.words();
    let answer = words.choices[usize::from(given.rating.clamp(1, 5)) - 1];
    let (comment, until) = (given.comment.as_deref(), Until::of(given));
    page(StatusCode::OK, &ThanksPage { frame, words, answer, comment, until })
}

/// Whether mail shall stop.
pub fn stop(frame: Frame<'_>) -> Response {
    page(StatusCode::OK, &StopPage { frame, words: frame.words() })
}

/// That it has stopped, or never was.
pub fn stopped(frame: Frame<'_>, had_address: bool) -> Response {
    let words = frame.words();
    let notice = if had_address { words.stopped } else { words.no_address };
    page(StatusCode::OK, &NoticePage { frame, words, notice })
}

/// Why a link does not lead to the form. The reason is told by its `code`, and otherwise by its status.
pub fn failure(language: Language, failure: &ApiError) -> Response {
    let frame = Frame { language, workspace: None, asked_rating: None };
    let words = frame.words();
    let notice = match failure.code {
        "link_expired" => words.expired,
        "link_superseded" => words.superseded,
        "link_used" => words.used,
        _ => match failure.status {
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => words.unknown,
            status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => words.later,
            _ => words.unreadable,
        },
    };
    page(failure.status, &NoticePage { frame, words, notice })
}

fn page(status: StatusCode, template: &impl Template) -> Response {
    let html = match template.render() {
        Ok(html) => html,
        Err(cause) => {
            tracing::error!(%cause, "a page for customers could not be written");
            return ApiError::internal().into_response();
        }
    };
    let mut response = (status, Html(html)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY.clone());
    headers.insert(HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex, nofollow"));
    response
}
