//! Use cases, without HTTP: who may do what, and what is asked of the engine.
//!
//! `bearer` finds who holds a token, `access` what a credential reaches, `quota` how much; `lookup`, `command`,
//! `ingest`, `erasure`, `admin`, `audit`, `snapshots` and `status` are the use cases; `repeats` counts what changes nothing; `period` is pure. Errors are
//! [`ServiceError`]s; only `http` knows status codes.

pub mod access;
pub mod admin;
pub mod audit;
pub mod bearer;
pub mod command;
pub mod door;
pub mod erasure;
pub mod error;
pub mod export;
pub mod ingest;
pub mod key_usage;
pub mod lookup;
pub mod period;
pub mod quota;
pub mod read_turns;
pub mod repeats;
pub mod snapshots;
pub mod status;

use std::path::PathBuf;
use std::sync::Arc;

use crate::actors::Engine;
use crate::domain::time::{DAY, Millis};
use crate::erasures::Erasures;
use crate::ids::Ids;
use crate::issuer::Issuer;

pub use access::{Operator, Principal};
pub use error::ServiceError;

/// The use cases over one engine. Cheap to share behind an `Arc`.
pub struct Service {
    pub(crate) engine: Engine,
    pub(crate) door: Arc<door::Door>,
    pub(crate) ids: Arc<dyn Ids>,
    pub(crate) usage: key_usage::KeyUsage,
    repeats: repeats::Repeats,
    read_turns: read_turns::ReadTurns,
    issuer: Option<Arc<Issuer>>,
    erasures: Arc<Erasures>,
    erase_within: Millis,
    data_dir: Option<PathBuf>,
    started: status::Started,
    /// `None`: no limits.
    quotas: Option<quota::Quotas>,
}

impl Service {
    pub fn new(engine: Engine, door: Arc<door::Door>, ids: Arc<dyn Ids>, erasures: Arc<Erasures>) -> Self {
        let started = status::Started::now(&engine);
        let (usage, read_turns) = (key_usage::KeyUsage::default(), read_turns::ReadTurns::default());
        let (issuer, quotas, data_dir, repeats) = (None, None, None, repeats::Repeats::default());
        Self {
            engine,
            door,
            ids,
            usage,
            repeats,
            read_turns,
            issuer,
            erasures,
            erase_within: DAY,
            data_dir,
            started,
            quotas,
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

    /// As on a machine with so many cores (those that there are).
    #[must_use]
    pub fn with_cores(self, cores: usize) -> Self {
        Self { read_turns: read_turns::ReadTurns::new(cores), ..self }
    }

    /// With limits of what credentials and tenants may send.
    #[must_use]
    pub fn with_quotas(self, quotas: quota::Quotas) -> Self {
        Self { quotas: Some(quotas), ..self }
    }

    /// Counts a request of this credential.
    pub async fn count_request(&self, who: &Principal) -> Result<(), ServiceError> {
        if let Some(tenant) = &who.tenant {
            self.read_turns.seen(tenant, || self.engine.clock().elapsed());
        }
        let Some(quotas) = &self.quotas else { return Ok(()) };
        Ok(quotas.held(quotas.request(who)).await?)
    }

    /// Server time (R2.16).
    pub fn now(&self) -> Millis {
        self.engine.now()
    }
}
