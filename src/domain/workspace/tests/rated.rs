//! R13.3: ratings beside what the model says without them.

use super::*;
use crate::domain::rating::LinkRating;

fn rate(stage: &mut Stage, receipt: Millis, of: u128, rating: u8) {
    let rating = LinkRating { conversation: Id(of), ending: 0, rating, comment: None };
    assert!(matches!(stage.record(receipt, Record::Rated(rating)), Reply::Rated(Ok(_))));
}

#[test]
fn r13_3_a_rating_stands_beside_what_the_same_conversation_has_without_it() {
    let mut stage = Stage::new();
    for of in 1..=4 {
        stage.event(START, of, Some(ACCOUNT), said());
        stage.event(START + of as Millis, of, Some(ACCOUNT), Body::StatusChanged(Status::Resolved));
    }
    let Known::Found(unrated) = stage.local.workspace.conversation(Id(4)) else { panic!() };
    // In time, late, and late twice.
    rate(&mut stage, START + HOUR, 1, 1);
    rate(&mut stage, START + 9 * DAY, 2, 5);
    rate(&mut stage, START + 9 * DAY + 1, 3, 1);
    rate(&mut stage, START + 9 * DAY + 2, 3, 4);
    let pairs = stage.local.workspace.cut().rated(START, START + 10 * DAY, 9);
    let told: Vec<_> = pairs.iter().map(|pair| (pair.conversation.0, pair.rating, pair.composite)).collect();
    assert_eq!(told, [(3, 4), (2, 5), (1, 1)].map(|(of, rating)| (of, rating, unrated.composite_score)));
    assert!(pairs.iter().all(|pair| pair.account == Some(ACCOUNT) && pair.signals.is_some()));
    let cut = stage.local.workspace.cut();
    assert_eq!(cut.rated(START, START + 9 * DAY, 9).len(), 2, "by the receipt of the rating");
    assert_eq!(cut.rated(START, START + 10 * DAY, 2).len(), 2, "the newest");
    let answering = cut.answering(START, START + 3);
    assert_eq!((answering.scored, answering.rated), (3, 3));
    assert_eq!(answering.composites, [3 * u64::from(unrated.composite_score.0); 2]);
    assert_eq!(cut.answering(START + 4, START + DAY).rated, 0);
}

#[test]
fn r13_3_the_pair_outlives_the_signals_but_no_erasure() {
    let mut stage = Stage::new();
    stage.event(START, 1, None, said());
    stage.event(START, 1, None, Body::StatusChanged(Status::Resolved));
    rate(&mut stage, START + HOUR, 1, 2);
    let before = stage.local.workspace.cut().rated(START, START + DAY, 9);
    stage.event(START + 200 * DAY, 2, None, said());
    let after = stage.local.workspace.cut().rated(START, START + DAY, 9);
    assert_eq!((after[0].signals.clone(), after[0].composite), (None, before[0].composite));
    stage.record(START + 200 * DAY, Record::Erasure { conversation: Some(Id(1)), contact: None });
    assert_eq!(stage.local.workspace.cut().rated(START, START + DAY, 9), []);
}
