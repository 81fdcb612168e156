//! The connection to the NATS servers that a cluster keeps its journal in.

#[cfg(test)]
pub mod testing;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use async_nats::jetstream::context::{AccountErrorKind, ContextBuilder};
use async_nats::jetstream::{Context, ErrorCode};
use async_nats::{Client, ConnectOptions, Event, ServerAddr};
use percent_encoding::percent_decode_str;
use thiserror::Error;

use crate::outgoing::provide_cryptography;

/// The oldest server that is taken: earlier ones lose acknowledged messages in ways that were mended since.
const OLDEST: (u64, u64) = (2, 14);
/// The smallest message that a server must take: groups are cut to what it takes.
const LEAST_PAYLOAD: usize = 1 << 20;
/// How long a server may take to be connected to.
const CONNECTING: Duration = Duration::from_secs(5);
/// How long an answer may take, unless who asks says something else.
const ANSWER: Duration = Duration::from_secs(2);
/// How often a silent connection is tried. Two tries without an answer, and it is taken for broken.
const PING: Duration = Duration::from_secs(2);
/// The longest wait before a server is tried again.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Where the servers are, and how they are spoken to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NatsOptions {
    /// Each as `nats://host:port`, or `tls://host:port`; a user and a password may stand before the host, the same for
    /// all. Only these servers are used, and not what they say of others.
    pub servers: Vec<String>,
    /// A file with the user's JWT and seed, as `nsc` writes it, or with one line `user:password`.
    pub credentials: Option<PathBuf>,
    /// Certificates of authorities, PEM; those of the system where there is no such file. With it, TLS is required.
    pub ca: Option<PathBuf>,
    /// What the servers' monitoring calls this client.
    pub name: String,
}

/// A connection that is kept up for ever. Clones share it.
#[derive(Clone, Debug)]
pub struct Connection {
    pub client: Client,
    pub jetstream: Context,
}

/// Why there is no connection.
#[derive(Debug, Error)]
pub enum ConnectError {
    #[error("{server:?} is no address of a NATS server")]
    Address {
        server: String,
        #[source]
        source: io::Error,
    },
    #[error("could not read the credentials in {}", path.display())]
    Credentials {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("could not connect to a NATS server ({servers})")]
    Unreachable {
        servers: String,
        #[source]
        source: async_nats::ConnectError,
    },
    #[error(
        "the NATS server {server} has version {found}; {}.{} or newer is needed, earlier ones can lose what they \
         have acknowledged",
        OLDEST.0, OLDEST.1
    )]
    TooOld { server: String, found: String },
    #[error("the NATS server {server} offers no JetStream ({reason}): switch it on in its configuration")]
    NoJetStream { server: String, reason: String },
    #[error(
        "the NATS server {server} takes messages of up to {found} bytes; set its max_payload to {LEAST_PAYLOAD} or more"
    )]
    SmallPayload { server: String, found: usize },
}

/// Connects, and checks that the server is one that a journal can be kept in.
pub async fn connect(options: &NatsOptions) -> Result<Connection, ConnectError> {
    let servers = addresses(&options.servers)?;
    let named = servers.iter().map(place).collect::<Vec<_>>().join(", ");
    let client = wanted(options, &servers)?
        .connect(servers)
        .await
        .map_err(|source| ConnectError::Unreachable { servers: named, source })?;
    let jetstream = ContextBuilder::new().timeout(ANSWER).build(client.clone());
    let connection = Connection { client, jetstream };
    check(&connection).await?;
    Ok(connection)
}

/// Checks what the configuration says of servers; connects to none.
pub fn check_addresses(servers: &[String]) -> Result<(), ConnectError> {
    addresses(servers).map(drop)
}

fn addresses(servers: &[String]) -> Result<Vec<ServerAddr>, ConnectError> {
    let address = |server: &String| {
        server.parse().map_err(|source| ConnectError::Address { server: without_password(server), source })
    };
    servers.iter().map(address).collect()
}

/// Host and port, without the user and the password that an address may carry.
fn place(server: &ServerAddr) -> String {
    format!("{}:{}", server.host(), server.port())
}

fn without_password(server: &str) -> String {
    server.rsplit_once('@').map_or(server, |(_, place)| place).to_owned()
}

