//! Which partitions a node claims and which it gives back. Pure: every node works it out for itself, from what it sees.

use std::collections::BTreeMap;

use crate::domain::partition::Partition;

/// What a node sees of one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder<'a> {
    /// Whoever is quickest may claim it.
    Free,
    Node(&'a str),
    /// Nobody's, but this node has just failed with it and leaves it to others for a while.
    Shunned,
}

/// What a node is to do next; it may do less of it at a time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// In the order in which they are to be tried.
    pub claim: Vec<Partition>,
    /// In the order in which they are to be given back.
    pub release: Vec<Partition>,
}

/// The plan of the node `own` among `nodes`, of which some take no partition any more (`false`), for the partitions
/// that `holders` lists from 0 on.
///
/// No node has more than its share, rounded up: who has more gives back what it likes least, and who has less claims
/// what is free, the system's partition first: the others wait for what is in it. A node at or below its share gives nothing back, so that nothing moves where everything has a place.
pub(super) fn plan(own: &str, nodes: &BTreeMap<&str, bool>, holders: &[Holder<'_>]) -> Plan {
    let takers = nodes.values().filter(|takes| **takes).count();
    let takes = nodes.get(own).copied().unwrap_or(false);
    let cap = if takes { holders.len().div_ceil(takers) } else { 0 };
    let mut held = of(holders, Holder::Node(own));
    let mut free = of(holders, Holder::Free);
    free.sort_by_cached_key(|partition| (*partition != Partition::SYSTEM, liking(own, *partition)));
    free.truncate(cap.saturating_sub(held.len()));
    if takes {
        held.sort_by_cached_key(|partition| liking(own, *partition));
        held.reverse();
    }
    held.truncate(held.len().saturating_sub(cap));
    Plan { claim: free, release: held }
}

fn of(holders: &[Holder<'_>], wanted: Holder<'_>) -> Vec<Partition> {
    let found = (0..).zip(holders).filter(|(_, holder)| **holder == wanted);
    found.map(|(number, _)| Partition(number)).collect()
}

/// How much `node` likes `partition`: the less, the more. Every node has an order of its own, so that two that claim at
/// once seldom begin with the same.
fn liking(node: &str, partition: Partition) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("tripswitch order of partitions");
    hasher.update(&partition.0.to_be_bytes());
    hasher.update(node.as_bytes());
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn nodes<'a>(taking: &[&'a str], others: &[&'a str]) -> BTreeMap<&'a str, bool> {
        taking.iter().map(|node| (*node, true)).chain(others.iter().map(|node| (*node, false))).collect()
    }

    #[test]
    fn one_node_claims_everything_and_a_second_has_half_of_it() {
        let free = [Holder::Free; 5];
        let alone = plan("a", &nodes(&["a"], &[]), &free);
        assert_eq!((alone.claim.len(), alone.release.len()), (5, 0));
        let two = nodes(&["a", "b"], &[]);
        assert_eq!(plan("a", &two, &free).claim.len(), 3);
        let all = [Holder::Node("a"); 5];
        let surplus = plan("a", &two, &all);
        assert_eq!((surplus.claim.len(), surplus.release.len()), (0, 2));
        assert_eq!(plan("b", &two, &all), Plan::default(), "what another has is taken from nobody");
    }

    #[test]
    fn a_drained_node_gives_everything_back_in_order_and_counts_for_no_share() {
        let holders = [Holder::Node("a"), Holder::Free, Holder::Node("a"), Holder::Node("b")];
        let drained = nodes(&["b"], &["a"]);
        assert_eq!(
            plan("a", &drained, &holders),
            Plan { claim: Vec::new(), release: vec![Partition(0), Partition(2)] }
        );
        assert_eq!(plan("b", &drained, &holders).claim, [Partition(1)]);
        let nobody = plan("a", &nodes(&[], &["a", "b"]), &holders);
        assert_eq!((nobody.claim.len(), nobody.release.len()), (0, 2));
    }

    #[test]
    fn what_it_has_failed_with_is_left_to_others() {
        let holders = [Holder::Shunned, Holder::Free];
        assert_eq!(plan("a", &nodes(&["a"], &[]), &holders).claim, [Partition(1)]);
    }

    #[test]
    fn nodes_like_partitions_in_different_orders_but_all_begin_with_the_system_s() {
        let both = nodes(&["a", "b"], &[]);
        let [a, b] = ["a", "b"].map(|node| plan(node, &both, &[Holder::Free; 65]).claim);
        assert_ne!(a, b);
        assert_eq!([a[0], b[0]], [Partition::SYSTEM; 2]);
        assert_ne!(a[1], b[1]);
    }

    const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

    /// What nodes do to each other's view, one step at a time: everyone's plan once, one claim and one release each.
    fn round(nodes: &BTreeMap<&str, bool>, owners: &mut [Option<&'static str>]) -> bool {
        let mut moved = false;
        for own in NAMES.into_iter().filter(|name| nodes.contains_key(name)) {
            let holders: Vec<_> = owners.iter().map(|owner| owner.map_or(Holder::Free, Holder::Node)).collect();
            let plan = plan(own, nodes, &holders);
            assert!(plan.claim.is_empty() || plan.release.is_empty(), "{own} claims and gives back at once");
            let given = plan.release.first().map(|partition| (*partition, None));
            let taken = plan.claim.first().map(|partition| (*partition, Some(own)));
            for (partition, owner) in given.into_iter().chain(taken) {
                owners[usize::from(partition.0)] = owner;
                moved = true;
            }
        }
        moved
    }

    proptest! {
        #[test]
        fn from_anywhere_every_partition_finds_a_place_and_stays_there(
            there in prop::collection::vec(0..3_u8, 5),
            owned in prop::collection::vec(0..6_usize, 1..80),
        ) {
            let states = NAMES.into_iter().zip(there);
            let nodes: BTreeMap<_, _> = states.filter(|(_, s)| *s > 0).map(|(name, s)| (name, s == 1)).collect();
            let alive = |at: usize| NAMES.get(at).copied().filter(|name| nodes.contains_key(name));
            let mut owners: Vec<_> = owned.into_iter().map(alive).collect();
            let before = owners.clone();
            let mut rounds = 0;
            while round(&nodes, &mut owners) {
                rounds += 1;
                prop_assert!(rounds <= 2 * owners.len(), "never at rest: {owners:?}");
            }
            let takers = nodes.values().filter(|takes| **takes).count();
            let cap = if takers == 0 { 0 } else { owners.len().div_ceil(takers) };
            for (name, takes) in &nodes {
                let has = |owners: &[Option<&str>]| owners.iter().filter(|owner| **owner == Some(*name)).count();
                let share = if *takes { cap } else { 0 };
                prop_assert!(has(&owners) <= share);
                // Nobody loses what is within its share.
                let kept = before.iter().zip(&owners).filter(|(a, b)| a == b && **a == Some(*name)).count();
                prop_assert!(!*takes || kept == has(&before).min(cap));
            }
            prop_assert!(takers == 0 || owners.iter().all(Option::is_some));
        }
    }
}
