//! Tripswitch.
pub mod clock;
pub mod domain;
pub mod ids;
pub mod journal;
pub mod service;
