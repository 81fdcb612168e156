//! Settings of a side as records and snapshots of version 5 had them, before its users could set what config.toml sets.
//! The layout is frozen, as that of [`settings_v1`](super::settings_v1) is.

use serde::{Deserialize, Serialize};

use super::audit::OwnPatched;
use super::own_settings::{OwnPatch, OwnSettings};
use super::score::Hundredths;

macro_rules! own_settings_v1 {
    ($($field:ident: $type:ty;)+) => {
        /// [`OwnSettings`] as it was then.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub struct OwnSettingsV1 {
            $(pub $field: Option<$type>,)+
        }

        impl From<OwnSettingsV1> for OwnSettings {
            fn from(OwnSettingsV1 { $($field),+ }: OwnSettingsV1) -> Self {
                Self { $($field,)+ ..Self::default() }
            }
        }

        impl OwnSettingsV1 {
            /// `None` for settings that could not be written then.
            pub fn of(own: &OwnSettings) -> Option<Self> {
                let old = Self { $($field: own.$field),+ };
                (OwnSettings::from(old.clone()) == *own).then_some(old)
            }
        }

        /// [`OwnPatch`] as it was then.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub struct OwnPatchV1 {
            $(pub $field: Option<Option<$type>>,)+
        }

        impl From<OwnPatchV1> for OwnPatch {
            fn from(OwnPatchV1 { $($field),+ }: OwnPatchV1) -> Self {
                Self { $($field,)+ ..Self::default() }
            }
        }
    };
}

own_settings_v1! {
    min_confidence: Hundredths;
    min_signals: u16;
    channel_breakers: bool;
    intent_breakers: bool;
    forgotten_after_hours: u16;
}

/// [`OwnPatched`] as it was then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnPatchedV1 {
    pub from: OwnPatchV1,
    pub to: OwnPatchV1,
}

impl From<OwnPatchedV1> for OwnPatched {
    fn from(old: OwnPatchedV1) -> Self {
        Self { from: old.from.into(), to: old.to.into() }
    }
}
