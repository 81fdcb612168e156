//! The settings that a backtest takes instead of those of the side.

use super::super::super::csat_config::CsatPatch;
use super::super::super::own_settings::OwnPatch;
use super::super::super::rules::Rules;
use super::super::super::score::Hundredths;
use super::super::super::scoring::catalogue::{SignalKind, SignalWeight};
use super::super::super::scoring::level::Level;
use super::super::super::scoring::profile::Profile;

/// What is not set stays as it is. The inner nones go back to what holds where a side has set nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OtherSettings {
    pub threshold_low_composite: Option<Hundredths>,
    pub circuit_breaker_count: Option<u16>,
    pub circuit_breaker_window_hours: Option<u16>,
    pub workspace_factor: Option<u16>,
    pub min_confidence: Option<Option<Hundredths>>,
    pub min_signals: Option<Option<u16>>,
    pub channel_breakers: Option<Option<bool>>,
    pub intent_breakers: Option<Option<bool>>,
    /// Shares of 1.
    pub composite_weights: Option<[f64; 3]>,
    pub signals: Vec<(SignalKind, OtherWeight)>,
    /// Of a calibrated scale (R5.10).
    pub level: Option<Level>,
}

/// The weight of a signal, and how it loads on the dimensions; none: as it does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OtherWeight {
    pub weight: f64,
    pub loadings: Option<[f64; 3]>,
}

impl OtherSettings {
    /// The rules with these settings. Weights are no part of them, since scores are made before.
    pub fn over(&self, rules: &Rules) -> Rules {
        let csat = CsatPatch {
            threshold_low_composite: self.threshold_low_composite,
            circuit_breaker_count: self.circuit_breaker_count,
            circuit_breaker_window_hours: self.circuit_breaker_window_hours,
            ..CsatPatch::default()
        };
        let own = OwnPatch {
            min_confidence: self.min_confidence,
            min_signals: self.min_signals,
            channel_breakers: self.channel_breakers,
            intent_breakers: self.intent_breakers,
            ..OwnPatch::default()
        };
        let mut settings = rules.settings.clone();
        settings.model.workspace_factor = self.workspace_factor.unwrap_or(settings.model.workspace_factor);
        Rules { settings, csat: rules.csat.patched(&csat), own: rules.own.patched(&own) }
    }

    /// The profile with these weights.
    pub fn reweighed(&self, profile: &Profile) -> Profile {
        let mut profile = profile.clone();
        profile.composite_weights = self.composite_weights.unwrap_or(profile.composite_weights);
        profile.level = self.level.unwrap_or(profile.level);
        for (kind, OtherWeight { weight, loadings }) in &self.signals {
            let place = profile.model.place(*kind);
            if let Some(signal) = place.and_then(|place| profile.signals.get_mut(place)) {
                *signal = SignalWeight { weight: *weight, loadings: loadings.unwrap_or(signal.loadings) };
            }
        }
        profile
    }
}
