//! What is in a group: one receipt, and frames that can be passed over without decoding them.
//!
//! All integers are little-endian.
//!
//! ```text
//! group  = version u16, 0 u16, frame count u32, receipt i64, frames
//! frame  = workspace u128, side u8, 0 u8, apply version u16, record length u32, seq u64, record
//! record = version u16 (1 to 7), bincode (its "legacy" layout: fixed-width integers); of events of version 4 and later, behind
//!          them the mark of each contact that they name, and from version 7 on behind these the addresses, each with the
//!          number of its event
//! ```
//!
//! The group's checksum is the journal's. A frame's length is compared with what is there before
//! anything is cut. Within a record bincode takes room for a text of the length it reads, up to the
//! size of the largest group, and only then finds that it is not there.
//!
//! A record is written in the oldest version that has its kind, so that an older program reads a journal up to the
//! first record that it cannot know, and refuses that one by its version rather than as unreadable. Version 2 has one
//! kind more (`ErasedBy`); version 3 has settings with a model, messages of `support-2` and signals of later models;
//! version 4 has `Repeats`, of a side and of the system workspace, `ErasedContact`, and events with the marks of contacts;
//! and deleted workspaces; version 5 has settings with the effects that are kept, resources, deliveries, forgotten breakers
//! and the commands from [`Command::Trip`] to [`Command::Resend`]; version 6 has [`Command::PatchSettings`], also where
//! `Repeats` tells of it; version 7 has events with addresses, [`Record::LeveledSettings`], [`Record::Rated`],
//! [`Record::OptOut`], [`Record::Mails`] and [`Command::Calibrate`].
//! Golden files hold all of them (`tests/golden`).

use bincode::config::{self, Configuration, Fixint, Limit, LittleEndian};
use thiserror::Error;

use crate::domain::audit::SideAction;
use crate::domain::event::{Body, EventRecord, ObservedSignal};
use crate::domain::follow_up::Address;
use crate::domain::ids::{Id, Side, WorkspaceKey};
use crate::domain::life::ContactMark;
use crate::domain::record::{Command, Frame, Record};
use crate::domain::scoring::profile::ScoringModel;
use crate::domain::system::SystemRecord;
use crate::domain::time::Millis;

use super::{Journal, MAX_GROUP_BYTES};

/// The version of groups that are written.
pub const GROUP_VERSION: u16 = 1;
/// The newest version of records. A record is written in the oldest version that has its kind, so that a program that
/// only knows that version can go on reading.
pub const RECORD_VERSION: u16 = 7;

/// Bytes before the first frame.
pub const GROUP_HEADER_BYTES: usize = 16;
/// Bytes of a frame beside its record.
pub const FRAME_HEADER_BYTES: usize = 32;
const RECORD_HEADER_BYTES: usize = 2;

/// Bounds what bincode may allocate for a length that it has read.
const CONFIG: Configuration<LittleEndian, Fixint, Limit<MAX_GROUP_BYTES>> =
    config::legacy().with_limit::<MAX_GROUP_BYTES>();

