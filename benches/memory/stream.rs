//! Conversations as they come in: messages, then an end; spread over months.

use tripswitch::domain::account::Account;
use tripswitch::domain::event::{Body, EventRecord, Identity, Resolution, Sender, TurnFeatures};
use tripswitch::domain::ids::{Id, Side, WorkspaceKey};
use tripswitch::domain::local::Local;
use tripswitch::domain::record::{APPLY_VERSION, Frame, Record};
use tripswitch::domain::settings::{Model, Settings};
use tripswitch::domain::time::{DAY, MINUTE, Millis};

const KEY: WorkspaceKey = WorkspaceKey { id: Id(7), side: Side::Live };
const START: Millis = 1_750_000_000_000;
/// Over which all conversations are spread.
const SPAN: Millis = 240 * DAY;
/// Events of one frame.
const FRAME: usize = 100;
/// Conversations of one account.
pub const PER_ACCOUNT: u64 = 120;

/// How many conversations, and what they are like.
pub struct Load {
    pub conversations: u64,
    /// How far times lie behind receipts, at most.
    pub spread: Millis,
    pub messages: u64,
}

pub struct Stream {
    pub local: Local,
    seq: u64,
    receipt: Millis,
    events: Vec<EventRecord>,
    drawn: u64,
    identities: u64,
}

impl Stream {
    pub fn new(explanation_days: u16) -> Self {
        let model = Model { explanation_days, duplicate_days: 1, settle_days: 7, ..Model::default() };
        let settings = Settings { model, ..Settings::default() };
        let local = Local::new(KEY, "Support".into(), settings.clone());
        let mut stream = Self { local, seq: 0, receipt: START, events: Vec::new(), drawn: 1, identities: 0 };
        stream.apply(Record::Settings(Box::new(settings)));
        stream
    }

    /// Every conversation with its messages and its end.
    pub fn play(&mut self, load: &Load) {
        self.run(load, true);
    }

    /// As [`Self::play`], without their ends.
    pub fn play_open(&mut self, load: &Load) {
        self.run(load, false);
    }

    fn run(&mut self, load: &Load, ends: bool) {
        let step = (SPAN / load.conversations as Millis).max(1);
        let accounts = (load.conversations / PER_ACCOUNT).max(1);
        for number in 0..load.conversations {
            self.receipt += step;
            let begun = self.receipt - self.below(load.spread.max(1) as u64) as Millis;
            let id = Id((u128::from(self.draw()) << 64) | u128::from(number));
            for message in 0..load.messages {
                let features = self.features();
                let body = match message % 2 {
                    0 => Body::MessageReceived(features),
                    _ => Body::MessageSent { sender: Sender::Ai, features },
                };
                self.event(Some(id), Some(begun + message as Millis * MINUTE), account(number % accounts), body);
            }
            if ends {
                let resolution = [Resolution::AiResolved, Resolution::HumanResolved, Resolution::Abandoned];
                let body = Body::ConversationResolved(resolution[self.below(3) as usize]);
                let end = begun + load.messages as Millis * MINUTE;
                self.event(Some(id), Some(end), account(number % accounts), body);
            }
        }
        self.flush();
    }

    pub fn name_accounts(&mut self, accounts: u64, name: Option<&str>) {
        for number in 0..accounts {
            self.event(None, None, account(number), Body::AccountUpdated { contacts: Vec::new() });
            if let Some(last) = self.events.last_mut() {
                last.account_name = name.map(Into::into);
            }
        }
        self.flush();
    }

    /// Lets time pass: what is due becomes so with the next frame.
    pub fn pass(&mut self, span: Millis) {
        self.receipt += span;
        self.apply(Record::Skip { seq: 0, place: 0, reason: "".into() });
        self.events = Vec::new();
    }

    pub fn sleep_all(&mut self) {
        let awake: Vec<Id> = self.local.accounts.keys().copied().collect();
        awake.into_iter().for_each(|id| self.local.sleep(id));
        self.local.accounts = Default::default();
    }

    /// The accounts of a stream of 200,000 conversations.
    pub fn accounts(&self) -> Vec<Id> {
        (0..200_000 / PER_ACCOUNT).map(account).collect()
    }

    /// In a box, as an actor holds it.
    pub fn wake(&mut self, id: Id) -> Option<Box<Account>> {
        self.local.workspace.wake(id).map(Box::new)
    }

    fn event(&mut self, conversation: Option<Id>, time: Option<Millis>, account: Id, body: Body) {
        self.identities += 1;
        let mut key = [0; 12];
        key[..8].copy_from_slice(&mixed(self.identities).to_le_bytes());
        self.events.push(EventRecord {
            identity: Identity { key, content: 0 },
            time,
            conversation,
            account: Some(account),
            account_name: None,
            contact: None,
            channel: None,
            intent: None,
            body,
            address: None,
        });
        if self.events.len() == FRAME {
            self.flush();
        }
    }

    fn flush(&mut self) {
        let events = std::mem::replace(&mut self.events, Vec::with_capacity(FRAME));
        self.apply(Record::Events(events));
    }

    fn apply(&mut self, record: Record) {
        self.seq += 1;
        let frame = Frame { key: KEY, seq: self.seq, receipt: self.receipt, apply_version: APPLY_VERSION, record };
        self.local.apply(&[frame]);
    }

    fn features(&mut self) -> TurnFeatures {
        let words: Box<[u32]> = (0..8).map(|_| self.draw() as u32).collect();
        let compound = Some(self.below(20_001) as i16 - 10_000);
        let hits = 1 << self.below(12);
        TurnFeatures {
            compound,
            read: true,
            hits,
            question: self.below(3) == 0,
            exclamation: self.below(4) == 0,
            words,
        }
    }

    fn draw(&mut self) -> u64 {
        self.drawn += 1;
        mixed(self.drawn)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.draw() % bound
    }
}

fn account(number: u64) -> Id {
    Id((u128::from(mixed(number)) << 64) | u128::from(number))
}

/// SplitMix64.
pub fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
