//! `/api/workspaces/{workspaceId}/…`.

mod audit;
mod breakers;
mod csat_config;
mod erasure;
mod events;
mod gate;
mod repeats;

mod retention;
mod stats;
