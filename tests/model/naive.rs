//! Sections 5 to 7 of the contract, written as plainly as possible: lists, and everything asked of
//! them computed from the start. Slow, and meant to be seen to be right.
//!
//! Shared with the real domain are its types and the functions that turn the counted events of a
//! life into dimensions, which have tests of their own.

use std::sync::Arc;

use tripswitch::domain::csat_config::CsatConfig;
use tripswitch::domain::event::{EventRecord, Identity};
use tripswitch::domain::expectation::ExpectationSource;
use tripswitch::domain::follow_up::FollowUp;
use tripswitch::domain::ids::{Id, Position, WorkspaceKey};
use tripswitch::domain::life::ContactMark;
use tripswitch::domain::own_settings::OwnSettings;
use tripswitch::domain::rating::{Given, RatingRefusal};
use tripswitch::domain::record::{Frame, Record};
use tripswitch::domain::reply::{CommandRefusal, Rejection, Verdict};
use tripswitch::domain::resource::Resource;
use tripswitch::domain::score::Hundredths;
use tripswitch::domain::scoring::profile::Profile;
use tripswitch::domain::settings::Settings;
use tripswitch::domain::time::{DAY, Millis};
use tripswitch::domain::view::{BreakerScope, ChurnRisk, ConversationQuality, EvidenceView};

use crate::audit::{Line, Repeats};
use crate::broken::Broken;
use crate::coverage::Coverage;
use crate::deliveries::Endpoint;
use crate::effects::Happening;
use crate::life::{End, Kept};
use crate::overrides::Said;
use crate::ratings::Rated;
use crate::ring::Lane;
use crate::statistics::Spoken;

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
    /// The profile that made it.
    pub profile: Arc<Profile>,
    /// What it was made of; none of an import.
    pub seen: Option<Seen>,
}

/// The events that count in a life.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    pub end: End,
    pub kept: Vec<Kept>,
}

impl Score {
    pub fn quality(&self, conversation: Id) -> ConversationQuality {
        ConversationQuality {
            conversation_id: conversation,
            outcome_score: self.dimensions[0],
            process_score: self.dimensions[1],
            environment_score: self.dimensions[2],
            composite_score: self.composite,
            disconfirmation: self.disconfirmation,
            confidence: self.confidence,
            signal_count: self.signal_count,
            scored_at: self.scored_at,
        }
    }
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
    /// What is in force.
    pub score: Option<Score>,
    pub said: Option<Said>,
    /// The last contact that an event of the life named.
    pub contact: Option<Box<str>>,
    /// The channel and the intent that an event named last (R7.8).
    pub labels: [Option<Arc<str>>; 2],
    /// Every message of it, by position (R6.7).
    pub spoken: Vec<Spoken>,
    pub comment: Option<Comment>,
    /// The latest rating.
    pub rated: Option<Rated>,
    /// Whom a mail is to ask, or has asked.
    pub mail: Option<FollowUp>,
    /// The end that the life had when the erasure of its contact ended it (R4.10).
    pub ended: Option<End>,
    /// Its id is erased (R4.10).
    pub erased: bool,
    /// Frozen with the first scoring.
    pub expectation: Option<[Option<(Hundredths, ExpectationSource)>; 3]>,
}

/// A customer's words, and whose they are, as far as that was known.
#[derive(Clone, Debug)]
pub struct Comment {
    pub contact: Option<Box<str>>,
    pub text: Box<str>,
}

