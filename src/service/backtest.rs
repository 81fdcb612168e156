//! Backtests (R10.7): off the actors, on a cut of the side, in slices that each are a turn of the tenant. One that takes
//! long goes on by itself, and is asked for by its id.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

use super::tenant_load::TenantLoad;
use super::{Service, ServiceError};
use crate::actors::EngineError;
use crate::background::Stop;
use crate::domain::ids::{Id, WorkspaceKey};
use crate::domain::score::Hundredths;
use crate::domain::time::{MINUTE, Millis};
use crate::domain::workspace::backtest::{Backtest, GivenUp, Question};
use crate::domain::workspace::cut::Cut;
use crate::pace;
use crate::wire::backtest::faults_of_model;

/// How long whoever asks waits for the answer.
pub const PATIENCE: Duration = Duration::from_secs(2);
/// How long the answer of one that took longer is kept.
const KEPT_FOR: Millis = 10 * MINUTE;
/// Answers that are kept for a tenant; the oldest goes first.
const MOST_KEPT: usize = 10;
/// How many are under way at a time, of all tenants: each takes 20 bytes a conversation. Others wait.
const MOST_AT_A_TIME: usize = 2;
/// How long a turn takes: others of the tenant's come in between.
const SLICE: Duration = Duration::from_millis(20);

/// Those that are under way, or were not long ago.
#[derive(Debug)]
pub struct Backtests {
    /// The oldest first.
    jobs: Mutex<Vec<Arc<Job>>>,
    places: Semaphore,
}

impl Default for Backtests {
    fn default() -> Self {
        Self { jobs: Mutex::default(), places: Semaphore::new(MOST_AT_A_TIME) }
    }
}

/// One backtest.
#[derive(Debug)]
struct Job {
    id: Id,
    key: WorkspaceKey,
    tenant: Arc<str>,
    /// How much of it is done, in hundredths.
    progress: AtomicU16,
    /// Nobody wants it any more.
    stop: Stop,
    end: watch::Sender<Option<End>>,
}

/// What became of it, and when.
#[derive(Clone, Debug)]
struct End {
    at: Millis,
    outcome: Result<Arc<Backtest>, Failed>,
}

#[derive(Clone, Copy, Debug)]
enum Failed {
    Engine(EngineError),
    GivenUp,
}

impl From<EngineError> for Failed {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

impl From<GivenUp> for Failed {
    fn from(GivenUp: GivenUp) -> Self {
        Self::GivenUp
    }
}

/// What is known of a backtest.
#[derive(Clone, Debug)]
pub enum BacktestState {
    Done(Id, Arc<Backtest>),
    Running(Id, Hundredths),
}

impl Job {
    fn has_ended(&self) -> bool {
        self.end.borrow().is_some()
    }

    async fn ended(&self) -> Option<End> {
        let mut end = self.end.subscribe();
        let ended = end.wait_for(Option::is_some).await.ok()?;
        ended.clone()
    }

    fn state(&self) -> Result<BacktestState, Failed> {
        match &*self.end.borrow() {
            Some(end) => Ok(BacktestState::Done(self.id, Arc::clone(end.outcome.as_ref().map_err(|failed| *failed)?))),
            None => Ok(BacktestState::Running(self.id, Hundredths(self.progress.load(Ordering::Relaxed)))),
        }
    }
}

impl Backtests {
    /// One more; none while the tenant has one under way.
    fn begin(&self, id: Id, key: WorkspaceKey, tenant: &Arc<str>, now: Millis) -> Result<Arc<Job>, ServiceError> {
        let mut jobs = self.jobs.lock();
        forget_over(&mut jobs, now);
        let theirs = |job: &Arc<Job>| job.tenant == *tenant;
        if jobs.iter().any(|job| theirs(job) && !job.has_ended()) {
            return Err(ServiceError::BacktestRunning);
        }
        if jobs.iter().filter(|job| theirs(job)).count() >= MOST_KEPT
            && let Some(oldest) = jobs.iter().position(theirs)
        {
            jobs.remove(oldest);
        }
        let (progress, end) = (AtomicU16::new(0), watch::Sender::new(None));
        let job = Arc::new(Job { id, key, tenant: Arc::clone(tenant), progress, stop: Stop::new(), end });
        jobs.push(Arc::clone(&job));
        Ok(job)
    }

