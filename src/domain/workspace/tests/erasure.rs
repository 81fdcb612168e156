//! R4.10: nothing is left of what was erased but its numbers.

use super::*;
use crate::domain::event::ContactName;
use crate::domain::life::ContactMark;
use crate::domain::workspace::Workspace;
use crate::domain::workspace::blocks::Block;
use crate::domain::workspace::restore::Restoring;

const ID: Id = Id(u128::from_be_bytes(*b"conversation-one"));
const OTHER: Id = Id(u128::from_be_bytes(*b"conversation-two"));
const CONTACT: &str = "anna@example.org";
const COMMENT: &str = "never again, I said";

/// The blocks of a cut as a snapshot has them.
fn blocks(workspace: &mut Workspace) -> Vec<Vec<u8>> {
    let cut = workspace.cut();
    let encode = |block: Block<'_>| bincode::serde::encode_to_vec(&block, bincode::config::legacy()).unwrap();
    cut.blocks().map(encode).collect()
}

pub fn restored(workspace: &mut Workspace) -> Workspace {
    let mut restoring = Restoring::default();
    for bytes in blocks(workspace) {
        let (block, _) = bincode::serde::decode_from_slice(&bytes, bincode::config::legacy()).unwrap();
        restoring.push(block).unwrap();
    }
    restoring.finish().unwrap()
}

pub fn blocks_hold(workspace: &mut Workspace, bytes: &[u8]) -> bool {
    blocks(workspace).iter().any(|block| block.windows(bytes.len()).any(|window| window == bytes))
}

/// In any of the ways in which an id is written: records have it in halves.
fn holds_id(workspace: &mut Workspace, Id(id): Id) -> bool {
    let halves = [((id >> 64) as u64).to_le_bytes(), (id as u64).to_le_bytes()].concat();
    [id.to_le_bytes().to_vec(), id.to_be_bytes().to_vec(), halves].iter().any(|bytes| blocks_hold(workspace, bytes))
}

fn holds_contact(workspace: &mut Workspace) -> bool {
    let mut mark = ContactMark::unkeyed(CONTACT).to_bytes();
    mark.reverse();
    blocks_hold(workspace, CONTACT.as_bytes()) || blocks_hold(workspace, &mark)
}

impl Stage {
    fn of_contact(&mut self, receipt: Millis, conversation: Id, contact: Option<&str>, body: Body) {
        self.of_marked(receipt, conversation, contact.map(Into::into), body);
    }

    fn of_marked(&mut self, receipt: Millis, Id(conversation): Id, contact: Option<ContactName>, body: Body) {
        self.events += 1;
        let mut key = [0; 12];
        key[..8].copy_from_slice(&self.events.to_le_bytes());
        let event = EventRecord {
            identity: Identity { key, content: 0 },
            time: None,
            conversation: Some(Id(conversation)),
            account: Some(ACCOUNT),
            account_name: Some("Nordic Parts ApS".into()),
            contact,
            channel: None,
            intent: None,
            body,
            address: None,
        };
        assert_eq!(self.record(receipt, Record::Events(vec![event])), Reply::Events(vec![Verdict::Accepted]));
    }

    fn rated(&mut self, receipt: Millis, conversation: Id, contact: Option<&str>) {
        let comment = Some(COMMENT.into());
        self.of_contact(receipt, conversation, contact, Body::SurveyResponded { rating: 1, comment });
    }

    fn erase(&mut self, receipt: Millis, conversation: Option<Id>, contact: Option<&str>) -> bool {
        match self.record(receipt, Record::Erasure { conversation, contact: contact.map(ContactMark::unkeyed) }) {
            Reply::Erased { found } => found,
            other => panic!("{other:?}"),
        }
    }

    /// A conversation of the contact that is in a breaker's evidence: said, rated, closed.
    fn tripped() -> Self {
        let mut stage = Self::new();
        stage.import(START, 1, 200);
        stage.import(START, 2, 200);
        stage.of_contact(START + 1, ID, Some(CONTACT), Body::MessageReceived(TurnFeatures::default()));
        stage.rated(START + 2, ID, Some(CONTACT));
        stage.of_contact(START + 3, ID, None, Body::StatusChanged(Status::Abandoned));
        assert_eq!(stage.local.workspace.active_breakers().len(), 1);
        stage
    }

    fn evidence(&self) -> Vec<Id> {
        self.local.workspace.breakers.iter().flat_map(|breaker| &breaker.evidence).map(|one| one.conversation).collect()
    }
}

