//! The built-in profile of `support-2`, as `scripts/fit-support` writes it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::pack::builtin_packs;
use crate::domain::message::LanguageCode;
use crate::domain::scoring::catalogue::SUPPORT;
use crate::domain::scoring::catalogue::SignalWeight;
use crate::domain::scoring::level::Level;
use crate::domain::scoring::profile::{Profile, ScoringModel};
use crate::domain::scoring::scale::{Certainty, Scale, VerdictFit};

/// Fitted numbers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fitted {
    prior_strength: f64,
    priors: [f64; 3],
    scale: Scale,
    confidence: VerdictFit,
    signals: BTreeMap<Box<str>, FittedSignal>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FittedSignal {
    weight: f64,
    /// Parts: only their ratio counts.
    loadings: [f64; 3],
}

/// Parts as shares: only their ratio counts. What sums to 1 stays as it is written.
fn shares(parts: [f64; 3]) -> [f64; 3] {
    let sum: f64 = parts.iter().sum();
    if (sum - 1.0).abs() < 1e-9 { parts } else { parts.map(|part| part / sum) }
}

/// Without a hash.
pub fn built_in() -> Profile {
    static FITTED: LazyLock<Fitted> = LazyLock::new(|| {
        serde_json::from_str(include_str!("profile.json")).expect("the built-in profile is valid (tested)")
    });
    let fitted = &*FITTED;
    let weight = |name: &str| {
        let signal = fitted.signals.get(name).expect("the built-in profile weighs every signal (tested)");
        SignalWeight { weight: signal.weight, loadings: shares(signal.loadings) }
    };
    Profile {
        model: ScoringModel::Support2,
        name: ScoringModel::Support2.name().into(),
        hash: [0; 8],
        prior_strength: fitted.prior_strength,
        priors: fitted.priors,
        composite_weights: [1.0 / 3.0; 3],
        signals: SUPPORT.iter().map(|kind| weight(kind.name())).collect(),
        first_response_target_seconds: 300,
        reply_target_seconds: 900,
        default_language: LanguageCode::ENGLISH,
        languages: builtin_packs().iter().map(super::pack::Pack::language).collect(),
        scale: fitted.scale,
        certainty: Certainty::Verdict(fitted.confidence),
        level: Level::default(),
    }
}
