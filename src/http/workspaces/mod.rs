//! `/api/workspaces/{workspaceId}/…`.

pub mod accounts;
pub mod audit;
pub mod backtest;
pub mod breaker_history;
pub mod breakers;
pub mod calibration;
pub mod conversations;
pub mod csat_config;
pub mod erasure;
pub mod events;
pub mod follow_ups;
pub mod gate;
pub mod mail_templates;
pub mod overview;
pub mod settings;
pub mod stats;
pub mod stream;
pub mod timeseries;
pub mod webhooks;
