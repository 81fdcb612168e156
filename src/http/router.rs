//! Every URL of the API.

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{delete, get, post};
use tower_http::catch_panic::CatchPanicLayer;

use super::envelope::{Envelope, envelope, panicked};
use super::error::ApiError;
use super::{App, accounts, admin, conversations, workspaces};

/// The API, to be served with [`super::serve`].
pub fn router(app: App) -> Router {
    let tools = Envelope { ids: app.ids.clone(), meter: app.meter.clone(), body_timeout: app.limits.body_timeout };
    let workspace = Router::new()
        .route("/quality/stats", get(workspaces::stats::show))
        .route("/quality/circuit-breakers", get(workspaces::breakers::list))
        .route("/quality/circuit-breakers/{breakerId}/acknowledge", post(workspaces::breakers::acknowledge))
        .route("/quality/circuit-breakers/{breakerId}/resolve", post(workspaces::breakers::resolve))
        .route("/quality/gate", get(workspaces::gate::show))
        .route("/csat-config", get(workspaces::csat_config::show).patch(workspaces::csat_config::patch))
        .route("/conversations/{conversationId}", delete(workspaces::erasure::conversation))
        .route("/contacts/{contactId}", delete(workspaces::erasure::contact))
        .route("/events", post(workspaces::events::ingest));
    Router::new()
        .nest("/api/workspaces/{workspaceId}", workspace)
        .route("/api/conversations/{conversationId}/quality", get(conversations::quality))
        .route("/api/conversations/{conversationId}/quality/explanation", get(conversations::explanation))
        .route("/api/accounts/{accountId}/quality", get(accounts::quality))
        .route("/api/admin/workspaces", get(admin::workspaces::list).post(admin::workspaces::create))
        .route("/api/admin/keys", get(admin::keys::list).post(admin::keys::create))
        .route("/api/admin/keys/{keyId}", delete(admin::keys::revoke))
        .route("/api/admin/snapshots", get(admin::snapshots::list).post(admin::snapshots::create))
        .route("/api/admin/snapshots/status", get(admin::snapshots::status))
        .route("/api/admin/snapshots/prune", post(admin::snapshots::prune))
        .route("/api/admin/snapshots/{number}/verify", post(admin::snapshots::verify))
        .route("/api/admin/export", get(admin::export::show))
        .route("/api/admin/journal", get(admin::journal::show))
        .route("/api/admin/status", get(admin::status::show))
        .fallback(async || ApiError::not_found())
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(tools, envelope))
        .with_state(app)
}
