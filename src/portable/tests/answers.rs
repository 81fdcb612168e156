//! An import answers every question as what was exported, and makes the same of what comes later (R10.5).

use std::collections::{BTreeSet, HashMap};

use super::*;
use crate::domain::workspace::GateQuestion;

/// What a side answers to every question.
fn answers(side: &mut Local, now: Millis) -> Vec<String> {
    let mut all = Vec::new();
    for id in (0..18).map(Id) {
        let side = &side.workspace;
        all.push(format!("{:?}", side.override_of(id)));
        all.push(format!("{:?} {:?}", side.conversation(id), side.explanation(id, now)));
        all.push(format!("{} {}", side.knows_conversation(id), side.is_retention_due(START + id.0 as Millis * DAY)));
    }
    for id in (100..103).map(Id) {
        all.push(format!("{:?} {:?}", side.workspace.knows_account(id), side.workspace.gate().ask(Some(id))));
        all.push(format!("{:?}", side.health(id, now)));
    }
    let side = &side.workspace;
    let refund = GateQuestion { intent: Some("refund"), ..GateQuestion::default() };
    all.push(format!("{:?} {:?}", side.gate().ask(refund), side.active_breakers()));
    let details = side.active_breaker_ids().into_iter().map(|id| side.breaker_detail(id));
    all.push(format!("{:?}", details.collect::<Vec<_>>()));
    all.push(format!("{:?} {:?}", side.own_settings(), side.all_resources().collect::<Vec<_>>()));
    all.extend([0, START, START + 9 * DAY, now].map(|from| format!("{:?}", side.stats(from, now))));
    all.push(format!("{:?} {:?} {:?}", side.rules(), side.skipped(), side.trail()));
    all.push(format!("{} {} {}", side.duplicates_held(), side.conversations_held(), side.accounts_known()));
    all.push(format!("{} {} {}", side.late_events(), side.applied(), side.last_applied_at()));
    let marks: BTreeSet<_> = side.contact_marks().map(ContactMark::to_bytes).collect();
    all.push(format!("{:?} {marks:?}", side.conversation_ids().collect::<BTreeSet<_>>()));
    all
}

/// What comes after an export: known events, new ones of conversations that live, have settled or are gone, and
/// what removes.
fn go_on(local: Local) -> (Local, Vec<String>) {
    let now = START + 12 * DAY;
    let mut stage = Stage {
        seq: local.workspace.applied(),
        local,
        events: 0,
        labels: Default::default(),
        address: None,
        heard: Vec::new(),
    };
    for conversation in [9, 3, 2, 5, 1, 10] {
        stage.event_of(now, conversation, Some(100), Some("bo"), customer());
        stage.event(now + 1, conversation, Body::StatusChanged(Status::Closed));
    }
    stage.events += 100;
    for conversation in [9, 3, 2, 5, 1, 10] {
        stage.event_of(now + 2, conversation, Some(100), Some("bo"), customer());
        stage.event(now + HOUR, conversation, Body::StatusChanged(Status::Open));
        stage.event(now + HOUR, conversation, Body::ConversationResolved(Resolution::AiResolved));
    }
    (11..14).for_each(|id| stage.imported(now + 2 * HOUR, id, Some(101), 150));
    let contact = Some(ContactMark::unkeyed("bo"));
    stage.record(now + DAY, Record::Erasure { conversation: Some(Id(6)), contact });
    stage.record(now + 30 * DAY, Record::Retention { cutoff: START + 10 * DAY, most: 3 });
    stage.imported(now + 31 * DAY, 15, Some(100), 420);
    stage.record(now + 32 * DAY, Record::Retention { cutoff: now + DAY, most: 100 });
    (stage.local, stage.heard)
}

/// Without an account that is awake.
fn alone(workspace: Workspace) -> Local {
    Local { workspace, accounts: HashMap::new() }
}

#[test]
fn r10_5_what_was_exported_comes_back_and_gives_the_same_export() {
    let (local, system) = (local(), system());
    let empty = Workspace::new(WorkspaceKey { side: Side::Test, ..KEY }, "Support".into(), Settings::default());
    let (text, summary) = exported(&system, vec![local.workspace.clone(), empty.clone()]);
    let imported = read(&text).unwrap();
    assert_eq!(imported.system, system);
    assert_eq!((&*imported.program, imported.exported_at), ("tripswitch 0.1.0", START + 12 * DAY));
    assert_eq!(imported.read, summary.written);
    assert_eq!((summary.workspaces, summary.keys, summary.sides, summary.conversations), (3, 2, 2, 16));
    assert!(
        local.workspace.trail().len() > 3
            && local.workspace.trail().repeats().len() > 1
            && !imported.system.trails().is_empty()
    );
    for (mut before, after) in [local, alone(empty)].into_iter().zip(&imported.workspaces) {
        for now in [START + 12 * DAY, START + 200 * DAY] {
            assert_eq!(answers(&mut alone(after.clone()), now), answers(&mut before, now));
        }
    }
    assert_eq!(exported(&imported.system, imported.workspaces).0, text);
}

#[test]
fn r10_5_what_comes_after_an_import_comes_to_the_same() {
    let before = local();
    let after = read(&exported(&system(), vec![before.workspace.clone()]).0).unwrap().workspaces.remove(0);
    assert_ne!(after.state_hash(), before.workspace.state_hash(), "places in the memory are not kept");
    let ((mut before, heard), (mut after, heard_after)) = (go_on(before), go_on(alone(after)));
    assert_eq!(heard_after, heard);
    for now in [START + 50 * DAY, START + 200 * DAY] {
        assert_eq!(answers(&mut after, now), answers(&mut before, now));
    }
    // The order of conversations is that of their places, which others have by now.
    let lines =
        |local: Local| exported(&system(), vec![local.workspace]).0.lines().map(str::to_owned).collect::<BTreeSet<_>>();
    let (before, after) = (lines(before), lines(after));
    assert_eq!(after.difference(&before).filter(|line| !line.contains("\"type\":\"end\"")).count(), 0);
}
