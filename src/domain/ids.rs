//! Identifiers and positions.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// A UUID as the state holds it: 16 bytes. Shown hyphenated and in lower case; on disk a `u128`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub u128);

impl Id {
    /// The same bits as a [`Uuid`].
    pub const fn uuid(self) -> Uuid {
        Uuid::from_u128(self.0)
    }
}

impl From<Uuid> for Id {
    fn from(uuid: Uuid) -> Self {
        Self(uuid.as_u128())
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uuid().as_hyphenated().fmt(f)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { serializer.serialize_u128(self.0) }
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            Uuid::deserialize(deserializer).map(Self::from)
        } else {
            u128::deserialize(deserializer).map(Self)
        }
    }
}

/// The two sides of a workspace (R2.12). They share its name and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// What `sf_live_` keys and JWTs see.
    Live,
    /// What `sf_test_` keys see.
    Test,
}

/// Names one side of one workspace: the unit of order and consistency (I3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WorkspaceKey {
    pub id: Id,
    pub side: Side,
}

impl WorkspaceKey {
    /// The workspace that holds tenants, workspaces and keys (I12). Nobody's credential reaches it.
    pub const SYSTEM: Self = Self { id: Id(0), side: Side::Live };
}

/// `<seq>-<place>`: where an event stands in its workspace side. Packed as 48 bits of frame number
/// and 16 of place, so that comparing positions is comparing integers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position(u64);

impl Position {
    /// Before every event.
    pub const ZERO: Self = Self(0);

    /// `seq` below 2^48, `place` the index of the event in its request.
    pub const fn new(seq: u64, place: u16) -> Self {
        Self(seq << 16 | place as u64)
    }

    /// The packed form, for atomics.
    pub const fn packed(self) -> u64 {
        self.0
    }

    pub const fn from_packed(packed: u64) -> Self {
        Self(packed)
    }

    pub const fn seq(self) -> u64 {
        self.0 >> 16
    }

    pub const fn place(self) -> u16 {
        (self.0 & 0xffff) as u16
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.seq(), self.place())
    }
}

impl fmt::Debug for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
