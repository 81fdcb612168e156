//! What a backtest says is what the engine does under those settings, where nothing is scored twice (R10.7).

use std::collections::HashMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::super::super::csat_config::CsatPatch;
use super::super::super::event::{Body, EventRecord, Identity, ImportedScore, ObservedSignal, Status};
use super::super::super::ids::{Id, Position, Side, WorkspaceKey};
use super::super::super::local::Local;
use super::super::super::own_settings::OwnPatch;
use super::super::super::record::{APPLY_VERSION, Command, Frame, Record};
use super::super::super::reply::Reply;
use super::super::super::score::Hundredths;
use super::super::super::scoring::catalogue::SignalKind;
use super::super::super::settings::Settings;
use super::super::super::time::{DAY, HOUR, Millis};
use super::super::super::view::{BreakerScope, LabelKind};
use super::tripped::{Found, Listing};
use super::*;

const KEY: WorkspaceKey = WorkspaceKey { id: Id(7), side: Side::Live };
const START: Millis = 1_000 * DAY;
const NAMES: [&str; 2] = ["email", "refund"];
const KINDS: [SignalKind; 3] = [SignalKind::Complaint, SignalKind::Praise, SignalKind::Rejection];

/// A conversation that is scored once: an import, or a life of one signal.
#[derive(Clone, Debug)]
struct Said {
    account: Option<u8>,
    labels: [Option<u8>; 2],
    dimensions: [u16; 3],
    confidence: u16,
    signal_count: u16,
    /// In hours.
    earlier: i64,
    lives: Option<(u8, u16)>,
}

#[derive(Clone, Debug)]
enum Step {
    Scored(Vec<Said>),
    /// Of the breakers that are active.
    Resolve(prop::sample::Index),
    Trip(u8),
}

fn said() -> impl Strategy<Value = Said> {
    let score = || prop_oneof![4 => 150_u16..310, 1 => 290_u16..=500];
    let label = || proptest::option::weighted(0.7, 0_u8..2);
    let lives = proptest::option::weighted(0.4, (0_u8..3, any::<u16>()));
    let dimensions = [score(), score(), score()];
    let rest = (0_u16..=100, 0_u16..6, prop_oneof![3 => Just(0_i64), 1 => 0_i64..60], lives);
    (proptest::option::weighted(0.9, 0_u8..3), [label(), label()], dimensions, rest).prop_map(
        |(account, labels, dimensions, (confidence, signal_count, earlier, lives))| Said {
            account,
            labels,
            dimensions,
            confidence,
            signal_count,
            earlier,
            lives,
        },
    )
}

fn step() -> impl Strategy<Value = (i64, Step)> {
    let step = prop_oneof![
        12 => proptest::collection::vec(said(), 1..5).prop_map(Step::Scored),
        3 => any::<prop::sample::Index>().prop_map(Step::Resolve),
        1 => (0_u8..6).prop_map(Step::Trip),
    ];
    (prop_oneof![4 => 1_i64..HOUR, 1 => HOUR..40 * HOUR], step)
}

fn settings() -> impl Strategy<Value = OtherSettings> {
    let csat = (200_u16..=400, 1_u16..5, 1_u16..100, 1_u16..3);
    let counting = proptest::option::of(0_u16..=60);
    let own = (counting, proptest::option::of(0_u16..4), any::<bool>(), any::<bool>());
    (csat, own).prop_map(|((threshold, count, hours, factor), (confidence, signals, channels, intents))| {
        OtherSettings {
            threshold_low_composite: Some(Hundredths(threshold)),
            circuit_breaker_count: Some(count),
            circuit_breaker_window_hours: Some(hours),
            workspace_factor: Some(factor),
            min_confidence: Some(confidence.map(Hundredths)),
            min_signals: Some(signals),
            channel_breakers: Some(Some(channels)),
            intent_breakers: Some(Some(intents)),
            ..OtherSettings::default()
        }
    })
}

fn weights() -> impl Strategy<Value = OtherSettings> {
    let shares = || {
        (1_u32..50, 1_u32..50, 1_u32..50).prop_map(|(a, b, c)| [a, b, c].map(|n| f64::from(n) / f64::from(a + b + c)))
    };
    let signal = (0_usize..3, 0.0..3.0, proptest::option::of(shares()));
    let signals = proptest::collection::vec(signal, 1..3);
    (settings(), shares(), signals).prop_map(|(settings, composite, signals)| OtherSettings {
        composite_weights: Some(composite),
        signals: signals
            .into_iter()
            .map(|(at, weight, loadings)| (KINDS[at], OtherWeight { weight, loadings }))
            .collect(),
        ..settings
    })
}

/// The engine.
struct World {
    local: Local,
    seq: u64,
    events: u128,
}

