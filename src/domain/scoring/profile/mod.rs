//! The profile that weighs signals: what config's `[scoring]` sets.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::catalogue::{PLACE_IN_SUPPORT, SUPPORT, SignalKind, TASK};
use super::scale::{Certainty, Scale};
use super::{support, task};
use crate::domain::message::LanguageCode;

/// Which signals are read out of a conversation, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Model {
    /// Fitted on task dialogues (booking bots).
    #[serde(rename = "task-1")]
    Task1,
    /// Fitted on conversations of customer support.
    #[serde(rename = "support-2")]
    Support2,
}

impl Model {
    pub const ALL: [Self; 2] = [Self::Support2, Self::Task1];

    /// As configuration calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Task1 => "task-1",
            Self::Support2 => "support-2",
        }
    }

    /// Its signals, in the order in which profiles keep their weights.
    pub const fn catalogue(self) -> &'static [SignalKind] {
        match self {
            Self::Task1 => &TASK,
            Self::Support2 => &SUPPORT,
        }
    }

    /// Where a signal stands in its catalogue; `None` for one that it does not know.
    pub fn place(self, kind: SignalKind) -> Option<usize> {
        let place = match self {
            Self::Task1 => kind as usize,
            Self::Support2 => usize::from(PLACE_IN_SUPPORT[kind as usize]),
        };
        (place < self.catalogue().len()).then_some(place)
    }

    /// Its built-in profile.
    pub fn profile(self) -> &'static Profile {
        static TASK: LazyLock<Profile> = LazyLock::new(|| {
            let profile = Profile { scale: Scale::of_task(), ..Profile::first() };
            Profile { hash: profile.computed_hash(&task::lexicon::digests(task::lexicon::builtin_packs())), ..profile }
        });
        static SUPPORT: LazyLock<Profile> = LazyLock::new(|| {
            let profile = support::profile::built_in();
            Profile { hash: profile.computed_hash(&support::pack::digests(support::pack::builtin_packs())), ..profile }
        });
        match self {
            Self::Task1 => &TASK,
            Self::Support2 => &SUPPORT,
        }
    }
}

/// How a conversation's signals become its score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    pub model: Model,
    /// The model's name unless configured otherwise.
    pub name: Box<str>,
    /// BLAKE3 (first 8 bytes) over everything that can change a score, word lists included.
    pub hash: [u8; 8],
    /// K, in pseudo-counts.
    pub prior_strength: f64,
    /// m_d, 0–1.
    pub priors: [f64; 3],
    /// ω_d, summing to 1.
    pub composite_weights: [f64; 3],
    /// Weight and loadings of each signal of the model's catalogue, in its order.
    pub signals: Vec<SignalWeight>,
    /// Target of the first reply, in seconds.
    pub first_response_target_seconds: u32,
    /// Target of the later replies, in seconds.
    pub reply_target_seconds: u32,
    /// The language of conversations in which nothing speaks for any.
    pub default_language: LanguageCode,
    /// The languages that have a word pack.
    pub languages: Box<[LanguageCode]>,
    pub scale: Scale,
    pub certainty: Certainty,
}

/// w (pseudo-counts) and L_d (summing to 1) of one signal.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignalWeight {
    pub weight: f64,
    pub loadings: [f64; 3],
}

/// The largest weight a signal may have, in pseudo-counts.
pub const MAX_WEIGHT: f64 = 10.0;

/// How far three shares may miss 1 in sum.
const SUM_TOLERANCE: f64 = 1e-9;

impl SignalWeight {
    /// What is wrong with it, naming the signal; empty if nothing is.
    pub fn faults(&self, name: &str) -> Vec<String> {
        let mut faults = Vec::new();
        if !(0.0..=MAX_WEIGHT).contains(&self.weight) {
            faults.push(format!("{name}: weight must be between 0 and {MAX_WEIGHT}, not {}", self.weight));
        }
        if !is_distribution(&self.loadings) {
            faults.push(format!("{name}: loadings must lie between 0 and 1 and sum to 1, not {:?}", self.loadings));
        }
        faults
    }
}

/// Each within 0–1 and together 1 (± 1e-9). False for NaN.
fn is_distribution(shares: &[f64; 3]) -> bool {
    shares.iter().all(|share| (0.0..=1.0).contains(share)) && (shares.iter().sum::<f64>() - 1.0).abs() <= SUM_TOLERANCE
}

impl Default for Profile {
    /// What holds before the first settings record: [`first`](Self::first) with its hash.
    fn default() -> Self {
        static HASH: LazyLock<[u8; 8]> =
            LazyLock::new(|| Profile::first().computed_hash(&task::lexicon::digests(task::lexicon::builtin_packs())));
        Self { hash: *HASH, ..Self::first() }
    }
}

