//! What the journal carries: one frame per accepted request or record of the server's own.

use serde::{Deserialize, Serialize};

use super::audit::{Repeat, SideAction};
use super::calibrated::Calibrated;
use super::csat_config::CsatPatch;
use super::delivery::DeliveryNotes;
use super::effect::EffectId;
use super::event::EventRecord;
use super::follow_up::MailNote;
use super::ids::{Id, WorkspaceKey};
use super::life::ContactMark;
use super::own_settings::OwnPatch;
use super::own_settings_v1::OwnPatchV1;
use super::rating::LinkRating;
use super::resource::ResourceRecord;
use super::score::Hundredths;
use super::scoring::level::Level;
use super::settings::Settings;
use super::settings_v1::SettingsV1;
use super::settings_v2::SettingsV2;
use super::system::SystemRecord;
use super::time::Millis;
use super::view::BreakerScope;

/// The version of `apply` that new frames ask for. It is raised with every change that alters results; the code for
/// the version before stays for one release (I1).
///
/// 1: messages read for `support-2`, and the model in the profile. Frames of version 0 hold messages and settings of
/// their time, which are applied as they were then.
/// 2: a rating re-scores a conversation that has settled (R5.2), and the end of a conversation says what a link to rate
/// it is for (R8.2a).
pub const APPLY_VERSION: u16 = 2;

/// A record with its place in its workspace side.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    pub key: WorkspaceKey,
    /// Dense from 1 in its workspace side.
    pub seq: u64,
    /// When the server accepted it; never decreases.
    pub receipt: Millis,
    pub apply_version: u16,
    pub record: Record,
}

impl Record {
    /// Settings that hold from here on.
    pub fn of_settings(settings: &Settings) -> Self {
        let (settings, level) = (Box::new(settings.clone()), settings.profile.level);
        if level.is_identity() { Self::Settings(settings) } else { Self::LeveledSettings { settings, level } }
    }
}

/// The kinds of records. The order of the variants is part of the on-disk format.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Record {
    /// One accepted request of R4.1.
    Events(Vec<EventRecord>),
    /// What a person asked for; `apply` accepts or refuses it (I2).
    Command { actor: Box<str>, command: Command },
    /// [`Settings`](Self::Settings) as they were before there were models.
    SettingsV1(Box<SettingsV1>),
    /// An event that made `apply` fail is passed over from now on, in every replay (I6).
    Skip { seq: u64, place: u16, reason: Box<str> },
    /// Tenants, workspaces and keys; only in [`WorkspaceKey::SYSTEM`].
    System(SystemRecord),
    /// Never written by any program: what [`Deliveries`](Self::Deliveries) says now.
    Delivered { endpoint: Id, upto: u64 },
    /// A conversation or a contact is erased (R4.10). A contact is named by its mark, so that the record itself does
    /// not keep the id.
    Erasure { conversation: Option<Id>, contact: Option<ContactMark> },
    /// Conversations older than `cutoff` are removed (R4.11): the oldest, and at most so many.
    Retention { cutoff: Millis, most: u32 },
    /// An [`Erasure`](Self::Erasure) that says who asked for it.
    ErasedBy { actor: Box<str>, conversation: Option<Id>, contact: Option<ContactMark> },
    /// [`Settings`](Self::Settings) as they were before the effects that are kept were among them.
    SettingsV2(Box<SettingsV2>),
    /// Requests that changed nothing and were answered without a record of their own, written at most once a minute
    /// (R2.14b).
    Repeats(Vec<Repeat<SideAction>>),
    /// As [`ErasedBy`](Self::ErasedBy), of a contact that may be known by several marks.
    ErasedContact { actor: Box<str>, marks: Vec<ContactMark> },
    /// A resource was made, changed or removed, by a person, or by the server itself.
    Resource { actor: Option<Box<str>>, record: ResourceRecord },
    /// How far deliveries have come (R8.3).
    Deliveries(DeliveryNotes),
    /// Breakers may have been forgotten by its receipt (R7.6).
    Forgotten,
    /// The settings that hold from here on, at the level of the scale that profiles have by themselves.
    Settings(Box<Settings>),
    /// [`Settings`](Self::Settings) whose profile has another level (R5.10).
    LeveledSettings { settings: Box<Settings>, level: Level },
    /// A customer has rated a conversation by a link (R13.2).
    Rated(LinkRating),
    /// The contact of a conversation wants no follow-up mail any more.
    OptOut { conversation: Id },
    /// What became of follow-up mails.
    Mails(Vec<MailNote>),
}

/// What people do to a workspace side. The order of the variants is part of the on-disk format.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    PatchCsatConfig(CsatPatch),
    Acknowledge {
        breaker: Id,
        note: Option<Box<str>>,
    },
    Resolve {
        breaker: Id,
        note: Option<Box<str>>,
    },
    /// A breaker by hand (R7.5).
    Trip {
        scope: BreakerScope,
        reason: Box<str>,
    },
    /// A word for a breaker's history.
    Note {
        breaker: Id,
        note: Box<str>,
    },
    /// [`PatchSettings`](Self::PatchSettings) as it was in version 5.
    PatchSettingsV1(OwnPatchV1),
    /// R5.9.
    Override(Override),
    /// Takes an override back.
    TakeBack {
        conversation: Id,
    },
    /// Everything from a time on is delivered to an endpoint again.
    Replay {
        endpoint: Id,
        since: Millis,
    },
    /// One effect is delivered to an endpoint again.
    Resend {
        endpoint: Id,
        effect: EffectId,
    },
    /// R6.9.
    PatchSettings(OwnPatch),
    /// R5.10; none takes the calibration in force back.
    Calibrate(Option<Box<Calibrated>>),
}

/// What a person says of a conversation (R5.9).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    pub conversation: Id,
    /// Outcome, process, environment.
    pub dimensions: [Hundredths; 3],
    /// None: as it is.
    pub resolved: Option<bool>,
    pub reason: Box<str>,
}
