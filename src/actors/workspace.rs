//! One workspace side: applies its frames in order, round by round, and answers questions between
//! rounds (I3).
//!
//! The only await inside a change is for the results of accounts with long lists. It has no timeout: an account that
//! dies drops its place among the results, and a lost result is a failure of the whole side (I6). A panic here, or an
//! error returned from `handle`, ends the actor with its accounts; the supervisor rebuilds them from the journal.
//! What must survive is in the handle.
//!
//! A workspace whose rounds are long (conversations at their bounds, R5.1) is applied beside the runtime's threads
//! for a minute, so that two of them do not hold up all others.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hashbrown::HashMap;
use ractor::{Actor, ActorId, ActorProcessingErr, ActorRef, SupervisionEvent};
use thiserror::Error;
use tokio::runtime::RuntimeFlavor;

use crate::domain::account::{Account, AccountList, OpResults};
use crate::domain::effect::EffectType;
use crate::domain::ids::{Id, Position};
use crate::domain::record::Frame;
use crate::domain::time::Millis;
use crate::domain::view::AccountHealth;
use crate::domain::workspace::{AccountTask, Round, Workspace};
use crate::pace;

use super::account::{AccountActor, AccountCell, AccountState, first_place};
use super::directory::AwakeAccount;
use super::gather::Gather;
use super::handle::WorkspaceHandle;
use super::messages::{AccountMsg, Answer, Question, WorkspaceMsg, tell};
use super::shared::Shared;
use super::snapshots::SideCut;

/// The most steps of one account in one round that are done without a message to its actor.
const ON_THE_SPOT: usize = 32;

/// A round that takes so long is unusual: a thousand events take one or two milliseconds.
const LONG_ROUND: Duration = Duration::from_millis(20);

/// For so long after a long round, the next rounds of the workspace are expected to be long, too.
const HEAVY_FOR: Duration = Duration::from_secs(60);

/// Applies frames, asks accounts.
pub(crate) struct WorkspaceActor;

pub(crate) struct WorkspaceState {
    workspace: Box<Workspace>,
    handle: Arc<WorkspaceHandle>,
    shared: Arc<Shared>,
    awake: HashMap<Id, AwakeAccount>,
    /// The side that it belongs to, for supervision events.
    names: HashMap<ActorId, Id>,
    sweep_due: bool,
    /// Set by a long round: until then, the following rounds are expected to be long, too.
    heavy_until: Duration,
}

impl WorkspaceState {
    pub fn new(workspace: Box<Workspace>, handle: Arc<WorkspaceHandle>, shared: Arc<Shared>) -> Self {
        Self {
            workspace,
            handle,
            shared,
            awake: HashMap::new(),
            names: HashMap::new(),
            sweep_due: false,
            heavy_until: Duration::ZERO,
        }
    }
}

/// Why the actor ends itself; its supervisor rebuilds it.
#[derive(Debug, Error)]
enum Failure {
    #[error("frame {found} came where {expected} was due")]
    Gap { expected: u64, found: u64 },
    #[error("account {0} takes part in a round but has no actor")]
    NoAccount(Id),
    #[error("account {0} died in the middle of a round")]
    LostReply(Id),
    #[error("an account could not be started")]
    Spawn(#[source] ractor::SpawnErr),
}

impl Actor for WorkspaceActor {
    type Msg = WorkspaceMsg;
    type State = WorkspaceState;
    type Arguments = WorkspaceState;

    async fn pre_start(
        &self,
        _: ActorRef<WorkspaceMsg>,
        state: WorkspaceState,
    ) -> Result<WorkspaceState, ActorProcessingErr> {
        Ok(state)
    }

    async fn handle(
        &self,
        myself: ActorRef<WorkspaceMsg>,
        message: WorkspaceMsg,
        state: &mut WorkspaceState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            WorkspaceMsg::FramesWaiting => {
                let frames = state.handle.take_round(state.shared.options.round_frames);
                if !frames.is_empty() {
                    state.round(&myself, frames).await?;
                }
                state.handle.queue.signal_rest();
            }
            WorkspaceMsg::Sweep => state.sweep(&myself),
            WorkspaceMsg::Account { id, now, reply } => state.account(&myself, id, now, reply).await?,
            WorkspaceMsg::Read(question) => state.read(question),
            // A panic in there may leave something half done behind: the side is rebuilt.
            WorkspaceMsg::Tend(chore) => chore(&mut state.workspace),
            // It contains all frames that were applied; where later frames are, the queue tells.
            WorkspaceMsg::Cut(reply) => {
                let waiting = state.handle.queue.first_group();
                tell(reply, SideCut { cut: state.workspace.cut(), waiting });
            }
            WorkspaceMsg::Drain(reply) => {
                if state.handle.queue.is_empty() {
                    tell(reply, ());
                } else {
                    myself.send_message(WorkspaceMsg::Drain(reply))?;
                }
            }
        }
        Ok(())
    }

