//! The portable export of a running server (R10.5).

use std::io::{self, BufWriter, Write};

use bytes::Bytes;
use tokio::sync::mpsc;

use super::{Operator, Service, ServiceError};
use crate::domain::time::Millis;
use crate::portable::{self, Header, SystemPosition};
use crate::recovery::save::Moment;

/// Bytes of a piece, and how many wait for a slow reader.
const PIECE: usize = 256 << 10;
const PIECES_AHEAD: usize = 8;

/// An export in pieces. An error in place of the next means that it is not whole.
pub type Pieces = mpsc::Receiver<io::Result<Bytes>>;

impl Service {
    /// Everything as it is now. Each workspace is cut between two rounds, as for a snapshot; the lines are
    /// made as they are read.
    pub async fn export(&self, _: Operator) -> Result<Pieces, ServiceError> {
        let moment = self.engine.moment().await?;
        let (sender, pieces) = mpsc::channel(PIECES_AHEAD);
        // A reader that has gone ends it with the next piece.
        // Nobody waits for the end but the reader.
        drop(self.engine.run_blocking(move || {
            if let Err(error) = write(moment, PieceWriter(sender.clone())) {
                tracing::warn!(%error, "an export was not finished");
                drop(sender.blocking_send(Err(io::Error::other("the export was not finished"))));
            }
        }));
        Ok(pieces)
    }
}

fn write(moment: Moment, out: PieceWriter) -> Result<(), portable::ExportError> {
    let Moment { created_at: exported_at, last_receipt, system, cuts, .. } = moment;
    let position = SystemPosition { seq: system.applied(), last_receipt: last_receipt.unwrap_or(Millis::MIN) };
    let program = concat!("tripswitch ", env!("CARGO_PKG_VERSION"));
    let header = Header { program, exported_at, system: position };
    let mut out = BufWriter::with_capacity(PIECE, out);
    portable::export(&mut out, header, &system, cuts.into_iter(), &mut |_| {}).map(drop)
}

struct PieceWriter(mpsc::Sender<io::Result<Bytes>>);

impl Write for PieceWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Ok(Bytes::copy_from_slice(bytes)));
        sent.map(|()| bytes.len()).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
