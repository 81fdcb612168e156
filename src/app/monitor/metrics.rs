//! What the engine publishes, and the start.
//!
//! Counters begin anew with the process. Gauges (breakers by state, accounts, conversations) are published by the
//! workspaces from their state, so a restart does not change them. How late `apply` is, is shown twice: as a
//! histogram of every frame from durable to applied, which needs one reading of the clock for each round, and as the
//! age of the oldest frame that still waits, which also moves while nothing is applied.

use crate::actors::{Counts, Readiness, SnapshotStatus, Stats};
use crate::domain::view::ScopeKind;
use crate::http::monitor::Page;
use crate::mail::counts::{self as mail_counts, MailCounts};
use crate::recovery::{Progress, Stage};
use crate::webhooks::counts::{RESULTS, WebhookCounts};
use crate::wire::status::{JournalState, Phase};

const PHASES: [&str; 5] = [
    Phase::Opening.name(),
    Phase::Loading.name(),
    Phase::Replaying.name(),
    Phase::Serving.name(),
    Phase::Stopping.name(),
];
const JOURNAL_STATES: [&str; 3] =
    [JournalState::Writable.name(), JournalState::Full.name(), JournalState::Failed.name()];

pub(super) fn readiness(readiness: &Readiness, page: &mut Page) {
    page.gauges("build_info", "The program.", "version", &[(env!("CARGO_PKG_VERSION"), 1.0)]);
    page.gauge("ready", "Whether requests are taken and can be written.", one(readiness.ready));
    page.state("phase", "Where the server is in its life.", "phase", &PHASES, Phase::from(readiness.phase).name());
    page.gauge("start_progress_ratio", "Share of the phase of the start that is done.", readiness.progress);
    page.state(
        "journal_state",
        "Whether writes are taken.",
        "state",
        &JOURNAL_STATES,
        JournalState::from(readiness.journal).name(),
    );
    page.gauge("duplicate_memory_used_ratio", "Share of the memory of event identities.", readiness.duplicates_share);
    page.gauge(
        "duplicate_memory_share_used_max_ratio",
        "Of any tenant's share of it, or its test sides', how much is used at most.",
        readiness.duplicates_tenant_share,
    );
    let step = readiness.clock_step_not_followed.unwrap_or(0) as f64 / 1_000.0;
    page.gauge("clock_step_seconds", "Wall clock minus server time, while a step is not followed.", step);
}

/// The start that is under way, or the last one.
pub(super) fn recovery(progress: &Progress, page: &mut Page) {
    let seconds = |stage: Stage| progress.took(stage).as_secs_f64();
    let phases = [
        (Phase::Opening.name(), seconds(Stage::Opening)),
        (Phase::Loading.name(), seconds(Stage::Loading)),
        (Phase::Replaying.name(), seconds(Stage::Replaying)),
    ];
    page.gauges("recovery_seconds", "What the phases of the start took.", "phase", &phases);
    page.gauge("recovery_replayed_events", "Events that the start replayed.", progress.events() as f64);
    page.gauge("recovery_from_snapshot", "Whether the start read a snapshot.", one(progress.from_snapshot()));
}

pub(super) fn engine(stats: &Stats, page: &mut Page) {
    counts(&stats.counts, page);
    journal(stats, page);
    waiting(stats, page);
    workspaces(stats, page);
    snapshots(&stats.snapshots, page);
    stats.histograms.iter().for_each(|histogram| page.histogram(histogram));
}

fn counts(counts: &Counts, page: &mut Page) {
    page.counter("frames_applied_total", "Journal frames applied.", counts.frames);
    page.counter("rounds_total", "Rounds in which they were applied.", counts.rounds);
    page.counter("scorings_total", "Scorings and re-scorings.", counts.scorings);
    let triggered = ScopeKind::ALL.map(|scope| (scope.name(), counts.breakers_triggered[scope as usize] as f64));
    page.counters("breakers_triggered_total", "Circuit breakers triggered.", "scope", &triggered);
    page.counter("breakers_acknowledged_total", "Circuit breakers acknowledged.", counts.breakers_acknowledged);
    page.counter("breakers_resolved_total", "Circuit breakers resolved.", counts.breakers_resolved);
    page.counter("breakers_forgotten_total", "Circuit breakers announced as forgotten.", counts.breakers_forgotten);
    page.counter("rebuilds_total", "Workspaces rebuilt after a failure.", counts.rebuilds);
    page.counter("events_skipped_total", "Events passed over because they failed.", counts.skips);
}

fn journal(stats: &Stats, page: &mut Page) {
    let journal = &stats.journal;
    page.counter("journal_groups_total", "Groups written and synced.", journal.groups);
    page.counter("journal_frames_total", "Frames of these groups.", journal.frames);
    page.counter("journal_bytes_total", "Bytes of these groups.", journal.bytes);
    let slowest = journal.append_nanos_max as f64 / 1e9;
    page.gauge("journal_append_max_seconds", "The slowest write and sync since the start.", slowest);
    page.gauge("journal_queue_frames", "Records on their way into the journal.", journal.queued_frames as f64);
    page.gauge("journal_queue_bytes", "Their bytes.", journal.queued_bytes as f64);
}

