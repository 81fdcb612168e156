//! The HTTP/1 server: accepts connections, bounds their number, and ends them in order.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use futures::FutureExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::connection::{ConnectionSlots, Full, Wire};
use crate::background::Ending;

/// The pause after a failed accept: usually too many files are open.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// The most connections beyond the limit that are answered at a time; others are closed without an answer.
const REFUSED_AT_A_TIME: usize = 64;

/// Serves until the stop, then finishes the answers under way within the grace of [`super::Limits`], and cuts what is
/// left.
pub async fn serve(listener: TcpListener, router: Router, wire: Wire, ending: impl Into<Ending>) {
    let (limits, ending) = (wire.limits, ending.into());
    let mut server = Server {
        wire: Arc::new(wire),
        router,
        slots: ConnectionSlots::new(limits.connections, limits.connections_per_address),
        refusals: Arc::new(Semaphore::new(REFUSED_AT_A_TIME)),
        ending: ending.clone(),
        connections: JoinSet::new(),
    };
    loop {
        tokio::select! {
            () = ending.stop.cancelled() => break,
            Some(_) = server.connections.join_next() => {}
            accepted = listener.accept() => if !server.accepted(accepted) {
                tokio::time::sleep(ACCEPT_PAUSE).await;
            },
        }
    }
    // Clients that the kernel has connected already would lose what they have sent. The runtime looks for them first.
    tokio::task::yield_now().await;
    while let Some(accepted) = listener.accept().now_or_never() {
        if !server.accepted(accepted) {
            break;
        }
    }
    drop(listener);
    let mut connections = server.connections;
    let all = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(limits.shutdown_grace, all).await.is_err() {
        tracing::warn!(connections = connections.len(), "connections were still open at the end, and are cut");
        connections.shutdown().await;
    }
}

/// Whether the next connection can be accepted nevertheless.
fn is_of_one(cause: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(cause.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

struct Server {
    wire: Arc<Wire>,
    router: Router,
    slots: Arc<ConnectionSlots>,
    refusals: Arc<Semaphore>,
    ending: Ending,
    connections: JoinSet<()>,
}

impl Server {
    /// Serves an accepted connection; `false` if none could be accepted.
    fn accepted(&mut self, accepted: io::Result<(TcpStream, SocketAddr)>) -> bool {
        match accepted {
            Ok((stream, peer)) => self.take(stream, peer.ip()),
            Err(cause) if is_of_one(&cause) => tracing::debug!(%cause, "a connection was gone at once"),
            Err(cause) => {
                tracing::warn!(%cause, "a connection could not be accepted");
                return false;
            }
        }
        true
    }

    fn take(&mut self, stream: TcpStream, from: IpAddr) {
        match self.slots.take(from) {
            Ok(place) => {
                let (wire, router, ending) = (Arc::clone(&self.wire), self.router.clone(), self.ending.clone());
                self.connections.spawn(async move {
                    wire.serve(stream, place.peer(), router, ending).await;
                    drop(place);
                });
            }
            Err(full) => self.refuse(stream, full),
        }
    }

    fn refuse(&mut self, stream: TcpStream, full: Full) {
        let Ok(turn) = Arc::clone(&self.refusals).try_acquire_owned() else { return };
        let (wire, stop) = (Arc::clone(&self.wire), self.ending.stop.clone());
        self.connections.spawn(async move {
            wire.refuse(stream, full, stop).await;
            drop(turn);
        });
    }
}
