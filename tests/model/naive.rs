//! Sections 5 to 7 of the contract, written as plainly as possible: lists, and everything asked of
//! them computed from the start. Slow, and meant to be seen to be right.
//!
//! Shared with the real domain are its types and the functions that turn the counted events of a
//! life into dimensions, which have tests of their own.

use tripswitch::domain::csat_config::CsatConfig;
use tripswitch::domain::event::{Body, EventRecord, Identity};
use tripswitch::domain::expectation::ExpectationSource;
use tripswitch::domain::ids::{Id, Position, WorkspaceKey};
use tripswitch::domain::record::{Frame, Record};
use tripswitch::domain::reply::{CommandRefusal, Rejection, Verdict};
use tripswitch::domain::score::Hundredths;
use tripswitch::domain::settings::Settings;
use tripswitch::domain::time::{DAY, Millis};
use tripswitch::domain::view::BreakerScope;

use crate::audit::{Line, Repeats};
use crate::broken::Broken;
use crate::coverage::Coverage;
use crate::life::{End, Kept, reopens};

/// The account of a conversation (R4.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attachment {
    None,
    Inferred(Id),
    Named(Id),
}

impl Attachment {
    pub const fn account(self) -> Option<Id> {
        match self {
            Self::None => None,
            Self::Inferred(id) | Self::Named(id) => Some(id),
        }
    }
}

/// The score in force.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    pub dimensions: [Hundredths; 3],
    pub composite: Hundredths,
    pub disconfirmation: Hundredths,
    pub confidence: Hundredths,
    pub signal_count: u16,
    pub resolved: bool,
    pub scored_at: Millis,
    pub position: Position,
    /// An import that stands (R5.3).
    pub imported: bool,
    /// ω_d it was made with.
    pub weights: [f64; 3],
    /// Receipt of the scoring that made it.
    pub made: Millis,
    /// The signals behind it are gone (R5.5).
    pub unexplained: bool,
}

#[derive(Clone, Debug)]
pub struct Conversation {
    pub id: Id,
    pub attachment: Attachment,
    /// How the settled life before ended.
    pub carried: Option<End>,
    pub kept: Vec<Kept>,
    /// Receipt of the latest event that changed the life.
    pub last_change: Millis,
    /// What was kept of its life is gone (R5.2).
    pub settled: bool,
    pub score: Option<Score>,
    /// The last contact that an event of the life named.
    pub contact: Option<Box<str>>,
    /// Whose comment there is, as far as that was known.
    pub comment: Option<Option<Box<str>>>,
    /// The end that the life had when the erasure of its contact ended it (R4.10).
    pub ended: Option<End>,
    /// Its id is erased (R4.10).
    pub erased: bool,
    /// Frozen with the first scoring.
    pub expectation: Option<[Option<(Hundredths, ExpectationSource)>; 3]>,
}

#[derive(Clone, Debug)]
pub struct Breaker {
    /// The id that the real domain gave it.
    pub id: Option<Id>,
    pub scope: BreakerScope,
    pub reason: String,
    pub triggered_at: Millis,
    /// The run, without what was erased since.
    pub evidence: Vec<Id>,
    pub acknowledged: Option<(Box<str>, Millis)>,
    pub resolved: Option<(Millis, Position)>,
}

/// The effects of a frame.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    Scored {
        at: Position,
        conversation: Id,
    },
    /// `index` in [`Naive::breakers`].
    Triggered {
        at: Position,
        index: usize,
        scope: BreakerScope,
        epoch: u64,
    },
    Acknowledged {
        at: Position,
        index: usize,
        epoch: u64,
    },
    Resolved {
        at: Position,
        index: usize,
        scope: BreakerScope,
        epoch: u64,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Events(Vec<Verdict>),
    Config(CsatConfig),
    /// `index` in [`Naive::breakers`].
    Breaker(Result<usize, CommandRefusal>),
    /// Whether there was anything to erase.
    Erased(bool),
    Done,
    Skipped,
}

