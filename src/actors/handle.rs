//! One workspace side, for all other threads. Outlives its actor.

use std::iter::Sum;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::domain::configured::{Configured, Effective};
use crate::domain::ids::{Position, WorkspaceKey};
use crate::domain::record::{Frame, Record};
use crate::domain::reply::Reply;
use crate::domain::rules::Rules;
use crate::domain::time::{MINUTE, Millis};
use crate::domain::view::Skipped;
use crate::domain::workspace::{GateState, Workspace};
use crate::measure::Histogram;

use super::directory::Watches;
use super::duplicates::{DuplicateMemory, DuplicateShare};
use super::gate_news::GateNews;
use super::in_flight::{Allowance, BodyPermit};
use super::messages::{QueuedFrame, ReplyTo, WorkspaceMsg};
use super::queue::FrameQueue;

/// Skips (and rebuilds without one) within a minute after which a workspace stays down (I6).
const REBUILDS_A_MINUTE: usize = 3;

/// Whether a workspace side answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Serving,
    /// Its subtree failed and is being rebuilt from the journal.
    Rebuilding,
    /// It failed too often; a restart tries again.
    Failed,
}

/// What must outlive the actor, and what can be answered without it.
pub(crate) struct WorkspaceHandle {
    pub key: WorkspaceKey,
    pub name: Box<str>,
    configured: Arc<Configured>,
    /// What its settings should be, with what its users have set (I1).
    effective: ArcSwap<Effective>,
    pub queue: FrameQueue<WorkspaceMsg>,
    /// What of the bytes in flight this side may hold.
    pub allowance: Allowance,
    /// What of the memory of identities.
    pub identities: DuplicateShare,
    /// The position of the event in work, by which the guilty one is found after a failure (I6).
    pub progress: Arc<AtomicU64>,
    status: watch::Sender<Status>,
    /// The frames of the round under way.
    in_flight: Mutex<Vec<InFlight>>,
    /// The guilty event, where the actor could name it (an account that died).
    failure: Mutex<Option<Position>>,
    /// When the latest rebuilds began.
    rebuilds: Mutex<Vec<Millis>>,
    rules: ArcSwap<Rules>,
    gate: ArcSwapOption<GateState>,
    /// Shared with those who waited for the side before it was there.
    watches: Arc<Watches>,
    gate_news: Arc<GateNews>,
    /// When the next breaker is forgotten (R7.6); [`Millis::MAX`] while none will be.
    forgotten_at: AtomicI64,
    /// When the next follow-up mail is to be tried; [`Millis::MAX`] while none is due.
    next_mail: AtomicI64,
    settings_due: AtomicBool,
    /// Held while the settings record is written that the next frame needs, and while its users change what it says.
    pub settings_lock: tokio::sync::Mutex<()>,
    duplicates: AtomicU64,
    skipped: ArcSwapOption<Skipped>,
    holds: Holds,
    /// Its workspace was deleted.
    retired: AtomicBool,
}

/// What a side holds, as of its last round.
#[derive(Default)]
struct Holds {
    accounts: AtomicU64,
    conversations: AtomicU64,
    breakers: AtomicU64,
    breakers_acknowledged: AtomicU64,
}

/// A reading of what sides hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    pub accounts: u64,
    pub conversations: u64,
    /// Active breakers that nobody has acknowledged, and those that somebody has.
    pub breakers_triggered: u64,
    pub breakers_acknowledged: u64,
}

impl Sum for Held {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, held| Self {
            accounts: sum.accounts + held.accounts,
            conversations: sum.conversations + held.conversations,
            breakers_triggered: sum.breakers_triggered + held.breakers_triggered,
            breakers_acknowledged: sum.breakers_acknowledged + held.breakers_acknowledged,
        })
    }
}

/// A frame of the round under way, without the frame.
pub(crate) struct InFlight {
    pub seq: u64,
    durable_at: Duration,
    pub reply: ReplyTo,
    pub permit: Option<BodyPermit>,
}

impl From<QueuedFrame> for InFlight {
    fn from(queued: QueuedFrame) -> Self {
        let QueuedFrame { frame, durable_at, reply, permit, group: _ } = queued;
        Self { seq: frame.seq, durable_at, reply, permit }
    }
}

/// What a side has in common with others, or with those who waited for it before it was there.
pub(crate) struct Room {
    pub allowance: Allowance,
    pub identities: DuplicateShare,
    pub watches: Arc<Watches>,
    pub gate_news: Arc<GateNews>,
}

