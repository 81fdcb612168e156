//! The cluster as a node sees it: what the bucket's keys come to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use uuid::Uuid;

use crate::cluster::keys::{self, Key, NodeValue, PartValue};
use crate::domain::partition::Partition;

/// One partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Its key is gone, with this revision of its mark; 0 for none.
    Free(u64),
    Owned(Owner),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    pub node: Arc<str>,
    pub run: Uuid,
    pub epoch: u64,
    pub ready: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub run: Uuid,
    pub url: Arc<str>,
    pub version: String,
    pub leaving: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct View {
    /// Whether every key was seen once.
    pub complete: bool,
    pub nodes: BTreeMap<Arc<str>, Node>,
    pub drains: BTreeSet<Arc<str>>,
    /// From the system's on.
    pub parts: Vec<Part>,
}

impl View {
    /// A cluster of `partitions` beside the system's, of which nothing is known yet.
    pub fn new(partitions: u16) -> Self {
        Self { parts: Partition::all(partitions).map(|_| Part::Free(0)).collect(), ..Self::default() }
    }

    /// A key has this value now, or none, as of `revision`. Whether that says anything new.
    pub fn fold(&mut self, key: &str, revision: u64, value: Option<&[u8]>) -> bool {
        match Key::read(key) {
            Key::Meta | Key::Other => false,
            Key::Node(name) => self.node(name, value.and_then(read)),
            Key::Drain(name) if value.is_some() => self.drains.insert(name.into()),
            Key::Drain(name) => self.drains.remove(name),
            Key::Part(partition) => {
                let owner = value.map(|value| owner(value, revision));
                self.part(partition, owner.map_or(Part::Free(revision), Part::Owned))
            }
        }
    }

    fn node(&mut self, name: &str, value: Option<NodeValue>) -> bool {
        let Some(NodeValue { run, url, version, leaving, .. }) = value else {
            return self.nodes.remove(name).is_some();
        };
        let node = Node { run, url: url.into(), version, leaving };
        let changed = self.nodes.get(name) != Some(&node);
        if changed {
            self.nodes.insert(name.into(), node);
        }
        changed
    }

    fn part(&mut self, partition: Partition, part: Part) -> bool {
        // A key of a partition that this cluster does not have says nothing.
        let Some(known) = self.parts.get_mut(usize::from(partition.0)) else { return false };
        let changed = *known != part;
        *known = part;
        changed
    }

    /// The keys that are there, as far as this shows.
    pub fn keys(&self) -> Vec<String> {
        let nodes = self.nodes.keys().map(|name| keys::node(name));
        let drains = self.drains.iter().map(|name| keys::drain(name));
        let owned = (0..).zip(&self.parts).filter(|(_, part)| matches!(part, Part::Owned(_)));
        nodes.chain(drains).chain(owned.map(|(number, _)| keys::part(Partition(number)))).collect()
    }

    /// Who owns `partition`.
    pub fn owner(&self, partition: Partition) -> Option<&Owner> {
        match self.parts.get(usize::from(partition.0))? {
            Part::Owned(owner) => Some(owner),
            Part::Free(_) => None,
        }
    }

    /// The revision of the mark that the last owner of `partition` has left; 0 where there is none.
    pub fn mark(&self, partition: Partition) -> u64 {
        match self.parts.get(usize::from(partition.0)) {
            Some(Part::Free(revision)) => *revision,
            Some(Part::Owned(_)) | None => 0,
        }
    }

    /// Where requests for `partition` may be sent: the owner's name, and its URL.
    pub fn open_at(&self, partition: Partition) -> Option<(&Arc<str>, &Arc<str>)> {
        let owner = self.owner(partition).filter(|owner| owner.ready)?;
        let node = self.nodes.get(&owner.node).filter(|node| node.run == owner.run)?;
        Some((&owner.node, &node.url))
    }

    /// Whether `name` takes nothing, though it is there.
    pub fn is_draining(&self, name: &str) -> bool {
        self.drains.contains(name) || self.nodes.get(name).is_some_and(|node| node.leaving)
    }
}

/// A value of another form, which only a later program can have written, is somebody's, too.
fn owner(value: &[u8], revision: u64) -> Owner {
    let nobody = || PartValue { node: String::new(), run: Uuid::nil(), epoch: None, ready: false };
    let PartValue { node, run, epoch, ready } = read(value).unwrap_or_else(nobody);
    Owner { node: node.into(), run, epoch: epoch.unwrap_or(revision), ready }
}

fn read<'de, T: serde::Deserialize<'de>>(value: &'de [u8]) -> Option<T> {
    serde_json::from_slice(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::keys::json;

    fn node(run: u128) -> Vec<u8> {
        let (url, version) = ("http://a".to_owned(), "1".to_owned());
        json(&NodeValue { run: Uuid::from_u128(run), url, version, since: 0, leaving: false })
    }

    fn part(run: u128, epoch: Option<u64>, ready: bool) -> Vec<u8> {
        json(&PartValue { node: "a".to_owned(), run: Uuid::from_u128(run), epoch, ready })
    }

    #[test]
    fn a_partition_is_open_where_its_owner_is_ready_and_there() {
        let mut view = View::new(1);
        let own = Partition(1);
        assert!(view.fold("part.001", 5, Some(&part(1, None, false))));
        assert_eq!(view.owner(own).unwrap().epoch, 5);
        assert!(view.fold("part.001", 6, Some(&part(1, Some(5), true))));
        assert!(!view.fold("part.001", 7, Some(&part(1, Some(5), true))), "a renewal says nothing new");
        assert_eq!(view.open_at(own), None, "of the owner no address is known");
        assert!(view.fold("node.a", 8, Some(&node(2))));
        assert_eq!(view.open_at(own), None, "the name is another process's by now");
        assert!(view.fold("node.a", 9, Some(&node(1))));
        assert_eq!(view.open_at(own), Some((&"a".into(), &"http://a".into())));
        assert_eq!(view.keys(), ["node.a", "part.001"]);
        assert!(view.fold("part.001", 10, None));
        assert_eq!((view.open_at(own), view.parts[1].clone()), (None, Part::Free(10)));
    }

    #[test]
    fn nodes_drain_by_their_own_word_or_an_operator_s() {
        let mut view = View::new(1);
        assert!(view.fold("drain.a", 1, Some(b"")));
        assert!(view.is_draining("a") && !view.is_draining("b"));
        assert!(view.fold("drain.a", 2, None) && !view.is_draining("a"));
        assert!(!view.fold("part.009", 3, Some(&part(1, None, true))), "a partition that is not of this cluster");
        assert!(view.fold("part.001", 3, Some(b"x")) && view.owner(Partition(1)).is_some(), "not free, whosever it is");
        assert!(!view.fold("later", 4, Some(b"x")) && !view.fold("node.b", 5, Some(b"x")));
    }
}
