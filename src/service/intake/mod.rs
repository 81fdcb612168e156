//! What became of what was sent to a side (R4.12): its last refusals, and events by minutes. In memory only, and
//! nothing of what the events held: codes, sentences without values, places and types.
//!
//! Only sides that something was sent to take room, and only refusals take much (some hundred bytes each): so a tenant
//! keeps those of a few sides, however many workspaces it has.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use dashmap::DashMap;

use super::Service;
use super::door::Batch;
use super::tenant_load::TenantLoad;
use crate::domain::ids::{Id, Side, WorkspaceKey};
use crate::domain::time::{MINUTE, Millis};
use crate::wire::ingest::{IngestAnswer, RejectedEvent, RejectionCode};
use crate::wire::intake::{EventRate, KeptRejection};
use crate::wire::values::Timestamp;

/// Refusals that are kept of a side.
const KEPT: usize = 100;
/// Sides of a tenant of which any are kept: those that were refused something last.
const SIDES: usize = 100;
/// Whole minutes that are told of, beside the present one.
const MINUTES: i64 = 60;

/// Of all sides.
#[derive(Debug, Default)]
pub struct Intake {
    rates: DashMap<WorkspaceKey, Rates>,
    /// By tenants; the oldest first.
    refused: DashMap<Arc<str>, HashMap<WorkspaceKey, VecDeque<KeptRejection>>>,
}

/// The minutes in which something came, oldest first.
#[derive(Debug, Default)]
struct Rates(VecDeque<EventRate>);

impl Rates {
    fn count(&mut self, now: Millis, answer: &IngestAnswer) {
        let minute = Timestamp(begin(now));
        // When the clock steps back a little, the newest minute goes on, as receipts stand still then (R2.16).
        if self.0.back().is_none_or(|last| last.minute < minute) {
            self.0.push_back(EventRate::none(minute));
            while self.0.front().is_some_and(|first| first.minute < oldest(minute)) {
                self.0.pop_front();
            }
        }
        if let Some(last) = self.0.back_mut() {
            last.accepted.0 += answer.accepted as u64;
            last.duplicates.0 += answer.duplicates as u64;
            last.rejected.0 += answer.rejected.len() as u64;
        }
    }

    /// Every minute that is told of, those without events as well.
    fn shown(&self, now: Millis) -> Vec<EventRate> {
        let present = self.0.back().map_or(begin(now), |last| last.minute.0.max(begin(now)));
        let at = |ago: i64| {
            let minute = Timestamp(present - ago * MINUTE);
            let known = self.0.iter().find(|known| known.minute == minute).copied();
            known.unwrap_or(EventRate::none(minute))
        };
        (0..=MINUTES).rev().map(at).collect()
    }

    fn is_idle(&self, now: Millis) -> bool {
        self.0.back().is_none_or(|last| last.minute < oldest(Timestamp(begin(now))))
    }
}

const fn begin(now: Millis) -> Millis {
    now - now.rem_euclid(MINUTE)
}

const fn oldest(present: Timestamp) -> Timestamp {
    Timestamp(present.0 - MINUTES * MINUTE)
}

impl Intake {
    fn count(&self, key: WorkspaceKey, now: Millis, answer: &IngestAnswer) {
        self.rates.entry(key).or_default().count(now, answer);
    }

    /// Keeps refusals of one request, no more than [`KEPT`].
    fn keep(&self, tenant: &Arc<str>, key: WorkspaceKey, refused: Vec<KeptRejection>) {
        let mut sides = self.refused.entry(Arc::clone(tenant)).or_default();
        if sides.len() >= SIDES && !sides.contains_key(&key) {
            let last = |(_, kept): &(&WorkspaceKey, &VecDeque<KeptRejection>)| kept.back().map(|refused| refused.at);
            if let Some(longest_ago) = sides.iter().min_by_key(last).map(|(key, _)| *key) {
                sides.remove(&longest_ago);
            }
        }
        let kept = sides.entry(key).or_default();
        kept.extend(refused);
        kept.drain(..kept.len().saturating_sub(KEPT));
    }