impl WorkspaceHandle {
    /// A side without an actor and a state; both come when it is started.
    pub fn new(key: WorkspaceKey, name: Box<str>, configured: Arc<Configured>, room: Room) -> Self {
        let Room { allowance, identities, watches, gate_news } = room;
        Self {
            key,
            name,
            effective: ArcSwap::new(Arc::clone(configured.plain())),
            configured,
            queue: FrameQueue::new(),
            allowance,
            identities,
            progress: Arc::default(),
            status: watch::Sender::new(Status::Rebuilding),
            in_flight: Mutex::default(),
            failure: Mutex::default(),
            rebuilds: Mutex::default(),
            rules: ArcSwap::default(),
            gate: ArcSwapOption::empty(),
            watches,
            gate_news,
            forgotten_at: AtomicI64::new(Millis::MAX),
            next_mail: AtomicI64::new(Millis::MAX),
            settings_due: AtomicBool::new(true),
            settings_lock: tokio::sync::Mutex::default(),
            duplicates: AtomicU64::new(0),
            skipped: ArcSwapOption::empty(),
            holds: Holds::default(),
            retired: AtomicBool::new(false),
        }
    }

    pub fn is_retired(&self) -> bool {
        self.retired.load(Ordering::SeqCst)
    }

    /// Its workspace was deleted: it counts for nothing from here on, and who waits at its gate is woken. Again,
    /// nothing changes but what was counted in between.
    pub fn retire(&self, memory: &DuplicateMemory) {
        self.retired.store(true, Ordering::SeqCst);
        self.set_status(Status::Failed);
        self.give_back(memory);
        self.watches.end();
    }

    /// Its engine has ended: its identities count for nothing any more.
    pub fn give_back(&self, memory: &DuplicateMemory) {
        memory.moved(&self.identities, self.duplicates.swap(0, Ordering::SeqCst), 0);
    }

    pub fn status(&self) -> Status {
        *self.status.borrow()
    }

    pub fn set_status(&self, status: Status) {
        self.status.send_replace(status);
    }

