//! A small directory with one of everything, there and back; and what is refused.

mod answers;

use super::lines::Kind;
use super::*;
use crate::domain::csat_config::CsatPatch;
use crate::domain::event::{
    AttentionType, Body, EventRecord, Identity, ImportedScore, ObservedSignal, OwnSignal, Resolution, Sender, Status,
    TurnFeatures,
};
use crate::domain::hex;
use crate::domain::ids::{Id, Side, WorkspaceKey};
use crate::domain::life::ContactMark;
use crate::domain::local::Local;
use crate::domain::record::{APPLY_VERSION, Command, Frame, Record};
use crate::domain::score::Hundredths;
use crate::domain::scoring::catalogue::SignalKind;
use crate::domain::scoring::task::lexicon::List;
use crate::domain::settings::Settings;
use crate::domain::system::{ApiKey, Permission, SystemRecord};
use crate::domain::system_table::SystemTable;
use crate::domain::time::{DAY, HOUR, Millis};
use crate::domain::view::Known;
use crate::domain::workspace::Workspace;

/// An export in format 1. It is read as long as the format is.
const GOLDEN_1: &str = include_str!("../golden-1.ndjson");
/// An export of [`system`] and [`workspace`] in format 2.
const GOLDEN_2: &str = include_str!("../golden-2.ndjson");
/// Of the same in format 3, with settings of a model.
const GOLDEN_3: &str = include_str!("../golden-3.ndjson");
/// Of the same in format 4, without numbers.
const GOLDEN_4: &str = include_str!("../golden-4.ndjson");
/// What this program writes.
const GOLDEN: &str = include_str!("../golden-5.ndjson");
const GUIDE: &str = include_str!("../../../docs/export.md");

const KEY: WorkspaceKey = WorkspaceKey { id: Id(7), side: Side::Live };
/// 2026-03-01T08:00:00.000Z.
const START: Millis = 1_772_352_000_000;

/// A workspace side under construction.
struct Stage {
    local: Local,
    seq: u64,
    events: u64,
    /// Replies and effects.
    heard: Vec<String>,
}

impl Stage {
    fn record(&mut self, receipt: Millis, record: Record) {
        self.seq += 1;
        let frame = Frame { key: KEY, seq: self.seq, receipt, apply_version: APPLY_VERSION, record };
        let applied = self.local.apply(&[frame]);
        self.heard.push(format!("{:?} {:?}", applied.replies, applied.effects));
    }

    fn event(&mut self, receipt: Millis, conversation: u128, body: Body) {
        self.event_of(receipt, conversation, None, None, body);
    }

    fn event_of(
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
            channel: None,
            intent: None,
            body,
        };
        self.record(receipt, Record::Events(vec![event]));
    }

    fn imported(&mut self, receipt: Millis, conversation: u128, account: Option<u128>, score: u16) {
        let dimensions = [Hundredths(score), Hundredths(score + 15), Hundredths(score + 20)];
        let import = ImportedScore { dimensions, resolved: true, confidence: Hundredths(62), signal_count: 4 };
        self.event_of(receipt, conversation, account, None, Body::ConversationScored(import));
    }
}

fn settings() -> Settings {
    let mut settings = Settings { secret_id: [1; 8], ..Settings::default() };
    // The catalogue's own weights hold for the others.
    settings.profile.signals.truncate(2);
    settings
}

