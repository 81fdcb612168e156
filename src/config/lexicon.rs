//! `[scoring.lexicon.<language>]`: word lists over the built-in ones, in the form of the section's model.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::reader::Reader;
use crate::domain::message::LanguageCode;
use crate::domain::scoring::profile::ScoringModel;
use crate::domain::scoring::{support, task};

/// The word lists of either model.
#[derive(Clone, Debug, Default)]
pub struct Lexicon {
    pub task: Packs<task::lexicon::PackSource, task::lexicon::Pack>,
    pub support: Packs<support::pack::PackSource, support::pack::Pack>,
}

/// The sources of packs, by language, and the packs that were compiled from them.
#[derive(Clone, Debug)]
pub struct Packs<S, P> {
    sources: BTreeMap<Box<str>, S>,
    pub packs: Arc<[P]>,
}

impl Default for Packs<task::lexicon::PackSource, task::lexicon::Pack> {
    fn default() -> Self {
        let english = task::lexicon::PackSource::english();
        let sources = BTreeMap::from([(english.language.clone(), english.clone())]);
        Self { sources, packs: task::lexicon::builtin_packs().into() }
    }
}

impl Default for Packs<support::pack::PackSource, support::pack::Pack> {
    fn default() -> Self {
        let sources = support::pack::PackSource::builtin().iter();
        Self {
            sources: sources.map(|(language, source)| (language.as_str().into(), source.clone())).collect(),
            packs: support::pack::builtin_packs().into(),
        }
    }
}

impl Lexicon {
    /// The languages that a model has a pack for.
    pub fn languages(&self, model: ScoringModel) -> Box<[LanguageCode]> {
        match model {
            ScoringModel::Task1 => {
                self.task.packs.iter().filter_map(|pack| LanguageCode::new(pack.language())).collect()
            }
            ScoringModel::Support2 => self.support.packs.iter().map(support::pack::Pack::language).collect(),
        }
    }

    pub fn digests(&self, model: ScoringModel) -> Vec<(Box<str>, [u8; 32])> {
        match model {
            ScoringModel::Task1 => task::lexicon::digests(&self.task.packs),
            ScoringModel::Support2 => support::pack::digests(&self.support.packs),
        }
    }
}

/// Packs are compiled anew only where a list is configured, since it takes milliseconds for each.
pub fn read(reader: &mut Reader, section: &str, model: ScoringModel, base: &Lexicon, directory: &Path) -> Lexicon {
    let mut written = (BTreeMap::new(), BTreeMap::new());
    for language in reader.children(section) {
        let key = format!("{section}.{language}");
        if LanguageCode::new(&language).is_none() {
            reader.fault(&key, "a language of two or three letters is expected, as in \"en\"");
            continue;
        }
        let name: Box<str> = language.as_str().into();
        match model {
            ScoringModel::Task1 => {
                let source = read_task(reader, &key, &language, directory);
                written.0.extend(source.map(|source| (name, source)));
            }
            ScoringModel::Support2 => {
                let source = read_support(reader, &key, &language, directory);
                written.1.extend(source.map(|source| (name, source)));
            }
        }
    }
    let task_pack = |source: &_| task::lexicon::Pack::compile(source).map_err(|error| error.to_string());
    let support_pack = |source: &_| support::pack::Pack::compile(source).map_err(|error| error.to_string());
    Lexicon {
        task: lay(reader, section, &base.task, written.0, task_pack),
        support: lay(reader, section, &base.support, written.1, support_pack),
    }
}

/// Lays the configured lists over those of `base`, and compiles them.
fn lay<S: Clone + Overlay, P>(
    reader: &mut Reader,
    section: &str,
    base: &Packs<S, P>,
    written: BTreeMap<Box<str>, S>,
    compile: impl Fn(&S) -> Result<P, String>,
) -> Packs<S, P> {
    if written.is_empty() {
        return Packs { sources: base.sources.clone(), packs: Arc::clone(&base.packs) };
    }
    let mut sources = base.sources.clone();
    for (language, source) in written {
        let source = match sources.get(&language) {
            Some(below) => source.over(below),
            None => source,
        };
        sources.insert(language, source);
    }
    let mut packs = Vec::with_capacity(sources.len());
    for (language, source) in &sources {
        match compile(source) {
            Ok(pack) => packs.push(pack),
            Err(error) => reader.fault(&format!("{section}.{language}"), error),
        }
    }
    Packs { sources, packs: packs.into() }
}

