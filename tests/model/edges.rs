//! Streams by hand, for what no random one comes to.

use tripswitch::domain::effect::EffectTypes;
use tripswitch::domain::event::{Body, EventRecord, Status, TurnFeatures};
use tripswitch::domain::own_settings::OwnPatch;
use tripswitch::domain::rating::LinkRating;
use tripswitch::domain::record::Override;
use tripswitch::domain::score::Hundredths;
use tripswitch::domain::settings::{Model, Settings};
use tripswitch::domain::time::{DAY, HOUR, MINUTE, Millis};
use tripswitch::domain::view::{BreakerScope, LabelKind};

use crate::broken::Broken;
use crate::compare::{compare, compare_all};
use crate::coverage::Coverage;
use crate::endpoints::Of;
use crate::scenario::{Scenario, weigh};
use crate::shrink::report;
use crate::stream::{Action, Maker, Pick, START, Step, Stream, account, conversation};

fn stream(frames: Vec<(Millis, Action)>) -> Stream {
    let steps = frames.into_iter().map(|(receipt, action)| Step::Frame { receipt, action }).collect();
    Stream { seed: 0, scenario: Scenario::Hands, settings: Settings::default(), skips: Vec::new(), steps }
}

fn agrees(stream: &Stream) -> Coverage {
    compare_all(stream).unwrap_or_else(|_| panic!("{}", report(stream)))
}

fn label(number: usize) -> BreakerScope {
    BreakerScope::Label(LabelKind::Channel, format!("channel {number}").into())
}

#[test]
fn r7_5_a_breaker_has_a_hundred_notes() {
    let mut frames = vec![(START, Action::Trip(BreakerScope::Workspace))];
    frames.extend((1..=102).map(|minute| (START + minute * MINUTE, Action::Note(Pick::Any(0)))));
    let stream = stream(frames);
    assert_eq!(agrees(&stream).of("too many notes"), 2);
    assert!(compare(&stream, Some(Broken::NotesOfNinetyNine)).is_err());
}

/// More conversations than are sorted on the spot.
#[test]
fn r6_6_many_conversations_are_put_in_order_beside_the_workspace() {
    let mut maker = Maker::new(Scenario::Listed, 1);
    let mut frames = Vec::new();
    for request in 0..3 {
        let imports = (0..750).map(|number| {
            let composite = if number % 3 == 0 { 250 } else { 300 + number % 7 };
            maker.plain_import(composite as u16, number % 2 == 0, START + (number * 7_919) % 1_000)
        });
        frames.push((START + request, Action::Events(imports.collect())));
    }
    let mut stream = stream(frames);
    for (from, to) in [(START + 1, START + 500), (START, START + HOUR), (START + 700, START + 701)] {
        stream.steps.push(Step::Check { now: START + HOUR, from, to });
    }
    agrees(&stream);
}

/// More changes of weights than there are numbers for profiles: those that no score names are given again.
#[test]
fn r6_9_weights_change_as_often_as_somebody_likes() {
    let mut maker = Maker::new(Scenario::Hands, 1);
    let mut settings = Settings::default();
    let mut steps = Vec::new();
    for change in 0..420_i64 {
        let receipt = START + change * 2 * HOUR;
        let share = change as f64 / 1_000.0;
        weigh(&mut settings, [0.1 + share, 0.3, 0.6 - share]);
        let frame = |action| Step::Frame { receipt, action };
        steps.push(frame(Action::Settings(Box::new(settings.clone()))));
        // Some are scored again and again, one in forty stays as it is.
        let which = if change % 40 == 0 { 100 + change } else { change % 7 } as u64;
        let mut event = maker.plain_import(200 + (change % 250) as u16, true, receipt);
        event.conversation = Some(conversation(which));
        steps.push(frame(Action::Events(vec![event])));
        if change % 70 == 69 {
            steps.push(Step::Check { now: receipt, from: START, to: receipt });
        }
    }
    // Not in rounds: effects keep numbers in use, and an export has none.
    if let Err(divergence) = compare(&Stream { steps, ..stream(Vec::new()) }, None) {
        panic!("{divergence:?}");
    }
}

#[test]
fn r7_6_a_record_tells_of_a_thousand_forgotten_breakers() {
    let hourly = OwnPatch { forgotten_after_hours: Some(Some(1)), ..OwnPatch::default() };
    let mut frames = vec![(START, Action::Own(hourly))];
    frames.extend((0..1_003).map(|number| (START, Action::Trip(label(number)))));
    frames.extend([HOUR - 1, HOUR, HOUR, HOUR, 2 * HOUR].map(|later| (START + later, Action::Forgotten)));
    let coverage = agrees(&stream(frames));
    assert_eq!(coverage.of("more than a thousand forgotten"), 2);
    assert_eq!((coverage.of("forgotten"), coverage.of("forgotten again")), (1_003, 1_000));
}

