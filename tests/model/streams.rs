//! The streams themselves: thousands of them, and what they have to have exercised.

use tripswitch::domain::event::{Body, Status, TurnFeatures};
use tripswitch::domain::settings::{Model, Settings};
use tripswitch::domain::time::DAY;

use crate::compare::compare_all;
use crate::coverage::Coverage;
use crate::scenario::Scenario;
use crate::shrink::report;
use crate::stream::{Action, Maker, START, Step, Stream, account, conversation, stream};

/// A number from the environment.
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{name} is no number: {value}")))
}

/// Runs a scenario's streams; fails on the first that diverges, or if `wanted` did not happen.
fn run(scenario: Scenario, cases: u64, wanted: &[(&'static str, u64)]) {
    let factor = number("TRIPSWITCH_CASES").unwrap_or(1);
    let one = number("TRIPSWITCH_SEED");
    let seeds = one.map_or(1..cases * factor + 1, |seed| seed..seed + 1);
    let mut coverage = Coverage::default();
    for seed in seeds {
        let stream = stream(scenario, seed);
        match compare_all(&stream) {
            Ok(of_stream) => coverage.merge(&of_stream),
            Err(_) => panic!("{}", report(&stream)),
        }
    }
    println!("{scenario:?}\n{coverage}");
    let missing = coverage.missing(wanted);
    assert!(one.is_some() || missing.is_empty(), "{scenario:?} did not exercise enough: {missing:?}\n{coverage}");
}

#[test]
fn r5_2_new_settings_hold_for_a_frame_of_the_same_receipt() {
    let mut maker = Maker::new(Scenario::Lives, 1);
    let said = maker.blank(Some(conversation(1)), Some(START), Body::MessageReceived(TurnFeatures::default()));
    let closed = maker.blank(Some(conversation(1)), Some(START), Body::StatusChanged(Status::Closed));
    let mut late = maker.blank(Some(conversation(1)), Some(START - 1), Body::StatusChanged(Status::Open));
    late.account = Some(account(1));
    let shorter =
        Settings { model: Model { settle_days: 1, duplicate_days: 1, ..Model::default() }, ..Settings::default() };
    let (settings, later) = (Action::Settings(Box::new(shorter)), START + 2 * DAY);
    let frames = [
        (START, Action::Events(vec![said.clone(), closed])),
        (later, settings),
        (later, Action::Events(vec![late, said])),
    ];
    let steps = frames.map(|(receipt, action)| Step::Frame { receipt, action });
    let (scenario, skips) = (Scenario::Lives, Vec::new());
    let stream = Stream { seed: 0, scenario, settings: Settings::default(), skips, steps: steps.into() };
    assert!(compare_all(&stream).is_ok(), "{}", report(&stream));
}

#[test]
fn lives_agree() {
    let wanted = [
        ("closed, then resolved", 300),
        ("disconfirmed", 1_000),
        ("ended a second time, as resolved", 200),
        ("ended as abandoned", 500),
        ("ended as closed", 500),
        ("ended by a human", 300),
        ("ended by a status", 300),
        ("ended by the AI", 300),
        ("expectation renewed", 1_000),
        ("expected by baseline", 300),
        ("first life score", 500),
        ("identity forgotten", 10_000),
        ("import replaced by life", 700),
        ("import stood", 3_000),
        ("late", 3_000),
        ("life replaced by import", 700),
        ("life without a score", 1_000),
        ("message beyond the turns kept", 1_000),
        ("new life", 600),
        ("re-score", 8_000),
        ("reopening", 1_000),
        ("score of a new life", 2_500),
        ("score vanished", 15),
        ("scored one attached", 200),
        ("scoredAt moved back", 300),
        ("scoredAt moved on", 150),
        ("settled", 700),
        ("skipped", 70),
    ];
    run(Scenario::Lives, 1_000, &wanted);
}

#[test]
fn dense_agree() {
    let wanted = [
        ("disconfirmed", 6_000),
        ("expected by account", 20_000),
        ("expected by workspace", 1_500),
        ("import", 10_000),
        ("more than the window holds", 2_000),
        ("next older one counts again", 100),
        ("no trip while one is active", 5_000),
        ("run of 100", 30),
        ("trend declining", 1_000),
        ("trend improving", 1_000),
    ];
    run(Scenario::Dense, 150, &wanted);
}

#[test]
fn contacts_agree() {
    let wanted = [
        ("account confirmed", 300),
        ("account inferred", 1_000),
        ("account moved", 600),
        ("account renamed", 1_000),
        ("account updated", 3_000),
        ("duplicate", 1_000),
        ("id reused", 700),
        ("mismatch", 1_000),
        ("next older one counts again", 400),
        ("scored one attached", 500),
        ("scored one moved", 500),
        ("workspace trip", 70),
    ];
    run(Scenario::Contacts, 1_000, &wanted);
}

#[test]
fn trips_agree() {
    let wanted = [
        ("account trip", 500),
        ("acknowledge refused", 60),
        ("command repeated", 300),
        ("composite exactly at the threshold", 1_000),
        ("config patched", 1_000),
        ("history did not trip", 150),
        ("no trip while one is active", 3_000),
        ("resolve refused", 400),
        ("resolved", 300),
        ("rules that keep from a better risk", 17_000),
        ("rules to a worse risk", 20_000),
        ("run ended by a resolve", 900),
        ("run ended by its hours", 4_000),
        ("run ended by one that is not low", 8_000),
        ("run ended by the oldest", 1_600),
        ("second account trip", 100),
        ("second workspace trip", 15),
        ("unknown breaker", 1_000),
        ("workspace run of one account", 150),
        ("workspace trip", 100),
    ];
    run(Scenario::Trips, 1_000, &wanted);
}

#[test]
fn ladders_agree() {
    let wanted = [
        ("composite exactly at the threshold", 3_000),
        ("account.risk_changed", 1_500),
        ("composite_below_3_5_and_declining", 20),
        ("declining", 20),
        ("expected by account", 50_000),
        ("expected by baseline", 3_000),
        ("expected by nothing", 3_000),
        ("expected by workspace", 20_000),
        ("risk critical", 5_000),
        ("risk high", 3_000),
        ("risk low", 5_000),
        ("risk medium", 2_500),
        ("trend declining", 2_500),
        ("trend improving", 2_500),
        ("trend stable", 10_000),
    ];
    run(Scenario::Ladders, 300, &wanted);
}

#[test]
fn mixed_agree() {
    let wanted = [
        ("all older than the window", 3_000),
        ("expectation renewed", 300),
        ("expected by account", 3_000),
        ("expected by baseline", 1_000),
        ("expected by workspace", 300),
        ("late", 2_500),
        ("new life", 250),
        ("reopening", 300),
        ("score vanished", 4),
        ("scored one moved", 60),
        ("second account trip", 15),
        ("workspace trip", 40),
    ];
    run(Scenario::Mixed, 500, &wanted);
}

#[test]
fn aged_agree() {
    let wanted = [
        ("late", 1_000),
        ("new life", 100),
        ("retention left more for another record", 300),
        ("scored one removed", 2_000),
        ("unscored one removed", 500),
        ("score vanished", 2),
        ("workspace trip", 20),
    ];
    run(Scenario::Aged, 500, &wanted);
}

#[test]
fn erased_agree() {
    let wanted = [
        ("comment erased", 400),
        ("contact's life ended", 600),
        ("contact's life that came to nothing", 250),
        ("contact's unscored one removed", 300),
        ("erased one came again", 1_500),
        ("evidence erased", 250),
        ("nothing to erase", 700),
        ("score of a new life", 130),
        ("scored one erased", 900),
        ("scored one removed", 1_000),
        ("unscored one erased", 300),
        ("workspace trip", 100),
    ];
    run(Scenario::Erased, 500, &wanted);
}

#[test]
fn labels_agree() {
    let wanted = [
        ("channel trip", 39),
        ("intent trip", 39),
        ("label run of one account", 120),
        ("passed over in a run", 500),
        ("scored one got another label", 1_500),
        ("second label trip", 1),
        ("settings patched", 300),
        ("settings.changed", 420),
    ];
    run(Scenario::Labels, 200, &wanted);
}

#[test]
fn sparse_agree() {
    let wanted = [("import", 1500), ("passed over in a run", 150)];
    run(Scenario::Sparse, 15, &wanted);
}

#[test]
fn hands_agree() {
    let wanted = [
        ("account tripped by hand", 30),
        ("forgotten", 60),
        ("forgotten after an acknowledgement", 21),
        ("forgotten again", 105),
        ("label tripped by hand", 105),
        ("noted", 120),
        ("trip by hand refused: active", 75),
        ("trip by hand refused: unknown account", 30),
        ("workspace tripped by hand", 21),
    ];
    run(Scenario::Hands, 150, &wanted);
}

#[test]
fn words_agree() {
    let wanted = [
        ("overridden", 450),
        ("overridden again", 240),
        ("overridden one erased", 18),
        ("overridden one re-scored", 720),
        ("taken back", 210),
    ];
    run(Scenario::Words, 180, &wanted);
}

#[test]
fn heard_agree() {
    let wanted = [
        ("effect gone", 1_500),
        ("endpoint changed by another", 3),
        ("has caught up", 4),
        ("kept until it is delivered", 450),
        ("lags", 60),
        ("replayed", 18),
        ("sent again", 12),
        ("too many endpoints", 4),
    ];
    run(Scenario::Heard, 150, &wanted);
}

#[test]
fn counted_agree() {
    let wanted = [
        ("channel trip", 4),
        ("intent trip", 4),
        ("label tripped by hand", 80),
        ("overridden", 150),
        ("scored one erased", 35),
        ("scored one got another label", 650),
        ("scored one removed", 170),
        ("two channels", 1_300),
        ("two handlers", 650),
        ("two intents", 1_300),
        ("two models", 500),
        ("unscored: no customer message", 4_000),
        ("unscored: only automatic", 500),
        ("unscored: open", 8_000),
        ("unscored one erased", 30),
        ("unscored one removed", 45),
    ];
    run(Scenario::Counted, 200, &wanted);
}

#[test]
fn listed_agree() {
    let wanted = [
        ("accounts in lists", 85_000),
        ("account renamed", 190),
        ("conversations in lists", 280_000),
        ("overridden", 300),
        ("reopening", 60),
        ("risk high", 4_000),
        ("risk medium", 2_500),
        ("scored one erased", 110),
        ("scored one moved", 170),
        ("scored one removed", 1_000),
        ("two models", 700),
        ("walk through accounts", 1_700),
        ("walk through conversations", 2_700),
    ];
    run(Scenario::Listed, 200, &wanted);
}

#[test]
fn played_agree() {
    let wanted = [
        ("account tripped by hand", 35),
        ("channel trip", 70),
        ("intent trip", 70),
        ("other settings make a difference", 600),
        ("second account trip", 130),
        ("second workspace trip", 20),
        ("tripped as it would have", 3_500),
        ("workspace trip", 95),
        ("would have tripped", 6_000),
    ];
    run(Scenario::Played, 200, &wanted);
}

#[test]
fn rated_agree() {
    let wanted = [
        ("address dropped with a life", 300),
        ("address erased", 40),
        ("address forgotten", 150),
        ("another address", 200),
        ("another address than the one that was mailed", 50),
        ("calibrated", 150),
        ("calibrated profile in force", 100),
        ("calibrated the same again", 20),
        ("calibration taken back", 30),
        ("changed as often as may be", 10),
        ("history not mailed", 100),
        ("mail due", 300),
        ("mail forgotten", 150),
        ("mail given up", 20),
        ("mail given up in vain", 60),
        ("mail not due for a rating", 40),
        ("mail not due for a reopening", 15),
        ("mail not due for a switch", 8),
        ("mail not due for an opt-out", 5),
        ("mail not due for another mail", 2),
        ("mail sent", 50),
        ("mail sent that was not due", 300),
        ("mail to be tried again", 25),
        ("not mailed again", 50),
        ("one of several lives rated late", 5),
        ("one who opted out not mailed", 30),
        ("one who was mailed lately not mailed", 20),
        ("opted out by a link without a mail", 20),
        ("overridden one rated late", 10),
        ("rated by a link", 500),
        ("rated late", 100),
        ("rated one not mailed", 300),
        ("rated one settled", 300),
        ("rated ones whose signals are gone", 1_000),
        ("rated the same again", 80),
        ("rated while reopened", 40),
        ("rating changed", 200),
        ("rating of an unknown one refused", 150),
        ("rating too late refused", 250),
        ("superseded link refused", 150),
        ("used link refused", 600),
    ];
    run(Scenario::Rated, 300, &wanted);
}

#[test]
fn deep_agree() {
    let wanted = [
        ("import", 7_000),
        ("import replaced by import", 1_500),
        ("next older one counts again", 300),
        ("two handlers", 150),
        ("two models", 50),
    ];
    run(Scenario::Deep, 5, &wanted);
}
