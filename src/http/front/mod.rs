//! The front door of a node of a cluster: any node takes any request, and answers it itself, has one of its partitions
//! answer it, or passes it on to the node that has the partition; at most once.
//!
//! `target` says what a request is for, `places` where that is; `proxy` passes it on, with a `hop` that says from whom;
//! `anywhere` looks for what names no workspace. It stands inside the envelope, so that whatever comes of a request is
//! one answer with one line in the log.

mod anywhere;
mod hop;
mod places;
mod proxy;
mod target;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{Extensions, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use parking_lot::RwLock;
use tower::ServiceExt;

use self::hop::{Hop, Hops};
pub use self::places::Places;
pub use self::proxy::Proxy;
use self::target::{Target, target};
use super::App;
use super::answer_room::AnswerPayer;
use super::auth::principal;
use super::connection::Peer;
use super::error::ApiError;
use super::request_id::RequestId;
use super::workspaces::gate;
use crate::clock::Clock;
use crate::cluster::gates::{Gates, LastGate};
use crate::cluster::{Lease, Place};
use crate::domain::ids::{Id, WorkspaceKey};
use crate::domain::partition::Partition;
use crate::domain::workspace::GateState;

/// What the front of a node is made of.
pub struct FrontParts {
    /// Answers what every node answers itself, and knows every credential.
    pub node: App,
    /// Of the workspaces.
    pub partitions: u16,
    pub places: Arc<dyn Places>,
    pub gates: Arc<Gates>,
    pub proxy: Proxy,
    /// The same at every node.
    pub hop_key: [u8; 32],
    pub clock: Arc<dyn Clock>,
}

/// The front of a node.
pub struct Front {
    node: App,
    partitions: u16,
    places: Arc<dyn Places>,
    gates: Arc<Gates>,
    proxy: Proxy,
    hops: Hops,
    clock: Arc<dyn Clock>,
    /// When it was made, by the clock's `elapsed`.
    made: Duration,
    units: RwLock<HashMap<Partition, Unit>>,
}

/// A partition that this node serves.
#[derive(Clone)]
struct Unit {
    router: Router,
    lease: Arc<Lease>,
}

/// Nobody serves the partition at the moment, as far as is known here.
struct Moving;

impl Front {
    pub fn new(parts: FrontParts) -> Self {
        let FrontParts { node, partitions, places, gates, proxy, hop_key, clock } = parts;
        let (made, units) = (clock.elapsed(), RwLock::default());
        Self { node, partitions, places, gates, proxy, hops: Hops::new(hop_key), clock, made, units }
    }

    /// From here on this node answers for a partition, as long as the lease holds.
    pub fn add(&self, partition: Partition, router: Router, lease: Arc<Lease>) {
        self.units.write().insert(partition, Unit { router, lease });
    }

    /// It does so no longer. What is under way is answered.
    pub fn remove(&self, partition: Partition) {
        self.units.write().remove(&partition);
    }

    /// What answers for the node itself.
    pub fn node(&self) -> &App {
        &self.node
    }

    /// The answer of whoever has the workspace.
    async fn of_workspace(&self, workspace: Id, request: Request) -> Response {
        self.of_partition(Partition::of(workspace, self.partitions), request).await
    }

    async fn of_partition(&self, partition: Partition, request: Request) -> Response {
        let gate = asks_gate(&request);
        let answered = match self.places.place(partition) {
            Place::Here => self.here(partition, request).await,
            Place::At { url, .. } => self.elsewhere(partition, &url, request).await,
            Place::Moving => Err(Moving),
        };
        self.or_moving(partition, answered, gate).await
    }

    /// The answer to what another node has passed on: it goes no further.
    async fn of_hop(&self, Hop { partition, client }: Hop, mut request: Request) -> Response {
        // The other node's address is nobody's: it is the client who has credentials refused.
        request.extensions_mut().remove::<Peer>();
        if let Some(client) = client {
            request.extensions_mut().insert(client);
        }
        let gate = asks_gate(&request);
        let answered = self.here(partition, request).await;
        self.or_moving(partition, answered, gate).await
    }

    /// The answer of a partition of this node's, if the node had it all the time until the answer was made.
    async fn here(&self, partition: Partition, request: Request) -> Result<Response, Moving> {
        let unit = self.units.read().get(&partition).cloned().ok_or(Moving)?;
        let Unit { router, lease } = unit;
        if !lease.holds() {
            return Err(Moving);
        }
        let ended = lease.ended();
        let answered = ended.run_until_cancelled(router.oneshot(for_partition(request))).await;
        let Ok(response) = answered.ok_or(Moving)?;
        if lease.holds() { Ok(response) } else { Err(Moving) }
    }

