//! Configuration: defaults < config.toml < `TRIPSWITCH__SECTION__KEY` < flags (R10.8).
//!
//! Read once, at the start, into one struct per component. Unknown keys and impossible values stop the start; all of
//! them are reported at once, each with its place. What `apply` needs goes from here into the journal
//! ([`Config::configured_for`]) and is read back from there (I1).

pub mod auth;
pub mod cluster;
mod lexicon;
pub mod mail;
mod ratings;
mod reader;
pub mod scoring;
pub mod source;
mod webhooks;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use uuid::Uuid;

pub use self::auth::AuthConfig;
pub use self::cluster::ClusterConfig;
pub use self::mail::MailConfig;
pub use self::ratings::RatingsConfig;
pub use self::reader::Effective;
use self::reader::Reader;
pub use self::scoring::ScoringConfig;
use self::source::{Fault, Layers};
pub use self::webhooks::WebhooksConfig;
use crate::domain::configured::Configured;
use crate::domain::effect::EffectsKept;
use crate::domain::ids::Id;
use crate::domain::scoring::profile::ScoringModel;
use crate::domain::settings::{Model, Settings};

/// The file that is read if none is named and this one exists.
pub const DEFAULT_FILE: &str = "config.toml";

/// Everything that can be configured, checked.
#[derive(Clone, Debug)]
pub struct Config {
    pub server: ServerConfig,
    pub admin: AdminConfig,
    /// `None`: only API keys are accepted.
    pub auth: Option<AuthConfig>,
    pub storage: StorageConfig,
    pub journal: JournalConfig,
    pub snapshots: SnapshotsConfig,
    pub limits: LimitsConfig,
    pub webhooks: WebhooksConfig,
    pub ratings: RatingsConfig,
    pub mail: MailConfig,
    /// `None`: this server is alone.
    pub cluster: Option<ClusterConfig>,
    pub model: Model,
    pub effects: EffectsKept,
    /// The scoring of workspaces without a section of their own.
    pub scoring: ScoringConfig,
    /// The scoring of workspaces that have a section, complete.
    pub workspaces: BTreeMap<Id, ScoringConfig>,
    pub log: LogConfig,
}

/// `[server]`: the public listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerConfig {
    /// Port 0 picks a free one.
    pub listen: SocketAddr,
    /// Of a request, after decompression (R4.1).
    pub max_body_bytes: u64,
    /// In one request (R4.1).
    pub max_events_per_request: u16,
    /// From the first byte of a header to its last.
    pub header_timeout: Duration,
    /// How long a connection stays open without a word from its client.
    pub idle_timeout: Duration,
    /// From the header's end to the body's.
    pub body_timeout: Duration,
    /// Bytes a second, over five seconds, that a body has to come with once 64 KiB of it are held.
    pub least_body_rate: u64,
    /// How long requests are still taken after the signal to stop.
    pub drain: Duration,
    /// How long open requests may take after that.
    pub shutdown_grace: Duration,
    /// Open connections, in all and from one address (IPv6: from one network of /64).
    pub max_connections: u32,
    pub max_connections_per_address: u32,
    /// Origins (scheme, host and port) whose pages may read answers.
    pub cors_origins: Vec<Box<str>>,
    /// `None`: plain HTTP.
    pub tls: Option<TlsFiles>,
}

/// PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The server's own certificate first, then those between it and the root.
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// `[admin]`: the listener of `/healthz`, `/readyz` and `/metrics` (R10.10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminConfig {
    pub listen: SocketAddr,
}

/// `[storage]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageConfig {
    pub data_dir: PathBuf,
    /// Snapshots and segments that hold something erased are gone within this time (R4.10).
    pub erase_within: Duration,
    /// No backup older than this is restored, so erasures from before it leave the kept list (R4.10).
    pub backups_kept: Duration,
}

/// `[journal]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalConfig {
    /// Size of a segment file, in MiB.
    pub segment_mib: u64,
    /// Frames that may share one sync.
    pub group_max_frames: u32,
    /// Bytes that may share one sync.
    pub group_max_bytes: u64,
}

impl JournalConfig {
    pub fn segment_bytes(&self) -> u64 {
        self.segment_mib << 20
    }

    /// The most that one sync covers: never more than a segment, whatever is configured.
    pub fn group_bytes(&self) -> u64 {
        self.group_max_bytes.min(self.segment_bytes())
    }
}

/// `[snapshots]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotsConfig {
    /// Events that a start may have to replay.
    pub replay_budget: u64,
    /// If anything has changed, a snapshot is taken at the latest after this time.
    pub interval: Duration,
    /// How many are kept, and the journal back to the oldest.
    pub keep: u32,
}

