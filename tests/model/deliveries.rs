//! R8.3: endpoints, how far they have come, and what is still needed for them.

use std::collections::{BTreeMap, VecDeque};

use tripswitch::domain::delivery::{Attempt, DeliveryNotes, Done, Outcome, Progress};
use tripswitch::domain::effect::{EffectId, EffectTypes};
use tripswitch::domain::ids::{Id, Position};
use tripswitch::domain::record::Frame;
use tripswitch::domain::reply::CommandRefusal;
use tripswitch::domain::resource::{Resource, ResourceChange, ResourceRecord};
use tripswitch::domain::time::Millis;

use crate::broken::Broken;
use crate::effects::Happening;
use crate::naive::Naive;

/// Who wants effects, or wanted some.
#[derive(Clone, Debug)]
pub struct Endpoint {
    pub id: Id,
    pub wants: EffectTypes,
    pub progress: Progress,
}

impl Endpoint {
    fn is_due(&self, effect: &Happening) -> bool {
        self.wants.contains(effect.what.of_type())
            && (effect.id > self.progress.upto || self.progress.open.contains_key(&effect.id))
    }

    fn end(&mut self, effect: EffectId, delivered: bool, attempts: Vec<Attempt>) {
        self.progress.done.push_back(Done { effect, delivered, attempts });
        if self.progress.done.len() > 100 {
            self.progress.done.pop_front();
        }
    }
}

impl Naive {
    pub fn change_resource(&mut self, frame: &Frame, record: &ResourceRecord) -> Result<Resource, CommandRefusal> {
        let ResourceRecord { kind, id, change } = record;
        let known = self.resources.iter().position(|resource| resource.id == *id && resource.kind == *kind);
        let changed = (frame.receipt, Position::new(frame.seq, 0));
        let made = |made, body| Resource { kind: kind.clone(), id: *id, made, changed, body };
        match (known, change) {
            (Some(_), ResourceChange::Made { .. }) => Err(CommandRefusal::ResourceChanged),
            (None, ResourceChange::Made { body, most }) => {
                if self.resources.iter().filter(|resource| resource.kind == *kind).count() >= usize::from(*most) {
                    self.coverage.count("too many endpoints");
                    return Err(CommandRefusal::TooManyResources);
                }
                self.resources.push(made(frame.receipt, body.clone()));
                self.want(*id, body.wants);
                Ok(self.resources[self.resources.len() - 1].clone())
            }
            (None, _) => Err(CommandRefusal::UnknownResource),
            (Some(index), ResourceChange::Changed { body, from }) => {
                if self.resources[index].changed.1 != *from {
                    self.coverage.count("endpoint changed by another");
                    return Err(CommandRefusal::ResourceChanged);
                }
                self.resources[index] = made(self.resources[index].made, body.clone());
                self.want(*id, body.wants);
                Ok(self.resources[index].clone())
            }
            (Some(index), ResourceChange::Gone) => {
                self.endpoints.retain(|endpoint| endpoint.id != *id);
                Ok(self.resources.remove(index))
            }
        }
    }

    /// Begins at the newest effect where nothing was wanted until now; what is open is given up where nothing is wanted
    /// any more.
    pub fn want(&mut self, id: Id, wants: EffectTypes) {
        let newest = self.newest_effect();
        let (goes_on, keeps) = (self.breaks(Broken::EnabledGoesOn), self.breaks(Broken::DisabledKeepsOpen));
        let Some(endpoint) = self.endpoints.iter_mut().find(|endpoint| endpoint.id == id) else {
            let (open, done) = (BTreeMap::new(), VecDeque::new());
            let progress = Progress { upto: newest, open, done, last_delivery: None, lagging: false, turns: 0 };
            if !wants.is_empty() {
                self.endpoints.push(Endpoint { id, wants, progress });
            }
            return;
        };
        let before = std::mem::replace(&mut endpoint.wants, wants);
        endpoint.progress.turns += 1;
        if wants.is_empty() && !keeps {
            for (effect, attempts) in std::mem::take(&mut endpoint.progress.open) {
                endpoint.end(effect, false, attempts);
            }
        } else if before.is_empty() && !goes_on {
            (endpoint.progress.upto, endpoint.progress.lagging) = (newest, false);
            self.coverage.count("endpoint enabled again");
        }
    }

