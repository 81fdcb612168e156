//! The dialogues of a file: one a line, the elements of a JSON array, or objects of several lines.

use std::cell::Cell;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

use serde::Deserializer as _;
use serde::de::{Error as _, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::ScoreError;
use crate::cli::text::{first_byte, skip_byte_order_mark};

/// The most dialogues that are scored together.
pub(super) const BLOCK: usize = 1_024;

/// A longer line is no dialogue.
pub(super) const MAX_LINE_BYTES: u64 = 32 << 20;

/// A dialogue as it stands in the input, or a blank line.
pub(super) struct Piece {
    /// The line where it begins, from 1.
    pub line: u64,
    /// `None` if it is too long.
    pub json: Option<Vec<u8>>,
}

/// Hands on the dialogues in blocks, in their order, as they come.
pub(super) fn each_block(
    mut input: BufReader<impl Read>,
    mut each: impl FnMut(&[Piece]) -> Result<(), ScoreError>,
) -> Result<(), ScoreError> {
    skip_byte_order_mark(&mut input)?;
    let mut line = 1;
    loop {
        match first_byte(&mut input).map_err(read_failed)? {
            Some(byte) if byte.is_ascii_whitespace() => {
                line += u64::from(byte == b'\n');
                input.consume(1);
            }
            Some(b'[') => return each_element(input, line, each),
            Some(b'{') if is_alone(input.buffer()) => return each_value(input, line, each),
            Some(_) | None => break,
        }
    }
    loop {
        let block = read_block(&mut input, &mut line).map_err(read_failed)?;
        if block.is_empty() {
            return Ok(());
        }
        each(&block)?;
    }
}

/// Whether a line ends behind its first byte: then values go over several lines.
fn is_alone(begun: &[u8]) -> bool {
    begun.iter().skip(1).find(|byte| !matches!(byte, b' ' | b'\t' | b'\r')) == Some(&b'\n')
}

fn read_failed(source: io::Error) -> ScoreError {
    ScoreError::Read { source }
}

/// The next lines: waits for the first, then takes those that have arrived completely. Empty at the end.
fn read_block(input: &mut BufReader<impl Read>, line: &mut u64) -> io::Result<Vec<Piece>> {
    let mut block = Vec::new();
    while let Some(json) = read_line(input)? {
        block.push(Piece { line: *line, json });
        *line += 1;
        if block.len() == BLOCK || !input.buffer().contains(&b'\n') {
            break;
        }
    }
    Ok(block)
}

/// A line without its line feed, `Some(None)` for one that is too long, `None` at the end.
#[expect(clippy::option_option, reason = "the end of the input, and a line that is not kept, are two things")]
pub(super) fn read_line(input: &mut impl BufRead) -> io::Result<Option<Option<Vec<u8>>>> {
    let mut line = Vec::new();
    if input.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.ends_with(b"\n") {
        line.pop();
    } else if line.len() as u64 == MAX_LINE_BYTES {
        input.skip_until(b'\n')?;
        return Ok(Some(None));
    }
    Ok(Some(Some(line)))
}

/// Where one stands who reads value by value: the parser takes byte by byte, and none behind an object.
struct Reading<'c, F> {
    /// The line of the last byte read, which is a value's last one as soon as it was read.
    line: &'c Cell<u64>,
    block: Vec<Piece>,
    each: F,
}

impl<F: FnMut(&[Piece]) -> Result<(), ScoreError>> Reading<'_, F> {
    /// Takes the next value. Where there is none, what was taken is handed on.
    fn take(&mut self, value: Option<&RawValue>) -> Result<(), ScoreError> {
        if let Some(value) = value {
            let json = value.get().as_bytes();
            self.block.push(Piece { line: self.line.get() - line_feeds(json), json: Some(json.into()) });
        }
        if !self.block.is_empty() && (value.is_none() || self.block.len() == BLOCK) {
            (self.each)(&self.block)?;
            self.block.clear();
        }
        Ok(())
    }
}

/// Where what begins in `line` stops being JSON.
fn stops(line: u64, error: serde_json::Error) -> ScoreError {
    if error.is_io() {
        return read_failed(error.into());
    }
    let (line, column) = (line + error.line() as u64 - 1, error.column());
    ScoreError::NotJson { line, reason: super::without_position(&error), column }
}

/// The elements of an array that begins in `line`. Those before a syntax error are handed on.
fn each_element(
    input: impl BufRead,
    line: u64,
    each: impl FnMut(&[Piece]) -> Result<(), ScoreError>,
) -> Result<(), ScoreError> {
    let (at, mut stopped) = (Cell::new(line), None);
    let mut json = serde_json::Deserializer::from_reader(Counted { input, line: &at });
    let elements = Elements { reading: Reading { line: &at, block: Vec::new(), each }, stopped: &mut stopped };
    let read = json.deserialize_seq(elements);
    match (stopped, read.and_then(|()| json.end())) {
        (Some(stopped), _) => Err(stopped),
        (None, read) => read.map_err(|error| stops(line, error)),
    }
}

/// Values that stand one behind the other. Those before a syntax error are handed on.
fn each_value(
    input: impl BufRead,
    line: u64,
    each: impl FnMut(&[Piece]) -> Result<(), ScoreError>,
) -> Result<(), ScoreError> {
    let at = Cell::new(line);
    let mut reading = Reading { line: &at, block: Vec::new(), each };
    let values = serde_json::Deserializer::from_reader(Counted { input, line: &at });
    for value in values.into_iter::<Box<RawValue>>() {
        reading.take(value.as_deref().ok())?;
        value.map_err(|error| stops(line, error))?;
    }
    reading.take(None)
}

/// Counts the lines of what is read.
struct Counted<'c, R> {
    input: R,
    line: &'c Cell<u64>,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.line.set(self.line.get() + line_feeds(&buffer[..read]));
        Ok(read)
    }
}

fn line_feeds(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

struct Elements<'c, F> {
    reading: Reading<'c, F>,
    /// Why reading ends early.
    stopped: &'c mut Option<ScoreError>,
}

impl<'de, F: FnMut(&[Piece]) -> Result<(), ScoreError>> Visitor<'de> for Elements<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of dialogues")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        loop {
            let element = seq.next_element::<Box<RawValue>>();
            if let Err(why) = self.reading.take(element.as_ref().ok().and_then(Option::as_deref)) {
                *self.stopped = Some(why);
                return Err(A::Error::custom("stopped"));
            }
            if element?.is_none() {
                return Ok(());
            }
        }
    }
}
