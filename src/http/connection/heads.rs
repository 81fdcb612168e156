//! Follows the requests of a connection through its bytes, to see what hyper does not show.
//!
//! Where a head has both `Content-Length` and `Transfer-Encoding`, hyper drops the first, and of two
//! equal `Content-Length` it drops one; both are refused here, since a proxy before the server may
//! have read the body's end elsewhere (RFC 9112, 6.3 and 11.2). hyper has one limit for a whole head, the request line
//! has one of its own. And hyper does not say whether a head has begun. hyper decides where bodies end; this only
//! counts along. Where the two do not agree, hyper is about to refuse or to close.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::{MAX_HEADER, MAX_REQUEST_LINE};
use crate::http::framing::Misread;

/// The most bytes of a line that are kept from one read to the next. hyper takes no longer line, except for zeros
/// before a chunk's size.
const LINE_KEPT: usize = MAX_HEADER;

/// What was seen of a connection's heads, for those who do not see its bytes.
#[derive(Clone, Debug, Default)]
pub struct Seen(Arc<Sights>);

#[derive(Debug, Default)]
struct Sights {
    /// A part of a head has come, and its end has not.
    begun: AtomicBool,
    /// The first head whose body could end in two places.
    ambiguous: First,
    /// The first head whose request line is too long.
    long_line: First,
}

/// The number of the first head of a kind, counted from 1; 0 while there is none. It stays, since the connection is
/// closed because of it.
#[derive(Debug, Default)]
struct First(AtomicU64);

impl First {
    fn is(&self, number: u64) -> bool {
        self.0.load(Ordering::Relaxed) == number
    }

    fn set(&self, number: u64) {
        let _ = self.0.compare_exchange(0, number, Ordering::Relaxed, Ordering::Relaxed);
    }
}

impl Seen {
    /// Whether a part of a head has come that is not complete.
    pub fn has_begun(&self) -> bool {
        self.0.begun.load(Ordering::Relaxed)
    }

    /// Why head `number`, counted from 1, is refused although hyper takes it.
    pub fn fault(&self, number: u64) -> Option<Misread> {
        if self.0.long_line.is(number) {
            return Some(Misread::LongLine);
        }
        self.0.ambiguous.is(number).then_some(Misread::AmbiguousBody)
    }
}

/// What the next byte belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ParseState {
    /// A head, or empty lines before one.
    Head,
    /// A body of known length, of which so much is left.
    Body(u64),
    /// The line that gives a chunk's size.
    Size,
    Chunk(u64),
    /// The empty line after a chunk.
    ChunkEnd,
    Trailers,
    /// Unknown: the bytes make no sense. hyper closes; if it does not, its next head counts as ambiguous.
    Lost,
}

/// Follows the bytes of a connection.
#[derive(Debug)]
pub struct Heads {
    place: ParseState,
    /// The current line, as far as it came in earlier reads and says anything of the body.
    line: Vec<u8>,
    /// Bytes of the last request line so far.
    request_line: usize,
    /// Heads that were completed.
    count: u64,
    head: Head,
    seen: Seen,
}

/// What the current head says of its body.
#[derive(Clone, Copy, Debug, Default)]
struct Head {
    /// There was a request line.
    began: bool,
    lengths: u32,
    length: u64,
    coded: bool,
}

/// A header that says where a body ends.
enum Framing {
    Length,
    Coding,
}

impl Framing {
    fn of(name: &[u8]) -> Option<Self> {
        if name.eq_ignore_ascii_case(b"content-length") {
            return Some(Self::Length);
        }
        name.eq_ignore_ascii_case(b"transfer-encoding").then_some(Self::Coding)
    }
}

impl Heads {
    pub fn new(seen: Seen) -> Self {
        Self { place: ParseState::Head, line: Vec::new(), request_line: 0, count: 0, head: Head::default(), seen }
    }

    /// Whether there was a request line that is too long.
    pub fn had_long_line(&self) -> bool {
        !self.seen.0.long_line.is(0)
    }

