//! R13.2b: whom a mail is to ask, and for how long an address is kept.

use super::erasure::{blocks_hold, restored};
use super::*;
use crate::domain::csat_config::CsatPatch;
use crate::domain::event::Resolution;
use crate::domain::follow_up::{Address, MailFault, MailNote, MailOutcome};
use crate::domain::life::ContactMark;
use crate::domain::time::MINUTE;

const ANNA: u8 = 1;
const BERT: u8 = 2;
/// Follow-ups are due so long after an end.
const DELAY: Millis = 60 * MINUTE;

fn sealed(whose: u8) -> Box<[u8]> {
    [b"sealed address ".as_slice(), &[whose]].concat().into()
}

impl Stage {
    fn asking() -> Self {
        let mut stage = Self::new();
        stage.switch(true);
        stage
    }

    fn switch(&mut self, on: bool) {
        let patch = CsatPatch { email_followup_enabled: Some(on), ..CsatPatch::default() };
        self.record(START, Record::Command { actor: "anna".into(), command: Command::PatchCsatConfig(patch) });
    }

    fn of(&mut self, receipt: Millis, conversation: u128, whose: Option<u8>, body: Body) {
        self.events += 1;
        let mut key = [0; 12];
        key[..8].copy_from_slice(&self.events.to_le_bytes());
        let address = whose.map(|whose| Address { mark: ContactMark::from_bytes([whose; 8]), sealed: sealed(whose) });
        let event = EventRecord {
            identity: Identity { key, content: 0 },
            time: None,
            conversation: Some(Id(conversation)),
            account: None,
            account_name: None,
            contact: None,
            channel: None,
            intent: None,
            body,
            address,
        };
        self.record(receipt, Record::Events(vec![event]));
    }

    /// A conversation of somebody is over.
    fn ends(&mut self, receipt: Millis, conversation: u128, whose: u8) {
        self.of(receipt, conversation, Some(whose), said());
        self.of(receipt, conversation, None, Body::ConversationResolved(Resolution::AiResolved));
    }

    fn note(&mut self, at: Millis, conversation: u128, outcome: MailOutcome) {
        let note = MailNote { conversation: Id(conversation), ending: 0, at, outcome };
        self.record(at, Record::Mails(vec![note]));
    }

    fn due(&self) -> Vec<u128> {
        let mails = self.local.workspace.due_mails(START + 1_000 * DAY, 99);
        mails.into_iter().map(|mail| mail.conversation.0).collect()
    }

    fn holds_address(&mut self, whose: u8) -> bool {
        blocks_hold(&mut self.local.workspace, &sealed(whose))
    }
}

#[test]
fn r13_2b_a_mail_is_due_after_the_end_and_not_after_a_reopening() {
    let mut stage = Stage::asking();
    stage.ends(START, 1, ANNA);
    assert_eq!((stage.due(), stage.local.workspace.next_mail()), (vec![1], Some(START + DELAY)));
    assert_eq!(stage.local.workspace.due_mails(START + DELAY - 1, 99), []);
    stage.of(START + 1, 1, None, Body::StatusChanged(Status::Open));
    assert_eq!((stage.due(), stage.holds_address(ANNA)), (vec![], true));
    stage.of(START + 2, 1, None, Body::StatusChanged(Status::Resolved));
    assert_eq!((stage.due(), stage.local.workspace.next_mail()), (vec![1], Some(START + 2 + DELAY)));
}

#[test]
fn r13_2b_no_address_is_kept_once_its_mail_is_sent_or_not_due_any_more() {
    let sent = MailOutcome::Sent { quiet_until: START + DAY };
    let given_up = MailOutcome::Failed { fault: MailFault::Refused(550), next: None };
    let survey = Body::SurveyResponded { rating: 2, comment: None };
    let ways: [&dyn Fn(&mut Stage); 6] = [
        &|stage| stage.note(START + DELAY, 1, sent),
        &|stage| stage.note(START + DELAY, 1, given_up),
        &|stage| stage.of(START + 1, 1, None, survey.clone()),
        &|stage| stage.switch(false),
        &|stage| assert_eq!(stage.record(START, Record::OptOut { conversation: Id(1) }), Reply::OptedOut(true)),
        &|stage| stage.of(START + DELAY + 3 * DAY + 1, 2, None, said()),
    ];
    for way in ways {
        let mut stage = Stage::asking();
        stage.ends(START, 1, ANNA);
        assert!(stage.holds_address(ANNA));
        way(&mut stage);
        assert_eq!((stage.due(), stage.holds_address(ANNA), stage.local.workspace.next_mail()), (vec![], false, None));
        // Whoever has a link can still say so.
        assert_eq!(stage.record(START + 9 * DAY, Record::OptOut { conversation: Id(1) }), Reply::OptedOut(true));
    }
}

