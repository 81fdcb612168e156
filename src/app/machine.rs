//! What the process asks of the kernel so that answers come in time. Nothing depends on it: where the kernel refuses,
//! that is logged.

/// How far the priority of threads that work is below that of threads that answer (nice values, up to 19).
#[cfg(target_os = "linux")]
const STEP_BACK: i32 = 5;

/// How far the priority of threads whose work nobody waits for is below all others.
#[cfg(target_os = "linux")]
const STEP_FAR_BACK: i32 = 10;

/// Lets what the process makes from here on be read and written by its own user alone: data
/// directories, copies and exports hold names of accounts and comments of people.
#[cfg(target_os = "linux")]
pub fn keep_files_private() {
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
}

/// Has the kernel write no memory to disk when the process dies: it holds credentials' hashes, comments of people and
/// the secret. A handler that gets cores through a pipe gets one without memory.
#[cfg(target_os = "linux")]
pub fn keep_no_cores() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let limited = setrlimit(Resource::Core, none).map_err(std::io::Error::from);
    if let Err(cause) = limited.and(std::fs::write("/proc/self/coredump_filter", "0")) {
        tracing::debug!(%cause, "the process may leave cores");
    }
}

/// Keeps memory in small pages. A huge page is cleared as a whole when it is first touched, which
/// takes up to milliseconds, and always in the middle of a request.
#[cfg(target_os = "linux")]
pub fn keep_small_pages() {
    if let Err(cause) = rustix::thread::disable_transparent_huge_pages(true) {
        tracing::debug!(%cause, "huge pages stay on");
    }
}

/// Lowers the priority of the calling thread, which reads bodies and applies rounds, below that of the threads that
/// serve connections and write the journal: where there is work for every core, an answer is the shorter work.
#[cfg(target_os = "linux")]
pub fn step_back() {
    step(STEP_BACK);
}

/// Lowers the priority of the calling thread, which writes a snapshot, below everything else.
#[cfg(target_os = "linux")]
pub fn step_far_back() {
    step(STEP_FAR_BACK);
}

#[cfg(target_os = "linux")]
fn step(by: i32) {
    let this = Some(rustix::thread::gettid());
    let stepped = rustix::process::getpriority_process(this)
        .and_then(|nice| rustix::process::setpriority_process(this, (nice + by).min(19)));
    if let Err(cause) = stepped {
        tracing::debug!(%cause, "a thread keeps its priority");
    }
}

/// How many threads the machine runs at a time.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Files that are open besides connections: journal, snapshots, listeners.
#[cfg(target_os = "linux")]
const OTHER_FILES: u64 = 256;

/// At most so many connections, and no more than the limit of open files has room for.
#[cfg(target_os = "linux")]
pub fn connections(wanted: usize) -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let room = limit.map_or(u64::MAX, |limit| limit.saturating_sub(OTHER_FILES).max(limit / 2));
    let room = usize::try_from(room).unwrap_or(usize::MAX);
    if room < wanted {
        tracing::info!(wanted, room, "the limit of open files allows fewer connections than max_connections");
    }
    wanted.min(room)
}

#[cfg(not(target_os = "linux"))]
pub const fn connections(wanted: usize) -> usize {
    wanted
}

#[cfg(not(target_os = "linux"))]
pub const fn keep_files_private() {}

#[cfg(not(target_os = "linux"))]
pub const fn keep_no_cores() {}

#[cfg(not(target_os = "linux"))]
pub const fn keep_small_pages() {}

#[cfg(not(target_os = "linux"))]
pub const fn step_back() {}

#[cfg(not(target_os = "linux"))]
pub const fn step_far_back() {}
