//! `/api/admin/cluster` (R11.4).

use axum::extract::State;
use axum::response::Response;

use crate::http::App;
use crate::http::answer::ok;
use crate::http::call::Call;
use crate::http::error::ApiError;
use crate::http::openapi::failures::{Caller, Failures, InCluster};
use crate::service::Operator;
use crate::wire::cluster::Cluster;

/// The cluster that the server is a node of
#[utoipa::path(
    get,
    path = "/cluster",
    tag = "Operation",
    operation_id = "getCluster",
    security(("credential" = ["server"])),
    responses(
        (status = 200, description = "Nodes and partitions, as the node that answers sees them.", body = Cluster),
        Failures<(Caller, InCluster)>,
    ),
)]
pub async fn show(State(app): State<App>, call: Call) -> Result<Response, ApiError> {
    let operator = Operator::of(&call.who)?;
    call.only(&[])?;
    Ok(ok(&app.service.cluster(operator)?))
}
