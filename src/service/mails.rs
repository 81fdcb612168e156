//! Follow-up mails (R13.2b): what they say (a workspace's own templates, before those that are built in), and what became
//! of them.

use std::collections::BTreeMap;

use super::{Principal, Service, ServiceError};
use crate::domain::ids::WorkspaceKey;
use crate::domain::message::LanguageCode;
use crate::domain::reply::CommandRefusal;
use crate::domain::resource::{Resource, ResourceChange, ResourceRecord};
use crate::mail::template::{KIND, MOST, OwnTemplate, Template, id};
use crate::mail::texts;
use crate::wire::follow_up::FollowUpMails;
use crate::wire::mail_template::{MailTemplate, NewMailTemplate};
use crate::wire::values::Timestamp;

/// How often a change is tried whose template somebody else has changed meanwhile.
const TRIES: usize = 3;

impl Service {
    /// What became of a side's mails.
    pub async fn follow_ups(&self, key: WorkspaceKey) -> Result<FollowUpMails, ServiceError> {
        let mails = self.engine.read(key, |workspace| workspace.follow_ups()).await?;
        Ok(FollowUpMails::new(self.mails, mails))
    }

    /// All of a side, by language: those that are built in, too, where there is no other.
    pub async fn mail_templates(&self, key: WorkspaceKey) -> Result<Vec<MailTemplate>, ServiceError> {
        let own = self.engine.read(key, |workspace| {
            let all = workspace.resources(KIND).into_iter();
            all.cloned().collect::<Vec<_>>()
        });
        let built_in = texts::languages().filter_map(|language| Some((language, built_in(language)?)));
        let mut found: BTreeMap<LanguageCode, MailTemplate> = built_in.collect();
        // One that cannot be read does not say of which language it is, unless that has a text built in.
        for resource in own.await? {
            let known = OwnTemplate::open(&self.webhooks.sealer, key, &resource).ok().map(|own| own.language);
            if let Some(language) = known.or_else(|| texts::languages().find(|code| id(*code) == resource.id)) {
                found.insert(language, self.shown(key, language, &resource));
            }
        }
        Ok(found.into_values().collect())
    }

    pub async fn mail_template(&self, key: WorkspaceKey, language: LanguageCode) -> Result<MailTemplate, ServiceError> {
        let own = self.own_template(key, language).await?.map(|resource| self.shown(key, language, &resource));
        own.or_else(|| built_in(language)).ok_or(ServiceError::UnknownMailTemplate)
    }

    /// Sets the template of a language.
    pub async fn put_mail_template(
        &self,
        who: &Principal,
        key: WorkspaceKey,
        language: LanguageCode,
        new: NewMailTemplate,
    ) -> Result<MailTemplate, ServiceError> {
        let NewMailTemplate { subject, text } = new;
        let own = OwnTemplate { language, template: Template { subject, text } };
        let mut tries = 1;
        loop {
            let known = self.own_template(key, language).await?;
            let is_same = |held: &Resource| OwnTemplate::open(&self.webhooks.sealer, key, held).as_ref() == Ok(&own);
            if let Some(same) = known.as_ref().filter(|held| is_same(held)) {
                return Ok(self.shown(key, language, same));
            }
            let body = own.seal(&self.webhooks.sealer, key, self.ids.as_ref());
            let change = match known {
                Some(known) => ResourceChange::Changed { body, from: known.changed.1 },
                None => ResourceChange::Made { body, most: MOST },
            };
            match self.change_template(who, key, language, change).await {
                Err(ServiceError::Command(CommandRefusal::ResourceChanged | CommandRefusal::UnknownResource))
                    if tries < TRIES =>
                {
                    tries += 1;
                }
                changed => return changed.map(|resource| self.shown(key, language, &resource)),
            }
        }
    }

    /// Takes the template of a language back; answers it as it was.
    pub async fn delete_mail_template(
        &self,
        who: &Principal,
        key: WorkspaceKey,
        language: LanguageCode,
    ) -> Result<MailTemplate, ServiceError> {
        if self.own_template(key, language).await?.is_none() {
            return Err(ServiceError::UnknownMailTemplate);
        }
        let gone = self.change_template(who, key, language, ResourceChange::Gone).await?;
        Ok(self.shown(key, language, &gone))
    }

    async fn own_template(&self, key: WorkspaceKey, language: LanguageCode) -> Result<Option<Resource>, ServiceError> {
        Ok(self.engine.read(key, move |workspace| workspace.resource(KIND, id(language)).cloned()).await?)
    }

    async fn change_template(
        &self,
        who: &Principal,
        key: WorkspaceKey,
        language: LanguageCode,
        change: ResourceChange,
    ) -> Result<Resource, ServiceError> {
        let record = ResourceRecord { kind: KIND.into(), id: id(language), change };
        Ok(self.engine.change_resource(key, Some(&who.actor), record).await??)
    }

    fn shown(&self, key: WorkspaceKey, language: LanguageCode, resource: &Resource) -> MailTemplate {
        let own = OwnTemplate::open(&self.webhooks.sealer, key, resource).ok();
        let (subject, text) = own.map(|own| (own.template.subject, own.template.text)).unzip();
        let language = language.as_str().to_owned();
        MailTemplate { language, subject, text, changed_at: Some(Timestamp(resource.changed.0)) }
    }
}

fn built_in(language: LanguageCode) -> Option<MailTemplate> {
    let Template { subject, text } = texts::template(language)?.clone();
    let language = language.as_str().to_owned();
    Some(MailTemplate { language, subject: Some(subject), text: Some(text), changed_at: None })
}
