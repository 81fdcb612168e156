//! How many requests are under way at a time, and whose turn it is: a server's places are shared by tenants, and a
//! receiver that fails or dawdles holds none that others wait for.
//!
//! Whoever has the fewest places of those that wait gets the next one. Endpoints whose last attempt failed, or took
//! long, get no more than half of all places together.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::oneshot;

/// What the last attempts say of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    Good,
    /// It failed, or took long.
    Poor,
}

/// The places of a server.
#[derive(Clone)]
pub struct Slots(Arc<Mutex<State>>);

struct State {
    free: usize,
    /// Of the free ones, how many may go to [`Health::Poor`].
    free_for_poor: usize,
    /// By tenant.
    held: HashMap<Arc<str>, usize>,
    /// In the order in which they came.
    waiting: Vec<Waiting>,
}

struct Waiting {
    tenant: Arc<str>,
    health: Health,
    granted: oneshot::Sender<Slot>,
}

/// A place, until it is dropped.
pub struct Slot {
    slots: Slots,
    tenant: Arc<str>,
    health: Health,
}

impl Slots {
    /// At least two.
    pub fn new(places: usize) -> Self {
        let places = places.max(2);
        let (held, waiting) = (HashMap::new(), Vec::new());
        Self(Arc::new(Mutex::new(State { free: places, free_for_poor: places / 2, held, waiting })))
    }

    /// Waits for a place.
    pub async fn take(&self, tenant: &Arc<str>, health: Health) -> Slot {
        let (granted, grant) = oneshot::channel();
        self.0.lock().waiting.push(Waiting { tenant: Arc::clone(tenant), health, granted });
        self.grant();
        grant.await.expect("who waits is kept until it has a place")
    }

    /// Gives out what is free. A place that its taker has no use for any more comes back by being dropped, which is why
    /// nothing is locked then.
    fn grant(&self) {
        while let Some((waiting, slot)) = self.next() {
            drop(waiting.send(slot));
        }
    }

    fn next(&self) -> Option<(oneshot::Sender<Slot>, Slot)> {
        let mut state = self.0.lock();
        let state = &mut *state;
        state.waiting.retain(|waiting| !waiting.granted.is_closed());
        let poor = state.free_for_poor > 0;
        let places = state.waiting.iter().enumerate().filter(|(_, waiting)| poor || waiting.health == Health::Good);
        let held = |waiting: &Waiting| state.held.get(&waiting.tenant).copied().unwrap_or(0);
        let (at, _) = places.min_by_key(|(_, waiting)| held(waiting)).filter(|_| state.free > 0)?;
        let Waiting { tenant, health, granted } = state.waiting.remove(at);
        state.free -= 1;
        state.free_for_poor -= usize::from(health == Health::Poor);
        *state.held.entry(Arc::clone(&tenant)).or_default() += 1;
        Some((granted, Slot { slots: self.clone(), tenant, health }))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        {
            let mut state = self.slots.0.lock();
            state.free += 1;
            state.free_for_poor += usize::from(self.health == Health::Poor);
            if let Some(held) = state.held.get_mut(&self.tenant) {
                *held -= 1;
                if *held == 0 {
                    state.held.remove(&self.tenant);
                }
            }
        }
        self.slots.grant();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;
    use futures::future::BoxFuture;

    /// Whoever asks, in turn, with what it gets.
    fn ask(slots: &Slots, tenant: &str, health: Health) -> BoxFuture<'static, Slot> {
        let (slots, tenant) = (slots.clone(), Arc::from(tenant));
        let mut asked = Box::pin(async move { slots.take(&tenant, health).await });
        match asked.as_mut().now_or_never() {
            Some(slot) => Box::pin(async move { slot }),
            None => asked,
        }
    }

    fn has(asked: &mut BoxFuture<'static, Slot>) -> Option<Slot> {
        asked.as_mut().now_or_never()
    }

    #[test]
    fn r8_3_whoever_has_the_fewest_places_gets_the_next_one() {
        let slots = Slots::new(3);
        let mut of_one: Vec<_> = (0..4).map(|_| ask(&slots, "one", Health::Good)).collect();
        let mut of_two = ask(&slots, "two", Health::Good);
        let mut held: Vec<_> = of_one.iter_mut().map(has).collect();
        assert_eq!(held.iter().map(Option::is_some).collect::<Vec<_>>(), [true, true, true, false]);
        drop(held[0].take());
        assert!(has(&mut of_one[3]).is_none(), "it came first, but holds two");
        let two = has(&mut of_two);
        assert!(two.is_some());
        drop(two);
        assert!(has(&mut of_one[3]).is_some());
    }

    #[test]
    fn r8_3_failing_receivers_leave_half_of_the_places() {
        let slots = Slots::new(4);
        let mut poor: Vec<_> = (0..4).map(|n| ask(&slots, &format!("{n}"), Health::Poor)).collect();
        let held: Vec<_> = poor.iter_mut().map(has).collect();
        assert_eq!(held.iter().filter(|slot| slot.is_some()).count(), 2);
        let mut good: Vec<_> = (0..3).map(|_| ask(&slots, "good", Health::Good)).collect();
        let all: Vec<_> = good.iter_mut().map(has).collect();
        assert_eq!(all.iter().filter(|slot| slot.is_some()).count(), 2);
        drop(held);
        let held = [has(&mut poor[2]), has(&mut poor[3])];
        assert!(held.iter().all(Option::is_some) && has(&mut good[2]).is_none(), "it holds two already");
        drop(held);
        assert!(has(&mut good[2]).is_some());
    }

    #[test]
    fn a_place_whose_taker_is_gone_is_given_to_the_next() {
        let slots = Slots::new(2);
        let held = [ask(&slots, "a", Health::Good), ask(&slots, "a", Health::Good)].map(|mut asked| has(&mut asked));
        let gone = ask(&slots, "b", Health::Good);
        let mut next = ask(&slots, "c", Health::Good);
        drop(gone);
        drop(held);
        let slot = has(&mut next);
        assert!(slot.is_some());
        drop(slot);
        let state = slots.0.lock();
        assert_eq!((state.free, state.free_for_poor, state.held.len(), state.waiting.len()), (2, 1, 0, 0));
    }
}
