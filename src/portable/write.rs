//! From cuts to lines. Holds a line and a buffer, whatever the size of the state.

use std::collections::BTreeSet;
use std::io::Write;

use super::audit::lines_of;
use super::facts::write_side;
use super::lines::{DirectoryLine, ExportLine, KeyLine, Kind, WorkspaceLine};
use super::out::{ExportError, Lines};
use super::values::{Hex, Time};
use super::{FORMAT, Progress, SystemPosition};
use crate::domain::audit::SystemAction;
use crate::domain::system::WorkspaceEntry;
use crate::domain::system_table::SystemTable;
use crate::domain::time::Millis;
use crate::domain::workspace::cut::Cut;

/// What the first lines say beyond the state.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    /// Name and version of the program.
    pub program: &'a str,
    pub exported_at: Millis,
    pub system: SystemPosition,
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub workspaces: u64,
    pub keys: u64,
    pub sides: u64,
    pub conversations: u64,
    /// The end line included.
    pub written: Progress,
    /// Over all lines but the last, as the last one has it.
    pub blake3: [u8; 32],
}

/// Writes everything that is known, and flushes. `progress` is called after about every 64 KiB.
pub fn export(
    out: &mut impl Write,
    header: Header<'_>,
    system: &SystemTable,
    sides: impl Iterator<Item = Cut>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Summary, ExportError> {
    let mut lines = Lines::new(out, progress);
    let mut summary = Summary::default();
    write_directory(&mut lines, header, system, &mut summary)?;
    for side in sides {
        let key = side.head().key;
        if system.workspace(key.id).is_none() {
            return Err(ExportError::UnknownWorkspace(key));
        }
        write_side(&mut lines, &side)?;
        summary.sides += 1;
        summary.conversations += side.conversations();
    }
    let (written, blake3) = lines.end()?;
    Ok(Summary { written, blake3, ..summary })
}

fn write_directory<W: Write>(
    lines: &mut Lines<'_, W>,
    header: Header<'_>,
    system: &SystemTable,
    summary: &mut Summary,
) -> Result<(), ExportError> {
    let Header { program, exported_at, system: position } = header;
    let (format, program, exported_at) = (FORMAT, program.into(), Time(exported_at));
    lines.put(Kind::Export, &ExportLine { kind: Kind::Export, format, program, exported_at })?;
    let origin = system.origin().ok_or(ExportError::NotInitialised)?;
    let directory = DirectoryLine {
        kind: Kind::Directory,
        incarnation: origin.incarnation,
        identity_key: Hex(origin.identity_key),
        seq: position.seq,
        last_receipt: Time::since(position.last_receipt),
        audit_after: Some(system.trails().after()),
    };
    lines.put(Kind::Directory, &directory)?;
    for entry in by_tenant(system) {
        lines.put(Kind::Workspace, &WorkspaceLine::from(entry))?;
        summary.workspaces += 1;
    }
    for key in system.keys() {
        lines.put(Kind::Key, &KeyLine::from(key))?;
        summary.keys += 1;
    }
    // Nothing tells of a workspace that was deleted.
    let is_told = |action: &SystemAction| action.workspace().is_none_or(|id| !system.is_deleted(id));
    lines_of(system.trails().iter(), is_told).try_for_each(|line| lines.put(Kind::Audit, &line))
}

/// Those of one tenant together and oldest first: so whoever reads them enters them.
fn by_tenant(system: &SystemTable) -> impl Iterator<Item = &WorkspaceEntry> {
    let mut seen = BTreeSet::new();
    let firsts = system.workspaces().filter(move |entry| seen.insert(&entry.tenant));
    firsts.flat_map(|entry| system.workspaces_of(&entry.tenant)).filter_map(|id| system.workspace(*id))
}