    /// The answer of the node at `url`.
    async fn elsewhere(&self, partition: Partition, url: &Arc<str>, mut request: Request) -> Result<Response, Moving> {
        let client = request.extensions().get().copied();
        self.hops.put(Hop { partition, client }, request.headers_mut());
        let left = || places::left(Arc::clone(&self.places), partition, Arc::clone(url)).boxed();
        self.proxy.pass(url, request, left).await.map_err(|cause| {
            tracing::debug!(%cause, %partition, url = &**url, "another node has not answered");
            Moving
        })
    }

    async fn or_moving(
        &self,
        partition: Partition,
        answered: Result<Response, Moving>,
        gate: Option<Parts>,
    ) -> Response {
        match (answered, gate) {
            (Ok(response), _) => response,
            (Err(Moving), None) => ApiError::partition_moving().into_response(),
            (Err(Moving), Some(mut parts)) => {
                let last = |key| self.last_gate(partition, key);
                gate::show_last(&self.node, &mut parts, last).await.into_response()
            }
        }
    }

    /// The last known state of a gate, and since when it may be another; `None` where none was ever known.
    fn last_gate(&self, partition: Partition, key: WorkspaceKey) -> Option<(Arc<GateState>, Duration)> {
        let state = match self.gates.last(key) {
            LastGate::Known(state) => state,
            LastGate::Untouched => Arc::default(),
            LastGate::Unknown => return None,
        };
        let seen = self.places.seen(partition).unwrap_or(self.made);
        Some((state, self.clock.elapsed().saturating_sub(seen)))
    }
}

/// The middleware, around the node's own routes.
pub async fn pass(State(front): State<Arc<Front>>, mut request: Request, next: Next) -> Response {
    if let Some(hop) = front.hops.take(request.headers_mut()) {
        return front.of_hop(hop, request).await;
    }
    let route = request.extensions().get::<MatchedPath>();
    match target(request.method(), route.map(MatchedPath::as_str), request.uri()) {
        // A node that has lost the cluster does not know which keys were revoked since.
        Target::Node if of_tenants(route) && !front.places.is_in() => ApiError::partition_moving().into_response(),
        Target::Node => next.run(request).await,
        Target::Workspace(id) => front.of_workspace(id, request).await,
        Target::Link(token) => match front.node.service.linked_workspace(&token) {
            Some(id) => front.of_workspace(id, request).await,
            None => next.run(request).await,
        },
        Target::Anywhere(search) => front.anywhere(search, request, next).await,
        Target::OneServer => one_server(&front.node, request, next).await,
    }
}

/// Whether what a node answers itself comes from its table of tenants, workspaces and keys.
fn of_tenants(route: Option<&MatchedPath>) -> bool {
    const ROUTES: [&str; 3] = ["/api/me", "/api/admin/keys", "/api/admin/workspaces"];
    route.is_some_and(|route| ROUTES.iter().any(|prefix| route.as_str().starts_with(prefix)))
}

/// Whoever has no say in it is told so first (R2.8).
async fn one_server(node: &App, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match principal(node, &parts).await {
        Ok(who) if who.is_server() => ApiError::clustered().into_response(),
        Ok(_) => next.run(Request::from_parts(parts, body)).await,
        Err(refused) => refused.into_response(),
    }
}

/// A copy of the head of a question to a gate, which is answered whatever happens.
fn asks_gate(request: &Request) -> Option<Parts> {
    const ROUTE: &str = "/api/workspaces/{workspaceId}/quality/gate";
    let route = request.extensions().get::<MatchedPath>()?;
    let asks = route.as_str() == ROUTE && [Method::GET, Method::HEAD].contains(request.method());
    asks.then(|| head_of(request))
}

fn head_of(request: &Request) -> Parts {
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.method = request.method().clone();
    parts.uri = request.uri().clone();
    parts.version = request.version();
    parts.headers = request.headers().clone();
    parts.extensions = request.extensions().clone();
    parts
}

/// The request as a router takes it: without what the routes here have found in its address.
fn for_partition(mut request: Request) -> Request {
    let found = std::mem::take(request.extensions_mut());
    let kept = request.extensions_mut();
    keep::<RequestId>(&found, kept);
    keep::<Peer>(&found, kept);
    keep::<AnswerPayer>(&found, kept);
    request
}

fn keep<T: Clone + Send + Sync + 'static>(found: &Extensions, kept: &mut Extensions) {
    if let Some(value) = found.get::<T>() {
        kept.insert(value.clone());
    }
}
