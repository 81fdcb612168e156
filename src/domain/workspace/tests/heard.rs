//! Effects, and what they are kept for; what people say of scores and breakers.

use super::super::super::delivery::{Attempt, DeliveryNotes, Outcome};
use super::super::super::effect::{
    BreakerStep, EffectContent, EffectFilter, EffectId, EffectPage, EffectType, EffectTypes, EffectsKept,
};
use super::super::super::own_settings::OwnPatch;
use super::super::super::record::Override;
use super::super::super::resource::{ResourceBody, ResourceChange, ResourceRecord};
use super::super::super::view::{BreakerScope, HistoryStep, LabelKind};
use super::*;

const ENDPOINT: Id = Id(900);

fn types(kinds: &[EffectType]) -> EffectFilter {
    EffectFilter { types: kinds.iter().copied().collect(), account: None }
}

impl Stage {
    fn all(&self) -> EffectPage {
        self.local.workspace.effects(EffectId::ZERO, &EffectFilter::default(), usize::MAX)
    }

    fn names(&self, after: EffectId) -> Vec<&'static str> {
        let page = self.local.workspace.effects(after, &EffectFilter::default(), usize::MAX);
        page.effects.iter().map(|effect| effect.of_type().name()).collect()
    }

    /// Conversations of the account, one after the other.
    fn imports(&mut self, conversations: std::ops::RangeInclusive<i64>, score: u16) {
        for n in conversations {
            self.import(START + n, n as u128, score);
        }
    }

    fn keep(&mut self, receipt: Millis, most: u32) {
        let effects = EffectsKept { hours: 24, most };
        self.record(receipt, Record::Settings(Box::new(Settings { effects, ..Settings::default() })));
    }

    fn ask(&mut self, receipt: Millis, command: Command) -> Result<(), CommandRefusal> {
        match self.record(receipt, Record::Command { actor: "anna".into(), command }) {
            Reply::Accepted(outcome) => outcome,
            other => panic!("{other:?}"),
        }
    }

    fn endpoint(&mut self, receipt: Millis, wants: EffectTypes) {
        let body = ResourceBody { version: 1, wants, content: Box::default() };
        let record =
            ResourceRecord { kind: "webhook".into(), id: ENDPOINT, change: ResourceChange::Made { body, most: 20 } };
        let reply = self.record(receipt, Record::Resource { actor: Some("anna".into()), record });
        assert!(matches!(reply, Reply::Resource(Ok(_))), "{reply:?}");
    }

    fn delivered(&mut self, receipt: Millis, upto: EffectId, outcomes: Vec<(EffectId, Outcome)>) {
        self.record(receipt, Record::Deliveries(DeliveryNotes { endpoint: ENDPOINT, upto, outcomes }));
    }
}

#[test]
fn r8_2a_the_effects_of_an_event_come_in_their_order_and_say_what_was_true() {
    let mut stage = Stage::new();
    stage.import(START, 1, 299);
    stage.import(START + 1, 2, 299);
    let before = stage.local.workspace.newest_effect();
    assert_eq!(before.to_string(), "2-0.1");
    stage.import(START + 2, 3, 299);
    let expected = ["conversation.scored", "breaker.triggered", "account.risk_changed"];
    assert_eq!(stage.names(before), expected);
    let page = stage.all();
    assert_eq!(page.effects.last().unwrap().id.to_string(), "3-0.3");
    assert!(matches!(
        page.effects.last().unwrap().content,
        EffectContent::RiskChanged { account: ACCOUNT, from: ChurnRisk::Low, to: ChurnRisk::Critical, .. }
    ));
    let breaker = stage.local.workspace.active_breakers()[0].id;
    stage.change_breaker(START + 3, Command::Acknowledge { breaker, note: Some("on it".into()) }).unwrap();
    stage.change_breaker(START + 4, Command::Resolve { breaker, note: None }).unwrap();
    let steps = stage.local.workspace.effects(EffectId::ZERO, &types(&EffectType::ALL[2..6]), 9).effects;
    let told = steps.iter().map(|effect| match &effect.content {
        EffectContent::Breaker(view) => (view.step, view.breaker.acknowledged_at, view.breaker.resolved_at),
        other => panic!("{other:?}"),
    });
    let (acknowledged, resolved) = (Some(START + 3), Some(START + 4));
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            (BreakerStep::Triggered, None, None),
            (BreakerStep::Acknowledged, acknowledged, None),
            (BreakerStep::Resolved, acknowledged, resolved)
        ]
    );
    assert_eq!(stage.names(steps.last().unwrap().id), ["account.risk_changed"]);
}

