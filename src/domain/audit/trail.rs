//! Entries in their order: of what was done the newest [`KEPT`], and apart from these what was refused or changed
//! nothing ([`Repeated`]), so that it pushes nothing out that was done.
//!
//! A trail says after which frame it is whole: older snapshots and exports have none, so it begins at their `seq`. It
//! is no part of the state hash, which is what it was before there were trails. `snapshot verify` compares hashes,
//! and of two trails what both have recorded, so that an old snapshot is not called damaged for what it cannot know.

use super::super::ids::Position;
use super::super::log::Log;
use super::super::time::Millis;
use super::entry::{AuditEntry, AuditOutcome, Audited, Repeat, Repeated};
use super::repeats::Repeats;

/// Entries of what was done that a trail keeps at most, of some 100 to 200 bytes each.
pub const KEPT: usize = 100_000;
/// And so many bytes of them: actors and names have up to 255 characters.
pub const KEPT_BYTES: usize = 32 << 20;
/// What an entry takes beside its texts.
const ENTRY_BYTES: usize = 128;

/// An entry as it is read.
#[derive(Debug, PartialEq, Eq)]
pub struct Noted<'a, A> {
    pub entry: &'a AuditEntry<A>,
    /// How often, and when the last time.
    pub count: u64,
    pub last: Millis,
}

impl<'a, A> Noted<'a, A> {
    const fn once(entry: &'a AuditEntry<A>) -> Self {
        Self { entry, count: 1, last: entry.receipt }
    }

    const fn often(repeated: &'a Repeated<A>) -> Self {
        Self { entry: &repeated.first, count: repeated.count, last: repeated.last }
    }

    /// Where it stands in the order of its trail.
    pub const fn place(&self) -> (Millis, Position) {
        (self.entry.receipt, self.entry.at)
    }
}

/// Who did what, the oldest first. A clone shares what is in it.
#[derive(Clone, Debug)]
pub struct Trail<A> {
    done: Log<AuditEntry<A>>,
    /// Of the entries in `done`, by [`weight`].
    bytes: usize,
    /// What was not done.
    repeats: Repeats<A>,
    /// Frames up to this seq have left no entries.
    after: u64,
}

impl<A> Default for Trail<A> {
    fn default() -> Self {
        Self::beginning_after(0)
    }
}

impl<A: PartialEq> PartialEq for Trail<A> {
    fn eq(&self, other: &Self) -> bool {
        self.after == other.after && self.done == other.done && self.repeats == other.repeats
    }
}

impl<A: Eq> Eq for Trail<A> {}

impl<A> Trail<A> {
    /// An empty trail of a state from before there were trails: its frames up to `seq` have left no entries.
    pub fn beginning_after(seq: u64) -> Self {
        Self { done: Log::default(), bytes: 0, repeats: Repeats::default(), after: seq }
    }

    /// What frames up to this seq did is not in it; what later ones did is, as far as entries are kept.
    pub const fn after(&self) -> u64 {
        self.after
    }

    /// Entries of what was done.
    pub const fn len(&self) -> usize {
        self.done.len()
    }

    pub fn is_empty(&self) -> bool {
        self.done.is_empty() && self.repeats().is_empty()
    }

    /// What was refused or changed nothing, in the order in which it came first.
    pub fn repeats(&self) -> &[Repeated<A>] {
        self.repeats.as_slice()
    }

    /// What was done, the oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &AuditEntry<A>> {
        self.done.iter()
    }

    /// [`iter`](Self::iter), chunk by chunk.
    pub fn chunks(&self) -> impl Iterator<Item = &[AuditEntry<A>]> {
        self.done.chunks()
    }

    /// All that was noted before this place, the newest first. Receipts and positions ascend together.
    pub fn before(&self, receipt: Millis, at: Position) -> impl Iterator<Item = Noted<'_, A>> {
        let is_before = move |entry: &AuditEntry<A>| (entry.receipt, entry.at) < (receipt, at);
        let mut done = self.done.ahead(is_before).map(Noted::once).peekable();
        let count = self.repeats.before(receipt, at);
        let mut repeats = self.repeats().iter().take(count).rev().map(Noted::often).peekable();
        std::iter::from_fn(move || match (done.peek(), repeats.peek()) {
            (Some(one), Some(other)) if one.place() < other.place() => repeats.next(),
            (Some(_), _) => done.next(),
            (None, _) => repeats.next(),
        })
    }

    pub fn newest(&self) -> Option<&AuditEntry<A>> {
        self.done.last()
    }
}

/// Bytes of an entry; the same on every machine, since what is kept depends on it (I1).
fn weight<A: Audited>(entry: &AuditEntry<A>) -> usize {
    ENTRY_BYTES + entry.actor.as_deref().map_or(0, str::len) + entry.action.text_bytes()
}

