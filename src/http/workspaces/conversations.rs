//! `…/conversations` of a workspace or of an account (R6.6).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use futures::StreamExt;

use crate::domain::ids::{Id, WorkspaceKey};
use crate::domain::score::Hundredths;
use crate::domain::system::Permission;
use crate::domain::workspace::conversation_list::{ConversationQuery, ConversationSort};
use crate::http::App;
use crate::http::answer::ok;
use crate::http::call::Call;
use crate::http::cursor::List;
use crate::http::error::ApiError;
use crate::http::listing::{Form, varied, whole};
use crate::http::openapi::failures::{Caller, Failures, Ids, Reads};
use crate::http::openapi::params::{ConversationListQuery, InWorkspace};
use crate::http::paging::{Page, cursor_of, walked};
use crate::http::params::Query;
use crate::service::period::bounds;
use crate::wire::failure::Fault;
use crate::wire::rows::{ConversationPage, ConversationRow};

/// Characters of a channel, an intent or a version.
const MAX_NAME: usize = 255;

const PARAMETERS: [&str; 15] = [
    "low",
    "resolved",
    "reopened",
    "minConfidence",
    "minScore",
    "maxScore",
    "channel",
    "intent",
    "modelVersion",
    "from",
    "to",
    "sort",
    "order",
    "limit",
    "cursor",
];

/// All scored conversations
///
/// The newest first unless asked otherwise. Every conversation that is there all the time is on exactly one page, whatever
/// is written in between. As `text/csv` or `application/x-ndjson` all rows at once.
#[utoipa::path(
    get,
    path = "/conversations",
    tag = "Quality",
    operation_id = "listConversations",
    security(("credential" = ["quality:read"])),
    params(InWorkspace, ConversationListQuery),
    responses(
        (
            status = 200,
            description = "A page of them, or all.",
            content((ConversationPage = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))
        ),
        Failures<(Caller, Ids, Reads)>
    ),
)]
pub async fn list(State(app): State<App>, call: Call, form: Form) -> Result<Response, ApiError> {
    let key = call.workspace(&app, &[Permission::QualityRead])?;
    let asked = Asked::read(&call, form, &[])?;
    asked.answer(&app, call, key, None).await
}

/// A question of this list, in the form that it is asked for.
pub struct Asked {
    form: Form,
    /// None: all rows.
    page: Option<Page<6>>,
    query: ConversationQuery,
}

impl Asked {
    /// The query string; besides its own parameters it may have `others`.
    pub fn read(call: &Call, form: Form, others: &[&str]) -> Result<Self, ApiError> {
        let sent = call.query();
        let mut faults = sent.faults(&[&PARAMETERS, others].concat());
        let page = form.page(&sent, List::Conversations, &mut faults);
        let query = read(&sent, &mut faults);
        if faults.is_empty() { Ok(Self { form, page, query }) } else { Err(ApiError::invalid(faults)) }
    }

    /// Of a side, or of one account of it.
    pub async fn answer(
        self,
        app: &App,
        call: Call,
        key: WorkspaceKey,
        account: Option<Id>,
    ) -> Result<Response, ApiError> {
        let Self { form, page, query } = self;
        let (query, load) = (ConversationQuery { account, ..query }, Arc::clone(call.visit.load()));
        let Some(page) = page else {
            let parts = app.service.whole_list(&load, key, query).await?;
            let parts = parts.map(|part| Ok(part?.into_iter().map(ConversationRow::from).collect()));
            return Ok(whole(form, "conversations", call, parts));
        };
        let found = app.service.list(&load, key, query, page.after.map(walked), page.limit).await?;
        let next_cursor = found.next.map(|next| cursor_of(List::Conversations, next));
        Ok(varied(ok(&ConversationPage { data: found.rows.into_iter().map(Into::into).collect(), next_cursor })))
    }
}

fn read(sent: &Query<'_>, faults: &mut Vec<Fault>) -> ConversationQuery {
    let sorts = [("scoredAt", ConversationSort::ScoredAt), ("composite", ConversationSort::Composite)];
    let sort = sent.choice("sort", &sorts, faults).unwrap_or_default();
    let orders = [("asc", false), ("desc", true)];
    let (from, to) = bounds(sent.get("from"), sent.get("to"), faults);
    let scores = Hundredths::MIN_SCORE..=Hundredths::MAX_SCORE;
    let (least, most) =
        (sent.hundredths("minScore", scores.clone(), faults), sent.hundredths("maxScore", scores, faults));
    if least.zip(most).is_some_and(|(least, most)| least > most) {
        faults.push(Fault::at("minScore", "must not be above maxScore"));
    }
    ConversationQuery {
        account: None,
        sort,
        descending: sent.choice("order", &orders, faults).unwrap_or(sort == ConversationSort::ScoredAt),
        low: sent.switch("low", faults),
        resolved: sent.switch("resolved", faults),
        reopened: sent.switch("reopened", faults),
        min_confidence: sent.hundredths("minConfidence", Hundredths(0)..=Hundredths(100), faults),
        min_score: least,
        max_score: most,
        labels: ["channel", "intent"].map(|name| sent.text(name, MAX_NAME, faults).map(Into::into)),
        model_version: sent.text("modelVersion", MAX_NAME, faults).map(Into::into),
        from,
        to,
    }
}
