//! The engine's questions. Each waits its turn behind the rounds of its workspace (or account), and
//! no longer than the configured time; the gate waits for nobody.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::domain::audit::{SideAction, Trail};
use crate::domain::csat_config::CsatConfig;
use crate::domain::ids::{Id, WorkspaceKey};
use crate::domain::time::Millis;
use crate::domain::view::{AccountHealth, BreakerView, ConversationQuality, Gate, Known, QualityStats};
use crate::domain::workspace::query::ConversationExplanation;

use super::account::Seen;
use super::engine::Engine;
use super::error::EngineError;
use super::handle::WorkspaceHandle;
use super::messages::{AccountMsg, Answer, Query, WorkspaceMsg};
use super::shared::Shared;

impl Engine {
    /// R3.1, `from` and `to` inclusive.
    pub async fn stats(&self, key: WorkspaceKey, from: Millis, to: Millis) -> Result<QualityStats, EngineError> {
        self.query(key, |reply| Query::Stats { from, to, reply }).await
    }

    /// R3.2.
    pub async fn conversation(&self, key: WorkspaceKey, id: Id) -> Result<Known<ConversationQuality>, EngineError> {
        self.query(key, |reply| Query::Conversation { id, reply }).await
    }

    /// R5.5.
    pub async fn explanation(&self, key: WorkspaceKey, id: Id) -> Result<Known<ConversationExplanation>, EngineError> {
        let now = self.now();
        self.query(key, |reply| Query::Explanation { id, now, reply }).await
    }

    /// R3.4: the active ones, newest first.
    pub async fn breakers(&self, key: WorkspaceKey) -> Result<Vec<BreakerView>, EngineError> {
        self.query(key, |reply| Query::Breakers { reply }).await
    }

    /// A breaker with this id ever triggered in the workspace.
    pub async fn knows_breaker(&self, key: WorkspaceKey, id: Id) -> Result<bool, EngineError> {
        self.query(key, |reply| Query::KnowsBreaker { id, reply }).await
    }

    /// The workspace has something under this conversation's id.
    pub async fn knows_conversation(&self, key: WorkspaceKey, id: Id) -> Result<bool, EngineError> {
        self.query(key, |reply| Query::KnowsConversation { id, reply }).await
    }

    /// Who did what in this side.
    pub async fn trail(&self, key: WorkspaceKey) -> Result<Trail<SideAction>, EngineError> {
        self.query(key, |reply| Query::Trail { reply }).await
    }

    /// The last seq applied, and the hash of the whole state at it.
    pub async fn state_hash(&self, key: WorkspaceKey) -> Result<(u64, [u8; 32]), EngineError> {
        self.query(key, |reply| Query::StateHash { reply }).await
    }

    /// R3.7. Answered from memory.
    pub async fn csat_config(&self, key: WorkspaceKey) -> Result<CsatConfig, EngineError> {
        Ok(self.serving(key)?.rules().csat.clone())
    }

    /// R3.3; `None` for an account that was never named. One that is awake is looked at, or
    /// answers once it is done with a round; one that sleeps, or has just gone to sleep, is woken
    /// by its workspace.
    pub async fn account(&self, key: WorkspaceKey, id: Id) -> Result<Option<AccountHealth>, EngineError> {
        let handle = self.serving(key)?;
        let now = self.now();
        if let Some(awake) = self.shared.directory.account(key, id) {
            awake.cell.used_at.store(now, Ordering::Relaxed);
            let rules = handle.rules();
            match awake.cell.look(&rules, now) {
                Seen::Health(health) => return Ok(Some(health)),
                Seen::Busy => {
                    let (reply, answer) = oneshot::channel();
                    let asked = awake.actor.send_message(AccountMsg::Health { rules, now, reply });
                    if asked.is_ok()
                        && let Some(answer) = self.wait(answer).await?
                    {
                        return answer;
                    }
                }
                Seen::Gone => {}
            }
        }
        self.ask(&handle, |reply| WorkspaceMsg::Account { id, now, reply }).await
    }

    /// R8.1, from memory: no queue, no actor, also while the workspace is being rebuilt. Fails only
    /// for a side that failed at the start and never served since.
    pub fn gate(&self, key: WorkspaceKey, account: Option<Id>) -> Result<Gate, EngineError> {
        match self.shared.directory.workspace(key) {
            Some(handle) => handle.gate().map(|gate| gate.ask(account)).ok_or(EngineError::WorkspaceUnavailable),
            // Never used: nothing can have tripped.
            None => Ok(Gate { breakers: Vec::new(), epoch: 0 }),
        }
    }

    pub(super) async fn query<T>(
        &self,
        key: WorkspaceKey,
        query: impl FnOnce(Answer<T>) -> Query,
    ) -> Result<T, EngineError> {
        let handle: Arc<WorkspaceHandle> = self.serving(key)?;
        self.ask(&handle, |reply| WorkspaceMsg::Query(query(reply))).await
    }

    /// Asks the workspace's actor.
    async fn ask<T>(
        &self,
        handle: &WorkspaceHandle,
        message: impl FnOnce(Answer<T>) -> WorkspaceMsg,
    ) -> Result<T, EngineError> {
        let (reply, answer) = oneshot::channel();
        Shared::ask(handle, message(reply))?;
        self.wait(answer).await?.unwrap_or(Err(EngineError::WorkspaceUnavailable))
    }

    /// Waits for an answer; `None` if it was lost.
    async fn wait<T>(&self, answer: oneshot::Receiver<T>) -> Result<Option<T>, EngineError> {
        let limit = Duration::from_millis(self.shared.options.query_timeout.unsigned_abs());
        timeout(limit, answer).await.map(Result::ok).map_err(|_| EngineError::Overloaded)
    }
}
