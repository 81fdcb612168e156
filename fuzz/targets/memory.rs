//! Here the fuzzer itself watches what is allocated (`-malloc_limit_mb` of `scripts/fuzz`).

/// Does the work.
pub fn within<T>(_bytes: usize, work: impl FnOnce() -> T) -> T {
    work()
}