#[test]
fn r8_3_an_endpoint_that_is_enabled_again_begins_anew() {
    let wants = |some: bool| if some { EffectTypes::ALL } else { EffectTypes::NONE };
    let of = |of| Action::Endpoint(1, of);
    let frames = vec![
        (START, of(Of::Made { wants: wants(true) })),
        (START, Action::Trip(label(1))),
        (START, of(Of::Changed { wants: wants(false), knows: true })),
        (START, Action::Trip(label(2))),
        (START, of(Of::Changed { wants: wants(true), knows: true })),
        (START, Action::Trip(label(3))),
    ];
    let stream = stream(frames);
    assert_eq!(agrees(&stream).of("endpoint enabled again"), 1);
    assert!(compare(&stream, Some(Broken::EnabledGoesOn)).is_err());
}

/// A closed conversation that scores by what is said after, and loses that by a reopening between.
fn vanishing(maker: &mut Maker, whose: &str) -> [EventRecord; 3] {
    let bodies = [
        (Body::StatusChanged(Status::Closed), 5),
        (Body::MessageReceived(TurnFeatures::default()), 10),
        (Body::StatusChanged(Status::Open), 7),
    ];
    bodies.map(|(body, minute)| {
        let mut event = maker.blank(Some(conversation(1)), Some(START + minute * MINUTE), body);
        event.contact = Some(whose.into());
        event
    })
}

#[test]
fn r5_9_a_persons_score_outlives_the_models_until_it_is_taken_back() {
    let mut maker = Maker::new(Scenario::Words, 1);
    let [closed, said, opened] = vanishing(&mut maker, "contact-2");
    let word = Override {
        conversation: conversation(1),
        dimensions: [Hundredths(450), Hundredths(200), Hundredths(300)],
        resolved: Some(true),
        reason: "it was the carrier".into(),
    };
    let again = Override { resolved: None, ..word.clone() };
    let later = |hours: i64| START + hours * HOUR;
    let begin = || {
        vec![
            (later(1), Action::Events(vec![closed.clone(), said.clone()])),
            (later(2), Action::Override(word.clone())),
            (later(3), Action::Events(vec![opened.clone()])),
            (later(4), Action::Override(again.clone())),
        ]
    };
    let take_back = Action::TakeBack(conversation(1));
    let mut frames = begin();
    frames.push((later(5), take_back.clone()));
    frames.push((later(6), take_back.clone()));
    let first = stream(frames);
    let coverage = agrees(&first);
    assert!(compare(&first, Some(Broken::VanishedModelEndsOverride)).is_err());
    assert_eq!(coverage.of("taken back to nothing"), 1);
    assert_eq!(coverage.of("overridden one that the model has no score of"), 1);

    // Retention goes by the last event, or, where its life is gone with the contact, by the taking back.
    for (erased, restored) in [(false, false), (false, true), (true, false), (true, true)] {
        for cutoff in [later(3), later(3) + 1, later(6), later(6) + 1] {
            let mut frames = begin();
            let contact = if erased { "contact-2" } else { "contact-0" };
            frames.push((later(5), Action::Erase { conversation: None, contact: Some(contact.into()) }));
            frames.push((later(6), take_back.clone()));
            frames.extend((7..if restored { 30 } else { 8 }).map(|hour| (later(hour), Action::Forgotten)));
            frames.push((later(40), Action::Retention { cutoff, most: 9 }));
            let mut stream = stream(frames);
            stream.steps.insert(6, Step::Check { now: later(6), from: cutoff, to: START + DAY });
            stream.steps.push(Step::Check { now: later(41), from: cutoff, to: START + DAY });
            agrees(&stream);
        }
    }
}

#[test]
fn r7_1_a_late_rating_trips_what_the_run_asks_for() {
    let mut maker = Maker::new(Scenario::Hands, 1);
    let mut frames = Vec::new();
    for number in 1..=3 {
        let bodies = [Body::MessageReceived(TurnFeatures::default()), Body::StatusChanged(Status::Resolved)];
        let events = bodies.map(|body| {
            let mut event = maker.blank(Some(conversation(number)), Some(START), body);
            event.account = Some(account(1));
            event
        });
        frames.push((START, Action::Events(events.into())));
    }
    for number in 1..=3 {
        let rating = LinkRating { conversation: conversation(number), ending: 0, rating: 1, comment: None };
        frames.push((START + 2 * DAY, Action::Rate(rating)));
    }
    let model = Model { settle_days: 1, ..Model::default() };
    let stream = Stream { settings: Settings { model, ..Settings::default() }, ..stream(frames) };
    let coverage = agrees(&stream);
    assert_eq!((coverage.of("rated late"), coverage.of("trip by a late rating")), (3, 1));
}