impl World {
    /// Under these settings from the beginning.
    fn under(other: &OtherSettings) -> Self {
        let mut settings = Settings::default();
        settings.profile = other.reweighed(&settings.profile);
        let mut world = Self { local: Local::new(KEY, "Acme".into(), settings), seq: 0, events: 0 };
        world.set(START, other);
        world
    }

    fn record(&mut self, receipt: Millis, record: Record) -> Reply {
        self.seq += 1;
        let frame = Frame { key: KEY, seq: self.seq, receipt, apply_version: APPLY_VERSION, record };
        self.local.apply(&[frame]).replies.remove(0).1
    }

    fn command(&mut self, receipt: Millis, command: Command) -> Reply {
        self.record(receipt, Record::Command { actor: "anna".into(), command })
    }

    /// Three frames.
    fn set(&mut self, receipt: Millis, other: &OtherSettings) {
        let settings = other.over(&self.local.workspace.rules()).settings;
        self.record(receipt, Record::Settings(Box::new(settings)));
        let csat = CsatPatch {
            threshold_low_composite: other.threshold_low_composite,
            circuit_breaker_count: other.circuit_breaker_count,
            circuit_breaker_window_hours: other.circuit_breaker_window_hours,
            ..CsatPatch::default()
        };
        self.command(receipt, Command::PatchCsatConfig(csat));
        let own = OwnPatch {
            min_confidence: other.min_confidence,
            min_signals: other.min_signals,
            channel_breakers: other.channel_breakers,
            intent_breakers: other.intent_breakers,
            ..OwnPatch::default()
        };
        self.command(receipt, Command::PatchSettings(own));
    }

    fn scored(&mut self, receipt: Millis, all: &[Said]) {
        let mut events = Vec::new();
        for said in all {
            self.events += 2;
            let (conversation, time) = (Id(self.events), receipt - said.earlier * HOUR);
            let mut event = |part: u128, body| {
                let mut key = [0; 12];
                key[..8].copy_from_slice(&((self.events + part) as u64).to_le_bytes());
                let label = |at: usize| said.labels[at].map(|name| NAMES[usize::from(name)].into());
                events.push(EventRecord {
                    identity: Identity { key, content: 0 },
                    time: Some(time),
                    conversation: Some(conversation),
                    account: said.account.map(|account| Id(100 + u128::from(account))),
                    account_name: Some("Nordic".into()),
                    contact: None,
                    channel: label(0),
                    intent: label(1),
                    body,
                    address: None,
                });
            };
            match said.lives {
                Some((kind, value)) => {
                    let signal = ObservedSignal::Catalogue(KINDS[usize::from(kind)]);
                    event(0, Body::SignalObserved { signal, value });
                    event(1, Body::StatusChanged(Status::Closed));
                }
                None => event(
                    0,
                    Body::ConversationScored(ImportedScore {
                        dimensions: said.dimensions.map(Hundredths),
                        resolved: true,
                        confidence: Hundredths(said.confidence),
                        signal_count: said.signal_count,
                    }),
                ),
            }
        }
        self.record(receipt, Record::Events(events));
    }

    fn active(&self) -> Vec<BreakerScope> {
        self.local.workspace.breakers.active().map(|breaker| breaker.scope.clone()).collect()
    }

    /// Three frames, of which the last resolves the scope's breaker; one that is not there is tripped first.
    fn resolve(&mut self, receipt: Millis, scope: &BreakerScope) {
        self.trip(receipt, scope);
        let found = self.local.workspace.breakers.active().find(|breaker| breaker.scope == *scope);
        let breaker = found.map_or(Id::NIL, |breaker| breaker.id);
        self.command(receipt, Command::Acknowledge { breaker, note: None });
        self.command(receipt, Command::Resolve { breaker, note: None });
    }

    fn trip(&mut self, receipt: Millis, scope: &BreakerScope) {
        let reason = "because".into();
        self.command(receipt, Command::Trip { scope: scope.clone(), reason });
    }

    fn backtest(&mut self, question: &Question) -> Backtest {
        self.local.workspace.cut().backtest(question, &mut |_| true).unwrap()
    }
}

fn scope(number: u8) -> BreakerScope {
    match number {
        0..3 => BreakerScope::Account(Id(100 + u128::from(number))),
        3 => BreakerScope::Workspace,
        4 => BreakerScope::Label(LabelKind::Channel, NAMES[0].into()),
        _ => BreakerScope::Label(LabelKind::Intent, NAMES[1].into()),
    }
}

