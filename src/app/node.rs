//! What the engines of a process have in common, and what is made over each of them.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::monitor::Watched;
use super::start::{AppError, Parts};
use crate::actors::{Common, Engine, EngineOptions, EngineParts, Purge, SettingsSource, SnapshotRules, SystemSource};
use crate::background::Stop;
use crate::clock::Clock;
use crate::config::{Config, ScoringConfig, WebhooksConfig};
use crate::domain::ids::{Id, WorkspaceKey};
use crate::domain::time::Millis;
use crate::erasures::{Erasures, Keeping};
use crate::ids::Ids;
use crate::issuer::Issuer;
use crate::journal::Journal;
use crate::journal::writer::GroupLimits;
use crate::links::Links;
use crate::mail::Mail;
use crate::mail::gate::Gate;
use crate::mail::postman::Office;
use crate::mail::relay::{Patience, RelayError, SmtpRelay};
use crate::recovery::Recovered;
use crate::sealing::Sealer;
use crate::service::Service;
use crate::service::ceilings::Ceilings;
use crate::service::cluster::Membership;
use crate::service::door::{Door, DoorOptions, OwnSignals, Secret};
use crate::service::quota::Quotas;
use crate::snapshot::SnapshotStore;
use crate::webhooks::Webhooks;
use crate::webhooks::client::HttpPost;
use crate::webhooks::sender::Sender;
use crate::webhooks::slots::Slots;

/// A tenant's part of the connections: what it has under way leaves half to the others.
const TENANTS_PART: usize = 2;

/// Connections to the mail server, of all workspaces together.
const MAILS_AT_A_TIME: usize = 8;

/// What the engines of a process have in common.
pub(super) struct Node {
    pub config: Arc<Config>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    pub secret: Secret,
    pub erasures: Arc<Erasures>,
    pub issuer: Option<Arc<Issuer>>,
    pub keeping: Keeping,
    pub settings: SettingsSource,
    links: Arc<Links>,
    quotas: Arc<Quotas>,
    cores: usize,
    options: EngineOptions,
    common: Common,
    sender: Arc<Sender>,
    office: Option<Arc<Office>>,
}

/// What one engine is started over.
pub(super) struct Ground {
    pub recovered: Recovered,
    pub journal: Box<dyn Journal + Send>,
    pub snapshots: Arc<dyn SnapshotStore>,
    pub system: SystemSource,
    /// `None`: what the engine has is not a cluster's node's own.
    pub membership: Option<Membership>,
}

/// An engine, and what serves and delivers over it.
#[derive(Clone)]
pub(super) struct Unit {
    pub engine: Engine,
    pub service: Arc<Service>,
    pub webhooks: Arc<Webhooks>,
    pub mail: Arc<Mail>,
}

impl Node {
    /// Gives back the journal and the snapshots of `parts`.
    #[expect(clippy::type_complexity, reason = "two parts of one struct")]
    pub fn new(
        config: Arc<Config>,
        parts: Parts,
    ) -> Result<(Self, (Box<dyn Journal + Send>, Arc<dyn SnapshotStore>)), AppError> {
        let Parts { clock, ids, journal, snapshots, secret, erasures, issuer, quotas, cores } = parts;
        let within = millis(config.storage.erase_within);
        let keeping = Keeping { backups: millis(config.storage.backups_kept), within };
        let issuer = issuer.map(|(options, fetch)| Issuer::new(options, fetch, Arc::clone(&clock), Handle::current()));
        let links = Arc::new(links(&config, &secret));
        let options = engine_options(&config, purge(Arc::clone(&erasures), within));
        let node = Self {
            settings: settings_source(&config, secret.id()),
            quotas: Arc::new(Quotas::new(quotas, &clock)),
            sender: Arc::new(sender(&config, &clock)?),
            office: office(&config, &secret, &clock, &links)?.map(Arc::new),
            common: Common::new(&options),
            issuer: issuer.map(Arc::new),
            config,
            clock,
            ids,
            secret,
            erasures,
            keeping,
            links,
            cores,
            options,
        };
        Ok((node, (journal, snapshots)))
    }

