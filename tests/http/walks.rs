//! Lists that are gone through page by page while anything is written in between (R6.6), against what the whole list
//! says at each moment.
//!
//! `TRIPSWITCH_SEED=<n>` runs one seed.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::{Value, json};
use tripswitch::clock::Clock;
use tripswitch::domain::system::Permission;
use tripswitch::domain::time::{DAY, HOUR, MINUTE, Millis};
use tripswitch::wire::values::Timestamp;

use crate::random::Random;
use crate::support::world::{BOUND, WORKSPACE, World, at, conversation_id, event};

const SEEDS: u64 = 3;
/// Lists that are gone through in the world of a seed.
const WALKS: usize = 14;
const ACCOUNTS: u64 = 14;
const NAMES: [&str; 5] = ["Nordic Parts ApS", "nordic parts", "Fjord & Co", "Ålborg Værft", "Nordic Partners"];
const CHANNELS: [&str; 2] = ["email", "chat"];
const RISKS: [&str; 4] = ["critical", "high", "medium", "low"];
/// Conversations from this number on have a life here.
const LIVES: u32 = 5_000;

/// All rows of both lists at one moment.
struct Picture {
    accounts: Vec<Value>,
    /// The newest first.
    conversations: Vec<Value>,
}

type Fits = Box<dyn Fn(&Value) -> bool>;

/// A list that is asked for.
struct Asked {
    path: String,
    id: &'static str,
    fits: Fits,
    /// Puts rows in the order that was asked for.
    order: Box<dyn Fn(Vec<Value>) -> Vec<Value>>,
}

struct Story {
    world: World,
    admin: String,
    rng: Random,
    /// Events and requests so far.
    sent: u32,
    conversations: u32,
    lives: u32,
    erased: BTreeSet<u32>,
}

fn account_id(n: u64) -> String {
    format!("acacacac-acac-4cac-8cac-{n:012}")
}

fn id<'a>(row: &'a Value, member: &str) -> &'a str {
    row[member].as_str().expect("an id")
}

/// None for null.
fn hundredths(value: &Value) -> Option<i64> {
    value.as_f64().map(|value| (value * 100.0).round() as i64)
}

fn time(at: Millis) -> Value {
    serde_json::to_value(Timestamp(at)).expect("a time")
}

/// The channel never changes, so that it need not stand in the row.
fn channel_of(row: &Value) -> &'static str {
    let last = id(row, "conversationId").bytes().last().expect("an id");
    CHANNELS[usize::from(last % 2)]
}

impl Story {
    async fn begin(seed: u64) -> Self {
        let world = World::start().await;
        let admin = world.make_key(BOUND, &[Permission::Admin]).await.0;
        let rng = Random::new(seed);
        let mut story = Self { world, admin, rng, sent: 0, conversations: 0, lives: 0, erased: BTreeSet::new() };
        for _ in 0..12 {
            let events: Vec<Value> = (0..8).map(|_| story.import()).collect();
            story.send(&events).await;
        }
        story
    }

    async fn send(&self, events: &[Value]) {
        self.world.send(WORKSPACE, &self.world.key, events).await;
    }

    fn event(&mut self, kind: &str, mut data: Value, conversation: u32, time_of: Option<Millis>) -> Value {
        self.sent += 1;
        data["conversationId"] = conversation_id(conversation).into();
        data["channel"] = CHANNELS[conversation as usize % 2].into();
        let mut event = event(&format!("event-{}", self.sent), kind, data);
        if let Some(at) = time_of {
            event["time"] = time(at);
        }
        event
    }

