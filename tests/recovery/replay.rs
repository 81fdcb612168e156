//! I1, R9.2: old results stay, whatever config.toml says now and wherever rounds end.

use serde_json::{Value, json};
use tripswitch::clock::wall;
use tripswitch::domain::record::{Frame, Record};
use tripswitch::domain::time::{DAY, HOUR, format};

use crate::support::answers::{Answers, ask, differences};
use crate::support::events::{dialogue, event, import};
use crate::support::http::Client;
use crate::support::journal::{frames, live, recovered_hash, replayed_hash};
use crate::support::process::{Home, Server, WORKSPACE_NAME};
use crate::support::random::Random;

/// Everything that a score, a breaker or a settled conversation could depend on.
const EDITED: &str = "
[model]
window_days = 60
workspace_factor = 9
settle_days = 1
duplicate_days = 2
explanation_days = 30
max_turns = 2
[scoring]
profile = \"edited-1\"
prior_strength = 9.0
priors = [0.1, 0.9, 0.5]
composite_weights = [5, 1, 1]
first_response_target_seconds = 1
[scoring.signals]
gratitude = { weight = 9, loadings = [1, 0, 0] }
resolution = { weight = 0.5, loadings = [0, 0, 1] }
[scoring.lexicon.en]
lists = { complaint = [\"parcel\"] }
";

const NARROW: &str = "[model]\nwindow_size = 5\n";

const TEXTS: [[&str; 4]; 3] = [
    ["Where is my parcel? It is late!", "It arrives on Monday.", "Great, thank you so much!", "You are welcome."],
    ["The invoice is wrong.", "I am sorry, I cannot help with that.", "This is awful, a human please!", "One moment."],
    ["Can I change my room?", "Yes, which dates?", "May 3 to 5, a garden view", "Done."],
];

struct Workload {
    accounts: Vec<String>,
    conversations: Vec<String>,
    ranges: Vec<String>,
    /// The composite of the last import.
    last: u64,
}

impl Workload {
    /// Sends something known again: the settings of a new config.toml come into the journal before the
    /// first frame after them, and this frame changes nothing else.
    fn touch(&self, home: &Home, server: &Server) {
        let known = import("low", "119", &self.conversations[119], Some(&self.accounts[3]), self.last);
        let answer = server.client().post(&home.at("events"), &known).expect(202);
        assert_eq!(answer["duplicates"], 1, "{answer}");
    }

    fn ask(&self, home: &Home, server: &Server) -> Answers {
        let ranges: Vec<_> = self.ranges.iter().map(String::as_str).collect();
        ask(home, &mut server.client(), &self.accounts, &self.conversations, &ranges)
    }
}

/// History over 20 days, dialogues of today, breakers in all three states, a changed configuration.
fn work(home: &Home, client: &mut Client) -> Workload {
    let mut random = Random::new(31);
    let now = wall();
    let accounts: Vec<_> = (0..4).map(|_| random.uuid().to_string()).collect();
    let mut work = Workload { accounts, conversations: Vec::new(), ranges: Vec::new(), last: 0 };
    for number in 0..120_u64 {
        let conversation = random.uuid().to_string();
        let account = work.accounts[usize::try_from(number % 4).unwrap()].clone();
        let batch = match number {
            0..80 => {
                let mut history =
                    import("past", &number.to_string(), &conversation, Some(&account), 100 + random.below(401));
                history["time"] = format(now - 20 * DAY + i64::try_from(number).unwrap() * 5 * HOUR).into();
                vec![history]
            }
            80..104 => {
                let texts = TEXTS[usize::try_from(random.below(3)).unwrap()];
                dialogue("today", &number.to_string(), &conversation, &account, &texts)
            }
            _ => {
                work.last = 100 + random.below(180);
                vec![import("low", &number.to_string(), &conversation, Some(&account), work.last)]
            }
        };
        work.conversations.push(conversation);
        let accepted = client.post(&home.at("events"), &batch.into()).expect(202);
        assert_eq!(accepted["rejected"], json!([]), "{accepted}");
    }
    client.patch(&home.at("csat-config"), &json!({"thresholdLowComposite": 2.9, "baselineOutcome": 3.5})).expect(200);
    let list = client.get(&home.at("quality/circuit-breakers")).expect(200);
    let breakers = list["items"].as_array().unwrap();
    assert!(breakers.len() >= 3, "{list}");
    for (breaker, verbs) in breakers.iter().zip([&["acknowledge", "resolve"][..], &["acknowledge"]]) {
        for verb in verbs {
            let path = home.at(&format!("quality/circuit-breakers/{}/{verb}", breaker["id"].as_str().unwrap()));
            client.post(&path, &json!({})).expect(200);
        }
    }
    let range = |from, to| format!("from={}&to={}", format(now - from), format(now - to));
    work.ranges =
        vec![range(20 * DAY, 10 * DAY), range(9 * DAY, DAY), range(HOUR, 0), range(15 * DAY, 15 * DAY - HOUR)];
    work
}

fn at<'a>(answers: &'a Answers, path: &str) -> &'a Value {
    &answers[path]["body"]
}

