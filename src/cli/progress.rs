//! How far long work has come (R10.9): a bar on a terminal, a line every five seconds elsewhere,
//! nothing with `--quiet`.

use std::convert::Infallible;
use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::oneshot;
use tokio::time::sleep;

const REDRAW: Duration = Duration::from_millis(100);
const LINE: Duration = Duration::from_secs(5);
/// Work that takes less gets no bar.
const GRACE: Duration = Duration::from_millis(500);

/// Shows `share` (0 to 1) until it is dropped, on standard error. Never ends by itself.
pub async fn show(what: impl Fn() -> &'static str, quiet: bool, share: impl Fn() -> f64) -> Infallible {
    if quiet {
        return std::future::pending().await;
    }
    sleep(GRACE).await;
    if std::io::stderr().is_terminal() { bar(what, share).await } else { lines(what, share).await }
}

/// Does `work` on this thread, and meanwhile shows what `look` returns: what is being done, and how much of it is
/// done (0 to 1).
pub fn during<T>(quiet: bool, look: impl Fn() -> (&'static str, f64) + Send + 'static, work: impl FnOnce() -> T) -> T {
    let (done, is_done) = oneshot::channel::<()>();
    let display = std::thread::spawn(move || {
        // Without a runtime nothing is shown; the work is done all the same.
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_time().build() else { return };
        runtime.block_on(async {
            tokio::select! {
                _ = is_done => {}
                never = show(|| look().0, quiet, || look().1) => match never {},
            }
        });
    });
    let outcome = work();
    // The display ends with the process at the latest.
    drop(done);
    drop(display.join());
    outcome
}

async fn bar(what: impl Fn() -> &'static str, share: impl Fn() -> f64) -> Infallible {
    let bar = ClearOnDrop(ProgressBar::new(1_000));
    let style = ProgressStyle::with_template("{msg} [{wide_bar}] {percent} % {eta}");
    if let Ok(style) = style {
        bar.0.set_style(style.progress_chars("=> "));
    }
    loop {
        bar.0.set_message(what());
        bar.0.set_position((share() * 1_000.0) as u64);
        sleep(REDRAW).await;
    }
}

/// Restores the terminal, also if the work ends early.
struct ClearOnDrop(ProgressBar);

impl Drop for ClearOnDrop {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

async fn lines(what: impl Fn() -> &'static str, share: impl Fn() -> f64) -> Infallible {
    loop {
        sleep(LINE).await;
        super::output::note(false, format_args!("{}: {:.0} %", what(), share() * 100.0));
    }
}
