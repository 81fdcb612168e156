//! `/api/admin/…` (R2.14).

mod keys;
mod workspaces;