pub struct Naive {
    pub key: WorkspaceKey,
    pub name: Box<str>,
    pub settings: Settings,
    pub csat: CsatConfig,
    pub conversations: Vec<Conversation>,
    pub identities: Vec<(Identity, Millis)>,
    pub contacts: Vec<(Box<str>, Id)>,
    /// Every conversation's id that an erasure named.
    pub erased: Vec<Id>,
    pub accounts: Vec<(Id, Option<Box<str>>)>,
    pub breakers: Vec<Breaker>,
    pub epoch: u64,
    pub skips: Vec<Position>,
    pub broken: Option<Broken>,
    /// For [`Broken::NextOlderNeverReturns`] alone.
    pub fallen_out: Vec<(Id, Id)>,
    pub coverage: Coverage,
    pub late_events: u64,
    pub retained_from: Millis,
    pub happened: Vec<Happening>,
    pub installed: bool,
    pub trail: Vec<Line>,
    /// What was refused or changed nothing.
    pub vain: Vec<Repeats>,
}

/// An event on its way in.
#[derive(Clone, Copy)]
pub struct Arrival<'a> {
    pub event: &'a EventRecord,
    pub conversation: Id,
    pub time: Millis,
    pub position: Position,
    pub receipt: Millis,
    /// It brings the conversation to another account.
    pub joins: bool,
    /// The account that it takes the conversation from.
    pub leaves: Option<Id>,
}

impl Naive {
    pub fn new(key: WorkspaceKey, name: &str, settings: Settings, broken: Option<Broken>) -> Self {
        Self {
            key,
            name: name.into(),
            settings,
            csat: CsatConfig::default(),
            conversations: Vec::new(),
            identities: Vec::new(),
            contacts: Vec::new(),
            erased: Vec::new(),
            accounts: Vec::new(),
            breakers: Vec::new(),
            epoch: 0,
            skips: Vec::new(),
            broken,
            fallen_out: Vec::new(),
            coverage: Coverage::default(),
            late_events: 0,
            retained_from: Millis::MIN,
            happened: Vec::new(),
            installed: false,
            trail: Vec::new(),
            vain: Vec::new(),
        }
    }

    pub fn breaks(&self, rule: Broken) -> bool {
        self.broken == Some(rule)
    }

    pub fn apply(&mut self, frame: &Frame) -> (Answer, Vec<Happening>) {
        self.pass_time(frame.receipt);
        let answer = match &frame.record {
            Record::Events(events) => Answer::Events(
                (0..)
                    .zip(events)
                    .map(|(place, event)| self.event(frame, Position::new(frame.seq, place), event))
                    .collect(),
            ),
            // A command or settings that made `apply` fail once are passed over like an event (I6).
            Record::Command { .. }
            | Record::SettingsV1(_)
            | Record::Settings(_)
            | Record::Erasure { .. }
            | Record::ErasedBy { .. }
            | Record::Retention { .. }
                if self.skips.contains(&Position::new(frame.seq, 0)) =>
            {
                self.coverage.count("record skipped");
                Answer::Skipped
            }
            Record::Command { actor, command } => self.noted_command(frame, actor, command),
            Record::SettingsV1(settings) => self.noted_settings(frame, &(**settings).clone().into()),
            Record::Settings(settings) => self.noted_settings(frame, settings),
            Record::Retention { cutoff, most } => {
                self.retain(*cutoff, *most as usize);
                Answer::Done
            }
            Record::Erasure { conversation, contact } => self.noted_erasure(frame, None, *conversation, *contact),
            Record::ErasedBy { actor, conversation, contact } => {
                self.noted_erasure(frame, Some(actor), *conversation, *contact)
            }
            Record::Skip { seq, place, .. } => self.noted_skip(frame, Position::new(*seq, *place)),
            Record::System(_) | Record::Delivered { .. } | Record::Repeats(_) | Record::ErasedContact { .. } => {
                Answer::Done
            }
        };
        (answer, std::mem::take(&mut self.happened))
    }

    /// What is due at a receipt happens before anything of its frame, by the settings of then, and
    /// for good: identities are forgotten, conversations settle, signals are dropped.
    fn pass_time(&mut self, receipt: Millis) {
        let early = if self.breaks(Broken::DuplicatesForgottenEarly) { DAY } else { 0 };
        let remembered = self.settings.model.duplicate_span() - early;
        let before = self.identities.len();
        self.identities.retain(|(_, first)| receipt - first < remembered);
        self.coverage.add("identity forgotten", (before - self.identities.len()) as u64);
        let settles = self.settings.model.settle_span() + Millis::from(self.breaks(Broken::SettleEdgeExclusive));
        let explained = self.settings.model.explanation_span();
        for index in 0..self.conversations.len() {
            let known = &self.conversations[index];
            if !known.settled && receipt - known.last_change >= settles && self.life_of(known).terminal {
                self.conversations[index].settled = true;
                self.coverage.count("settled");
            }
            if let Some(score) = &mut self.conversations[index].score {
                score.unexplained |= !score.imported && receipt - score.made >= explained;
            }
        }
    }