    /// Starts the actors over what was recovered, and what serves and delivers.
    pub async fn start(&self, ground: Ground) -> Result<Unit, AppError> {
        let Ground { recovered, journal, snapshots, system, membership } = ground;
        let config = &self.config;
        let group_limits = GroupLimits {
            bytes: to_usize(config.journal.group_bytes()),
            frames: to_usize(config.journal.group_max_frames.into()),
        };
        let engine = EngineParts {
            recovered,
            journal,
            snapshots,
            clock: Arc::clone(&self.clock),
            ids: Arc::clone(&self.ids),
            settings: Arc::clone(&self.settings),
            system,
            options: self.options.clone(),
            common: self.common.clone(),
            group_limits,
        };
        let engine = Engine::start(engine).await?;
        let (links, ids) = (Arc::clone(&self.links), Arc::clone(&self.ids));
        let sealer = Sealer::new(&self.secret.sealing_key());
        let private = config.webhooks.allow_private;
        let webhooks = Webhooks::new(
            engine.clone(),
            sealer,
            Arc::clone(&links),
            Arc::clone(&ids),
            Arc::clone(&self.sender),
            private,
        );
        let (webhooks, mail) = (Arc::new(webhooks), Arc::new(Mail::new(engine.clone(), self.office.clone())));
        let door = Arc::new(self.door(&engine));
        let streams = to_usize(config.limits.streams_per_tenant.into());
        let (erasures, requests) = (Arc::clone(&self.erasures), to_usize(config.server.max_connections.into()));
        let service = Service::new(engine.clone(), door, ids, erasures, Arc::clone(&webhooks), links)
            .with_loads(self.cores, requests / TENANTS_PART, streams)
            .with_erase_within(self.keeping.within)
            .with_data_dir(data_dir(config))
            .with_ceilings(ceilings(config))
            .with_membership(membership)
            .with_quotas(Arc::clone(&self.quotas));
        let service = match &self.issuer {
            Some(issuer) => service.with_issuer(Arc::clone(issuer)),
            None => service,
        };
        let service = Arc::new(service.with_mails(mail.is_configured()));
        Ok(Unit { engine, service, webhooks, mail })
    }

    fn door(&self, engine: &Engine) -> Door {
        let config = &self.config;
        let signals = |scoring: &ScoringConfig| {
            scoring.own_signals.iter().map(|(name, weight)| (name.clone(), *weight)).collect()
        };
        let options = DoorOptions {
            max_events: config.server.max_events_per_request.into(),
            max_bytes: to_usize(config.server.max_body_bytes),
            retention: config.model.retention_span(),
            own_signals: OwnSignals {
                server: signals(&config.scoring),
                workspaces: config.workspaces.iter().map(|(id, scoring)| (*id, signals(scoring))).collect(),
            },
            ..DoorOptions::new(self.secret.clone())
        };
        let table = engine.system_table();
        let origin = table.origin().expect("a started engine has written its first record, or follows who has");
        Door::new(options, origin.identity_key)
    }
}

impl Unit {
    /// Tasks until the stop: key uses are written, idle limits forgotten, webhooks delivered, mails sent.
    pub fn tasks(&self, stop: &Stop) -> Vec<JoinHandle<()>> {
        let Self { service, webhooks, mail, .. } = self.clone();
        let stops = stop.clone();
        let upkeep = tokio::spawn(async move { service.upkeep(&stops).await });
        let stops = stop.clone();
        let deliveries = tokio::spawn(async move { webhooks.run(&stops).await });
        let stop = stop.clone();
        let mails = tokio::spawn(async move { mail.run(&stop).await });
        vec![upkeep, deliveries, mails]
    }

