//! How long a connection is waited on: long while nothing has begun, and not so long once a head has.
//!
//! hyper has one time for both. It asks this timer for it when it begins to wait for a head, and looks at it whenever
//! there is nothing more to read. What it does not do is to say which of the two it waits for; the bytes do.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::rt::{Sleep, Timer};
use hyper_util::rt::TokioTimer;

use super::heads::Seen;

/// The timer of a connection. hyper's own time is that for a head to begin.
pub struct Patience {
    seen: Seen,
    /// From a head's first byte, or from the last answer if it came earlier, to its last.
    head: Duration,
}

impl Patience {
    pub fn new(seen: Seen, head: Duration) -> Self {
        Self { seen, head }
    }
}

impl Timer for Patience {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(self.now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(Wait { seen: self.seen.clone(), head: self.head, begun: false, deadline, sleep: None })
    }

    fn now(&self) -> Instant {
        TokioTimer::new().now()
    }
}

struct Wait {
    seen: Seen,
    head: Duration,
    /// Whether the time runs for a head that has begun.
    begun: bool,
    /// For a head to begin.
    deadline: Instant,
    /// There is none before something has to be waited for: a request that is there already needs none.
    sleep: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl Sleep for Wait {}

impl Future for Wait {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        if this.seen.has_begun() && !this.begun {
            this.begun = true;
            this.sleep = Some(Box::pin(tokio::time::sleep(this.head)));
        }
        let deadline = this.deadline.into();
        let sleep = this.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        sleep.as_mut().poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::connection::heads::Heads;

    use futures::FutureExt;

    const HOUR: Duration = Duration::from_secs(3_600);

    /// A wait for a head to begin and for it to end, and the bytes that it looks at.
    fn wait(idle: Duration, head: Duration) -> (Pin<Box<dyn Sleep>>, Heads) {
        let seen = Seen::default();
        (Patience::new(seen.clone(), head).sleep(idle), Heads::new(seen))
    }

    #[tokio::test]
    async fn r2_7c_a_head_has_its_time_from_its_first_byte_and_nothing_has_its_own() {
        let (mut long, mut heads) = wait(HOUR, Duration::ZERO);
        heads.read(b"\r\n");
        assert!((&mut long).now_or_never().is_none(), "nothing has begun");
        heads.read(b"G");
        long.await;

        let (mut begun, mut heads) = wait(Duration::ZERO, HOUR);
        heads.read(b"GET / HTTP/1.1\r\n");
        assert!((&mut begun).now_or_never().is_none());
        let (idle, _) = wait(Duration::ZERO, HOUR);
        idle.await;
    }
}
