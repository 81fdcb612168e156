//! The stream of frames that the golden journal holds. It depends on nothing but this directory: no
//! default, no word list, no library's random numbers.

mod later;
mod rated;

use std::collections::BTreeMap;
use std::sync::Mutex;

use tripswitch::domain::audit::{AuditOutcome, OwnPatched, Refusal, Repeat, SideAction, SystemAction};
use tripswitch::domain::calibrated::Calibrated;
use tripswitch::domain::csat_config::CsatPatch;
use tripswitch::domain::delivery::{Attempt, DeliveryFault, DeliveryNotes, Outcome};
use tripswitch::domain::effect::{EffectFilter, EffectId, EffectType, EffectTypes, EffectsKept};
use tripswitch::domain::exact::Exact;
use tripswitch::domain::follow_up::{MailFault, MailNote, MailOutcome};
use tripswitch::domain::ids::{Id, Position, Side, WorkspaceKey};
use tripswitch::domain::life::ContactMark;
use tripswitch::domain::local::Local;
use tripswitch::domain::message::LanguageCode;
use tripswitch::domain::own_settings::{OwnPatch, OwnWeight};
use tripswitch::domain::own_settings_v1::OwnPatchV1;
use tripswitch::domain::rating::LinkRating;
use tripswitch::domain::record::{Command, Frame, Override, Record};
use tripswitch::domain::resource::{ResourceBody, ResourceChange, ResourceRecord};
use tripswitch::domain::score::Hundredths;
use tripswitch::domain::scoring::catalogue::SignalWeight;
use tripswitch::domain::scoring::catalogue::{SUPPORT, SignalKind, TASK};
use tripswitch::domain::scoring::level::Level;
use tripswitch::domain::scoring::profile::{Profile, ScoringModel};
use tripswitch::domain::scoring::scale::{Certainty, Scale, VerdictFit};
use tripswitch::domain::settings::{Model, Settings};
use tripswitch::domain::settings_v1::SettingsV1;
use tripswitch::domain::settings_v2::SettingsV2;
use tripswitch::domain::system::{ApiKey, Permission, SystemRecord};
use tripswitch::domain::time::{DAY, HOUR, Millis};
use tripswitch::domain::view::{BreakerScope, LabelKind};
use tripswitch::ids::Ids;
use uuid::Uuid;

use crate::life::Events;

pub const SYSTEM: WorkspaceKey = WorkspaceKey::SYSTEM;
pub const LIVE: WorkspaceKey = WorkspaceKey { id: Id(0x0190_b5c0_0000_7000_8000_0000_0000_00a1), side: Side::Live };
pub const TEST: WorkspaceKey = WorkspaceKey { id: LIVE.id, side: Side::Test };
pub const OTHER: WorkspaceKey = WorkspaceKey { id: Id(0x0190_b5c0_0000_7000_8000_0000_0000_00b2), side: Side::Live };
/// The endpoint that effects are delivered to.
const ENDPOINT: Id = Id(77);
const START: Millis = 1_750_000_000_000;

/// Ids that no version of any library changes.
#[derive(Default)]
pub struct FixedIds(Mutex<u128>);

impl FixedIds {
    /// What the golden journal's number is: the first id.
    pub const JOURNAL: u128 = 0x5eed_0000_0000_4000_8000_0000_0000_0001;
}

impl Ids for FixedIds {
    fn uuid(&self) -> Uuid {
        let mut drawn = self.0.lock().unwrap();
        *drawn += 1;
        Uuid::from_u128(Self::JOURNAL - 1 + *drawn)
    }

    fn secret(&self) -> [u8; 32] {
        [7; 32]
    }

    fn token(&self, length: usize) -> String {
        "t".repeat(length)
    }
}

/// Puts frames into groups. A replay beside it names the breakers that commands are about.
struct Maker {
    now: Millis,
    apply_version: u16,
    seqs: BTreeMap<WorkspaceKey, u64>,
    sides: BTreeMap<WorkspaceKey, Local>,
    groups: Vec<Vec<Frame>>,
}

/// The frames of the golden journal of this version, by group: each has those of the one before, and more.
pub fn make(version: u8) -> Vec<Vec<Frame>> {
    let mut maker =
        Maker { now: START, apply_version: 0, seqs: BTreeMap::new(), sides: BTreeMap::new(), groups: Vec::new() };
    maker.system();
    let mut events = Events::default();
    maker.live(&mut events);
    maker.others(&mut events);
    maker.later(&mut events);
    if version > 1 {
        maker.erased_by(&events);
    }
    if version > 2 {
        maker.models(&mut events);
    }
    if version > 3 {
        maker.repeats();
        maker.marked(&mut events);
        maker.deleted();
    }
    if version > 4 {
        maker.heard_at_once(&mut events);
    }
    if version > 5 {
        maker.set_more();
    }
    if version > 6 {
        maker.rated(&mut events);
    }
    maker.groups
}

