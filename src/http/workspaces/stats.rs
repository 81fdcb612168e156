//! `…/quality/stats` (R3.1).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::domain::system::Scope;
use crate::http::App;
use crate::http::call::Call;
use crate::http::envelope::json;
use crate::http::error::ApiError;
use crate::service::period::PeriodQuery;

pub async fn show(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let key = call.workspace(&app, &[Scope::QualityRead])?;
    let query = call.query();
    let mut faults = query.faults(&["period", "from", "to"]);
    let sent = PeriodQuery { period: query.get("period"), from: query.get("from"), to: query.get("to") };
    match sent.at(app.service.now()) {
        Ok(period) if faults.is_empty() => Ok(json(StatusCode::OK, &app.service.stats(key, period).await?)),
        Ok(_) => Err(ApiError::invalid(faults)),
        Err(more) => {
            faults.extend(more);
            Err(ApiError::invalid(faults))
        }
    }
}