/// Plays the steps in two worlds. In `other` the people do at the same places what they do in `real`; what they cannot
/// do there changes nothing. Before the step `turn`, `other` gets its settings, if it does not have them yet.
fn play(
    real: &mut World,
    other: &mut World,
    steps: &[(i64, Step)],
    turn: Option<(usize, &OtherSettings)>,
) -> (Millis, Millis) {
    let (mut now, mut turned_at) = (START, START);
    for (at, (gap, step)) in steps.iter().enumerate() {
        now += gap;
        if let Some((_, settings)) = turn.filter(|(turn, _)| *turn == at) {
            real.set(now, &OtherSettings::default());
            other.set(now, settings);
            turned_at = now;
            now += 1;
        }
        match step {
            Step::Scored(all) => [&mut *real, other].into_iter().for_each(|world| world.scored(now, all)),
            Step::Resolve(which) => {
                let active = real.active();
                if !active.is_empty() {
                    let scope = &active[which.index(active.len())];
                    real.resolve(now, scope);
                    other.resolve(now, scope);
                }
            }
            Step::Trip(number) => {
                let scope = scope(*number);
                let is_free = !real.active().contains(&scope);
                real.trip(now, &scope);
                // An account that nobody has named yet cannot be tripped.
                if is_free && real.active().contains(&scope) {
                    other.trip(now, &scope);
                } else {
                    other.command(now, Command::Resolve { breaker: Id::NIL, note: None });
                }
            }
        }
        assert_eq!(real.seq, other.seq);
    }
    (turned_at, now)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn r10_7_with_the_settings_as_they_are_what_would_trip_is_what_did(
        settings in settings(),
        steps in proptest::collection::vec(step(), 1..70),
        bounds in (any::<prop::sample::Index>(), any::<prop::sample::Index>()),
    ) {
        let (mut real, mut twin) = (World::under(&settings), World::under(&settings));
        let (_, now) = play(&mut real, &mut twin, &steps, None);
        let question = Question { now, ..Question::default() };
        let found = real.backtest(&question);
        prop_assert_eq!(&found.what_if, &found.as_is);
        let at = |index: &prop::sample::Index| START + index.index((now - START + 1) as usize) as Millis;
        let (a, b) = (at(&bounds.0), at(&bounds.1));
        let part = real.backtest(&Question { from: Some(a.min(b)), to: Some(a.max(b)), ..question });
        prop_assert_eq!(&part.what_if, &part.as_is);
        prop_assert!(part.as_is.total <= found.as_is.total);
    }

    #[test]
    fn r10_7_under_other_settings_it_is_what_the_engine_does_under_them(
        before in settings(),
        other in weights(),
        steps in proptest::collection::vec(step(), 1..70),
    ) {
        let (mut real, mut under_them) = (World::under(&before), World::under(&other));
        let (_, now) = play(&mut real, &mut under_them, &steps, None);
        let found = real.backtest(&Question { settings: other, now, ..Question::default() });
        let expected = under_them.backtest(&Question { now, ..Question::default() });
        prop_assert_eq!(found.what_if, expected.as_is);
        let all = steps.iter().flat_map(|(_, step)| match step {
            Step::Scored(all) => all.as_slice(),
            Step::Resolve(_) | Step::Trip(_) => &[],
        });
        let (lives, imports): (Vec<_>, Vec<_>) = all.partition(|said| said.lives.is_some());
        let reweighed = Reweighed { rescored: lives.len() as u64, unchanged: imports.len() as u64 };
        prop_assert_eq!(found.reweighed, Some(reweighed));
    }

    #[test]
    fn r10_7_until_the_beginning_of_the_period_the_settings_are_as_they_were(
        before in settings(),
        other in settings(),
        steps in proptest::collection::vec(step(), 2..70),
        turn in any::<prop::sample::Index>(),
    ) {
        let (mut real, mut changed) = (World::under(&before), World::under(&before));
        let turn = turn.index(steps.len());
        let (from, now) = play(&mut real, &mut changed, &steps, Some((turn, &other)));
        let question = Question { settings: other, from: Some(from), to: None, now };
        let found = real.backtest(&question);
        let expected = changed.backtest(&Question { settings: OtherSettings::default(), ..question });
        prop_assert_eq!(found.what_if, expected.as_is);
    }
}

#[test]
fn r10_7_in_the_streams_above_breakers_of_every_scope_trip_and_are_resolved_and_settings_make_a_difference() {
    let mut runner = TestRunner::deterministic();
    let strategy = (settings(), settings(), proptest::collection::vec(step(), 1..70));
    let (mut seen, mut different) = (HashMap::new(), 0);
    for _ in 0..60 {
        let (before, other, steps) = strategy.new_tree(&mut runner).unwrap().current();
        let (mut real, mut twin) = (World::under(&before), World::under(&before));
        let (_, now) = play(&mut real, &mut twin, &steps, None);
        let found = real.backtest(&Question { settings: other, now, ..Question::default() });
        for breaker in &found.as_is.breakers {
            *seen.entry((breaker.scope.kind().name(), breaker.resolved_at.is_some())).or_insert(0) += 1;
        }
        different += u32::from(found.as_is != found.what_if);
    }
    assert!(seen.len() == 8 && seen.values().all(|count| *count >= 3), "{seen:?}");
    assert!((20..60).contains(&different), "{different}");
}

