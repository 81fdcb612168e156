//! The cluster's bucket: keys that are written only over the revision that the writer knows.

use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::context::{GetStreamError, GetStreamErrorKind, KeyValueErrorKind, PublishErrorKind};
use async_nats::jetstream::kv::{Config, Store, Watch};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::LastRawMessageErrorKind;
use async_nats::jetstream::{Context, ErrorCode};
use bytes::Bytes;
use thiserror::Error;
use tokio::time::timeout;

/// How long the mark of a removed key stays.
const MARKS: Duration = Duration::from_secs(60);
/// How long is waited for an answer that nothing else bounds.
const PATIENCE: Duration = Duration::from_secs(5);

const OPERATION: &str = "KV-Operation";
const MARKER_REASON: &str = "Nats-Marker-Reason";

/// Something that the cluster's store did not do; for the log.
#[derive(Debug, Error)]
#[error("{doing}: {why}")]
pub struct StoreError {
    doing: &'static str,
    why: String,
}

impl StoreError {
    pub(super) fn new(doing: &'static str, why: impl ToString) -> Self {
        Self { doing, why: why.to_string() }
    }
}

/// What became of a write.
#[derive(Debug)]
pub(super) enum Written {
    /// It is the key's newest revision, this one.
    Done(u64),
    /// The key is not as the writer knows it.
    Refused,
    /// It may or may not be there, or may yet come.
    Unknown(String),
}

/// The newest of a key.
#[derive(Debug)]
pub(super) struct Latest {
    /// 0 where there is none.
    pub revision: u64,
    /// None for one that was removed or has expired.
    pub value: Option<Bytes>,
}

#[derive(Clone, Debug)]
pub(super) struct Bucket {
    jetstream: Context,
    store: Store,
}

impl Bucket {
    /// The bucket of the cluster `name`; none where nobody has made it.
    pub async fn existing(jetstream: &Context, name: &str) -> Result<Option<Self>, StoreError> {
        match jetstream.get_key_value(bucket_name(name)).await {
            Ok(store) => Ok(Some(Self { jetstream: jetstream.clone(), store })),
            Err(error) if error.kind() == KeyValueErrorKind::GetBucket && is_missing(&error) => Ok(None),
            Err(error) => Err(StoreError::new("the cluster's bucket cannot be opened", error)),
        }
    }

    /// The same, made where there is none.
    pub async fn open(jetstream: &Context, name: &str, replicas: usize) -> Result<Self, StoreError> {
        if let Some(bucket) = Self::existing(jetstream, name).await? {
            return Ok(bucket);
        }
        let config = Config {
            bucket: bucket_name(name),
            description: "Nodes and ownership of a Tripswitch cluster".to_owned(),
            history: 1,
            num_replicas: replicas,
            limit_markers: Some(MARKS),
            ..Config::default()
        };
        let error = match jetstream.create_key_value(config).await {
            Ok(store) => return Ok(Self { jetstream: jetstream.clone(), store }),
            Err(error) => error,
        };
        // Another node may have been quicker.
        match Self::existing(jetstream, name).await? {
            Some(bucket) => Ok(bucket),
            None => Err(StoreError::new("the cluster's bucket cannot be made", error)),
        }
    }

    /// Writes `value` over the revision `known` (0: there is none) for `ttl`, and waits `within` for the answer.
    pub async fn put(&self, key: &str, value: Bytes, known: u64, ttl: Option<Duration>, within: Duration) -> Written {
        let message = PublishMessage::build().payload(value);
        let message = ttl.into_iter().fold(message, PublishMessage::ttl);
        self.write(key, message, known, within).await
    }

    /// Removes the revision `known`.
    pub async fn remove(&self, key: &str, known: u64, within: Duration) -> Written {
        let mark = PublishMessage::build().header(OPERATION, "DEL").ttl(MARKS);
        self.write(key, mark, known, within).await
    }

    async fn write(&self, key: &str, message: PublishMessage, known: u64, within: Duration) -> Written {
        let subject = format!("{}{key}", self.store.prefix);
        let message = message.expected_last_subject_sequence(known);
        let sent = async { self.jetstream.send_publish(subject, message).await?.await };
        match timeout(within, sent).await {
            Ok(Ok(ack)) => Written::Done(ack.sequence),
            Ok(Err(error)) if error.kind() == PublishErrorKind::WrongLastSequence || is_conflict(&error) => {
                Written::Refused
            }
            Ok(Err(error)) => Written::Unknown(error.to_string()),
            Err(_) => Written::Unknown("no answer in time".to_owned()),
        }
    }

    /// The newest of a key, as the bucket's leader has it.
    pub async fn read(&self, key: &str, within: Duration) -> Result<Latest, StoreError> {
        let subject = format!("{}{key}", self.store.prefix);
        let asked = timeout(within, self.store.stream.get_last_raw_message_by_subject(&subject)).await;
        match asked.map_err(|_| StoreError::new("a key cannot be read", "no answer in time"))? {
            Ok(message) => {
                let value = (!is_mark(&message.headers)).then_some(message.payload);
                Ok(Latest { revision: message.sequence, value })
            }
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => {
                Ok(Latest { revision: 0, value: None })
            }
            Err(error) => Err(StoreError::new("a key cannot be read", error)),
        }
    }

    /// Every key's newest, and what comes after.
    pub async fn watch(&self) -> Result<Watch, StoreError> {
        self.watch_key(">").await
    }

    /// A key's newest, and what comes after.
    pub async fn watch_key(&self, key: &str) -> Result<Watch, StoreError> {
        let begun = timeout(PATIENCE, self.store.watch_with_history(key)).await;
        let begun = begun.map_err(|_| StoreError::new("the bucket cannot be watched", "no answer in time"))?;
        begun.map_err(|error| StoreError::new("the bucket cannot be watched", error))
    }
}

fn bucket_name(cluster: &str) -> String {
    format!("{cluster}-cluster")
}

fn is_mark(headers: &HeaderMap) -> bool {
    headers.get(OPERATION).is_some_and(|operation| operation.as_str() != "PUT") || headers.get(MARKER_REASON).is_some()
}

/// Whether a server of several refused because another write of the same key is under way.
fn is_conflict(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut errors = causes(error).filter_map(|cause| cause.downcast_ref::<async_nats::jetstream::Error>());
    errors.any(|error| error.error_code() == ErrorCode::STREAM_WRONG_LAST_SEQUENCE_CONSTANT)
}

fn is_missing(error: &(dyn std::error::Error + 'static)) -> bool {
    causes(error).filter_map(|cause| cause.downcast_ref::<GetStreamError>()).any(|error| match error.kind() {
        GetStreamErrorKind::JetStream(error) => error.error_code() == ErrorCode::STREAM_NOT_FOUND,
        GetStreamErrorKind::EmptyName | GetStreamErrorKind::Request | GetStreamErrorKind::InvalidStreamName => false,
    })
}

fn causes<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |cause| cause.source())
}
