//! Use cases, without HTTP: who may do what, and what is asked of the engine.
//!
//! `bearer` finds who holds a token, `access` what a credential reaches, `quota` how much a second and `tenant_load`
//! how much at a time, `ceilings` how many things it makes; `me`, `lookup`, `lists`, `overview`, `backtest`, `command`, `ingest`,
//! `erasure`, `ratings`, `admin`, `audit`, `snapshots`, `status`, `cluster`, `stream`, `mails` and `webhooks` are the
//! use cases; `walks` remembers who is on which page of a list, `tickets` opens streams without a header, `repeats` counts what
//! changes nothing, `intake` what came in; `period`, `series` and `zone` are pure. Errors are [`ServiceError`]s; only
//! `http` knows status codes.

pub mod access;
pub mod admin;
pub mod audit;
pub mod backtest;
pub mod bearer;
pub mod calibration;
pub mod ceilings;
pub mod cluster;
pub mod command;
pub mod door;
pub mod erasure;
pub mod error;
pub mod export;
pub mod ingest;
pub mod intake;
pub mod key_usage;
pub mod lists;
pub mod lookup;
pub mod mails;
pub mod me;
pub mod overview;
pub mod period;
pub mod quota;
pub mod ratings;
pub mod repeats;
pub mod series;
pub mod settings_history;
pub mod snapshots;
pub mod status;
pub mod stream;
pub mod tenant_load;
pub mod tickets;
mod walks;
pub mod webhooks;
pub mod zone;

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;

use crate::actors::Engine;
use crate::domain::time::{DAY, Millis};
use crate::erasures::Erasures;
use crate::ids::Ids;
use crate::issuer::Issuer;
use crate::links::Links;
use crate::webhooks::Webhooks;

pub use access::{Operator, Principal};
pub use error::ServiceError;

/// The use cases over one engine. Cheap to share behind an `Arc`.
pub struct Service {
    pub(crate) engine: Engine,
    pub(crate) door: Arc<door::Door>,
    pub(crate) ids: Arc<dyn Ids>,
    pub(crate) usage: key_usage::KeyUsage,
    webhooks: Arc<Webhooks>,
    links: Arc<Links>,
    repeats: repeats::Repeats,
    loads: tenant_load::TenantLoads,
    issuer: Option<Arc<Issuer>>,
    erasures: Arc<Erasures>,
    erase_within: Millis,
    data_dir: Option<PathBuf>,
    started: status::Started,
    ceilings: ceilings::Ceilings,
    tickets: tickets::Tickets,
    walks: walks::Walks,
    intake: intake::Intake,
    backtests: backtest::Backtests,
    /// Told when a key was revoked or a workspace deleted.
    rights: watch::Sender<()>,
    /// `None`: no limits.
    quotas: Option<Arc<quota::Quotas>>,
    /// Whether follow-up mails are sent.
    mails: bool,
    /// `None`: the server is alone.
    membership: Option<cluster::Membership>,
}

impl Service {
    pub fn new(
        engine: Engine,
        door: Arc<door::Door>,
        ids: Arc<dyn Ids>,
        erasures: Arc<Erasures>,
        webhooks: Arc<Webhooks>,
        links: Arc<Links>,
    ) -> Self {
        let started = status::Started::now(&engine);
        let (usage, loads) = (key_usage::KeyUsage::default(), tenant_load::TenantLoads::new(1, usize::MAX, usize::MAX));
        let (tickets, backtests) = (tickets::Tickets::default(), backtest::Backtests::default());
        let rights = watch::Sender::new(());
        let (issuer, quotas, data_dir, erase_within) = (None, None, None, DAY);
        let (ceilings, repeats) = (ceilings::Ceilings::default(), repeats::Repeats::default());
        Self {
            engine,
            door,
            ids,
            usage,
            webhooks,
            links,
            repeats,
            loads,
            issuer,
            erasures,
            erase_within,
            data_dir,
            started,
            ceilings,
            tickets,
            walks: walks::Walks::default(),
            intake: intake::Intake::default(),
            backtests,
            rights,
            quotas,
            mails: false,
            membership: None,
        }
    }

    /// With an issuer whose tokens are taken; without one API keys are all.
    #[must_use]
    pub fn with_issuer(self, issuer: Arc<Issuer>) -> Self {
        Self { issuer: Some(issuer), ..self }
    }

    /// With another span in which snapshots and journal lose what was erased (24 hours).
    #[must_use]
    pub fn with_erase_within(self, erase_within: Millis) -> Self {
        Self { erase_within, ..self }
    }

    /// With the data directory that `status` names.
    #[must_use]
    pub fn with_data_dir(self, path: PathBuf) -> Self {
        Self { data_dir: Some(path), ..self }
    }

    /// On a machine with so many cores (one), for so many requests and streams of a tenant at a time (any number).
    #[must_use]
    pub fn with_loads(self, cores: usize, most_requests: usize, most_streams: usize) -> Self {
        Self { loads: tenant_load::TenantLoads::new(cores, most_requests, most_streams), ..self }
    }

    /// With a server for mails or (as it is) without.
    #[must_use]
    pub fn with_mails(self, mails: bool) -> Self {
        Self { mails, ..self }
    }

    /// As a node of a cluster, or (as it is) of a server that is alone.
    #[must_use]
    pub fn with_membership(self, membership: Option<cluster::Membership>) -> Self {
        Self { membership, ..self }
    }

    /// With these ceilings of what a tenant makes for itself.
    #[must_use]
    pub fn with_ceilings(self, ceilings: ceilings::Ceilings) -> Self {
        Self { ceilings, ..self }
    }

    /// With limits of what credentials and tenants may send.
    #[must_use]
    pub fn with_quotas(self, quotas: Arc<quota::Quotas>) -> Self {
        Self { quotas: Some(quotas), ..self }
    }

    /// Keys or workspaces have changed by way of another engine: whoever streams is looked at anew.
    pub fn rights_changed(&self) {
        self.rights.send_replace(());
    }

    /// Whether targets of requests may be plain HTTP, and lie in private networks.
    pub fn private_targets(&self) -> bool {
        self.webhooks.private
    }

    /// Server time (R2.16).
    pub fn now(&self) -> Millis {
        self.engine.now()
    }
}
