//! Every change of a side's configuration and settings that its trail knows, with what was before (R6.9).

use super::super::calibrated::Calibrated;
use super::super::csat_config::CsatPatch;
use super::super::ids::Position;
use super::super::own_settings::OwnPatch;
use super::super::time::Millis;
use super::{AuditEntry, AuditOutcome, Installed, SideAction, Trail};

/// The members that changed: as they were, and as they are then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingsChanged {
    /// R3.8.
    Config([CsatPatch; 2]),
    /// What the users of the side set.
    Own(Box<[OwnPatch; 2]>),
    /// What config.toml says.
    Configured([ConfiguredMembers; 2]),
    /// R5.10.
    Calibration([Option<Box<Calibrated>>; 2]),
}

/// What a side's trail knows of config.toml that its users could set, too. None where it did not change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfiguredMembers {
    pub workspace_factor: Option<u16>,
    pub window_conversations: Option<u16>,
    pub window_days: Option<u16>,
    /// Model, language and weights: the profile's name with its hash.
    pub profile: Option<(Box<str>, [u8; 8])>,
}

impl From<&Installed> for ConfiguredMembers {
    fn from(installed: &Installed) -> Self {
        let Installed { model, secret_id: _, profile, profile_hash } = installed;
        Self {
            workspace_factor: Some(model.workspace_factor),
            window_conversations: Some(model.window_size),
            window_days: Some(model.window_days),
            profile: Some((profile.clone(), *profile_hash)),
        }
    }
}

impl ConfiguredMembers {
    fn unlike(mut self, other: &Self) -> Self {
        if self.workspace_factor == other.workspace_factor {
            self.workspace_factor = None;
        }
        if self.window_conversations == other.window_conversations {
            self.window_conversations = None;
        }
        if self.window_days == other.window_days {
            self.window_days = None;
        }
        if self.profile == other.profile {
            self.profile = None;
        }
        self
    }

    /// Without what the patch changed: of that the patch tells.
    fn without(mut self, patch: &OwnPatch) -> Self {
        if patch.workspace_factor.is_some() {
            self.workspace_factor = None;
        }
        if patch.window_conversations.is_some() {
            self.window_conversations = None;
        }
        if patch.window_days.is_some() {
            self.window_days = None;
        }
        let of_profile = patch.model.is_some() || patch.default_language.is_some();
        if of_profile || patch.composite_weights.is_some() || patch.signal_weights.is_some() {
            self.profile = None;
        }
        self
    }
}

impl Trail<SideAction> {
    /// The changes before this place, the newest first.
    pub fn settings_before(
        &self,
        receipt: Millis,
        at: Position,
    ) -> impl Iterator<Item = (&AuditEntry<SideAction>, SettingsChanged)> {
        let done = self.before(receipt, at).map(|noted| noted.entry);
        let done = done.filter(|entry| entry.outcome == AuditOutcome::Done);
        done.filter_map(|entry| Some((entry, self.settings_changed(entry)?)))
    }

    fn settings_changed(&self, entry: &AuditEntry<SideAction>) -> Option<SettingsChanged> {
        match &entry.action {
            SideAction::CsatConfigPatched(patched) => {
                let (from, to) = (&patched.from, &patched.to);
                Some(SettingsChanged::Config([from.clone().unlike(to), to.clone().unlike(from)]))
            }
            SideAction::SettingsPatched(patched) => {
                let (from, to) = (&patched.from, &patched.to);
                Some(SettingsChanged::Own(Box::new([from.clone().unlike(to), to.clone().unlike(from)])))
            }
            SideAction::Calibrated { from, to } => Some(SettingsChanged::Calibration([from.clone(), to.clone()])),
            SideAction::SettingsInstalled(installed) => {
                let changed = self.configured_change(entry, installed)?;
                (changed[1] != ConfiguredMembers::default()).then_some(SettingsChanged::Configured(changed))
            }
            _ => None,
        }
    }

