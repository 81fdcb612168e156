//! A workspace as it was between two rounds, in blocks (I9, R9.3).
//!
//! Taking a cut counts the chunks of the state and copies nothing large; whoever changes a chunk later
//! copies it first. What follows from the rest (indexes, statistics, the accounts' conversations, the
//! breakers' state) is left out and built anew by [`restore`](super::restore).
//!
//! The blocks are the on-disk format of a snapshot: a change of any type in here is a new version of it.
//! Version 2 has the trail on top of what version 1 has, version 3 another head and messages of `support-2`; blocks
//! of older versions are blocks of this.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::audit::{AuditEntry, SideAction, Trail};
use super::super::breaker::Breaker;
use super::super::chunks::Chunks;
use super::super::csat_config::CsatConfig;
use super::super::dedup;
use super::super::ids::{Position, WorkspaceKey};
use super::super::life::Life;
use super::super::scoring::profile::Profile;
use super::super::settings::Settings;
use super::super::settings_v1::{self, ProfileV1, SettingsV1};
use super::super::time::Millis;
use super::Workspace;
use super::accounts::{AccountRecord, Contact};
use super::conversations::ConversationsCut;
use super::kept::{Comment, Left, Score};
use super::packed::Packed;
use super::signal_log::{self, SignalLog};

/// The weight of a block, in bytes, roughly.
const BLOCK_BYTES: usize = 65_536;

/// One workspace side at one seq. Shares its memory with the workspace it was cut from.
#[derive(Clone, Debug)]
pub struct Cut {
    pub(super) head: Head,
    pub(super) conversations: ConversationsCut,
    pub(super) accounts: Chunks<AccountRecord>,
    pub(super) contacts: Chunks<Contact>,
    pub(super) breakers: Chunks<Breaker>,
    pub(super) duplicates: dedup::Cut,
    pub(super) signals: SignalLog,
    pub(super) trail: Trail<SideAction>,
}

impl ConversationsCut {
    /// How much there is in it.
    pub fn counts(&self) -> Counts {
        Counts {
            records: self.records.len() as u64,
            free: self.free.len() as u64,
            lives: self.lives.len() as u64,
            scores: self.scores.len() as u64,
            left: self.left.len() as u64,
            comments: self.comments.len() as u64,
            ..Counts::default()
        }
    }
}

/// What there is one of, and the counts of what follows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Head {
    pub key: WorkspaceKey,
    pub name: Box<str>,
    pub applied: u64,
    pub last_receipt: Millis,
    pub settings: Settings,
    pub csat: CsatConfig,
    pub installed: bool,
    pub profiles: Vec<Arc<Profile>>,
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

/// [`Head`] before version 3.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeadV1 {
    key: WorkspaceKey,
    name: Box<str>,
    applied: u64,
    last_receipt: Millis,
    settings: SettingsV1,
    csat: CsatConfig,
    installed: bool,
    profiles: Vec<Arc<ProfileV1>>,
    recent_from: Millis,
    explained_after: Millis,
    retained_from: Millis,
    skips: BTreeSet<Position>,
    late: u64,
    epoch: u64,
    duplicates: dedup::Head,
    signals_end: u64,
    counts: Counts,
}

