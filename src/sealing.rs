//! Seals what a resource holds, so that journal, snapshots and exports show nothing of it: ChaCha20-Poly1305 under a key
//! that the data directory's secret gives (R4.8), bound to the place where it stands.
//!
//! ```text
//! sealed = nonce, 12 random bytes; ciphertext; tag, 16 bytes
//! ```

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use crate::domain::ids::{Id, Side, WorkspaceKey};
use crate::ids::Ids;

/// Where a sealed content belongs. At another place it is not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    pub key: WorkspaceKey,
    pub kind: &'a str,
    pub id: Id,
    /// Of the content's form.
    pub version: u16,
}

impl Place<'_> {
    /// Its parts have fixed lengths but for the last.
    fn bytes(&self) -> Vec<u8> {
        let side = match self.key.side {
            Side::Live => 0,
            Side::Test => 1,
        };
        let mut bytes = Vec::with_capacity(64);
        bytes.extend_from_slice(&{ self.key.id.0 }.to_le_bytes());
        bytes.push(side);
        bytes.extend_from_slice(&{ self.id.0 }.to_le_bytes());
        bytes.extend_from_slice(&self.version.to_le_bytes());
        bytes.extend_from_slice(self.kind.as_bytes());
        bytes
    }
}

/// A content was sealed with another secret, or for another place, or is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("was sealed with another secret")]
pub struct NotOpened;

/// Seals and opens.
pub struct Sealer(LessSafeKey);

impl Sealer {
    /// With a key that serves nothing else.
    pub fn new(key: &[u8; 32]) -> Self {
        let key = UnboundKey::new(&CHACHA20_POLY1305, key).expect("32 bytes are a key");
        Self(LessSafeKey::new(key))
    }

    /// As [`open`](Self::open) takes it.
    pub fn seal(&self, place: &Place<'_>, content: &[u8], ids: &dyn Ids) -> Box<[u8]> {
        let nonce = *ids.secret().first_chunk::<NONCE_LEN>().expect("a secret has 32 bytes");
        let mut sealed = content.to_vec();
        let aad = Aad::from(place.bytes());
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed)
            .expect("a content has far less than 256 GiB");
        [&nonce, &*sealed].concat().into()
    }

    /// What was sealed for this place.
    pub fn open(&self, place: &Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, NotOpened> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(NotOpened)?;
        let mut content = rest.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = self.0.open_in_place(nonce, Aad::from(place.bytes()), &mut content).map_err(|_| NotOpened)?;
        let length = opened.len();
        content.truncate(length);
        Ok(content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::SeededIds;

    const PLACE: Place<'static> =
        Place { key: WorkspaceKey { id: Id(1), side: Side::Live }, kind: "webhook", id: Id(2), version: 1 };

    #[test]
    fn r8_3_what_is_sealed_is_opened_at_its_place_with_its_secret_and_nowhere_else() {
        let (sealer, ids) = (Sealer::new(&[7; 32]), SeededIds::new(1));
        let sealed = sealer.seal(&PLACE, b"whsec_content", &ids);
        assert_eq!(sealer.open(&PLACE, &sealed).as_deref(), Ok(&b"whsec_content"[..]));
        assert_ne!(sealer.seal(&PLACE, b"whsec_content", &ids), sealed, "another nonce");
        assert!(!sealed.windows(5).any(|bytes| bytes == b"whsec"));
        let test = WorkspaceKey { side: Side::Test, ..PLACE.key };
        let elsewhere = [
            Place { key: test, ..PLACE },
            Place { key: WorkspaceKey { id: Id(2), ..PLACE.key }, ..PLACE },
            Place { kind: "mail", ..PLACE },
            Place { id: Id(1), ..PLACE },
            Place { version: 2, ..PLACE },
        ];
        for place in elsewhere {
            assert_eq!(sealer.open(&place, &sealed), Err(NotOpened), "{place:?}");
        }
        assert_eq!(Sealer::new(&[8; 32]).open(&PLACE, &sealed), Err(NotOpened));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(sealer.open(&PLACE, &changed), Err(NotOpened), "byte {at}");
            assert_eq!(sealer.open(&PLACE, &sealed[..at]), Err(NotOpened), "the first {at} bytes");
        }
    }
}
