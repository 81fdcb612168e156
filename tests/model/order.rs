//! docs/scoring.md: dimensions, composite and confidence are a function of the set of events received in
//! time; in what order and in what requests they arrived does not matter.

use tripswitch::domain::event::{Body, EventRecord};
use tripswitch::domain::record::{APPLY_VERSION, Frame, Record};
use tripswitch::domain::score::Hundredths;
use tripswitch::domain::settings::Settings;
use tripswitch::domain::time::{HOUR, MINUTE, Millis};
use tripswitch::domain::view::Known;

use crate::compare::{KEY, NAME};
use crate::life::reopens;
use crate::random::Random;
use crate::real::Real;
use crate::scenario::Scenario;
use crate::stream::{Maker, START, conversation};

/// Dimensions and composite, confidence, signals and time of a score.
type Outcome = Option<([Hundredths; 4], Hundredths, u16, Millis)>;

/// The conversation's score when its events arrive in this order, in requests of random size.
fn outcome(events: &[EventRecord], rng: &mut Random) -> Outcome {
    let mut real = Real::new(KEY, NAME, Settings::default(), &[], true);
    let (mut left, mut seq) = (events, 0);
    while !left.is_empty() {
        let (some, rest) = left.split_at((rng.range(1, 3) as usize).min(left.len()));
        seq += 1;
        let receipt = START + 5 * HOUR + seq as Millis * MINUTE;
        let record = Record::Events(some.to_vec());
        real.apply(&[Frame { key: KEY, seq, receipt, apply_version: APPLY_VERSION, record }]);
        left = rest;
    }
    match real.quality(conversation(1)) {
        Known::Found(found) => Some((
            [found.outcome_score, found.process_score, found.environment_score, found.composite_score],
            found.confidence,
            found.signal_count,
            found.scored_at,
        )),
        Known::NotScored => None,
        Known::Unknown | Known::Gone => panic!("the conversation was named"),
    }
}

#[test]
fn r5_1_the_order_of_arrival_does_not_matter() {
    let (mut scored, mut reopened) = (0, 0);
    for seed in 1..=400 {
        let mut maker = Maker::new(Scenario::Lives, seed);
        let count = maker.rng.range(3, 20);
        // Equal times would be ordered by position, which is the order of arrival.
        let mut events: Vec<_> = (0..count).map(|number| maker.of_a_life(START + number * 7 * MINUTE)).collect();
        let first = outcome(&events, &mut maker.rng);
        scored += u32::from(first.is_some());
        reopened += u32::from(first.is_some() && events.iter().any(|event| reopens(&event.body)));
        for _ in 0..5 {
            maker.rng.shuffle(&mut events);
            let bodies: Vec<(Option<Millis>, &Body)> = events.iter().map(|event| (event.time, &event.body)).collect();
            assert_eq!(outcome(&events, &mut maker.rng), first, "seed {seed}: {bodies:#?}");
        }
    }
    assert!(scored >= 200 && reopened >= 100, "{scored} scored, {reopened} of them reopened");
}