#[test]
fn r13_2b_a_contact_is_left_alone_for_a_while_and_for_good_after_an_opt_out() {
    let mut stage = Stage::asking();
    (1..=3).for_each(|of| stage.ends(START + of as Millis, of, if of == 3 { BERT } else { ANNA }));
    assert_eq!(stage.due(), [1, 2, 3]);
    stage.note(START + DELAY, 1, MailOutcome::Sent { quiet_until: START + 30 * DAY });
    assert_eq!(stage.due(), [3]);
    stage.ends(START + 29 * DAY, 4, ANNA);
    stage.ends(START + 30 * DAY, 5, ANNA);
    stage.ends(START + 30 * DAY, 6, BERT);
    assert_eq!(stage.due(), [5, 6], "what nobody has tried for three days is given up");
    stage.record(START + 31 * DAY, Record::OptOut { conversation: Id(4) });
    assert_eq!(stage.due(), [6]);
    stage.ends(START + 300 * DAY, 7, ANNA);
    assert_eq!((stage.due(), stage.local.workspace.follow_ups().opted_out), (vec![], 1));
}

#[test]
fn r13_2b_the_contact_that_was_mailed_is_known_although_another_address_comes() {
    let mut stage = Stage::asking();
    stage.ends(START, 1, ANNA);
    stage.note(START + DELAY, 1, MailOutcome::Sent { quiet_until: START + 30 * DAY });
    stage.of(START + 2 * HOUR, 1, Some(BERT), said());
    stage.ends(START + 3 * HOUR, 2, ANNA);
    assert_eq!((stage.due(), stage.holds_address(BERT)), (vec![], false));
    stage.record(START + 4 * HOUR, Record::OptOut { conversation: Id(1) });
    stage.ends(START + 60 * DAY, 3, ANNA);
    stage.ends(START + 60 * DAY, 4, BERT);
    assert_eq!(stage.due(), [4]);
}

#[test]
fn r13_2b_what_failed_leaves_nobody_alone_and_what_has_no_address_is_not_due() {
    let mut stage = Stage::asking();
    stage.ends(START, 1, ANNA);
    stage.note(START + 9 * HOUR, 1, MailOutcome::Failed { fault: MailFault::Timeout, next: None });
    stage.ends(START + 7 * HOUR + DELAY, 2, ANNA);
    assert_eq!(stage.due(), [2]);
    stage.note(START + 10 * HOUR, 2, MailOutcome::Sent { quiet_until: START + 10 * HOUR });
    stage.of(START + 11 * HOUR, 2, None, Body::StatusChanged(Status::Open));
    stage.of(START + 12 * HOUR, 2, None, Body::StatusChanged(Status::Resolved));
    assert_eq!((stage.due(), stage.local.workspace.next_mail()), (vec![], None));
}

#[test]
fn r13_2b_history_is_not_mailed() {
    for (late, due) in [(0, vec![1]), (1, vec![])] {
        let mut stage = Stage::asking();
        stage.of(START, 1, Some(ANNA), said());
        let (time, receipt) = (Some(START + 1), START + 1 + DELAY + DAY + late);
        stage.event_at(time, receipt, 1, None, Body::StatusChanged(Status::Closed));
        assert_eq!(stage.due(), due);
    }
}

#[test]
fn i9_follow_ups_survive_a_cut_in_every_state() {
    let mut stage = Stage::asking();
    let failed = |next| MailOutcome::Failed { fault: MailFault::Deferred(451), next };
    let steps: [&dyn Fn(&mut Stage); 7] = [
        &|stage| stage.of(START, 1, Some(ANNA), said()),
        &|stage| stage.of(START, 1, None, Body::StatusChanged(Status::Closed)),
        &|stage| stage.note(START + DELAY, 1, failed(Some(START + 2 * DELAY))),
        &|stage| stage.note(START + 2 * DELAY, 1, failed(None)),
        &|stage| stage.ends(START + DAY, 2, BERT),
        &|stage| stage.of(START + DAY + 1, 2, None, Body::SurveyResponded { rating: 3, comment: None }),
        &|stage| {
            assert_eq!(stage.record(START + 2 * DAY, Record::OptOut { conversation: Id(2) }), Reply::OptedOut(true))
        },
    ];
    for step in steps {
        step(&mut stage);
        let again = restored(&mut stage.local.workspace);
        let before = &stage.local.workspace;
        assert_eq!(again.state_hash(), before.state_hash());
        let asked = |workspace: &crate::domain::workspace::Workspace| {
            (workspace.due_mails(START + 9 * DAY, 9), workspace.next_mail(), workspace.follow_ups())
        };
        assert_eq!(asked(&again), asked(before));
        stage.local.workspace = again;
        stage.local.accounts.clear();
    }
}
