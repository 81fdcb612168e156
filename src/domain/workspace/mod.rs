//! One side of one workspace: the unit of order and consistency (I3). Owns conversations, indexes,
//! duplicates, settings, statistics and breakers; it scores. Accounts get only what a scoring
//! changes for them.
//!
//! A round is three pure steps: [`Workspace::begin`], each account's
//! [`run`](super::account::Account::run), [`Workspace::finish`].

pub mod account_explanation;
pub mod account_list;
mod accounts;
mod audit;
pub mod backtest;
pub mod blocks;
mod breakers;
mod commands;
pub mod conversation_list;
mod conversations;
pub mod cut;
mod deliveries;
mod effects;
mod erasure;
mod events;
pub mod facts;
mod finish;
mod follow_ups;
mod forgotten;
mod hash;
mod kept;
mod labels;
mod life_cycle;
mod lives;
mod overrides;
mod overview;
mod packed;
pub mod pieces;
mod placement;
mod profiles;
pub mod query;
pub mod rated;
mod ratings;
mod resources;
pub mod restore;
mod retention;
pub mod revisions;
mod ring;
mod round;
mod signal_log;
mod statistics;
mod tally;
#[cfg(test)]
mod tests;
mod unscored;
mod voices;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub use breakers::{GateQuestion, GateState};
pub use overrides::OverrideView;
pub use round::{AccountTask, Applied, Round};

use super::dedup::Duplicates;
use super::event::EventRecord;
use super::ids::{Id, Position, WorkspaceKey};
use super::record::{Frame, Record};
use super::reply::{Reply, Verdict};
use super::rules::Rules;
use super::scoring::profile::Profile;
use super::settings::Settings;
use super::time::Millis;
use super::timeline::{Sum, Timeline};
use accounts::Accounts;
use breakers::Breakers;
use conversations::Conversations;
use follow_ups::FollowUpBook;
use labels::Labels;
use pieces::Pieces;
use ratings::Ratings;
use round::At;
use signal_log::SignalLog;
use tally::{Sums, Tally};
use unscored::UnscoredCounts;

/// The state of one workspace side.
#[derive(Clone, Debug)]
pub struct Workspace {
    key: WorkspaceKey,
    name: Box<str>,
    applied: u64,
    last_receipt: Millis,
    rules: Arc<Rules>,
    /// Whether a settings record has been applied.
    installed: bool,
    /// All profiles that a score here was or can be made with, by their numbers.
    profiles: Vec<Arc<Profile>>,
    /// The number of the one that is in force.
    in_force: u16,
    conversations: Conversations,
    timeline: Timeline<Tally>,
    recent: Recent,
    accounts: Accounts,
    labels: Labels,
    ratings: Ratings,
    follow_ups: FollowUpBook,
    breakers: Breakers,
    duplicates: Duplicates,
    /// Terminal conversations, by the receipt of the latest change of their lives.
    settling: BTreeSet<(Millis, u32)>,
    /// The signals behind scores whose lives have settled.
    signals: SignalLog,
    /// The signals of scores that were made until then are gone for good (R5.5).
    explained_after: Millis,
    /// Conversations without a score, each under a time no later than that of its last event. When one is looked at,
    /// it moves to the time of its last event.
    unscored: BTreeSet<(Millis, Id)>,
    unscored_counts: UnscoredCounts,
    /// Everything that was older than this has been removed (R4.11).
    retained_from: Millis,
    /// Events that are passed over (I6).
    skips: BTreeSet<Position>,
    /// Events that came after their conversation had settled.
    late: u64,
    pieces: Pieces,
}

/// The sums over `scoredAt >= from`: what a workspace expects of its next conversation.
#[derive(Clone, Copy, Debug, Default)]
struct Recent {
    from: Millis,
    sums: Sums,
}

impl Workspace {
    /// A workspace side without history. `settings` hold until its first settings record.
    pub fn new(key: WorkspaceKey, name: Box<str>, settings: Settings) -> Self {
        let profiles = vec![Arc::new(settings.profile.clone())];
        Self {
            key,
            name,
            applied: 0,
            last_receipt: Millis::MIN,
            rules: Arc::new(Rules { settings, ..Rules::default() }),
            installed: false,
            profiles,
            in_force: 0,
            conversations: Conversations::default(),
            timeline: Timeline::default(),
            recent: Recent { from: Millis::MIN, sums: Sums::default() },
            accounts: Accounts::default(),
            labels: Labels::default(),
            ratings: Ratings::default(),
            follow_ups: FollowUpBook::default(),
            breakers: Breakers::default(),
            duplicates: Duplicates::default(),
            settling: BTreeSet::new(),
            signals: SignalLog::default(),
            explained_after: Millis::MIN,
            unscored: BTreeSet::new(),
            unscored_counts: UnscoredCounts::default(),
            retained_from: Millis::MIN,
            skips: BTreeSet::new(),
            late: 0,
            pieces: Pieces::default(),
        }
    }

    /// The seq of the last frame applied; 0 before the first.
    pub fn applied(&self) -> u64 {
        self.applied
    }

    /// Events to pass over, collected from the journal before anything is applied (I6).
    pub fn install_skips(&mut self, skips: impl IntoIterator<Item = Position>) {
        self.skips.extend(skips);
    }

