//! One thread that writes the list: it takes all that waits, writes and syncs it at once, and answers.
//!
//! As the journal's writer does it (`journal::writer`), with another storage and another bound: what waits is counted
//! by tenants, so that the erasures of one tenant never keep those of another from the next group.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use futures::channel::oneshot;
use parking_lot::{Condvar, Mutex};

use crate::domain::time::{DAY, Millis};

use super::file::{ErasureFile, FEW};
use super::{ErasureEntry, ErasureList, ErasuresError, Keeping};

/// Erasures of one tenant that may wait for the next group.
pub const WAITING_OF_A_TENANT: usize = 256;

/// The kept list of a data directory that is served.
pub struct Erasures {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    /// What is on stable storage. Never held while a disk is waited for.
    list: Mutex<ErasureList>,
    queue: Mutex<Queue>,
    /// Something waits, or the queue was closed.
    changed: Condvar,
    writing: Mutex<Writing>,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<Waiting>,
    /// How many of each tenant are in `waiting`, or in the group that is being written.
    of_tenants: HashMap<Box<str>, usize>,
    closed: bool,
}

struct Waiting {
    tenant: Box<str>,
    entry: ErasureEntry,
    reply: oneshot::Sender<Result<(), ErasuresError>>,
}

/// An entry on its way to the list.
#[must_use = "the entry is on the list only after this says so"]
pub struct Listed(oneshot::Receiver<Result<(), ErasuresError>>);

impl Listed {
    /// Waits until the entry is on stable storage, or refused.
    pub async fn wait(self) -> Result<(), ErasuresError> {
        self.0.await.unwrap_or(Err(ErasuresError::Failed))
    }

    /// The same on a thread that may block.
    pub fn wait_here(self) -> Result<(), ErasuresError> {
        futures::executor::block_on(self.wait())
    }
}

/// Where several servers keep one list: what one of them adds is there before it is in its file.
pub trait CommonList: Send {
    /// Adds entries, durably.
    fn add(&self, entries: &[ErasureEntry]) -> std::io::Result<()>;
}

/// The file, and when it is to be looked at again.
struct Writing {
    file: ErasureFile,
    common: Option<Box<dyn CommonList>>,
    keeping: Option<Keeping>,
    /// So many entries, or this time, let the file be judged again.
    judged_at_entries: usize,
    judged_at: Millis,
}

impl Erasures {
    /// Reads the list of the data directory `dir`; a file that is not there is an empty list. Only for who holds the
    /// directory's lock.
    pub fn load(dir: &Path) -> Result<Self, ErasuresError> {
        let (file, list) = ErasureFile::open(dir)?;
        Self::start(file, list).map_err(|source| ErasuresError::Io { path: dir.to_owned(), source })
    }

    pub(super) fn start(file: ErasureFile, list: ErasureList) -> std::io::Result<Self> {
        let writing = Writing { file, common: None, keeping: None, judged_at_entries: 0, judged_at: Millis::MIN };
        let shared = Arc::new(Shared {
            list: Mutex::new(list),
            queue: Mutex::default(),
            changed: Condvar::new(),
            writing: Mutex::new(writing),
        });
        let run = Arc::clone(&shared);
        let thread = thread::Builder::new().name("erasures".into()).spawn(move || run.serve())?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// From now on adds to `common` first, which others add to as well.
    pub fn share(&self, common: Box<dyn CommonList>) {
        self.shared.writing.lock().common = Some(common);
    }

    /// Takes in what others have added to the common list. Waits for the disk if any of it is new.
    pub fn learn(&self, entries: &[ErasureEntry]) -> Result<(), ErasuresError> {
        let mut writing = self.shared.writing.lock();
        let new: Vec<_> = {
            let list = self.shared.list.lock();
            entries.iter().filter(|entry| !list.has(entry)).copied().collect()
        };
        if new.is_empty() { Ok(()) } else { writing.write(&new, &self.shared.list) }
    }

    /// From now on, and at once, forgets what is older than that. Waits for the disk if the file is replaced.
    pub fn keep(&self, keeping: Keeping, now: Millis) {
        let mut writing = self.shared.writing.lock();
        writing.keeping = Some(keeping);
        writing.tidy(&self.shared.list, now);
    }

    /// The file ends in an incomplete line. Its append never returned, so nobody was told that it is there.
    pub fn is_torn(&self) -> bool {
        self.shared.writing.lock().file.is_torn()
    }

    /// As it is on stable storage.
    pub fn list(&self) -> ErasureList {
        self.shared.list.lock().clone()
    }

    /// [`ErasureList::due`].
    pub fn due(&self, now: Millis, within: Millis) -> Option<Millis> {
        self.shared.list.lock().due(now, within)
    }

    /// Queues an entry; never blocks. `None`: as many of this tenant wait as may.
    pub fn append(&self, tenant: &str, entry: ErasureEntry) -> Option<Listed> {
        let (reply, listed) = oneshot::channel();
        let mut queue = self.shared.queue.lock();
        if queue.closed {
            // The dropped sender says that the list is not written any more.
            return Some(Listed(listed));
        }
        let of_tenant = queue.of_tenants.entry(tenant.into()).or_default();
        if *of_tenant >= WAITING_OF_A_TENANT {
            return None;
        }
        *of_tenant += 1;
        queue.waiting.push(Waiting { tenant: tenant.into(), entry, reply });
        self.shared.changed.notify_one();
        Some(Listed(listed))
    }
}

impl Drop for Erasures {
    /// Writes what waits, and ends the thread.
    fn drop(&mut self) {
        self.shared.queue.lock().closed = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the writer of the list of erasures panicked");
        }
    }
}

