//! Ratings by links, calibrations, and the follow-up mails that are due.

use crate::domain::calibrated::Calibrated;
use crate::domain::follow_up::MailNote;
use crate::domain::ids::{Id, WorkspaceKey};
use crate::domain::rating::{Given, LinkRating, RatingRefusal};
use crate::domain::record::{Command, Record};
use crate::domain::reply::{CommandRefusal, Reply};
use crate::domain::time::Millis;

use super::engine::{Engine, unlike};
use super::error::EngineError;
use super::handle::Status;

impl Engine {
    /// R13.2: a customer's rating; what is recorded then.
    pub async fn rate(
        &self,
        key: WorkspaceKey,
        rating: LinkRating,
    ) -> Result<Result<Given, RatingRefusal>, EngineError> {
        match self.write_counted(key, Record::Rated(rating)).await? {
            Reply::Rated(outcome) => Ok(outcome),
            other => Err(unlike(&other)),
        }
    }

    /// The contact of a conversation wants no mail; whether one is known.
    pub async fn opt_out(&self, key: WorkspaceKey, conversation: Id) -> Result<bool, EngineError> {
        match self.write_counted(key, Record::OptOut { conversation }).await? {
            Reply::OptedOut(known) => Ok(known),
            other => Err(unlike(&other)),
        }
    }

    /// R5.10: this calibration is in force from here on, or none.
    pub async fn calibrate(
        &self,
        key: WorkspaceKey,
        actor: &str,
        calibrated: Option<Calibrated>,
    ) -> Result<Result<(), CommandRefusal>, EngineError> {
        let command = Command::Calibrate(calibrated.map(Box::new));
        match self.write_own_settings(key, Record::Command { actor: actor.into(), command }).await? {
            (Reply::Accepted(outcome), _) => Ok(outcome),
            (other, _) => Err(unlike(&other)),
        }
    }

    /// What became of mails.
    pub async fn note_mails(&self, key: WorkspaceKey, notes: Vec<MailNote>) -> Result<(), EngineError> {
        self.note(key, Record::Mails(notes)).await
    }

    /// The sides in which a mail may be tried by now, those that wait longest first.
    pub fn sides_with_mail(&self, now: Millis) -> Vec<WorkspaceKey> {
        let mut due: Vec<(Millis, WorkspaceKey)> = self.mails().filter(|(next, _)| *next <= now).collect();
        due.sort_unstable();
        due.into_iter().map(|(_, key)| key).collect()
    }

    /// When the next mail of any side is to be tried; none while none is due.
    pub fn next_mail(&self) -> Option<Millis> {
        self.mails().map(|(next, _)| next).min().filter(|next| *next < Millis::MAX)
    }

    fn mails(&self) -> impl Iterator<Item = (Millis, WorkspaceKey)> {
        let serving = self.shared.directory.workspaces().into_iter().filter(|side| side.status() == Status::Serving);
        serving.map(|side| (side.next_mail(), side.key))
    }

    /// Waits until a mail is due sooner than before anywhere. What happens between two calls is not missed.
    pub async fn mail_news(&self) {
        self.shared.mail_news.notified().await;
    }
}
