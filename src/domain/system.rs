//! Tenants, workspaces and API keys: the state of the system workspace (I12).

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::audit::{Repeat, SystemAction};
use super::ids::{Id, Side};
use super::time::Millis;

/// Changes of the system workspace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum SystemRecord {
    /// The first record of a data directory: the incarnation (R8.1) and the key of the identity
    /// hashes (R4.4).
    Initialised {
        incarnation: Id,
        identity_key: [u8; 32],
    },
    WorkspaceCreated {
        id: Id,
        name: Box<str>,
        tenant: Box<str>,
        actor: Box<str>,
    },
    KeyCreated {
        key: ApiKey,
        actor: Box<str>,
    },
    KeyRevoked {
        id: Id,
        actor: Box<str>,
    },
    /// Last uses, written at most once a minute (R2.11).
    KeysUsed(Vec<(Id, Millis)>),
    /// Requests that changed nothing and were answered without a record of their own; as seldom.
    Repeats(Vec<Repeat<SystemAction>>),
    /// Both sides of it go, with all that they hold, and the keys that were bound to it (R2.17).
    WorkspaceDeleted {
        id: Id,
        actor: Box<str>,
    },
}

/// A workspace's entry; both its sides share it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceEntry {
    pub id: Id,
    pub name: Box<str>,
    pub tenant: Box<str>,
    /// The receipt of its record.
    pub created_at: Millis,
}

/// Why a record of the system workspace changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum SystemRefusal {
    #[error("A workspace with this ID already exists.")]
    WorkspaceExists,
    #[error("This ID is reserved.")]
    ReservedId,
    #[error("No workspace exists with the given ID.")]
    UnknownWorkspace,
    #[error("A key with this ID or this secret already exists.")]
    KeyExists,
    #[error("No API key exists with the given ID.")]
    UnknownKey,
}

/// An API key without its secret (R2.11).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    pub id: Id,
    pub name: Box<str>,
    /// Prefix and four characters, for people to tell keys apart.
    pub key_prefix: Box<str>,
    /// SHA-256 of the whole key.
    pub hash: [u8; 32],
    /// `None` for a server key.
    pub tenant: Option<Box<str>>,
    /// Bound to one workspace, or to all of its tenant's.
    pub workspace: Option<Id>,
    pub side: Side,
    pub scopes: Vec<Permission>,
    pub created_at: Millis,
    pub expires_at: Option<Millis>,
    pub last_used_at: Option<Millis>,
    pub revoked_at: Option<Millis>,
}

/// What a new key shall be.
#[derive(Clone, Debug)]
pub struct NewKey {
    pub name: Box<str>,
    /// `None` for a server key; over HTTP, for the tenant of whoever makes it.
    pub tenant: Option<Box<str>>,
    /// Bound to one workspace, or to all of its tenant's.
    pub workspace: Option<Id>,
    pub side: Side,
    /// Distinct, at least one.
    pub scopes: Vec<Permission>,
    pub expires_at: Option<Millis>,
}

impl NewKey {
    /// The key, and its secret: a prefix that names the side, then `token`, which is
    /// [`TOKEN_LENGTH`](KeySecret::TOKEN_LENGTH) random characters.
    pub fn mint(self, id: Id, token: &str, created_at: Millis) -> (ApiKey, KeySecret) {
        let Self { name, tenant, workspace, side, scopes, expires_at } = self;
        let prefix = KeySecret::prefix(side);
        let shown: String = token.chars().take(SHOWN).collect();
        let secret = format!("{prefix}{token}");
        let key = ApiKey {
            id,
            name,
            key_prefix: format!("{prefix}{shown}").into(),
            hash: Sha256::digest(secret.as_bytes()).into(),
            tenant,
            workspace,
            side,
            scopes,
            created_at,
            expires_at,
            last_used_at: None,
            revoked_at: None,
        };
        (key, secret.into())
    }
}

/// Characters of the token that a key's prefix shows.
const SHOWN: usize = 4;

/// An API key as its holder has it. `Debug` hides it, and there is no `Display`: whoever shows it says so.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeySecret(String);

impl KeySecret {
    /// Random characters of a key.
    pub const TOKEN_LENGTH: usize = 32;

    /// What keys of this side begin with (R2.11).
    pub const fn prefix(side: Side) -> &'static str {
        match side {
            Side::Live => "sf_live_v1_",
            Side::Test => "sf_test_v1_",
        }
    }

    /// It has the form of R2.11; anything else need not be hashed.
    pub fn is_well_formed(text: &str) -> bool {
        let prefixes = [Side::Live, Side::Test].map(Self::prefix);
        let token = prefixes.iter().find_map(|prefix| text.strip_prefix(prefix));
        token.is_some_and(|token| token.len() == Self::TOKEN_LENGTH && token.bytes().all(|b| b.is_ascii_alphanumeric()))
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for KeySecret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for KeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeySecret(…)")
    }
}

/// What a credential may do (R2.14).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Permission {
    #[serde(rename = "quality:read")]
    QualityRead,
    #[serde(rename = "quality:write")]
    QualityWrite,
    #[serde(rename = "events:write")]
    EventsWrite,
    #[serde(rename = "admin")]
    Admin,
    #[serde(rename = "server")]
    Server,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r2_11_a_keys_secret_is_not_shown_by_accident() {
        let secret = KeySecret::from("sf_live_v1_abc".to_owned());
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "KeySecret(…) Some(KeySecret(…))");
        assert_eq!(
            (serde_json::to_string(&secret).unwrap().as_str(), secret.expose()),
            ("\"sf_live_v1_abc\"", "sf_live_v1_abc")
        );
    }

    #[test]
    fn r2_11_only_the_documented_form_is_a_key() {
        let random = "a".repeat(32);
        assert!(
            KeySecret::is_well_formed(&format!("sf_live_v1_{random}"))
                && KeySecret::is_well_formed(&format!("sf_test_v1_{random}"))
        );
        for token in ["", "sf_live_v1_", &format!("sf_live_v2_{random}"), &format!("sf_live_v1_{random}a"), &random] {
            assert!(!KeySecret::is_well_formed(token), "{token}");
        }
        assert!(!KeySecret::is_well_formed(&format!("sf_live_v1_{}-", "a".repeat(31))));
    }
}