#[test]
fn r4_10_a_cut_holds_nothing_of_an_erased_conversation_but_its_numbers() {
    let mut stage = Stage::tripped();
    let workspace = &mut stage.local.workspace;
    assert!(holds_id(workspace, ID) && blocks_hold(workspace, COMMENT.as_bytes()));
    let before = (workspace.stats(0, Millis::MAX - 1), stage.risk(START + 4));
    assert_eq!(stage.evidence(), [ID, Id(2), Id(1)]);
    assert!(stage.erase(START + 4, Some(ID), None));
    assert_eq!(stage.evidence(), [Id::NIL, Id(2), Id(1)]);
    assert_eq!((stage.local.workspace.stats(0, Millis::MAX - 1), stage.risk(START + 4)), before);
    let workspace = &mut stage.local.workspace;
    assert!(!holds_id(workspace, ID) && !blocks_hold(workspace, COMMENT.as_bytes()));
    assert!(!workspace.knows_conversation(ID) && workspace.conversation(ID) == Known::Unknown);
    assert!(!stage.erase(START + 5, Some(ID), None), "there is nothing more");
}

#[test]
fn r4_10_a_cut_holds_nothing_of_an_erased_contact() {
    let mut stage = Stage::tripped();
    stage.of_contact(START + 4, OTHER, Some(CONTACT), Body::MessageReceived(TurnFeatures::default()));
    assert!(holds_contact(&mut stage.local.workspace) && holds_id(&mut stage.local.workspace, OTHER));
    let before = (stage.local.workspace.stats(0, Millis::MAX - 1), stage.local.workspace.conversation(ID));
    assert!(stage.erase(START + 5, None, Some(CONTACT)));
    let workspace = &mut stage.local.workspace;
    assert!(!holds_contact(workspace) && !blocks_hold(workspace, COMMENT.as_bytes()));
    assert!(!holds_id(workspace, OTHER), "without a score nothing is left of it");
    assert_eq!((workspace.stats(0, Millis::MAX - 1), workspace.conversation(ID)), before);
    assert_eq!(workspace.explanation(ID, START + 5), Known::Gone);
    assert_eq!(workspace.conversations.lives().count(), 0);
    assert!(!stage.erase(START + 6, None, Some(CONTACT)), "there is nothing more");
    // The number of the erased contact is given anew, also after a restore.
    stage.local.workspace = restored(&mut stage.local.workspace);
    stage.of_contact(START + 7, OTHER, Some("bert"), Body::MessageReceived(TurnFeatures::default()));
    assert_eq!(stage.local.workspace.accounts.contacts_in_order(), [("bert", 0)]);
    let (hash, mut local) = (stage.local.workspace.state_hash(), stage.local.clone());
    assert_eq!(restored(&mut local.workspace).state_hash(), hash);
}

#[test]
fn r4_10_a_comment_of_another_contact_stays() {
    let mut stage = Stage::new();
    stage.rated(START, ID, Some("bert"));
    stage.of_contact(START + 1, ID, Some(CONTACT), Body::StatusChanged(Status::Closed));
    stage.rated(START, OTHER, None);
    stage.of_contact(START + 2, OTHER, Some(CONTACT), Body::StatusChanged(Status::Closed));
    stage.erase(START + 3, None, Some(CONTACT));
    let workspace = &stage.local.workspace;
    let commented: Vec<Id> =
        workspace.conversations.comments().map(|(number, _)| workspace.conversations.id(number)).collect();
    assert_eq!(commented, [ID], "one of nobody goes with the life of the contact");
}

#[test]
fn r4_10_erased_ones_stand_beside_one_whose_id_is_nil_and_age_with_the_others() {
    let mut stage = Stage::new();
    for n in 0..3u8 {
        stage.import(START + Millis::from(n), n.into(), 400);
    }
    assert!(stage.erase(START + 3, Some(Id(1)), None) && stage.erase(START + 3, Some(Id(2)), None));
    let hash = stage.local.workspace.state_hash();
    stage.local.workspace = restored(&mut stage.local.workspace);
    assert_eq!(stage.local.workspace.state_hash(), hash);
    let workspace = &stage.local.workspace;
    assert!(matches!(workspace.conversation(Id::NIL), Known::Found(_)) && workspace.knows_conversation(Id::NIL));
    assert_eq!(workspace.conversation_ids().collect::<Vec<_>>(), [Id::NIL]);
    assert!(stage.erase(START + 4, Some(Id::NIL), None) && !stage.erase(START + 4, Some(Id::NIL), None));
    assert_eq!(stage.local.workspace.stats(0, Millis::MAX - 1).conversations_scored, 3);
    stage.import(START + 5, 9, 400);
    stage.record(START + DAY, Record::Retention { cutoff: START + 5, most: 10 });
    assert_eq!(stage.local.workspace.stats(0, Millis::MAX - 1).conversations_scored, 1);
    assert!(matches!(stage.local.workspace.conversation(Id(9)), Known::Found(_)));
}

