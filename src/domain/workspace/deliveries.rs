//! How far each endpoint has come, and which effects are still needed for that (R8.2, R8.3).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::delivery::{Attempt, DeliveryNotes, Done, KEPT_DELIVERIES, Outcome, Progress};
use super::super::effect::{Effect, EffectId, EffectTypes};
use super::super::ids::Id;
use super::super::reply::{CommandRefusal, Reply};
use super::super::time::Millis;
use super::Workspace;

/// Tries that are kept of one delivery: more than there are unless a person asks for more.
const KEPT_ATTEMPTS: usize = 16;

/// An endpoint: what it wants, and how far it has come.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Endpoint {
    wants: EffectTypes,
    progress: Arc<Progress>,
}

/// Of all endpoints. A clone shares what is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deliveries(BTreeMap<Id, Endpoint>);

impl Deliveries {
    pub fn any(&self) -> bool {
        self.0.values().any(|endpoint| !endpoint.wants.is_empty())
    }

    pub fn progress(&self, endpoint: Id) -> Option<&Progress> {
        self.0.get(&endpoint).map(|endpoint| &*endpoint.progress)
    }

    /// All of it.
    pub fn iter(&self) -> impl Iterator<Item = (Id, &Arc<Progress>)> {
        self.0.iter().map(|(id, endpoint)| (*id, &endpoint.progress))
    }

    /// Takes in how far an endpoint had come.
    pub fn enter(&mut self, endpoint: Id, wants: EffectTypes, progress: Arc<Progress>) {
        self.0.insert(endpoint, Endpoint { wants, progress });
    }

    /// A resource wants these effects from here on. One that wanted none begins behind `newest`; one that wants none any
    /// more leaves what was open.
    pub fn want(&mut self, endpoint: Id, wants: EffectTypes, newest: EffectId) {
        match self.0.get_mut(&endpoint) {
            None if wants.is_empty() => {}
            None => {
                let progress = Progress {
                    upto: newest,
                    open: BTreeMap::new(),
                    done: Default::default(),
                    last_delivery: None,
                    lagging: false,
                    turns: 0,
                };
                self.enter(endpoint, wants, Arc::new(progress));
            }
            Some(known) => {
                let before = std::mem::replace(&mut known.wants, wants);
                let progress = Arc::make_mut(&mut known.progress);
                progress.turns += 1;
                if wants.is_empty() {
                    let open = std::mem::take(&mut progress.open);
                    open.into_iter().for_each(|(effect, attempts)| over(progress, effect, false, attempts));
                } else if before.is_empty() {
                    (progress.upto, progress.lagging) = (newest, false);
                }
            }
        }
    }

    pub fn forget(&mut self, endpoint: Id) {
        self.0.remove(&endpoint);
    }

    /// Whether it is still to be delivered to anybody.
    pub fn need(&self, effect: &Effect) -> bool {
        let kind = effect.kind.of_type();
        let is_due = |progress: &Progress| progress.upto < effect.id || progress.open.contains_key(&effect.id);
        self.0.values().any(|endpoint| endpoint.wants.contains(kind) && is_due(&endpoint.progress))
    }

    /// An effect goes that is still to be delivered.
    pub fn lose(&mut self, effect: &Effect) {
        let kind = effect.kind.of_type();
        for endpoint in self.0.values_mut().filter(|endpoint| endpoint.wants.contains(kind)) {
            let progress = &endpoint.progress;
            if !progress.lagging && (progress.upto < effect.id || progress.open.contains_key(&effect.id)) {
                Arc::make_mut(&mut endpoint.progress).lagging = true;
            }
        }
    }

    fn change(&mut self, endpoint: Id) -> Option<(EffectTypes, &mut Progress)> {
        let endpoint = self.0.get_mut(&endpoint)?;
        Some((endpoint.wants, Arc::make_mut(&mut endpoint.progress)))
    }
}

fn over(progress: &mut Progress, effect: EffectId, delivered: bool, attempts: Vec<Attempt>) {
    progress.done.push_back(Done { effect, delivered, attempts });
    while progress.done.len() > KEPT_DELIVERIES {
        progress.done.pop_front();
    }
}

impl Workspace {
    /// What a record says of deliveries. Of an endpoint that is gone it says nothing any more.
    pub(super) fn delivered(&mut self, notes: &DeliveryNotes) -> Reply {
        let Some((wants, progress)) = self.pieces.deliveries.change(notes.endpoint) else { return Reply::Done };
        if wants.is_empty() {
            return Reply::Done;
        }
        for (effect, outcome) in &notes.outcomes {
            let mut attempts = progress.open.remove(effect).unwrap_or_default();
            let attempt = match outcome {
                Outcome::Failed(attempt) | Outcome::Delivered(attempt) => Some(*attempt),
                Outcome::Abandoned(attempt) => *attempt,
                Outcome::Open => None,
            };
            attempts.extend(attempt);
            let first = attempts.len().saturating_sub(KEPT_ATTEMPTS);
            attempts.drain(..first);
            match outcome {
                Outcome::Open | Outcome::Failed(_) => {
                    progress.open.insert(*effect, attempts);
                }
                Outcome::Delivered(attempt) => {
                    progress.last_delivery = progress.last_delivery.max(Some(attempt.at));
                    over(progress, *effect, true, attempts);
                }
                Outcome::Abandoned(_) => over(progress, *effect, false, attempts),
            }
        }
        progress.upto = progress.upto.max(notes.upto);
        if progress.lagging && progress.open.is_empty() {
            let mut behind = self.pieces.ring.behind(progress.upto, wants);
            progress.lagging = behind.any(|effect| wants.contains(effect.kind.of_type()));
        }
        Reply::Done
    }

    /// Everything from `since` on is to be delivered again, as far as it is kept.
    pub(super) fn replay(&mut self, endpoint: Id, since: Millis) -> Result<(), CommandRefusal> {
        let place = self.pieces.ring.before(since);
        let (wants, progress) = self.pieces.deliveries.change(endpoint).ok_or(CommandRefusal::UnknownResource)?;
        if wants.is_empty() {
            return Err(CommandRefusal::UnknownResource);
        }
        progress.upto = progress.upto.min(place);
        progress.open.retain(|effect, _| *effect <= place);
        progress.turns += 1;
        Ok(())
    }

    /// One effect is to be delivered again, if it is kept.
    pub(super) fn resend(&mut self, endpoint: Id, effect: EffectId) -> Result<(), CommandRefusal> {
        let kept = self.pieces.ring.find(effect).map(|effect| effect.kind.of_type());
        let (wants, progress) = self.pieces.deliveries.change(endpoint).ok_or(CommandRefusal::UnknownResource)?;
        if wants.is_empty() {
            return Err(CommandRefusal::UnknownResource);
        }
        kept.ok_or(CommandRefusal::EffectGone)?;
        if effect <= progress.upto {
            progress.open.insert(effect, Vec::new());
        }
        progress.turns += 1;
        Ok(())
    }

    /// How far an endpoint has come; none for a resource that never wanted effects.
    pub fn progress(&self, endpoint: Id) -> Option<&Progress> {
        self.pieces.deliveries.progress(endpoint)
    }
}
