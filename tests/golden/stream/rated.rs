//! What version 7 has on top: ratings by links, follow-up mails, and a calibration.

use super::*;

impl Maker {
    pub fn rated(&mut self, events: &mut Events) {
        self.apply_version = 2;
        let delay =
            CsatPatch { email_followup_enabled: Some(true), follow_up_delay_minutes: Some(30), ..CsatPatch::default() };
        self.command(LIVE, Command::PatchCsatConfig(delay));
        for (number, mark) in [(801, 1), (802, 1), (803, 2), (804, 3), (805, 4)] {
            self.group([(LIVE, Record::Events(events.asked(number, mark)))]);
        }
        self.rate(events, 801, 2, Some("slow"));
        self.rate(events, 801, 4, None);
        self.rate(events, 899, 4, None);
        self.group([(LIVE, Record::Events(vec![events.survey(805, 3)]))]);
        self.mails(events);
        self.group([(LIVE, Record::OptOut { conversation: events.conversation(803) })]);
        self.group([(LIVE, Record::OptOut { conversation: events.conversation(899) })]);
        self.calibrate();
        // What has settled is rated.
        self.now += 8 * DAY;
        self.group([(LIVE, Record::Events(vec![events.survey(802, 1)]))]);
        self.rate(events, 804, 5, None);
    }

    fn rate(&mut self, events: &Events, conversation: u64, rating: u8, comment: Option<&str>) {
        let conversation = events.conversation(conversation);
        let rating = LinkRating { conversation, ending: 0, rating, comment: comment.map(Into::into) };
        self.group([(LIVE, Record::Rated(rating))]);
    }

    fn mails(&mut self, events: &Events) {
        self.now += HOUR;
        let at = self.now;
        let note = |number, outcome| MailNote { conversation: events.conversation(number), ending: 0, at, outcome };
        let failed = |fault, next| MailOutcome::Failed { fault, next };
        let notes = vec![
            note(802, MailOutcome::Sent { quiet_until: at + 30 * DAY }),
            note(803, failed(MailFault::Deferred(451), Some(at + HOUR))),
            note(804, failed(MailFault::Unreachable, Some(at + HOUR))),
            note(805, failed(MailFault::Late, None)),
            note(899, failed(MailFault::Timeout, None)),
        ];
        self.group([(LIVE, Record::Mails(notes))]);
        self.group([(LIVE, Record::Mails(vec![note(804, failed(MailFault::Refused(550), None))]))]);
    }

    fn calibrate(&mut self) {
        let calibrated = Calibrated {
            model: ScoringModel::Support2,
            level: [-0.25, 1.5, 3.75].map(Exact),
            weights: BTreeMap::from([(SignalKind::Praise, Exact(1.25)), (SignalKind::Rating, Exact(0.5))]),
            version: *b"gold",
            base: *b"golden-2",
            ratings: 240,
            accounts: 40,
        };
        self.command(TEST, Command::Calibrate(None));
        self.command(LIVE, Command::Calibrate(Some(Box::new(calibrated.clone()))));
        let level = Level { shift: -0.25, spread: 1.5, center: 3.75 };
        let effects = EffectsKept { hours: 36, most: 5_000 };
        let settings = Box::new(Settings { effects, ..model_settings() });
        self.group([(LIVE, Record::LeveledSettings { settings, level })]);
        let (from, to) = (None, Some(Box::new(calibrated)));
        let repeat = Repeat {
            actor: Some("ana@example.com".into()),
            action: SideAction::Calibrated { from, to },
            outcome: AuditOutcome::Unchanged,
            count: 1,
            last: self.now,
        };
        self.group([(LIVE, Record::Repeats(vec![repeat]))]);
    }
}
