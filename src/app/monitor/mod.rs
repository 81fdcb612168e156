//! What the second listener tells of the engine (R10.10).

mod metrics;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use crate::actors::{Engine, Phase, Readiness};
use crate::http::monitor::{Monitor, Page};
use crate::recovery::Progress;
use crate::service::in_flight::InFlightBudget;

/// The engine once it runs; until then, how far the start has come.
pub struct EngineMonitor {
    progress: Arc<Progress>,
    running: OnceLock<(Engine, Arc<InFlightBudget>)>,
    stopping: AtomicBool,
}

impl EngineMonitor {
    pub fn new(progress: Arc<Progress>) -> Self {
        Self { progress, running: OnceLock::new(), stopping: AtomicBool::new(false) }
    }

    /// From here on the engine and the in-flight budget are asked. The first ones stay.
    pub fn started(&self, engine: Engine, in_flight: Arc<InFlightBudget>) {
        self.running.get_or_init(|| (engine, in_flight));
    }

    /// From here on the server takes no more requests, while its engine still finishes the last ones.
    pub fn stops(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }
}

impl Monitor for EngineMonitor {
    fn readiness(&self) -> Readiness {
        let starting = || Readiness::starting(self.progress.stage(), self.progress.share());
        let readiness = self.running.get().map_or_else(starting, |(engine, _)| engine.readiness());
        if self.stopping.load(Ordering::Relaxed) {
            return Readiness { ready: false, phase: Phase::Stopping, ..readiness };
        }
        readiness
    }

    fn metrics(&self, page: &mut Page) {
        metrics::readiness(&self.readiness(), page);
        metrics::recovery(&self.progress, page);
        if let Some((engine, in_flight)) = self.running.get() {
            metrics::engine(&in_flight.counted(engine.stats_now()), page);
        }
    }
}