/// Why bytes are not what they should be.
#[derive(Debug, Error)]
pub enum CodecError {
    #[error("{what} version {found} is unknown to this program, which knows version {known}")]
    UnknownVersion { what: &'static str, found: u16, known: u16 },
    #[error("{what} is cut short")]
    Short { what: &'static str },
    #[error("{count} bytes are left over behind {what}")]
    LeftOver { what: &'static str, count: usize },
    #[error("workspace side {0} does not exist")]
    Side(u8),
    #[error("a record says that it is of version {found}, which has no such kind")]
    Newer { found: u16 },
    #[error("a record has not as many marks as its events name contacts")]
    Marks,
    #[error("a record has an address of an event that it does not have")]
    Addresses,
    #[error("a record could not be read")]
    Decode(#[source] Box<bincode::error::DecodeError>),
}

/// A group with its frames decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupContent {
    pub receipt: Millis,
    pub frames: Vec<Frame>,
}

/// Room for most events and for most other records.
const EVENT_BYTES: usize = 160;
const RECORD_BYTES: usize = 512;

/// The bytes of a record as the frame carries them. To be called on the thread that serves the request, so that the
/// writer's thread only joins bytes.
pub fn encode_record(record: &Record) -> Vec<u8> {
    let room = match record {
        Record::Events(events) => RECORD_BYTES + events.len() * EVENT_BYTES,
        _ => RECORD_BYTES,
    };
    let mut bytes = Vec::with_capacity(room);
    bytes.extend_from_slice(&version_of(record).to_le_bytes());
    bincode::serde::encode_into_std_write(record, &mut bytes, config::legacy())
        .expect("records have known lengths, and a Vec takes every byte");
    let addresses = addresses_of(record);
    if let Some(marks) = marks_of(record, addresses.is_some()) {
        bincode::serde::encode_into_std_write(marks, &mut bytes, config::legacy())
            .expect("marks have known lengths, and a Vec takes every byte");
    }
    if let Some(addresses) = addresses {
        bincode::serde::encode_into_std_write(addresses, &mut bytes, config::legacy())
            .expect("addresses have known lengths, and a Vec takes every byte");
    }
    bytes
}

/// The addresses of the contacts, each with the number of its event, if there are any: only events of version 7 have
/// them.
fn addresses_of(record: &Record) -> Option<Vec<(u32, &Address)>> {
    let Record::Events(events) = record else { return None };
    let addresses: Vec<_> = (0..).zip(events).filter_map(|(at, event)| Some((at, event.address.as_ref()?))).collect();
    (!addresses.is_empty()).then_some(addresses)
}

/// The inverse of [`addresses_of`]. How many bytes the addresses took.
fn take_addresses(record: &mut Record, bytes: &[u8]) -> Result<usize, CodecError> {
    let Record::Events(events) = record else { return Ok(0) };
    let (addresses, consumed) = bincode::serde::decode_from_slice::<Vec<(u32, Address)>, _>(bytes, CONFIG)
        .map_err(|source| CodecError::Decode(Box::new(source)))?;
    for (at, address) in addresses {
        events.get_mut(at as usize).ok_or(CodecError::Addresses)?.address = Some(address);
    }
    Ok(consumed)
}

/// The marks of the contacts that the events name, in their order, if there are any, or `always`: only events of version
/// 4 and later have them, and these always.
fn marks_of(record: &Record, always: bool) -> Option<Vec<Option<ContactMark>>> {
    let Record::Events(events) = record else { return None };
    let marks = || events.iter().flat_map(EventRecord::contacts).map(|contact| contact.mark);
    (always || marks().any(|mark| mark.is_some())).then(|| marks().collect())
}

/// The inverse of [`marks_of`]. How many bytes the marks took; `None` if they are not as many as there are contacts.
fn take_marks(record: &mut Record, bytes: &[u8]) -> Result<Option<usize>, CodecError> {
    let Record::Events(events) = record else { return Ok(Some(0)) };
    let (marks, consumed) = bincode::serde::decode_from_slice::<Vec<Option<ContactMark>>, _>(bytes, CONFIG)
        .map_err(|source| CodecError::Decode(Box::new(source)))?;
    let contacts: Vec<_> = events.iter_mut().flat_map(EventRecord::contacts_mut).collect();
    let fits = contacts.len() == marks.len();
    contacts.into_iter().zip(marks).for_each(|(contact, mark)| contact.mark = mark);
    Ok(fits.then_some(consumed))
}

/// Version 2 has [`Record::ErasedBy`], version 3 [`Record::SettingsV2`], events with a [`Body::Message`] and signals of
/// later models, version 4 [`Record::Repeats`], [`Record::ErasedContact`], events with marks and
/// [`SystemRecord::WorkspaceDeleted`], version 5 [`Record::Settings`] and what came with it, version 6
/// [`Command::PatchSettings`], version 7 events with addresses and the kinds that came with them; the layout of what was
/// there before is the same.
fn version_of(record: &Record) -> u16 {
    match record {
        Record::Events(events) if events.iter().any(|event| event.address.is_some()) => 7,
        Record::Events(_) if marks_of(record, false).is_some() => 4,
        Record::Events(events) if events.iter().any(|event| is_of_version_3(&event.body)) => 3,
        Record::System(SystemRecord::Repeats(_) | SystemRecord::WorkspaceDeleted { .. }) => 4,
        Record::Command {
            command: Command::PatchCsatConfig(_) | Command::Acknowledge { .. } | Command::Resolve { .. },
            ..
        } => 1,
        Record::Command { command: Command::PatchSettings(_), .. } => 6,
        Record::Command { command: Command::Calibrate(_), .. } => 7,
        Record::Command { .. } => 5,
        Record::Repeats(repeats) if repeats.iter().any(|repeat| is_of_version_6(&repeat.action)) => 6,
        Record::Events(_)
        | Record::SettingsV1(_)
        | Record::Skip { .. }
        | Record::System(_)
        | Record::Delivered { .. }
        | Record::Erasure { .. }
        | Record::Retention { .. } => 1,
        Record::ErasedBy { .. } => 2,
        Record::SettingsV2(_) => 3,
        Record::Settings(_) | Record::Resource { .. } | Record::Deliveries(_) | Record::Forgotten => 5,
        Record::Repeats(_) | Record::ErasedContact { .. } => 4,
        Record::LeveledSettings { .. } | Record::Rated(_) | Record::OptOut { .. } | Record::Mails(_) => 7,
    }
}

const fn is_of_version_6(action: &SideAction) -> bool {
    matches!(action, SideAction::SettingsPatched(_))
}

fn is_of_version_3(body: &Body) -> bool {
    match body {
        Body::Message { .. } => true,
        Body::SignalObserved { signal: ObservedSignal::Catalogue(kind), .. } => {
            ScoringModel::Task1.place(*kind).is_none()
        }
        _ => false,
    }
}

/// The inverse of [`encode_record`]. All of `bytes` must belong to the record.
pub fn decode_record(bytes: &[u8]) -> Result<Record, CodecError> {
    let (version, body) = bytes.split_at_checked(RECORD_HEADER_BYTES).ok_or(CodecError::Short { what: "a record" })?;
    let found = u16::from_le_bytes([version[0], version[1]]);
    if !(1..=RECORD_VERSION).contains(&found) {
        return Err(CodecError::UnknownVersion { what: "record", found, known: RECORD_VERSION });
    }
    let (mut record, mut consumed) = bincode::serde::decode_from_slice::<Record, _>(body, CONFIG)
        .map_err(|source| CodecError::Decode(Box::new(source)))?;
    if found > 3 {
        let marks = take_marks(&mut record, &body[consumed..])?;
        consumed += marks.ok_or(CodecError::Marks)?;
    }
    if found > 6 {
        consumed += take_addresses(&mut record, &body[consumed..])?;
    }
    match body.len() - consumed {
        0 if version_of(&record) > found => Err(CodecError::Newer { found }),
        0 => Ok(record),
        count => Err(CodecError::LeftOver { what: "a record", count }),
    }
}

/// The largest record that fits into a group of `journal`, in bytes.
pub fn most_record_bytes(journal: &dyn Journal) -> usize {
    journal.max_group_bytes().saturating_sub(GROUP_HEADER_BYTES + FRAME_HEADER_BYTES)
}

/// Joins frames into the bytes of a group. Used again for each group, to keep its buffer.
#[derive(Debug, Default)]
pub struct GroupBuilder {
    bytes: Vec<u8>,
    frames: u32,
}

impl GroupBuilder {
    /// Begins a new group.
    pub fn begin(&mut self, receipt: Millis) {
        self.bytes.clear();
        self.frames = 0;
        self.bytes.extend_from_slice(&GROUP_VERSION.to_le_bytes());
        self.bytes.extend_from_slice(&[0; 6]);
        self.bytes.extend_from_slice(&receipt.to_le_bytes());
    }

    /// Adds a frame. `record` comes from [`encode_record`].
    pub fn push(&mut self, key: WorkspaceKey, seq: u64, apply_version: u16, record: &[u8]) {
        let length = u32::try_from(record.len()).expect("a record is smaller than a group");
        self.bytes.extend_from_slice(&key.id.0.to_le_bytes());
        self.bytes.push(side_byte(key.side));
        self.bytes.push(0);
        self.bytes.extend_from_slice(&apply_version.to_le_bytes());
        self.bytes.extend_from_slice(&length.to_le_bytes());
        self.bytes.extend_from_slice(&seq.to_le_bytes());
        self.bytes.extend_from_slice(record);
        self.frames += 1;
    }

    /// The group as it is now.
    pub fn finish(&mut self) -> &[u8] {
        self.bytes[4..8].copy_from_slice(&self.frames.to_le_bytes());
        &self.bytes
    }
}

/// A group whose frames are looked at one by one.
#[derive(Clone, Copy, Debug)]
pub struct GroupView<'a> {
    pub receipt: Millis,
    /// The number of frames that the header claims; [`frames`](Self::frames) checks it.
    pub count: u32,
    frames: &'a [u8],
}

impl<'a> GroupView<'a> {
    pub fn new(bytes: &'a [u8]) -> Result<Self, CodecError> {
        let mut reader = Bytes { rest: bytes, what: "a group" };
        let found = u16::from_le_bytes(reader.take()?);
        if found != GROUP_VERSION {
            return Err(CodecError::UnknownVersion { what: "group", found, known: GROUP_VERSION });
        }
        let _reserved: [u8; 2] = reader.take()?;
        let count = u32::from_le_bytes(reader.take()?);
        let receipt = i64::from_le_bytes(reader.take()?);
        Ok(Self { receipt, count, frames: reader.rest })
    }

    /// The frames in order. After an error there is nothing more.
    pub fn frames(self) -> impl Iterator<Item = Result<RawFrame<'a>, CodecError>> {
        let mut reader = Bytes { rest: self.frames, what: "a frame" };
        let mut left = self.count;
        std::iter::from_fn(move || {
            if left == 0 {
                let count = std::mem::take(&mut reader.rest).len();
                return (count != 0).then_some(Err(CodecError::LeftOver { what: "a group's frames", count }));
            }
            left -= 1;
            let frame = reader.frame(self.receipt);
            if frame.is_err() {
                (left, reader.rest) = (0, &[]);
            }
            Some(frame)
        })
    }
}

/// A frame whose record is not decoded: enough to pass over frames of other workspaces.
#[derive(Clone, Copy, Debug)]
pub struct RawFrame<'a> {
    pub key: WorkspaceKey,
    pub seq: u64,
    pub receipt: Millis,
    pub apply_version: u16,
    pub record: &'a [u8],
}

