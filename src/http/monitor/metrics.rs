//! The page of `/metrics`, in Prometheus' text format: base units, no account or conversation
//! labels.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::StatusCode;

use crate::actors::{Readiness, SnapshotStatus, Stats};
use crate::service::ingest::IngestAnswer;

/// The page as far as it is written.
#[derive(Debug, Default)]
pub struct Exposition(String);

/// Counters grow only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    Counter,
    Gauge,
}

impl MetricKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
        }
    }
}

impl Exposition {
    /// One metric with its samples: labels as `{name="value"}` or empty, and the value.
    pub fn metric<'a>(
        &mut self,
        name: &str,
        help: &str,
        kind: MetricKind,
        samples: impl IntoIterator<Item = (&'a str, f64)>,
    ) {
        // Writing to a String does not fail.
        let _ = writeln!(self.0, "# HELP tripswitch_{name} {help}\n# TYPE tripswitch_{name} {}", kind.name());
        for (labels, value) in samples {
            let _ = writeln!(self.0, "tripswitch_{name}{labels} {value}");
        }
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.metric(name, help, MetricKind::Counter, [("", value as f64)]);
    }

    fn gauge(&mut self, name: &str, help: &str, value: f64) {
        self.metric(name, help, MetricKind::Gauge, [("", value)]);
    }

    pub fn into_text(self) -> String {
        self.0
    }
}

/// What the HTTP layer counts.
#[derive(Debug, Default)]
pub struct Meter {
    /// 1xx to 5xx.
    answers: [AtomicU64; 5],
    accepted: AtomicU64,
    duplicates: AtomicU64,
    rejected: AtomicU64,
}

impl Meter {
    pub(in crate::http) fn answered(&self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).clamp(1, 5) - 1;
        self.answers[class].fetch_add(1, Ordering::Relaxed);
    }

    pub(in crate::http) fn ingested(&self, answer: &IngestAnswer) {
        let counts = [
            (&self.accepted, answer.accepted),
            (&self.duplicates, answer.duplicates),
            (&self.rejected, answer.rejected.len()),
        ];
        for (counter, count) in counts {
            counter.fetch_add(count as u64, Ordering::Relaxed);
        }
    }

    pub(super) fn measure(&self, page: &mut Exposition) {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed) as f64;
        let classes = [r#"{code="1xx"}"#, r#"{code="2xx"}"#, r#"{code="3xx"}"#, r#"{code="4xx"}"#, r#"{code="5xx"}"#];
        let answers = classes.into_iter().zip(self.answers.iter().map(read));
        page.metric("http_answers_total", "Answers by class of status.", MetricKind::Counter, answers);
        let verdicts = [
            (r#"{verdict="accepted"}"#, read(&self.accepted)),
            (r#"{verdict="duplicate"}"#, read(&self.duplicates)),
            (r#"{verdict="rejected"}"#, read(&self.rejected)),
        ];
        page.metric("events_total", "Events by what became of them.", MetricKind::Counter, verdicts);
    }
}

pub(super) fn readiness(readiness: &Readiness, page: &mut Exposition) {
    page.gauge("ready", "Whether requests are taken and can be written.", f64::from(u8::from(readiness.ready)));
    page.gauge("start_progress_ratio", "Share of the phase of the start that is done.", readiness.progress);
    page.gauge("duplicate_memory_used_ratio", "Share of the memory of event identities.", readiness.duplicates_share);
    let step = readiness.clock_step_not_followed.unwrap_or(0) as f64 / 1_000.0;
    page.gauge("clock_step_seconds", "Wall clock minus server time, while a step is not followed.", step);
}

pub(super) fn engine(stats: &Stats, page: &mut Exposition) {
    let Stats { counts, journal, .. } = stats;
    page.counter("frames_applied_total", "Journal frames applied.", counts.frames);
    page.counter("rounds_total", "Rounds in which they were applied.", counts.rounds);
    page.counter("scorings_total", "Scorings and re-scorings.", counts.scorings);
    page.counter("breakers_triggered_total", "Circuit breakers triggered.", counts.breakers_triggered);
    page.counter("overloaded_total", "Requests refused because too much was waiting.", counts.overloaded);
    page.counter("rebuilds_total", "Workspaces rebuilt after a failure.", counts.rebuilds);
    page.counter("events_skipped_total", "Events passed over because they failed.", counts.skips);
    page.counter("journal_groups_total", "Groups written and synced.", journal.groups);
    page.counter("journal_bytes_total", "Bytes of these groups.", journal.bytes);
    let seconds = journal.append_nanos as f64 / 1e9;
    page.metric("journal_append_seconds_total", "Time in writes and syncs.", MetricKind::Counter, [("", seconds)]);
    let slowest = journal.append_nanos_max as f64 / 1e9;
    page.gauge("journal_append_max_seconds", "The slowest of them.", slowest);
    page.gauge("waiting_bytes", "Bytes from the door until applied.", stats.waiting_bytes as f64);
    page.gauge("waiting_limit_bytes", "Their bound.", stats.waiting_limit as f64);
    page.gauge("duplicates_held", "Event identities remembered.", stats.duplicates_held as f64);
    page.gauge("duplicates_limit", "Their bound.", stats.duplicates_limit as f64);
    page.gauge("accounts_awake", "Accounts with a running actor.", stats.accounts_awake as f64);
    let serving = stats.workspaces - stats.workspaces_rebuilding - stats.workspaces_failed;
    let sides = [
        (r#"{state="serving"}"#, serving as f64),
        (r#"{state="rebuilding"}"#, stats.workspaces_rebuilding as f64),
        (r#"{state="failed"}"#, stats.workspaces_failed as f64),
    ];
    page.metric("workspace_sides", "Workspace sides by state.", MetricKind::Gauge, sides);
    snapshots(&stats.snapshots, page);
}

fn snapshots(status: &SnapshotStatus, page: &mut Exposition) {
    page.counter("snapshot_failures_total", "Snapshots that could not be taken.", status.failures);
    page.gauge("snapshot_running", "Whether one is being written.", f64::from(u8::from(status.running)));
    page.gauge("snapshot_tail_events", "Events that a start would have to replay.", status.tail.events as f64);
    page.gauge("snapshot_tail_bytes", "Bytes of the journal that it would have to read.", status.tail.bytes as f64);
    if let Some(last) = &status.last {
        page.gauge("snapshot_timestamp_seconds", "When the last one was taken.", last.created_at as f64 / 1_000.0);
        page.gauge("snapshot_duration_seconds", "How long it took to write.", last.took_millis as f64 / 1_000.0);
        page.gauge("snapshot_size_bytes", "Bytes of its blocks.", last.bytes as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r10_10_the_page_is_prometheus_text() {
        let meter = Meter::default();
        meter.answered(StatusCode::NOT_FOUND);
        let mut page = Exposition::default();
        meter.measure(&mut page);
        let text = page.into_text();
        assert!(text.contains("# TYPE tripswitch_http_answers_total counter\n"), "{text}");
        assert!(text.contains("tripswitch_http_answers_total{code=\"4xx\"} 1\n"), "{text}");
    }
}
