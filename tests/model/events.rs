//! The events of a stream.

use tripswitch::domain::event::{
    AttentionType, Body, ContactName, EventRecord, Identity, ImportedScore, ObservedSignal, OwnSignal, Resolution,
    Sender, Status, TurnFeatures,
};
use tripswitch::domain::ids::Id;
use tripswitch::domain::life::ContactMark;
use tripswitch::domain::message::{Heard, LanguageCode, MessageFeatures, Reading};
use tripswitch::domain::score::Hundredths;
use tripswitch::domain::scoring::catalogue::SignalKind;
use tripswitch::domain::scoring::support::pack::{AGENT, CUSTOMER, List};
use tripswitch::domain::time::{DAY, HOUR, MINUTE, Millis};

use crate::random::Random;
use crate::stream::{Maker, Thread, account, conversation};

/// Alike for some letters, and some but for their case.
const NAMES: [&str; 6] =
    ["Nordic Parts ApS", "Fjord & Co", "Ålborg Værft", "nordic parts aps", "Nordic Parties", "ålborg"];

impl Maker {
    /// The events of one request: new ones, repeats, and other events under known identities.
    pub(crate) fn request(&mut self) -> Vec<EventRecord> {
        let (low, high) = self.shares.events_per_frame;
        let mut events = Vec::new();
        for _ in 0..self.rng.range(low, high) {
            if self.rng.chance(self.shares.repeat) && !self.sent.is_empty() {
                let event = self.repeat();
                events.push(event);
                continue;
            }
            let kind = self.rng.weighted(&self.shares.events.clone());
            if kind == 10 {
                self.ladder(&mut events);
                continue;
            }
            if kind == 11 {
                self.gap(&mut events);
                continue;
            }
            let event = self.event(kind);
            self.sent.push((event.clone(), self.now));
            events.push(event);
        }
        events
    }

    fn repeat(&mut self) -> EventRecord {
        let count = self.sent.len() as u64;
        let back = if self.rng.chance(60) { self.rng.below(count.min(6)) } else { self.rng.below(count) };
        let mut event = self.sent[(count - 1 - back) as usize].0.clone();
        if self.rng.chance(35) {
            event.identity.content ^= 1;
            event.body = Body::SurveyResponded { rating: 1, comment: None };
            event.conversation = event.conversation.or(Some(conversation(0)));
        }
        event
    }

    fn identity(&mut self) -> Identity {
        self.identities += 1;
        let mut key = [0; 12];
        key[..8].copy_from_slice(&self.identities.to_be_bytes());
        Identity { key, content: self.rng.next() as u32 }
    }

    pub(crate) fn blank(&mut self, conversation: Option<Id>, time: Option<Millis>, body: Body) -> EventRecord {
        EventRecord {
            identity: self.identity(),
            time,
            conversation,
            account: None,
            account_name: None,
            contact: None,
            channel: None,
            intent: None,
            body,
            address: None,
        }
    }

    fn event(&mut self, kind: usize) -> EventRecord {
        if kind == 9 {
            return self.account_updated();
        }
        let index = self.thread(kind == 0);
        let body = self.body(kind);
        let time = if kind == 0 { Some(self.import_time()) } else { self.life_time(index) };
        let stamped = time.unwrap_or(self.now);
        if kind == 0 || kind == 3 {
            self.marks.push(stamped);
        }
        let (id, own) = (self.threads[index].id, self.threads[index].account);
        let mut event = self.blank(Some(id), time, body);
        if self.rng.chance(self.shares.names_account) {
            let other = self.rng.chance(self.shares.other_account);
            let drawn = account(self.rng.below(self.shares.accounts));
            event.account = if other { Some(drawn) } else { own.or(Some(drawn)) };
            if own.is_none() {
                self.threads[index].account = event.account;
            }
        }
        event.account_name = self.name(4);
        if self.rng.chance(self.shares.names_contact) {
            event.contact = Some(self.contact());
        }
        if self.shares.names_label > 0 {
            self.label(&mut event);
        }
        self.name_address(&mut event, kind == 3);
        let thread = &mut self.threads[index];
        thread.times.push(stamped);
        if kind != 0 {
            thread.last_receipt = self.now;
        }
        event
    }

