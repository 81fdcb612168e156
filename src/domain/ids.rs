//! Identifiers and positions.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// A UUID as the state holds it: 16 bytes. Shown hyphenated and in lower case; on disk a `u128`.
///
/// Aligned to 8 like everything around it: aligned to 16, an optional id took 32 bytes, and each block of memory with
/// an id in it went the allocator's slow way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(Rust, packed(8))]
pub struct Id(pub u128);

impl Id {
    pub const NIL: Self = Self(0);

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
    /// The workspace that holds tenants, workspaces and keys (I12). No credential reaches it.
    pub const SYSTEM: Self = Self { id: Id(0), side: Side::Live };
}

/// `<seq>-<place>`: where an event stands in its workspace side. Packed as 48 bits of frame number
/// and 16 of place, so that comparing positions is comparing integers.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position(u64);

impl Position {
    /// Before every event.
    pub const ZERO: Self = Self(0);

    /// `seq` below 2^48, `place` the index of the event in its request.
    pub const fn new(seq: u64, place: u16) -> Self {
        Self(seq << 16 | place as u64)
    }

    /// What [`Display`](fmt::Display) writes, as `12-0`; leading zeros and a plus are passed over.
    pub fn parse(text: &str) -> Option<Self> {
        let (seq, place) = text.split_once('-')?;
        let seq = seq.parse().ok().filter(|seq: &u64| *seq < 1 << 48)?;
        Some(Self::new(seq, place.parse().ok()?))
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

/// The kind of thing that an id names; each kind has a prefix that may stand before the id (R2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdKind {
    Workspace,
    Account,
    Conversation,
    Breaker,
    /// An API key's; has no prefix.
    Key,
    /// A webhook's or its delivery's; has no prefix.
    Webhook,
    /// A backtest's; has no prefix.
    Backtest,
}

impl IdKind {
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Workspace => "ws_",
            Self::Account => "acc_",
            Self::Conversation => "conv_",
            Self::Breaker => "cb_",
            Self::Key | Self::Webhook | Self::Backtest => "",
        }
    }

    /// What stands before an external id where it is hashed; `None` for kinds that have none (R2.2b).
    const fn space(self) -> Option<&'static str> {
        match self {
            Self::Account => Some("account"),
            Self::Conversation => Some("conversation"),
            Self::Workspace | Self::Breaker | Self::Key | Self::Webhook | Self::Backtest => None,
        }
    }
}

/// What stands before an external id, in any case.
const EXTERNAL: &str = "ext:";
/// Characters of an external id.
const MAX_EXTERNAL: usize = 200;

/// What a client calls an account or a conversation: its id, or the id that another system gave it, from which each
/// workspace makes an id of its own (R2.2b).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdName(Called);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Called {
    Id(Id),
    /// What is hashed, as `conversation:4711`.
    External(Box<str>),
}

impl IdName {
    /// As [`parse_id`] reads it; of an account or a conversation also `ext:` and 1 to 200 characters.
    pub fn parse(kind: IdKind, text: &str) -> Result<Self, IdError> {
        let (space, name) = match (kind.space(), text.split_at_checked(EXTERNAL.len())) {
            (Some(space), Some((head, name))) if head.eq_ignore_ascii_case(EXTERNAL) => (space, name),
            _ => return parse_id(kind, text).map(Self::from),
        };
        let fits = (1..=MAX_EXTERNAL).contains(&name.chars().count()) && !name.contains('\0');
        if fits { Ok(Self(Called::External(format!("{space}:{name}").into()))) } else { Err(IdError(kind)) }
    }

    /// The id in a workspace: of an external one the UUIDv5 (RFC 9562, 5.5) with the workspace's id as name space.
    pub fn within(&self, workspace: Id) -> Id {
        match &self.0 {
            Called::Id(id) => *id,
            Called::External(name) => Uuid::new_v5(&workspace.uuid(), name.as_bytes()).into(),
        }
    }
}

impl From<Id> for IdName {
    fn from(id: Id) -> Self {
        Self(Called::Id(id))
    }
}

/// A text that is no id of its kind. The sentence fits after the name of the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub struct IdError(pub IdKind);

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.prefix(), self.0.space()) {
            ("", _) => f.write_str("is not a hyphenated UUID"),
            (prefix, None) => write!(f, "is not a hyphenated UUID, bare or after `{prefix}`"),
            (prefix, Some(_)) => write!(
                f,
                "is neither a hyphenated UUID, bare or after `{prefix}`, nor `{EXTERNAL}` and 1 to {MAX_EXTERNAL} \
                 characters without NUL"
            ),
        }
    }
}

