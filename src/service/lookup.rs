//! Queries, also those whose path names no workspace (R2.15).

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, StreamExt, TryStreamExt};

use super::{Principal, Service, ServiceError};
use crate::actors::EngineError;
use crate::background::Stop;
use crate::domain::configured::Effective;
use crate::domain::csat_config::CsatConfig;
use crate::domain::ids::{Id, IdName, WorkspaceKey};
use crate::domain::own_settings::OwnSettings;
use crate::domain::reply::CommandRefusal;
use crate::domain::system::Permission;
use crate::domain::view::{
    AccountHealth, BreakerDetail, BreakerFilter, BreakerRow, BreakerView, ConversationQuality, Gate, Known,
};
use crate::domain::workspace::account_explanation::AccountExplanation;
use crate::domain::workspace::query::ConversationExplanation;
use crate::domain::workspace::revisions::Revision;
use crate::domain::workspace::{GateQuestion, Workspace};
use crate::wire::overrides::ScoreOverride;

/// Workspaces asked at the same time by one request.
const ASKED_AT_ONCE: usize = 32;

/// Scorings of a conversation that are listed.
const MOST_REVISIONS: usize = 100;

/// Enough for every GET of section 3.
const READ: &[Permission] = &[Permission::QualityRead];

impl Service {
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

    /// R7.5: a breaker, active or not, with its history.
    pub async fn breaker(&self, key: WorkspaceKey, id: Id) -> Result<BreakerDetail, ServiceError> {
        let found = self.engine.read(key, move |workspace| workspace.breaker_detail(id)).await?;
        found.ok_or_else(|| CommandRefusal::UnknownBreaker.into())
    }

    /// R7.5: at most so many breakers from before the one of this number, the newest first, and where the next page
    /// goes on.
    pub async fn breaker_history(
        &self,
        key: WorkspaceKey,
        filter: BreakerFilter,
        before: Option<u32>,
        limit: usize,
    ) -> Result<(Vec<BreakerRow>, Option<u32>), ServiceError> {
        let page = move |workspace: &Workspace| workspace.breaker_history(&filter, before, limit);
        let (rows, next) = self.engine.read(key, page).await?;
        Ok((rows.into_iter().map(|(_, row)| row).collect(), next))
    }

    /// R6.9: what was set, and what holds with it.
    pub async fn settings(&self, key: WorkspaceKey) -> Result<(OwnSettings, Arc<Effective>), ServiceError> {
        Ok(self.engine.settings(key).await?)
    }

    /// R3.7.
    pub async fn csat_config(&self, key: WorkspaceKey) -> Result<CsatConfig, ServiceError> {
        Ok(self.engine.csat_config(key).await?)
    }

    /// R8.1, from memory; with the incarnation for the ETag.
    pub fn gate(&self, key: WorkspaceKey, question: GateQuestion<'_>) -> Result<(Id, Gate), ServiceError> {
        Ok((self.engine.incarnation(), self.engine.gate(key, question)?))
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
        match self.one_of(who, READ, workspace, ServiceError::NoScore, ask).await? {
            Known::Found(quality) => Ok(quality),
            Known::Unknown | Known::NotScored | Known::Gone => Err(ServiceError::NoScore),
        }
    }

    /// R5.5, with what a person has said instead (R5.9).
    pub async fn explanation(
        &self,
        who: &Principal,
        name: &IdName,
        workspace: Option<Id>,
    ) -> Result<(ConversationExplanation, Option<ScoreOverride>), ServiceError> {
        let now = self.now();
        let ask = |key: WorkspaceKey| async move {
            let id = name.within(key.id);
            let question = move |asked: &Workspace| (asked.explanation(id, now), overridden(asked, id));
            let (known, overridden) = self.engine.read(key, question).await?;
            Ok(held(known).map(|known| (known, overridden)))
        };
        match self.one_of(who, READ, workspace, ServiceError::NoScore, ask).await? {
            (Known::Found(explanation), overridden) => Ok((explanation, overridden)),
            (Known::Gone, _) => Err(ServiceError::ExplanationGone),
            (Known::Unknown | Known::NotScored, _) => Err(ServiceError::NoScore),
        }
    }