fn waiting(stats: &Stats, page: &mut Page) {
    page.counter("overloaded_total", "Requests refused because too much was waiting.", stats.overloaded);
    page.gauge(
        "waiting_bytes",
        "Bytes from a request's head until its events are applied.",
        stats.waiting_bytes as f64,
    );
    page.gauge("waiting_limit_bytes", "Their bound.", stats.waiting_limit as f64);
    page.gauge("unapplied_frames", "Frames that are durable and not applied yet.", stats.unapplied_frames as f64);
    let lag = stats.apply_lag.as_secs_f64();
    page.gauge("apply_lag_seconds", "For how long the oldest of them has been durable.", lag);
    page.gauge("duplicates_held", "Event identities remembered.", stats.duplicates_held as f64);
    page.gauge("duplicates_limit", "Their bound.", stats.duplicates_limit as f64);
}

fn workspaces(stats: &Stats, page: &mut Page) {
    page.gauge("workspaces", "Workspaces.", stats.workspaces as f64);
    let serving = stats.sides.saturating_sub(stats.workspaces_rebuilding + stats.workspaces_failed);
    let sides = [
        ("serving", serving as f64),
        ("rebuilding", stats.workspaces_rebuilding as f64),
        ("failed", stats.workspaces_failed as f64),
    ];
    page.gauges("workspace_sides", "Sides of workspaces that were ever used.", "state", &sides);
    page.gauge("accounts", "Accounts that were ever named.", stats.held.accounts as f64);
    page.gauge("accounts_awake", "Accounts with a running actor.", stats.accounts_awake as f64);
    page.gauge("conversations", "Conversations that are kept.", stats.held.conversations as f64);
    let active = [
        ("triggered", stats.held.breakers_triggered as f64),
        ("acknowledged", stats.held.breakers_acknowledged as f64),
    ];
    page.gauges("breakers_active", "Circuit breakers that are not resolved.", "state", &active);
}

fn snapshots(status: &SnapshotStatus, page: &mut Page) {
    page.counter("snapshot_failures_total", "Snapshots that could not be taken.", status.failures);
    page.gauge("snapshot_running", "Whether one is being written.", one(status.running));
    page.gauge("snapshot_passed_over", "Whether the start found a damaged one.", one(status.passed_over));
    page.gauge("snapshot_tail_events", "Events that a start would have to replay.", status.tail.events as f64);
    page.gauge("snapshot_tail_bytes", "Bytes of the journal that it would have to read.", status.tail.bytes as f64);
    if let Some(last) = &status.last {
        page.gauge("snapshot_timestamp_seconds", "When the last one was taken.", last.created_at as f64 / 1_000.0);
        page.gauge("snapshot_duration_seconds", "How long the last one took.", last.took_millis as f64 / 1_000.0);
        page.gauge("snapshot_size_bytes", "Bytes of its blocks.", last.bytes as f64);
    }
}

pub(super) fn webhooks(counts: &WebhookCounts, page: &mut Page) {
    let mut attempts = RESULTS.map(|result| (result, 0.0));
    attempts.iter_mut().zip(counts.attempts).for_each(|((_, shown), count)| *shown = count as f64);
    page.counters("webhook_attempts_total", "Attempts to deliver to webhooks, tests included.", "result", &attempts);
    page.counter("webhook_deliveries_abandoned_total", "Deliveries that were given up.", counts.abandoned);
    page.counter("webhook_endpoints_gone_total", "Webhooks disabled because of an answer 410.", counts.disabled);
    page.gauge("webhook_deliveries_open", "Deliveries that are not over.", counts.now.open as f64);
    page.gauge("webhook_endpoints", "Webhooks that are enabled.", counts.now.endpoints as f64);
    page.gauge("webhook_endpoints_lagging", "Of them those that have lost effects.", counts.now.lagging as f64);
}

pub(super) fn mail(counts: &MailCounts, page: &mut Page) {
    let mut attempts = mail_counts::RESULTS.map(|result| (result, 0.0));
    attempts.iter_mut().zip(counts.attempts).for_each(|((_, shown), count)| *shown = count as f64);
    page.counters("mail_attempts_total", "Attempts to send follow-up mails.", "result", &attempts);
    page.counter("mail_given_up_total", "Follow-up mails that were given up after an attempt.", counts.given_up);
    page.gauge("mail_server_failing", "Whether the mail server takes no mails.", one(counts.is_failing));
    let waiting = counts.waiting as f64 / 1_000.0;
    page.gauge("mail_waiting_seconds", "For how long the mail that waits longest could have been sent.", waiting);
}

fn one(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}
