//! The road from events to breakers in small. `tests/model` compares long random streams with a
//! naive model.

mod erasure;
mod follow_ups;
mod heard;
mod lists;
mod profiles;
mod rated;
mod ratings;
mod revisions;

use super::super::account::{AccountOp, OpResult};
use super::super::event::{Body, EventRecord, Identity, ImportedScore, Status, TurnFeatures};
use super::super::health::WindowEntry;
use super::super::ids::{Id, Side, WorkspaceKey};
use super::super::local::Local;
use super::super::record::{APPLY_VERSION, Command, Frame, Record};
use super::super::reply::{CommandRefusal, Rejection, Reply, Verdict};
use super::super::score::Hundredths;
use super::super::settings::{Model, Settings};
use super::super::time::{DAY, HOUR, Millis};
use super::super::view::{BreakerView, ChurnRisk, Known};
use super::accounts::{AccountRecord, Belongings};

const KEY: WorkspaceKey = WorkspaceKey { id: Id(7), side: Side::Live };
const ACCOUNT: Id = Id(100);
const START: Millis = 1_000 * DAY;

struct Stage {
    local: Local,
    seq: u64,
    events: u64,
}

impl Stage {
    fn new() -> Self {
        Self { local: Local::new(KEY, "Acme".into(), Settings::default()), seq: 0, events: 0 }
    }

    fn record(&mut self, receipt: Millis, record: Record) -> Reply {
        self.seq += 1;
        let frame = Frame { key: KEY, seq: self.seq, receipt, apply_version: APPLY_VERSION, record };
        self.local.apply(&[frame]).replies.remove(0).1
    }

    fn event(&mut self, receipt: Millis, conversation: u128, account: Option<Id>, body: Body) -> Verdict {
        self.event_at(None, receipt, conversation, account, body)
    }

    fn event_at(
        &mut self,
        time: Option<Millis>,
        receipt: Millis,
        conversation: u128,
        account: Option<Id>,
        body: Body,
    ) -> Verdict {
        self.events += 1;
        let mut key = [0; 12];
        key[..8].copy_from_slice(&self.events.to_le_bytes());
        let event = EventRecord {
            identity: Identity { key, content: 0 },
            time,
            conversation: Some(Id(conversation)),
            account,
            account_name: None,
            contact: None,
            channel: None,
            intent: None,
            body,
            address: None,
        };
        match self.record(receipt, Record::Events(vec![event])) {
            Reply::Events(verdicts) => verdicts[0],
            other => panic!("{other:?}"),
        }
    }

    fn import(&mut self, receipt: Millis, conversation: u128, score: u16) -> Verdict {
        self.event(receipt, conversation, Some(ACCOUNT), imported(score))
    }

    fn change_breaker(&mut self, receipt: Millis, command: Command) -> Result<BreakerView, CommandRefusal> {
        match self.record(receipt, Record::Command { actor: "anna".into(), command }) {
            Reply::Breaker(outcome) => outcome,
            other => panic!("{other:?}"),
        }
    }

    fn risk(&mut self, now: Millis) -> ChurnRisk {
        self.local.health(ACCOUNT, now).unwrap().churn_risk
    }
}

fn imported(score: u16) -> Body {
    Body::ConversationScored(ImportedScore {
        dimensions: [Hundredths(score); 3],
        resolved: true,
        confidence: Hundredths(100),
        signal_count: 0,
    })
}

#[test]
fn r7_1_three_low_ones_trip_once_and_a_resolve_starts_afresh() {
    let mut stage = Stage::new();
    for n in 1..=4 {
        stage.import(START + n, n as u128, 299);
    }
    let active = stage.local.workspace.active_breakers();
    assert_eq!(active.len(), 1);
    assert_eq!(
        active[0].reason,
        format!("3 consecutive conversations scored below composite threshold (3.0) for account {ACCOUNT}")
    );
    assert_eq!((active[0].triggered_at, stage.risk(START + 10)), (START + 3, ChurnRisk::Critical));
    let breaker = active[0].id;
    let resolve = Command::Resolve { breaker, note: None };
    assert_eq!(stage.change_breaker(START + 5, resolve.clone()), Err(CommandRefusal::BreakerNotAcknowledged));
    stage.change_breaker(START + 6, Command::Acknowledge { breaker, note: None }).unwrap();
    stage.change_breaker(START + 7, resolve).unwrap();
    assert_eq!(stage.local.workspace.gate().epoch, 3);
    assert_eq!(stage.local.workspace.gate().ask(Some(ACCOUNT)).breakers, []);
    stage.import(START + 8, 8, 299);
    stage.import(START + 9, 9, 299);
    assert_eq!(stage.local.health(ACCOUNT, START + 10).unwrap().consecutive_low, 2);
    stage.import(START + 10, 10, 299);
    assert_eq!(stage.local.workspace.active_breakers().len(), 1);
    assert_ne!(stage.local.workspace.active_breakers()[0].id, breaker);
}

