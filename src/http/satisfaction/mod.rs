//! `/s/…` (R13.2): where customers say how a conversation went. Pages for people, in their language and without a
//! script: `pages` makes them of `templates/` and `words`, `answer` reads what was filled in, `language` finds out whom
//! it is for.
//!
//! Programs that look at mail open every link that they find. So GET and HEAD record nothing, whatever the query says.

mod answer;
mod language;
mod pages;
mod words;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use self::answer::{Answer, FORM, rating_of};
pub use self::language::Language;
use self::pages::Frame;
use super::App;
use super::answer_room::AnswerPayer;
use super::error::ApiError;
use super::params::Query;
use super::payload::Payload;
use crate::service::ServiceError;
use crate::service::ratings::Opened;

/// What all of its addresses begin with.
const BEGIN: &str = "/s/";

/// The pages. Their addresses are relative: a proxy may put a prefix before them.
pub fn routes() -> Router<App> {
    Router::new().route("/s/{token}", get(show).post(rate)).route("/s/{token}/opt-out", get(show_stop).post(stop))
}

/// In which language a failure of this request is told as a page; none where it is told as JSON.
pub fn told_as_page(request: &Request) -> Option<Language> {
    request.uri().path().starts_with(BEGIN).then(|| language(request.uri(), request.headers()))
}

/// A failure as a page; in the language of its form, if it has one.
pub fn failed(language: Language, response: &Response, failure: &ApiError) -> Response {
    pages::failure(response.extensions().get().copied().unwrap_or(language), failure)
}

/// The one that the address names, or else the one that the browser wants.
fn language(uri: &Uri, headers: &HeaderMap) -> Language {
    let named = Query::parse(uri.query()).get("lang").and_then(Language::of_tag);
    named.unwrap_or_else(|| Language::of_headers(headers))
}

/// Somebody with a link of this server's.
struct Visitor {
    opened: Opened,
    token: String,
    language: Language,
    asked_rating: Option<u8>,
}

impl FromRequestParts<App> for Visitor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let path: Result<Path<String>, PathRejection> = Path::from_request_parts(parts, app).await;
        // What cannot be read is no token either.
        let Path(token) = path.map_err(|_| ServiceError::UnknownLink)?;
        let opened = app.service.open_link(&token).await?;
        if let Some(payer) = parts.extensions.get::<AnswerPayer>() {
            payer.is(&opened.visit);
        }
        let asked_rating = rating_of(&Query::parse(parts.uri.query()));
        Ok(Self { opened, token, language: language(&parts.uri, &parts.headers), asked_rating })
    }
}

impl Visitor {
    fn frame(&self) -> Frame<'_> {
        Frame { language: self.language, workspace: Some(&self.opened.workspace_name), asked_rating: self.asked_rating }
    }

    /// In the language that the form has.
    fn failed(&self, refused: ServiceError) -> Response {
        let mut response = ApiError::from(refused).into_response();
        response.extensions_mut().insert(self.language);
        response
    }
}

/// The form: with what was said before, and with the choice that the address names.
async fn show(State(app): State<App>, visitor: Visitor) -> Result<Response, ApiError> {
    let given = app.service.asked(&visitor.opened).await?;
    let before = given.as_ref();
    let rating = visitor.asked_rating.or(before.map(|given| given.rating));
    let comment = before.and_then(|given| given.comment.clone()).unwrap_or_default();
    let answer = Answer { rating, comment, language: None };
    Ok(pages::form(visitor.frame(), &visitor.token, &answer, before, None))
}

/// Records what the form says.
async fn rate(State(app): State<App>, mut visitor: Visitor, payload: Payload) -> Result<Response, ApiError> {
    let (body, _permit) = payload.form(&visitor.opened.visit, FORM).await?;
    let answer = Answer::read(&body).ok_or_else(ApiError::broken_body)?;
    visitor.language = answer.language.unwrap_or(visitor.language);
    Ok(recorded(&app, &visitor, answer).await.unwrap_or_else(|refused| visitor.failed(refused)))
}

async fn recorded(app: &App, visitor: &Visitor, answer: Answer) -> Result<Response, ServiceError> {
    match answer.checked() {
        Ok(rating) => {
            let given = app.service.rate(&visitor.opened, rating, answer.into_comment()).await?;
            Ok(pages::thanks(visitor.frame(), &given))
        }
        Err(fault) => {
            let given = app.service.asked(&visitor.opened).await?;
            Ok(pages::form(visitor.frame(), &visitor.token, &answer, given.as_ref(), Some(fault)))
        }
    }
}

/// Asks whether mail shall stop.
async fn show_stop(visitor: Visitor) -> Response {
    pages::stop(visitor.frame())
}

/// Stops mail. Also for mail programs, with one click (RFC 8058): whatever the body says.
async fn stop(State(app): State<App>, visitor: Visitor, payload: Payload) -> Result<Response, ApiError> {
    let _body = payload.any(&visitor.opened.visit, FORM).await?;
    let had_address = app.service.opt_out(&visitor.opened).await?;
    Ok(pages::stopped(visitor.frame(), had_address))
}
