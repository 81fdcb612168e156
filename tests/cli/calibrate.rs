//! `calibrate` (R5.10).

use std::fs;

use serde_json::{Value, json};

use super::backtest::post;
use super::{Kept, Served, json as read, run, stderr};

/// What customers write, what they are answered, and how they rate, from unhappy to glad.
const KINDS: [([&str; 3], u8); 5] = [
    (["Where is my parcel?", "Which parcel?", "I have told you twice. This is useless, I give up."], 1),
    (["It still does not work.", "Someone will get back to you.", "I have been waiting for a week."], 2),
    (["How long is delivery to Graz?", "That depends.", "I see."], 4),
    (["Can I change my address?", "It is done, it was changed on 5 May.", "ok, thanks"], 5),
    (["My code is refused.", "Here is a new one: K7Q2.", "Perfect, it works now, thank you so much!"], 5),
];

/// `count` dialogues, each rated, of half as many accounts.
fn dialogues(count: usize) -> String {
    let line = |n: usize| {
        let (texts, rating) = KINDS[(n * 7 + n / 11) % KINDS.len()];
        let roles = ["user", "ai", "user"];
        let turns: Vec<Value> =
            roles.iter().zip(texts).map(|(role, text)| json!({"role": role, "text": text})).collect();
        json!({"id": n, "account": format!("acme-{}", n / 2), "rating": rating, "turns": turns}).to_string() + "\n"
    };
    (0..count).map(line).collect()
}

