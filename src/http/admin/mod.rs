//! `/api/admin/…` (R2.14).

pub mod export;
pub mod journal;
pub mod keys;
pub mod snapshots;
pub mod status;
pub mod workspaces;

use serde::Serialize;

/// R2.6's small list.
#[derive(Serialize)]
pub struct Items<T> {
    items: Vec<T>,
    total: usize,
}

impl<T> Items<T> {
    pub fn new(items: Vec<T>) -> Self {
        Self { total: items.len(), items }
    }
}

/// Characters of a name or of a tenant.
const MAX_NAME: usize = 255;
