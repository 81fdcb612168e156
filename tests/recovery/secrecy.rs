//! R4.8, R2.11: no message text, no event id, no key in any file or log; and word hashes that say
//! nothing without the secret.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tripswitch::domain::event::{Body, EventRecord};
use tripswitch::domain::ids::Id;
use tripswitch::domain::message::Heard;
use tripswitch::domain::record::Record;
use tripswitch::domain::scoring::task::text::{WordKey, conversation_word_key, word_hash};

use crate::support::events::{dialogue, event};
use crate::support::http::Client;
use crate::support::journal::{frames, recovered};
use crate::support::process::{Home, SERVE, Server, told};

/// Fixed, so that chance plays no part in the attack on its hashes.
const SECRET: [u8; 32] = *b"\x9b\xfe\x01\xe7R4.8, not for any otheruse \xd0";
const CONVERSATION: &str = "0190b5c0-0000-7000-8000-00000000d1c7";
const ACCOUNT: &str = "0190b5c0-0000-7000-8000-00000000acc0";

const SOURCE: &str = "planted-source-quetzalcoatl";
const EVENT_ID: &str = "planted-event-id-brouhaha";
const MESSAGES: [&str; 4] = [
    "The Zibbelwumpf of Mrs Quarkenstein does not flumify, card 4929-1180-7731-0021!",
    "Have you tried to restart the splonkometer, dear Übermensch?",
    "Yes, and my password hunter2swordfish is refused, this is awful.",
    "A gnarlbargle is on its way to Schnitzelgasse 17.",
];
/// In text that never becomes an event.
const REFUSED: [&str; 3] = ["snollygoster", "widdershins", "taradiddle"];
/// Words of the above that stand nowhere else.
const WORDS: [&str; 9] = [
    "zibbelwumpf",
    "quarkenstein",
    "flumify",
    "4929-1180-7731-0021",
    "splonkometer",
    "übermensch",
    "hunter2swordfish",
    "gnarlbargle",
    "schnitzelgasse",
];
/// Stored because it was given for that: finds the search at fault if it finds nothing.
const NAME: &str = "Openly Kept Name";

fn prepare() -> Home {
    let mut home = Home::new();
    home.env("TRIPSWITCH__LOG__LEVEL", "trace");
    let secret = fs::File::options().write(true).create_new(true).mode(0o600).open(home.data().join("secret")).unwrap();
    std::io::Write::write_all(&mut &secret, &SECRET).unwrap();
    home
}

