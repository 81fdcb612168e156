//! One partition's time with a node: claimed, taken, served, and given back or lost.

use std::error::Error;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt;
use tokio::sync::watch;

use crate::background::Stop;
use crate::cluster::kept::{Kept, Lost};
use crate::cluster::keys::{self, PartValue, json};
use crate::cluster::member::{Own, Shared};
use crate::cluster::{Claim, TakeError};
use crate::domain::partition::Partition;

/// How it came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Another node was quicker, or the cluster did not answer.
    NotClaimed,
    /// It could not be served.
    Failed,
    Released,
    /// The lease has ended.
    Lost,
    /// Its unit could not go on.
    GaveUp,
}

/// A tenure from beginning to end; to be given back once `order` is cancelled. `known` is the revision of the mark
/// that the last owner has left.
pub(super) async fn tenure(shared: Arc<Shared>, partition: Partition, known: u64, order: Stop) -> (Partition, End) {
    // A host that panics loses one partition, and the node goes on.
    let held = AssertUnwindSafe(hold(&shared, partition, known, &order)).catch_unwind().await;
    let end = match held {
        Ok(end) => end,
        Err(_) => {
            tracing::error!(%partition, "the work on a partition has panicked, and is given up");
            if let Some(own) = shared.own(partition) {
                own.lease.end();
            }
            let lost = AssertUnwindSafe(async { shared.host.lose(partition).await }).catch_unwind().await;
            lost.map_or(End::Failed, |()| End::GaveUp)
        }
    };
    count(&shared, end);
    shared.set_own(partition, None);
    (partition, end)
}

fn count(shared: &Shared, end: End) {
    let counters = &shared.terms.counters;
    match end {
        End::NotClaimed => {}
        End::Failed => counters.failed_takes.add(),
        End::Released => counters.releases.add(),
        End::Lost | End::GaveUp => counters.losses.add(),
    }
}

async fn hold(shared: &Shared, partition: Partition, known: u64, order: &Stop) -> End {
    let value = |epoch, ready| {
        let (node, run) = (shared.node.to_string(), shared.terms.run);
        Bytes::from(json(&PartValue { node, run, epoch, ready }))
    };
    let claimed = Kept::claim(&shared.terms, keys::part(partition), value(None, false), known).await;
    let Some(mut kept) = claimed else { return End::NotClaimed };
    let (epoch, lease) = (kept.revision(), kept.lease.clone());
    tracing::info!(%partition, epoch, "a partition is claimed");
    shared.set_own(partition, Some(Own { lease: lease.clone(), open: false }));
    let (values, mut newest) = watch::channel(value(Some(epoch), false));
    let set_open = |open| {
        shared.set_own(partition, Some(Own { lease: lease.clone(), open }));
        values.send_replace(value(Some(epoch), open));
    };
    let claim = Claim { partition, epoch, lease: lease.clone() };
    let mut served = pin!(serve(shared, claim, order, set_open));
    // The lease is renewed through all of it. Where it is lost, the host's part is still driven to its end.
    let (served, lost) = tokio::select! {
        lost = kept.keep(&mut newest) => {
            shared.changes.send_replace(());
            (served.await, Some(lost))
        }
        served = &mut served => (served, None),
    };
    lease.end();
    let end = end(shared, partition, served, lost, order.is_cancelled()).await;
    match lost {
        // It expires, or is another's already.
        Some(Lost::Lapsed | Lost::Gone) => {}
        Some(Lost::GivenUp) | None => kept.remove().await,
    }
    end
}

/// Carries out the end of what was `served`. `lost` says why its lease ended, where it has; `ordered`, whether it was to
/// be given back.
async fn end(shared: &Shared, partition: Partition, served: Served, lost: Option<Lost>, ordered: bool) -> End {
    if matches!(served, Ok(Released(false))) {
        shared.host.lose(partition).await;
    }
    let end = match (&served, lost) {
        (Ok(Released(true)), _) => End::Released,
        // Ordered back while it was taken.
        (Err(_), _) | (Ok(Released(false)), Some(Lost::GivenUp)) if ordered => End::Released,
        (Err(_), _) => End::Failed,
        (Ok(Released(false)), Some(Lost::GivenUp)) => End::GaveUp,
        (Ok(Released(false)), Some(Lost::Lapsed | Lost::Gone) | None) => End::Lost,
    };
    match served {
        Err(error) if end == End::Failed => {
            tracing::error!(%partition, error = &error as &dyn Error, "a partition cannot be served here");
        }
        Ok(Released(false)) if end != End::Released => tracing::warn!(%partition, ?lost, "a partition is lost"),
        Ok(_) | Err(_) => tracing::info!(%partition, "a partition is given back"),
    }
    end
}

/// Whether it was given back as ordered, rather than served until its lease ended.
struct Released(bool);

type Served = Result<Released, TakeError>;

/// The host's part: takes, serves until it is told otherwise, gives back.
async fn serve(shared: &Shared, claim: Claim, order: &Stop, set_open: impl Fn(bool)) -> Served {
    let (partition, lease) = (claim.partition, claim.lease.clone());
    let ended = lease.ended();
    let mut taken = pin!(shared.host.take(claim));
    tokio::select! {
        taken = &mut taken => taken?,
        // What is to be given back need not be taken to the end.
        () = order.cancelled() => {
            lease.end();
            taken.await?;
        }
    }
    if !ended.is_cancelled() {
        shared.terms.counters.takes.add();
        set_open(true);
        tracing::info!(%partition, "a partition is served here");
    }
    tokio::select! {
        biased;
        () = ended.cancelled() => return Ok(Released(false)),
        () = order.cancelled() => {}
    }
    shared.host.prepare(partition).await;
    set_open(false);
    shared.host.release(partition).await;
    Ok(Released(true))
}
