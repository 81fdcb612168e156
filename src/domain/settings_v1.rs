//! Settings as records and snapshots had them before there were models. The layout is frozen: what an older
//! program has written is read with these types, and a state that only knows such settings has the same hash.
//!
//! The frozen types stand beside those in use as variants of their own, so that old bytes need no second decoder.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::effect::EffectsKept;
use super::scoring::catalogue::SignalWeight;
use super::scoring::profile::Profile;
use super::settings::{Model, Settings};

/// [`Settings`] as in record versions 1 and 2.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SettingsV1 {
    pub window_size: u16,
    pub window_days: u16,
    pub workspace_factor: u16,
    pub settle_days: u16,
    pub duplicate_days: u16,
    pub explanation_days: u16,
    pub retention_days: u16,
    pub max_turns: u16,
    pub secret_id: [u8; 8],
    pub profile: ProfileV1,
}

/// [`Profile`] as it was then: always one of `task-1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProfileV1 {
    pub name: Box<str>,
    pub hash: [u8; 8],
    pub prior_strength: f64,
    pub priors: [f64; 3],
    pub composite_weights: [f64; 3],
    pub signals: Vec<SignalWeight>,
    pub first_response_target_seconds: u32,
    pub reply_target_seconds: u32,
}

impl From<ProfileV1> for Profile {
    fn from(old: ProfileV1) -> Self {
        let ProfileV1 { name, hash, prior_strength, priors, composite_weights, signals, .. } = old;
        let ProfileV1 { first_response_target_seconds, reply_target_seconds, .. } = old;
        Self {
            name,
            hash,
            prior_strength,
            priors,
            composite_weights,
            signals,
            first_response_target_seconds,
            reply_target_seconds,
            ..Self::first()
        }
    }
}

impl ProfileV1 {
    /// `None` for a profile that could not be written then.
    pub fn of(profile: &Profile) -> Option<Self> {
        let first = Profile::first();
        if !profile.is_first_kind()
            || profile.default_language != first.default_language
            || profile.languages != first.languages
        {
            return None;
        }
        let Profile { name, hash, prior_strength, priors, composite_weights, signals, .. } = profile.clone();
        let Profile { first_response_target_seconds, reply_target_seconds, .. } = *profile;
        Some(Self {
            name,
            hash,
            prior_strength,
            priors,
            composite_weights,
            signals,
            first_response_target_seconds,
            reply_target_seconds,
        })
    }
}

impl From<SettingsV1> for Settings {
    fn from(old: SettingsV1) -> Self {
        let SettingsV1 { window_size, window_days, workspace_factor, settle_days, duplicate_days, .. } = old;
        let SettingsV1 { explanation_days, retention_days, max_turns, secret_id, profile, .. } = old;
        let model = Model {
            window_size,
            window_days,
            workspace_factor,
            settle_days,
            duplicate_days,
            explanation_days,
            retention_days,
            max_turns,
        };
        Self { model, secret_id, profile: profile.into(), effects: EffectsKept::default() }
    }
}

impl SettingsV1 {
    /// `None` for settings that could not be written then.
    pub fn of(settings: &Settings) -> Option<Self> {
        if settings.effects != EffectsKept::default() {
            return None;
        }
        let Model { window_size, window_days, workspace_factor, settle_days, duplicate_days, .. } = settings.model;
        let Model { explanation_days, retention_days, max_turns, .. } = settings.model;
        Some(Self {
            window_size,
            window_days,
            workspace_factor,
            settle_days,
            duplicate_days,
            explanation_days,
            retention_days,
            max_turns,
            secret_id: settings.secret_id,
            profile: ProfileV1::of(&settings.profile)?,
        })
    }
}

/// The profiles of a snapshot of that time.
pub fn profiles(old: Vec<Arc<ProfileV1>>) -> Vec<Arc<Profile>> {
    old.into_iter().map(|profile| Arc::new(Arc::unwrap_or_clone(profile).into())).collect()
}
