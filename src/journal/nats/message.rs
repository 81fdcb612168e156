//! What a message of the log holds: the checksum of a group, CRC-32C in little-endian, and the group behind it.

use async_nats::HeaderMap;
use bytes::Bytes;

use super::super::codec::{CodecError, GroupBuilder, GroupView};
use super::super::{GroupPosition, ReadError};

/// Bytes before the group.
const CHECKSUM_BYTES: usize = 4;
/// Room for the checksum and for the headers, with some to spare.
pub(super) const OVERHEAD_BYTES: usize = 1024;

const EPOCH: &str = "Tripswitch-Epoch";
const NODE: &str = "Tripswitch-Node";

/// The message's body.
pub(super) fn seal(group: &[u8]) -> Bytes {
    let mut body = Vec::with_capacity(CHECKSUM_BYTES + group.len());
    body.extend_from_slice(&crc32c::crc32c(group).to_le_bytes());
    body.extend_from_slice(group);
    body.into()
}

/// The group in a message's body.
pub(super) fn open(position: GroupPosition, body: &[u8]) -> Result<&[u8], ReadError> {
    let damaged = |place: &str| ReadError::Damaged { position, place: place.to_owned() };
    let (checksum, group) =
        body.split_first_chunk::<CHECKSUM_BYTES>().ok_or_else(|| damaged("a message without a checksum"))?;
    if crc32c::crc32c(group) != u32::from_le_bytes(*checksum) {
        return Err(damaged("its checksum is wrong"));
    }
    Ok(group)
}

/// Who owns the log from the message on that says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    pub epoch: u64,
    pub node: String,
}

impl Owner {
    pub(super) fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(EPOCH, self.epoch.to_string().as_str());
        headers.insert(NODE, self.node.as_str());
        headers
    }

    /// `None` for a message that is no epoch record.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let epoch = headers.get(EPOCH)?.as_str().parse().ok()?;
        let node = headers.get(NODE).map(|node| node.as_str().to_owned()).unwrap_or_default();
        Some(Self { epoch, node })
    }
}

/// The group of an epoch record behind `last`: without frames, and received when the last one was.
pub(super) fn epoch_group(last: Option<&[u8]>) -> Result<Vec<u8>, CodecError> {
    let receipt = last.map(GroupView::new).transpose()?.map_or(0, |group| group.receipt);
    let mut builder = GroupBuilder::default();
    builder.begin(receipt);
    Ok(builder.finish().to_vec())
}
