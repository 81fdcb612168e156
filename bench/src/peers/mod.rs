//! Other stores at the same work.

pub mod postgres;
pub mod redis;
pub mod sqlite;
mod sqlite_writer;
