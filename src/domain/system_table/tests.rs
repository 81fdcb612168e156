//! The table as records change it.

use super::*;
use crate::domain::ids::Side;

fn workspace(id: u128, tenant: &str) -> SystemRecord {
    SystemRecord::WorkspaceCreated { id: Id(id), name: "Support".into(), tenant: tenant.into(), actor: "cli".into() }
}

fn key(id: u128, tenant: Option<&str>, workspace: Option<u128>) -> SystemRecord {
    let key = ApiKey {
        id: Id(id),
        name: "k".into(),
        key_prefix: "sf_live_v1_abcd".into(),
        hash: [id as u8; 32],
        tenant: tenant.map(Into::into),
        workspace: workspace.map(Id),
        side: Side::Live,
        scopes: vec![],
        created_at: 1,
        expires_at: None,
        last_used_at: None,
        revoked_at: None,
    };
    SystemRecord::KeyCreated { key, actor: "cli".into() }
}

fn revoked(id: u128) -> SystemRecord {
    SystemRecord::KeyRevoked { id: Id(id), actor: "cli".into() }
}

#[test]
fn i12_refusals_change_nothing() {
    let mut table = SystemTable::default();
    table.apply(&workspace(1, "a"), 10).unwrap();
    table.apply(&key(7, Some("a"), Some(1)), 11).unwrap();
    let table_of = |table: &SystemTable| table.clone().with_trails(SystemTrails::default());
    let before = table_of(&table);
    let cases = [
        (workspace(1, "b"), SystemRefusal::WorkspaceExists),
        (workspace(0, "a"), SystemRefusal::ReservedId),
        (key(7, Some("a"), None), SystemRefusal::KeyExists),
        (key(8, Some("b"), Some(1)), SystemRefusal::UnknownWorkspace),
        (key(8, Some("a"), Some(2)), SystemRefusal::UnknownWorkspace),
        (key(8, None, Some(1)), SystemRefusal::UnknownWorkspace),
        (revoked(9), SystemRefusal::UnknownKey),
    ];
    for (seq, (record, refusal)) in (1..).zip(cases) {
        table.advance(seq);
        assert_eq!(table.apply(&record, 12), Err(refusal), "{record:?}");
        table.advance(before.applied());
        assert_eq!(table_of(&table), before);
        let noted = table.trails().iter().filter_map(|trail| trail.repeats().last()).map(|last| last.first.clone());
        let noted = noted.max_by_key(|entry| entry.at).map(|entry| entry.outcome);
        assert_eq!(noted, Some(AuditOutcome::Refused(refusal.into())), "{record:?}");
    }
}

#[test]
fn the_trail_says_who_made_and_revoked_what_and_no_hash() {
    let mut table = SystemTable::default();
    let records = [workspace(1, "a"), key(7, Some("a"), Some(1)), revoked(7), revoked(7), revoked(9)];
    for (seq, record) in (1..).zip(&records) {
        table.advance(seq);
        let _refused = table.apply(record, 10 + seq as Millis);
    }
    table.advance(6);
    table.apply(&SystemRecord::KeysUsed(vec![(Id(7), 15)]), 16).unwrap();
    let all: Vec<_> = table.trails().iter().flat_map(|trail| trail.before(Millis::MAX, Position::ZERO)).collect();
    let mut found: Vec<_> =
        all.iter().map(|noted| (noted.entry.at.seq(), noted.entry.receipt, noted.entry.outcome)).collect();
    found.sort_unstable_by_key(|(seq, ..)| *seq);
    let unknown = AuditOutcome::Refused(SystemRefusal::UnknownKey.into());
    let outcomes = [AuditOutcome::Done, AuditOutcome::Done, AuditOutcome::Done, AuditOutcome::Unchanged, unknown];
    let expected: Vec<_> = (1..).zip(outcomes).map(|(seq, outcome)| (seq, 10 + seq as Millis, outcome)).collect();
    assert_eq!(found, expected);
    assert!(all.iter().all(|noted| noted.entry.actor.as_deref() == Some("cli")));
    assert!(!format!("{:?}", table.trails()).contains("hash"));
}

#[test]
fn r2_8_entries_concern_their_own_tenants_workspaces() {
    let ours = WorkspaceEntry { id: Id(1), name: "w".into(), tenant: "a".into(), created_at: 0 };
    let actions = |records: &[SystemRecord]| {
        let mut table = SystemTable::default();
        table.apply(&workspace(1, "a"), 0).unwrap();
        for (seq, record) in (1..).zip(records) {
            table.advance(seq);
            let _refused = table.apply(record, 0);
        }
        let all = table.trails().iter().flat_map(|trail| trail.before(Millis::MAX, Position::ZERO));
        let mut all: Vec<_> =
            all.map(|noted| (noted.entry.at, noted.entry.action.concerns(&ours, Side::Live))).collect();
        all.sort_unstable();
        all.into_iter().map(|(_, concerns)| concerns).collect::<Vec<_>>()
    };
    // The first entry is the workspace's own creation.
    assert_eq!(actions(&[workspace(1, "a"), workspace(1, "b"), workspace(2, "a")]), [true, true, false, false]);
    let keys = [
        key(7, Some("a"), Some(1)),
        key(8, Some("a"), None),
        key(9, Some("a"), Some(2)),
        key(10, Some("b"), None),
        key(11, Some("b"), Some(1)),
        key(12, None, None),
    ];
    assert_eq!(actions(&keys), [true, true, true, false, false, false, false]);
    assert_eq!(actions(&[revoked(7)]), [true, false], "whose key it was nobody knows");
}

