//! The second listener (R10.10): `/healthz`, `/readyz`, `/metrics`.

mod meter;
mod page;
#[cfg(target_os = "linux")]
mod process;
mod streams;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::header;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use prometheus::proto::MetricType;
use tower_http::catch_panic::CatchPanicLayer;

pub use meter::Meter;
pub(in crate::http) use meter::{UNMATCHED, UnderWay};
pub use page::Page;
pub(in crate::http) use streams::OpenStream;

use super::answer::{json, ok};
use super::envelope::{Envelope, envelope, panicked};
use super::error::ApiError;
use super::request_id::RequestId;
use super::web::Web;
use crate::actors;
use crate::ids::Ids;
use crate::wire::status::{Health, JournalState, NotReady, Phase, Readiness};

/// What the listener asks. It is asked from the first moment of a start on.
pub trait Monitor: Send + Sync {
    fn readiness(&self) -> actors::Readiness;

    /// What stands behind the listener writes its part of `/metrics`.
    fn metrics(&self, page: &mut Page);
}

/// State of the listener.
#[derive(Clone)]
struct Watch {
    monitor: Arc<dyn Monitor>,
    /// The API's, not this listener's.
    meter: Arc<Meter>,
}

/// The routes of the second listener; `meter` is the API's.
pub fn router(monitor: Arc<dyn Monitor>, meter: Arc<Meter>, ids: Arc<dyn Ids>) -> Router {
    let tools = Envelope { ids, meter: Arc::default(), body_timeout: Duration::from_secs(1), web: Web::default() };
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .fallback(async || ApiError::not_found())
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(tools, envelope))
        .with_state(Watch { monitor, meter })
}

/// The process answers.
async fn healthz() -> Response {
    ok(&Health { status: "ok" })
}

/// 200 or 503, both with what there is to know; a 503 has R2.7's members too.
async fn readyz(State(watch): State<Watch>, Extension(id): Extension<RequestId>) -> Response {
    let readiness = Readiness::from(watch.monitor.readiness());
    if readiness.ready {
        return ok(&readiness);
    }
    let (code, error) = obstacle(&readiness);
    let failure = ApiError::not_ready(code, error);
    let mut response = json(failure.status, &NotReady { readiness, failure: failure.shown(&id.0) });
    response.headers_mut().extend(failure.header.clone());
    response
}

/// Why it is not ready: code and sentence.
const fn obstacle(readiness: &Readiness) -> (&'static str, &'static str) {
    match (readiness.phase, readiness.journal) {
        (Phase::Opening, _) => ("opening", "The journal is being checked."),
        (Phase::Loading, _) => ("loading", "A snapshot is being read."),
        (Phase::Replaying, _) => ("replaying", "The journal is being replayed."),
        (Phase::Stopping, _) => ("shutting_down", "The server is shutting down."),
        (Phase::Serving, JournalState::Full) => ("disk_full", "The disk is full."),
        (Phase::Serving, JournalState::Failed) => ("journal_failed", "The journal cannot be written."),
        (Phase::Serving, JournalState::Writable) => ("not_ready", "The server is not ready."),
    }
}

/// Made on another thread than those that serve connections, since it takes a while with many workspaces.
async fn metrics(State(watch): State<Watch>) -> Response {
    let page = tokio::task::spawn_blocking(move || page(&watch));
    match page.await {
        Ok(Ok(text)) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response(),
        Ok(Err(cause)) => {
            tracing::error!(%cause, "the metrics could not be written");
            ApiError::internal().into_response()
        }
        // The panic hook has logged the place already.
        Err(_) => ApiError::internal().into_response(),
    }
}

fn page(watch: &Watch) -> prometheus::Result<String> {
    let mut page = Page::default();
    watch.meter.show(&mut page);
    watch.monitor.metrics(&mut page);
    page.process("start_time_seconds", "When it started, since 1970.", MetricType::GAUGE, watch.meter.started());
    #[cfg(target_os = "linux")]
    process::show(&mut page);
    page.into_text()
}
