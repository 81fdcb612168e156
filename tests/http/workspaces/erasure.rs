//! Erasure of conversations and contacts (R4.10).

use std::fs;

use reqwest::Method;
use serde_json::{Value, json};
use tripswitch::domain::event::{Body, EventRecord, Identity, TurnFeatures};
use tripswitch::domain::ids::{Side, WorkspaceKey};
use tripswitch::domain::life::ContactMark;
use tripswitch::domain::system::Permission;
use tripswitch::journal::JournalRead as _;
use tripswitch::snapshot::SnapshotStore as _;

use crate::support::Reply;
use crate::support::world::{
    ACCOUNT, BOUND, FOREIGN, Holder, SIBLING, UNKNOWN, WORKSPACE, World, at, conversation, conversation_id, event,
    id_of, low_score,
};

fn path(n: u32) -> String {
    at(&format!("conversations/conv_{}", conversation_id(n)))
}

async fn delete(world: &World, path: &str, key: &str) -> Reply {
    world.server.ask(Method::DELETE, path, key).send().await
}

async fn admin(world: &World) -> String {
    world.make_key(BOUND, &[Permission::Admin]).await.0
}

/// The entries of the kept list.
fn listed(world: &World) -> Vec<Value> {
    let text = fs::read_to_string(world.server.directory.path().join("erasures")).unwrap_or_default();
    let groups = text.lines().skip(1).map(|line| serde_json::from_str::<Vec<Value>>(line).expect("JSON lines"));
    groups.flatten().collect()
}

/// All that does not name a conversation.
async fn numbers(world: &World) -> Vec<Value> {
    let health = format!("/api/accounts/{ACCOUNT}/quality");
    let mut all = Vec::new();
    for path in [at("quality/stats"), at("quality/circuit-breakers"), at("quality/gate"), health] {
        all.push(world.server.get(&path, &world.key).await.expect(200));
    }
    all
}

#[tokio::test]
async fn r4_10_an_erased_conversation_is_unknown_and_leaves_its_numbers() {
    let world = World::start().await;
    world.trip().await;
    let (key, before) = (admin(&world).await, numbers(&world).await);
    let answer = delete(&world, &path(1), &key).await.expect(200);
    let expected = json!({"workspaceId": WORKSPACE, "conversationId": conversation_id(1),
        "erasedAt": "2026-03-25T10:00:00.000Z", "goneBy": "2026-03-26T10:00:00.000Z"});
    assert_eq!(answer, expected);
    for path in [conversation(1), conversation(1) + "/explanation"] {
        world.server.get(&path, &world.key).await.fails(404, "not_found");
    }
    assert_eq!(numbers(&world).await, before);
    world.server.get(&conversation(2), &world.key).await.expect(200);

    let fingerprint = world.fingerprint().await;
    delete(&world, &path(1), &key).await.fails(404, "not_found");
    assert_eq!(world.fingerprint().await, fingerprint, "a second time nothing is written");
    assert_eq!(listed(&world).len(), 1);

    let again = json!({"conversationId": conversation_id(1), "accountId": ACCOUNT, "resolved": true,
        "outcomeScore": 5, "processScore": 5, "environmentScore": 5});
    world.send(WORKSPACE, &world.key, &[event("again", "conversation.scored", again)]).await;
    let found = world.server.get(&conversation(1), &world.key).await.expect(200);
    assert_eq!(found["compositeScore"], 5);
    let health = world.server.get(&format!("/api/accounts/{ACCOUNT}/quality"), &world.key).await.expect(200);
    assert_eq!(health["conversationCount"], 4, "it is another one");
    delete(&world, &path(1), &key).await.expect(200);
}

#[tokio::test]
async fn r4_10_an_erasure_holds_after_a_restart() {
    let world = World::start().await;
    world.trip().await;
    let key = admin(&world).await;
    delete(&world, &path(1), &key).await.expect(200);
    let before = world.fingerprint().await;
    let world = world.restarted().await;
    assert_eq!(world.fingerprint().await, before);
    world.server.get(&conversation(1), &world.key).await.fails(404, "not_found");
    delete(&world, &path(1), &key).await.fails(404, "not_found");
}

