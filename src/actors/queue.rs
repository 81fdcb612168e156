//! The frames that wait for an actor. ractor's mailboxes carry one message that says so; the frames
//! stay here, so that they outlive the actor and can be taken by the round.

use std::collections::VecDeque;
use std::time::Duration;

use parking_lot::Mutex;
use ractor::ActorRef;

use crate::domain::record::Record;
use crate::journal::GroupPosition;

use super::error::EngineError;
use super::messages::{QueuedFrame, Waking};

/// In order of seq: the journal's writer is the only one that pushes.
pub(crate) struct FrameQueue<M: Waking>(Mutex<Inner<M>>);

struct Inner<M: Waking> {
    frames: VecDeque<QueuedFrame>,
    /// Whether a `FramesWaiting` is on its way to the actor.
    signalled: bool,
    /// `None` while there is no actor: frames wait for the next one.
    actor: Option<ActorRef<M>>,
    /// If set, frames are refused with this error.
    closed: Option<EngineError>,
    /// The last seq that came here.
    last: u64,
}

impl<M: Waking> FrameQueue<M> {
    pub fn new() -> Self {
        Self(Mutex::new(Inner { frames: VecDeque::new(), signalled: false, actor: None, closed: None, last: 0 }))
    }

    /// The actor that takes from this queue now.
    pub fn actor(&self) -> Option<ActorRef<M>> {
        self.0.lock().actor.clone()
    }

    pub fn attach(&self, actor: ActorRef<M>) {
        let mut inner = self.0.lock();
        inner.actor = Some(actor);
        inner.signal();
    }

    pub fn detach(&self) {
        let mut inner = self.0.lock();
        inner.actor = None;
        inner.signalled = false;
    }

    pub fn push(&self, frame: QueuedFrame) {
        let mut inner = self.0.lock();
        if let Some(error) = inner.closed {
            drop(inner);
            frame.reply.refuse(error);
            return;
        }
        inner.last = frame.frame.seq;
        inner.frames.push_back(frame);
        if !inner.signalled {
            inner.signal();
        }
    }

    /// The last seq that came here; all frames before it did too.
    pub fn last(&self) -> u64 {
        self.0.lock().last
    }

    /// The actor's state holds everything up to `seq`.
    pub fn begins_after(&self, seq: u64) {
        let mut inner = self.0.lock();
        inner.last = inner.last.max(seq);
    }

    /// Refuses what waits and what comes.
    pub fn close(&self, error: EngineError) {
        let frames = {
            let mut inner = self.0.lock();
            inner.closed = Some(error);
            std::mem::take(&mut inner.frames)
        };
        frames.into_iter().for_each(|frame| frame.reply.refuse(error));
    }

    /// The next round (I1): up to `limit` event frames that follow each other, or exactly one other
    /// record. `moved` sees each frame before it leaves the queue, under the queue's lock.
    pub fn take_round<T>(&self, limit: usize, mut moved: impl FnMut(QueuedFrame) -> T) -> Vec<T> {
        let mut inner = self.0.lock();
        let events = inner
            .frames
            .iter()
            .take(limit)
            .take_while(|waiting| matches!(waiting.frame.record, Record::Events(_)))
            .count();
        let count = events.max(1).min(inner.frames.len());
        inner.frames.drain(..count).map(&mut moved).collect()
    }

    /// Up to `limit` frames of any kind.
    pub fn take_any(&self, limit: usize) -> Vec<QueuedFrame> {
        let mut inner = self.0.lock();
        let count = limit.min(inner.frames.len());
        inner.frames.drain(..count).collect()
    }

    /// Everything up to `seq`.
    pub fn take_upto(&self, seq: u64) -> Vec<QueuedFrame> {
        let mut inner = self.0.lock();
        let count = inner.frames.iter().take_while(|waiting| waiting.frame.seq <= seq).count();
        inner.frames.drain(..count).collect()
    }

    /// To be called by the actor after every round: signals again if more waits.
    pub fn signal_rest(&self) {
        self.0.lock().signal();
    }

    /// The seq of the frame that waits longest.
    pub fn first(&self) -> Option<u64> {
        self.0.lock().frames.front().map(|waiting| waiting.frame.seq)
    }

    /// The group of the frame that waits longest.
    pub fn first_group(&self) -> Option<GroupPosition> {
        self.0.lock().frames.front().map(|waiting| waiting.group)
    }

    /// How many wait, and since when the first of them is durable.
    pub fn waiting(&self) -> (usize, Option<Duration>) {
        let inner = self.0.lock();
        (inner.frames.len(), inner.frames.front().map(|waiting| waiting.durable_at))
    }

    pub fn is_empty(&self) -> bool {
        self.0.lock().frames.is_empty()
    }
}

impl<M: Waking> Inner<M> {
    fn signal(&mut self) {
        self.signalled = match &self.actor {
            // A dead actor is its supervisor's business; the frames stay.
            Some(actor) if !self.frames.is_empty() => actor.send_message(M::frames_waiting()).is_ok(),
            Some(_) | None => false,
        };
    }
}
