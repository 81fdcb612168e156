//! The last known state of every gate (R8.1): what a node answers while a partition's owner is out of reach.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::RwLock;
use serde::{Deserialize, Serialize};

use crate::domain::ids::{Id, Side, WorkspaceKey};
use crate::domain::workspace::GateState;

/// What is known of a gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LastGate {
    Known(Arc<GateState>),
    /// No breaker of the side has ever changed.
    Untouched,
    /// The gates could never be read.
    Unknown,
}

/// The states of the gates of all sides, of each the one with the highest epoch that was seen.
#[derive(Debug, Default)]
pub struct Gates {
    states: RwLock<HashMap<WorkspaceKey, Arc<GateState>>>,
    complete: AtomicBool,
}

impl Gates {
    /// Takes a state in, unless a later one is known.
    pub fn learn(&self, key: WorkspaceKey, state: GateState) {
        let mut states = self.states.write();
        if states.get(&key).is_none_or(|known| known.epoch <= state.epoch) {
            states.insert(key, Arc::new(state));
        }
    }

    /// Every state that there is was seen once.
    pub fn complete(&self) {
        self.complete.store(true, Ordering::Release);
    }

    /// The last known state of a side's gate.
    pub fn last(&self, key: WorkspaceKey) -> LastGate {
        // Read first: what is told as untouched was so when all were known.
        let complete = self.complete.load(Ordering::Acquire);
        match self.states.read().get(&key) {
            Some(state) => LastGate::Known(Arc::clone(state)),
            None if complete => LastGate::Untouched,
            None => LastGate::Unknown,
        }
    }
}

/// A gate's state as it is kept for other nodes.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    epoch: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    workspace: Option<Id>,
    /// Breakers by what they stop.
    #[serde(default, skip_serializing_if = "HashMap::is_empty")]
    accounts: HashMap<Id, Id>,
    #[serde(default, skip_serializing_if = "HashMap::is_empty")]
    channels: HashMap<Arc<str>, Id>,
    #[serde(default, skip_serializing_if = "HashMap::is_empty")]
    intents: HashMap<Arc<str>, Id>,
}

/// The name of a side among the gates, as in `0190b5c0-….live`.
pub fn name_of(key: WorkspaceKey) -> String {
    let side = match key.side {
        Side::Live => "live",
        Side::Test => "test",
    };
    format!("{}.{side}", key.id)
}

/// The side of a name.
pub fn read_name(name: &str) -> Option<WorkspaceKey> {
    let (id, side) = name.split_once('.')?;
    let side = match side {
        "live" => Side::Live,
        "test" => Side::Test,
        _ => return None,
    };
    Some(WorkspaceKey { id: uuid::Uuid::try_parse(id).ok()?.into(), side })
}

/// A state in JSON.
pub fn write(state: &GateState) -> serde_json::Result<Vec<u8>> {
    let GateState { epoch, workspace, accounts, labels: [channels, intents] } = state.clone();
    serde_json::to_vec(&Kept { epoch, workspace, accounts, channels, intents })
}

/// The state that [`write()`] has written.
pub fn read(bytes: &[u8]) -> serde_json::Result<GateState> {
    let Kept { epoch, workspace, accounts, channels, intents } = serde_json::from_slice(bytes)?;
    Ok(GateState { epoch, workspace, accounts, labels: [channels, intents] })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: WorkspaceKey = WorkspaceKey { id: Id(7), side: Side::Test };

    fn state(epoch: u64) -> GateState {
        GateState {
            epoch,
            workspace: Some(Id(1)),
            accounts: HashMap::from([(Id(2), Id(3))]),
            labels: [HashMap::from([("chat".into(), Id(4))]), HashMap::from([("refund".into(), Id(5))])],
        }
    }

    #[test]
    fn a_state_comes_back_from_what_is_kept_of_it() {
        for state in [state(9), GateState::default()] {
            assert_eq!(read(&write(&state).unwrap()).unwrap(), state);
        }
        assert_eq!(write(&GateState { epoch: 3, ..GateState::default() }).unwrap(), br#"{"epoch":3}"#);
        assert_eq!(name_of(KEY), "00000000-0000-0000-0000-000000000007.test");
        for key in [KEY, WorkspaceKey { side: Side::Live, ..KEY }] {
            assert_eq!(read_name(&name_of(key)), Some(key));
        }
        for name in ["", "x.live", "00000000-0000-0000-0000-000000000007", "00000000-0000-0000-0000-000000000007.dev"] {
            assert_eq!(read_name(name), None, "{name}");
        }
    }

    #[test]
    fn r8_1_the_latest_state_counts_and_none_is_made_up() {
        let gates = Gates::default();
        assert_eq!(gates.last(KEY), LastGate::Unknown);
        gates.learn(KEY, state(5));
        gates.learn(KEY, GateState::default());
        assert_eq!(gates.last(KEY), LastGate::Known(Arc::new(state(5))), "an older one comes late");
        gates.learn(KEY, state(6));
        assert_eq!(gates.last(KEY), LastGate::Known(Arc::new(state(6))));
        let other = WorkspaceKey { side: Side::Live, ..KEY };
        assert_eq!(gates.last(other), LastGate::Unknown);
        gates.complete();
        assert_eq!(gates.last(other), LastGate::Untouched);
    }
}