/// A file of `nsc`, or a line `user:password`.
fn with_credentials(wanted: ConnectOptions, path: &Path) -> io::Result<ConnectOptions> {
    let text = fs::read_to_string(path)?;
    if text.contains("-----BEGIN NATS USER JWT-----") {
        return wanted.credentials(&text);
    }
    let login = text.lines().next().and_then(|line| line.split_once(':'));
    let (user, password) = login.ok_or_else(|| io::Error::other("it has neither a JWT nor a line user:password"))?;
    Ok(wanted.user_and_password(user.to_owned(), password.to_owned()))
}

fn wanted(options: &NatsOptions, servers: &[ServerAddr]) -> Result<ConnectOptions, ConnectError> {
    let mut wanted = ConnectOptions::new()
        .name(&options.name)
        .connection_timeout(CONNECTING)
        .request_timeout(Some(ANSWER))
        .ping_interval(PING)
        .ignore_discovered_servers()
        .reconnect_delay_callback(|attempts| {
            LONGEST_PAUSE.min(Duration::from_millis(50).saturating_mul(u32::try_from(attempts).unwrap_or(u32::MAX)))
        })
        .event_callback(|event| async move { tell(&event) });
    provide_cryptography();
    if let Some(ca) = &options.ca {
        wanted = wanted.add_root_certificates(ca.clone()).require_tls(true);
    }
    if let Some(server) = servers.iter().find(|server| server.has_user_pass()) {
        wanted = wanted.user_and_password(decoded(server.username()), decoded(server.password()));
    }
    match &options.credentials {
        Some(path) => {
            with_credentials(wanted, path).map_err(|source| ConnectError::Credentials { path: path.clone(), source })
        }
        None => Ok(wanted),
    }
}

fn decoded(text: Option<&str>) -> String {
    percent_decode_str(text.unwrap_or_default()).decode_utf8_lossy().into_owned()
}

fn tell(event: &Event) {
    match event {
        Event::Connected => tracing::info!("connected to NATS"),
        Event::Disconnected => tracing::warn!("the connection to NATS is lost: trying to get it back"),
        Event::Closed => tracing::warn!("the connection to NATS is closed"),
        Event::LameDuckMode => tracing::warn!("the NATS server is about to stop"),
        Event::Draining => tracing::debug!("the connection to NATS is being closed"),
        Event::SlowConsumer(subscription) => {
            tracing::warn!(subscription, "messages from NATS were dropped: they came faster than they were taken");
        }
        Event::ServerError(error) => tracing::warn!(%error, "the NATS server reports an error"),
        Event::ClientError(error) => tracing::warn!(%error, "the connection to NATS has an error"),
    }
}

async fn check(connection: &Connection) -> Result<(), ConnectError> {
    let info = connection.client.server_info();
    let server = if info.server_name.is_empty() { info.server_id.clone() } else { info.server_name.clone() };
    if version(&info.version).is_none_or(|found| found < OLDEST) {
        return Err(ConnectError::TooOld { server, found: info.version });
    }
    if info.max_payload < LEAST_PAYLOAD {
        return Err(ConnectError::SmallPayload { server, found: info.max_payload });
    }
    match refusal_of_jetstream(connection).await {
        Some(reason) => Err(ConnectError::NoJetStream { server, reason }),
        None => Ok(()),
    }
}

/// Why there is no JetStream. A cluster that has no leader just now does not answer: that is no refusal.
async fn refusal_of_jetstream(connection: &Connection) -> Option<String> {
    let error = connection.jetstream.query_account().await.err()?;
    match error.kind() {
        AccountErrorKind::JetStream(refused) => {
            let off = [ErrorCode::JETSTREAM_NOT_ENABLED, ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT];
            off.contains(&refused.error_code()).then(|| refused.to_string())
        }
        AccountErrorKind::JetStreamUnavailable => Some("nobody answers".to_owned()),
        AccountErrorKind::TimedOut | AccountErrorKind::Other => None,
    }
}

/// The first two numbers of a version, "2.15.1" or "v2.15.0-RC.2".
fn version(text: &str) -> Option<(u64, u64)> {
    let mut numbers = text.trim_start_matches('v').split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}