    /// For `/metrics` and `/readyz`.
    pub fn watched(&self) -> Watched {
        let Self { engine, webhooks, mail, .. } = self.clone();
        Watched { engine, webhooks, mail, serves: Arc::new(|| true) }
    }

    /// What the engine does until it shuts down.
    pub fn upkeep(&self) -> JoinHandle<()> {
        let engine = self.engine.clone();
        tokio::spawn(async move { engine.upkeep().await })
    }
}

/// As operators elsewhere can read it.
pub(super) fn data_dir(config: &Config) -> PathBuf {
    let path = &config.storage.data_dir;
    std::path::absolute(path).unwrap_or_else(|_| path.clone())
}

fn engine_options(config: &Config, purge: Purge) -> EngineOptions {
    EngineOptions {
        waiting_bytes: to_usize(config.limits.inflight_bytes),
        duplicate_limit: config.limits.duplicates,
        idle_after: millis(config.limits.account_idle),
        snapshots: SnapshotRules {
            replay_budget: config.snapshots.replay_budget,
            interval: config.snapshots.interval,
            keep: to_usize(config.snapshots.keep.into()),
        },
        background: super::machine::step_far_back,
        purge,
        ..EngineOptions::default()
    }
}

/// What was erased, and must be gone from snapshots and journal by now (R4.10).
fn purge(erasures: Arc<Erasures>, within: Millis) -> Purge {
    Purge::new(move |now| erasures.due(now, within))
}

/// What the configuration says by workspace; both sides of one share it.
fn settings_source(config: &Config, secret_id: [u8; 8]) -> SettingsSource {
    let settings = |id: Id| Arc::new(config.configured_for(id, secret_id));
    let own: HashMap<Id, _> = config.workspaces.keys().map(|id| (*id, settings(*id))).collect();
    let server = settings(WorkspaceKey::SYSTEM.id);
    Arc::new(move |key| Arc::clone(own.get(&key.id).unwrap_or(&server)))
}

fn sender(config: &Config, clock: &Arc<dyn Clock>) -> Result<Sender, AppError> {
    let WebhooksConfig { allow_private, in_flight, dashboard_url } = config.webhooks.clone();
    let post = Arc::new(HttpPost::new(allow_private).map_err(AppError::Webhooks)?);
    let dashboard = Some(dashboard_url).filter(|url| !url.is_empty());
    Ok(Sender::new(post, Arc::clone(clock), to_usize(in_flight.into()), dashboard))
}

fn links(config: &Config, secret: &Secret) -> Links {
    Links::new(secret.links_key(), config.ratings.link_generation, &config.ratings.public_url)
}

/// The server that takes mails, if there is one.
pub(super) fn relay(config: &Config) -> Result<Option<SmtpRelay>, RelayError> {
    config.mail.relay.as_ref().map(|relay| SmtpRelay::new(relay, Patience::default())).transpose()
}

fn office(
    config: &Config,
    secret: &Secret,
    clock: &Arc<dyn Clock>,
    links: &Arc<Links>,
) -> Result<Option<Office>, RelayError> {
    let office = relay(config)?.zip(config.mail.relay.as_ref()).map(|(relay, options)| Office {
        relay: Arc::new(relay),
        from: options.from.clone(),
        links: Arc::clone(links),
        sealer: Sealer::new(&secret.sealing_key()),
        clock: Arc::clone(clock),
        gate: Gate::new(Arc::clone(clock)),
        slots: Slots::new(MAILS_AT_A_TIME),
        counts: Arc::default(),
        every_days: config.mail.follow_up_every_days,
    });
    Ok(office)
}

fn ceilings(config: &Config) -> Ceilings {
    let limits = &config.limits;
    Ceilings::new(to_usize(limits.workspaces_per_tenant.into()), to_usize(limits.keys_per_tenant.into()))
}

pub(super) fn millis(span: Duration) -> Millis {
    Millis::try_from(span.as_millis()).unwrap_or(Millis::MAX)
}

pub(super) fn to_usize(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
