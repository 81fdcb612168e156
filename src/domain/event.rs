//! Events as the journal holds them: what `service::door` has made of R4.6's JSON. Numbers, features and keyed
//! hashes; never message text, never an event's own id or source (R4.8, I2).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::follow_up::Address;
use super::ids::Id;
use super::life::ContactMark;
use super::message::Heard;
use super::quantum::Quantum;
use super::score::Hundredths;
use super::scoring::catalogue::SignalKind;
use super::time::Millis;

/// One accepted event.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct EventRecord {
    pub identity: Identity,
    /// As sent; the frame's receipt where the producer sent none.
    pub time: Option<Millis>,
    /// `None` only for [`Body::AccountUpdated`].
    pub conversation: Option<Id>,
    pub account: Option<Id>,
    pub account_name: Option<Box<str>>,
    /// Opaque (R4.6).
    pub contact: Option<ContactName>,
    pub channel: Option<Box<str>>,
    pub intent: Option<Box<str>>,
    pub body: Body,
    /// Where the contact can be written to. A record has the addresses behind its events.
    #[serde(skip)]
    pub address: Option<Address>,
}

impl fmt::Debug for EventRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { identity, time, conversation, account, account_name, contact, channel, intent, body, address } =
            self;
        let mut members = f.debug_struct("EventRecord");
        members.field("identity", identity).field("time", time).field("conversation", conversation);
        members.field("account", account).field("account_name", account_name).field("contact", contact);
        members.field("channel", channel).field("intent", intent).field("body", body);
        if let Some(address) = address {
            members.field("address", address);
        }
        members.finish()
    }
}

/// A contact as an event names it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactName {
    pub id: Box<str>,
    /// None in events that were recorded before marks were keyed. A record has the marks behind its events.
    #[serde(skip)]
    pub mark: Option<ContactMark>,
}

impl ContactName {
    /// What the state keeps of it.
    pub fn kept_mark(&self) -> ContactMark {
        self.mark.unwrap_or_else(|| ContactMark::unkeyed(&self.id))
    }
}

impl<T: Into<Box<str>>> From<T> for ContactName {
    fn from(id: T) -> Self {
        Self { id: id.into(), mark: None }
    }
}

impl fmt::Debug for ContactName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, mark } = self;
        match mark {
            Some(mark) => write!(f, "{id:?} as {mark:?}"),
            None => write!(f, "{id:?}"),
        }
    }
}

impl std::ops::Deref for ContactName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.id
    }
}

impl EventRecord {
    /// Every contact that it names, in the order in which a record has their marks.
    pub fn contacts(&self) -> impl Iterator<Item = &ContactName> {
        let listed: &[ContactName] = match &self.body {
            Body::AccountUpdated { contacts } => contacts,
            _ => &[],
        };
        self.contact.iter().chain(listed)
    }

    /// As [`contacts`](Self::contacts).
    pub fn contacts_mut(&mut self) -> impl Iterator<Item = &mut ContactName> {
        let listed: &mut [ContactName] = match &mut self.body {
            Body::AccountUpdated { contacts } => contacts,
            _ => &mut [],
        };
        self.contact.iter_mut().chain(listed)
    }
}

/// What tells one event from another (R4.4): 96 bits of a keyed hash of source and id, and 32 of
/// one of the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Identity {
    pub key: [u8; 12],
    pub content: u32,
}

/// The types of R4.6.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Body {
    ConversationCreated,
    MessageReceived(TurnFeatures),
    MessageSent {
        sender: Sender,
        features: TurnFeatures,
    },
    StatusChanged(Status),
    ConversationResolved(Resolution),
    AttentionItemCreated(AttentionType),
    SignalObserved {
        signal: ObservedSignal,
        value: Quantum,
    },
    SurveyResponded {
        rating: u8,
        comment: Option<Box<str>>,
    },
    ConversationScored(ImportedScore),
    AccountUpdated {
        contacts: Vec<ContactName>,
    },
    /// A message as `support-2` reads it, or an automatic one. Without a sender it is the customer's.
    Message {
        sender: Option<Sender>,
        heard: Heard,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sender {
    Ai,
    Human,
}

impl Sender {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ai => "ai",
            Self::Human => "human",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Open,
    InProgress,
    AwaitingContact,
    Resolved,
    Closed,
    Abandoned,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    AiResolved,
    HumanResolved,
    Abandoned,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttentionType {
    ValidationFailed,
    HumanRequested,
    Escalation,
}

/// A signal that another system observed (`signal.observed`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ObservedSignal {
    /// One of the catalogue: it replaces what the text said.
    Catalogue(SignalKind),
    /// One of the workspace's own, declared in its configuration or described in the event.
    Own(OwnSignal),
}

/// Weight (pseudo-counts, 0–10) and loadings (summing to 1) of a workspace's own signal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OwnSignal {
    pub name: Box<str>,
    pub weight: f64,
    pub loadings: [f64; 3],
}

/// A score made elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedScore {
    /// Outcome, process, environment.
    pub dimensions: [Hundredths; 3],
    pub resolved: bool,
    pub confidence: Hundredths,
    pub signal_count: u16,
}

/// What is kept of a message that was read for `task-1` until its conversation settles (R4.8).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnFeatures {
    /// VADER's compound in ten-thousandths; none where there is no text or no sentiment lexicon.
    pub compound: Option<i16>,
    /// The text was read with a language pack; else the message counts for structure only and is
    /// left out of the shares' denominators.
    pub read: bool,
    /// The lists that matched, one bit each ([`super::scoring::task::lexicon::List`]).
    pub hits: u16,
    pub question: bool,
    pub exclamation: bool,
    /// Keyed 32-bit hashes of the distinct content words, ascending; at most 256.
    pub words: Box<[u32]>,
}
