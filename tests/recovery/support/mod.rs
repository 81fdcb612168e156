//! Processes, requests, and a look into the journal they leave behind.

pub mod answers;
pub mod events;
pub mod http;
pub mod journal;
#[path = "../../support/keep.rs"]
pub mod keep;
pub mod neighbour;
#[path = "../../support/output.rs"]
pub mod output;
#[cfg(feature = "faults")]
pub mod power;
pub mod process;
#[expect(dead_code, reason = "shared: others need more of it")]
#[path = "../../support/random.rs"]
pub mod random;
#[cfg(feature = "faults")]
#[expect(dead_code, reason = "shared: others need more of it")]
#[path = "../../support/smtp.rs"]
pub mod smtp;
pub mod trace;
pub mod twin;

/// A number from the environment.
pub fn from_env(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is a number, not {text:?}")),
        Err(_) => default,
    }
}
