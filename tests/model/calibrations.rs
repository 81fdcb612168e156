//! R5.10: a profile that was fitted to a workspace's own ratings, as a person has applied it.

use tripswitch::domain::calibrated::Calibrated;
use tripswitch::domain::configured::{Configured, ModelScoring};
use tripswitch::domain::field::FieldValue;
use tripswitch::domain::ids::Position;
use tripswitch::domain::reply::CommandRefusal;
use tripswitch::domain::scoring::level::Level;
use tripswitch::domain::scoring::profile::ScoringModel;
use tripswitch::domain::scoring::reader::MessageReader;
use tripswitch::domain::settings::Settings;

use crate::broken::Broken;
use crate::compare::{Check, Compared, same};
use crate::naive::Naive;

fn name_of(calibrated: &Calibrated) -> String {
    calibrated.version.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Naive {
    pub fn calibrate(&mut self, at: Position, actor: &str, to: Option<&Calibrated>) -> Result<(), CommandRefusal> {
        let before = self.own.calibration.clone();
        if before.is_none() && to.is_none() {
            self.coverage.count("nothing to take back");
            return Err(CommandRefusal::NotCalibrated);
        }
        self.coverage.count(match (before.as_deref(), to) {
            (Some(before), Some(to)) if before == to => "calibrated the same again",
            (_, Some(_)) => "calibrated",
            (_, None) => "calibration taken back",
        });
        let value = |of: Option<&Calibrated>| of.map_or(FieldValue::Null, |of| FieldValue::Text(name_of(of).into()));
        let field = |of: Option<&Calibrated>| [("calibration", value(of))];
        self.tell_settings(at, actor, &field(before.as_deref()), &field(to));
        if to.is_some() || !self.breaks(Broken::RevertedStaysCalibrated) {
            self.own.calibration = to.cloned().map(Into::into);
        }
        Ok(())
    }

    /// What config.toml says, with the calibration that is in force.
    pub fn calibrated(&self, configured: &Settings) -> Settings {
        let mut settings = configured.clone();
        let profile = &mut settings.profile;
        let Some(calibrated) = self.own.calibration.as_deref().filter(|fitted| fitted.model == profile.model) else {
            return settings;
        };
        let [shift, spread, center] = calibrated.level.map(|number| number.0);
        profile.level = if (shift, spread) == (0.0, 1.0) { Level::default() } else { Level { shift, spread, center } };
        if !self.breaks(Broken::CalibratedByLevelAlone) {
            let weights = profile.model.catalogue().iter().zip(&mut profile.signals);
            for (kind, signal) in weights {
                signal.weight = calibrated.weights.get(kind).map_or(signal.weight, |weight| weight.0);
            }
        }
        profile.name = format!("{}+{}", profile.name, name_of(calibrated)).into();
        profile.hash = profile.computed_hash(&[]);
        settings
    }
}

impl Compared {
    /// What the service would install.
    pub fn profile_in_force(&mut self, configured: &Settings, was_skipped: bool) -> Check {
        let own = self.real.own_settings();
        if own.calibration.is_none() || was_skipped {
            return Ok(());
        }
        let models = ScoringModel::ALL.map(|model| ModelScoring {
            profile: if model == configured.profile.model { &configured.profile } else { model.profile() }.clone(),
            digests: Vec::new(),
            reader: MessageReader::of(model),
        });
        let holds = Configured::new(configured.clone(), models).with(&own).settings.profile.clone();
        if holds != configured.profile {
            self.naive.coverage.count("calibrated profile in force");
        }
        same("calibrated profile", &holds, &self.naive.settings.profile)?;
        same("needs settings", self.real.needs_settings(&Settings { profile: holds, ..configured.clone() }), false)
    }
}
