//! The blocks of a cut: the on-disk format of a snapshot (R9.3). A change of any type in here is a new version of it.
//! Version 2 has the trail on top of what version 1 has, version 3 another head and messages of `support-2`, version 4
//! apart from the trail's entries what changed nothing, and the marks of contacts, version 5 another head, other
//! breakers, and what its last variants say, version 6 more settings of a side's users, version 7 the levels of profiles,
//! ratings and follow-ups; blocks of older versions are blocks of this.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::super::audit::{AuditEntry, Repeated, SideAction, Trail};
use super::super::breaker::{Breaker, BreakerV1};
use super::super::calibrated::Calibrated;
use super::super::csat_config::CsatConfig;
use super::super::dedup;
use super::super::delivery::Progress;
use super::super::effect::{Effect, EffectId};
use super::super::follow_up::FollowUp;
use super::super::ids::{Id, Position, WorkspaceKey};
use super::super::life::{ContactMark, Life};
use super::super::own_settings::OwnSettings;
use super::super::own_settings_v1::OwnSettingsV1;
use super::super::rating::Rated;
use super::super::resource::Resource;
use super::super::scoring::level::Level;
use super::super::scoring::profile::Profile;
use super::super::settings::Settings;
use super::super::settings_v1::{self, ProfileV1, SettingsV1};
use super::super::settings_v2::SettingsV2;
use super::super::time::Millis;
use super::super::view::ChurnRisk;
use super::accounts::{AccountRecord, Contact};
use super::conversations::ConversationsCut;
use super::kept::{Comment, Left, Overridden, Score};
use super::labels;
use super::packed::Packed;
use super::signal_log;
use super::voices::Voices;

