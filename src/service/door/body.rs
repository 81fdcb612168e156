//! From the bytes of a request to its text: media type and content encoding (R4.1).

use std::io::Read;

use bytes::Bytes;
use flate2::bufread::GzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

use super::DoorError;
use crate::wire::media_type;

/// The form in which a body has its events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `application/json`: one event, or an array of them.
    OneOrMany,
    /// `application/cloudevents+json`.
    One,
    /// `application/cloudevents-batch+json`: an array.
    Many,
    /// `application/x-ndjson`, and the names that its tools use as well.
    Lines,
    /// Any JSON: the `data` of one event whose attributes are headers (R4.1b).
    Binary,
}

impl Form {
    /// From the value of `Content-Type`; in any case, with any parameters, but no charset other
    /// than UTF-8. `binary`: what headers say; a type that says more than JSON comes first.
    pub fn of(content_type: Option<&str>, binary: bool) -> Result<Self, DoorError> {
        let sent = content_type.unwrap_or_default();
        let media_type = media_type::of_text(sent).ok_or(DoorError::UnsupportedMediaType)?;
        let forms: [(&[&str], Self); 4] = [
            (&["application/json"], Self::OneOrMany),
            (&["application/cloudevents+json"], Self::One),
            (&["application/cloudevents-batch+json"], Self::Many),
            (&["application/x-ndjson", "application/ndjson", "application/jsonl"], Self::Lines),
        ];
        let form = forms.into_iter().find(|(names, _)| media_type::among(names, media_type)).map(|(_, form)| form);
        let json = media_type.is_empty() || has_json_suffix(media_type);
        match form {
            Some(Self::OneOrMany) if binary => Ok(Self::Binary),
            None if binary && json => Ok(Self::Binary),
            Some(form) => Ok(form),
            None => Err(DoorError::UnsupportedMediaType),
        }
    }
}

/// As `application/vnd.acme.ticket+json` (RFC 6839, 3.1).
fn has_json_suffix(media_type: &str) -> bool {
    media_type.rsplit_once('+').is_some_and(|(_, suffix)| suffix.eq_ignore_ascii_case("json"))
}

/// zstd windows beyond 8 MiB need not be supported (RFC 8878, 3.1.1.1.2) and are refused, so that a
/// few bytes cannot make the decoder allocate more.
const MAX_WINDOW: u64 = 8 << 20;

/// Undoes the value of `Content-Encoding`. Never holds more than `most` bytes of the result.
pub(super) fn decode(body: Bytes, content_encoding: Option<&str>, most: usize) -> Result<Bytes, DoorError> {
    let encoding = content_encoding.unwrap_or_default().trim();
    let is = |name: &str| encoding.eq_ignore_ascii_case(name);
    if encoding.is_empty() || is("identity") {
        return if body.len() > most { Err(DoorError::TooLarge { most }) } else { Ok(body) };
    }
    if is("gzip") || is("x-gzip") {
        return gunzip(&body, most);
    }
    if is("zstd") { unzstd(&body, most) } else { Err(DoorError::UnsupportedEncoding) }
}

/// A body may be several that were packed one by one (RFC 1952, 2.2; RFC 8878, 3). Each costs about the same, however
/// little is in it.
const PARTS: usize = 1_024;

fn gunzip(body: &[u8], most: usize) -> Result<Bytes, DoorError> {
    let (mut rest, mut decoded) = (body, Vec::new());
    for _ in 0..PARTS {
        read(GzDecoder::new(&mut rest), &mut decoded, most)?;
        if rest.is_empty() {
            return Ok(decoded.into());
        }
    }
    Err(DoorError::BadEncoding)
}

fn unzstd(body: &[u8], most: usize) -> Result<Bytes, DoorError> {
    let (mut rest, mut decoded) = (body, Vec::new());
    let mut frames = FrameDecoder::new();
    frames.set_max_window_size(MAX_WINDOW);
    for _ in 0..PARTS {
        match StreamingDecoder::new_with_decoder(&mut rest, &mut frames) {
            Ok(frame) if frame.decoder.content_size() > most as u64 => return Err(DoorError::TooLarge { most }),
            Ok(frame) => {
                read(frame, &mut decoded, most)?;
                let sums = (frames.get_checksum_from_data(), frames.get_calculated_checksum());
                if sums.0.is_some() && sums.0 != sums.1 {
                    return Err(DoorError::BadEncoding);
                }
            }
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                rest = rest.get(length as usize..).ok_or(DoorError::BadEncoding)?;
            }
            Err(_) => return Err(DoorError::BadEncoding),
        }
        if rest.is_empty() {
            return Ok(decoded.into());
        }
    }
    Err(DoorError::BadEncoding)
}

/// Adds what the decoder makes to what is there.
fn read(decoder: impl Read, decoded: &mut Vec<u8>, most: usize) -> Result<(), DoorError> {
    let room = (most - decoded.len()) as u64 + 1;
    decoder.take(room).read_to_end(decoded).map_err(|_| DoorError::BadEncoding)?;
    if decoded.len() <= most { Ok(()) } else { Err(DoorError::TooLarge { most }) }
}
