//! `data`, read and checked by the event's type (R4.6).

use std::borrow::Cow;

use super::envelope::RawEvent;
use super::fault::{Fault, ValuePath};
use super::member::{ATTENTION_TYPES, DIMENSIONS, EventType, FORMATS, Member, RESOLUTIONS, SENDERS, STATUSES};
use super::value::Value;
use crate::domain::event::{AttentionType, Resolution, Sender, Status};
use crate::domain::ids::{Id, IdKind};
use crate::domain::reading::Format;
use crate::domain::score::{Dimension, Hundredths};
use crate::domain::scoring::catalogue::SignalKind;
use crate::domain::scoring::profile::ScoringModel;
use crate::wire::ingest::RejectionCode;

/// Longest text of a member, in characters.
const MAX_TEXT: usize = 255;
/// Longest language tag (RFC 5646, 4.4.1).
const MAX_LANGUAGE: usize = 35;
/// Longest comment of a survey (R4.8).
const MAX_COMMENT: usize = 2_000;
/// Longest mail address (RFC 5321, 4.5.3.1.3, without its brackets).
const MAX_ADDRESS: usize = 254;
/// Most contacts that one `account.updated` names.
const MAX_CONTACTS: usize = 1_000;
/// Largest weight of an own signal, in pseudo-counts.
const MAX_WEIGHT: f64 = 10.0;

/// The members of `data` as parsed, whatever the type; those with a default have it.
#[derive(Debug)]
pub(super) struct Data<'a> {
    pub conversation: Option<Id>,
    pub account: Option<Id>,
    pub account_name: Option<Cow<'a, str>>,
    pub contact: Option<Cow<'a, str>>,
    /// One mail address.
    pub email: Option<Cow<'a, str>>,
    pub channel: Option<Cow<'a, str>>,
    pub intent: Option<Cow<'a, str>>,
    pub text: Option<Cow<'a, str>>,
    pub language: Option<Cow<'a, str>>,
    pub format: Format,
    /// No person wrote it.
    pub automatic: bool,
    pub sender: Option<Sender>,
    pub status: Option<Status>,
    pub resolution: Option<Resolution>,
    pub attention: Option<AttentionType>,
    pub signal: Option<Cow<'a, str>>,
    /// 0–1.
    pub value: Option<f64>,
    pub dimension: Option<Dimension>,
    /// 0–10 pseudo-counts.
    pub weight: Option<f64>,
    /// 1–5.
    pub rating: Option<u8>,
    pub comment: Option<Cow<'a, str>>,
    /// Outcome, process, environment.
    pub scores: [Option<Hundredths>; 3],
    pub resolved: Option<bool>,
    pub confidence: Hundredths,
    pub signal_count: u16,
    pub contacts: Vec<Box<str>>,
}

impl Default for Data<'_> {
    fn default() -> Self {
        Self {
            conversation: None,
            account: None,
            account_name: None,
            contact: None,
            email: None,
            channel: None,
            intent: None,
            text: None,
            language: None,
            format: Format::Auto,
            automatic: false,
            sender: None,
            status: None,
            resolution: None,
            attention: None,
            signal: None,
            value: None,
            dimension: None,
            weight: None,
            rating: None,
            comment: None,
            scores: [None; 3],
            resolved: None,
            confidence: Self::DEFAULT_CONFIDENCE,
            signal_count: 0,
            contacts: Vec::new(),
        }
    }
}

impl<'a> Data<'a> {
    /// Of a score made elsewhere that names none.
    pub const DEFAULT_CONFIDENCE: Hundredths = Hundredths(100);

    /// Reads the members of an event's `data`: the first fault in document order, else the first
    /// required member that is absent. A member that is null is absent.
    pub fn read(kind: EventType, event: &RawEvent<'a>, workspace: Id) -> Result<Self, Fault> {
        let mut data = Self::default();
        let mut present = 0_u32;
        for &(member, raw) in &event.members {
            if !kind.allows(member) {
                return Err(not_allowed(kind, member, event));
            }
            if raw != "null" {
                present |= member.bit();
                data.put(member, Value { raw, place: ValuePath::Data(member.name()) }, workspace)?;
            }
        }
        match kind.required().iter().find(|member| present & member.bit() == 0) {
            Some(member) => Err(Fault::missing(ValuePath::Data(member.name()))),
            None => Ok(data),
        }
    }

