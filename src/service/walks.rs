//! Lists that somebody goes through page by page (R6.6): the order as it was at the first page, so that every row that was
//! there all the time is shown exactly once, whatever is written between pages.
//!
//! A walk is kept for a quarter of an hour after it was last asked for, as far as there is room: of those of a tenant, and
//! of all, the one goes first that was used longest ago. Without its walk a cursor still says behind which row the next
//! page begins.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use crate::domain::ids::{Id, WorkspaceKey};
use crate::domain::workspace::account_list::{AccountQuery, AccountsCut, Place};
use crate::domain::workspace::conversation_list::Pinned;

/// Walks of a tenant, and the bytes that they may hold, at most.
const MOST_WALKS: usize = 32;
const MOST_BYTES: usize = 128 << 20;
/// Bytes of all tenants together.
const MOST_BYTES_OF_ALL: usize = 512 << 20;
/// How long nobody may have asked for a walk.
const IDLE: Duration = Duration::from_secs(15 * 60);

/// What a list goes through: numbers, in an order that stays as it is.
#[derive(Debug)]
pub enum Order {
    /// The first numbers, and what the others follow from: most readers want one page.
    Accounts {
        first: Vec<u32>,
        cut: AccountsCut,
        query: Box<AccountQuery>,
        behind: Option<Place>,
    },
    Numbers(Vec<u32>),
    Conversations {
        pinned: Pinned,
        descending: bool,
    },
}

impl Order {
    /// At most `most` numbers from the rank `from` on; none where they have to be put in order first.
    pub fn numbers(&self, from: usize, most: usize) -> Option<Vec<u32>> {
        let of = |numbers: &[u32]| {
            let from = from.min(numbers.len());
            numbers[from..from.saturating_add(most).min(numbers.len())].to_vec()
        };
        match self {
            Self::Accounts { first, .. } if from < first.len() => Some(of(first)),
            Self::Accounts { .. } => None,
            Self::Numbers(numbers) => Some(of(numbers)),
            Self::Conversations { pinned, descending } => Some(pinned.numbers(*descending, from, most)),
        }
    }

    /// All numbers of accounts that are not in order yet.
    pub fn sorted(&self) -> Option<Self> {
        match self {
            Self::Accounts { cut, query, behind, .. } => Some(Self::Numbers(cut.all(query, *behind))),
            Self::Numbers(_) | Self::Conversations { .. } => None,
        }
    }

    /// Bytes that it may come to hold for itself alone, roughly. What it shares with the state is its own once the state
    /// changes.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Accounts { first, cut, .. } => size_of_val(first.as_slice()) + cut.bytes(),
            Self::Numbers(numbers) => size_of_val(numbers.as_slice()),
            Self::Conversations { pinned, .. } => pinned.count() * size_of::<u32>(),
        }
    }
}

/// Whose walk it is, and through what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walker {
    pub tenant: Arc<str>,
    pub key: WorkspaceKey,
    /// Stands for the query.
    pub query: u64,
}

#[derive(Debug)]
struct Walk {
    walker: Walker,
    order: Arc<Order>,
    bytes: usize,
    used: Duration,
}

/// All walks, by their numbers, which are random.
#[derive(Debug, Default)]
pub struct Walks(Mutex<HashMap<u64, Walk>>);

impl Walks {
    /// The order that is gone through, if it is still there.
    pub fn find(&self, number: u64, walker: &Walker, now: Duration) -> Option<Arc<Order>> {
        let mut walks = self.0.lock();
        let walk = walks.get_mut(&number).filter(|walk| walk.walker == *walker && now < walk.used + IDLE)?;
        walk.used = now;
        Some(Arc::clone(&walk.order))
    }

    /// Keeps an order, in place of the one of this number.
    pub fn keep(&self, number: u64, walker: Walker, order: Arc<Order>, now: Duration) {
        let (bytes, tenant) = (order.bytes(), Arc::clone(&walker.tenant));
        let mut walks = self.0.lock();
        walks.insert(number, Walk { walker, order, bytes, used: now });
        walks.retain(|_, walk| now < walk.used + IDLE);
        while let Some(oldest) = too_many(&walks, |walk| walk.walker.tenant == tenant, MOST_WALKS, MOST_BYTES)
            .or_else(|| too_many(&walks, |_| true, usize::MAX, MOST_BYTES_OF_ALL))
        {
            walks.remove(&oldest);
        }
    }

