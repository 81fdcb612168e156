//! The contract's own examples, on the naive model alone.

use tripswitch::domain::effect::EffectType;
use tripswitch::domain::event::{Body, EventRecord, Identity, ImportedScore, Status, TurnFeatures};
use tripswitch::domain::health::RiskRule;
use tripswitch::domain::ids::{Id, Side, WorkspaceKey};
use tripswitch::domain::record::{APPLY_VERSION, Command, Frame, Record};
use tripswitch::domain::reply::{CommandRefusal, Rejection, Verdict};
use tripswitch::domain::score::Hundredths;
use tripswitch::domain::settings::Settings;
use tripswitch::domain::time::{DAY, HOUR, Millis};
use tripswitch::domain::view::{AccountHealth, BreakerScope, ChurnRisk, Trend};

use crate::effects::Happening;
use crate::health::trend_of;
use crate::naive::{Answer, Naive};
use crate::stream::{START, account, conversation};

const KEY: WorkspaceKey = WorkspaceKey { id: Id(0x0198_0000_0000_7000_8000_0000_0000_0001), side: Side::Live };

/// A naive model and the number of its next frame.
struct Scene {
    naive: Naive,
    seq: u64,
}

impl Scene {
    fn new() -> Self {
        Self { naive: Naive::new(KEY, "Nordic", Settings::default(), None), seq: 0 }
    }

    fn apply(&mut self, receipt: Millis, record: Record) -> (Answer, Vec<Happening>) {
        self.seq += 1;
        let frame = Frame { key: KEY, seq: self.seq, receipt, apply_version: APPLY_VERSION, record };
        let done = self.naive.apply(&frame);
        for (number, breaker) in self.naive.breakers.iter_mut().enumerate() {
            breaker.id = Some(Id(number as u128));
        }
        done
    }

    fn event(&mut self, receipt: Millis, event: EventRecord) -> Verdict {
        match self.apply(receipt, Record::Events(vec![event])).0 {
            Answer::Events(verdicts) => verdicts[0],
            other => panic!("no verdicts but {other:?}"),
        }
    }

    fn import(&mut self, at: Millis, of: u64, whose: Option<u64>, composite: u16) -> Vec<Happening> {
        let import = ImportedScore {
            dimensions: [Hundredths(composite); 3],
            resolved: true,
            confidence: Hundredths(100),
            signal_count: 0,
        };
        let mut event = event(self.seq, of, at, Body::ConversationScored(import));
        event.account = whose.map(account);
        self.apply(at, Record::Events(vec![event])).1
    }
}

fn event(number: u64, of: u64, time: Millis, body: Body) -> EventRecord {
    let mut key = [0; 12];
    key[..8].copy_from_slice(&number.to_le_bytes());
    EventRecord {
        identity: Identity { key, content: 0 },
        time: Some(time),
        conversation: Some(conversation(of)),
        account: None,
        account_name: None,
        contact: None,
        channel: None,
        intent: None,
        body,
        address: None,
    }
}

#[test]
fn r6_5_the_seeds_example_is_medium() {
    let health = AccountHealth {
        account_id: account(1),
        rolling_composite: Some(Hundredths(385)),
        rolling_outcome: None,
        rolling_process: None,
        rolling_environment: None,
        resolution_rate: Some(Hundredths(88)),
        conversation_count: 47,
        churn_risk: ChurnRisk::Low,
        consecutive_low: 2,
        trend: Trend::Declining,
    };
    assert_eq!(Scene::new().naive.risk(&health), (ChurnRisk::Medium, RiskRule::Declining));
}

#[test]
fn r6_4_a_quarter_over_the_line_is_a_trend() {
    assert_eq!(trend_of(&[350, 350, 350, 350, 350, 385], false), Trend::Improving);
    assert_eq!(trend_of(&[350, 350, 350, 350, 350, 315], false), Trend::Declining);
    assert_eq!(trend_of(&[350, 350, 350, 350, 350, 384], false), Trend::Stable);
    assert_eq!(trend_of(&[100, 200, 300, 400], false), Trend::Stable);
}