#[test]
fn r2_17_a_deleted_workspace_takes_its_keys_along_and_leaves_its_id_taken() {
    let mut table = SystemTable::default();
    let deleted = |id| SystemRecord::WorkspaceDeleted { id: Id(id), actor: "ann".into() };
    let records = [
        workspace(1, "a"),
        workspace(2, "a"),
        key(7, Some("a"), Some(1)),
        key(8, Some("a"), Some(2)),
        key(9, Some("a"), None),
        deleted(1),
    ];
    for (seq, record) in (1..).zip(&records) {
        table.advance(seq);
        table.apply(record, 10 * seq as Millis).unwrap();
    }
    assert!(table.workspace(Id(1)).is_none() && table.is_deleted(Id(1)) && !table.is_deleted(Id(2)));
    assert_eq!((table.workspaces_of("a"), table.workspace_count(Some("a"))), (&[Id(2)][..], 1));
    let keys: Vec<_> = table.listed_keys(Some("a"), None).map(|key| key.id.0).collect();
    assert_eq!((keys, table.key_by_hash(&[7; 32]), table.key(Id(7))), (vec![8, 9], None, None));
    let last = table.trails().of(Some("a")).and_then(|trail| trail.newest().cloned());
    let action = SystemAction::WorkspaceDeleted { id: Id(1), name: "Support".into(), tenant: "a".into() };
    assert_eq!(last.clone().map(|entry| (entry.action, entry.receipt)), Some((action, 60)));
    assert_eq!(table.apply(&deleted(1), 70), Err(SystemRefusal::UnknownWorkspace));
    let newest = table.trails().of(Some("a")).and_then(|trail| trail.newest().cloned());
    assert_eq!(newest, last, "again, nothing happens");
    assert_eq!(table.apply(&workspace(1, "b"), 80), Err(SystemRefusal::WorkspaceExists));
    assert_eq!(table.apply(&key(10, Some("a"), Some(1)), 80), Err(SystemRefusal::UnknownWorkspace));
}

#[test]
fn r2_11_the_first_revocation_and_the_latest_use_stand() {
    let mut table = SystemTable::default();
    table.apply(&key(7, Some("a"), None), 10).unwrap();
    table.apply(&revoked(7), 20).unwrap();
    table.apply(&revoked(7), 30).unwrap();
    table.apply(&SystemRecord::KeysUsed(vec![(Id(7), 15), (Id(7), 12), (Id(99), 1)]), 40).unwrap();
    let key = table.key(Id(7)).unwrap();
    assert_eq!((key.revoked_at, key.last_used_at), (Some(20), Some(15)));
    assert_eq!(table.key_by_hash(&[7; 32]).map(|key| key.id), Some(Id(7)));
    assert_eq!(table.key_by_hash(&[8; 32]), None);
}

#[test]
fn r2_15_a_tenants_workspaces_are_its_own() {
    let mut table = SystemTable::default();
    for (id, tenant) in [(3, "a"), (1, "a"), (2, "b")] {
        table.apply(&workspace(id, tenant), 10).unwrap();
    }
    assert_eq!(table.workspaces_of("a"), [Id(3), Id(1)]);
    assert_eq!(table.workspaces_of("b"), [Id(2)]);
    assert!(table.workspaces_of("c").is_empty());
    table.apply(&key(7, Some("a"), None), 11).unwrap();
    let stored = bincode::serde::encode_to_vec(&table, bincode::config::standard()).unwrap();
    let (read, _): (SystemTable, _) = bincode::serde::decode_from_slice(&stored, bincode::config::standard()).unwrap();
    assert_eq!(read.with_trails(table.trails().clone()).with_lists(), table, "lists are made anew of what is kept");
}

#[test]
fn r8_1_a_restore_changes_the_incarnation_and_keeps_the_identity_key() {
    let mut table = SystemTable::default();
    let initialised = |n| SystemRecord::Initialised { incarnation: Id(n), identity_key: [n as u8; 32] };
    table.apply(&initialised(1), 1).unwrap();
    table.apply(&initialised(2), 2).unwrap();
    assert_eq!(table.origin(), Some(&Origin { incarnation: Id(2), identity_key: [1; 32] }));
}
