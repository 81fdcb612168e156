//! `…/accounts` (R6.6).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use futures::StreamExt;

use crate::domain::system::Permission;
use crate::domain::view::ChurnRisk;
use crate::domain::workspace::account_list::{AccountQuery, AccountSort, small};
use crate::http::App;
use crate::http::answer::ok;
use crate::http::call::Call;
use crate::http::cursor::List;
use crate::http::error::ApiError;
use crate::http::listing::{Form, varied, whole};
use crate::http::openapi::failures::{Caller, Failures, Ids, Reads};
use crate::http::openapi::params::{AccountListQuery, InWorkspace};
use crate::http::paging::{cursor_of, walked};
use crate::http::params::Query;
use crate::wire::failure::Fault;
use crate::wire::rows::{AccountPage, AccountRow};

/// Characters of what is looked for in names.
const MAX_PART: usize = 255;

/// All accounts
///
/// The riskiest first unless asked otherwise, each with its health. Every account that is there all the time is on exactly
/// one page, whatever is written in between. As `text/csv` or `application/x-ndjson` all rows at once.
#[utoipa::path(
    get,
    path = "/accounts",
    tag = "Quality",
    operation_id = "listAccounts",
    security(("credential" = ["quality:read"])),
    params(InWorkspace, AccountListQuery),
    responses(
        (
            status = 200,
            description = "A page of them, or all.",
            content((AccountPage = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))
        ),
        Failures<(Caller, Ids, Reads)>
    ),
)]
pub async fn list(State(app): State<App>, call: Call, form: Form) -> Result<Response, ApiError> {
    let key = call.workspace(&app, &[Permission::QualityRead])?;
    let sent = call.query();
    let mut faults = sent.faults(&["sort", "risk", "paused", "q", "limit", "cursor"]);
    let page = form.page(&sent, List::Accounts, &mut faults);
    let query = read(&sent, &mut faults);
    if !faults.is_empty() {
        return Err(ApiError::invalid(faults));
    }
    let load = Arc::clone(call.visit.load());
    let Some(page) = page else {
        let parts = app.service.whole_list(&load, key, query).await?;
        let parts = parts.map(|part| Ok(part?.into_iter().map(AccountRow::from).collect()));
        return Ok(whole(form, "accounts", call, parts));
    };
    let found = app.service.list(&load, key, query, page.after.map(walked), page.limit).await?;
    let next_cursor = found.next.map(|next| cursor_of(List::Accounts, next));
    Ok(varied(ok(&AccountPage { data: found.rows.into_iter().map(Into::into).collect(), next_cursor })))
}

fn read(sent: &Query<'_>, faults: &mut Vec<Fault>) -> AccountQuery {
    let sorts = [
        ("churnRisk", AccountSort::ChurnRisk),
        ("composite", AccountSort::Composite),
        ("name", AccountSort::Name),
        ("lastScoredAt", AccountSort::LastScoredAt),
    ];
    let risks = [
        ("critical", ChurnRisk::Critical),
        ("high", ChurnRisk::High),
        ("medium", ChurnRisk::Medium),
        ("low", ChurnRisk::Low),
    ];
    let mut risks = sent.choices("risk", &risks, faults);
    risks.sort_unstable();
    risks.dedup();
    AccountQuery {
        sort: sent.choice("sort", &sorts, faults).unwrap_or_default(),
        risks,
        paused: sent.switch("paused", faults),
        name: sent.text("q", MAX_PART, faults).map(|part| small(part).into()),
    }
}
