//! A workspace from the blocks of a [`Cut`](super::cut::Cut): takes them in, then builds what follows
//! from them (I9).

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread;

use super::super::breaker::Breaker;
use super::super::calibrated::Calibrated;
use super::super::chunks::Chunks;
use super::super::dedup::Duplicates;
use super::super::life::{ContactMark, Life};
use super::super::own_settings::OwnSettings;
use super::super::rating::{Rated, Unrated};
use super::super::rules::Rules;
use super::super::run::LastResolve;
use super::super::scoring::level::Level;
use super::super::scoring::profile::Profile;
use super::super::time::Millis;
use super::super::timeline::{Key, Keys, Timeline};
use super::super::view::{BreakerScope, ChurnRisk};
use super::accounts::{AccountRecord, Accounts, Belongings, Contact};
use super::blocks::{Block, Counts, Head, RestoreError};
use super::conversations::{Conversations, ConversationsCut};
use super::follow_ups::{FollowUpBook, FollowUpsCut};
use super::labels::{Labels, LabelsCut};
use super::pieces::{PieceParts, Pieces};
use super::ratings::Ratings;
use super::signal_log::{self, SignalLog};
use super::voices::Voices;
use super::{Recent, Workspace};

/// The blocks taken in so far, in their order.
#[derive(Debug, Default)]
pub struct Restoring {
    pub(super) head: Option<Box<Head>>,
    pub(super) conversations: ConversationsCut,
    pub(super) accounts: Vec<AccountRecord>,
    pub(super) contacts: Vec<Contact>,
    contact_marks: Vec<ContactMark>,
    pub(super) risks: Vec<ChurnRisk>,
    pub(super) labels: LabelsCut,
    levels: Option<(Level, Vec<Level>)>,
    calibration: Option<Arc<Calibrated>>,
    pub(super) ratings: Ratings,
    pub(super) follow_ups: FollowUpsCut,
    pub(super) own: OwnSettings,
    pub(super) breakers: Vec<Breaker>,
    pub(super) receipts: Vec<u8>,
    pub(super) identities: Vec<u8>,
    pub(super) signals: VecDeque<Arc<signal_log::Block>>,
    pub(super) pieces: PieceParts,
    /// Of the snapshot that the blocks are of; none for this program's own.
    version: Option<u16>,
}

impl Restoring {
    /// Without any blocks, but with what the users of the side have set.
    pub(super) fn with_settings(own: OwnSettings) -> Self {
        Self { own, ..Self::default() }
    }

    /// Takes the next block in.
    pub fn push(&mut self, block: Block<'_>) -> Result<(), RestoreError> {
        if matches!(block, Block::Head(_) | Block::HeadV3(_) | Block::HeadV1(_)) != self.head.is_none() {
            return Err(RestoreError::Head);
        }
        let conversations = &mut self.conversations;
        match block {
            Block::Head(head) => self.head = Some(head),
            Block::HeadV3(head) => self.head = Some(Box::new((*head).into())),
            Block::HeadV1(head) => self.head = Some(Box::new((*head).into())),
            Block::Records(records) => conversations.records.extend(&records),
            Block::Free(free) => conversations.free.extend_from_slice(&free),
            Block::Lives(lives) => lives.into_iter().for_each(|(number, life)| conversations.lives.put(number, life)),
            Block::Scores(all) => {
                all.into_iter().for_each(|(number, score)| conversations.scores.insert(number, score))
            }
            Block::Left(all) => all.into_iter().for_each(|(number, left)| conversations.left.insert(number, left)),
            Block::Comments(all) => {
                all.into_iter().for_each(|(number, comment)| conversations.comments.insert(number, comment));
            }
            Block::Accounts(accounts) => self.accounts.extend(accounts.into_owned()),
            Block::Contacts(contacts) => self.contacts.extend(contacts.into_owned()),
            Block::ContactMarks(marks) => self.contact_marks.extend(marks),
            Block::BreakersV1(breakers) => self.breakers.extend(breakers.into_iter().map(Breaker::from)),
            Block::Breakers(breakers) => self.breakers.extend(breakers.into_owned()),
            Block::Risks(risks) => self.risks.extend(risks.iter()),
            Block::Labels(names) => self.labels.names = names,
            Block::LabelNumbers(numbers) => self.labels.of.extend(&numbers),
            Block::Overrides(all) => {
                all.into_iter().for_each(|(number, said)| conversations.overrides.insert(number, said));
            }
            Block::Voices(voices) => conversations.voices.extend(&voices),
            Block::Levels(of_settings, of_profiles) => self.levels = Some((of_settings, of_profiles)),
            Block::Calibration(calibrated) => self.calibration = Some(calibrated),
            Block::Ratings(all) => all.into_iter().for_each(|(number, rated)| self.ratings.insert(number, rated)),
            Block::FollowUps(all) => {
                all.into_iter().for_each(|(number, follow_up)| self.follow_ups.of.insert(number, follow_up));
            }
            Block::OptedOut(marks) => self.follow_ups.opted_out.extend(&marks),
            Block::Own(own) => self.own = own,
            Block::OwnV1(own) => self.own = own.into(),
            Block::Receipts(bytes) => self.receipts.extend_from_slice(&bytes),
            Block::Identities(bytes) => self.identities.extend_from_slice(&bytes),
            Block::Signals(block) => self.signals.push_back(block),
            piece => self.pieces.push(piece)?,
        }
        Ok(())
    }