#[test]
fn r7_1_the_reason_names_the_run_the_threshold_and_the_account() {
    let mut scene = Scene::new();
    let mut named = event(99, 99, START, Body::ConversationCreated);
    (named.account, named.account_name) = (Some(account(1)), Some("Nordic Parts ApS".into()));
    scene.event(START, named);
    let types = |told: Vec<Happening>| told.iter().map(|effect| effect.what.of_type()).collect::<Vec<_>>();
    let (scored, risk) = (EffectType::ConversationScored, EffectType::AccountRiskChanged);
    assert_eq!(types(scene.import(START, 1, Some(1), 250)), [scored]);
    assert_eq!(types(scene.import(START + 1, 2, Some(1), 299)), [scored], "two are too few for a risk");
    assert_eq!(types(scene.import(START + 2, 3, Some(1), 300)), [scored, risk]);
    assert_eq!(scene.naive.run(&BreakerScope::Account(account(1))).len(), 0, "3.0 is not low");
    for number in 4..7 {
        scene.import(START + number as Millis, number, Some(1), 250);
    }
    assert_eq!(
        scene.naive.active_breakers()[0].reason,
        "3 consecutive conversations scored below composite threshold (3.0) for account Nordic Parts ApS"
    );
    assert_eq!(scene.naive.gate(Some(account(1))).breakers.len(), 1);
    assert!(scene.naive.gate(Some(account(2))).breakers.is_empty());
}

#[test]
fn r7_2_conversations_without_an_account_are_one_each() {
    let mut scene = Scene::new();
    for number in 0..9 {
        scene.import(START + number as Millis, number, None, 250);
    }
    assert_eq!(
        scene.naive.active_breakers()[0].reason,
        "9 consecutive conversations scored below composite threshold (3.0) in workspace Nordic"
    );
}

#[test]
fn r6_3_seventy_two_hours_are_in_and_a_millisecond_more_is_out() {
    for (gap, length) in [(72 * HOUR, 2), (72 * HOUR + 1, 1)] {
        let mut scene = Scene::new();
        scene.import(START, 1, Some(1), 250);
        scene.import(START + gap, 2, Some(1), 250);
        assert_eq!(scene.naive.run(&BreakerScope::Account(account(1))).len(), length);
    }
}

#[test]
fn r3_6_a_breaker_is_acknowledged_before_it_is_resolved() {
    let mut scene = Scene::new();
    for number in 0..3 {
        scene.import(START, number, Some(1), 250);
    }
    let resolve = || Record::Command { actor: "a".into(), command: Command::Resolve { breaker: Id(0), note: None } };
    let acknowledge =
        || Record::Command { actor: "a".into(), command: Command::Acknowledge { breaker: Id(0), note: None } };
    let refused = scene.apply(START, resolve()).0;
    assert_eq!(refused, Answer::Breaker(Err(CommandRefusal::BreakerNotAcknowledged)));
    assert_eq!(scene.apply(START, acknowledge()).0, Answer::Breaker(Ok(0)));
    assert_eq!(scene.apply(START, resolve()).0, Answer::Breaker(Ok(0)));
    assert_eq!(scene.apply(START, acknowledge()).0, Answer::Breaker(Err(CommandRefusal::BreakerResolved)));
    assert_eq!(scene.naive.epoch, 3);
    assert_eq!(scene.naive.run(&BreakerScope::Account(account(1))).len(), 0);
}

#[test]
fn r4_4_an_identity_is_remembered_for_seven_days() {
    let mut scene = Scene::new();
    let first = event(1, 1, START, Body::ConversationCreated);
    let mut other = first.clone();
    other.identity.content = 1;
    assert_eq!(scene.event(START, first.clone()), Verdict::Accepted);
    assert_eq!(scene.event(START + 7 * DAY - 1, first.clone()), Verdict::Duplicate);
    assert_eq!(scene.event(START + 7 * DAY - 1, other), Verdict::Rejected(Rejection::IdReused));
    assert_eq!(scene.event(START + 7 * DAY, first), Verdict::Accepted);
}

#[test]
fn r5_1_a_life_is_read_in_the_order_of_its_times() {
    let mut scene = Scene::new();
    let resolved = Body::StatusChanged(Status::Resolved);
    scene.event(START, event(1, 1, START + 50, resolved.clone()));
    assert!(scene.naive.conversation(conversation(1)).unwrap().score.is_none(), "nobody said a word");
    scene.event(START, event(2, 1, START + 60, Body::MessageReceived(TurnFeatures::default())));
    let scored_at =
        |scene: &Scene| scene.naive.conversation(conversation(1)).unwrap().score.as_ref().map(|s| s.scored_at);
    assert_eq!(scored_at(&scene), Some(START + 50));
    scene.event(START, event(3, 1, START + 10, Body::StatusChanged(Status::Closed)));
    assert_eq!(scored_at(&scene), Some(START + 10));
    assert!(scene.naive.conversation(conversation(1)).unwrap().score.as_ref().unwrap().resolved);
    scene.event(START, event(4, 1, START + 55, Body::StatusChanged(Status::Open)));
    assert_eq!(scored_at(&scene), None, "what counts is what was said before the reopening: nothing");
}