    fn end(&self, job: &Job, outcome: Result<Arc<Backtest>, Failed>, now: Millis) {
        // Before anybody learns that it has ended, who may ask for it again.
        if job.stop.is_cancelled() {
            self.forget(job.id);
        }
        job.end.send_replace(Some(End { at: now, outcome }));
    }

    fn find(&self, key: WorkspaceKey, id: Id, now: Millis) -> Result<Arc<Job>, ServiceError> {
        let mut jobs = self.jobs.lock();
        forget_over(&mut jobs, now);
        let found = jobs.iter().find(|job| job.id == id && job.key == key && !job.stop.is_cancelled());
        found.cloned().ok_or(ServiceError::UnknownBacktest)
    }

    fn forget(&self, id: Id) {
        self.jobs.lock().retain(|job| job.id != id);
    }

    pub(super) fn forget_idle(&self, now: Millis) {
        forget_over(&mut self.jobs.lock(), now);
    }
}

fn forget_over(jobs: &mut Vec<Arc<Job>>, now: Millis) {
    jobs.retain(|job| job.end.borrow().as_ref().is_none_or(|end| now - end.at < KEPT_FOR));
}

/// Gives a backtest up, unless whoever waits has heard of it.
struct Unheard(Option<Arc<Job>>);

impl Drop for Unheard {
    fn drop(&mut self) {
        if let Some(job) = &self.0 {
            job.stop.cancel();
        }
    }
}

impl Service {
    /// Begins a backtest and waits for its answer, for so long, or not at all. It goes on behind that, unless the caller
    /// is gone by then.
    pub async fn backtest(
        self: &Arc<Self>,
        load: &Arc<TenantLoad>,
        key: WorkspaceKey,
        question: Question,
        patience: Option<Duration>,
    ) -> Result<BacktestState, ServiceError> {
        let model = self.engine.read(key, |workspace| workspace.rules().settings.profile.model).await?;
        let faults = faults_of_model(&question.settings, model);
        if !faults.is_empty() {
            return Err(ServiceError::Invalid(faults));
        }
        let job = self.backtests.begin(self.ids.uuid().into(), key, &load.tenant, self.now())?;
        let mut unheard = Unheard(Some(Arc::clone(&job)));
        let (service, load, running) = (Arc::clone(self), Arc::clone(load), Arc::clone(&job));
        let work = async move {
            let outcome = service.play(&load, &running, question).await.map(Arc::new);
            service.backtests.end(&running, outcome, service.now());
        };
        // The job tells when it has ended.
        drop(self.engine.run(work));
        let Some(patience) = patience else {
            unheard.0 = None;
            return Ok(BacktestState::Running(job.id, Hundredths(0)));
        };
        let ended = timeout(patience, job.ended()).await;
        unheard.0 = None;
        if ended.is_ok() {
            self.backtests.forget(job.id);
        }
        job.state().map_err(|failed| self.why(failed))
    }

    /// How far it has come, or its answer.
    pub fn backtest_state(&self, key: WorkspaceKey, id: Id) -> Result<BacktestState, ServiceError> {
        self.backtests.find(key, id, self.now())?.state().map_err(|failed| self.why(failed))
    }

    /// Gives it up, or forgets its answer. Once this is done, another may begin.
    pub async fn cancel_backtest(&self, key: WorkspaceKey, id: Id) -> Result<(), ServiceError> {
        let job = self.backtests.find(key, id, self.now())?;
        job.stop.cancel();
        job.ended().await;
        self.backtests.forget(id);
        Ok(())
    }

    async fn play(
        self: &Arc<Self>,
        load: &Arc<TenantLoad>,
        job: &Arc<Job>,
        question: Question,
    ) -> Result<Backtest, Failed> {
        let place = job.stop.run_until_cancelled(self.backtests.places.acquire()).await.ok_or(Failed::GivenUp)?;
        let cut = self.engine.cut(job.key).await?;
        let (service, load, job) = (Arc::clone(self), Arc::clone(load), Arc::clone(job));
        let played = self.engine.run_blocking(move || service.play_in_turns(&load, &job, &cut, &question)).await?;
        drop(place);
        Ok(played?)
    }

