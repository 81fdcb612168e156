//! A small directory with one of everything, there and back; and what is refused.

mod answers;
mod stage;

use super::lines::Kind;
use super::*;
use crate::domain::event::{Body, Resolution, Status};
use crate::domain::hex;
use crate::domain::ids::{Id, Side, WorkspaceKey};
use crate::domain::life::ContactMark;
use crate::domain::local::Local;
use crate::domain::record::Record;
use crate::domain::settings::Settings;
use crate::domain::system_table::SystemTable;
use crate::domain::time::{DAY, HOUR, Millis};
use crate::domain::view::Known;
use crate::domain::workspace::Workspace;
use stage::{Stage, customer, local, system, workspace};

/// An export in format 1. It is read as long as the format is.
const GOLDEN_1: &str = include_str!("../golden-1.ndjson");
/// An export of [`system`] and [`workspace`] in format 2.
const GOLDEN_2: &str = include_str!("../golden-2.ndjson");
/// Of the same in format 3, with settings of a model.
const GOLDEN_3: &str = include_str!("../golden-3.ndjson");
/// Of the same in format 4, without numbers.
const GOLDEN_4: &str = include_str!("../golden-4.ndjson");
/// Of the same in format 5, with marks of contacts.
const GOLDEN_5: &str = include_str!("../golden-5.ndjson");
/// Of the same in format 6, with what users set up and say.
const GOLDEN_6: &str = include_str!("../golden-6.ndjson");
/// Of the same in format 7, with whose messages there were.
const GOLDEN_7: &str = include_str!("../golden-7.ndjson");
/// What this program writes.
const GOLDEN: &str = include_str!("../golden-8.ndjson");
const GUIDE: &str = include_str!("../../../docs/export.md");

const KEY: WorkspaceKey = WorkspaceKey { id: Id(7), side: Side::Live };
/// 2026-03-01T08:00:00.000Z.
const START: Millis = 1_772_352_000_000;

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
        for member in ["number", "count", "lastAt", "mark", "unkeyedMarks", "announcedRisk", "voices", "rated"] {
            members.remove(member);
        }
        if let Some(settings) = members.get_mut("settings").and_then(|settings| settings.as_object_mut()) {
            settings.remove("effects");
        }
        if let Some(own) = members.get_mut("ownSettings").and_then(|own| own.as_object_mut()) {
            own.retain(|_, value| !value.is_null() && *value != serde_json::json!({}));
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

    for golden in [GOLDEN_2, GOLDEN_3, GOLDEN_4, GOLDEN_5, GOLDEN_6, GOLDEN_7] {
        let old = read(golden).unwrap();
        assert_eq!(facts(&exported(&old.system, old.workspaces).0), facts(golden));
    }

    let imported = read(GOLDEN).unwrap();
    assert_eq!(exported(&imported.system, imported.workspaces).0, GOLDEN);
    assert_eq!(facts(GOLDEN_5), facts(GOLDEN_4));
    let lines = [
        "export",
        "directory",
        "workspace",
        "key",
        "side",
        "account",
        "contact",
        "conversation",
        "resource",
        "optedOut",
    ];
    for kind in lines {
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
        ("\"format\":8", "\"format\":9", 1, "format 9 is not known"),
        (
            "\"wants\":[\"breaker.triggered",
            "\"wants\":[\"breaker.tripped",
            kind("resource"),
            "an unknown type of effects",
        ),
        (
            "\"intent\":\"refund\",\"reason\"",
            "\"intent\":\"refund\",\"channel\":\"x\",\"reason\"",
            line_of("refunds are stuck"),
            "one scope",
        ),
        ("\"format\":8", "\"format\":1", kind("directory"), "format 1 has no member auditAfter"),
        ("\"action\":\"key.created\"", "\"action\":\"key.made\"", line_of("key.created"), "make no audit entry"),
        ("\"code\":\"unknown_breaker\"", "\"code\":\"x\"", line_of("unknown_breaker"), "x is not a known code"),
        ("\"noted\":true", "\"noted\":true,\"name\":\"x\"", line_of("noted\":true"), "make no audit entry"),
        (
            "\"from\":{\"linkExpiryDays\"",
            "\"from\":{\"linkExpiry\"",
            line_of("csat_config.patched"),
            "neither of the configuration nor of the settings",
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
    let stranger = forged(account, "\"accountId\":\"00000000-0000-0000-0000-000000000099\"");
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
