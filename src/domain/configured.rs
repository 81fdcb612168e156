//! What config.toml says for a workspace side, and what holds together with what its users have set (R6.9).
//!
//! Settings reach `apply` by a record alone (I1): whoever writes to a side derives them here, and writes a record first
//! where they are not those of the side's last one.

use std::sync::Arc;

use super::own_settings::OwnSettings;
use super::scoring::catalogue::{SignalWeight, shares};
use super::scoring::profile::{Profile, ScoringModel};
use super::scoring::reader::MessageReader;
use super::settings::{Model, Settings};

/// What config.toml says for a workspace side.
#[derive(Clone, Debug)]
pub struct Configured {
    /// Of a side whose users have set nothing of it; shared by all such sides.
    plain: Arc<Effective>,
    /// In the order of [`ScoringModel::ALL`].
    models: [ModelScoring; 2],
}

/// How conversations are scored with a model where config.toml has the last word.
#[derive(Clone, Debug)]
pub struct ModelScoring {
    pub profile: Profile,
    /// The languages of the word lists, with a digest of each: part of the profile's hash.
    pub digests: Vec<(Box<str>, [u8; 32])>,
    pub reader: MessageReader,
}

/// What holds in a side.
#[derive(Clone, Debug)]
pub struct Effective {
    pub settings: Settings,
    /// Reads messages for the model.
    pub reader: MessageReader,
    /// The model that config.toml says.
    pub configured_model: ScoringModel,
}

impl Configured {
    /// `settings` have the profile of one of `models`, which stand in the order of [`ScoringModel::ALL`].
    pub fn new(settings: Settings, models: [ModelScoring; 2]) -> Self {
        let configured_model = settings.profile.model;
        let reader = under(configured_model, &models).reader.clone();
        Self { plain: Arc::new(Effective { settings, reader, configured_model }), models }
    }

    /// Where nothing was set.
    pub fn plain(&self) -> &Arc<Effective> {
        &self.plain
    }

    /// What holds where this was set.
    pub fn with(&self, own: &OwnSettings) -> Arc<Effective> {
        let Settings { model, profile, .. } = &self.plain.settings;
        let own_model = model_with(own, *model);
        let scoring = under(own.model.unwrap_or(self.plain.configured_model), &self.models);
        let own_profile = profile_with(own, scoring);
        if own_model == *model && own_profile == *profile {
            return Arc::clone(&self.plain);
        }
        let reader = scoring.reader.with_default_language(own_profile.default_language);
        let settings = Settings { model: own_model, profile: own_profile, ..self.plain.settings.clone() };
        Arc::new(Effective { settings, reader, configured_model: self.plain.configured_model })
    }
}

fn under(model: ScoringModel, models: &[ModelScoring; 2]) -> &ModelScoring {
    let [support, task] = models;
    match model {
        ScoringModel::Support2 => support,
        ScoringModel::Task1 => task,
    }
}

/// A window never reaches beyond what is kept, whatever was set before less was kept.
fn model_with(own: &OwnSettings, configured: Model) -> Model {
    Model {
        window_size: own.window_conversations.unwrap_or(configured.window_size),
        window_days: own.window_days.map_or(configured.window_days, |days| days.min(configured.retention_days)),
        workspace_factor: own.workspace_factor.unwrap_or(configured.workspace_factor),
        ..configured
    }
}

/// The profile with what was set; weights of signals that the model does not have rest until it is another one.
fn profile_with(own: &OwnSettings, scoring: &ModelScoring) -> Profile {
    let mut profile = scoring.profile.clone();
    let parts = own.composite_weights.and_then(|parts| shares(parts.map(|part| part.0)));
    profile.composite_weights = parts.unwrap_or(profile.composite_weights);
    profile.default_language = own.default_language.unwrap_or(profile.default_language);
    for (kind, own) in &own.signal_weights {
        let place = profile.model.place(*kind);
        let Some(weight) = place.and_then(|place| profile.signals.get_mut(place)) else { continue };
        let loadings = own.loadings.and_then(|parts| shares(parts.map(|part| part.0)));
        *weight = SignalWeight { weight: own.weight.0, loadings: loadings.unwrap_or(weight.loadings) };
    }
    if let Some(calibrated) = own.calibration.as_deref().filter(|calibrated| calibrated.model == profile.model) {
        profile = calibrated.over(&profile);
    }
    if profile != scoring.profile {
        profile.hash = profile.computed_hash(&scoring.digests);
    }
    profile
}

#[cfg(test)]
mod tests {
    use super::super::exact::Exact;
    use super::super::message::LanguageCode;
    use super::super::own_settings::OwnWeight;
    use super::super::scoring::catalogue::SignalKind;
    use super::*;