    /// An event of the life of one conversation: no import, no account, its time as given.
    pub(crate) fn of_a_life(&mut self, time: Millis) -> EventRecord {
        let kind = self.rng.pick(&[1, 1, 1, 2, 2, 3, 3, 3, 4, 4, 5, 6, 7, 8]);
        let body = self.body(kind);
        self.blank(Some(conversation(1)), Some(time), body)
    }

    fn account_updated(&mut self) -> EventRecord {
        let contacts = (0..self.rng.below(3)).map(|_| self.contact()).collect();
        let mut event = self.blank(None, None, Body::AccountUpdated { contacts });
        event.account = Some(account(self.rng.below(self.shares.accounts)));
        event.account_name = self.name(50);
        if self.rng.chance(20) {
            event.contact = Some(self.contact());
        }
        event
    }

    fn name(&mut self, percent: u64) -> Option<Box<str>> {
        self.rng.chance(percent).then(|| self.rng.pick(&NAMES).into())
    }

    fn contact(&mut self) -> ContactName {
        named(&format!("contact-{}", self.rng.below(self.shares.contacts)))
    }

    /// A conversation: known, or new. Imports like new ones best.
    fn thread(&mut self, import: bool) -> usize {
        let count = self.threads.len() as u64;
        let fresh = if import { self.shares.new_conversation } else { self.shares.new_conversation / 2 };
        if count == 0 || (count < self.shares.conversations && self.rng.chance(fresh)) {
            self.threads.push(Thread {
                id: conversation(count),
                account: None,
                times: Vec::new(),
                last_receipt: self.now,
            });
            return count as usize;
        }
        let back = if self.rng.chance(50) { self.rng.below(count.min(4)) } else { self.rng.below(count) };
        (count - 1 - back) as usize
    }

    /// None (the receipt), just now, out of order, at or beside an earlier event, or days ago.
    fn life_time(&mut self, index: usize) -> Option<Millis> {
        let count = self.threads[index].times.len() as u64;
        let earlier = if count == 0 {
            self.now
        } else {
            let back = self.rng.below(count.min(5));
            self.threads[index].times[(count - 1 - back) as usize]
        };
        let time = match self.rng.below(22) {
            0..=2 => return None,
            3..=8 => self.now,
            9..=11 => self.now - self.rng.range(0, 30) * MINUTE,
            12..=13 => earlier,
            14 => earlier - 1,
            15 => earlier + 1,
            16..=17 => earlier + self.rng.range(-40, 40) * MINUTE,
            18 => self.now - self.rng.range(0, 10) * DAY,
            19..=20 => self.mark() + self.rng.pick(&[-1, 0, 0, 1]),
            _ => self.now + self.rng.range(0, 5) * MINUTE,
        };
        Some(time.min(self.now + 5 * MINUTE))
    }

    fn import_time(&mut self) -> Millis {
        let jitter = self.rng.range(-1, 1);
        let span = self.window_hours * HOUR;
        let time = if self.rng.chance(self.shares.edge) {
            match self.rng.below(8) {
                0 | 1 => self.mark() + span + jitter,
                2 => self.mark() - span + jitter,
                3 => self.now - span + jitter,
                4 => self.mark(),
                5 => self.mark() + jitter,
                6 => self.now - self.settings.model.window_span() + jitter,
                _ => self.now - self.rng.range(0, 120) * DAY,
            }
        } else if self.rng.chance(20) {
            self.now + self.rng.range(-10, 5) * MINUTE
        } else {
            self.now - self.rng.range(0, 40_000)
        };
        time.min(self.now + 5 * MINUTE).max(self.now - 399 * DAY)
    }

