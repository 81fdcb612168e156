//! Entries in their order, the newest [`KEPT`] of them.
//!
//! A trail says after which frame it is whole: older snapshots and exports have none, so it begins at their `seq`. It
//! is no part of the state hash, which is what it was before there were trails. `snapshot verify` compares hashes,
//! and of two trails what both have recorded, so that an old snapshot is not called damaged for what it cannot know.

use std::collections::VecDeque;
use std::sync::Arc;

use super::super::ids::Position;
use super::super::time::Millis;
use super::entry::AuditEntry;

/// Entries that a trail keeps at most, of some 100 to 200 bytes each.
pub const KEPT: usize = 100_000;
/// Entries of a chunk. What a cut shares is copied by chunks (I9).
const CHUNK: usize = 256;

/// Who did what, the oldest first. A clone shares what is in it.
#[derive(Clone, Debug)]
pub struct Trail<A> {
    /// All but the first and the last are full; none is empty.
    chunks: VecDeque<Arc<Vec<AuditEntry<A>>>>,
    len: usize,
    /// Frames up to this seq have left no entries.
    after: u64,
}

impl<A> Default for Trail<A> {
    fn default() -> Self {
        Self::beginning_after(0)
    }
}

impl<A: PartialEq> PartialEq for Trail<A> {
    /// Wherever chunks end: two trails are equal if their entries are.
    fn eq(&self, other: &Self) -> bool {
        self.after == other.after && self.len == other.len && self.iter().eq(other.iter())
    }
}

impl<A: Eq> Eq for Trail<A> {}

impl<A> Trail<A> {
    /// An empty trail of a state from before there were trails: its frames up to `seq` have left no entries.
    pub fn beginning_after(seq: u64) -> Self {
        Self { chunks: VecDeque::new(), len: 0, after: seq }
    }

    /// What frames up to this seq did is not in it; what later ones did is, as far as entries are kept.
    pub const fn after(&self) -> u64 {
        self.after
    }

    pub const fn len(&self) -> usize {
        self.len
    }

    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &AuditEntry<A>> {
        self.chunks.iter().flat_map(|chunk| chunk.iter())
    }

    /// Chunk by chunk, the oldest first.
    pub fn chunks(&self) -> impl Iterator<Item = &[AuditEntry<A>]> {
        self.chunks.iter().map(|chunk| chunk.as_slice())
    }

    /// The entries before this place, the newest first. Receipts and positions ascend together.
    pub fn before(&self, receipt: Millis, at: Position) -> impl Iterator<Item = &AuditEntry<A>> {
        let is_before = move |entry: &AuditEntry<A>| (entry.receipt, entry.at) < (receipt, at);
        let whole = self.chunks.partition_point(|chunk| chunk.first().is_some_and(is_before));
        self.chunks.iter().take(whole).rev().flat_map(move |chunk| {
            let count = chunk.partition_point(is_before);
            chunk.iter().take(count).rev()
        })
    }

    pub fn oldest(&self) -> Option<&AuditEntry<A>> {
        self.chunks.front().and_then(|chunk| chunk.first())
    }

    pub fn newest(&self) -> Option<&AuditEntry<A>> {
        self.chunks.back().and_then(|chunk| chunk.last())
    }
}

impl<A: Clone> Trail<A> {
    /// Adds an entry at the end; if there are too many, the oldest is dropped.
    pub fn push(&mut self, entry: AuditEntry<A>) {
        match self.chunks.back_mut() {
            Some(last) if last.len() < CHUNK => Arc::make_mut(last).push(entry),
            Some(_) | None => self.chunks.push_back(Arc::new(vec![entry])),
        }
        self.len += 1;
        if self.len > KEPT {
            self.drop_first(1);
        }
    }

    /// Drops what was received before `cutoff` (R4.11).
    pub fn forget(&mut self, cutoff: Millis) {
        while let Some(first) = self.chunks.front() {
            match first.partition_point(|entry| entry.receipt < cutoff) {
                0 => return,
                count => self.drop_first(count),
            }
        }
    }

    /// Of the first chunk.
    fn drop_first(&mut self, count: usize) {
        let Some(first) = self.chunks.front_mut() else { return };
        self.len -= count;
        if first.len() == count {
            self.chunks.pop_front();
        } else {
            Arc::make_mut(first).drain(..count);
        }
    }
}

impl<A: Clone> Trail<A> {
    /// The trail of a state at seq `applied`; `None` if the entries are not of its frames, in their order.
    pub fn restored(after: u64, entries: Vec<AuditEntry<A>>, applied: u64) -> Option<Self> {
        let of_state = |entry: &AuditEntry<A>| after < entry.at.seq() && entry.at.seq() <= applied;
        let ascend = |pair: &[AuditEntry<A>]| pair[0].at < pair[1].at && pair[0].receipt <= pair[1].receipt;
        let fits = after <= applied && entries.iter().all(of_state) && entries.windows(2).all(ascend);
        let mut trail = Self::beginning_after(after);
        fits.then(|| entries.into_iter().for_each(|entry| trail.push(entry)))?;
        Some(trail)
    }
}