/// The source of a pack, which takes from another source what it does not have.
trait Overlay {
    fn over(self, below: &Self) -> Self;
}

impl Overlay for task::lexicon::PackSource {
    fn over(self, below: &Self) -> Self {
        Self::over(self, below)
    }
}

impl Overlay for support::pack::PackSource {
    fn over(self, below: &Self) -> Self {
        Self::over(self, below)
    }
}

/// The name that serde gives a list: the one its packs use.
fn list_name(list: impl Serialize) -> String {
    serde_json::to_value(list).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

/// One `[scoring.lexicon.<language>]` of `task-1`: the content of its `file`, under the lists that stand in the
/// section itself.
fn read_task(
    reader: &mut Reader,
    section: &str,
    language: &str,
    directory: &Path,
) -> Option<task::lexicon::PackSource> {
    use task::lexicon::{List, PackSource, SentimentLexicon};
    const SENTIMENT: [(&str, Option<SentimentLexicon>); 3] =
        [("", None), ("none", Some(SentimentLexicon::None)), ("vader", Some(SentimentLexicon::Vader))];
    let mut source = PackSource { language: language.into(), ..PackSource::default() };
    let sentiment = format!("{section}.sentiment");
    if reader.is_written(&sentiment) {
        source.sentiment = reader.choice(&sentiment, &SENTIMENT[1..], 0);
    }
    source.stopwords = reader.optional_texts(&format!("{section}.stopwords"));
    for list in List::ALL {
        if let Some(patterns) = reader.optional_texts(&format!("{section}.lists.{}", list_name(list))) {
            source.lists.insert(list, patterns);
        }
    }
    below(reader, section, source, directory, |text| serde_json::from_str(text).map_err(|error| error.to_string()))
}

/// One `[scoring.lexicon.<language>]` of `support-2`.
fn read_support(
    reader: &mut Reader,
    section: &str,
    language: &str,
    directory: &Path,
) -> Option<support::pack::PackSource> {
    use support::pack::{List, PackSource};
    let key = |name: &str| format!("{section}.{name}");
    let mut source = PackSource {
        language: language.into(),
        ignore_accents: reader.optional_flag(&key("ignore_accents")),
        capital_nouns: reader.optional_flag(&key("capital_nouns")),
        late_negation: reader.optional_flag(&key("late_negation")),
        stopwords: reader.optional_texts(&key("stopwords")),
        negators: reader.optional_texts(&key("negators")),
        refusals: reader.optional_texts(&key("refusals")),
        conditionals: reader.optional_texts(&key("conditionals")),
        ..PackSource::default()
    };
    for list in List::ALL {
        if let Some(patterns) = reader.optional_texts(&key(&format!("lists.{}", list_name(list)))) {
            source.lists.insert(list, patterns);
        }
    }
    below(reader, section, source, directory, |text| toml::from_str(text).map_err(|error| error.to_string()))
}

/// `source` over the content of the section's `file`, if it names one; `None` if that cannot be read.
fn below<S: Overlay + DeserializeOwned>(
    reader: &mut Reader,
    section: &str,
    source: S,
    directory: &Path,
    parse: impl Fn(&str) -> Result<S, String>,
) -> Option<S> {
    let key = format!("{section}.file");
    let Some(file) = reader.optional_text(&key) else { return Some(source) };
    let path = directory.join(file);
    let text = std::fs::read_to_string(&path).map_err(|error| crate::files::explained(&path, error).to_string());
    match text.and_then(|text| parse(&text)) {
        Ok(below) => Some(source.over(&below)),
        Err(message) => {
            reader.fault(&key, format_args!("{}: {message}", path.display()));
            None
        }
    }
}