#[tokio::test]
async fn r4_10_a_contact_is_erased_known_or_not_and_as_often_as_asked() {
    let world = World::start().await;
    let (key, contact) = (admin(&world).await, "anna/ø+1 @example.org");
    let encoded = at("contacts/anna%2F%C3%B8+1%20@example.org");
    let naming = |id: &str, n: u32, data: Value| {
        let mut data = data;
        data["conversationId"] = conversation_id(n).into();
        data["contactId"] = contact.into();
        event(id, "survey.responded", data)
    };
    let known = naming("a", 1, json!({"accountId": ACCOUNT, "rating": 1, "comment": "never again"}));
    world.send(WORKSPACE, &world.key, &[known]).await;
    for n in 0..2 {
        let answer = delete(&world, &encoded, &key).await.expect(200);
        assert_eq!(answer["contactId"], contact);
        let mut names: Vec<_> = answer.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["contactId", "erasedAt", "goneBy", "workspaceId"]);
        assert_eq!(listed(&world).len(), n + 1);
    }
    // It leads to no account any more.
    let later = event("b", "conversation.scored", {
        json!({"conversationId": conversation_id(2), "contactId": contact, "resolved": true, "outcomeScore": 4,
            "processScore": 4, "environmentScore": 4})
    });
    world.send(WORKSPACE, &world.key, &[later]).await;
    let health = world.server.get(&format!("/api/accounts/{ACCOUNT}/quality"), &world.key).await.expect(200);
    assert_eq!(health["conversationCount"], 0);
    delete(&world, &path(1), &key).await.fails(404, "not_found");
    let text = fs::read_to_string(world.server.directory.path().join("erasures")).unwrap();
    assert!(!text.contains("anna") && !text.contains(&conversation_id(1)), "{text}");
}

#[tokio::test]
async fn r2_8_unknown_is_told_before_the_scope_and_all_before_the_rest() {
    let world = World::start().await;
    world.send(WORKSPACE, &world.key, &[low_score(1, ACCOUNT)]).await;
    let key = admin(&world).await;
    let before = world.fingerprint().await;
    delete(&world, &at("conversations/nobody"), "").await.fails(401, "unauthorized");
    delete(&world, &at("conversations/nobody"), &world.key).await.fails(400, "invalid_id");
    delete(&world, &path(77), &world.key).await.fails(404, "not_found");
    delete(&world, &path(1), &world.key).await.fails(403, "forbidden");
    delete(&world, &format!("{}?x=1", path(1)), &world.key).await.fails(403, "forbidden");
    delete(&world, &format!("{}?x=1", path(77)), &key).await.fails(404, "not_found");
    delete(&world, &format!("{}?x=1", path(1)), &key).await.fails(400, "invalid_request");

    let long = at(&format!("contacts/{}", "%C3%B8".repeat(256)));
    delete(&world, &at("contacts/a"), "").await.fails(401, "unauthorized");
    assert_eq!(delete(&world, &long, &world.key).await.fails(400, "invalid_request").pointers(), ["/contactId"]);
    let both = long.replace(WORKSPACE, "nowhere");
    let pointers = delete(&world, &both, &world.key).await.fails(400, "invalid_id").pointers();
    assert_eq!(pointers, ["/workspaceId", "/contactId"]);
    delete(&world, &at("contacts/%ff"), &key).await.fails(400, "invalid_id");
    for (workspace, status, code) in
        [(UNKNOWN, 404, "not_found"), (FOREIGN, 404, "not_found"), (SIBLING, 403, "forbidden")]
    {
        for path in [at("contacts/a?x=1"), path(1) + "?x=1"] {
            delete(&world, &path.replace(WORKSPACE, workspace), &key).await.fails(status, code);
        }
    }
    delete(&world, &at("contacts/a?x=1"), &world.key).await.fails(403, "forbidden");
    delete(&world, &at("contacts/a?x=1"), &key).await.fails(400, "invalid_request");
    delete(&world, &at("contacts/a"), &world.server_key().await).await.fails(403, "forbidden");
    assert_eq!(world.fingerprint().await, before);
    assert_eq!(listed(&world), [json!(null); 0]);
    delete(&world, &at(&format!("contacts/{}", "%C3%B8".repeat(255))), &key).await.expect(200);
}

