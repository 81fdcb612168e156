//! `…/quality/backtest` (R10.7).

use std::sync::{Arc, Barrier};

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::Reply;
use crate::support::world::{ACCOUNT, SIBLING, UNKNOWN, WORKSPACE, World, at, low_score};

const BACKTEST: &str = "quality/backtest";

async fn ask(world: &World, settings: Value) -> Value {
    world.server.post(&at(BACKTEST), &world.key, &json!({"settings": settings})).await.expect(200)
}

/// A backtest that is not waited for, and its place.
async fn begin(world: &World, settings: Value) -> (Value, String) {
    let body = json!({"settings": settings});
    let request = world.server.ask(Method::POST, &at(BACKTEST), &world.key).header("prefer", "wait=1, Respond-Async");
    let reply: Reply = request.json(&body).send().await;
    let place = reply.header("location").to_owned();
    (reply.expect(202), place)
}

/// Its answer, once there is one.
async fn answer(world: &World, place: &str) -> Value {
    loop {
        let state = world.server.get(place, &world.key).await.expect(200);
        if !state["result"].is_null() {
            return state;
        }
        assert!(state["progress"].as_f64().is_some_and(|share| (0.0..=1.0).contains(&share)), "{state}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn r10_7_what_would_have_tripped_stands_beside_what_did_and_nothing_changes() {
    let world = World::start().await;
    world.trip().await;
    world.send(WORKSPACE, &world.key, &[low_score(4, ACCOUNT)]).await;
    let before = world.fingerprint().await;
    let breaker = |run: u32| {
        json!({
            "scopeKey": format!("account:acc_{ACCOUNT}"), "accountName": null,
            "triggeredAt": "2026-03-25T10:00:00.000Z", "resolvedAt": null, "runLength": run, "secondsActive": 0,
        })
    };
    let list = |runs: &[u32]| json!({"breakers": runs.iter().map(|run| breaker(*run)).collect::<Vec<_>>(), "total": runs.len()});
    let expected = |runs: &[u32]| {
        json!({
            "from": null, "to": null, "asIs": list(&[3]), "whatIf": list(runs), "rescored": null, "unchanged": null,
        })
    };
    assert_eq!(ask(&world, json!({})).await, expected(&[3]));
    assert_eq!(ask(&world, json!({"circuitBreakerCount": 4})).await, expected(&[4]));
    assert_eq!(ask(&world, json!({"circuitBreakerCount": 5})).await, expected(&[]));
    assert_eq!(ask(&world, json!({"thresholdLowComposite": 1.5})).await, expected(&[]));
    let reweighed = ask(&world, json!({"signalWeights": {"thanks": {"weight": 0.1}}})).await;
    assert_eq!((&reweighed["rescored"], &reweighed["unchanged"]), (&json!(0), &json!(4)), "{reweighed}");
    assert_eq!(world.fingerprint().await, before, "nothing was even recorded");
}

#[tokio::test]
async fn r10_7_a_period_has_the_breakers_that_trip_in_it() {
    let world = World::start().await;
    world.trip().await;
    let totals = async |from: Value, to: Value| {
        let body = json!({"settings": {"circuitBreakerCount": 2}, "from": from, "to": to});
        let found = world.server.post(&at(BACKTEST), &world.key, &body).await.expect(200);
        [found["asIs"]["total"].as_u64(), found["whatIf"]["total"].as_u64()].map(Option::unwrap_or_default)
    };
    assert_eq!(totals(json!("2026-03-25"), json!("2026-03-25")).await, [1, 1]);
    assert_eq!(totals(json!("2026-03-26"), json!("2026-03-27")).await, [0, 0]);
    assert_eq!(totals(json!("2026-03-25T09:00:00Z"), json!("2026-03-25T12:00:00+02:00")).await, [1, 1]);
    assert_eq!(totals(json!("2026-03-01"), json!("2026-03-25T09:59:59Z")).await, [0, 0]);
}

#[tokio::test]
async fn r10_7_all_that_is_wrong_is_told_at_once() {
    let world = World::start().await;
    let settings = json!({"circuitBreakerCount": 0, "windowDays": 3, "signalWeights": {"nps": {"weight": 1}}});
    let body = json!({"settings": settings, "from": "2026-03-02", "to": "2026-03-01"});
    let mut pointers =
        world.server.post(&at(BACKTEST), &world.key, &body).await.fails(400, "invalid_request").pointers();
    pointers.sort();
    let expected = ["/from", "/settings/circuitBreakerCount", "/settings/signalWeights/nps", "/settings/windowDays"];
    assert_eq!(pointers, expected);
}

#[tokio::test]
async fn r10_7_one_that_takes_longer_has_a_place_of_its_own() {
    let world = World::start().await;
    world.trip().await;
    let (begun, place) = begin(&world, json!({"circuitBreakerCount": 2})).await;
    let id = begun["id"].as_str().expect("an id");
    assert_eq!((place.as_str(), &begun["result"]), (at(&format!("{BACKTEST}/{id}")).as_str(), &Value::Null));
    let state = answer(&world, &place).await;
    assert_eq!((&state["id"], &state["progress"]), (&json!(id), &json!(1)));
    assert_eq!(state["result"], ask(&world, json!({"circuitBreakerCount": 2})).await);

    world.server.get(&place.replace(WORKSPACE, SIBLING), &world.tenant_key).await.fails(404, "not_found");
    world.server.get(&at(&format!("{BACKTEST}/{UNKNOWN}")), &world.key).await.fails(404, "not_found");
    let gone = world.server.ask(Method::DELETE, &place, &world.key).send().await;
    assert_eq!((gone.status.as_u16(), gone.text.as_str()), (204, ""));
    world.server.get(&place, &world.key).await.fails(404, "not_found");
    world.server.ask(Method::DELETE, &place, &world.key).send().await.fails(404, "not_found");
}

#[tokio::test]
async fn r10_7_one_that_is_given_up_makes_room_for_another() {
    let world = World::start().await;
    world.trip().await;
    // Where the tenant has other work under way, on both cores of this server, its backtests wait.
    let who = world.server.service.identify(&world.key).await.expect("a good key");
    let visit = world.server.service.enter(&who).await.expect("there is room");
    let (began, mut beginnings) = tokio::sync::mpsc::unbounded_channel();
    let end = Arc::new(Barrier::new(3));
    let turns = [(); 2].map(|()| {
        let (service, load) = (Arc::clone(&world.server.service), Arc::clone(visit.load()));
        let (began, end) = (began.clone(), Arc::clone(&end));
        let work = move || {
            began.send(()).expect("the test waits");
            end.wait();
        };
        tokio::spawn(async move { service.in_turn(&load, work).await })
    });
    for _ in 0..2 {
        beginnings.recv().await.expect("a turn begins");
    }
    let (begun, place) = begin(&world, json!({})).await;
    assert_eq!(begun["progress"], 0);
    world.server.post(&at(BACKTEST), &world.key, &json!({"settings": {}})).await.fails(429, "backtest_running");
    let body = json!({"settings": {}});
    let sibling = format!("/api/workspaces/{SIBLING}/{BACKTEST}");
    world.server.post(&sibling, &world.tenant_key, &body).await.fails(429, "backtest_running");
    assert_eq!(world.server.get(&place, &world.key).await.expect(200), begun);
    let gone = world.server.ask(Method::DELETE, &place, &world.key).send().await;
    assert_eq!(gone.status.as_u16(), 204);
    tokio::task::spawn_blocking(move || end.wait()).await.expect("the turns end");
    for turn in turns {
        turn.await.expect("it ends").expect("the engine runs");
    }
    assert_eq!(ask(&world, json!({})).await["whatIf"]["total"], 1);
}
