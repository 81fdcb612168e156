//! What event identities weigh in a process (R4.4): resident memory with the program's own allocator, so with the slack
//! of its size classes and whatever growing tables leave behind. `cargo bench --bench resident` prints bytes for each
//! identity; each case runs in a process of its own, since memory that was freed would hide what the next one takes.
//! Linux only, and it asserts nothing.

use std::hint::black_box;
use std::process::Command;

use tripswitch::domain::dedup::Duplicates;
use tripswitch::domain::event::Identity;
use tripswitch::domain::time::Millis;

#[global_allocator]
static HEAP: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Identities that share a receipt, as a request's do.
const BATCH: u64 = 100;
const PAGE: f64 = 4_096.0;

fn resident() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<f64>().ok()).unwrap_or(0.0) * PAGE
}

fn identity(number: u64) -> Identity {
    let mut z = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let mut key = [0; 12];
    key[..8].copy_from_slice(&(z ^ (z >> 31)).to_le_bytes());
    key[8..].copy_from_slice(&(number as u32).to_le_bytes());
    Identity { key, content: number as u32 }
}

/// One side that grows to `count`: the least and the most for each identity from an eighth of them on, and at the end.
fn growing(count: u64) {
    let before = resident();
    let (mut seen, mut least, mut most) = (Duplicates::default(), f64::MAX, 0.0_f64);
    for number in 0..count {
        seen.insert(identity(number), (number / BATCH) as Millis);
        if number >= count / 8 && number % 10_000 == 0 {
            let each = (resident() - before) / seen.len() as f64;
            (least, most) = (least.min(each), most.max(each));
        }
    }
    let end = (resident() - before) / seen.len() as f64;
    println!("one side grows to {count}: {least:.1} to {most:.1} bytes, at the end {end:.1}");
    black_box(seen);
}

/// One side that holds `count` while six times as many come and go.
fn steady(count: u64) {
    let before = resident();
    let mut seen = Duplicates::default();
    for number in 0..7 * count {
        let receipt = (number / BATCH) as Millis;
        seen.forget(receipt - (count / BATCH) as Millis);
        seen.insert(identity(number), receipt);
    }
    println!("one side holds {count} in steady flow: {:.1} bytes", (resident() - before) / seen.len() as f64);
    black_box(seen);
}

/// Many sides of `each` identities, which they get in turns.
fn many(sides: u64, each: u64) {
    let before = resident();
    let mut all: Vec<Duplicates> = (0..sides).map(|_| Duplicates::default()).collect();
    for number in 0..each {
        for (side, seen) in (0..).zip(&mut all) {
            seen.insert(identity(side * each + number), number as Millis);
        }
    }
    let bytes = (resident() - before) / (sides * each) as f64;
    println!("{sides} sides of {each}: {bytes:.1} bytes");
    black_box(all);
}

fn main() {
    let cases: [(&str, fn()); 9] = [
        ("growing-2M", || growing(2_000_000)),
        ("growing-10M", || growing(10_000_000)),
        ("steady-1M", || steady(1_000_000)),
        ("steady-1.4M", || steady(1_400_000)),
        ("steady-3M", || steady(3_000_000)),
        ("many-10", || many(100_000, 10)),
        ("many-100", || many(20_000, 100)),
        ("many-1000", || many(2_000, 1_000)),
        ("many-20000", || many(100, 20_000)),
    ];
    if let Some((_, run)) = std::env::args().nth(1).and_then(|name| cases.into_iter().find(|case| case.0 == name)) {
        return run();
    }
    let Ok(program) = std::env::current_exe() else { return };
    for (name, _) in cases {
        if let Err(error) = Command::new(&program).arg(name).status() {
            eprintln!("{name}: {error}");
        }
    }
}
