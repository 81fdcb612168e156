//! Lines on their way out.

use std::io::{self, Write};

use serde::Serialize;
use thiserror::Error;

use super::Progress;
use super::lines::{EndLine, Kind};
use super::values::Hex;
use crate::domain::ids::WorkspaceKey;

/// Bytes written at a time.
const BUFFER: usize = 65_536;

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

/// Lines on their way out, counted and hashed.
pub struct Lines<'a, W> {
    out: &'a mut W,
    hasher: blake3::Hasher,
    buffer: Vec<u8>,
    written: Progress,
    progress: &'a mut dyn FnMut(Progress),
}

impl<'a, W: Write> Lines<'a, W> {
    pub fn new(out: &'a mut W, progress: &'a mut dyn FnMut(Progress)) -> Self {
        let (hasher, buffer) = (blake3::Hasher::new(), Vec::with_capacity(2 * BUFFER));
        Self { out, hasher, buffer, written: Progress::default(), progress }
    }

    /// Writes one line.
    pub fn put(&mut self, what: Kind, line: &impl Serialize) -> Result<(), ExportError> {
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

    /// Writes the last line, which counts and hashes the others.
    pub fn end(mut self) -> Result<(Progress, [u8; 32]), ExportError> {
        self.pass_on()?;
        let blake3 = self.hasher.finalize().into();
        let (kind, lines) = (Kind::End, self.written.lines);
        self.put(Kind::End, &EndLine { kind, lines, blake3: Hex(blake3) })?;
        self.pass_on()?;
        self.out.flush().map_err(ExportError::Write)?;
        Ok((self.written, blake3))
    }
}