#[test]
fn r8_2_the_ring_has_its_bounds_and_says_what_is_gone() {
    let mut stage = Stage::new();
    stage.keep(START, 5);
    stage.imports(1..=8, 400);
    let page = stage.all();
    assert_eq!((page.effects.len(), page.missed, page.more), (5, true, false));
    assert_eq!(page.effects[0].id.to_string(), "5-0.1");
    let behind = stage.local.workspace.effects("4-0.1".parse().unwrap(), &EffectFilter::default(), 2);
    assert_eq!(
        (behind.effects.len(), behind.missed, behind.more, behind.upto.to_string().as_str()),
        (2, false, true, "6-0.1")
    );
    let rare = stage.local.workspace.effects(EffectId::ZERO, &types(&EffectType::ALL[2..6]), 9);
    assert_eq!((rare.effects.len(), rare.missed), (0, false), "of breakers nothing is gone");
    assert_eq!(stage.local.workspace.effects_since(START + 7).to_string(), "7-0.1");
    stage.import(START + DAY + 6, 9, 400);
    assert_eq!(stage.all().effects.len(), 4, "older than a day");
}

#[test]
fn r8_2_breakers_effects_stay_until_they_are_delivered_and_others_do_not() {
    let mut stage = Stage::new();
    stage.endpoint(START, EffectTypes::ALL);
    stage.imports(1..=3, 299);
    stage.import(START + 3 * DAY, 4, 400);
    let kinds = |stage: &Stage| stage.names(EffectId::ZERO);
    assert_eq!(kinds(&stage), ["breaker.triggered", "conversation.scored"]);
    let progress = |stage: &Stage| stage.local.workspace.progress(ENDPOINT).unwrap().clone();
    assert!(progress(&stage).lagging, "scores went before they were delivered");
    let [tripped, scored] = [0, 1].map(|n: usize| stage.all().effects[n].id);
    let attempt = Attempt { at: START + 3 * DAY, milliseconds: 9, status: Some(204), fault: None };
    stage.delivered(START + 3 * DAY + 1, scored, vec![(tripped, Outcome::Failed(attempt)), (scored, Outcome::Open)]);
    stage.import(START + 5 * DAY, 5, 400);
    assert_eq!(kinds(&stage), ["breaker.triggered", "conversation.scored"]);
    assert_eq!(progress(&stage).open[&tripped], [attempt]);
    let newest = stage.local.workspace.newest_effect();
    let outcomes = vec![(tripped, Outcome::Delivered(attempt)), (scored, Outcome::Abandoned(None))];
    stage.delivered(START + 5 * DAY + 1, newest, outcomes);
    assert!(!progress(&stage).lagging && progress(&stage).open.is_empty());
    assert_eq!(progress(&stage).done.len(), 2);
    stage.import(START + 7 * DAY, 6, 400);
    assert_eq!(kinds(&stage), ["conversation.scored"]);
    let resend = |effect| Command::Resend { endpoint: ENDPOINT, effect };
    assert_eq!(stage.ask(START + 7 * DAY, resend(tripped)), Err(CommandRefusal::EffectGone));
    assert_eq!(stage.ask(START + 7 * DAY, resend(stage.local.workspace.newest_effect())), Ok(()));
    let turns = progress(&stage).turns;
    assert_eq!(stage.ask(START + 7 * DAY, Command::Replay { endpoint: ENDPOINT, since: START }), Ok(()));
    assert_eq!((progress(&stage).turns, progress(&stage).upto), (turns + 1, newest), "before the first that is kept");
}

#[test]
fn r4_10_an_erased_conversations_effects_lose_its_id() {
    let mut stage = Stage::new();
    stage.import(START, 1, 400);
    stage.record(START + 1, Record::Erasure { conversation: Some(Id(1)), contact: None });
    let effects = stage.all().effects;
    assert!(
        matches!(&effects[0].content, EffectContent::ConversationScored(view) if view.quality.conversation_id == Id::NIL)
    );
}

