//! What things weigh in memory, all in: heap blocks as they were asked for, the slack of tables and
//! vectors included. `cargo bench --bench memory [-- 100000 …]` prints it for that many conversations
//! (default 100,000 and 1,000,000) and asserts nothing.
//!
//! ractor's actor, 6.2 KB, comes on top of an awake account; it was measured by itself.

mod duplicates;
mod stream;

use std::hint::black_box;
use std::time::Instant;

use peak_alloc::PeakAlloc;
use tripswitch::domain::ids::Id;
use tripswitch::domain::time::DAY;

use stream::{Load, Stream};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
pub fn now() -> Instant {
    Instant::now()
}

/// A value and the bytes that it holds.
pub fn weigh<T>(make: impl FnOnce() -> T) -> (T, f64) {
    let before = HEAP.current_usage();
    let made = make();
    (made, HEAP.current_usage() as f64 - before as f64)
}

/// What `change` adds to the bytes held.
fn added(change: impl FnOnce()) -> f64 {
    weigh(change).1
}

fn main() {
    let sizes: Vec<u64> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![100_000, 1_000_000] } else { sizes };
    for &size in &sizes {
        let accounts = size / stream::PER_ACCOUNT;
        println!("{size} conversations of {accounts} accounts");
        let account = asleep(accounts, None);
        for (what, load) in [
            ("events in order", Load { conversations: size, spread: 0, messages: 3 }),
            ("times up to 60 days back", Load { conversations: size, spread: 60 * DAY, messages: 3 }),
        ] {
            settled(what, load, account);
        }
    }
    for accounts in [100_000, 300_000] {
        // The list's own three words count with the index.
        let (bare, named) = (asleep(accounts, None) - 24.0, asleep(accounts, Some("Nordic Parts and Co.")) - 24.0);
        println!(
            "account asleep of {accounts}, beside its index {bare:5.1} bytes, with 20 characters' name {named:5.1}"
        );
    }
    living();
    awake();
    duplicates::weigh_all();
}

/// Bytes of an account that was only ever named.
fn asleep(accounts: u64, name: Option<&str>) -> f64 {
    let mut stream = Stream::new(1);
    added(|| {
        stream.name_accounts(accounts, name);
        stream.pass(10 * DAY);
        black_box(&stream);
    }) / accounts as f64
}

fn settled(what: &str, load: Load, account: f64) {
    let weigh_with = |explanation_days| {
        let (stream, bytes) = weigh(|| {
            let mut stream = Stream::new(explanation_days);
            stream.play(&load);
            stream.pass(8 * DAY);
            stream.sleep_all();
            stream
        });
        drop(black_box(stream));
        let accounts = (load.conversations / stream::PER_ACCOUNT) as f64;
        (bytes - accounts * account) / load.conversations as f64
    };
    let (bare, explained) = (weigh_with(1), weigh_with(3_000));
    println!("  settled conversation, {what:24} {bare:5.1} bytes, its signals {:5.1}", explained - bare);
}

/// A conversation that has not settled, by how many messages it holds.
fn living() {
    for messages in [1, 4, 16] {
        let load = Load { conversations: 20_000, spread: 0, messages };
        let (stream, bytes) = weigh(|| {
            let mut stream = Stream::new(90);
            stream.play_open(&load);
            stream.sleep_all();
            stream
        });
        drop(black_box(stream));
        println!(
            "living conversation, {messages:2} messages            {:8.1} bytes",
            bytes / load.conversations as f64
        );
    }
}

/// Accounts with a full window, and how long one takes to wake.
fn awake() {
    let mut stream = Stream::new(1);
    stream.play(&Load { conversations: 200_000, spread: 0, messages: 1 });
    stream.pass(8 * DAY);
    stream.sleep_all();
    let accounts: Vec<Id> = stream.accounts();
    let mut awake = Vec::with_capacity(accounts.len());
    let start = now();
    let bytes = added(|| awake.extend(accounts.iter().filter_map(|id| stream.wake(*id))));
    let each = start.elapsed().as_secs_f64() * 1e6 / accounts.len() as f64;
    let kept = stream::PER_ACCOUNT.min(100);
    println!("awake account, {kept} entries kept, without its actor {:8.1} bytes", bytes / accounts.len() as f64);
    println!("awake account, time to wake                {each:8.1} µs");
    black_box(awake);
}
