//! The facts of a side, written and read: what is one in which line, and in which order they stand.

use std::io::Write;
use std::sync::Arc;

use hashbrown::HashMap;

use super::audit::{TrailLines, lines_of};
use super::conversation::ConversationLine;
use super::lines::{AccountLine, BreakerLine, ContactLine, IdentitiesLine, Kind, ReceivedLine, ResourceLine, RiskLine};
use super::out::{ExportError, Lines};
use super::problem::{LAST_WITH_NUMBERS, LAST_WITHOUT_MARKS, LAST_WITHOUT_RATINGS, NO_ENTRY, Problem, parse};
use super::ratings::{MARKS, OptedOutLine};
use super::side::SideLine;
use super::values::{Hex, HexBytes, Time};
use crate::domain::audit::SideAction;
use crate::domain::event::Identity;
use crate::domain::ids::Id;
use crate::domain::life::ContactMark;
use crate::domain::own_settings::OwnSettings;
use crate::domain::resource::Resource;
use crate::domain::workspace::Workspace;
use crate::domain::workspace::blocks::{Head, RestoreError};
use crate::domain::workspace::cut::Cut;
use crate::domain::workspace::facts::{AccountRecord, Contact, Gathering};
use crate::domain::workspace::pieces::Pieces;

/// Identities of a line.
const BATCH: usize = 1_024;

/// Everything that is known of a side.
pub fn write_side<W: Write>(lines: &mut Lines<'_, W>, side: &Cut) -> Result<(), ExportError> {
    let head = side.head();
    if !head.profiles.iter().any(|profile| **profile == head.settings.profile) {
        return Err(ExportError::Stray { key: head.key, what: "the profile in force" });
    }
    let (audit_after, unkeyed_marks) = (Some(side.trail().after()), Some(side.has_unkeyed_marks()));
    let own_settings = side.own_settings().clone();
    let calibration = own_settings.calibration.as_deref().cloned();
    let line = SideLine { audit_after, unkeyed_marks, own_settings, calibration, ..SideLine::from(head) };
    lines.put(Kind::Side, &line)?;
    for (number, account) in (0..).zip(side.accounts()) {
        let name = account.name.as_deref().map(Into::into);
        let announced_risk = Some(RiskLine(side.announced_risk(number)));
        lines.put(Kind::Account, &AccountLine { kind: Kind::Account, id: account.id, name, announced_risk })?;
    }
    for contact in side.contacts() {
        let account_id = account_id(side, contact.account)?;
        let (id, mark) = ((&*contact.id).into(), Some(Hex(contact.mark.to_bytes())));
        lines.put(Kind::Contact, &ContactLine { kind: Kind::Contact, id, account_id, mark })?;
    }
    for facts in side.facts() {
        let account = facts.account.map(|(account, _)| account_id(side, account)).transpose()?;
        lines.put(Kind::Conversation, &ConversationLine::new(facts, account))?;
    }
    for breaker in side.breakers() {
        lines.put(Kind::Breaker, &BreakerLine::from(breaker))?;
    }
    for resource in side.resources() {
        lines.put(Kind::Resource, &ResourceLine::from(resource))?;
    }
    let opted_out: Vec<ContactMark> = side.opted_out().collect();
    opted_out.chunks(MARKS).try_for_each(|marks| lines.put(Kind::OptedOut, &OptedOutLine::of(marks)))?;
    write_identities(lines, side)?;
    lines_of(std::iter::once(side.trail()), |_| true).try_for_each(|line| lines.put(Kind::Audit, &line))
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

/// The side whose lines are read.
pub struct SideFacts {
    gathered: Gathering,
    accounts: HashMap<Id, u32>,
    trail: TrailLines<SideAction>,
    unkeyed_marks: bool,
    resources: Vec<Arc<Resource>>,
    seq: u64,
    format: u32,
}

impl SideFacts {
    /// `audit_after` and `unkeyed_marks` are what the side's line says of its trail and of marks, in an export of this
    /// format.
    pub fn new(
        head: Head,
        own: OwnSettings,
        audit_after: Option<u64>,
        unkeyed_marks: bool,
        format: u32,
    ) -> Result<Self, RestoreError> {
        let (trail, seq) = (TrailLines::new(audit_after), head.applied);
        let (gathered, accounts, resources) = (Gathering::new(head, own)?, HashMap::new(), Vec::new());
        Ok(Self { gathered, accounts, trail, unkeyed_marks, resources, seq, format })
    }

    /// Takes a line of this type in.
    pub fn take(&mut self, kind: Kind, line: &[u8]) -> Result<(), Problem> {
        let Self { gathered, accounts, trail, format, resources, .. } = self;
        let format = *format;
        match kind {
            Kind::Account => {
                let AccountLine { id, name, announced_risk, .. } = parse(line)?;
                if accounts.insert(id, accounts.len() as u32).is_some() {
                    return Err(Problem::AccountTwice(id));
                }
                let announced = announced_risk.map(|risk| risk.0);
                gathered.account(AccountRecord { id, name: name.map(Into::into) }, announced);
            }
            Kind::Contact => {
                let ContactLine { id, account_id, mark, .. } = parse(line)?;
                let mark = match (mark, format > LAST_WITHOUT_MARKS) {
                    (Some(Hex(mark)), true) => ContactMark::from_bytes(mark),
                    (None, false) => ContactMark::unkeyed(&id),
                    (_, _) => return Err(Problem::Value("contacts have marks since format 5")),
                };
                gathered.contact(Contact { id: id.into(), account: number_of(accounts, account_id)?, mark });
            }
            Kind::Conversation => {
                let line: ConversationLine = parse(line)?;
                if line.number.is_some() && format > LAST_WITH_NUMBERS {
                    return Err(Problem::Value("conversations of this format have no number"));
                }
                let account = line.account_id.map(|id| number_of(accounts, id)).transpose()?;
                gathered.conversation(line.facts(account).map_err(Problem::Value)?)?;
            }
            Kind::Breaker => gathered.breaker(parse::<BreakerLine>(line)?.try_into()?)?,
            Kind::Resource => resources.push(Arc::new(parse::<ResourceLine>(line)?.try_into()?)),
            Kind::OptedOut => {
                let line: OptedOutLine = parse(line)?;
                let marks = line.marks().ok_or(Problem::Value("marks have 8 bytes each"))?;
                marks.for_each(|mark| gathered.opted_out(mark));
            }
            Kind::Identities => take_identities(gathered, &parse(line)?)?,
            Kind::Audit => trail.take(parse(line)?, format).ok_or(NO_ENTRY)?,
            _ => {}
        }
        Ok(())
    }

    pub fn finish(self) -> Result<Workspace, RestoreError> {
        let trail = self.trail.trail(self.seq, self.format).ok_or(RestoreError::Stray("an entry of the trail"))?;
        let pieces = Pieces::imported(trail, self.unkeyed_marks, self.seq, self.resources)?;
        let workspace = self.gathered.finish(pieces)?;
        Ok(if self.format > LAST_WITHOUT_RATINGS { workspace } else { workspace.with_ratings_found() })
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
