//! A connection that breaks when it hurts most.

use std::net::Ipv4Addr;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use crate::nats::testing::runtime;

/// What happens to the next message that is published on the subject, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The server stores it, and the connection breaks in place of the answer.
    LoseAnswer,
    /// The connection breaks before the server has it.
    LoseMessage,
    /// It is held back until the next one comes, and then sent before it.
    Delay,
    /// As `Delay`, but sent behind it.
    DelayMore,
}

/// Stands between clients and a server.
pub struct Proxy {
    pub port: u16,
    next: Arc<Mutex<Option<Fault>>>,
}

impl Proxy {
    pub fn start(server: u16, subject: &str) -> Self {
        let next = Arc::new(Mutex::new(None));
        let listener = runtime().block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (plan, mark) = (Arc::clone(&next), format!("HPUB {subject} ").into_bytes());
        runtime().spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect((Ipv4Addr::LOCALHOST, server)).await;
                if let Ok(server) = server {
                    tokio::spawn(serve(client, server, Arc::clone(&plan), mark.clone()));
                }
            }
        });
        Self { port, next }
    }

    pub fn next(&self, fault: Fault) {
        *self.next.lock() = Some(fault);
    }

    /// Whether a message has met the fault.
    pub fn struck(&self) -> bool {
        self.next.lock().is_none()
    }
}

/// Ends, and closes both connections, when one side has closed or a fault asks for it.
async fn serve(client: TcpStream, server: TcpStream, plan: Arc<Mutex<Option<Fault>>>, mark: Vec<u8>) {
    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
        (client.into_split(), server.into_split());
    let losing = Arc::new(Mutex::new(false));
    let forth = forth(&mut from_client, &mut to_server, &plan, &mark, &losing);
    let back = back(&mut from_server, &mut to_client, &losing);
    tokio::select! {
        () = forth => {}
        () = back => {}
    }
}

async fn forth(
    from: &mut OwnedReadHalf,
    to: &mut OwnedWriteHalf,
    plan: &Mutex<Option<Fault>>,
    mark: &[u8],
    losing: &Mutex<bool>,
) {
    let (mut room, mut held) = (vec![0; 1 << 16], Vec::new());
    let mut behind = false;
    while let Ok(length @ 1..) = from.read(&mut room).await {
        let bytes = &room[..length];
        let published = bytes.windows(mark.len()).any(|window| window == mark);
        let fault = if published { plan.lock().take() } else { None };
        match fault {
            Some(Fault::LoseMessage) => return,
            Some(Fault::LoseAnswer) => *losing.lock() = true,
            Some(fault @ (Fault::Delay | Fault::DelayMore)) => {
                held = bytes.to_vec();
                behind = fault == Fault::DelayMore;
                continue;
            }
            None => {}
        }
        let mut sent = bytes.to_vec();
        if published {
            let held = std::mem::take(&mut held);
            sent = if behind { [sent, held].concat() } else { [held, sent].concat() };
        }
        if to.write_all(&sent).await.is_err() {
            return;
        }
    }
}

async fn back(from: &mut OwnedReadHalf, to: &mut OwnedWriteHalf, losing: &Mutex<bool>) {
    const STORED: &[u8] = b"\"seq\":";
    let mut room = vec![0; 1 << 16];
    while let Ok(length @ 1..) = from.read(&mut room).await {
        let bytes = &room[..length];
        let answer = bytes.windows(STORED.len()).any(|window| window == STORED);
        if *losing.lock() && answer || to.write_all(bytes).await.is_err() {
            return;
        }
    }
}
