//! Conversations and accounts whose workspace is not named (R2.15): they may be in any partition that the credential
//! reaches.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::http::{Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::stream::{self, StreamExt};

use super::target::Search;
use super::{Front, head_of};
use crate::domain::partition::Partition;
use crate::http::answer_room::AnswerPayer;
use crate::http::auth::principal;
use crate::http::error::ApiError;
use crate::service::{Principal, ServiceError};

/// Partitions asked at the same time by one request.
const ASKED_AT_ONCE: usize = 8;

/// Who has what was asked for.
enum Found {
    /// This one, and its answer.
    In(Partition, Response),
    /// Nobody or several, or it is not known; and what is told then.
    NotOne(Response),
}

impl Front {
    /// The answer of the one partition that has it.
    pub(super) async fn anywhere(&self, search: Search, request: Request, next: Next) -> Response {
        let (parts, body) = request.into_parts();
        let who = match principal(&self.node, &parts).await {
            Ok(who) => who,
            Err(refused) => return refused.into_response(),
        };
        let reached = self.reached(&who);
        let request = Request::from_parts(parts, body);
        match reached.len() {
            // There is nothing to ask, and the node knows what is said then.
            0 => next.run(request).await,
            1 => self.of_partition(reached[0], request).await,
            _ => self.one_of(reached, search, request).await,
        }
    }

    /// The partitions of the workspaces that a credential reaches.
    fn reached(&self, who: &Principal) -> Vec<Partition> {
        let keys = self.node.service.reach(who);
        let partitions: BTreeSet<_> = keys.iter().map(|key| Partition::of(key.id, self.partitions)).collect();
        partitions.into_iter().collect()
    }

    async fn one_of(&self, partitions: Vec<Partition>, search: Search, request: Request) -> Response {
        match search {
            Search::Itself => match self.ask(partitions, &head_of(&request)).await {
                Found::In(_, response) | Found::NotOne(response) => response,
            },
            Search::First(path) => match self.ask(partitions, &first(&request, &path)).await {
                Found::In(partition, _) => self.of_partition(partition, request).await,
                Found::NotOne(response) => response,
            },
        }
    }

    /// Asks each.
    async fn ask(&self, partitions: Vec<Partition>, head: &Parts) -> Found {
        let asks = stream::iter(partitions).map(async |partition| {
            let request = Request::from_parts(head.clone(), Body::empty());
            (partition, self.of_partition(partition, without_body(request)).await)
        });
        let mut asks = std::pin::pin!(asks.buffer_unordered(ASKED_AT_ONCE));
        let (mut found, mut missing, mut unsure) = (None, None, None);
        while let Some((partition, response)) = asks.next().await {
            let status = response.status();
            if [StatusCode::BAD_REQUEST, StatusCode::UNAUTHORIZED].contains(&status) {
                // What is wrong with the request is the same everywhere.
                return Found::NotOne(response);
            }
            if status == StatusCode::NOT_FOUND {
                missing = Some(response);
            } else if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
                unsure = Some(response);
            } else if found.is_some() {
                return Found::NotOne(ApiError::from(ServiceError::AmbiguousWorkspace).into_response());
            } else {
                found = Some((partition, response));
            }
        }
        match found {
            Some((partition, response)) => Found::In(partition, response),
            None => Found::NotOne(unsure.or(missing).unwrap_or_else(|| ApiError::not_found().into_response())),
        }
    }
}

/// Asks for `path`, for whoever sends `request`.
fn first(request: &Request, path: &str) -> Parts {
    let mut head = head_of(request);
    head.method = Method::GET;
    let mut uri = std::mem::take(&mut head.uri).into_parts();
    uri.path_and_query = path.parse::<PathAndQuery>().ok();
    head.uri = Uri::from_parts(uri).unwrap_or_default();
    head
}

/// One of several questions for one request: what one of them answers is not counted for the whole.
fn without_body(mut request: Request) -> Request {
    request.extensions_mut().remove::<AnswerPayer>();
    for name in [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONTENT_TYPE, header::EXPECT] {
        request.headers_mut().remove(name);
    }
    request
}
