use super::*;
use crate::domain::message::MessageFeatures;
use crate::domain::scoring::Turn as EvidenceTurn;
use crate::domain::scoring::evidence::{Evidence, Speaker, Words};
use crate::domain::scoring::profile::ScoringModel;
use crate::domain::scoring::support::text::SupportReader;
use SignalKind::*;

/// Turns as `c: text` or `a: text`, in English.
fn read(dialogue: &[&str]) -> Vec<(Speaker, MessageFeatures)> {
    let reader = SupportReader::default();
    let turn = |line: &&str| {
        let (speaker, text) = line.split_once(": ").unwrap();
        let speaker = if speaker == "c" { Speaker::Customer } else { Speaker::Agent };
        (speaker, reader.read(text, None, speaker, &[1; 16]))
    };
    dialogue.iter().map(turn).collect()
}

/// The presence of each of `kinds`.
fn presences<const N: usize>(dialogue: &[&str], kinds: [SignalKind; N]) -> [f64; N] {
    let messages = read(dialogue);
    let turns = messages.iter().map(|(speaker, message)| EvidenceTurn {
        speaker: *speaker,
        at: None,
        words: Words::Support(message),
    });
    let evidence = Evidence { turns: turns.collect(), ..Evidence::default() };
    let turns = Turns::of(&evidence, ScoringModel::Support2.profile());
    let view = View::of(&turns, &evidence);
    kinds.map(|kind| view.measure(kind).presence)
}

#[test]
fn what_the_customer_says_before_the_first_answer_describes_the_problem() {
    let [complaint, solved] = presences(
        &["c: This is terrible, my order is wrong", "a: A new one is on its way.", "c: it arrived, thank you"],
        [Complaint, Solved],
    );
    assert_eq!(complaint, 0.0);
    assert!(solved > 0.5, "{solved}");
}

#[test]
fn thanks_at_the_end_are_worth_more_and_thanks_by_habit_little() {
    let [late] = presences(&["c: Where is it?", "a: It is here.", "c: ok", "a: Yes.", "c: thank you"], [Thanks]);
    let [early] = presences(&["c: Where is it?", "a: It is here.", "c: thank you", "a: Yes.", "c: ok"], [Thanks]);
    let [habit] = presences(
        &[
            "c: Thank you, my lamp is broken",
            "a: Try again.",
            "c: Thank you, it is dark",
            "a: Try again.",
            "c: Thank you",
        ],
        [Thanks],
    );
    assert!(late > early && early > habit, "{late} {early} {habit}");
}

#[test]
fn an_agent_that_gives_the_same_answer_again_is_told_from_one_with_a_new_number() {
    let [same] = presences(
        &[
            "c: Where is it?",
            "a: Please restart your router and wait",
            "c: I did",
            "a: Please restart your router and wait",
        ],
        [AgentRepeats],
    );
    let [other] = presences(
        &["c: Fee?", "a: The fee for parcel A is 5 euro", "c: And B?", "a: The fee for parcel B is 9 euro"],
        [AgentRepeats],
    );
    assert!(same > 0.5 && other < same, "{same} {other}");
}

#[test]
fn length_alone_says_nothing() {
    let (mut long, answers) =
        (Vec::new(), ["c: Red", "c: Large", "c: By mail", "c: On Monday", "c: Copenhagen", "c: Two"]);
    let questions = ["Which colour?", "Which size?", "How shall we send it?", "When?", "Where to?", "How many?"];
    let asked: Vec<String> = questions.iter().map(|question| format!("a: {question}")).collect();
    long.push("c: I need a lamp");
    for (question, answer) in asked.iter().zip(answers) {
        long.extend([question.as_str(), answer]);
    }
    long.extend(["a: Ordered: 2 lamps.", "c: Great, thank you"]);
    let against = [Complaint, Unsolved, Waiting, Retold, Giveup, Threat, Shout, Disputed, UserRepeats, AgentRepeats];
    assert_eq!(presences(&long, against), [0.0; 10]);
}

