//! Failures as clients see them (R2.7, R2.8). The only file that maps errors to status codes.

use std::borrow::Cow;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::actors::EngineError;
use crate::domain::reply::CommandRefusal;
use crate::domain::system::SystemRefusal;
use crate::erasures::ErasuresError;
use crate::service::ServiceError;
use crate::service::door::DoorError;
use crate::service::quota::OverQuota;
use crate::wire;
use crate::wire::body::BodyError;
use crate::wire::failure::Fault;

/// A failure that is not written yet. [`super::envelope`] writes it, since only there the request id is known.
#[derive(Clone, Debug)]
pub struct ApiError(Box<Failure>);

/// The content of a failure.
#[derive(Clone, Debug)]
pub struct Failure {
    pub status: StatusCode,
    pub code: &'static str,
    /// For people.
    pub message: Cow<'static, str>,
    pub details: Vec<Fault>,
    /// Sent along: `Retry-After`, `WWW-Authenticate`.
    pub header: Option<(HeaderName, HeaderValue)>,
}

impl std::ops::Deref for ApiError {
    type Target = Failure;

    fn deref(&self) -> &Failure {
        &self.0
    }
}

impl ApiError {
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Failure { status, code, message: message.into(), details: Vec::new(), header: None }))
    }

    fn with_header(mut self, name: HeaderName, value: &'static str) -> Self {
        self.0.header = Some((name, HeaderValue::from_static(value)));
        self
    }

    fn with_number(mut self, name: HeaderName, value: u64) -> Self {
        self.0.header = Some((name, HeaderValue::from(value)));
        self
    }

    fn with_details(mut self, details: Vec<Fault>) -> Self {
        self.0.details = details;
        self
    }

    fn retry(code: &'static str, message: impl Into<Cow<'static, str>>, seconds: &'static str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, message).with_header(header::RETRY_AFTER, seconds)
    }

    fn over_quota(over: OverQuota) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", over.to_string())
            .with_number(header::RETRY_AFTER, over.retry_after)
    }

    fn too_many(code: &'static str, message: String, seconds: &'static str) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, code, message).with_header(header::RETRY_AFTER, seconds)
    }

    fn disk_full(message: String) -> Self {
        Self::new(StatusCode::INSUFFICIENT_STORAGE, "disk_full", message).with_header(header::RETRY_AFTER, "30")
    }

    /// 401; never says what is wrong with the credential.
    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "A valid credential is required.")
            .with_header(header::WWW_AUTHENTICATE, "Bearer")
    }

    /// 400 for ids that are no UUIDs.
    pub fn malformed_ids(details: Vec<Fault>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_id", "An ID in the request is not a UUID.").with_details(details)
    }

    /// 400 for a number in the path that is none.
    pub fn malformed_number(detail: Fault) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_id", "A number in the path is not one.").with_details(vec![detail])
    }

    /// 400 with everything that is wrong.
    pub fn invalid(details: Vec<Fault>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", "The request is not valid.").with_details(details)
    }

    pub fn unsupported_media_type(message: &'static str) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message)
    }

    pub fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", "The body is too large.")
    }

    pub fn timeout() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", "The body did not arrive in time.")
    }

    /// 408 for a body that holds room and hardly comes.
    pub fn too_slow() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", "The body came too slowly.")
    }

    /// 400 for what is no request, or could be read as two different ones.
    pub fn malformed_request(message: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed_request", message)
    }

    /// What hyper could not parse, by the status that it gives it.
    pub fn of_parser(status: u16) -> Self {
        match status {
            431 => Self::new(
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "headers_too_large",
                "The request's headers are too large or too many.",
            ),
            414 => Self::new(StatusCode::URI_TOO_LONG, "uri_too_long", "The request's address is too long."),
            _ => Self::malformed_request("This is not a valid HTTP/1.1 request."),
        }
    }

    /// 408 for a header that was begun.
    pub fn header_timeout() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", "The request's header did not arrive in time.")
    }

    /// 501 for a body in another coding than `chunked`.
    pub fn unsupported_coding() -> Self {
        let message = "The only transfer coding that is understood is chunked.";
        Self::new(StatusCode::NOT_IMPLEMENTED, "unsupported_transfer_coding", message)
    }

    pub fn too_many_connections() -> Self {
        let message = "The server has as many open connections as it may ([server] max_connections).";
        Self::retry("too_many_connections", message, "1")
    }

    pub fn too_many_connections_of_one() -> Self {
        let message = "Your address has as many open connections as one may ([server] max_connections_per_address); \
             all that come through one proxy share it.";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_connections", message).with_header(header::RETRY_AFTER, "1")
    }

    pub fn broken_body() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed_body", "The body could not be read.")
    }

    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is nothing at this address.")
    }

    pub fn internal() -> Self {
        Self::server(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn server(status: StatusCode) -> Self {
        Self::new(status, "internal_error", "The server failed to answer this request.")
    }

    /// What the framework answered with a bare status.
    pub fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::not_found(),
            StatusCode::METHOD_NOT_ALLOWED => {
                Self::new(status, "method_not_allowed", "This method is not allowed here; see the header Allow.")
            }
            StatusCode::PAYLOAD_TOO_LARGE => Self::too_large(),
            StatusCode::REQUEST_TIMEOUT => Self::timeout(),
            status if status.is_server_error() => Self::server(status),
            status => Self::new(status, "bad_request", "The request is not valid."),
        }
    }

    /// 503 for what is of a partition that nobody serves at the moment.
    pub fn partition_moving() -> Self {
        Self::retry("partition_moving", "The part of the data that this is about is changing hands.", "1")
    }

    /// 409 for what is of one server's data directory.
    pub fn clustered() -> Self {
        let message = "This is about the data directory of a server that is alone. In a cluster, `tripswitch cluster \
             status` says what there is, and `tripswitch cluster export` takes everything out.";
        Self::new(StatusCode::CONFLICT, "clustered", message)
    }

    /// 422: nothing of a request of events was taken.
    pub fn all_rejected() -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "all_rejected", "Every event of the request was rejected.")
    }

    /// 503 of `/readyz`.
    pub fn not_ready(code: &'static str, message: &'static str) -> Self {
        Self::retry(code, message, "1")
    }

    /// Its body.
    pub fn shown<'a>(&'a self, request_id: &'a str) -> wire::failure::Failure<'a> {
        let Failure { code, message, details, .. } = &**self;
        wire::failure::Failure {
            error: message.as_ref().into(),
            code: (*code).into(),
            request_id: request_id.into(),
            details: details.into(),
        }
    }

    /// 404 and 403 come before whatever else is wrong with a request (R2.8).
    pub fn comes_first(&self) -> bool {
        self.status == StatusCode::NOT_FOUND || self.status == StatusCode::FORBIDDEN
    }
}

