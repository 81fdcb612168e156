//! `[scoring]` and its overrides per workspace: model, profile, own signals, word lists.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::lexicon::{self, Lexicon};
use super::reader::Reader;
use crate::domain::configured::ModelScoring;
use crate::domain::message::LanguageCode;
use crate::domain::scoring::catalogue::SignalKind;
use crate::domain::scoring::catalogue::{MAX_WEIGHT, SignalWeight};
use crate::domain::scoring::level::Level;
use crate::domain::scoring::profile::{Profile, ScoringModel};
use crate::domain::scoring::reader::MessageReader;
use crate::domain::scoring::support::text::SupportReader;
use crate::domain::scoring::task::text::Analyzer;

/// How conversations are scored, on the server or in one workspace.
#[derive(Clone, Debug)]
pub struct ScoringConfig {
    /// Its hash covers the numbers and the word lists.
    pub profile: Profile,
    /// Signals outside the catalogue that `signal.observed` may name without describing them.
    pub own_signals: BTreeMap<Box<str>, SignalWeight>,
    /// The word lists of either model.
    lexicon: Lexicon,
}

impl Default for ScoringConfig {
    fn default() -> Self {
        Self {
            profile: ScoringModel::Support2.profile().clone(),
            own_signals: BTreeMap::new(),
            lexicon: Lexicon::default(),
        }
    }
}

impl ScoringConfig {
    /// What the configuration says of a model for workspaces with this scoring: the numbers that a section gives it,
    /// of this section or else of the server's, and what belongs to no model as this section has it.
    pub fn under(&self, model: ScoringModel, server: &Self) -> ModelScoring {
        let written = [self, server].into_iter().map(|scoring| &scoring.profile).find(|profile| profile.model == model);
        let Profile { composite_weights, default_language, .. } = self.profile;
        let Profile { first_response_target_seconds, reply_target_seconds, .. } = self.profile;
        let mut profile = Profile {
            composite_weights,
            default_language,
            first_response_target_seconds,
            reply_target_seconds,
            languages: self.lexicon.languages(model),
            ..written.unwrap_or_else(|| model.profile()).clone()
        };
        let digests = self.lexicon.digests(model);
        profile.hash = profile.computed_hash(&digests);
        ModelScoring { profile, digests, reader: self.message_reader(model) }
    }

    /// The reader of messages for a model.
    pub fn message_reader(&self, model: ScoringModel) -> MessageReader {
        match model {
            ScoringModel::Task1 => MessageReader::Task(Analyzer::new(
                Arc::clone(&self.lexicon.task.packs),
                self.profile.default_language.as_str(),
            )),
            ScoringModel::Support2 => {
                MessageReader::Support(SupportReader::new(Arc::clone(&self.lexicon.support.packs)))
            }
        }
    }
}

/// Reads the section `prefix` (`scoring`, or `workspaces.<id>.scoring`) over `base`. Relative files are looked for in
/// `directory`.
pub fn read(reader: &mut Reader, prefix: &str, base: &ScoringConfig, directory: &Path) -> ScoringConfig {
    let key = |name: &str| format!("{prefix}.{name}");
    let default = if is_of_before(reader, prefix) { ScoringModel::Task1 } else { base.profile.model };
    let place = ScoringModel::ALL.iter().position(|model| *model == default).unwrap_or_default();
    let model = reader.choice(&key("model"), &ScoringModel::NAMED, place);
    let old = if model == base.profile.model { &base.profile } else { model.profile() };
    let profile = Profile {
        model,
        name: reader.text(&key("profile"), &old.name, "a name of 1 to 64 characters", |name| {
            (1..=64).contains(&name.chars().count())
        }),
        hash: [0; 8],
        prior_strength: reader.number(&key("prior_strength"), 0.01..=1_000.0, old.prior_strength),
        priors: reader.three(&key("priors"), 0.001..=0.999, old.priors),
        composite_weights: reader.parts(&key("composite_weights"), base.profile.composite_weights),
        signals: Vec::new(),
        first_response_target_seconds: reader.integer(
            &key("first_response_target_seconds"),
            1..=604_800,
            base.profile.first_response_target_seconds,
        ),
        reply_target_seconds: reader.integer(
            &key("reply_target_seconds"),
            1..=604_800,
            base.profile.reply_target_seconds,
        ),
        default_language: read_default_language(reader, &key("default_language"), base.profile.default_language),
        languages: [].into(),
        scale: old.scale,
        certainty: old.certainty.clone(),
        level: read_level(reader, &key("level"), old.level),
    };
    let signals = model.catalogue().iter().map(|kind| {
        let weight = old.weight_of(*kind);
        if kind.is_marker() { weight } else { read_signal(reader, &key(&format!("signals.{}", kind.name())), weight) }
    });
    let signals = signals.collect();
    let own_signals = read_own_signals(reader, &key("signals"), model, &base.own_signals);
    let lexicon = lexicon::read(reader, &key("lexicon"), model, &base.lexicon, directory);
    let languages = lexicon.languages(model);
    let mut profile = Profile { signals, languages, ..profile };
    profile.hash = profile.computed_hash(&lexicon.digests(model));
    ScoringConfig { profile, own_signals, lexicon }
}