    /// What a round that was under way has woken of a workspace that was deleted meanwhile.
    async fn post_stop(&self, _: ActorRef<WorkspaceMsg>, state: &mut WorkspaceState) -> Result<(), ActorProcessingErr> {
        if state.handle.is_retired() {
            state.shared.directory.forget_accounts(state.handle.key);
        }
        Ok(())
    }

    /// An account that died between rounds is built again when it is needed. One that dies in a
    /// round is noticed there, by the reply that is lost.
    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<WorkspaceMsg>,
        event: SupervisionEvent,
        state: &mut WorkspaceState,
    ) -> Result<(), ActorProcessingErr> {
        if let SupervisionEvent::ActorFailed(who, _) | SupervisionEvent::ActorTerminated(who, _, _) = event
            && let Some(id) = state.names.get(&who.get_id()).copied()
        {
            state.put_to_sleep(id);
        }
        Ok(())
    }
}

/// Hands a list to the account's actor; returns the account and the position of its first step. A dead actor drops
/// its place among the results, which is how its death is noticed.
fn ask(awake: &AwakeAccount, gather: &Arc<Gather>, id: Id, list: AccountList) -> (Id, Option<Position>) {
    let first = first_place(&list);
    drop(awake.actor.send_message(AccountMsg::Run { list, share: gather.share(id) }));
    (id, first)
}

impl WorkspaceState {
    /// Applies `frames`: begin, accounts, finish; then publishes, then answers.
    async fn round(&mut self, myself: &ActorRef<WorkspaceMsg>, frames: Vec<Frame>) -> Result<(), Failure> {
        let expected = self.workspace.applied() + 1;
        if let Some(first) = frames.first().filter(|frame| frame.seq != expected) {
            return Err(Failure::Gap { expected, found: first.seq });
        }
        // Skipped frames lie before this one, since a rebuild ends with the skip.
        self.shared.faults.apply.in_apply(&frames, &HashSet::new(), &self.handle.progress);
        let mut round = self.begin(&frames);
        if round.reset_accounts {
            self.put_all_to_sleep();
        }
        for id in round.let_go.drain(..) {
            self.put_to_sleep(id);
        }
        pace::give_way();
        let outcomes = self.run_accounts(myself, &mut round).await?;
        pace::give_way();
        let applied = self.workspace.finish(round, outcomes);
        if applied.rules_changed {
            self.handle.publish_rules(&self.workspace);
        }
        // A record that announces is a round of its own.
        let announced =
            applied.effects.first().map(|effect| effect.kind.of_type()) == Some(EffectType::BreakerForgotten);
        if applied.breakers_changed || announced {
            self.handle.publish_gate(&self.workspace);
        }
        self.handle.publish_counts(&self.workspace, &self.shared.duplicates);
        if self.handle.publish_mails(&self.workspace) {
            self.shared.mail_news.notify_one();
        }
        if !applied.effects.is_empty() || applied.deliveries_changed {
            self.handle.publish_effects(&self.workspace);
        }
        self.shared.counters.applied(frames.len(), &applied);
        self.handle.reply(applied.replies, self.shared.clock.elapsed(), &self.shared.measures.apply_delays);
        Ok(())
    }

    /// The workspace's part of a round. A thousand events that each score a conversation of a thousand turns take
    /// seconds; such rounds are applied on a blocking thread, since other workspaces need the runtime's threads.
    fn begin(&mut self, frames: &[Frame]) -> Round {
        let Self { workspace, handle, shared, .. } = self;
        let began = shared.clock.elapsed();
        let movable = || tokio::runtime::Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread;
        let round = if began < self.heavy_until && movable() {
            tokio::task::block_in_place(|| workspace.begin(frames, &handle.progress))
        } else {
            workspace.begin(frames, &handle.progress)
        };
        let ended = shared.clock.elapsed();
        if ended.saturating_sub(began) >= LONG_ROUND {
            self.heavy_until = ended + HEAVY_FOR;
        }
        round
    }