impl IntoResponse for ApiError {
    /// A response without a body, with the failure for the envelope to write.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<ServiceError> for ApiError {
    fn from(error: ServiceError) -> Self {
        let message = error.to_string();
        match error {
            ServiceError::Unauthorized => Self::unauthorized(),
            ServiceError::IdentityUnavailable { retry_after } => {
                let seconds = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "identity_unavailable", message)
                    .with_number(header::RETRY_AFTER, seconds)
            }
            ServiceError::UnknownWorkspace
            | ServiceError::UnknownConversation
            | ServiceError::NoScore
            | ServiceError::UnknownAccount => Self::new(StatusCode::NOT_FOUND, "not_found", message),
            ServiceError::ExplanationGone => Self::new(StatusCode::GONE, "gone", message),
            ServiceError::AmbiguousWorkspace => Self::new(StatusCode::CONFLICT, "ambiguous_workspace", message),
            ServiceError::Forbidden(_) => Self::new(StatusCode::FORBIDDEN, "forbidden", message),
            ServiceError::IdNotAllowed => {
                let fault = Fault::at("id", "is chosen by the server; only a server key names it");
                Self::new(StatusCode::BAD_REQUEST, "id_not_allowed", message).with_details(vec![fault])
            }
            ServiceError::BreakersActive => Self::new(StatusCode::CONFLICT, "breakers_active", message),
            ServiceError::BreakerActive(which) => {
                let name = |id| Fault::at("scopeKey", format!("is stopped by the circuit breaker {id}"));
                let details = which.map(name).into_iter().collect();
                of_command(CommandRefusal::BreakerActive, message).with_details(details)
            }
            ServiceError::TooManyWorkspaces(_) => Self::new(StatusCode::CONFLICT, "too_many_workspaces", message),
            ServiceError::TooManyKeys(_) => Self::new(StatusCode::CONFLICT, "too_many_keys", message),
            ServiceError::TooManyProfiles => Self::new(StatusCode::CONFLICT, "too_many_profiles", message),
            ServiceError::NothingOffered(_) => Self::new(StatusCode::CONFLICT, "nothing_offered", message),
            ServiceError::OfferChanged(_) => Self::new(StatusCode::CONFLICT, "offer_changed", message),
            ServiceError::TooManyStreams(_) => Self::too_many("too_many_streams", message, "5"),
            ServiceError::TooManyTickets(_) => Self::too_many("too_many_tickets", message, "30"),
            ServiceError::BacktestRunning => Self::too_many("backtest_running", message, "5"),
            ServiceError::Invalid(details) => Self::invalid(details),
            ServiceError::Command(refusal) => of_command(refusal, message),
            ServiceError::System(refusal) => of_system(refusal, message),
            ServiceError::OverQuota(over) => Self::over_quota(over),
            ServiceError::Door(error) => Self::new(of_door(&error), error.code(), message),
            ServiceError::Erasures(error) => of_erasures(&error, message),
            ServiceError::Engine(error) => error.into(),
            ServiceError::UnknownSnapshot
            | ServiceError::UnknownWebhook
            | ServiceError::UnknownMailTemplate
            | ServiceError::UnknownDelivery
            | ServiceError::UnknownBacktest => Self::new(StatusCode::NOT_FOUND, "not_found", message),
            ServiceError::NotClustered => Self::new(StatusCode::NOT_FOUND, "not_clustered", message),
            ServiceError::LinksNotConfigured => Self::new(StatusCode::CONFLICT, "links_not_configured", message),
            ServiceError::UnknownLink => Self::new(StatusCode::NOT_FOUND, "not_found", message),
            ServiceError::LinkExpired => Self::new(StatusCode::GONE, "link_expired", message),
            ServiceError::LinkSuperseded => Self::new(StatusCode::GONE, "link_superseded", message),
            ServiceError::LinkUsed => Self::new(StatusCode::CONFLICT, "link_used", message),
            ServiceError::WebhookDisabled => Self::new(StatusCode::CONFLICT, "webhook_disabled", message),
            ServiceError::WorkspaceWithoutState(_) => Self::retry("workspace_unavailable", message, "5"),
            ServiceError::NoSpaceForSnapshot => Self::disk_full(message),
            ServiceError::SnapshotInUse => Self::retry("snapshot_in_use", message, "5"),
            ServiceError::Snapshots => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "snapshots_failed", message),
        }
    }
}

