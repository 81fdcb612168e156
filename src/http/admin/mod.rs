//! `/api/admin/…` (R2.14).

pub mod cluster;
pub mod export;
pub mod journal;
pub mod keys;
pub mod snapshots;
pub mod status;
pub mod workspaces;
