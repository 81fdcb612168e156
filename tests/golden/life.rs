//! The events of the golden stream.

use tripswitch::domain::event::{
    AttentionType, Body, ContactName, EventRecord, Identity, ImportedScore, ObservedSignal, OwnSignal, Resolution,
    Sender, Status, TurnFeatures,
};
use tripswitch::domain::follow_up::Address;
use tripswitch::domain::ids::Id;
use tripswitch::domain::life::ContactMark;
use tripswitch::domain::message::{Heard, LanguageCode, MessageFeatures, Reading};
use tripswitch::domain::score::Hundredths;
use tripswitch::domain::scoring::catalogue::{SignalKind, TASK};
use tripswitch::domain::time::Millis;

/// Makes events, each with an identity of its own.
#[derive(Default)]
pub struct Events {
    identities: u32,
    sent: Vec<EventRecord>,
}

impl Events {
    pub fn conversation(&self, number: u64) -> Id {
        Id(0x0190_b5c0_0000_7000_8000_00c0_0000_0000 + u128::from(number))
    }

    pub fn account(number: u64) -> Id {
        Id(0x0190_b5c0_0000_7000_8000_00ac_0000_0000 + u128::from(number))
    }

    fn event(&mut self, conversation: u64, body: Body) -> EventRecord {
        self.identities += 1;
        let mut key = *b"identity....";
        key[8..].copy_from_slice(&self.identities.to_be_bytes());
        let conversation = Some(self.conversation(conversation));
        let event = EventRecord {
            identity: Identity { key, content: 1_000 + self.identities },
            time: None,
            conversation,
            account: None,
            account_name: None,
            contact: None,
            channel: None,
            intent: None,
            body,
            address: None,
        };
        self.sent.push(event.clone());
        event
    }

    /// Contacts with marks, and one without.
    pub fn marked(&mut self) -> Vec<EventRecord> {
        let named = |id: &str, mark: u8| ContactName { mark: Some(ContactMark::from_bytes([mark; 8])), ..id.into() };
        let mut created = self.event(600, Body::ConversationCreated);
        created.contact = Some(named("+46 70 123", 1));
        let contacts = vec![named("someone new", 2), "someone old".into(), named("someone@example.com", 3)];
        let mut updated = self.event(0, Body::AccountUpdated { contacts });
        (updated.conversation, updated.account) = (None, Some(Self::account(1)));
        vec![created, updated]
    }

    /// Three conversations with events of every kind in them, one request each, and an account's contacts.
    pub fn everything(&mut self) -> Vec<Vec<EventRecord>> {
        let mut created = self.event(1, Body::ConversationCreated);
        created.account = Some(Self::account(1));
        created.account_name = Some("Bäckerei Müller".into());
        created.contact = Some("someone@example.com".into());
        created.channel = Some("email".into());
        created.intent = Some("order_status".into());
        let mut first = vec![created];
        first.extend(self.dialogue(1));
        first.extend(self.observed(1));
        first.push(self.event(1, Body::ConversationResolved(Resolution::AiResolved)));
        let mut second = self.dialogue(2);
        let statuses = [Status::Open, Status::InProgress, Status::AwaitingContact, Status::Resolved, Status::Open];
        second.extend(statuses.map(|status| self.event(2, Body::StatusChanged(status))));
        second.push(self.event(2, Body::ConversationResolved(Resolution::HumanResolved)));
        second.push(self.event(2, Body::SurveyResponded { rating: 4, comment: None }));
        let mut third = self.dialogue(3);
        third.push(self.event(3, Body::ConversationResolved(Resolution::Abandoned)));
        third.extend([Status::Closed, Status::Abandoned].map(|status| self.event(4, Body::StatusChanged(status))));
        let contacts = vec!["someone@example.com".into(), "+46 70 123".into()];
        let mut updated = self.event(0, Body::AccountUpdated { contacts });
        (updated.conversation, updated.account) = (None, Some(Self::account(2)));
        vec![first, second, third, vec![updated]]
    }

    fn dialogue(&mut self, conversation: u64) -> Vec<EventRecord> {
        let features = |compound, words: &[u32]| TurnFeatures {
            compound,
            read: true,
            hits: 0b1_0010_1001,
            question: compound.is_none(),
            exclamation: compound.is_some(),
            words: words.into(),
        };
        let bodies = [
            Body::MessageReceived(features(Some(-4_215), &[3, 70_000, u32::MAX])),
            Body::MessageSent { sender: Sender::Ai, features: features(None, &[3]) },
            Body::MessageReceived(features(Some(7_096), &[])),
            Body::MessageSent { sender: Sender::Human, features: features(Some(0), &[5, 6]) },
            Body::MessageReceived(TurnFeatures::default()),
        ];
        bodies.map(|body| self.event(conversation, body)).into()
    }