    /// The version of the snapshot that the blocks are of.
    pub fn of_version(&mut self, version: u16) {
        self.version = Some(self.version.map_or(version, |other| other.min(version)));
    }

    /// How many there are of each.
    pub(super) fn counts(&self) -> Counts {
        let Self { conversations, accounts, contacts, breakers, signals, .. } = self;
        Counts::of(conversations, accounts.len(), contacts.len(), breakers.len(), signals.len())
    }

    /// The workspace, if every block was there.
    pub fn finish(mut self) -> Result<Workspace, RestoreError> {
        let head = self.head.as_ref().ok_or(RestoreError::Head)?;
        check_counts(&head.counts, &self.counts())?;
        let (version, applied) = (self.version.unwrap_or(u16::MAX), head.applied);
        let pieces = std::mem::take(&mut self.pieces).finish(version, applied)?;
        self.mark_contacts(version)?;
        let announced = version >= 5 || !self.risks.is_empty();
        let workspace = self.finish_with(pieces)?;
        let workspace = if version < 7 { workspace.with_ratings_found() } else { workspace };
        Ok(if announced { workspace } else { workspace.with_all_announced() })
    }

    /// Before version 4 a contact's mark followed from its id.
    fn mark_contacts(&mut self, version: u16) -> Result<(), RestoreError> {
        let marks = std::mem::take(&mut self.contact_marks);
        let known = self.contacts.iter_mut().filter(|_| version < 4);
        known.filter(|contact| !contact.is_free()).for_each(|contact| contact.mark = ContactMark::unkeyed(&contact.id));
        match (version, marks.len()) {
            (..4, 0) => Ok(()),
            (4.., count) if count == self.contacts.len() => {
                self.contacts.iter_mut().zip(marks).for_each(|(contact, mark)| contact.mark = mark);
                Ok(())
            }
            (_, _) => Err(RestoreError::Stray("the mark of a contact")),
        }
    }