    /// Whether a head has begun that will be refused, for its request line.
    pub fn is_in_vain(&self) -> bool {
        self.has_begun() && self.seen.0.long_line.is(self.count + 1)
    }

    /// Takes in the next bytes of the connection.
    pub fn read(&mut self, bytes: &[u8]) {
        self.follow(bytes);
        self.seen.0.begun.store(self.has_begun(), Ordering::Relaxed);
    }

    fn has_begun(&self) -> bool {
        match self.place {
            ParseState::Head => self.head.began || !self.line.is_empty(),
            ParseState::Lost => true,
            ParseState::Body(_)
            | ParseState::Size
            | ParseState::Chunk(_)
            | ParseState::ChunkEnd
            | ParseState::Trailers => false,
        }
    }

    fn follow(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match self.place {
                ParseState::Lost => return,
                ParseState::Body(left) => bytes = self.pass(left, bytes, ParseState::Body, ParseState::Head),
                ParseState::Chunk(left) => bytes = self.pass(left, bytes, ParseState::Chunk, ParseState::ChunkEnd),
                ParseState::Head | ParseState::Size | ParseState::ChunkEnd | ParseState::Trailers => {
                    let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
                        return self.keep(bytes);
                    };
                    let (line, rest) = bytes.split_at(end + 1);
                    bytes = rest;
                    self.end_of_line(line);
                }
            }
        }
    }

    /// Passes over what is left of a body or chunk; returns the bytes after it.
    fn pass<'a>(&mut self, left: u64, bytes: &'a [u8], more: fn(u64) -> ParseState, then: ParseState) -> &'a [u8] {
        let passed = usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()));
        let left = left - passed as u64;
        self.place = if left == 0 { then } else { more(left) };
        &bytes[passed..]
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.measure(bytes);
        let room = LINE_KEPT.saturating_sub(self.line.len()).min(bytes.len());
        self.line.extend_from_slice(&bytes[..room]);
        if let Some(colon) = self.other_header() {
            self.line.truncate(colon + 1);
        } else if room < bytes.len() {
            self.lose();
        }
    }

    /// Where the name of the header that was begun ends, if it says nothing of a body: the rest need not be kept.
    fn other_header(&self) -> Option<usize> {
        let colon = self.line.iter().position(|byte| *byte == b':')?;
        let is_header = self.place == ParseState::Head && self.head.began;
        (is_header && Framing::of(&self.line[..colon]).is_none()).then_some(colon)
    }

    fn end_of_line(&mut self, end: &[u8]) {
        if self.line.is_empty() {
            self.measure(end);
            return self.take(without_break(end));
        }
        self.keep(end);
        if self.place == ParseState::Lost {
            return;
        }
        let line = std::mem::take(&mut self.line);
        self.take(without_break(&line));
    }

    fn measure(&mut self, piece: &[u8]) {
        if self.place == ParseState::Head && !self.head.began {
            self.request_line = if self.line.is_empty() { piece.len() } else { self.request_line + piece.len() };
            if self.request_line >= MAX_REQUEST_LINE {
                self.seen.0.long_line.set(self.count + 1);
            }
        }
    }

    fn take(&mut self, line: &[u8]) {
        match self.place {
            ParseState::Head if !line.is_empty() => self.head_line(line),
            // Empty lines before a request are passed over (RFC 9112, 2.2).
            ParseState::Head if !self.head.began => {}
            ParseState::Head => self.head_end(),
            ParseState::Size => match chunk_size(line) {
                Some(0) => self.place = ParseState::Trailers,
                Some(size) => self.place = ParseState::Chunk(size),
                None => self.lose(),
            },
            ParseState::ChunkEnd if line.is_empty() => self.place = ParseState::Size,
            ParseState::ChunkEnd => self.lose(),
            ParseState::Trailers if line.is_empty() => self.place = ParseState::Head,
            ParseState::Trailers | ParseState::Body(_) | ParseState::Chunk(_) | ParseState::Lost => {}
        }
    }

    fn lose(&mut self) {
        self.place = ParseState::Lost;
        self.seen.0.ambiguous.set(self.count + 1);
    }

    fn head_line(&mut self, line: &[u8]) {
        if !std::mem::replace(&mut self.head.began, true) {
            return;
        }
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { return };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        match Framing::of(name) {
            Some(Framing::Length) => {
                self.head.lengths += 1;
                self.head.length = digits(value).unwrap_or(0);
            }
            Some(Framing::Coding) => self.head.coded = true,
            None => {}
        }
    }

    fn head_end(&mut self) {
        let head = std::mem::take(&mut self.head);
        self.count += 1;
        if head.lengths > 1 || (head.coded && head.lengths > 0) {
            self.seen.0.ambiguous.set(self.count);
        }
        self.place = match head {
            Head { coded: true, .. } => ParseState::Size,
            Head { length: 0, .. } => ParseState::Head,
            Head { length, .. } => ParseState::Body(length),
        };
    }
}

