//! Fault points. Some make acknowledgements lie: they are the crash tests' negative controls, and
//! with one of them switched on a crash test must fail. Some end the process at a chosen place. They
//! exist only with the cargo feature `faults`, and do nothing unless an environment variable selects
//! one.

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// `TRIPSWITCH_FAULT=ack-before-write`: the frames of a group are acknowledged, and 200 ms later
    /// it is written.
    AckBeforeWrite,
    /// `TRIPSWITCH_FAULT=ack-before-sync`: a group is acknowledged once written, and made durable
    /// only before the next one is written.
    AckBeforeSync,
    /// `TRIPSWITCH_FAULT=trim-before-unlink`: the process dies before the first file goes.
    TrimBeforeUnlink,
    /// `TRIPSWITCH_FAULT=trim-after-unlink`: the process dies when the first segment is unlinked, and
    /// nobody has made that durable yet.
    TrimAfterUnlink,
}

/// Ends the process on the spot if the selected fault is the one of this place: no destructor runs.
pub fn die_at(place: Fault, selected: Option<Fault>) {
    if selected == Some(place) {
        std::process::abort();
    }
}

/// The selected fault.
#[cfg(feature = "faults")]
pub fn selected() -> Option<Fault> {
    match std::env::var("TRIPSWITCH_FAULT").ok()?.as_str() {
        "ack-before-write" => Some(Fault::AckBeforeWrite),
        "ack-before-sync" => Some(Fault::AckBeforeSync),
        "trim-before-unlink" => Some(Fault::TrimBeforeUnlink),
        "trim-after-unlink" => Some(Fault::TrimAfterUnlink),
        other => {
            tracing::warn!(fault = other, "unknown fault point");
            None
        }
    }
}

/// None: this build has no fault points.
#[cfg(not(feature = "faults"))]
pub const fn selected() -> Option<Fault> {
    None
}

/// Where to note what is durable, for tests that cut the power: `TRIPSWITCH_FAULT_SYNCED`.
#[cfg(feature = "faults")]
pub fn synced_directory() -> Option<std::path::PathBuf> {
    std::env::var_os("TRIPSWITCH_FAULT_SYNCED").map(Into::into)
}

/// Replaces `directory/synced` by `<segment file> <offset>`: everything behind it may be lost.
#[cfg(feature = "faults")]
pub fn note_synced(directory: &std::path::Path, segment: &std::path::Path, offset: u64) {
    let name = segment.file_name().unwrap_or_default().to_string_lossy();
    let fresh = directory.join("synced.tmp");
    let noted = std::fs::write(&fresh, format!("{name} {offset}\n"))
        .and_then(|()| std::fs::rename(&fresh, directory.join("synced")));
    if let Err(error) = noted {
        tracing::error!(%error, "could not note what is durable");
    }
}
