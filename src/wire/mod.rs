//! What is said over the wire: one type for each answer and each request body, with its JSON and with what the
//! document says of it. Everything that speaks this JSON (`http`, `cli`, `portable`) uses these types, so that it is
//! spelled once.
//!
//! `values` has the single values that the others are made of. A field that is always present and may be null is an
//! `Option` marked `required`; one that is left out is skipped where it is none, and then never null. Bodies of
//! requests are read with `body`, which finds every fault at once. An object has no other fields than those named.

pub mod account;
pub mod admin;
pub mod audit;
pub mod backtest;
pub mod body;
pub mod breaker;
pub mod calibration;
pub mod cluster;
pub mod csat_config;
pub mod effect;
pub mod erasure;
pub mod events;
pub mod failure;
pub mod follow_up;
pub mod gate;
pub mod ingest;
pub mod intake;
pub mod list;
pub mod mail_template;
pub mod me;
pub mod media_type;
pub mod number;
pub mod offer;
pub mod overrides;
pub mod patch;
pub mod quality;
pub mod ratings;
pub mod revision;
pub mod risk;
pub mod rows;
pub mod satisfaction_link;
pub mod scope_key;
pub mod scoring;
pub mod settings;
pub mod sign_in;
pub mod snapshot;
pub mod statistics;
pub mod status;
pub mod stream;
pub mod values;
pub mod webhook;
