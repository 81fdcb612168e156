//! Whole conversations, event by event: created, turns of customer and AI, sometimes a person,
//! resolved, sometimes rated or reopened.

use std::collections::VecDeque;

use super::sentences::{Purpose, message};
use super::{BATCH, Shape};
use crate::random::Random;
use crate::time::{HOUR, MINUTE};
use crate::zipf::Zipf;

/// Conversations that go on at the same time in a workspace.
const OPEN: usize = 20;

/// One event of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub workspace: usize,
    /// Unique in its workspace.
    pub conversation: u32,
    /// Its place in the conversation.
    pub number: usize,
    pub account: u32,
    pub at: i64,
    pub kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Created,
    Received(String),
    SentByAi(String),
    SentByHuman(String),
    HumanRequested,
    Resolved(&'static str),
    Reopened,
    /// From 1 to 5.
    Rated(u64),
}

impl Kind {
    /// The CloudEvents type.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Created => "conversation.created",
            Self::Received(_) => "message.received",
            Self::SentByAi(_) | Self::SentByHuman(_) => "message.sent",
            Self::HumanRequested => "attention_item.created",
            Self::Resolved(_) => "conversation.resolved",
            Self::Reopened => "conversation.status_changed",
            Self::Rated(_) => "survey.responded",
        }
    }
}

/// Makes requests one after the other, each for one workspace.
#[derive(Debug)]
pub struct Talk {
    shape: Shape,
    now: i64,
    random: Random,
    popularity: Zipf,
    made: usize,
    /// What is still to be sent of each open conversation.
    open: Vec<Vec<VecDeque<Event>>>,
    begun: Vec<u32>,
}

impl Talk {
    /// `shape.facts` counts events.
    pub fn new(shape: Shape, now: i64) -> Self {
        Self {
            shape,
            now,
            random: Random::new(shape.seed),
            popularity: Zipf::new(shape.accounts_of_each()),
            made: 0,
            open: vec![Vec::new(); shape.workspaces],
            begun: vec![0; shape.workspaces],
        }
    }

    fn event(&mut self, workspace: usize) -> Event {
        self.made += 1;
        if self.open[workspace].len() < OPEN {
            let rank = self.popularity.sample(&mut self.random);
            let begins = self.now - self.random.between(5 * HOUR as u64, 48 * HOUR as u64) as i64;
            let first = Event {
                workspace,
                conversation: self.begun[workspace],
                number: 0,
                account: self.shape.account(workspace, rank),
                at: begins,
                kind: Kind::Created,
            };
            self.begun[workspace] += 1;
            self.open[workspace].push(Script::write(first, &mut self.random));
        }
        let open = &mut self.open[workspace];
        let at = self.random.index(open.len());
        let event = open[at].pop_front().expect("an open conversation has events left");
        if open[at].is_empty() {
            open.swap_remove(at);
        }
        event
    }
}

impl Iterator for Talk {
    type Item = (usize, Vec<Event>);

    fn next(&mut self) -> Option<Self::Item> {
        let left = self.shape.facts.saturating_sub(self.made);
        if left == 0 {
            return None;
        }
        let workspace = self.random.index(self.shape.workspaces);
        Some((workspace, (0..left.min(BATCH)).map(|_| self.event(workspace)).collect()))
    }
}

/// A conversation that is being written.
struct Script<'a> {
    events: VecDeque<Event>,
    first: Event,
    random: &'a mut Random,
}

impl<'a> Script<'a> {
    fn write(first: Event, random: &'a mut Random) -> VecDeque<Event> {
        let mut script = Script { events: VecDeque::from([first.clone()]), first, random };
        let goes_badly = script.random.per_mille(220);
        script.received(Purpose::Opening);
        for _ in 0..script.random.between(1, 4) {
            script.exchange(goes_badly);
        }
        let escalates = script.random.per_mille(if goes_badly { 350 } else { 60 });
        if escalates {
            script.escalate();
        }
        script.end(goes_badly, escalates);
        if script.random.per_mille(if goes_badly { 120 } else { 30 }) {
            script.later(30 * MINUTE as u64, 2 * HOUR as u64, Kind::Reopened);
            script.received(Purpose::ComesBack);
            script.exchange(goes_badly);
            script.end(false, escalates);
        }
        if script.random.per_mille(200) {
            let rating = if goes_badly { script.random.between(1, 3) } else { script.random.between(3, 5) };
            script.later(MINUTE as u64, 20 * MINUTE as u64, Kind::Rated(rating));
        }
        script.events
    }

