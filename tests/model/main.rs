//! The model test: sections 5 to 7 of the contract, written twice. A naive model that recomputes
//! everything from lists runs beside the real domain on seeded streams of frames, and both have to
//! give the same answers after every frame.
//!
//! `TRIPSWITCH_SEED=<n>` runs one seed of every scenario; `TRIPSWITCH_CASES=<n>` runs n times as
//! many. A failure prints its seed and the shortest stream found that still fails.

mod arrivals;
mod asking;
mod audit;
mod backtests;
mod breakers;
mod broken;
mod by_hand;
mod calibrations;
mod compare;
mod coverage;
mod deliveries;
mod edges;
mod effects;
mod endpoints;
mod erasure;
mod events;
mod examples;
mod explanations;
mod health;
mod life;
mod lists;
mod mails;
mod mutants;
mod naive;
mod order;
mod overrides;
mod people;
#[expect(dead_code, reason = "shared: others need more of it")]
#[path = "../support/random.rs"]
mod random;
mod rated;
mod ratings;
mod real;
mod retention;
mod ring;
mod scenario;
mod scores;
mod shrink;
mod statistics;
mod stream;
mod streams;
mod walks;
