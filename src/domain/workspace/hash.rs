//! A hash over the whole state, to tell whether two ways led to the same state (I1).

use std::io::{self, Write};

use serde::Serialize;

use super::super::breaker::BreakerV1;
use super::super::own_settings::OwnSettings;
use super::super::own_settings_v1::OwnSettingsV1;
use super::super::settings_v1::{ProfileV1, SettingsV1};
use super::super::settings_v2::SettingsV2;
use super::Workspace;
use super::conversations::Course;

/// Feeds serialised values to the hash. bincode's output has lengths and tags, so no two states give the same bytes.
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
    /// Equal for equal states, wherever rounds began and ended.
    pub fn state_hash(&self) -> [u8; 32] {
        let mut feed = Feed(blake3::Hasher::new());
        feed.put((self.key, &self.name, self.applied, self.last_receipt, self.installed, self.late));
        match (SettingsV1::of(&self.rules.settings), SettingsV2::of(&self.rules.settings)) {
            (Some(old), _) => feed.put((old, &self.rules.csat)),
            (None, Some(old)) => feed.put((old, &self.rules.csat)),
            (None, None) => feed.put((&self.rules.settings, &self.rules.csat)),
        }
        for profile in &self.profiles {
            match ProfileV1::of(profile) {
                Some(old) => feed.put(old),
                None => feed.put(&**profile),
            }
        }
        self.conversations.numbers().for_each(|number| self.put_conversation(&mut feed, number));
        self.timeline.newest_first().for_each(|item| feed.put(item));
        for (number, account) in self.accounts.iter() {
            let tripped = self.accounts.tripped(number);
            let resolve = tripped.last_resolve.map(|last| (last.at, last.position));
            feed.put((
                account.id,
                account.name.as_deref(),
                tripped.active,
                resolve,
                self.accounts.scored(number).len(),
            ));
            self.accounts.scored(number).newest_first().for_each(|item| feed.put(item));
        }
        feed.put(self.accounts.contacts_in_order());
        let keyed = self.accounts.keyed_in_order();
        if !keyed.is_empty() {
            feed.put(keyed);
        }
        for breaker in self.breakers.iter() {
            match BreakerV1::of(breaker) {
                Some(old) => feed.put(old),
                None => feed.put(breaker),
            }
        }
        feed.put(self.breakers.epoch);
        for (receipt, identity, comparable) in self.duplicates.iter() {
            feed.put((receipt, identity, comparable));
        }
        feed.put((&self.settling, self.explained_after, &self.skips));
        feed.put((self.conversations.free(), self.retained_from));
        self.put_what_came_later(&mut feed);
        feed.0.finalize().into()
    }

    /// What there was not before snapshots of version 5: a state without it has the hash that it had. Effects, announced
    /// risks, channels, intents and ratings by events are not in it, as the trail is not: frames of older versions make them, too, and a
    /// state that comes from an older snapshot does not know them.
    fn put_what_came_later(&self, feed: &mut Feed) {
        for (number, overridden) in self.conversations.all_overridden() {
            feed.put(("override", number, overridden));
        }
        if self.rules.own != OwnSettings::default() {
            match OwnSettingsV1::of(&self.rules.own) {
                Some(old) => feed.put(("own", old)),
                None => feed.put(("own", &self.rules.own)),
            }
        }
        if let Some(calibration) = &self.rules.own.calibration {
            feed.put(("calibration", &**calibration));
        }
        for (number, profile) in self.profiles.iter().enumerate().filter(|(_, profile)| !profile.level.is_identity()) {
            feed.put(("level", number, profile.level));
        }
        if !self.rules.settings.profile.level.is_identity() {
            feed.put(("level", self.rules.settings.profile.level));
        }
        for (number, rated) in self.ratings.iter().filter(|(_, rated)| rated.link.is_some()) {
            feed.put(("rated", number, &**rated));
        }
        for (number, follow_up) in self.follow_ups.iter() {
            feed.put(("follow-up", number, follow_up));
        }
        for mark in self.follow_ups.opted_out() {
            feed.put(("opted out", mark));
        }
        for resource in self.all_resources() {
            feed.put(("resource", resource));
        }
        for (id, progress) in self.pieces.deliveries.iter() {
            feed.put(("progress", id, &**progress));
        }
    }

    fn put_conversation(&self, feed: &mut Feed, number: u32) {
        let conversations = &self.conversations;
        if conversations.is_free(number) {
            return feed.put("free");
        }
        feed.put((conversations.id(number), conversations.account(number), conversations.named(number)));
        let score = conversations.score(number);
        if let Some(score) = &score {
            feed.put((score.key, score.dimensions, score.composite, score.confidence, score.disconfirmation));
            feed.put((score.signal_count, score.resolved, score.imported, score.profile, score.receipt));
            feed.put(score.expectation);
        }
        match conversations.course(number) {
            Course::Settled(_) if conversations.is_erased(number) => feed.put(3u8),
            Course::Unlived => feed.put(0u8),
            Course::Living(life) => feed.put((1u8, life)),
            // Where no score tells its age, the time of its latest change decides when it is removed, so it is part
            // of the state.
            Course::Settled(left) => feed.put((2u8, left.carried, score.is_none().then_some(left.last_change))),
        }
        feed.put(score.and_then(|score| self.signals_behind(number, &score)));
        feed.put(conversations.comment_on(number));
    }
}
