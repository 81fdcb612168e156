//! From one event's text to its record, or to the reason why there is none.

use std::borrow::Cow;

use super::data::{self, Data};
use super::envelope::{Attribute, RawEvent};
use super::fault::{Fault, ValuePath};
use super::identity::Content;
use super::member::{EventType, Member};
use super::times::Span;
use super::value::Value;
use super::{Batch, Door, DoorContext};
use crate::domain::event::{Body, EventRecord, ImportedScore, ObservedSignal, OwnSignal, Sender};
use crate::domain::ids::WorkspaceKey;
use crate::domain::quantum::Quantum;
use crate::domain::scoring::Speaker;
use crate::domain::scoring::reader::{Incoming, Kept, MessageReader};
use crate::domain::scoring::task::text::conversation_word_key;
use crate::pace;
use crate::wire::ingest::RejectionCode;

/// Longest `id` and `source` (R4.2), in characters.
const MAX_ATTRIBUTE: usize = 255;

/// Reads the events of one request, in order.
pub(super) struct Reader<'d> {
    door: &'d Door,
    reader: &'d MessageReader,
    workspace: WorkspaceKey,
    span: Span,
    /// The conversation and key of the last hash, which often serve again.
    buffer: Vec<u8>,
    pub batch: Batch,
}

impl<'d> Reader<'d> {
    /// For the events of a body of so many bytes.
    pub fn new(door: &'d Door, context: &DoorContext<'d>, length: usize) -> Self {
        let options = &door.options;
        Self {
            door,
            reader: context.reader,
            workspace: context.workspace,
            span: Span {
                oldest: context.now.saturating_sub(options.retention),
                newest: context.now.saturating_add(options.future_leeway),
            },
            buffer: Vec::new(),
            batch: Batch::of(length, options.max_events),
        }
    }

    /// Puts one event into the batch, or the reason why it is not there. `shape` is what is wrong
    /// with the event's members as such.
    pub fn judge(&mut self, event: &RawEvent<'_>, shape: Result<(), Fault>) {
        let id = attribute(event, Attribute::Id).and_then(|value| value.short_text(MAX_ATTRIBUTE));
        let index = self.batch.len();
        let kind = kind(event);
        self.batch.ids.push(id.as_deref().ok());
        self.batch.kinds.push(kind.as_ref().ok().copied());
        pace::step(index);
        match shape.and_then(|()| self.record(event, &id, kind)) {
            Ok(record) => self.batch.events.push(record),
            Err(fault) => self.batch.rejected.push(fault.into_rejected(index, id.ok().map(Cow::into_owned))),
        }
    }

    /// A line that is not UTF-8.
    pub fn refuse_line(&mut self) {
        let fault = Fault::malformed("The event is not UTF-8.");
        self.batch.rejected.push(fault.into_rejected(self.batch.len(), None));
        self.batch.ids.push(None);
        self.batch.kinds.push(None);
    }

    fn record(
        &mut self,
        event: &RawEvent<'_>,
        id: &Result<Cow<'_, str>, Fault>,
        kind: Result<EventType, Fault>,
    ) -> Result<EventRecord, Fault> {
        check_specversion(event)?;
        let id = id.as_deref().map_err(Fault::clone)?;
        let source = attribute(event, Attribute::Source)?.short_text(MAX_ATTRIBUTE)?;
        let kind = kind?;
        let sent = match attribute(event, Attribute::Time) {
            Ok(value) => Some((value, value.text()?)),
            Err(_) => None,
        };
        let time = sent.as_ref().map(|(value, text)| self.span.read(*value, text)).transpose()?;
        if event.attribute(Attribute::DataBase64).is_some() {
            let place = ValuePath::Attribute(Attribute::DataBase64.name());
            return Err(Fault::invalid(place, "is not supported: `data` must be a JSON object"));
        }
        data::check_is_object(event.attribute(Attribute::Data))?;
        let data = Data::read(kind, event, self.workspace.id)?;
        let content = Content { kind, time: sent.as_ref().map(|(_, text)| &**text), data: &data };
        let identity = self.door.hasher.identity(self.workspace, &source, id, &content, &mut self.buffer);
        let owned = |text: &Option<Cow<'_, str>>| text.as_deref().map(Box::from);
        let to = data.conversation.zip(data.email.as_deref());
        let address = to.map(|(conversation, email)| self.door.address(self.workspace, conversation, email));
        let mut event = EventRecord {
            identity,
            time,
            conversation: data.conversation,
            account: data.account,
            account_name: owned(&data.account_name),
            contact: data.contact.as_deref().map(Into::into),
            channel: owned(&data.channel),
            intent: owned(&data.intent),
            body: self.body(kind, data)?,
            address,
        };
        self.door.marks.mark_event(self.workspace, &mut event);
        Ok(event)
    }

