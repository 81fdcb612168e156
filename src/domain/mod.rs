//! The model, pure: events in, scores, health and breakers out.
//!
//! Nothing here reads a clock, draws a random number, opens a file or awaits. Whatever a function
//! needs, time and ids included, is in its arguments or in a record. `tests/architecture.rs` holds
//! the module to that.
//!
//! It uses libraries that compute (regex, whatlang, libm, blake3, siphasher, hashbrown, and bincode for the state
//! hash). None of them does input or output.

pub mod account;
pub mod audit;
pub mod breaker;
pub mod calibrated;
pub mod calibration;
mod chunks;
pub mod configured;
pub mod csat_config;
pub mod dedup;
pub mod delivery;
pub mod effect;
pub mod event;
pub mod exact;
pub mod expectation;
pub mod field;
pub mod follow_up;
pub mod health;
pub mod hex;
pub mod ids;
mod index;
pub mod life;
pub mod listing;
pub mod local;
mod log;
pub mod mail_template;
pub mod message;
pub mod own_settings;
pub mod own_settings_v1;
pub mod partition;
pub mod quantum;
pub mod rating;
pub mod reading;
pub mod record;
pub mod reply;
pub mod resource;
pub mod risk;
mod roster;
pub mod rules;
pub mod run;
pub mod score;
pub mod scoring;
pub mod settings;
pub mod settings_v1;
pub mod settings_v2;
mod sparse;
pub mod standing;
pub mod system;
pub mod system_table;
pub mod time;
pub mod timeline;
pub mod trend;
pub mod view;
pub mod workspace;
