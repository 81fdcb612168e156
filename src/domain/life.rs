//! A conversation's life until it settles: its events in (`time`, position) order, whatever order
//! they came in, and what they amount to (R5.1, R5.2).

use std::hash::Hasher;

use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;

use super::event::{AttentionType, ObservedSignal, Resolution, Status, TurnFeatures};
use super::ids::Position;
use super::message::{MessageFeatures, Reading};
use super::quantum::Quantum;
use super::scoring::{Ending, Evidence, Speaker, Turn, Words};
use super::time::Millis;

/// How many changes of status one life keeps, and how many other events besides messages.
pub const MOST_OTHERS: usize = 1_000;

/// The kept events of one life.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Life {
    /// Ascending by (`time`, position).
    events: Vec<LifeEvent>,
    /// Receipt of the latest event that changed this life.
    pub last_change: Millis,
    /// What a life that began after settling has taken over from the one before.
    pub carried: Option<Carried>,
    /// The last contact that an event named, for the erasure of a contact (R4.10).
    pub contact: Option<ContactMark>,
    /// The time under which its conversation is among those without a score, if it is one of them: no later than
    /// `last_change`, and no part of the state.
    #[serde(skip)]
    pub noted: Millis,
    turns: u16,
    /// The number of terminal events kept: without any, there is nothing to walk through.
    terminal_events: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct LifeEvent {
    time: Millis,
    position: Position,
    kind: LifeKind,
}

/// What lives and comments keep of a contact's id: a hash, enough to find what the contact has left. The door keys it
/// with the file `secret` (R4.8), so that nobody finds an erased contact by trying names; `apply` takes it as it comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ContactMark(u64);

impl ContactMark {
    /// Of a contact in events that were recorded before marks were keyed.
    pub fn unkeyed(contact: &str) -> Self {
        let mut hasher = SipHasher13::new();
        hasher.write(contact.as_bytes());
        Self(hasher.finish())
    }

    /// As 8 bytes, the highest first.
    pub const fn to_bytes(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }

    pub const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(u64::from_be_bytes(bytes))
    }
}

/// What an event means to a life.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum LifeKind {
    /// Says nothing but that the conversation exists.
    Named,
    Turn(Speaker, TurnFeatures),
    Move(Move),
    Attention(AttentionType),
    Signal(ObservedSignal, Quantum),
    Rating(u8),
    Message(Speaker, Box<MessageFeatures>),
    /// An automatic message: no turn.
    Automatic,
}

/// The classes of events that are counted against the bound of a life, each by itself, so that many of one class do
/// not keep the others out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Turn,
    Move,
    /// All the rest.
    Fact,
}

impl Class {
    const fn of(kind: &LifeKind) -> Self {
        match kind {
            LifeKind::Turn(..) | LifeKind::Message(..) => Self::Turn,
            LifeKind::Move(_) => Self::Move,
            LifeKind::Named
            | LifeKind::Attention(_)
            | LifeKind::Signal(..)
            | LifeKind::Rating(_)
            | LifeKind::Automatic => Self::Fact,
        }
    }
}

/// A change of status, as far as scores depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Move {
    Reopen,
    End(Ending),
}

impl From<Status> for Move {
    fn from(status: Status) -> Self {
        match status {
            Status::Open | Status::InProgress | Status::AwaitingContact => Self::Reopen,
            Status::Resolved => Self::End(Ending::Resolved),
            Status::Closed => Self::End(Ending::Closed),
            Status::Abandoned => Self::End(Ending::Abandoned),
        }
    }
}

impl From<Resolution> for Move {
    fn from(resolution: Resolution) -> Self {
        match resolution {
            Resolution::AiResolved | Resolution::HumanResolved => Self::End(Ending::Resolved),
            Resolution::Abandoned => Self::End(Ending::Abandoned),
        }
    }
}

/// A transition into terminal, and the end that it gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    pub scored_at: Millis,
    pub position: Position,
    pub ending: Ending,
    pub reopenings: u32,
}

