//! One span and one line for each request: what was asked by the route's template, and what came of
//! it. Never a credential, a query or a body.
//!
//! The span is at level `debug`, off in an ordinary log, so that no request pays for it: the one line says everything
//! itself. With a collector (`otlp`) spans are made for it, whatever the log shows. Requests to the second listener
//! have none.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use http_body_util::BodyExt;
use tracing::field::{Empty, display};
use tracing::{Level, Span};

use super::monitor::{UNMATCHED, UnderWay};
use super::request_id::RequestId;
use super::trace_context::{TraceId, TraceParent};
use crate::clock::Stopwatch;

/// Spans and lines come from here; filters name it.
pub const TARGET: &str = "tripswitch::http::request";

/// Routes of the second listener, asked every few seconds: lines, but no spans.
const PROBES: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// Marks an answer that lasts: it is told when it is over.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) struct TellAtEnd;

/// An answer that lasts, until this is dropped.
struct End {
    asked: Asked,
    status: StatusCode,
    /// From its head on.
    watch: Stopwatch,
}

impl Drop for End {
    fn drop(&mut self) {
        self.asked.tell(self.status, self.watch.elapsed());
    }
}

/// A request that is not answered yet.
pub(in crate::http) struct Asked {
    method: Method,
    route: Option<MatchedPath>,
    id: RequestId,
    trace: Option<TraceId>,
    pub span: Span,
}

impl Asked {
    pub fn of(request: &Request, id: &RequestId) -> Self {
        let (method, id) = (request.method().clone(), id.clone());
        let route = request.extensions().get::<MatchedPath>().cloned();
        let parent = TraceParent::of(request.headers());
        let span = span(&method, template(route.as_ref()), &id, parent.as_ref());
        let trace = parent.map(|parent| parent.trace).or_else(|| traced(&span));
        Self { method, route, id, trace, span }
    }

    /// Counts and tells the answer; of one that says so ([`TellAtEnd`]) only when its body ends.
    pub fn answered(self, under_way: &UnderWay<'_>, mut response: Response) -> Response {
        let status = response.status();
        let took = under_way.answered(&self.method, template(self.route.as_ref()), status);
        if response.extensions_mut().remove::<TellAtEnd>().is_none() {
            self.tell(status, took);
            return response;
        }
        let end = End { asked: self, status, watch: Stopwatch::start() };
        response.map(|body| {
            Body::new(body.map_frame(move |frame| {
                // Dropped with the body.
                let _end = &end;
                frame
            }))
        })
    }

    fn tell(&self, status: StatusCode, took: Duration) {
        self.end_span(status, took);
        let Self { method, id, trace, .. } = self;
        let route = template(self.route.as_ref());
        // Whoever sends much is refused much (503), and a full disk refuses everybody (507): who reads the log would find
        // nothing else in it, and metrics count both.
        let refused = [StatusCode::SERVICE_UNAVAILABLE, StatusCode::INSUFFICIENT_STORAGE].contains(&status);
        let failed = status.is_server_error() && !refused;
        let (status, trace_id, duration_seconds) = (status.as_u16(), trace.map(display), took.as_secs_f64());
        // With everything in the line itself: it reads the same whether or not spans are on.
        if failed {
            tracing::warn!(
                target: TARGET, parent: None,
                request_id = %id.0, %method, route, status, duration_seconds, trace_id,
                "request failed"
            );
        } else {
            tracing::debug!(
                target: TARGET, parent: None,
                request_id = %id.0, %method, route, status, duration_seconds, trace_id,
                "request answered"
            );
        }
    }

    fn end_span(&self, status: StatusCode, took: Duration) {
        if self.span.is_disabled() {
            return;
        }
        self.span.record("status", status.as_u16()).record("duration_seconds", took.as_secs_f64());
        if status.is_server_error() {
            self.span.record("otel.status_code", "ERROR");
        }
    }
}

fn template(route: Option<&MatchedPath>) -> &str {
    route.map_or(UNMATCHED, MatchedPath::as_str)
}

/// Off unless something listens: a log of level debug, or a collector.
fn span(method: &Method, route: &str, id: &RequestId, parent: Option<&TraceParent>) -> Span {
    if !tracing::enabled!(target: TARGET, Level::DEBUG) || PROBES.contains(&route) {
        return Span::none();
    }
    let span = tracing::debug_span!(
        target: TARGET,
        "request",
        %method,
        route,
        request_id = %id.0,
        trace_id = parent.map(|parent| display(parent.trace)),
        status = Empty,
        duration_seconds = Empty,
        otel.name = Empty,
        otel.kind = Empty,
        otel.status_code = Empty,
    );
    adopt(&span, method, route, parent);
    span
}

#[cfg(feature = "otlp")]
fn adopt(span: &Span, method: &Method, route: &str, parent: Option<&TraceParent>) {
    crate::otlp::adopt(span, parent.map(|parent| (parent.trace.0, parent.parent, parent.sampled)));
    let name = if route == UNMATCHED { method.to_string() } else { format!("{method} {route}") };
    crate::otlp::name(span, &name);
}

#[cfg(not(feature = "otlp"))]
const fn adopt(_: &Span, _: &Method, _: &str, _: Option<&TraceParent>) {}

/// The trace that a span begins where the caller named none.
#[cfg(feature = "otlp")]
fn traced(span: &Span) -> Option<TraceId> {
    let trace = crate::otlp::trace(span).map(TraceId)?;
    span.record("trace_id", display(trace));
    Some(trace)
}

#[cfg(not(feature = "otlp"))]
const fn traced(_: &Span) -> Option<TraceId> {
    None
}
