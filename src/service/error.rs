//! Why a use case was refused. `http::error` maps it to status codes.

use std::time::Duration;

use super::door::DoorError;
use super::quota::OverQuota;
use crate::actors::EngineError;
use crate::domain::calibration::Verdict;
use crate::domain::ids::Id;
use crate::domain::reply::CommandRefusal;
use crate::domain::system::SystemRefusal;
use crate::erasures::ErasuresError;
use crate::wire::failure::Fault;

/// Why a use case was refused or failed. The sentences go to the client.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// No, an unknown, an expired or a revoked credential; never says which.
    #[error("A valid credential is required.")]
    Unauthorized,
    /// A token may be good, but no key of the issuer was ever seen.
    #[error("The issuer's keys have not been loaded yet, so tokens cannot be checked; API keys can.")]
    IdentityUnavailable { retry_after: Duration },
    /// Also for another tenant's workspace: the two must look the same (R2.8).
    #[error("No workspace exists with the given ID.")]
    UnknownWorkspace,
    #[error("No conversation exists with the given ID.")]
    UnknownConversation,
    #[error("No quality score exists for this conversation.")]
    NoScore,
    #[error("The explanation of this score is no longer kept.")]
    ExplanationGone,
    #[error("No account exists with the given ID or no health data is available.")]
    UnknownAccount,
    #[error("More than one workspace has this ID; say which with workspaceId.")]
    AmbiguousWorkspace,
    #[error("{0}")]
    Forbidden(&'static str),
    /// Whoever may choose it could ask whether another tenant has it.
    #[error("The id of a workspace is chosen by the server.")]
    IdNotAllowed,
    #[error("A circuit breaker of the workspace is active; force=true deletes it all the same.")]
    BreakersActive,
    /// Which one, if it is still.
    #[error("A circuit breaker of this scope is active already.")]
    BreakerActive(Option<Id>),
    #[error("The tenant has as many workspaces as it may make ({0}).")]
    TooManyWorkspaces(usize),
    #[error("The tenant has as many API keys as it may make ({0}), revoked and expired ones included.")]
    TooManyKeys(usize),
    #[error("The scores of the workspace were made in as many ways as can be told apart.")]
    TooManyProfiles,
    #[error("The tenant has as many streams open as it may ({0}).")]
    TooManyStreams(usize),
    #[error("The credential has as many tickets as it may ({0}) that were not used yet.")]
    TooManyTickets(usize),
    #[error("The tenant has a backtest under way; it can have one at a time.")]
    BacktestRunning,
    #[error("{}", why_not(*.0))]
    NothingOffered(Verdict),
    #[error("What is offered has changed; it is {0} now.")]
    OfferChanged(String),
    #[error("No backtest exists with the given ID; answers are kept for ten minutes.")]
    UnknownBacktest,
    /// Malformed or out of range, with every fault.
    #[error("The request is not valid.")]
    Invalid(Vec<Fault>),
    #[error(transparent)]
    Command(#[from] CommandRefusal),
    #[error(transparent)]
    System(#[from] SystemRefusal),
    #[error(transparent)]
    OverQuota(OverQuota),
    #[error(transparent)]
    Door(#[from] DoorError),
    /// Its message names files, so it is not for the client.
    #[error("The erasure could not be recorded.")]
    Erasures(#[from] ErasuresError),
    #[error("The server cannot do this now.")]
    Engine(#[from] EngineError),
    #[error("No webhook exists with the given ID.")]
    UnknownWebhook,
    #[error("No delivery exists with the given ID; the last 100 that are over are kept.")]
    UnknownDelivery,
    #[error("The language has no template of the workspace's own, and none built in.")]
    UnknownMailTemplate,
    #[error("The webhook is disabled.")]
    WebhookDisabled,
    /// Nobody knows how customers reach the server.
    #[error("The server makes no satisfaction links ([ratings] public_url is not set).")]
    LinksNotConfigured,
    /// Forged, or of what is not there any more.
    #[error("This is no satisfaction link.")]
    UnknownLink,
    #[error("The satisfaction link has expired.")]
    LinkExpired,
    /// The conversation has ended again since.
    #[error("The satisfaction link is of an earlier end of the conversation.")]
    LinkSuperseded,
    /// Its rating cannot be changed any more.
    #[error("The satisfaction link was used.")]
    LinkUsed,
    #[error("This server is alone: it is no node of a cluster.")]
    NotClustered,
    #[error("No snapshot exists with the given number.")]
    UnknownSnapshot,
    /// No cut of it can be had.
    #[error("Workspace {0} is being rebuilt, or down; there is no snapshot without it.")]
    WorkspaceWithoutState(Id),
    #[error("The disk is full; nothing is left of the snapshot.")]
    NoSpaceForSnapshot,
    #[error("The snapshot is in use.")]
    SnapshotInUse,
    /// The cause is in the log.
    #[error("The snapshots could not be read or written; the server's log says why.")]
    Snapshots,
}

/// Why no calibration is offered (R5.10).
const fn why_not(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::TooFew => "There are too few ratings to fit a profile to.",
        Verdict::Unrelated => "The ratings do not go with the scores, so no profile is offered.",
        Verdict::WithinNoise => "No profile would agree with the ratings better by more than noise.",
        Verdict::Offered => "The profile is offered.",
    }
}