#[test]
fn r4_10_what_only_evidence_names_is_erased_there() {
    let mut stage = Stage::tripped();
    stage.record(START + DAY, Record::Retention { cutoff: START + HOUR, most: 10 });
    assert_eq!(stage.local.workspace.conversation(ID), Known::Unknown);
    assert!(stage.local.workspace.knows_conversation(ID) && holds_id(&mut stage.local.workspace, ID));
    assert!(stage.erase(START + DAY, Some(ID), None));
    assert!(!stage.local.workspace.knows_conversation(ID) && !holds_id(&mut stage.local.workspace, ID));
}

/// As two secrets would make it.
const MARKS: [ContactMark; 2] = [ContactMark::from_bytes([1; 8]), ContactMark::from_bytes([2; 8])];

fn marked(mark: ContactMark) -> Option<ContactName> {
    Some(ContactName { mark: Some(mark), ..CONTACT.into() })
}

fn said() -> Body {
    Body::MessageReceived(TurnFeatures::default())
}

impl Stage {
    /// Whether anything was found by the marks that the state names for the contact.
    fn erase_all(&mut self, receipt: Millis, now: ContactMark) -> (Vec<ContactMark>, bool) {
        let marks = self.local.workspace.marks_of(CONTACT, now);
        let record = Record::ErasedContact { actor: "ann".into(), marks: marks.clone() };
        (marks, self.record(receipt, record) == Reply::Erased { found: true })
    }

    fn knows(&self, marks: &[ContactMark]) -> bool {
        self.local.workspace.knows_contact(marks)
    }
}

#[test]
fn r4_10_a_side_of_keyed_marks_alone_names_no_other_and_holds_none() {
    let mut stage = Stage::new();
    stage.of_marked(START, ID, marked(MARKS[0]), said());
    stage.of_marked(START, OTHER, marked(MARKS[0]), Body::SurveyResponded { rating: 1, comment: Some(COMMENT.into()) });
    let mut unkeyed = ContactMark::unkeyed(CONTACT).to_bytes();
    unkeyed.reverse();
    assert!(!blocks_hold(&mut stage.local.workspace, &unkeyed) && blocks_hold(&mut stage.local.workspace, &[1; 8]));
    let mut again = restored(&mut stage.local.workspace);
    assert_eq!(again.state_hash(), stage.local.workspace.state_hash());
    assert_eq!(again.marks_of(CONTACT, MARKS[0]), [MARKS[0]]);
    assert!(!stage.erase(START + 1, None, Some(CONTACT)), "the unkeyed mark finds nothing");
    assert_eq!(stage.erase_all(START + 2, MARKS[0]), (vec![MARKS[0]], true));
    assert!(!stage.knows(&MARKS) && !blocks_hold(&mut stage.local.workspace, &[1; 8]));
    assert!(!blocks_hold(&mut again, &unkeyed));
}

#[test]
fn r4_10_what_came_before_marks_were_keyed_is_erased_with_what_came_after() {
    let mut stage = Stage::new();
    stage.of_contact(START, ID, Some(CONTACT), said());
    stage.of_marked(START, OTHER, marked(MARKS[0]), said());
    let unkeyed = ContactMark::unkeyed(CONTACT);
    assert!(stage.knows(&[unkeyed]) && stage.knows(&[MARKS[0]]));
    stage.local.workspace = restored(&mut stage.local.workspace);
    stage.local.accounts.clear();
    assert_eq!(stage.erase_all(START + 1, MARKS[0]), (vec![MARKS[0], unkeyed], true));
    assert!(!stage.knows(&[unkeyed, MARKS[0]]) && !holds_contact(&mut stage.local.workspace));
    let workspace = &stage.local.workspace;
    assert!(!workspace.knows_conversation(ID) && !workspace.knows_conversation(OTHER), "neither had a score");
}

#[test]
fn r4_10_after_a_lost_secret_a_contact_that_the_state_knows_is_erased_all_the_same() {
    let mut stage = Stage::new();
    stage.of_marked(START, ID, marked(MARKS[0]), said());
    stage.of_marked(START, OTHER, marked(MARKS[1]), said());
    assert_eq!(stage.erase_all(START + 1, MARKS[1]), (vec![MARKS[1], MARKS[0]], true));
    assert!(!stage.knows(&MARKS));
}