#[test]
fn r6_1_the_fifty_first_counts_again_when_one_moves_away() {
    let mut stage = Stage::new();
    for n in 1..=51 {
        stage.import(START + n, n as u128, if n == 1 { 100 } else { 500 });
    }
    let composite = |stage: &mut Stage| stage.local.health(ACCOUNT, START + HOUR).unwrap().rolling_composite;
    assert_eq!(composite(&mut stage), Some(Hundredths(500)));
    // The newest is replaced by an older score: now the first one is among the newest fifty.
    stage.event_at(Some(START - DAY), START + 60, 51, Some(ACCOUNT), imported(500));
    assert_eq!(composite(&mut stage), Some(Hundredths(492)));
    let rebuilt = stage.local.workspace.account(ACCOUNT).unwrap();
    assert_eq!(stage.local.accounts[&ACCOUNT], rebuilt);
}

#[test]
fn r4_7_another_account_is_refused_and_leaves_no_identity() {
    let mut stage = Stage::new();
    stage.import(START, 1, 400);
    let refused = stage.event(START, 1, Some(Id(101)), Body::ConversationCreated);
    assert_eq!(refused, Verdict::Rejected(Rejection::AccountMismatch { attached: ACCOUNT }));
    stage.events -= 1;
    assert_eq!(stage.event(START, 1, None, Body::ConversationCreated), Verdict::Accepted);
    assert!(!stage.local.workspace.knows_account(Id(101)));
}

#[test]
fn r5_2_a_settled_conversation_takes_late_events_without_change_but_a_rating() {
    let mut stage = Stage::new();
    let rating = |rating| Body::SurveyResponded { rating, comment: None };
    stage.event(START, 1, None, rating(5));
    stage.event(START, 1, None, Body::StatusChanged(Status::Closed));
    let Known::Found(before) = stage.local.workspace.conversation(Id(1)) else { panic!() };
    stage.event(START + 7 * DAY - 1, 1, None, rating(1));
    let Known::Found(rated) = stage.local.workspace.conversation(Id(1)) else { panic!() };
    assert!(rated.composite_score < before.composite_score);
    stage.event(START + 14 * DAY - 1, 1, None, said());
    let Known::Found(late) = stage.local.workspace.conversation(Id(1)) else { panic!() };
    assert_eq!((late, stage.local.workspace.late_events()), (rated, 1));
    stage.event(START + 15 * DAY, 1, None, rating(5));
    let Known::Found(late) = stage.local.workspace.conversation(Id(1)) else { panic!() };
    assert_eq!((late, stage.local.workspace.late_events()), (before, 1));
}

#[test]
fn r5_1_status_alone_makes_no_score() {
    let mut stage = Stage::new();
    stage.event(START, 1, None, Body::StatusChanged(Status::Resolved));
    assert_eq!(stage.local.workspace.conversation(Id(1)), Known::NotScored);
    assert_eq!(stage.local.workspace.conversation(Id(2)), Known::Unknown);
}

fn said() -> Body {
    Body::MessageReceived(TurnFeatures { compound: Some(5_000), read: true, ..TurnFeatures::default() })
}

/// The explanation's sums, which have to be those of the published score.
fn explained(stage: &Stage, conversation: u128, now: Millis) -> Known<usize> {
    match stage.local.workspace.explanation(Id(conversation), now) {
        Known::Unknown => Known::Unknown,
        Known::NotScored => Known::NotScored,
        Known::Gone => Known::Gone,
        Known::Found(found) => {
            let sums = found.scoring.unwrap();
            let totals: Vec<_> = sums.dimensions.iter().map(|sum| Hundredths::round(sum.total)).collect();
            assert_eq!(totals, found.dimensions.map(|published| published.score));
            Known::Found(sums.dimensions.iter().map(|sum| sum.signals.len()).sum())
        }
    }
}

