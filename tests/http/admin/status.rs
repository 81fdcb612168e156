//! `/api/admin/status` and `/api/admin/journal`.

use serde_json::{Value, json};
use tripswitch::domain::time::MINUTE;
use tripswitch::journal::memory::Injected;

use crate::support::world::{ACCOUNT, World, at, low_score};

const STATUS: &str = "/api/admin/status";
const JOURNAL: &str = "/api/admin/journal";

#[tokio::test]
async fn r10_5_the_server_on_one_page() {
    let world = World::start().await;
    let server = world.server_key().await;
    world.trip().await;
    world.server.clock.advance(2 * MINUTE);
    let mut page = world.server.get(STATUS, &server).await.expect(200);
    assert_eq!(page["incarnation"], world.server.engine.incarnation().to_string());
    assert!(page["waitingBytes"]["limit"].as_u64() > page["waitingBytes"]["used"].as_u64());
    let parts = ["incarnation", "journal", "snapshots", "waitingBytes"];
    for part in parts {
        assert!(page.as_object_mut().unwrap().remove(part).is_some(), "{part}");
    }
    let expected = json!({
        "version": env!("CARGO_PKG_VERSION"), "dataDirectory": world.server.directory.path(), "phase": "serving",
        "now": "2026-03-25T10:02:00.000Z", "startedAt": "2026-03-25T10:00:00.000Z", "uptimeSeconds": 120,
        "warnings": [], "clockStepNotFollowedMillis": null,
        "workspaces": {"workspaces": 3, "sidesServing": 1, "sidesRebuilding": [], "sidesFailed": []},
        "eventsSkipped": {"count": 0, "sides": []},
        "identities": {"used": 3, "limit": 100_000_000},
    });
    assert_eq!(page, expected);
}

#[tokio::test]
async fn r10_5_a_running_servers_journal() {
    let world = World::start().await;
    let server = world.server_key().await;
    world.trip().await;
    let journal = world.server.get(JOURNAL, &server).await.expect(200);
    assert_eq!(world.server.get(STATUS, &server).await.expect(200)["journal"], journal);
    let last = journal["lastGroup"].as_u64().expect("a group");
    assert!(last > 0 && journal["framesWritten"].as_u64() >= Some(last) && journal["bytesWritten"].as_u64() > Some(0));
    let expected = json!({
        "state": "writable", "fullSince": null, "firstGroup": 1, "lastGroup": last,
        "lastReceipt": "2026-03-25T10:00:00.000Z", "segments": null, "bytes": null,
        "groupsWritten": last, "framesWritten": journal["framesWritten"], "bytesWritten": journal["bytesWritten"],
    });
    assert_eq!(journal, expected);

    world.server.log.answer(Some(Injected::Full));
    world.server.post(&at("events"), &world.key, &low_score(4, ACCOUNT)).await.fails(507, "disk_full");
    let full = world.server.get(JOURNAL, &server).await.expect(200);
    assert_eq!((&full["state"], &full["fullSince"]), (&"full".into(), &"2026-03-25T10:00:00.000Z".into()));
    world.server.log.answer(Some(Injected::Poisoned));
    world.server.post(&at("events"), &world.key, &low_score(4, ACCOUNT)).await.fails(503, "journal_failed");
    assert_eq!(world.server.get(JOURNAL, &server).await.expect(200)["state"], "failed");
    let page: Value = world.server.get(STATUS, &server).await.expect(200);
    assert_eq!((&page["phase"], &page["journal"]["state"]), (&"serving".into(), &"failed".into()));
}
