//! Follow-up mail (R13.2b): asks customers how a conversation went, some time after it has ended.
//!
//! Which mails are due is a side's state, and so is what became of them. A `postman` for each side that has due ones
//! takes them, one after the other, to the server that `relay` speaks with: as `message` writes them, in the words of a
//! `template` of the workspace's own or of the built-in `texts`. `gate` says whether the server is tried, `schedule` when a
//! mail is tried again, `source` is where mails come from. Each `address` is sealed until it is needed, and never logged.

pub mod address;
pub mod counts;
pub mod gate;
pub mod message;
pub mod postman;
pub mod relay;
pub mod schedule;
mod side;
pub mod source;
pub mod template;
#[cfg(test)]
mod tests;
pub mod texts;

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tokio::task::{Id as TaskId, JoinSet};
use tokio::time::sleep;

use self::counts::MailCounts;
use self::postman::{Office, Postman};
use self::side::EngineSide;
use crate::actors::Engine;
use crate::background::Stop;
use crate::domain::ids::WorkspaceKey;

/// When a side is looked at again whose postman has failed.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// How often it is looked what else is due, while mails are being sent.
const LOOK: Duration = Duration::from_secs(1);
/// The longest sleep: server time may be set meanwhile.
const LONGEST: Duration = Duration::from_secs(60);

/// Sends what is due, if there is a server for it.
pub struct Mail {
    engine: Engine,
    /// `None`: no mail server is configured.
    office: Option<Arc<Office>>,
}

impl Mail {
    pub const fn new(engine: Engine, office: Option<Arc<Office>>) -> Self {
        Self { engine, office }
    }

    /// Whether mails are sent at all.
    pub const fn is_configured(&self) -> bool {
        self.office.is_some()
    }

    /// For `/metrics`.
    pub fn counts(&self) -> MailCounts {
        let Some(office) = &self.office else { return MailCounts::default() };
        let waiting = self.engine.next_mail().map_or(0, |next| self.engine.now().saturating_sub(next).max(0));
        MailCounts { is_failing: office.gate.is_closed(), waiting, ..office.counts.read() }
    }

    /// Sends until the stop.
    pub async fn run(&self, stop: &Stop) {
        let Some(office) = &self.office else { return };
        let mut postmen: JoinSet<()> = JoinSet::new();
        let mut running: HashMap<TaskId, WorkspaceKey> = HashMap::new();
        loop {
            let served: HashSet<_> = running.values().copied().collect();
            let due = self.engine.sides_with_mail(self.engine.now());
            for key in due.into_iter().filter(|key| !served.contains(key)) {
                let task = postmen.spawn(serve(self.postman(office, key), key, stop.clone()));
                running.insert(task.id(), key);
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(ended) = postmen.join_next_with_id() => {
                    let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
                    running.remove(&id);
                }
                () = self.engine.mail_news() => {}
                () = sleep(self.sleeps()) => {}
            }
        }
        while postmen.join_next().await.is_some() {}
    }

    fn sleeps(&self) -> Duration {
        let ahead = self.engine.next_mail().map(|next| next.saturating_sub(self.engine.now()));
        match ahead {
            None => LONGEST,
            Some(ahead) if ahead <= 0 => LOOK,
            Some(ahead) => Duration::from_millis(ahead.unsigned_abs()).min(LONGEST),
        }
    }

    fn postman(&self, office: &Arc<Office>, key: WorkspaceKey) -> Postman<EngineSide> {
        let table = self.engine.system_table();
        let tenant = table.workspace(key.id).map_or("", |entry| &entry.tenant).into();
        let side = EngineSide { engine: self.engine.clone(), office: Arc::clone(office), key };
        Postman::new(Arc::clone(office), side, key, tenant)
    }
}

/// One that panics begins anew after a while.
async fn serve(postman: Postman<EngineSide>, key: WorkspaceKey, stop: Stop) {
    if AssertUnwindSafe(postman.run(&stop)).catch_unwind().await.is_err() {
        tracing::error!(workspace = %key.id, "the sending of a workspace's mails has failed, and begins anew");
        stop.run_until_cancelled(sleep(LOOK_AGAIN)).await;
    }
}
