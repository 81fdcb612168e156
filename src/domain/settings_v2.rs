//! Settings as records of version 3 and 4 and snapshots of version 3 and 4 had them, before the effects that are kept
//! were among them. The layout is frozen, as that of [`settings_v1`](super::settings_v1) is.

use serde::{Deserialize, Serialize};

use super::effect::EffectsKept;
use super::scoring::profile::Profile;
use super::settings::{Model, Settings};

/// [`Settings`] as it was then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SettingsV2 {
    pub model: Model,
    pub secret_id: [u8; 8],
    pub profile: Profile,
}

impl From<SettingsV2> for Settings {
    fn from(old: SettingsV2) -> Self {
        let SettingsV2 { model, secret_id, profile } = old;
        Self { model, secret_id, profile, effects: EffectsKept::default() }
    }
}

impl SettingsV2 {
    /// `None` for settings that could not be written then.
    pub fn of(settings: &Settings) -> Option<Self> {
        let Settings { model, secret_id, profile, effects } = settings;
        let is_old = *effects == EffectsKept::default();
        is_old.then(|| Self { model: *model, secret_id: *secret_id, profile: profile.clone() })
    }
}
