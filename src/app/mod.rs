//! Composition root: the only place that picks implementations.

mod backend;
mod cluster;
pub mod front;
pub mod machine;
mod monitor;
mod node;
pub mod server;
pub mod start;

pub use cluster::{ClusterError, connection as cluster_connection, member_options as cluster_member};
pub use monitor::{EngineMonitor, Standing, Watched};
pub use server::{Server, ServerError};
pub use start::{AppError, Parts, Started, start};
