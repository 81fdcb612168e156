//! Requests that change nothing: they push nothing out of a trail, and the journal does not grow by them (R2.14b).

use reqwest::Method;
use serde_json::{Value, json};
use tripswitch::background::Stop;
use tripswitch::domain::system::Permission;

use crate::support::world::{ACCOUNT, BOUND, FOREIGN, Holder, World, at, conversation};

/// More than a record each would be forgiven.
const MANY: usize = 300;

/// The frames of the workspace's live side, and of the system workspace.
async fn frames(world: &World) -> (u64, u64) {
    (world.fingerprint().await.1, world.server.engine.system_table().applied())
}

async fn admin(world: &World) -> String {
    world.make_key(BOUND, &[Permission::Admin]).await.0
}

/// The trail's entries of this action.
async fn entries(world: &World, key: &str, action: &str) -> Vec<Value> {
    let body = world.server.get(&at(&format!("audit?limit=100&action={action}")), key).await.expect(200);
    body["data"].as_array().expect("a list").clone()
}

#[tokio::test]
async fn r2_14b_a_patch_that_changes_nothing_is_recorded_once_and_counted() {
    let world = World::start().await;
    let key = admin(&world).await;
    world.server.patch(&at("csat-config"), &world.key, &json!({"linkExpiryDays": 9})).await.expect(200);
    world.server.ask(Method::DELETE, &at("contacts/anna"), &key).send().await.expect(200);
    let expected = world.server.get(&at("csat-config"), &world.key).await.expect(200);
    let (before, _) = frames(&world).await;
    for n in 0..MANY {
        world.server.clock.advance(10);
        // Another part of what holds is the same request.
        let body = if n % 2 == 0 { json!({"linkExpiryDays": 9}) } else { json!({"circuitBreakerCount": 3}) };
        let answer = world.server.patch(&at("csat-config"), &world.key, &body).await.expect(200);
        assert_eq!(answer, expected);
    }
    assert_eq!(frames(&world).await.0, before + 1);
    let patched = entries(&world, &key, "csat_config.patched").await;
    assert_eq!(patched.len(), 2, "{patched:?}");
    assert!(patched[0]["outcome"] == "unchanged" && patched[0].get("count").is_none(), "not counted yet");

    world.server.service.flush_repeats().await;
    assert_eq!(frames(&world).await.0, before + 2);
    let patched = entries(&world, &key, "csat_config.patched").await;
    assert_eq!((&patched[0]["count"], &patched[0]["lastAt"]), (&json!(MANY), &json!("2026-03-25T10:00:03.000Z")));
    assert_eq!((&patched[0]["at"], &patched[1]["outcome"]), (&json!("2026-03-25T10:00:00.010Z"), &json!("done")));
    assert!(patched[1].get("count").is_none() && patched[1].get("lastAt").is_none());
    assert_eq!(entries(&world, &key, "contact.erased").await.len(), 1);
    world.server.service.flush_repeats().await;
    assert_eq!(frames(&world).await.0, before + 2, "nothing to tell, nothing written");
    world.server.patch(&at("csat-config"), &world.key, &json!({"linkExpiryDays": 9})).await.expect(200);
    assert_eq!(frames(&world).await.0, before + 3, "in the next minute once more");

    let world = world.restarted().await;
    let patched = entries(&world, &key, "csat_config.patched").await;
    assert_eq!((&patched[0]["count"], patched.len()), (&json!(MANY + 1), 2), "after a restart, too");
}

#[tokio::test]
async fn r2_14b_what_a_breaker_refuses_is_answered_as_ever_and_follows_its_state() {
    let world = World::start().await;
    let id = world.trip().await;
    let path = |verb: &str| at(&format!("quality/circuit-breakers/{id}/{verb}"));
    let many = async |verb: &str, status: u16, code: Option<&str>| {
        let before = frames(&world).await.0;
        let mut answers = Vec::new();
        for _ in 0..20 {
            let reply = world.server.post_nothing(&path(verb), &world.key).await;
            match code {
                Some(code) => drop(reply.fails(status, code)),
                None => answers.push(reply.expect(status)),
            }
        }
        answers.dedup();
        assert!(answers.len() <= 1, "R3.5, R3.6: always the same breaker");
        (frames(&world).await.0 - before, answers.pop())
    };
    assert_eq!(many("resolve", 409, Some("breaker_not_acknowledged")).await.0, 1);
    // The change itself, and once that it was so already.
    let (written, first) = many("acknowledge", 200, None).await;
    assert_eq!(written, 2);
    world.server.post(&path("acknowledge"), &world.tenant_key, &json!({"note": "me too"})).await.expect(200);
    let (written, again) = many("acknowledge", 200, None).await;
    assert_eq!((written, again), (0, first), "the first actor stays");
    assert_eq!(many("resolve", 200, None).await.0, 2, "what was refused before is done now");
    assert_eq!(many("acknowledge", 409, Some("breaker_resolved")).await.0, 1);
    assert_eq!(many("resolve", 200, None).await.0, 0);
}

