//! What `support-2` makes of conversations that were written for this test, in seven languages and some without a
//! pack. `scripts/fit-support --golden` writes the file of scores anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// How far a score or a signal may lie from the golden one: the file has four decimals.
const ROUNDING: f64 = 1e-4;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/support").join(name)
}

fn by_id(lines: &str) -> BTreeMap<String, Value> {
    let parsed = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON"));
    parsed.map(|line| (line["id"].as_str().expect("an id").to_owned(), line)).collect()
}

fn scored() -> BTreeMap<String, Value> {
    let mut score = Command::new(env!("CARGO_BIN_EXE_tripswitch"));
    let output = score.args(["score", "--explain"]).arg(path("conversations.jsonl")).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    by_id(std::str::from_utf8(&output.stdout).expect("UTF-8"))
}

/// Presence and goodness of each signal.
fn signals(answer: &Value) -> BTreeMap<String, [f64; 2]> {
    let dimensions = answer["explanation"]["dimensions"].as_array().into_iter().flatten();
    let rows = dimensions.flat_map(|dimension| dimension["signals"].as_array().into_iter().flatten());
    let number = |row: &Value, name: &str| row[name].as_f64().expect("a number");
    rows.filter(|row| number(row, "loading") > 0.0)
        .map(|row| {
            let name = row["signal"].as_str().expect("a name").to_owned();
            (name, [number(row, "presence"), number(row, "goodness")])
        })
        .collect()
}

#[test]
fn r5_8_the_golden_conversations_have_the_scores_that_they_had() {
    let (found, golden) = (scored(), by_id(&fs::read_to_string(path("scores.jsonl")).expect("the golden scores")));
    assert_eq!(found.keys().collect::<Vec<_>>(), golden.keys().collect::<Vec<_>>());
    for (id, golden) in &golden {
        let found = &found[id];
        for number in ["outcome", "process", "environment", "composite", "confidence"] {
            let (found, golden) = (found[number].as_f64(), golden[number].as_f64());
            let close = found.zip(golden).is_none_or(|(found, golden)| (found - golden).abs() <= ROUNDING);
            assert!(close && found.is_some() == golden.is_some(), "{id} {number}: {found:?} and {golden:?}");
        }
        let (found, golden) = (signals(found), &golden["signals"]);
        let known = golden.as_object().map(|known| known.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
        let mut seen: Vec<String> = found.keys().cloned().collect();
        seen.sort();
        let mut known = known;
        known.sort();
        assert_eq!(seen, known, "{id}");
        for (name, values) in &found {
            for (value, golden) in values.iter().zip(golden[name].as_array().expect("two numbers")) {
                assert!((value - golden.as_f64().expect("a number")).abs() <= ROUNDING, "{id} {name}");
            }
        }
    }
}

#[test]
fn r5_8_a_reader_would_agree_with_the_verdicts_on_the_golden_conversations() {
    let written = by_id(&fs::read_to_string(path("conversations.jsonl")).expect("the conversations"));
    let mut wrong = Vec::new();
    for (id, answer) in scored() {
        let composite = answer["composite"].as_f64();
        let agrees = match (written[&id]["expect"].as_str(), composite) {
            (Some("low"), Some(composite)) => composite < 3.0,
            (Some("fine"), Some(composite)) => composite >= 3.0,
            (Some("good"), Some(composite)) => composite >= 4.0,
            (Some("none"), composite) => composite.is_none(),
            // Hard ones have no verdict: only their numbers are kept.
            (None, _) => true,
            (Some(_), _) => false,
        };
        if !agrees {
            wrong.push(format!("{id}: {} and {composite:?} ({})", written[&id]["expect"], written[&id]["why"]));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
