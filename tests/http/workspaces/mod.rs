//! `/api/workspaces/{workspaceId}/…`.

mod audit;
mod breaker_details;
mod breaker_history;
mod breakers;
mod confidence;
mod csat_config;
mod erasure;
mod events;
mod forgotten;
mod gate;
mod labels;
mod repeats;
mod retention;
mod settings;
mod stats;
mod trips;
