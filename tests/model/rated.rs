//! R13.2 and R13.3 compared: what links are for, what mails are due, and ratings beside what the model says without them.

use std::sync::Arc;

use tripswitch::domain::ids::Id;
use tripswitch::domain::quantum::to_quantum;
use tripswitch::domain::score::Hundredths;
use tripswitch::domain::scoring::catalogue::SignalKind;
use tripswitch::domain::scoring::{Observation, ObservedKind, observe};
use tripswitch::domain::time::{DAY, Millis};

use crate::compare::{Check, Compared, same};
use crate::life::evidence;
use crate::naive::{Conversation, Naive, Score, Seen};

/// Of a rated conversation: account, rating, receipt, composite without it, hash of the profile, and the signals.
pub type Pair = (Id, Option<Id>, u8, Millis, Hundredths, [u8; 8], Option<Vec<Observation>>);

/// Scored ones, those of them that were rated, and sums of composites of both.
type Answered = (u64, u64, [u64; 2]);

/// Goodness of a rating among the signals.
fn rating_of(observations: &[Observation]) -> Option<u8> {
    let is_rating = |seen: &&Observation| seen.signal == ObservedKind::Catalogue(SignalKind::Rating);
    let goodness = observations.iter().find(is_rating)?.goodness;
    (1..=5).find(|rating| to_quantum(f64::from(rating - 1) / 4.0) == goodness)
}

impl Naive {
    fn all_observed(score: &Score, seen: &Seen) -> Vec<Observation> {
        observe(&score.profile, &evidence(&seen.end, &seen.kept))
    }

    /// As long as the signals are kept, the rating that is among them; later the latest one.
    fn pair(&self, known: &Conversation) -> Option<Pair> {
        let rated = known.rated.as_ref()?;
        let account = known.attachment.account();
        let now = self.seen(known.id).and_then(|(score, seen)| {
            let mut signals = Self::all_observed(score, seen);
            let rating = rating_of(&signals)?;
            signals.retain(|signal| signal.signal != ObservedKind::Catalogue(SignalKind::Rating));
            let (composite, profile) = self.unrated(known.id)?;
            Some((rating, composite, profile, Some(signals)))
        });
        let before = || rated.without.clone().map(|(composite, profile)| (rated.rating, composite, profile, None));
        let (rating, composite, profile, signals) = now.or_else(before)?;
        Some((known.id, account, rating, rated.at, composite, profile.hash, signals))
    }

    /// Newest first; of the same receipt in no order.
    fn pairs(&self, from: Millis, to: Millis, most: usize) -> Vec<Pair> {
        let within = |known: &&Conversation| known.rated.as_ref().is_some_and(|rated| (from..=to).contains(&rated.at));
        let mut rated: Vec<&Conversation> = self.conversations.iter().filter(within).collect();
        rated.sort_by_key(|known| std::cmp::Reverse(known.rated.as_ref().map(|rated| rated.at)));
        rated.into_iter().take(most).filter_map(|known| self.pair(known)).collect()
    }

    fn answering(&self, from: Millis, to: Millis) -> Answered {
        let mut answering = (0, 0, [0, 0]);
        for known in &self.conversations {
            let Some(score) = self.model_score(known.id).filter(|score| !score.imported) else { continue };
            if !(from..=to).contains(&score.scored_at) {
                continue;
            }
            let composite = self.pair(known).map_or(score.composite, |pair| pair.4);
            answering.0 += 1;
            answering.2[0] += u64::from(composite.0);
            if known.rated.is_some() {
                answering.1 += 1;
                answering.2[1] += u64::from(composite.0);
            }
        }
        answering
    }
}

