//! `/api/admin/export`.

use tripswitch::portable;

use crate::support::world::World;

const PATH: &str = "/api/admin/export";

#[tokio::test]
async fn r10_5_an_export_of_a_running_server_holds_its_states() {
    let world = World::start().await;
    world.trip().await;
    let server_key = world.server_key().await;
    world.server.get(PATH, &world.key).await.fails(403, "forbidden");
    world.server.get(&format!("{PATH}?x=1"), &server_key).await.fails(400, "invalid_request");
    let reply = world.server.get(PATH, &server_key).await;
    assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, "application/x-ndjson"));
    let imported = portable::import(reply.text.as_bytes(), &mut |_| {}).expect("it is whole");
    let (_, seq, hash) = world.fingerprint().await;
    let found: Vec<_> = imported.workspaces.iter().map(|side| (side.applied(), side.state_hash())).collect();
    assert!(found.contains(&(seq, hash)), "{found:?}");
    for side in &imported.workspaces {
        assert_eq!(*side.trail(), world.server.engine.read(side.key(), |w| w.trail().clone()).await.unwrap());
    }
    assert_eq!(imported.system, *world.server.engine.system_table());
}
