//! From cuts to lines. Holds a line and a buffer, whatever the size of the state.

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde::Serialize;
use thiserror::Error;

use super::audit::AuditLine;
use super::conversation::ConversationLine;
use super::lines::{
    AccountLine, BreakerLine, ContactLine, DirectoryLine, EndLine, ExportLine, FreeLine, IdentitiesLine, KeyLine, Kind,
    ReceivedLine, WorkspaceLine,
};
use super::side::SideLine;
use super::values::{Hex, HexBytes, Time};
use super::{FORMAT, Progress, SystemPosition};
use crate::domain::ids::{Id, WorkspaceKey};
use crate::domain::system_table::{SystemTable, WorkspaceEntry};
use crate::domain::time::Millis;
use crate::domain::workspace::cut::Cut;

/// Bytes written at a time.
const BUFFER: usize = 65_536;
/// Free numbers, or identities, of a line.
const BATCH: usize = 1_024;

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

/// Why there is no whole export. What was written until then has no end line.
#[derive(Debug, Error)]
pub enum ExportError {
    #[error("the export could not be written")]
    Write(#[source] io::Error),
    #[error("a {what:?} line cannot be written as JSON")]
    Encode {
        what: Kind,
        #[source]
        source: serde_json::Error,
    },
    #[error("the directory has no first record")]
    NotInitialised,
    #[error("nothing is known of the workspace {}", .0.id)]
    UnknownWorkspace(WorkspaceKey),
    #[error("{what} does not fit the rest of the workspace {}", .key.id)]
    Stray { key: WorkspaceKey, what: &'static str },
}

/// Writes everything that is known, and flushes. `progress` is called after about every 64 KiB.
pub fn export(
    out: &mut impl Write,
    header: Header<'_>,
    system: &SystemTable,
    sides: impl Iterator<Item = Cut>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Summary, ExportError> {
    let mut lines = Lines {
        out,
        hasher: blake3::Hasher::new(),
        buffer: Vec::with_capacity(2 * BUFFER),
        written: Progress::default(),
        progress,
    };
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
        audit_after: Some(system.trail().after()),
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
    system.trail().iter().try_for_each(|entry| lines.put(Kind::Audit, &AuditLine::from(entry)))
}

/// Those of one tenant together and oldest first: so whoever reads them enters them.
fn by_tenant(system: &SystemTable) -> impl Iterator<Item = &WorkspaceEntry> {
    let mut seen = BTreeSet::new();
    let firsts = system.workspaces().filter(move |entry| seen.insert(&entry.tenant));
    firsts.flat_map(|entry| system.workspaces_of(&entry.tenant)).filter_map(|id| system.workspace(*id))
}

fn write_side<W: Write>(lines: &mut Lines<'_, W>, side: &Cut) -> Result<(), ExportError> {
    let head = side.head();
    if head.profiles.last().is_none_or(|last| **last != head.settings.profile) {
        return Err(ExportError::Stray { key: head.key, what: "the profile in force" });
    }
    let line = SideLine { audit_after: Some(side.trail().after()), ..SideLine::from(head) };
    lines.put(Kind::Side, &line)?;
    for numbers in side.free().chunks(BATCH) {
        lines.put(Kind::Free, &FreeLine { kind: Kind::Free, numbers: numbers.to_vec() })?;
    }
    for account in side.accounts() {
        let name = account.name.as_deref().map(Into::into);
        lines.put(Kind::Account, &AccountLine { kind: Kind::Account, id: account.id, name })?;
    }
    for contact in side.contacts() {
        let account_id = account_id(side, contact.account)?;
        lines.put(Kind::Contact, &ContactLine { kind: Kind::Contact, id: (&*contact.id).into(), account_id })?;
    }
    for (number, facts) in side.facts() {
        let account = facts.account.map(|(account, _)| account_id(side, account)).transpose()?;
        lines.put(Kind::Conversation, &ConversationLine::new(number, facts, account))?;
    }
    for breaker in side.breakers() {
        lines.put(Kind::Breaker, &BreakerLine::from(breaker))?;
    }
    write_identities(lines, side)?;
    side.trail().iter().try_for_each(|entry| lines.put(Kind::Audit, &AuditLine::from(entry)))
}

fn account_id(side: &Cut, number: u32) -> Result<Id, ExportError> {
    let stray = ExportError::Stray { key: side.head().key, what: "the number of an account" };
    side.account(number).map(|account| account.id).ok_or(stray)
}

fn write_identities<W: Write>(lines: &mut Lines<'_, W>, side: &Cut) -> Result<(), ExportError> {
    let mut batch = Batch::default();
    for (receipt, identity, comparable) in side.identities() {
        if batch.count == BATCH || (batch.count > 0 && batch.comparable != comparable) {
            lines.put(Kind::Identities, &std::mem::take(&mut batch).line())?;
        }
        batch.comparable = comparable;
        batch.count += 1;
        match batch.received.last_mut() {
            Some(last) if last.at.0 == receipt => last.count += 1,
            Some(_) | None => batch.received.push(ReceivedLine { at: Time(receipt), count: 1 }),
        }
        batch.bytes.extend_from_slice(&identity.key);
        batch.bytes.extend_from_slice(&identity.content.to_le_bytes());
    }
    if batch.count > 0 { lines.put(Kind::Identities, &batch.line()) } else { Ok(()) }
}

/// Identities of one line.
#[derive(Default)]
struct Batch {
    count: usize,
    comparable: bool,
    received: Vec<ReceivedLine>,
    bytes: Vec<u8>,
}

impl Batch {
    fn line(self) -> IdentitiesLine {
        let Self { comparable, received, bytes, .. } = self;
        IdentitiesLine { kind: Kind::Identities, received, comparable, identities: HexBytes(bytes) }
    }
}

/// Lines on their way out, counted and hashed.
struct Lines<'a, W> {
    out: &'a mut W,
    hasher: blake3::Hasher,
    buffer: Vec<u8>,
    written: Progress,
    progress: &'a mut dyn FnMut(Progress),
}

impl<W: Write> Lines<'_, W> {
    fn put(&mut self, what: Kind, line: &impl Serialize) -> Result<(), ExportError> {
        serde_json::to_writer(&mut self.buffer, line).map_err(|source| ExportError::Encode { what, source })?;
        self.buffer.push(b'\n');
        self.written.lines += 1;
        if self.buffer.len() >= BUFFER { self.pass_on() } else { Ok(()) }
    }

    fn pass_on(&mut self) -> Result<(), ExportError> {
        self.hasher.update(&self.buffer);
        self.out.write_all(&self.buffer).map_err(ExportError::Write)?;
        self.written.bytes += self.buffer.len() as u64;
        self.buffer.clear();
        (self.progress)(self.written);
        Ok(())
    }

    fn end(mut self) -> Result<(Progress, [u8; 32]), ExportError> {
        self.pass_on()?;
        let blake3 = self.hasher.finalize().into();
        let (kind, lines) = (Kind::End, self.written.lines);
        self.put(Kind::End, &EndLine { kind, lines, blake3: Hex(blake3) })?;
        self.pass_on()?;
        self.out.flush().map_err(ExportError::Write)?;
        Ok((self.written, blake3))
    }
}
