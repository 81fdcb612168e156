//! What versions 5 and 6 have on top.

use super::*;

impl Maker {
    /// What version 5 has on top: settings with the effects that are kept and settings of a side, breakers of channels, by
    /// hand and forgotten, overrides, and an endpoint with every outcome of a delivery.
    pub fn heard_at_once(&mut self, events: &mut Events) {
        let effects = EffectsKept { hours: 36, most: 5_000 };
        self.group([(LIVE, Record::Settings(Box::new(Settings { effects, ..model_settings() })))]);
        let patch = OwnPatchV1 {
            min_confidence: Some(Some(Hundredths(20))),
            min_signals: Some(Some(2)),
            channel_breakers: Some(Some(true)),
            intent_breakers: Some(Some(true)),
            forgotten_after_hours: Some(Some(4)),
        };
        self.command(LIVE, Command::PatchSettingsV1(patch));
        self.endpoint();
        for low in 0..8 {
            let mut import = events.import(700 + low, 10 + low, 130 + 5 * low as u16, None);
            import.channel = Some("chat".into());
            import.intent = Some(if low % 2 == 0 { "refund" } else { "delivery" }.into());
            self.group([(LIVE, Record::Events(vec![import]))]);
        }
        let conversation = events.conversation(700);
        let said = |resolved| Override {
            conversation,
            dimensions: [450, 400, 350].map(Hundredths),
            resolved,
            reason: "the refund was made".into(),
        };
        self.command(LIVE, Command::Override(said(None)));
        self.command(LIVE, Command::Override(said(Some(true))));
        self.command(LIVE, Command::Override(Override { conversation: events.conversation(701), ..said(None) }));
        self.command(LIVE, Command::TakeBack { conversation: events.conversation(701) });
        let scopes = [
            BreakerScope::Account(Events::account(11)),
            BreakerScope::Label(LabelKind::Intent, "warranty".into()),
            BreakerScope::Account(Id(9)),
        ];
        for scope in scopes {
            self.command(LIVE, Command::Trip { scope, reason: "a recall".into() });
        }
        let breaker = self.breaker(LIVE);
        self.command(LIVE, Command::Note { breaker, note: "called them".into() });
        self.now += 5 * HOUR;
        self.group([(LIVE, Record::Forgotten)]);
        self.command(LIVE, Command::Acknowledge { breaker, note: None });
        self.command(LIVE, Command::Resolve { breaker, note: Some("done".into()) });
        self.deliveries();
    }

    fn endpoint(&mut self) {
        let body = |version, wants: EffectTypes| ResourceBody { version, wants, content: b"sealed".as_slice().into() };
        let record = |id, change| Record::Resource {
            actor: Some("ana@example.com".into()),
            record: ResourceRecord { kind: "webhook".into(), id, change },
        };
        let made = |wants| ResourceChange::Made { body: body(1, wants), most: 2 };
        for id in [ENDPOINT, Id(78), Id(79)] {
            self.group([(LIVE, record(id, made(EffectTypes::ALL)))]);
        }
        let from = Position::new(self.seqs[&LIVE] - 2, 0);
        let breakers = EffectType::ALL.into_iter().filter(|kind| kind.is_of_breaker()).collect();
        self.group([(LIVE, record(ENDPOINT, ResourceChange::Changed { body: body(2, breakers), from }))]);
        self.group([(LIVE, record(ENDPOINT, ResourceChange::Changed { body: body(3, breakers), from }))]);
        self.group([(LIVE, record(Id(78), ResourceChange::Gone))]);
    }

    fn deliveries(&mut self) {
        let types = EffectType::ALL.into_iter().filter(|kind| kind.is_of_breaker()).collect();
        let filter = EffectFilter { types, account: None };
        let page = self.sides[&LIVE].workspace.effects(EffectId::ZERO, &filter, 100);
        let ids: Vec<EffectId> = page.effects.iter().rev().take(5).rev().map(|effect| effect.id).collect();
        let attempt = |status, fault| Attempt { at: self.now, milliseconds: 120, status, fault };
        let outcomes = vec![
            (ids[0], Outcome::Delivered(attempt(Some(204), None))),
            (ids[1], Outcome::Failed(attempt(None, Some(DeliveryFault::Connect)))),
            (ids[2], Outcome::Abandoned(Some(attempt(Some(500), Some(DeliveryFault::Status))))),
            (ids[3], Outcome::Open),
        ];
        let notes = DeliveryNotes { endpoint: ENDPOINT, upto: ids[3], outcomes };
        self.group([(LIVE, Record::Deliveries(notes))]);
        self.command(LIVE, Command::Resend { endpoint: ENDPOINT, effect: ids[0] });
        self.command(LIVE, Command::Resend { endpoint: ENDPOINT, effect: EffectId::ZERO });
        self.command(LIVE, Command::Replay { endpoint: ENDPOINT, since: self.now - 1_000 });
    }

    /// What version 6 has on top: settings that config.toml has, too, set and taken back, and a count of such a patch.
    pub fn set_more(&mut self) {
        let parts = |parts: [f64; 3]| parts.map(Exact);
        let weight = |weight, loadings| Some(OwnWeight { weight: Exact(weight), loadings });
        let weights = BTreeMap::from([
            (SignalKind::Praise, weight(2.25, Some(parts([1.0, 2.0, 1.0])))),
            (SignalKind::Complaint, weight(0.125, None)),
            (SignalKind::Rating, None),
        ]);
        let patch = OwnPatch {
            min_confidence: Some(None),
            model: Some(Some(ScoringModel::Task1)),
            default_language: LanguageCode::new("fil").map(Some),
            composite_weights: Some(Some(parts([0.5, 0.25, 0.25]))),
            workspace_factor: Some(Some(2)),
            window_conversations: Some(Some(20)),
            window_days: Some(Some(30)),
            signal_weights: Some(Some(weights)),
            ..OwnPatch::default()
        };
        self.command(LIVE, Command::PatchSettings(patch.clone()));
        let back = OwnPatch { model: Some(None), signal_weights: Some(None), ..OwnPatch::default() };
        self.command(TEST, Command::PatchSettings(patch.clone()));
        self.command(TEST, Command::PatchSettings(back));
        let patched = OwnPatched { from: OwnPatch::default(), to: patch };
        let action = SideAction::SettingsPatched(Box::new(patched));
        let actor = Some(Box::from("ana@example.com"));
        let repeat = Repeat { actor, action, outcome: AuditOutcome::Unchanged, count: 2, last: self.now };
        self.group([(LIVE, Record::Repeats(vec![repeat]))]);
    }
}