/// Every way of sending text and keys: accepted, refused, malformed, unknown. Answers the keys.
fn plant(home: &Home, server: &Server) -> Vec<String> {
    let mut client = server.client();
    let mut events = dialogue(SOURCE, EVENT_ID, CONVERSATION, ACCOUNT, &MESSAGES);
    events[0]["data"]["accountName"] = NAME.into();
    client.post(&home.at("events"), &events.clone().into()).expect(202);
    client.post(&home.at("events"), &events.into()).expect(202);
    let refused = json!({"conversationId": CONVERSATION, "text": REFUSED[0], "nonsense": REFUSED[1]});
    client.post(&home.at("events"), &event(SOURCE, "refused", "message.received", refused)).expect(422);
    let reused = json!({"conversationId": CONVERSATION, "text": REFUSED[2]});
    client.post(&home.at("events"), &event(SOURCE, &format!("{EVENT_ID}-0"), "message.received", reused)).expect(422);
    let broken = format!("{{\"text\": \"{} {}", REFUSED[0], REFUSED[1]);
    assert_eq!(client.send_text("POST", &home.at("events"), &broken).unwrap().status, 400);

    let made = client.post("/api/admin/keys", &json!({"name": "second", "scopes": ["quality:read"]}));
    assert!((200..300).contains(&made.status), "{made:?}");
    let made = made.body["key"].as_str().unwrap().to_owned();
    let unknown = format!("sf_live_v1_{}", "Xy7".repeat(11).split_at(32).0);
    for (key, status) in [(&made, 200), (&unknown, 401)] {
        Client::new(server.address, key).get(&home.at("quality/gate")).expect(status);
    }
    vec![home.key.clone(), made, unknown]
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// A text as it may stand in a file: plain and as UTF-16, as hexadecimal digits, and, in part, in
/// base64.
fn disguises(text: &str) -> Vec<Vec<u8>> {
    let wide = |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
    let hex = text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut all = vec![text.as_bytes().to_vec(), wide(u16::to_le_bytes), wide(u16::to_be_bytes), hex.into_bytes()];
    // What stands before decides on the phase; whole groups of three bytes within are the same.
    all.extend((0..3).map(|phase| base64(&text.as_bytes()[phase..])).filter(|code| code.len() >= 8));
    all
}

fn base64(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = |three: &[u8]| {
        let bits = u32::from_be_bytes([0, three[0], three[1], three[2]]);
        [18, 12, 6, 0].map(|shift| DIGITS[(bits >> shift & 63) as usize])
    };
    bytes.chunks_exact(3).flat_map(digits).collect()
}

/// Looks for texts, in any case of ASCII letters, in every file; `file: text` for each that is found.
fn search(root: &Path, texts: &[&str]) -> Vec<String> {
    let needles: Vec<(&str, Vec<Vec<u8>>)> = texts
        .iter()
        .map(|text| (*text, disguises(text).iter().map(|needle| needle.to_ascii_lowercase()).collect()))
        .collect();
    let mut found = Vec::new();
    // What the command that makes the key printed is there only where it is to be kept.
    for path in files(root).into_iter().filter(|path| !path.ends_with("stdout.workspace.create")) {
        let bytes = fs::read(&path).unwrap().to_ascii_lowercase();
        for (text, disguises) in &needles {
            if disguises.iter().any(|needle| contains(&bytes, needle)) {
                found.push(format!("{}: {text}", path.display()));
            }
        }
    }
    found
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    let first = needle[0];
    let mut at = 0;
    while let Some(next) = bytes[at..].iter().position(|byte| *byte == first) {
        at += next;
        if bytes[at..].starts_with(needle) {
            return true;
        }
        at += 1;
    }
    false
}

#[test]
fn r4_8_no_text_no_keys_on_disk_or_in_logs() {
    let home = prepare();
    let server = home.serve();
    let keys = plant(&home, &server);
    let said = server.kill();
    let server = home.serve();
    let conversation = format!("/api/conversations/{CONVERSATION}/quality");
    server.client().get(&conversation).expect(200);
    server.client().get(&format!("{conversation}/explanation")).expect(200);
    server.terminate();
    fs::write(home.root().join("stdout.log"), said).unwrap();

    let log = fs::read_to_string(home.log()).unwrap();
    assert!(log.contains("TRACE"), "the log tells everything: {log}");
    assert!(search(home.root(), &[NAME]).iter().any(|found| found.contains(".segment")), "the search finds");
    let keys = keys.iter().map(|key| key.rsplit_once('_').unwrap().1);
    let planted = WORDS.into_iter().chain(MESSAGES).chain(REFUSED).chain([SOURCE, EVENT_ID, "brouhaha"]).chain(keys);
    assert_eq!(search(home.root(), &planted.collect::<Vec<_>>()), [""; 0]);
}

#[test]
fn r4_8_the_secret_stands_in_its_file_alone() {
    let home = prepare();
    let server = home.serve();
    plant(&home, &server);
    server.kill();
    let hex: String = SECRET.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut holders = Vec::new();
    for path in files(home.root()) {
        let bytes = fs::read(&path).unwrap();
        if SECRET.windows(16).any(|part| contains(&bytes, part))
            || contains(&bytes.to_ascii_lowercase(), hex.as_bytes())
        {
            holders.push(path);
        }
    }
    assert_eq!(holders, [home.data().join("secret")]);
    assert_eq!(fs::metadata(&holders[0]).unwrap().permissions().mode() & 0o7777, 0o600);
}

#[test]
fn r4_8_without_the_secret_a_known_identity_is_a_duplicate_whatever_it_says() {
    let home = prepare();
    let server = home.serve();
    plant(&home, &server);
    let other = json!({"conversationId": CONVERSATION, "text": "something else"});
    let reused = event(SOURCE, &format!("{EVENT_ID}-0"), "message.received", other);
    server.client().post(&home.at("events"), &reused).expect(422);
    server.kill();
    fs::remove_file(home.data().join("secret")).unwrap();
    let server = home.serve();
    for event in dialogue(SOURCE, EVENT_ID, CONVERSATION, ACCOUNT, &MESSAGES).into_iter().chain([reused]) {
        assert_eq!(server.client().post(&home.at("events"), &event).expect(202)["duplicates"], 1, "{event}");
    }
    let fresh = fs::read(home.data().join("secret")).unwrap();
    assert!(fresh.len() == 32 && fresh != SECRET, "another secret is made");
}

#[test]
fn r4_8_a_secret_that_others_may_read_stops_the_start() {
    let home = prepare();
    fs::set_permissions(home.data().join("secret"), fs::Permissions::from_mode(0o644)).unwrap();
    let start = home.run(&SERVE);
    assert_eq!(start.status.code(), Some(78), "{}", told(&start));
    assert!(String::from_utf8_lossy(&start.stderr).contains("chmod 600"), "{}", told(&start));
}

/// 10,000 words that an attacker would try, and those that were said.
fn dictionary() -> HashSet<String> {
    const COMMON: &str = "the of and a to in is you that it he was for on are as with his they i at be this have from or \
        one had by word but not what all were we when your can said there use an each which she do how their if will up \
        other about out many then them these so some her would make like him into time has look two more write go see \
        number no way could people my than first water been call who oil its now find long down day did get come made \
        may part help refund parcel order invoice room password card account please thank thanks sorry wrong late broken";
    const SYLLABLES: [&str; 22] = [
        "ba", "be", "co", "da", "de", "fi", "go", "ha", "in", "ka", "la", "me", "no", "pa", "re", "sa", "ti", "un",
        "ver", "wa", "yo", "zu",
    ];
    let mut words: HashSet<String> = COMMON.split_whitespace().map(str::to_owned).collect();
    // The refused one that came as far as the journal too: only `apply` tells a reused id.
    let said = MESSAGES.iter().chain(&REFUSED[2..]).flat_map(|text| text.split(|c: char| !c.is_alphanumeric()));
    words.extend(said.filter(|word| !word.is_empty()).map(str::to_lowercase));
    'full: for first in SYLLABLES {
        for second in SYLLABLES {
            for third in SYLLABLES {
                if words.len() >= 10_000 {
                    break 'full;
                }
                words.insert(format!("{first}{second}{third}"));
            }
        }
    }
    words
}

