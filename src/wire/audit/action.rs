//! The actions of a trail, by name, target and details, and back from these.

use super::{AuditDetails, AuditPatch, InstalledForm, KeyForm, OTHERS, Shown};
use crate::domain::audit::{Installed, KeyNote, OwnPatched, Patched, ResourceStep, SideAction, SystemAction};
use crate::domain::calibrated::Calibrated;
use crate::domain::ids::{Id, Position};

/// An action of one kind of trail.
pub trait Action: Sized {
    fn shown(&self) -> Shown;

    /// The inverse of [`shown`](Self::shown); `None` where the parts make no action. Members of other actions are
    /// refused.
    fn of(name: &str, target: Option<Id>, details: AuditDetails) -> Option<Self> {
        let shown = (target, details.clone());
        let read = Self::read(name, target, details)?;
        let again = read.shown();
        // As JSON, where a patch of nothing is the same of either kind.
        let text = |details: &AuditDetails| serde_json::to_string(details).ok();
        (again.name == name && again.target == shown.0 && text(&again.details) == text(&shown.1)).then_some(read)
    }

    /// As [`of`](Self::of), but ignores members of other actions.
    fn read(name: &str, target: Option<Id>, details: AuditDetails) -> Option<Self>;
}

impl Action for SideAction {
    fn shown(&self) -> Shown {
        let none = AuditDetails::default();
        let (name, target, details) = match self {
            Self::CsatConfigPatched(patched) => {
                let Patched { from, to } = Patched::clone(patched);
                let [from, to] = [from, to].map(|patch| Some(AuditPatch::Config(patch.into())));
                ("csat_config.patched", None, AuditDetails { from, to, ..none })
            }
            Self::SettingsPatched(patched) => ("settings.patched", None, settings_patched(OwnPatched::clone(patched))),
            Self::SettingsPatchedV1(old) => ("settings.patched", None, settings_patched((**old).clone().into())),
            Self::BreakerAcknowledged { breaker, noted } => {
                ("breaker.acknowledged", Some(*breaker), AuditDetails { noted: Some(*noted), ..none })
            }
            Self::BreakerResolved { breaker, noted } => {
                ("breaker.resolved", Some(*breaker), AuditDetails { noted: Some(*noted), ..none })
            }
            Self::BreakerTripped { breaker } => ("breaker.tripped", *breaker, none),
            Self::BreakerNoted { breaker } => ("breaker.noted", Some(*breaker), none),
            Self::Calibrated { from, to } => {
                let patch = |one: &Option<Box<Calibrated>>| Some(AuditPatch::Calibration(one.as_deref().into()));
                ("calibration.changed", None, AuditDetails { from: patch(from), to: patch(to), ..none })
            }
            Self::ScoreOverridden => ("score.overridden", None, none),
            Self::OverrideTakenBack => ("score.override_taken_back", None, none),
            Self::DeliveriesReplayed { endpoint } => ("deliveries.replayed", Some(*endpoint), none),
            Self::DeliveryResent { endpoint } => ("delivery.resent", Some(*endpoint), none),
            Self::Resource { kind, id, step } => {
                (name_of(*step), Some(*id), AuditDetails { kind: Some(kind.clone()), ..none })
            }
            Self::SettingsInstalled(installed) => (
                "settings.installed",
                None,
                AuditDetails { settings: Some(InstalledForm(Installed::clone(installed))), ..none },
            ),
            Self::ConversationErased => ("conversation.erased", None, none),
            Self::ContactErased => ("contact.erased", None, none),
            Self::EventSkipped { event } => {
                ("event.skipped", None, AuditDetails { event: Some(event.to_string().into()), ..none })
            }
            Self::Others => (OTHERS, None, none),
        };
        Shown { name, target, details }
    }

