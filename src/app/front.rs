//! Two runtimes: this one serves connections, everything else runs on the other.
//!
//! A request that only reads memory must not stand in a queue behind bodies being read and rounds
//! being applied. Nothing here takes longer than an answer takes to be written, so that what is
//! asked is answered as soon as the kernel lets this thread run.

use std::io;
use std::net::TcpListener;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use super::machine;

/// Cores for each thread that serves connections: the rest of the time they work.
const CORES_A_THREAD: usize = 4;

/// The runtime of the connections. Dropping it ends what runs on it at the next await.
pub struct Front(Option<Runtime>);

impl Front {
    /// A thread for every four cores.
    pub fn start() -> io::Result<Self> {
        let threads = machine::cores().div_ceil(CORES_A_THREAD);
        let runtime = Builder::new_multi_thread().worker_threads(threads).thread_name("front").enable_all().build()?;
        Ok(Self(Some(runtime)))
    }

    /// Runs `serve` with the listener, which belongs to this runtime from then on.
    pub fn serve<F>(
        &self,
        listener: TcpListener,
        serve: impl FnOnce(tokio::net::TcpListener) -> F,
    ) -> io::Result<JoinHandle<()>>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let runtime = self.0.as_ref().ok_or_else(|| io::Error::other("the runtime has ended"))?;
        let _context = runtime.enter();
        Ok(runtime.spawn(serve(tokio::net::TcpListener::from_std(listener)?)))
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        // Waiting for its threads would block the thread of the other runtime.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::io::{Read, Write};
    use std::net::TcpStream;
    use std::sync::{Arc, Barrier};
    use std::time::Duration;

    use crate::app::Server;
    use crate::config::Config;

    #[test]
    fn r8_1_a_connection_is_served_while_every_working_thread_is_busy() {
        let directory = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.storage.data_dir = directory.path().to_owned();
        config.server.listen = "127.0.0.1:0".parse().unwrap();
        config.admin.listen = config.server.listen;
        config.server.drain = Duration::ZERO;
        let work = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let server = work.block_on(Server::start(&config, false, Arc::default())).unwrap();
        let (began, ends) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
        let busy = work.spawn({
            let (began, ends) = (Arc::clone(&began), Arc::clone(&ends));
            async move { (began.wait(), ends.wait()) }
        });
        began.wait();
        let mut client = TcpStream::connect(server.address()).unwrap();
        client.write_all(b"GET /api/admin/keys HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
        ends.wait();
        work.block_on(busy).unwrap();
        work.block_on(server.stop());
    }
}