/// What an edit of the window's size may change: the health of accounts, and of it nothing but what is
/// read over the window.
fn check_narrow_window(work: &Workload, wide: &Answers, narrow: &Answers) {
    for account in &work.accounts {
        let path = format!("/api/accounts/{account}/quality");
        let (wide, narrow) = (at(wide, &path), at(narrow, &path));
        assert_eq!(narrow["conversationCount"], 5, "{narrow}");
        assert_eq!(wide["consecutiveLow"], narrow["consecutiveLow"], "R6.3 does not ask the window");
        assert!(wide["conversationCount"].as_u64() > Some(20), "{wide}");
    }
    let others = |answers: &Answers| -> Answers {
        answers
            .iter()
            .filter(|(path, _)| !path.starts_with("/api/accounts/"))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect()
    };
    assert_eq!(differences(&others(wide), &others(narrow)), [""; 0]);
}

#[test]
fn i1_replay_gives_the_same_answers_with_config_edited_in_between() {
    let home = Home::new();
    let server = home.serve();
    let work = work(&home, &mut server.client());
    // What holds is what the configuration says, where nobody has set anything.
    let of_the_past = |mut answers: Answers| {
        answers.retain(|path, _| !path.ends_with("/quality/settings"));
        answers
    };
    let before = of_the_past(work.ask(&home, &server));
    let explained = before.iter().filter(|(path, _)| path.ends_with("explanation"));
    assert!(explained.filter(|(_, answer)| answer["status"] == 200).count() >= 24, "dialogues can be explained");
    server.kill();

    for config in [EDITED, "", EDITED, ""] {
        home.configure(config);
        let server = home.serve();
        assert_eq!(differences(&before, &of_the_past(work.ask(&home, &server))), [""; 0], "{config}");
        work.touch(&home, &server);
        assert_eq!(differences(&before, &of_the_past(work.ask(&home, &server))), [""; 0], "{config}, in force");
        server.kill();
    }
    home.configure(NARROW);
    let server = home.serve();
    work.touch(&home, &server);
    check_narrow_window(&work, &before, &of_the_past(work.ask(&home, &server)));
    server.kill();
    home.configure("");
    let server = home.serve();
    work.touch(&home, &server);
    assert_eq!(differences(&before, &of_the_past(work.ask(&home, &server))), [""; 0]);
    server.terminate();
}

#[test]
fn i1_an_edited_config_holds_for_what_comes_after_it_and_that_stays_too() {
    let home = Home::new();
    let composite = |server: &Server, conversation: &str| {
        server.client().get(&format!("/api/conversations/{conversation}/quality")).expect(200)["compositeScore"].clone()
    };
    let post = |server: &Server, id: &str, conversation: &str| {
        let score = json!({"conversationId": conversation, "outcomeScore": 5, "processScore": 1, "environmentScore": 1, "resolved": true});
        server.client().post(&home.at("events"), &event("weights", id, "conversation.scored", score)).expect(202);
    };
    let (old, new) = ("0190b5c0-0000-7000-8000-000000000001", "0190b5c0-0000-7000-8000-000000000002");
    let server = home.serve();
    post(&server, "1", old);
    assert_eq!(composite(&server, old), json!(2.33));
    server.kill();
    home.configure(EDITED);
    let server = home.serve();
    post(&server, "2", new);
    let of_both = |server: &Server| [composite(server, old), composite(server, new)];
    assert_eq!(of_both(&server), [json!(2.33), json!(3.86)]);
    server.kill();
    home.configure("");
    let server = home.serve();
    assert_eq!(of_both(&server), [json!(2.33), json!(3.86)]);
}

#[test]
fn i1_the_same_frames_make_the_same_state_wherever_rounds_end() {
    let home = Home::new();
    let server = home.serve();
    work(&home, &mut server.client());
    server.kill();
    let key = live(&home.workspace);
    let (seq, hash) = recovered_hash(&home.data(), key);
    assert_eq!(recovered_hash(&home.data(), key), (seq, hash));

    // More history, under other settings, twice.
    for (config, conversation) in
        [(EDITED, "0190b5c0-0000-7000-8000-000000000003"), ("", "0190b5c0-0000-7000-8000-000000000004")]
    {
        home.configure(config);
        let server = home.serve();
        server.client().post(&home.at("events"), &import("more", conversation, conversation, None, 120)).expect(202);
        server.kill();
    }
    let (last, last_hash) = recovered_hash(&home.data(), key);
    let frames: Vec<Frame> = frames(&home.data()).into_iter().filter(|frame| frame.key == key).collect();
    assert!(!frames.iter().any(|frame| matches!(frame.record, Record::Skip { .. })));
    assert_eq!((frames.len() as u64, last), (last, seq + 4), "two settings and two events came after");
    let past = &frames[..usize::try_from(seq).unwrap()];
    for size in [1, 2, 8, usize::MAX] {
        assert_eq!(replayed_hash(key, WORKSPACE_NAME, past, || size), hash, "rounds of {size}");
        assert_eq!(replayed_hash(key, WORKSPACE_NAME, &frames, || size), last_hash, "rounds of {size}");
    }
    for seed in 0..8 {
        let mut random = Random::new(seed);
        let size = || usize::try_from(1 + random.below(16)).unwrap();
        assert_eq!(replayed_hash(key, WORKSPACE_NAME, &frames, size), last_hash, "rounds of random size, seed {seed}");
    }
    assert_ne!(replayed_hash(key, WORKSPACE_NAME, &past[..past.len() - 1], || 8), hash, "the hash sees a frame");
}