#[tokio::test]
async fn r2_12_each_side_is_erased_by_its_own_keys() {
    let world = World::start().await;
    let test = Holder { side: Side::Test, ..BOUND };
    let (test_key, _) =
        world.make_key(test, &[Permission::Admin, Permission::QualityRead, Permission::EventsWrite]).await;
    let key = admin(&world).await;
    world.send(WORKSPACE, &world.key, &[low_score(1, ACCOUNT)]).await;
    delete(&world, &path(1), &test_key).await.fails(404, "not_found");
    world.send(WORKSPACE, &test_key, &[low_score(1, ACCOUNT)]).await;
    delete(&world, &path(1), &test_key).await.expect(200);
    world.server.get(&conversation(1), &test_key).await.fails(404, "not_found");
    world.server.get(&conversation(1), &world.key).await.expect(200);
    delete(&world, &path(1), &key).await.expect(200);
    let sides: Vec<_> = listed(&world).iter().map(|entry| entry["side"].clone()).collect();
    assert_eq!(sides, ["test", "live"]);
}

#[tokio::test]
async fn r4_10_what_cannot_be_put_on_the_list_is_not_erased() {
    let world = World::start().await;
    world.send(WORKSPACE, &world.key, &[low_score(1, ACCOUNT)]).await;
    let key = admin(&world).await;
    let before = world.fingerprint().await;
    // A directory stands where the list would.
    fs::create_dir(world.server.directory.path().join("erasures")).unwrap();
    for path in [path(1), at("contacts/a")] {
        let reply = delete(&world, &path, &key).await;
        reply.fails(503, "erasures_failed");
        assert_eq!(reply.header("retry-after"), "30");
        assert!(!reply.text.contains("/erasures"), "{}", reply.text);
    }
    assert_eq!(world.fingerprint().await, before);
    fs::remove_dir(world.server.directory.path().join("erasures")).unwrap();
    delete(&world, &path(1), &key).await.expect(200);
}

/// Whether the bytes hold this mark, in the order of a number or of a text, or in hexadecimal.
fn holds(bytes: &[u8], mark: ContactMark) -> bool {
    let mut reversed = mark.to_bytes();
    reversed.reverse();
    let hex: String = mark.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let ways: [&[u8]; 3] = [&mark.to_bytes(), &reversed, hex.as_bytes()];
    ways.iter().any(|way| bytes.windows(way.len()).any(|window| window == *way))
}

/// The groups of the journal, the blocks of the newest snapshot, an export and the kept list.
async fn everything(world: &World) -> Vec<Vec<u8>> {
    world.server.engine.snapshot().await.expect("a snapshot is taken");
    let journal = world.server.log.writer();
    let mut all: Vec<_> =
        journal.read(journal.first()).expect("a journal").map(|it| it.expect("a group").group).collect();
    let newest = world.server.snapshots.list().expect("a list").iter().map(|listed| listed.number).max().expect("one");
    let snapshot = world.server.snapshots.open(newest).expect("a snapshot");
    let sides = snapshot.manifest().sides.len() as u32;
    all.extend((0..sides).flat_map(|side| snapshot.blocks(side)).map(|block| block.expect("a block").value));
    let export = world.server.get("/api/admin/export", &world.server_key().await).await;
    all.push(export.text.into_bytes());
    all.push(fs::read(world.server.directory.path().join("erasures")).unwrap_or_default());
    all
}

fn of_contact(id: &str, n: u32, kind: &str) -> Value {
    let data = json!({"conversationId": conversation_id(n), "contactId": "anna", "accountId": ACCOUNT});
    event(id, kind, data)
}

