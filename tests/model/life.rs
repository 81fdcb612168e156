//! R5.1 and R5.2: a conversation's life, walked through from its first event every time.

use tripswitch::domain::event::{AttentionType, Body, ObservedSignal, Resolution, Status};
use tripswitch::domain::ids::Position;
use tripswitch::domain::message::Heard;
use tripswitch::domain::scoring::{Ending, Evidence, Speaker, Turn, Words};
use tripswitch::domain::time::Millis;

/// An event of a life.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    pub time: Millis,
    pub position: Position,
    pub body: Body,
}

/// The end of a life when it was last terminal.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    pub ending: Ending,
    pub scored_at: Millis,
    pub position: Position,
    pub reopenings: u32,
    /// The events that count, in (time, position) order.
    pub counted: Vec<Position>,
}

/// A life, read in (time, position) order.
#[derive(Clone, Debug, PartialEq)]
pub struct Life {
    /// The walk ended terminal.
    pub terminal: bool,
    /// As what, if it did.
    pub state: Option<Ending>,
    /// It has been terminal; a new life begins as terminal.
    pub been_terminal: bool,
    /// From the first transition of its own on.
    pub end: Option<End>,
    /// The events that made it terminal.
    pub transitions: Vec<Position>,
    /// The events that moved it on from closed to resolved.
    pub closed_then_resolved: u32,
}

/// How a terminal event ends a life.
pub fn ending_of(body: &Body) -> Option<Ending> {
    match body {
        Body::StatusChanged(Status::Resolved)
        | Body::ConversationResolved(Resolution::AiResolved | Resolution::HumanResolved) => Some(Ending::Resolved),
        Body::StatusChanged(Status::Closed) => Some(Ending::Closed),
        Body::StatusChanged(Status::Abandoned) | Body::ConversationResolved(Resolution::Abandoned) => {
            Some(Ending::Abandoned)
        }
        Body::StatusChanged(Status::Open | Status::InProgress | Status::AwaitingContact)
        | Body::ConversationCreated
        | Body::MessageReceived(_)
        | Body::MessageSent { .. }
        | Body::Message { .. }
        | Body::AttentionItemCreated(_)
        | Body::SignalObserved { .. }
        | Body::SurveyResponded { .. }
        | Body::ConversationScored(_)
        | Body::AccountUpdated { .. } => None,
    }
}

pub fn reopens(body: &Body) -> bool {
    matches!(body, Body::StatusChanged(Status::Open | Status::InProgress | Status::AwaitingContact))
}

pub fn is_message(body: &Body) -> bool {
    matches!(body, Body::MessageReceived(_) | Body::MessageSent { .. } | Body::Message { heard: Heard::Turn(_), .. })
}

/// How the walk departs from R5.1, for the mutants.
#[derive(Clone, Copy, Default)]
pub struct WalkFaults {
    pub by_arrival: bool,
    pub closed_stays_closed: bool,
    pub later_events_do_not_count: bool,
    pub new_life_counts_all: bool,
    pub reopened_counts_all: bool,
}

/// Walks `kept`. `carried` is the end of the settled life before, if this one is not the first.
pub fn walk(carried: Option<&End>, kept: &[Kept], faults: WalkFaults) -> Life {
    let mut events: Vec<&Kept> = kept.iter().collect();
    events.sort_by_key(|event| if faults.by_arrival { (0, event.position) } else { (event.time, event.position) });
    let mut state = carried.map(|end| end.ending);
    let mut reopenings = carried.map_or(0, |end| end.reopenings);
    let mut passing_over = carried.is_some();
    let mut life = Life {
        terminal: false,
        state: None,
        been_terminal: carried.is_some(),
        end: None,
        transitions: Vec::new(),
        closed_then_resolved: 0,
    };
    let mut scored = None;
    let mut counted = Vec::new();
    for event in events {
        if passing_over && !reopens(&event.body) {
            if faults.new_life_counts_all {
                counted.push(event.position);
            }
            continue;
        }
        if reopens(&event.body) {
            if let (Some(ending), Some((scored_at, position))) = (state, scored) {
                life.end = Some(End { ending, scored_at, position, reopenings, counted: counted.clone() });
            }
            if state.is_some() {
                reopenings += 1;
            }
            state = None;
            passing_over = false;
        } else if let Some(ending) = ending_of(&event.body) {
            if state.is_none() {
                state = Some(ending);
                scored = Some((event.time, event.position));
                life.transitions.push(event.position);
                life.been_terminal = true;
            } else if state == Some(Ending::Closed) && ending == Ending::Resolved && !faults.closed_stays_closed {
                state = Some(Ending::Resolved);
                life.closed_then_resolved += 1;
            }
        } else if state.is_some() && faults.later_events_do_not_count {
            continue;
        }
        counted.push(event.position);
    }
    (life.terminal, life.state) = (state.is_some(), state);
    if let (Some(end), true) = (&mut life.end, faults.reopened_counts_all) {
        end.counted.clone_from(&counted);
    }
    if let (Some(ending), Some((scored_at, position))) = (state, scored) {
        life.end = Some(End { ending, scored_at, position, reopenings, counted });
    }
    life
}

/// What the counted events say.
pub fn evidence<'a>(end: &End, kept: &'a [Kept]) -> Evidence<'a> {
    let mut evidence = Evidence { ending: Some(end.ending), reopenings: end.reopenings, ..Evidence::default() };
    for position in &end.counted {
        let event = kept.iter().find(|event| event.position == *position).expect("counted events are kept");
        let mut turn = |speaker, words| evidence.turns.push(Turn { speaker, at: Some(event.time), words });
        match &event.body {
            Body::MessageReceived(features) => turn(Speaker::Customer, Words::Task(features)),
            Body::MessageSent { features, .. } => turn(Speaker::Agent, Words::Task(features)),
            Body::Message { sender, heard: Heard::Turn(message) } => {
                let speaker = if sender.is_none() { Speaker::Customer } else { Speaker::Agent };
                turn(speaker, Words::Support(message));
            }
            Body::AttentionItemCreated(AttentionType::ValidationFailed) => evidence.validation_failures += 1,
            Body::AttentionItemCreated(AttentionType::HumanRequested | AttentionType::Escalation) => {
                evidence.handoffs += 1;
            }
            Body::SignalObserved { signal: ObservedSignal::Catalogue(kind), value } => {
                evidence.overrides.push((*kind, *value));
            }
            Body::SignalObserved { signal: ObservedSignal::Own(own), value } => evidence.own.push((own, *value)),
            Body::SurveyResponded { rating, .. } => evidence.rating = Some(*rating),
            Body::Message { heard: Heard::Automatic, .. } => evidence.automatic += 1,
            Body::ConversationCreated
            | Body::StatusChanged(_)
            | Body::ConversationResolved(_)
            | Body::ConversationScored(_)
            | Body::AccountUpdated { .. } => {}
        }
    }
    evidence
}
