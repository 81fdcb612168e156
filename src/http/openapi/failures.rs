//! The failures of a route, put together of what it does. One form for all (R2.7), with the status
//! codes and `code`s that the route can give.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use serde_json::json;
use utoipa::openapi::{
    ContentBuilder, Header, HeaderBuilder, ObjectBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder, Type,
    example::ExampleBuilder,
};
use utoipa::{IntoResponses, PartialSchema, ToSchema};

use crate::wire::failure::Failure;

/// Status and `code`.
type Code = (u16, &'static str);

/// Something that a route does, and how it can fail.
pub trait Cause {
    const CODES: &'static [Code];
}

/// Names causes with their failures.
macro_rules! causes {
    ($($(#[doc = $doc:literal])+ $name:ident: $($status:literal $code:literal),+;)+) => {$(
        $(#[doc = $doc])+
        pub struct $name;

        impl Cause for $name {
            const CODES: &'static [Code] = &[$(($status, $code)),+];
        }
    )+};
}

causes! {
    /// Every route with a credential.
    Caller: 400 "invalid_request", 400 "malformed_request", 401 "unauthorized", 403 "forbidden", 429 "rate_limited",
        500 "internal_error", 503 "identity_unavailable", 503 "overloaded";
    /// One that needs no scope.
    AnyCaller: 400 "invalid_request", 400 "malformed_request", 401 "unauthorized", 429 "rate_limited",
        500 "internal_error", 503 "identity_unavailable", 503 "overloaded";
    /// A public one.
    Public: 400 "invalid_request", 400 "malformed_request", 500 "internal_error";
    /// Ids or a number in the path or the query string.
    Ids: 400 "invalid_id", 404 "not_found";
    /// Reads of a workspace, an account or a conversation.
    Reads: 503 "workspace_unavailable", 503 "shutting_down", 503 "partition_moving";
    /// The gate is in memory.
    ReadsGate: 503 "workspace_unavailable", 503 "partition_moving";
    /// What is in memory of a workspace, wherever that is.
    OfWorkspace: 503 "partition_moving";
    /// Tenants, workspaces and keys, as a node of a cluster knows them.
    OfTenants: 503 "partition_moving";
    /// A stream of effects.
    Streams: 429 "too_many_streams";
    /// A calibration is applied.
    Calibrates: 409 "nothing_offered", 409 "offer_changed", 409 "too_many_profiles";
    /// A calibration is taken back.
    Reverts: 409 "not_calibrated";
    /// A backtest, of which a tenant has one at a time.
    Backtests: 429 "backtest_running";
    /// A ticket for one.
    Tickets: 429 "too_many_tickets";
    /// Records.
    Writes: 503 "workspace_unavailable", 503 "shutting_down", 503 "journal_failed", 503 "partition_moving",
        507 "disk_full";
    /// A body that has to be there.
    JsonBody: 400 "malformed_json", 400 "malformed_body", 408 "request_timeout", 413 "payload_too_large",
        415 "unsupported_media_type";
    /// Events.
    EventsBody: 400 "malformed_json", 400 "malformed_body", 400 "bad_encoding", 400 "empty_batch",
        408 "request_timeout", 413 "payload_too_large", 413 "too_many_events",
        415 "unsupported_media_type", 415 "unsupported_encoding";
    /// The memory of event identities.
    Identities: 503 "duplicate_memory_full";
    /// A path that names no workspace.
    AnyWorkspace: 409 "ambiguous_workspace";
    /// An explanation goes before its score.
    KeptForAWhile: 410 "gone";
    /// A step of a breaker's life.
    Acknowledges: 409 "breaker_resolved";
    /// The other one.
    Resolves: 409 "breaker_not_acknowledged";
    /// A breaker by hand.
    Trips: 404 "not_found", 409 "breaker_active", 409 "too_many_labels";
    /// A word for a breaker's history.
    Notes: 409 "too_many_notes";
    /// Settings that scores are made with.
    ChangesScoring: 409 "too_many_profiles";
    /// The score of the model again.
    TakesBack: 409 "not_overridden";
    /// A link for customers.
    MakesLinks: 409 "links_not_configured";
    /// The kept list of erasures.
    Erases: 503 "erasures_failed";
    /// A workspace, of a chosen id or not.
    MakesWorkspace: 400 "id_not_allowed", 409 "workspace_exists", 409 "too_many_workspaces";
    /// A workspace whose AI may be paused.
    DeletesWorkspace: 409 "breakers_active";
    /// A key, for a workspace that may not be there.
    MakesKey: 404 "not_found", 409 "key_exists", 409 "too_many_keys";
    /// A webhook beside those there are.
    MakesWebhook: 409 "too_many_resources";
    /// A webhook that somebody else may change as well.
    ChangesWebhook: 409 "resource_changed";
    /// A template of mails that somebody else may change as well.
    ChangesTemplate: 409 "too_many_resources", 409 "resource_changed";
    /// A webhook that can be sent to.
    NeedsWebhook: 409 "webhook_disabled";
    /// An effect that may be gone.
    Resends: 409 "effect_gone";
    /// The cluster that a server is a node of.
    InCluster: 404 "not_clustered";
    /// The data directory of a server that is alone.
    OneServer: 409 "clustered";
    /// The store of snapshots.
    UsesSnapshots: 500 "snapshots_failed", 503 "snapshot_in_use", 503 "shutting_down";
    /// A snapshot to be written.
    TakesSnapshot: 500 "snapshots_failed", 503 "workspace_unavailable", 503 "journal_failed", 507 "disk_full";
}

/// All failures of a route that does these things.
pub struct Failures<C>(PhantomData<C>);

macro_rules! tuples {
    ($(($($name:ident)+))+) => {$(
        impl<$($name: Cause),+> IntoResponses for Failures<($($name,)+)> {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                responses(&[$($name::CODES),+])
            }
        }
    )+};
}

tuples! { (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) }

fn responses(causes: &[&[Code]]) -> BTreeMap<String, RefOr<Response>> {
    let mut codes: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
    for (status, code) in causes.iter().copied().flatten() {
        let codes = codes.entry(*status).or_default();
        if !codes.contains(code) {
            codes.push(code);
        }
    }
    // A code has one status: a response of one code is the same wherever it stands.
    let of = |status, codes: Vec<&str>| match codes[..] {
        [code] => Ref::from_response_name(code).into(),
        _ => response(status, &codes).into(),
    };
    codes.into_iter().map(|(status, codes)| (status.to_string(), of(status, codes))).collect()
}

/// R2.7 with one of these `code`s: its examples are named by them, and there are no others. The schema is that of all
/// failures, since generated clients have a type for each schema.
fn response(status: u16, codes: &[&str]) -> Response {
    let named: Vec<_> = codes.iter().map(|code| format!("`{code}`")).collect();
    let examples = codes.iter().map(|code| (*code, RefOr::Ref(Ref::new(format!("#/components/examples/{code}")))));
    let schema = Ref::from_schema_name(Failure::name());
    let content = ContentBuilder::new().schema(Some(schema)).examples_from_iter(examples);
    let response = ResponseBuilder::new()
        .description(format!("{} `code`: {}.", meaning(status), named.join(", ")))
        .content("application/json", content.build());
    match status {
        401 => response.header_ref("WWW-Authenticate", Ref::new("#/components/headers/WWW-Authenticate")),
        429 | 503 | 507 => response.header_ref("Retry-After", Ref::new("#/components/headers/Retry-After")),
        _ => response,
    }
    .build()
}

fn header(description: &str, kind: Type) -> Header {
    HeaderBuilder::new().schema(Some(ObjectBuilder::new().schema_type(kind))).description(Some(description)).build()
}

/// What all of them share: schemas, headers, an example of each `code`, and the responses that operations refer to,
/// with their status.
pub fn share(document: &mut OpenApi, referred: BTreeMap<String, u16>) {
    let components = document.components.get_or_insert_default();
    let responses = referred.into_iter().map(|(code, status)| {
        let shared = response(status, &[&code]);
        (code, shared.into())
    });
    components.responses.extend(responses);
    let mut schemas = vec![(Failure::name().into_owned(), Failure::schema())];
    Failure::schemas(&mut schemas);
    components.schemas.extend(schemas);
    let headers = [
        ("WWW-Authenticate", header("`Bearer`.", Type::String)),
        ("Retry-After", header("Seconds to wait before the next try.", Type::Integer)),
    ];
    components.headers.extend(headers.map(|(name, header)| (name.to_owned(), header.into())));
    let examples = SENTENCES.iter().map(|(code, sentence)| {
        let body = json!({"error": sentence, "code": code, "requestId": "0191b5a2-7c3e-7d11-9f00-0000000e0001"});
        ((*code).to_owned(), ExampleBuilder::new().value(Some(body)).build().into())
    });
    components.examples.extend(examples);
}

const fn meaning(status: u16) -> &'static str {
    match status {
        400 => "Malformed, or out of range.",
        401 => "No credential, or an unknown, expired or revoked one.",
        403 => "The credential lacks the scope, or is bound to another workspace of the tenant.",
        404 => "Unknown, or another tenant's.",
        408 => "The body did not arrive in time.",
        409 => "The state forbids it.",
        410 => "No longer kept.",
        413 => "Too large.",
        415 => "Not in a form that is read here.",
        429 => "Too many requests.",
        500 => "The server failed.",
        503 => "Not now.",
        507 => "The disk is full: nothing was changed, and reads go on.",
        _ => "Refused.",
    }
}

/// Each `code`, and an example of what `error` says.
const SENTENCES: [(&str, &str); 56] = [
    ("invalid_request", "The request is not valid."),
    ("malformed_request", "The request must have exactly one header Host."),
    ("rate_limited", "This credential sends more requests than it may (100 a second)."),
    ("identity_unavailable", "The issuer's keys have not been loaded yet, so tokens cannot be checked; API keys can."),
    ("invalid_id", "An ID in the request is not a UUID."),
    ("unauthorized", "A valid credential is required."),
    ("forbidden", "This credential does not have the scope for this."),
    ("not_found", "No workspace exists with the given ID."),
    ("malformed_json", "The body is not valid JSON."),
    ("malformed_body", "The body could not be read."),
    ("bad_encoding", "The body is not what its Content-Encoding says."),
    ("empty_batch", "The request has no events."),
    ("request_timeout", "The body did not arrive in time."),
    ("payload_too_large", "The body is too large."),
    ("too_many_events", "The request has more than 1000 events."),
    ("unsupported_media_type", "The body must be application/json."),
    ("unsupported_encoding", "Bodies are read with Content-Encoding gzip or zstd, or without."),
    ("ambiguous_workspace", "More than one workspace has this ID; say which with workspaceId."),
    ("breaker_resolved", "The circuit breaker is already resolved."),
    ("breaker_not_acknowledged", "The circuit breaker must be acknowledged before it can be resolved."),
    ("breaker_active", "A circuit breaker of this scope is active already."),
    ("too_many_labels", "There are too many channels and intents to take another."),
    ("too_many_profiles", "The scores of the workspace were made in as many ways as can be told apart."),
    ("too_many_notes", "The circuit breaker has as many notes as it can have."),
    ("not_overridden", "The conversation's score is not overridden."),
    ("links_not_configured", "The server makes no satisfaction links ([ratings] public_url is not set)."),
    ("workspace_exists", "A workspace with this ID already exists."),
    ("key_exists", "A key with this ID or this secret already exists."),
    ("id_not_allowed", "The id of a workspace is chosen by the server."),
    ("breakers_active", "A circuit breaker of the workspace is active; force=true deletes it all the same."),
    ("too_many_workspaces", "The tenant has as many workspaces as it may make (1000)."),
    ("too_many_keys", "The tenant has as many API keys as it may make (10000), revoked and expired ones included."),
    ("too_many_streams", "The tenant has as many streams open as it may (1000)."),
    ("nothing_offered", "There are too few ratings to fit a profile to."),
    ("offer_changed", "What is offered has changed; it is 3f2a91c4 now."),
    ("not_calibrated", "No calibration is in force."),
    ("backtest_running", "The tenant has a backtest under way; it can have one at a time."),
    ("too_many_tickets", "The credential has as many tickets as it may (1000) that were not used yet."),
    ("gone", "The explanation of this score is no longer kept."),
    ("too_many_resources", "There are as many of its kind as there may be."),
    ("resource_changed", "It was changed by somebody else in the meantime."),
    ("webhook_disabled", "The webhook is disabled."),
    ("effect_gone", "What is to be delivered is not kept any more."),
    ("internal_error", "The server failed to answer this request."),
    ("snapshots_failed", "The snapshots could not be read or written; the server's log says why."),
    ("snapshot_in_use", "The snapshot is in use."),
    ("erasures_failed", "The erasure could not be recorded."),
    ("disk_full", "The disk is full."),
    ("overloaded", "Too much is waiting to be processed."),
    (
        "duplicate_memory_full",
        "The memory of event identities is full, or the share of it that the tenant or its test sides have.",
    ),
    ("journal_failed", "The journal cannot be written."),
    ("workspace_unavailable", "The workspace is not available at the moment."),
    ("partition_moving", "The part of the data that this is about is changing hands."),
    (
        "clustered",
        "This is about the data directory of a server that is alone. In a cluster, `tripswitch cluster status` says what \
         there is, and `tripswitch cluster export` takes everything out.",
    ),
    ("not_clustered", "This server is alone: it is no node of a cluster."),
    ("shutting_down", "The server is shutting down."),
];
