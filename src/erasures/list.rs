//! The list in memory: each erasure once, with the latest time that it was asked for.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::domain::ids::{Id, WorkspaceKey};
use crate::domain::record::Record;
use crate::domain::time::{MINUTE, Millis};
use crate::domain::workspace::Workspace;

use super::{Erased, ErasureEntry, Hash, Kind, SLACK, of_workspace};

/// Different erasures that one workspace side may have on the list: a credential that erases contacts at random
/// fills its own side's part, some 100 MB, and nobody else's.
pub const MOST_OF_A_SIDE: usize = 1_000_000;

/// For how long entries are kept, and what they are needed for besides restores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keeping {
    /// Backups older than this are not restored any more, so entries older than this go.
    pub backups: Millis,
    /// The span of [`ErasureList::due`].
    pub within: Millis,
}

/// What is on the list. For a restore the latest time of an erasure covers the earlier ones: a state that lacks the
/// earlier one lacks the latest, too. For [`due`](Self::due) it does not, so the last erasure of each minute is
/// remembered besides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErasureList {
    sides: BTreeMap<WorkspaceKey, HashMap<(Kind, Hash), Millis>>,
    /// The last erasure of each minute in which there was one.
    minutes: BTreeMap<Millis, ErasureEntry>,
    /// What was erased before this may have left the list.
    since: Option<Millis>,
}

impl ErasureList {
    /// A list that says so of what was erased before `since`.
    pub(super) fn complete_since(since: Option<Millis>) -> Self {
        Self { since, ..Self::default() }
    }

    pub fn insert(&mut self, entry: ErasureEntry) {
        let side = self.sides.entry(entry.side()).or_default();
        let latest = side.entry((entry.kind, entry.hash)).or_insert(entry.at);
        *latest = entry.at.max(*latest);
        let last = self.minutes.entry(entry.at.div_euclid(MINUTE)).or_insert(entry);
        if entry.at >= last.at {
            *last = entry;
        }
    }

    /// Takes over what another list has: the result is as complete as the less complete of both.
    pub fn merge(&mut self, other: &Self) {
        other.needed().into_iter().for_each(|entry| self.insert(entry));
        self.since = self.since.max(other.since);
    }

    /// Whether the erasure is here already, as of the same time or a later one.
    pub fn has(&self, entry: &ErasureEntry) -> bool {
        let at = self.sides.get(&entry.side()).and_then(|side| side.get(&(entry.kind, entry.hash)));
        at.is_some_and(|at| *at >= entry.at)
    }

    /// Different erasures.
    pub fn len(&self) -> usize {
        self.sides.values().map(HashMap::len).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.sides.is_empty()
    }

    /// What was erased before this may have left the list; `None`: nothing has.
    pub const fn since(&self) -> Option<Millis> {
        self.since
    }

    /// Each erasure with its latest time, the oldest first.
    pub fn entries(&self) -> Vec<ErasureEntry> {
        let of_side = |(key, side): (&WorkspaceKey, &HashMap<_, _>)| {
            let key = *key;
            side.clone().into_iter().map(move |((kind, hash), at)| ErasureEntry {
                at,
                workspace: key.id,
                side: key.side,
                kind,
                hash,
            })
        };
        let mut entries: Vec<_> = self.sides.iter().flat_map(of_side).collect();
        entries.sort_unstable_by_key(|entry| (entry.at, entry.hash.0));
        entries
    }

    /// What a file has to hold so that reading it gives this list: [`entries`](Self::entries), and earlier repeats
    /// that are the last of their minute.
    pub(super) fn needed(&self) -> Vec<ErasureEntry> {
        let mut needed = self.entries();
        needed.extend(self.minutes.values().filter(|entry| self.latest(entry) != Some(entry.at)));
        needed.sort_by_key(|entry| (entry.at, entry.hash.0));
        needed
    }

    fn latest(&self, entry: &ErasureEntry) -> Option<Millis> {
        self.sides.get(&entry.side())?.get(&(entry.kind, entry.hash)).copied()
    }

