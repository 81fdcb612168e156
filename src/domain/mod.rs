//! The model, pure: events in, scores, health and breakers out.
//!
//! Nothing here reads a clock, draws a random number, opens a file or awaits. Whatever a function
//! needs, time and ids included, is in its arguments or in a record. `tests/architecture.rs` holds
//! the module to that.

pub mod csat_config;
pub mod event;
pub mod ids;
pub mod record;
pub mod reply;
pub mod score;
pub mod scoring;
pub mod settings;
pub mod system;
pub mod time;
pub mod view;