/// `[limits]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitsConfig {
    /// Bytes of requests between their arrival and the end of apply (R4.9).
    pub inflight_bytes: u64,
    /// Remembered identities of events, of the whole server (R4.4).
    pub duplicates: u64,
    /// After this time an account's actor that nobody asks stops (I3).
    pub account_idle: Duration,
    /// Requests of one credential in a second; 0 is no limit, as in the next four.
    pub requests_per_key: u32,
    pub events_per_key: u32,
    /// Requests in a second of all credentials of a tenant.
    pub requests_per_tenant: u32,
    pub events_per_tenant: u32,
    /// Credentials from one address that may be refused in a second.
    pub refused_per_address: u32,
    /// Workspaces and keys that a tenant makes for itself, at most (R2.18b).
    pub workspaces_per_tenant: u32,
    pub keys_per_tenant: u32,
    /// Streams that a tenant may have open (R8.2).
    pub streams_per_tenant: u32,
}

impl LimitsConfig {
    /// The bytes that one workspace may have in flight (R4.9).
    pub fn inflight_bytes_per_workspace(&self) -> u64 {
        self.inflight_bytes / 4
    }
}

/// `[log]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    pub format: LogFormat,
    /// `error`, `warn`, `info`, `debug`, `trace`, or directives as `tracing` takes them
    /// (`info,tripswitch::journal=debug`).
    pub level: Box<str>,
    /// Address of an OTLP collector that gets request spans (HTTP); empty for none.
    pub otlp_endpoint: Box<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Human,
    Json,
}

/// The sources of a configuration.
#[derive(Debug, Default)]
pub struct Inputs {
    /// `--config`. Without it [`DEFAULT_FILE`] is read if it is there.
    pub file: Option<PathBuf>,
    /// The environment.
    pub variables: Vec<(String, String)>,
    /// The flag's name, the key it sets, and its value.
    pub flags: Vec<(&'static str, &'static str, String)>,
}

impl Inputs {
    /// With the environment variables of this process.
    pub fn from_process(file: Option<PathBuf>, flags: Vec<(&'static str, &'static str, String)>) -> Self {
        let lossy = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        Self { file, flags, variables: std::env::vars_os().map(|(name, value)| (lossy(name), lossy(value))).collect() }
    }
}

/// A configuration, and where each of its values came from.
#[derive(Debug)]
pub struct Loaded {
    pub config: Config,
    pub effective: Vec<Effective>,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{}: no such file", .0.display())]
    Missing(PathBuf),
    #[error("{}: {source}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    /// All of them.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Faults(Vec<Fault>),
}

/// Reads and checks everything.
pub fn load(inputs: Inputs) -> Result<Loaded, ConfigError> {
    let named = inputs.file.is_some();
    let path = inputs.file.unwrap_or_else(|| DEFAULT_FILE.into());
    let mut layers = Layers::default();
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            let faults = layers.file(&path, &text);
            if !faults.is_empty() {
                return Err(ConfigError::Faults(faults));
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !named => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(ConfigError::Missing(path)),
        Err(error) => {
            let source = crate::files::explained(&path, error);
            return Err(ConfigError::Unreadable { path, source });
        }
    }
    layers.environment(inputs.variables);
    for (name, key, value) in inputs.flags {
        layers.flag(name, key, value);
    }
    let directory = path.parent().unwrap_or(Path::new("")).to_owned();
    read(Reader::new(layers, Vec::new()), &directory).map_err(ConfigError::Faults)
}

fn read(mut reader: Reader, directory: &Path) -> Result<Loaded, Vec<Fault>> {
    let r = &mut reader;
    let server = read_server(r);
    let mut config = Config {
        cluster: cluster::read(r, &server),
        server,
        admin: AdminConfig {
            listen: r.parsed("admin.listen", local(9180), "an address and port, as in \"127.0.0.1:9180\""),
        },
        auth: auth::read(r),
        storage: read_storage(r),
        journal: read_journal(r),
        snapshots: read_snapshots(r),
        limits: read_limits(r),
        webhooks: webhooks::read(r),
        ratings: ratings::read(r),
        mail: mail::read(r),
        model: read_model(r),
        effects: read_effects(r),
        scoring: scoring::read(r, "scoring", &ScoringConfig::default(), directory),
        workspaces: BTreeMap::new(),
        log: read_log(r),
    };
    cross_check(r, &config);
    r.only_written = true;
    for name in r.children("workspaces") {
        let section = format!("workspaces.{name}");
        match name.strip_prefix("ws_").unwrap_or(&name).parse::<Uuid>() {
            Ok(id) => {
                let own = scoring::read(r, &format!("{section}.scoring"), &config.scoring, directory);
                config.workspaces.insert(id.into(), own);
            }
            Err(_) => r.fault(&section, "a workspace's UUID is expected"),
        }
    }
    Ok(Loaded { effective: reader.finish()?, config })
}

