//! Logs found and made.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context::GetStreamErrorKind;
use async_nats::jetstream::stream::{Config, DiscardPolicy, Info, RetentionPolicy, StorageType};

use crate::background::Stop;
use crate::ids::Ids;
use crate::nats::Connection;

use super::super::Cause;
use super::leader::{Bounds, Leader, patiently};
use super::read::Known;
use super::{LogPlace, NatsLog, NatsLogError};

/// Where a stream keeps the number that names the log.
const IDENTITY: &str = "tripswitch-journal";

impl NatsLog {
    /// Opens the log; makes it where there is none.
    pub async fn open(connection: &Connection, place: LogPlace, ids: &dyn Ids) -> Result<Self, NatsLogError> {
        // What two make at once is made by one, and found by the other.
        let wanted = wanted(&place, ids.uuid().as_u128());
        let info = patiently(&Stop::new(), || find_or_make(connection, &wanted)).await;
        let info = info.map_err(|source| unavailable(&place, source))?;
        Self::of(connection, &place, &info).await
    }

    /// Opens the log if there is one.
    pub async fn open_existing(connection: &Connection, place: LogPlace) -> Result<Option<Self>, NatsLogError> {
        let found = patiently(&Stop::new(), || find(connection, &place.stream)).await;
        match found.map_err(|source| unavailable(&place, source))? {
            Some(info) => Self::of(connection, &place, &info).await.map(Some),
            None => Ok(None),
        }
    }

    async fn of(connection: &Connection, place: &LogPlace, info: &Info) -> Result<Self, NatsLogError> {
        let foreign = |reason| NatsLogError::Foreign { stream: place.stream.clone(), reason };
        let identity = info.config.metadata.get(IDENTITY).and_then(|text| u128::from_str_radix(text, 16).ok());
        let identity = identity.ok_or_else(|| foreign("it has no journal's number in its metadata"))?;
        if let Some(reason) = unfit(&info.config, place) {
            return Err(foreign(reason));
        }
        let stream = connection.jetstream.get_stream_no_info(&place.stream).await;
        let stream = stream.map_err(|error| unavailable(place, error.into()))?;
        Ok(Self {
            leader: Leader { jetstream: connection.jetstream.clone(), stream },
            stream: Arc::from(place.stream.as_str()),
            subject: place.subject.as_str().into(),
            identity,
            known: Arc::new(Known::new(Bounds::of(info))),
        })
    }
}

fn wanted(place: &LogPlace, identity: u128) -> Config {
    Config {
        name: place.stream.clone(),
        subjects: vec![place.subject.clone()],
        retention: RetentionPolicy::Limits,
        storage: StorageType::File,
        num_replicas: place.replicas,
        discard: DiscardPolicy::New,
        deny_delete: true,
        allow_direct: false,
        metadata: HashMap::from([(IDENTITY.to_owned(), format!("{identity:032x}"))]),
        ..Config::default()
    }
}

/// Why a stream would lose groups, or mix others among them.
fn unfit(config: &Config, place: &LogPlace) -> Option<&'static str> {
    if config.subjects != [place.subject.as_str()] {
        return Some("its subjects are others");
    }
    if config.storage != StorageType::File {
        return Some("it is kept in memory");
    }
    if config.retention != RetentionPolicy::Limits || config.max_age != Duration::ZERO {
        return Some("it drops messages by itself");
    }
    // Other limits refuse new messages, as long as old ones are not discarded for them.
    if config.discard != DiscardPolicy::New {
        return Some("it discards old messages for new ones");
    }
    None
}

async fn find(connection: &Connection, stream: &str) -> Result<Option<Info>, Cause> {
    match connection.jetstream.get_stream(stream).await {
        Ok(stream) => Ok(Some(stream.cached_info().clone())),
        Err(error) => match error.kind() {
            GetStreamErrorKind::JetStream(refused) if refused.error_code() == ErrorCode::STREAM_NOT_FOUND => Ok(None),
            _ => Err(error.into()),
        },
    }
}

async fn find_or_make(connection: &Connection, wanted: &Config) -> Result<Info, Cause> {
    if let Some(info) = find(connection, &wanted.name).await? {
        return Ok(info);
    }
    // Where another node was quicker, this fails, and the next try finds what that one made.
    Ok(connection.jetstream.create_stream(wanted).await?.cached_info().clone())
}

fn unavailable(place: &LogPlace, source: Cause) -> NatsLogError {
    NatsLogError::Unavailable { stream: place.stream.clone(), source }
}