    /// A score of a conversation that is there, or of a new one, of now or of some day in the last hundred.
    fn import(&mut self) -> Value {
        let known: Vec<u32> = (0..self.conversations).filter(|n| !self.erased.contains(n)).collect();
        let conversation = if known.is_empty() || self.rng.chance(45) {
            self.conversations += 1;
            self.conversations - 1
        } else {
            self.rng.pick(&known)
        };
        let low = self.rng.chance(35);
        let [a, b, c] = [0; 3].map(|_| self.rng.range(if low { 100 } else { 260 }, if low { 310 } else { 500 }));
        let account = u64::from(conversation) % (ACCOUNTS + 1);
        let mut data = json!({"outcomeScore": a as f64 / 100.0, "processScore": b as f64 / 100.0,
            "environmentScore": c as f64 / 100.0, "resolved": self.rng.chance(70),
            "confidence": self.rng.range(0, 10) as f64 / 10.0, "signalCount": self.rng.below(9)});
        // Those of the last number have no account.
        if account < ACCOUNTS {
            data["accountId"] = account_id(account).into();
            if self.rng.chance(30) {
                data["accountName"] = self.rng.pick(&NAMES).into();
            }
        }
        let now = self.world.server.clock.now();
        let age = match self.rng.below(4) {
            0 | 1 => 0,
            2 => self.rng.range(0, 100 * DAY),
            // Soon no part of a window any more.
            _ => 90 * DAY - self.rng.range(0, 3 * HOUR),
        };
        self.event("conversation.scored", data, conversation, Some(now - age))
    }

    /// A step of a life: a new one that ends, or one that goes on.
    fn life(&mut self) -> Vec<Value> {
        let said =
            json!({"text": self.rng.pick(&["Great, thank you Quillfeather!", "This is terrible, I am furious."])});
        if self.lives == 0 || self.rng.chance(60) {
            self.lives += 1;
            let n = LIVES + self.lives;
            let account = json!({"accountId": account_id(u64::from(n) % ACCOUNTS), "status": "resolved"});
            return vec![
                self.event("message.received", said, n, None),
                self.event("conversation.status_changed", account, n, None),
            ];
        }
        let n = LIVES + 1 + self.rng.below(u64::from(self.lives)) as u32;
        let status = json!({"status": self.rng.pick(&["open", "closed", "resolved"])});
        vec![self.event("message.received", said, n, None), self.event("conversation.status_changed", status, n, None)]
    }

    async fn erase(&mut self) {
        let n = self.rng.below(u64::from(self.conversations)) as u32;
        if self.erased.insert(n) {
            let path = at(&format!("conversations/{}", conversation_id(n)));
            let reply = self.world.server.ask(Method::DELETE, &path, &self.admin).send().await;
            assert!(reply.status.is_success(), "{}", reply.text);
        }
    }

    async fn resolve(&mut self) {
        let list = self.world.server.get(&at("quality/circuit-breakers"), &self.world.key).await.expect(200);
        let Some(breakers) = list["items"].as_array().filter(|breakers| !breakers.is_empty()) else { return };
        let breaker = id(&breakers[self.rng.index(breakers.len())], "id").to_owned();
        for step in ["acknowledge", "resolve"] {
            let path = at(&format!("quality/circuit-breakers/{breaker}/{step}"));
            self.world.server.post_nothing(&path, &self.world.key).await.expect(200);
        }
    }

    async fn patch(&mut self) {
        let (path, body) = match self.rng.below(4) {
            0 => ("csat-config", json!({"thresholdLowComposite": self.rng.pick(&[2.5, 3.0, 3.2])})),
            1 => ("csat-config", json!({"circuitBreakerCount": self.rng.pick(&[2, 3, 6])})),
            2 => ("csat-config", json!({"thresholdResolutionFailure": self.rng.pick(&[2.0, 3.0])})),
            _ => ("quality/settings", json!({"minConfidence": self.rng.pick(&[None, Some(0.5)])})),
        };
        self.world.server.patch(&at(path), &self.world.key, &body).await.expect(200);
    }

    async fn override_one(&mut self, picture: &Picture) {
        let row = &picture.conversations[self.rng.index(picture.conversations.len())];
        let [a, b, c] = [0; 3].map(|_| self.rng.range(100, 500) as f64 / 100.0);
        let said = json!({"outcomeScore": a, "processScore": b, "environmentScore": c, "reason": "I was there."});
        let path = format!("/api/conversations/{}/quality/override", id(row, "conversationId"));
        self.world.server.post(&path, &self.world.key, &said).await.expect(200);
    }

    async fn rename(&mut self) {
        self.sent += 1;
        let data = json!({"accountId": account_id(self.rng.below(ACCOUNTS)), "accountName": self.rng.pick(&NAMES)});
        self.send(&[event(&format!("event-{}", self.sent), "account.updated", data)]).await;
    }