/// The result of a walk through a life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walk {
    /// The walk ended in a terminal state.
    pub terminal: bool,
    /// The transition of this life that gives the score: the last one, or while reopened the last before the
    /// reopening. `None`: never terminal, or in a new life not terminal again yet.
    pub scored: Option<Carried>,
    /// How often it was taken up again until now.
    pub reopenings: u32,
    /// The events that count, as indices.
    counted: std::ops::Range<usize>,
    /// Where the transitions into terminal stand.
    transitions: Vec<Position>,
}

impl Walk {
    /// Whether the event at `position` made an open conversation terminal.
    pub fn is_transition(&self, position: Position) -> bool {
        self.transitions.contains(&position)
    }

    /// Whether the conversation was terminal and is open again.
    pub fn reopened(&self, life: &Life) -> bool {
        !self.terminal && (self.scored.is_some() || life.carried.is_some())
    }
}

impl Life {
    /// A life that begins after settling.
    pub fn after(carried: Carried) -> Self {
        Self { carried: Some(carried), ..Self::default() }
    }

    /// Adds an event, and returns its index. A message beyond `max_turns` is not kept, nor an event beyond
    /// [`MOST_OTHERS`] of its class: every change of a life is a walk through all of it.
    pub fn insert(&mut self, time: Millis, position: Position, kind: LifeKind, max_turns: u16) -> Option<usize> {
        let class = Class::of(&kind);
        let most = if class == Class::Turn { usize::from(max_turns) } else { MOST_OTHERS };
        if self.events.len() >= most && self.kept_of(class) >= most {
            return None;
        }
        match &kind {
            LifeKind::Turn(..) | LifeKind::Message(..) => self.turns += 1,
            LifeKind::Move(Move::End(_)) => self.terminal_events += 1,
            LifeKind::Named
            | LifeKind::Move(Move::Reopen)
            | LifeKind::Attention(_)
            | LifeKind::Signal(..)
            | LifeKind::Rating(_)
            | LifeKind::Automatic => {}
        }
        // Late arrivals are rare, so the place is looked for from the end.
        let after =
            self.events.iter().rev().take_while(|event| (event.time, event.position) > (time, position)).count();
        let at = self.events.len() - after;
        self.events.insert(at, LifeEvent { time, position, kind });
        Some(at)
    }

    fn kept_of(&self, class: Class) -> usize {
        match class {
            Class::Turn => usize::from(self.turns),
            Class::Move | Class::Fact => self.events.iter().filter(|event| Class::of(&event.kind) == class).count(),
        }
    }

    /// The kept events in their order.
    pub fn events(&self) -> impl ExactSizeIterator<Item = (Millis, Position, &LifeKind)> {
        self.events.iter().map(|event| (event.time, event.position, &event.kind))
    }

    /// What `ask` says about this life without the event at `index`.
    pub fn without<T>(&mut self, index: Option<usize>, ask: impl FnOnce(&Self) -> T) -> T {
        let event = index.map(|index| (index, self.events.remove(index)));
        let answer = ask(self);
        if let Some((index, event)) = event {
            self.events.insert(index, event);
        }
        answer
    }

    /// Bytes that it takes, roughly.
    pub fn weight(&self) -> usize {
        let of = |event: &LifeEvent| match &event.kind {
            LifeKind::Turn(_, features) => 4 * features.words.len(),
            LifeKind::Message(_, message) => {
                size_of::<MessageFeatures>() + 4 * message.content.len() + size_of::<Reading>() * message.readings.len()
            }
            LifeKind::Named
            | LifeKind::Move(_)
            | LifeKind::Attention(_)
            | LifeKind::Signal(..)
            | LifeKind::Rating(_)
            | LifeKind::Automatic => 0,
        };
        size_of::<Self>() + self.events.iter().map(|event| size_of::<LifeEvent>() + of(event)).sum::<usize>()
    }