impl Maker {
    /// A group of its own: one receipt, these records.
    fn group(&mut self, records: impl IntoIterator<Item = (WorkspaceKey, Record)>) {
        self.now += 1_000;
        let mut group = Vec::new();
        for (key, record) in records {
            let seq = self.seqs.entry(key).or_insert(0);
            *seq += 1;
            group.push(Frame { key, seq: *seq, receipt: self.now, apply_version: self.apply_version, record });
        }
        for frame in group.iter().filter(|frame| frame.key != SYSTEM) {
            let side = || Local::new(frame.key, "made".into(), settings());
            self.sides.entry(frame.key).or_insert_with(side).apply(std::slice::from_ref(frame));
        }
        self.groups.push(group);
    }

    fn command(&mut self, key: WorkspaceKey, command: Command) {
        self.group([(key, Record::Command { actor: "ana@example.com".into(), command })]);
    }

    /// The breaker that is active and was triggered first.
    fn breaker(&self, key: WorkspaceKey) -> Id {
        self.sides[&key].workspace.active_breakers().iter().map(|breaker| breaker.id).min().expect("one is active")
    }

    fn system(&mut self) {
        let incarnation = Id(0x0190_b5c0_0000_7000_8000_0000_0000_0c01);
        let actor = || Box::from("data-directory");
        let workspace = |id, name: &str, tenant: &str| SystemRecord::WorkspaceCreated {
            id,
            name: name.into(),
            tenant: tenant.into(),
            actor: actor(),
        };
        let (bound, server) = (key(1, Some(LIVE.id)), key(2, None));
        let (bound_id, server_id) = (bound.id, server.id);
        let changes = [
            SystemRecord::Initialised { incarnation, identity_key: [0x1d; 32] },
            workspace(LIVE.id, "Nordic Support", "org_nordic"),
            workspace(OTHER.id, "Söderköping", "org_söder"),
            SystemRecord::KeyCreated { key: bound, actor: actor() },
            SystemRecord::KeyCreated { key: server, actor: "admin".into() },
            SystemRecord::KeysUsed(vec![(bound_id, START + 5), (server_id, START + 6)]),
            SystemRecord::KeyRevoked { id: server_id, actor: actor() },
        ];
        self.group(changes.map(|change| (SYSTEM, Record::System(change))));
    }

    /// One side with everything: conversations of every kind of event, a breaker, its life.
    fn live(&mut self, events: &mut Events) {
        self.group([(LIVE, settings_v1(&settings())), (LIVE, patch())]);
        for part in events.everything() {
            self.group([(LIVE, Record::Events(part))]);
        }
        for low in 0..4 {
            let imports = (0..2).map(|number| events.import(100 + 10 * low + number, 1, 150 + 5 * low as u16, None));
            self.group([(LIVE, Record::Events(imports.collect()))]);
        }
        let breaker = self.breaker(LIVE);
        self.command(LIVE, Command::Acknowledge { breaker, note: Some("looked at".into()) });
        self.command(LIVE, Command::Resolve { breaker, note: None });
        self.command(LIVE, Command::Acknowledge { breaker: Id(1), note: None });
        let seq = self.seqs[&LIVE];
        let (good, skipped) = (events.import(200, 2, 480, None), events.import(201, 2, 110, None));
        self.group([
            (LIVE, Record::Events(vec![good, skipped])),
            (LIVE, Record::Skip { seq: seq + 1, place: 1, reason: "index out of bounds".into() }),
        ]);
        self.group([(LIVE, Record::Events(events.repeats()))]);
    }

    /// Sides that share groups with one another, and frames that no side applies.
    fn others(&mut self, events: &mut Events) {
        let imports = |events: &mut Events, first: u64| {
            (first..first + 3).map(|number| events.import(number, number, 320, Some(START - DAY))).collect()
        };
        let (test, other) = (imports(events, 300), imports(events, 400));
        self.group([(TEST, Record::Events(test)), (OTHER, settings_v1(&settings()))]);
        self.group([
            (OTHER, Record::Events(other)),
            (TEST, Record::Delivered { endpoint: Id(5), upto: 77 }),
            (OTHER, Record::Erasure { conversation: Some(events.conversation(400)), contact: None }),
        ]);
    }

