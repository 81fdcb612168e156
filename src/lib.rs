//! Tripswitch: scores AI-support conversations while they happen, keeps the health of every
//! account in memory, and pauses the AI of an account when its conversations go bad.
//!
//! One way through, from the outside in:
//!
//! | module | what it does |
//! |---|---|
//! | [`cli`] | one file per verb |
//! | [`http`] | routes, credentials, answers; the second listener |
//! | [`cluster`] | several servers: which has which partition, and what they know of each other |
//! | [`service`] | use cases without HTTP; [`service::door`] reads events |
//! | [`wire`] | the JSON of answers and requests, one type each |
//! | [`issuer`] | tokens of the issuer: judged, with its keys |
//! | [`actors`] | one actor per workspace side and per account; the engine that everybody asks |
//! | [`cluster`] | which node of several owns which partition |
//! | [`journal`] | the durable order of everything that happened; group commit |
//! | [`snapshot`] | the whole state at one place of the journal, kept and checked |
//! | [`domain`] | pure: events in; scores, health and breakers out |
//! | [`erasures`] | the kept list of erasures, beside the journal |
//! | [`portable`] | everything as NDJSON of facts, and back |
//! | [`recovery`] | the newest good snapshot and the journal behind it, at the start; and snapshots written |
//! | [`storage`] | what a data directory is kept in |
//! | [`offline`] | use cases on a data directory that no server holds |
//! | [`app`] | the composition root |
//! | [`config`] | config.toml, environment and flags, checked; read at the start only |
//! | [`clock`], [`ids`] | the only now() and the only random ids |
//! | `files` | whom files belong to, and whose file stands in the way |
//! | `otlp` | request spans to a collector; only with the feature of that name |
//! | [`webhooks`] | effects on their way to endpoints: signed, tried again, in order |
//! | [`mail`] | follow-up mail on its way to customers, tried again where it fails |
//! | [`sealing`] | what a resource holds, hidden from whoever reads files |
//! | [`links`] | tokens of satisfaction links, made and read |
//! | [`outgoing`] | HTTP requests that the program makes itself, and which addresses they may reach |
//! | [`nats`] | the connection to the servers that a cluster keeps its journal in |
//! | [`background`] | what goes on beside the requests, until the program stops |
//! | [`measure`] | histograms for `/metrics`, filled by any module above `domain` |
//! | [`pace`] | long work gives way to short work |
//!
//! request → validated → stamped → journal → apply → effects → answer. Nothing else changes state.
//! Arrows point down only; `tests/architecture.rs` holds the modules to that. `docs/contract.md`
//! says what is promised, in numbered rules (R5.3), `ARCHITECTURE.md` how it is built, with its
//! invariants (I1 to I12).

pub mod actors;
pub mod app;
pub mod background;
pub mod cli;
pub mod clock;
pub mod cluster;
pub mod config;
pub mod domain;
pub mod erasures;
mod faults;
mod files;
pub mod http;
pub mod ids;
pub mod issuer;
pub mod journal;
pub mod links;
pub mod mail;
pub mod measure;
pub mod nats;
pub mod offline;
#[cfg(feature = "otlp")]
pub mod otlp;
pub mod outgoing;
pub mod pace;
pub mod portable;
pub mod recovery;
pub mod sealing;
pub mod service;
pub mod snapshot;
pub mod storage;
pub mod webhooks;
pub mod wire;
