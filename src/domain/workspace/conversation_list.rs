//! Scored conversations of a side or of an account, in an order as it was at one moment (R6.6): numbers, of which each is
//! read when it is its turn. A number whose conversation is gone, or does not fit any more, is passed over.

use std::ops::Range;
use std::sync::Arc;

use super::super::chunks::Chunks;
use super::super::effect::ScoredView;
use super::super::ids::Id;
use super::super::roster::Roster;
use super::super::rules::Rules;
use super::super::score::Hundredths;
use super::super::time::Millis;
use super::super::timeline::{Key, Keys, Timeline};
use super::super::view::LabelKind;
use super::Workspace;
use super::conversations::Conversations;
use super::kept::Score;
use super::labels::Numbers;
use super::tally::Tally;

/// What conversations are put in order by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ConversationSort {
    /// The order of R6.1.
    #[default]
    ScoredAt,
    /// Of the same composite in the order of R6.1.
    Composite,
}

/// Which conversations, and in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ConversationQuery {
    /// Of this account alone.
    pub account: Option<Id>,
    pub sort: ConversationSort,
    /// The latest, or the highest composites, first.
    pub descending: bool,
    pub low: Option<bool>,
    pub resolved: Option<bool>,
    pub reopened: Option<bool>,
    pub min_confidence: Option<Hundredths>,
    pub min_score: Option<Hundredths>,
    pub max_score: Option<Hundredths>,
    /// By [`LabelKind`].
    pub labels: [Option<Box<str>>; 2],
    pub model_version: Option<Box<str>>,
    /// `scoredAt`, inclusive.
    pub from: Option<Millis>,
    pub to: Option<Millis>,
}

/// Where a conversation stands in the order: its composite, which is zero where that does not count, and its key.
pub type Place = (Hundredths, Key);

/// A conversation in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct ConversationRow {
    pub view: ScoredView,
    /// As the account is called now.
    pub account_name: Option<Arc<str>>,
    pub place: Place,
}

/// An order as it was at one moment.
#[derive(Clone, Debug)]
pub enum Pinned {
    /// Of a side, by key.
    Side(Timeline<Tally>, Range<usize>),
    /// Of an account, by key.
    Account(Roster, Range<usize>),
}

/// What it takes to put conversations in order by their composites: as it was at one moment, shared, not copied.
#[derive(Clone, Debug)]
pub struct ConversationsCut {
    pinned: Pinned,
    conversations: Conversations,
    labels: Chunks<Numbers>,
    matcher: Matcher,
}

/// A query with what its names stand for.
#[derive(Clone, Debug)]
struct Matcher {
    query: ConversationQuery,
    rules: Arc<Rules>,
    /// The account's number; an account that is not known has no conversations.
    account: Option<Option<u32>>,
    /// The label's number, of which 0 fits none.
    labels: [Option<u16>; 2],
    /// Of the profiles, by number: whether it is the version asked for.
    profiles: Option<Vec<bool>>,
}

impl Pinned {
    /// Of how many conversations.
    pub fn count(&self) -> usize {
        match self {
            Self::Side(_, ranks) | Self::Account(_, ranks) => ranks.len(),
        }
    }

    /// At most `most` numbers from `from` on, the oldest or the newest first.
    pub fn numbers(&self, descending: bool, from: usize, most: usize) -> Vec<u32> {
        let (Self::Side(_, ranks) | Self::Account(_, ranks)) = self;
        let (from, to) = (from.min(ranks.len()), from.saturating_add(most).min(ranks.len()));
        let wanted = if descending { ranks.end - to..ranks.end - from } else { ranks.start + from..ranks.start + to };
        match (self, descending) {
            (Self::Side(all, _), false) => all.ranked(wanted).collect(),
            (Self::Side(all, _), true) => all.ranked(wanted).rev().collect(),
            (Self::Account(all, _), false) => all.ranked(wanted).collect(),
            (Self::Account(all, _), true) => all.ranked(wanted).rev().collect(),
        }
    }

