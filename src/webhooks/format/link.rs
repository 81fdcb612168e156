//! Where people can look further: the place of the dashboard that is about what an effect tells (R12.1).

use crate::domain::ids::Id;
use crate::wire::effect::{Effect, EffectData};

/// The address of that place, of a workspace. A dashboard whose address has a fragment is somebody else's: it stays as it is.
pub fn link(dashboard: &str, workspace: Id, effect: &Effect) -> String {
    if dashboard.contains('#') {
        return dashboard.to_owned();
    }
    let (page, id) = match &effect.data {
        EffectData::Scored(scored) => ("conversations", Some(scored.quality.conversation_id)),
        EffectData::Ended(ended) => ("conversations", ended.conversation_id),
        EffectData::Breaker(change) => ("breakers", Some(change.breaker.id)),
        EffectData::Risk(risk) => ("accounts", Some(risk.account_id)),
        EffectData::Settings(_) => ("settings", None),
    };
    let one = id.filter(|id| *id != Id::NIL).map(|id| format!("/{id}")).unwrap_or_default();
    format!("{dashboard}#/w/{workspace}/{page}{one}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::effect::EffectType;
    use crate::wire::effect::example;

    #[test]
    fn r8_3_every_type_leads_to_what_it_is_about() {
        let shown = |kind| link("https://t.example/", Id::NIL, &example(kind));
        let ids = EffectType::ALL.map(|kind| shown(kind).replace(&Id::NIL.to_string(), "W"));
        let (account, conversation) = ("0191b5a2-7c3e-7d11-9f00-00000000acc1", "0191b5a2-7c3e-7d11-9f00-00000000c0f1");
        let breaker = serde_json::to_value(example(EffectType::BreakerTriggered)).expect("JSON")["data"]["id"].clone();
        let breaker = format!("https://t.example/#/w/W/breakers/{}", breaker.as_str().expect("an id"));
        let of_conversation = format!("https://t.example/#/w/W/conversations/{conversation}");
        let expected = [
            of_conversation.clone(),
            of_conversation,
            breaker.clone(),
            breaker.clone(),
            breaker.clone(),
            breaker,
            format!("https://t.example/#/w/W/accounts/{account}"),
            "https://t.example/#/w/W/settings".to_owned(),
        ];
        assert_eq!(ids, expected);
    }

    #[test]
    fn r8_3_what_is_erased_has_no_page_and_anothers_dashboard_stays() {
        let mut effect = example(EffectType::ConversationResolved);
        let EffectData::Ended(ended) = &mut effect.data else { panic!("an end") };
        ended.conversation_id = None;
        assert_eq!(
            link("https://t.example/x", Id::NIL, &effect),
            format!("https://t.example/x#/w/{}/conversations", Id::NIL)
        );
        assert_eq!(link("https://t.example/#board", Id::NIL, &effect), "https://t.example/#board");
    }
}