    /// The accounts' part of a round. A long list goes to the account's actor, so that accounts
    /// work side by side; a short one is done here, since a message costs as much as twenty steps.
    async fn run_accounts(
        &mut self,
        myself: &ActorRef<WorkspaceMsg>,
        round: &mut Round,
    ) -> Result<Vec<(Id, OpResults)>, Failure> {
        let (gather, now) = (Gather::new(round.tasks.len()), self.shared.clock.now());
        let (mut asked, mut short) = (Vec::new(), Vec::with_capacity(round.tasks.len()));
        for task in round.tasks.drain(..) {
            let AccountTask { account: id, wake, list } = task;
            if let Some(account) = wake {
                self.spawn(myself, id, account).await?;
            }
            let awake = self.awake.get(&id).ok_or(Failure::NoAccount(id))?;
            awake.cell.used_at.store(now, Ordering::Relaxed);
            awake.cell.progress.store(0, Ordering::Relaxed);
            if list.ops.len() > ON_THE_SPOT || self.shared.faults.wants_messages() {
                asked.push(ask(awake, &gather, id, list));
            } else {
                short.push((id, list));
            }
        }
        for (n, (id, list)) in short.into_iter().enumerate() {
            pace::step(n);
            let awake = self.awake.get(&id).ok_or(Failure::NoAccount(id))?;
            let run = || {
                self.shared.faults.on_the_spot();
                awake.cell.try_run(&list)
            };
            match catch_unwind(AssertUnwindSafe(run)) {
                Ok(Some(outcomes)) => gather.share(id).answer(outcomes),
                // A reader holds the lock: the actor can wait for it.
                Ok(None) => asked.push(ask(awake, &gather, id, list)),
                Err(_) => return Err(self.lost(id, first_place(&list))),
            }
        }
        let outcomes = gather.answers().await;
        let answered = |id: Id| outcomes.iter().any(|(other, _)| *other == id);
        match asked.into_iter().find(|(id, _)| !answered(*id)) {
            Some((id, first)) => Err(self.lost(id, first)),
            None => Ok(outcomes),
        }
    }

    /// The account died in the middle of a round.
    fn lost(&self, id: Id, first: Option<Position>) -> Failure {
        self.blame(id, first);
        Failure::LostReply(id)
    }

    /// Names the guilty event of an account that died: the one in work, else its first.
    fn blame(&self, id: Id, first: Option<Position>) {
        let at = self.awake.get(&id).map_or(0, |awake| awake.cell.progress.load(Ordering::Relaxed));
        let named = (at != 0).then(|| Position::from_packed(at)).or(first);
        if let Some(event) = named {
            self.handle.blame(event);
        }
    }

    async fn spawn(&mut self, myself: &ActorRef<WorkspaceMsg>, id: Id, account: Account) -> Result<(), Failure> {
        let cell = Arc::new(AccountCell::new(account, self.shared.clock.now()));
        let state = AccountState::new(Arc::clone(&cell), self.shared.faults.clone());
        let spawned = AccountActor::spawn_linked(None, AccountActor, state, myself.get_cell()).await;
        let (actor, _) = spawned.map_err(Failure::Spawn)?;
        let awake = AwakeAccount { actor, cell };
        self.names.insert(awake.actor.get_id(), id);
        self.shared.directory.account_woke(self.handle.key, id, awake.clone());
        self.awake.insert(id, awake);
        self.sweep_later(myself);
        Ok(())
    }

    /// Wakes the account and passes the query on, without waiting for its answer.
    async fn account(
        &mut self,
        myself: &ActorRef<WorkspaceMsg>,
        id: Id,
        now: Millis,
        reply: Answer<Option<AccountHealth>>,
    ) -> Result<(), Failure> {
        if let Some(account) = self.workspace.wake(id) {
            self.spawn(myself, id, account).await?;
        }
        let Some(awake) = self.awake.get(&id) else {
            tell(reply, Ok(None));
            return Ok(());
        };
        // If it died just now, the asker learns it by the lost reply.
        drop(awake.actor.send_message(AccountMsg::Health { rules: self.handle.rules(), now, reply }));
        Ok(())
    }

    /// A query changes nothing, so a panic in one leaves the state intact; the asker learns it by the lost reply.
    fn read(&self, question: Question) {
        if catch_unwind(AssertUnwindSafe(|| question(&self.workspace))).is_err() {
            tracing::error!(workspace = %self.handle.key.id, "a question made the workspace panic");
        }
    }

    fn sweep_later(&mut self, myself: &ActorRef<WorkspaceMsg>) {
        if !self.sweep_due {
            self.sweep_due = true;
            let period = Duration::from_millis(self.shared.options.idle_after.unsigned_abs() / 2 + 1);
            drop(myself.send_after(period, || WorkspaceMsg::Sweep));
        }
    }

    fn sweep(&mut self, myself: &ActorRef<WorkspaceMsg>) {
        self.sweep_due = false;
        let idle_since = self.shared.clock.now() - self.shared.options.idle_after;
        let idle = |awake: &AwakeAccount| awake.cell.used_at.load(Ordering::Relaxed) <= idle_since;
        let sleepy: Vec<Id> = self.awake.iter().filter(|(_, awake)| idle(awake)).map(|(id, _)| *id).collect();
        sleepy.into_iter().for_each(|id| self.put_to_sleep(id));
        if !self.awake.is_empty() {
            self.sweep_later(myself);
        }
    }

    fn put_to_sleep(&mut self, id: Id) {
        if let Some(awake) = self.awake.remove(&id) {
            self.names.remove(&awake.actor.get_id());
            self.shared.directory.account_sleeps(self.handle.key, id);
            self.workspace.sleep(id);
            awake.actor.stop(None);
        }
    }

    fn put_all_to_sleep(&mut self) {
        let all: Vec<Id> = self.awake.keys().copied().collect();
        all.into_iter().for_each(|id| self.put_to_sleep(id));
    }
}