fn low(conversation: u128, rating: Option<u8>) -> Vec<(u128, Body)> {
    match rating {
        Some(rating) => vec![
            (conversation, Body::SurveyResponded { rating, comment: None }),
            (conversation, Body::StatusChanged(Status::Closed)),
        ],
        None => vec![(
            conversation,
            Body::ConversationScored(ImportedScore {
                dimensions: [Hundredths(150); 3],
                resolved: false,
                confidence: Hundredths(100),
                signal_count: 0,
            }),
        )],
    }
}

impl World {
    /// Of one account, each in a frame.
    fn say(&mut self, receipt: Millis, all: Vec<(u128, Body)>) {
        for (conversation, body) in all {
            self.events += 1;
            let mut key = [0; 12];
            key[..8].copy_from_slice(&(self.events as u64).to_le_bytes());
            let event = EventRecord {
                identity: Identity { key, content: 0 },
                time: None,
                conversation: Some(Id(conversation)),
                account: Some(Id(100)),
                account_name: None,
                contact: None,
                channel: None,
                intent: None,
                body,
                address: None,
            };
            self.record(receipt, Record::Events(vec![event]));
        }
    }
}

fn triggered(tripped: &Tripped) -> Vec<Millis> {
    tripped.breakers.iter().map(|breaker| breaker.triggered_at).collect()
}

#[test]
fn r10_7_what_was_scored_again_counts_as_if_it_were_the_first_time_but_not_after_what_came_behind() {
    let mut world = World::under(&OtherSettings::default());
    world.say(START + 1, low(1, None));
    world.say(START + 2, low(2, None));
    world.say(START + 3, low(3, Some(1)));
    world.say(START + 7, low(4, Some(5)));
    // Another answer of the customer to the third: it stays low, and nobody knows when it was first.
    world.say(START + 9, vec![(3, Body::SurveyResponded { rating: 2, comment: None })]);
    let found = world.backtest(&Question { now: START + HOUR, ..Question::default() });
    assert_eq!((triggered(&found.as_is), triggered(&found.what_if)), (vec![START + 3], vec![START + 7]));
    assert_eq!((found.what_if.breakers[0].run, found.what_if.breakers[0].seconds_active), (3, 3_599));
}

#[test]
fn r10_7_what_is_removed_is_no_history() {
    let mut world = World::under(&OtherSettings::default());
    (1..=4).for_each(|n| world.say(START + n as Millis, low(n, None)));
    let question = Question { now: START + DAY, ..Question::default() };
    assert_eq!((world.backtest(&question).from, world.backtest(&question).as_is.total), (None, 1));
    world.record(START + DAY, Record::Retention { cutoff: START + 4, most: 10 });
    let found = world.backtest(&question);
    assert_eq!((found.from, found.as_is.total, found.what_if.total), (Some(START + 4), 0, 0));
    assert_eq!(world.backtest(&Question { from: Some(START + 5), ..question }).from, Some(START + 5));
}

#[test]
fn r10_7_it_ends_where_nobody_wants_it_any_more() {
    let mut world = World::under(&OtherSettings::default());
    (1..=300).for_each(|n| world.say(START, low(n, None)));
    let mut shares = Vec::new();
    let cut = world.local.workspace.cut();
    let outcome = cut.backtest(&Question::default(), &mut |share| {
        shares.push(share);
        shares.len() < 3
    });
    assert_eq!(outcome, Err(GivenUp));
    assert!(shares.len() == 3 && shares.is_sorted() && shares[2] < 1.0, "{shares:?}");
}

#[test]
fn r10_7_all_are_counted_and_the_newest_listed() {
    let mut listing = Listing::default();
    let at = |n: u64| (n as Millis, Position::new(n, 0));
    // In whatever order: 7 is no factor of what there is.
    for n in (0..1_500_u64).map(|n| n * 7 % 1_500) {
        listing.add(Found::at(at(n), 3), &BreakerScope::Workspace);
        listing.add(Found::at(at(n), 1).until(Some(n as Millis + 2_000)), &BreakerScope::Account(Id(n.into())));
    }
    let shown = listing.shown(&Local::new(KEY, "Acme".into(), Settings::default()).workspace.cut(), 10_000);
    assert_eq!((shown.total, shown.breakers.len()), (3_000, MOST_LISTED));
    let first: Vec<_> =
        shown.breakers.iter().take(3).map(|one| (one.triggered_at, one.run, one.seconds_active)).collect();
    assert_eq!(first, [(1_499, 3, 8), (1_499, 1, 2), (1_498, 3, 8)]);
    assert_eq!(shown.breakers.last().map(|one| one.triggered_at), Some(1_000));
}
