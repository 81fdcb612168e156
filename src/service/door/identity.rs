//! Keyed hashes that tell one event from another, and one content from another (R4.4). Without the keys, the input
//! cannot be guessed from them, and nobody can make two events collide (R4.8). SipHash-2-4 with 128 bits of key and
//! of result is made for that, and for short texts it is three times as fast as a hash without a key.

use std::hash::Hasher as _;

use siphasher::sip128::{Hasher128, SipHasher24};

use super::data::Data;
use super::member::{EventType, Member};
use super::secret::Secret;
use crate::domain::event::Identity;
use crate::domain::ids::{Side, WorkspaceKey};

/// Derives the key of the content hashes from the secret. Changing it makes every known identity
/// one with other content.
const CONTENT_KEY: &str = "tripswitch 2026 event content";

/// The two keys.
pub(super) struct Hasher {
    /// From the journal: the same after a restore without the secret.
    identity: SipHasher24,
    content: SipHasher24,
}

/// What an event is, beside its identity.
pub(super) struct Content<'a> {
    pub kind: EventType,
    /// As sent, to the letter.
    pub time: Option<&'a str>,
    pub data: &'a Data<'a>,
}

impl Hasher {
    pub fn new(identity: [u8; 32], secret: &Secret) -> Self {
        Self { identity: keyed(&identity), content: keyed(&secret.derive(CONTENT_KEY)) }
    }

    /// `buffer` is only there to be reused.
    pub fn identity(
        &self,
        workspace: WorkspaceKey,
        source: &str,
        id: &str,
        content: &Content<'_>,
        buffer: &mut Vec<u8>,
    ) -> Identity {
        let mut bytes = Bytes::new(buffer);
        bytes.fixed(&workspace.id.0.to_be_bytes());
        bytes.fixed(match workspace.side {
            Side::Live => &[0],
            Side::Test => &[1],
        });
        bytes.text(source);
        bytes.text(id);
        let key: [u8; 12] = bytes.hash(self.identity);
        bytes.0.clear();
        content.write(&mut bytes);
        Identity { key, content: u32::from_le_bytes(bytes.hash(self.content)) }
    }
}

impl Content<'_> {
    /// The bytes of a content, the same for contents that R4.4 calls equal: members as parsed, in the order of
    /// [`Member`], without those at their default.
    fn write(&self, bytes: &mut Bytes<'_>) {
        bytes.fixed(&[self.kind as u8, u8::from(self.time.is_some())]);
        bytes.text(self.time.unwrap_or_default());
        self.data.write(bytes);
    }
}

impl Data<'_> {
    fn write(&self, bytes: &mut Bytes<'_>) {
        let ids = [(Member::ConversationId, self.conversation), (Member::AccountId, self.account)];
        for (member, id) in ids {
            bytes.member(member, id.map(|id| id.0.to_be_bytes()));
        }
        let texts = [
            (Member::AccountName, &self.account_name),
            (Member::ContactId, &self.contact),
            (Member::Channel, &self.channel),
            (Member::Intent, &self.intent),
            (Member::Text, &self.text),
            (Member::Language, &self.language),
            (Member::Signal, &self.signal),
            (Member::Comment, &self.comment),
            (Member::ContactEmail, &self.email),
        ];
        for (member, text) in texts {
            bytes.member(member, text.as_deref().map(str::as_bytes));
        }
        // Their numbers are the order of the variants, which the journal's format fixes as well.
        let choices = [
            (Member::Sender, self.sender.map(|s| s as u8)),
            (Member::Status, self.status.map(|s| s as u8)),
            (Member::Resolution, self.resolution.map(|r| r as u8)),
            (Member::AttentionType, self.attention.map(|a| a as u8)),
            (Member::Dimension, self.dimension.map(|d| d as u8)),
            (Member::Rating, self.rating),
            (Member::Resolved, self.resolved.map(u8::from)),
        ];
        for (member, choice) in choices {
            bytes.member(member, choice.map(|c| [c]));
        }
        for (member, number) in [(Member::Value, self.value), (Member::Weight, self.weight)] {
            bytes.member(member, number.map(|n| n.to_bits().to_be_bytes()));
        }
        let [outcome, process, environment] = self.scores;
        let hundredths = [
            (Member::OutcomeScore, outcome),
            (Member::ProcessScore, process),
            (Member::EnvironmentScore, environment),
            (Member::Confidence, Some(self.confidence).filter(|c| *c != Data::DEFAULT_CONFIDENCE)),
        ];
        for (member, number) in hundredths {
            bytes.member(member, number.map(|n| n.0.to_be_bytes()));
        }
        bytes.member(Member::SignalCount, Some(self.signal_count).filter(|n| *n != 0).map(u16::to_be_bytes));
        for contact in &self.contacts {
            bytes.member(Member::ContactIds, Some(contact.as_bytes()));
        }
    }
}

/// Writes in a form from which each part could be read back, so that different parts never make
/// the same bytes.
struct Bytes<'b>(&'b mut Vec<u8>);

impl<'b> Bytes<'b> {
    fn new(buffer: &'b mut Vec<u8>) -> Self {
        buffer.clear();
        Self(buffer)
    }

    fn fixed(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn text(&mut self, text: &str) {
        self.sized(text.as_bytes());
    }

    fn member(&mut self, member: Member, value: Option<impl AsRef<[u8]>>) {
        if let Some(value) = value {
            self.0.push(member as u8);
            self.sized(value.as_ref());
        }
    }

    fn sized(&mut self, bytes: &[u8]) {
        // No body is that long; short lengths save a block of hashing per event.
        self.fixed(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
        self.fixed(bytes);
    }

    /// The first `N` bytes, at most 16.
    fn hash<const N: usize>(&self, mut hasher: SipHasher24) -> [u8; N] {
        hasher.write(self.0);
        let hash = hasher.finish128().as_bytes();
        std::array::from_fn(|at| hash[at])
    }
}

/// The first 128 bits are the key.
fn keyed(key: &[u8; 32]) -> SipHasher24 {
    let (first, _) = key.split_first_chunk().expect("16 of 32 bytes");
    SipHasher24::new_with_key(first)
}