fn word_hashes(events: &[EventRecord]) -> HashSet<u32> {
    let words = events.iter().filter_map(|event| match &event.body {
        Body::MessageReceived(features) | Body::MessageSent { features, .. } => Some(&features.words),
        Body::Message { heard: Heard::Turn(message), .. } => Some(&message.content),
        Body::Message { heard: Heard::Automatic, .. }
        | Body::ConversationCreated
        | Body::StatusChanged(_)
        | Body::ConversationResolved(_)
        | Body::AttentionItemCreated(_)
        | Body::SignalObserved { .. }
        | Body::SurveyResponded { .. }
        | Body::ConversationScored(_)
        | Body::AccountUpdated { .. } => None,
    });
    // The lowest bit says whether a word is a number, and is no part of the hash.
    words.flat_map(|words| words.iter().map(|word| word & !1)).collect()
}

type Hashing = Box<dyn Fn(&str) -> u32>;

/// How many of the hashes a dictionary explains under one way of hashing.
fn explained(hashes: &HashSet<u32>, words: &HashSet<String>, hash: &dyn Fn(&str) -> u32) -> usize {
    words.iter().map(|word| hash(word) & !1).filter(|hash| hashes.contains(hash)).count()
}

fn short(hash: &blake3::Hash) -> u32 {
    u32::from_le_bytes(*hash.as_bytes().first_chunk().unwrap())
}