    /// The side that holds a scored conversation, for who has this scope.
    pub async fn scored_side(
        &self,
        who: &Principal,
        scope: Permission,
        name: &IdName,
        workspace: Option<Id>,
    ) -> Result<(WorkspaceKey, Id), ServiceError> {
        let ask = |key: WorkspaceKey| async move {
            let id = name.within(key.id);
            let known = self.engine.read(key, move |asked| asked.conversation(id)).await?;
            Ok(held(known).map(|known| (key, id, known)))
        };
        match self.one_of(who, &[scope], workspace, ServiceError::NoScore, ask).await? {
            (key, id, Known::Found(_)) => Ok((key, id)),
            (_, _, Known::Unknown | Known::NotScored | Known::Gone) => Err(ServiceError::NoScore),
        }
    }

    /// R5.5b: the newest scorings of a conversation that are kept, newest first, and how many are kept. The ring is looked
    /// through piece by piece, since others ask its workspace, too.
    pub async fn revisions(&self, key: WorkspaceKey, id: Id) -> Result<(Vec<Revision>, u64), ServiceError> {
        let (mut newest, mut total, mut before) = (Vec::new(), 0, None);
        loop {
            let most = MOST_REVISIONS - newest.len();
            let piece = self.engine.read(key, move |workspace| workspace.revisions(id, before, most)).await?;
            newest.extend(piece.newest);
            total += piece.total;
            before = piece.older;
            if before.is_none() {
                return Ok((newest, total));
            }
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
        self.one_of(who, READ, workspace, ServiceError::UnknownAccount, ask).await
    }

    /// The side that knows an account.
    pub async fn account_side(
        &self,
        who: &Principal,
        name: &IdName,
        workspace: Option<Id>,
    ) -> Result<(WorkspaceKey, Id), ServiceError> {
        let ask = |key: WorkspaceKey| async move {
            let id = name.within(key.id);
            let known = self.engine.read(key, move |asked| asked.knows_account(id)).await?;
            Ok(known.then_some((key, id)))
        };
        self.one_of(who, READ, workspace, ServiceError::UnknownAccount, ask).await
    }

    /// R6.8.
    pub async fn account_explanation(
        &self,
        who: &Principal,
        name: &IdName,
        workspace: Option<Id>,
    ) -> Result<AccountExplanation, ServiceError> {
        let now = self.now();
        let ask = |key: WorkspaceKey| {
            let id = name.within(key.id);
            self.engine.read(key, move |asked| asked.account_explanation(id, now))
        };
        self.one_of(who, READ, workspace, ServiceError::UnknownAccount, ask).await
    }

    /// The answer of the one workspace that has it, of those that the credential reaches. A missing scope is reported
    /// only after "not found", as everywhere (R2.8).
    pub(super) async fn one_of<T, F>(
        &self,
        who: &Principal,
        scopes: &[Permission],
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
            who.require(scopes)?;
        }
        // A side without a record has no conversation and no account.
        let keys = keys.into_iter().filter(|key| self.engine.has_record(*key));
        let answers = stream::iter(keys).map(ask).buffer_unordered(ASKED_AT_ONCE);
        let found: Result<Vec<T>, EngineError> = answers.try_filter_map(async |answer| Ok(answer)).try_collect().await;
        if found.as_ref().is_ok_and(Vec::is_empty) {
            return Err(missing);
        }
        who.require(scopes)?;
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

fn overridden(workspace: &Workspace, id: Id) -> Option<ScoreOverride> {
    let said = workspace.override_of(id)?;
    match workspace.conversation(id) {
        Known::Found(in_force) => Some(ScoreOverride::of(said, &in_force)),
        Known::Unknown | Known::NotScored | Known::Gone => None,
    }
}