    /// On a thread that may block.
    fn play_in_turns(
        &self,
        load: &Arc<TenantLoad>,
        job: &Job,
        cut: &Cut,
        question: &Question,
    ) -> Result<Backtest, GivenUp> {
        let runtime = Handle::current();
        let turn = || {
            let turn = self.loads.turn(load, self.engine.elapsed());
            (runtime.block_on(job.stop.run_until_cancelled(turn)), self.engine.elapsed())
        };
        let mut held = Some(turn());
        cut.backtest(question, &mut |share| {
            job.progress.store((share * 100.0) as u16, Ordering::Relaxed);
            pace::give_way();
            let is_over = |(_, since): &(_, Duration)| self.engine.elapsed() - *since >= SLICE;
            if held.take_if(|turn| is_over(turn)).is_some() {
                held = Some(turn());
            }
            let is_there = self.engine.system_table().workspace(job.key.id).is_some();
            is_there && !job.stop.is_cancelled() && !self.engine.is_stopping()
        })
    }

    /// Only the end of the server or of the workspace gives up what somebody waits for.
    fn why(&self, failed: Failed) -> ServiceError {
        match failed {
            Failed::Engine(error) => error.into(),
            Failed::GivenUp if self.engine.is_stopping() => EngineError::ShuttingDown.into(),
            Failed::GivenUp => ServiceError::UnknownWorkspace,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::Side;

    const KEY: WorkspaceKey = WorkspaceKey { id: Id(1), side: Side::Live };

    fn answer() -> Result<Arc<Backtest>, Failed> {
        let (as_is, what_if) = Default::default();
        Ok(Arc::new(Backtest { from: None, to: None, as_is, what_if, reweighed: None }))
    }

    #[test]
    fn r10_7_a_tenant_has_one_under_way_at_a_time() {
        let (all, one, two) = (Backtests::default(), "one".into(), "two".into());
        let first = all.begin(Id(1), KEY, &one, 0).unwrap();
        assert!(matches!(all.begin(Id(2), KEY, &one, 0), Err(ServiceError::BacktestRunning)));
        all.begin(Id(2), KEY, &two, 0).expect("another tenant's");
        all.end(&first, answer(), 5);
        all.begin(Id(3), KEY, &one, 5).expect("it has ended");
        assert!(matches!(all.find(KEY, Id(1), 5).unwrap().state(), Ok(BacktestState::Done(Id(1), _))));
        assert!(matches!(all.find(KEY, Id(3), 5).unwrap().state(), Ok(BacktestState::Running(Id(3), Hundredths(0)))));
    }

    #[test]
    fn r10_7_answers_are_kept_for_ten_minutes_and_the_newest_ten_of_a_tenant() {
        let (all, tenant, other) = (Backtests::default(), "one".into(), "two".into());
        let run = |id, now, tenant| all.end(&all.begin(Id(id), KEY, tenant, now).unwrap(), answer(), now);
        run(100, 0, &other);
        (0..=10).for_each(|id| run(id, id as Millis, &tenant));
        let knows = |id, now| all.find(KEY, Id(id), now).is_ok();
        assert_eq!([knows(0, 10), knows(1, 10), knows(10, 10), knows(100, 10)], [false, true, true, true]);
        assert!(all.find(WorkspaceKey { id: Id(2), ..KEY }, Id(1), 10).is_err(), "another workspace's");
        assert_eq!([knows(1, KEPT_FOR), knows(1, KEPT_FOR + 1), knows(2, KEPT_FOR + 1)], [true, false, true]);
        all.forget_idle(KEPT_FOR + 10);
        assert!(all.jobs.lock().is_empty());
    }

    #[test]
    fn r10_7_what_is_given_up_is_gone() {
        let (all, tenant) = (Backtests::default(), "one".into());
        let job = all.begin(Id(1), KEY, &tenant, 0).unwrap();
        drop(Unheard(Some(Arc::clone(&job))));
        assert!(all.find(KEY, Id(1), 0).is_err());
        assert!(all.begin(Id(2), KEY, &tenant, 0).is_err(), "its thread is still at it");
        all.end(&job, Err(Failed::GivenUp), 0);
        assert!(all.jobs.lock().is_empty());
        all.begin(Id(2), KEY, &tenant, 0).unwrap();
    }
}
