//! How far the deliveries of effects to an endpoint have come (R8.3). What delivers tells it in records; `apply` keeps
//! it, so that a start goes on where the last note was, and effects stay that are still to be delivered.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::effect::EffectId;
use super::time::Millis;

/// Deliveries that are over and kept to be looked at, of one endpoint.
pub const KEPT_DELIVERIES: usize = 100;
/// Deliveries of one endpoint that may be open at once. Whoever delivers goes no further than that.
pub const MOST_OPEN: usize = 10_000;

/// One try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub at: Millis,
    pub milliseconds: u32,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// Why it was a failure.
    pub fault: Option<DeliveryFault>,
}

/// Why a try failed. The order of the variants is part of the on-disk format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeliveryFault {
    /// The answer's status is not one of success.
    Status,
    /// The answer is a redirect, which is not followed.
    Redirect,
    /// The name has no address.
    Name,
    /// The address may not be connected to.
    Address,
    Connect,
    Tls,
    Timeout,
    /// The connection broke off.
    Broken,
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// It is still to be tried.
    Open,
    /// It will be tried again.
    Failed(Attempt),
    Delivered(Attempt),
    /// It was given up: after the last try, or untried since its effect is gone.
    Abandoned(Option<Attempt>),
}

/// A record of how far an endpoint has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryNotes {
    pub endpoint: super::ids::Id,
    /// Everything that it wants up to here is delivered, given up or open.
    pub upto: EffectId,
    pub outcomes: Vec<(EffectId, Outcome)>,
}

/// A delivery that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    pub effect: EffectId,
    pub delivered: bool,
    pub attempts: Vec<Attempt>,
}

/// How far an endpoint has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// See [`DeliveryNotes::upto`].
    pub upto: EffectId,
    /// What is still to be delivered up to `upto`, with the tries so far.
    pub open: BTreeMap<EffectId, Vec<Attempt>>,
    /// The newest that are over, the newest last.
    pub done: VecDeque<Done>,
    pub last_delivery: Option<Millis>,
    /// Effects went before they were delivered, since it last had them all.
    pub lagging: bool,
    /// Grows when a person has something delivered again: who delivers begins anew from here.
    pub turns: u32,
}