impl From<HeadV1> for Head {
    fn from(old: HeadV1) -> Self {
        let HeadV1 { key, name, applied, last_receipt, settings, csat, installed, profiles, .. } = old;
        let HeadV1 { recent_from, explained_after, retained_from, skips, late, epoch, .. } = old;
        let HeadV1 { duplicates, signals_end, counts, .. } = old;
        Self {
            key,
            name,
            applied,
            last_receipt,
            settings: settings.into(),
            csat,
            installed,
            profiles: settings_v1::profiles(profiles),
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
    Breakers(Cow<'a, [Breaker]>),
    /// See [`dedup::Cut::receipts`].
    Receipts(serde_bytes::ByteBuf),
    /// See [`dedup::Cut::identities`].
    Identities(serde_bytes::ByteBuf),
    Signals(Arc<signal_log::Block>),
    /// Not in version 1, nor is what follows.
    Trail(TrailHead),
    Entries(Cow<'a, [AuditEntry<SideAction>]>),
    /// Not in version 1 or 2. Comes first.
    Head(Box<Head>),
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

impl Block<'_> {
    /// Ascending in the order of blocks.
    pub const fn section(&self) -> u8 {
        match self {
            Self::Head(_) | Self::HeadV1(_) => 0,
            Self::Records(_) => 1,
            Self::Free(_) => 2,
            Self::Lives(_) => 3,
            Self::Scores(_) => 4,
            Self::Left(_) => 5,
            Self::Comments(_) => 6,
            Self::Accounts(_) => 7,
            Self::Contacts(_) => 8,
            Self::Breakers(_) => 9,
            Self::Receipts(_) => 10,
            Self::Identities(_) => 11,
            Self::Signals(_) => 12,
            Self::Trail(_) => 13,
            Self::Entries(_) => 14,
        }
    }
}

impl Workspace {
    /// The state as it is between two rounds (I9).
    pub fn cut(&mut self) -> Cut {
        let (accounts, contacts) = self.accounts.cut();
        let (conversations, breakers) = (self.conversations.cut(), self.breakers.cut());
        let (signals, duplicates) = (self.signals.clone(), self.duplicates.cut());
        let counts = Counts {
            accounts: accounts.len() as u64,
            contacts: contacts.len() as u64,
            breakers: breakers.len() as u64,
            signal_blocks: signals.blocks().len() as u64,
            ..conversations.counts()
        };
        let head = Head {
            key: self.key,
            name: self.name.clone(),
            applied: self.applied,
            last_receipt: self.last_receipt,
            settings: self.rules.settings.clone(),
            csat: self.rules.csat.clone(),
            installed: self.installed,
            profiles: self.profiles.clone(),
            recent_from: self.recent.from,
            explained_after: self.explained_after,
            retained_from: self.retained_from,
            skips: self.skips.clone(),
            late: self.late,
            epoch: self.breakers.epoch,
            duplicates: duplicates.head(),
            signals_end: signals.end(),
            counts,
        };
        let trail = self.trail.clone();
        Cut { head, conversations, accounts, contacts, breakers, duplicates, signals, trail }
    }
}

impl Cut {
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Conversations that are there.
    pub fn conversations(&self) -> u64 {
        self.head.counts.records - self.head.counts.free
    }

    pub fn trail(&self) -> &Trail<SideAction> {
        &self.trail
    }

    /// Everything, in order.
    pub fn blocks(&self) -> impl Iterator<Item = Block<'_>> {
        let conversations = &self.conversations;
        let head = std::iter::once_with(|| Block::Head(Box::new(self.head.clone())));
        head.chain(conversations.records.chunks().map(|chunk| Block::Records(chunk.into())))
            .chain(conversations.free.chunks(BLOCK_BYTES / 4).map(|free| Block::Free(free.into())))
            .chain(in_groups(conversations.lives.iter(), |life| life.weight(), Block::Lives))
            .chain(in_groups(conversations.scores.iter(), |_| size_of::<Score>(), Block::Scores))
            .chain(in_groups(conversations.left.iter(), |_| size_of::<Left>(), Block::Left))
            .chain(in_groups(conversations.comments.iter(), |comment| 64 + comment.text.len(), Block::Comments))
            .chain(self.accounts.chunks().map(|chunk| Block::Accounts(chunk.into())))
            .chain(self.contacts.chunks().map(|chunk| Block::Contacts(chunk.into())))
            .chain(self.breakers.chunks().map(|chunk| Block::Breakers(chunk.into())))
            .chain(self.duplicates.receipts(BLOCK_BYTES).map(|bytes| Block::Receipts(bytes.into())))
            .chain(self.duplicates.identities(BLOCK_BYTES).map(|bytes| Block::Identities(bytes.into())))
            .chain(self.signals.blocks().map(|block| Block::Signals(Arc::clone(block))))
            .chain(std::iter::once_with(|| Block::Trail(TrailHead::from(&self.trail))))
            .chain(self.trail.chunks().map(|chunk| Block::Entries(chunk.into())))
    }
}

/// Values by number, together as a block's bytes allow.
fn in_groups<'a, T: Clone + 'a>(
    mut items: impl Iterator<Item = (u32, &'a T)>,
    weigh: impl Fn(&T) -> usize,
    block: impl Fn(Vec<(u32, T)>) -> Block<'a>,
) -> impl Iterator<Item = Block<'a>> {
    std::iter::from_fn(move || {
        let (mut group, mut weight) = (Vec::new(), 0);
        for (number, value) in items.by_ref() {
            weight += weigh(value);
            group.push((number, value.clone()));
            if weight >= BLOCK_BYTES {
                break;
            }
        }
        (!group.is_empty()).then(|| block(group))
    })
}
