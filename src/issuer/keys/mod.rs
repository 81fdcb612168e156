//! The issuer's keys as they were last seen, and when they are fetched again (R2.13).
//!
//! - One fetch at a time, and at most one a minute, whatever is asked and however it ends.
//! - A set that was fetched replaces the one before as a whole: withdrawn keys go. After a failure the
//!   one before stays, however old it is.
//! - A known key is handed out at once. If the set is older than an hour a fetch begins beside.
//! - An unknown one begins a fetch, or joins the one under way, and waits for it for a bounded time.
//!
//! Times are spans of the monotonic clock: a step of the wall clock moves nothing.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::fetch::{Fetch, FetchError};
use super::jwks::{KeySet, PublicKey};
use crate::clock::Clock;

/// From the beginning of a fetch to that of the next.
pub const PAUSE: Duration = Duration::from_secs(60);
/// A set that is older is fetched again.
pub const FRESH: Duration = Duration::from_secs(3_600);

/// Why there is no key for a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The key set that was last fetched does not have it.
    Unknown,
    /// No key set was ever fetched. `retry_after`: until the next fetch may begin; at least a second.
    NeverLoaded { retry_after: Duration },
}

/// The keys of one issuer.
pub struct Keys {
    fetch: Arc<dyn Fetch>,
    clock: Arc<dyn Clock>,
    runtime: Handle,
    wait: Duration,
    seen: ArcSwapOption<Seen>,
    schedule: Mutex<Schedule>,
}

struct Seen {
    set: KeySet,
    /// When its fetch began.
    at: Duration,
}

#[derive(Default)]
struct Schedule {
    last_begun: Option<Duration>,
    /// Closes when the last fetch has ended, well or badly.
    end: Option<watch::Receiver<()>>,
}

impl Schedule {
    fn under_way(&self) -> Option<&watch::Receiver<()>> {
        self.end.as_ref().filter(|end| end.has_changed().is_ok())
    }
}

impl Keys {
    /// Fetches run on `runtime`: they go on when the request that began them is gone.
    pub fn new(fetch: Arc<dyn Fetch>, clock: Arc<dyn Clock>, runtime: Handle, wait: Duration) -> Self {
        Self { fetch, clock, runtime, wait, seen: ArcSwapOption::empty(), schedule: Mutex::default() }
    }

    /// The key with this `kid`.
    pub async fn find(self: &Arc<Self>, kid: &str) -> Result<PublicKey, Missing> {
        if let Some(key) = self.seen_key(kid) {
            self.refresh_if_due();
            return Ok(key);
        }
        if let Some(mut end) = self.begin_or_join() {
            // An error means that the channel closed, so the fetch has ended. One that takes longer is not waited
            // for.
            let _ = tokio::time::timeout(self.wait, end.changed()).await;
        }
        match self.seen_key(kid) {
            Some(key) => Ok(key),
            None if self.seen.load().is_some() => Err(Missing::Unknown),
            None => Err(Missing::NeverLoaded { retry_after: self.until_next() }),
        }
    }

    /// Begins a fetch if there is no set, or an old one.
    pub fn refresh_if_due(self: &Arc<Self>) {
        let due = self.seen.load().as_ref().is_none_or(|seen| self.clock.elapsed().saturating_sub(seen.at) >= FRESH);
        if due {
            self.begin_or_join();
        }
    }

    fn seen_key(&self, kid: &str) -> Option<PublicKey> {
        self.seen.load().as_ref()?.set.get(kid).cloned()
    }

    fn until_next(&self) -> Duration {
        let last = self.schedule.lock().last_begun;
        let left = last.map_or(PAUSE, |last| (last + PAUSE).saturating_sub(self.clock.elapsed()));
        left.max(Duration::from_secs(1))
    }

    /// What tells the end of the fetch under way, after beginning one if need be. `None` if the last fetch began so
    /// recently that no new one may begin.
    fn begin_or_join(self: &Arc<Self>) -> Option<watch::Receiver<()>> {
        let mut schedule = self.schedule.lock();
        if let Some(end) = schedule.under_way() {
            return Some(end.clone());
        }
        let now = self.clock.elapsed();
        if schedule.last_begun.is_some_and(|last| now.saturating_sub(last) < PAUSE) {
            return None;
        }
        let (open, end) = watch::channel(());
        schedule.last_begun = Some(now);
        schedule.end = Some(end.clone());
        let keys = Arc::clone(self);
        self.runtime.spawn(async move {
            keys.load(now).await;
            drop(open);
        });
        Some(end)
    }

    async fn load(&self, at: Duration) {
        let set = match self.fetch.fetch().await {
            Ok(body) => KeySet::read(&body),
            Err(error) => Err(error),
        };
        match set {
            Ok(set) => self.replace(set, at),
            Err(error) => self.failed(&error),
        }
    }

    fn replace(&self, set: KeySet, at: Duration) {
        let keys = set.count();
        let first = self.seen.swap(Some(Arc::new(Seen { set, at }))).is_none();
        if first {
            tracing::info!(keys, "the issuer's keys are loaded");
        } else {
            tracing::debug!(keys, "the issuer's keys are loaded again");
        }
    }

    fn failed(&self, error: &FetchError) {
        let kept = self.seen.load().as_ref().map_or(0, |seen| seen.set.count());
        tracing::warn!(%error, cause = error.cause(), kept, "the issuer's keys could not be fetched");
    }
}

#[cfg(test)]
mod tests;