    /// Whether a restored state, whose last frame came at `last_receipt`, has to lose this workspace again: it was
    /// deleted after that, or so shortly before it ([`SLACK`]) that the state may not contain it.
    pub fn names_workspace(&self, identity_key: &[u8; 32], id: Id, last_receipt: Millis) -> bool {
        let at = self.latest(&of_workspace(last_receipt, id, identity_key));
        at.is_some_and(|at| at.saturating_add(SLACK) >= last_receipt)
    }

    /// Whether the entry's side has room for it: a repeat always has, and so has the last of a workspace.
    pub(super) fn has_room_for(&self, entry: &ErasureEntry) -> bool {
        if entry.kind == Kind::Workspace {
            return true;
        }
        let side = self.sides.get(&entry.side());
        side.is_none_or(|side| side.len() < MOST_OF_A_SIDE || side.contains_key(&(entry.kind, entry.hash)))
    }

    /// Drops what no backup needs any more, and minutes that a later one which is due already covers.
    pub(super) fn forget(&mut self, keeping: Keeping, now: Millis) {
        let oldest = now.saturating_sub(keeping.backups);
        let before = self.len();
        self.sides.retain(|_, side| {
            side.retain(|_, at| *at >= oldest);
            side.shrink_to_fit();
            !side.is_empty()
        });
        if self.len() < before {
            self.since = self.since.max(Some(oldest));
        }
        if let Some(due) = self.latest_due(now, keeping.within) {
            self.minutes.retain(|_, entry| entry.at >= due);
        }
    }

    /// The records that have to be applied to a restored state, so that it loses again what it still holds although
    /// it was erased: after the state's last frame, or so shortly before it ([`SLACK`]) that the erasure may not be
    /// in it. What came anew after an erasure that the state contains is left alone. `identity_key` is the key with
    /// which the entries were made; a restored data directory keeps it.
    pub fn matching(&self, identity_key: &[u8; 32], workspace: &Workspace) -> Vec<Record> {
        let key = workspace.key();
        let Some(side) = self.sides.get(&key) else { return Vec::new() };
        let is_meant = |name: &(Kind, Hash)| {
            side.get(name).is_some_and(|at| at.saturating_add(SLACK) >= workspace.last_applied_at())
        };
        let has = |kind| side.keys().any(|name| name.0 == kind && is_meant(name));
        let mut found = Vec::new();
        if has(Kind::Conversation) {
            found.extend(workspace.conversation_ids().map(Erased::Conversation));
        }
        if has(Kind::Contact) {
            found.extend(workspace.contact_marks().map(Erased::Contact));
        }
        let mut taken = HashSet::new();
        found.retain(|erased| {
            let name = (erased.kind(), erased.hash(identity_key, key));
            is_meant(&name) && taken.insert(name)
        });
        found.into_iter().map(Erased::record).collect()
    }

    /// The time from before which nothing may be left in snapshots and journal (R4.10): whatever holds what was
    /// erased must be gone `within` that time after the erasure. `None` while no erasure is that far along.
    ///
    /// An erasure is due when three quarters of its time are over (at most a minute later, since minutes are what is
    /// remembered); the latest due one is named, also after its work is done, since a caller that has nothing so old
    /// left has nothing to do. Snapshots and parts of the journal from this time or before must go. It lies [`SLACK`]
    /// after the entry, so that what was recorded between the entry and its record counts as well.
    pub fn due(&self, now: Millis, within: Millis) -> Option<Millis> {
        Some(self.latest_due(now, within)?.saturating_add(SLACK))
    }

    fn latest_due(&self, now: Millis, within: Millis) -> Option<Millis> {
        let begun = now.saturating_sub(within / 4 * 3);
        let until_then = self.minutes.range(..=begun.div_euclid(MINUTE)).rev();
        until_then.map(|(_, entry)| entry.at).find(|at| *at <= begun)
    }
}

impl FromIterator<ErasureEntry> for ErasureList {
    fn from_iter<I: IntoIterator<Item = ErasureEntry>>(entries: I) -> Self {
        let mut list = Self::default();
        entries.into_iter().for_each(|entry| list.insert(entry));
        list
    }
}