#[tokio::test]
async fn r4_8_nothing_that_is_written_holds_a_mark_that_could_be_guessed() {
    let world = World::start().await;
    let key = admin(&world).await;
    let comment = json!({"conversationId": conversation_id(2), "contactId": "anna", "rating": 1, "comment": "no"});
    let update = json!({"accountId": ACCOUNT, "contactIds": ["anna", "bert"]});
    let rest = [event("b", "survey.responded", comment), event("c", "account.updated", update)];
    world
        .send(WORKSPACE, &world.key, &[of_contact("a", 1, "message.received"), rest[0].clone(), rest[1].clone()])
        .await;
    let marks = ["anna", "bert"].map(ContactMark::unkeyed);
    let is_clean = |all: &[Vec<u8>]| all.iter().all(|bytes| marks.iter().all(|mark| !holds(bytes, *mark)));
    let before = everything(&world).await;
    assert!(before.iter().any(|bytes| bytes.windows(4).any(|window| window == b"anna")), "the contact is there");
    assert!(is_clean(&before));
    delete(&world, &at("contacts/anna"), &key).await.expect(200);
    assert_eq!(listed(&world).len(), 1);
    assert!(is_clean(&everything(&world).await));
    let world = world.restarted().await;
    let fingerprint = world.fingerprint().await;
    delete(&world, &at("contacts/anna"), &key).await.expect(200);
    assert_ne!(world.fingerprint().await, fingerprint, "recorded, and found nothing more");
    let body = world.server.get(&at("audit?action=contact.erased"), &key).await.expect(200);
    let outcomes: Vec<_> = body["data"].as_array().unwrap().iter().map(|entry| entry["outcome"].clone()).collect();
    assert_eq!(outcomes, ["unchanged", "done"]);
}

#[tokio::test]
async fn r4_10_a_contact_of_events_from_before_marks_were_keyed_is_erased_by_both() {
    let world = World::start().await;
    let key = admin(&world).await;
    // As an older program has recorded it.
    let old = EventRecord {
        identity: Identity { key: [9; 12], content: 0 },
        time: None,
        conversation: Some(id_of(&conversation_id(1))),
        account: Some(id_of(ACCOUNT)),
        account_name: None,
        contact: Some("anna".into()),
        channel: None,
        intent: None,
        body: Body::MessageReceived(TurnFeatures::default()),
        address: None,
    };
    let side = WorkspaceKey { id: id_of(WORKSPACE), side: Side::Live };
    let permit = world.server.engine.room(side).unwrap().take(1_000).unwrap();
    world.server.engine.ingest(side, vec![old], permit).await.unwrap();
    world.send(WORKSPACE, &world.key, &[of_contact("b", 2, "message.received")]).await;
    let world = world.restarted().await;
    assert_eq!(world.server.engine.read(side, |w| w.contact_marks().count()).await.unwrap(), 3);
    delete(&world, &at("contacts/anna"), &key).await.expect(200);
    assert_eq!(listed(&world).len(), 2, "a backup may hold either");
    assert_eq!(world.server.engine.read(side, |w| w.contact_marks().count()).await.unwrap(), 0);
    let world = world.restarted().await;
    assert_eq!(world.server.engine.read(side, |w| w.contact_marks().count()).await.unwrap(), 0);
}

#[tokio::test]
async fn r2_2b_a_conversation_by_the_id_of_another_system_is_asked_for_and_erased() {
    let world = World::start().await;
    let mut scored = low_score(1, ACCOUNT);
    scored["data"]["conversationId"] = "ext:ticket 1/ø".into();
    world.send(WORKSPACE, &world.key, &[scored.clone()]).await;
    // The same event by either spelling is the same content (R4.4).
    scored["data"]["conversationId"] = "conv_aaa036e3-cd44-5d47-a26d-e9dec055e91f".into();
    let again = world.server.post(&at("events"), &world.key, &scored).await.expect(202);
    assert_eq!(again["duplicates"], 1);

    let path = "/api/conversations/ext:ticket%201%2F%C3%B8/quality";
    let quality = world.server.get(path, &world.key).await.expect(200);
    assert_eq!(quality["conversationId"], "aaa036e3-cd44-5d47-a26d-e9dec055e91f");
    world.server.get(&path.replace("quality", "quality/explanation"), &world.key).await.expect(200);
    let erasure = at("conversations/ext:ticket%201%2F%C3%B8");
    let admin = world.admin_key().await;
    let erased = world.server.ask(Method::DELETE, &erasure, &admin).send().await.expect(200);
    assert_eq!(erased["conversationId"], "aaa036e3-cd44-5d47-a26d-e9dec055e91f");
    world.server.get(path, &world.key).await.fails(404, "not_found");
    let both = world.server.ask(Method::DELETE, "/api/workspaces/1/conversations/ext:", &admin).send().await;
    assert_eq!(both.fails(400, "invalid_id").pointers(), ["/workspaceId", "/conversationId"]);
}