    /// The newest first.
    fn rejections(&self, tenant: &str, key: WorkspaceKey) -> Vec<KeptRejection> {
        let sides = self.refused.get(tenant);
        let kept = sides.as_ref().and_then(|sides| sides.get(&key));
        kept.into_iter().flatten().rev().cloned().collect()
    }

    fn rates(&self, key: WorkspaceKey, now: Millis) -> Vec<EventRate> {
        self.rates.get(&key).map_or_else(|| Rates::default().shown(now), |rates| rates.shown(now))
    }

    /// Forgets both sides of a workspace that is gone.
    pub fn forget_workspace(&self, id: Id) {
        for side in [Side::Live, Side::Test] {
            self.rates.remove(&WorkspaceKey { id, side });
        }
        self.forget_refusals(|known| known != id);
    }

    /// Forgets rates that nothing is told of any more, and workspaces that are gone, what came while they went as well.
    pub fn forget_idle(&self, now: Millis, exists: impl Fn(Id) -> bool) {
        self.rates.retain(|key, rates| exists(key.id) && !rates.is_idle(now));
        self.forget_refusals(exists);
    }

    fn forget_refusals(&self, stays: impl Fn(Id) -> bool) {
        self.refused.retain(|_, sides| {
            sides.retain(|key, _| stays(key.id));
            !sides.is_empty()
        });
    }
}

/// As the answer had it, but for what quotes a value.
fn sentence(rejected: &RejectedEvent) -> Box<str> {
    match rejected.code {
        RejectionCode::AccountMismatch => rejected.code.meaning().into(),
        RejectionCode::Malformed
        | RejectionCode::UnsupportedSpecversion
        | RejectionCode::MissingField
        | RejectionCode::InvalidField
        | RejectionCode::UnknownType
        | RejectionCode::UnknownField
        | RejectionCode::TimeInFuture
        | RejectionCode::TooOld
        | RejectionCode::IdReused
        | RejectionCode::InternalError => rejected.error.as_str().into(),
    }
}

impl Service {
    /// Notes what became of the events of a request.
    pub(super) fn note_events(
        &self,
        load: &TenantLoad,
        key: WorkspaceKey,
        request_id: &Arc<str>,
        batch: &Batch,
        answer: &IngestAnswer,
    ) {
        let now = self.now();
        self.intake.count(key, now, answer);
        let last = &answer.rejected[answer.rejected.len().saturating_sub(KEPT)..];
        if last.is_empty() {
            return;
        }
        let kept = |rejected: &RejectedEvent| KeptRejection {
            at: Timestamp(now),
            code: rejected.code.name().into(),
            error: sentence(rejected),
            pointer: rejected.pointer.as_deref().map(Into::into),
            kind: batch.kind(rejected.index).map(Into::into),
            request_id: Arc::clone(request_id),
        };
        self.intake.keep(&load.tenant, key, last.iter().map(kept).collect());
    }

    /// Notes that a whole request was refused for what it is.
    pub fn note_refused(
        &self,
        load: &TenantLoad,
        key: WorkspaceKey,
        request_id: &Arc<str>,
        code: &'static str,
        error: &str,
    ) {
        let (at, request_id) = (Timestamp(self.now()), Arc::clone(request_id));
        let kept = KeptRejection { at, code: code.into(), error: error.into(), pointer: None, kind: None, request_id };
        self.intake.keep(&load.tenant, key, vec![kept]);
    }

    /// The last refusals of a side, newest first.
    pub fn rejections(&self, load: &TenantLoad, key: WorkspaceKey) -> Vec<KeptRejection> {
        self.intake.rejections(&load.tenant, key)
    }

    /// What became of a side's events in each minute of the last hour, and in the present one.
    pub fn event_rates(&self, key: WorkspaceKey) -> Vec<EventRate> {
        self.intake.rates(key, self.now())
    }
}

#[cfg(test)]
mod tests;
