//! The road from events to breakers in small. `tests/model` compares long random streams with a
//! naive model.

use super::super::event::{Body, EventRecord, Identity, ImportedScore, Status};
use super::super::ids::{Id, Side, WorkspaceKey};
use super::super::local::Local;
use super::super::record::{APPLY_VERSION, Command, Frame, Record};
use super::super::reply::{CommandDone, CommandRefusal, Rejection, Reply, Verdict};
use super::super::score::Hundredths;
use super::super::settings::Settings;
use super::super::time::{DAY, HOUR, Millis};
use super::super::view::{ChurnRisk, Known};

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
        };
        match self.record(receipt, Record::Events(vec![event])) {
            Reply::Events(verdicts) => verdicts[0],
            other => panic!("{other:?}"),
        }
    }

    fn import(&mut self, receipt: Millis, conversation: u128, score: u16) -> Verdict {
        self.event(receipt, conversation, Some(ACCOUNT), imported(score))
    }

    fn command(&mut self, receipt: Millis, command: Command) -> Result<CommandDone, CommandRefusal> {
        match self.record(receipt, Record::Command { actor: "anna".into(), command }) {
            Reply::Command(result) => result,
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
    assert_eq!(stage.command(START + 5, resolve.clone()), Err(CommandRefusal::BreakerNotAcknowledged));
    stage.command(START + 6, Command::Acknowledge { breaker, note: None }).unwrap();
    stage.command(START + 7, resolve).unwrap();
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
fn r5_2_a_settled_conversation_takes_late_events_without_change() {
    let mut stage = Stage::new();
    let rating = |rating| Body::SurveyResponded { rating, comment: None };
    stage.event(START, 1, None, rating(5));
    stage.event(START, 1, None, Body::StatusChanged(Status::Closed));
    let Known::Found(before) = stage.local.workspace.conversation(Id(1)) else { panic!() };
    stage.event(START + 7 * DAY - 1, 1, None, rating(1));
    let Known::Found(rated) = stage.local.workspace.conversation(Id(1)) else { panic!() };
    assert!(rated.composite_score < before.composite_score);
    stage.event(START + 14 * DAY - 1, 1, None, rating(5));
    let Known::Found(late) = stage.local.workspace.conversation(Id(1)) else { panic!() };
    assert_eq!((late, stage.local.workspace.late_events()), (rated, 1));
}

#[test]
fn r5_1_status_alone_makes_no_score() {
    let mut stage = Stage::new();
    stage.event(START, 1, None, Body::StatusChanged(Status::Resolved));
    assert_eq!(stage.local.workspace.conversation(Id(1)), Known::NotScored);
    assert_eq!(stage.local.workspace.conversation(Id(2)), Known::Unknown);
}
