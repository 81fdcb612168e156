//! Whose messages a conversation has had, in a byte: for what records have no room for, and what is asked after the
//! messages themselves are gone (R6.7).

use serde::{Deserialize, Serialize};

use super::super::event::{Body, Sender};
use super::super::life::{Life, LifeKind};
use super::super::message::Heard;

/// One thing that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Voice {
    /// An AI wrote the last message of an agent.
    Ai,
    /// A human wrote the last message of an agent.
    Human,
    /// There was a message of a customer or an agent.
    Turn,
    /// There was an automatic message.
    Automatic,
}

const TURN: u8 = Voice::Turn.bit();
const AUTOMATIC: u8 = Voice::Automatic.bit();
const HANDLER: u8 = Voice::Ai.bit() | Voice::Human.bit();

impl Voice {
    const ALL: [Self; 4] = [Self::Ai, Self::Human, Self::Turn, Self::Automatic];

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// See the module. Part of the on-disk format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voices(u8);

impl Voices {
    /// As an event leaves them.
    #[must_use]
    pub fn after(self, body: &Body) -> Self {
        match body {
            Body::MessageReceived(_) | Body::Message { sender: None, heard: Heard::Turn(_) } => Self(self.0 | TURN),
            Body::MessageSent { sender, .. } | Body::Message { sender: Some(sender), heard: Heard::Turn(_) } => {
                self.handled_by(*sender)
            }
            Body::Message { heard: Heard::Automatic, .. } => Self(self.0 | AUTOMATIC),
            Body::ConversationCreated
            | Body::StatusChanged(_)
            | Body::ConversationResolved(_)
            | Body::AttentionItemCreated(_)
            | Body::SignalObserved { .. }
            | Body::SurveyResponded { .. }
            | Body::ConversationScored(_)
            | Body::AccountUpdated { .. } => self,
        }
    }

    /// The agent's last message is from there.
    #[must_use]
    const fn handled_by(self, sender: Sender) -> Self {
        let sender = match sender {
            Sender::Ai => Voice::Ai,
            Sender::Human => Voice::Human,
        };
        Self(self.0 & !HANDLER | TURN | sender.bit())
    }

    /// All that is known.
    pub fn known(self) -> impl Iterator<Item = Voice> {
        Voice::ALL.into_iter().filter(move |voice| self.0 & voice.bit() != 0)
    }

    /// What this and `other` tell.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What a life tells that began before this was kept: not who its agents were.
    pub fn of_life(life: &Life) -> Self {
        life.events().fold(Self::default(), |voices, (_, _, kind)| match kind {
            LifeKind::Turn(..) | LifeKind::Message(..) => Self(voices.0 | TURN),
            LifeKind::Automatic => Self(voices.0 | AUTOMATIC),
            LifeKind::Named
            | LifeKind::Move(_)
            | LifeKind::Attention(_)
            | LifeKind::Signal(..)
            | LifeKind::Rating(_) => voices,
        })
    }

    /// Who wrote the last message of an agent.
    pub const fn handler(self) -> Option<Sender> {
        if self.0 & Voice::Human.bit() != 0 {
            Some(Sender::Human)
        } else if self.0 & Voice::Ai.bit() != 0 {
            Some(Sender::Ai)
        } else {
            None
        }
    }

    /// There were messages, and machines wrote all of them.
    pub const fn are_automatic(self) -> bool {
        self.0 & (TURN | AUTOMATIC) == AUTOMATIC
    }
}

impl FromIterator<Voice> for Voices {
    fn from_iter<I: IntoIterator<Item = Voice>>(voices: I) -> Self {
        Self(voices.into_iter().fold(0, |bits, voice| bits | voice.bit()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r6_7_the_last_agent_counts_and_automatic_messages_are_nobodys() {
        let automatic = Body::Message { sender: Some(Sender::Human), heard: Heard::Automatic };
        let sent = |sender| Body::Message { sender, heard: Heard::Turn(Box::default()) };
        let voices = Voices::default().after(&automatic);
        assert!(voices.are_automatic() && voices.handler().is_none() && voices.known().eq([Voice::Automatic]));
        let voices = [sent(Some(Sender::Ai)), sent(None), automatic].iter().fold(voices, |v, body| v.after(body));
        assert!(!voices.are_automatic() && voices.handler() == Some(Sender::Ai));
        let voices = voices.after(&sent(Some(Sender::Human)));
        assert_eq!(voices.handler(), Some(Sender::Human));
        assert!(!Voices::default().are_automatic() && voices.known().collect::<Voices>() == voices);
    }
}
