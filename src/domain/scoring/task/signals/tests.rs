use super::super::super::evidence::{Ending, Turn};
use super::super::super::observation::{Observation, ObservedKind};
use super::super::super::profile::Profile;
use super::super::super::{is_scorable, observe};
use super::super::text::Analyzer;
use super::*;
use crate::domain::event::OwnSignal;
use crate::domain::quantum::{Quantum, from_quantum, to_quantum};
use crate::domain::time::SECOND;
use SignalKind::*;

const KEY: [u8; 16] = [1; 16];

/// Turns as `c: text` or `a: text`, none with a time.
fn read(dialogue: &[&str]) -> Vec<(Speaker, TurnFeatures)> {
    let analyzer = Analyzer::default();
    let turn = |line: &&str| {
        let (speaker, text) = line.split_once(": ").unwrap();
        let speaker = if speaker == "c" { Speaker::Customer } else { Speaker::Agent };
        (speaker, analyzer.analyze(Some(text), Some("en"), &KEY))
    };
    dialogue.iter().map(turn).collect()
}

fn evidence(turns: &[(Speaker, TurnFeatures)]) -> Evidence<'_> {
    let turn = |(speaker, features)| Turn { speaker, at: None, words: Words::Task(features) };
    Evidence { turns: turns.iter().map(|(s, f)| turn((*s, f))).collect(), ..Evidence::default() }
}

fn find(observations: &[Observation], kind: SignalKind) -> Option<(Quantum, Quantum)> {
    let found = observations.iter().find(|o| o.signal == ObservedKind::Catalogue(kind));
    found.map(|o| (o.presence, o.goodness))
}

/// Presence and goodness of one signal in a dialogue; `None` if it is absent.
fn in_dialogue(dialogue: &[&str], kind: SignalKind) -> Option<(Quantum, Quantum)> {
    find(&observe(&Profile::default(), &evidence(&read(dialogue))), kind)
}

fn bad_by(presence: f64) -> Option<(Quantum, Quantum)> {
    Some((to_quantum(presence), 0))
}

fn good_at(presence: f64) -> Option<(Quantum, Quantum)> {
    Some((to_quantum(presence), Quantum::MAX))
}

fn timed<'a>(turns: &'a [(Speaker, TurnFeatures)], seconds: &[i64]) -> Evidence<'a> {
    let mut evidence = evidence(turns);
    for (turn, seconds) in evidence.turns.iter_mut().zip(seconds) {
        turn.at = Some(1_700_000_000_000 + seconds * SECOND);
    }
    evidence
}

#[test]
fn nothing_known_is_nothing_observed() {
    let observations = observe(&Profile::default(), &Evidence::default());
    assert_eq!(observations, []);
    assert!(!is_scorable(&Evidence::default(), &observations));
}

#[test]
fn without_a_customer_turn_there_is_no_sentiment() {
    let observations = observe(&Profile::default(), &evidence(&read(&["a: Hello! Great to see you."])));
    assert_eq!(observations, []);
}

#[test]
fn sentiment_is_the_mean_of_the_compounds_and_the_end_that_of_the_last_three() {
    let turn = |compound| TurnFeatures { compound, read: true, ..TurnFeatures::default() };
    let compounds = [Some(-5_000), Some(2_000), None, Some(4_000), Some(4_500)];
    let turns: Vec<_> = compounds.map(|c| (Speaker::Customer, turn(c))).into();
    let observations = observe(&Profile::default(), &evidence(&turns));
    let sigma = |x: f64| to_quantum(1.0 / (1.0 + libm::exp(-x)));
    assert_eq!(find(&observations, SentimentMean), Some((Quantum::MAX, sigma((0.1375 - 0.25) / 0.15))));
    assert_eq!(find(&observations, SentimentEnd), Some((Quantum::MAX, sigma((0.35 - 0.30) / 0.25))));
}

