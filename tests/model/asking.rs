//! What a stream has of ratings by links, of mails that ask for them, and of calibrations.

use std::collections::BTreeMap;

use tripswitch::domain::calibrated::Calibrated;
use tripswitch::domain::csat_config::CsatPatch;
use tripswitch::domain::event::EventRecord;
use tripswitch::domain::exact::Exact;
use tripswitch::domain::follow_up::{Address, MailFault, MailNote, MailOutcome};
use tripswitch::domain::ids::Id;
use tripswitch::domain::rating::LinkRating;
use tripswitch::domain::scoring::catalogue::SignalKind;
use tripswitch::domain::scoring::profile::ScoringModel;
use tripswitch::domain::time::{DAY, HOUR, MINUTE, Millis};

use crate::compare::Compared;
use crate::events::mark_of;
use crate::random::Random;
use crate::stream::{Action, Maker, conversation};

const ADDRESSES: u64 = 4;

/// What a generator remembers of it.
#[derive(Default)]
pub(crate) struct Asking {
    /// What is next, whatever else would be.
    pending: Vec<Action>,
    /// Ratings by links, and when.
    rated: Vec<(LinkRating, Millis)>,
    /// Times of mails, and until when contacts are left alone.
    mailed: Vec<Millis>,
    quiet: Vec<Millis>,
    /// Times of ends.
    ended: Vec<Millis>,
    delay: Millis,
    calibrated: Option<Box<Calibrated>>,
    calibrations: u32,
}

impl Maker {
    fn asks(&self) -> bool {
        self.shares.names_address > 0
    }

    pub(crate) fn by_customers(&mut self) -> Option<Action> {
        if !self.asks() {
            return None;
        }
        if let Some(next) = self.asking.pending.pop() {
            return Some(next);
        }
        let mut drawn = self.rng.below(100);
        for (kind, share) in self.shares.asking.into_iter().enumerate() {
            if drawn < share {
                return Some(match kind {
                    0 => self.rate(),
                    1 => Action::OptOut(self.some_conversation()),
                    2 => self.mails(),
                    _ => self.calibrate(),
                });
            }
            drawn -= share;
        }
        None
    }

    /// Now and then the clock jumps to an edge of it.
    pub(crate) fn asked_at(&mut self) -> Option<Millis> {
        if !self.asking.pending.is_empty() {
            return Some(self.now);
        }
        if !self.asks() || !self.rng.chance(16) {
            return None;
        }
        let Asking { rated, mailed, quiet, ended, delay, .. } = &self.asking;
        let (last, mailed, quiet) = (rated.last().map(|(_, at)| *at), mailed.last().copied(), quiet.last().copied());
        let ended = ended.last().copied();
        let delay = *delay;
        let jitter = self.rng.range(-1, 1);
        let at = match self.rng.below(7) {
            0 | 1 => last? + DAY + jitter,
            2 => ended? + delay + 3 * DAY + self.rng.range(0, 1),
            3 => mailed? + 90 * DAY + jitter,
            4 => quiet? - delay + jitter,
            5 => self.mark() + self.settings.model.settle_span() + self.rng.range(0, 2 * DAY),
            _ => self.mark() + delay + DAY + jitter,
        };
        Some(at)
    }

    fn some_conversation(&mut self) -> Id {
        let known = self.threads.len() as u64;
        if known == 0 || self.rng.chance(5) {
            return conversation(known);
        }
        let back = if self.rng.chance(60) { self.rng.below(known.min(3)) } else { self.rng.below(known) };
        conversation(known - 1 - back)
    }

    /// A rating by a link: another, or one of before once more.
    fn rate(&mut self) -> Action {
        let before = self.asking.rated.last().map(|(rating, _)| rating.clone());
        let mut rating = match before {
            Some(before) if self.rng.chance(50) => before,
            _ => LinkRating {
                conversation: self.some_conversation(),
                ending: self.rng.pick(&[0, 0, 0, 0, 1, 1, 1, 2, 2, 3]),
                rating: 0,
                comment: None,
            },
        };
        if rating.rating == 0 || self.rng.chance(60) {
            let low = self.rng.chance(self.shares.low);
            rating.rating = if low { self.rng.range(1, 2) } else { self.rng.range(3, 5) } as u8;
            rating.comment = self.rng.pick(&[None, None, Some("slow"), Some("at last")]).map(Into::into);
        }
        if self.rng.chance(3) {
            // More often than it may be changed.
            for change in 0..23 {
                let changed = LinkRating { rating: 1 + change % 5, ..rating.clone() };
                self.asking.pending.push(Action::Rate(changed));
            }
        }
        self.asking.rated.push((rating.clone(), self.now));
        Action::Rate(rating)
    }