/// Says that the thread has ended, however it did.
struct Ended<'a>(&'a Shared);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        let mut queue = self.0.queue.lock();
        queue.closed = true;
        queue.waiting.clear();
    }
}

impl Shared {
    fn serve(&self) {
        let _ended = Ended(self);
        while let Some(group) = self.next_group() {
            let (group, full): (Vec<_>, Vec<_>) = {
                let list = self.list.lock();
                group.into_iter().partition(|waiting| list.has_room_for(&waiting.entry))
            };
            self.answer(full, &Err(ErasuresError::SideFull));
            let entries: Vec<_> = group.iter().map(|waiting| waiting.entry).collect();
            let Some(now) = entries.iter().map(|entry| entry.at).max() else { continue };
            let mut writing = self.writing.lock();
            let written = writing.append(&entries, &self.list);
            self.answer(group, &written);
            if written.is_ok() && writing.is_to_be_judged(now) {
                writing.tidy(&self.list, now);
            }
        }
    }

    /// All that waits, at least one; `None` once the queue is closed and empty.
    fn next_group(&self) -> Option<Vec<Waiting>> {
        let mut queue = self.queue.lock();
        while queue.waiting.is_empty() {
            if queue.closed {
                return None;
            }
            self.changed.wait(&mut queue);
        }
        Some(std::mem::take(&mut queue.waiting))
    }

    /// None of them counts any more when its tenant hears of it.
    fn answer(&self, group: Vec<Waiting>, written: &Result<(), ErasuresError>) {
        let mut queue = self.queue.lock();
        group.iter().for_each(|waiting| queue.answered(&waiting.tenant));
        drop(queue);
        for waiting in group {
            // Whoever asked may have gone.
            let _ = waiting.reply.send(written.as_ref().copied().map_err(ErasuresError::again));
        }
    }
}

impl Queue {
    fn answered(&mut self, tenant: &str) {
        if let Some(count) = self.of_tenants.get_mut(tenant) {
            *count -= 1;
            if *count == 0 {
                self.of_tenants.remove(tenant);
            }
        }
    }
}

impl Writing {
    fn append(&mut self, entries: &[ErasureEntry], list: &Mutex<ErasureList>) -> Result<(), ErasuresError> {
        if let Some(common) = &self.common {
            let named = |source| ErasuresError::Io { path: "the cluster's list of erasures".into(), source };
            common.add(entries).map_err(named)?;
        }
        self.write(entries, list)
    }

    fn write(&mut self, entries: &[ErasureEntry], list: &Mutex<ErasureList>) -> Result<(), ErasuresError> {
        if self.file.is_older() {
            let (needed, since) = needed(&list.lock());
            self.file.replace(&needed, since)?;
        }
        self.file.append(entries)?;
        let mut list = list.lock();
        entries.iter().for_each(|entry| list.insert(*entry));
        Ok(())
    }

    fn is_to_be_judged(&self, now: Millis) -> bool {
        self.file.entries() >= self.judged_at_entries || now >= self.judged_at
    }

    /// Forgets what is not needed any more, and replaces the file if that was more than half of it.
    fn tidy(&mut self, list: &Mutex<ErasureList>, now: Millis) {
        let Some(keeping) = self.keeping else { return };
        let (needed, since) = {
            let mut list = list.lock();
            list.forget(keeping, now);
            needed(&list)
        };
        if self.file.is_worth_replacing(needed.len())
            && let Err(error) = self.file.replace(&needed, since)
        {
            tracing::warn!(%error, "the list of erasures could not be shortened; the next time tries again");
        }
        // Judging goes through the whole list, so it comes as seldom as the list doubles, or once a day.
        self.judged_at_entries = 2 * needed.len().max(FEW);
        self.judged_at = now.saturating_add(DAY);
    }
}

fn needed(list: &ErasureList) -> (Vec<ErasureEntry>, Option<Millis>) {
    (list.needed(), list.since())
}
