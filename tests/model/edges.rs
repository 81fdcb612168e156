//! Streams by hand, for what no random one comes to.

use tripswitch::domain::effect::EffectTypes;
use tripswitch::domain::event::{Body, EventRecord, Status, TurnFeatures};
use tripswitch::domain::own_settings::OwnPatch;
use tripswitch::domain::record::Override;
use tripswitch::domain::score::Hundredths;
use tripswitch::domain::settings::Settings;
use tripswitch::domain::time::{DAY, HOUR, MINUTE, Millis};
use tripswitch::domain::view::{BreakerScope, LabelKind};

use crate::broken::Broken;
use crate::compare::{compare, compare_all};
use crate::coverage::Coverage;
use crate::endpoints::Of;
use crate::scenario::Scenario;
use crate::shrink::report;
use crate::stream::{Action, Maker, Pick, START, Step, Stream, conversation};

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
