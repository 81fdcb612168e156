//! `/api/workspaces/{workspaceId}/…`.

mod breakers;
mod csat_config;
mod events;
mod gate;
mod retention;
mod stats;
