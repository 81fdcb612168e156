//! `time`: not ahead of the server, not older than what it keeps (R4.5).

use super::fault::{Fault, ValuePath};
use super::value::Value;
use crate::domain::time::{self, Millis};
use crate::wire::ingest::RejectionCode;

/// The times that are accepted, both ends included.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub oldest: Millis,
    pub newest: Millis,
}

impl Span {
    /// The instant that `text` names, if it is accepted.
    pub fn read(self, value: Value<'_>, text: &str) -> Result<Millis, Fault> {
        let at = time::parse_rfc3339(text).map_err(|e| Fault::invalid(value.place, &e.to_string()))?;
        if at > self.newest {
            Err(refused(RejectionCode::TimeInFuture, value.place, "after", self.newest))
        } else if at < self.oldest {
            Err(refused(RejectionCode::TooOld, value.place, "before", self.oldest))
        } else {
            Ok(at)
        }
    }
}

fn refused(code: RejectionCode, place: ValuePath<'_>, side: &str, bound: Millis) -> Fault {
    Fault::at(code, place, format!("`time` lies {side} {}.", time::format(bound)))
}