impl<A: PartialEq> Trail<A> {
    /// Whether no entry differs that both should have. One of them may begin later.
    pub fn agrees_with(&self, other: &Self) -> bool {
        let after = self.after.max(other.after);
        let both = |entry: &&AuditEntry<A>| entry.at.seq() > after;
        self.iter().filter(both).eq(other.iter().filter(both))
    }
}

#[cfg(test)]
mod tests {
    use super::super::entry::AuditOutcome;
    use super::*;

    fn entry(seq: u64) -> AuditEntry<u64> {
        let receipt = seq as Millis / 3;
        AuditEntry { at: Position::new(seq, 0), receipt, actor: None, action: seq, outcome: AuditOutcome::Done }
    }

    fn trail(seqs: impl Iterator<Item = u64>) -> Trail<u64> {
        let mut trail = Trail::default();
        seqs.for_each(|seq| trail.push(entry(seq)));
        trail
    }

    fn seqs(trail: &Trail<u64>) -> Vec<u64> {
        trail.iter().map(|entry| entry.action).collect()
    }

    #[test]
    fn only_the_newest_are_kept() {
        let all = KEPT as u64 + 700;
        let trail = trail(1..=all);
        assert_eq!((trail.len(), trail.iter().count()), (KEPT, KEPT));
        assert_eq!((trail.oldest().map(|e| e.action), trail.newest().map(|e| e.action)), (Some(701), Some(all)));
    }

    #[test]
    fn r4_11_what_was_received_before_the_cutoff_goes_and_no_more() {
        for (cutoff, oldest) in [(0, Some(1)), (1, Some(3)), (200, Some(600)), (333, Some(999)), (334, None)] {
            let mut trail = trail(1..=1_000);
            trail.forget(cutoff);
            assert_eq!(trail.oldest().map(|entry| entry.action), oldest, "{cutoff}");
            assert_eq!(seqs(&trail), (oldest.unwrap_or(1_001)..=1_000).collect::<Vec<_>>());
            assert_eq!(trail.len(), seqs(&trail).len());
            trail.push(entry(1_001));
            assert_eq!(trail.newest().map(|entry| entry.action), Some(1_001));
        }
    }

    #[test]
    fn i9_a_clone_stays_as_it_was_and_only_what_changes_is_copied() {
        let mut trail = trail(1..=600);
        let held = trail.clone();
        let places = |trail: &Trail<u64>| trail.chunks().map(<[_]>::as_ptr).collect::<Vec<_>>();
        trail.push(entry(601));
        trail.forget(1);
        assert_eq!(seqs(&held), (1..=600).collect::<Vec<_>>());
        assert_eq!(seqs(&trail), (3..=601).collect::<Vec<_>>());
        let same: Vec<bool> = places(&trail).iter().zip(places(&held)).map(|(now, then)| *now == then).collect();
        assert_eq!(same, [false, true, false]);
    }

    #[test]
    fn what_stands_before_a_place_comes_newest_first() {
        let mut trail = trail(1..=1_000);
        trail.forget(10);
        let before =
            |receipt, seq| trail.before(receipt, Position::new(seq, 0)).map(|entry| entry.action).collect::<Vec<u64>>();
        let down = |to: u64| (30..=to).rev().collect::<Vec<u64>>();
        assert_eq!(before(Millis::MAX, 0), down(1_000));
        for to in [30, 31, 255, 256, 285, 286, 287, 300, 999] {
            assert_eq!(before(to as Millis / 3, to + 1), down(to), "{to}");
        }
        assert_eq!(before(100, 0), down(299), "of one receipt none");
        assert_eq!(before(10, 30), [0; 0]);
    }

    #[test]
    fn only_entries_of_the_states_frames_in_their_order_make_a_trail() {
        let restored = |after, seqs: &[u64], applied| {
            Trail::restored(after, seqs.iter().map(|seq| entry(*seq)).collect(), applied).map(|trail| trail.len())
        };
        assert_eq!(restored(3, &[4, 5, 9], 9), Some(3));
        assert_eq!([restored(3, &[], 3), restored(0, &[], 0)], [Some(0), Some(0)]);
        for (after, seqs, applied) in [
            (3, &[3][..], 9),
            (3, &[10], 9),
            (0, &[0], 9),
            (0, &[5, 4], 9),
            (0, &[4, 4], 9),
            (4, &[], 3),
            (u64::MAX, &[], 3),
            (u64::MAX, &[9], u64::MAX),
        ] {
            assert_eq!(restored(after, seqs, applied), None, "{after} {seqs:?} {applied}");
        }
    }

    #[test]
    fn r9_7_a_trail_that_began_later_agrees_with_one_of_everything() {
        let whole = trail(1..=500);
        let mut later = Trail::beginning_after(200);
        (201..=500).for_each(|seq| later.push(entry(seq)));
        assert!(whole.agrees_with(&later) && later.agrees_with(&whole) && whole != later);
        later.push(entry(502));
        assert!(!whole.agrees_with(&later) && !later.agrees_with(&whole));
        assert!(whole.agrees_with(&Trail::beginning_after(500)) && !whole.agrees_with(&Trail::beginning_after(499)));
    }
}
