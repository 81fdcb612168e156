//! Where a customer is written to: sealed at the door with the conversation that it was sent for, opened when a mail is
//! written.

use lettre::Address;

use crate::domain::ids::{Id, WorkspaceKey};
use crate::ids::Ids;
use crate::sealing::{Place, Sealer};

/// The kind of place at which addresses are sealed.
const KIND: &str = "contact-address";
/// The version of what is sealed there: the address as text.
const VERSION: u16 = 1;

const fn place(key: WorkspaceKey, conversation: Id) -> Place<'static> {
    Place { key, kind: KIND, id: conversation, version: VERSION }
}

/// As [`open`] takes it.
pub fn seal(sealer: &Sealer, key: WorkspaceKey, conversation: Id, address: &str, ids: &dyn Ids) -> Box<[u8]> {
    sealer.seal(&place(key, conversation), address.as_bytes(), ids)
}

/// None of what was sealed for another conversation or with another secret.
pub fn open(sealer: &Sealer, key: WorkspaceKey, conversation: Id, sealed: &[u8]) -> Option<Address> {
    let address = sealer.open(&place(key, conversation), sealed).ok()?;
    String::from_utf8(address).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::Side;
    use crate::ids::SeededIds;

    #[test]
    fn r13_2b_an_address_is_opened_for_its_conversation_alone() {
        let (sealer, key) = (Sealer::new(&[1; 32]), WorkspaceKey { id: Id(1), side: Side::Live });
        let sealed = seal(&sealer, key, Id(2), "anna@example.org", &SeededIds::new(1));
        assert!(!sealed.windows(4).any(|bytes| bytes == b"anna"));
        let opened = open(&sealer, key, Id(2), &sealed).unwrap();
        assert_eq!(opened.to_string(), "anna@example.org");
        assert_eq!(open(&sealer, key, Id(3), &sealed), None);
        assert_eq!(open(&Sealer::new(&[2; 32]), key, Id(2), &sealed), None);
    }
}
