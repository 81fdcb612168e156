//! Keeps a member's view of the cluster up to date.

use std::collections::{HashMap, HashSet};
use std::pin::pin;
use std::time::Duration;

use async_nats::jetstream::kv::{Entry, Operation};
use futures::StreamExt;
use tokio::time::{sleep, timeout};

use crate::cluster::bucket::StoreError;
use crate::cluster::keys::Key;
use crate::cluster::member::Shared;
use crate::cluster::view::View;
use crate::domain::partition::Partition;

/// How often every key is listed anew, whatever was heard meanwhile.
const LISTED: Duration = Duration::from_secs(30);

/// Follows the bucket for ever, across lost connections.
pub(super) async fn follow(shared: &Shared) {
    let view = View::clone(&shared.view.load());
    let mut follower = Follower { shared, view, renewals: HashMap::new(), is_blind: false };
    loop {
        if let Err(error) = follower.pass().await {
            if !std::mem::replace(&mut follower.is_blind, true) {
                tracing::warn!(%error, "the cluster cannot be seen at the moment");
            }
            sleep(shared.terms.pace()).await;
        }
    }
}

struct Follower<'a> {
    shared: &'a Shared,
    view: View,
    /// The newest revision of each partition's key.
    renewals: HashMap<Partition, u64>,
    /// Whether the log says that nothing is seen.
    is_blind: bool,
}

impl Follower<'_> {
    /// One listing and what comes after it, until it is time for the next.
    async fn pass(&mut self) -> Result<(), StoreError> {
        let mut watch = self.shared.terms.bucket.watch().await?;
        // What is not among the keys of a listing is gone.
        let mut listed = Some(HashSet::new());
        let mut over = pin!(sleep(LISTED));
        loop {
            // This node's own renewals are heard, too: a watch that is silent for a whole lease is dead.
            let next = timeout(self.shared.terms.length, watch.next());
            let heard = tokio::select! {
                () = &mut over => return Ok(()),
                heard = next => heard,
            };
            let broken = |why| StoreError::new("the bucket cannot be watched", why);
            let entry = heard.map_err(|_| broken("nothing was heard for a while"))?;
            let entry = entry.ok_or_else(|| broken("the watch has broken off"))?;
            let entry = entry.map_err(|error| StoreError::new("the bucket cannot be watched", error))?;
            let mut changed = self.fold(&entry);
            if let Some(keys) = &mut listed {
                keys.insert(entry.key);
            }
            if let Some(keys) = listed.take_if(|_| entry.seen_current) {
                changed |= self.complete(&keys);
            }
            if changed && self.view.complete {
                self.shared.view.store(self.view.clone().into());
                self.shared.changes.send_replace(());
            }
        }
    }

    fn fold(&mut self, entry: &Entry) -> bool {
        let value = (entry.operation == Operation::Put).then_some(&entry.value[..]);
        if let (Key::Part(partition), Some(_)) = (Key::read(&entry.key), value)
            && self.renewals.insert(partition, entry.revision) != Some(entry.revision)
        {
            self.shared.note_seen(partition);
        }
        self.view.fold(&entry.key, entry.revision, value)
    }

    /// A listing that had these keys is complete. Whether that says anything new.
    fn complete(&mut self, keys: &HashSet<String>) -> bool {
        let mut changed = !std::mem::replace(&mut self.view.complete, true);
        for key in self.view.keys().into_iter().filter(|key| !keys.contains(key)) {
            changed |= self.view.fold(&key, 0, None);
        }
        if std::mem::replace(&mut self.is_blind, false) {
            tracing::info!("the cluster can be seen again");
        }
        changed
    }
}