impl<A: Audited> Trail<A> {
    /// Adds an entry behind all others. Of what was done the oldest are dropped if there are too many; what was not is
    /// counted where the like of it is there already.
    pub fn push(&mut self, entry: AuditEntry<A>) {
        match entry.outcome {
            AuditOutcome::Done => self.push_done(entry),
            AuditOutcome::Unchanged | AuditOutcome::Refused(_) => {
                let last = entry.receipt;
                self.repeats.note(entry, 1, last);
            }
        }
    }

    /// Counts requests that were answered without a record; `at` and `receipt` are those of the record that tells.
    pub fn repeat(&mut self, at: Position, receipt: Millis, repeat: Repeat<A>) {
        let Repeat { actor, action, outcome, count, last } = repeat;
        self.repeats.note(AuditEntry { at, receipt, actor, action, outcome }, count, last.min(receipt));
    }

    fn push_done(&mut self, entry: AuditEntry<A>) {
        self.bytes += weight(&entry);
        self.done.push(entry);
        while self.done.len() > KEPT || self.bytes > KEPT_BYTES {
            self.drop_first(1);
        }
    }

    /// Drops what was received before `cutoff` (R4.11).
    pub fn forget(&mut self, cutoff: Millis) {
        self.repeats.forget(cutoff);
        while self.done.first().is_some_and(|oldest| oldest.receipt < cutoff) {
            self.drop_first(1);
        }
    }

    /// Whether there is anything for [`forget`](Self::forget) to drop.
    pub fn is_older(&self, cutoff: Millis) -> bool {
        self.done.first().is_some_and(|entry| entry.receipt < cutoff) || self.repeats.is_older(cutoff)
    }

    fn drop_first(&mut self, count: usize) {
        let bytes = &mut self.bytes;
        self.done.drop_first(count, |entry| *bytes -= weight(entry));
    }
}

impl<A: Audited> Trail<A> {
    /// The trail of a state at seq `applied`; `None` if the entries are not of its frames, in their order.
    pub fn restored(after: u64, entries: Vec<AuditEntry<A>>, repeats: Vec<Repeated<A>>, applied: u64) -> Option<Self> {
        let of_state = |entry: &AuditEntry<A>| after < entry.at.seq() && entry.at.seq() <= applied;
        let ascend = |one: &AuditEntry<A>, next: &AuditEntry<A>| one.at < next.at && one.receipt <= next.receipt;
        let fits = after <= applied
            && entries.iter().chain(repeats.iter().map(|repeated| &repeated.first)).all(of_state)
            && entries.windows(2).all(|pair| ascend(&pair[0], &pair[1]))
            && repeats.windows(2).all(|pair| ascend(&pair[0].first, &pair[1].first));
        let mut trail = fits.then(|| Self::beginning_after(after))?;
        entries.into_iter().for_each(|entry| trail.push(entry));
        for Repeated { first, count, last } in repeats {
            let newest = trail.repeats().last().map(|repeated| repeated.first.at);
            let is_possible = first.outcome != AuditOutcome::Done && count > 0 && newest.is_none_or(|at| at < first.at);
            is_possible.then(|| trail.repeats.note(first, count, last))?;
        }
        Some(trail)
    }

    /// What is whole of a list that held the newest entries of every outcome: beyond a full one, what frames up to its
    /// oldest entry did is not known to be in it. Answers after which frame it is whole, and its entries.
    pub fn whole_part(after: u64, mut entries: Vec<AuditEntry<A>>) -> (u64, Vec<AuditEntry<A>>) {
        let is_full = entries.len() >= KEPT;
        let after = entries.first().filter(|_| is_full).map_or(after, |oldest| oldest.at.seq().max(after));
        if is_full {
            entries.retain(|entry| entry.at.seq() > after);
        }
        (after, entries)
    }
}

impl<A: PartialEq> Trail<A> {
    /// Whether no entry differs that both should have. One of them may begin later.
    pub fn agrees_with(&self, other: &Self) -> bool {
        let after = self.after.max(other.after);
        let both = |entry: &&AuditEntry<A>| entry.at.seq() > after;
        // Repeats count from where a trail begins.
        let same_repeats = self.after != other.after || self.repeats == other.repeats;
        same_repeats && self.iter().filter(both).eq(other.iter().filter(both))
    }
}

#[cfg(test)]
mod tests {
    use super::super::entry::Refusal;
    use super::super::repeats::KEPT_REPEATS;
    use super::*;

    impl Audited for u64 {
        fn is_like(&self, other: &Self) -> bool {
            self == other
        }

