//! `/api/admin/…` (R2.14).

mod cluster;
mod export;
mod keys;
mod snapshots;
mod status;
mod workspaces;