    /// How the settings of an entry differ from those before, but for what patches in between have made of them. None
    /// for the first.
    fn configured_change(
        &self,
        entry: &AuditEntry<SideAction>,
        installed: &Installed,
    ) -> Option<[ConfiguredMembers; 2]> {
        let (mut patches, mut calibrated) = (Vec::new(), false);
        for earlier in self.before(entry.receipt, entry.at) {
            match &earlier.entry.action {
                SideAction::SettingsInstalled(before) => {
                    let (before, after) = (ConfiguredMembers::from(&**before), ConfiguredMembers::from(installed));
                    let changed = [before.clone().unlike(&after), after.unlike(&before)];
                    let own = |mut members: ConfiguredMembers| {
                        if calibrated {
                            members.profile = None;
                        }
                        patches.iter().fold(members, |members, patch: &&OwnPatch| members.without(patch))
                    };
                    return Some(changed.map(own));
                }
                SideAction::SettingsPatched(patched) if earlier.entry.outcome == AuditOutcome::Done => {
                    patches.push(&patched.to);
                }
                SideAction::Calibrated { .. } if earlier.entry.outcome == AuditOutcome::Done => calibrated = true,
                _ => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::exact::Exact;
    use super::super::super::settings::Model;
    use super::super::{OwnPatched, Patched};
    use super::*;

    fn trail(actions: impl IntoIterator<Item = SideAction>) -> Trail<SideAction> {
        let mut trail = Trail::default();
        for (seq, action) in (1..).zip(actions) {
            let (at, outcome) = (Position::new(seq, 0), AuditOutcome::Done);
            trail.push(AuditEntry { at, receipt: 10 * seq as Millis, actor: None, action, outcome });
        }
        trail
    }

    fn installed(window_days: u16, hash: u8) -> SideAction {
        let model = Model { window_days, ..Model::default() };
        let installed = Installed { model, secret_id: [0; 8], profile: "p".into(), profile_hash: [hash; 8] };
        SideAction::SettingsInstalled(Box::new(installed))
    }

    fn own(from: OwnPatch, to: OwnPatch) -> SideAction {
        SideAction::SettingsPatched(Box::new(OwnPatched { from, to }))
    }

    fn days(days: Option<u16>) -> OwnPatch {
        OwnPatch { window_days: Some(days), ..OwnPatch::default() }
    }

    fn seen(trail: &Trail<SideAction>) -> Vec<(u64, SettingsChanged)> {
        let all = trail.settings_before(Millis::MAX, Position::ZERO);
        all.map(|(entry, changed)| (entry.at.seq(), changed)).collect()
    }

    #[test]
    fn r6_9_only_what_changed_is_told_the_newest_first() {
        let patch = |days, count| CsatPatch {
            link_expiry_days: Some(days),
            circuit_breaker_count: Some(count),
            ..CsatPatch::default()
        };
        let config = Patched { from: patch(14, 3), to: patch(30, 3) };
        let set = OwnPatch { min_signals: Some(None), ..days(Some(30)) };
        let trail = trail([
            installed(90, 1),
            SideAction::CsatConfigPatched(Box::new(config)),
            SideAction::ConversationErased,
            own(OwnPatch { min_signals: Some(None), ..days(None) }, set),
        ]);
        let only = |days| CsatPatch { link_expiry_days: Some(days), ..CsatPatch::default() };
        let expected = [
            (4, SettingsChanged::Own(Box::new([days(None), days(Some(30))]))),
            (2, SettingsChanged::Config([only(14), only(30)])),
        ];
        assert_eq!(seen(&trail), expected);
    }

    #[test]
    fn r6_9_what_config_toml_changed_is_told_but_not_what_a_patch_made_of_it() {
        let weights = OwnPatch { composite_weights: Some(Some([1.0, 1.0, 2.0].map(Exact))), ..OwnPatch::default() };
        let none = OwnPatch { composite_weights: Some(None), ..OwnPatch::default() };
        let trail = trail([
            installed(90, 1),
            own(days(None), days(Some(30))),
            installed(30, 1),
            installed(30, 2),
            own(none.clone(), weights.clone()),
            installed(20, 3),
        ]);
        let hash =
            |hash: u8| ConfiguredMembers { profile: Some(("p".into(), [hash; 8])), ..ConfiguredMembers::default() };
        let window = |days| ConfiguredMembers { window_days: Some(days), ..ConfiguredMembers::default() };
        let expected = [
            (6, SettingsChanged::Configured([window(30), window(20)])),
            (5, SettingsChanged::Own(Box::new([none, weights]))),
            (4, SettingsChanged::Configured([hash(1), hash(2)])),
            (2, SettingsChanged::Own(Box::new([days(None), days(Some(30))]))),
        ];
        assert_eq!(seen(&trail), expected);
        let before = trail.settings_before(40, Position::new(4, 0)).map(|(entry, _)| entry.at.seq());
        assert_eq!(before.collect::<Vec<_>>(), [2], "a page begins behind a place");
    }
}