    /// Days later conversations have settled; older ones go.
    fn later(&mut self, events: &mut Events) {
        self.now += 9 * DAY;
        let late = events.late();
        let conversation = events.import(500, 1, 410, None);
        self.group([(LIVE, Record::Events(late)), (LIVE, Record::Events(vec![conversation]))]);
        self.now += HOUR;
        let mut changed = settings();
        changed.model.window_size = 7;
        changed.profile.composite_weights = [0.5, 0.25, 0.25];
        self.group([(LIVE, settings_v1(&changed)), (OTHER, retention(START))]);
        let last = events.import(501, 1, 290, None);
        let contact = Some(ContactMark::unkeyed("someone@example.com"));
        self.group([
            (LIVE, Record::Events(vec![last])),
            (LIVE, retention(START + 15_000)),
            (LIVE, Record::Erasure { conversation: None, contact }),
        ]);
    }
}

impl Maker {
    /// What version 2 has on top: erasures that say who asked, found and not; and a refusal of each kind that
    /// the trails have not met.
    fn erased_by(&mut self, events: &Events) {
        let erased =
            |conversation, contact| Record::ErasedBy { actor: "ana@example.com".into(), conversation, contact };
        let contact = Some(ContactMark::unkeyed("+46 70 123"));
        self.group([
            (LIVE, erased(Some(events.conversation(501)), None)),
            (LIVE, erased(Some(events.conversation(999)), None)),
            (LIVE, erased(None, contact)),
            (OTHER, erased(Some(events.conversation(401)), contact)),
        ]);
        let breaker = self.first_breaker(LIVE);
        self.command(LIVE, Command::Acknowledge { breaker, note: None });
        self.command(LIVE, Command::Resolve { breaker, note: Some("again".into()) });
        self.group([(LIVE, patch())]);
        let actor = || Box::from("api-key:1");
        let (taken, revoked) = (key(1, Some(LIVE.id)), key(1, None).id);
        let changes = [
            SystemRecord::WorkspaceCreated {
                id: LIVE.id,
                name: "x".into(),
                tenant: "org_söder".into(),
                actor: actor(),
            },
            SystemRecord::KeyCreated { key: taken, actor: actor() },
            SystemRecord::KeyRevoked { id: revoked, actor: actor() },
            SystemRecord::KeyRevoked { id: revoked, actor: actor() },
            SystemRecord::KeyRevoked { id: Id(1), actor: actor() },
        ];
        self.group(changes.map(|change| (SYSTEM, Record::System(change))));
    }

    /// What version 3 has on top: settings with a model, and messages as it reads them, in a new conversation, in one
    /// that the first model began, and an automatic one.
    fn models(&mut self, events: &mut Events) {
        self.apply_version = 1;
        let settings = SettingsV2::of(&model_settings()).expect("they were like that in version 3");
        self.group([(LIVE, Record::SettingsV2(Box::new(settings)))]);
        for part in events.heard() {
            self.group([(LIVE, Record::Events(part))]);
        }
    }

    /// What version 4 has on top: counts of what is in the trails, and of what is not.
    fn repeats(&mut self) {
        let (breaker, last) = (self.first_breaker(LIVE), self.now);
        let actor = || Some(Box::from("ana@example.com"));
        let acknowledged = SideAction::BreakerAcknowledged { breaker, noted: true };
        let refused = AuditOutcome::Refused(Refusal::BreakerResolved);
        let unchanged = AuditOutcome::Unchanged;
        let of_side = vec![
            Repeat { actor: actor(), action: acknowledged, outcome: refused, count: 3, last },
            Repeat { actor: actor(), action: SideAction::ContactErased, outcome: unchanged, count: 1, last },
            Repeat { actor: None, action: SideAction::Others, outcome: unchanged, count: 70_000, last: last + 500 },
        ];
        let tenant = || Box::from("org_söder");
        let created = SystemAction::WorkspaceCreated { id: LIVE.id, name: "y".into(), tenant: tenant() };
        let others = SystemAction::Others { tenant: Some(tenant()) };
        let exists = AuditOutcome::Refused(Refusal::WorkspaceExists);
        let of_system = vec![
            Repeat { actor: Some("api-key:1".into()), action: created, outcome: exists, count: 2, last },
            Repeat { actor: None, action: others, outcome: unchanged, count: 9, last },
        ];
        self.group([(LIVE, Record::Repeats(of_side)), (SYSTEM, Record::System(SystemRecord::Repeats(of_system)))]);
    }

    /// And a workspace that was made and deleted.
    fn deleted(&mut self) {
        let (id, actor) = (Id(0x0190_b5c0_0000_7000_8000_0000_0000_0d01), || Box::from("api-key:1"));
        let made =
            SystemRecord::WorkspaceCreated { id, name: "Trial".into(), tenant: "org_söder".into(), actor: actor() };
        self.group(
            [made, SystemRecord::WorkspaceDeleted { id, actor: actor() }]
                .map(|record| (SYSTEM, Record::System(record))),
        );
    }