    fn built_in(model: ScoringModel) -> ModelScoring {
        // Digests of no pack: hashes are other ones than the built-in, and all differ by what they are over.
        let mut profile = model.profile().clone();
        profile.hash = profile.computed_hash(&[]);
        ModelScoring { profile, digests: Vec::new(), reader: MessageReader::of(model) }
    }

    fn configured() -> Configured {
        let models = ScoringModel::ALL.map(built_in);
        Configured::new(Settings { profile: models[0].profile.clone(), ..Settings::default() }, models)
    }

    fn praise(weight: f64, loadings: Option<[f64; 3]>) -> OwnSettings {
        let weight = OwnWeight { weight: Exact(weight), loadings: loadings.map(|parts| parts.map(Exact)) };
        OwnSettings { signal_weights: [(SignalKind::Praise, weight)].into(), ..OwnSettings::default() }
    }

    #[test]
    fn r6_9_sides_that_set_nothing_of_it_share_what_config_toml_says() {
        let configured = configured();
        let other = OwnSettings { min_signals: Some(3), channel_breakers: Some(true), ..OwnSettings::default() };
        for own in [OwnSettings::default(), other] {
            assert!(Arc::ptr_eq(&configured.with(&own), configured.plain()));
        }
        let same = OwnSettings { window_days: Some(90), model: Some(ScoringModel::Support2), ..OwnSettings::default() };
        assert!(Arc::ptr_eq(&configured.with(&same), configured.plain()));
    }

    #[test]
    fn r6_9_what_was_set_wins_and_the_hash_is_made_anew() {
        let configured = configured();
        let own = OwnSettings {
            composite_weights: Some([2.0, 1.0, 1.0].map(Exact)),
            workspace_factor: Some(2),
            window_conversations: Some(20),
            window_days: Some(30),
            ..praise(4.0, None)
        };
        let effective = configured.with(&own);
        let (plain, holds) = (&configured.plain().settings, &effective.settings);
        let model = Model { workspace_factor: 2, window_size: 20, window_days: 30, ..plain.model };
        assert_eq!((holds.model, holds.profile.composite_weights), (model, [0.5, 0.25, 0.25]));
        let (weight, known) =
            (holds.profile.weight_of(SignalKind::Praise), plain.profile.weight_of(SignalKind::Praise));
        assert_eq!((weight.weight, weight.loadings), (4.0, known.loadings));
        assert_ne!(holds.profile.hash, plain.profile.hash);
        assert_eq!(holds.profile.hash, holds.profile.computed_hash(&[]));
        let loaded = configured.with(&praise(known.weight, Some([1.0, 1.0, 0.0]))).settings.profile.clone();
        assert_eq!(loaded.weight_of(SignalKind::Praise).loadings, [0.5, 0.5, 0.0]);
        assert!(loaded.validate().is_ok() && loaded.hash != holds.profile.hash);
    }

    #[test]
    fn r6_9_another_model_brings_its_profile_and_its_reader() {
        let configured = configured();
        let own = OwnSettings {
            model: Some(ScoringModel::Task1),
            default_language: LanguageCode::new("da"),
            ..praise(4.0, None)
        };
        let effective = configured.with(&own);
        let profile = &effective.settings.profile;
        assert_eq!((profile.model, profile.default_language.as_str()), (ScoringModel::Task1, "da"));
        assert_eq!(
            (profile.weight_of(SignalKind::Praise).weight, &*profile.name),
            (4.0, &*ScoringModel::Task1.profile().name)
        );
        let MessageReader::Task(reader) = &effective.reader else { panic!("{:?}", effective.reader) };
        assert!(!reader.analyze(Some("thanks a lot"), None, &[1; 16]).read, "short, so it is taken for Danish");
        assert_eq!(effective.configured_model, ScoringModel::Support2);
    }

    #[test]
    fn r6_9_a_window_never_reaches_beyond_what_is_kept() {
        let own = OwnSettings { window_days: Some(3_650), ..OwnSettings::default() };
        assert_eq!(configured().with(&own).settings.model.window_days, 400);
    }

    #[test]
    fn r6_9_weights_of_signals_of_another_model_rest() {
        let weight = OwnWeight { weight: Exact(9.0), loadings: None };
        let own = OwnSettings { signal_weights: [(SignalKind::Thanks, weight)].into(), ..OwnSettings::default() };
        let task = OwnSettings { model: Some(ScoringModel::Task1), ..own.clone() };
        let configured = configured();
        assert_eq!(configured.with(&task).settings.profile, built_in(ScoringModel::Task1).profile);
        assert_eq!(configured.with(&own).settings.profile.weight_of(SignalKind::Thanks).weight, 9.0);
    }
}
