//! The line of a workspace side: what there is one of.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::lines::Kind;
use super::values::{Hex, PositionText, Time};
use crate::domain::calibrated::Calibrated;
use crate::domain::csat_config::CsatConfig;
use crate::domain::dedup;
use crate::domain::effect::EffectsKept;
use crate::domain::exact::Exact;
use crate::domain::hex;
use crate::domain::ids::{Id, Side, WorkspaceKey};
use crate::domain::message::LanguageCode;
use crate::domain::own_settings::OwnSettings;
use crate::domain::scoring::catalogue::SignalKind;
use crate::domain::scoring::catalogue::SignalWeight;
use crate::domain::scoring::level::Level;
use crate::domain::scoring::profile::{Profile, ScoringModel};
use crate::domain::scoring::scale::{Certainty, Scale, VerdictFit};
use crate::domain::settings::{Model, Settings};
use crate::domain::settings_v1::ProfileV1;
use crate::domain::workspace::blocks::{Counts, Head};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SideLine {
    #[serde(rename = "type")]
    pub kind: Kind,
    pub workspace_id: Id,
    pub side: Side,
    pub name: Box<str>,
    pub seq: u64,
    pub last_receipt: Option<Time>,
    /// A settings record has been applied.
    pub installed: bool,
    pub settings: SettingsLine,
    pub csat_config: CsatConfig,
    /// Scores name them by their place in here, from 0.
    pub profiles: Vec<ProfileLine>,
    /// The place of the one that is in force; absent: the last. Not before format 7.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile_in_force: Option<usize>,
    /// From where on scores count for what the workspace expects.
    pub expected_from: Option<Time>,
    /// The signals of scores made until here are gone (R5.5).
    pub explained_after: Option<Time>,
    /// What is older was removed (R4.11).
    pub retained_from: Option<Time>,
    /// Events that recovery passes over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<PositionText>,
    pub late_events: u64,
    /// The gate's (R8.1).
    pub epoch: u64,
    /// What frames up to this seq did was not written down. Absent: all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_after: Option<u64>,
    /// Whether a contact may be known by the mark that it had before marks were keyed. Absent before format 5: yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unkeyed_marks: Option<bool>,
    /// What its users have set beside its configuration. Not before format 6.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub own_settings: OwnSettings,
    /// The calibration in force. Not before format 8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibrated>,
}

fn is_nothing(own: &OwnSettings) -> bool {
    *own == OwnSettings::default()
}

/// Settings without their profile, which is one of `profiles`. Read, they have the default one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SettingsLine(#[serde(with = "SettingsMembers")] Settings);

/// The members of [`Settings`], whose own serde is that of the journal and of snapshots.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Settings", rename_all = "camelCase", deny_unknown_fields)]
struct SettingsMembers {
    #[serde(flatten)]
    model: Model,
    #[serde(with = "hex")]
    secret_id: [u8; 8],
    #[serde(skip)]
    profile: Profile,
    /// Not before format 6.
    #[serde(default)]
    effects: EffectsKept,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProfileLine {
    /// Absent: the first one, as format 2 had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelLine>,
    pub name: Box<str>,
    pub hash: Hex<8>,
    pub prior_strength: Exact,
    pub priors: [Exact; 3],
    pub composite_weights: [Exact; 3],
    /// In the catalogue's order.
    pub signals: Vec<WeightLine>,
    pub first_response_target_seconds: u32,
    pub reply_target_seconds: u32,
    /// Shift, spread and center of a calibrated scale. Not before format 8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<[Exact; 3]>,
}

/// What profiles say since there are models.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ModelLine {
    pub name: ScoringModel,
    pub default_language: LanguageCode,
    pub languages: Box<[LanguageCode]>,
    /// Slope, offset, ease, the end where the customer says nothing, whether ratings decide (1 or 0), and how good
    /// ratings of 1 to 5 are.
    pub scale: [Exact; 10],
    /// The regression behind the confidence; absent: it says how much was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<[Exact; 11]>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WeightLine {
    pub name: SignalKind,
    pub weight: Exact,
    pub loadings: [Exact; 3],
}

impl From<&Head> for SideLine {
    fn from(head: &Head) -> Self {
        let Head { key, name, applied, last_receipt, settings, csat, installed, profiles, .. } = head;
        let Head { recent_from, explained_after, retained_from, skips, late, epoch, .. } = head;
        let in_force = profiles.iter().rposition(|profile| **profile == settings.profile);
        // Found out again by whoever reads.
        let Head { duplicates: _, signals_end: _, counts: _, .. } = head;
        Self {
            kind: Kind::Side,
            workspace_id: key.id,
            side: key.side,
            name: name.clone(),
            seq: *applied,
            last_receipt: Time::since(*last_receipt),
            installed: *installed,
            settings: SettingsLine(settings.clone()),
            csat_config: csat.clone(),
            profiles: profiles.iter().map(|profile| (&**profile).into()).collect(),
            profile_in_force: in_force.filter(|place| place + 1 < profiles.len()),
            expected_from: Time::since(*recent_from),
            explained_after: Time::since(*explained_after),
            retained_from: Time::since(*retained_from),
            skipped: skips.iter().copied().map(PositionText).collect(),
            late_events: *late,
            epoch: *epoch,
            audit_after: None,
            unkeyed_marks: None,
            own_settings: OwnSettings::default(),
            calibration: None,
        }
    }
}

