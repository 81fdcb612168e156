//! What is posted: made from a seed, the same in every run.

use std::fmt::Write;

/// What to run, and how large.
pub struct Plan {
    kinds: Vec<Kind>,
    pub events: u64,
    pub clients: usize,
    pub workspaces: usize,
    pub accounts: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `conversation.scored`, one a conversation.
    Scored,
    /// Whole conversations of messages in English, ended by `conversation.resolved`.
    Messages,
}

/// One request.
pub struct Batch {
    pub workspace: String,
    pub body: Vec<u8>,
}

const BATCH: u64 = 100;

impl Plan {
    pub fn from_arguments(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut plan = Self { kinds: Vec::new(), events: 1_000_000, clients: 8, workspaces: 200, accounts: 20_000 };
        let mut arguments = arguments.filter(|argument| argument != "--bench");
        while let Some(argument) = arguments.next() {
            let mut number = || {
                let value = arguments.next().and_then(|value| value.parse::<u64>().ok());
                value.filter(|&n| n > 0).ok_or_else(|| format!("{argument} takes a number above 0"))
            };
            match argument.as_str() {
                "scored" => plan.kinds.push(Kind::Scored),
                "messages" => plan.kinds.push(Kind::Messages),
                "all" => plan.kinds = vec![Kind::Scored, Kind::Messages],
                "--events" => plan.events = number()?.next_multiple_of(BATCH),
                "--clients" => plan.clients = number()? as usize,
                "--workspaces" => plan.workspaces = number()? as usize,
                "--accounts" => plan.accounts = number()? as usize,
                other => return Err(format!("unknown argument {other}")),
            }
        }
        plan.accounts = plan.accounts.max(plan.workspaces);
        Ok(plan)
    }

    pub fn kinds(&self) -> Vec<Kind> {
        if self.kinds.is_empty() { vec![Kind::Scored, Kind::Messages] } else { self.kinds.clone() }
    }
}

/// SplitMix64.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Zipf-like (exponent 1) over `0..limit`.
    pub fn zipf(&mut self, limit: u64) -> u64 {
        (libm::pow(limit as f64 + 1.0, self.unit()) - 1.0) as u64 % limit
    }
}

pub fn account_id(workspace: usize, account: u64) -> String {
    format!("00000000-0000-4000-8000-{workspace:04x}{account:08x}")
}

/// All requests, made before the clock starts.
pub fn batches(plan: &Plan, kind: Kind, workspaces: &[String]) -> Vec<Batch> {
    let mut random = Random(42);
    let accounts = (plan.accounts / plan.workspaces) as u64;
    let start = chrono::DateTime::UNIX_EPOCH.timestamp_millis() + today();
    let mut scored = (0..workspaces.len()).map(|_| Scored { next: 0, start, accounts }).collect::<Vec<_>>();
    let mut talk = (0..workspaces.len()).map(|_| Talk::default()).collect::<Vec<_>>();
    (0..plan.events / BATCH)
        .map(|_| {
            let w = random.below(workspaces.len() as u64) as usize;
            let mut body = String::from("[");
            for n in 0..BATCH {
                if n > 0 {
                    body.push(',');
                }
                match kind {
                    Kind::Scored => scored[w].event(&mut body, w, &mut random),
                    Kind::Messages => talk[w].event(&mut body, w, accounts, start, &mut random),
                }
            }
            body.push(']');
            Batch { workspace: workspaces[w].clone(), body: body.into_bytes() }
        })
        .collect()
}

/// An hour ago: every time below lies before the server's.
#[expect(clippy::disallowed_methods, reason = "the server refuses events that are too old")]
fn today() -> i64 {
    chrono::Utc::now().timestamp_millis() - 3_600_000
}

fn time(at: i64) -> String {
    let at = chrono::DateTime::from_timestamp_millis(at).unwrap_or_default();
    at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

struct Scored {
    next: u64,
    start: i64,
    accounts: u64,
}

impl Scored {
    /// 5 % repeats of an earlier event, 2 % out of order.
    fn event(&mut self, body: &mut String, workspace: usize, random: &mut Random) {
        let repeat = self.next > 100 && random.below(100) < 5;
        let n = if repeat { self.next - 1 - random.below(100) } else { self.next };
        self.next += u64::from(!repeat);
        // All of an event follows from its number, so that a repeat is the same.
        let mut own = Random(n);
        let account = account_id(workspace, own.zipf(self.accounts));
        let late = if own.below(100) < 2 { own.below(60_000) as i64 } else { 0 };
        let at = time(self.start + n as i64 - late);
        let score = |own: &mut Random| 300 + own.below(200);
        let [o, p, e] =
            [score(&mut own), score(&mut own), score(&mut own)].map(|s| format!("{}.{:02}", s / 100, s % 100));
        write!(
            body,
            r#"{{"specversion":"1.0","id":"{workspace}-{n}","source":"load","type":"conversation.scored","time":"{at}","data":{{"conversationId":"10000000-0000-4000-{workspace:04x}-{n:012x}","accountId":"{account}","outcomeScore":{o},"processScore":{p},"environmentScore":{e},"resolved":true,"confidence":0.8,"signalCount":9}}}}"#
        )
        .expect("writing to memory");
    }
}

const WORDS: [&str; 40] = [
    "the",
    "order",
    "arrived",
    "broken",
    "please",
    "help",
    "thanks",
    "great",
    "invoice",
    "is",
    "wrong",
    "I",
    "cannot",
    "log",
    "in",
    "to",
    "my",
    "account",
    "since",
    "yesterday",
    "it",
    "works",
    "now",
    "you",
    "for",
    "your",
    "quick",
    "answer",
    "delivery",
    "was",
    "late",
    "again",
    "and",
    "nobody",
    "answered",
    "phone",
    "number",
    "changed",
    "could",
    "check",
];

#[derive(Default)]
struct Talk {
    conversation: u64,
    turn: u64,
}

impl Talk {
    /// created, eight messages in turn, resolved.
    fn event(&mut self, body: &mut String, workspace: usize, accounts: u64, start: i64, random: &mut Random) {
        let (n, turn) = (self.conversation, self.turn);
        let account = account_id(workspace, Random(n).zipf(accounts));
        let at = time(start + (n * 10 + turn) as i64);
        let (kind, extra) = match turn {
            0 => ("conversation.created", String::new()),
            9 => ("conversation.resolved", r#","resolution":"ai_resolved""#.to_owned()),
            _ if turn % 2 == 1 => ("message.received", format!(r#","text":"{}""#, sentence(random))),
            _ => ("message.sent", format!(r#","sender":"ai","text":"{}""#, sentence(random))),
        };
        write!(
            body,
            r#"{{"specversion":"1.0","id":"{workspace}-{n}-{turn}","source":"load","type":"{kind}","time":"{at}","data":{{"conversationId":"20000000-0000-4000-{workspace:04x}-{n:012x}","accountId":"{account}"{extra}}}}}"#
        )
        .expect("writing to memory");
        (self.conversation, self.turn) = if turn == 9 { (n + 1, 0) } else { (n, turn + 1) };
    }
}

/// Twelve words in the mean.
fn sentence(random: &mut Random) -> String {
    let words: Vec<_> = (0..6 + random.below(13)).map(|_| WORDS[random.below(WORDS.len() as u64) as usize]).collect();
    words.join(" ")
}
