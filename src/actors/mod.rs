//! The actors: durable frames in, answers out.
//!
//! ```text
//! Engine ─▶ journal's writer ─▶ queue of the side ─▶ WorkspaceActor ─▶ AccountActors
//!    │                              (handle)              │
//!    │◀──────────── replies, after gate and rules were published
//!    └─ questions ─▶ WorkspaceActor; an awake account is looked at where it is; the gate: from memory
//! ```
//!
//! A [`handle`] is what everybody sees of a workspace side and what outlives its actor: the queue,
//! who waits, the gate. The [`supervisor`] rebuilds what fails (I6) from a snapshot and a replay
//! of the journal behind it, which is also how everything comes back at a start.

mod account;
mod commands;
mod common;
mod counters;
mod directory;
mod duplicates;
mod engine;
mod error;
mod faults;
mod forgotten;
mod gate_news;
mod gather;
mod handle;
mod in_flight;
mod messages;
mod overview;
mod queries;
mod queue;
mod ratings;
mod rebuild;
mod retention;
mod shared;
mod snapshots;
mod status;
mod supervisor;
mod system;
mod workspace;

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::hash_at;

pub use common::Common;
pub use counters::Counts;
pub use directory::EffectsWatch;
pub use duplicates::MemoryShare;
pub use engine::{Engine, EngineParts, StartError};
pub use error::EngineError;
pub use handle::Held;
#[cfg(test)]
pub(crate) use in_flight::InFlightBudget;
pub use in_flight::{Allowance, BodyPermit};
pub use overview::{JournalNow, SideSkips, WorkspacesNow};
pub use shared::{EngineOptions, SettingsSource};
pub use snapshots::{LastSnapshot, Purge, SnapshotRules, SnapshotStatus, TakeError};
pub use status::{JournalState, Phase, Readiness, Stats};
pub use system::{FollowedSystem, SystemSource};
