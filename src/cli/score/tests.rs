use serde_json::Value;

use super::input::{BLOCK, read_line};
use super::*;

const GOOD: &str = r#"{"id": "good", "source": "export", "turns": [
    {"role": "user", "text": "Hi! I need a room for two nights, please."},
    {"role": "agent", "text": "It is booked. Your reference is K7."},
    {"role": "user", "text": "Perfect, thank you so much!"}]}"#;
const BAD: &str = r#"{"id": 7, "turns": [
    {"role": "user", "text": "Where is my parcel?"}, {"role": "ai", "text": "Which parcel?"},
    {"role": "user", "text": "No, I already told you. This is useless."}, {"role": "human", "text": "Sorry, I can't find it."}],
    "resolution": "abandoned", "rating": 1}"#;
const SILENT: &str =
    r#"{"id": "silent", "turns": [{"role": "system", "text": "We are open"}], "resolution": "abandoned"}"#;

/// Exit code (0 for success), lines out, lines of complaint.
fn score(input: &str, explain: bool) -> (u8, Vec<Value>, Vec<String>) {
    score_with(ScoringModel::Support2, input, explain)
}

fn score_with(model: ScoringModel, input: &str, explain: bool) -> (u8, Vec<Value>, Vec<String>) {
    score_bytes(model, input.as_bytes(), explain)
}

fn score_bytes(model: ScoringModel, input: &[u8], explain: bool) -> (u8, Vec<Value>, Vec<String>) {
    let scorer = Scorer(Scoring::new(model, explain, false));
    let (mut out, mut complaints) = (Vec::new(), Vec::new());
    let done = scorer.score_all(BufReader::new(input), &mut out, &mut complaints);
    let out = String::from_utf8(out).unwrap();
    let complaints = String::from_utf8(complaints).unwrap();
    (
        done.map_or_else(|error| error.exit_code(), |()| 0),
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
        complaints.lines().map(str::to_owned).collect(),
    )
}

fn one_line(text: &str) -> String {
    text.replace('\n', " ") + "\n"
}

#[test]
fn r10_3_each_dialogue_answers_with_one_line_of_exactly_these_members() {
    let (code, out, complaints) = score(&(one_line(GOOD) + &one_line(BAD)), false);
    assert_eq!((code, out.len(), complaints.len()), (0, 2, 0));
    let members: Vec<_> = out[0].as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = ["id", "outcome", "process", "environment", "composite", "confidence", "signalCount"];
    expected.sort_unstable();
    let mut members = members;
    members.sort_unstable();
    assert_eq!(members, expected);
    assert_eq!((&out[0]["id"], &out[1]["id"]), (&Value::from("good"), &Value::from(7)));
    assert!(out[0]["composite"].as_f64() > Some(3.3) && out[1]["composite"].as_f64() < Some(2.5), "{out:?}");
    for value in ["outcome", "process", "environment", "composite", "confidence"] {
        let scaled = out[0][value].as_f64().unwrap() * 10_000.0;
        assert!((scaled - scaled.round()).abs() < 1e-6, "{value} has four decimals");
    }
}

#[test]
fn r10_3_what_says_nothing_has_no_score_and_a_reason() {
    let (code, out, _) = score(&one_line(SILENT), false);
    assert_eq!(code, 0);
    assert_eq!((&out[0]["id"], &out[0]["score"]), (&Value::from("silent"), &Value::Null));
    assert!(out[0]["reason"].as_str().unwrap().contains("no customer message"));
    assert_eq!(out[0].as_object().unwrap().len(), 3);
    let rated = SILENT.replace("\"resolution\": \"abandoned\"", "\"rating\": 2");
    assert!(score(&one_line(&rated), false).1[0]["composite"].is_f64(), "a rating says something");
}

