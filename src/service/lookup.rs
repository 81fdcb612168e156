//! Queries, also those whose path names no workspace (R2.15).

use std::future::Future;
use std::time::Duration;

use futures::stream::{self, StreamExt, TryStreamExt};

use super::period::Period;
use super::{Principal, Service, ServiceError};
use crate::actors::EngineError;
use crate::background::Stop;
use crate::domain::csat_config::CsatConfig;
use crate::domain::ids::{Id, IdName, WorkspaceKey};
use crate::domain::system::Permission;
use crate::domain::view::{AccountHealth, BreakerView, ConversationQuality, Gate, Known, QualityStats};
use crate::domain::workspace::Workspace;
use crate::domain::workspace::query::ConversationExplanation;

/// Workspaces asked at the same time by one request.
const ASKED_AT_ONCE: usize = 32;

/// Enough for every GET of section 3.
const READ: &[Permission] = &[Permission::QualityRead];

impl Service {
    /// R3.1.
    pub async fn stats(&self, key: WorkspaceKey, period: Period) -> Result<QualityStats, ServiceError> {
        Ok(self.engine.read(key, move |workspace| workspace.stats(period.from, period.to)).await?)
    }

    /// R3.4: the active ones of this moment, newest first; where there are more than `most`, their ids alone.
    pub async fn active_breakers(
        &self,
        key: WorkspaceKey,
        most: usize,
    ) -> Result<Result<Vec<BreakerView>, Vec<Id>>, ServiceError> {
        let few = move |workspace: &Workspace| {
            let ids = workspace.active_breaker_ids();
            if ids.len() <= most { Ok(workspace.breakers_named(&ids)) } else { Err(ids) }
        };
        Ok(self.engine.read(key, few).await?)
    }

    /// Breakers that there were a moment ago, as they are now.
    pub async fn breakers(&self, key: WorkspaceKey, ids: Vec<Id>) -> Result<Vec<BreakerView>, ServiceError> {
        Ok(self.engine.read(key, move |workspace| workspace.breakers_named(&ids)).await?)
    }

    /// R3.7.
    pub async fn csat_config(&self, key: WorkspaceKey) -> Result<CsatConfig, ServiceError> {
        Ok(self.engine.csat_config(key).await?)
    }

    /// R8.1, from memory; with the incarnation for the ETag.
    pub fn gate(&self, key: WorkspaceKey, account: Option<Id>) -> Result<(Id, Gate), ServiceError> {
        Ok((self.engine.incarnation(), self.engine.gate(key, account)?))
    }

    /// Waits while the epoch of the gate is `epoch`, for at most `span`, and not beyond the stop (R8.1).
    pub async fn wait_at_gate(&self, key: WorkspaceKey, epoch: u64, span: Duration, stop: &Stop) {
        let passes = stop.run_until_cancelled(self.engine.epoch_other_than(key, epoch));
        let _passed = tokio::time::timeout(span, passes).await;
    }

    /// R3.2.
    pub async fn conversation(
        &self,
        who: &Principal,
        name: &IdName,
        workspace: Option<Id>,
    ) -> Result<ConversationQuality, ServiceError> {
        let ask = |key: WorkspaceKey| async move {
            let id = name.within(key.id);
            Ok(held(self.engine.read(key, move |asked| asked.conversation(id)).await?))
        };
        match self.one_of(who, workspace, ServiceError::NoScore, ask).await? {
            Known::Found(quality) => Ok(quality),
            Known::Unknown | Known::NotScored | Known::Gone => Err(ServiceError::NoScore),
        }
    }

    /// R5.5.
    pub async fn explanation(
        &self,
        who: &Principal,
        name: &IdName,
        workspace: Option<Id>,
    ) -> Result<ConversationExplanation, ServiceError> {
        let now = self.now();
        let ask = |key: WorkspaceKey| async move {
            let id = name.within(key.id);
            Ok(held(self.engine.read(key, move |asked| asked.explanation(id, now)).await?))
        };
        match self.one_of(who, workspace, ServiceError::NoScore, ask).await? {
            Known::Found(explanation) => Ok(explanation),
            Known::Gone => Err(ServiceError::ExplanationGone),
            Known::Unknown | Known::NotScored => Err(ServiceError::NoScore),
        }
    }

    /// R3.3.
    pub async fn account(
        &self,
        who: &Principal,
        name: &IdName,
        workspace: Option<Id>,
    ) -> Result<AccountHealth, ServiceError> {
        let ask = |key: WorkspaceKey| self.engine.account(key, name.within(key.id));
        self.one_of(who, workspace, ServiceError::UnknownAccount, ask).await
    }

    /// The answer of the one workspace that has it, of those that the credential reaches. A missing scope is reported
    /// only after "not found", as everywhere (R2.8).
    async fn one_of<T, F>(
        &self,
        who: &Principal,
        workspace: Option<Id>,
        missing: ServiceError,
        ask: impl Fn(WorkspaceKey) -> F,
    ) -> Result<T, ServiceError>
    where
        F: Future<Output = Result<Option<T>, EngineError>>,
    {
        let keys = match workspace {
            Some(id) => vec![self.visible(who, id)?],
            None => self.reach(who),
        };
        if keys.is_empty() {
            who.require(READ)?;
        }
        // A side without a record has no conversation and no account.
        let keys = keys.into_iter().filter(|key| self.engine.has_record(*key));
        let answers = stream::iter(keys).map(ask).buffer_unordered(ASKED_AT_ONCE);
        let found: Result<Vec<T>, EngineError> = answers.try_filter_map(async |answer| Ok(answer)).try_collect().await;
        if found.as_ref().is_ok_and(Vec::is_empty) {
            return Err(missing);
        }
        who.require(READ)?;
        let mut found = found?;
        match (found.pop(), found.is_empty()) {
            (Some(only), true) => Ok(only),
            (Some(_), false) => Err(ServiceError::AmbiguousWorkspace),
            (None, _) => Err(missing),
        }
    }
}

/// `None` if no event of the workspace has named it.
fn held<T>(known: Known<T>) -> Option<Known<T>> {
    match known {
        Known::Unknown => None,
        Known::NotScored | Known::Gone | Known::Found(_) => Some(known),
    }
}