/// A part of a cut, in the order in which they come. The order of the variants is part of the format.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Block<'a> {
    /// The head before version 3.
    HeadV1(Box<HeadV1>),
    /// The records of conversations, by number.
    Records(Cow<'a, [Packed]>),
    /// The numbers to be given anew, in that order from the end.
    Free(Cow<'a, [u32]>),
    Lives(Vec<(u32, Arc<Life>)>),
    /// Scores that a record cannot hold.
    Scores(Vec<(u32, Score)>),
    Left(Vec<(u32, Left)>),
    Comments(Vec<(u32, Arc<Comment>)>),
    /// By number.
    Accounts(Cow<'a, [AccountRecord]>),
    Contacts(Cow<'a, [Contact]>),
    /// Breakers before version 5.
    BreakersV1(Vec<BreakerV1>),
    /// See [`dedup::Cut::receipts`].
    Receipts(serde_bytes::ByteBuf),
    /// See [`dedup::Cut::identities`].
    Identities(serde_bytes::ByteBuf),
    Signals(Arc<signal_log::Block>),
    /// Not in version 1, nor is what follows.
    Trail(TrailHead),
    Entries(Cow<'a, [AuditEntry<SideAction>]>),
    /// The head of versions 3 and 4.
    HeadV3(Box<HeadV3>),
    /// Not before version 4.
    Repeats(Cow<'a, [Repeated<SideAction>]>),
    /// Not before version 4. Whether anything may have the mark that it had before marks were keyed.
    Marks {
        unkeyed: bool,
    },
    /// Not before version 4. Of the contacts, in their order.
    ContactMarks(Vec<ContactMark>),
    /// Not before version 5, nor is what follows. Comes first.
    Head(Box<Head>),
    Breakers(Cow<'a, [Breaker]>),
    /// Of the accounts, in their order: the risk that was announced last.
    Risks(Cow<'a, [ChurnRisk]>),
    /// The names of channels, and those of intents, by number.
    Labels([Vec<Arc<str>>; 2]),
    /// Of the conversations, by number, as far as any has a channel or intent.
    LabelNumbers(Cow<'a, [labels::Numbers]>),
    Overrides(Vec<(u32, Arc<Overridden>)>),
    /// [`Own`](Self::Own) in version 5.
    OwnV1(OwnSettingsV1),
    /// Of each list of the ring, the id of the newest effect that was dropped.
    Dropped([EffectId; 2]),
    /// Of both lists, one after the other.
    Effects(Cow<'a, [Effect]>),
    Resource(Arc<Resource>),
    /// How far an endpoint has come.
    Progress(Id, Arc<Progress>),
    /// Not before version 6. Of the conversations, by number, as far as any has a message.
    Voices(Cow<'a, [Voices]>),
    /// Not before version 6. What the users of the side have set beside its configuration.
    Own(OwnSettings),
    /// Not before version 7, nor is what follows. The level of the profile in the settings, and those of all profiles, by
    /// number, where any has one.
    Levels(Level, Vec<Level>),
    /// The calibration in force, where there is one.
    Calibration(Arc<Calibrated>),
    Ratings(Vec<(u32, Arc<Rated>)>),
    FollowUps(Vec<(u32, Arc<FollowUp>)>),
    OptedOut(Cow<'a, [ContactMark]>),
}

impl Block<'_> {
    /// Ascending in the order of blocks.
    pub const fn section(&self) -> u8 {
        match self {
            Self::Head(_) | Self::HeadV3(_) | Self::HeadV1(_) => 0,
            Self::Records(_) => 1,
            Self::Free(_) => 2,
            Self::Lives(_) => 3,
            Self::Scores(_) => 4,
            Self::Left(_) => 5,
            Self::Comments(_) => 6,
            Self::Accounts(_) => 7,
            Self::Contacts(_) => 8,
            Self::Breakers(_) | Self::BreakersV1(_) => 9,
            Self::Receipts(_) => 10,
            Self::Identities(_) => 11,
            Self::Signals(_) => 12,
            Self::Trail(_) => 13,
            Self::Entries(_) => 14,
            Self::Repeats(_) => 15,
            Self::Marks { .. } => 16,
            Self::ContactMarks(_) => 17,
            Self::Risks(_) => 18,
            Self::Labels(_) => 19,
            Self::LabelNumbers(_) => 20,
            Self::Overrides(_) => 21,
            Self::Own(_) | Self::OwnV1(_) => 22,
            Self::Dropped(_) => 23,
            Self::Effects(_) => 24,
            Self::Resource(_) => 25,
            Self::Progress(..) => 26,
            Self::Voices(_) => 27,
            Self::Levels(..) => 28,
            Self::Calibration(_) => 29,
            Self::Ratings(_) => 30,
            Self::FollowUps(_) => 31,
            Self::OptedOut(_) => 32,
        }
    }
}

/// What there is one of, and the counts of what follows. Older heads differ in settings and profiles alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeadOf<S, P> {
    pub key: WorkspaceKey,
    pub name: Box<str>,
    pub applied: u64,
    pub last_receipt: Millis,
    pub settings: S,
    pub csat: CsatConfig,
    pub installed: bool,
    pub profiles: Vec<Arc<P>>,
    /// Conversations with a `scoredAt` from here on count for what the workspace expects.
    pub recent_from: Millis,
    pub explained_after: Millis,
    pub retained_from: Millis,
    pub skips: BTreeSet<Position>,
    pub late: u64,
    pub epoch: u64,
    pub duplicates: dedup::Head,
    /// Where the log of signals ends, in its units.
    pub signals_end: u64,
    pub counts: Counts,
}

pub type Head = HeadOf<Settings, Profile>;
/// Of versions 3 and 4.
pub type HeadV3 = HeadOf<SettingsV2, Profile>;
/// Before version 3.
pub type HeadV1 = HeadOf<SettingsV1, ProfileV1>;

impl<S: Into<Settings>, P> HeadOf<S, P> {
    /// The head as it is written now.
    fn renewed(self, profiles: impl FnOnce(Vec<Arc<P>>) -> Vec<Arc<Profile>>) -> Head {
        let Self { key, name, applied, last_receipt, settings, csat, installed, profiles: old, .. } = self;
        let Self { recent_from, explained_after, retained_from, skips, late, epoch, .. } = self;
        let Self { duplicates, signals_end, counts, .. } = self;
        HeadOf {
            key,
            name,
            applied,
            last_receipt,
            settings: settings.into(),
            csat,
            installed,
            profiles: profiles(old),
            recent_from,
            explained_after,
            retained_from,
            skips,
            late,
            epoch,
            duplicates,
            signals_end,
            counts,
        }
    }
}

impl From<HeadV1> for Head {
    fn from(old: HeadV1) -> Self {
        old.renewed(settings_v1::profiles)
    }
}

impl From<HeadV3> for Head {
    fn from(old: HeadV3) -> Self {
        old.renewed(|profiles| profiles)
    }
}

/// How many there are of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Records of conversations, the free ones among them.
    pub records: u64,
    pub free: u64,
    pub lives: u64,
    pub scores: u64,
    pub left: u64,
    pub comments: u64,
    pub accounts: u64,
    pub contacts: u64,
    pub breakers: u64,
    pub signal_blocks: u64,
}

impl Counts {
    pub(super) fn of(
        conversations: &ConversationsCut,
        accounts: usize,
        contacts: usize,
        breakers: usize,
        signal_blocks: usize,
    ) -> Self {
        Self {
            records: conversations.records.len() as u64,
            free: conversations.free.len() as u64,
            lives: conversations.lives.len() as u64,
            scores: conversations.scores.len() as u64,
            left: conversations.left.len() as u64,
            comments: conversations.comments.len() as u64,
            accounts: accounts as u64,
            contacts: contacts as u64,
            breakers: breakers as u64,
            signal_blocks: signal_blocks as u64,
        }
    }
}

/// What the entries are part of; see [`Trail`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailHead {
    pub after: u64,
    pub entries: u64,
}

impl<A> From<&Trail<A>> for TrailHead {
    fn from(trail: &Trail<A>) -> Self {
        Self { after: trail.after(), entries: trail.len() as u64 }
    }
}

/// Why blocks do not make a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RestoreError {
    #[error("the first block is not the head, or a second head follows")]
    Head,
    #[error("{found} {what} where {expected} are due")]
    Count { what: &'static str, expected: u64, found: u64 },
    #[error("{0} does not fit the rest")]
    Stray(&'static str),
}