#[test]
fn r5_9_a_persons_scores_count_until_they_are_taken_back() {
    let mut stage = Stage::new();
    stage.imports(1..=2, 250);
    let said = |resolved| {
        Command::Override(Override {
            conversation: Id(2),
            dimensions: [Hundredths(450); 3],
            resolved,
            reason: "it was the carrier".into(),
        })
    };
    let missing = Command::TakeBack { conversation: Id(2) };
    assert_eq!(stage.ask(START + 3, missing.clone()), Err(CommandRefusal::NotOverridden));
    assert_eq!(stage.ask(START + 3, said(Some(false))), Ok(()));
    let average = |stage: &Stage| stage.local.workspace.stats(START, START + DAY).average_composite;
    let run = |stage: &mut Stage| stage.local.health(ACCOUNT, START + 9).unwrap().consecutive_low;
    assert_eq!((average(&stage), run(&mut stage)), (Some(Hundredths(350)), 0));
    // The model goes on: a new score from elsewhere is seen beside the person's.
    stage.import(START + 4, 2, 200);
    let overridden = stage.local.workspace.override_of(Id(2)).unwrap();
    assert_eq!(overridden.model.unwrap().composite_score, Hundredths(200));
    assert_eq!((average(&stage), overridden.at, &*overridden.actor), (Some(Hundredths(350)), START + 3, "anna"));
    assert_eq!(stage.ask(START + 5, missing), Ok(()));
    assert_eq!((average(&stage), run(&mut stage)), (Some(Hundredths(225)), 2));
    assert!(stage.local.workspace.override_of(Id(2)).is_none());
    assert_eq!(stage.local.accounts[&ACCOUNT], stage.local.workspace.account(ACCOUNT).unwrap());
}

#[test]
fn r7_5_a_breaker_by_hand_has_the_same_life() {
    let mut stage = Stage::new();
    stage.import(START, 1, 400);
    let trip = |scope| Command::Trip { scope, reason: "a recall".into() };
    let label = BreakerScope::Label(LabelKind::Channel, "chat".into());
    let unknown = stage.change_breaker(START + 1, trip(BreakerScope::Account(Id(5))));
    assert_eq!(unknown, Err(CommandRefusal::UnknownAccount));
    for scope in [BreakerScope::Account(ACCOUNT), BreakerScope::Workspace, label.clone()] {
        let breaker = stage.change_breaker(START + 1, trip(scope.clone())).unwrap();
        assert_eq!(stage.change_breaker(START + 2, trip(scope)), Err(CommandRefusal::BreakerActive));
        let note = Command::Note { breaker: breaker.id, note: "asked the supplier".into() };
        stage.change_breaker(START + 3, note).unwrap();
        let detail = stage.local.workspace.breaker_detail(breaker.id).unwrap();
        let steps: Vec<_> = detail.history.iter().map(|entry| (entry.step, entry.actor.as_deref())).collect();
        assert_eq!(steps, [(HistoryStep::Triggered, Some("anna")), (HistoryStep::Noted, Some("anna"))]);
    }
    assert_eq!(stage.risk(START + 4), ChurnRisk::Critical);
    let asked = super::super::GateQuestion { account: Some(ACCOUNT), channel: Some("chat"), intent: Some("refund") };
    assert_eq!(stage.local.workspace.gate().ask(asked).breakers.len(), 3);
    for breaker in stage.local.workspace.active_breaker_ids() {
        stage.change_breaker(START + 5, Command::Acknowledge { breaker, note: None }).unwrap();
        stage.change_breaker(START + 6, Command::Resolve { breaker, note: None }).unwrap();
    }
    assert_eq!(stage.local.workspace.gate().ask(asked).breakers, []);
    assert_eq!(stage.risk(START + 7), ChurnRisk::Low);
    assert_eq!(stage.local.workspace.breaker_history(&Default::default(), None, 2).1, Some(1));
}

#[test]
fn r7_6_what_nobody_does_in_time_is_announced_again_and_again() {
    let mut stage = Stage::new();
    stage.imports(1..=3, 250);
    assert_eq!(stage.local.workspace.forgotten_at(), None);
    let patch = OwnPatch { forgotten_after_hours: Some(Some(4)), ..OwnPatch::default() };
    stage.record(START + 4, Record::Command { actor: "anna".into(), command: Command::PatchSettings(patch) });
    assert_eq!(stage.local.workspace.forgotten_at(), Some(START + 3 + 4 * HOUR));
    let count = |stage: &Stage| {
        stage.local.workspace.effects(EffectId::ZERO, &types(&[EffectType::BreakerForgotten]), 99).effects.len()
    };
    stage.record(START + 3 * HOUR, Record::Forgotten);
    assert_eq!(count(&stage), 0);
    for (hours, announced) in [(5, 1), (6, 1), (9, 2)] {
        stage.record(START + hours * HOUR, Record::Forgotten);
        assert_eq!(count(&stage), announced, "after {hours} hours");
    }
    let breaker = stage.local.workspace.active_breaker_ids()[0];
    stage.change_breaker(START + 10 * HOUR, Command::Acknowledge { breaker, note: None }).unwrap();
    assert_eq!(stage.local.workspace.forgotten_at(), Some(START + 14 * HOUR), "from the acknowledgement on");
}