    /// All of them, the oldest first.
    fn each(&self, look: impl FnMut(u32)) {
        match self {
            Self::Side(all, ranks) => all.ranked(ranks.clone()).for_each(look),
            Self::Account(all, ranks) => all.ranked(ranks.clone()).for_each(look),
        }
    }
}

impl Matcher {
    fn fits(&self, conversations: &Conversations, number: u32, labels: Numbers, score: &Score) -> bool {
        let query = &self.query;
        let is = |wanted: Option<bool>, found: bool| wanted.is_none_or(|wanted| wanted == found);
        query.from.is_none_or(|from| from <= score.key.0)
            && query.to.is_none_or(|to| score.key.0 <= to)
            && is(query.low, self.rules.is_low(score.composite))
            && is(query.resolved, score.resolved)
            && query.min_confidence.is_none_or(|least| least <= score.confidence)
            && query.min_score.is_none_or(|least| least <= score.composite)
            && query.max_score.is_none_or(|most| score.composite <= most)
            && self
                .labels
                .iter()
                .zip(labels)
                .all(|(wanted, found)| wanted.is_none_or(|wanted| wanted == found && found > 0))
            && self.profiles.as_ref().is_none_or(|fits| fits.get(usize::from(score.profile)) == Some(&true))
            && self.account.is_none_or(|account| account.is_some() && conversations.account(number) == account)
            && query.reopened.is_none_or(|wanted| wanted == conversations.is_reopened(number))
            && conversations.has_id(number)
    }

    /// The score of a conversation that fits.
    fn score(&self, conversations: &Conversations, labels: impl Fn(u32) -> Numbers, number: u32) -> Option<Score> {
        let score = conversations.score(number)?;
        self.fits(conversations, number, labels(number), &score).then_some(score)
    }

    fn place(&self, score: &Score) -> Place {
        match self.query.sort {
            ConversationSort::ScoredAt => (Hundredths(0), score.key),
            ConversationSort::Composite => (score.composite, score.key),
        }
    }
}

impl ConversationsCut {
    /// All that fit, by their composites; and how many of them stand before the first one behind `behind`.
    pub fn sorted(&self, behind: Option<Place>) -> (Vec<u32>, usize) {
        let labels = |number: u32| self.labels.find(number).copied().unwrap_or_default();
        self.matcher.sorted(&self.pinned, &self.conversations, labels, behind)
    }
}

impl Matcher {
    fn sorted(
        &self,
        pinned: &Pinned,
        conversations: &Conversations,
        labels: impl Fn(u32) -> Numbers,
        behind: Option<Place>,
    ) -> (Vec<u32>, usize) {
        // Composites are few, and the pinned ones stand in order by key: counted, then put where their composite begins.
        let (mut composites, mut begins) = (Vec::with_capacity(pinned.count()), Vec::new());
        pinned.each(|number| {
            let composite = self.score(conversations, &labels, number).map(|score| score.composite.0);
            if let Some(composite) = composite.map(usize::from) {
                begins.resize(begins.len().max(composite + 1), 0);
                begins[composite] += 1;
            }
            composites.push(composite);
        });
        let mut total = 0;
        begins.iter_mut().for_each(|begin| total += std::mem::replace(begin, total));
        let (mut sorted, mut at) = (vec![0; total], 0);
        pinned.each(|number| {
            if let Some(composite) = composites[at] {
                let place = &mut begins[usize::from(composite)];
                sorted[*place] = number;
                *place += 1;
            }
            at += 1;
        });
        let descending = self.query.descending;
        if descending {
            sorted.reverse();
        }
        let passed = behind.map_or(0, |behind| {
            let place = |number: u32| self.place(&conversations.placed(number));
            sorted.partition_point(|&number| if descending { place(number) >= behind } else { place(number) <= behind })
        });
        (sorted, passed)
    }
}

