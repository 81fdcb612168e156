//! The engine over a journal in memory, at a manual clock. Nothing sleeps: every wait is for an
//! answer, a status or a thread.

mod accounts;
mod bounds;
mod deletion;
mod failures;
mod followed;
mod gate;
mod journal_faults;
mod restart;
mod retention;
mod settings;
mod snapshots;
mod system;
mod writes;

use std::sync::Arc;

use parking_lot::{Condvar, Mutex};

use crate::clock::ManualClock;
use crate::domain::configured::{Configured, ModelScoring};
use crate::domain::event::{Body, EventRecord, Identity, ImportedScore};
use crate::domain::ids::{Id, Position, Side, WorkspaceKey};
use crate::domain::record::{Frame, Record};
use crate::domain::reply::Verdict;
use crate::domain::score::Hundredths;
use crate::domain::scoring::profile::ScoringModel;
use crate::domain::scoring::reader::MessageReader;
use crate::domain::settings::Settings;
use crate::domain::system::SystemRecord;
use crate::domain::time::Millis;
use crate::domain::workspace::Workspace;
use crate::ids::SeededIds;
use crate::journal::memory::MemoryLog;
use crate::journal::writer::GroupLimits;
use crate::journal::{AppendError, GroupPosition, Journal, JournalRead, ReadError, SealError, StoredGroups, TrimError};
use crate::recovery::{Progress, Recovered, RecoveryError, recover_with, recover_within, replay};
use crate::snapshot::memory::MemorySnapshots;

use super::common::Common;
use super::engine::{Engine, EngineParts};
use super::error::EngineError;
use super::faults::Faults;
use super::handle::{Status, WorkspaceHandle};
use super::shared::{EngineOptions, SettingsSource};
use super::system::SystemSource;

const T: Millis = 1_750_000_000_000;
const ONE: WorkspaceKey = WorkspaceKey { id: Id(1), side: Side::Live };
const TWO: WorkspaceKey = WorkspaceKey { id: Id(2), side: Side::Live };

/// What outlives an engine, and what it is started with.
struct Bench {
    log: MemoryLog,
    snapshots: MemorySnapshots,
    clock: Arc<ManualClock>,
    options: EngineOptions,
    settings: Settings,
    faults: Faults,
    system: SystemSource,
    /// Closed: appends wait.
    gate: Arc<Gate>,
}

impl Bench {
    fn new() -> Self {
        Self {
            log: MemoryLog::default(),
            snapshots: MemorySnapshots::default(),
            clock: Arc::new(ManualClock::new(T)),
            options: EngineOptions::default(),
            settings: Settings::default(),
            faults: Faults::default(),
            system: SystemSource::Own,
            gate: Arc::default(),
        }
    }

    fn recover(&self) -> Result<Recovered, RecoveryError> {
        recover_with(&self.log.writer(), &self.snapshots, &Progress::default(), &self.faults.apply)
    }

    /// An engine over what the log holds, with the workspaces [`ONE`] and [`TWO`].
    async fn start(&self) -> Engine {
        let recovered = match &self.system {
            SystemSource::Own => self.recover(),
            SystemSource::Followed(followed) => {
                recover_within(&self.log.writer(), &self.snapshots, &Progress::default(), &followed.table())
            }
        };
        let recovered = recovered.unwrap();
        let models = ScoringModel::ALL.map(|model| {
            let own = &self.settings.profile;
            let profile = if own.model == model { own } else { model.profile() }.clone();
            ModelScoring { profile, digests: Vec::new(), reader: MessageReader::of(model) }
        });
        let settings = Arc::new(Configured::new(self.settings.clone(), models));
        let source: SettingsSource = Arc::new(move |_| Arc::clone(&settings));
        let parts = EngineParts {
            recovered,
            journal: Box::new(Gated { journal: Box::new(self.log.writer()), gate: Arc::clone(&self.gate) }),
            snapshots: Arc::new(self.snapshots.clone()),
            clock: Arc::clone(&self.clock) as _,
            ids: Arc::new(SeededIds::new(1)),
            settings: source,
            system: self.system.clone(),
            common: Common::new(&self.options),
            options: self.options.clone(),
            group_limits: GroupLimits::default(),
        };
        let engine = Engine::start_with(parts, self.faults.clone()).await.unwrap();
        for key in [ONE, TWO] {
            if engine.system_table().workspace(key.id).is_none() {
                let (id, name, tenant, actor) = (key.id, "Support".into(), "acme".into(), "test".into());
                engine.system(SystemRecord::WorkspaceCreated { id, name, tenant, actor }).await.unwrap().unwrap();
            }
        }
        engine
    }

