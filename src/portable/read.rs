//! From lines to workspaces. Every complaint names its line.

use std::collections::BTreeSet;
use std::io::{BufRead, Read};
use std::sync::Arc;

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as ValueError, StrDeserializer};

use super::audit::TrailLines;
use super::facts::SideFacts;
use super::lines::{DirectoryLine, EndLine, ExportLine, KeyLine, Kind, Tagged, Versioned, WorkspaceLine};
use super::problem::{ImportError, LAST_WITH_NUMBERS, LONGEST, NO_ENTRY, OLDEST, Problem, parse};
use super::side::SideLine;
use super::values::Time;
use super::{FORMAT, Progress, SystemPosition};
use crate::domain::audit::SystemAction;
use crate::domain::ids::WorkspaceKey;
use crate::domain::own_settings::OwnSettings;
use crate::domain::system::SystemRecord;
use crate::domain::system_table::SystemTable;
use crate::domain::time::Millis;
use crate::domain::workspace::Workspace;
use crate::domain::workspace::blocks::RestoreError;

/// Bytes from one call of `progress` to the next.
const STEP: u64 = 65_536;

/// What an export said.
#[derive(Debug)]
pub struct Imported {
    pub program: Box<str>,
    pub exported_at: Millis,
    /// With the incarnation that was exported; a directory of its own takes another.
    pub system: SystemTable,
    pub system_position: SystemPosition,
    pub workspaces: Vec<Workspace>,
    pub read: Progress,
}

/// Reads a whole export. `progress` is called after about every 64 KiB.
pub fn import(mut input: impl BufRead, progress: &mut dyn FnMut(Progress)) -> Result<Imported, ImportError> {
    let mut reader = Reader::default();
    let (mut line, mut read, mut told) = (Vec::new(), Progress::default(), 0);
    loop {
        line.clear();
        let step = next_line(&mut input, &mut line).and_then(|()| reader.line(&line, read.lines));
        let number = read.lines + 1;
        let step = step.map_err(|problem| ImportError { line: number, problem })?;
        (read.lines, read.bytes) = (number, read.bytes + line.len() as u64);
        if step == Step::Last {
            break;
        }
        if read.bytes - told >= STEP {
            told = read.bytes;
            progress(read);
        }
    }
    progress(read);
    expect_nothing(&mut input).map_err(|problem| ImportError { line: read.lines + 1, problem })?;
    Ok(reader.imported(read))
}

/// The next line with its end.
fn next_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> Result<(), Problem> {
    input.by_ref().take(LONGEST + 1).read_until(b'\n', line).map_err(Problem::Read)?;
    if line.is_empty() {
        return Err(Problem::CutShort("there is no end line"));
    }
    if line.len() as u64 > LONGEST { Err(Problem::TooLong) } else { Ok(()) }
}

fn expect_nothing(input: &mut impl BufRead) -> Result<(), Problem> {
    let rest = input.fill_buf().map_err(Problem::Read)?;
    if rest.is_empty() { Ok(()) } else { Err(Problem::Value("something follows the end line")) }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    More,
    Last,
}

/// What the lines so far have said.
#[derive(Default)]
struct Reader {
    last: Option<Kind>,
    hasher: blake3::Hasher,
    /// Lines that the hasher has not seen yet.
    unhashed: Vec<u8>,
    program: Box<str>,
    exported_at: Millis,
    format: u32,
    system: SystemTable,
    position: Option<SystemPosition>,
    trail: TrailLines<SystemAction>,
    seen: BTreeSet<WorkspaceKey>,
    side: Option<SideFacts>,
    workspaces: Vec<Workspace>,
}

impl Reader {
    /// Takes the line in that stands after so many.
    fn line(&mut self, line: &[u8], before: u64) -> Result<Step, Problem> {
        let whole = line.ends_with(b"\n");
        let step = self.kind_of(line).and_then(|kind| {
            if matches!(kind, Kind::Side | Kind::End) {
                self.finish_side().map_err(Problem::Side)?;
            }
            self.fact(kind, line, before)?;
            Ok(if kind == Kind::End { Step::Last } else { Step::More })
        });
        self.hash(line);
        match step {
            Ok(Step::More) | Err(Problem::Json { .. }) if !whole => {
                Err(Problem::CutShort("its last line is not whole"))
            }
            step => step,
        }
    }

    /// In large pieces: BLAKE3 takes several times as long over lines one by one.
    fn hash(&mut self, line: &[u8]) {
        self.unhashed.extend_from_slice(line);
        if self.unhashed.len() as u64 >= STEP {
            self.hasher.update(&self.unhashed);
            self.unhashed.clear();
        }
    }

    /// The type of a line that may stand here.
    fn kind_of(&mut self, line: &[u8]) -> Result<Kind, Problem> {
        let Some(last) = self.last else {
            let first: Versioned = serde_json::from_slice(line).map_err(|_| Problem::NotAnExport)?;
            self.last = Some(first.kind);
            self.format = first.format;
            return match first.format {
                _ if first.kind != Kind::Export => Err(Problem::NotAnExport),
                OLDEST..=FORMAT => Ok(Kind::Export),
                unknown => Err(Problem::UnknownFormat(unknown)),
            };
        };
        let next = match leading_kind(line) {
            Some(kind) => kind,
            None => parse::<Tagged>(line)?.kind,
        };
        if !may_follow(last, next) {
            return Err(Problem::Order { last, next });
        }
        self.last = Some(next);
        Ok(next)
    }

