//! `…/audit`: who did what, the newest first.

use reqwest::Method;
use serde_json::{Value, json};
use tripswitch::domain::ids::Side;
use tripswitch::domain::system::Permission;
use tripswitch::recovery::{Progress, RecoveredSide, recover};

use crate::support::world::{BOUND, FOREIGN, Holder, SIBLING, UNKNOWN, WORKSPACE, World, at, conversation_id, id_of};

const TENANT_WIDE: Holder = Holder { workspace: None, ..BOUND };

/// The whole trail in one page.
async fn trail(world: &World, key: &str) -> Vec<Value> {
    let body = world.server.get(&at("audit?limit=100"), key).await.expect(200);
    assert!(body.get("nextCursor").is_none(), "R2.6: left out on the last page");
    body["data"].as_array().expect("a list").clone()
}

fn members<'a>(entries: &'a [Value], member: &str) -> Vec<&'a str> {
    entries.iter().map(|entry| entry[member].as_str().unwrap_or("-")).collect()
}

/// A breaker's whole story, with what was refused and what was so already, a second apart.
async fn story(world: &World) -> String {
    let id = world.trip().await;
    let breaker = |verb: &str| at(&format!("quality/circuit-breakers/{id}/{verb}"));
    world.server.clock.advance(1_000);
    world.server.post_nothing(&breaker("resolve"), &world.key).await.fails(409, "breaker_not_acknowledged");
    for body in [json!({"note": "seen"}), json!({})] {
        world.server.clock.advance(1_000);
        world.server.post(&breaker("acknowledge"), &world.key, &body).await.expect(200);
    }
    world.server.clock.advance(1_000);
    let patch = json!({"thresholdLowComposite": 3.1, "baselineOutcome": 4});
    world.server.patch(&at("csat-config"), &world.key, &patch).await.expect(200);
    id
}

#[tokio::test]
async fn i2_what_was_done_refused_and_unchanged_with_who_did_it() {
    let world = World::start().await;
    let id = story(&world).await;
    world.server.clock.advance(1_000);
    let (admin, admin_id) = world.make_key(BOUND, &[Permission::Admin]).await;
    let actor = {
        let list = trail(&world, &admin).await;
        list[1]["actor"].as_str().expect("an API key's actor").to_owned()
    };
    assert!(actor.starts_with("api-key:"));
    let list = trail(&world, &admin).await;
    assert_eq!(
        list[0]["details"]["key"],
        json!({"name": "test", "keyPrefix": list[0]["details"]["key"]["keyPrefix"], "tenant": "one",
            "workspaceId": WORKSPACE, "side": "live", "scopes": ["admin"], "expiresAt": null})
    );
    assert_eq!((&list[0]["action"], &list[0]["target"]), (&json!("key.created"), &json!(admin_id.to_string())));
    assert_eq!(list[0]["position"], "system:7-0", "the 7th record of the system workspace");
    let entry = |position: &str, second: u32, action: &str, target: Value, outcome: &str, details: Value| {
        json!({"position": position, "at": format!("2026-03-25T10:00:0{second}.000Z"), "actor": actor,
            "action": action, "target": target, "outcome": outcome, "details": details})
    };
    let patched = json!({"from": {"thresholdLowComposite": 3, "baselineOutcome": null},
        "to": {"thresholdLowComposite": 3.1, "baselineOutcome": 4}});
    assert_eq!(list[1], entry("6-0", 4, "csat_config.patched", Value::Null, "done", patched));
    let noted = |noted: bool| json!({"noted": noted});
    assert_eq!(list[2], entry("5-0", 3, "breaker.acknowledged", json!(id), "unchanged", noted(false)));
    assert_eq!(list[3], entry("4-0", 2, "breaker.acknowledged", json!(id), "done", noted(true)));
    let mut refused = entry("3-0", 1, "breaker.resolved", json!(id), "refused", noted(false));
    refused["code"] = json!("breaker_not_acknowledged");
    assert_eq!(list[4], refused);
    assert_eq!((&list[5]["action"], &list[5]["actor"]), (&json!("settings.installed"), &Value::Null));
    assert_eq!(list[5]["details"]["settings"]["profile"], "support-2");
    assert_eq!(members(&list[6..], "action"), ["key.created", "workspace.created"]);
    assert_eq!(list[7]["details"], json!({"name": "Support of one", "tenant": "one"}));
    assert_eq!((&list[7]["target"], &list[7]["actor"]), (&json!(WORKSPACE), &json!("test")));
}

