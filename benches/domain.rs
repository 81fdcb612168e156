//! What the pure part costs: scoring a conversation, applying a batch, an account's health,
//! statistics as history grows, reading a journal back.

use std::hint::black_box;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tripswitch::domain::event::{Body, EventRecord, Identity, ImportedScore, Resolution, Sender, TurnFeatures};
use tripswitch::domain::ids::{Id, Side, WorkspaceKey};
use tripswitch::domain::local::Local;
use tripswitch::domain::record::{APPLY_VERSION, Frame, Record};
use tripswitch::domain::score::Hundredths;
use tripswitch::domain::scoring::estimator::estimate;
use tripswitch::domain::scoring::{Ending, Evidence, Speaker, Turn, Words, observe};
use tripswitch::domain::settings::Settings;
use tripswitch::domain::time::{DAY, HOUR, Millis};
use tripswitch::journal::codec::{GroupBuilder, decode_group, encode_record};

#[expect(dead_code, reason = "shared: others need more of it")]
#[path = "../tests/support/random.rs"]
mod random;

use random::Random;

const KEY: WorkspaceKey = WorkspaceKey { id: Id(1), side: Side::Live };
const NOW: Millis = 1_770_000_000_000;
const BATCH: u64 = 100;
const ACCOUNTS: u64 = 100;
/// More scores than a benchmark applies.
const MANY: u64 = 5_000_000;

/// Frames of imported scores, the same in every run.
struct Feed {
    random: Random,
    seq: u64,
    /// The next `scoredAt`, and what comes between two.
    time: f64,
    step: f64,
}

impl Feed {
    /// So many scores, evenly over `span` up to [`NOW`]; 2 % come up to an hour late.
    fn new(span: Millis, scores: u64) -> Self {
        Self { random: Random::new(1), seq: 0, time: (NOW - span) as f64, step: span as f64 / scores as f64 }
    }

    fn scored(&mut self) -> EventRecord {
        let drawn = self.random.next();
        let late = if drawn.is_multiple_of(50) { (drawn >> 32) as Millis % HOUR } else { 0 };
        let time = self.time as Millis - late;
        self.time += self.step;
        let account = Id(u128::from((drawn >> 16) % ACCOUNTS));
        let score = |shift: u32| Hundredths(100 + (drawn >> shift) as u16 % 401);
        let import = ImportedScore {
            dimensions: [score(8), score(24), score(40)],
            resolved: !drawn.is_multiple_of(5),
            confidence: Hundredths(80),
            signal_count: 9,
        };
        let conversation = Id(u128::from(self.random.next()));
        self.event(conversation, time, account, Body::ConversationScored(import))
    }

    fn event(&mut self, conversation: Id, time: Millis, account: Id, body: Body) -> EventRecord {
        let mut key = [0; 12];
        key[..8].copy_from_slice(&self.random.next().to_le_bytes());
        EventRecord {
            identity: Identity { key, content: 0 },
            time: Some(time),
            conversation: Some(conversation),
            account: Some(account),
            account_name: None,
            contact: None,
            channel: None,
            intent: None,
            body,
            address: None,
        }
    }

    fn frame(&mut self, events: Vec<EventRecord>) -> Frame {
        self.seq += 1;
        Frame { key: KEY, seq: self.seq, receipt: NOW, apply_version: APPLY_VERSION, record: Record::Events(events) }
    }

    fn scored_frame(&mut self) -> Frame {
        let events = (0..BATCH).map(|_| self.scored()).collect();
        self.frame(events)
    }

    /// A conversation of eight messages that ends resolved.
    fn conversation(&mut self) -> Vec<EventRecord> {
        let (id, account) = (Id(u128::from(self.random.next())), Id(u128::from(self.random.next() % ACCOUNTS)));
        let mut events: Vec<_> = (0..8)
            .map(|turn| {
                let features = self.features();
                let body = match turn % 2 {
                    0 => Body::MessageReceived(features),
                    _ => Body::MessageSent { sender: Sender::Ai, features },
                };
                self.event(id, NOW - 60_000 + turn * 1_000, account, body)
            })
            .collect();
        events.push(self.event(id, NOW - 1_000, account, Body::ConversationResolved(Resolution::AiResolved)));
        events
    }

