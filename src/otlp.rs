//! Request spans to a collector, over OTLP (HTTP, protobuf).
//!
//! A thread of its own sends them in batches. A span that ends goes to a bounded queue, which nobody waits for: while
//! the collector is down or slow, spans are dropped.
//!
//! The client is a blocking one on that thread: the batch processor has no runtime to poll an async one on.

use std::time::Duration;

use opentelemetry::trace::{SpanContext, TraceContextExt, TraceFlags, TraceId, TraceState, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::registry::LookupSpan;

use crate::outgoing;

/// Where a collector takes spans, below its address.
const PATH: &str = "v1/traces";

/// How long one batch may take on its way.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long the end of the process waits for the last batches.
const LAST_BATCHES: Duration = Duration::from_secs(3);

/// Sends what its layers have seen.
#[derive(Debug)]
pub struct Exporter(SdkTracerProvider);

impl Exporter {
    /// `collector`: its address, as in `http://127.0.0.1:4318`. Nothing is sent before there is a span.
    pub fn new(collector: &str) -> Result<Self, ExporterBuildError> {
        outgoing::provide_cryptography();
        let endpoint = format!("{}/{PATH}", collector.trim_end_matches('/'));
        let exporter = SpanExporter::builder().with_http().with_endpoint(endpoint).with_timeout(PATIENCE).build()?;
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let resource = Resource::builder().with_service_name("tripswitch").with_attribute(version).build();
        Ok(Self(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build()))
    }

    /// What makes spans of this target known to it, whatever the log shows.
    pub fn layer<S>(&self, target: &'static str) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("tripswitch"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_filter(Targets::new().with_target(target, LevelFilter::DEBUG))
    }

    /// Sends what is left, for three seconds at most. Not to be called where blocking is forbidden.
    pub fn stop(self) {
        if let Err(error) = self.0.shutdown_with_timeout(LAST_BATCHES) {
            tracing::warn!(%error, "the last spans did not reach the collector");
        }
    }
}

/// Makes the span a child of the caller's: trace, span and whether it is recorded.
pub fn adopt(span: &Span, parent: Option<(u128, u64, bool)>) {
    let Some((trace, parent, sampled)) = parent else { return };
    let flags = TraceFlags::default().with_sampled(sampled);
    let remote = SpanContext::new(trace.into(), parent.into(), flags, true, TraceState::NONE);
    // Refused where no layer listens.
    let _refused = span.set_parent(Context::new().with_remote_span_context(remote));
}

/// Names the span as collectors show it, and says that this is a server's.
pub fn name(span: &Span, name: &str) {
    span.record("otel.name", name).record("otel.kind", "server");
}

/// The trace of a span that some layer listens to.
pub fn trace(span: &Span) -> Option<u128> {
    let context = span.context();
    let trace = context.span().span_context().trace_id();
    (trace != TraceId::INVALID).then(|| u128::from_be_bytes(trace.to_bytes()))
}
