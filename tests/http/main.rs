//! Every URL over a real socket. The modules mirror the paths; `credentials`, `issuer`, `order`,
//! `framework` and `faults` hold what is the same for all of them.

#[path = "../support/mod.rs"]
mod support;

mod accounts;
mod admin;
mod browsers;
mod connections;
mod contract;
mod conversations;
mod credentials;
mod dashboard;
mod docs;
mod faults;
mod framework;
mod front;
mod issuer;
mod limits;
mod mails;
mod matrix;
mod me;
mod metrics;
mod monitor;
mod order;
#[cfg(feature = "otlp")]
mod otlp;
mod overrides;
mod process;
mod quotas;
#[expect(dead_code, reason = "shared: others need more of it")]
#[path = "../support/random.rs"]
mod random;
mod raw;
mod request_log;
mod revisions;
mod satisfaction;
mod shares;
mod sign_in;
mod tls;
mod walks;
mod workspaces;
