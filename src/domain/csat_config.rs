//! The configuration of a workspace side that its users change over HTTP (R3.7, R3.8).

use serde::{Deserialize, Serialize};

use super::field::FieldChange;
use super::score::Hundredths;

/// One row for each field, with its default. The order is that of the answer and of the disk.
macro_rules! csat_config {
    ($($field:ident: $type:ty = $default:expr;)+) => {
        /// R3.7, at its defaults until patched.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct CsatConfig {
            $(pub $field: $type,)+
        }

        impl Default for CsatConfig {
            fn default() -> Self {
                Self { $($field: $default),+ }
            }
        }

        impl CsatConfig {
            /// This configuration with the patch's fields in place of its own.
            #[must_use]
            pub fn patched(&self, patch: &CsatPatch) -> Self {
                Self { $($field: patch.$field.unwrap_or(self.$field)),+ }
            }

            /// The values of those fields that the patch has.
            #[must_use]
            pub fn of_fields(&self, patch: &CsatPatch) -> CsatPatch {
                CsatPatch { $($field: patch.$field.map(|_| self.$field)),+ }
            }

            /// What is different in `after`, by names in JSON.
            pub fn changes(&self, after: &Self) -> Vec<FieldChange> {
                let all = [$(FieldChange::of(stringify!($field), self.$field, after.$field)),+];
                all.into_iter().flatten().collect()
            }
        }

        /// The fields that a PATCH has sent, checked already. A baseline can be set to none, hence the inner options.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        pub struct CsatPatch {
            $(pub $field: Option<$type>,)+
        }

        impl CsatPatch {
            /// Without the members of which both say the same.
            #[must_use]
            pub fn unlike(mut self, other: &Self) -> Self {
                $(if self.$field == other.$field { self.$field = None; })+
                self
            }
        }
    };
}

csat_config! {
    email_inline_enabled: bool = true;
    email_followup_enabled: bool = false;
    link_expiry_days: u16 = 14;
    follow_up_delay_minutes: u16 = 60;
    threshold_resolution_failure: Hundredths = Hundredths(200);
    threshold_low_composite: Hundredths = Hundredths(300);
    circuit_breaker_count: u16 = 3;
    circuit_breaker_window_hours: u16 = 72;
    baseline_outcome: Option<Hundredths> = None;
    baseline_process: Option<Hundredths> = None;
    baseline_environment: Option<Hundredths> = None;
}

impl CsatConfig {
    /// Baselines as an array of three, in the order of [`super::score::Dimension::ALL`].
    pub fn baselines(&self) -> [Option<Hundredths>; 3] {
        [self.baseline_outcome, self.baseline_process, self.baseline_environment]
    }
}