    /// Some time passes, and anything is written.
    async fn go_on(&mut self) {
        // Whoever waits longer goes on behind the last row.
        let pass = self.rng.pick(&[0, 1, MINUTE, 7 * MINUTE, 14 * MINUTE]);
        self.world.server.clock.advance(pass);
        for _ in 0..self.rng.below(4) {
            match self.rng.below(12) {
                0..=4 => {
                    let events: Vec<Value> = (0..self.rng.range(1, 8)).map(|_| self.import()).collect();
                    self.send(&events).await;
                }
                5..=6 => {
                    let events = self.life();
                    self.send(&events).await;
                }
                7 => self.erase().await,
                8 => self.resolve().await,
                9 => self.patch().await,
                _ => self.rename().await,
            }
        }
        if self.rng.chance(30) {
            let picture = self.picture().await;
            self.override_one(&picture).await;
        }
    }

    async fn whole(&self, path: &str) -> Vec<Value> {
        let asked = self.world.server.ask(Method::GET, path, &self.world.key);
        let reply = asked.header("accept", "application/x-ndjson").send().await;
        assert_eq!(reply.status.as_u16(), 200, "{}", reply.text);
        reply.text.lines().map(|line| serde_json::from_str(line).expect("JSON lines")).collect()
    }

    async fn picture(&self) -> Picture {
        Picture { accounts: self.whole(&at("accounts")).await, conversations: self.whole(&at("conversations")).await }
    }

