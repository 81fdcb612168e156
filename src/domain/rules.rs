//! The rules by which the state decides: settings of the server, configuration and settings of the side as one
//! immutable value.

use super::csat_config::CsatConfig;
use super::own_settings::OwnSettings;
use super::run::Scored;
use super::score::Hundredths;
use super::settings::Settings;
use super::time::{HOUR, Millis};

/// Shared with every reader; replaced, never changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules {
    pub settings: Settings,
    pub csat: CsatConfig,
    pub own: OwnSettings,
}

/// The number of an account's newest conversations that a run is looked for in (R6.3).
const RUN_HORIZON: usize = 100;

impl Rules {
    pub fn is_low(&self, composite: Hundredths) -> bool {
        composite < self.csat.threshold_low_composite
    }

    /// Whether a score counts in a run (R7.7).
    pub fn counts(&self, scored: Scored) -> bool {
        self.own.counts(scored.confidence, scored.signal_count)
    }

    /// R6.2.
    pub fn counts_as_resolved(&self, resolved: bool, composite: Hundredths) -> bool {
        resolved && composite >= self.csat.threshold_resolution_failure
    }

    pub fn breaker_window(&self) -> Millis {
        Millis::from(self.csat.circuit_breaker_window_hours) * HOUR
    }

    /// Over how many of the newest conversations a run may reach.
    pub fn run_horizon(&self, workspace: bool) -> usize {
        if workspace { RUN_HORIZON * usize::from(self.settings.model.workspace_factor) } else { RUN_HORIZON }
    }

    /// How many low ones in a row trip a breaker (R7.1, R7.2).
    pub fn run_that_trips(&self, workspace: bool) -> usize {
        let count = usize::from(self.csat.circuit_breaker_count);
        if workspace { count * usize::from(self.settings.model.workspace_factor) } else { count }
    }

    /// How many conversations an awake account keeps: its window, and those that a run is looked for in.
    pub fn kept_by_account(&self) -> usize {
        usize::from(self.settings.model.window_size).max(RUN_HORIZON)
    }
}
