//! Where mails that are due come from, and where it is noted what became of them.

use futures::future::BoxFuture;

use super::template::Template;
use crate::actors::EngineError;
use crate::domain::follow_up::{DueMail, MailNote};
use crate::domain::message::LanguageCode;
use crate::domain::time::Millis;

/// A mail that is due, with what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    pub mail: DueMail,
    pub language: LanguageCode,
    pub template: Template,
}

/// One side of a workspace.
pub trait Source: Send + Sync + 'static {
    /// The one that has been due for the longest time.
    fn next(&self, now: Millis) -> BoxFuture<'_, Result<Option<Due>, EngineError>>;

    /// Writes what became of one.
    fn note(&self, note: MailNote) -> BoxFuture<'_, Result<(), EngineError>>;

    /// The workspace's name; none where it is deleted.
    fn workspace(&self) -> Option<Box<str>>;
}
