//! Claims and gives back, as the plan has it, a few at a time.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::background::Stop;
use crate::cluster::member::Shared;
use crate::cluster::plan::{Holder, plan};
use crate::cluster::tenure::{End, tenure};
use crate::cluster::view::{Part, View};
use crate::domain::partition::Partition;

/// How many partitions beside the system's are taken at a time: each reads what its log has. The rest is left to others
/// meanwhile.
const TAKEN: usize = 4;
/// How many are given back at a time by a node that gives everything back.
const LEFT: usize = 4;
/// How many are given back at a time by a node that has more than its share.
const SPARED: usize = 1;
/// For how long a partition is left to others that could not be served here.
const SHUNNED: Duration = Duration::from_secs(5);

/// Deals until the stop, and then until everything is given back.
pub(super) async fn deal(shared: &Arc<Shared>, stop: &Stop) {
    let mut dealer =
        Dealer { shared, tenures: BTreeMap::new(), running: JoinSet::new(), shunned: HashMap::new(), leaving: false };
    let mut changes = shared.changes.subscribe();
    loop {
        if dealer.leaving && dealer.tenures.is_empty() {
            return;
        }
        dealer.round();
        tokio::select! {
            Some(Ok((partition, end))) = dealer.running.join_next() => dealer.ended(partition, end),
            Ok(()) = changes.changed() => {}
            () = stop.cancelled(), if !dealer.leaving => {
                dealer.leaving = true;
                shared.leave();
            }
            () = sleep(shared.terms.pace()) => {}
        }
    }
}

struct Dealer<'a> {
    shared: &'a Arc<Shared>,
    /// What is claimed, taken or served here, and what orders it back.
    tenures: BTreeMap<Partition, Stop>,
    running: JoinSet<(Partition, End)>,
    /// Until when what has just failed is left to others, by [`Clock::elapsed`](crate::clock::Clock::elapsed).
    shunned: HashMap<Partition, Duration>,
    leaving: bool,
}

impl Dealer<'_> {
    fn round(&mut self) {
        let now = self.shared.terms.clock.elapsed();
        self.shunned.retain(|_, until| *until > now);
        let view = self.shared.view.load_full();
        let own = &*self.shared.node;
        let nodes = view.nodes.keys().map(|name| (&**name, !view.is_draining(name)));
        let mut nodes: BTreeMap<_, _> = nodes.collect();
        let takes = !self.leaving && !view.is_draining(own);
        nodes.insert(own, takes);
        let holders: Vec<_> =
            (0..).zip(&view.parts).map(|(number, part)| self.holder(Partition(number), part)).collect();
        let plan = plan(own, &nodes, &holders);
        let at_a_time = if takes { SPARED } else { LEFT };
        self.release(&plan.release, at_a_time);
        if view.complete && self.shared.is_there() {
            self.claim(&plan.claim, &view);
        }
    }

    fn holder<'a>(&'a self, partition: Partition, part: &'a Part) -> Holder<'a> {
        match part {
            _ if self.tenures.contains_key(&partition) => Holder::Node(&self.shared.node),
            _ if self.shunned.contains_key(&partition) => Holder::Shunned,
            // What this process has left of an earlier tenure is nobody's, whatever the key still says.
            Part::Owned(owner) if owner.run != self.shared.terms.run => Holder::Node(&owner.node),
            Part::Owned(_) | Part::Free(_) => Holder::Free,
        }
    }

    fn release(&self, surplus: &[Partition], at_a_time: usize) {
        let under_way = self.tenures.values().filter(|order| order.is_cancelled()).count();
        let tenures = surplus.iter().filter_map(|partition| self.tenures.get(partition));
        let more = at_a_time.min(surplus.len()).saturating_sub(under_way);
        tenures.filter(|order| !order.is_cancelled()).take(more).for_each(Stop::cancel);
    }

    fn claim(&mut self, wanted: &[Partition], view: &View) {
        // The others' units wait for the system's: it waits for none of them.
        let counts = |partition: &Partition| *partition != Partition::SYSTEM;
        let is_open = |partition: &Partition| self.shared.own(*partition).is_some_and(|own| own.open);
        let taking = self.tenures.keys().filter(|partition| counts(partition) && !is_open(partition));
        let more = TAKEN.saturating_sub(taking.count());
        let system = wanted.iter().filter(|partition| !counts(partition));
        for partition in system.chain(wanted.iter().filter(|partition| counts(partition)).take(more)) {
            let order = Stop::new();
            let known = view.mark(*partition);
            self.running.spawn(tenure(self.shared.clone(), *partition, known, order.clone()));
            self.tenures.insert(*partition, order);
        }
    }

    fn ended(&mut self, partition: Partition, end: End) {
        self.tenures.remove(&partition);
        match end {
            End::Failed | End::GaveUp => {
                let until = self.shared.terms.clock.elapsed() + SHUNNED;
                self.shunned.insert(partition, until);
            }
            End::NotClaimed => {
                // Until the view shows who was quicker.
                let until = self.shared.terms.clock.elapsed() + self.shared.terms.pace();
                self.shunned.insert(partition, until);
            }
            End::Released | End::Lost => {}
        }
    }
}