    /// As [`finish`](Self::finish), with pieces that are whole already.
    pub(super) fn finish_with(self, pieces: Pieces) -> Result<Workspace, RestoreError> {
        let Self { head, conversations, accounts, contacts, breakers, receipts, identities, signals, .. } = self;
        let Self { labels, own, risks, levels, calibration, ratings, follow_ups, .. } = self;
        let own = OwnSettings { calibration: calibration.or(own.calibration), ..own };
        let head = at_levels(*head.ok_or(RestoreError::Head)?, levels)?;
        let conversations = Conversations::without_index(conversations);
        check_numbers(&conversations, accounts.len(), &contacts)?;
        let mut workspace = Workspace::new(head.key, head.name.clone(), head.settings.clone());
        workspace.rules = Arc::new(Rules { settings: head.settings.clone(), csat: head.csat.clone(), own });
        let (rules, account_count) = (&workspace.rules, accounts.len());
        // The two halves take about the same time, so each has a thread.
        if !Labels::is_whole(&labels) || labels.of.len() > conversations.numbers().len() {
            return Err(RestoreError::Stray("a channel or intent"));
        }
        let (by_id, duplicates, mut accounts, timeline, belongings, labels) = thread::scope(|scope| {
            let indexes = scope.spawn(|| {
                let duplicates = Duplicates::restored(head.duplicates, &receipts, &identities);
                (conversations.index(), duplicates, Accounts::restored(accounts, contacts))
            });
            let by_time = by_time(&conversations)?;
            let timeline = Timeline::of_sorted(&conversations, &by_time, |item| conversations.part(item, rules));
            let belongings = belongings(&conversations, &by_time, account_count);
            let (by_id, duplicates, accounts) = indexes.join().map_err(|_| RestoreError::Stray("an index"))?;
            let duplicates = duplicates.ok_or(RestoreError::Stray("the memory of identities"))?;
            let labels = Labels::restored(labels, &conversations, &by_time, |item| conversations.part(item, rules).1);
            Ok((by_id, duplicates, accounts, timeline, belongings, labels))
        })?;
        workspace.labels = labels;
        check_ratings(&conversations, &ratings, &follow_ups, head.profiles.len())?;
        (workspace.ratings, workspace.follow_ups) = (ratings, FollowUpBook::restored(follow_ups));
        accounts.set_belongings(belongings);
        if !risks.is_empty() && risks.len() != account_count {
            return Err(RestoreError::Stray("the risk of an account"));
        }
        (0..).zip(risks).for_each(|(number, risk)| accounts.announce(number, risk));
        (workspace.accounts, workspace.duplicates, workspace.timeline) = (accounts, duplicates, timeline);
        workspace.conversations = conversations.with_index(by_id);
        workspace.signals = SignalLog::of(signals, head.signals_end);
        workspace.pieces = pieces;
        workspace.take_head(head);
        workspace.take_breakers(breakers);
        workspace.hear_lives();
        workspace.place_lives();
        workspace.count_unscored();
        Ok(workspace)
    }
}

fn check_counts(expected: &Counts, found: &Counts) -> Result<(), RestoreError> {
    let counts = [
        ("records", expected.records, found.records),
        ("free numbers", expected.free, found.free),
        ("lives", expected.lives, found.lives),
        ("scores", expected.scores, found.scores),
        ("settled lives", expected.left, found.left),
        ("comments", expected.comments, found.comments),
        ("accounts", expected.accounts, found.accounts),
        ("contacts", expected.contacts, found.contacts),
        ("breakers", expected.breakers, found.breakers),
        ("blocks of signals", expected.signal_blocks, found.signal_blocks),
    ];
    match counts.into_iter().find(|(_, expected, found)| expected != found) {
        Some((what, expected, found)) => Err(RestoreError::Count { what, expected, found }),
        None => Ok(()),
    }
}

/// The head with the levels of its profiles, which are written apart.
fn at_levels(mut head: Head, levels: Option<(Level, Vec<Level>)>) -> Result<Head, RestoreError> {
    let Some((of_settings, of_profiles)) = levels else { return Ok(head) };
    if of_profiles.len() != head.profiles.len() {
        return Err(RestoreError::Stray("the level of a profile"));
    }
    head.settings.profile.level = of_settings;
    let leveled = |(profile, level): (&Arc<Profile>, Level)| Arc::new(Profile { level, ..(**profile).clone() });
    head.profiles = head.profiles.iter().zip(of_profiles).map(leveled).collect();
    Ok(head)
}

fn check_ratings(
    conversations: &Conversations,
    ratings: &Ratings,
    follow_ups: &FollowUpsCut,
    profiles: usize,
) -> Result<(), RestoreError> {
    let is_there = |number: u32| (number as usize) < conversations.numbers().len() && !conversations.is_free(number);
    let has_profile = |without: Unrated| usize::from(without.profile) < profiles;
    let is_rating = |(number, rated): (u32, &Arc<Rated>)| is_there(number) && rated.without.is_none_or(has_profile);
    if !ratings.iter().all(is_rating) {
        return Err(RestoreError::Stray("a rating"));
    }
    let are_there = follow_ups.of.iter().all(|(number, _)| is_there(number));
    if are_there { Ok(()) } else { Err(RestoreError::Stray("a follow-up")) }
}

