//! Which part of a cluster a workspace is in.

use std::fmt;

use crate::domain::ids::Id;

/// What a hash of ids begins with, so that no other hash of the program comes to the same.
const CONTEXT: &str = "tripswitch partition of a workspace";

/// A part of the whole that one node at a time owns: number 0 is the system workspace's, those from 1 on hold the
/// others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition(pub u16);

impl Partition {
    /// Tenants, workspaces and keys (I12).
    pub const SYSTEM: Self = Self(0);

    /// Where `workspace` is, in a cluster of `partitions` (at least 1) beside the system's. Frozen: data lies by it.
    pub fn of(workspace: Id, partitions: u16) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
        hasher.update(&{ workspace.0 }.to_be_bytes());
        let mut first = [0; 8];
        first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
        let place = u64::from_le_bytes(first) % u64::from(partitions.max(1));
        Self(u16::try_from(place + 1).unwrap_or(u16::MAX))
    }

    /// The system's and every other of a cluster of `partitions`, in order.
    pub fn all(partitions: u16) -> impl Iterator<Item = Self> {
        (0..=partitions).map(Self)
    }
}

impl fmt::Display for Partition {
    /// Three digits, as in names of streams.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(id: u128, partitions: u16) -> u16 {
        Partition::of(Id(id), partitions).0
    }

    #[test]
    fn a_workspace_stays_where_it_is() {
        let id = 0x0123_4567_89ab_4def_8123_4567_89ab_cdef;
        assert_eq!([of(1, 64), of(2, 64), of(id, 64), of(id, 1_000), of(id, 1)], [17, 37, 30, 558, 1]);
    }

    #[test]
    fn workspaces_spread_over_all_partitions_but_the_system_s() {
        let mut counts = [0_u32; 65];
        (0..64_000_u128).for_each(|id| counts[usize::from(of(id, 64))] += 1);
        assert_eq!(counts[0], 0, "only the system workspace is there");
        // 1,000 expected of each; five standard deviations are 157.
        assert!(counts[1..].iter().all(|count| (843..=1_157).contains(count)), "{counts:?}");
    }

    #[test]
    fn shown_with_three_digits() {
        assert_eq!([Partition::SYSTEM, Partition(7), Partition(1_000)].map(|p| p.to_string()), ["000", "007", "1000"]);
        assert_eq!(Partition::all(2).collect::<Vec<_>>(), [Partition(0), Partition(1), Partition(2)]);
    }
}