#[test]
fn r10_3_a_broken_line_is_named_and_the_others_are_scored() {
    let broken = [
        "{\"id\": \"x\", \"turns\": [{\"role\": \"robot\", \"text\": \"hi\"}]}",
        "not json",
        "{\"turns\": []}",
        "{\"id\": \"x\", \"turns\": [], \"rating\": 6}",
        "{\"id\": \"x\", \"turns\": [], \"rating\": 4.5}",
        "{\"id\": \"x\", \"turns\": [{\"role\": \"user\", \"at\": \"yesterday\"}]}",
        "{\"id\": \"x\", \"turns\": [], \"resolution\": \"closed\"}",
    ];
    let input = format!("\n{}{}\n{}", one_line(GOOD), broken.join("\n"), one_line(BAD).trim_end());
    let (code, out, complaints) = score(&input, false);
    assert_eq!((code, out.len()), (1, 2));
    assert_eq!(complaints.len(), broken.len(), "{complaints:?}");
    for (index, complaint) in complaints.iter().enumerate() {
        assert!(complaint.starts_with(&format!("line {}: ", index + 3)), "{complaint}");
        assert!(!complaint.contains("at line"), "{complaint}");
    }
}

#[test]
fn r10_3_a_refusal_names_line_member_and_what_was_expected() {
    let good = one_line(GOOD);
    for (broken, expected) in [
        (r#"{"id": true, "turns": []}"#, "line 2: id: expected a text or a number (column "),
        (r#"{"turns": []}"#, "line 2: missing field `id` (column "),
        (
            r#"{"id": 1, "turns": [{"role": "user"}, {"role": "robot"}]}"#,
            "line 2: turns[1].role: unknown variant `robot`, ",
        ),
        (
            r#"{"id": 1, "turns": [{"role": "user", "text": 5}]}"#,
            "line 2: turns[0].text: invalid type: integer `5`, expected a string",
        ),
        (r#"{"id": 1, "turns": {}}"#, "line 2: turns: invalid type: map, expected a sequence"),
        (
            r#"{"id": 1, "turns": ["hi"]}"#,
            "line 2: turns[0]: invalid type: string \"hi\", expected a turn: an object with",
        ),
        (r#""hi""#, "line 2: invalid type: string \"hi\", expected a dialogue: an object with `id` and `turns`"),
        (r#"{"id": 1,"#, "line 2: EOF while parsing a value (column 9)"),
        (r#"{"id": 1, "turns": [], "rating": "good"}"#, "line 2: rating: must be 1, 2, 3, 4 or 5, not \"good\""),
        (r#"{"id": 1, "turns": []} {}"#, "line 2: trailing characters (column 24)"),
        ("{\0\"\0", "line 2: the input is not UTF-8 but, it seems, UTF-16"),
    ] {
        let (code, out, complaints) = score(&format!("{good}{broken}\n{good}"), false);
        assert_eq!((code, out.len(), complaints.len()), (1, 2, 1), "{broken}");
        assert!(complaints[0].starts_with(expected), "{complaints:?}");
        assert!(!complaints[0].contains("untagged"), "{complaints:?}");
    }
}

#[test]
fn r10_3_files_from_windows() {
    let two = format!("\u{feff}{}{}", one_line(GOOD), one_line(BAD)).replace('\n', "\r\n");
    let (code, out, _) = score(&two, false);
    assert_eq!((code, out.len()), (0, 2), "a byte order mark, and line feeds behind carriage returns");
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    let big_endian = GOOD.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>();
    for input in [utf16(&format!("\u{feff}{GOOD}")), big_endian] {
        let scorer = Scorer(Scoring::new(ScoringModel::Support2, false, false));
        let refused = scorer.score_all(BufReader::new(input.as_slice()), Vec::new(), Vec::new()).unwrap_err();
        assert!(refused.to_string().contains("UTF-16") && refused.exit_code() == 1, "{refused}");
    }
    let (code, _, complaints) = score_bytes(ScoringModel::Support2, &utf16(&one_line(GOOD)), false);
    assert!(code == 1 && complaints[0].contains("UTF-16"), "without a mark: {complaints:?}");
    assert_eq!(score_bytes(ScoringModel::Support2, b"\xefx", false).0, 1);
}

#[test]
fn r10_3_an_array_is_read_as_lines_are() {
    let lines = one_line(GOOD) + &one_line(BAD) + &one_line(SILENT);
    for array in [format!("[{GOOD},{BAD},{SILENT}]"), format!("\u{feff}\n [\n{GOOD} ,\n{BAD}\n,{SILENT}\n]\n\n")] {
        assert_eq!(score(&array, true), score(&lines, true));
    }
    assert_eq!(score(" [ ] ", false), (0, Vec::new(), Vec::new()));
    let many = format!("[{}]", vec![GOOD; 2 * BLOCK + 1].join(","));
    assert_eq!(score(&many, false).1.len(), 2 * BLOCK + 1);

    let (code, out, complaints) = score(&format!("[\n{GOOD},\n\n{{\n\"id\": 1,\n\"turns\": 5}},\n{BAD}]"), false);
    assert_eq!((code, out.len()), (1, 2), "one that is broken costs one");
    // GOOD has four lines.
    assert!(
        complaints[0].starts_with("line 9: turns: invalid type: integer `5`, expected a sequence"),
        "{complaints:?}"
    );

    // As jq writes them: objects of several lines, one behind the other.
    let indented = |line: &str| serde_json::to_string_pretty(&serde_json::from_str::<Value>(line).unwrap()).unwrap();
    let (code, out, complaints) = score(&format!("{}\n{}{{\n\"id\": 1}}\n", indented(GOOD), indented(BAD)), false);
    assert_eq!((code, out.len(), complaints.len()), (1, 2, 1), "{complaints:?}");
    assert!(complaints[0].contains("missing field `turns`"), "{complaints:?}");

    let scorer = Scorer(Scoring::new(ScoringModel::Support2, false, false));
    let (mut out, cut) = (Vec::new(), format!("[{GOOD},\n{{]"));
    let broken = scorer.score_all(BufReader::new(cut.as_bytes()), &mut out, Vec::new()).unwrap_err();
    assert!(broken.to_string().starts_with("line 5: "), "{broken}");
    assert_eq!(out.iter().filter(|byte| **byte == b'\n').count(), 1, "what came before is scored");
}

#[test]
fn r10_3_the_order_of_the_input_is_kept_over_all_cores_and_blocks() {
    let count = 3 * BLOCK + 5;
    let line = |i: usize| format!("{{\"id\": {i}, \"turns\": [{{\"role\": \"user\", \"text\": \"ok\"}}]}}\n");
    let (code, out, _) = score(&(0..count).map(line).collect::<String>(), false);
    assert_eq!((code, out.len()), (0, count));
    assert!(out.iter().enumerate().all(|(i, line)| line["id"] == i));
}

#[test]
fn the_first_model_takes_system_for_the_bot_and_the_second_for_the_helpdesk() {
    let asked = r#"{"id": 1, "turns": [{"role": "user", "text": "Book a table for two."},
        {"role": "ROLE", "text": "It is booked, the reference is K7."}, {"role": "user", "text": "Thank you!"}]}"#;
    let line = |role| one_line(&asked.replace("ROLE", role));
    let [bot, helpdesk] = ["agent", "system"].map(line);
    assert_eq!(score_with(ScoringModel::Task1, &bot, true).1, score_with(ScoringModel::Task1, &helpdesk, true).1);
    assert_ne!(score_with(ScoringModel::Support2, &bot, true).1, score_with(ScoringModel::Support2, &helpdesk, true).1);
}

#[test]
fn r5_5_an_explanation_adds_up_to_the_score() {
    let (_, out, _) = score(&one_line(BAD), true);
    let explanation = &out[0]["explanation"];
    for (dimension, name) in ["outcome", "process", "environment"].into_iter().enumerate() {
        let part = &explanation["dimensions"][dimension];
        let signals = part["signals"].as_array().unwrap();
        let sum: f64 = signals.iter().map(|signal| signal["contribution"].as_f64().unwrap()).sum();
        let total = part["prior"].as_f64().unwrap() + sum;
        assert!((total - out[0][name].as_f64().unwrap()).abs() <= 0.000_050_1, "{name}");
        assert!(signals.iter().any(|signal| signal["signal"] == "rating" && signal["uncalibrated"] == true));
    }
}

#[test]
fn turns_with_times_are_read_by_time_and_give_delays() {
    let timed = r#"{"id": "late", "turns": [
        {"role": "agent", "text": "Here it is.", "at": "2026-03-01T13:00:00+01:00"},
        {"role": "user", "text": "Where is the invoice", "at": "2026-03-01T11:00:00Z"}]}"#;
    let (code, out, _) = score(&one_line(timed), true);
    assert_eq!(code, 0);
    assert!(out[0]["explanation"]["dimensions"][1]["signals"].to_string().contains("first_response"));
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let scorer = Scorer(Scoring::new(ScoringModel::Support2, false, false));
    let input = one_line(GOOD);
    assert!(scorer.score_all(BufReader::new(input.as_bytes()), Gone, Vec::new()).is_ok());
}

#[test]
fn a_line_without_end_is_refused_without_being_kept() {
    let input = io::repeat(b'x').take(MAX_LINE_BYTES + 10).chain(&b"\nnext\n"[..]);
    let mut input = BufReader::new(input);
    assert_eq!(read_line(&mut input).unwrap(), Some(None));
    assert_eq!(read_line(&mut input).unwrap(), Some(Some(b"next".to_vec())));
}

#[test]
fn r10_9_a_missing_file_is_missing_input() {
    let directory = tempfile::tempdir().unwrap();
    let args = |file: &Path| ScoreArgs {
        file: Some(file.to_owned()),
        explain: false,
        show_text: false,
        model: ScoringModel::Support2,
    };
    let missing = run(&args(&directory.path().join("none.jsonl"))).unwrap_err();
    assert_eq!(missing.exit_code(), 66);
    assert_eq!(run(&args(directory.path())).unwrap_err().exit_code(), 66);
}

#[test]
fn r10_3_times_come_as_exports_have_them() {
    let line = |at: &str| format!(r#"{{"id": 1, "turns": [{{"role": "user", "text": "hi", "at": {at}}}]}}"#) + "\n";
    for at in ["1763396580", "1763396580579", "\"2026-03-10T09:00:00+01:00\"", "null"] {
        assert_eq!(score(&line(at), false).0, 0, "{at}");
    }
    for at in ["\"2026-03-10 at nine\"", "-5", "1.5", "true"] {
        let (code, _, complaints) = score(&line(at), false);
        assert!(code == 1 && complaints[0].contains("turns[0].at: must be an RFC 3339 time"), "{at}: {complaints:?}");
    }
}

#[test]
fn r10_3_a_character_that_was_cut_costs_no_score() {
    for text in [r"thank you \ud83d", r"\ude00 hi", r"a \ud83d\ud83d\ude00 b", r"a backslash \\ud83d"] {
        let line = format!(r#"{{"id": 1, "turns": [{{"role": "user", "text": "{text}"}}]}}"#) + "\n";
        assert_eq!(score(&line, false).0, 0, "{text}");
    }
}

#[test]
fn r10_3_roles_have_the_names_that_exports_use() {
    let line = |role: &str| {
        format!(r#"{{"id": 1, "turns": [{{"role": "user", "text": "hi"}}, {{"role": "{role}", "text": "ho"}}]}}"#)
            + "\n"
    };
    for role in ["assistant", "bot", "customer", "operator", "end-user"] {
        assert_eq!(score(&line(role), false).0, 0, "{role}");
    }
    let complaints = score(&line("Agent"), false).2;
    assert!(complaints[0].contains("`user`") && complaints[0].contains("`agent`"), "{complaints:?}");
}

#[test]
fn r5_6_what_was_read_is_shown_on_request() {
    let mail = r#"{"id": 1, "turns": [{"role": "user", "text": "<p>It works, thanks!</p><blockquote>Does it?</blockquote>"},
        {"role": "system", "text": "Conversation was closed"},
        {"role": "user", "text": "I am out of the office until Monday."}]}"#;
    let scorer = Scorer(Scoring::new(ScoringModel::Support2, false, true));
    let mut out = Vec::new();
    let mail = one_line(mail);
    scorer.score_all(BufReader::new(mail.as_bytes()), &mut out, Vec::new()).unwrap();
    let answer: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(answer["read"][0]["text"], "It works, thanks!");
    assert_eq!((&answer["read"][0]["language"], &answer["read"][1]["role"]), (&"en".into(), &"system".into()));
    assert_eq!(answer["read"][2]["automatic"], true);
}