impl Workspace {
    fn matcher(&self, query: &ConversationQuery) -> Matcher {
        let label = |kind: LabelKind| {
            let name = query.labels[kind as usize].as_deref()?;
            Some(self.labels.find(kind, name).unwrap_or(0))
        };
        let profiles = query
            .model_version
            .as_deref()
            .map(|version| self.profiles.iter().map(|profile| *profile.name == *version).collect());
        Matcher {
            rules: self.rules(),
            account: query.account.map(|id| self.accounts.find(id)),
            labels: LabelKind::ALL.map(label),
            profiles,
            query: query.clone(),
        }
    }

    /// The conversations asked for in the order of their keys, as it is now; filters but those of time are not applied.
    pub fn pin_conversations(&self, query: &ConversationQuery) -> Pinned {
        let (from, to) = (query.from.unwrap_or(Millis::MIN), query.to.unwrap_or(Millis::MAX));
        match query.account.map(|id| self.accounts.find(id)) {
            None => Pinned::Side(self.timeline.clone(), self.timeline.ranks(&self.conversations, from, to)),
            Some(Some(number)) => {
                let scored = self.accounts.scored(number);
                Pinned::Account(scored.clone(), scored.ranks(&self.conversations, from, to))
            }
            Some(None) => Pinned::Account(Roster::default(), 0..0),
        }
    }

    /// How many of the pinned ones stand before the first one behind `behind`. To be asked before anything changes.
    pub fn pinned_behind(&self, pinned: &Pinned, descending: bool, behind: Key) -> usize {
        let key = |rank: usize| {
            let number = pinned.numbers(descending, rank, 1).first().copied();
            number.map(|number| self.conversations.key(number))
        };
        let is_passed =
            |rank: usize| key(rank).is_some_and(|key| if descending { key >= behind } else { key <= behind });
        let (mut passed, mut rest) = (0, pinned.count());
        while passed < rest {
            let middle = passed + (rest - passed) / 2;
            if is_passed(middle) {
                passed = middle + 1;
            } else {
                rest = middle;
            }
        }
        passed
    }

    /// As [`ConversationsCut::sorted`] where they are few; else what it takes to do that elsewhere.
    pub fn sort_conversations(
        &mut self,
        query: &ConversationQuery,
        behind: Option<Place>,
    ) -> Result<(Vec<u32>, usize), Box<ConversationsCut>> {
        /// So many are sorted on the spot.
        const FEW: usize = 2_000;
        let (pinned, matcher) = (self.pin_conversations(query), self.matcher(query));
        if pinned.count() <= FEW {
            return Ok(matcher.sorted(&pinned, &self.conversations, |number| self.labels.numbers(number), behind));
        }
        Err(Box::new(ConversationsCut {
            pinned,
            matcher,
            conversations: Conversations::without_index(self.conversations.cut()),
            labels: self.labels.cut_numbers(),
        }))
    }

    /// At most `most` of the conversations that fit, each with its place in `numbers`.
    pub fn conversation_rows(
        &self,
        query: &ConversationQuery,
        numbers: &[u32],
        most: usize,
    ) -> Vec<(usize, ConversationRow)> {
        let matcher = self.matcher(query);
        let labels = |number: u32| self.labels.numbers(number);
        let known = numbers.iter().enumerate().filter(|(_, number)| self.conversations.is_known(**number));
        let fitting = known.filter_map(|(at, &number)| {
            let score = matcher.score(&self.conversations, labels, number)?;
            let account = self.conversations.account(number).map(|account| self.accounts.get(account));
            let view = ScoredView {
                quality: score.quality(self.conversations.id(number)),
                account: account.map(|account| account.id),
                resolved: score.resolved,
                low: self.rules.is_low(score.composite),
                model_version: self.profiles.get(usize::from(score.profile))?.name.to_string(),
                overridden: self.conversations.overridden(number).is_some(),
            };
            let account_name = account.and_then(|account| account.name.clone());
            Some((at, ConversationRow { view, account_name, place: matcher.place(&score) }))
        });
        fitting.take(most).collect()
    }
}
