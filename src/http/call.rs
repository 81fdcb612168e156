//! What a handler needs of a request besides its body: who asks, and for what.

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::Uri;
use axum::http::request::Parts;

use super::App;
use super::answer_room::AnswerPayer;
use super::auth::principal;
use super::cursor::List;
use super::error::ApiError;
use super::paging::place;
use super::params::{Query, ReadId, read_id};
use super::request_id::RequestId;
use crate::domain::ids::{Id, IdKind, IdName, WorkspaceKey, parse_id};
use crate::domain::listing::Place;
use crate::domain::system::Permission;
use crate::service::tenant_load::Visit;
use crate::service::{Principal, ServiceError};
use crate::wire::failure::Fault;

/// An authenticated request. That it exists means that 401 is behind; the methods are to be called
/// in the order of R2.8: ids, then workspaces and scopes, then the rest.
pub struct Call {
    pub who: Principal,
    /// What the request's tenant has under way, this request among it.
    pub visit: Visit,
    pub request_id: RequestId,
    params: Result<RawPathParams, Fault>,
    uri: Uri,
}

impl FromRequestParts<App> for Call {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let who = principal(app, parts).await?;
        Self::of(who, parts, app).await
    }
}

impl Call {
    /// The request of a principal that is known.
    pub async fn of(who: Principal, parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        // A request over a limit costs nothing more.
        let visit = app.service.enter(&who).await?;
        if let Some(payer) = parts.extensions.get::<AnswerPayer>() {
            payer.is(&visit);
        }
        let params = RawPathParams::from_request_parts(parts, app).await.map_err(|rejection| match rejection {
            RawPathParamsRejection::InvalidUtf8InPathParam(_) => Fault::at("path", "is not valid UTF-8"),
            _ => Fault::at("path", "cannot be read"),
        });
        let request_id = parts.extensions.get().cloned().ok_or_else(ApiError::internal)?;
        Ok(Self { who, visit, request_id, params, uri: parts.uri.clone() })
    }

    /// The ids of the path, each named as in the route; 400 naming every malformed one.
    pub fn ids<const N: usize>(&self, wanted: [(&str, IdKind); N]) -> Result<[Id; N], ApiError> {
        let mut faults = Vec::new();
        let ids = wanted.map(|(name, kind)| self.path_id(name, kind, parse_id, &mut faults).unwrap_or(Id::NIL));
        if faults.is_empty() { Ok(ids) } else { Err(ApiError::malformed_ids(faults)) }
    }

    /// The workspace of the path, and the id in it of what else the path names.
    pub fn in_workspace(&self, name: &str, kind: IdKind) -> Result<(Id, Id), ApiError> {
        let mut faults = Vec::new();
        let workspace = self.path_id("workspaceId", IdKind::Workspace, parse_id, &mut faults);
        let named = self.path_id(name, kind, IdName::parse, &mut faults);
        match (workspace, named) {
            (Some(workspace), Some(named)) => Ok((workspace, named.within(workspace))),
            _ => Err(ApiError::malformed_ids(faults)),
        }
    }