#[tokio::test]
async fn r2_14_a_bound_credential_sees_its_own_keys_and_a_tenants_all_that_reach_the_workspace() {
    let world = World::start().await;
    let (bound, _) = world.make_key(BOUND, &[Permission::Admin]).await;
    let (wide, _) = world.make_key(TENANT_WIDE, &[Permission::Admin]).await;
    let (_, sibling) = world.make_key(Holder { workspace: Some(SIBLING), ..BOUND }, &[Permission::Admin]).await;
    let holder = Holder { tenant: Some("two"), workspace: Some(FOREIGN), ..BOUND };
    let (_, foreign) = world.make_key(holder, &[Permission::Admin]).await;
    let (_, test) = world.make_key(Holder { side: Side::Test, ..BOUND }, &[Permission::Admin]).await;
    let server = world.server_key().await;
    let (seen_by_bound, seen_by_wide) = (trail(&world, &bound).await, trail(&world, &wide).await);
    // The world's own and this one; its own tenant-wide one and that one as well.
    assert_eq!(seen_by_bound.len(), 3, "{seen_by_bound:?}");
    assert_eq!(seen_by_wide.len(), 5, "{seen_by_wide:?}");
    assert!(seen_by_bound.iter().all(|entry| seen_by_wide.contains(entry)));
    for hidden in [sibling, foreign, test] {
        assert!(!members(&seen_by_wide, "target").contains(&hidden.to_string().as_str()));
    }
    assert_eq!(trail(&world, &server).await, seen_by_wide, "a server key does admin for every tenant");
}

#[tokio::test]
async fn r2_8_who_may_look_and_what_the_others_are_told() {
    let world = World::start().await;
    let foreign = Holder { tenant: Some("two"), workspace: Some(FOREIGN), ..BOUND };
    let cases = [
        (String::new(), 401, "unauthorized"),
        (world.key.clone(), 403, "forbidden"),
        (world.tenant_key.clone(), 403, "forbidden"),
        (world.make_key(Holder { workspace: Some(SIBLING), ..BOUND }, &[Permission::Admin]).await.0, 403, "forbidden"),
        (world.make_key(foreign, &[Permission::Admin]).await.0, 404, "not_found"),
    ];
    for (key, status, code) in cases {
        // 404 and 403 come before what is wrong with the query.
        for query in ["", "?limit=0&x=1"] {
            world.server.get(&at(&format!("audit{query}")), &key).await.fails(status, code);
        }
    }
    let (server, admin) = (world.server_key().await, world.admin_key().await);
    for key in [&server, &admin] {
        world.server.get(&format!("/api/workspaces/{UNKNOWN}/audit"), key).await.fails(404, "not_found");
        world.server.get("/api/workspaces/x/audit", key).await.fails(400, "invalid_id");
        world.server.get(&format!("/api/workspaces/{SIBLING}/audit"), key).await.expect(200);
        world.server.post_nothing(&at("audit"), key).await.fails(405, "method_not_allowed");
    }
    world.server.get(&format!("/api/workspaces/{FOREIGN}/audit"), &server).await.expect(200);
    world.server.get(&format!("/api/workspaces/{FOREIGN}/audit"), &admin).await.fails(404, "not_found");
}

#[tokio::test]
async fn r2_12_each_side_has_its_own() {
    let world = World::start().await;
    let holder = Holder { side: Side::Test, ..BOUND };
    let (test, test_id) = world.make_key(holder, &[Permission::Admin, Permission::QualityWrite]).await;
    let (live, live_id) = world.make_key(BOUND, &[Permission::Admin]).await;
    world.server.patch(&at("csat-config"), &test, &json!({"linkExpiryDays": 9})).await.expect(200);
    let (of_test, of_live) = (trail(&world, &test).await, trail(&world, &live).await);
    let expected = ["csat_config.patched", "settings.installed", "key.created", "workspace.created"];
    assert_eq!(members(&of_test, "action"), expected);
    assert_eq!(of_test[2]["target"], test_id.to_string());
    assert_eq!(members(&of_live, "action"), ["key.created", "key.created", "workspace.created"]);
    assert_eq!(of_live[0]["target"], live_id.to_string());
    assert_eq!(of_live[2], of_test[3], "the workspace was made once for both");
}

