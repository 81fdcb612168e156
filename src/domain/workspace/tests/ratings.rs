//! R13.2, R5.2: ratings by links and by events, in time and late.

use super::erasure::restored;
use super::*;
use crate::domain::rating::{Given, LinkRating, RatingRefusal};
use crate::domain::record::Override;
use crate::domain::scoring::profile::ScoringModel;
use crate::domain::view::ConversationQuality;

fn survey(rating: u8) -> Body {
    Body::SurveyResponded { rating, comment: None }
}

impl Stage {
    fn rate(&mut self, receipt: Millis, of: u128, ending: u32, rating: u8) -> Result<Given, RatingRefusal> {
        let rating = LinkRating { conversation: Id(of), ending, rating, comment: None };
        match self.record(receipt, Record::Rated(rating)) {
            Reply::Rated(outcome) => outcome,
            other => panic!("{other:?}"),
        }
    }

    fn with(settings: Settings) -> Self {
        let mut stage = Self::new();
        stage.record(START, Record::Settings(Box::new(settings)));
        stage
    }

    fn quality(&self, of: u128) -> ConversationQuality {
        match self.local.workspace.conversation(Id(of)) {
            Known::Found(quality) => quality,
            other => panic!("{other:?}"),
        }
    }

    fn ended(&mut self, at: Millis, of: u128) {
        self.event(at, of, Some(ACCOUNT), said());
        self.event(at + 1, of, Some(ACCOUNT), Body::StatusChanged(Status::Resolved));
    }
}

fn numbers(of: &ConversationQuality) -> ([Hundredths; 4], Hundredths, u16) {
    let scores = [of.outcome_score, of.process_score, of.environment_score, of.composite_score];
    (scores, of.confidence, of.signal_count)
}

#[test]
fn r5_2_a_late_rating_gives_the_score_that_one_in_time_would_have() {
    for model in ScoringModel::ALL {
        for rating in 1..=5 {
            let mut stage = Stage::with(Settings { profile: model.profile().clone(), ..Settings::default() });
            (1..=3).for_each(|of| stage.ended(START + HOUR, of));
            stage.event(START + HOUR + 1, 1, None, survey(rating));
            stage.event(START + 9 * DAY, 2, None, survey(rating));
            stage.rate(START + 9 * DAY, 3, 0, rating).unwrap();
            let [in_time, late, by_link] = [1, 2, 3].map(|of| numbers(&stage.quality(of)));
            assert_eq!((&late, &by_link), (&in_time, &in_time), "{model:?}, rated {rating}");
            assert_eq!(in_time.0[3] < Hundredths(300), rating <= 2 || (rating == 3 && in_time.0[3] < Hundredths(300)));
            assert_eq!(stage.local.workspace.late_events(), 0);
        }
    }
}

#[test]
fn r5_2_a_persons_word_stays_in_force_and_the_models_is_rated() {
    let mut stage = Stage::new();
    (1..=2).for_each(|of| stage.ended(START, of));
    let (dimensions, reason) = ([Hundredths(450); 3], "the carrier".into());
    let said = Override { conversation: Id(1), dimensions, resolved: None, reason };
    stage.record(START + HOUR, Record::Command { actor: "anna".into(), command: Command::Override(said) });
    (1..=2).for_each(|of| assert!(stage.rate(START + 9 * DAY, of, 0, 1).is_ok()));
    assert_eq!(stage.quality(1).composite_score, Hundredths(450));
    let model = stage.local.workspace.override_of(Id(1)).unwrap().model.unwrap();
    assert_eq!(numbers(&model), numbers(&stage.quality(2)));
    let command = Command::TakeBack { conversation: Id(1) };
    stage.record(START + 10 * DAY, Record::Command { actor: "anna".into(), command });
    assert_eq!(numbers(&stage.quality(1)), numbers(&stage.quality(2)));
}

#[test]
fn r5_2_what_was_imported_or_is_not_explained_any_more_takes_no_late_rating() {
    let mut stage = Stage::new();
    (1..=2).for_each(|of| stage.ended(START, of));
    stage.import(START + HOUR, 1, 420);
    stage.event(START + 9 * DAY, 1, None, survey(1));
    assert_eq!((stage.quality(1).composite_score, stage.local.workspace.late_events()), (Hundredths(420), 1));
    assert_eq!(stage.rate(START + 9 * DAY, 1, 0, 1), Err(RatingRefusal::TooOld));
    // The rating has the signals kept for as long again.
    stage.rate(START + 89 * DAY, 2, 0, 2).unwrap();
    assert!(stage.rate(START + 89 * DAY + 1, 2, 0, 5).is_ok());
    let rated = stage.quality(2);
    assert_eq!(stage.rate(START + 179 * DAY + 1, 2, 0, 1), Err(RatingRefusal::Used));
    stage.event(START + 179 * DAY + 2, 2, None, survey(1));
    assert_eq!((stage.quality(2), stage.local.workspace.late_events()), (rated, 2));
}

