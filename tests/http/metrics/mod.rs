//! `/metrics` (R10.10): that it is well formed, and that what it counts is what happened.

pub mod page;
mod shipped;

use std::sync::Arc;

use reqwest::Method;
use serde_json::json;
use tripswitch::app::{EngineMonitor, Standing};
use tripswitch::background::Stop;
use tripswitch::cluster::Counts;

use crate::support::world::{ACCOUNT, SIBLING, World, at, conversation_id, event, low_score};
use page::Page;

/// A server and its second listener.
pub struct Watched {
    pub world: World,
    url: String,
}

impl Watched {
    pub async fn start() -> Self {
        Self::of(World::start().await).await
    }

    async fn of(world: World) -> Self {
        let source = EngineMonitor::new(Arc::default(), Stop::new());
        source.started(world.server.watched());
        Self::by(source, world).await
    }

    /// The same, as if it were a node of a cluster.
    async fn node(standing: Standing) -> Self {
        let (world, source) = (World::start().await, EngineMonitor::new(Arc::default(), Stop::new()));
        source.started(world.server.watched());
        source.joined(move || standing);
        Self::by(source, world).await
    }

    async fn by(source: EngineMonitor, world: World) -> Self {
        let source = Arc::new(source);
        let url = format!("{}/metrics", world.server.monitor(source).await);
        Self { world, url }
    }

