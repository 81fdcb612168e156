//! A side of the engine, as a postman sees it.

use std::sync::Arc;

use futures::future::BoxFuture;

use super::postman::Office;
use super::source::{Due, Source};
use super::template::{KIND, OwnTemplate, Template, id};
use super::texts;
use crate::actors::{Engine, EngineError};
use crate::domain::follow_up::MailNote;
use crate::domain::ids::WorkspaceKey;
use crate::domain::message::LanguageCode;
use crate::domain::resource::Resource;
use crate::domain::time::Millis;

pub struct EngineSide {
    pub engine: Engine,
    pub office: Arc<Office>,
    pub key: WorkspaceKey,
}

impl EngineSide {
    async fn first(&self, now: Millis) -> Result<Option<Due>, EngineError> {
        let read = self.engine.read(self.key, move |workspace| {
            let mail = workspace.due_mails(now, 1).pop()?;
            let default = workspace.rules().settings.profile.default_language;
            let languages = mail.language.into_iter().chain([default, LanguageCode::ENGLISH]);
            let with_own = |language| (language, workspace.resource(KIND, id(language)).cloned());
            let known: Vec<_> = languages.map(with_own).collect();
            Some((mail, known))
        });
        Ok(read.await?.map(|(mail, known)| {
            let chosen = known.into_iter().find_map(|(language, own)| Some((language, self.template(language, own)?)));
            let (language, template) = chosen.expect("English has a text that is built in");
            Due { mail, language, template }
        }))
    }

    /// What mails in a language say: the workspace's own words, if they can be read, or those that are built in.
    fn template(&self, language: LanguageCode, own: Option<Resource>) -> Option<Template> {
        let own = own.and_then(|own| OwnTemplate::open(&self.office.sealer, self.key, &own).ok());
        own.map(|own| own.template).or_else(|| texts::template(language).cloned())
    }
}

impl Source for EngineSide {
    fn next(&self, now: Millis) -> BoxFuture<'_, Result<Option<Due>, EngineError>> {
        Box::pin(self.first(now))
    }

    fn note(&self, note: MailNote) -> BoxFuture<'_, Result<(), EngineError>> {
        Box::pin(self.engine.note_mails(self.key, vec![note]))
    }

    fn workspace(&self) -> Option<Box<str>> {
        self.engine.system_table().workspace(self.key.id).map(|entry| entry.name.clone())
    }
}
