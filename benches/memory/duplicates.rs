//! The memory of event identities: bytes an entry at many sizes, and what a look-up costs.

use std::hint::black_box;

use tripswitch::domain::dedup::{Duplicates, Seen};
use tripswitch::domain::event::Identity;
use tripswitch::domain::time::Millis;

use crate::now;
use crate::stream::mixed;

/// Identities that share a receipt, as a request's do.
const BATCH: u64 = 100;
const LARGEST: u64 = 4_000_000;

fn identity(number: u64) -> Identity {
    let mut key = [0; 12];
    key[..8].copy_from_slice(&mixed(number).to_le_bytes());
    key[8..].copy_from_slice(&(number as u32).to_le_bytes());
    Identity { key, content: number as u32 }
}

pub fn weigh_all() {
    growing(BATCH);
    growing(1);
    sliding();
    timed();
}

/// Smallest and largest number of bytes an entry, from 100,000 on.
fn growing(batch: u64) {
    let before = crate::HEAP.current_usage();
    let (mut seen, mut least, mut most) = (Duplicates::default(), f64::MAX, 0.0_f64);
    let (mut sum, mut points) = (0.0, 0.0);
    for number in 0..LARGEST {
        seen.insert(identity(number), (number / batch * 20) as Millis);
        if number > 100_000 && number % (number / 64) == 0 {
            let each = (crate::HEAP.current_usage() - before) as f64 / seen.len() as f64;
            (least, most, sum, points) = (least.min(each), most.max(each), sum + each, points + 1.0);
        }
    }
    let mean = sum / points;
    println!("duplicate, {batch:3} a receipt, growing to {LARGEST}: {least:.2} to {most:.2}, mean {mean:.2} bytes");
}

/// Old ones go as new ones come.
fn sliding() {
    for held in [300_000, 420_000, 550_000] {
        let (seen, bytes) = crate::weigh(|| {
            let mut seen = Duplicates::default();
            for number in 0..5 * held {
                let receipt = (number / BATCH * 20) as Millis;
                seen.forget(receipt - (held / BATCH * 20) as Millis);
                seen.insert(identity(number), receipt);
            }
            seen
        });
        println!("duplicate, {held} held while four times as many went: {:.2} bytes", bytes / seen.len() as f64);
    }
}

/// `seen` and `insert` of every event, then `seen` of known ones.
fn timed() {
    for count in [100_000, 1_000_000, LARGEST] {
        let mut best = (f64::MAX, f64::MAX, f64::MAX);
        for _ in 0..3 {
            let mut seen = Duplicates::default();
            let (start, mut worst) = (now(), 0.0_f64);
            for batch in 0..count / BATCH {
                let began = now();
                for number in batch * BATCH..(batch + 1) * BATCH {
                    let identity = identity(number);
                    assert_eq!(seen.seen(&identity), Seen::Never);
                    seen.insert(identity, batch as Millis);
                }
                worst = worst.max(began.elapsed().as_secs_f64());
            }
            let inserted = start.elapsed().as_secs_f64();
            let start = now();
            for number in 0..count {
                let number = mixed(number) % count;
                assert_eq!(black_box(&seen).seen(&identity(number)), Seen::Same);
            }
            let known = start.elapsed().as_secs_f64();
            best = (best.0.min(inserted), best.1.min(known), best.2.min(worst));
        }
        let each = |seconds: f64| seconds * 1e9 / count as f64;
        let (insert, known, worst) = (each(best.0), each(best.1), best.2 * 1e3);
        println!(
            "duplicates, {count}: seen + insert {insert:.0} ns, seen again {known:.0} ns, worst 100 {worst:.2} ms"
        );
    }
}