fn read_server(r: &mut Reader) -> ServerConfig {
    ServerConfig {
        listen: r.parsed("server.listen", local(8080), "an address and port, as in \"127.0.0.1:8080\""),
        max_body_bytes: r.integer("server.max_body_bytes", 1_024..=16 << 20, 4 << 20),
        max_events_per_request: r.integer("server.max_events_per_request", 1..=10_000, 1_000),
        header_timeout: seconds(r, "server.header_timeout_seconds", 10),
        idle_timeout: seconds(r, "server.idle_timeout_seconds", 75),
        body_timeout: seconds(r, "server.body_timeout_seconds", 30),
        least_body_rate: r.integer("server.least_body_bytes_per_second", 0..=1 << 20, 4 << 10),
        drain: Duration::from_secs(r.integer("server.drain_seconds", 0..=300u64, 1)),
        shutdown_grace: Duration::from_secs(r.integer("server.shutdown_grace_seconds", 1..=10u64, 8)),
        max_connections: r.integer("server.max_connections", 1..=1_000_000, 10_000),
        max_connections_per_address: r.integer("server.max_connections_per_address", 1..=1_000_000, 1_024),
        cors_origins: r.texts(
            "server.cors_origins",
            "a list of origins, each as in \"https://app.example.com\" (\"*\" is none)",
            is_origin,
        ),
        tls: read_tls(r),
    }
}

/// Both files or none.
fn read_tls(r: &mut Reader) -> Option<TlsFiles> {
    const NAMES: [&str; 2] = ["server.tls_certificate", "server.tls_key"];
    let written = NAMES.map(|name| r.is_written(name));
    let [certificate, key] = NAMES.map(|name| r.optional_text(name).map(PathBuf::from));
    match written {
        [true, false] => r.fault(NAMES[0], format!("needs {}, too", NAMES[1])),
        [false, true] => r.fault(NAMES[1], format!("needs {}, too", NAMES[0])),
        [true, true] | [false, false] => {}
    }
    Some(TlsFiles { certificate: certificate?, key: key? })
}

/// An origin as browsers send it: without a path or wildcards, the host in lower case.
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b':' | b'[' | b']');
    host.is_some_and(|host| !host.is_empty() && host.bytes().all(plain))
}

fn read_storage(r: &mut Reader) -> StorageConfig {
    let hours: u64 = r.integer("storage.erase_within_hours", 1..=720, 24);
    StorageConfig {
        data_dir: PathBuf::from(&*r.text("storage.data_dir", "snapshots", "a path", |path| !path.is_empty())),
        erase_within: Duration::from_secs(3_600 * hours),
        backups_kept: Duration::from_secs(86_400 * r.integer("storage.backups_kept_days", 30..=3_650u64, 400)),
    }
}

fn read_journal(r: &mut Reader) -> JournalConfig {
    JournalConfig {
        segment_mib: r.integer("journal.segment_mib", 1..=1_024u64, 64),
        group_max_frames: r.integer("journal.group_max_frames", 1..=65_536, 4_096),
        group_max_bytes: r.integer("journal.group_max_bytes", 64 << 10..=64 << 20, 4 << 20),
    }
}

fn read_snapshots(r: &mut Reader) -> SnapshotsConfig {
    SnapshotsConfig {
        replay_budget: r.integer("snapshots.replay_budget", 1_000..=1_000_000_000u64, 10_000_000),
        interval: Duration::from_secs(r.integer("snapshots.interval_seconds", 60..=86_400u64, 3_600)),
        keep: r.integer("snapshots.keep", 1..=100, 3),
    }
}

fn read_limits(r: &mut Reader) -> LimitsConfig {
    LimitsConfig {
        inflight_bytes: r.integer("limits.inflight_bytes", 1 << 20..=1u64 << 40, 256 << 20),
        duplicates: r.integer("limits.duplicates", 1_000..=100_000_000_000u64, 100_000_000),
        account_idle: seconds(r, "limits.account_idle_seconds", 300),
        requests_per_key: rate(r, "limits.requests_per_second_per_key", 0),
        events_per_key: rate(r, "limits.events_per_second_per_key", 0),
        requests_per_tenant: rate(r, "limits.requests_per_second_per_tenant", 250_000),
        events_per_tenant: rate(r, "limits.events_per_second_per_tenant", 2_000_000),
        refused_per_address: rate(r, "limits.refused_credentials_per_second_per_address", 50),
        workspaces_per_tenant: r.integer("limits.workspaces_per_tenant", 0..=10_000_000, 1_000),
        keys_per_tenant: r.integer("limits.keys_per_tenant", 0..=10_000_000, 10_000),
        streams_per_tenant: r.integer("limits.streams_per_tenant", 0..=1_000_000, 1_000),
    }
}