        fn text_bytes(&self) -> usize {
            0
        }
    }

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
        assert_eq!((trail.iter().next().map(|e| e.action), trail.newest().map(|e| e.action)), (Some(701), Some(all)));
    }

    #[test]
    fn r4_11_what_was_received_before_the_cutoff_goes_and_no_more() {
        for (cutoff, oldest) in [(0, Some(1)), (1, Some(3)), (200, Some(600)), (333, Some(999)), (334, None)] {
            let mut trail = trail(1..=1_000);
            trail.forget(cutoff);
            assert_eq!(trail.iter().next().map(|entry| entry.action), oldest, "{cutoff}");
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
        let before = |receipt, seq| {
            trail.before(receipt, Position::new(seq, 0)).map(|noted| noted.entry.action).collect::<Vec<u64>>()
        };
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
            Trail::restored(after, seqs.iter().map(|seq| entry(*seq)).collect(), vec![], applied)
                .map(|trail| trail.len())
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

    /// A request that changes nothing, in the frame with this seq.
    fn vain(seq: u64, actor: &str, target: u64) -> AuditEntry<u64> {
        let outcome = AuditOutcome::Refused(Refusal::UnknownBreaker);
        AuditEntry { actor: Some(actor.into()), action: target, outcome, ..entry(seq) }
    }

    #[test]
    fn r2_14b_what_was_refused_pushes_nothing_out_that_was_done() {
        let mut trail = trail(1..=10);
        (11..=300_000).for_each(|seq| trail.push(vain(seq, "a", seq % 3)));
        assert_eq!(seqs(&trail), (1..=10).collect::<Vec<_>>());
        let counts: Vec<_> = trail.repeats().iter().map(|repeated| (repeated.first.at.seq(), repeated.count)).collect();
        assert_eq!(counts.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), [11, 12, 13]);
        assert_eq!(counts.iter().map(|(_, count)| count).sum::<u64>(), 299_990);
        assert_eq!(trail.repeats()[0].last, 299_999 / 3);
        // Each different one has an entry, up to a bound: the one goes that did not come for the longest time.
        (300_001..302_000).for_each(|seq| trail.push(vain(seq, "a", seq)));
        trail.push(vain(302_001, "b", 0));
        trail.push(vain(302_002, "b", 0));
        assert_eq!((trail.repeats().len(), trail.len()), (KEPT_REPEATS, 10));
        let newest = trail.repeats().last().map(|repeated| (repeated.first.at.seq(), repeated.count));
        assert_eq!(newest, Some((302_001, 2)), "another's is another one");
    }

    #[test]
    fn r2_14b_a_trail_is_bounded_in_bytes_as_well() {
        let mut trail = Trail::default();
        let long = |seq| AuditEntry { actor: Some("x".repeat(4 * 255).into()), ..entry(seq) };
        (1..=50_000).for_each(|seq| trail.push(long(seq)));
        assert_eq!(trail.len(), KEPT_BYTES / (ENTRY_BYTES + 4 * 255));
        assert_eq!(trail.newest().map(|entry| entry.action), Some(50_000));
        let again = Trail::restored(0, trail.iter().cloned().collect(), vec![], 50_000).unwrap();
        assert_eq!((again == trail, again.bytes), (true, trail.bytes));
        trail.forget(Millis::MAX);
        assert_eq!((trail.bytes, trail.len()), (0, 0));
    }

    #[test]
    fn r2_14b_counts_of_what_was_not_recorded_come_to_its_entry() {
        let mut trail = trail(1..=3);
        trail.push(vain(4, "a", 7));
        let repeat = |action, count, last| Repeat {
            actor: Some("a".into()),
            action,
            outcome: AuditOutcome::Refused(Refusal::UnknownBreaker),
            count,
            last,
        };
        trail.repeat(Position::new(5, 0), 50, repeat(7, 90, 40));
        trail.repeat(Position::new(5, 1), 50, repeat(8, 2, 60));
        let found: Vec<_> = trail.repeats().iter().map(|one| (one.first.at.seq(), one.count, one.last)).collect();
        assert_eq!(found, [(4, 91, 40), (5, 2, 50)], "no later than the record that tells of it");
        let all: Vec<_> = trail.before(Millis::MAX, Position::ZERO).map(|noted| noted.entry.at.seq()).collect();
        assert_eq!(all, [5, 4, 3, 2, 1]);
        assert!(trail.is_older(41) && !Trail::<u64>::default().is_older(Millis::MAX));
        trail.forget(41);
        assert_eq!(trail.repeats().len(), 1, "what came again lately stays");
        let repeats = trail.repeats().to_vec();
        let restored = |repeats, applied| Trail::restored(0, vec![], repeats, applied);
        assert_eq!(restored(repeats.clone(), 5).map(|trail| trail.repeats().to_vec()), Some(repeats.clone()));
        let never = Repeated { count: 0, ..repeats[0].clone() };
        let done = Repeated { first: entry(5), ..repeats[0].clone() };
        for wrong in [vec![never], vec![done], vec![repeats[0].clone(), repeats[0].clone()]] {
            assert_eq!(restored(wrong, 5), None);
        }
        assert_eq!(restored(repeats, 4), None);
    }

    #[test]
    fn r9_7_of_a_full_list_of_everything_only_the_part_is_whole_that_it_still_has() {
        let few = vec![entry(3), vain(4, "a", 1)];
        assert_eq!(Trail::whole_part(2, few.clone()), (2, few));
        let full: Vec<_> = (701..=700 + KEPT as u64).map(entry).collect();
        let (after, entries) = Trail::whole_part(0, full);
        assert_eq!((after, entries.len(), entries[0].at.seq()), (701, KEPT - 1, 702));
    }
}
