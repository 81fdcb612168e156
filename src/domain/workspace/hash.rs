//! A hash over the whole state, to tell whether two roads led to the same (I1).

use std::io::{self, Write};

use serde::Serialize;

use super::super::ids::Id;
use super::Workspace;
use super::conversations::{Conversation, Phase};

/// Feeds serialised values to the hash. Lengths and tags are part of bincode's output, so that no
/// two states run together.
struct Feed(blake3::Hasher);

impl Write for Feed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Feed {
    fn put(&mut self, value: impl Serialize) {
        bincode::serde::encode_into_std_write(value, &mut self.0, bincode::config::legacy())
            .expect("hashing plain values cannot fail");
    }
}

impl Workspace {
    /// Equal for equal states, whatever the rounds were.
    pub fn state_hash(&self) -> [u8; 32] {
        let mut feed = Feed(blake3::Hasher::new());
        feed.put((self.key, &self.name, self.applied, self.last_receipt, self.installed, self.late));
        feed.put((&self.rules.settings, &self.rules.csat));
        self.profiles.iter().for_each(|profile| feed.put(&**profile));
        for conversation in self.conversations.iter() {
            put_conversation(&mut feed, conversation);
        }
        self.timeline.newest_first().for_each(|item| feed.put(item));
        for account in self.accounts.iter() {
            let resolve = account.last_resolve.map(|last| (last.at, last.position));
            feed.put((account.id, account.name.as_deref(), account.active, resolve, account.scored.len()));
            account.scored.newest_first().for_each(|item| feed.put(item));
        }
        feed.put(self.accounts.contacts_in_order());
        self.breakers.all().iter().for_each(|breaker| feed.put(breaker));
        feed.put(self.breakers.epoch);
        for (receipt, identity, comparable) in self.duplicates.iter() {
            feed.put((receipt, identity, comparable));
        }
        feed.put((&self.settling, &self.explained, &self.skips));
        feed.0.finalize().into()
    }
}

fn put_conversation(feed: &mut Feed, conversation: &Conversation) {
    let head: (Id, Option<u32>, bool) = (conversation.id, conversation.account, conversation.named);
    feed.put(head);
    if let Some(score) = &conversation.score {
        feed.put((score.key, score.dimensions, score.composite, score.confidence, score.disconfirmation));
        feed.put((score.signal_count, score.resolved, score.imported, score.profile, score.receipt, score.expectation));
    }
    feed.put(conversation.signals.as_deref());
    match &conversation.phase {
        Phase::Unlived => feed.put(0u8),
        Phase::Living(life) => feed.put((1u8, &**life)),
        Phase::Settled(carried) => feed.put((2u8, carried)),
    }
}
