//! From lines to workspaces. Every complaint names its line.

use std::collections::BTreeSet;
use std::io::{self, BufRead, Read};

use hashbrown::HashMap;
use serde::Deserialize;
use serde::de::value::{Error as ValueError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};
use thiserror::Error;

use super::audit::AuditLine;
use super::conversation::ConversationLine;
use super::lines::{
    AccountLine, BreakerLine, ContactLine, DirectoryLine, EndLine, ExportLine, FreeLine, IdentitiesLine, KeyLine, Kind,
    Tagged, Versioned, WorkspaceLine,
};
use super::side::SideLine;
use super::values::Time;
use super::{FORMAT, Progress, SystemPosition};
use crate::domain::audit::{AuditEntry, SystemAction, Trail};
use crate::domain::event::Identity;
use crate::domain::ids::{Id, WorkspaceKey};
use crate::domain::system::SystemRecord;
use crate::domain::system_table::{SystemRefusal, SystemTable};
use crate::domain::time::Millis;
use crate::domain::workspace::Workspace;
use crate::domain::workspace::cut::Head;
use crate::domain::workspace::facts::{AccountRecord, Contact, Gathering};
use crate::domain::workspace::restore::RestoreError;

/// No line of ours comes near it: the longest, of a life with 10,000 messages, takes 30 MiB.
const LONGEST: u64 = 256 << 20;
/// The oldest format that is read.
const OLDEST: u32 = 1;
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

const NO_ENTRY: Problem = Problem::Value("action, target, outcome and details make no audit entry");

/// Why an export cannot be read.
#[derive(Debug, Error)]
#[error("line {line}: {problem}")]
pub struct ImportError {
    /// From 1.
    pub line: u64,
    #[source]
    pub problem: Problem,
}