    fn features(&mut self) -> TurnFeatures {
        let drawn = self.random.next();
        let mut words: Vec<u32> = (0..6).map(|_| self.random.next() as u32).collect();
        words.sort_unstable();
        TurnFeatures {
            compound: Some((drawn % 20_000) as i16 - 10_000),
            read: true,
            hits: (drawn >> 20) as u16 & (drawn >> 36) as u16 & 0xff,
            question: drawn & 1 == 0,
            exclamation: drawn & 6 == 0,
            words: words.into(),
        }
    }
}

fn workspace() -> Local {
    Local::new(KEY, "Support".into(), Settings::default())
}

fn score(c: &mut Criterion) {
    let (mut feed, settings) = (Feed::new(DAY, 1), Settings::default());
    let features: Vec<_> = (0..8).map(|_| feed.features()).collect();
    let turn = |(n, features)| Turn {
        speaker: if n % 2 == 0 { Speaker::Customer } else { Speaker::Agent },
        at: Some(NOW + n * 1_000),
        words: Words::Task(features),
    };
    let turns: Vec<_> = (0_i64..).zip(&features).map(turn).collect();
    let evidence = Evidence { turns, ending: Some(Ending::Resolved), ..Evidence::default() };
    c.bench_function("score/a conversation of 8 messages", |b| {
        b.iter(|| estimate(&settings.profile, &observe(&settings.profile, black_box(&evidence))));
    });
}

fn apply(c: &mut Criterion) {
    let mut group = c.benchmark_group("apply");
    group.throughput(Throughput::Elements(BATCH));
    let (mut local, mut feed) = (workspace(), Feed::new(30 * DAY, MANY));
    group.bench_function("100 scores over 100 accounts", |b| {
        b.iter_batched(|| feed.scored_frame(), |frame| local.apply(&[frame]), BatchSize::LargeInput);
    });
    group.throughput(Throughput::Elements(9));
    let (mut local, mut feed) = (workspace(), Feed::new(30 * DAY, MANY));
    let frame = |feed: &mut Feed| {
        let events = feed.conversation();
        feed.frame(events)
    };
    group.bench_function("8 messages and an end", |b| {
        b.iter_batched(|| frame(&mut feed), |frame| local.apply(&[frame]), BatchSize::LargeInput);
    });
    group.finish();
}

fn health(c: &mut Criterion) {
    let (mut local, mut feed) = (workspace(), Feed::new(30 * DAY, MANY));
    (0..200).for_each(|_| drop(local.apply(&[feed.scored_frame()])));
    c.bench_function("health/window of 50 and trend of 20", |b| {
        b.iter(|| local.health(black_box(Id(1)), NOW).expect("a known account"));
    });
}

/// 30 days of 90, in one workspace.
fn stats(c: &mut Criterion) {
    let mut group = c.benchmark_group("stats of 30 days");
    for conversations in [10_000, 100_000, 1_000_000, 10_000_000] {
        let (mut local, mut feed) = (workspace(), Feed::new(90 * DAY, conversations));
        (0..conversations / BATCH).for_each(|_| drop(local.apply(&[feed.scored_frame()])));
        let mut minute = 0;
        group.bench_function(BenchmarkId::from_parameter(conversations), |b| {
            b.iter(|| {
                // Edges that move: no two questions cut the same leaves.
                minute = (minute + 1) % 1_000;
                let to = NOW - minute * 60_000;
                local.workspace.stats(black_box(to - 30 * DAY), to)
            });
        });
    }
    group.finish();
}

fn replay(c: &mut Criterion) {
    const FRAMES: u64 = 100;
    let (mut builder, mut feed) = (GroupBuilder::default(), Feed::new(30 * DAY, MANY));
    builder.begin(NOW);
    for _ in 0..FRAMES {
        let frame = feed.scored_frame();
        builder.push(KEY, frame.seq, APPLY_VERSION, &encode_record(&frame.record));
    }
    let group_bytes = builder.finish();
    let mut group = c.benchmark_group("replay");
    group.throughput(Throughput::Elements(FRAMES * BATCH));
    group.bench_function("decode", |b| b.iter(|| decode_group(black_box(group_bytes)).expect("a good group")));
    group.bench_function("decode and apply", |b| {
        b.iter_batched(
            workspace,
            |mut local| {
                let content = decode_group(group_bytes).expect("a good group");
                content.frames.chunks(8).for_each(|frames| drop(local.apply(frames)));
                local
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = score, apply, health, replay, stats
}
criterion_main!(benches);
