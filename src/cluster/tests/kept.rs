use bytes::Bytes;
use tokio::sync::watch;
use uuid::Uuid;

use super::support::{Cluster, LEASE, on_a_server};
use super::*;
use crate::clock::SystemClock;
use crate::cluster::bucket::{Bucket, Written};
use crate::cluster::counts::Counters;
use crate::cluster::kept::{Kept, Lost, Terms};
use crate::cluster::keys::{PartValue, json};

const KEY: &str = "part.001";

async fn terms(cluster: &Cluster, run: u128) -> Arc<Terms> {
    let bucket = Bucket::open(&cluster.jetstream, "test", 1).await.unwrap();
    let (clock, counters) = (Arc::new(SystemClock::new()), Counters::default());
    Arc::new(Terms { bucket, clock, length: LEASE, run: Uuid::from_u128(run), counters })
}

fn value(run: u128) -> Bytes {
    json(&PartValue { node: "a".to_owned(), run: Uuid::from_u128(run), epoch: None, ready: false }).into()
}

async fn claim(terms: &Arc<Terms>, run: u128) -> Option<Kept> {
    Kept::claim(terms, KEY.to_owned(), value(run), 0).await
}

#[test]
fn a_key_is_one_process_s_until_it_is_removed_or_expires() {
    on_a_server(|cluster| async move {
        let (a, b) = (terms(&cluster, 1).await, terms(&cluster, 2).await);
        let first = claim(&a, 1).await.unwrap();
        assert!(claim(&b, 2).await.is_none(), "it is somebody's");
        first.remove().await;
        let second = claim(&b, 2).await.unwrap();
        assert!(second.lease.holds() && claim(&a, 1).await.is_none());
        let mut watch = b.bucket.watch_key(KEY).await.unwrap();
        let mut entries = Vec::new();
        while entries.len() < 2 {
            entries.push(futures::StreamExt::next(&mut watch).await.unwrap().unwrap().operation);
        }
        use async_nats::jetstream::kv::Operation::{Purge, Put};
        assert_eq!(entries, [Put, Purge], "without a renewal it expires, and everybody hears of it");
        assert!(!second.lease.holds(), "its holder has known before");
        let third = claim(&a, 1).await.unwrap();
        assert!(third.revision() > second.revision());
    });
}

#[test]
fn a_renewal_whose_answer_was_lost_is_found_and_one_that_is_another_s_ends_the_lease() {
    on_a_server(|cluster| async move {
        let a = terms(&cluster, 1).await;
        let mut kept = claim(&a, 1).await.unwrap();
        let (values, mut newest) = watch::channel(value(1));
        // What was taken without an answer: the key has gone on, and is still this process's.
        let taken = a.bucket.put(KEY, value(1), kept.revision(), Some(LEASE), LEASE).await;
        let Written::Done(unseen) = taken else { panic!("{taken:?}") };
        let (lease, begun) = (kept.lease.clone(), kept.lease.seen());
        values.send_replace(value(1));
        let mut watch = a.bucket.watch_key(KEY).await.unwrap();
        let renewed =
            async { while futures::StreamExt::next(&mut watch).await.unwrap().unwrap().revision <= unseen {} };
        tokio::select! {
            lost = kept.keep(&mut newest) => panic!("{lost:?}"),
            () = renewed => {}
        }
        let mut latest = a.bucket.read(KEY, LEASE).await.unwrap();
        assert!(lease.holds() && latest.revision > unseen);
        assert!(a.counters.read().refused >= 1 && lease.seen() >= begun);
        // Another's: nothing is tried again.
        let stolen = a.bucket.put(KEY, value(2), latest.revision, Some(LEASE), LEASE).await;
        assert!(matches!(stolen, Written::Done(_)), "{stolen:?}");
        assert_eq!(kept.keep(&mut newest).await, Lost::Gone);
        assert!(!lease.holds() && lease.ended().is_cancelled());
        latest = a.bucket.read(KEY, LEASE).await.unwrap();
        kept.remove().await;
        assert_eq!(a.bucket.read(KEY, LEASE).await.unwrap().revision, latest.revision, "what is another's stays");
    });
}
