//! Every URL of the API: one list makes the router and the document (`openapi`).
//!
//! A handler that is routed here has its entry in the document, so neither can be forgotten. That answers and
//! document agree is checked from outside: every answer that a test of `tests/http` receives is held against the
//! document, failures with the codes of their route included. What schemathesis finds counts as well, except for what
//! no schema can say; that list, with reasons, is `scripts/schemathesis/hooks.py`. The second listener and the
//! pages are no part of the API and not in the document.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::envelope::{Envelope, envelope, panicked};
use super::error::ApiError;
use super::front::{self, Front};
use super::workspaces::{
    accounts as all_accounts, audit, backtest, breaker_history, breakers, calibration,
    conversations as all_conversations, csat_config, erasure, events, follow_ups, gate, mail_templates, overview,
    settings, stats, stream, timeseries, webhooks,
};
use super::{App, accounts, admin, conversations, dashboard, docs, me, openapi, satisfaction, sign_in};

/// The API, to be served with [`super::serve`].
pub fn router(app: App) -> Router {
    router_of(routes(), app)
}

/// What every request goes through, around `routes`.
pub fn router_of(routes: Router<App>, app: App) -> Router {
    enveloped(or_nothing(routes), app)
}

fn enveloped(routes: Router<App>, app: App) -> Router {
    let tools = Envelope {
        ids: app.ids.clone(),
        meter: app.meter.clone(),
        body_timeout: app.limits.body_timeout,
        web: app.web.clone(),
    };
    let routes = routes.layer(CatchPanicLayer::custom(panicked));
    app.web.open(routes).layer(from_fn_with_state(tools, envelope)).with_state(app)
}

fn or_nothing(routes: Router<App>) -> Router<App> {
    routes.fallback(async || ApiError::not_found())
}

/// The API of a node of a cluster: around the node's own `routes` what every request goes through, and then the front,
/// which hands on what is for a partition.
pub fn fronted(routes: Router<App>, front: Arc<Front>) -> Router {
    let node = front.node().clone();
    enveloped(or_nothing(routes).layer(from_fn_with_state(front, front::pass)), node)
}

/// What a partition's requests are answered with, behind the front.
pub fn behind_front(routes: Router<App>, partition: App) -> Router {
    or_nothing(routes).with_state(partition)
}

/// The routes alone. Making them takes a while, as each has its entry in the document: to be done before a
/// server could serve.
pub fn routes() -> Router<App> {
    let (router, _) = api().split_for_parts();
    router.merge(docs::routes()).merge(dashboard::routes()).merge(satisfaction::routes())
}

/// The routes with what the document says of each. A handler that stands here has
/// `#[utoipa::path(…)]`, with its path below the `nest` it stands in.
pub(super) fn api() -> OpenApiRouter<App> {
    let workspace = OpenApiRouter::new()
        .routes(routes!(stats::show))
        .routes(routes!(overview::show))
        .routes(routes!(timeseries::show))
        .routes(routes!(all_accounts::list))
        .routes(routes!(all_conversations::list))
        .routes(routes!(breakers::list, breakers::trip))
        .routes(routes!(breaker_history::list))
        .routes(routes!(breakers::show))
        .routes(routes!(breakers::note))
        .routes(routes!(breakers::acknowledge))
        .routes(routes!(breakers::resolve))
        .routes(routes!(gate::show))
        .routes(routes!(stream::show))
        .routes(routes!(stream::create))
        .routes(routes!(csat_config::show, csat_config::patch))
        .routes(routes!(settings::show, settings::patch))
        .routes(routes!(settings::history))
        .routes(routes!(calibration::show))
        .routes(routes!(calibration::apply))
        .routes(routes!(calibration::revert))
        .routes(routes!(backtest::start))
        .routes(routes!(backtest::show, backtest::cancel))
        .routes(routes!(erasure::conversation))
        .routes(routes!(erasure::contact))
        .routes(routes!(audit::list))
        .routes(routes!(webhooks::list, webhooks::create))
        .routes(routes!(webhooks::show, webhooks::patch, webhooks::delete))
        .routes(routes!(webhooks::actions::test))
        .routes(routes!(webhooks::actions::rotate))
        .routes(routes!(webhooks::actions::replay))
        .routes(routes!(webhooks::deliveries::list))
        .routes(routes!(webhooks::deliveries::resend))
        .routes(routes!(follow_ups::show))
        .routes(routes!(mail_templates::list))
        .routes(routes!(mail_templates::show, mail_templates::put, mail_templates::delete))
        .routes(routes!(events::ingest))
        .routes(routes!(events::rejections))
        .routes(routes!(events::rates));
    let admin = OpenApiRouter::new()
        .routes(routes!(admin::workspaces::list, admin::workspaces::create))
        .routes(routes!(admin::workspaces::delete))
        .routes(routes!(admin::keys::list, admin::keys::create))
        .routes(routes!(admin::keys::revoke))
        .routes(routes!(admin::snapshots::list, admin::snapshots::create))
        .routes(routes!(admin::snapshots::status))
        .routes(routes!(admin::snapshots::prune))
        .routes(routes!(admin::snapshots::verify))
        .routes(routes!(admin::export::show))
        .routes(routes!(admin::journal::show))
        .routes(routes!(admin::cluster::show))
        .routes(routes!(admin::status::show));
    OpenApiRouter::new()
        .nest("/api/workspaces/{workspaceId}", workspace)
        .routes(routes!(conversations::quality))
        .routes(routes!(conversations::explanation))
        .routes(routes!(conversations::revisions))
        .routes(routes!(conversations::set_score, conversations::take_back))
        .routes(routes!(conversations::make_link))
        .routes(routes!(accounts::quality))
        .routes(routes!(accounts::explanation))
        .routes(routes!(accounts::conversations))
        .nest("/api/admin", admin)
        .routes(routes!(me::show))
        .routes(routes!(sign_in::show))
        .routes(routes!(openapi::show))
}