    /// A number of the path; 400 for anything but decimal digits.
    pub fn number(&self, name: &str) -> Result<u64, ApiError> {
        let read = match &self.params {
            Ok(params) => {
                let text = params.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value);
                let digits = Some(text).filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
                digits.and_then(|text| text.parse().ok()).ok_or_else(|| Fault::at(name, "is not a number"))
            }
            Err(fault) => Err(fault.clone()),
        };
        read.map_err(ApiError::malformed_number)
    }

    /// The workspace of the path, and the id in it of what the query string may name.
    pub fn workspace_with(&self, name: &str, kind: IdKind) -> Result<(Id, Option<Id>), ApiError> {
        let path = ("workspaceId", IdKind::Workspace, parse_id as ReadId<Id>);
        let (workspace, named) = self.path_and_query(path, (name, kind, IdName::parse))?;
        Ok((workspace, named.map(|named: IdName| named.within(workspace))))
    }

    /// What R2.15's `?workspaceId=` may point to: what the path names, and that workspace.
    pub fn anywhere(&self, name: &str, kind: IdKind) -> Result<(IdName, Option<Id>), ApiError> {
        self.path_and_query((name, kind, IdName::parse), ("workspaceId", IdKind::Workspace, parse_id))
    }

    /// An id of the path and one that may stand in the query string; 400 naming every malformed one.
    fn path_and_query<P, Q>(
        &self,
        path: (&str, IdKind, ReadId<P>),
        query: (&str, IdKind, ReadId<Q>),
    ) -> Result<(P, Option<Q>), ApiError> {
        let mut faults = Vec::new();
        let id = self.path_id(path.0, path.1, path.2, &mut faults);
        let sent = self.query().get(query.0).map(|text| read_id(query.2, query.1, query.0, text)).transpose();
        match (id, sent) {
            (Some(id), Ok(other)) => Ok((id, other)),
            (_, sent) => {
                faults.extend(sent.err());
                Err(ApiError::malformed_ids(faults))
            }
        }
    }

    /// An id of the path and an opaque text of 1 to `max` characters in it; 400 naming each that is wrong.
    pub fn id_and_text(&self, id: (&str, IdKind), text: &str, max: usize) -> Result<(Id, &str), ApiError> {
        let mut faults = Vec::new();
        let read = self.path_id(id.0, id.1, parse_id, &mut faults);
        let Ok(params) = &self.params else { return Err(ApiError::malformed_ids(faults)) };
        let sent = params.iter().find(|(key, _)| *key == text).map_or("", |(_, value)| value);
        let fits = (1..=max).contains(&sent.chars().count());
        match (read, fits) {
            (Some(read), true) => return Ok((read, sent)),
            (None, true) => return Err(ApiError::malformed_ids(faults)),
            (_, false) => faults.push(Fault::at(text, format!("must have 1 to {max} characters"))),
        }
        Err(if faults.len() > 1 { ApiError::malformed_ids(faults) } else { ApiError::invalid(faults) })
    }

    /// An id of the path; a malformed one adds a fault.
    fn path_id<T>(&self, name: &str, kind: IdKind, read: ReadId<T>, faults: &mut Vec<Fault>) -> Option<T> {
        let sent = self.params.as_ref().map_err(Fault::clone);
        let text = sent.map(|params| params.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value));
        match text.and_then(|text| read_id(read, kind, name, text)) {
            Ok(id) => Some(id),
            Err(fault) => {
                faults.push(fault);
                None
            }
        }
    }

    /// The workspace that the path of a request names, if it does, whoever asks.
    pub async fn workspace_of(parts: &mut Parts, app: &App) -> Option<Id> {
        let params = RawPathParams::from_request_parts(parts, app).await.ok()?;
        let text = params.iter().find(|(key, _)| *key == "workspaceId")?.1;
        parse_id(IdKind::Workspace, text).ok()
    }

    /// The workspace that the path names, if it does.
    pub fn named_workspace(&self) -> Option<Id> {
        self.path_id("workspaceId", IdKind::Workspace, parse_id, &mut Vec::new())
    }

    /// The workspace side of `/api/workspaces/{workspaceId}/…`.
    pub fn workspace(&self, app: &App, any_of: &[Permission]) -> Result<WorkspaceKey, ApiError> {
        let [id] = self.ids([("workspaceId", IdKind::Workspace)])?;
        Ok(app.service.workspace(&self.who, id, any_of)?)
    }

    /// As [`in_order_with`](Self::in_order_with), where the query string has no more than `workspaceId`.
    pub fn in_order<T>(&self, found: Result<T, ServiceError>) -> Result<T, ApiError> {
        self.in_order_with(found, || self.only(&["workspaceId"])).map(|(found, ())| found)
    }

    /// 404 and 403 first, then what `read` finds in the query string, then whatever else stopped such a lookup (R2.8).
    pub fn in_order_with<T, Q>(
        &self,
        found: Result<T, ServiceError>,
        read: impl FnOnce() -> Result<Q, ApiError>,
    ) -> Result<(T, Q), ApiError> {
        match found.map_err(ApiError::from) {
            Err(failure) if failure.comes_first() => Err(failure),
            found => {
                let read = read()?;
                Ok((found?, read))
            }
        }
    }

    /// Behind which place of a list the page begins, where `cursor` is the only parameter.
    pub fn after(&self, list: List) -> Result<Option<Place>, ApiError> {
        let query = self.query();
        let mut faults = query.faults(&["cursor"]);
        let after = place(&query, list, &mut faults);
        if faults.is_empty() { Ok(after) } else { Err(ApiError::invalid(faults)) }
    }

    pub fn query(&self) -> Query<'_> {
        Query::parse(self.uri.query())
    }

    /// 400 unless every query parameter is a known one and stands once.
    pub fn only(&self, known: &[&str]) -> Result<(), ApiError> {
        let faults = self.query().faults(known);
        if faults.is_empty() { Ok(()) } else { Err(ApiError::invalid(faults)) }
    }
}