    fn body(&mut self, kind: usize) -> Body {
        match kind {
            0 => Body::ConversationScored(self.import()),
            1 if self.rng.chance(50) => Body::Message { sender: None, heard: self.heard(true) },
            1 => Body::MessageReceived(self.features(true)),
            2 if self.rng.chance(50) => {
                Body::Message { sender: Some(self.rng.pick(&[Sender::Ai, Sender::Human])), heard: self.heard(false) }
            }
            2 => Body::MessageSent {
                sender: if self.rng.chance(70) { Sender::Ai } else { Sender::Human },
                features: self.features(false),
            },
            3 if self.rng.chance(60) => Body::StatusChanged(self.rng.pick(&[
                Status::Resolved,
                Status::Closed,
                Status::Closed,
                Status::Abandoned,
            ])),
            3 => Body::ConversationResolved(self.rng.pick(&[
                Resolution::AiResolved,
                Resolution::HumanResolved,
                Resolution::Abandoned,
            ])),
            4 => Body::StatusChanged(self.rng.pick(&[Status::Open, Status::InProgress, Status::AwaitingContact])),
            5 => Body::AttentionItemCreated(self.rng.pick(&[
                AttentionType::ValidationFailed,
                AttentionType::HumanRequested,
                AttentionType::Escalation,
            ])),
            6 => Body::SignalObserved { signal: self.signal(), value: self.rng.pick(&[0, 6_553, 32_768, 65_535]) },
            7 => {
                let rating = if self.rng.chance(self.shares.low) { self.rng.range(1, 2) } else { self.rng.range(2, 5) };
                let comment = (rating != 3).then(|| "as I said".into());
                Body::SurveyResponded { rating: rating as u8, comment }
            }
            _ => Body::ConversationCreated,
        }
    }

    fn signal(&mut self) -> ObservedSignal {
        if self.rng.chance(50) {
            return ObservedSignal::Catalogue(self.rng.pick(&[
                SignalKind::SentimentMean,
                SignalKind::Resolution,
                SignalKind::Gratitude,
                SignalKind::Reopened,
                SignalKind::Rating,
            ]));
        }
        ObservedSignal::Own(OwnSignal {
            name: self.rng.pick(&["tone", "speed"]).into(),
            weight: self.rng.pick(&[0.0, 1.5, 10.0]),
            loadings: self.rng.pick(&[[1.0, 0.0, 0.0], [0.25, 0.25, 0.5]]),
        })
    }

    fn features(&mut self, customer: bool) -> TurnFeatures {
        if self.rng.chance(10) {
            return TurnFeatures::default();
        }
        let bad = customer && self.rng.chance(self.shares.low);
        let compound = if bad { self.rng.range(-9_900, 0) } else { self.rng.range(-2_000, 9_900) };
        let mut words: Vec<u32> = (0..self.rng.below(5)).map(|_| self.rng.below(12) as u32).collect();
        words.sort_unstable();
        words.dedup();
        TurnFeatures {
            compound: self.rng.chance(80).then_some(compound as i16),
            read: self.rng.chance(90),
            // A bit in three of the nine lists.
            hits: (self.rng.next() & self.rng.next() & 0x1ff) as u16,
            question: self.rng.chance(30),
            exclamation: self.rng.chance(15),
            words: words.into(),
        }
    }

    /// A message as `support-2` reads it: any flags and lists, in one of three languages or in none.
    fn heard(&mut self, customer: bool) -> Heard {
        if self.rng.chance(self.shares.automatic) {
            return Heard::Automatic;
        }
        let bad = customer && self.rng.chance(self.shares.low);
        let lists = if customer { CUSTOMER } else { AGENT };
        let reading = |rng: &mut Random, language: &str| Reading {
            language: LanguageCode::new(language).expect("a language"),
            votes: rng.below(200) as u16,
            marks: (rng.next() & rng.next() & rng.next()) as u32 & lists | if bad { List::Complaint.bit() } else { 0 },
        };
        let readings = ["da", "en", "sv"].into_iter().filter(|_| self.rng.chance(50)).collect::<Vec<_>>();
        let words = self.rng.below(20) as u16;
        Heard::Turn(Box::new(MessageFeatures {
            told: self.rng.chance(10).then_some(LanguageCode::ENGLISH),
            flags: (self.rng.next() & self.rng.next() & 0xff) as u16,
            words,
            letters: 4 * words,
            latin: if self.rng.chance(90) { 4 * words } else { 0 },
            readings: readings.into_iter().map(|language| reading(&mut self.rng, language)).collect(),
            content: self.features(customer).words,
        }))
    }

