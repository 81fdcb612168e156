//! A side with one of everything, and the table of its directory.

use super::{KEY, START};
use crate::domain::calibrated::Calibrated;
use crate::domain::csat_config::CsatPatch;
use crate::domain::effect::EffectType;
use crate::domain::event::{
    AttentionType, Body, EventRecord, Identity, ImportedScore, ObservedSignal, OwnSignal, Resolution, Sender, Status,
    TurnFeatures,
};
use crate::domain::exact::Exact;
use crate::domain::follow_up::{Address, MailFault, MailNote, MailOutcome};
use crate::domain::ids::{Id, Side};
use crate::domain::life::ContactMark;
use crate::domain::local::Local;
use crate::domain::own_settings::{OwnPatch, OwnWeight};
use crate::domain::rating::LinkRating;
use crate::domain::record::Override;
use crate::domain::record::{APPLY_VERSION, Command, Frame, Record};
use crate::domain::resource::{ResourceBody, ResourceChange, ResourceRecord};
use crate::domain::score::Hundredths;
use crate::domain::scoring::catalogue::SignalKind;
use crate::domain::scoring::level::Level;
use crate::domain::scoring::profile::ScoringModel;
use crate::domain::scoring::task::lexicon::List;
use crate::domain::settings::Settings;
use crate::domain::system::{ApiKey, Permission, SystemRecord};
use crate::domain::system_table::SystemTable;
use crate::domain::time::{DAY, HOUR, Millis};
use crate::domain::view::{BreakerScope, LabelKind};
use crate::domain::workspace::Workspace;

/// A workspace side under construction.
pub struct Stage {
    pub local: Local,
    pub seq: u64,
    pub events: u64,
    /// Of the events that follow: channel and intent.
    pub labels: [Option<Box<str>>; 2],
    /// Of the events that follow.
    pub address: Option<Address>,
    /// Replies and effects.
    pub heard: Vec<String>,
}

impl Stage {
    pub fn record(&mut self, receipt: Millis, record: Record) {
        self.seq += 1;
        let frame = Frame { key: KEY, seq: self.seq, receipt, apply_version: APPLY_VERSION, record };
        let applied = self.local.apply(&[frame]);
        self.heard.push(format!("{:?} {:?}", applied.replies, applied.effects));
    }

    pub fn event(&mut self, receipt: Millis, conversation: u128, body: Body) {
        self.event_of(receipt, conversation, None, None, body);
    }

