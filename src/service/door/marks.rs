//! Marks of contacts (R4.8): what stays of a contact's id in lives, comments, erasures and exports.

use crate::domain::event::{ContactName, EventRecord};
use crate::domain::ids::{Side, WorkspaceKey};
use crate::domain::life::ContactMark;

use super::Secret;

/// Makes marks. Without the file `secret` nobody else can: whoever has journal, snapshots and exports finds no contact
/// by trying names.
pub(super) struct MarkMaker([u8; 32]);

impl MarkMaker {
    pub fn new(secret: &Secret) -> Self {
        Self(secret.derive("tripswitch 2026 contact mark"))
    }

    /// The first 64 bits of BLAKE3 over workspace, side and contact, keyed with the secret.
    pub fn mark(&self, key: WorkspaceKey, contact: &str) -> ContactMark {
        let side = match key.side {
            Side::Live => 0,
            Side::Test => 1,
        };
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(&key.id.0.to_be_bytes()).update(&[side]).update(contact.as_bytes());
        let hash: [u8; 32] = hasher.finalize().into();
        ContactMark::from_bytes(hash.first_chunk().copied().expect("32 bytes have a first 8"))
    }

    /// Marks every contact of an event of this side.
    pub fn mark_event(&self, key: WorkspaceKey, event: &mut EventRecord) {
        event.contacts_mut().for_each(|ContactName { id, mark }| *mark = Some(self.mark(key, id)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::Id;

    #[test]
    fn r4_8_a_mark_is_another_one_for_each_secret_workspace_side_and_contact() {
        let key = WorkspaceKey { id: Id(1), side: Side::Live };
        let (one, other) = (MarkMaker::new(&Secret::new([1; 32])), MarkMaker::new(&Secret::new([2; 32])));
        let marks = [
            one.mark(key, "anna"),
            one.mark(key, "bert"),
            one.mark(WorkspaceKey { id: Id(2), ..key }, "anna"),
            one.mark(WorkspaceKey { side: Side::Test, ..key }, "anna"),
            other.mark(key, "anna"),
            ContactMark::unkeyed("anna"),
        ];
        let different: std::collections::BTreeSet<_> = marks.into_iter().collect();
        assert_eq!(different.len(), marks.len());
        assert_eq!(marks[0], MarkMaker::new(&Secret::new([1; 32])).mark(key, "anna"));
    }
}