#[test]
fn r5_5_signals_outlive_the_life_and_go_by_the_receipt_of_the_scoring() {
    let mut stage = Stage::new();
    stage.event(START, 1, None, said());
    stage.event(START + 1, 1, None, Body::StatusChanged(Status::Resolved));
    let living = explained(&stage, 1, START + 1);
    assert!(matches!(living, Known::Found(signals) if signals > 0));
    stage.event(START + 8 * DAY, 2, None, said());
    assert_eq!(explained(&stage, 1, START + 8 * DAY), living, "it has settled");
    stage.event(START + 90 * DAY, 2, None, said());
    assert_eq!(explained(&stage, 1, START + 90 * DAY), living);
    assert_eq!(explained(&stage, 1, START + 90 * DAY + 1), Known::Gone);
    let longer = Settings { model: Model { explanation_days: 200, ..Model::default() }, ..Settings::default() };
    stage.record(START + 91 * DAY, Record::Settings(Box::new(longer)));
    assert_eq!(explained(&stage, 1, START + 91 * DAY), Known::Gone, "what is gone does not come back");
}

#[test]
fn r5_5_a_score_that_stands_keeps_the_signals_it_was_made_of() {
    let mut stage = Stage::new();
    let at = |stage: &mut Stage, hours, body| {
        stage.event_at(Some(START + hours * HOUR), START + 9 * DAY, 1, None, body);
    };
    stage.event(START, 1, None, said());
    stage.event(START + 1, 1, None, Body::StatusChanged(Status::Closed));
    at(&mut stage, 100, Body::StatusChanged(Status::Open));
    at(&mut stage, 105, Body::StatusChanged(Status::Closed));
    at(&mut stage, 110, said());
    let before = explained(&stage, 1, START + 9 * DAY);
    let Known::Found(score) = stage.local.workspace.conversation(Id(1)) else { panic!("it is scored") };
    assert_eq!(score.scored_at, START + 105 * HOUR);
    // What was said no longer counts: without it the second life has no score, and the one there is stands.
    at(&mut stage, 107, Body::StatusChanged(Status::Open));
    assert_eq!(stage.local.workspace.conversation(Id(1)), Known::Found(score));
    assert_eq!(explained(&stage, 1, START + 9 * DAY), before);
    at(&mut stage, 120, Body::StatusChanged(Status::Resolved));
    assert_ne!(explained(&stage, 1, START + 9 * DAY), before);
}

#[test]
fn i11_numbers_that_fit_no_record_are_kept_as_they_are() {
    let mut stage = Stage::new();
    let import = ImportedScore {
        dimensions: [Hundredths(60_000), Hundredths(0), Hundredths(511)],
        resolved: true,
        confidence: Hundredths(999),
        signal_count: 65_535,
    };
    stage.event_at(Some(200_000 * DAY), START, 1, Some(ACCOUNT), Body::ConversationScored(import));
    let Known::Found(found) = stage.local.workspace.conversation(Id(1)) else { panic!("it is scored") };
    let dimensions = [found.outcome_score, found.process_score, found.environment_score];
    assert_eq!((dimensions, found.confidence), (import.dimensions, import.confidence));
    assert_eq!((found.signal_count, found.scored_at), (65_535, 200_000 * DAY));
    stage.import(START + 1, 1, 400);
    let Known::Found(found) = stage.local.workspace.conversation(Id(1)) else { panic!("it is scored") };
    assert_eq!((found.composite_score, found.scored_at), (Hundredths(400), START + 1));
    assert_eq!(stage.local.workspace.stats(0, 300_000 * DAY).average_composite, Some(Hundredths(400)));
}

fn retain(stage: &mut Stage, receipt: Millis, cutoff: Millis, most: u32) {
    assert_eq!(stage.record(receipt, Record::Retention { cutoff, most }), Reply::Done);
}