    /// To await a change of status.
    #[cfg(test)]
    pub fn watch_status(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    pub fn rules(&self) -> Arc<Rules> {
        self.rules.load_full()
    }

    /// What its settings should be.
    pub fn effective(&self) -> Arc<Effective> {
        self.effective.load_full()
    }

    /// The record that makes them so.
    pub fn settings_record(&self) -> Record {
        Record::of_settings(&self.effective.load().settings)
    }

    /// The last state; `None` for a side that failed at the start and never served.
    pub fn gate(&self) -> Option<Arc<GateState>> {
        self.gate.load_full()
    }

    pub fn watches(&self) -> &Watches {
        &self.watches
    }

    /// When the next breaker is forgotten (R7.6).
    pub fn forgotten_at(&self) -> Millis {
        self.forgotten_at.load(Ordering::Relaxed)
    }

    /// When the next follow-up mail is to be tried.
    pub fn next_mail(&self) -> Millis {
        self.next_mail.load(Ordering::Relaxed)
    }

    /// How many identities this side remembers.
    pub fn duplicates(&self) -> u64 {
        self.duplicates.load(Ordering::Relaxed)
    }

    /// The events that are passed over; `None` for a side that failed at the start and never served.
    pub fn skipped(&self) -> Option<Arc<Skipped>> {
        self.skipped.load_full()
    }

    /// Whether the next frame must come after a settings record (I1).
    pub fn settings_due(&self) -> bool {
        self.settings_due.load(Ordering::Acquire)
    }

    /// Publishes what is answered from memory, from `workspace`.
    pub fn publish(&self, workspace: &Workspace, memory: &DuplicateMemory) {
        self.publish_rules(workspace);
        self.publish_gate(workspace);
        self.publish_counts(workspace, memory);
        self.publish_effects(workspace);
        self.publish_mails(workspace);
        // A skip always follows a failure, and is applied before the next actor starts.
        self.skipped.store(Some(Arc::new(workspace.skipped())));
        // The failure before this state is over.
        *self.failure.lock() = None;
    }

    pub fn publish_rules(&self, workspace: &Workspace) {
        let effective = self.configured.with(workspace.own_settings());
        let is_due = workspace.needs_settings(&effective.settings);
        self.rules.store(workspace.rules());
        self.effective.store(effective);
        self.settings_due.store(is_due, Ordering::Release);
        self.forgotten_at.store(workspace.forgotten_at().unwrap_or(Millis::MAX), Ordering::Relaxed);
    }

    /// Wakes who waits for effects, or delivers them: these are there, or there is other news for who delivers.
    pub fn publish_effects(&self, workspace: &Workspace) {
        let newest = workspace.newest_effect();
        self.watches.effects.send_modify(|latest| latest.effect = newest);
    }

    /// Says when the next mail is due; whether that is sooner than before.
    pub fn publish_mails(&self, workspace: &Workspace) -> bool {
        let next = workspace.next_mail().unwrap_or(Millis::MAX);
        next < self.next_mail.swap(next, Ordering::Relaxed)
    }

    pub fn publish_gate(&self, workspace: &Workspace) {
        let gate = Arc::new(workspace.gate());
        let epoch = gate.epoch;
        self.gate.store(Some(gate));
        // Who is woken finds the new gate.
        if self.watches.epoch.send_if_modified(|known| std::mem::replace(known, epoch) != epoch) {
            self.gate_news.tell(self.key);
        }
        self.forgotten_at.store(workspace.forgotten_at().unwrap_or(Millis::MAX), Ordering::Relaxed);
        let (active, acknowledged) = workspace.breakers_active();
        self.holds.breakers.store(active, Ordering::Relaxed);
        self.holds.breakers_acknowledged.store(acknowledged, Ordering::Relaxed);
    }

    pub fn publish_counts(&self, workspace: &Workspace, memory: &DuplicateMemory) {
        let now = workspace.duplicates_held();
        memory.moved(&self.identities, self.duplicates.swap(now, Ordering::SeqCst), now);
        // The round may have been under way when the workspace was deleted.
        if self.is_retired() {
            self.give_back(memory);
        }
        self.holds.accounts.store(workspace.accounts_known(), Ordering::Relaxed);
        self.holds.conversations.store(workspace.conversations_held(), Ordering::Relaxed);
    }

    /// What the side holds; nothing for one that failed at the start and never served.
    pub fn held(&self) -> Held {
        let read = |number: &AtomicU64| number.load(Ordering::Relaxed);
        let (active, acknowledged) = (read(&self.holds.breakers), read(&self.holds.breakers_acknowledged));
        Held {
            accounts: read(&self.holds.accounts),
            conversations: read(&self.holds.conversations),
            breakers_triggered: active.saturating_sub(acknowledged),
            breakers_acknowledged: acknowledged,
        }
    }

    /// How many durable frames are not applied yet, and since when the first of them is durable.
    pub fn waiting(&self) -> (usize, Option<Duration>) {
        let (in_work, first) = {
            let in_flight = self.in_flight.lock();
            (in_flight.len(), in_flight.first().map(|waiting| waiting.durable_at))
        };
        let (queued, next) = self.queue.waiting();
        (in_work + queued, first.or(next))
    }

    /// The next round's frames. The replies that they wait for stay here, out of the actor's reach.
    pub fn take_round(&self, limit: usize) -> Vec<Frame> {
        let mut in_flight = self.in_flight.lock();
        let frames = self.queue.take_round(limit, |queued| {
            let QueuedFrame { frame, durable_at, reply, permit, group: _ } = queued;
            in_flight.push(InFlight { seq: frame.seq, durable_at, reply, permit });
            frame
        });
        if let Some(first) = frames.first() {
            self.progress.store(Position::new(first.seq, 0).packed(), Ordering::Relaxed);
        }
        frames
    }

    /// Ends the round under way, which was applied at `applied_at`: sends each reply, and gives the bytes back.
    /// `delays` records how long each frame had been durable by then.
    pub fn reply(&self, replies: Vec<(u64, Reply)>, applied_at: Duration, delays: &Histogram) {
        let waiting = std::mem::take(&mut *self.in_flight.lock());
        for frame in &waiting {
            delays.observe(applied_at.saturating_sub(frame.durable_at).as_secs_f64());
        }
        answer(waiting, replies);
    }

    /// The frames that no actor has answered, up to `seq`: first those of the round that failed.
    pub fn take_unanswered(&self, seq: u64) -> Vec<InFlight> {
        let mut waiting = std::mem::take(&mut *self.in_flight.lock());
        waiting.extend(self.queue.take_upto(seq).into_iter().map(InFlight::from));
        waiting
    }

    /// The first frame that no actor has answered.
    pub fn first_unanswered(&self) -> Option<u64> {
        let in_flight = self.in_flight.lock().first().map(|waiting| waiting.seq);
        in_flight.or_else(|| self.queue.first())
    }

    /// Names the guilty event before the actor gives up.
    pub fn blame(&self, event: Position) {
        *self.failure.lock() = Some(event);
    }

    /// The guilty event of the failure that just happened: the named one, else the one in work;
    /// `None` between rounds, when every event so far has been answered and none may be skipped.
    pub fn guilty(&self) -> Option<Position> {
        let named = self.failure.lock().take();
        let event = named.unwrap_or_else(|| Position::from_packed(self.progress.load(Ordering::Relaxed)));
        let in_flight = self.in_flight.lock();
        in_flight.iter().any(|waiting| waiting.seq == event.seq()).then_some(event)
    }

    /// Whether one more rebuild is within the limit; if so, it is counted.
    pub fn may_rebuild(&self, now: Millis) -> bool {
        let mut rebuilds = self.rebuilds.lock();
        rebuilds.retain(|at| now - at < MINUTE);
        let within = rebuilds.len() < REBUILDS_A_MINUTE;
        if within {
            rebuilds.push(now);
        }
        within
    }
}

/// Sends each of `waiting` its reply by seq. Both are in order of seq.
pub(crate) fn answer(waiting: Vec<InFlight>, replies: Vec<(u64, Reply)>) {
    let mut replies = replies.into_iter().peekable();
    for InFlight { seq, reply, permit, durable_at: _ } in waiting {
        while replies.next_if(|(other, _)| *other < seq).is_some() {}
        let found = replies.next_if(|(other, _)| *other == seq).map(|(_, found)| found);
        // Before the answer: a client that was answered may count on its bytes being free.
        drop(permit);
        reply.applied(found);
    }
}
