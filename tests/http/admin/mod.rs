//! `/api/admin/…` (R2.14).

mod keys;
mod snapshots;
mod status;
mod workspaces;
