//! The vocabulary of R4.6: types, the members of their `data`, and the texts that stand for values.

use crate::domain::event::{AttentionType, Resolution, Sender, Status};
use crate::domain::reading::Format;
use crate::domain::score::Dimension;

/// A member of `data`, of whatever type. The numbers are part of the content hash (R4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Member {
    ConversationId,
    AccountId,
    AccountName,
    ContactId,
    Channel,
    Intent,
    Text,
    Language,
    Sender,
    Status,
    Resolution,
    AttentionType,
    Signal,
    Value,
    Dimension,
    Weight,
    Rating,
    Comment,
    OutcomeScore,
    ProcessScore,
    EnvironmentScore,
    Resolved,
    Confidence,
    SignalCount,
    ContactIds,
    Format,
    Automatic,
    ContactEmail,
    /// None of the others.
    Unknown,
}

impl Member {
    const NAMED: [(Self, &'static str); 28] = [
        (Self::ConversationId, "conversationId"),
        (Self::AccountId, "accountId"),
        (Self::AccountName, "accountName"),
        (Self::ContactId, "contactId"),
        (Self::Channel, "channel"),
        (Self::Intent, "intent"),
        (Self::Text, "text"),
        (Self::Language, "language"),
        (Self::Sender, "sender"),
        (Self::Status, "status"),
        (Self::Resolution, "resolution"),
        (Self::AttentionType, "attentionType"),
        (Self::Signal, "signal"),
        (Self::Value, "value"),
        (Self::Dimension, "dimension"),
        (Self::Weight, "weight"),
        (Self::Rating, "rating"),
        (Self::Comment, "comment"),
        (Self::OutcomeScore, "outcomeScore"),
        (Self::ProcessScore, "processScore"),
        (Self::EnvironmentScore, "environmentScore"),
        (Self::Resolved, "resolved"),
        (Self::Confidence, "confidence"),
        (Self::SignalCount, "signalCount"),
        (Self::ContactIds, "contactIds"),
        (Self::Format, "format"),
        (Self::Automatic, "automatic"),
        (Self::ContactEmail, "contactEmail"),
    ];

    pub fn from_name(name: &str) -> Self {
        // Not a walk through the table: this is asked for every member of every event.
        match name {
            "conversationId" => Self::ConversationId,
            "accountId" => Self::AccountId,
            "accountName" => Self::AccountName,
            "contactId" => Self::ContactId,
            "channel" => Self::Channel,
            "intent" => Self::Intent,
            "text" => Self::Text,
            "language" => Self::Language,
            "sender" => Self::Sender,
            "status" => Self::Status,
            "resolution" => Self::Resolution,
            "attentionType" => Self::AttentionType,
            "signal" => Self::Signal,
            "value" => Self::Value,
            "dimension" => Self::Dimension,
            "weight" => Self::Weight,
            "rating" => Self::Rating,
            "comment" => Self::Comment,
            "outcomeScore" => Self::OutcomeScore,
            "processScore" => Self::ProcessScore,
            "environmentScore" => Self::EnvironmentScore,
            "resolved" => Self::Resolved,
            "confidence" => Self::Confidence,
            "signalCount" => Self::SignalCount,
            "contactIds" => Self::ContactIds,
            "format" => Self::Format,
            "automatic" => Self::Automatic,
            "contactEmail" => Self::ContactEmail,
            _ => Self::Unknown,
        }
    }

    /// Empty for [`Member::Unknown`], whose name the event holds.
    pub const fn name(self) -> &'static str {
        if (self as usize) < Self::NAMED.len() { Self::NAMED[self as usize].1 } else { "" }
    }

    pub const fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// The types of R4.6. The numbers are part of the content hash (R4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum EventType {
    ConversationCreated,
    MessageReceived,
    MessageSent,
    StatusChanged,
    ConversationResolved,
    AttentionItemCreated,
    SignalObserved,
    SurveyResponded,
    ConversationScored,
    AccountUpdated,
}

impl EventType {
    const NAMED: [(&'static str, Self); 10] = [
        ("conversation.created", Self::ConversationCreated),
        ("message.received", Self::MessageReceived),
        ("message.sent", Self::MessageSent),
        ("conversation.status_changed", Self::StatusChanged),
        ("conversation.resolved", Self::ConversationResolved),
        ("attention_item.created", Self::AttentionItemCreated),
        ("signal.observed", Self::SignalObserved),
        ("survey.responded", Self::SurveyResponded),
        ("conversation.scored", Self::ConversationScored),
        ("account.updated", Self::AccountUpdated),
    ];

    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMED.into_iter().find(|(known, _)| *known == name).map(|(_, kind)| kind)
    }

