//! What the second listener tells of the engine (R10.10).

mod metrics;

use std::sync::{Arc, OnceLock};

use crate::actors::{Engine, Phase, Readiness};
use crate::background::Stop;
use crate::http::monitor::{Monitor, Page};
use crate::mail::Mail;
use crate::recovery::Progress;
use crate::webhooks::Webhooks;

/// The engine once it runs; until then, how far the start has come.
pub struct EngineMonitor {
    progress: Arc<Progress>,
    running: OnceLock<(Engine, Arc<Webhooks>, Arc<Mail>)>,
    /// The server should get no more requests, while the last ones are still answered.
    stop: Stop,
}

impl EngineMonitor {
    pub fn new(progress: Arc<Progress>, stop: Stop) -> Self {
        Self { progress, running: OnceLock::new(), stop }
    }

    /// From here on the engine is asked. The first one stays.
    pub fn started(&self, engine: Engine, webhooks: Arc<Webhooks>, mail: Arc<Mail>) {
        self.running.get_or_init(|| (engine, webhooks, mail));
    }
}

impl Monitor for EngineMonitor {
    fn readiness(&self) -> Readiness {
        let starting = || Readiness::starting(self.progress.stage(), self.progress.share());
        let readiness = self.running.get().map_or_else(starting, |(engine, ..)| engine.readiness());
        if self.stop.is_cancelled() {
            return Readiness { ready: false, phase: Phase::Stopping, ..readiness };
        }
        readiness
    }

    fn metrics(&self, page: &mut Page) {
        metrics::readiness(&self.readiness(), page);
        metrics::recovery(&self.progress, page);
        if let Some((engine, webhooks, mail)) = self.running.get() {
            metrics::engine(&engine.stats_now(), page);
            metrics::webhooks(&webhooks.counts(), page);
            metrics::mail(&mail.counts(), page);
        }
    }
}