    // ---- verdicts (R4.4, R4.7) ----

    fn event(&mut self, frame: &Frame, position: Position, event: &EventRecord) -> Verdict {
        if self.skips.contains(&position) {
            self.coverage.count("skipped");
            return Verdict::Rejected(Rejection::InternalError);
        }
        if let Some(verdict) = self.known_identity(event) {
            return verdict;
        }
        if let Some(rejection) = self.mismatch(event) {
            self.coverage.count("mismatch");
            if self.breaks(Broken::RejectedLeavesIdentity) {
                self.identities.push((event.identity, frame.receipt));
            }
            return Verdict::Rejected(rejection);
        }
        self.identities.push((event.identity, frame.receipt));
        let time = event.time.unwrap_or(frame.receipt);
        match event.conversation {
            None => self.learn(event, None),
            Some(conversation) => {
                self.of_conversation(Arrival {
                    event,
                    conversation,
                    time,
                    position,
                    receipt: frame.receipt,
                    joins: false,
                    leaves: None,
                });
            }
        }
        if self.breaks(Broken::NextOlderNeverReturns) {
            self.note_fallen_out();
        }
        Verdict::Accepted
    }

    fn known_identity(&mut self, event: &EventRecord) -> Option<Verdict> {
        let (identity, _) = self.identities.iter().find(|(known, _)| known.key == event.identity.key)?;
        if identity.content == event.identity.content || self.breaks(Broken::ReusedIsDuplicate) {
            self.coverage.count("duplicate");
            Some(Verdict::Duplicate)
        } else {
            self.coverage.count("id reused");
            Some(Verdict::Rejected(Rejection::IdReused))
        }
    }

    fn mismatch(&self, event: &EventRecord) -> Option<Rejection> {
        let known = self.conversation(event.conversation?)?;
        let attached = match known.attachment {
            Attachment::Named(id) => id,
            Attachment::Inferred(id) if self.breaks(Broken::InferredIsBinding) => id,
            Attachment::None | Attachment::Inferred(_) => return None,
        };
        (event.account? != attached).then_some(Rejection::AccountMismatch { attached })
    }

    // ---- what an accepted event does ----

    fn of_conversation(&mut self, arrival: Arrival) {
        let Arrival { event, conversation: id, .. } = arrival;
        if self.conversation(id).is_none() {
            if self.erased.contains(&id) {
                self.coverage.count("erased one came again");
            }
            self.conversations.push(Conversation {
                id,
                attachment: Attachment::None,
                carried: None,
                kept: Vec::new(),
                last_change: 0,
                settled: false,
                score: None,
                contact: None,
                comment: None,
                ended: None,
                erased: false,
                expectation: None,
            });
        }
        let begins_life = match self.lateness(arrival) {
            Lateness::Late => {
                self.late_events += 1;
                if self.breaks(Broken::LateEventsAttach) {
                    self.attach(event, id);
                    self.learn(event, Some(id));
                }
                return self.coverage.count("late");
            }
            Lateness::InTime => false,
            Lateness::NewLife => true,
        };
        let account_before = self.known(id).attachment.account();
        let was_scored = self.known(id).score.is_some();
        let windows_before = if was_scored { self.windows() } else { Vec::new() };
        self.attach(event, id);
        self.learn(event, Some(id));
        let account = self.known(id).attachment.account();
        let joins = account != account_before;
        let arrival = Arrival { joins, leaves: account_before.filter(|_| joins), ..arrival };
        let scoring = match &event.body {
            Body::ConversationScored(import) => self.import(arrival, *import),
            Body::ConversationCreated
            | Body::MessageReceived(_)
            | Body::MessageSent { .. }
            | Body::Message { .. }
            | Body::StatusChanged(_)
            | Body::ConversationResolved(_)
            | Body::AttentionItemCreated(_)
            | Body::SignalObserved { .. }
            | Body::SurveyResponded { .. }
            | Body::AccountUpdated { .. } => self.live(arrival, begins_life),
        };
        let joined = arrival.joins && self.known(id).score.is_some();
        if joined && was_scored {
            self.coverage.count(if account_before.is_some() { "scored one moved" } else { "scored one attached" });
        }
        if scoring {
            self.happened.push(Happening::Scored { at: arrival.position, conversation: id });
        }
        if scoring || joined {
            self.note_returned(&windows_before);
        }
        let judged = if self.breaks(Broken::RescoreNotJudged) && was_scored { false } else { scoring }
            || (joined && !self.breaks(Broken::AttachNotJudged));
        if judged {
            self.judge(account, arrival);
        }
    }

