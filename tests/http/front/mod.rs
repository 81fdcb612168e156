//! The front of a cluster's nodes: two of them in this process, whose map of the cluster is set by hand.

mod anywhere;
mod last_gate;
mod moving;
mod passed_on;
mod streaming;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tripswitch::clock::Clock;
use tripswitch::cluster::gates::Gates;
use tripswitch::cluster::{Lease, Place};
use tripswitch::domain::partition::Partition;
use tripswitch::http::front::{Front, FrontParts, Places, Proxy};
use tripswitch::http::{App, Limits, Streams, Web, Wire};

use crate::support::Server;
use crate::support::world::{World, id_of};

const PARTITIONS: u16 = 64;
/// Of the leases that partitions are held by.
const LEASE: Duration = Duration::from_secs(3);

/// A map that a test draws.
struct Map {
    places: Mutex<HashMap<Partition, Place>>,
    seen: Mutex<Option<Duration>>,
    /// The node's own name has expired.
    out: AtomicBool,
    told: watch::Sender<()>,
}

impl Map {
    fn set(&self, partition: Partition, place: Place) {
        self.places.lock().expect("nobody panics with it").insert(partition, place);
        self.told.send_replace(());
    }
}

impl Places for Map {
    fn place(&self, partition: Partition) -> Place {
        self.places.lock().expect("nobody panics with it").get(&partition).cloned().unwrap_or(Place::Moving)
    }

    fn seen(&self, _: Partition) -> Option<Duration> {
        *self.seen.lock().expect("nobody panics with it")
    }

    fn is_in(&self) -> bool {
        !self.out.load(Ordering::SeqCst)
    }

    fn moves(&self) -> watch::Receiver<()> {
        self.told.subscribe()
    }
}

/// A node. Its world is what it answers itself, and asks its front.
struct Node {
    world: World,
    front: Arc<Front>,
    map: Arc<Map>,
    gates: Arc<Gates>,
    url: Arc<str>,
}

impl Node {
    async fn start() -> Self {
        Self::start_with(Web::default()).await
    }

    async fn start_with(web: Web) -> Self {
        let mut world = World::start().await;
        let (places, seen, out) = (Mutex::default(), Mutex::default(), AtomicBool::new(false));
        let map = Map { places, seen, out, told: watch::Sender::new(()) };
        let (map, gates) = (Arc::new(map), Arc::<Gates>::default());
        let front = Front::new(FrontParts {
            node: App { web: web.clone(), ..app(&world.server) },
            partitions: PARTITIONS,
            places: map.clone(),
            gates: Arc::clone(&gates),
            proxy: Proxy::new(None).expect("a plain client"),
            hop_key: [9; 32],
            clock: world.server.clock.clone(),
        });
        let front = Arc::new(front);
        let router = tripswitch::http::fronted(tripswitch::http::routes(), Arc::clone(&front));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        world.server.address = listener.local_addr().expect("a bound listener has an address");
        let wire = Wire { web, ..Wire::new(Limits::default(), world.server.ids.clone()) };
        tokio::spawn(tripswitch::http::serve(listener, router, wire, world.server.ending.clone()));
        let url = format!("http://{}", world.server.address).into();
        Self { world, front, map, gates, url }
    }

    /// The node has the partition of a workspace from here on, which `unit` answers for.
    fn takes(&self, workspace: &str, unit: &World) -> Partition {
        let clock = self.world.server.clock.clone();
        let (partition, now) = (partition(workspace), clock.elapsed());
        let router = tripswitch::http::behind_front(tripswitch::http::routes(), app(&unit.server));
        self.front.add(partition, router, Arc::new(Lease::new(clock, LEASE, now)));
        self.map.set(partition, Place::Here);
        partition
    }

    /// The node holds that the partition of a workspace is at `url`.
    fn believes(&self, workspace: &str, url: &str) -> Partition {
        let partition = partition(workspace);
        self.map.set(partition, Place::At { node: "other".into(), url: url.into() });
        partition
    }
}

/// Two nodes, and the partition of a workspace that the first has and the second knows to be there.
async fn pair(workspace: &str) -> (Node, Node, World) {
    let (owner, entry, unit) = (Node::start().await, Node::start().await, World::start().await);
    assert_eq!((&unit.key, &unit.key), (&owner.world.key, &entry.world.key), "one cluster, one table of keys");
    owner.takes(workspace, &unit);
    entry.believes(workspace, &owner.url);
    (owner, entry, unit)
}

fn partition(workspace: &str) -> Partition {
    Partition::of(id_of(workspace), PARTITIONS)
}

fn app(server: &Server) -> App {
    App {
        service: Arc::clone(&server.service),
        ids: server.ids.clone(),
        limits: Limits::default(),
        meter: Arc::clone(&server.meter),
        web: Web::default(),
        streams: Streams::default(),
        stop: server.ending.stop.clone(),
    }
}
