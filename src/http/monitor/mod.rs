//! The second listener (R10.10): `/healthz`, `/readyz`, `/metrics`.

mod engine;
mod meter;
mod page;
#[cfg(target_os = "linux")]
mod process;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
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
use page::Page;

use super::answer::{json, ok};
use super::envelope::{Envelope, envelope, panicked};
use super::error::ApiError;
use super::request_id::RequestId;
use super::web::Web;
use crate::actors::{self, Engine, Stats};
use crate::ids::Ids;
use crate::recovery::Progress;
use crate::service::in_flight::InFlightBudget;
use crate::wire::status::{Health, JournalState, NotReady, Phase, Readiness};

/// What stands behind the listener; it is asked from the first moment of a start on.
pub trait Monitor: Send + Sync {
    fn readiness(&self) -> actors::Readiness;

    /// `None` as long as there is no engine.
    fn stats(&self) -> Option<Stats>;

    /// Of the start that is under way, or the last one.
    fn start(&self) -> &Progress;
}

/// The engine once it runs; until then, how far the start has come.
pub struct EngineMonitor {
    progress: Arc<Progress>,
    running: OnceLock<(Engine, Arc<InFlightBudget>)>,
    stopping: AtomicBool,
}

impl EngineMonitor {
    pub fn new(progress: Arc<Progress>) -> Self {
        Self { progress, running: OnceLock::new(), stopping: AtomicBool::new(false) }
    }

    /// From here on the engine and the in-flight budget are asked. The first ones stay.
    pub fn started(&self, engine: Engine, in_flight: Arc<InFlightBudget>) {
        self.running.get_or_init(|| (engine, in_flight));
    }

    /// From here on the server takes no more requests, while its engine still finishes the last ones.
    pub fn stops(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }
}

impl Monitor for EngineMonitor {
    fn readiness(&self) -> actors::Readiness {
        let starting = || actors::Readiness::starting(self.progress.stage(), self.progress.share());
        let readiness = self.running.get().map_or_else(starting, |(engine, _)| engine.readiness());
        if self.stopping.load(Ordering::Relaxed) {
            return actors::Readiness { ready: false, phase: actors::Phase::Stopping, ..readiness };
        }
        readiness
    }

    fn stats(&self) -> Option<Stats> {
        self.running.get().map(|(engine, in_flight)| in_flight.counted(engine.stats_now()))
    }

    fn start(&self) -> &Progress {
        &self.progress
    }
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

/// Made beside the threads that serve connections: with many workspaces it takes a while.
async fn metrics(State(watch): State<Watch>) -> Response {
    let page = tokio::task::spawn_blocking(move || page(&watch));
    match page.await {
        Ok(Ok(text)) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response(),
        Ok(Err(cause)) => {
            tracing::error!(%cause, "the metrics could not be written");
            ApiError::internal().into_response()
        }
        // The panic hook has named the place.
        Err(_) => ApiError::internal().into_response(),
    }
}

fn page(watch: &Watch) -> prometheus::Result<String> {
    let mut page = Page::default();
    watch.meter.show(&mut page);
    engine::readiness(&watch.monitor.readiness(), &mut page);
    engine::recovery(watch.monitor.start(), &mut page);
    page.process("start_time_seconds", "When it started, since 1970.", MetricType::GAUGE, watch.meter.started());
    #[cfg(target_os = "linux")]
    process::show(&mut page);
    if let Some(stats) = watch.monitor.stats() {
        engine::engine(&stats, &mut page);
    }
    page.into_text()
}
