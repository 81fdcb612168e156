//! How much is allocated at once.

use parking_lot::Mutex;
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// What other threads of the test may allocate meanwhile: traces of panics are among it.
const OTHERS: usize = 4 << 20;

/// Measurements of two tests would add up.
static MEASURING: Mutex<()> = Mutex::new(());

/// Does the work; no more than `bytes` may be allocated by it at any moment.
pub fn within<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    let _alone = MEASURING.lock();
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let done = work();
    let taken = ALLOCATOR.peak_usage().saturating_sub(before);
    assert!(taken <= bytes + OTHERS, "{taken} bytes were allocated at once, more than {bytes}");
    done
}

#[test]
fn an_allocation_beyond_the_bound_is_noticed() {
    within(OTHERS, || std::hint::black_box(vec![0_u8; OTHERS]).len());
    let beyond = std::panic::catch_unwind(|| within(OTHERS, || std::hint::black_box(vec![0_u8; 4 * OTHERS]).len()));
    assert!(beyond.is_err());
}
