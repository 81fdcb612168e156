//! Numbers, found by the hash of what they stand for: 4 bytes and a tag each, without a table that stops everything
//! when it grows.
//!
//! A table that would outgrow [`LARGEST`] is split into [`FAN`] smaller ones, so no step moves more entries than
//! that. The parts take geometrically growing shares of the hashes, twice as much at one end as at the other. So they
//! double one after the other, and their total load stays the same at any size: 69 % of 7/8.
//!
//! Tables double. If all did so at the same time, they would be half empty at the same time, and a large one stops
//! its workspace while it grows. Tables that are full of the traces of removed entries are rebuilt in place, since
//! these would double too.

use hashbrown::HashTable;

/// The most that a table holds before it is split: 7/8 of 32,768.
const LARGEST: usize = 28_672;
/// The number of parts of a split.
const FAN: usize = 32;
/// Bits of the hash that choose a part; each level has its own. The lowest 15 choose a place in a
/// table, the highest 7 are its tags.
const PART_BITS: usize = 12;
const FIRST_BIT: usize = 15;
/// The number of splits below each other. The tables of the last level grow without end.
const LEVELS: usize = 3;

/// Which part, by the bits of a hash.
const PART: [u8; 1 << PART_BITS] = parts();

const fn parts() -> [u8; 1 << PART_BITS] {
    /// 2^(1/32), in 1/2^32.
    const RATIO: u64 = 4_389_014_833;
    let mut parts = [0; 1 << PART_BITS];
    // Part i ends at 2^((i+1)/32) − 1 of the whole.
    let (mut cell, mut part, mut end) = (0, 0, RATIO);
    while cell < parts.len() {
        if ((cell as u64) << (32 - PART_BITS)) + (1 << 32) >= end && part + 1 < FAN as u8 {
            part += 1;
            end = (end * (RATIO >> 8)) >> 24;
        }
        parts[cell] = part;
        cell += 1;
    }
    parts
}

/// A set of numbers, each under a hash.
#[derive(Clone, Debug, Default)]
pub struct Index {
    root: Node,
    len: usize,
}

#[derive(Clone, Debug)]
enum Node {
    Table(HashTable<u32>),
    Split(Box<[Node]>),
}

impl Default for Node {
    fn default() -> Self {
        Self::Table(HashTable::new())
    }
}

impl Index {
    /// The number under `hash` for which `is` holds.
    pub fn find(&self, hash: u64, is: impl Fn(u32) -> bool) -> Option<u32> {
        let (mut node, mut level) = (&self.root, 0);
        while let Node::Split(parts) = node {
            node = &parts[part(hash, level)];
            level += 1;
        }
        match node {
            Node::Table(table) => table.find(hash, |&number| is(number)).copied(),
            Node::Split(_) => None,
        }
    }

    /// Adds a number that is not there yet; `hash_of` gives the hash of any that is.
    pub fn insert(&mut self, hash: u64, number: u32, hash_of: impl Fn(u32) -> u64) {
        self.len += 1;
        let (mut node, mut level) = (&mut self.root, 0);
        loop {
            if let Node::Table(table) = node
                && is_full_of_traces(table)
            {
                rebuild(table, &hash_of);
            }
            if level < LEVELS
                && let Node::Table(table) = node
                && table.len() == table.capacity()
                && table.len() > LARGEST / 2
            {
                *node = split(table, level, &hash_of);
            }
            match node {
                Node::Split(parts) => {
                    node = &mut parts[part(hash, level)];
                    level += 1;
                }
                Node::Table(table) => {
                    table.insert_unique(hash, number, |&other| hash_of(other));
                    return;
                }
            }
        }
    }

    /// Removes `number`, which is under `hash`.
    pub fn remove(&mut self, hash: u64, number: u32, hash_of: impl Fn(u32) -> u64) {
        let (mut node, mut level) = (&mut self.root, 0);
        while let Node::Split(parts) = node {
            node = &mut parts[part(hash, level)];
            level += 1;
        }
        if let Node::Table(table) = node
            && let Ok(entry) = table.find_entry(hash, |&other| other == number)
        {
            entry.remove();
            self.len -= 1;
            if table.len() * 4 < table.capacity() {
                table.shrink_to(table.len() * 2, |&other| hash_of(other));
            }
        }
        if self.len == 0 {
            self.root = Node::default();
        }
    }
}

