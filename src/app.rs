//! Composition root: the only place that picks implementations.

pub mod start;

pub use start::{AppError, DataDirectory, Lifecycle, StartOptions};
