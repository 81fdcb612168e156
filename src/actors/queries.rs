//! The engine's queries. A side that has no record is the empty one that it would be, and nothing is made of it. Each waits its turn behind the rounds of its workspace (or account), and no longer than the
//! configured time. The gate never waits.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::domain::configured::Effective;
use crate::domain::csat_config::CsatConfig;
use crate::domain::ids::{Id, WorkspaceKey};
use crate::domain::own_settings::{OwnPatch, OwnSettings};
use crate::domain::view::{AccountHealth, Gate};
use crate::domain::workspace::cut::Cut;
use crate::domain::workspace::{GateQuestion, Workspace};

use super::account::Seen;
use super::engine::Engine;
use super::error::EngineError;
use super::handle::WorkspaceHandle;
use super::messages::{AccountMsg, Answer, WorkspaceMsg, tell};
use super::shared::Shared;

impl Engine {
    /// What `question` finds in the state of the side, between two of its rounds. Nothing else of the workspace goes on
    /// meanwhile: whoever has much to read takes shared parts of the state, or a whole [`cut`](Self::cut), and reads
    /// them beside the actor.
    pub async fn read<T: Send + 'static>(
        &self,
        key: WorkspaceKey,
        question: impl FnOnce(&Workspace) -> T + Send + 'static,
    ) -> Result<T, EngineError> {
        let Some(handle) = self.serving(key)? else { return Ok(question(&self.without_record(key)?)) };
        self.ask(&handle, |reply| WorkspaceMsg::Read(Box::new(move |workspace| tell(reply, Ok(question(workspace))))))
            .await
    }

    /// What `chore` comes to, between two rounds of the side: it may share parts of the state, and note what follows from
    /// it. Nothing that belongs to the state may change.
    pub async fn tend<T: Send + 'static>(
        &self,
        key: WorkspaceKey,
        chore: impl FnOnce(&mut Workspace) -> T + Send + 'static,
    ) -> Result<T, EngineError> {
        let Some(handle) = self.serving(key)? else { return Ok(chore(&mut self.without_record(key)?)) };
        self.ask(&handle, |reply| WorkspaceMsg::Tend(Box::new(move |workspace| tell(reply, Ok(chore(workspace))))))
            .await
    }

    /// The whole state of the side as it is now: shared, not copied.
    pub async fn cut(&self, key: WorkspaceKey) -> Result<Cut, EngineError> {
        match self.serving(key)? {
            Some(handle) => Ok(self.cut_side(&handle).await?.cut),
            None => Ok(self.without_record(key)?.cut()),
        }
    }

    /// R3.7. Answered from memory.
    pub async fn csat_config(&self, key: WorkspaceKey) -> Result<CsatConfig, EngineError> {
        match self.serving(key)? {
            Some(handle) => Ok(handle.rules().csat.clone()),
            None => Ok(self.without_record(key)?.rules().csat.clone()),
        }
    }

    /// R6.9: what the users of a side have set, and what holds with it. Answered from memory.
    pub async fn settings(&self, key: WorkspaceKey) -> Result<(OwnSettings, Arc<Effective>), EngineError> {
        match self.serving(key)? {
            Some(handle) => Ok((handle.rules().own.clone(), handle.effective())),
            None => Ok((self.without_record(key)?.rules().own.clone(), self.effective(key))),
        }
    }

    /// What holds in a side, whether or not it serves or has a record: how its messages are read.
    pub fn effective(&self, key: WorkspaceKey) -> Arc<Effective> {
        match self.shared.directory.workspace(key) {
            Some(handle) => handle.effective(),
            None => Arc::clone((self.shared.settings)(key).plain()),
        }
    }

    /// What would hold in a side if this were set, too.
    pub async fn effective_with(&self, key: WorkspaceKey, patch: &OwnPatch) -> Result<Arc<Effective>, EngineError> {
        let (own, _) = self.settings(key).await?;
        Ok((self.shared.settings)(key).with(&own.patched(patch)))
    }

    /// What the users of a side have set, and what would hold without a calibration (R5.10).
    pub async fn uncalibrated(&self, key: WorkspaceKey) -> Result<(OwnSettings, Arc<Effective>), EngineError> {
        let (own, _) = self.settings(key).await?;
        let without = OwnSettings { calibration: None, ..own.clone() };
        Ok((own, (self.shared.settings)(key).with(&without)))
    }

    /// R3.3; `None` for an account that was never named. An awake account is read in place, or answers once it is
    /// done with a round; one that sleeps, or has just gone to sleep, is woken by its workspace.
    pub async fn account(&self, key: WorkspaceKey, id: Id) -> Result<Option<AccountHealth>, EngineError> {
        let Some(handle) = self.serving(key)? else { return Ok(None) };
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
    pub fn gate<'a>(&self, key: WorkspaceKey, question: impl Into<GateQuestion<'a>>) -> Result<Gate, EngineError> {
        match self.shared.directory.workspace(key) {
            Some(handle) => handle.gate().map(|gate| gate.ask(question)).ok_or(EngineError::WorkspaceUnavailable),
            // Never used: nothing can have tripped.
            None => Ok(Gate { breakers: Vec::new(), epoch: 0 }),
        }
    }

    /// Waits until the epoch of the gate is another one. A side that never was used has epoch 0.
    pub async fn epoch_other_than(&self, key: WorkspaceKey, epoch: u64) {
        self.shared.directory.watch_epoch(key).other_than(epoch).await;
    }

    /// Whether the side has ever been written to.
    pub fn has_record(&self, key: WorkspaceKey) -> bool {
        self.shared.directory.workspace(key).is_some()
    }

    /// The state of a side of a known workspace before its first record.
    fn without_record(&self, key: WorkspaceKey) -> Result<Workspace, EngineError> {
        let table = self.shared.system.table();
        let entry = table.workspace(key.id).ok_or(EngineError::WorkspaceUnavailable)?;
        Ok(Workspace::new(key, entry.name.clone(), (self.shared.settings)(key).plain().settings.clone()))
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
