//! Whether the server for mails is tried at all: while it takes none, one mail now and then finds out whether it does
//! again, and the others wait.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::relay::Tried;
use crate::clock::Clock;

/// The first pause, and the longest; each is twice as long as the one before.
const FIRST: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(900);
/// So many mails in a row that the server takes later are no matter of the mails.
const IN_A_ROW: u32 = 10;

/// Lets mails through.
pub struct Gate {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    /// Put off one behind the other.
    put_off: u32,
    trouble: Option<Trouble>,
}

#[derive(Clone, Copy)]
struct Trouble {
    pause: Duration,
    /// When it is tried again.
    until: Duration,
    is_tried: bool,
}

/// A mail may be sent. Dropped without a word it says nothing of the server.
pub struct Pass<'a> {
    gate: &'a Gate,
    /// It is the one that finds out.
    finds_out: bool,
}

impl Gate {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, state: Mutex::default(), changed: Notify::new() }
    }

    /// Whether the server takes no mails.
    pub fn is_closed(&self) -> bool {
        self.state.lock().trouble.is_some()
    }

    /// Waits until the server may be tried.
    pub async fn pass(&self) -> Pass<'_> {
        loop {
            let changed = self.changed.notified();
            let waits = match self.state.lock().trouble.as_mut() {
                None => return Pass { gate: self, finds_out: false },
                Some(Trouble { is_tried: true, .. }) => None,
                Some(trouble) => match trouble.until.checked_sub(self.clock.elapsed()).filter(|left| !left.is_zero()) {
                    Some(left) => Some(left),
                    None => {
                        trouble.is_tried = true;
                        return Pass { gate: self, finds_out: true };
                    }
                },
            };
            match waits {
                Some(left) => drop(timeout(left, changed).await),
                None => changed.await,
            }
        }
    }

    fn tell(&self, tried: Tried, finds_out: bool) {
        let mut state = self.state.lock();
        match tried {
            Tried::BrokenOff => return,
            Tried::Refused { again: true, .. } => state.put_off += 1,
            Tried::Taken | Tried::Refused { again: false, .. } => state.put_off = 0,
            Tried::Trouble(_) => {}
        }
        let is_trouble = matches!(tried, Tried::Trouble(_)) || state.put_off >= IN_A_ROW;
        if !is_trouble && state.trouble.take().is_some() {
            tracing::info!("the mail server takes mails again");
        }
        // What others were about when the trouble began is no news.
        if is_trouble && (finds_out || state.trouble.is_none()) {
            let pause = state.trouble.map_or(FIRST, |trouble| (2 * trouble.pause).min(LONGEST));
            if state.trouble.is_none() {
                tracing::warn!(?tried, "the mail server takes no mails; it is tried again, less and less often");
            }
            let until = self.clock.elapsed() + pause;
            state.trouble = Some(Trouble { pause, until, is_tried: false });
        }
        drop(state);
        self.changed.notify_waiters();
    }
}

impl Pass<'_> {
    /// Says what came of it.
    pub fn tell(self, tried: Tried) {
        self.gate.tell(tried, self.finds_out);
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if self.finds_out
            && let Some(trouble) = self.gate.state.lock().trouble.as_mut()
        {
            trouble.is_tried = false;
        }
        if self.finds_out {
            self.gate.changed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use crate::domain::follow_up::MailFault;
    use futures::FutureExt;

    const TROUBLE: Tried = Tried::Trouble(MailFault::Unreachable);
    const LATER: Tried = Tried::Refused { fault: MailFault::Deferred(450), again: true };

    fn gate() -> (Arc<ManualClock>, Gate) {
        let clock = Arc::new(ManualClock::new(0));
        (Arc::clone(&clock), Gate::new(clock))
    }

    fn passes(gate: &Gate) -> Option<Pass<'_>> {
        gate.pass().now_or_never()
    }

    #[tokio::test]
    async fn r13_2b_a_server_in_trouble_is_tried_by_one_mail_at_a_time_and_less_and_less_often() {
        let (clock, gate) = gate();
        let (one, other) = (passes(&gate).unwrap(), passes(&gate).unwrap());
        one.tell(TROUBLE);
        other.tell(TROUBLE);
        let mut pause = FIRST;
        for _ in 0..10 {
            assert!(passes(&gate).is_none());
            clock.advance(i64::try_from(pause.as_millis()).unwrap());
            let tries = passes(&gate).unwrap();
            assert!(passes(&gate).is_none(), "one finds out");
            drop(tries);
            passes(&gate).unwrap().tell(TROUBLE);
            pause = (2 * pause).min(LONGEST);
        }
        clock.advance(i64::try_from(LONGEST.as_millis()).unwrap());
        let tries = passes(&gate).unwrap();
        let waiting = gate.pass();
        let mut waiting = std::pin::pin!(waiting);
        assert!(waiting.as_mut().now_or_never().is_none());
        tries.tell(Tried::Taken);
        assert!(waiting.now_or_never().is_some(), "who waits is told");
        assert!(passes(&gate).is_some() && passes(&gate).is_some());
    }

    #[tokio::test]
    async fn r13_2b_a_server_that_puts_every_mail_off_is_in_trouble() {
        let (_, gate) = gate();
        for _ in 0..IN_A_ROW - 1 {
            passes(&gate).unwrap().tell(LATER);
        }
        passes(&gate).unwrap().tell(Tried::Taken);
        for _ in 0..IN_A_ROW {
            passes(&gate).unwrap().tell(LATER);
        }
        assert!(passes(&gate).is_none());
    }
}