/// Whether what a number names is there.
fn check_numbers(conversations: &Conversations, accounts: usize, contacts: &[Contact]) -> Result<(), RestoreError> {
    let is_account = |number: u32| (number as usize) < accounts;
    if !contacts.iter().all(|contact| is_account(contact.account)) {
        return Err(RestoreError::Stray("a contact's account"));
    }
    match conversations.numbers().find(|&number| !conversations.is_whole(number)) {
        Some(_) => Err(RestoreError::Stray("a conversation")),
        None if conversations.numbers().filter_map(|number| conversations.account(number)).all(is_account) => Ok(()),
        None => Err(RestoreError::Stray("a conversation's account")),
    }
}

/// The scored conversations in the order of their keys, which are all different.
fn by_time(conversations: &Conversations) -> Result<Vec<u32>, RestoreError> {
    let scored = conversations.numbers().filter(|&number| conversations.is_scored(number));
    let mut keyed: Vec<(Key, u32)> = scored.map(|number| (conversations.key(number), number)).collect();
    // Most were scored in the order of their numbers, which a stable sort makes use of.
    keyed.sort();
    if keyed.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Err(RestoreError::Stray("the place of a score"));
    }
    Ok(keyed.into_iter().map(|(_, number)| number).collect())
}

/// The conversations of each account.
fn belongings(conversations: &Conversations, by_time: &[u32], accounts: usize) -> Chunks<Belongings> {
    let mut all = Chunks::default();
    all.extend(&vec![Belongings::default(); accounts]);
    for &number in by_time {
        if let Some(account) = conversations.account(number) {
            all.get_mut(account).scored.append(conversations, number);
        }
    }
    all
}

impl Workspace {
    fn take_head(&mut self, head: Head) {
        self.applied = head.applied;
        self.last_receipt = head.last_receipt;
        self.installed = head.installed;
        self.take_profiles(head.profiles);
        self.explained_after = head.explained_after;
        self.retained_from = head.retained_from;
        self.skips = head.skips;
        self.late = head.late;
        self.breakers.epoch = head.epoch;
        self.recent = Recent { from: head.recent_from, sums: self.sum_between(head.recent_from, Millis::MAX) };
    }

    /// Which breakers are active, and where runs begin again, follows from the list of breakers.
    fn take_breakers(&mut self, breakers: Vec<Breaker>) {
        for breaker in breakers {
            let last = breaker.resolved.as_ref().map(|step| LastResolve { at: step.at, position: step.position });
            match &breaker.scope {
                BreakerScope::Workspace => self.breakers.tripped_workspace(breaker.id, last),
                BreakerScope::Account(id) => {
                    if let Some(number) = self.accounts.find(*id) {
                        self.accounts.tripped_before(number, breaker.id, last);
                    }
                }
                BreakerScope::Label(kind, name) => self.labels.tripped_before(*kind, name, breaker.id, last),
            }
            self.breakers.enter(breaker);
        }
    }

    /// It is not known which risks were announced: as if all of them had been.
    #[must_use]
    pub(super) fn with_all_announced(mut self) -> Self {
        for number in 0..self.accounts.count() as u32 {
            let (assessment, _) = self.rebuilt(number).assess(&self.rules, self.last_receipt);
            self.accounts.stands(number, Some(&assessment));
            self.accounts.announce(number, assessment.risk);
        }
        self
    }

    /// What was not kept before snapshots of version 6, as far as lives tell it. Statistics do not depend on that.
    fn hear_lives(&mut self) {
        let told = |(number, life): (u32, &Arc<Life>)| {
            let (known, told) = (self.conversations.voices(number), Voices::of_life(life));
            (known.and(told) != known).then(|| (number, known.and(told)))
        };
        let told: Vec<(u32, Voices)> = self.conversations.lives().filter_map(told).collect();
        told.into_iter().for_each(|(number, voices)| self.conversations.set_voices(number, voices));
    }

    /// Which lives settle when, and which conversations have no score.
    fn place_lives(&mut self) {
        let ends = |(number, life): (u32, &Arc<Life>)| life.walk().terminal.then_some((life.last_change, number));
        self.settling = self.conversations.lives().filter_map(ends).collect();
        let unscored: Vec<u32> =
            self.conversations.numbers().filter(|&number| self.conversations.is_unscored(number)).collect();
        for number in unscored {
            self.note_again(number);
        }
    }
}