    /// Whether it is terminal. Costs nothing as long as nothing has ended it.
    pub fn is_over(&self) -> bool {
        (self.terminal_events > 0 || self.carried.is_some()) && self.walk().terminal
    }

    /// Walks the kept events in their order (R5.1).
    pub fn walk(&self) -> Walk {
        let mut reopenings = self.carried.map_or(0, |carried| carried.reopenings);
        let mut walk =
            Walk { terminal: self.carried.is_some(), scored: None, reopenings, counted: 0..0, transitions: Vec::new() };
        if self.terminal_events == 0 && self.carried.is_none() {
            return walk;
        }
        let mut start = self.carried.is_none().then_some(0);
        for (at, event) in self.events.iter().enumerate() {
            let LifeKind::Move(change) = event.kind else { continue };
            match (change, walk.terminal) {
                (Move::End(ending), false) => {
                    walk.terminal = true;
                    walk.transitions.push(event.position);
                    walk.scored = Some(Carried { scored_at: event.time, position: event.position, ending, reopenings });
                }
                (Move::End(Ending::Resolved), true) => match &mut walk.scored {
                    Some(scored) if scored.ending == Ending::Closed => scored.ending = Ending::Resolved,
                    Some(_) | None => {}
                },
                (Move::Reopen, true) => {
                    walk.terminal = false;
                    reopenings += 1;
                    walk.counted.end = at;
                    start.get_or_insert(at);
                }
                (Move::End(Ending::Closed | Ending::Abandoned), true) | (Move::Reopen, false) => {}
            }
        }
        walk.reopenings = reopenings;
        walk.counted.start = start.unwrap_or(self.events.len());
        if walk.terminal {
            walk.counted.end = self.events.len();
        }
        if walk.scored.is_none() || walk.counted.end < walk.counted.start {
            walk.counted = 0..0;
        }
        walk
    }

    /// Whether it was over and was taken up again, in this life or before it.
    pub fn is_reopened(&self) -> bool {
        let mut terminal = self.carried.is_some();
        self.carried.is_some_and(|carried| carried.reopenings > 0)
            || self.events.iter().any(|event| match event.kind {
                LifeKind::Move(Move::End(_)) => {
                    terminal = true;
                    false
                }
                LifeKind::Move(Move::Reopen) => terminal,
                _ => false,
            })
    }

    /// The time of the last event that counts.
    pub fn last_counted(&self, walk: &Walk) -> Option<Millis> {
        self.events.get(walk.counted.clone())?.last().map(|event| event.time)
    }

    /// How many events count.
    pub fn counted(&self, walk: &Walk) -> usize {
        walk.counted.len()
    }

    /// Whether the event with this index counts.
    pub fn counts(&self, walk: &Walk, index: usize) -> bool {
        walk.counted.contains(&index)
    }