fn read_effects(r: &mut Reader) -> EffectsKept {
    let built_in = EffectsKept::default();
    EffectsKept {
        hours: r.integer("effects.hours", 1..=720, built_in.hours),
        most: r.integer("effects.most", 1_000..=10_000_000, built_in.most),
    }
}

fn read_model(r: &mut Reader) -> Model {
    let built_in = Model::default();
    Model {
        window_size: r.integer("model.window_size", 1..=1_000, built_in.window_size),
        window_days: r.integer("model.window_days", 1..=3_650, built_in.window_days),
        workspace_factor: r.integer("model.workspace_factor", 1..=100, built_in.workspace_factor),
        settle_days: r.integer("model.settle_days", 1..=90, built_in.settle_days),
        duplicate_days: r.integer("model.duplicate_days", 1..=90, built_in.duplicate_days),
        explanation_days: r.integer("model.explanation_days", 1..=3_650, built_in.explanation_days),
        retention_days: r.integer("model.retention_days", 1..=3_650, built_in.retention_days),
        max_turns: r.integer("model.max_turns", 1..=10_000, built_in.max_turns),
    }
}

fn read_log(r: &mut Reader) -> LogConfig {
    let is_filter = |text: &str| !text.is_empty() && text.parse::<tracing_subscriber::filter::Targets>().is_ok();
    LogConfig {
        format: r.choice("log.format", &[("human", LogFormat::Human), ("json", LogFormat::Json)], 0),
        level: r.text("log.level", "info", "error, warn, info, debug, trace, or targets with levels", is_filter),
        otlp_endpoint: read_otlp_endpoint(r),
    }
}

fn read_otlp_endpoint(r: &mut Reader) -> Box<str> {
    let key = "log.otlp_endpoint";
    let expected = "nothing, or a collector's address, as in \"http://127.0.0.1:4318\",";
    let endpoint = r.text(key, "", expected, |text| text.is_empty() || auth::is_base(text));
    if !endpoint.is_empty() && !cfg!(feature = "otlp") {
        r.fault(key, "this program was built without the feature otlp");
    }
    endpoint
}

/// Checks values that are only impossible together.
fn cross_check(r: &mut Reader, config: &Config) {
    if config.limits.inflight_bytes_per_workspace() < config.server.max_body_bytes {
        r.fault(
            "limits.inflight_bytes",
            "a workspace may hold a quarter of it, which must be at least server.max_body_bytes",
        );
    }
    if config.mail.relay.is_some() && config.ratings.public_url.is_empty() {
        r.fault("mail.smtp_url", "needs ratings.public_url, too: mails are links to it");
    }
    for (key, days) in
        [("model.window_days", config.model.window_days), ("model.explanation_days", config.model.explanation_days)]
    {
        if days > config.model.retention_days {
            r.fault(key, "must not exceed model.retention_days");
        }
    }
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// A second; 0 is no limit.
fn rate(r: &mut Reader, key: &str, default: u32) -> u32 {
    r.integer(key, 0..=1_000_000_000, default)
}

fn seconds(r: &mut Reader, key: &str, default: u32) -> Duration {
    Duration::from_secs(r.integer(key, 1..=86_400u32, default).into())
}

impl Default for Config {
    /// The configuration if nothing is configured.
    fn default() -> Self {
        let loaded = read(Reader::new(Layers::default(), Vec::new()), Path::new(""));
        loaded.expect("the defaults are possible (tested)").config
    }
}

impl Config {
    /// The scoring of a workspace.
    pub fn scoring_for(&self, workspace: Id) -> &ScoringConfig {
        self.workspaces.get(&workspace).unwrap_or(&self.scoring)
    }

    /// What the configuration says for a workspace under each model, for its journal. `secret_id`: of the data
    /// directory's secret.
    pub fn configured_for(&self, workspace: Id, secret_id: [u8; 8]) -> Configured {
        let scoring = self.scoring_for(workspace);
        let models = ScoringModel::ALL.map(|model| scoring.under(model, &self.scoring));
        let profile = scoring.profile.clone();
        Configured::new(Settings { model: self.model, secret_id, profile, effects: self.effects }, models)
    }
}

#[cfg(test)]
mod tests;