fn part(hash: u64, level: usize) -> usize {
    let bits = hash >> (FIRST_BIT + level * PART_BITS);
    usize::from(PART[bits as usize % (1 << PART_BITS)])
}

/// Removed entries have left traces, and the table would grow because of these alone.
fn is_full_of_traces(table: &HashTable<u32>) -> bool {
    table.len() == table.capacity() && table.len() < table.num_buckets() / 16 * 13
}

fn rebuild(table: &mut HashTable<u32>, hash_of: impl Fn(u32) -> u64) {
    let numbers: Vec<u32> = table.drain().collect();
    for number in numbers {
        table.insert_unique(hash_of(number), number, |&other| hash_of(other));
    }
}

fn split(table: &mut HashTable<u32>, level: usize, hash_of: impl Fn(u32) -> u64) -> Node {
    let hashed: Vec<(u64, u32)> = table.drain().map(|number| (hash_of(number), number)).collect();
    let mut counts = [0; FAN];
    hashed.iter().for_each(|&(hash, _)| counts[part(hash, level)] += 1);
    let mut tables = counts.map(HashTable::with_capacity);
    for (hash, number) in hashed {
        // The table has room already, so nothing is hashed again.
        tables[part(hash, level)].insert_unique(hash, number, |&other| hash_of(other));
    }
    Node::Split(tables.into_iter().map(Node::Table).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(number: u32) -> u64 {
        let mut z = u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn buckets(node: &Node) -> usize {
        match node {
            Node::Table(table) => table.num_buckets(),
            Node::Split(parts) => parts.iter().map(buckets).sum(),
        }
    }

    #[test]
    fn i11_every_number_is_found_and_gone_once_removed() {
        let mut index = Index::default();
        (0..100_000).for_each(|number| index.insert(hash(number), number, hash));
        assert!((0..100_000).all(|number| index.find(hash(number), |other| other == number) == Some(number)));
        assert_eq!(index.find(hash(100_000), |other| other == 100_000), None);
        (0..100_000).filter(|number| number % 3 != 0).for_each(|number| index.remove(hash(number), number, hash));
        let left = |number| index.find(hash(number), |other| other == number).is_some();
        assert!((0..100_000).all(|number| left(number) == (number % 3 == 0)));
        (0..100_000).filter(|number| number % 3 == 0).for_each(|number| index.remove(hash(number), number, hash));
        assert_eq!((index.len, buckets(&index.root)), (0, HashTable::<u32>::new().num_buckets()));
    }

    #[test]
    fn i11_the_load_of_all_tables_together_is_steady() {
        let mut index = Index::default();
        let mut checked = 0;
        for number in 0..600_000 {
            index.insert(hash(number), number, hash);
            if number > 60_000 && number % 10_000 == 0 {
                let each = buckets(&index.root) as f64 / index.len as f64;
                assert!((1.55..1.76).contains(&each), "{each} places a number at {number}");
                checked += 1;
            }
        }
        assert!(checked > 50);
    }

    #[test]
    fn i11_what_comes_as_others_go_takes_no_more_tables() {
        let mut index = Index::default();
        let held = 110_000;
        (0..held).for_each(|number| index.insert(hash(number), number, hash));
        let before = buckets(&index.root);
        for number in held..6 * held {
            index.remove(hash(number - held), number - held, hash);
            index.insert(hash(number), number, hash);
        }
        let after = buckets(&index.root);
        assert_eq!(index.len, held as usize);
        assert!(after * 100 < before * 115, "{before} places before, {after} after");
    }

    #[test]
    fn i11_the_largest_part_takes_twice_the_share_of_the_smallest() {
        let share = |part: u8| PART.iter().filter(|&&other| other == part).count();
        assert!((0..FAN as u8).all(|part| (87..=182).contains(&share(part))), "{:?}", (share(0), share(31)));
        assert!(PART.is_sorted());
    }
}
