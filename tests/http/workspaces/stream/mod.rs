//! `…/quality/stream` (R8.2 to R8.2b).

mod ends;
mod resumes;
mod shows;
mod tickets;

use crate::support::sse::Event;

/// Types of events, in order.
fn kinds(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.kind.as_str()).collect()
}