/// Reads a hyphenated UUID in any case, of any version and variant, bare or after the prefix of
/// its kind (R2.2).
pub fn parse_id(kind: IdKind, text: &str) -> Result<Id, IdError> {
    let bytes = text.as_bytes();
    let prefix = kind.prefix().as_bytes();
    let bare = match bytes.split_at_checked(prefix.len()) {
        Some((head, tail)) if head.eq_ignore_ascii_case(prefix) => tail,
        Some(_) | None => bytes,
    };
    // Only the hyphenated form is 36 long; the crate's others (simple, braced, URN) are not ours.
    if bare.len() != 36 {
        return Err(IdError(kind));
    }
    Uuid::try_parse_ascii(bare).map(Id::from).map_err(|_| IdError(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARE: &str = "f47ac10b-58cc-4372-a567-0e02b2c3d479";
    const KINDS: [IdKind; 4] = [IdKind::Workspace, IdKind::Account, IdKind::Conversation, IdKind::Breaker];

    #[test]
    fn a_position_comes_back_from_its_text() {
        for position in [Position::ZERO, Position::new(12, 0), Position::new((1 << 48) - 1, u16::MAX)] {
            assert_eq!(Position::parse(&position.to_string()), Some(position));
        }
        for text in ["", "1", "-1", "1-", "1-65536", "281474976710656-0", "-1-0", "1-0-0", "1 -0"] {
            assert_eq!(Position::parse(text), None, "{text}");
        }
    }

    #[test]
    fn r2_2_ids_are_read_bare_or_with_the_prefix_of_their_kind_in_any_case() {
        let id = Id(0xf47ac10b_58cc_4372_a567_0e02b2c3d479);
        for kind in KINDS {
            assert_eq!(parse_id(kind, BARE), Ok(id));
            assert_eq!(parse_id(kind, &BARE.to_uppercase()), Ok(id));
            assert_eq!(parse_id(kind, &format!("{}{BARE}", kind.prefix())), Ok(id));
            assert_eq!(parse_id(kind, &format!("{}{BARE}", kind.prefix()).to_uppercase()), Ok(id));
            for other in KINDS.into_iter().filter(|other| *other != kind) {
                assert_eq!(parse_id(kind, &format!("{}{BARE}", other.prefix())), Err(IdError(kind)));
            }
        }
        assert_eq!(id.to_string(), BARE);
    }

    #[test]
    fn r2_2b_an_external_id_is_the_uuid_of_workspace_kind_and_text() {
        let workspace = parse_id(IdKind::Workspace, BARE).unwrap();
        let read = |kind, text: &str| IdName::parse(kind, text).unwrap().within(workspace).to_string();
        // Python: uuid.uuid5(uuid.UUID("f47ac10b-…"), "conversation:4711"), and so on.
        assert_eq!(read(IdKind::Conversation, "ext:4711"), "19141e98-7a2a-5234-84b9-8f3055fe49f0");
        assert_eq!(read(IdKind::Conversation, "EXT:4711"), "19141e98-7a2a-5234-84b9-8f3055fe49f0");
        assert_eq!(read(IdKind::Account, "ext:4711"), "a9a208e8-d75b-5000-b6f1-552155612c9e");
        assert_eq!(read(IdKind::Account, "ext:Østergård & Søn/ 2"), "7eda4e55-2f81-576a-a19c-4e7ca3ba9aad");
        assert_eq!(read(IdKind::Account, &format!("acc_{BARE}")), BARE);
        assert_ne!(
            IdName::parse(IdKind::Account, "ext:4711").unwrap().within(Id(1)).to_string(),
            "a9a208e8-d75b-5000-b6f1-552155612c9e"
        );
    }

    #[test]
    fn r2_2b_only_accounts_and_conversations_have_external_ids_of_1_to_200_characters() {
        for kind in [IdKind::Workspace, IdKind::Breaker, IdKind::Key] {
            assert_eq!(IdName::parse(kind, "ext:4711"), Err(IdError(kind)));
            assert!(!IdError(kind).to_string().contains("ext:"));
        }
        let of = |text: &str| IdName::parse(IdKind::Account, text);
        assert!(of(&format!("ext:{}", "ø".repeat(200))).is_ok() && of("ext: ").is_ok() && of("ext:ext:1").is_ok());
        for text in ["ext:", "ext", "ext:\0", "acc_ext:1", "4711", &format!("ext:{}", "x".repeat(201))] {
            let error = of(text).unwrap_err().to_string();
            assert!(error.contains("`acc_`") && error.contains("`ext:`"), "{text}: {error}");
        }
    }

    #[test]
    fn r2_2_version_and_variant_are_not_checked() {
        assert_eq!(parse_id(IdKind::Account, "00000000-0000-0000-0000-000000000000"), Ok(Id(0)));
        assert_eq!(parse_id(IdKind::Account, "ffffffff-ffff-ffff-ffff-ffffffffffff"), Ok(Id(u128::MAX)));
    }

    #[test]
    fn r2_2_only_the_hyphenated_form_is_read() {
        for text in [
            "",
            "acc_",
            "f47ac10b58cc4372a5670e02b2c3d479",
            "{f47ac10b-58cc-4372-a567-0e02b2c3d479}",
            "urn:uuid:f47ac10b-58cc-4372-a567-0e02b2c3d479",
            "f47ac10b-58cc-4372-a567-0e02b2c3d47",
            "f47ac10b-58cc-4372-a567-0e02b2c3d4790",
            "f47ac10b-58cc-4372-a5670-e02b2c3d479",
            " f47ac10b-58cc-4372-a567-0e02b2c3d479",
            "acc_acc_f47ac10b-58cc-4372-a567-0e02b2c3d479",
            "g47ac10b-58cc-4372-a567-0e02b2c3d479",
            "\u{e9}47ac10b-58cc-4372-a567-0e02b2c3d47",
        ] {
            assert!(parse_id(IdKind::Account, text).is_err(), "{text}");
        }
    }
}
