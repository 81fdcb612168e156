//! The configuration of a workspace side that its users change over HTTP (R3.7, R3.8).

use serde::{Deserialize, Serialize};

use super::score::Hundredths;

/// R3.7, at its defaults until patched. Field order is that of the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CsatConfig {
    pub email_inline_enabled: bool,
    pub email_followup_enabled: bool,
    pub link_expiry_days: u16,
    pub follow_up_delay_minutes: u16,
    pub threshold_resolution_failure: Hundredths,
    pub threshold_low_composite: Hundredths,
    pub circuit_breaker_count: u16,
    pub circuit_breaker_window_hours: u16,
    pub baseline_outcome: Option<Hundredths>,
    pub baseline_process: Option<Hundredths>,
    pub baseline_environment: Option<Hundredths>,
}

impl Default for CsatConfig {
    fn default() -> Self {
        Self {
            email_inline_enabled: true,
            email_followup_enabled: false,
            link_expiry_days: 14,
            follow_up_delay_minutes: 60,
            threshold_resolution_failure: Hundredths(200),
            threshold_low_composite: Hundredths(300),
            circuit_breaker_count: 3,
            circuit_breaker_window_hours: 72,
            baseline_outcome: None,
            baseline_process: None,
            baseline_environment: None,
        }
    }
}

impl CsatConfig {
    /// Baselines as an array of three, in the order of [`super::score::Dimension::ALL`].
    pub fn baselines(&self) -> [Option<Hundredths>; 3] {
        [self.baseline_outcome, self.baseline_process, self.baseline_environment]
    }

    /// This configuration with the patch's fields in place of its own.
    #[must_use]
    pub fn patched(&self, patch: &CsatPatch) -> Self {
        Self {
            email_inline_enabled: patch.email_inline_enabled.unwrap_or(self.email_inline_enabled),
            email_followup_enabled: patch.email_followup_enabled.unwrap_or(self.email_followup_enabled),
            link_expiry_days: patch.link_expiry_days.unwrap_or(self.link_expiry_days),
            follow_up_delay_minutes: patch.follow_up_delay_minutes.unwrap_or(self.follow_up_delay_minutes),
            threshold_resolution_failure: patch
                .threshold_resolution_failure
                .unwrap_or(self.threshold_resolution_failure),
            threshold_low_composite: patch.threshold_low_composite.unwrap_or(self.threshold_low_composite),
            circuit_breaker_count: patch.circuit_breaker_count.unwrap_or(self.circuit_breaker_count),
            circuit_breaker_window_hours: patch
                .circuit_breaker_window_hours
                .unwrap_or(self.circuit_breaker_window_hours),
            baseline_outcome: patch.baseline_outcome.unwrap_or(self.baseline_outcome),
            baseline_process: patch.baseline_process.unwrap_or(self.baseline_process),
            baseline_environment: patch.baseline_environment.unwrap_or(self.baseline_environment),
        }
    }

    /// The values of those fields that the patch has.
    #[must_use]
    pub fn of_fields(&self, patch: &CsatPatch) -> CsatPatch {
        CsatPatch {
            email_inline_enabled: patch.email_inline_enabled.map(|_| self.email_inline_enabled),
            email_followup_enabled: patch.email_followup_enabled.map(|_| self.email_followup_enabled),
            link_expiry_days: patch.link_expiry_days.map(|_| self.link_expiry_days),
            follow_up_delay_minutes: patch.follow_up_delay_minutes.map(|_| self.follow_up_delay_minutes),
            threshold_resolution_failure: patch.threshold_resolution_failure.map(|_| self.threshold_resolution_failure),
            threshold_low_composite: patch.threshold_low_composite.map(|_| self.threshold_low_composite),
            circuit_breaker_count: patch.circuit_breaker_count.map(|_| self.circuit_breaker_count),
            circuit_breaker_window_hours: patch.circuit_breaker_window_hours.map(|_| self.circuit_breaker_window_hours),
            baseline_outcome: patch.baseline_outcome.map(|_| self.baseline_outcome),
            baseline_process: patch.baseline_process.map(|_| self.baseline_process),
            baseline_environment: patch.baseline_environment.map(|_| self.baseline_environment),
        }
    }
}

/// The fields that a PATCH has sent, checked already. A baseline can be set to none, hence the inner options.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CsatPatch {
    pub email_inline_enabled: Option<bool>,
    pub email_followup_enabled: Option<bool>,
    pub link_expiry_days: Option<u16>,
    pub follow_up_delay_minutes: Option<u16>,
    pub threshold_resolution_failure: Option<Hundredths>,
    pub threshold_low_composite: Option<Hundredths>,
    pub circuit_breaker_count: Option<u16>,
    pub circuit_breaker_window_hours: Option<u16>,
    pub baseline_outcome: Option<Option<Hundredths>>,
    pub baseline_process: Option<Option<Hundredths>>,
    pub baseline_environment: Option<Option<Hundredths>>,
}
