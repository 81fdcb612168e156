//! Which part of the cluster a request is for: by its route and its address alone.

use std::borrow::Cow;

use axum::http::{Method, Uri};
use percent_encoding::percent_decode_str;

use crate::domain::ids::{Id, IdKind, IdName, parse_id};
use crate::http::params::Query;

/// Whom a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Every node answers it itself, what is wrong with an id among it.
    Node,
    /// Whoever has this workspace.
    Workspace(Id),
    /// Whoever has the workspace of a satisfaction link's token.
    Link(String),
    /// Whoever has the conversation or account, among the workspaces of the credential (R2.15).
    Anywhere(Search),
    /// It is about the data directory of one server, which a node of a cluster is not.
    OneServer,
}

/// How the one that has a conversation or account is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Search {
    /// Each is asked the request itself: it changes nothing.
    Itself,
    /// Each is asked for this first.
    First(String),
}

/// Of a request to a route with this template; `None` for an address that is no route's.
pub fn target(method: &Method, route: Option<&str>, uri: &Uri) -> Target {
    let Some(route) = route.filter(|_| !has_dots(uri.path())) else { return Target::Node };
    let asked = Asked { method, route, uri };
    let below = |start: &str| route.starts_with(start);
    if below("/api/workspaces/") || (route == "/api/admin/workspaces/{workspaceId}" && method == Method::DELETE) {
        asked.workspace()
    } else if below("/api/conversations/") {
        asked.anywhere("conversationId", IdKind::Conversation)
    } else if below("/api/accounts/") {
        asked.anywhere("accountId", IdKind::Account)
    } else if below("/s/") {
        asked.param("token").map_or(Target::Node, |token| Target::Link(token.into_owned()))
    } else if below("/api/admin/snapshots") || below("/api/admin/export") || below("/api/admin/journal") {
        Target::OneServer
    } else {
        Target::Node
    }
}

/// Clients of other nodes would take such segments out of an address.
fn has_dots(path: &str) -> bool {
    let is = |segment, dots: &[u8]| percent_decode_str(segment).eq(dots.iter().copied());
    path.split('/').any(|segment| is(segment, b".") || is(segment, b".."))
}

struct Asked<'a> {
    method: &'a Method,
    route: &'a str,
    uri: &'a Uri,
}

impl<'a> Asked<'a> {
    /// What stands in the address where the route has `{name}`, as it was sent.
    fn raw(&self, name: &str) -> Option<&'a str> {
        let is_named = |part: &str| part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) == Some(name);
        let parts = self.route.split('/').zip(self.uri.path().split('/'));
        parts.into_iter().find(|(part, _)| is_named(part)).map(|(_, sent)| sent)
    }

    fn param(&self, name: &str) -> Option<Cow<'a, str>> {
        percent_decode_str(self.raw(name)?).decode_utf8().ok()
    }

    fn workspace(&self) -> Target {
        let id = self.param("workspaceId").and_then(|text| parse_id(IdKind::Workspace, &text).ok());
        id.map_or(Target::Node, Target::Workspace)
    }

    fn anywhere(&self, name: &str, kind: IdKind) -> Target {
        if self.param(name).is_none_or(|text| IdName::parse(kind, &text).is_err()) {
            return Target::Node;
        }
        match Query::parse(self.uri.query()).get("workspaceId") {
            Some(text) => parse_id(IdKind::Workspace, text).map_or(Target::Node, Target::Workspace),
            None => Target::Anywhere(self.search()),
        }
    }

    /// A link for customers leaves nothing behind, and is made of conversations that have no score, too.
    fn search(&self) -> Search {
        let changes_nothing = [Method::GET, Method::HEAD].contains(self.method);
        if changes_nothing || self.route.ends_with("/satisfaction-link") {
            return Search::Itself;
        }
        let end = self.route.split('/').position(|part| part.ends_with('}')).map_or(0, |at| at + 1);
        let found: Vec<_> = self.uri.path().split('/').take(end).collect();
        Search::First(format!("{}/quality", found.join("/")))
    }
}

#[cfg(test)]
mod tests;
