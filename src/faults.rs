//! Fault points for crash tests: the process ends at a step of a snapshot, of the recovery from one, of the
//! journal's trimming, of a restore, or of a mail, as if it had been killed. They exist only with the cargo feature `faults`, and do
//! nothing unless an environment variable selects one.
//!
//! `TRIPSWITCH_FAULT_STEP=[before-]<step>[@<n>]`: the process aborts behind (or before) the `n`th time, from
//! 1, that this process comes to the step. Without `@<n>`, the first.
//!
//! The tests' negative controls, which lie, stand around the parts that they make lie (`storage/lies.rs`,
//! `journal/file/lies.rs`); [`selected`] says which of them is on.

/// The steps of a snapshot, of a trim, of a recovery, of a restore, and of a mail, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultPoint {
    /// `snapshot-block`: a block is taken.
    Block,
    /// `snapshot-synced`: all parts are closed and on stable storage.
    Synced,
    /// `snapshot-manifest`: so is the manifest.
    Manifest,
    /// `snapshot-renamed`: the snapshot has its name, and the name is on stable storage.
    Renamed,
    /// `snapshot-verified`: it has been read back.
    Verified,
    /// `snapshot-removed`: a snapshot has lost its name, and its files go.
    Removed,
    /// `journal-unlinked`: the oldest segment is unlinked, and nobody has made that durable yet.
    Unlinked,
    /// `recovery-set-aside`: a damaged snapshot is where no start looks at it.
    SetAside,
    /// `recovery-loaded`: the newest good snapshot is in memory.
    Loaded,
    /// `recovery-scanned`: the journal behind it was read once, and nothing of it is applied.
    Scanned,
    /// `recovery-replayed`: all of it is applied, and nothing is served.
    Replayed,
    /// `restore-placed`: one of the parts of a directory that is filled in its place is where it belongs.
    Placed,
    /// `mail-due`: a mail is the next, and nothing is done about it.
    MailDue,
    /// `mail-written`: it is written down, and nobody is connected to.
    MailWritten,
    /// `mail-recipient`: the server has agreed to take it for whom it is, and has none of it.
    MailRecipient,
    /// `mail-taken`: the server has it, and that is not recorded.
    MailTaken,
    /// `mail-recorded`: that is recorded.
    MailRecorded,
}

/// Does `work`, and is a fault point before and behind it.
pub(crate) fn step<T, E>(step: FaultPoint, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    point(step, true);
    let done = work()?;
    point(step, false);
    Ok(done)
}

/// A fault point between two steps.
pub(crate) fn reached(step: FaultPoint) {
    point(step, false);
}

#[cfg(not(feature = "faults"))]
const fn point(_step: FaultPoint, _before: bool) {}

/// Whether `TRIPSWITCH_FAULT` names this one.
#[cfg(feature = "faults")]
pub(crate) fn selected(fault: &str) -> bool {
    std::env::var("TRIPSWITCH_FAULT").is_ok_and(|selected| selected == fault)
}

#[cfg(feature = "faults")]
fn point(step: FaultPoint, before: bool) {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    static SELECTED: LazyLock<Option<Selected>> =
        LazyLock::new(|| Selected::parse(&std::env::var("TRIPSWITCH_FAULT_STEP").ok()?));
    static PASSED: AtomicU64 = AtomicU64::new(0);

    let Some(selected) = &*SELECTED else { return };
    if (selected.step, selected.before) == (step, before) && PASSED.fetch_add(1, Ordering::Relaxed) + 1 == selected.time
    {
        std::process::abort();
    }
}

#[cfg(feature = "faults")]
#[derive(Debug, PartialEq, Eq)]
struct Selected {
    step: FaultPoint,
    before: bool,
    time: u64,
}

#[cfg(feature = "faults")]
impl Selected {
    fn parse(text: &str) -> Option<Self> {
        let (name, time) = text.split_once('@').unwrap_or((text, "1"));
        let (name, before) = name.strip_prefix("before-").map_or((name, false), |name| (name, true));
        let step = match name {
            "snapshot-block" => Some(FaultPoint::Block),
            "snapshot-synced" => Some(FaultPoint::Synced),
            "snapshot-manifest" => Some(FaultPoint::Manifest),
            "snapshot-renamed" => Some(FaultPoint::Renamed),
            "snapshot-verified" => Some(FaultPoint::Verified),
            "snapshot-removed" => Some(FaultPoint::Removed),
            "journal-unlinked" => Some(FaultPoint::Unlinked),
            "recovery-set-aside" => Some(FaultPoint::SetAside),
            "recovery-loaded" => Some(FaultPoint::Loaded),
            "recovery-scanned" => Some(FaultPoint::Scanned),
            "recovery-replayed" => Some(FaultPoint::Replayed),
            "restore-placed" => Some(FaultPoint::Placed),
            "mail-due" => Some(FaultPoint::MailDue),
            "mail-written" => Some(FaultPoint::MailWritten),
            "mail-recipient" => Some(FaultPoint::MailRecipient),
            "mail-taken" => Some(FaultPoint::MailTaken),
            "mail-recorded" => Some(FaultPoint::MailRecorded),
            _ => None,
        };
        let selected = step.zip(time.parse().ok()).map(|(step, time)| Self { step, before, time });
        if selected.is_none() {
            tracing::warn!(fault = text, "unknown fault point");
        }
        selected
    }
}

#[cfg(all(test, feature = "faults"))]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_selected_by_name_side_and_time() {
        let selected = |step, before, time| Some(Selected { step, before, time });
        assert_eq!(Selected::parse("snapshot-synced"), selected(FaultPoint::Synced, false, 1));
        assert_eq!(Selected::parse("before-snapshot-block@17"), selected(FaultPoint::Block, true, 17));
        assert_eq!(Selected::parse("snapshot-nothing"), None);
        assert_eq!(Selected::parse("snapshot-block@x"), None);
    }
}