impl From<BodyError> for ApiError {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::Malformed => Self::new(StatusCode::BAD_REQUEST, "malformed_json", "The body is not valid JSON."),
            BodyError::Faults(details) => Self::invalid(details),
        }
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        let message = error.to_string();
        match error {
            EngineError::Overloaded => Self::retry("overloaded", message, "1"),
            EngineError::DuplicateMemoryFull(_) => Self::retry("duplicate_memory_full", message, "60"),
            EngineError::DiskFull => Self::disk_full(message),
            EngineError::JournalFailed => Self::retry("journal_failed", message, "30"),
            EngineError::WorkspaceUnavailable => Self::retry("workspace_unavailable", message, "5"),
            EngineError::Moving => Self::partition_moving(),
            EngineError::Internal => Self::internal(),
            EngineError::ShuttingDown => Self::retry("shutting_down", message, "5"),
        }
    }
}

const fn of_door(error: &DoorError) -> StatusCode {
    match error {
        DoorError::UnsupportedMediaType | DoorError::UnsupportedEncoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        DoorError::TooLarge { .. } | DoorError::TooManyEvents { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        DoorError::BadEncoding | DoorError::MalformedJson { .. } | DoorError::EmptyBatch => StatusCode::BAD_REQUEST,
    }
}

fn of_erasures(error: &ErasuresError, message: String) -> ApiError {
    match error {
        ErasuresError::Full => EngineError::DiskFull.into(),
        ErasuresError::Io { .. }
        | ErasuresError::Damaged { .. }
        | ErasuresError::UnknownVersion { .. }
        | ErasuresError::SideFull
        | ErasuresError::Failed => ApiError::retry("erasures_failed", message, "30"),
    }
}

fn of_command(refusal: CommandRefusal, message: String) -> ApiError {
    let code = match refusal {
        CommandRefusal::UnknownBreaker
        | CommandRefusal::UnknownAccount
        | CommandRefusal::UnknownConversation
        | CommandRefusal::NotScored
        | CommandRefusal::UnknownResource => {
            return ApiError::new(StatusCode::NOT_FOUND, "not_found", message);
        }
        CommandRefusal::BreakerResolved => "breaker_resolved",
        CommandRefusal::BreakerNotAcknowledged => "breaker_not_acknowledged",
        CommandRefusal::BreakerActive => "breaker_active",
        CommandRefusal::TooManyNotes => "too_many_notes",
        CommandRefusal::TooManyLabels => "too_many_labels",
        CommandRefusal::NotOverridden => "not_overridden",
        CommandRefusal::ResourceChanged => "resource_changed",
        CommandRefusal::TooManyResources => "too_many_resources",
        CommandRefusal::EffectGone => "effect_gone",
        CommandRefusal::NotCalibrated => "not_calibrated",
    };
    ApiError::new(StatusCode::CONFLICT, code, message)
}

fn of_system(refusal: SystemRefusal, message: String) -> ApiError {
    match refusal {
        SystemRefusal::WorkspaceExists => ApiError::new(StatusCode::CONFLICT, "workspace_exists", message),
        SystemRefusal::KeyExists => ApiError::new(StatusCode::CONFLICT, "key_exists", message),
        SystemRefusal::ReservedId => ApiError::invalid(vec![Fault::at("id", message)]),
        SystemRefusal::UnknownWorkspace | SystemRefusal::UnknownKey => {
            ApiError::new(StatusCode::NOT_FOUND, "not_found", message)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::Id;

    #[test]
    fn r2_8_why_there_is_no_snapshot() {
        let cases = [
            (ServiceError::WorkspaceWithoutState(Id(7)), 503, "workspace_unavailable"),
            (ServiceError::SnapshotInUse, 503, "snapshot_in_use"),
            (ServiceError::NoSpaceForSnapshot, 507, "disk_full"),
            (ServiceError::Snapshots, 500, "snapshots_failed"),
        ];
        for (error, status, code) in cases {
            let failure = ApiError::from(error);
            assert_eq!((failure.status.as_u16(), failure.code), (status, code));
            let retries = failure.header.as_ref().is_some_and(|(name, _)| name == header::RETRY_AFTER);
            assert_eq!(retries, status != 500, "{code}");
        }
        let named = ApiError::from(ServiceError::WorkspaceWithoutState(Id(7)));
        assert!(named.message.contains("00000000-0000-0000-0000-000000000007"), "{}", named.message);
    }
}