impl Profile {
    /// `support-en-1`, the only profile before there were models; without a hash.
    pub fn first() -> Self {
        Self {
            model: Model::Task1,
            name: "support-en-1".into(),
            hash: [0; 8],
            prior_strength: 3.0,
            priors: [0.52, 0.72, 0.39],
            composite_weights: [1.0 / 3.0; 3],
            signals: TASK.into_iter().map(SignalKind::first_weight).collect(),
            first_response_target_seconds: 300,
            reply_target_seconds: 900,
            default_language: LanguageCode::ENGLISH,
            languages: [LanguageCode::ENGLISH].into(),
            scale: Scale::FIRST,
            certainty: Certainty::Evidence,
        }
    }

    /// Weight and loadings of a kind; none where the model does not know it.
    pub fn weight_of(&self, kind: SignalKind) -> SignalWeight {
        let known = self.model.place(kind).and_then(|place| self.signals.get(place));
        known.copied().unwrap_or(SignalWeight { weight: 0.0, loadings: [1.0 / 3.0; 3] })
    }

    /// First 8 bytes of BLAKE3 over the name, every number and the language packs (their languages with a digest
    /// of each), apart from [`hash`](Self::hash) itself. Equal on every machine.
    pub fn computed_hash(&self, packs: &[(Box<str>, [u8; 32])]) -> [u8; 8] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"tripswitch scoring profile 1\0");
        hash_text(&mut hasher, &self.name);
        numbers(&mut hasher, &[self.prior_strength]);
        numbers(&mut hasher, &self.priors);
        numbers(&mut hasher, &self.composite_weights);
        hasher.update(&self.first_response_target_seconds.to_le_bytes());
        hasher.update(&self.reply_target_seconds.to_le_bytes());
        hasher.update(&(self.signals.len() as u64).to_le_bytes());
        for signal in &self.signals {
            numbers(&mut hasher, &[signal.weight]);
            numbers(&mut hasher, &signal.loadings);
        }
        if !self.is_first_kind() {
            hash_text(&mut hasher, self.model.name());
            hash_text(&mut hasher, self.default_language.as_str());
            numbers(&mut hasher, &self.scale.numbers());
            numbers(&mut hasher, &self.certainty.numbers());
        }
        let mut packs = packs.to_vec();
        packs.sort_unstable();
        for (language, digest) in packs {
            hash_text(&mut hasher, &language);
            hasher.update(&digest);
        }
        let hash = *hasher.finalize().as_bytes();
        [hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7]]
    }

    /// Whether it says nothing that profiles could not say before there were models.
    pub fn is_first_kind(&self) -> bool {
        self.model == Model::Task1 && self.scale == Scale::FIRST && self.certainty == Certainty::Evidence
    }

    /// Everything that is impossible in it, one sentence each; such a profile stops the start.
    pub fn validate(&self) -> Result<(), Vec<String>> {
        let mut faults = Vec::new();
        if self.name.is_empty() {
            faults.push("name must not be empty".to_owned());
        }
        if !(self.prior_strength.is_finite() && self.prior_strength > 0.0) {
            faults.push(format!("prior_strength must be above 0, not {}", self.prior_strength));
        }
        if self.priors.iter().any(|prior| !(*prior > 0.0 && *prior < 1.0)) {
            faults.push(format!("priors must lie strictly between 0 and 1, not {:?}", self.priors));
        }
        if !is_distribution(&self.composite_weights) {
            faults.push(format!(
                "composite_weights must lie between 0 and 1 and sum to 1, not {:?}",
                self.composite_weights
            ));
        }
        if self.first_response_target_seconds == 0 || self.reply_target_seconds == 0 {
            faults.push("reply targets must be at least 1 second".to_owned());
        }
        let catalogue = self.model.catalogue();
        if self.signals.len() != catalogue.len() {
            faults.push(format!(
                "signals must have {} entries, one per signal, not {}",
                catalogue.len(),
                self.signals.len()
            ));
        }
        for (kind, signal) in catalogue.iter().zip(&self.signals) {
            faults.extend(signal.faults(kind.name()));
        }
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }
}

/// The length first, so that no two lists of texts give the same bytes.
pub(super) fn hash_text(hasher: &mut blake3::Hasher, text: &str) {
    hasher.update(&(text.len() as u64).to_le_bytes());
    hasher.update(text.as_bytes());
}

fn numbers(hasher: &mut blake3::Hasher, numbers: &[f64]) {
    for number in numbers {
        hasher.update(&number.to_bits().to_le_bytes());
    }
}

#[cfg(test)]
mod tests;