#[test]
fn a_courtesy_question_is_none() {
    let open = ["c: Can I change it?", "a: Yes, in your account.", "c: Is there a fee?"];
    let asked = ["c: Can I change it?", "a: Yes. Is there anything else I can help you with?", "c: No"];
    assert_eq!(presences(&open, [LeftOpen]), [1.0]);
    assert_eq!(presences(&asked, [Disputed, LeftOpen]), [0.0, 0.0], "a no to a courtesy disputes nothing");
}

#[test]
fn shouting_counts_against() {
    let [quiet, loud] = [
        &["c: Where is it?", "a: On its way.", "c: I need a person"][..],
        &["c: Where is it?", "a: On its way.", "c: I NEED A PERSON!!"],
    ]
    .map(|dialogue| presences(dialogue, [Shout])[0]);
    assert!(loud > quiet && quiet == 0.0, "{loud} {quiet}");
}

#[test]
fn a_name_in_capitals_is_not_shouted() {
    let shout = |reply| presences(&["c: Where is it?", "a: Which name, please?", reply], [Shout]);
    assert_eq!(shout("c: JOHN SMITH"), [0.0]);
    assert_eq!(shout("c: ACME HOLDING INTERNATIONAL LTD"), [0.0]);
    assert!(shout("c: WHERE IS IT")[0] > 0.0);
}

#[test]
fn a_courtesy_said_twice_is_no_repeated_answer() {
    let welcome = "a: You're welcome! Have a nice day.";
    assert_eq!(presences(&["c: Thanks", welcome, "c: thank you", welcome], [AgentRepeats]), [0.0]);
    let hello = "a: Hi! How can I help you today?";
    assert_eq!(presences(&["c: hi", hello, "c: hello", hello, "c: Where is it?"], [AgentRepeats]), [0.0]);
    let brush_off = "a: Please restart the blue router.";
    let thanked = ["c: It is dark", brush_off, "c: Thanks, but it is still dark", brush_off];
    assert!(presences(&thanked, [AgentRepeats])[0] > 0.5, "who is not done gets an answer");
}

#[test]
fn praise_that_opens_and_asks_for_nothing_is_meant() {
    let passed_on = "a: Thank you, I'll forward this to the team.";
    let [praise, no_reply] = presences(&["c: Ben was great yesterday!", passed_on], [Praise, NoReply]);
    assert!(praise > 0.5 && no_reply == 0.0, "{praise} {no_reply}");
    let [praise] = presences(&["c: Great shop, but where is my order?", passed_on], [Praise]);
    assert_eq!(praise, 0.0);
}

#[test]
fn a_no_that_a_dash_sets_off_or_that_answers_a_question_denies_nothing() {
    for text in ["c: No - works now", "c: Not sure why works now", "c: no that did it", "c: No more issues"] {
        let dialogue = ["c: It won't print.", "a: I've updated the driver.", text];
        let [solved, complaint, disputed] = presences(&dialogue, [Solved, Complaint, Disputed]);
        assert!(solved > 0.5 && complaint == 0.0 && disputed == 0.0, "{text}: {solved} {complaint} {disputed}");
    }
}

#[test]
fn praise_behind_a_greeting_is_no_name() {
    let praise = |text| presences(&["c: Where is my key?", "a: Under Account.", text], [Praise]);
    assert_eq!(praise("c: Hi Mia, Great, thanks"), praise("c: Great, thanks"));
    assert_eq!(praise("c: I asked Mr Great"), [0.0]);
}

#[test]
fn nobody_answers_is_told_and_an_opening_alone_is_no_reply() {
    assert_eq!(presences(&["c: Is anybody there?", "c: Hello?"], [NoAnswer, NoReply]), [1.0, 1.0]);
    assert_eq!(presences(&["c: Is anybody there?", "a: Yes."], [NoAnswer, NoReply]), [0.0, 1.0]);
    assert_eq!(presences(&["a: Hello"], [NoAnswer, NoReply]), [0.0, 0.0]);
}

#[test]
fn r5_7_a_language_without_a_pack_says_so_and_no_word_counts() {
    let found = presences(&["c: Где мой заказ?", "a: В пути.", "c: Большое спасибо"], [LanguageUnknown, Thanks, Calm]);
    assert_eq!(found, [1.0, 0.0, 0.0]);
}
