//! Tripswitch.
pub mod domain;