    fn mails(&mut self) -> Action {
        let quiet = self.rng.pick(&[0, DAY, DAY, 30 * DAY]);
        self.asking.mailed.push(self.now);
        self.asking.quiet.push(self.now + quiet);
        Action::Mails(self.rng.next(), quiet)
    }

    /// Settings follow at once, or some time later.
    fn calibrate(&mut self) -> Action {
        let to = match self.rng.below(10) {
            0..=2 => None,
            3 | 4 => self.asking.calibrated.clone(),
            _ => Some(Box::new(self.fitted())),
        };
        self.asking.calibrated.clone_from(&to);
        if self.rng.chance(75) {
            self.asking.pending.push(Action::Settings(Box::new(self.settings.clone())));
        }
        Action::Calibrate(to)
    }

    fn fitted(&mut self) -> Calibrated {
        self.asking.calibrations += 1;
        let rng = &mut self.rng;
        let model = rng.pick(&ScoringModel::ALL);
        let kinds = [SignalKind::Praise, SignalKind::Thanks, SignalKind::SentimentMean, SignalKind::Rating];
        let kinds = kinds.into_iter().filter(|_| rng.chance(40)).collect::<Vec<_>>();
        let weights: BTreeMap<_, _> =
            kinds.into_iter().map(|kind| (kind, Exact(rng.pick(&[0.01, 0.5, 2.25])))).collect();
        Calibrated {
            model,
            level: [rng.pick(&[0.0, -0.4, 0.3]), rng.pick(&[1.0, 0.75, 1.5]), 3.5].map(Exact),
            weights,
            version: self.asking.calibrations.to_be_bytes(),
            base: [7; 8],
            ratings: 200,
            accounts: 30,
        }
    }

    pub(crate) fn patch_asking(&mut self, patch: &mut CsatPatch) {
        if !self.asks() {
            return;
        }
        patch.email_inline_enabled = self.rng.chance(25).then(|| self.rng.chance(60));
        patch.email_followup_enabled = self.rng.chance(35).then(|| self.rng.chance(70));
        if self.rng.chance(35) {
            let minutes = self.rng.pick(&[0, 1, 30, 60, 2_880]);
            patch.follow_up_delay_minutes = Some(minutes);
            self.asking.delay = Millis::from(minutes) * MINUTE;
        }
    }

    /// The end of a conversation may be told of when it is history.
    pub(crate) fn name_address(&mut self, event: &mut EventRecord, ends: bool) {
        if !self.asks() {
            return;
        }
        if ends && self.rng.chance(12) {
            event.time = Some(self.now - self.asking.delay - DAY + self.rng.range(-1, 1));
        }
        if ends {
            self.asking.ended.push(event.time.unwrap_or(self.now));
        }
        if self.rng.chance(self.shares.names_address) {
            let number = event.conversation.map_or(0, |id| id.0 as u64);
            let number = if self.rng.chance(80) { number % ADDRESSES } else { self.rng.below(ADDRESSES) };
            let mark = mark_of(&format!("address-{number}"));
            event.address = Some(Address { mark, sealed: vec![number as u8, self.rng.below(2) as u8].into() });
        }
    }

    /// A contact by its id, or by its address.
    pub(crate) fn erased_contact(&mut self) -> Box<str> {
        if self.asks() && self.rng.chance(50) {
            return format!("address-{}", self.rng.below(ADDRESSES)).into();
        }
        format!("contact-{}", self.rng.below(self.shares.contacts + 1)).into()
    }
}

const FAULTS: [MailFault; 5] =
    [MailFault::Unreachable, MailFault::Timeout, MailFault::Deferred(451), MailFault::Refused(550), MailFault::Tls];

impl Compared {
    /// What became of some of those that are due, and of others.
    pub fn mail_notes(&self, number: u64, quiet: Millis, receipt: Millis) -> Vec<MailNote> {
        let mut rng = Random::new(number);
        let due: Vec<(Id, u32)> = self.naive.waiting().iter().map(|(known, due)| (known.id, due.ending)).collect();
        let known: Vec<Id> = self.naive.conversations.iter().map(|known| known.id).chain([Id(5)]).collect();
        let mut notes = Vec::new();
        for _ in 0..rng.range(1, 3) {
            let (conversation, ending) =
                if due.is_empty() || rng.chance(15) { (rng.pick(&known), rng.below(3) as u32) } else { rng.pick(&due) };
            let at = receipt - rng.pick(&[0, 0, 0, MINUTE]);
            let fault = rng.pick(&FAULTS);
            let outcome = match rng.below(10) {
                0..=4 => MailOutcome::Sent { quiet_until: at + quiet },
                5..=7 => MailOutcome::Failed { fault, next: Some(at + rng.pick(&[5 * MINUTE, HOUR, 20 * HOUR])) },
                _ => MailOutcome::Failed { fault, next: None },
            };
            notes.push(MailNote { conversation, ending, at, outcome });
        }
        notes
    }
}