/// What is wrong with a line.
#[derive(Debug, Error)]
pub enum Problem {
    #[error("it could not be read: {0}")]
    Read(#[source] io::Error),
    #[error("it is longer than {LONGEST} bytes")]
    TooLong,
    #[error("{message} (column {column})")]
    Json { message: String, column: usize },
    #[error("this is no export: its first line has the type \"export\" and a format")]
    NotAnExport,
    #[error("format {0} is not known to this program, which reads formats {OLDEST} to {FORMAT}")]
    UnknownFormat(u32),
    #[error("a line of type {next:?} does not follow one of type {last:?}")]
    Order { last: Kind, next: Kind },
    #[error("the export is cut short: {0}")]
    CutShort(&'static str),
    #[error("{0}")]
    Value(&'static str),
    #[error("the account {0} stands on no line before it")]
    UnknownAccount(Id),
    #[error("the account {0} stands on two lines")]
    AccountTwice(Id),
    #[error("the workspace {0} stands on no line before it")]
    UnknownWorkspace(Id),
    #[error("this side of the workspace {0} stands on two lines")]
    SideTwice(Id),
    #[error("{0}")]
    System(#[source] SystemRefusal),
    #[error("the side that ends before it: {0}")]
    Side(#[source] RestoreError),
    #[error("{0}")]
    Fact(#[source] RestoreError),
}

impl From<SystemRefusal> for Problem {
    fn from(refusal: SystemRefusal) -> Self {
        Self::System(refusal)
    }
}

impl From<RestoreError> for Problem {
    fn from(error: RestoreError) -> Self {
        Self::Fact(error)
    }
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
    trail: SystemTrail,
    seen: BTreeSet<WorkspaceKey>,
    side: Option<Side>,
    workspaces: Vec<Workspace>,
}

/// The trail of the system workspace.
#[derive(Default)]
struct SystemTrail {
    /// None before the directory's line, and where that does not say.
    after: Option<u64>,
    entries: Vec<AuditEntry<SystemAction>>,
}

/// The side whose lines are read.
enum Side {
    /// Its free numbers come first. And what its line says of the trail.
    Head(Box<Head>, Vec<u32>, Option<u64>),
    Facts(Box<Gathering>, HashMap<Id, u32>),
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
            Kind::Free => match &mut self.side {
                Some(Side::Head(_, free, _)) => free.extend(parse::<FreeLine>(line)?.numbers),
                Some(Side::Facts(..)) | None => return Err(Problem::Value("it belongs to no side")),
            },
            Kind::Audit if self.side.is_none() => self.audit(parse(line)?)?,
            Kind::Account | Kind::Contact | Kind::Conversation | Kind::Breaker | Kind::Identities | Kind::Audit => {
                self.fact_of_a_side(kind, line)?
            }
            Kind::End => self.end(parse(line)?, before)?,
        }
        Ok(())
    }

    fn directory(&mut self, line: DirectoryLine) -> Result<(), Problem> {
        let DirectoryLine { incarnation, identity_key, seq, last_receipt, audit_after, .. } = line;
        self.trail.after = self.audit_after(audit_after)?;
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

    /// Of the system workspace.
    fn audit(&mut self, line: AuditLine) -> Result<(), Problem> {
        self.trail.entries.push(line.entry().ok_or(NO_ENTRY)?);
        Ok(())
    }

    /// What making the table anew has put into its trail gives way to what the lines say.
    fn finish_system(&mut self) -> Result<(), Problem> {
        let SystemTrail { after, entries } = std::mem::take(&mut self.trail);
        let seq = self.position.map_or(0, |position| position.seq);
        // Without a word of where it begins, the trail is from before there were any.
        let trail = Trail::restored(after.unwrap_or(seq), entries, seq);
        let trail =
            trail.ok_or(Problem::Value("the audit lines before the first side are not its records' in order"))?;
        self.system = std::mem::take(&mut self.system).with_trail(trail);
        self.system.advance(seq);
        Ok(())
    }

    fn side(&mut self, line: SideLine) -> Result<(), Problem> {
        let key = line.key();
        let audit_after = self.audit_after(line.audit_after)?;
        if self.system.workspace(key.id).is_none() {
            return Err(Problem::UnknownWorkspace(key.id));
        }
        if !self.seen.insert(key) {
            return Err(Problem::SideTwice(key.id));
        }
        let head =
            line.head().ok_or(Problem::Value("a side has profiles, with their signals in the catalogue's order"))?;
        self.side = Some(Side::Head(Box::new(head), Vec::new(), audit_after));
        Ok(())
    }

    /// Lets the side take facts in: all its free numbers are known.
    fn open_side(&mut self) -> Result<(), RestoreError> {
        match self.side.take() {
            Some(Side::Head(head, free, audit_after)) => {
                let mut facts = Box::new(Gathering::new(*head, free)?);
                audit_after.into_iter().for_each(|seq| facts.trail_after(seq));
                self.side = Some(Side::Facts(facts, HashMap::new()));
            }
            other => self.side = other,
        }
        Ok(())
    }

    fn finish_side(&mut self) -> Result<(), RestoreError> {
        self.open_side()?;
        if let Some(Side::Facts(facts, _)) = self.side.take() {
            self.workspaces.push(facts.finish()?);
        }
        Ok(())
    }

    fn fact_of_a_side(&mut self, kind: Kind, line: &[u8]) -> Result<(), Problem> {
        self.open_side()?;
        let Some(Side::Facts(facts, accounts)) = &mut self.side else {
            return Err(Problem::Value("it belongs to no side"));
        };
        match kind {
            Kind::Account => {
                let AccountLine { id, name, .. } = parse(line)?;
                if accounts.insert(id, accounts.len() as u32).is_some() {
                    return Err(Problem::AccountTwice(id));
                }
                facts.account(AccountRecord { id, name: name.map(Into::into) });
            }
            Kind::Contact => {
                let ContactLine { id, account_id, .. } = parse(line)?;
                facts.contact(Contact { id: id.into(), account: number_of(accounts, account_id)? });
            }
            Kind::Conversation => {
                let line: ConversationLine = parse(line)?;
                let account = line.account_id.map(|id| number_of(accounts, id)).transpose()?;
                facts.conversation(line.number, line.facts(account).map_err(Problem::Value)?)?;
            }
            Kind::Breaker => facts.breaker(parse::<BreakerLine>(line)?.into())?,
            Kind::Identities => take_identities(facts, &parse(line)?)?,
            Kind::Audit => facts.entry(parse::<AuditLine>(line)?.entry().ok_or(NO_ENTRY)?),
            Kind::Export | Kind::Directory | Kind::Workspace | Kind::Key | Kind::Side | Kind::Free | Kind::End => {}
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
        Kind::Free | Kind::Account | Kind::Contact | Kind::Conversation | Kind::Breaker | Kind::Identities => {
            last >= Kind::Side && last <= next
        }
    }
}

fn number_of(accounts: &HashMap<Id, u32>, id: Id) -> Result<u32, Problem> {
    accounts.get(&id).copied().ok_or(Problem::UnknownAccount(id))
}

fn take_identities(facts: &mut Gathering, line: &IdentitiesLine) -> Result<(), Problem> {
    let (entries, rest) = line.identities.0.as_chunks::<16>();
    let count: u64 = line.received.iter().map(|received| u64::from(received.count)).sum();
    if !rest.is_empty() || count != entries.len() as u64 {
        return Err(Problem::Value("identities have 16 bytes each, and as many were received as there are"));
    }
    let receipts = line.received.iter().flat_map(|run| std::iter::repeat_n(run.at.0, run.count as usize));
    for (receipt, [key @ .., a, b, c, d]) in receipts.zip(entries) {
        let identity = Identity { key: *key, content: u32::from_le_bytes([*a, *b, *c, *d]) };
        facts.identity(receipt, &identity, line.comparable)?;
    }
    Ok(())
}

/// The type of a line that begins with it, as ours do: found without reading the line twice.
fn leading_kind(line: &[u8]) -> Option<Kind> {
    let name = line.strip_prefix(br#"{"type":""#)?.split(|byte| *byte == b'"').next()?;
    let name: StrDeserializer<'_, ValueError> = std::str::from_utf8(name).ok()?.into_deserializer();
    Kind::deserialize(name).ok()
}

fn parse<T: DeserializeOwned>(line: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(line).map_err(|error| {
        let (message, column) = (error.to_string(), error.column());
        // Its own count of lines says "1", or "2" at the end.
        let message = message.split(" at line ").next().unwrap_or_default().to_owned();
        Problem::Json { message, column }
    })
}
