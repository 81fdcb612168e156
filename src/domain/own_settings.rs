//! What the users of a workspace side set over HTTP beside its configuration (R6.9). What they have not set is off.

use serde::{Deserialize, Serialize};

use super::effect::FieldChange;
use super::score::Hundredths;
use super::time::{HOUR, Millis};

/// One row for each member. The order is that of the answer and of the disk.
macro_rules! own_settings {
    ($($(#[$doc:meta])* $field:ident: $type:ty;)+) => {
        /// R6.9: what was set here; none of it at first.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct OwnSettings {
            $($(#[$doc])* pub $field: Option<$type>,)+
        }

        impl OwnSettings {
            /// These settings with the patch's in place of their own.
            #[must_use]
            pub fn patched(&self, patch: &OwnPatch) -> Self {
                Self { $($field: patch.$field.unwrap_or(self.$field)),+ }
            }

            /// The values of those members that the patch has.
            #[must_use]
            pub fn of_fields(&self, patch: &OwnPatch) -> OwnPatch {
                OwnPatch { $($field: patch.$field.map(|_| self.$field)),+ }
            }

            /// What is different in `after`, by names in JSON.
            pub fn changes(&self, after: &Self) -> Vec<FieldChange> {
                let all = [$(FieldChange::of(stringify!($field), self.$field, after.$field)),+];
                all.into_iter().flatten().collect()
            }
        }

        /// The members that a PATCH has sent, checked already; the inner none goes back to what holds without.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        pub struct OwnPatch {
            $(pub $field: Option<Option<$type>>,)+
        }
    };
}

own_settings! {
    /// Confidence that a score needs to count in a run (R7.7).
    min_confidence: Hundredths;
    /// Signals that a score needs to count in a run (R7.7).
    min_signals: u16;
    /// Channels have breakers (R7.8).
    channel_breakers: bool;
    /// Intents have breakers (R7.8).
    intent_breakers: bool;
    /// After how many hours a breaker is announced again (R7.6).
    forgotten_after_hours: u16;
}

impl OwnSettings {
    /// Whether a score counts in a run, as low or as not low (R7.7).
    pub fn counts(&self, confidence: Hundredths, signal_count: u16) -> bool {
        self.min_confidence.is_none_or(|least| confidence >= least)
            && self.min_signals.is_none_or(|least| signal_count >= least)
    }

    /// After what time a breaker is forgotten, if that is asked for (R7.6).
    pub fn forgotten_after(&self) -> Option<Millis> {
        self.forgotten_after_hours.map(|hours| Millis::from(hours) * HOUR)
    }
}