    /// The first step of a round: `frames` are consecutive, either event frames only or one frame
    /// of another kind. Frames already applied are passed over. `progress` names the event in work.
    ///
    /// # Panics
    /// On a gap in the order, since nothing after it can be right.
    pub fn begin(&mut self, frames: &[Frame], progress: &AtomicU64) -> Round {
        let mut round = Round::new(self.breakers.epoch);
        for frame in frames.iter().filter(|frame| frame.seq > self.applied).collect::<Vec<_>>() {
            assert_eq!(frame.seq, self.applied + 1, "frame {} of {:?} follows {}", frame.seq, self.key, self.applied);
            self.open(frame);
            let skipped = self.skips.contains(&Position::new(frame.seq, 0));
            let reply = match &frame.record {
                Record::Events(events) => Reply::Events(self.events(&mut round, frame, events, progress)),
                // A record that failed is passed over as a failed event is (I6).
                Record::Command { .. }
                | Record::Resource { .. }
                | Record::Deliveries(_)
                | Record::Forgotten
                | Record::SettingsV1(_)
                | Record::SettingsV2(_)
                | Record::Settings(_)
                | Record::LeveledSettings { .. }
                | Record::Rated(_)
                | Record::OptOut { .. }
                | Record::Mails(_)
                | Record::Erasure { .. }
                | Record::ErasedBy { .. }
                | Record::Retention { .. }
                    if skipped =>
                {
                    Reply::Skipped
                }
                Record::Command { actor, command } => self.command(&mut round, frame, actor, command),
                Record::SettingsV1(settings) => self.install(&mut round, frame, &Settings::from((**settings).clone())),
                Record::SettingsV2(settings) => self.install(&mut round, frame, &Settings::from((**settings).clone())),
                Record::Settings(settings) => self.install(&mut round, frame, settings),
                Record::LeveledSettings { settings, level } => {
                    self.install(&mut round, frame, &settings.at_level(*level))
                }
                Record::Rated(rating) => self.rate(&mut round, frame, rating),
                Record::OptOut { conversation } => self.opt_out(*conversation),
                Record::Mails(notes) => self.mailed(notes),
                Record::Resource { actor, record } => {
                    round.deliveries_changed = true;
                    self.resource_changed(frame, actor.as_deref(), record)
                }
                Record::Deliveries(notes) => self.delivered(notes),
                Record::Forgotten => self.announce_forgotten(&mut round, frame),
                Record::Retention { cutoff, most } => self.retain(&mut round, *cutoff, *most),
                Record::Erasure { conversation, contact } => {
                    self.erase(&mut round, frame, None, *conversation, *contact)
                }
                Record::ErasedBy { actor, conversation, contact } => {
                    self.erase(&mut round, frame, Some(actor), *conversation, *contact)
                }
                Record::ErasedContact { actor, marks } => self.erase_marked(&mut round, frame, actor, marks),
                Record::Repeats(repeats) => self.note_repeats(frame, repeats),
                Record::Skip { seq, place, .. } => self.skip(frame, Position::new(*seq, *place)),
                Record::System(_) | Record::Delivered { .. } => Reply::Done,
            };
            round.replies.push((frame.seq, reply));
        }
        round
    }

    /// Time passes by receipts alone: what has become due by a frame's receipt is done before its events.
    fn open(&mut self, frame: &Frame) {
        self.applied = frame.seq;
        self.last_receipt = frame.receipt;
        self.duplicates.forget(frame.receipt - self.rules.settings.model.duplicate_span());
        self.settle_until(frame.receipt - self.rules.settings.model.settle_span());
        self.drop_signals_until(frame.receipt - self.rules.settings.model.explanation_span());
        self.advance_recent(frame.receipt - self.rules.settings.model.window_span());
        self.pass_mails(frame.receipt);
    }

    fn events(
        &mut self,
        round: &mut Round,
        frame: &Frame,
        events: &[EventRecord],
        progress: &AtomicU64,
    ) -> Vec<Verdict> {
        let mut verdicts = Vec::with_capacity(events.len());
        let mut contacts = events.iter().flat_map(EventRecord::contacts);
        self.pieces.unkeyed_marks |= contacts.any(|contact| contact.mark.is_none());
        for (place, event) in (0..).zip(events) {
            let position = Position::new(frame.seq, place);
            progress.store(position.packed(), Ordering::Relaxed);
            let time = event.time.unwrap_or(frame.receipt);
            let at = At { position, receipt: frame.receipt, time, apply: frame.apply_version };
            verdicts.push(self.event(round, at, event));
        }
        verdicts
    }

    fn advance_recent(&mut self, from: Millis) {
        if from > self.recent.from {
            let gone = self.sum_between(self.recent.from, from - 1);
            self.recent.sums.subtract(&gone);
            self.recent.from = from;
        }
    }

    fn sum_between(&self, from: Millis, to: Millis) -> Sums {
        self.tally_between(from, to).total()
    }

    fn tally_between(&self, from: Millis, to: Millis) -> Tally {
        self.timeline.range(&self.conversations, from, to, |item| self.conversations.part(item, &self.rules))
    }
}
