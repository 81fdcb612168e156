//! `[scoring]` and its overrides per workspace: profile, own signals, word lists.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::reader::Reader;
use crate::domain::scoring::catalogue::{MAX_WEIGHT, Profile, SignalKind, SignalWeight};
use crate::domain::scoring::task::lexicon::{List, Pack, PackSource, SentimentLexicon, builtin_packs};

/// How conversations are scored: of the server, or of one workspace.
#[derive(Clone, Debug)]
pub struct ScoringConfig {
    /// Read where a message names no language and none can be told (two or three letters).
    pub default_language: Box<str>,
    /// Its hash covers the numbers and `packs`.
    pub profile: Profile,
    /// Signals outside the catalogue that `signal.observed` may name without describing them.
    pub own_signals: BTreeMap<Box<str>, SignalWeight>,
    /// One per language, compiled.
    pub packs: Arc<[Pack]>,
    /// What `packs` were compiled from, by language.
    sources: BTreeMap<Box<str>, PackSource>,
}

impl Default for ScoringConfig {
    fn default() -> Self {
        let english = PackSource::english();
        Self {
            default_language: "en".into(),
            profile: Profile::default(),
            own_signals: BTreeMap::new(),
            packs: builtin_packs().into(),
            sources: BTreeMap::from([(english.language.clone(), english.clone())]),
        }
    }
}

/// Reads the section `prefix` (`scoring`, or `workspaces.<id>.scoring`) over `base`. Files are
/// looked for from `directory` on.
pub fn read(reader: &mut Reader, prefix: &str, base: &ScoringConfig, directory: &Path) -> ScoringConfig {
    let key = |name: &str| format!("{prefix}.{name}");
    let old = &base.profile;
    let profile = Profile {
        name: reader.text(&key("profile"), &old.name, "a name of 1 to 64 characters", |name| {
            (1..=64).contains(&name.chars().count())
        }),
        hash: [0; 8],
        prior_strength: reader.number(&key("prior_strength"), 0.01..=1_000.0, old.prior_strength),
        priors: reader.three(&key("priors"), 0.001..=0.999, old.priors),
        composite_weights: reader.parts(&key("composite_weights"), old.composite_weights),
        signals: Vec::new(),
        first_response_target_seconds: reader.integer(
            &key("first_response_target_seconds"),
            1..=604_800,
            old.first_response_target_seconds,
        ),
        reply_target_seconds: reader.integer(&key("reply_target_seconds"), 1..=604_800, old.reply_target_seconds),
    };
    let default_language = reader.text(
        &key("default_language"),
        &base.default_language,
        "a language of two or three letters, as in \"en\"",
        is_language,
    );
    let signals = SignalKind::ALL.map(|kind| {
        let weight = old.signals.get(kind as usize).copied().unwrap_or_else(|| kind.default_weight());
        read_signal(reader, &format!("{prefix}.signals.{}", kind.name()), weight)
    });
    let own_signals = read_own_signals(reader, &key("signals"), &base.own_signals);
    let (sources, packs) = read_lexicon(reader, &key("lexicon"), base, directory);
    let mut profile = Profile { signals: signals.into(), ..profile };
    profile.hash = profile.computed_hash(&packs);
    ScoringConfig { default_language, profile, own_signals, packs, sources }
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
    base: &BTreeMap<Box<str>, SignalWeight>,
) -> BTreeMap<Box<str>, SignalWeight> {
    let mut own = base.clone();
    for name in reader.children(section) {
        if SignalKind::from_name(&name).is_some() {
            continue;
        }
        let key = format!("{section}.{name}");
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

type Sources = BTreeMap<Box<str>, PackSource>;

/// The packs, compiled anew only where a list is written down: that takes milliseconds a pack.
fn read_lexicon(reader: &mut Reader, section: &str, base: &ScoringConfig, directory: &Path) -> (Sources, Arc<[Pack]>) {
    let languages = reader.children(section);
    if languages.is_empty() {
        return (base.sources.clone(), base.packs.clone());
    }
    let mut sources = base.sources.clone();
    for language in languages {
        let key = format!("{section}.{language}");
        let Some(written) = read_pack(reader, &key, &language, directory) else { continue };
        let source = match sources.get(language.as_str()) {
            Some(below) => written.over(below),
            None => written,
        };
        sources.insert(language.into(), source);
    }
    let mut packs = Vec::with_capacity(sources.len());
    for (language, source) in &sources {
        match Pack::compile(source) {
            Ok(pack) => packs.push(pack),
            Err(error) => reader.fault(&format!("{section}.{language}"), error),
        }
    }
    (sources, packs.into())
}

/// One `[scoring.lexicon.<lang>]`: what its `file` holds, under the lists that stand in the section
/// itself.
fn read_pack(reader: &mut Reader, section: &str, language: &str, directory: &Path) -> Option<PackSource> {
    const SENTIMENT: [(&str, Option<SentimentLexicon>); 3] =
        [("", None), ("none", Some(SentimentLexicon::None)), ("vader", Some(SentimentLexicon::Vader))];
    let mut source = PackSource { language: language.into(), ..PackSource::default() };
    let sentiment = format!("{section}.sentiment");
    if reader.is_written(&sentiment) {
        source.sentiment = reader.choice(&sentiment, &SENTIMENT[1..], 0);
    }
    source.stopwords = reader.optional_texts(&format!("{section}.stopwords"));
    for list in List::ALL {
        // The name that serde gives the list is the one its packs use.
        let name =
            serde_json::to_value(list).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default();
        if let Some(patterns) = reader.optional_texts(&format!("{section}.lists.{name}")) {
            source.lists.insert(list, patterns);
        }
    }
    let key = format!("{section}.file");
    let Some(file) = reader.optional_text(&key) else { return Some(source) };
    match pack_file(&directory.join(file)) {
        Ok(below) => Some(source.over(&below)),
        Err(message) => {
            reader.fault(&key, message);
            None
        }
    }
}

fn pack_file(path: &PathBuf) -> Result<PackSource, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

fn is_language(text: &str) -> bool {
    (2..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase())
}

fn is_signal_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}
