//! How a node enters a cluster: what has to be the same everywhere, and a name of its own.

use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt;
use thiserror::Error;
use tokio::time::timeout;

use crate::cluster::MemberOptions;
use crate::cluster::bucket::{Bucket, StoreError, Written};
use crate::cluster::kept::{Kept, Terms};
use crate::cluster::keys::{self, FORMAT, META, MetaValue, NodeValue, json};
use crate::domain::hex;

/// How often a key that others may write at the same time is tried.
const ATTEMPTS: u32 = 5;
/// For how many leases a name is waited for.
const LEASES: u32 = 3;

/// Why a node cannot take part.
#[derive(Debug, Error)]
pub enum JoinError {
    #[error(
        "a node cannot be called {0:?}: its name may have letters, digits, `-`, `_` and `.`, up to 128 of them, and \
         begins and ends with a letter or a digit"
    )]
    NodeName(String),
    #[error("a lease of the cluster takes at least one second")]
    ShortLease,
    #[error("this cluster's data has format {there}, and this program knows format {FORMAT}: use a newer program")]
    OtherFormat { there: u32 },
    #[error(
        "this cluster was made with {there} partitions, and this node is set to {here}: their number cannot change, so \
         set cluster.partitions to {there}"
    )]
    OtherPartitions { there: u16, here: u16 },
    #[error("this node's secret is not the cluster's: place the same secret file on every node")]
    OtherSecret,
    #[error("what NATS holds under the key `{META}` of this cluster is nothing that this program can read")]
    Unreadable,
    #[error(
        "another process is in this cluster as {name:?}, at {url}: give every node a name of its own (cluster.node)"
    )]
    NameInUse { name: String, url: String },
    #[error("the cluster's store in NATS does not answer as it should")]
    Store(#[from] StoreError),
    #[error("the cluster's store in NATS takes no writes")]
    NoAnswer,
}

/// Checks what can be checked without a cluster.
pub(super) fn check(options: &MemberOptions) -> Result<(), JoinError> {
    if !keys::is_node_name(&options.node) {
        return Err(JoinError::NodeName(options.node.clone()));
    }
    if options.lease.as_secs() == 0 { Err(JoinError::ShortLease) } else { Ok(()) }
}

/// Agrees with the cluster on what every node has in common; the first node says what that is.
pub(super) async fn agree(bucket: &Bucket, options: &MemberOptions) -> Result<(), JoinError> {
    let own = MetaValue { format: FORMAT, partitions: options.partitions, secret: hex::encode(&options.secret) };
    for _ in 0..ATTEMPTS {
        let latest = bucket.read(META, options.lease).await?;
        if let Some(value) = latest.value {
            return compare(&own, &value);
        }
        let value = json(&own).into();
        match bucket.put(META, value, latest.revision, None, options.lease).await {
            Written::Done(_) => return Ok(()),
            Written::Refused => {}
            Written::Unknown(why) => tracing::debug!(why, "the cluster's first key got no answer"),
        }
    }
    Err(JoinError::NoAnswer)
}

fn compare(own: &MetaValue, there: &[u8]) -> Result<(), JoinError> {
    /// What every format begins with.
    #[derive(serde::Deserialize)]
    struct Format {
        format: u32,
    }
    let Format { format } = serde_json::from_slice(there).map_err(|_| JoinError::Unreadable)?;
    if format != FORMAT {
        return Err(JoinError::OtherFormat { there: format });
    }
    let there: MetaValue = serde_json::from_slice(there).map_err(|_| JoinError::Unreadable)?;
    if there.partitions != own.partitions {
        return Err(JoinError::OtherPartitions { there: there.partitions, here: own.partitions });
    }
    if there.secret == own.secret { Ok(()) } else { Err(JoinError::OtherSecret) }
}

/// Takes the node's name. A name that a process had which has crashed is free when its key has expired; one that is
/// renewed meanwhile is in use.
pub(super) async fn enter(terms: &Arc<Terms>, name: &str, value: &Bytes) -> Result<Kept, JoinError> {
    let key = keys::node(name);
    for _ in 0..ATTEMPTS {
        if let Some(kept) = Kept::claim(terms, key.clone(), value.clone(), 0).await {
            return Ok(kept);
        }
        if terms.bucket.read(&key, terms.length).await?.value.is_some() {
            let seconds = terms.length.as_secs();
            tracing::info!(
                node = name,
                "this node's name is still taken: waiting for up to {seconds} s until it is free"
            );
            let freed = timeout(terms.length * LEASES, freed(terms, &key, name)).await;
            freed.map_err(|_| JoinError::NoAnswer)??;
        }
    }
    Err(JoinError::NoAnswer)
}

/// Waits until the key of a name is gone.
async fn freed(terms: &Terms, key: &str, name: &str) -> Result<(), JoinError> {
    let mut watch = terms.bucket.watch_key(key).await?;
    let mut first = None;
    while let Some(Ok(entry)) = watch.next().await {
        if entry.operation != async_nats::jetstream::kv::Operation::Put {
            return Ok(());
        }
        if *first.get_or_insert(entry.revision) != entry.revision {
            let value: Option<NodeValue> = serde_json::from_slice(&entry.value).ok();
            let url = value.map_or_else(|| "an unknown address".to_owned(), |value| value.url);
            return Err(JoinError::NameInUse { name: name.to_owned(), url });
        }
    }
    // The watch has broken off: whoever called finds out how things stand.
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meta(partitions: u16, secret: &str) -> MetaValue {
        MetaValue { format: FORMAT, partitions, secret: secret.to_owned() }
    }

    fn refused(there: &[u8]) -> String {
        compare(&meta(64, "aa"), there).unwrap_err().to_string()
    }

    #[test]
    fn a_node_that_differs_is_refused_and_told_in_what() {
        assert!(compare(&meta(64, "aa"), &json(&meta(64, "aa"))).is_ok());
        assert!(refused(&json(&meta(32, "aa"))).contains("made with 32 partitions, and this node is set to 64"));
        assert!(refused(&json(&meta(64, "bb"))).contains("secret is not the cluster's"));
        assert!(refused(br#"{"format":2,"shards":9}"#).contains("has format 2"));
        assert!(refused(b"x").contains("nothing that this program can read"));
    }
}