    fn endpoint(&mut self, id: Id) -> Option<&mut Endpoint> {
        self.endpoints.iter_mut().find(|endpoint| endpoint.id == id && !endpoint.wants.is_empty())
    }

    pub fn delivered(&mut self, notes: &DeliveryNotes) {
        let Some(endpoint) = self.endpoint(notes.endpoint) else { return self.coverage.count("notes of no endpoint") };
        for (effect, outcome) in &notes.outcomes {
            let mut attempts = endpoint.progress.open.remove(effect).unwrap_or_default();
            match outcome {
                Outcome::Open | Outcome::Abandoned(None) => {}
                Outcome::Failed(attempt) | Outcome::Delivered(attempt) | Outcome::Abandoned(Some(attempt)) => {
                    attempts.push(*attempt);
                }
            }
            let attempts = attempts.split_off(attempts.len().saturating_sub(16));
            match outcome {
                Outcome::Open | Outcome::Failed(_) => drop(endpoint.progress.open.insert(*effect, attempts)),
                Outcome::Delivered(attempt) => {
                    endpoint.progress.last_delivery = endpoint.progress.last_delivery.max(Some(attempt.at));
                    endpoint.end(*effect, true, attempts);
                }
                Outcome::Abandoned(_) => endpoint.end(*effect, false, attempts),
            }
        }
        endpoint.progress.upto = endpoint.progress.upto.max(notes.upto);
        let endpoint = endpoint.clone();
        let behind = self.lanes.iter().flat_map(|lane| &lane.kept).any(|kept| endpoint.is_due(kept));
        // It has everything again that there is.
        if endpoint.progress.lagging && endpoint.progress.open.is_empty() && !behind {
            self.coverage.count("has caught up");
            self.endpoint(notes.endpoint).expect("found above").progress.lagging = false;
        }
    }

    pub fn replay(&mut self, id: Id, since: Millis) -> Result<(), CommandRefusal> {
        let place = self.effects_since(since);
        let keeps = self.breaks(Broken::ReplayKeepsOpen);
        let endpoint = self.endpoint(id).ok_or(CommandRefusal::UnknownResource)?;
        endpoint.progress.upto = endpoint.progress.upto.min(place);
        endpoint.progress.open.retain(|effect, _| *effect <= place || keeps);
        endpoint.progress.turns += 1;
        self.coverage.count("replayed");
        Ok(())
    }

    pub fn resend(&mut self, id: Id, effect: EffectId) -> Result<(), CommandRefusal> {
        let is_kept = self.lanes.iter().flat_map(|lane| &lane.kept).any(|kept| kept.id == effect);
        let ahead = self.breaks(Broken::ResendOfWhatComes);
        let endpoint = self.endpoint(id).ok_or(CommandRefusal::UnknownResource)?;
        if !is_kept {
            return Err(CommandRefusal::EffectGone);
        }
        if effect <= endpoint.progress.upto || ahead {
            endpoint.progress.open.insert(effect, Vec::new());
        }
        endpoint.progress.turns += 1;
        self.coverage.count("sent again");
        Ok(())
    }

    /// Whether it stays although it is too old, or one too many.
    pub fn is_needed(&self, effect: &Happening) -> bool {
        let open_too = !self.breaks(Broken::OpenIsNotNeeded);
        let waits = |endpoint: &Endpoint| endpoint.is_due(effect) && (open_too || effect.id > endpoint.progress.upto);
        effect.what.of_type().is_of_breaker()
            && self.endpoints.iter().any(waits)
            && !self.breaks(Broken::NothingIsNeeded)
    }

    /// It goes before it was delivered.
    pub fn lose(&mut self, effect: &Happening) {
        for endpoint in &mut self.endpoints {
            if endpoint.is_due(effect) && !endpoint.progress.lagging {
                endpoint.progress.lagging = true;
                self.coverage.count("lags");
            }
        }
    }

    /// An import has resources, but not how far deliveries to them had come.
    pub fn begin_deliveries_anew(&mut self) {
        self.endpoints.clear();
        for Resource { id, body, .. } in self.resources.clone() {
            self.want(id, body.wants);
        }
    }
}