    fn body(&self, kind: EventType, data: Data<'_>) -> Result<Body, Fault> {
        Ok(match kind {
            EventType::ConversationCreated => Body::ConversationCreated,
            EventType::MessageReceived => self.message(&data, None)?,
            EventType::MessageSent => self.message(&data, Some(need(data.sender, Member::Sender)?))?,
            EventType::StatusChanged => Body::StatusChanged(need(data.status, Member::Status)?),
            EventType::ConversationResolved => Body::ConversationResolved(need(data.resolution, Member::Resolution)?),
            EventType::AttentionItemCreated => Body::AttentionItemCreated(need(data.attention, Member::AttentionType)?),
            EventType::SignalObserved => {
                Body::SignalObserved { signal: self.signal(&data)?, value: quantum(need(data.value, Member::Value)?) }
            }
            EventType::SurveyResponded => Body::SurveyResponded {
                rating: need(data.rating, Member::Rating)?,
                comment: data.comment.map(|comment| comment.into()),
            },
            EventType::ConversationScored => {
                let [outcome, process, environment] = data.scores;
                Body::ConversationScored(ImportedScore {
                    dimensions: [
                        need(outcome, Member::OutcomeScore)?,
                        need(process, Member::ProcessScore)?,
                        need(environment, Member::EnvironmentScore)?,
                    ],
                    resolved: need(data.resolved, Member::Resolved)?,
                    confidence: data.confidence,
                    signal_count: data.signal_count,
                })
            }
            EventType::AccountUpdated => {
                Body::AccountUpdated { contacts: data.contacts.into_iter().map(Into::into).collect() }
            }
        })
    }

    /// What is kept of a message; without a sender it is the customer's.
    fn message(&self, data: &Data<'_>, sender: Option<Sender>) -> Result<Body, Fault> {
        let conversation = need(data.conversation, Member::ConversationId)?;
        let key = conversation_word_key(self.door.options.secret.bytes(), conversation);
        let message = Incoming {
            speaker: if sender.is_some() { Speaker::Agent } else { Speaker::Customer },
            text: data.text.as_deref(),
            language: data.language.as_deref(),
            format: data.format,
            automatic: data.automatic,
        };
        Ok(match (self.reader.read(&message, &key), sender) {
            (Kept::Task(features), None) => Body::MessageReceived(features),
            (Kept::Task(features), Some(sender)) => Body::MessageSent { sender, features },
            (Kept::Heard(heard), sender) => Body::Message { sender, heard },
        })
    }

    /// One of the catalogue; else one of the workspace's own, of which the event's own description
    /// comes before the configuration's.
    fn signal(&self, data: &Data<'_>) -> Result<ObservedSignal, Fault> {
        let name = need(data.signal.as_deref(), Member::Signal)?;
        let model = self.reader.model();
        if let Some(kind) = data.catalogue_signal(model, name)? {
            return Ok(ObservedSignal::Catalogue(kind));
        }
        let declared = self.door.options.own_signals.get(self.workspace.id, name);
        let loadings = data.dimension.map(|dimension| {
            let mut loadings = [0.0; 3];
            loadings[dimension as usize] = 1.0;
            loadings
        });
        Ok(ObservedSignal::Own(OwnSignal {
            name: name.into(),
            loadings: loadings.or(declared.map(|d| d.loadings)).ok_or_else(|| undeclared(Member::Dimension))?,
            weight: data.weight.or(declared.map(|d| d.weight)).ok_or_else(|| undeclared(Member::Weight))?,
        }))
    }
}

fn attribute<'b>(event: &RawEvent<'b>, attribute: Attribute) -> Result<Value<'b>, Fault> {
    let place = event.place(attribute);
    event.attribute(attribute).map(|raw| Value { raw, place }).ok_or_else(|| Fault::missing(place))
}

fn check_specversion(event: &RawEvent<'_>) -> Result<(), Fault> {
    let value = attribute(event, Attribute::Specversion)?;
    if value.text()? == "1.0" {
        return Ok(());
    }
    let sentence = format!("`{}` must be \"1.0\".", value.place.name());
    Err(Fault::at(RejectionCode::UnsupportedSpecversion, value.place, sentence))
}

fn kind(event: &RawEvent<'_>) -> Result<EventType, Fault> {
    let value = attribute(event, Attribute::Type)?;
    let sentence = || format!("No event of this `{}` exists.", value.place.name());
    EventType::from_name(&value.text()?).ok_or_else(|| Fault::at(RejectionCode::UnknownType, value.place, sentence()))
}

/// [`Data::read`] has checked the required members; a missing one is an error here instead of a panic.
fn need<T>(value: Option<T>, member: Member) -> Result<T, Fault> {
    value.ok_or_else(|| Fault::missing(ValuePath::Data(member.name())))
}

fn undeclared(member: Member) -> Fault {
    let sentence =
        format!("`{}` is required for a signal that is neither in the catalogue nor declared.", member.name());
    Fault::at(RejectionCode::MissingField, ValuePath::Data(member.name()), sentence)
}

/// The nearest 1/65,535, half up, of a number within 0–1.
fn quantum(value: f64) -> Quantum {
    (value * f64::from(Quantum::MAX) + 0.5).floor() as Quantum
}