/// Pages of this size up to the last.
async fn paged(world: &World, key: &str, limit: usize, query: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = at(&format!("audit?limit={limit}{query}{cursor}"));
        let body = world.server.get(&path, key).await.expect(200);
        let data = body["data"].as_array().expect("a list");
        assert!(data.len() == limit || body.get("nextCursor").is_none());
        all.extend(data.iter().cloned());
        match body["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

#[tokio::test]
async fn r2_6_pages_of_any_size_have_every_entry_once_though_many_are_of_one_instant() {
    let world = World::start().await;
    // The manual clock stands: both sources have entries of the same receipt.
    let id = world.trip().await;
    for verb in ["resolve", "acknowledge", "acknowledge", "resolve"] {
        world.server.post_nothing(&at(&format!("quality/circuit-breakers/{id}/{verb}")), &world.key).await;
    }
    let admin = world.admin_key().await;
    let whole = trail(&world, &admin).await;
    assert_eq!(whole.len(), 9);
    assert_eq!(whole.iter().filter(|entry| entry["at"] == whole[0]["at"]).count(), 9);
    for limit in [1, 2, 3, 8, 9, 10] {
        assert_eq!(paged(&world, &admin, limit, "").await, whole, "{limit} a page");
    }
    let first = world.server.get(&at("audit?limit=4"), &admin).await.expect(200);
    world.server.patch(&at("csat-config"), &world.key, &json!({"linkExpiryDays": 9})).await.expect(200);
    let path = at(&format!("audit?cursor={}", first["nextCursor"].as_str().expect("there is more")));
    let second = world.server.get(&path, &admin).await.expect(200);
    assert_eq!(second["data"].as_array().expect("a list"), &whole[4..], "what came meanwhile is not in it");
}

#[tokio::test]
async fn r2_6_a_broken_cursor_and_other_parameters_are_told_at_once() {
    let world = World::start().await;
    let admin = world.admin_key().await;
    let cursor = world.server.get(&at("audit?limit=1"), &admin).await.expect(200)["nextCursor"].clone();
    let cursor = cursor.as_str().expect("there is more");
    let cut = &cursor[..cursor.len() - 1];
    let long = "A".repeat(5_000);
    for broken in ["", "x", cut, "%00", &long, &format!("{cursor}="), &cursor.to_lowercase()] {
        let reply = world.server.get(&at(&format!("audit?cursor={broken}")), &admin).await;
        assert_eq!(reply.fails(400, "invalid_request").pointers(), ["/cursor"], "{broken}");
    }
    let query = "limit=101&cursor=x&from=2026-03-02&to=2026-03-01&actor=&action=key.made&colour=red&limit=1";
    let reply = world.server.get(&at(&format!("audit?{query}")), &admin).await;
    let mut pointers = reply.fails(400, "invalid_request").pointers();
    pointers.sort_unstable();
    assert_eq!(pointers, ["/action", "/actor", "/colour", "/cursor", "/from", "/limit", "/limit"]);
}

#[tokio::test]
async fn entries_are_filtered_by_time_actor_and_action() {
    let world = World::start().await;
    story(&world).await;
    let admin = world.admin_key().await;
    let whole = trail(&world, &admin).await;
    let actor = whole.iter().find_map(|entry| entry["actor"].as_str().filter(|actor| *actor != "test"));
    let actor = actor.expect("a key did something");
    let wanted = |is: &dyn Fn(&Value) -> bool| whole.iter().filter(|entry| is(entry)).cloned().collect::<Vec<_>>();
    let between = |from: &str, to: &str, at: &str| (from..=to).contains(&at);
    let cases: [(String, Vec<Value>); 5] = [
        (format!("&actor={actor}"), wanted(&|entry| entry["actor"] == actor)),
        ("&action=breaker.acknowledged".into(), wanted(&|entry| entry["action"] == "breaker.acknowledged")),
        (
            "&from=2026-03-25T10:00:01Z&to=2026-03-25T10:00:02Z".into(),
            wanted(&|e| between("2026-03-25T10:00:01.000Z", "2026-03-25T10:00:02.000Z", e["at"].as_str().unwrap())),
        ),
        ("&to=2026-03-24".into(), vec![]),
        ("&from=2026-03-25&to=2026-03-25".into(), whole.clone()),
    ];
    for (query, expected) in cases {
        for limit in [1, 100] {
            assert_eq!(paged(&world, &admin, limit, &query).await, expected, "{query}");
        }
    }
}

#[tokio::test]
async fn r4_10_an_erasure_says_who_asked_and_not_for_what() {
    let world = World::start().await;
    world.trip().await;
    let (admin, id) = world.make_key(BOUND, &[Permission::Admin]).await;
    let conversation = conversation_id(1);
    for path in [format!("conversations/{conversation}"), "contacts/anna%40example.org".to_owned()] {
        world.server.ask(Method::DELETE, &at(&path), &admin).send().await.expect(200);
    }
    let reply = world.server.get(&at("audit"), &admin).await;
    let list = reply.expect(200)["data"].clone();
    for (place, action, outcome) in [(0, "contact.erased", "unchanged"), (1, "conversation.erased", "done")] {
        let entry = &list[place];
        assert_eq!((&entry["action"], &entry["outcome"]), (&json!(action), &json!(outcome)));
        assert_eq!((&entry["actor"], &entry["target"]), (&json!(format!("api-key:{id}")), &Value::Null));
        assert_eq!(entry["details"], json!({}));
    }
    assert!(!reply.text.contains(&conversation) && !reply.text.contains("anna"));
}

#[tokio::test]
async fn r2_11_keys_made_and_revoked_over_http_are_in_it_without_their_secret() {
    let world = World::start().await;
    let admin = world.admin_key().await;
    let new = json!({"name": "ingest", "workspaceId": WORKSPACE, "scopes": ["events:write"]});
    let made = world.server.post("/api/admin/keys", &admin, &new).await.expect(201);
    let path = format!("/api/admin/keys/{}", made["id"].as_str().expect("an id"));
    world.server.ask(Method::DELETE, &path, &admin).send().await.expect(200);
    let taken = json!({"name": "x", "tenant": "one", "id": WORKSPACE});
    world.server.post("/api/admin/workspaces", &world.server_key().await, &taken).await.fails(409, "workspace_exists");
    let reply = world.server.get(&at("audit"), &admin).await;
    let list = reply.expect(200)["data"].clone();
    assert_eq!((&list[0]["action"], &list[0]["code"]), (&json!("workspace.created"), &json!("workspace_exists")));
    for (place, action) in [(1, "key.revoked"), (2, "key.created")] {
        assert_eq!((&list[place]["action"], &list[place]["target"]), (&json!(action), &made["id"]));
        assert_eq!(list[place]["details"]["key"]["keyPrefix"], made["keyPrefix"]);
    }
    let secret = made["key"].as_str().expect("the key, once");
    assert!(!reply.text.contains(secret) && !reply.text.contains("hash\":\"") && !reply.text.contains(&secret[16..]));
}

#[tokio::test]
async fn r9_2_the_trail_is_what_it_was_after_a_restart_from_the_journal_and_from_a_snapshot() {
    let world = World::start().await;
    story(&world).await;
    let admin = world.admin_key().await;
    let whole = trail(&world, &admin).await;
    let side = tripswitch::domain::ids::WorkspaceKey { id: id_of(WORKSPACE), side: Side::Live };
    let live = world.server.engine.read(side, |w| w.trail().clone()).await.expect("the workspace answers");
    world.server.engine.snapshot().await.expect("a snapshot is taken");
    let (log, snapshots) = (world.server.log.clone(), world.server.snapshots.clone());
    let world = world.restarted().await;
    assert_eq!(trail(&world, &admin).await, whole, "from the journal alone");

    let recovered = recover(&log.writer(), &snapshots, &Progress::default()).expect("it is recovered");
    assert!(recovered.snapshot.is_some(), "from a snapshot");
    assert_eq!(recovered.system.trails(), world.server.engine.system_table().trails());
    let found = recovered.workspaces.iter().find_map(|(key, state)| match state {
        RecoveredSide::Ready(workspace) if *key == side => Some(workspace.trail()),
        RecoveredSide::Ready(_) | RecoveredSide::Failed(_) => None,
    });
    assert_eq!(found, Some(&live));
}

#[tokio::test]
async fn r6_6_the_trail_as_a_table_and_as_lines() {
    let world = World::start().await;
    story(&world).await;
    let (admin, _) = world.make_key(BOUND, &[Permission::Admin]).await;
    let list = trail(&world, &admin).await;
    let whole = async |accept: &str| {
        let ask = world.server.ask(Method::GET, &at("audit"), &admin).header("accept", accept);
        let reply = ask.send().await;
        assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, accept));
        reply.text
    };
    let table = whole("text/csv").await;
    assert!(table.starts_with("position,at,actor,action,target,outcome,code,details,count,lastAt\r\n"), "{table}");
    assert_eq!(table.matches("\r\n").count(), 1 + list.len());
    assert!(table.contains(",done,,\"{\"\"from\"\":"), "an object is written as JSON: {table}");
    let text = whole("application/x-ndjson").await;
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines, list);
}
