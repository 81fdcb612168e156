//! Resources: things that people set up in a workspace side and that the program's outer parts use, such as the
//! endpoints of webhooks. `apply` knows a resource by its kind and id, keeps its body as it is, and knows of its content
//! one thing only: the effects that are kept for it (I4).
//!
//! A new kind costs no record, block or line of an export: its name and the version of its body say how the body is
//! read, by the room that makes it.

use serde::{Deserialize, Serialize};

use super::effect::EffectTypes;
use super::ids::{Id, Position};
use super::time::Millis;

/// Bytes of a body at most.
pub const MAX_BODY: usize = 65_536;

/// What a resource is made of, or made anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceBody {
    /// Of the content's form, by its kind.
    pub version: u16,
    /// The effects that it waits for; none for one that is disabled.
    pub wants: EffectTypes,
    pub content: Box<[u8]>,
}

/// A record on a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceRecord {
    pub kind: Box<str>,
    pub id: Id,
    pub change: ResourceChange,
}

/// What is done to a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResourceChange {
    /// Made; refused where there are `most` of its kind.
    Made {
        body: ResourceBody,
        most: u16,
    },
    /// Changed; refused where its last change is not at `from`, since the change was made without knowing of it.
    Changed {
        body: ResourceBody,
        from: Position,
    },
    Gone,
}

/// One resource, as the state keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    pub kind: Box<str>,
    pub id: Id,
    pub made: Millis,
    /// When and where it was changed last.
    pub changed: (Millis, Position),
    pub body: ResourceBody,
}
