//! What the users of a workspace side set over HTTP beside its configuration (R6.9). What they have not set is what
//! config.toml says ([`configured`](super::configured)), or off.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::calibrated::Calibrated;
use super::exact::Exact;
use super::field::{FieldChange, FieldValue};
use super::message::LanguageCode;
use super::score::Hundredths;
use super::scoring::catalogue::SignalKind;
use super::scoring::profile::ScoringModel;
use super::time::{HOUR, Millis};

/// Three parts of a whole, of which only the ratio counts: outcome, process, environment.
pub type Parts = [Exact; 3];

/// The weight of a signal, as it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnWeight {
    pub weight: Exact,
    /// None: those of config.toml.
    pub loadings: Option<Parts>,
}

/// The signals whose weights were set.
pub type OwnWeights = BTreeMap<SignalKind, OwnWeight>;
/// The signals whose weights are to change; none: back to what config.toml says.
pub type WeightsPatch = BTreeMap<SignalKind, Option<OwnWeight>>;

/// One row for each member but the weights of signals, which change one by one. The order is that of the answer and of
/// the disk.
macro_rules! own_settings {
    ($($(#[$doc:meta])* $field:ident: $type:ty;)+) => {
        /// R6.9: what was set here; none of it at first.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct OwnSettings {
            $($(#[$doc])* pub $field: Option<$type>,)+
            #[serde(default)]
            pub signal_weights: OwnWeights,
            /// A profile fitted to the workspace's own ratings (R5.10). No PATCH sets it, and it is written apart.
            #[serde(skip)]
            pub calibration: Option<Arc<Calibrated>>,
        }

        impl OwnSettings {
            /// These settings with the patch's in place of their own.
            #[must_use]
            pub fn patched(&self, patch: &OwnPatch) -> Self {
                let signal_weights = patched(&self.signal_weights, patch.signal_weights.as_ref());
                let calibration = self.calibration.clone();
                Self { $($field: patch.$field.unwrap_or(self.$field),)+ signal_weights, calibration }
            }

            /// The values of those members that the patch has.
            #[must_use]
            pub fn of_fields(&self, patch: &OwnPatch) -> OwnPatch {
                let signal_weights = patch.signal_weights.as_ref().map(|sent| self.weights_of(sent.as_ref()));
                OwnPatch { $($field: patch.$field.map(|_| self.$field),)+ signal_weights }
            }

            /// What is different in `after`, by names in JSON.
            pub fn changes(&self, after: &Self) -> Vec<FieldChange> {
                let all = [$(FieldChange::of(stringify!($field), self.$field, after.$field)),+];
                all.into_iter().flatten().chain(self.weight_changes(after)).collect()
            }
        }

        /// The members that a PATCH has sent, checked already; the inner none goes back to what holds without.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        pub struct OwnPatch {
            $(pub $field: Option<Option<$type>>,)+
            pub signal_weights: Option<Option<WeightsPatch>>,
        }

        impl OwnPatch {
            /// Without the members of which both say the same.
            #[must_use]
            pub fn unlike(mut self, other: &Self) -> Self {
                $(if self.$field == other.$field { self.$field = None; })+
                self.signal_weights = unlike(self.signal_weights, other.signal_weights.as_ref());
                self
            }
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
    model: ScoringModel;
    /// The language of conversations in which nothing speaks for any.
    default_language: LanguageCode;
    /// The parts of the dimensions in the composite.
    composite_weights: Parts;
    /// A workspace's breaker needs this many times the account's count (R7.2).
    workspace_factor: u16;
    /// Scored conversations in an account's window (R6.1).
    window_conversations: u16;
    /// Days the window reaches back (R6.1).
    window_days: u16;
}

fn patched(own: &OwnWeights, patch: Option<&Option<WeightsPatch>>) -> OwnWeights {
    let Some(patch) = patch else { return own.clone() };
    let Some(patch) = patch else { return OwnWeights::new() };
    let mut patched = own.clone();
    for (kind, weight) in patch {
        match weight {
            Some(weight) => patched.insert(*kind, *weight),
            None => patched.remove(kind),
        };
    }
    patched
}

/// What a patch of weights says that another does not.
fn unlike(weights: Option<Option<WeightsPatch>>, other: Option<&Option<WeightsPatch>>) -> Option<Option<WeightsPatch>> {
    match (weights, other) {
        (Some(Some(mut weights)), Some(Some(other))) => {
            weights.retain(|kind, weight| other.get(kind) != Some(weight));
            (!weights.is_empty()).then_some(Some(weights))
        }
        (weights, other) if weights.as_ref() == other => None,
        (weights, _) => weights,
    }
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

    /// The weights of the signals that the patch names, or of all that have one where it takes all back.
    fn weights_of(&self, sent: Option<&WeightsPatch>) -> Option<WeightsPatch> {
        let own = |kind: &SignalKind| (*kind, self.signal_weights.get(kind).copied());
        match sent {
            Some(sent) => Some(sent.keys().map(own).collect()),
            None => (!self.signal_weights.is_empty()).then(|| self.signal_weights.keys().map(own).collect()),
        }
    }

    fn weight_changes<'a>(&'a self, after: &'a Self) -> impl Iterator<Item = FieldChange> + 'a {
        let value =
            |own: &OwnWeights, kind: SignalKind| own.get(&kind).copied().map_or(FieldValue::Null, FieldValue::Weight);
        let kinds = SignalKind::ALL.into_iter();
        kinds.filter_map(move |kind| {
            let (before, after) = (value(&self.signal_weights, kind), value(&after.signal_weights, kind));
            (before != after).then(|| FieldChange {
                name: format!("signalWeights.{}", kind.name()).into(),
                before,
                after,
            })
        })
    }
}

impl OwnPatch {
    /// Bytes of the weights in it, which there may be many of.
    pub fn weight_bytes(&self) -> usize {
        let weights = self.signal_weights.iter().flatten().map(BTreeMap::len).sum::<usize>();
        weights * size_of::<(SignalKind, Option<OwnWeight>)>()
    }
}
