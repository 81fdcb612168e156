//! The second listener (R10.10).

use std::sync::Arc;

use parking_lot::Mutex;
use tripswitch::actors::{JournalState, Phase, Readiness};
use tripswitch::app::EngineMonitor;
use tripswitch::background::Stop;
use tripswitch::http::monitor::{Monitor, Page};

use crate::support::world::World;

struct Source(Mutex<Readiness>);

impl Monitor for Source {
    fn readiness(&self) -> Readiness {
        self.0.lock().clone()
    }

    fn metrics(&self, _: &mut Page) {}
}

#[tokio::test]
async fn r10_10_not_ready_during_a_start_and_ready_with_the_engine() {
    let world = World::start().await;
    let source = Arc::new(EngineMonitor::new(Arc::default(), Stop::new()));
    let base = world.server.monitor(source.clone()).await;
    let reply = world.server.get_url(&format!("{base}/readyz")).await;
    let body = reply.expect(503);
    assert_eq!((&body["phase"], &body["progress"]), (&"opening".into(), &0.0.into()));
    assert_eq!((&body["code"], body["requestId"].as_str()), (&"opening".into(), Some(reply.header("x-request-id"))));
    assert!(body["error"].is_string() && !reply.header("retry-after").is_empty());
    world.server.get_url(&format!("{base}/healthz")).await.expect(200);

    source.started(world.server.watched());
    let body = world.server.get_url(&format!("{base}/readyz")).await.expect(200);
    assert_eq!((&body["ready"], &body["phase"]), (&true.into(), &"serving".into()));
    assert!(body.get("error").is_none() && body.get("code").is_none());
    world.server.get_url(&format!("{base}/api/admin/keys")).await.fails(404, "not_found");
}

#[tokio::test]
async fn r10_10_not_ready_when_the_journal_cannot_be_written_or_the_server_stops() {
    let world = World::start().await;
    let serving = world.server.engine.readiness();
    let source = Arc::new(Source(Mutex::new(serving.clone())));
    let base = world.server.monitor(source.clone()).await;
    let cases = [
        (Phase::Serving, JournalState::Full, "disk_full"),
        (Phase::Serving, JournalState::Failed, "journal_failed"),
        (Phase::Stopping, JournalState::Writable, "shutting_down"),
    ];
    for (phase, journal, code) in cases {
        *source.0.lock() = Readiness { ready: false, phase, journal, ..serving.clone() };
        assert_eq!(world.server.get_url(&format!("{base}/readyz")).await.expect(503)["code"], code);
    }
}
