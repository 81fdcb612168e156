//! Where a courier has its effects from, and where it notes what became of them.

use std::collections::HashMap;
use std::sync::Arc;

use futures::future::BoxFuture;

use super::scope::Scope;
use crate::actors::{EffectsWatch, EngineError};
use crate::domain::delivery::{DeliveryNotes, Progress};
use crate::domain::effect::{EffectId, EffectPage, EffectTypes, EffectView};
use crate::domain::ids::Id;
use crate::webhooks::endpoint::Endpoint;

/// An enabled endpoint of the side.
#[derive(Clone)]
pub struct Listed {
    pub id: Id,
    pub endpoint: Arc<Endpoint>,
    /// See [`Progress::turns`].
    pub turns: u32,
    pub lagging: bool,
}

/// Tells that there may be something new.
pub trait News: Send {
    /// Waits for it; `false` once the side is gone. Nothing is lost where the wait is given up.
    fn changed(&mut self) -> impl Future<Output = bool> + Send;
}

impl News for EffectsWatch {
    async fn changed(&mut self) -> bool {
        Self::changed(self).await.is_some()
    }
}

/// One side of a workspace.
pub trait Source: Send + Sync + 'static {
    /// The enabled endpoints that can be read.
    fn endpoints(&self) -> BoxFuture<'_, Result<Vec<Listed>, EngineError>>;

    /// How far an endpoint has come; none for one that is gone.
    fn progress(&self, endpoint: Id) -> BoxFuture<'_, Result<Option<Progress>, EngineError>>;

    /// The orders that these are delivered in, of those that are kept.
    fn scopes(&self, effects: Vec<EffectId>) -> BoxFuture<'_, Result<HashMap<EffectId, Scope>, EngineError>>;

    /// What comes next.
    fn effects(&self, after: EffectId, types: EffectTypes) -> BoxFuture<'_, Result<EffectPage, EngineError>>;

    /// One effect; none that is not kept any more.
    fn effect(&self, id: EffectId) -> BoxFuture<'_, Result<Option<EffectView>, EngineError>>;

    /// Writes how far deliveries have come. Of an endpoint that is at another turn by now only what became of open
    /// deliveries: its place is another one.
    fn note(&self, notes: DeliveryNotes, turns: u32) -> BoxFuture<'_, Result<(), EngineError>>;

    /// Disables an endpoint whose receiver wants nothing any more.
    fn disable(&self, endpoint: Id) -> BoxFuture<'_, Result<(), EngineError>>;
}
