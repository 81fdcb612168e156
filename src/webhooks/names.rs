//! Names that follow from what they name, so that a retry, a restart and another server give the same.

use uuid::{Builder, Uuid};

use crate::domain::effect::EffectId;
use crate::domain::ids::{Id, Side, WorkspaceKey};

/// What a receiver knows a message by (`webhook-id`): the same for every attempt and for every endpoint.
pub fn message(key: WorkspaceKey, effect: EffectId) -> Uuid {
    let side = match key.side {
        Side::Live => 0,
        Side::Test => 1,
    };
    let mut hasher = blake3::Hasher::new_derive_key("tripswitch 2026 webhook message");
    hasher.update(&{ key.id.0 }.to_le_bytes()).update(&[side]);
    hasher.update(&effect.at.packed().to_le_bytes()).update(&effect.number.to_le_bytes());
    uuid(&hasher)
}

/// The delivery of a message to an endpoint.
pub fn delivery(endpoint: Id, key: WorkspaceKey, effect: EffectId) -> Id {
    let mut hasher = blake3::Hasher::new_derive_key("tripswitch 2026 webhook delivery");
    hasher.update(&{ endpoint.0 }.to_le_bytes()).update(message(key, effect).as_bytes());
    uuid(&hasher).into()
}

/// Version 8 (RFC 9562, 5.8): of a hash.
pub fn uuid(hasher: &blake3::Hasher) -> Uuid {
    let mut bytes = [0; 16];
    hasher.finalize_xof().fill(&mut bytes);
    Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::Position;

    #[test]
    fn r8_3_a_message_is_one_for_all_endpoints_and_another_for_each_effect_and_side() {
        let live = WorkspaceKey { id: Id(1), side: Side::Live };
        let effect = EffectId { at: Position::new(12, 3), number: 1 };
        let all = [
            message(live, effect),
            message(WorkspaceKey { side: Side::Test, ..live }, effect),
            message(WorkspaceKey { id: Id(2), ..live }, effect),
            message(live, EffectId { number: 2, ..effect }),
            message(live, EffectId { at: Position::new(12, 4), ..effect }),
            delivery(Id(1), live, effect).uuid(),
            delivery(Id(2), live, effect).uuid(),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(one.get_version_num() == 8 && !all[..at].contains(one), "{one}");
        }
        assert_eq!(
            all[0].to_string(),
            "902d50b9-56b5-86b3-9456-67a925070d91",
            "it never changes: receivers remember it"
        );
    }
}