#[test]
fn counts_are_turns_not_matches() {
    let dialogue = ["c: Thanks, thanks, thank you", "a: Sure", "c: Cheers"];
    assert_eq!(in_dialogue(&dialogue, Gratitude), good_at(sat(2.0, 1.0)));
    assert_eq!(in_dialogue(&dialogue, Praise), None);
}

#[test]
fn shares_are_over_the_speakers_own_turns() {
    let dialogue =
        ["c: A table for two", "a: We booked it. I failed to add a chair", "c: no, for three", "a: It is done"];
    assert_eq!(in_dialogue(&dialogue, Rejection), bad_by(sat(0.5, 0.15)));
    assert_eq!(in_dialogue(&dialogue, Correction), bad_by(sat(0.5, 0.15)));
    assert_eq!(in_dialogue(&dialogue, AgentFailure), bad_by(sat(0.5, 0.1)));
    assert_eq!(in_dialogue(&dialogue, AgentConfirm), good_at(sat(2.0, 1.0)));
    assert_eq!(in_dialogue(&dialogue, EndFailure), bad_by(1.0));
    assert_eq!(in_dialogue(&["c: hm", "a: sorry", "a: one moment", "a: bye"], EndApology), None);
    assert_eq!(in_dialogue(&["c: hm", "a: sorry", "a: bye"], EndApology), bad_by(1.0));
}

#[test]
fn exclamations_are_enthusiasm_only_in_a_good_mood() {
    assert_eq!(in_dialogue(&["c: That is great!", "c: and one more"], Enthusiasm), good_at(sat(0.5, 0.1)));
    assert_eq!(in_dialogue(&["c: That is awful!", "c: and one more"], Enthusiasm), None);
    assert_eq!(in_dialogue(&["c: The table!"], Enthusiasm), None, "a mean of exactly 0 is no good mood");
}

#[test]
fn a_question_met_only_with_questions_is_dodged_and_one_met_with_silence_unanswered() {
    let dodged = |dialogue: &[&str]| in_dialogue(dialogue, QuestionDodged);
    let unanswered = |dialogue: &[&str]| in_dialogue(dialogue, QuestionUnanswered);
    assert_eq!(dodged(&["c: When?", "a: Where?"]), bad_by(sat(1.0, 0.2)));
    assert_eq!(dodged(&["c: When?", "a: Where?", "a: At nine."]), None);
    assert_eq!(dodged(&["c: When?", "c: Hello", "a: Where?"]), bad_by(sat(0.5, 0.2)));
    let silence = ["c: When?", "c: Hello", "c: Anybody", "a: At nine."];
    assert_eq!(unanswered(&silence), bad_by(sat(1.0, 1.0)));
    assert_eq!(dodged(&silence), None);
    assert_eq!(unanswered(&["c: When?", "a: At nine.", "c: Which day?"]), bad_by(1.0));
    assert_eq!(unanswered(&["c: When?", "a: At nine."]), None);
}

#[test]
fn repeats_are_found_among_the_previous_three_turns_of_the_customer_and_all_of_the_agent() {
    let same = "c: my parcel never arrived";
    let other = ["c: blue garden chair", "c: seven wooden spoons", "c: large copper kettle"];
    assert_eq!(in_dialogue(&[same, other[0], other[1], same], UserRepeats), bad_by(sat(1.0, 1.0)));
    assert_eq!(in_dialogue(&[same, other[0], other[1], other[2], same], UserRepeats), None);
    assert_eq!(in_dialogue(&["c: parcel", "c: parcel"], UserRepeats), None, "one content word is too few");
    let agent: Vec<_> = ["parcel left depot today", "one", "two", "three", "four", "parcel left depot today"]
        .map(|text| format!("a: {text}"))
        .into();
    let agent: Vec<_> = agent.iter().map(String::as_str).collect();
    assert_eq!(in_dialogue(&agent, AgentRepeats), bad_by(sat(1.0, 1.0)));
}