impl RawFrame<'_> {
    /// Whether the record skips an event: what a replay must know of all frames before it applies
    /// the first (I6). Looks at the record's tag alone.
    pub fn is_skip(&self) -> bool {
        const SKIP: u32 = 3;
        self.record.get(RECORD_HEADER_BYTES..RECORD_HEADER_BYTES + 4) == Some(&SKIP.to_le_bytes())
    }

    /// How many events the record carries. Looks at the record's tag and the list's length alone.
    pub fn events(&self) -> u64 {
        const EVENTS: u32 = 0;
        let head = self.record.get(RECORD_HEADER_BYTES..).and_then(|rest| rest.split_first_chunk::<4>());
        let Some((_, rest)) = head.filter(|(tag, _)| **tag == EVENTS.to_le_bytes()) else { return 0 };
        rest.first_chunk::<8>().map_or(0, |count| u64::from_le_bytes(*count))
    }

    /// Decodes the record.
    pub fn decode(&self) -> Result<Frame, CodecError> {
        Ok(Frame {
            key: self.key,
            seq: self.seq,
            receipt: self.receipt,
            apply_version: self.apply_version,
            record: decode_record(self.record)?,
        })
    }
}

/// All of a group.
pub fn decode_group(bytes: &[u8]) -> Result<GroupContent, CodecError> {
    let view = GroupView::new(bytes)?;
    let frames = view.frames().map(|frame| frame?.decode()).collect::<Result<_, _>>()?;
    Ok(GroupContent { receipt: view.receipt, frames })
}