    pub async fn page(&self) -> Page {
        let reply = self.world.server.get_url(&self.url).await;
        assert_eq!(reply.status.as_u16(), 200);
        assert_eq!(reply.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
        Page::read(&reply.text)
    }
}

#[tokio::test]
async fn r11_4_a_node_shows_its_part_in_the_cluster_and_a_server_alone_nothing_of_one() {
    let counts = Counts { takes: 40, failed_takes: 1, releases: 15, losses: 3, refused: 2 };
    let standing = Standing { nodes: 3, owned: 21, moving: 2, holds: true, counts };
    let page = Watched::node(standing).await.page().await;
    let shown = [
        ("nodes", 3.0),
        ("partitions_owned", 21.0),
        ("partitions_moving", 2.0),
        ("lease_holds", 1.0),
        ("takes_total", 40.0),
        ("failed_takes_total", 1.0),
        ("releases_total", 15.0),
        ("losses_total", 3.0),
        ("renewals_refused_total", 2.0),
    ];
    for (name, value) in shown {
        assert_eq!(page.value(&format!("tripswitch_cluster_{name}"), &[]), value, "{name}");
    }
    let page = Watched::node(Standing::default()).await.page().await;
    assert_eq!(page.value("tripswitch_cluster_lease_holds", &[]), 0.0);
    let alone = Watched::start().await.page().await;
    assert!(alone.metrics().iter().all(|name| !name.starts_with("tripswitch_cluster_")), "{:?}", alone.metrics());
}

const EVENTS: &str = "/api/workspaces/{workspaceId}/events";

#[tokio::test]
async fn r10_10_requests_are_counted_by_method_route_and_status() {
    let watched = Watched::start().await;
    let world = &watched.world;
    world.trip().await;
    world.server.get(&at("nothing"), &world.key).await.fails(404, "not_found");
    world.server.get(&at("csat-config"), "").await.fails(401, "unauthorized");
    world.server.ask(Method::DELETE, &at("csat-config"), &world.key).send().await.fails(405, "method_not_allowed");
    let page = watched.page().await;
    let requests = |method: &str, route: &str, status: &str| {
        page.value("tripswitch_http_requests_total", &[("method", method), ("route", route), ("status", status)])
    };
    let csat = "/api/workspaces/{workspaceId}/csat-config";
    assert_eq!(requests("POST", EVENTS, "202"), 1.0);
    assert_eq!(requests("GET", "/api/workspaces/{workspaceId}/quality/circuit-breakers", "200"), 1.0);
    assert_eq!(requests("GET", "unmatched", "404"), 1.0);
    assert_eq!((requests("GET", csat, "401"), requests("DELETE", csat, "405")), (1.0, 1.0));
    assert_eq!(page.value("tripswitch_http_request_duration_seconds_count", &[("route", csat)]), 2.0);
    assert_eq!(page.value("tripswitch_http_requests_in_flight", &[]), 0.0, "the second listener is not counted");
}

#[tokio::test]
async fn r10_10_events_are_counted_by_verdict_and_code_and_batches_by_size() {
    let watched = Watched::start().await;
    let world = &watched.world;
    let created = |id: &str| event(id, "conversation.created", json!({"conversationId": conversation_id(1)}));
    let mut other = created("a");
    other["type"] = "conversation.status_changed".into();
    other["data"]["status"] = "open".into();
    let batch = json!([created("a"), created("b"), created("a"), 5, other]);
    world.server.post(&at("events"), &world.key, &batch).await.expect(207);
    world.server.post(&at("events"), &world.key, &created("c")).await.expect(202);
    let page = watched.page().await;
    let verdict = |verdict: &str| page.value("tripswitch_events_total", &[("verdict", verdict)]);
    assert_eq!((verdict("accepted"), verdict("duplicate"), verdict("rejected")), (3.0, 1.0, 2.0));
    let code = |code: &str| page.value("tripswitch_events_rejected_total", &[("code", code)]);
    assert_eq!((code("malformed"), code("id_reused"), code("too_old")), (1.0, 1.0, 0.0));
    assert_eq!(page.values_of("code").len(), 11, "the closed set, also where nothing happened");
    assert_eq!(page.value("tripswitch_ingest_batch_events_sum", &[]), 6.0);
    assert_eq!(page.value("tripswitch_ingest_batch_events_bucket", &[("le", "2")]), 1.0);
    assert_eq!(page.value("tripswitch_ingest_batch_events_count", &[]), 2.0);
}

#[tokio::test]
async fn r10_10_every_frame_passes_the_journal_and_is_applied() {
    let watched = Watched::start().await;
    let (world, before) = (&watched.world, watched.page().await);
    for n in 0..5 {
        world.send(SIBLING, &world.tenant_key, &[low_score(n, ACCOUNT)]).await;
    }
    let after = watched.page().await;
    let moved = |name: &str| after.value(name, &[]) - before.value(name, &[]);
    // The side's first frame brings its settings.
    assert_eq!(moved("tripswitch_journal_frames_total"), 6.0);
    assert_eq!(moved("tripswitch_frames_applied_total"), 6.0);
    assert_eq!(moved("tripswitch_apply_delay_seconds_count"), 6.0);
    assert_eq!(moved("tripswitch_journal_group_frames_sum"), 6.0);
    let groups = moved("tripswitch_journal_groups_total");
    assert!((1.0..=6.0).contains(&groups), "{groups}");
    for spread in ["append_seconds", "group_frames", "group_bytes"] {
        assert_eq!(moved(&format!("tripswitch_journal_{spread}_count")), groups, "{spread}");
    }
    assert_eq!(moved("tripswitch_journal_group_bytes_sum"), moved("tripswitch_journal_bytes_total"));
    for gauge in
        ["journal_queue_frames", "journal_queue_bytes", "unapplied_frames", "apply_lag_seconds", "waiting_bytes"]
    {
        assert_eq!(after.value(&format!("tripswitch_{gauge}"), &[]), 0.0, "{gauge}: everything was answered");
    }
    assert_eq!((moved("tripswitch_accounts"), moved("tripswitch_conversations")), (1.0, 5.0));
    assert_eq!(after.value("tripswitch_workspaces", &[]), 3.0);
}

#[tokio::test]
async fn r10_10_breakers_are_shown_by_state_also_after_a_restart() {
    let watched = Watched::start().await;
    let active = |page: &Page| {
        let state = |state: &str| page.value("tripswitch_breakers_active", &[("state", state)]);
        (state("triggered"), state("acknowledged"))
    };
    let breaker = watched.world.trip().await;
    let page = watched.page().await;
    assert_eq!(active(&page), (1.0, 0.0));
    let triggered = |scope| page.value("tripswitch_breakers_triggered_total", &[("scope", scope)]);
    assert_eq!((triggered("account"), triggered("workspace")), (1.0, 0.0));
    let step = |step: &str| at(&format!("quality/circuit-breakers/{breaker}/{step}"));
    let world = &watched.world;
    for _ in 0..2 {
        world.server.post_nothing(&step("acknowledge"), &world.key).await.expect(200);
    }
    assert_eq!(active(&watched.page().await), (0.0, 1.0));
    let watched = Watched::of(watched.world.restarted().await).await;
    let page = watched.page().await;
    assert_eq!(active(&page), (0.0, 1.0), "read from the state");
    assert_eq!(page.value("tripswitch_breakers_acknowledged_total", &[]), 0.0, "counted from the start on");
    let world = &watched.world;
    world.server.post_nothing(&step("resolve"), &world.key).await.expect(200);
    let page = watched.page().await;
    assert_eq!((active(&page), page.value("tripswitch_breakers_resolved_total", &[])), ((0.0, 0.0), 1.0));
}

#[tokio::test]
async fn r10_10_what_clients_send_makes_no_series() {
    let watched = Watched::start().await;
    let server = &watched.world.server;
    let methods = ["GET", "POST", "BREW", "PROPFIND"].map(|name| Method::from_bytes(name.as_bytes()).unwrap());
    let ask = async |n: usize| {
        let path = match n % 4 {
            0 => format!("/{n}"),
            1 => format!("/api/workspaces/{n}/quality/stats?n={n}"),
            2 => at(&format!("quality/{n}")),
            _ => format!("/api/conversations/{}/quality", conversation_id(u32::try_from(n).unwrap())),
        };
        let method = methods[n / 4 % methods.len()].clone();
        let reply = server.ask(method, &path, "").header("x-request-id", &format!("r{n}")).send().await;
        assert!(reply.status.is_client_error(), "{path}");
    };
    for n in 0..32 {
        ask(n).await;
    }
    let before = watched.page().await;
    for n in 32..1_032 {
        ask(n).await;
    }
    let after = watched.page().await;
    assert_eq!(after.series(), before.series());
    assert_eq!(after.sum("tripswitch_http_requests_total", ("method", "other")), 512.0, "half of the rounds of 16");
    assert_eq!(after.sum("tripswitch_http_requests_total", ("route", "unmatched")), 516.0);
    let labels: Vec<_> = after.label_names().into_iter().collect();
    assert_eq!(
        labels,
        [
            "code", "le", "method", "phase", "reason", "result", "route", "scope", "state", "status", "verdict",
            "version"
        ]
    );
    let routes = after.values_of("route");
    assert!(routes.iter().all(|route| *route == "unmatched" || route.starts_with("/api/")), "{routes:?}");
}

#[tokio::test]
async fn r10_10_the_page_is_there_during_the_start() {
    let world = World::start().await;
    let base = world.server.monitor(Arc::new(EngineMonitor::new(Arc::default(), Stop::new()))).await;
    let page = Page::read(&world.server.get_url(&format!("{base}/metrics")).await.text);
    assert_eq!(page.value("tripswitch_ready", &[]), 0.0);
    let phase = |phase: &str| page.value("tripswitch_phase", &[("phase", phase)]);
    assert_eq!((phase("opening"), phase("serving")), (1.0, 0.0));
    assert!(page.value("tripswitch_recovery_seconds", &[("phase", "opening")]) > 0.0, "it goes on");
    assert_eq!(page.value("tripswitch_recovery_seconds", &[("phase", "replaying")]), 0.0);
    assert!(page.has("process_start_time_seconds") && !page.has("tripswitch_scorings_total"));
}