#[test]
fn r4_11_the_oldest_go_and_accounts_and_breakers_stay() {
    let mut stage = Stage::new();
    for n in 1..=4 {
        stage.import(START + n, n as u128, 299);
    }
    let breakers = stage.local.workspace.active_breakers();
    assert_eq!((breakers.len(), stage.risk(START + 10)), (1, ChurnRisk::Critical));
    retain(&mut stage, START + 20, START + 3, 10);
    let known = |stage: &Stage, n: u128| stage.local.workspace.conversation(Id(n)) != Known::Unknown;
    assert_eq!([1, 2, 3, 4].map(|n| known(&stage, n)), [false, false, true, true], "exactly the cut-off stays");
    assert!(stage.local.accounts.is_empty(), "its window has lost two");
    assert_eq!(stage.local.health(ACCOUNT, START + 30).unwrap().conversation_count, 2);
    assert_eq!(stage.local.workspace.active_breakers(), breakers);
    let stats = |stage: &Stage, from| stage.local.workspace.stats(from, START + DAY);
    assert_eq!((stats(&stage, 0).conversations_scored, stats(&stage, 0).retention_from), (2, Some(START + 3)));
    assert_eq!(stats(&stage, START + 3).retention_from, None);
    // The ids are free again, and so are their places.
    assert_eq!(stage.event(START + 40, 1, Some(Id(200)), imported(500)), Verdict::Accepted);
    assert_eq!(stage.local.health(Id(200), START + 50).unwrap().conversation_count, 1);
    assert_eq!(stage.local.health(ACCOUNT, START + 50).unwrap().conversation_count, 2);
}

#[test]
fn r4_11_a_record_removes_no_more_than_it_says() {
    let mut stage = Stage::new();
    for n in 1..=5 {
        stage.import(START + n, n as u128, 400);
    }
    retain(&mut stage, START + 20, START + 5, 3);
    assert!(stage.local.workspace.is_retention_due(START + 5));
    assert_eq!(stage.local.workspace.stats(0, START + DAY).conversations_scored, 2);
    retain(&mut stage, START + 20, START + 5, 3);
    assert!(!stage.local.workspace.is_retention_due(START + 5));
    assert_eq!(stage.local.workspace.stats(0, START + DAY).conversations_scored, 1);
}

#[test]
fn r4_11_open_settled_and_removed_follow_from_receipts_alone() {
    let mut stage = Stage::new();
    let rating = Body::SurveyResponded { rating: 5, comment: None };
    stage.event(START, 1, None, said());
    stage.event(START + HOUR, 1, None, Body::StatusChanged(Status::Resolved));
    stage.event(START + 8 * DAY, 1, None, said());
    assert_eq!(stage.local.workspace.late_events(), 1, "settled");
    retain(&mut stage, START + 400 * DAY, START + HOUR, 10);
    assert!(matches!(stage.local.workspace.conversation(Id(1)), Known::Found(_)));
    retain(&mut stage, START + 401 * DAY, START + DAY, 10);
    assert_eq!(stage.local.workspace.conversation(Id(1)), Known::Unknown);
    stage.event(START + 401 * DAY, 1, None, rating);
    assert_eq!((stage.local.workspace.late_events(), stage.local.workspace.conversation(Id(1))), (1, Known::NotScored));
}

#[test]
fn r4_11_what_was_never_scored_goes_by_its_last_event() {
    let mut stage = Stage::new();
    let ends = || Body::StatusChanged(Status::Closed);
    // Open, ended without a word, and ended and settled.
    stage.event(START, 1, None, said());
    stage.event(START, 2, None, ends());
    stage.event(START + 5 * DAY, 1, None, said());
    stage.event(START + 6 * DAY, 3, None, ends());
    stage.event(START + 20 * DAY, 3, None, said());
    assert_eq!(stage.local.workspace.late_events(), 1, "a late event does not keep it");
    let left = |stage: &Stage| [1, 2, 3].map(|n| stage.local.workspace.conversation(Id(n)) == Known::NotScored);
    assert_eq!(left(&stage), [true, true, true]);
    retain(&mut stage, START + 20 * DAY, START + 5 * DAY, 10);
    assert_eq!(left(&stage), [true, false, true]);
    assert!(!stage.local.workspace.is_retention_due(START + 5 * DAY));
    retain(&mut stage, START + 20 * DAY, START + 5 * DAY + 1, 10);
    assert_eq!(left(&stage), [false, false, true]);
    retain(&mut stage, START + 20 * DAY, START + 7 * DAY, 10);
    assert_eq!(left(&stage), [false, false, false]);
}

#[test]
fn i11_what_is_kept_and_moved_by_the_million_is_small() {
    assert!(size_of::<WindowEntry>() <= 32, "an entry of a window: {}", size_of::<WindowEntry>());
    assert!(size_of::<AccountOp>() <= 128, "a step for an account: {}", size_of::<AccountOp>());
    assert!(size_of::<OpResult>() <= 32, "what a step came to: {}", size_of::<OpResult>());
    let asleep = size_of::<AccountRecord>() + size_of::<Belongings>();
    assert!(asleep <= 64, "an account asleep: {asleep}");
}
