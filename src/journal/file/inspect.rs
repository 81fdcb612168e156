//! What `journal status` and `journal verify` show (R10.5). Changes nothing, and works on a copy.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::domain::ids::WorkspaceKey;
use crate::domain::time::Millis;

use super::super::GroupPosition;
use super::super::codec::{CodecError, GroupView};
use super::read_only::{scan_read_only, torn_tail};
use super::scan::Scan;
use super::{OpenError, TornTail, directory, segment};

/// The limit of `verify` that it has to mention (R9.4).
pub const LAST_GROUP_NOTE: &str = "Rot in the very last group cannot be told from a write that did not finish: \
     where a torn tail is reported, it is one or the other.";

/// How closely to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Checksums, chain and frame headers.
    Status,
    /// Every record too, the order of seqs and of receipts.
    Verify,
}

/// A journal on disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    pub segments: Vec<SegmentReport>,
    pub groups: u64,
    pub frames: u64,
    /// Of groups, without headers and padding.
    pub bytes: u64,
    pub first: Option<GroupReport>,
    pub last: Option<GroupReport>,
    pub workspaces: Vec<WorkspaceReport>,
    /// What follows the last group and is not zero; it is cut at the next start.
    pub torn_tail: Vec<TornTail>,
    /// What earlier starts have cut and kept.
    pub torn_kept: Vec<PathBuf>,
    /// Groups that are whole and yet not right.
    pub problems: Vec<Problem>,
}

/// One segment file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SegmentReport {
    pub number: u64,
    pub file: PathBuf,
    /// Size of the file, and how much of it is used.
    pub bytes: u64,
    pub used: u64,
    pub groups: u64,
    pub first_group: Option<u64>,
}

/// The first or the last group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct GroupReport {
    pub group: GroupPosition,
    /// `None` if the group cannot be read: see the problems.
    pub receipt: Option<Millis>,
}

/// The frames of one workspace side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceReport {
    #[serde(flatten)]
    pub key: WorkspaceKey,
    pub frames: u64,
    pub first_seq: u64,
    pub last_seq: u64,
}

/// A whole group that is not right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    pub group: GroupPosition,
    pub what: String,
}

/// Looks at the journal of `data_dir`.
///
/// [`OpenError::InUse`] while a server holds the directory, [`OpenError::Missing`] where there is no
/// journal, [`OpenError::Damaged`] and [`OpenError::UnknownVersion`] as at a start.
pub fn inspect(data_dir: &Path, depth: Depth) -> Result<Report, OpenError> {
    let mut survey =
        Survey { depth, report: Report::default(), workspaces: BTreeMap::new(), last_receipt: Millis::MIN };
    let (_lock, scanned) = scan_read_only(data_dir, &mut |position, group| survey.group(position, group))?;
    survey.finish(&scanned, &directory(data_dir))
}

struct Survey {
    depth: Depth,
    report: Report,
    workspaces: BTreeMap<WorkspaceKey, WorkspaceReport>,
    last_receipt: Millis,
}

impl Survey {
    fn group(&mut self, position: GroupPosition, bytes: &[u8]) {
        self.report.groups += 1;
        self.report.bytes += bytes.len() as u64;
        let receipt = match self.frames(position, bytes) {
            Ok(receipt) => Some(receipt),
            Err(error) => {
                let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
                self.problem(position, format!("{error}{}", cause.unwrap_or_default()));
                None
            }
        };
        let group = GroupReport { group: position, receipt };
        self.report.first.get_or_insert(group);
        self.report.last = Some(group);
    }

    fn frames(&mut self, position: GroupPosition, bytes: &[u8]) -> Result<Millis, CodecError> {
        let view = GroupView::new(bytes)?;
        if view.receipt < self.last_receipt {
            self.problem(position, format!("its receipt {} is before the last one", view.receipt));
        }
        self.last_receipt = self.last_receipt.max(view.receipt);
        for frame in view.frames() {
            let frame = frame?;
            self.report.frames += 1;
            let (key, seq) = (frame.key, frame.seq);
            let fresh = WorkspaceReport { key, frames: 0, first_seq: seq, last_seq: seq.wrapping_sub(1) };
            let known = self.workspaces.entry(key).or_insert(fresh);
            let expected = known.last_seq.wrapping_add(1);
            known.frames += 1;
            known.last_seq = seq;
            if seq != expected {
                self.problem(position, format!("workspace {} has seq {seq} where {expected} is due", key.id));
            }
            if self.depth == Depth::Verify {
                frame.decode()?;
            }
        }
        Ok(view.receipt)
    }

    fn problem(&mut self, group: GroupPosition, what: String) {
        self.report.problems.push(Problem { group, what });
    }

    fn finish(mut self, scan: &Scan, journal: &Path) -> Result<Report, OpenError> {
        let segments = scan.segments.iter().map(|segment| SegmentReport {
            number: segment.number,
            file: segment.path.clone(),
            bytes: segment.length,
            used: segment.used,
            groups: segment.groups,
            first_group: segment.first_group,
        });
        self.report.segments = segments.collect();
        self.report.torn_tail = torn_tail(scan);
        let listing = segment::list(journal).map_err(OpenError::io(journal))?;
        self.report.torn_kept = listing.torn.into_iter().map(|(_, path)| path).collect();
        self.report.workspaces = self.workspaces.into_values().collect();
        Ok(self.report)
    }
}