    /// Forgets those that nobody goes on with.
    pub fn forget_idle(&self, now: Duration) {
        self.0.lock().retain(|_, walk| now < walk.used + IDLE);
    }

    /// Forgets those through a workspace that was deleted.
    pub fn forget_workspace(&self, id: Id) {
        self.0.lock().retain(|_, walk| walk.walker.key.id != id);
    }
}

/// The one that was used longest ago of those that are meant, if they are too many.
fn too_many(
    walks: &HashMap<u64, Walk>,
    are_meant: impl Fn(&Walk) -> bool,
    most: usize,
    most_bytes: usize,
) -> Option<u64> {
    let meant = || walks.iter().filter(|(_, walk)| are_meant(walk));
    let (count, bytes) = meant().fold((0, 0), |(count, bytes), (_, walk)| (count + 1, bytes + walk.bytes));
    let oldest = meant().min_by_key(|(_, walk)| walk.used).map(|(number, _)| *number);
    oldest.filter(|_| count > most || bytes > most_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::Side;

    fn walker(tenant: &str, query: u64) -> Walker {
        Walker { tenant: tenant.into(), key: WorkspaceKey { id: Id(7), side: Side::Live }, query }
    }

    fn keep(walks: &Walks, number: u64, tenant: &str, numbers: usize, now: u64) {
        let order = Arc::new(Order::Numbers(vec![0; numbers]));
        walks.keep(number, walker(tenant, 1), order, Duration::from_secs(now));
    }

    fn held(walks: &Walks) -> Vec<u64> {
        let mut held: Vec<u64> = walks.0.lock().keys().copied().collect();
        held.sort_unstable();
        held
    }

    #[test]
    fn r6_6_a_walk_is_found_by_those_who_ask_the_same_and_goes_when_nobody_asks() {
        let walks = Walks::default();
        keep(&walks, 1, "a", 3, 0);
        let find = |walker: Walker, at: u64| walks.find(1, &walker, Duration::from_secs(at)).is_some();
        assert!(find(walker("a", 1), 800) && find(walker("a", 1), 1_600));
        assert!(!find(walker("a", 2), 1_600) && !find(walker("b", 1), 1_600));
        assert!(!find(walker("a", 1), 2_500), "idle");
        walks.forget_idle(Duration::from_secs(2_499));
        assert_eq!(held(&walks), [1]);
        walks.forget_idle(Duration::from_secs(2_500));
        assert!(held(&walks).is_empty());
        keep(&walks, 1, "a", 3, 0);
        walks.forget_workspace(Id(8));
        assert_eq!(held(&walks), [1]);
        walks.forget_workspace(Id(7));
        assert!(held(&walks).is_empty());
    }

    #[test]
    fn i5_of_a_tenants_walks_the_one_goes_first_that_was_used_longest_ago() {
        let walks = Walks::default();
        keep(&walks, 1_000, "b", 3, 0);
        for number in 0..MOST_WALKS as u64 {
            keep(&walks, number, "a", 3, 1 + number);
        }
        assert!(walks.find(0, &walker("a", 1), Duration::from_secs(90)).is_some());
        keep(&walks, 99, "a", 3, 91);
        assert_eq!((held(&walks).len(), held(&walks).contains(&1)), (1 + MOST_WALKS, false));
        keep(&walks, 100, "a", MOST_BYTES / 4, 92);
        assert_eq!(held(&walks), [100, 1_000], "no room for more");
        keep(&walks, 101, "a", MOST_BYTES / 4 + 1, 93);
        assert_eq!(held(&walks), [1_000], "too large for anybody");
        for (n, tenant) in ["c", "d", "e", "f"].into_iter().enumerate() {
            keep(&walks, n as u64, tenant, MOST_BYTES / 4, 100 + n as u64);
        }
        assert_eq!(held(&walks), [0, 1, 2, 3], "of all");
    }
}