    pub const fn name(self) -> &'static str {
        Self::NAMED[self as usize].0
    }

    /// The members that must stand in its `data`, in the order in which their absence is reported.
    pub const fn required(self) -> &'static [Member] {
        use Member::*;
        match self {
            Self::ConversationCreated | Self::MessageReceived => &[ConversationId],
            Self::MessageSent => &[ConversationId, Sender],
            Self::StatusChanged => &[ConversationId, Status],
            Self::ConversationResolved => &[ConversationId, Resolution],
            Self::AttentionItemCreated => &[ConversationId, AttentionType],
            Self::SignalObserved => &[ConversationId, Signal, Value],
            Self::SurveyResponded => &[ConversationId, Rating],
            Self::ConversationScored => &[ConversationId, OutcomeScore, ProcessScore, EnvironmentScore, Resolved],
            Self::AccountUpdated => &[AccountId],
        }
    }

    /// The members that may, beyond those and the ones that may stand in any.
    const fn optional(self) -> &'static [Member] {
        use Member::*;
        match self {
            Self::MessageReceived | Self::MessageSent => &[Text, Language, Format, Automatic],
            Self::SignalObserved => &[Dimension, Weight],
            Self::SurveyResponded => &[Comment],
            Self::ConversationScored => &[Confidence, SignalCount],
            Self::AccountUpdated => &[ContactIds],
            Self::ConversationCreated
            | Self::StatusChanged
            | Self::ConversationResolved
            | Self::AttentionItemCreated => &[],
        }
    }

    /// Bits of all members that may stand in its `data`.
    const fn allowed(self) -> u32 {
        const ANYWHERE: &[Member] =
            &[Member::AccountId, Member::AccountName, Member::ContactId, Member::Channel, Member::Intent];
        // Mails are about conversations.
        let address = match self {
            Self::AccountUpdated => 0,
            _ => Member::ContactEmail.bit(),
        };
        bits(ANYWHERE) | address | bits(self.required()) | bits(self.optional())
    }

    pub const fn allows(self, member: Member) -> bool {
        const ALLOWED: [u32; EventType::NAMED.len()] = {
            let mut allowed = [0; EventType::NAMED.len()];
            let mut at = 0;
            while at < allowed.len() {
                allowed[at] = EventType::NAMED[at].1.allowed();
                at += 1;
            }
            allowed
        };
        ALLOWED[self as usize] & member.bit() != 0
    }
}

const fn bits(members: &[Member]) -> u32 {
    let (mut bits, mut at) = (0, 0);
    while at < members.len() {
        bits |= members[at].bit();
        at += 1;
    }
    bits
}

pub(super) const SENDERS: [(&str, Sender); 2] = [("ai", Sender::Ai), ("human", Sender::Human)];

pub(super) const STATUSES: [(&str, Status); 6] = [
    ("open", Status::Open),
    ("in_progress", Status::InProgress),
    ("awaiting_contact", Status::AwaitingContact),
    ("resolved", Status::Resolved),
    ("closed", Status::Closed),
    ("abandoned", Status::Abandoned),
];

pub(super) const RESOLUTIONS: [(&str, Resolution); 3] = [
    ("ai_resolved", Resolution::AiResolved),
    ("human_resolved", Resolution::HumanResolved),
    ("abandoned", Resolution::Abandoned),
];

pub(super) const ATTENTION_TYPES: [(&str, AttentionType); 3] = [
    ("validation_failed", AttentionType::ValidationFailed),
    ("human_requested", AttentionType::HumanRequested),
    ("escalation", AttentionType::Escalation),
];

pub(super) const FORMATS: [(&str, Format); 3] =
    [("auto", Format::Auto), ("text", Format::Text), ("html", Format::Html)];

pub(super) const DIMENSIONS: [(&str, Dimension); 3] = [
    (Dimension::Outcome.name(), Dimension::Outcome),
    (Dimension::Process.name(), Dimension::Process),
    (Dimension::Environment.name(), Dimension::Environment),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r4_6_members_and_types_stand_in_the_order_of_their_numbers() {
        for (at, (member, name)) in Member::NAMED.into_iter().enumerate() {
            assert_eq!((member as usize, member.name(), Member::from_name(name)), (at, name, member));
        }
        for (at, (name, kind)) in EventType::NAMED.into_iter().enumerate() {
            assert_eq!((kind as usize, kind.name(), EventType::from_name(name)), (at, name, Some(kind)));
        }
        assert_eq!(Member::Unknown as usize, Member::NAMED.len());
    }

    #[test]
    fn r4_6_the_tables_name_values_as_answers_do() {
        fn check<T: serde::Serialize + Copy>(table: &[(&str, T)]) {
            for (name, value) in table {
                assert_eq!(serde_json::to_value(value).unwrap(), *name);
            }
        }
        check(&SENDERS);
        check(&STATUSES);
        check(&RESOLUTIONS);
        check(&ATTENTION_TYPES);
        check(&DIMENSIONS);
    }
}