fn half(key: [u8; 32]) -> WordKey {
    *key.first_chunk().unwrap()
}

#[test]
fn r4_8_word_hashes_match_no_dictionary_without_the_secret() {
    let home = prepare();
    let server = home.serve();
    plant(&home, &server);
    server.kill();
    let events = frames(&home.data()).into_iter().filter_map(|frame| match frame.record {
        Record::Events(events) => Some(events),
        Record::Command { .. }
        | Record::SettingsV1(_)
        | Record::SettingsV2(_)
        | Record::Settings(_)
        | Record::LeveledSettings { .. }
        | Record::Rated(_)
        | Record::OptOut { .. }
        | Record::Mails(_)
        | Record::Resource { .. }
        | Record::Deliveries(_)
        | Record::Forgotten
        | Record::Skip { .. }
        | Record::System(_)
        | Record::Delivered { .. }
        | Record::Repeats(_)
        | Record::ErasedContact { .. }
        | Record::Erasure { .. }
        | Record::ErasedBy { .. }
        | Record::Retention { .. } => None,
    });
    let hashes = word_hashes(&events.flatten().collect::<Vec<_>>());
    let words = dictionary();
    assert!(hashes.len() >= 20 && words.len() >= 10_000, "{} hashes, {} words", hashes.len(), words.len());

    let conversation = Id::from(CONVERSATION.parse::<uuid::Uuid>().unwrap());
    let keyed = |key: WordKey| move |word: &str| word_hash(&key, word);
    let blake3_keyed = |key: [u8; 32]| move |word: &str| short(&blake3::keyed_hash(&key, word.as_bytes()));
    let with_secret = keyed(conversation_word_key(&SECRET, conversation));
    assert_eq!(explained(&hashes, &words, &with_secret), hashes.len(), "with the secret every word is found");

    // Everything else that lies in the data directory, used every way that the program uses a key.
    let system = recovered(&home.data()).system;
    let origin = system.origin().unwrap();
    let incarnation = blake3::hash(&origin.incarnation.0.to_be_bytes());
    let mut attempts: Vec<Hashing> = vec![
        Box::new(|word| short(&blake3::hash(word.as_bytes()))),
        Box::new(move |word| short(&blake3::hash(&[&conversation.0.to_be_bytes(), word.as_bytes()].concat()))),
        Box::new(move |word| short(&blake3::hash(format!("{}{word}", { conversation.0 }).as_bytes()))),
        Box::new(keyed(conversation.0.to_be_bytes())),
        Box::new(keyed(conversation.0.to_le_bytes())),
    ];
    for guess in [[0; 32], [0xff; 32], origin.identity_key, incarnation.into()] {
        attempts.push(Box::new(blake3_keyed(guess)));
        attempts.push(Box::new(keyed(half(guess))));
        attempts.push(Box::new(keyed(conversation_word_key(&guess, conversation))));
        attempts.push(Box::new(keyed(conversation_word_key(&guess, Id(0)))));
    }
    attempts.push(Box::new(blake3_keyed(SECRET)));
    attempts.push(Box::new(keyed(half(SECRET))));
    attempts.push(Box::new(keyed(conversation_word_key(&SECRET, Id(0)))));
    for (number, attempt) in attempts.iter().enumerate() {
        // 10,000 words on 30 hashes of 32 bits: two by chance happen in no lifetime.
        let hits = explained(&hashes, &words, attempt.as_ref());
        assert!(hits < 2, "attempt {number} explains {hits} of {} hashes", hashes.len());
    }
    assert_eq!(Value::from(system.keys().count()), json!(2), "the keys are there, as hashes");
}
