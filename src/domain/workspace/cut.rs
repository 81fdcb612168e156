//! A workspace as it was between two rounds, in blocks (I9, R9.3).
//!
//! Taking a cut counts the chunks of the state and copies nothing large; whoever changes a chunk later
//! copies it first. What follows from the rest (indexes, statistics, the accounts' conversations, the
//! breakers' state) is left out and built anew by [`restore`](super::restore).

use std::borrow::Cow;
use std::sync::Arc;

use super::super::audit::{SideAction, Trail};
use super::super::breaker::Breaker;
use super::super::chunks::Chunks;
use super::super::dedup;
use super::super::own_settings::OwnSettings;
use super::super::rating::Rated;
use super::super::resource::Resource;
use super::super::scoring::profile::Profile;
use super::super::standing::Standing;
use super::super::view::ChurnRisk;
use super::Workspace;
use super::accounts::{AccountRecord, Contact};
use super::blocks::{Block, Counts, Head};
use super::conversations::ConversationsCut;
use super::follow_ups::FollowUpsCut;
use super::kept::{Left, Score};
use super::labels::LabelsCut;
use super::pieces::Pieces;
use super::ratings::Ratings;
use super::signal_log::SignalLog;

/// Of a follow-up with its address, roughly.
const FOLLOW_UP_BYTES: usize = 256;

/// The weight of a block, in bytes, roughly.
const BLOCK_BYTES: usize = 65_536;

/// One workspace side at one seq. Shares its memory with the workspace it was cut from.
#[derive(Clone, Debug)]
pub struct Cut {
    pub(super) head: Head,
    pub(super) conversations: ConversationsCut,
    pub(super) accounts: Chunks<AccountRecord>,
    pub(super) contacts: Chunks<Contact>,
    /// Of the accounts, by number.
    pub(super) standings: Chunks<Standing>,
    pub(super) labels: LabelsCut,
    pub(super) ratings: Ratings,
    pub(super) follow_ups: FollowUpsCut,
    pub(super) own: OwnSettings,
    pub(super) breakers: Chunks<Breaker>,
    pub(super) duplicates: dedup::Cut,
    pub(super) signals: SignalLog,
    pub(super) pieces: Pieces,
}

impl Workspace {
    /// The state as it is between two rounds (I9).
    pub fn cut(&mut self) -> Cut {
        let (accounts, contacts) = self.accounts.cut();
        let (conversations, breakers) = (self.conversations.cut(), self.breakers.cut());
        let (signals, duplicates) = (self.signals.clone(), self.duplicates.cut());
        let counts = Counts::of(&conversations, accounts.len(), contacts.len(), breakers.len(), signals.blocks().len());
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
        let pieces = self.pieces.clone();
        let (standings, labels, own) = (self.accounts.cut_standings(), self.labels.cut(), self.rules.own.clone());
        let (ratings, follow_ups) = (self.ratings.cut(), self.follow_ups.cut());
        Cut {
            head,
            conversations,
            accounts,
            contacts,
            standings,
            labels,
            ratings,
            follow_ups,
            own,
            breakers,
            duplicates,
            signals,
            pieces,
        }
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

    /// Whether anything may have the mark that it had before marks were keyed.
    pub const fn has_unkeyed_marks(&self) -> bool {
        self.pieces.unkeyed_marks
    }

    /// What the users of the side have set beside its configuration.
    pub const fn own_settings(&self) -> &OwnSettings {
        &self.own
    }

    /// The risk of an account that was announced last.
    pub fn announced_risk(&self, account: u32) -> ChurnRisk {
        self.standings.get(account).announced()
    }

    pub fn resources(&self) -> impl Iterator<Item = &Resource> {
        self.pieces.resources.values().map(|resource| &**resource)
    }

    pub fn trail(&self) -> &Trail<SideAction> {
        &self.pieces.trail
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
            .chain(self.pieces.trail_blocks())
            .chain(
                self.contacts
                    .chunks()
                    .map(|chunk| Block::ContactMarks(chunk.iter().map(|contact| contact.mark).collect())),
            )
            .chain(self.standings.chunks().map(|chunk| Block::Risks(announced(chunk))))
            .chain(std::iter::once_with(|| Block::Labels(self.labels.names.clone())))
            .chain(self.labels.of.chunks().map(|chunk| Block::LabelNumbers(chunk.into())))
            .chain(in_groups(conversations.overrides.iter(), |said| 256 + said.reason.len(), Block::Overrides))
            .chain(std::iter::once_with(|| Block::Own(self.own.clone())))
            .chain(self.pieces.blocks())
            .chain(conversations.voices.chunks().map(|chunk| Block::Voices(chunk.into())))
            .chain(self.levels())
            .chain(self.own.calibration.iter().map(|calibrated| Block::Calibration(Arc::clone(calibrated))))
            .chain(in_groups(self.ratings.iter(), |_| size_of::<Rated>(), Block::Ratings))
            .chain(in_groups(self.follow_ups.of.iter(), |_| FOLLOW_UP_BYTES, Block::FollowUps))
            .chain(self.follow_ups.opted_out.chunks().map(|chunk| Block::OptedOut(chunk.into())))
    }

    fn levels(&self) -> Option<Block<'_>> {
        let Head { settings, profiles, .. } = &self.head;
        let has_level = |profile: &Profile| !profile.level.is_identity();
        let any = has_level(&settings.profile) || profiles.iter().any(|profile| has_level(profile));
        any.then(|| Block::Levels(settings.profile.level, profiles.iter().map(|profile| profile.level).collect()))
    }
}

/// The risks that were announced last.
fn announced(standings: &[Standing]) -> Cow<'static, [ChurnRisk]> {
    standings.iter().map(|standing| standing.announced()).collect()
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