    /// R5.2.
    fn lateness(&self, Arrival { event, conversation, time, .. }: Arrival) -> Lateness {
        let import = matches!(event.body, Body::ConversationScored(_)) && !self.breaks(Broken::LateImports);
        if import || self.breaks(Broken::NothingIsLate) {
            return Lateness::InTime;
        }
        let known = self.known(conversation);
        if known.settled {
            let scored_at = self.end_of(known).expect("a terminal life has an end").scored_at;
            let new_life = reopens(&event.body) && time > scored_at;
            return if new_life { Lateness::NewLife } else { Lateness::Late };
        }
        match &known.carried {
            Some(end) if time <= end.scored_at => Lateness::Late,
            Some(_) | None => Lateness::InTime,
        }
    }

    /// R4.7.
    fn attach(&mut self, event: &EventRecord, id: Id) {
        let update_only = self.breaks(Broken::ContactsByUpdateOnly);
        if let (Some(account), Some(contact), false) = (event.account, &event.contact, update_only) {
            self.map_contact(contact, account);
        }
        let mapped = event.contact.as_ref().and_then(|contact| self.account_of_contact(contact));
        let follows = self.breaks(Broken::ContactMovesConversation);
        let known = self.known_mut(id);
        let before = known.attachment;
        known.attachment = match (event.account, before) {
            (Some(account), _) => Attachment::Named(account),
            (None, Attachment::None) => mapped.map_or(before, Attachment::Inferred),
            (None, Attachment::Inferred(_)) if follows => mapped.map_or(before, Attachment::Inferred),
            (None, Attachment::Inferred(_) | Attachment::Named(_)) => before,
        };
        match (before, known.attachment) {
            (Attachment::None, Attachment::Inferred(_)) => self.coverage.count("account inferred"),
            (Attachment::Inferred(a), Attachment::Named(b)) if a != b => self.coverage.count("account moved"),
            (Attachment::Inferred(_), Attachment::Named(_)) => self.coverage.count("account confirmed"),
            _ => {}
        }
    }

    /// Accounts, their names and contacts; `conversation` after its attachment.
    fn learn(&mut self, event: &EventRecord, conversation: Option<Id>) {
        if let Some(account) = event.account {
            if !self.accounts.iter().any(|(id, _)| *id == account) {
                self.accounts.push((account, None));
            }
            if let Body::AccountUpdated { contacts } = &event.body {
                if let Some(contact) = &event.contact {
                    self.map_contact(contact, account);
                }
                self.coverage.count("account updated");
                contacts.iter().for_each(|contact| self.map_contact(contact, account));
            }
        }
        let first_stays = self.breaks(Broken::FirstNameStays);
        let named = event.account.or_else(|| self.known(conversation?).attachment.account());
        if let (Some(account), Some(name)) = (named, &event.account_name) {
            let entry = self.accounts.iter_mut().find(|(id, _)| *id == account).expect("was named before");
            if entry.1.as_ref().is_some_and(|old| old != name) {
                self.coverage.count("account renamed");
            }
            if entry.1.is_none() || !first_stays {
                entry.1 = Some(name.clone());
            }
        }
    }

    fn map_contact(&mut self, contact: &str, account: Id) {
        self.contacts.push((contact.into(), account));
    }

    fn account_of_contact(&self, contact: &str) -> Option<Id> {
        self.contacts.iter().rev().find(|(known, _)| &**known == contact).map(|(_, account)| *account)
    }
    // ---- the lists ----

    pub fn conversation(&self, id: Id) -> Option<&Conversation> {
        self.conversations.iter().find(|known| known.id == id)
    }

    pub fn known(&self, id: Id) -> &Conversation {
        self.conversation(id).expect("was created before")
    }

    pub fn known_mut(&mut self, id: Id) -> &mut Conversation {
        self.conversations.iter_mut().find(|known| known.id == id).expect("was created before")
    }
}

enum Lateness {
    Late,
    InTime,
    NewLife,
}