#[test]
fn interrogation_begins_above_one_half_and_effort_above_ten_turns() {
    assert_eq!(in_dialogue(&["a: Who?", "a: Here."], Interrogation), None);
    assert_eq!(in_dialogue(&["a: Who?", "a: Where?", "a: When?", "a: Here."], Interrogation), bad_by(sat(0.25, 0.25)));
    let numbered: Vec<_> = (0..12).map(|i| format!("c: part {i}")).collect();
    let lines: Vec<_> = numbered.iter().map(String::as_str).collect();
    assert_eq!(in_dialogue(&lines[..10], Effort), None);
    assert_eq!(in_dialogue(&lines, Effort), bad_by(sat(2.0, 8.0)));
}

#[test]
fn a_turn_that_was_not_read_counts_for_structure_only() {
    let mut turns = read(&["c: no, the other one", "a: Which one?", "c: Thanks"]);
    let foreign = TurnFeatures { question: true, exclamation: true, ..TurnFeatures::default() };
    turns.extend((0..9).map(|_| (Speaker::Customer, foreign.clone())));
    turns.push((Speaker::Agent, foreign.clone()));
    let observations = observe(&Profile::default(), &evidence(&turns));
    assert_eq!(find(&observations, Rejection), bad_by(sat(0.5, 0.15)));
    assert_eq!(find(&observations, Enthusiasm), None);
    assert_eq!(find(&observations, Interrogation), bad_by(sat(0.5, 0.25)), "1 of the 1 read agent turn");
    assert_eq!(find(&observations, QuestionDodged), None);
    assert_eq!(find(&observations, QuestionUnanswered), bad_by(sat(7.0, 1.0)));
    assert_eq!(find(&observations, Effort), bad_by(sat(1.0, 8.0)));
    let foreign_only = [(Speaker::Customer, foreign)];
    let observations = observe(&Profile::default(), &evidence(&foreign_only));
    assert_eq!(observations.len(), 1, "only the open question");
    assert!(is_scorable(&evidence(&foreign_only), &observations));
}

#[test]
fn endings_reopenings_and_items_are_observed() {
    let of = |ending, reopenings| {
        let evidence = Evidence { ending, reopenings, handoffs: 2, validation_failures: 1, ..Evidence::default() };
        observe(&Profile::default(), &evidence)
    };
    let resolved = of(Some(Ending::Resolved), 1);
    assert_eq!(find(&resolved, Resolution), good_at(1.0));
    assert_eq!(find(&resolved, Reopened), bad_by(sat(1.0, 1.0)));
    assert_eq!(find(&resolved, HumanHandoff), bad_by(sat(2.0, 1.0)));
    assert_eq!(find(&resolved, ValidationFailed), bad_by(sat(1.0, 1.0)));
    assert_eq!(find(&of(Some(Ending::Abandoned), 0), ResolutionFailed), bad_by(1.0));
    let closed = of(Some(Ending::Closed), 0);
    assert_eq!(
        (find(&closed, Resolution), find(&closed, ResolutionFailed), find(&closed, Reopened)),
        (None, None, None)
    );
}

#[test]
fn endings_and_reopenings_alone_make_no_score() {
    let tidied = Evidence { ending: Some(Ending::Abandoned), reopenings: 3, ..Evidence::default() };
    assert!(!is_scorable(&tidied, &observe(&Profile::default(), &tidied)));
    let rated = Evidence { rating: Some(1), ..tidied };
    assert!(is_scorable(&rated, &observe(&Profile::default(), &rated)));
}

#[test]
fn a_rating_is_good_by_quarters() {
    for (stars, goodness) in [(1, 0), (2, 16_384), (3, 32_768), (4, 49_151), (5, Quantum::MAX)] {
        let evidence = Evidence { rating: Some(stars), ..Evidence::default() };
        assert_eq!(find(&observe(&Profile::default(), &evidence), Rating), Some((Quantum::MAX, goodness)));
    }
}

