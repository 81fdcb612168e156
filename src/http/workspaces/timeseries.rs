//! `…/quality/timeseries` (R6.7).

use axum::extract::State;
use axum::response::Response;
use futures::stream;

use super::stats::kept_from;
use crate::domain::system::Permission;
use crate::http::App;
use crate::http::answer::ok;
use crate::http::call::Call;
use crate::http::error::ApiError;
use crate::http::listing::{Form, varied, whole};
use crate::http::openapi::failures::{Caller, Failures, Ids, Reads};
use crate::http::openapi::params::{self, InWorkspace};
use crate::service::series::SeriesQuery;
use crate::wire::statistics::{Series, SeriesBucket};
use crate::wire::values::Timestamp;

/// Statistics of a workspace as a series
///
/// A range in hours, days or weeks, as clocks and calendars of a time zone have them: a day on which clocks are changed
/// has 23 or 25 hours. The first and the last bucket end with the range, so the buckets add up to the statistics of the
/// range. Weeks begin on Monday. More than 1,000 buckets are a 400. As `text/csv` or `application/x-ndjson` a bucket a
/// line.
#[utoipa::path(
    get,
    path = "/quality/timeseries",
    tag = "Quality",
    operation_id = "getQualityTimeseries",
    security(("credential" = ["quality:read"])),
    params(InWorkspace, params::Series),
    responses(
        (
            status = 200,
            description = "The series.",
            content((Series = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")),
            headers(
                (
                    "X-Retention-From" = inline(Timestamp),
                    description = "Only where the range reaches back further than what is kept: from when on it is."
                )
            )
        ),
        Failures<(Caller, Ids, Reads)>
    ),
)]
pub async fn show(State(app): State<App>, call: Call, form: Form) -> Result<Response, ApiError> {
    let key = call.workspace(&app, &[Permission::QualityRead])?;
    let query = call.query();
    let mut faults = query.faults(&["bucket", "timeZone", "from", "to"]);
    let get = |name| query.get(name);
    let sent = SeriesQuery { bucket: get("bucket"), time_zone: get("timeZone"), from: get("from"), to: get("to") };
    let bounds = sent.bounds(app.service.now()).map_err(|more| faults.extend(more));
    let (Ok(bounds), true) = (bounds, faults.is_empty()) else { return Err(ApiError::invalid(faults)) };
    let buckets = app.service.series(key, bounds).await?;
    let kept = buckets.first().and_then(|bucket| bucket.stats.retention_from);
    let buckets: Vec<SeriesBucket> = buckets.into_iter().map(Into::into).collect();
    let written = match form {
        Form::Json => {
            let written = move || varied(ok(&Series { buckets }));
            app.service.in_turn(call.visit.load(), written).await?
        }
        Form::Csv | Form::Ndjson => whole(form, "timeseries", call, stream::iter([Ok(buckets)])),
    };
    Ok(kept_from(written, kept))
}
