//! HTTP: routes, credentials and answers. What is asked is decided in `service`.
//!
//! `router` names every URL; `workspaces`, `conversations`, `accounts`, `admin`, `me` and `sign_in` mirror them. `openapi` makes
//! the document of them and of the types of `wire`, `docs` is the page that shows it, `dashboard` the one at `/`, both out
//! of `assets`; `satisfaction` has the pages for customers.
//! `monitor` is the second listener. `server` accepts connections, `connection` serves each, `framing` refuses
//! requests that can be read in two ways, `web` tells browsers what they may. `envelope` wraps each request
//! (failures in R2.7's form, panics, unread bodies), `request_id` names it, `request_log` has its span and its line,
//! `trace_context` its caller's trace. `call`, `params`, `payload`, `paging` and `cursor` read requests; `answer`,
//! `listing`, `weight` and `etag` make answers, `answer_room` hands large ones over; `front` finds the node of a cluster
//! that a request is for; `error` is the one place that knows the status codes of failures.

pub mod accounts;
pub mod admin;
pub mod answer;
pub mod answer_room;
pub mod assets;
pub mod auth;
pub mod call;
pub mod connection;
pub mod conversations;
pub mod cursor;
pub mod dashboard;
pub mod docs;
pub mod envelope;
pub mod error;
pub mod etag;
pub mod framing;
pub mod front;
pub mod listing;
pub mod me;
pub mod monitor;
pub mod openapi;
pub mod paging;
pub mod params;
pub mod payload;
pub mod request_id;
pub mod request_log;
pub mod router;
pub mod satisfaction;
pub mod server;
pub mod sign_in;
pub mod trace_context;
pub mod unread;
pub mod web;
pub mod weight;
pub mod workspaces;

use std::sync::Arc;
use std::time::Duration;

use crate::background::Stop;
use crate::ids::Ids;
use crate::service::Service;

pub use axum::Router;
pub use connection::{Tls, TlsError, Wire};
pub use monitor::Meter;
pub use payload::Pace;
pub use router::{behind_front, fronted, router, router_of, routes};
pub use server::serve;
pub use web::{SignIn, Web};
pub use workspaces::stream::Streams;

/// Limits of requests.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of an ingest body, before and after decompression (R4.1).
    pub events_body: usize,
    /// Bytes of any other body.
    pub body: usize,
    /// From the end of the headers to the end of the body.
    pub body_timeout: Duration,
    /// How fast a body has to come meanwhile.
    pub pace: Pace,
    /// From the first byte of the headers, or the last answer if that came later, to their end.
    pub header_timeout: Duration,
    /// How long a connection stays open without a word from its client; whole seconds, as answers say it.
    pub idle_timeout: Duration,
    /// How long answers under way may take once the server is to stop.
    pub shutdown_grace: Duration,
    /// Open connections.
    pub connections: usize,
    /// Open connections from one address, or one IPv6 network of /64.
    pub connections_per_address: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            events_body: 4 << 20,
            body: 1 << 20,
            body_timeout: Duration::from_secs(30),
            pace: Pace { least: 20 << 10, span: Duration::from_secs(5) },
            header_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(75),
            shutdown_grace: Duration::from_secs(8),
            connections: 10_000,
            connections_per_address: 1_024,
        }
    }
}

/// The state that every handler gets.
#[derive(Clone)]
pub struct App {
    pub service: Arc<Service>,
    pub ids: Arc<dyn Ids>,
    pub limits: Limits,
    pub meter: Arc<Meter>,
    pub web: Web,
    pub streams: Streams,
    /// Answers that are held are given at the stop, and streams end.
    pub stop: Stop,
}
