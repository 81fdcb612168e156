//! What must survive: real processes that are killed, stopped, traced and started again on the same
//! data directory (R9.1–R9.6, I1, R4.8).
//!
//! `TRIPSWITCH_KILLS` and `TRIPSWITCH_SEED` set how often the server is killed, and when.

#![expect(clippy::unwrap_used, reason = "tests and what they are made of: a panic is the verdict")]

mod checker;
mod clock;
mod clock_steps;
#[cfg(feature = "faults")]
mod controls;
mod damage;
mod disk_full;
mod faulty_disk;
mod heard;
mod kill;
mod load;
#[cfg(feature = "faults")]
mod mail;
#[cfg(feature = "faults")]
mod power_cut;
mod processes;
mod replay;
mod rot;
mod secrecy;
mod short_write;
mod slow_disk;
mod snapshot_disk;
#[cfg(feature = "faults")]
mod snapshot_panic;
mod snapshot_rot;
#[cfg(feature = "faults")]
mod snapshot_steps;
mod stop;
mod support;
mod sync_order;
#[cfg(feature = "faults")]
mod trim;
mod webhooks;
