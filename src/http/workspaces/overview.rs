//! `…/quality/overview` (R6.7).

use axum::extract::State;
use axum::response::Response;

use super::stats::{kept_from, period};
use crate::domain::system::Permission;
use crate::domain::view::{GroupBy, LabelKind};
use crate::http::App;
use crate::http::answer::ok;
use crate::http::call::Call;
use crate::http::error::ApiError;
use crate::http::openapi::failures::{Caller, Failures, Ids, Reads};
use crate::http::openapi::params::{self, InWorkspace};
use crate::wire::failure::Fault;
use crate::wire::statistics::Overview;
use crate::wire::values::Timestamp;

/// How a workspace is doing
///
/// Its statistics of a period beside those of the period before, which is as long; how its accounts and breakers are
/// now; and what could not be scored. With `groupBy` also told apart by what the conversations have in common.
#[utoipa::path(
    get,
    path = "/quality/overview",
    tag = "Quality",
    operation_id = "getQualityOverview",
    security(("credential" = ["quality:read"])),
    params(InWorkspace, params::Period, params::Groups),
    responses(
        (
            status = 200,
            description = "The overview.",
            body = Overview,
            headers(
                (
                    "X-Retention-From" = inline(Timestamp),
                    description = "Only where one of the two reaches back further than what is kept: from when on it is."
                )
            )
        ),
        Failures<(Caller, Ids, Reads)>
    ),
)]
pub async fn show(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let key = call.workspace(&app, &[Permission::QualityRead])?;
    let query = call.query();
    let mut faults = query.faults(&["period", "from", "to", "groupBy"]);
    let period = period(&query, app.service.now(), &mut faults);
    let by = query.get("groupBy").map(group_by).transpose().map_err(|why| faults.push(Fault::at("groupBy", why)));
    let (Some(period), Ok(by), true) = (period, by, faults.is_empty()) else { return Err(ApiError::invalid(faults)) };
    let overview = app.service.overview(key, period, by).await?;
    let accounts = app.service.risk_counts(call.visit.load(), key).await?;
    let kept = overview.previous.retention_from;
    // There may be thousands of groups.
    let written = app.service.in_turn(call.visit.load(), move || ok(&Overview::of(overview, accounts))).await?;
    Ok(kept_from(written, kept))
}

fn group_by(text: &str) -> Result<GroupBy, &'static str> {
    match text {
        "channel" => Ok(GroupBy::Label(LabelKind::Channel)),
        "intent" => Ok(GroupBy::Label(LabelKind::Intent)),
        "handler" => Ok(GroupBy::Handler),
        "modelVersion" => Ok(GroupBy::ModelVersion),
        _ => Err("must be one of channel, intent, handler, modelVersion"),
    }
}
