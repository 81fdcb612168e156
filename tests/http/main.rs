//! Every URL over a real socket. The modules mirror the paths; `credentials`, `order` and
//! `framework` hold what is the same for all of them.

#[path = "../support/mod.rs"]
mod support;

mod accounts;
mod admin;
mod conversations;
mod credentials;
mod framework;
mod monitor;
mod order;
mod workspaces;
