//! Streams of effects (R8.2): where one begins, what it reads, and when its credential ends it.

use std::sync::Arc;

use tokio::sync::watch;

use super::tenant_load::{StreamPlace, TenantLoad};
use super::{Principal, Service, ServiceError};
use crate::actors::EngineError;
use crate::domain::effect::{EffectFilter, EffectId, EffectPage};
use crate::domain::ids::WorkspaceKey;
use crate::domain::view::BreakerView;
use crate::domain::workspace::Workspace;

/// Breakers that [`Present`] has at most.
const SHOWN: usize = 100;

/// Where a stream begins.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamStart {
    /// It goes on behind this effect.
    pub after: EffectId,
    /// What its reader has to begin anew from, since effects before are not known.
    pub reset: Option<Present>,
}

/// A side as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct Present {
    pub epoch: u64,
    /// Active breakers, of those that the reader wants to know of.
    pub total: usize,
    /// The newest of them.
    pub breakers: Vec<BreakerView>,
}

impl Present {
    fn of(workspace: &Workspace, filter: &EffectFilter) -> Self {
        let gate = workspace.gate();
        let mut ids = match filter.account {
            Some(account) => gate.ask(Some(account)).breakers,
            None => workspace.active_breaker_ids(),
        };
        let total = ids.len();
        ids.truncate(SHOWN);
        Self { epoch: gate.epoch, total, breakers: workspace.breakers_named(&ids) }
    }
}

/// Why a credential does not open a stream any longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lapse {
    Expired,
    Revoked,
    /// The workspace was deleted.
    Deleted,
}

impl Service {
    /// Counts a stream of a tenant, if it has not too many open.
    pub fn stream_place(&self, load: &Arc<TenantLoad>) -> Result<StreamPlace, ServiceError> {
        self.loads.stream(load).map_err(ServiceError::TooManyStreams)
    }

    /// Where a stream begins: behind `after`; with the present where that is none of the side's effects, or what came
    /// since is not kept any more (`Some(None)`); now where none is named.
    pub async fn stream_start(
        &self,
        key: WorkspaceKey,
        after: Option<Option<EffectId>>,
        filter: EffectFilter,
    ) -> Result<StreamStart, ServiceError> {
        let start = move |workspace: &Workspace| {
            let newest = workspace.newest_effect();
            let knows = |id: &EffectId| *id <= newest && !workspace.effects(*id, &filter, 0).missed;
            match after {
                None => StreamStart { after: newest, reset: None },
                Some(id) => match id.filter(knows) {
                    Some(id) => StreamStart { after: id, reset: None },
                    None => StreamStart { after: newest, reset: Some(Present::of(workspace, &filter)) },
                },
            }
        };
        Ok(self.engine.read(key, start).await?)
    }

    /// What `tell` makes of the effects behind `after`, on a thread that answers nobody.
    pub async fn effects<T: Send + 'static>(
        &self,
        key: WorkspaceKey,
        after: EffectId,
        filter: EffectFilter,
        limit: usize,
        tell: impl FnOnce(EffectPage) -> T + Send + 'static,
    ) -> Result<T, EngineError> {
        let (engine, links) = (self.engine.clone(), Arc::clone(&self.links));
        let told = async move {
            let mut page = engine.read(key, move |workspace| workspace.effects(after, &filter, limit)).await?;
            page.effects.iter_mut().for_each(|effect| links.tell(key, effect));
            Ok(tell(page))
        };
        self.engine.run(told).await?
    }

    /// To await keys that are revoked and workspaces that are deleted.
    pub fn watch_rights(&self) -> watch::Receiver<()> {
        self.rights.subscribe()
    }

    /// Why a stream of this credential ends now, if it does.
    pub fn lapse(&self, who: &Principal, key: WorkspaceKey) -> Option<Lapse> {
        if self.engine.system_table().workspace(key.id).is_none() {
            return Some(Lapse::Deleted);
        }
        if who.expires_at.is_some_and(|expires| expires <= self.now()) {
            return Some(Lapse::Expired);
        }
        (!self.is_in_force(who)).then_some(Lapse::Revoked)
    }
}