/// Whether the section was written when there was one model only: it names that one's profile or sets priors, or has
/// lists that only it has. Read for another model, its numbers would mean something else.
fn is_of_before(reader: &mut Reader, prefix: &str) -> bool {
    const PROFILE: &str = "support-en-1";
    const LISTS: [&str; 7] =
        ["gratitude", "correction", "rejection", "acceptance", "apology", "failure", "confirmation"];
    let has_its_profile = reader.written_text(&format!("{prefix}.profile")) == Some(PROFILE);
    let has_priors = reader.is_written(&format!("{prefix}.priors"));
    let languages = reader.children(&format!("{prefix}.lexicon"));
    let has_its_lists = |language: &String| {
        let section = format!("{prefix}.lexicon.{language}");
        reader.is_written(&format!("{section}.sentiment"))
            || LISTS.iter().any(|list| reader.is_written(&format!("{section}.lists.{list}")))
    };
    !reader.is_written(&format!("{prefix}.model"))
        && (has_its_profile || has_priors || languages.iter().any(has_its_lists))
}

fn read_default_language(reader: &mut Reader, key: &str, default: LanguageCode) -> LanguageCode {
    let expected = "a language of two or three letters, as in \"en\"";
    let text = reader.text(key, default.as_str(), expected, |text| LanguageCode::new(text).is_some());
    LanguageCode::new(&text).unwrap_or(default)
}

fn read_level(reader: &mut Reader, section: &str, default: Level) -> Level {
    let [shift, spread, center] = Level::BOUNDS;
    Level {
        shift: reader.number(&format!("{section}.shift"), shift, default.shift),
        spread: reader.number(&format!("{section}.spread"), spread, default.spread),
        center: reader.number(&format!("{section}.center"), center, default.center),
    }
}

fn read_signal(reader: &mut Reader, section: &str, default: SignalWeight) -> SignalWeight {
    SignalWeight {
        weight: reader.number(&format!("{section}.weight"), 0.0..=MAX_WEIGHT, default.weight),
        loadings: reader.parts(&format!("{section}.loadings"), default.loadings),
    }
}

fn read_own_signals(
    reader: &mut Reader,
    section: &str,
    model: ScoringModel,
    base: &BTreeMap<Box<str>, SignalWeight>,
) -> BTreeMap<Box<str>, SignalWeight> {
    let mut own = base.clone();
    for name in reader.children(section) {
        let key = format!("{section}.{name}");
        if let Some(kind) = SignalKind::from_name(&name) {
            if model.place(kind).is_none() {
                reader.fault(&key, format_args!("{} has no signal of this name; another model has", model.name()));
            }
            continue;
        }
        if !is_signal_name(&name) {
            reader.fault(&key, "a signal's name has 1 to 64 characters of a-z, 0-9 and _");
        }
        if !base.contains_key(name.as_str()) {
            for part in ["weight", "loadings"].map(|part| format!("{key}.{part}")) {
                if !reader.is_written(&part) {
                    reader.fault(&key, format_args!("a signal of your own needs {part}"));
                }
            }
        }
        let inherited = base.get(name.as_str()).copied();
        let weight =
            read_signal(reader, &key, inherited.unwrap_or(SignalWeight { weight: 1.0, loadings: [1.0 / 3.0; 3] }));
        own.insert(name.into(), weight);
    }
    own
}

fn is_signal_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}
