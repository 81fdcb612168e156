//! What goes on beside the requests, until the program stops.

use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// Tells whoever has a clone that it is to stop: listeners, connections, held answers, tasks, the engine.
pub type Stop = CancellationToken;

/// The end of a server in two steps, so that its clients can go elsewhere before nobody answers them.
#[derive(Clone, Debug, Default)]
pub struct Ending {
    /// Requests are answered as ever, and no connection is kept after an answer.
    pub drain: Stop,
    /// No connection is accepted any more, and what is under way is finished.
    pub stop: Stop,
}

impl From<Stop> for Ending {
    /// Both at once.
    fn from(stop: Stop) -> Self {
        Self { drain: stop.clone(), stop }
    }
}

/// Ticks at once, and then after every period, until the stop: `while ticks.next().await { … }`.
pub struct Ticks<'a> {
    ticks: Interval,
    stop: &'a Stop,
}

/// A tick every `period`. Those that pass while work goes on are not made up for.
pub fn every(period: Duration, stop: &Stop) -> Ticks<'_> {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    Ticks { ticks, stop }
}

impl Ticks<'_> {
    /// Waits for the next tick; `false` at the stop.
    pub async fn next(&mut self) -> bool {
        self.stop.run_until_cancelled(self.ticks.tick()).await.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn ticks_end_with_the_stop() {
        let (stop, mut seen) = (Stop::new(), 0);
        let mut ticks = every(Duration::from_millis(1), &stop);
        while ticks.next().await {
            seen += 1;
            if seen == 3 {
                stop.cancel();
            }
        }
        assert_eq!(seen, 3);
        assert!(!every(Duration::from_millis(1), &stop).next().await);
    }
}