    /// And marks: of a contact that was known before there were any, of new ones, and an erasure by several.
    fn marked(&mut self, events: &mut Events) {
        let marked = events.marked();
        self.group([(LIVE, Record::Events(marked))]);
        let marks = ["someone else", "someone@example.com"].map(ContactMark::unkeyed).into();
        let actor = "ana@example.com".into();
        self.group([(LIVE, Record::ErasedContact { actor, marks })]);
    }

    /// The one that the golden stream has resolved.
    fn first_breaker(&self, key: WorkspaceKey) -> Id {
        let resolved = self.groups.iter().flatten().find_map(|frame| match &frame.record {
            Record::Command { command: Command::Resolve { breaker, .. }, .. } if frame.key == key => Some(*breaker),
            _ => None,
        });
        resolved.expect("one was resolved")
    }
}

fn retention(cutoff: Millis) -> Record {
    Record::Retention { cutoff, most: 2 }
}

/// All that config.toml can say, each number unlike the others.
fn settings() -> Settings {
    let weight = |kind: SignalKind| SignalWeight { weight: f64::from(kind as u8) / 8.0, loadings: [0.25, 0.5, 0.25] };
    let profile = Profile {
        name: "golden-1".into(),
        hash: *b"golden-1",
        prior_strength: 3.5,
        priors: [0.5, 0.75, 0.375],
        composite_weights: [0.25, 0.25, 0.5],
        signals: TASK.into_iter().map(weight).collect(),
        first_response_target_seconds: 301,
        reply_target_seconds: 901,
        ..Profile::first()
    };
    let model = Model {
        window_size: 50,
        window_days: 91,
        workspace_factor: 2,
        settle_days: 7,
        duplicate_days: 8,
        explanation_days: 92,
        retention_days: 401,
        max_turns: 12,
    };
    Settings { model, secret_id: *b"secretid", profile, effects: EffectsKept::default() }
}

fn settings_v1(settings: &Settings) -> Record {
    Record::SettingsV1(Box::new(SettingsV1::of(settings).expect("they were like that in version 1")))
}

/// All that a profile of a model can say.
fn model_settings() -> Settings {
    let weight =
        |kind: &SignalKind| SignalWeight { weight: f64::from(*kind as u8) / 16.0, loadings: [0.25, 0.5, 0.25] };
    let profile = Profile {
        model: ScoringModel::Support2,
        name: "golden-2".into(),
        hash: *b"golden-2",
        signals: SUPPORT.iter().map(weight).collect(),
        default_language: LanguageCode::new("da").expect("a language"),
        languages: ["da", "en"].map(|language| LanguageCode::new(language).expect("a language")).into(),
        scale: Scale {
            slope: 2.5,
            offset: -6.25,
            ease: 0.5,
            unsaid_end: 4.75,
            guards: true,
            ratings: [0.0, 0.25, 0.625, 0.75, 1.0],
        },
        certainty: Certainty::Verdict(VerdictFit::from_numbers([
            1.0, 2.0, 2.25, 0.5, -3.0, -1.0, 0.625, -0.125, -0.25, -1.5, -0.75,
        ])),
        ..settings().profile
    };
    Settings { profile, ..settings() }
}

fn patch() -> Record {
    let patch = CsatPatch {
        email_inline_enabled: Some(false),
        email_followup_enabled: Some(true),
        link_expiry_days: Some(15),
        follow_up_delay_minutes: Some(61),
        threshold_resolution_failure: Some(Hundredths(210)),
        threshold_low_composite: Some(Hundredths(310)),
        circuit_breaker_count: Some(2),
        circuit_breaker_window_hours: Some(73),
        baseline_outcome: Some(Some(Hundredths(390))),
        baseline_process: Some(None),
        baseline_environment: None,
    };
    Record::Command { actor: "ana@example.com".into(), command: Command::PatchCsatConfig(patch) }
}

/// A key of a workspace, or the server's.
fn key(number: u8, workspace: Option<Id>) -> ApiKey {
    let scopes = match workspace {
        Some(_) => vec![Permission::QualityRead, Permission::QualityWrite, Permission::EventsWrite, Permission::Admin],
        None => vec![Permission::Server],
    };
    ApiKey {
        id: Id(0x0190_b5c0_0000_7000_8000_0000_0000_0d00 + u128::from(number)),
        name: format!("key {number}").into(),
        key_prefix: "sf_live_v1_abcd".into(),
        hash: [number; 32],
        tenant: workspace.map(|_| "org_nordic".into()),
        workspace,
        side: if workspace.is_some() { Side::Live } else { Side::Test },
        scopes,
        created_at: START + 1_000,
        expires_at: workspace.map(|_| START + 400 * DAY),
        last_used_at: None,
        revoked_at: None,
    }
}