/// What a person did to a breaker.
#[derive(Clone, Debug, PartialEq)]
pub struct Deed {
    pub actor: Box<str>,
    pub at: Millis,
    pub position: Position,
    pub note: Option<Box<str>>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Breaker {
    /// The id that the real domain gave it.
    pub id: Option<Id>,
    pub scope: BreakerScope,
    pub reason: String,
    pub triggered_at: Millis,
    pub position: Position,
    /// Who tripped it by hand.
    pub by: Option<Box<str>>,
    /// The run, without the ids that were erased since.
    pub evidence: Vec<EvidenceView>,
    pub acknowledged: Option<Deed>,
    pub resolved: Option<Deed>,
    pub notes: Vec<Deed>,
    /// When it was last told to be forgotten.
    pub announced: Option<(Millis, Position)>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Events(Vec<Verdict>),
    Config(CsatConfig),
    Own(OwnSettings),
    /// `index` in [`Naive::breakers`].
    Breaker(Result<usize, CommandRefusal>),
    Accepted(Result<(), CommandRefusal>),
    Rated(Result<Given, RatingRefusal>),
    OptedOut(bool),
    Resource(Result<Box<Resource>, CommandRefusal>),
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
    pub own: OwnSettings,
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
    /// The receipt of the frame in work.
    pub receipt: Millis,
    pub happened: Vec<Happening>,
    /// Effects that are kept: the frequent ones, and the others.
    pub lanes: [Lane; 2],
    pub resources: Vec<Resource>,
    pub endpoints: Vec<Endpoint>,
    /// The risks that were told, in order (R8.2a).
    pub risks: Vec<(Id, ChurnRisk)>,
    /// Who wants no mail.
    pub opted_out: Vec<ContactMark>,
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

/// A conversation whose run is to be judged.
#[derive(Clone, Copy)]
pub struct Judged {
    pub conversation: Id,
    pub position: Position,
    pub receipt: Millis,
    /// The account that it was taken from.
    pub leaves: Option<Id>,
}

impl From<Arrival<'_>> for Judged {
    fn from(Arrival { conversation, position, receipt, leaves, .. }: Arrival) -> Self {
        Self { conversation, position, receipt, leaves }
    }
}

impl Naive {
    pub fn new(key: WorkspaceKey, name: &str, settings: Settings, broken: Option<Broken>) -> Self {
        Self {
            key,
            name: name.into(),
            settings,
            csat: CsatConfig::default(),
            own: OwnSettings::default(),
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
            receipt: Millis::MIN,
            happened: Vec::new(),
            lanes: [Lane::default(), Lane::default()],
            resources: Vec::new(),
            endpoints: Vec::new(),
            risks: Vec::new(),
            opted_out: Vec::new(),
            installed: false,
            trail: Vec::new(),
            vain: Vec::new(),
        }
    }

    pub fn breaks(&self, rule: Broken) -> bool {
        self.broken == Some(rule)
    }

    pub fn apply(&mut self, frame: &Frame) -> (Answer, Vec<Happening>) {
        self.receipt = frame.receipt;
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
            | Record::SettingsV2(_)
            | Record::Settings(_)
            | Record::LeveledSettings { .. }
            | Record::Rated(_)
            | Record::OptOut { .. }
            | Record::Mails(_)
            | Record::Erasure { .. }
            | Record::ErasedBy { .. }
            | Record::Retention { .. }
            | Record::Resource { .. }
            | Record::Deliveries(_)
            | Record::Forgotten
                if self.skips.contains(&Position::new(frame.seq, 0)) =>
            {
                self.coverage.count("record skipped");
                Answer::Skipped
            }
            Record::Command { actor, command } => self.noted_command(frame, actor, command),
            Record::SettingsV1(settings) => self.noted_settings(frame, &(**settings).clone().into()),
            Record::SettingsV2(settings) => self.noted_settings(frame, &(**settings).clone().into()),
            Record::Settings(settings) => self.noted_settings(frame, settings),
            Record::LeveledSettings { settings, level } => self.noted_settings(frame, &settings.at_level(*level)),
            Record::Rated(rating) => Answer::Rated(self.rate(frame, rating)),
            Record::OptOut { conversation } => Answer::OptedOut(self.opt_out(*conversation)),
            Record::Mails(notes) => {
                self.mailed(notes);
                Answer::Done
            }
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
            Record::Resource { actor, record } => self.noted_resource(frame, actor.as_deref(), record),
            Record::Deliveries(notes) => {
                self.delivered(notes);
                Answer::Done
            }
            Record::Forgotten => {
                self.announce_forgotten(frame);
                Answer::Done
            }
        };
        let happened = std::mem::take(&mut self.happened);
        self.keep(&happened);
        (answer, happened)
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
                self.settle_rating(index);
                self.settle_mail(index);
            }
            let known = &mut self.conversations[index];
            let models = known.said.as_mut().and_then(|said| said.model.as_mut());
            for score in known.score.iter_mut().chain(models) {
                score.unexplained |= !score.imported && receipt - score.made >= explained;
            }
        }
        self.pass_mails(receipt);
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
