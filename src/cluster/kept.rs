//! A key that this process has, and keeps by renewing it in time.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::clock::Clock;
use crate::cluster::bucket::{Bucket, Written};
use crate::cluster::counts::Counters;
use crate::cluster::keys::is_of;
use crate::cluster::lease::Lease;

/// How long is waited before something is tried again that another write may have been in the way of.
const SHORTLY: Duration = Duration::from_millis(20);

/// What all keys of a process have in common.
pub(super) struct Terms {
    pub bucket: Bucket,
    pub clock: Arc<dyn Clock>,
    /// How long a lease is.
    pub length: Duration,
    /// The process: what a key says to be its own.
    pub run: Uuid,
    pub counters: Counters,
}

impl Terms {
    /// How often leases are renewed.
    pub fn pace(&self) -> Duration {
        self.length / 4
    }
}

/// Why a key is no longer kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// The lease has passed its deadline.
    Lapsed,
    /// The key is gone, or another's.
    Gone,
    /// This process itself has ended the lease.
    GivenUp,
}

pub(super) struct Kept {
    terms: Arc<Terms>,
    key: String,
    revision: u64,
    pub lease: Arc<Lease>,
}

impl Kept {
    /// Makes `key` with `value`, where it is nobody's. `known` is its last revision as far as it is known.
    ///
    /// What this process has left there itself (an answer was lost, or a lease has lapsed here before it has there) is
    /// written over.
    pub async fn claim(terms: &Arc<Terms>, key: String, value: Bytes, mut known: u64) -> Option<Self> {
        for _ in 0..2 {
            let sent = terms.clock.elapsed();
            let ttl = Some(terms.length);
            match terms.bucket.put(&key, value.clone(), known, ttl, terms.pace()).await {
                Written::Done(revision) => {
                    let lease = Arc::new(Lease::new(terms.clock.clone(), terms.length, sent));
                    return Some(Self { terms: terms.clone(), key, revision, lease });
                }
                Written::Refused => {}
                Written::Unknown(why) => {
                    tracing::debug!(key, why, "a claim got no answer");
                    return None;
                }
            }
            let latest = terms.bucket.read(&key, terms.pace()).await.ok()?;
            if latest.value.is_some_and(|value| !is_of(&value, terms.run)) {
                return None;
            }
            known = latest.revision;
        }
        None
    }

    /// The key's newest revision. Right after the claim: the epoch.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Renews the lease in time, with the newest of `values`, and at once with a new one; until the lease is lost, which
    /// has ended then.
    pub async fn keep(&mut self, values: &mut watch::Receiver<Bytes>) -> Lost {
        let ended = self.lease.ended();
        loop {
            tokio::select! {
                biased;
                () = ended.cancelled() => return Lost::GivenUp,
                // Where nobody can send a new value any more, the last one stays.
                Ok(()) = values.changed() => {}
                () = sleep(self.terms.pace()) => {}
            }
            let value = values.borrow_and_update().clone();
            let renewed = ended.run_until_cancelled(self.renew(value)).await;
            match renewed {
                Some(Ok(())) => {}
                Some(Err(lost)) => {
                    self.lease.end();
                    return lost;
                }
                None => return Lost::GivenUp,
            }
        }
    }

    /// Tries until the lease's deadline; a refusal is final.
    async fn renew(&mut self, value: Bytes) -> Result<(), Lost> {
        let terms = self.terms.clone();
        let Terms { bucket, clock, length, .. } = &*terms;
        loop {
            let sent = clock.elapsed();
            let left = self.lease.left(sent).ok_or(Lost::Lapsed)?;
            let within = left.min(self.terms.pace());
            match bucket.put(&self.key, value.clone(), self.revision, Some(*length), within).await {
                Written::Done(revision) => {
                    self.revision = revision;
                    self.lease.renew(sent);
                    return Ok(());
                }
                Written::Refused => {
                    self.terms.counters.refused.add();
                    self.look(within).await?;
                }
                Written::Unknown(why) => {
                    tracing::debug!(key = self.key, why, "a renewal got no answer");
                    sleep(SHORTLY).await;
                }
            }
        }
    }

    /// After a refusal: a renewal before this one may have been taken without an answer. Then the key is still ours.
    async fn look(&mut self, within: Duration) -> Result<(), Lost> {
        let Ok(latest) = self.terms.bucket.read(&self.key, within).await else {
            return Ok(());
        };
        if !latest.value.is_some_and(|value| is_of(&value, self.terms.run)) {
            return Err(Lost::Gone);
        }
        self.revision = latest.revision;
        sleep(SHORTLY).await;
        Ok(())
    }

    /// Ends the lease and removes the key, so that others need not wait for its end; tries for as long as it would
    /// last.
    pub async fn remove(mut self) {
        self.lease.end();
        let length = self.terms.length;
        if timeout(length, self.removed()).await.is_err() {
            tracing::warn!(key = self.key, "a key could not be removed from the cluster, and expires");
        }
    }

    async fn removed(&mut self) {
        loop {
            let within = self.terms.pace();
            match self.terms.bucket.remove(&self.key, self.revision, within).await {
                Written::Done(_) => return,
                Written::Refused => {
                    if self.look(within).await.is_err() {
                        return;
                    }
                }
                Written::Unknown(_) => sleep(SHORTLY).await,
            }
        }
    }
}
