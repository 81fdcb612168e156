//! Members on one server, with hosts that note what they are told.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_nats::jetstream::Context;
use futures::StreamExt;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::background::Stop;
use crate::clock::{Clock, SystemClock};
use crate::cluster::bucket::Bucket;
use crate::cluster::{Claim, Host, JoinError, Lease, Member, MemberOptions, Place, TakeError};
use crate::domain::partition::Partition;
use crate::domain::time::Millis;
use crate::nats::testing::{TestServer, runtime};

/// Beside the system's.
pub const PARTITIONS: u16 = 8;
pub const LEASE: Duration = Duration::from_secs(3);
/// Nothing is expected to take this long.
const TOO_LONG: Duration = Duration::from_secs(60);

/// Runs `test` on a server of its own; not at all where there is none.
pub fn on_a_server<F: Future<Output = ()>>(test: impl FnOnce(Cluster) -> F) {
    if let Some(server) = TestServer::start() {
        let jetstream = server.connect().jetstream;
        let cluster = Cluster { server: Mutex::new(server), jetstream, recorder: Arc::default() };
        runtime().block_on(async { timeout(10 * TOO_LONG, test(cluster)).await.expect("the test comes to its end") });
    }
}

/// The system's clock, which can be made to jump as it does for a process that was stopped.
#[derive(Default)]
pub struct JumpingClock {
    clock: SystemClock,
    jumped: AtomicU64,
}

impl JumpingClock {
    pub fn jump(&self, seconds: u64) {
        self.jumped.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for JumpingClock {
    fn now(&self) -> Millis {
        self.clock.now()
    }

    fn elapsed(&self) -> Duration {
        self.clock.elapsed() + Duration::from_secs(self.jumped.load(Ordering::SeqCst))
    }
}

/// What all hosts were told.
#[derive(Default)]
pub struct Recorder(Mutex<Notes>);

#[derive(Default)]
struct Notes {
    /// Every claim there ever was, and by whom.
    claims: HashMap<Partition, Vec<(String, Claim)>>,
    served: BTreeMap<Partition, String>,
    /// What should never be.
    faults: Vec<String>,
}

impl Notes {
    /// No partition is ever two nodes' at once.
    fn check(&mut self) {
        for (partition, claims) in &self.claims {
            let holding: Vec<_> =
                claims.iter().filter(|(_, claim)| claim.lease.holds()).map(|(node, _)| node).collect();
            if holding.len() > 1 {
                self.faults.push(format!("{partition} is held by {holding:?} at once"));
            }
        }
    }

    fn taken(&mut self, node: &str, claim: &Claim) {
        let before = self.claims.entry(claim.partition).or_default();
        if before.last().is_some_and(|(_, last)| last.epoch >= claim.epoch) {
            self.faults.push(format!("the epoch of {} did not rise", claim.partition));
        }
        before.push((node.to_owned(), claim.clone()));
        self.served.insert(claim.partition, node.to_owned());
        self.check();
    }

    fn gone(&mut self, node: &str, partition: Partition) {
        if self.served.get(&partition).is_some_and(|server| server == node) {
            self.served.remove(&partition);
        }
        self.check();
    }
}

impl Recorder {
    /// How many partitions each node serves.
    pub fn served(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for node in self.0.lock().served.values() {
            *counts.entry(node.clone()).or_default() += 1;
        }
        counts
    }

    pub fn server_of(&self, partition: Partition) -> Option<String> {
        self.0.lock().served.get(&partition).cloned()
    }

    /// The newest lease of `partition`.
    pub fn lease(&self, partition: Partition) -> Arc<Lease> {
        self.0.lock().claims[&partition].last().expect("it was claimed").1.lease.clone()
    }

    fn assert_sound(&self) {
        let mut notes = self.0.lock();
        notes.check();
        assert_eq!(notes.faults, [""; 0]);
    }
}

#[derive(Default)]
pub struct RecordingHost {
    pub node: String,
    pub recorder: Arc<Recorder>,
    /// What it cannot take.
    pub refused: Mutex<HashSet<Partition>>,
    /// What it takes when it is told to.
    pub slow: Mutex<HashMap<Partition, Stop>>,
    pub released: AtomicU64,
    pub lost: AtomicU64,
}

impl Host for RecordingHost {
    fn take(&self, claim: Claim) -> BoxFuture<'_, Result<(), TakeError>> {
        Box::pin(async move {
            if self.refused.lock().contains(&claim.partition) {
                return Err(TakeError::new("it is refused"));
            }
            self.recorder.0.lock().taken(&self.node, &claim);
            let told = self.slow.lock().get(&claim.partition).cloned();
            let Some(told) = told else { return Ok(()) };
            if claim.lease.ended().run_until_cancelled(told.cancelled()).await.is_none() {
                self.recorder.0.lock().gone(&self.node, claim.partition);
                return Err(TakeError::new("the lease has ended"));
            }
            Ok(())
        })
    }

    fn prepare(&self, _: Partition) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }

    fn release(&self, partition: Partition) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.released.fetch_add(1, Ordering::SeqCst);
            self.recorder.0.lock().gone(&self.node, partition);
        })
    }

    fn lose(&self, partition: Partition) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.lost.fetch_add(1, Ordering::SeqCst);
            self.recorder.0.lock().gone(&self.node, partition);
        })
    }
}

/// A node of a test.
pub struct Node {
    pub member: Arc<Member>,
    pub host: Arc<RecordingHost>,
    pub clock: Arc<JumpingClock>,
    pub stop: Stop,
    running: JoinHandle<()>,
}

impl Node {
    /// As a crash would: nothing is given back.
    pub async fn crash(self) {
        self.running.abort();
        assert!(self.running.await.unwrap_err().is_cancelled());
    }

    pub async fn leave(self) {
        self.stop.cancel();
        self.running.await.unwrap();
    }

    /// How many partitions it sees here, elsewhere and nowhere.
    pub fn places(&self) -> [usize; 3] {
        let mut counts = [0; 3];
        for partition in Partition::all(PARTITIONS) {
            let at = match self.member.place(partition) {
                Place::Here => 0,
                Place::At { node, url } => {
                    assert_eq!(*url, *format!("http://{node}"));
                    1
                }
                Place::Moving => 2,
            };
            counts[at] += 1;
        }
        counts
    }
}

pub struct Cluster {
    pub server: Mutex<TestServer>,
    pub jetstream: Context,
    pub recorder: Arc<Recorder>,
}

pub fn options(node: &str) -> MemberOptions {
    MemberOptions {
        name: "test".to_owned(),
        node: node.to_owned(),
        url: format!("http://{node}"),
        version: "1".to_owned(),
        partitions: PARTITIONS,
        replicas: 1,
        lease: LEASE,
        secret: [7; 8],
    }
}

impl Cluster {
    pub async fn join(&self, node: &str) -> Node {
        self.join_as(options(node), |_| {}).await.unwrap()
    }

    /// `prepare` sets up the host before anything is taken.
    pub async fn join_as(
        &self,
        options: MemberOptions,
        prepare: impl FnOnce(&RecordingHost),
    ) -> Result<Node, JoinError> {
        let (node, recorder) = (options.node.clone(), self.recorder.clone());
        let host = Arc::new(RecordingHost { node, recorder, ..RecordingHost::default() });
        prepare(&host);
        let (clock, stop) = (Arc::new(JumpingClock::default()), Stop::new());
        let member = Member::join(self.jetstream.clone(), options, host.clone(), clock.clone()).await?;
        let (runs, until) = (member.clone(), stop.clone());
        let running = tokio::spawn(async move { runs.run(&until).await });
        Ok(Node { member, host, clock, stop, running })
    }

    /// Waits until `holds`: asked again at everything that happens in the bucket, where leases are renewed all the time.
    pub async fn until(&self, what: &str, holds: impl Fn() -> bool) {
        let bucket = Bucket::open(&self.jetstream, "test", 1).await.unwrap();
        let mut watch = bucket.watch().await.unwrap();
        let waited = timeout(TOO_LONG, async {
            while !holds() {
                watch.next().await.unwrap().unwrap();
            }
        });
        let seen = waited.await;
        assert!(seen.is_ok(), "never: {what}; served {:?}", self.recorder.served());
        self.recorder.assert_sound();
    }

    /// Waits until these nodes, and no others, serve everything, none of them more than its share, and see each other do
    /// so. Which of them has one more than another is left to chance.
    pub async fn until_shared(&self, nodes: &[&Node]) {
        let all = usize::from(PARTITIONS) + 1;
        let share = all.div_ceil(nodes.len());
        self.until(&format!("shares of {share} at most"), || {
            let places: Vec<_> = nodes.iter().map(|node| node.places()).collect();
            let here = |places: &[usize; 3]| places[0] <= share && places[0] + places[1] == all;
            places.iter().all(here) && places.iter().map(|places| places[0]).sum::<usize>() == all
        })
        .await;
    }
}