fn without_break(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn digits(value: &[u8]) -> Option<u64> {
    std::str::from_utf8(value).ok()?.parse().ok()
}

/// The hexadecimal number before spaces and extensions.
fn chunk_size(line: &[u8]) -> Option<u64> {
    let end = line.iter().position(|byte| !byte.is_ascii_hexdigit()).unwrap_or(line.len());
    u64::from_str_radix(std::str::from_utf8(&line[..end]).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first ambiguous head, the same however the bytes are cut; and heads in all.
    fn found(text: &str) -> (u64, u64) {
        let read = |size: usize| {
            let seen = Seen::default();
            let mut heads = Heads::new(seen.clone());
            text.as_bytes().chunks(size).for_each(|piece| heads.read(piece));
            (seen.0.ambiguous.0.load(Ordering::Relaxed), heads.count)
        };
        let whole = read(text.len());
        for size in [1, 2, 3, 7, 64] {
            assert_eq!(read(size), whole, "in pieces of {size}: {text:?}");
        }
        whole
    }

    const GET: &str = "GET /a HTTP/1.1\r\nhost: x\r\n\r\n";
    const SIZED: &str =
        "POST /a HTTP/1.1\r\nContent-Length: 40\r\n\r\nTransfer-Encoding: chunked\r\n\r\n1234567890\r\n";
    const CHUNKED: &str = "POST /a HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n\
                           19;x=y\r\ncontent-length: 5\r\n\r\n1\r\n\n\r\n0\r\ncontent-length: 1\r\n\r\n";

    #[test]
    fn bodies_and_trailers_are_no_heads() {
        assert_eq!(found(GET), (0, 1));
        assert_eq!(found(&format!("{SIZED}{GET}")), (0, 2));
        assert_eq!(found(&format!("\r\n\r\n{CHUNKED}{SIZED}\r\n{CHUNKED}{GET}")), (0, 4));
    }

    #[test]
    fn a_body_that_could_end_in_two_places_is_found_at_its_number() {
        let both = "POST /a HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
        let other_way = "POST /a HTTP/1.1\ntransfer-encoding:chunked\ncontent-length:5\n\n0\r\n\r\n";
        let twice = "POST /a HTTP/1.1\r\ncontent-length: 3\r\nx: y\r\nCONTENT-LENGTH: 3\r\n\r\nabc";
        for bad in [both, other_way, twice] {
            assert_eq!(found(bad).0, 1, "{bad:?}");
            assert_eq!(found(&format!("{GET}{SIZED}{CHUNKED}{bad}")), (4, 4), "{bad:?}");
            assert_eq!(found(&format!("{CHUNKED}{bad}{GET}")).0, 2, "{bad:?}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_not_followed() {
        let lost = "POST /a HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nnot a size\r\n";
        assert_eq!(found(&format!("{lost}{GET}{GET}")), (2, 1), "whatever may come behind it is refused");
        let long = format!("GET /{} HTTP/1.1\r\n{}: y\r\n\r\n", "a".repeat(5_000), "x".repeat(5_000));
        assert_eq!(found(&format!("{long}{GET}")), (0, 2));
    }

    #[test]
    fn a_length_behind_many_blanks_or_zeros_counts_however_it_is_cut() {
        let (blanks, zeros) = (" ".repeat(3_000), "0".repeat(3_000));
        let sized = format!("POST /a HTTP/1.1\r\ncontent-length:{blanks}5\r\n\r\na\r\n\r\n");
        assert_eq!(found(&format!("{sized}{GET}")), (0, 2));
        let coded = "POST /a HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n";
        assert_eq!(found(&format!("{coded}{zeros}5\r\na\r\n\r\n\r\n0\r\n\r\n{GET}")), (0, 2));
    }

    #[test]
    fn behind_a_line_that_is_too_long_to_follow_every_head_is_refused() {
        let coded = "POST /a HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n";
        let text = format!("{coded}{}5\r\nabcde\r\n0\r\n\r\n{GET}", "0".repeat(LINE_KEPT));
        let seen = Seen::default();
        let mut heads = Heads::new(seen.clone());
        text.as_bytes().chunks(1_000).for_each(|piece| heads.read(piece));
        assert_eq!((seen.fault(1), seen.fault(2)), (None, Some(Misread::AmbiguousBody)));
    }

    #[test]
    fn r2_7b_a_long_request_line_is_told_from_long_headers() {
        let faults = |text: &str, size: usize| {
            let seen = Seen::default();
            let mut heads = Heads::new(seen.clone());
            text.as_bytes().chunks(size).for_each(|piece| heads.read(piece));
            (heads.is_in_vain(), [1, 2].map(|number| seen.fault(number)))
        };
        let long = Some(Misread::LongLine);
        let line = format!("GET /{}", "a".repeat(MAX_REQUEST_LINE));
        let headers = format!("GET /a HTTP/1.1\r\nx: {}", "a".repeat(MAX_HEADER));
        for size in [1_000, 100_000] {
            assert_eq!(faults(&line, size), (true, [long, None]));
            assert_eq!(faults(&format!("{GET}{line} HTTP/1.1\r\nhost: x\r\n"), size), (true, [None, long]));
            assert_eq!(faults(&format!("{GET}{line} HTTP/1.1\r\nhost: x\r\n\r\n"), size), (false, [None, long]));
            assert_eq!(faults(&headers, size), (false, [None, None]));
            assert_eq!(faults(&format!("{line} HTTP/1.1\r\n\r\n{headers}"), size), (false, [long, None]));
        }
    }

    #[test]
    fn of_a_long_header_that_says_nothing_of_a_body_only_the_name_is_kept() {
        let mut heads = Heads::new(Seen::default());
        let text = format!("GET /a HTTP/1.1\r\nAuthorization: Bearer {}", "a".repeat(20_000));
        text.as_bytes().chunks(1_000).for_each(|piece| heads.read(piece));
        assert_eq!(heads.line, b"Authorization:");
        heads.read(b"\r\ncontent-length: 1\r\n\r\na");
        assert_eq!((heads.count, heads.place), (1, ParseState::Head));
    }

    #[test]
    fn a_head_has_begun_with_its_first_byte_and_until_its_last() {
        let seen = Seen::default();
        let mut heads = Heads::new(seen.clone());
        let mut begun = |bytes: &str| {
            heads.read(bytes.as_bytes());
            seen.has_begun()
        };
        assert!(!begun("") && !begun("\r\n"), "empty lines before a request are none of it");
        assert!(begun("G") && begun("ET /a HTTP/1.1\r\n") && begun("host: x\r\n") && begun("\r"));
        assert!(!begun("\n"));
        let (most, rest) = SIZED.split_at(SIZED.len() - 3);
        assert!(!begun(most) && !begun(rest) && !begun(CHUNKED), "a body is no head");
        assert!(begun(&format!("{GET}G")));
    }
}
