//! What the second listener tells of the engine (R10.10).

mod metrics;
mod standing;

use std::sync::{Arc, OnceLock};

use crate::actors::{Engine, Phase, Readiness, Stats};
use crate::background::Stop;
use crate::http::monitor::{Monitor, Page};
use crate::mail::Mail;
use crate::mail::counts::MailCounts;
use crate::recovery::Progress;
use crate::webhooks::Webhooks;

pub use standing::Standing;

/// An engine, and what delivers for it.
#[derive(Clone)]
pub struct Watched {
    pub engine: Engine,
    pub webhooks: Arc<Webhooks>,
    pub mail: Arc<Mail>,
    /// Whether it may answer requests now.
    pub serves: Arc<dyn Fn() -> bool + Send + Sync>,
}

impl Watched {
    fn readiness(&self) -> Readiness {
        let readiness = self.engine.readiness();
        Readiness { ready: readiness.ready && (self.serves)(), ..readiness }
    }
}

/// Those that run.
type All = Box<dyn Fn() -> Vec<Watched> + Send + Sync>;

/// Asks for a node's part in its cluster.
type Stands = Box<dyn Fn() -> Standing + Send + Sync>;

/// The engine once it runs; until then, how far the start has come.
pub struct EngineMonitor {
    progress: Arc<Progress>,
    running: OnceLock<All>,
    /// Empty on a server that is alone.
    standing: OnceLock<Stands>,
    /// The server should get no more requests, while the last ones are still answered.
    stop: Stop,
}

impl EngineMonitor {
    pub fn new(progress: Arc<Progress>, stop: Stop) -> Self {
        Self { progress, running: OnceLock::new(), standing: OnceLock::new(), stop }
    }

    /// From here on the engines are asked that there are at the time. The first list stays.
    pub fn started(&self, all: impl Fn() -> Vec<Watched> + Send + Sync + 'static) {
        self.running.get_or_init(|| Box::new(all));
    }

    /// From here on `/metrics` has the numbers of a node of a cluster, too.
    pub fn joined(&self, standing: impl Fn() -> Standing + Send + Sync + 'static) {
        self.standing.get_or_init(|| Box::new(standing));
    }

    /// `None` during the start.
    fn all(&self) -> Option<Vec<Watched>> {
        self.running.get().map(|all| all())
    }
}

impl Monitor for EngineMonitor {
    fn readiness(&self) -> Readiness {
        let starting = || Readiness::starting(self.progress.stage(), self.progress.share());
        let all = self.all().unwrap_or_default();
        let readiness = all.iter().map(Watched::readiness).reduce(Readiness::and).unwrap_or_else(starting);
        if self.stop.is_cancelled() {
            return Readiness { ready: false, phase: Phase::Stopping, ..readiness };
        }
        readiness
    }

    fn metrics(&self, page: &mut Page) {
        metrics::readiness(&self.readiness(), page);
        metrics::recovery(&self.progress, page);
        let all = self.all().unwrap_or_default();
        if let Some(stats) = all.iter().map(|one| one.engine.stats_now()).reduce(Stats::and) {
            metrics::engine(&stats, page);
        }
        // All deliver by one sender and one mail server.
        if let Some(Watched { webhooks, .. }) = all.first() {
            metrics::webhooks(&webhooks.counts(), page);
        }
        if let Some(mails) = all.iter().map(|one| one.mail.counts()).reduce(MailCounts::and) {
            metrics::mail(&mails, page);
        }
        if let Some(standing) = self.standing.get() {
            standing().show(page);
        }
    }
}