    fn read(name: &str, target: Option<Id>, details: AuditDetails) -> Option<Self> {
        Some(match name {
            "csat_config.patched" => {
                let (from, to) = (details.from?.config()?, details.to?.config()?);
                Self::CsatConfigPatched(Box::new(Patched { from, to }))
            }
            "settings.patched" => {
                let (from, to) = (details.from?.settings()?, details.to?.settings()?);
                Self::SettingsPatched(Box::new(OwnPatched { from, to }))
            }
            "breaker.tripped" => Self::BreakerTripped { breaker: target },
            "breaker.noted" => Self::BreakerNoted { breaker: target? },
            "calibration.changed" => {
                Self::Calibrated { from: details.from?.calibration()?, to: details.to?.calibration()? }
            }
            "score.overridden" => Self::ScoreOverridden,
            "score.override_taken_back" => Self::OverrideTakenBack,
            "deliveries.replayed" => Self::DeliveriesReplayed { endpoint: target? },
            "delivery.resent" => Self::DeliveryResent { endpoint: target? },
            "breaker.acknowledged" => Self::BreakerAcknowledged { breaker: target?, noted: details.noted? },
            "breaker.resolved" => Self::BreakerResolved { breaker: target?, noted: details.noted? },
            "settings.installed" => Self::SettingsInstalled(Box::new(details.settings?.0)),
            "conversation.erased" => Self::ConversationErased,
            "contact.erased" => Self::ContactErased,
            "event.skipped" => Self::EventSkipped { event: Position::parse(&details.event?)? },
            OTHERS => Self::Others,
            _ => {
                let step = STEPS.into_iter().find(|step| name_of(*step) == name)?;
                Self::Resource { kind: details.kind?, id: target?, step }
            }
        })
    }
}

fn settings_patched(patched: OwnPatched) -> AuditDetails {
    let OwnPatched { from, to } = patched;
    let [from, to] = [from, to].map(|patch| Some(AuditPatch::Settings(patch.into())));
    AuditDetails { from, to, ..AuditDetails::default() }
}

pub(super) const STEPS: [ResourceStep; 3] = [ResourceStep::Made, ResourceStep::Changed, ResourceStep::Gone];

const fn name_of(step: ResourceStep) -> &'static str {
    match step {
        ResourceStep::Made => "resource.created",
        ResourceStep::Changed => "resource.changed",
        ResourceStep::Gone => "resource.removed",
    }
}

impl Action for SystemAction {
    fn shown(&self) -> Shown {
        let none = AuditDetails::default();
        let (name, target, details) = match self {
            Self::WorkspaceCreated { id, name, tenant } => {
                let details = AuditDetails { name: Some(name.clone()), tenant: Some(tenant.clone()), ..none };
                ("workspace.created", Some(*id), details)
            }
            Self::WorkspaceDeleted { id, name, tenant } => {
                let details = AuditDetails { name: Some(name.clone()), tenant: Some(tenant.clone()), ..none };
                ("workspace.deleted", Some(*id), details)
            }
            Self::KeyCreated { id, key } => {
                ("key.created", Some(*id), AuditDetails { key: Some(KeyForm(KeyNote::clone(key))), ..none })
            }
            Self::KeyRevoked { id, key } => {
                ("key.revoked", Some(*id), AuditDetails { key: key.as_deref().cloned().map(KeyForm), ..none })
            }
            Self::Others { tenant } => (OTHERS, None, AuditDetails { tenant: tenant.clone(), ..none }),
        };
        Shown { name, target, details }
    }

    fn read(name: &str, target: Option<Id>, details: AuditDetails) -> Option<Self> {
        Some(match name {
            "workspace.created" => Self::WorkspaceCreated { id: target?, name: details.name?, tenant: details.tenant? },
            "workspace.deleted" => Self::WorkspaceDeleted { id: target?, name: details.name?, tenant: details.tenant? },
            "key.created" => Self::KeyCreated { id: target?, key: Box::new(details.key?.0) },
            OTHERS => Self::Others { tenant: details.tenant },
            "key.revoked" => Self::KeyRevoked { id: target?, key: details.key.map(|key| Box::new(key.0)) },
            _ => return None,
        })
    }
}
