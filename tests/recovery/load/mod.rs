//! Clients that write all the time, remember what they were answered, and tell afterwards what of it
//! is missing.

mod batch;
mod check;
mod worker;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

#[cfg(feature = "faults")]
pub use check::Checked;
pub use check::{answers, check, check_everything};
pub use worker::{Pending, Worker};

use crate::support::process::{Home, Server};
use worker::End;

/// Clients at a time.
pub const CLIENTS: u64 = 8;
/// How long an answer may take before the test gives up.
const PATIENCE: Duration = Duration::from_secs(120);

/// New clients; everything they will ever send follows from the seed.
pub fn workers(seed: u64) -> Vec<Worker> {
    (0..CLIENTS).map(|client| Worker::new(seed, client)).collect()
}

/// Lets the clients write until `answers` requests were answered, then does `then`, while they go on,
/// and stops them. `Some(server)` is what `then` leaves running.
///
/// The server may only go away in `then`.
pub fn load(
    workers: &mut [Worker],
    home: &Home,
    server: Server,
    answers: usize,
    then: impl FnOnce(Server) -> Option<Server>,
) -> Option<Server> {
    let address = server.address;
    let (answered, count) = mpsc::channel();
    let (stop, ending) = (AtomicBool::new(false), AtomicBool::new(false));
    let (left, ends) = thread::scope(|scope| {
        let run = |worker| {
            let (answered, stop, ending) = (answered.clone(), &stop, &ending);
            scope.spawn(move || {
                let end = Worker::run(worker, home, address, stop, &answered);
                (end, ending.load(Ordering::SeqCst))
            })
        };
        let running: Vec<_> = workers.iter_mut().map(run).collect();
        drop(answered);
        // Fewer than these come only if the clients end by themselves, which is judged below.
        let _enough = (0..answers).try_for_each(|_| count.recv_timeout(PATIENCE));
        ending.store(true, Ordering::SeqCst);
        let left = then(server);
        stop.store(true, Ordering::SeqCst);
        (left, running.into_iter().map(|client| client.join().unwrap()).collect::<Vec<_>>())
    });
    for end in ends {
        match end {
            (End::Stopped, _) | (End::Gone(_), true) => {}
            (End::Gone(why), false) => panic!("the server went away by itself: {why}"),
            (End::Wrong(what), _) => panic!("{what}"),
        }
    }
    left
}
