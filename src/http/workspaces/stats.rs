//! `…/quality/stats` (R3.1).

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;

use crate::domain::system::Permission;
use crate::domain::time::{self, Millis};
use crate::domain::view;
use crate::http::App;
use crate::http::answer::ok;
use crate::http::call::Call;
use crate::http::error::ApiError;
use crate::http::openapi::failures::{Caller, Failures, Ids, Reads};
use crate::http::openapi::params::{self, InWorkspace};
use crate::http::params::Query;
use crate::service::period::{Period, PeriodQuery};
use crate::wire::failure::Fault;
use crate::wire::statistics::QualityStats;
use crate::wire::values::Timestamp;

/// When a period reaches back further than what is kept: from when on it is (R4.11).
const X_RETENTION_FROM: HeaderName = HeaderName::from_static("x-retention-from");

/// Statistics of a workspace
///
/// Over the conversations that were scored and the breakers that were triggered in a period, exact to the
/// millisecond. An average over nothing is null. A period whose `from` lies after its `to` is a 400.
#[utoipa::path(
    get,
    path = "/quality/stats",
    tag = "Quality",
    operation_id = "getQualityStats",
    security(("credential" = ["quality:read"])),
    params(InWorkspace, params::Period),
    responses(
        (
            status = 200,
            description = "The statistics.",
            body = QualityStats,
            headers(
                (
                    "X-Retention-From" = inline(Timestamp),
                    description = "Only where the period reaches back further than what is kept: from when on it is."
                )
            )
        ),
        Failures<(Caller, Ids, Reads)>
    ),
)]
pub async fn show(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let key = call.workspace(&app, &[Permission::QualityRead])?;
    let query = call.query();
    let mut faults = query.faults(&["period", "from", "to"]);
    match period(&query, app.service.now(), &mut faults) {
        Some(period) if faults.is_empty() => Ok(answer(app.service.stats(key, period).await?)),
        _ => Err(ApiError::invalid(faults)),
    }
}

/// The period that is asked for; what is wrong with it goes to `faults`.
pub fn period(query: &Query<'_>, now: Millis, faults: &mut Vec<Fault>) -> Option<Period> {
    let sent = PeriodQuery { period: query.get("period"), from: query.get("from"), to: query.get("to") };
    sent.at(now).map_err(|more| faults.extend(more)).ok()
}

fn answer(stats: view::QualityStats) -> Response {
    let from = stats.retention_from;
    kept_from(ok(&QualityStats::from(stats)), from)
}

/// The answer, saying from when on something is kept, where it reaches back further.
pub fn kept_from(mut response: Response, from: Option<Millis>) -> Response {
    let from = from.and_then(|from| HeaderValue::try_from(time::format(from)).ok());
    if let Some(from) = from {
        response.headers_mut().insert(X_RETENTION_FROM, from);
    }
    response
}