fn customer() -> Body {
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

fn local() -> Local {
    let local = Local::new(KEY, "Support".into(), Settings::default());
    let mut stage = Stage { local, seq: 0, events: 0, heard: Vec::new() };
    settle(&mut stage);
    trip(&mut stage);
    live(&mut stage);
    stage.local
}

fn workspace() -> Workspace {
    local().workspace
}

fn system() -> SystemTable {
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

/// An export of these, and what it says of itself.
fn exported(system: &SystemTable, sides: Vec<Workspace>) -> (String, Summary) {
    let position = SystemPosition { seq: 6, last_receipt: START - DAY + 5_000 };
    let header = Header { program: "tripswitch 0.1.0", exported_at: START + 12 * DAY, system: position };
    let mut out = Vec::new();
    let sides = sides.into_iter().map(|mut side| side.cut());
    let summary = export(&mut out, header, system, sides, &mut |_| {}).unwrap();
    (String::from_utf8(out).unwrap(), summary)
}

fn read(text: &str) -> Result<Imported, ImportError> {
    import(text.as_bytes(), &mut |_| {})
}

#[test]
fn r5_5_signals_of_settled_and_living_conversations_are_explained_after_an_import() {
    let before = workspace();
    let now = START + 12 * DAY;
    let expected: Vec<_> = (1..=9).map(|id| before.explanation(Id(id), now)).collect();
    assert!(matches!(&expected[2], Known::Found(found) if found.scoring.is_some()));
    let after = read(&exported(&system(), vec![before]).0).unwrap().workspaces.remove(0);
    assert_eq!((1..=9).map(|id| after.explanation(Id(id), now)).collect::<Vec<_>>(), expected);
}

#[test]
fn r4_8_neither_text_nor_a_key_is_in_an_export() {
    let (text, _) = exported(&system(), vec![workspace()]);
    assert!(text.contains("Took \\\"ages\\\""), "what was given for storing is there");
    assert!(text.contains(&hex::encode(&[0xab; 32])) && !text.contains("\"secret\""));
}

/// The lines as facts: without what tells the format, and what only older ones say.
fn facts(text: &str) -> Vec<serde_json::Value> {
    let mut facts = Vec::new();
    for line in text.lines() {
        let mut value: serde_json::Value = serde_json::from_str(line).unwrap();
        let members = value.as_object_mut().unwrap();
        // What older formats say and this one does not, and the other way round.
        for member in ["number", "count", "lastAt", "mark", "unkeyedMarks"] {
            members.remove(member);
        }
        if !["export", "free", "end"].contains(&members["type"].as_str().unwrap()) {
            facts.push(value);
        }
    }
    facts
}

#[test]
fn r9_7_exports_of_all_formats_are_read_and_the_last_is_written_as_it_was() {
    let old = read(GOLDEN_1).unwrap();
    let side = &old.workspaces[0];
    assert_eq!((side.trail().after(), side.trail().len()), (side.applied(), 0), "what was done is not known");
    assert!(old.system.trails().after() == old.system.applied() && old.system.trails().is_empty());
    // What it lacks stays lacking.
    let text = exported(&old.system, old.workspaces.clone()).0;
    let again = read(&text).unwrap();
    assert_eq!(again.system, old.system);
    assert_eq!(again.workspaces[0].trail(), old.workspaces[0].trail());
    let mut known = facts(&text);
    for fact in &mut known {
        fact.as_object_mut().unwrap().remove("auditAfter");
    }
    assert_eq!(known, facts(GOLDEN_1));

    for golden in [GOLDEN_2, GOLDEN_3, GOLDEN_4] {
        let old = read(golden).unwrap();
        assert_eq!(facts(&exported(&old.system, old.workspaces).0), facts(golden));
    }

    let imported = read(GOLDEN).unwrap();
    assert_eq!(exported(&imported.system, imported.workspaces).0, GOLDEN);
    assert_eq!(facts(GOLDEN), facts(GOLDEN_4));
    for kind in ["export", "directory", "workspace", "key", "side", "account", "contact", "conversation"] {
        assert!(GOLDEN.contains(&format!("{{\"type\":\"{kind}\"")), "{kind}");
    }
    assert!(GOLDEN.contains("{\"type\":\"breaker\"") && GOLDEN.contains("{\"type\":\"identities\""));
    assert!(GOLDEN.contains("{\"type\":\"audit\"") && !GOLDEN_1.contains("audit"));
}

#[test]
fn the_guide_shows_lines_of_a_real_export() {
    let lines = |text: &str| text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<_>>();
    let golden: Vec<serde_json::Value> = lines(GOLDEN);
    let examples: Vec<&str> = GUIDE.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(examples.len() >= 12, "{}", examples.len());
    for example in examples {
        let value: serde_json::Value = serde_json::from_str(example).unwrap();
        assert!(golden.contains(&value), "no line of the export: {example}");
    }
}

#[test]
fn an_export_cut_anywhere_is_cut_short() {
    for length in 0..GOLDEN.len() - 1 {
        let error = import(&GOLDEN.as_bytes()[..length], &mut |_| {}).unwrap_err();
        match error.problem {
            Problem::CutShort(_) => {}
            Problem::NotAnExport if error.line == 1 => {}
            other => panic!("{length} bytes: line {}: {other}", error.line),
        }
    }
    assert!(read(GOLDEN.trim_end()).is_ok(), "the last line end may be missing");
}

#[test]
fn an_export_with_any_byte_changed_is_refused() {
    let mut bytes = GOLDEN.as_bytes().to_vec();
    for at in 0..bytes.len() {
        bytes[at] ^= 1;
        assert!(import(&*bytes, &mut |_| {}).is_err(), "byte {at} of {}", bytes.len());
        bytes[at] ^= 1;
    }
}

/// The golden export with `from` replaced once, and an end line that fits.
fn forged(from: &str, to: &str) -> String {
    assert!(GOLDEN.contains(from), "{from}");
    let body = GOLDEN.replacen(from, to, 1);
    let body = &body[..body.trim_end().rfind('\n').unwrap() + 1];
    let (lines, blake3) = (body.lines().count(), blake3::hash(body.as_bytes()).to_hex());
    format!("{body}{{\"type\":\"end\",\"lines\":{lines},\"blake3\":\"{blake3}\"}}\n")
}

#[test]
fn every_complaint_names_its_line_and_what_is_wrong() {
    assert!(read(&forged("tripswitch 0.1.0", "another")).is_ok(), "a fitting end line is all that an editor needs");
    let line_of = |text: &str| GOLDEN.lines().position(|line| line.contains(text)).unwrap() + 1;
    let kind = |kind: &str| line_of(&format!("{{\"type\":\"{kind}\""));
    let cases = [
        ("\"format\":5", "\"format\":6", 1, "format 6 is not known"),
        ("\"format\":5", "\"format\":1", kind("directory"), "format 1 has no member auditAfter"),
        ("\"action\":\"key.created\"", "\"action\":\"key.made\"", line_of("key.created"), "make no audit entry"),
        ("\"code\":\"unknown_breaker\"", "\"code\":\"x\"", line_of("unknown_breaker"), "x is not a known code"),
        ("\"noted\":true", "\"noted\":true,\"name\":\"x\"", line_of("noted\":true"), "make no audit entry"),
        (
            "\"from\":{\"linkExpiryDays\"",
            "\"from\":{\"linkExpiry\"",
            line_of("csat_config.patched"),
            "unknown field `linkExpiry`",
        ),
        (
            "\"profileHash\":\"ed16",
            "\"profileHash\":\"ED16",
            line_of("settings.installed"),
            "expected 16 hexadecimal digits",
        ),
        ("{\"type\":\"key\"", "{\"type\":\"kea\"", kind("key"), "unknown variant `kea`"),
        ("\"tenant\":\"fjord\"", "\"tenant\":\"fjord\",\"colour\":1", line_of("fjord"), "unknown field `colour`"),
        ("\"retentionDays\":400", "\"retentionDays\":\"x\"", kind("side"), "invalid type: string \"x\""),
        ("\"csatConfig\":{", "\"csatConfig\":{\"x\":1,", kind("side"), "unknown field `x`"),
        (
            "{\"type\":\"account\"",
            "{\"type\":\"workspace\"",
            kind("account"),
            "Workspace does not follow one of type Side",
        ),
        ("{\"type\":\"account\"", "{\"type\":\"free\"", kind("account"), "has no such lines"),
        ("\"conversation\",", "\"conversation\",\"number\":0,", kind("conversation"), "have no number"),
        ("\"name\":\"sentiment_mean\"", "\"name\":\"praise\"", kind("side"), "signals in the catalogue's order"),
        ("\"composite\":", "\"composites\":", kind("conversation"), "unknown field `composites`"),
        ("\"profile\":0", "\"profile\":7", kind("conversation"), "the profile of a score"),
    ];
    for (from, to, line, complaint) in cases {
        let error = read(&forged(from, to)).unwrap_err();
        let said = error.to_string();
        assert!(said.starts_with(&format!("line {line}: ")) && said.contains(complaint), "{to}: {said}");
    }
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let end = GOLDEN.lines().count();
    let id = |n: u32| format!("\"id\":\"00000000-0000-0000-0000-{n:012x}\"");
    let conversation = |n| format!("{{\"type\":\"conversation\",{}", id(n));
    let twice = forged(&conversation(4), &conversation(3));
    let error = read(&twice).unwrap_err();
    assert_eq!((error.line, error.to_string().contains("a conversation's id")), (end as u64, true), "{error}");
    let account = "\"accountId\":\"00000000-0000-0000-0000-000000000064\"";
    let stranger = forged(account, "\"accountId\":\"00000000-0000-0000-0000-000000000065\"");
    assert!(read(&stranger).unwrap_err().to_string().contains("stands on no line before it"));
    let side = GOLDEN.lines().find(|line| line.starts_with("{\"type\":\"side\"")).unwrap();
    let twice = read(&forged(side, &format!("{side}\n{side}"))).unwrap_err();
    assert!(twice.to_string().contains("two lines"), "{twice}");
}

#[test]
fn audit_entries_are_of_what_they_stand_behind_and_in_order() {
    let end = GOLDEN.lines().count() as u64;
    let cases = [
        ("\"position\":\"3-0\",\"at\":\"2026-02-28", "\"position\":\"2-0\",\"at\":\"2026-02-28"),
        ("\"position\":\"6-0\",\"at\":\"2026-02-28", "\"position\":\"7-0\",\"at\":\"2026-02-28"),
        ("\"seq\":6,", "\"seq\":5,"),
        (
            "\"lastReceipt\":\"2026-02-28T08:00:05.000Z\",\"auditAfter\":0",
            "\"lastReceipt\":\"2026-02-28T08:00:05.000Z\"",
        ),
        ("\"auditAfter\":0,\"unkeyedMarks\"", "\"auditAfter\":20,\"unkeyedMarks\""),
        ("\"auditAfter\":0,\"unkeyedMarks\"", "\"auditAfter\":99,\"unkeyedMarks\""),
    ];
    for (from, to) in cases {
        let error = read(&forged(from, to)).unwrap_err();
        assert_eq!(error.line, end, "{to}: {error}");
        assert!(error.to_string().contains("audit lines") || error.to_string().contains("trail"), "{to}: {error}");
    }
    let last_but_one = GOLDEN.lines().rev().nth(1).unwrap();
    let breaker = GOLDEN.lines().find(|line| line.starts_with("{\"type\":\"breaker\"")).unwrap();
    let error = read(&forged(last_but_one, &format!("{last_but_one}\n{breaker}"))).unwrap_err().to_string();
    assert!(error.contains("Breaker does not follow one of type Audit"), "{error}");
}

#[test]
fn lines_stand_in_the_order_of_their_kinds() {
    assert!(
        Kind::Export < Kind::Directory
            && Kind::Key < Kind::Side
            && Kind::Identities < Kind::Audit
            && Kind::Audit < Kind::End
    );
    let (text, _) = exported(&system(), vec![]);
    assert_eq!(read(&text).unwrap().workspaces.len(), 0);
    let doubled = text.replacen('\n', &format!("\n{}\n", text.lines().next().unwrap()), 1);
    assert!(read(&doubled).unwrap_err().to_string().contains("Export does not follow one of type Export"));
}

#[test]
fn a_table_without_a_first_record_is_not_exported() {
    let header = Header { program: "t", exported_at: 0, system: SystemPosition { seq: 0, last_receipt: Millis::MIN } };
    let refused = export(&mut Vec::new(), header, &SystemTable::default(), std::iter::empty(), &mut |_| {});
    assert!(matches!(refused, Err(ExportError::NotInitialised)));
}