    /// Every frame of one side, as the journal has it.
    fn frames(&self, key: WorkspaceKey) -> Vec<Frame> {
        let mut frames = Vec::new();
        let take = |raw: crate::journal::codec::RawFrame<'_>| {
            if raw.key == key {
                frames.push(replay::decode(&raw)?);
            }
            Ok(true)
        };
        replay::for_each_frame(&self.log.writer(), GroupPosition(1), take, || {}).unwrap();
        frames
    }

    fn skips(&self, key: WorkspaceKey) -> Vec<Position> {
        let skip = |frame: Frame| match frame.record {
            Record::Skip { seq, place, .. } => Some(Position::new(seq, place)),
            _ => None,
        };
        self.frames(key).into_iter().filter_map(skip).collect()
    }

    /// The state that the journal alone gives, round by round of `size` frames.
    fn hash_by_rounds(&self, key: WorkspaceKey, size: usize) -> [u8; 32] {
        use crate::domain::local::Local;
        let mut local = Local::new(key, "Support".into(), Settings::default());
        local.workspace.install_skips(self.skips(key));
        let frames = self.frames(key);
        let is_events = |frame: &Frame| matches!(frame.record, Record::Events(_));
        for run in frames.chunk_by(|a, b| is_events(a) && is_events(b)) {
            run.chunks(size).for_each(|round| drop(local.apply(round)));
        }
        local.workspace.state_hash()
    }
}

impl Engine {
    /// Ingests events whose request body weighs so many bytes.
    pub(crate) async fn ingest_weighing(
        &self,
        key: WorkspaceKey,
        events: Vec<EventRecord>,
        bytes: usize,
    ) -> Result<Vec<Verdict>, EngineError> {
        let permit = self.room(key)?.take(bytes)?;
        self.ingest(key, events, permit).await
    }
}

/// The last seq applied, and the hash of the whole state at it.
pub(crate) fn hash_at(workspace: &Workspace) -> (u64, [u8; 32]) {
    (workspace.applied(), workspace.state_hash())
}

fn handle(engine: &Engine, key: WorkspaceKey) -> Arc<WorkspaceHandle> {
    engine.shared.workspace_to_write(key).unwrap()
}

async fn until(engine: &Engine, key: WorkspaceKey, status: Status) {
    handle(engine, key).watch_status().wait_for(|now| *now == status).await.unwrap();
}

/// A score from elsewhere for `conversation`, at server time `at`.
fn scored(event: u64, conversation: u128, account: Option<u128>, composite: u16, at: Millis) -> EventRecord {
    let mut key = [0; 12];
    key[..8].copy_from_slice(&event.to_le_bytes());
    EventRecord {
        identity: Identity { key, content: 0 },
        time: Some(at),
        conversation: Some(Id(conversation)),
        account: account.map(Id),
        account_name: None,
        contact: None,
        channel: None,
        intent: None,
        body: Body::ConversationScored(ImportedScore {
            dimensions: [Hundredths(composite); 3],
            resolved: true,
            confidence: Hundredths(100),
            signal_count: 1,
        }),
        address: None,
    }
}

/// As [`scored`], but applying it panics while that fault is on.
fn poisonous(event: u64, conversation: u128, account: Option<u128>) -> EventRecord {
    EventRecord {
        intent: Some(crate::recovery::faults::PANIC_INTENT.into()),
        ..scored(event, conversation, account, 400, T)
    }
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Passage {
    #[default]
    Open,
    Once,
    Closed,
}

/// Where appends wait.
#[derive(Default)]
struct Gate {
    state: Mutex<Passage>,
    changed: Condvar,
}

impl Gate {
    fn close(&self) {
        *self.state.lock() = Passage::Closed;
    }

    fn open(&self) {
        self.set(Passage::Open);
    }

    /// Lets one append pass.
    fn open_once(&self) {
        self.set(Passage::Once);
    }

    fn set(&self, passage: Passage) {
        *self.state.lock() = passage;
        self.changed.notify_all();
    }

    fn pass(&self) {
        let mut state = self.state.lock();
        while *state == Passage::Closed {
            self.changed.wait(&mut state);
        }
        if *state == Passage::Once {
            *state = Passage::Closed;
        }
    }
}

/// A journal whose appends wait for the gate.
struct Gated {
    journal: Box<dyn Journal + Send>,
    gate: Arc<Gate>,
}

impl Journal for Gated {
    fn append(&mut self, expected_last: GroupPosition, group: &[u8]) -> Result<GroupPosition, AppendError> {
        self.gate.pass();
        self.journal.append(expected_last, group)
    }

    fn seal(&mut self) -> Result<(), SealError> {
        self.journal.seal()
    }

    fn trim(&mut self, before: GroupPosition) -> Result<(), TrimError> {
        self.journal.trim(before)
    }

    fn reader(&self) -> Arc<dyn JournalRead + Send + Sync> {
        self.journal.reader()
    }
}

impl JournalRead for Gated {
    fn read(&self, from: GroupPosition) -> Result<StoredGroups, ReadError> {
        self.journal.read(from)
    }

    fn first(&self) -> GroupPosition {
        self.journal.first()
    }

    fn last(&self) -> GroupPosition {
        self.journal.last()
    }

    fn identity(&self) -> u128 {
        self.journal.identity()
    }
}