impl Compared {
    /// After every frame.
    pub fn mails(&mut self, receipt: Millis) -> Check {
        let later = receipt + 400 * DAY;
        let due = |now: Millis, most: usize, workspace: &tripswitch::domain::workspace::Workspace| {
            let mut mails = workspace.due_mails(now, most);
            mails.sort_by_key(|mail| mail.conversation);
            mails
        };
        let workspace = self.real.workspace();
        for now in [receipt, later] {
            same("mails that are due", due(now, usize::MAX, workspace), self.naive.due_mails(now))?;
        }
        let next: Vec<Millis> = self.naive.waiting().iter().map(|(_, due)| due.next).collect();
        let first = |mail: &tripswitch::domain::follow_up::DueMail| {
            let waiting = self.naive.waiting();
            waiting.iter().find(|(known, _)| known.id == mail.conversation).map(|(_, due)| due.next)
        };
        let two: Vec<Option<Millis>> = workspace.due_mails(later, 2).iter().map(first).collect();
        same("the first two mails", two, next.iter().take(2).copied().map(Some).collect())?;
        same("when the next mail is due", workspace.next_mail(), self.naive.next_mail())?;
        same("follow-ups", workspace.follow_ups(), self.naive.follow_ups())
    }

    /// What links say of a conversation.
    pub fn links(&mut self, id: Id, now: Millis) -> Check {
        same("what a link is for", self.real.workspace().link_terms(id, now), self.naive.link_terms(id, now))?;
        for ending in 0..4 {
            let real = self.real.workspace().asked(id, ending, now);
            same(&format!("asked for ending {ending}"), real, self.naive.asked(id, ending, now))?;
        }
        Ok(())
    }

    /// R13.3.
    pub fn pairs(&mut self, from: Millis, to: Millis) -> Check {
        let cut = self.real.workspace().cut();
        let real = |from: Millis, to: Millis, most: usize| -> Vec<Pair> {
            let pairs = cut.rated(from, to, most).into_iter().map(|one| {
                let profile = &cut.head().profiles[usize::from(one.profile)];
                (one.conversation, one.account, one.rating, one.at, one.composite, profile.hash, one.signals)
            });
            pairs.collect()
        };
        let sorted = |mut pairs: Vec<Pair>| {
            pairs.sort_by_key(|pair| pair.0);
            pairs
        };
        for (from, to) in [(from, to), (Millis::MIN, Millis::MAX)] {
            let naive = self.naive.pairs(from, to, usize::MAX);
            self.naive.coverage.add("rated ones beside the model", naive.len() as u64);
            let kept = naive.iter().filter(|pair| pair.6.is_none()).count();
            self.naive.coverage.add("rated ones whose signals are gone", kept as u64);
            let found = real(from, to, usize::MAX);
            let times: Vec<Millis> = found.iter().rev().map(|pair| pair.3).collect();
            if !times.is_sorted() {
                return Err(format!("ratings are not newest first: {times:?}"));
            }
            same("ratings", sorted(found), sorted(naive))?;
            let answering = cut.answering(from, to);
            let answered: Answered = (answering.scored, answering.rated, answering.composites);
            same("who answered", answered, self.naive.answering(from, to))?;
        }
        let mut kept: Vec<_> = cut.facts().filter_map(|known| Some((known.id, known.follow_up?))).collect();
        kept.sort_by_key(|(id, _)| *id);
        let naive = self.naive.conversations.iter();
        let mut expected: Vec<_> = naive.filter_map(|known| Some((known.id, Arc::new(known.mail.clone()?)))).collect();
        expected.sort_by_key(|(id, _)| *id);
        same("what is kept of mails", kept, expected)?;
        same("who opted out", cut.opted_out().collect(), self.naive.opted_out.clone())?;
        let at = |pairs: Vec<Pair>| pairs.into_iter().map(|pair| pair.3).collect::<Vec<_>>();
        let (newest, naive) = (real(Millis::MIN, Millis::MAX, 1), self.naive.pairs(Millis::MIN, Millis::MAX, 1));
        if newest.len() == naive.len() {
            same("the newest rating", at(newest), at(naive))?;
        }
        Ok(())
    }
}
