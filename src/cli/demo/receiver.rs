//! The receiver of the demo's webhooks: a few lines of HTTP on a free port of this machine. Now and then it is not in
//! the mood, so that there is something to try again.

use std::collections::HashSet;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Every so many messages are refused at first.
const REFUSED: usize = 4;

const TAKEN: &[u8] = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
const NOT_NOW: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 22\r\n\r\nback in a few seconds\n";

/// Takes messages until it is dropped.
pub struct Receiver {
    address: SocketAddr,
    asked: watch::Receiver<u64>,
    task: JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Receiver {
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (tell, asked) = watch::channel(0);
        let task = tokio::spawn(async move {
            let seen = Arc::<Mutex<HashSet<String>>>::default();
            while let Ok((stream, _)) = listener.accept().await {
                let (seen, tell) = (Arc::clone(&seen), tell.clone());
                // A sender that goes away has its reasons.
                tokio::spawn(async move { drop(converse(stream, &seen, &tell).await) });
            }
        });
        Ok(Self { address, asked, task })
    }

    pub fn url(&self) -> String {
        format!("http://{}/tripswitch", self.address)
    }

    /// How many requests it has answered.
    pub fn asked(&self) -> u64 {
        *self.asked.borrow()
    }

    /// Waits until there are more than that.
    pub async fn asked_more(&self, than: u64) {
        // An error would say that it is gone, and then nobody waits.
        drop(self.asked.clone().wait_for(|asked| *asked > than).await);
    }
}

/// Answers the request of a connection, and closes it.
async fn converse(stream: TcpStream, seen: &Mutex<HashSet<String>>, tell: &watch::Sender<u64>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let (mut id, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 || line == "\r\n" {
            break;
        }
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("webhook-id") => id = value.to_owned(),
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse().unwrap_or(0),
            _ => {}
        }
    }
    tokio::io::copy(&mut (&mut stream).take(length), &mut tokio::io::sink()).await?;
    let refused = {
        let mut seen = seen.lock();
        seen.insert(id) && seen.len().is_multiple_of(REFUSED)
    };
    stream.write_all(if refused { NOT_NOW } else { TAKEN }).await?;
    stream.shutdown().await?;
    tell.send_modify(|asked| *asked += 1);
    Ok(())
}
