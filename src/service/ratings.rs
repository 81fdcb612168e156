//! What customers say of a conversation, through their link (R13.2). Whoever opens one is nobody that is known: the link
//! alone says what may be done.

use super::tenant_load::Visit;
use super::{Principal, Service, ServiceError};
use crate::domain::ids::{Id, IdName, WorkspaceKey};
use crate::domain::rating::{Given, LinkRating, RatingRefusal};
use crate::domain::system::Permission;
use crate::domain::time::{Millis, SECOND};
use crate::links::Link;

/// A link of this server's that somebody has opened, of a workspace that is there.
pub struct Opened {
    link: Link,
    pub workspace_name: Box<str>,
    /// It counts as a request of the workspace's tenant.
    pub visit: Visit,
}

impl Service {
    /// A link to rate a conversation with, and until when it is good.
    pub async fn satisfaction_link(
        &self,
        who: &Principal,
        name: &IdName,
        workspace: Option<Id>,
    ) -> Result<(String, Millis), ServiceError> {
        let now = self.now();
        let ask = |key: WorkspaceKey| async move {
            let conversation = name.within(key.id);
            let terms = self.engine.read(key, move |asked| asked.link_terms(conversation, now)).await?;
            let link = |expires, ending| Link { key, conversation, ending, expires: expires / SECOND * SECOND };
            Ok(terms.map(|terms| link(terms.expires, terms.ending)))
        };
        let write = &[Permission::QualityWrite];
        let link = self.one_of(who, write, workspace, ServiceError::UnknownConversation, ask).await?;
        let url = self.links.url(&link, now).ok_or(ServiceError::LinksNotConfigured)?;
        Ok((url, link.expires))
    }

    /// The workspace of a link of this server's, whether or not it is there.
    pub fn linked_workspace(&self, token: &str) -> Option<Id> {
        self.links.read(token).ok().map(|link| link.key.id)
    }

    /// The link that a token is of. A forged one costs nothing but its check.
    pub async fn open_link(&self, token: &str) -> Result<Opened, ServiceError> {
        let link = self.links.read(token).map_err(|_| ServiceError::UnknownLink)?;
        let table = self.engine.system_table();
        let entry = table.workspace(link.key.id).ok_or(ServiceError::UnknownLink)?;
        let who = Principal::of_link(&link, entry.tenant.clone());
        let visit = self.enter(&who).await?;
        // A side without a record has no conversation.
        if !self.engine.has_record(link.key) {
            return Err(ServiceError::UnknownLink);
        }
        Ok(Opened { link, workspace_name: entry.name.clone(), visit })
    }

    /// What was said through the link, which may still be changed.
    pub async fn asked(&self, opened: &Opened) -> Result<Option<Given>, ServiceError> {
        let Link { key, conversation, ending, expires } = opened.link;
        let now = self.now();
        let asked = self.engine.read(key, move |workspace| workspace.asked(conversation, ending, now)).await?;
        // That there is nothing to rate is said before that it is too late.
        match asked {
            Err(RatingRefusal::Unknown) => Err(ServiceError::UnknownLink),
            _ if expires <= now => Err(ServiceError::LinkExpired),
            asked => Ok(asked?),
        }
    }

    /// Records what the customer says; the same again is none.
    pub async fn rate(&self, opened: &Opened, rating: u8, comment: Option<String>) -> Result<Given, ServiceError> {
        let given = self.asked(opened).await?;
        match given {
            Some(given) if given.rating == rating && given.comment == comment => Ok(given),
            _ => {
                let Link { key, conversation, ending, .. } = opened.link;
                let said = LinkRating { conversation, ending, rating, comment: comment.map(Into::into) };
                Ok(self.engine.rate(key, said).await??)
            }
        }
    }

    /// No more mail that asks this customer; whether there is an address that it could go to. Also through a link that
    /// has expired.
    pub async fn opt_out(&self, opened: &Opened) -> Result<bool, ServiceError> {
        let Link { key, conversation, .. } = opened.link;
        match self.engine.read(key, move |workspace| workspace.has_opted_out(conversation)).await? {
            Some(false) => Ok(self.engine.opt_out(key, conversation).await?),
            known => Ok(known.is_some()),
        }
    }
}

impl From<RatingRefusal> for ServiceError {
    fn from(refusal: RatingRefusal) -> Self {
        match refusal {
            RatingRefusal::Unknown => Self::UnknownLink,
            RatingRefusal::Superseded => Self::LinkSuperseded,
            RatingRefusal::Used => Self::LinkUsed,
            RatingRefusal::TooOld => Self::LinkExpired,
        }
    }
}
