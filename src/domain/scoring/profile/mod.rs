//! The profile that weighs signals: what config's `[scoring]` sets.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::catalogue::{PLACE_IN_SUPPORT, SUPPORT, SignalKind, SignalWeight, TASK, is_distribution};
use super::digest::{hash_numbers, hash_text};
use super::level::Level;
use super::scale::{Certainty, Scale};
use crate::domain::message::LanguageCode;

/// Which signals are read out of a conversation, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ScoringModel {
    /// Fitted on task dialogues (booking bots).
    #[serde(rename = "task-1")]
    Task1,
    /// Fitted on conversations of customer support.
    #[serde(rename = "support-2")]
    Support2,
}

impl ScoringModel {
    pub const ALL: [Self; 2] = [Self::Support2, Self::Task1];
    /// As [`ALL`](Self::ALL), with their names.
    pub const NAMED: [(&'static str, Self); 2] =
        [(Self::Support2.name(), Self::Support2), (Self::Task1.name(), Self::Task1)];

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
}

/// How a conversation's signals become its score.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    pub model: ScoringModel,
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
    /// Of a workspace that is calibrated to its own ratings. Not part of what is written of a profile: a record and a
    /// snapshot have it beside the profile.
    #[serde(skip)]
    pub level: Level,
}

impl fmt::Debug for Profile {
    /// As derived, with the level only where there is one: records are compared by this text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Profile");
        shown
            .field("model", &self.model)
            .field("name", &self.name)
            .field("hash", &self.hash)
            .field("prior_strength", &self.prior_strength)
            .field("priors", &self.priors)
            .field("composite_weights", &self.composite_weights)
            .field("signals", &self.signals)
            .field("first_response_target_seconds", &self.first_response_target_seconds)
            .field("reply_target_seconds", &self.reply_target_seconds)
            .field("default_language", &self.default_language)
            .field("languages", &self.languages)
            .field("scale", &self.scale)
            .field("certainty", &self.certainty);
        if !self.level.is_identity() {
            shown.field("level", &self.level);
        }
        shown.finish()
    }
}

impl Profile {
    /// `support-en-1`, the only profile before there were models; without a hash.
    pub fn first() -> Self {
        Self {
            model: ScoringModel::Task1,
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
            level: Level::default(),
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
        hash_numbers(&mut hasher, &[self.prior_strength]);
        hash_numbers(&mut hasher, &self.priors);
        hash_numbers(&mut hasher, &self.composite_weights);
        hasher.update(&self.first_response_target_seconds.to_le_bytes());
        hasher.update(&self.reply_target_seconds.to_le_bytes());
        hasher.update(&(self.signals.len() as u64).to_le_bytes());
        for signal in &self.signals {
            hash_numbers(&mut hasher, &[signal.weight]);
            hash_numbers(&mut hasher, &signal.loadings);
        }
        if !self.is_first_kind() {
            hash_text(&mut hasher, self.model.name());
            hash_text(&mut hasher, self.default_language.as_str());
            hash_numbers(&mut hasher, &self.scale.numbers());
            hash_numbers(&mut hasher, &self.certainty.numbers());
        }
        if !self.level.is_identity() {
            hash_text(&mut hasher, "level");
            hash_numbers(&mut hasher, &self.level.numbers());
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
        self.model == ScoringModel::Task1
            && self.scale == Scale::FIRST
            && self.certainty == Certainty::Evidence
            && self.level.is_identity()
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
        faults.extend(self.level.faults());
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }
}

#[cfg(test)]
mod tests;