    pub fn event_of(
        &mut self,
        receipt: Millis,
        conversation: u128,
        account: Option<u128>,
        contact: Option<&str>,
        body: Body,
    ) {
        self.events += 1;
        let mut key = [0; 12];
        key[..8].copy_from_slice(&self.events.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
        let event = EventRecord {
            identity: Identity { key, content: self.events as u32 },
            time: None,
            conversation: (conversation > 0).then_some(Id(conversation)),
            account: account.map(Id),
            account_name: account.map(|_| "Nordic Parts ApS".into()),
            contact: contact.map(Into::into),
            channel: self.labels[0].clone(),
            intent: self.labels[1].clone(),
            body,
            address: self.address.clone(),
        };
        self.record(receipt, Record::Events(vec![event]));
    }

    pub fn imported(&mut self, receipt: Millis, conversation: u128, account: Option<u128>, score: u16) {
        let dimensions = [Hundredths(score), Hundredths(score + 15), Hundredths(score + 20)];
        let import = ImportedScore { dimensions, resolved: true, confidence: Hundredths(62), signal_count: 4 };
        self.event_of(receipt, conversation, account, None, Body::ConversationScored(import));
    }
}

pub fn settings() -> Settings {
    let mut settings = Settings { secret_id: [1; 8], ..Settings::default() };
    // The catalogue's own weights hold for the others.
    settings.profile.signals.truncate(2);
    settings
}

pub fn customer() -> Body {
    Body::MessageReceived(TurnFeatures {
        compound: Some(-4_215),
        read: true,
        hits: List::Complaint.bit() | List::Rejection.bit(),
        question: true,
        exclamation: false,
        words: [11, 4_000_000_000].into(),
    })
}

fn own_signal() -> ObservedSignal {
    ObservedSignal::Own(OwnSignal { name: "refund_offered".into(), weight: 0.1 + 0.2, loadings: [0.7, 0.3, 0.0] })
}

/// Conversations that have settled, and one that was removed.
fn settle(stage: &mut Stage) {
    stage.record(START, Record::Settings(Box::new(settings())));
    stage.event_of(
        START + 1,
        0,
        Some(100),
        Some("ann@example.com"),
        Body::AccountUpdated { contacts: vec!["bo".into()] },
    );
    stage.imported(START + 2, 1, None, 400);
    // Removed later on.
    stage.imported(START + 3, 2, None, 320);
    for conversation in [4, 3] {
        stage.event_of(START + conversation as Millis, conversation, None, Some("bo"), customer());
        stage.event(START + HOUR, conversation, Body::SignalObserved { signal: own_signal(), value: 40_000 });
        stage.event(START + 2 * HOUR, conversation, Body::ConversationResolved(Resolution::AiResolved));
    }
    stage.event(START + HOUR, 5, Body::StatusChanged(Status::Closed));
    stage.record(START + 9 * DAY, Record::Retention { cutoff: START + 3, most: 1 });
    stage.record(START + 9 * DAY, Record::Skip { seq: 3, place: 9, reason: "it failed".into() });
}

/// A breaker with its whole story.
fn trip(stage: &mut Stage) {
    for conversation in 6..9 {
        stage.imported(START + 9 * DAY + conversation as Millis, conversation, Some(100), 150);
    }
    let breaker = stage.local.workspace.active_breakers()[0].id;
    let note = Some("called them".into());
    for command in [Command::Acknowledge { breaker, note: None }, Command::Resolve { breaker, note }] {
        let actor = "user:ann".into();
        stage.record(START + 10 * DAY, Record::Command { actor, command });
    }
}

/// A life with one of every kind of event, a life after settling, and a test of a changed secret.
fn live(stage: &mut Stage) {
    let now = START + 11 * DAY;
    stage.event(now, 3, Body::StatusChanged(Status::Open));
    let changed = Settings { secret_id: [2; 8], ..settings() };
    stage.record(now, Record::Settings(Box::new(changed)));
    let signal = ObservedSignal::Catalogue(SignalKind::Gratitude);
    let bodies = [
        Body::ConversationCreated,
        customer(),
        Body::MessageSent { sender: Sender::Ai, features: TurnFeatures::default() },
        Body::AttentionItemCreated(AttentionType::HumanRequested),
        Body::SignalObserved { signal, value: 65_535 },
        Body::SignalObserved { signal: own_signal(), value: 1 },
        Body::SurveyResponded { rating: 2, comment: Some("Took \"ages\"\n– but friendly".into()) },
        Body::StatusChanged(Status::Closed),
    ];
    for (minute, body) in (0..).zip(bodies) {
        stage.event_of(now + minute * 60_000, 9, Some(100), Some("ann@example.com"), body);
    }
    stage.record(now + HOUR, Record::Retention { cutoff: START + 4, most: 9 });
    let patch =
        CsatPatch { link_expiry_days: Some(30), baseline_outcome: Some(Some(Hundredths(410))), ..CsatPatch::default() };
    stage.record(now + HOUR, Record::Command { actor: "user:ann".into(), command: Command::PatchCsatConfig(patch) });
    let command = Command::Acknowledge { breaker: Id(5), note: None };
    stage.record(now + HOUR, Record::Command { actor: "user:ann".into(), command });
    let contact = Some(ContactMark::unkeyed("nobody"));
    stage.record(now + HOUR, Record::ErasedBy { actor: "user:ann".into(), conversation: None, contact });
}

/// Channels and intents, what people say of scores and breakers, and an endpoint of a webhook.
fn say(stage: &mut Stage) {
    let now = START + 11 * DAY + 2 * HOUR;
    stage.labels = [Some("chat".into()), Some("refund".into())];
    stage.imported(now, 14, Some(101), 420);
    stage.labels = [Some("email".into()), None];
    stage.imported(now, 1, None, 380);
    stage.labels = Default::default();
    (15..18).for_each(|conversation| stage.imported(now, conversation, Some(102), 150));
    let weight = OwnWeight { weight: Exact(0.8), loadings: Some([1.0, 2.0, 0.1].map(Exact)) };
    let own = OwnPatch {
        min_signals: Some(Some(2)),
        channel_breakers: Some(Some(true)),
        window_days: Some(Some(60)),
        composite_weights: Some(Some([2.0, 1.0, 1.0].map(Exact))),
        signal_weights: Some(Some([(SignalKind::Praise, Some(weight))].into())),
        ..OwnPatch::default()
    };
    let said = Override {
        conversation: Id(14),
        dimensions: [210, 250, 300].map(Hundredths),
        resolved: Some(false),
        reason: "the refund never came".into(),
    };
    let scope = BreakerScope::Label(LabelKind::Intent, "refund".into());
    let commands = [
        Command::PatchSettings(own),
        Command::Override(said),
        Command::Trip { scope, reason: "refunds are stuck".into() },
    ];
    for command in commands {
        stage.record(now, Record::Command { actor: "user:ann".into(), command });
    }
    let breaker = stage.local.workspace.active_breakers()[0].id;
    let command = Command::Note { breaker, note: "asked the bank".into() };
    stage.record(now, Record::Command { actor: "user:ann".into(), command });
    let wants = EffectType::ALL.into_iter().filter(|kind| kind.is_of_breaker()).collect();
    let body = ResourceBody { version: 1, wants, content: [1, 2, 254, 255].into() };
    let record =
        ResourceRecord { kind: "webhook".into(), id: Id(200), change: ResourceChange::Made { body, most: 20 } };
    stage.record(now, Record::Resource { actor: Some("user:ann".into()), record });
}

/// Ratings by links, follow-up mails, and a calibration.
fn rate(stage: &mut Stage) {
    let now = START + 11 * DAY + 3 * HOUR;
    let patch = CsatPatch { email_followup_enabled: Some(true), ..CsatPatch::default() };
    stage.record(now, Record::Command { actor: "user:ann".into(), command: Command::PatchCsatConfig(patch) });
    for conversation in 20..24 {
        let mark = ContactMark::from_bytes([conversation as u8; 8]);
        stage.address = Some(Address { mark, sealed: [9, 8, 7].into() });
        let at = now + conversation as Millis;
        stage.event_of(at, conversation, None, Some("cy"), customer());
        stage.event(at, conversation, Body::ConversationResolved(Resolution::AiResolved));
    }
    stage.address = None;
    for (rating, comment) in [(2, None), (3, Some("better now".into()))] {
        stage.record(now + 60, Record::Rated(LinkRating { conversation: Id(20), ending: 0, rating, comment }));
    }
    let note = |conversation, outcome| MailNote { conversation: Id(conversation), ending: 0, at: now + HOUR, outcome };
    let notes = vec![
        note(21, MailOutcome::Sent { quiet_until: now + 30 * DAY }),
        note(22, MailOutcome::Failed { fault: MailFault::Deferred(451), next: Some(now + 2 * HOUR) }),
    ];
    stage.record(now + HOUR, Record::Mails(notes));
    stage.record(now + HOUR, Record::OptOut { conversation: Id(21) });
    let calibrated = Calibrated {
        model: ScoringModel::Task1,
        level: [-0.2, 1.25, 3.5].map(Exact),
        weights: [(SignalKind::Rejection, Exact(1.1))].into(),
        version: [1, 2, 3, 4],
        base: [5; 8],
        ratings: 250,
        accounts: 40,
    };
    let command = Command::Calibrate(Some(Box::new(calibrated)));
    stage.record(now + HOUR, Record::Command { actor: "user:ann".into(), command });
    let level = Level { shift: -0.2, spread: 1.25, center: 3.5 };
    let settings = Box::new(Settings { secret_id: [2; 8], ..settings() });
    stage.record(now + HOUR, Record::LeveledSettings { settings, level });
}

pub fn local() -> Local {
    let local = Local::new(KEY, "Support".into(), Settings::default());
    let mut stage = Stage { local, seq: 0, events: 0, labels: Default::default(), address: None, heard: Vec::new() };
    settle(&mut stage);
    trip(&mut stage);
    live(&mut stage);
    say(&mut stage);
    rate(&mut stage);
    stage.local
}

pub fn workspace() -> Workspace {
    local().workspace
}

pub fn system() -> SystemTable {
    let mut table = SystemTable::default();
    let actor = || "cli".into();
    let created = |id, tenant: &str| SystemRecord::WorkspaceCreated {
        id: Id(id),
        name: "Support".into(),
        tenant: tenant.into(),
        actor: actor(),
    };
    let key = ApiKey {
        id: Id(50),
        name: "ingest".into(),
        key_prefix: "sf_live_v1_abcd".into(),
        hash: [0xab; 32],
        tenant: Some("nordic".into()),
        workspace: Some(KEY.id),
        side: Side::Live,
        scopes: vec![Permission::QualityRead, Permission::EventsWrite],
        created_at: START - DAY,
        expires_at: None,
        last_used_at: Some(START + 11 * DAY),
        revoked_at: Some(START + 12 * DAY),
    };
    let server = ApiKey {
        id: Id(49),
        hash: [0xcd; 32],
        tenant: None,
        workspace: None,
        last_used_at: None,
        revoked_at: None,
        ..key.clone()
    };
    let records = [
        SystemRecord::Initialised { incarnation: Id(1), identity_key: [9; 32] },
        created(7, "nordic"),
        created(8, "fjord"),
        created(6, "nordic"),
        SystemRecord::KeyCreated { key, actor: actor() },
        SystemRecord::KeyCreated { key: server, actor: actor() },
    ];
    for (second, record) in (0..).zip(records) {
        table.advance(second as u64 + 1);
        table.apply(&record, START - DAY + second * 1_000).unwrap();
    }
    table
}
