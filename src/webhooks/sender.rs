//! An effect on its way to an endpoint: formatted, signed, sent once.

use std::sync::Arc;

use chrono::DateTime;
use uuid::Uuid;

use super::client::{Answer, Message, Post, is_gone};
use super::counts::Counts;
use super::endpoint::Endpoint;
use super::slots::{Health, Slots};
use super::{format, sign};
use crate::clock::Clock;
use crate::domain::delivery::Attempt;
use crate::domain::ids::Id;
use crate::domain::time::{Millis, SECOND};
use crate::wire::effect::Effect;

/// A receiver that takes longer than this gets a smaller share of the places.
const SLOW: u32 = 3_000;

/// What came of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub attempt: Attempt,
    /// What the receiver asked for with `Retry-After`.
    pub put_off: Option<Millis>,
    /// Nothing should be sent any more.
    pub gone: bool,
    pub excerpt: Box<str>,
}

impl Sent {
    /// What it says of the endpoint.
    pub const fn health(&self) -> Health {
        if self.attempt.fault.is_none() && self.attempt.milliseconds < SLOW { Health::Good } else { Health::Poor }
    }
}

/// Sends.
pub struct Sender {
    post: Arc<dyn Post>,
    clock: Arc<dyn Clock>,
    slots: Slots,
    /// The dashboard's address, for people to look further.
    dashboard: Option<Box<str>>,
    pub(super) counts: Counts,
}

impl Sender {
    pub fn new(post: Arc<dyn Post>, clock: Arc<dyn Clock>, places: usize, dashboard: Option<Box<str>>) -> Self {
        Self { post, clock, slots: Slots::new(places), dashboard, counts: Counts::default() }
    }

    pub fn now(&self) -> Millis {
        self.clock.now()
    }

    /// Waits for a place, and makes one attempt.
    pub async fn send(
        &self,
        tenant: &Arc<str>,
        workspace: Id,
        health: Health,
        endpoint: &Endpoint,
        message: Uuid,
        effect: &Effect,
    ) -> Sent {
        let _slot = self.slots.take(tenant, health).await;
        let (at, began) = (self.clock.now(), self.clock.elapsed());
        let further = self.dashboard.as_deref().map(|page| format::link(page, workspace, effect));
        let body = format::body(endpoint, effect, further.as_deref());
        let (id, timestamp) = (message.to_string(), sign::timestamp(at));
        let signature = sign::signatures(endpoint.secrets_at(at), &id, timestamp, &body);
        let answer = self.post.post(Message { url: endpoint.url.clone(), id, timestamp, signature, body }).await;
        let took = self.clock.elapsed().saturating_sub(began);
        let gone = is_gone(&answer);
        let put_off = answer.retry_after.as_deref().and_then(|text| pause(text, self.clock.now()));
        let Answer { status, fault, excerpt, .. } = answer;
        let milliseconds = u32::try_from(took.as_millis()).unwrap_or(u32::MAX);
        let attempt = Attempt { at, milliseconds, status, fault };
        self.counts.attempted(fault);
        Sent { attempt, put_off, gone, excerpt }
    }
}

/// What `Retry-After` asks for: seconds, or until a date. Nothing where it is neither.
fn pause(text: &str, now: Millis) -> Option<Millis> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a number takes are a very long time.
        return Some(text.parse::<Millis>().unwrap_or(Millis::MAX).saturating_mul(SECOND));
    }
    DateTime::parse_from_rfc2822(text).ok().map(|date| date.timestamp_millis().saturating_sub(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r8_3_retry_after_is_a_number_of_seconds_or_a_date() {
        // 2015-10-21T07:28:00Z.
        let then = 1_445_412_480_000;
        let cases = [
            ("0", Some(0)),
            ("120", Some(120_000)),
            ("99999999999999999999999", Some(Millis::MAX)),
            ("Wed, 21 Oct 2015 07:28:00 GMT", Some(30_000)),
            ("", None),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
        ];
        for (text, expected) in cases {
            assert_eq!(pause(text, then - 30_000), expected, "{text}");
        }
        assert_eq!(pause("Wed, 21 Oct 2015 07:28:00 GMT", then + 5), Some(-5));
    }
}
