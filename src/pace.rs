//! Lets threads that do long work give way to threads that answer.

/// Steps between two pauses: events read, or accounts that are done. A few microseconds each, so that
/// a thread that answers waits a fraction of a millisecond.
const STEPS: usize = 64;

/// To be called with the number of each step of long work. Every [`STEPS`] steps, threads that wait for this core go
/// first.
///
/// A kernel may let a thread run until its next tick (4 ms at 250 Hz) although one that answers has
/// become ready, whatever their priorities.
pub fn step(number: usize) {
    if number % STEPS == STEPS - 1 {
        give_way();
    }
}

/// Lets threads go first that wait for this core; if there are none, nothing happens.
pub fn give_way() {
    std::thread::yield_now();
}