    /// The counted events as the scoring model takes them.
    pub fn evidence(&self, walk: &Walk) -> Evidence<'_> {
        let mut evidence = Evidence {
            ending: walk.scored.map(|scored| scored.ending),
            reopenings: walk.scored.map_or(0, |scored| scored.reopenings),
            ..Evidence::default()
        };
        for event in &self.events[walk.counted.clone()] {
            match &event.kind {
                LifeKind::Named | LifeKind::Move(_) => {}
                LifeKind::Automatic => evidence.automatic += 1,
                LifeKind::Turn(speaker, features) => {
                    let words = Words::Task(features);
                    evidence.turns.push(Turn { speaker: *speaker, at: Some(event.time), words });
                }
                LifeKind::Message(speaker, message) => {
                    let words = Words::Support(message);
                    evidence.turns.push(Turn { speaker: *speaker, at: Some(event.time), words });
                }
                LifeKind::Attention(AttentionType::ValidationFailed) => evidence.validation_failures += 1,
                LifeKind::Attention(AttentionType::HumanRequested | AttentionType::Escalation) => {
                    evidence.handoffs += 1
                }
                LifeKind::Signal(ObservedSignal::Catalogue(kind), value) => evidence.overrides.push((*kind, *value)),
                LifeKind::Signal(ObservedSignal::Own(own), value) => evidence.own.push((own, *value)),
                LifeKind::Rating(rating) => evidence.rating = Some(*rating),
            }
        }
        evidence
    }

    /// The latest transition into terminal that gave a score: this life's own, or the one that was taken over.
    pub fn came_to(&self) -> Option<Carried> {
        self.walk().scored.or(self.carried)
    }

    /// What is left of a terminal life when it settles.
    pub fn settle(&self) -> Option<Carried> {
        let walk = self.walk();
        if walk.terminal { walk.scored.or(self.carried) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn life(moves: &[(Millis, Move)]) -> Life {
        let mut life = Life::default();
        for (seq, &(time, change)) in moves.iter().enumerate() {
            life.insert(time, Position::new(seq as u64 + 1, 0), LifeKind::Move(change), 1_000);
        }
        life
    }

    const CLOSED: Move = Move::End(Ending::Closed);
    const RESOLVED: Move = Move::End(Ending::Resolved);

    #[test]
    fn r5_1_a_second_terminal_event_changes_nothing_but_resolved_after_closed() {
        let scored = life(&[(10, CLOSED), (20, RESOLVED), (30, Move::End(Ending::Abandoned))]).walk().scored.unwrap();
        assert_eq!((scored.scored_at, scored.ending), (10, Ending::Resolved));
        let scored = life(&[(10, Move::End(Ending::Abandoned)), (20, RESOLVED)]).walk().scored.unwrap();
        assert_eq!((scored.scored_at, scored.ending), (10, Ending::Abandoned));
    }

    #[test]
    fn a_life_keeps_as_many_of_each_class_as_it_may_and_a_flood_of_one_keeps_no_other_out() {
        let mut life = Life::default();
        let mut insert = |seq: usize, kind| life.insert(0, Position::new(seq as u64, 0), kind, 2);
        for seq in 0..MOST_OTHERS {
            let rating = LifeKind::Rating(1 + (seq % 5) as u8);
            assert_eq!(insert(seq, rating), Some(seq));
        }
        assert_eq!(insert(2_000, LifeKind::Named), None);
        assert_eq!(insert(2_001, LifeKind::Move(RESOLVED)), Some(MOST_OTHERS));
        for seq in 2_002..2_004 {
            assert!(insert(seq, LifeKind::Turn(Speaker::Customer, TurnFeatures::default())).is_some());
        }
        assert_eq!(insert(2_004, LifeKind::Turn(Speaker::Agent, TurnFeatures::default())), None);
        assert_eq!((life.events.len(), life.walk().terminal), (MOST_OTHERS + 3, true));
    }

    #[test]
    fn r5_1_while_reopened_the_score_is_that_of_the_events_before() {
        let life = life(&[(10, CLOSED), (20, Move::Reopen), (15, RESOLVED)]);
        let walk = life.walk();
        assert!(!walk.terminal && walk.reopened(&life));
        assert_eq!(
            (life.counted(&walk), walk.scored.unwrap().ending, life.evidence(&walk).reopenings),
            (2, Ending::Resolved, 0)
        );
    }

    #[test]
    fn r5_2_a_new_life_counts_from_its_first_reopening() {
        let carried = Carried { scored_at: 50, position: Position::new(1, 0), ending: Ending::Closed, reopenings: 2 };
        let mut life = Life::after(carried);
        life.insert(100, Position::new(5, 0), LifeKind::Move(Move::Reopen), 1_000);
        life.insert(60, Position::new(6, 0), LifeKind::Rating(1), 1_000);
        assert_eq!((life.walk().scored, life.walk().terminal), (None, false));
        life.insert(120, Position::new(7, 0), LifeKind::Move(RESOLVED), 1_000);
        let walk = life.walk();
        assert_eq!((life.counted(&walk), walk.scored.unwrap().reopenings), (2, 3));
        assert_eq!(life.evidence(&walk).rating, None);
    }
}