    fn fact(&mut self, kind: Kind, line: &[u8], before: u64) -> Result<(), Problem> {
        match kind {
            Kind::Export => {
                let ExportLine { program, exported_at, .. } = parse(line)?;
                (self.program, self.exported_at) = (program, exported_at.0);
            }
            Kind::Directory => self.directory(parse(line)?)?,
            Kind::Workspace => {
                let WorkspaceLine { id, name, tenant, created_at, .. } = parse(line)?;
                let record = SystemRecord::WorkspaceCreated { id, name, tenant, actor: "import".into() };
                self.system.apply(&record, created_at.0)?;
            }
            Kind::Key => {
                let key = parse::<KeyLine>(line)?.into();
                self.system.apply(&SystemRecord::KeyCreated { key, actor: "import".into() }, Millis::MIN)?;
            }
            Kind::Side => self.side(parse(line)?)?,
            Kind::Free if self.format > LAST_WITH_NUMBERS => {
                return Err(Problem::Value("this format has no such lines"));
            }
            Kind::Audit if self.side.is_none() => self.trail.take(parse(line)?, self.format).ok_or(NO_ENTRY)?,
            Kind::End => self.end(parse(line)?, before)?,
            _ => match &mut self.side {
                Some(side) => side.take(kind, line)?,
                None => return Err(Problem::Value("it belongs to no side")),
            },
        }
        Ok(())
    }

    fn directory(&mut self, line: DirectoryLine) -> Result<(), Problem> {
        let DirectoryLine { incarnation, identity_key, seq, last_receipt, audit_after, .. } = line;
        self.trail = TrailLines::new(self.audit_after(audit_after)?);
        let last_receipt = Time::or_ever(last_receipt);
        self.position = Some(SystemPosition { seq, last_receipt });
        let record = SystemRecord::Initialised { incarnation, identity_key: identity_key.0 };
        Ok(self.system.apply(&record, last_receipt)?)
    }

    /// Format 1 knows no such member.
    fn audit_after(&self, sent: Option<u64>) -> Result<Option<u64>, Problem> {
        match sent {
            Some(_) if self.format < 2 => Err(Problem::Value("format 1 has no member auditAfter")),
            sent => Ok(sent),
        }
    }

    /// What making the table anew has put into its trails gives way to what the lines say.
    fn finish_system(&mut self) -> Result<(), Problem> {
        let seq = self.position.map_or(0, |position| position.seq);
        let trails = std::mem::take(&mut self.trail).trails(seq, self.format);
        let trails =
            trails.ok_or(Problem::Value("the audit lines before the first side are not its records' in order"))?;
        self.system = std::mem::take(&mut self.system).with_trails(trails);
        self.system.advance(seq);
        Ok(())
    }

    fn side(&mut self, line: SideLine) -> Result<(), Problem> {
        let key = line.key();
        let audit_after = self.audit_after(line.audit_after)?;
        let own = OwnSettings { calibration: line.calibration.clone().map(Arc::new), ..line.own_settings.clone() };
        let unkeyed_marks = line.unkeyed_marks.unwrap_or(true);
        if self.system.workspace(key.id).is_none() {
            return Err(Problem::UnknownWorkspace(key.id));
        }
        if !self.seen.insert(key) {
            return Err(Problem::SideTwice(key.id));
        }
        let head =
            line.head().ok_or(Problem::Value("a side has profiles, with their signals in the catalogue's order"))?;
        self.side = Some(SideFacts::new(head, own, audit_after, unkeyed_marks, self.format)?);
        Ok(())
    }

    fn finish_side(&mut self) -> Result<(), RestoreError> {
        if let Some(side) = self.side.take() {
            self.workspaces.push(side.finish()?);
        }
        Ok(())
    }

    fn end(&mut self, line: EndLine, before: u64) -> Result<(), Problem> {
        self.finish_system()?;
        let EndLine { lines, blake3, .. } = line;
        if lines != before {
            return Err(Problem::CutShort("the end line counts other lines than there are"));
        }
        if self.hasher.update(&self.unhashed).finalize() != blake3.0 {
            return Err(Problem::CutShort("the lines are not those that the end line is of"));
        }
        Ok(())
    }

    fn imported(self, read: Progress) -> Imported {
        Imported {
            program: self.program,
            exported_at: self.exported_at,
            system: self.system,
            system_position: self.position.unwrap_or(SystemPosition { seq: 0, last_receipt: Millis::MIN }),
            workspaces: self.workspaces,
            read,
        }
    }
}

/// The order of an export.
fn may_follow(last: Kind, next: Kind) -> bool {
    match next {
        Kind::Export => false,
        Kind::Directory => last == Kind::Export,
        Kind::Workspace | Kind::Key => last >= Kind::Directory && last <= next,
        Kind::Side | Kind::Audit | Kind::End => last >= Kind::Directory,
        Kind::Free
        | Kind::Account
        | Kind::Contact
        | Kind::Conversation
        | Kind::Breaker
        | Kind::Resource
        | Kind::OptedOut
        | Kind::Identities => last >= Kind::Side && last <= next,
    }
}

/// The type of a line that begins with it, as ours do: found without reading the line twice.
fn leading_kind(line: &[u8]) -> Option<Kind> {
    let name = line.strip_prefix(br#"{"type":""#)?.split(|byte| *byte == b'"').next()?;
    let name: StrDeserializer<'_, ValueError> = std::str::from_utf8(name).ok()?.into_deserializer();
    Kind::deserialize(name).ok()
}
