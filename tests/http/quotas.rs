//! R2.8's 429: what one credential, and one tenant, may send.

use std::num::NonZeroU32;
use std::time::Duration;

use serde_json::Value;
use tripswitch::domain::system::Permission;
use tripswitch::service::quota::{QuotaOptions, Rates};

use crate::support::world::{ACCOUNT, BOUND, FOREIGN, Holder, World, at, low_score};
use crate::support::{Server, Setup};

async fn world(quotas: QuotaOptions) -> World {
    World::of(Server::start(Setup { quotas, ..Setup::default() }).await).await
}

fn rates(requests: u32, events: u32) -> Rates {
    Rates { requests: NonZeroU32::new(requests), events: NonZeroU32::new(events) }
}

fn events(numbers: std::ops::Range<u32>) -> Value {
    numbers.map(|n| low_score(n, ACCOUNT)).collect::<Vec<_>>().into()
}

/// A key of the tenant `two`.
async fn neighbour(world: &World) -> (String, String) {
    let holder = Holder { tenant: Some("two"), workspace: Some(FOREIGN), ..BOUND };
    let key = world.make_key(holder, &[Permission::QualityRead, Permission::EventsWrite]).await.0;
    (key, at("").replace(crate::support::world::WORKSPACE, FOREIGN))
}

#[tokio::test]
async fn r2_8_requests_over_the_rate_of_a_key_are_429_and_others_go_on() {
    let world = world(QuotaOptions { credential: rates(5, 0), batch: 1_000, ..QuotaOptions::default() }).await;
    for _ in 0..5 {
        world.server.get(&at("csat-config"), &world.key).await.expect(200);
    }
    for path in [at("csat-config"), at("quality/gate"), "/api/admin/keys".to_owned()] {
        let reply = world.server.get(&path, &world.key).await;
        reply.fails(429, "rate_limited");
        assert_eq!(reply.header("retry-after"), "1");
    }
    world.server.get(&at("csat-config"), &world.tenant_key).await.expect(200);
    world.server.get(&at("csat-config"), "nobody").await.fails(401, "unauthorized");
    world.server.clock.advance(1_000);
    world.server.get(&at("csat-config"), &world.key).await.expect(200);
}

#[tokio::test]
async fn r2_8_a_tenants_flood_of_events_is_429_whole_and_its_neighbour_is_not_touched() {
    let world = world(QuotaOptions { tenant: rates(0, 10), batch: 20, ..QuotaOptions::default() }).await;
    let (other, path) = neighbour(&world).await;
    world.server.post(&at("events"), &world.key, &events(0..15)).await.expect(202);
    let before = world.fingerprint().await;
    world.server.post(&at("events"), &world.tenant_key, &events(15..25)).await.fails(429, "rate_limited");
    world.server.post(&at("events"), &world.key, &events(15..16)).await.fails(429, "rate_limited");
    assert_eq!(world.fingerprint().await, before, "nothing of it is kept; reading goes on");
    world.server.post(&(path + "events"), &other, &events(0..20)).await.expect(202);
    world.server.clock.advance(2_000);
    let body = world.server.post(&at("events"), &world.key, &events(15..25)).await.expect(202);
    assert_eq!((&body["accepted"], &body["duplicates"]), (&10.into(), &0.into()));
}

#[tokio::test]
async fn r2_8_rejected_and_repeated_events_count_as_sent() {
    let world = world(QuotaOptions { credential: rates(0, 3), batch: 3, ..QuotaOptions::default() }).await;
    let mut batch = events(0..2);
    batch[1] = batch[0].clone();
    batch.as_array_mut().expect("an array").push(5.into());
    world.server.post(&at("events"), &world.key, &batch).await.expect(207);
    world.server.post(&at("events"), &world.key, &events(2..3)).await.fails(429, "rate_limited");
}

#[tokio::test]
async fn r2_8_who_comes_back_too_early_waits_and_its_neighbour_does_not() {
    let hold = Duration::from_secs(3_600);
    let world = world(QuotaOptions { tenant: rates(3, 0), hold, ..QuotaOptions::default() }).await;
    let (other, path) = neighbour(&world).await;
    for _ in 0..3 {
        world.server.get(&at("csat-config"), &world.key).await.expect(200);
    }
    world.server.get(&at("csat-config"), &world.key).await.fails(429, "rate_limited");
    let (again, csat) = (at("csat-config"), path + "csat-config");
    tokio::select! {
        biased;
        early = world.server.get(&again, &world.key) => panic!("answered at once: {early:?}"),
        reply = world.server.get(&csat, &other) => drop(reply.expect(200)),
    }
}
