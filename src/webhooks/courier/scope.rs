//! What is delivered in order: the effects of one account, of one conversation that has none, of one label, or of the
//! workspace.

use crate::domain::effect::{EffectContent, EffectView};
use crate::domain::ids::Id;

/// One order of delivery.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    Account(Id),
    Conversation(Id),
    /// A channel or an intent, as in its breaker's `scopeKey`.
    Label(Box<str>),
    Workspace,
}

impl From<&EffectView> for Scope {
    fn from(effect: &EffectView) -> Self {
        let of = |account: Option<Id>, conversation| account.map_or(Self::Conversation(conversation), Self::Account);
        match &effect.content {
            EffectContent::ConversationScored(view) => of(view.account, view.quality.conversation_id),
            EffectContent::ConversationResolved { conversation, account, .. } => {
                of(*account, conversation.unwrap_or(Id::NIL))
            }
            EffectContent::Breaker(view) => match view.account {
                Some(account) => Self::Account(account),
                None if view.breaker.scope_key.starts_with("workspace:") => Self::Workspace,
                None => Self::Label(view.breaker.scope_key.as_str().into()),
            },
            EffectContent::RiskChanged { account, .. } => Self::Account(*account),
            EffectContent::SettingsChanged(_) => Self::Workspace,
        }
    }
}