    /// A score made elsewhere: at the threshold, one hundredth beside it, or anywhere.
    fn import(&mut self) -> ImportedScore {
        let edge = self.threshold;
        let dimensions = if self.shares.low < 100 && self.rng.chance(25) {
            let base = self.rng.pick(&[edge - 1, edge, edge, edge + 1, 200, 199]);
            // Thirds of a hundredth, too.
            [base, base + self.rng.pick(&[0, 0, 1]), base - self.rng.pick(&[0, 0, 1])]
        } else if self.rng.chance(self.shares.low) {
            [0; 3].map(|_| self.rng.range(100, i64::from(edge) - 1) as u16)
        } else {
            [0; 3].map(|_| self.rng.range(i64::from(edge), 500) as u16)
        };
        ImportedScore {
            dimensions: dimensions.map(|value| Hundredths(value.clamp(100, 500))),
            resolved: self.rng.chance(70),
            confidence: Hundredths(self.rng.range(0, 100) as u16),
            signal_count: self.rng.below(30) as u16,
        }
    }

    /// Imports on one account whose trend, rate and averages come to lie exactly at a threshold.
    fn ladder(&mut self, events: &mut Vec<EventRecord>) {
        let whose = account(self.rng.below(self.shares.accounts));
        let count = self.rng.pick(&[1, 2, 3, 5, 5, 6, 6, 6, 10, 20, 21]);
        let level: u16 = self.rng.pick(&[199, 200, 299, 300, 349, 350, 350, 400, 400]);
        let step: i64 = self.rng.pick(&[0, 0, 34, 35, 36, -34, -35, -36]);
        let resolved = self.rng.pick(&[count, count * 4 / 5, count * 3 / 5]);
        for place in 0..count {
            let value = if place + 1 == count { i64::from(level) + step } else { i64::from(level) };
            let mut event = self.plain_import(value as u16, place < resolved, self.now - 1_000 + place);
            event.account = Some(whose);
            self.sent.push((event.clone(), self.now));
            events.push(event);
        }
    }

    /// A new conversation with a score made elsewhere.
    pub(crate) fn plain_import(&mut self, value: u16, resolved: bool, time: Millis) -> EventRecord {
        let id = conversation(self.threads.len() as u64);
        let import = ImportedScore {
            dimensions: [Hundredths(value); 3],
            resolved,
            confidence: Hundredths(100),
            signal_count: 0,
        };
        self.threads.push(Thread { id, account: None, times: vec![time], last_receipt: self.now });
        self.marks.push(time);
        self.blank(Some(id), Some(time), Body::ConversationScored(import))
    }

    /// A good conversation, inferred to be of an account, parts its low ones, and is then named as
    /// another's: the run of the account it leaves grows, and nobody judges that.
    fn gap(&mut self, events: &mut Vec<EventRecord>) {
        let (from, to) = (account(self.rng.below(self.shares.accounts)), account(self.rng.below(self.shares.accounts)));
        let contact = self.contact();
        let mut update = self.blank(None, None, Body::AccountUpdated { contacts: vec![contact.clone()] });
        update.account = Some(from);
        events.push(update);
        let count = self.rng.range(2, 4);
        let parts = self.rng.range(0, count - 1);
        for place in 0..count {
            let good = place == parts;
            let mut event = self.plain_import(if good { 500 } else { 150 }, good, self.now - 100 + place);
            let (own, other) = if good { (None, Some(contact.clone())) } else { (Some(from), None) };
            (event.account, event.contact) = (own, other);
            events.push(event);
        }
        let moved = self.threads[self.threads.len() - (count - parts) as usize].id;
        let mut event = self.blank(Some(moved), Some(self.now), Body::ConversationCreated);
        event.account = Some(to);
        events.push(event);
    }
}

/// Every other contact has a mark of its own; the others have it as before marks were keyed.
fn named(id: &str) -> ContactName {
    let is_keyed = id.bytes().last().is_some_and(|last| last % 2 == 1);
    let mark = is_keyed.then(|| ContactMark::unkeyed(&format!("keyed {id}")));
    ContactName { mark, ..id.into() }
}

/// By what the state knows the contact.
pub fn mark_of(id: &str) -> ContactMark {
    named(id).kept_mark()
}
