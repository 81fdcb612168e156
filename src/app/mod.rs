//! Composition root: the only place that picks implementations.

pub mod front;
pub mod machine;
mod monitor;
pub mod offline;
pub mod offline_snapshots;
pub mod restore;
pub mod server;
pub mod start;

pub use monitor::EngineMonitor;
pub use offline::system_offline;
pub use server::{Server, ServerError};
pub use start::{AppError, DataDirectory, StartOptions, snapshots_in};
