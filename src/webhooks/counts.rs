//! What webhooks count for `/metrics`. Labels are few and known: no endpoint, no workspace.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::domain::delivery::DeliveryFault;
use crate::domain::ids::WorkspaceKey;

/// What became of an attempt, as metrics name it.
pub const RESULTS: [&str; 9] =
    ["delivered", "status", "redirect", "name", "address", "connect", "tls", "timeout", "broken"];

const fn result(fault: Option<DeliveryFault>) -> usize {
    match fault {
        None => 0,
        Some(DeliveryFault::Status) => 1,
        Some(DeliveryFault::Redirect) => 2,
        Some(DeliveryFault::Name) => 3,
        Some(DeliveryFault::Address) => 4,
        Some(DeliveryFault::Connect) => 5,
        Some(DeliveryFault::Tls) => 6,
        Some(DeliveryFault::Timeout) => 7,
        Some(DeliveryFault::Broken) => 8,
    }
}

/// Of one side, as its courier sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SideCounts {
    /// Enabled endpoints, and those of them that are lagging.
    pub endpoints: usize,
    pub lagging: usize,
    /// Deliveries that are not over.
    pub open: usize,
}

/// Since the start of the process.
#[derive(Default)]
pub struct Counts {
    attempts: [AtomicU64; RESULTS.len()],
    abandoned: AtomicU64,
    disabled: AtomicU64,
    sides: Mutex<HashMap<WorkspaceKey, SideCounts>>,
}

/// A reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WebhookCounts {
    /// By [`RESULTS`].
    pub attempts: [u64; RESULTS.len()],
    pub abandoned: u64,
    /// Endpoints that were disabled because their receiver has answered 410.
    pub disabled: u64,
    /// Of all sides.
    pub now: SideCounts,
}

impl Counts {
    pub fn attempted(&self, fault: Option<DeliveryFault>) {
        self.attempts[result(fault)].fetch_add(1, Ordering::Relaxed);
    }

    pub fn abandoned(&self) {
        self.abandoned.fetch_add(1, Ordering::Relaxed);
    }

    pub fn disabled(&self) {
        self.disabled.fetch_add(1, Ordering::Relaxed);
    }

    /// What a side has now; nothing once its courier has ended.
    pub fn publish(&self, key: WorkspaceKey, counts: SideCounts) {
        let mut sides = self.sides.lock();
        if counts == SideCounts::default() {
            sides.remove(&key);
        } else {
            sides.insert(key, counts);
        }
    }

    pub fn read(&self) -> WebhookCounts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let mut now = SideCounts::default();
        for side in self.sides.lock().values() {
            now.endpoints += side.endpoints;
            now.lagging += side.lagging;
            now.open += side.open;
        }
        WebhookCounts {
            attempts: std::array::from_fn(|at| read(&self.attempts[at])),
            abandoned: read(&self.abandoned),
            disabled: read(&self.disabled),
            now,
        }
    }
}