#[test]
fn r13_2_a_link_is_of_one_ending_whichever_life_it_comes_to() {
    let mut stage = Stage::new();
    stage.ended(START, 1);
    let before = stage.quality(1).composite_score;
    stage.event(START + 9 * DAY, 1, None, Body::StatusChanged(Status::Open));
    assert_eq!(stage.local.workspace.link_terms(Id(1), START + 9 * DAY).unwrap().ending, 1);
    // That of the end to come says nothing of the end before.
    stage.rate(START + 9 * DAY + 1, 1, 1, 1).unwrap();
    assert_eq!(stage.quality(1).composite_score, before);
    stage.rate(START + 9 * DAY + 2, 1, 0, 5).unwrap();
    let praised = stage.quality(1).composite_score;
    assert!(praised > before);
    stage.ended(START + 10 * DAY, 1);
    assert!(stage.quality(1).composite_score < Hundredths(300), "the new life was rated 1");
    assert_eq!(stage.rate(START + 10 * DAY + 2, 1, 0, 5), Err(RatingRefusal::Superseded));
    assert_eq!(stage.rate(START + 10 * DAY + 2, 9, 0, 5), Err(RatingRefusal::Unknown));
}

#[test]
fn r13_2_while_it_is_reopened_the_link_of_the_end_before_rates_that_end() {
    let mut stage = Stage::new();
    stage.ended(START, 1);
    stage.event(START + HOUR, 1, None, Body::StatusChanged(Status::Open));
    stage.rate(START + 2 * HOUR, 1, 0, 1).unwrap();
    assert!(stage.quality(1).composite_score < Hundredths(300));
}

#[test]
fn r13_2_a_rating_can_be_changed_twenty_times_in_a_day() {
    let mut stage = Stage::new();
    (1..=2).for_each(|of| stage.ended(START, of));
    let first = START + HOUR;
    assert_eq!(stage.rate(first, 1, 0, 4).unwrap().changes, 0);
    let same = stage.rate(first + 1, 1, 0, 4).unwrap();
    assert_eq!((same.first, same.changes), (first, 0));
    assert_eq!(stage.rate(first + DAY - 1, 1, 0, 2).unwrap().changes, 1);
    assert_eq!(stage.rate(first + DAY, 1, 0, 3), Err(RatingRefusal::Used));
    stage.rate(first + DAY, 2, 0, 1).unwrap();
    for change in 1..=20 {
        assert_eq!(stage.rate(first + DAY + 1, 2, 0, 1 + change % 5).unwrap().changes, change);
    }
    assert_eq!(stage.rate(first + DAY + 2, 2, 0, 5), Err(RatingRefusal::Used));
}

#[test]
fn r7_1_a_late_rating_trips_the_breaker_that_the_run_asks_for() {
    let settles_soon = Model { settle_days: 1, ..Model::default() };
    for (model, receipt, trips) in [(settles_soon, 2 * DAY, 1), (Model::default(), 8 * DAY, 0)] {
        let mut stage = Stage::with(Settings { model, ..Settings::default() });
        (1..=3).for_each(|of| stage.ended(START + of as Millis, of));
        for of in 1..=3 {
            assert_eq!(stage.local.workspace.active_breakers().len(), 0);
            stage.event(START + receipt, of, None, survey(1));
        }
        // The newest score must not lie further back than the hours of a run.
        assert_eq!(stage.local.workspace.active_breakers().len(), trips);
    }
}

#[test]
fn i9_ratings_survive_a_cut_in_every_state() {
    let settles = [0, 9 * DAY];
    for settled in settles {
        let mut stage = Stage::new();
        stage.ended(START, 1);
        let steps: [(Millis, u8); 5] = [(2, 4), (3, 4), (4, 1), (5, 5), (DAY + 2, 2)];
        let mut expected = stage.local.clone();
        for (later, rating) in steps {
            let record = Record::Rated(LinkRating { conversation: Id(1), ending: 0, rating, comment: None });
            let receipt = START + settled + later;
            stage.seq += 1;
            let frame = Frame { key: KEY, seq: stage.seq, receipt, apply_version: APPLY_VERSION, record };
            let replies = expected.apply(std::slice::from_ref(&frame)).replies;
            assert_eq!(stage.local.apply(&[frame]).replies, replies);
            stage.local.workspace = restored(&mut stage.local.workspace);
            stage.local.accounts.clear();
            assert_eq!(stage.local.workspace.state_hash(), expected.workspace.state_hash());
        }
    }
}
