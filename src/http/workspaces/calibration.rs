//! `…/quality/calibration` (R5.10, R13.3).

use axum::extract::State;
use axum::response::Response;

use super::stats::period;
use crate::domain::calibration::agreement::Agreement;
use crate::domain::ids::WorkspaceKey;
use crate::domain::system::Permission;
use crate::domain::time::Millis;
use crate::domain::workspace::rated;
use crate::http::App;
use crate::http::answer::ok;
use crate::http::call::Call;
use crate::http::error::ApiError;
use crate::http::openapi::failures::{Calibrates, Caller, Failures, Ids, JsonBody, Reads, Reverts, Writes};
use crate::http::openapi::params::{self, InWorkspace};
use crate::http::payload::Payload;
use crate::service::calibration::Ratings;
use crate::service::period::{Period, PeriodQuery};
use crate::wire::offer::CalibrationOffer;
use crate::wire::ratings::{
    AgreementOfMonth, AgreementOfVersion, CalibrationReport, MonthName, NewCalibration, RatedConversation, VersionName,
};
use crate::wire::values::{Score, Timestamp};

/// What is shown where no period is asked for.
const PERIOD: &str = "last_90d";

/// Ratings beside scores
///
/// Each rating of a period with the score that the model gives without it, how far the two agree, and whether a profile
/// fitted to the workspace's own ratings would do better. The last 90 days where no period is named.
#[utoipa::path(
    get,
    path = "/quality/calibration",
    tag = "Calibration",
    operation_id = "getCalibration",
    security(("credential" = ["quality:read"])),
    params(InWorkspace, params::Period),
    responses(
        (status = 200, description = "The ratings, and what is offered.", body = CalibrationReport),
        Failures<(Caller, Ids, Reads)>
    ),
)]
pub async fn show(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let key = call.workspace(&app, &[Permission::QualityRead])?;
    let query = call.query();
    let mut faults = query.faults(&["period", "from", "to"]);
    let asked = ["period", "from", "to"].into_iter().any(|name| query.get(name).is_some());
    let period = if asked { period(&query, app.service.now(), &mut faults) } else { last_90d(app.service.now()) };
    match period {
        Some(period) if faults.is_empty() => {
            let ratings = app.service.ratings(call.visit.load(), key, period).await?;
            Ok(ok(&CalibrationReport::of(&ratings)))
        }
        _ => Err(ApiError::invalid(faults)),
    }
}

fn last_90d(now: Millis) -> Option<Period> {
    PeriodQuery { period: Some(PERIOD), ..PeriodQuery::default() }.at(now).ok()
}

/// Apply the profile that is offered
///
/// From then on conversations are scored with it. With `version` only if that is still what is offered; what is offered
/// changes with every rating. 409 where nothing is.
#[utoipa::path(
    post,
    path = "/quality/calibration/apply",
    tag = "Calibration",
    operation_id = "applyCalibration",
    security(("credential" = ["quality:write"])),
    params(InWorkspace),
    request_body(content((NewCalibration = "application/json")), description = "May be left out."),
    responses(
        (status = 200, description = "As `getCalibration` answers then.", body = CalibrationReport),
        Failures<(Caller, Ids, JsonBody, Reads, Writes, Calibrates)>
    ),
)]
pub async fn apply(State(app): State<App>, call: Call, payload: Payload) -> Result<Response, ApiError> {
    let key = call.workspace(&app, &[Permission::QualityWrite])?;
    call.only(&[])?;
    let NewCalibration { version } = payload.json_or_nothing(&app, &call).await?.unwrap_or_default();
    app.service.calibrate(&call.who, call.visit.load(), key, version).await?;
    report(&app, &call, key).await
}

/// Take the calibration back
///
/// From then on conversations are scored as before it; scores that were made with it stay. 409 without one.
#[utoipa::path(
    post,
    path = "/quality/calibration/revert",
    tag = "Calibration",
    operation_id = "revertCalibration",
    security(("credential" = ["quality:write"])),
    params(InWorkspace),
    responses(
        (status = 200, description = "As `getCalibration` answers then.", body = CalibrationReport),
        Failures<(Caller, Ids, Reads, Writes, Reverts)>
    ),
)]
pub async fn revert(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let key = call.workspace(&app, &[Permission::QualityWrite])?;
    call.only(&[])?;
    app.service.uncalibrate(&call.who, key).await?;
    report(&app, &call, key).await
}

async fn report(app: &App, call: &Call, key: WorkspaceKey) -> Result<Response, ApiError> {
    let period = last_90d(app.service.now()).ok_or_else(ApiError::internal)?;
    let ratings = app.service.ratings(call.visit.load(), key, period).await?;
    Ok(ok(&CalibrationReport::of(&ratings)))
}

impl CalibrationReport {
    fn of(ratings: &Ratings) -> Self {
        let Ratings { period, agreement, months, versions, pairs, answers, offer, base, in_force } = ratings;
        let month = |(month, agreement): &(String, Agreement)| AgreementOfMonth {
            of: MonthName { month: month.clone() },
            agreement: (*agreement).into(),
        };
        let version = |(version, agreement): &(String, Agreement)| AgreementOfVersion {
            of: VersionName { model_version: version.clone() },
            agreement: (*agreement).into(),
        };
        let pair = |(rated, version): &(rated::RatedConversation, String)| RatedConversation {
            conversation_id: rated.conversation,
            account_id: rated.account,
            rating: rated.rating,
            composite_score: Score(rated.composite),
            rated_at: Timestamp(rated.at),
            model_version: version.clone(),
        };
        Self {
            period_start: Timestamp(period.from),
            period_end: Timestamp(period.to),
            agreement: agreement.map(Into::into),
            months: months.iter().map(month).collect(),
            model_versions: versions.iter().map(version).collect(),
            pairs: pairs.iter().map(pair).collect(),
            offer: CalibrationOffer::of(offer, base, answers),
            in_force: in_force.as_deref().map(Into::into),
        }
    }
}