#[tokio::test]
async fn r2_14b_refused_trips_and_overrides_are_recorded_once_and_counted() {
    let world = World::start().await;
    let key = admin(&world).await;
    world.trip().await;
    let trip = json!({"scopeKey": format!("account:{ACCOUNT}"), "reason": "x"});
    let before = frames(&world).await.0;
    for _ in 0..20 {
        let refused = world.server.post(&at("quality/circuit-breakers"), &world.key, &trip).await;
        refused.fails(409, "breaker_active");
        let back = world.server.ask(Method::DELETE, &(conversation(1) + "/override"), &world.key).send().await;
        back.fails(409, "not_overridden");
    }
    assert_eq!(frames(&world).await.0, before + 2);
    world.server.service.flush_repeats().await;
    for (action, code) in [("breaker.tripped", "breaker_active"), ("score.override_taken_back", "not_overridden")] {
        let found = entries(&world, &key, action).await;
        assert_eq!((found.len(), &found[0]["count"], &found[0]["code"]), (1, &json!(20), &json!(code)));
    }
}

#[tokio::test]
async fn r4_10_contacts_that_are_unknown_are_listed_each_and_recorded_once() {
    let world = World::start().await;
    let key = admin(&world).await;
    world.server.patch(&at("csat-config"), &world.key, &json!({"linkExpiryDays": 9})).await.expect(200);
    let before = frames(&world).await.0;
    for n in 0..40 {
        world.server.ask(Method::DELETE, &at(&format!("contacts/nobody-{n}")), &key).send().await.expect(200);
    }
    assert_eq!(frames(&world).await.0, before + 1);
    let text = std::fs::read_to_string(world.server.directory.path().join("erasures")).expect("a list");
    assert_eq!(text.matches("\"hash\"").count(), 40);
    let stop = Stop::new();
    stop.cancel();
    world.server.service.upkeep(&stop).await;
    let erased = entries(&world, &key, "contact.erased").await;
    assert_eq!((erased.len(), &erased[0]["count"]), (1, &json!(40)));
}

#[tokio::test]
async fn r2_14b_a_tenants_refused_requests_leave_other_tenants_entries_and_the_journal_alone() {
    let world = World::start().await;
    let key = admin(&world).await;
    let victims = entries(&world, &key, "key.created").await;
    let holder = Holder { tenant: Some("two"), workspace: None, ..BOUND };
    let (attacker, _) = world.make_key(holder, &[Permission::Admin]).await;
    // Only a server key names ids; the entry is the tenant's that is named.
    let server = world.server_key().await;
    let before = frames(&world).await.1;
    for n in 0..MANY {
        let taken = json!({"name": format!("x{n}"), "id": FOREIGN, "tenant": "two"});
        world.server.post("/api/admin/workspaces", &server, &taken).await.fails(409, "workspace_exists");
    }
    world.server.service.flush_repeats().await;
    assert_eq!(frames(&world).await.1, before + 2);
    assert_eq!(entries(&world, &key, "key.created").await, victims);
    let path = format!("/api/workspaces/{FOREIGN}/audit?action=workspace.created");
    let own = world.server.get(&path, &attacker).await.expect(200);
    assert_eq!((&own["data"][0]["count"], &own["data"][0]["code"]), (&json!(MANY), &json!("workspace_exists")));
    assert_eq!(own["data"][1]["outcome"], "done");

    // Beyond the different ones that are told apart, they share an entry.
    let (wide, _) = world.make_key(Holder { workspace: None, ..BOUND }, &[Permission::Admin]).await;
    let mut made = Vec::new();
    for n in 0..100 {
        let new = json!({"name": format!("w{n}")});
        made.push(world.server.post("/api/admin/workspaces", &wide, &new).await.expect(201)["id"].clone());
    }
    let before = frames(&world).await.1;
    for id in made.iter().chain(&made) {
        let taken = json!({"name": "x", "id": id, "tenant": "one"});
        world.server.post("/api/admin/workspaces", &server, &taken).await.fails(409, "workspace_exists");
    }
    assert_eq!(frames(&world).await.1, before + 64);
    world.server.service.flush_repeats().await;
    let others = world.server.get(&at("audit?action=requests.others"), &wide).await.expect(200);
    assert_eq!((&others["data"][0]["count"], &others["data"][0]["actor"]), (&json!(72), &Value::Null));
    assert_eq!(others["data"][0]["outcome"], "unchanged");
}