fn text(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn r5_10_an_offer_is_told_to_people_programs_and_the_configuration() {
    let home = Kept::new();
    fs::write(home.path().join("rated.ndjson"), dialogues(160)).expect("a file");
    let told = run(home.path(), &["calibrate", "rated.ndjson"]);
    assert_eq!(told.status.code(), Some(0), "{}", stderr(&told));
    for part in ["ratings   160 of 80 accounts", "verdict   offered", "shift     +", "weights   needs", "AS IT IS"] {
        assert!(text(&told).contains(part), "{part}: {}", text(&told));
    }
    let offer = read(&run(home.path(), &["calibrate", "rated.ndjson", "-o", "json"]));
    assert_eq!((&offer["verdict"], &offer["level"]["state"]), (&json!("offered"), &json!("fitted")));
    assert_eq!((&offer["ratings"], &offer["weights"]["missingRatings"]), (&json!(160), &json!(40)));
    let error = |when: &str| offer["measured"][when]["meanAbsoluteError"].as_f64().expect("a number");
    assert!(error("after") < error("before"), "{offer}");
    let answers = json!({"conversations": 160, "answered": 160, "scoreOfAnswered": offer["answers"]["scoreOfAll"],
        "scoreOfAll": offer["answers"]["scoreOfAll"]});
    assert_eq!(offer["answers"], answers);

    let lines = run(home.path(), &["calibrate", "rated.ndjson", "--toml"]);
    assert!(text(&lines).contains("\n[scoring.level]\nshift = 0."), "{}", text(&lines));
    fs::write(home.path().join("config.toml"), &lines.stdout).expect("a file");
    let holds = run(home.path(), &["check-config", "--effective"]);
    let shift = text(&lines).lines().find_map(|line| line.strip_prefix("shift = ").map(str::to_owned));
    let shown = text(&holds).lines().find(|line| line.contains("level.shift")).map(str::to_owned);
    assert!(shown.expect("it is an option").contains(&shift.expect("it is printed")), "{}", text(&holds));
}

#[test]
fn r5_10_too_few_ratings_say_what_is_missing() {
    let home = Kept::new();
    let unrated = dialogues(40).lines().skip(12).map(|line| line.replace("\"rating\":", "\"id2\":") + "\n").collect();
    let lines = [dialogues(12), unrated].concat();
    fs::write(home.path().join("few.ndjson"), lines).expect("a file");
    let told = run(home.path(), &["calibrate", "few.ndjson"]);
    assert_eq!(told.status.code(), Some(0), "{}", stderr(&told));
    for part in ["verdict   too few ratings", "shift     needs 8 more ratings", "answered  12 of 40 with a score"] {
        assert!(text(&told).contains(part), "{part}: {}", text(&told));
    }
    let toml = run(home.path(), &["calibrate", "few.ndjson", "--toml"]);
    assert_eq!(text(&toml), "# too few ratings\n");
}

#[test]
fn r5_10_a_broken_dialogue_is_named_as_score_names_it() {
    let home = Kept::new();
    let broken = "{\"id\": 1, \"rating\": 6, \"turns\": []}\n{\"id\": 2, \"account\": {}, \"turns\": []}\n";
    fs::write(home.path().join("broken.ndjson"), dialogues(30) + broken).expect("a file");
    let told = run(home.path(), &["calibrate", "broken.ndjson"]);
    assert_eq!(told.status.code(), Some(1));
    assert!(text(&told).contains("ratings   30 of 15 accounts"), "the others are used: {}", text(&told));
    let complaints = stderr(&told);
    for part in [
        "line 31: rating: must be 1, 2, 3, 4 or 5, not 6",
        "line 32: account: expected a text or a number\n",
        "error: 2 of 32 dialogues could not be scored",
    ] {
        assert!(complaints.contains(part), "{part}: {complaints}");
    }
    assert_eq!(run(home.path(), &["calibrate", "none.ndjson"]).status.code(), Some(66));
    assert_eq!(run(home.path(), &["calibrate", "--toml", "-o", "json", "broken.ndjson"]).status.code(), Some(2));
    let scored = run(home.path(), &["score", "broken.ndjson"]);
    assert!(
        stderr(&scored).contains("1 of 32 dialogues"),
        "score passes over what it does not need: {}",
        stderr(&scored)
    );
}

/// The conversation of a dialogue as events: it is resolved, and its customer answers the survey.
fn events(dialogue: &str) -> Vec<Value> {
    let dialogue: Value = serde_json::from_str(dialogue).expect("JSON");
    let n = dialogue["id"].as_u64().expect("a number");
    let mut number = 0;
    let mut event = |kind: &str, more: Value| {
        number += 1;
        let mut data = json!({"conversationId": format!("cccccccc-cccc-4ccc-8ccc-{n:012}"),
            "accountId": format!("aaaaaaaa-aaaa-4aaa-8aaa-{:012}", n / 2)});
        data.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        json!({"specversion": "1.0", "id": format!("{n}-{number}"), "source": "test", "type": kind, "data": data})
    };
    let turns = dialogue["turns"].as_array().expect("a list");
    let mut events: Vec<Value> = Vec::new();
    for turn in turns {
        let (kind, more) = match turn["role"].as_str() {
            Some("user") => ("message.received", json!({"text": turn["text"]})),
            _ => ("message.sent", json!({"text": turn["text"], "sender": "ai"})),
        };
        events.push(event(kind, more));
    }
    events.push(event("conversation.status_changed", json!({"status": "closed"})));
    events.push(event("survey.responded", json!({"rating": dialogue["rating"]})));
    events
}

#[test]
fn r5_10_an_export_says_what_the_server_offers() {
    let home = Kept::new();
    let make = ["workspace", "create", "--name", "S", "--tenant", "t", "--with-key", "-o", "json"];
    let made = read(&run(home.path(), &make));
    let (workspace, key) = (made["id"].as_str().expect("an id"), made["key"].as_str().expect("a key"));
    let rated = dialogues(120);
    {
        let server = Served::start(home.path());
        let events: Vec<Value> = rated.lines().flat_map(events).collect();
        for batch in events.chunks(200) {
            post(&server, workspace, key, &Value::from(batch).to_string());
        }
    }
    let exported = run(home.path(), &["export", "all.ndjson"]);
    assert_eq!(exported.status.code(), Some(0), "{}", stderr(&exported));
    let offer = read(&run(home.path(), &["calibrate", "all.ndjson", "--workspace", workspace, "-o", "json"]));
    assert_eq!(
        (&offer["ratings"], &offer["accounts"], &offer["verdict"]),
        (&json!(120), &json!(60), &json!("offered"))
    );
    fs::write(home.path().join("rated.ndjson"), rated).expect("a file");
    let of_dialogues = read(&run(home.path(), &["calibrate", "rated.ndjson", "-o", "json"]));
    let error = |offer: &Value| offer["measured"]["before"]["meanAbsoluteError"].as_f64().expect("a number");
    assert!((error(&offer) - error(&of_dialogues)).abs() < 0.1, "{offer} {of_dialogues}");
    let toml = run(home.path(), &["calibrate", "all.ndjson", "--workspace", workspace, "--toml"]);
    assert!(text(&toml).contains(&format!("\n[workspaces.\"{workspace}\".scoring.level]\n")), "{}", text(&toml));
    fs::write(home.path().join("config.toml"), &toml.stdout).expect("a file");
    assert_eq!(run(home.path(), &["check-config"]).status.code(), Some(0), "{}", text(&toml));
    let unknown = "0190b5c0-0000-7000-8000-000000000001";
    assert_eq!(run(home.path(), &["calibrate", "all.ndjson", "--workspace", unknown]).status.code(), Some(66));
    assert_eq!(run(home.path(), &["calibrate", "rated.ndjson", "--workspace", workspace]).status.code(), Some(65));
}