#[test]
fn waits_run_from_the_first_unanswered_customer_turn_to_the_next_agent_turn() {
    let turns =
        read(&["a: Hi", "c: one", "c: two", "a: yes", "c: three", "a: yes", "a: and", "c: four", "a: yes", "c: bye"]);
    let evidence = timed(&turns, &[0, 100, 400, 850, 1_000, 2_900, 3_000, 4_000, 5_700, 9_000]);
    let observations = observe(&Profile::default(), &evidence);
    assert_eq!(find(&observations, FirstResponse), bad_by(sat(750.0 / 300.0 - 1.0, 1.0)));
    assert_eq!(find(&observations, SlowReply), bad_by(sat(1_800.0 / 900.0 - 1.0, 1.0)));
}

#[test]
fn a_wait_within_its_target_or_without_times_says_nothing() {
    let turns = read(&["c: one", "a: yes", "c: two", "a: yes"]);
    let delays = |evidence: &Evidence| {
        let observations = observe(&Profile::default(), evidence);
        (find(&observations, FirstResponse), find(&observations, SlowReply))
    };
    assert_eq!(delays(&timed(&turns, &[0, 300, 400, 1_300])), (None, None));
    assert_eq!(delays(&evidence(&turns)), (None, None));
    let mut partly = timed(&turns, &[0, 9_000, 10_000, 20_000]);
    partly.turns[0].at = None;
    assert_eq!(delays(&partly), (None, bad_by(sat(10_000.0 / 900.0 - 1.0, 1.0))));
}

#[test]
fn what_somebody_else_observed_stands_in_for_the_text_with_its_mean() {
    let turns = read(&["c: thanks, perfect!"]);
    let mut evidence = evidence(&turns);
    evidence.overrides = vec![(Praise, 1), (Effort, 0), (Praise, 2)];
    let observations = observe(&Profile::default(), &evidence);
    assert_eq!(find(&observations, Praise), Some((Quantum::MAX, 2)), "1.5, half up");
    assert_eq!(find(&observations, Effort), Some((Quantum::MAX, 0)));
    assert_eq!(find(&observations, Gratitude), good_at(sat(1.0, 1.0)));
}

#[test]
fn own_signals_count_once_per_name_with_the_mean_and_the_last_description_by_name() {
    let own = |name: &str, weight| OwnSignal { name: name.into(), weight, loadings: [1.0, 0.0, 0.0] };
    let (first, second, other) = (own("tone", 1.0), own("tone", 4.0), own("accent", 2.0));
    let evidence = Evidence { own: vec![(&first, 10), (&other, 7), (&second, 21)], ..Evidence::default() };
    let observations = observe(&Profile::default(), &evidence);
    let expected = |signal: &OwnSignal, goodness| Observation {
        signal: ObservedKind::Own(signal.clone()),
        presence: Quantum::MAX,
        goodness,
    };
    assert_eq!(observations, [expected(&other, 7), expected(&second, 16)]);
    assert!(is_scorable(&evidence, &observations));
}

#[test]
fn observations_come_in_the_order_of_the_catalogue() {
    let turns = read(&["c: Thanks! No, that is bad, again?", "a: Sorry, I failed. Why?"]);
    let evidence = Evidence { rating: Some(2), ending: Some(Ending::Resolved), ..evidence(&turns) };
    let kinds: Vec<_> = observe(&Profile::default(), &evidence)
        .into_iter()
        .filter_map(|o| match o.signal {
            ObservedKind::Catalogue(kind) => Some(kind),
            ObservedKind::Own(_) => None,
        })
        .collect();
    assert!(kinds.is_sorted() && kinds.len() > 10, "{kinds:?}");
    assert!(List::ALL.iter().all(|list| list.bit().count_ones() == 1));
}

#[test]
fn presence_and_goodness_are_rounded_half_up_to_a_quantum() {
    assert_eq!((to_quantum(0.0), to_quantum(1.0), to_quantum(0.5)), (0, Quantum::MAX, 32_768));
    assert_eq!(from_quantum(Quantum::MAX), 1.0);
}