    fn put(&mut self, member: Member, value: Value<'a>, workspace: Id) -> Result<(), Fault> {
        let text = || value.short_text(MAX_TEXT);
        let score = || value.hundredths(Hundredths::MIN_SCORE..=Hundredths::MAX_SCORE);
        match member {
            Member::ConversationId => self.conversation = Some(value.id(IdKind::Conversation, workspace)?),
            Member::AccountId => self.account = Some(value.id(IdKind::Account, workspace)?),
            Member::AccountName => self.account_name = Some(text()?),
            Member::ContactId => self.contact = Some(text()?),
            Member::ContactEmail => self.email = Some(address(value)?),
            Member::Channel => self.channel = Some(text()?),
            Member::Intent => self.intent = Some(text()?),
            Member::Text => self.text = Some(value.text()?),
            Member::Language => self.language = Some(value.short_text(MAX_LANGUAGE)?),
            Member::Sender => self.sender = Some(value.one_of(&SENDERS)?),
            Member::Status => self.status = Some(value.one_of(&STATUSES)?),
            Member::Resolution => self.resolution = Some(value.one_of(&RESOLUTIONS)?),
            Member::AttentionType => self.attention = Some(value.one_of(&ATTENTION_TYPES)?),
            Member::Signal => self.signal = Some(text()?),
            Member::Value => self.value = Some(value.number(1.0)?),
            Member::Dimension => self.dimension = Some(value.one_of(&DIMENSIONS)?),
            Member::Weight => self.weight = Some(value.number(MAX_WEIGHT)?),
            Member::Rating => self.rating = Some(value.integer(1..=5)? as u8),
            Member::Comment => self.comment = Some(value.bounded(0..=MAX_COMMENT)?),
            Member::OutcomeScore => self.scores[Dimension::Outcome as usize] = Some(score()?),
            Member::ProcessScore => self.scores[Dimension::Process as usize] = Some(score()?),
            Member::EnvironmentScore => self.scores[Dimension::Environment as usize] = Some(score()?),
            Member::Resolved => self.resolved = Some(value.boolean()?),
            Member::Confidence => self.confidence = value.hundredths(Hundredths(0)..=Hundredths(100))?,
            Member::SignalCount => self.signal_count = value.integer(0..=u16::MAX)?,
            Member::Format => self.format = value.one_of(&FORMATS)?,
            Member::Automatic => self.automatic = value.boolean()?,
            Member::ContactIds => self.contacts = contacts(value)?,
            Member::Unknown => {}
        }
        Ok(())
    }

    /// The signal of that name in the model's catalogue; it takes neither dimension nor weight from the event.
    pub fn catalogue_signal(&self, model: ScoringModel, name: &str) -> Result<Option<SignalKind>, Fault> {
        let kind = SignalKind::from_name(name).filter(|kind| model.place(*kind).is_some() && !kind.is_marker());
        let described = [(Member::Dimension, self.dimension.is_some()), (Member::Weight, self.weight.is_some())];
        match described.into_iter().find(|(_, there)| kind.is_some() && *there) {
            Some((member, _)) => {
                Err(Fault::invalid(ValuePath::Data(member.name()), "is not allowed for a signal of the catalogue"))
            }
            None => Ok(kind),
        }
    }
}

fn not_allowed(kind: EventType, member: Member, event: &RawEvent<'_>) -> Fault {
    match member {
        Member::Unknown => Fault::unknown(ValuePath::Data(&event.unknown), kind.name()),
        _ => Fault::unknown(ValuePath::Data(member.name()), kind.name()),
    }
}

fn contacts(value: Value<'_>) -> Result<Vec<Box<str>>, Fault> {
    let contact = |(index, raw)| Value { raw, place: ValuePath::Contact(index) }.short_text(MAX_TEXT).map(Into::into);
    value.items(MAX_CONTACTS)?.into_iter().enumerate().map(contact).collect()
}

/// One address, as a mail server takes it; what was sent is not quoted.
fn address<'a>(value: Value<'a>) -> Result<Cow<'a, str>, Fault> {
    let text = value.text()?;
    let is_short = text.len() <= MAX_ADDRESS;
    // A quoted name could have blanks and brackets in it; nobody has one.
    let is_plain = !text.contains(|c: char| c.is_control() || c.is_whitespace() || matches!(c, '"' | '<' | '>' | '\\'));
    if is_short && is_plain && text.parse::<lettre::Address>().is_ok() {
        Ok(text)
    } else {
        Err(Fault::invalid(value.place, "must be one mail address of at most 254 bytes, as in anna@example.org"))
    }
}

/// The text of `data`, unless it is no object.
pub(super) fn check_is_object(data: Option<&str>) -> Result<(), Fault> {
    let place = ValuePath::Attribute("data");
    match data {
        None => Err(Fault::missing(place)),
        Some(raw) if raw.starts_with('{') => Ok(()),
        Some(_) => Err(Fault::at(RejectionCode::InvalidField, place, "`data` must be a JSON object.".into())),
    }
}
