//! Ids, keys, tokens of links, tags, times, periods, parameters and numbers: what is accepted means the same when it is
//! printed and read again.

use axum::http::header::IF_NONE_MATCH;
use axum::http::{HeaderMap, HeaderValue};
use serde_json::value::RawValue;
use tripswitch::domain::ids::{Id, IdKind, IdName, Side, parse_id};
use tripswitch::domain::system::KeySecret;
use tripswitch::domain::time::{self, DAY, Millis};
use tripswitch::http::etag::names;
use tripswitch::http::params::{Query, read_id};
use tripswitch::links::{Forged, Links};
use tripswitch::service::period::PeriodQuery;
use tripswitch::wire::number::{Decimal, hundredths};

/// 2026-03-15T14:35:00.000Z.
const NOW: Millis = 1_773_585_300_000;

pub fn check(data: &[u8]) {
    check_tags(data);
    let Ok(text) = std::str::from_utf8(data) else { return };
    check_id(text);
    check_key(text);
    check_link(text);
    check_time(text);
    check_date(text);
    check_period(text);
    check_query(text);
    check_number(text);
}

fn check_id(text: &str) {
    for kind in [IdKind::Workspace, IdKind::Account, IdKind::Conversation, IdKind::Breaker, IdKind::Key] {
        assert_eq!(read_id(parse_id, kind, "id", text).ok(), parse_id(kind, text).ok());
        check_name(kind, text);
        let Ok(id) = parse_id(kind, text) else { continue };
        let printed = id.to_string();
        assert!(text.to_ascii_lowercase().ends_with(&printed), "{text} was read as {printed}");
        assert!(printed.len() == 36 && text.len() <= kind.prefix().len() + 36, "{text}");
        for again in [printed.clone(), printed.to_uppercase(), format!("{}{printed}", kind.prefix())] {
            assert_eq!(parse_id(kind, &again), Ok(id), "{again}");
        }
    }
}

/// What is no id is a name in another system, or nothing; a name means another id in every workspace (R2.2b).
fn check_name(kind: IdKind, text: &str) {
    let (name, id) = (IdName::parse(kind, text), parse_id(kind, text).ok());
    if let Some(id) = id {
        assert_eq!(name, Ok(id.into()));
    } else if let Ok(name) = name {
        assert!(text.len() > 4 && text[..4].eq_ignore_ascii_case("ext:"), "{text}");
        assert!(text.chars().count() <= 204 && !text.contains('\0'), "{text}");
        assert_ne!(name.within(Id(1)), name.within(Id(2)), "{text}");
        assert_eq!(IdName::parse(kind, &format!("EXT:{}", &text[4..])), Ok(name));
    }
}

fn check_key(text: &str) {
    let is_key = KeySecret::is_well_formed;
    if is_key(text) {
        let prefixes = [Side::Live, Side::Test].map(KeySecret::prefix);
        let random = prefixes.iter().find_map(|prefix| text.strip_prefix(prefix)).expect("its prefix");
        assert!(random.len() == KeySecret::TOKEN_LENGTH && random.chars().all(|c| c.is_ascii_alphanumeric()), "{text}");
        assert!(!is_key(&format!("{text}a")) && !is_key(&text[..text.len() - 1]));
    }
}

/// Without the key nobody makes a token.
fn check_link(text: &str) {
    assert_eq!(Links::new([7; 32], 0, "").read(text), Err(Forged), "{text}");
}

fn check_time(text: &str) {
    let read = time::parse_rfc3339(text);
    if let Ok(at) = read {
        assert!((time::FIRST..=time::LAST).contains(&at), "{text}");
        let printed = time::format(at);
        assert_eq!((time::parse_rfc3339(&printed), printed.len()), (Ok(at), 24), "{text} was read as {printed}");
        // A reader of another hand: what we accept, it reads as the same instant.
        let other = chrono::DateTime::parse_from_rfc3339(text).expect("RFC 3339");
        assert_eq!(other.timestamp_millis(), at, "{text}");
        assert_eq!(time::parse_query_time(text), read);
        assert_eq!(time::parse_query_time(&text.replacen('+', " ", 1)), read);
    }
}

fn check_date(text: &str) {
    if let Ok(at) = time::parse_date(text) {
        assert_eq!(at.rem_euclid(DAY), 0);
        assert_eq!(time::format(at), format!("{text}T00:00:00.000Z"));
    }
}

/// Lines are the parameters.
fn check_period(text: &str) {
    let mut lines = text.split('\n').map(|line| Some(line).filter(|line| !line.is_empty()));
    let query =
        PeriodQuery { from: lines.next().flatten(), to: lines.next().flatten(), period: lines.next().flatten() };
    match query.at(NOW) {
        Ok(period) => {
            assert!(period.from <= period.to, "{query:?}");
            assert!(period.from >= time::FIRST && period.to <= time::LAST, "{query:?}: {period:?}");
            let (from, to) = (time::format(period.from), time::format(period.to));
            let again = PeriodQuery { period: None, from: Some(&from), to: Some(&to) };
            assert_eq!(again.at(NOW), Ok(period));
        }
        Err(faults) => {
            assert!((1..=3).contains(&faults.len()), "{query:?}");
            assert!(faults.iter().all(|fault| ["/period", "/from", "/to"].contains(&&*fault.pointer)), "{faults:?}");
        }
    }
}

fn check_query(text: &str) {
    // As it is: whatever is known twice is a fault, whatever is not known is one.
    let query = Query::parse(Some(text));
    let pairs = text.split('&').filter(|pair| !pair.is_empty()).count();
    assert_eq!(query.faults(&[]).is_empty(), pairs == 0, "{text}");
    // Any text can be sent as a value.
    let encoded: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let sent = format!("a={encoded}&b=1");
    let query = Query::parse(Some(&sent));
    assert_eq!((query.get("a"), query.get("b")), (Some(text), Some("1")));
    assert!(query.faults(&["a", "b"]).is_empty());
}

/// Numbers of JSON, against what the floating-point value says.
fn check_number(text: &str) {
    let is_number = text.starts_with(|c: char| c == '-' || c.is_ascii_digit())
        && serde_json::from_str::<&RawValue>(text).is_ok_and(|raw| raw.get() == text);
    if !is_number {
        return;
    }
    let about: f64 = text.parse().expect("a number of JSON");
    match hundredths(text, 100..=500) {
        Decimal::Hundredths(read) => {
            assert!((100..=500).contains(&read) && (about * 100.0 - f64::from(read)).abs() < 1e-9, "{text}: {read}");
            let (whole, part) = (read / 100, read % 100);
            assert_eq!(hundredths(&format!("{whole}.{part:02}"), 100..=500), Decimal::Hundredths(read));
        }
        Decimal::NotAStep => assert!((1.0..=5.0).contains(&about), "{text}"),
        Decimal::OutOfRange => assert!(about <= 1.0 || about >= 5.0, "{text}"),
    }
}

/// A tag is found where it stands in the list, and nowhere else.
fn check_tags(data: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(data) else { return };
    let tag = "\"0190b5c0-0000-7000-8000-00000000d1c7-12\"";
    let mut headers = HeaderMap::new();
    headers.append(IF_NONE_MATCH, value.clone());
    if names(&headers, tag) {
        let text = value.to_str().expect("only texts name a tag");
        assert!(text.contains(tag) || text.contains('*'), "{text}");
    }
    headers.append(IF_NONE_MATCH, HeaderValue::from_static("\"a\", W/\"0190b5c0-0000-7000-8000-00000000d1c7-12\""));
    assert!(names(&headers, tag));
}