    /// A walk through a list; what it shows is compared with the whole list of each moment.
    async fn walk(&mut self, asked: &Asked) {
        let list = |picture: Picture| if asked.id == "accountId" { picture.accounts } else { picture.conversations };
        let fitting = |rows: Vec<Value>| -> BTreeMap<String, Value> {
            let fit = rows.into_iter().filter(|row| (asked.fits)(row));
            fit.map(|row| (id(&row, asked.id).to_owned(), row)).collect()
        };
        let mut picture = self.picture().await;
        let first = list(Picture { accounts: picture.accounts.clone(), conversations: picture.conversations.clone() });
        let expected: Vec<String> = (asked.order)(first.into_iter().filter(|row| (asked.fits)(row)).collect())
            .iter()
            .map(|row| id(row, asked.id).to_owned())
            .collect();
        let mut steady: BTreeSet<String> = expected.iter().cloned().collect();
        let (mut shown, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.world.server.get(&format!("{}{cursor}", asked.path), &self.world.key).await.expect(200);
            let now = fitting(list(picture));
            steady.retain(|id| now.contains_key(id));
            for row in page["data"].as_array().expect("a list") {
                let id = id(row, asked.id).to_owned();
                assert_eq!(now.get(&id), Some(row), "{}: as it is now", asked.path);
                assert!(!shown.contains(&id), "{}: {id} twice", asked.path);
                shown.push(id);
            }
            let Some(next) = page["nextCursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
            self.go_on().await;
            picture = self.picture().await;
        }
        let steady = |ids: Vec<String>| ids.into_iter().filter(|id| steady.contains(id)).collect::<Vec<_>>();
        assert_eq!(steady(shown), steady(expected), "{}: those that were there all the time", asked.path);
    }

    fn accounts_asked(&mut self) -> Asked {
        let sort = self.rng.pick(&["", "churnRisk", "composite", "name", "lastScoredAt"]);
        let mut path = at(&format!("accounts?limit={}", self.rng.range(1, 5)));
        if !sort.is_empty() {
            path += &format!("&sort={sort}");
        }
        let risks = self.rng.pick(&[RISKS.as_slice(), &RISKS[..1], &RISKS[1..3], &RISKS[3..]]);
        if risks.len() < 4 {
            path += &format!("&risk={}", risks.join(","));
        }
        let paused = self.rng.pick(&[None, None, None, Some(true), Some(false)]);
        if let Some(paused) = paused {
            path += &format!("&paused={paused}");
        }
        let part = self.rng.pick(&["", "", "", "NORDIC part", "fjord"]);
        if !part.is_empty() {
            path += &format!("&q={}", part.replace(' ', "%20"));
        }
        let fits = move |row: &Value| {
            let name = row["name"].as_str().map(str::to_lowercase);
            risks.contains(&id(row, "churnRisk"))
                && paused.is_none_or(|paused| paused != row["activeBreakerId"].is_null())
                && (part.is_empty() || name.is_some_and(|name| name.contains(&part.to_lowercase())))
        };
        let order = move |mut rows: Vec<Value>| {
            let risk = |row: &Value| RISKS.iter().position(|risk| *risk == id(row, "churnRisk"));
            let composite = |row: &Value| hundredths(&row["rollingComposite"]).unwrap_or(i64::MAX);
            let name = |row: &Value| row["name"].as_str().map(str::to_lowercase);
            rows.sort_by(|a, b| id(a, "accountId").cmp(id(b, "accountId")));
            match sort {
                "composite" => rows.sort_by_key(composite),
                "name" => rows.sort_by_key(|row| (row["name"].is_null(), name(row))),
                "lastScoredAt" => {
                    rows.sort_by_key(|row| std::cmp::Reverse(row["lastScoredAt"].as_str().map(str::to_owned)))
                }
                _ => rows.sort_by_key(|row| (risk(row), composite(row))),
            }
            rows
        };
        Asked { path, id: "accountId", fits: Box::new(fits), order: Box::new(order) }
    }

    fn conversations_asked(&mut self) -> Asked {
        let account = self.rng.chance(30).then(|| account_id(self.rng.below(ACCOUNTS)));
        let limit = self.rng.range(1, if account.is_some() { 4 } else { 30 });
        let mut path = match &account {
            Some(account) => format!("/api/accounts/{account}/conversations?limit={limit}"),
            None => at(&format!("conversations?limit={limit}")),
        };
        let by_composite = self.rng.chance(50);
        let descending = self.rng.chance(50);
        if by_composite {
            path += "&sort=composite";
        }
        path += if descending { "&order=desc" } else { "&order=asc" };
        let mut fits: Vec<Fits> = Vec::new();
        if let Some(account) = account {
            fits.push(Box::new(move |row| row["accountId"] == account));
        }
        for name in ["low", "resolved"] {
            if self.rng.chance(20) {
                let wanted = self.rng.chance(60);
                path += &format!("&{name}={wanted}");
                fits.push(Box::new(move |row| row[name] == wanted));
            }
        }
        for (name, of, values) in [
            ("minScore", "compositeScore", [200, 299, 300]),
            ("maxScore", "compositeScore", [300, 301, 420]),
            ("minConfidence", "confidence", [10, 50, 100]),
        ] {
            if self.rng.chance(15) {
                let wanted = self.rng.pick(&values);
                path += &format!("&{name}={}", wanted as f64 / 100.0);
                fits.push(Box::new(move |row| {
                    let found = hundredths(&row[of]).expect("a number");
                    if name == "maxScore" { found <= wanted } else { found >= wanted }
                }));
            }
        }
        if self.rng.chance(20) {
            let wanted = self.rng.pick(&CHANNELS);
            path += &format!("&channel={wanted}");
            fits.push(Box::new(move |row| channel_of(row) == wanted));
        }
        if self.rng.chance(20) {
            let from = time(self.world.server.clock.now() - self.rng.range(1, 90) * DAY);
            let from = from.as_str().expect("a time").to_owned();
            path += &format!("&from={from}");
            fits.push(Box::new(move |row| id(row, "scoredAt") >= from.as_str()));
        }
        let order = move |mut rows: Vec<Value>| {
            rows.reverse();
            if by_composite {
                rows.sort_by_key(|row| hundredths(&row["compositeScore"]));
            }
            if descending {
                rows.reverse();
            }
            rows
        };
        let fits = move |row: &Value| fits.iter().all(|fits| fits(row));
        Asked { path, id: "conversationId", fits: Box::new(fits), order: Box::new(order) }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r6_6_whoever_goes_through_a_list_sees_each_row_once_that_is_there_all_the_time() {
    let one = std::env::var("TRIPSWITCH_SEED").ok().map(|seed| seed.parse::<u64>().expect("a number"));
    for seed in one.map_or(1..=SEEDS, |seed| seed..=seed) {
        println!("TRIPSWITCH_SEED={seed}");
        let mut story = Story::begin(seed).await;
        for _ in 0..WALKS {
            let asked = if story.rng.chance(50) { story.accounts_asked() } else { story.conversations_asked() };
            story.walk(&asked).await;
            let pass = story.rng.pick(&[0, HOUR, 2 * DAY]);
            story.world.server.clock.advance(pass);
        }
        story.world.server.stop().await;
    }
}
