use super::action::STEPS;
use super::*;
use crate::domain::audit::{OwnPatched, Patched, SideAction, SystemAction};
use crate::domain::ids::Position;
use crate::domain::score::Hundredths;

fn key() -> KeyNote {
    KeyNote {
        name: "ingest".into(),
        key_prefix: "sf_live_v1_abcd".into(),
        tenant: Some("nordic".into()),
        workspace: Some(Id(7)),
        side: Side::Live,
        scopes: vec![Permission::EventsWrite],
        expires_at: Some(1_774_432_800_000),
    }
}

fn patched() -> Patched {
    let from = CsatPatch {
        link_expiry_days: Some(14),
        threshold_low_composite: Some(Hundredths(300)),
        baseline_outcome: Some(None),
        ..CsatPatch::default()
    };
    let to = CsatPatch {
        link_expiry_days: Some(30),
        threshold_low_composite: Some(Hundredths(310)),
        baseline_outcome: Some(Some(Hundredths(400))),
        ..CsatPatch::default()
    };
    Patched { from, to }
}

fn back<A: Action + PartialEq + std::fmt::Debug>(action: &A) -> String {
    let Shown { name, target, details } = action.shown();
    assert!(ACTIONS.contains(&name), "{name}");
    let text = serde_json::to_string(&details).unwrap();
    let read = A::of(name, target, serde_json::from_str(&text).unwrap());
    assert_eq!(read.as_ref(), Some(action), "{text}");
    assert!(A::of("nothing", target, details.clone()).is_none());
    let stray = AuditDetails { event: Some("1-1".into()), name: Some("x".into()), ..details };
    assert!(A::of(name, target, stray).is_none(), "what is not its own is refused");
    text
}

#[test]
fn every_action_comes_back_from_what_is_shown_of_it() {
    assert_eq!(
        back(&SideAction::CsatConfigPatched(Box::new(patched()))),
        concat!(
            r#"{"from":{"linkExpiryDays":14,"thresholdLowComposite":3,"baselineOutcome":null},"#,
            r#""to":{"linkExpiryDays":30,"thresholdLowComposite":3.1,"baselineOutcome":4}}"#
        )
    );
    assert_eq!(back(&SideAction::BreakerAcknowledged { breaker: Id(9), noted: true }), r#"{"noted":true}"#);
    back(&SideAction::BreakerResolved { breaker: Id(9), noted: false });
    let settings = crate::domain::settings::Settings { secret_id: [0xab; 8], ..Default::default() };
    let installed = back(&SideAction::SettingsInstalled(Box::new((&settings).into())));
    assert!(installed.contains(r#""secretId":"abababababababab","profile":"#), "{installed}");
    assert_eq!([back(&SideAction::ConversationErased), back(&SideAction::ContactErased)], ["{}", "{}"]);
    assert_eq!(back(&SideAction::EventSkipped { event: Position::new(3, 2) }), r#"{"event":"3-2"}"#);
    assert_eq!(back(&SideAction::Others), "{}");
    let (from, to) = (OwnPatch { min_signals: Some(Some(3)), ..OwnPatch::default() }, OwnPatch::default());
    let patched = OwnPatched { to: OwnPatch { min_signals: Some(None), ..to }, from };
    assert_eq!(
        back(&SideAction::SettingsPatched(Box::new(patched))),
        r#"{"from":{"minSignals":3},"to":{"minSignals":null}}"#
    );
    for breaker in [Some(Id(9)), None] {
        assert_eq!(back(&SideAction::BreakerTripped { breaker }), "{}");
    }
    assert_eq!(back(&SideAction::BreakerNoted { breaker: Id(9) }), "{}");
    assert_eq!([back(&SideAction::ScoreOverridden), back(&SideAction::OverrideTakenBack)], ["{}", "{}"]);
    let endpoint = Id(9);
    back(&SideAction::DeliveriesReplayed { endpoint });
    back(&SideAction::DeliveryResent { endpoint });
    for step in STEPS {
        let resource = SideAction::Resource { kind: "webhook".into(), id: Id(9), step };
        assert_eq!(back(&resource), r#"{"kind":"webhook"}"#);
    }

    back(&SystemAction::WorkspaceCreated { id: Id(7), name: "Support".into(), tenant: "nordic".into() });
    back(&SystemAction::WorkspaceDeleted { id: Id(7), name: "Support".into(), tenant: "nordic".into() });
    let created = back(&SystemAction::KeyCreated { id: Id(8), key: Box::new(key()) });
    assert!(created.contains(r#""expiresAt":"2026-03-25T10:00:00.000Z""#), "{created}");
    back(&SystemAction::KeyRevoked { id: Id(8), key: Some(Box::new(key())) });
    back(&SystemAction::KeyRevoked { id: Id(8), key: None });
    back(&SystemAction::Others { tenant: Some("nordic".into()) });
}

#[test]
fn every_outcome_comes_back_from_its_name_and_code() {
    let refused = Refusal::ALL.map(AuditOutcome::Refused);
    for outcome in refused.into_iter().chain([AuditOutcome::Done, AuditOutcome::Unchanged]) {
        let (name, code) = Outcome::of(outcome);
        assert_eq!(name.with(code), Some(outcome));
        let text = serde_json::to_string(&code).unwrap();
        assert_eq!(serde_json::from_str::<Option<RefusalCode>>(&text).unwrap(), code);
    }
    let code = Some(RefusalCode(Refusal::KeyExists));
    assert_eq!((Outcome::Done.with(code), Outcome::Refused.with(None)), (None, None));
    assert!(serde_json::from_str::<RefusalCode>("\"x\"").is_err());
}
