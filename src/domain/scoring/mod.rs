//! From signals to a score (docs/scoring.md).
//!
//! At the door, `task::text` or `support::text` turns a message into what is kept of it, as the workspace's model
//! wants it. In `apply`, [`observe()`] turns what is known of a conversation into [`Observation`]s and
//! [`estimate`](estimator::estimate) those into dimensions.
//!
//! There are two models and one estimator. A model says which signals there are and measures those that messages
//! carry (`task`, `support`); weights, scale, rating and explanation are the profile's, and what is observed without
//! messages is common to both. The profile is in the journal, so a score never depends on the program's defaults
//! (I1).

mod built_in;
pub mod catalogue;
mod digest;
pub mod estimator;
mod evidence;
pub mod level;
mod measure;
mod observation;
mod observe;
mod operational;
pub mod profile;
pub mod reader;
mod repeats;
pub mod scale;
pub mod support;
pub mod task;

pub use evidence::{Ending, Evidence, Speaker, Turn, Words};
pub use observation::{Estimate, Observation, ObservedKind};
pub use observe::{is_scorable, language, observe};
