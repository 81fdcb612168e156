//! Use cases, without HTTP.

pub mod door;