    /// Messages as `support-2` reads them: of a conversation of its own, of one that the first model began, and an
    /// automatic one.
    pub fn heard(&mut self) -> Vec<Vec<EventRecord>> {
        let message = |flags: u16, marks: u32, content: &[u32]| {
            let reading =
                |language: &str, votes, marks| Reading { language: LanguageCode::new(language).unwrap(), votes, marks };
            Heard::Turn(Box::new(MessageFeatures {
                told: None,
                flags,
                words: 7,
                letters: 30,
                latin: 29,
                readings: [reading("da", 90, marks), reading("sv", 30, 0)].into(),
                content: content.into(),
            }))
        };
        let mut told = MessageFeatures { told: LanguageCode::new("en"), words: u16::MAX, ..MessageFeatures::default() };
        told.readings = [Reading { language: LanguageCode::ENGLISH, votes: 0, marks: 0x8000_0011 }].into();
        let customer = |heard| Body::Message { sender: None, heard };
        let mut first = vec![
            self.event(600, customer(message(0b1_0101, 1 << 5 | 1 << 29, &[2, 5, 70_001]))),
            self.event(600, Body::Message { sender: Some(Sender::Ai), heard: message(0b10_0011, 1 << 15, &[2, 5]) }),
            self.event(600, customer(Heard::Automatic)),
            self.event(600, customer(Heard::Turn(Box::new(told)))),
            self.event(600, Body::Message { sender: Some(Sender::Human), heard: message(0, 1 << 13, &[]) }),
            self.event(600, customer(message(0b100_0100, 0b1011, &[u32::MAX]))),
        ];
        let later = [SignalKind::Thanks, SignalKind::ClosedOn].map(ObservedSignal::Catalogue);
        first.extend(later.map(|signal| self.event(600, Body::SignalObserved { signal, value: 50_000 })));
        first.push(self.event(600, Body::StatusChanged(Status::Closed)));
        let mut second = vec![self.event(2, customer(message(1, 1 << 3, &[8])))];
        second.push(self.event(2, Body::ConversationResolved(Resolution::AiResolved)));
        second.push(self.event(2, Body::SurveyResponded { rating: 2, comment: None }));
        vec![first, second]
    }

    /// A conversation that has ended, whose contact can be written to.
    pub fn asked(&mut self, conversation: u64, mark: u8) -> Vec<EventRecord> {
        let features = TurnFeatures { compound: Some(-100), read: true, ..TurnFeatures::default() };
        let mut asks = self.event(conversation, Body::MessageReceived(features));
        let (mark, sealed) = (ContactMark::from_bytes([mark; 8]), [mark, 0xff].as_slice().into());
        asks.address = Some(Address { mark, sealed });
        asks.contact = Some(ContactName { mark: Some(mark), ..format!("contact of {conversation}").as_str().into() });
        vec![asks, self.event(conversation, Body::ConversationResolved(Resolution::AiResolved))]
    }

    pub fn survey(&mut self, conversation: u64, rating: u8) -> EventRecord {
        self.event(conversation, Body::SurveyResponded { rating, comment: None })
    }

    /// Attention items, signals and an answer to a survey.
    fn observed(&mut self, conversation: u64) -> Vec<EventRecord> {
        let items = [AttentionType::ValidationFailed, AttentionType::HumanRequested, AttentionType::Escalation];
        let mut bodies: Vec<_> = items.map(Body::AttentionItemCreated).into();
        bodies.extend(
            TASK.into_iter().zip(1..).map(|(kind, part)| Body::SignalObserved {
                signal: ObservedSignal::Catalogue(kind),
                value: part * 2_000,
            }),
        );
        let own = OwnSignal { name: "refund_offered".into(), weight: 1.25, loadings: [0.5, 0.125, 0.375] };
        bodies.push(Body::SignalObserved { signal: ObservedSignal::Own(own), value: u16::MAX });
        bodies.push(Body::SurveyResponded { rating: 2, comment: Some("slow, but kind".into()) });
        bodies.into_iter().map(|body| self.event(conversation, body)).collect()
    }

    /// A score from elsewhere for a conversation of an account.
    pub fn import(&mut self, conversation: u64, account: u64, hundredths: u16, time: Option<Millis>) -> EventRecord {
        let score = ImportedScore {
            dimensions: [hundredths, hundredths + 10, hundredths + 20].map(Hundredths),
            resolved: hundredths >= 200,
            confidence: Hundredths(85),
            signal_count: 4,
        };
        let mut event = self.event(conversation, Body::ConversationScored(score));
        (event.account, event.time) = (Some(Self::account(account)), time);
        event
    }

    /// A duplicate, another content under a known identity, and a conversation with another account.
    pub fn repeats(&mut self) -> Vec<EventRecord> {
        let duplicate = self.sent[1].clone();
        let mut reused = self.sent[2].clone();
        reused.identity.content ^= 1;
        let mut mismatch = self.event(1, Body::StatusChanged(Status::Open));
        mismatch.account = Some(Self::account(3));
        vec![duplicate, reused, mismatch]
    }

    /// One event that comes after its conversation has settled, and one that reopens it.
    pub fn late(&mut self) -> Vec<EventRecord> {
        let survey = Body::SurveyResponded { rating: 5, comment: None };
        let reopening = Body::StatusChanged(Status::Open);
        vec![self.event(3, survey), self.event(2, reopening)]
    }
}