/// Only the frames of one workspace side; the others are not decoded.
pub fn decode_frames_of(bytes: &[u8], key: WorkspaceKey) -> Result<GroupContent, CodecError> {
    let view = GroupView::new(bytes)?;
    let frames = view
        .frames()
        .filter(|frame| frame.as_ref().map_or(true, |frame| frame.key == key))
        .map(|frame| frame?.decode())
        .collect::<Result<_, _>>()?;
    Ok(GroupContent { receipt: view.receipt, frames })
}

const fn side_byte(side: Side) -> u8 {
    match side {
        Side::Live => 0,
        Side::Test => 1,
    }
}

struct Bytes<'a> {
    rest: &'a [u8],
    what: &'static str,
}

impl<'a> Bytes<'a> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        let (head, rest) = self.rest.split_first_chunk::<N>().ok_or(CodecError::Short { what: self.what })?;
        self.rest = rest;
        Ok(*head)
    }

    fn frame(&mut self, receipt: Millis) -> Result<RawFrame<'a>, CodecError> {
        let id = Id(u128::from_le_bytes(self.take()?));
        let side = match self.take::<2>()?[0] {
            0 => Side::Live,
            1 => Side::Test,
            other => return Err(CodecError::Side(other)),
        };
        let apply_version = u16::from_le_bytes(self.take()?);
        let length = usize::try_from(u32::from_le_bytes(self.take()?)).unwrap_or(usize::MAX);
        let seq = u64::from_le_bytes(self.take()?);
        let (record, rest) = self.rest.split_at_checked(length).ok_or(CodecError::Short { what: self.what })?;
        self.rest = rest;
        Ok(RawFrame { key: WorkspaceKey { id, side }, seq, receipt, apply_version, record })
    }
}

#[cfg(test)]
#[path = "codec_tests.rs"]
mod tests;