    fn later(&mut self, least: u64, most: u64, kind: Kind) {
        let before = self.events.back().map_or(self.first.at, |event| event.at);
        let at = before + self.random.between(least, most) as i64;
        self.events.push_back(Event { number: self.events.len(), at, kind, ..self.first.clone() });
    }

    fn received(&mut self, purpose: Purpose) {
        let text = message(purpose, self.random);
        self.later(15_000, 5 * MINUTE as u64, Kind::Received(text));
    }

    fn sent_by_ai(&mut self, purpose: Purpose) {
        let text = message(purpose, self.random);
        self.later(2_000, 20_000, Kind::SentByAi(text));
    }

    fn sent_by_human(&mut self, purpose: Purpose) {
        let text = message(purpose, self.random);
        self.later(MINUTE as u64, 15 * MINUTE as u64, Kind::SentByHuman(text));
    }

    /// The AI answers, the customer goes on.
    fn exchange(&mut self, goes_badly: bool) {
        let unhappy = goes_badly && self.random.per_mille(600);
        let purpose = match self.random.below(3) {
            0 => Purpose::Question,
            1 if unhappy => Purpose::Apology,
            _ => Purpose::Answer,
        };
        self.sent_by_ai(purpose);
        self.received(if unhappy { Purpose::Complaint } else { Purpose::Detail });
    }

    fn escalate(&mut self) {
        self.received(Purpose::WantsHuman);
        self.later(500, 2_000, Kind::HumanRequested);
        self.sent_by_human(Purpose::Apology);
        self.received(Purpose::Detail);
        self.sent_by_human(Purpose::Answer);
    }

    fn end(&mut self, goes_badly: bool, escalated: bool) {
        if !escalated {
            self.sent_by_ai(Purpose::Answer);
        }
        if goes_badly && self.random.per_mille(300) {
            return self.later(20 * MINUTE as u64, HOUR as u64, Kind::Resolved("abandoned"));
        }
        if !goes_badly || self.random.per_mille(300) {
            self.received(Purpose::Thanks);
            self.sent_by_ai(Purpose::Closing);
        }
        self.later(1_000, MINUTE as u64, Kind::Resolved(if escalated { "human_resolved" } else { "ai_resolved" }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_774_432_800_000;

    fn events(seed: u64) -> Vec<Event> {
        let shape = Shape { facts: 20_000, workspaces: 10, accounts: 1_000, seed };
        Talk::new(shape, NOW).flat_map(|(_, events)| events).collect()
    }

    #[test]
    fn the_same_seed_makes_the_same_conversations_and_another_seed_others() {
        assert_eq!(events(1), events(1));
        assert_ne!(events(1), events(2));
    }

    #[test]
    fn messages_have_twelve_words_in_the_mean_and_seldom_repeat() {
        let texts: Vec<String> = (events(1).into_iter())
            .filter_map(|event| match event.kind {
                Kind::Received(text) | Kind::SentByAi(text) | Kind::SentByHuman(text) => Some(text),
                Kind::Created | Kind::HumanRequested | Kind::Resolved(_) | Kind::Reopened | Kind::Rated(_) => None,
            })
            .collect();
        let words: usize = texts.iter().map(|text| text.split(' ').count()).sum();
        let mean = words as f64 / texts.len() as f64;
        assert!((11.0..13.0).contains(&mean), "{mean} words");
        let distinct = texts.iter().collect::<std::collections::HashSet<_>>().len();
        assert!(distinct * 5 > texts.len(), "{distinct} of {}", texts.len());
    }

    #[test]
    fn events_of_a_conversation_come_in_order_and_before_now() {
        let mut last = std::collections::HashMap::new();
        for event in events(1) {
            let before = last.insert((event.workspace, event.conversation), (event.number, event.at));
            let expected = before.map_or(0, |(number, _)| number + 1);
            assert_eq!(event.number, expected);
            assert!(before.is_none_or(|(_, at)| at < event.at) && event.at < NOW);
        }
    }

    #[test]
    fn every_kind_of_event_occurs() {
        let names: std::collections::HashSet<_> = events(1).iter().map(|event| event.kind.name()).collect();
        assert_eq!(names.len(), 7);
    }
}