impl SideLine {
    pub const fn key(&self) -> WorkspaceKey {
        WorkspaceKey { id: self.workspace_id, side: self.side }
    }

    /// None without a profile in force, or if a profile's signals are not the catalogue's in its order.
    pub fn head(self) -> Option<Head> {
        let profiles: Option<Vec<_>> = self.profiles.iter().map(|line| line.profile().map(Arc::new)).collect();
        let profiles = profiles?;
        let in_force = self.profile_in_force.or(profiles.len().checked_sub(1))?;
        let in_force = Profile::clone(profiles.get(in_force)?);
        Some(Head {
            key: self.key(),
            applied: self.seq,
            last_receipt: Time::or_ever(self.last_receipt),
            settings: Settings { profile: in_force, ..self.settings.0 },
            csat: self.csat_config,
            installed: self.installed,
            profiles,
            recent_from: Time::or_ever(self.expected_from),
            explained_after: Time::or_ever(self.explained_after),
            retained_from: Time::or_ever(self.retained_from),
            skips: self.skipped.into_iter().map(|skip| skip.0).collect(),
            late: self.late_events,
            epoch: self.epoch,
            duplicates: dedup::Head::default(),
            signals_end: 0,
            counts: Counts::default(),
            name: self.name,
        })
    }
}

impl ModelLine {
    fn of(profile: &Profile) -> Self {
        let verdict = match &profile.certainty {
            Certainty::Evidence => None,
            Certainty::Verdict(fit) => Some(fit.numbers().map(Exact)),
        };
        Self {
            name: profile.model,
            default_language: profile.default_language,
            languages: profile.languages.clone(),
            scale: profile.scale.numbers().map(Exact),
            verdict,
        }
    }

    fn over(&self, base: Profile) -> Profile {
        let certainty = self.verdict.as_ref().map(|numbers| VerdictFit::from_numbers(numbers.each_ref().map(|n| n.0)));
        Profile {
            model: self.name,
            default_language: self.default_language,
            languages: self.languages.clone(),
            scale: Scale::from_numbers(self.scale.each_ref().map(|n| n.0)),
            certainty: certainty.map_or(Certainty::Evidence, Certainty::Verdict),
            ..base
        }
    }
}

impl From<&Profile> for ProfileLine {
    fn from(profile: &Profile) -> Self {
        let Profile { name, hash, prior_strength, priors, composite_weights, signals, .. } = profile;
        let Profile { first_response_target_seconds, reply_target_seconds, .. } = *profile;
        let weight = |(name, SignalWeight { weight, loadings }): (SignalKind, &SignalWeight)| WeightLine {
            name,
            weight: Exact(*weight),
            loadings: loadings.map(Exact),
        };
        Self {
            name: name.clone(),
            hash: Hex(*hash),
            prior_strength: Exact(*prior_strength),
            priors: priors.map(Exact),
            composite_weights: composite_weights.map(Exact),
            signals: profile.model.catalogue().iter().copied().zip(signals).map(weight).collect(),
            model: ProfileV1::of(profile).is_none().then(|| ModelLine::of(profile)),
            first_response_target_seconds,
            reply_target_seconds,
            level: (!profile.level.is_identity()).then(|| profile.level.numbers().map(Exact)),
        }
    }
}

impl ProfileLine {
    fn profile(&self) -> Option<Profile> {
        let first = Profile::first();
        let base = match &self.model {
            Some(model) => model.over(first),
            None => first,
        };
        let known = base.model.catalogue().iter().copied();
        let in_order = self.signals.iter().map(|line| line.name).eq(known.take(self.signals.len()));
        let weight =
            |line: &WeightLine| SignalWeight { weight: line.weight.0, loadings: line.loadings.map(|share| share.0) };
        let level = self.level.map_or_else(Level::default, |[shift, spread, center]| Level {
            shift: shift.0,
            spread: spread.0,
            center: center.0,
        });
        in_order.then(|| Profile {
            level,
            name: self.name.clone(),
            hash: self.hash.0,
            prior_strength: self.prior_strength.0,
            priors: self.priors.map(|prior| prior.0),
            composite_weights: self.composite_weights.map(|weight| weight.0),
            signals: self.signals.iter().map(weight).collect(),
            first_response_target_seconds: self.first_response_target_seconds,
            reply_target_seconds: self.reply_target_seconds,
            ..base
        })
    }
}
