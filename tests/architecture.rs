//! The rules of the house that a compiler does not check (ARCHITECTURE.md).

use std::fs;
use std::path::{Path, PathBuf};

/// A file of `src/`, or of a test.
struct Source {
    /// From the repository's root, with slashes.
    path: String,
    /// Without comments and the insides of texts: a word in there breaks no rule.
    code: String,
    lines: usize,
}

fn sources(root: &str) -> Vec<Source> {
    let base = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut found, mut waiting) = (Vec::new(), vec![base.join(root)]);
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(&directory).expect("a directory of the repository") {
            let path = entry.expect("an entry of it").path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(source(base, &path));
            }
        }
    }
    assert!(!found.is_empty(), "nothing to check under {root}");
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn source(base: &Path, path: &PathBuf) -> Source {
    let text = fs::read_to_string(path).expect("a source is UTF-8");
    let path = path.strip_prefix(base).expect("it lies in the repository").to_string_lossy().replace('\\', "/");
    Source { path, code: code_of(&text), lines: text.lines().count() }
}

/// `text` with comments, texts and characters blanked out; lines stay lines.
fn code_of(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let (mut code, mut at) = (String::with_capacity(text.len()), 0);
    while at < chars.len() {
        let end = match (chars[at], chars.get(at + 1)) {
            ('/', Some('/')) => until(&chars, at, |i| chars[i] == '\n'),
            ('/', Some('*')) => until(&chars, at + 2, |i| chars[i - 1] == '*' && chars[i] == '/') + 1,
            ('r', Some('"' | '#')) if at == 0 || !is_word(chars[at - 1]) => raw_text_end(&chars, at),
            ('"', _) => text_end(&chars, at),
            ('\'', Some('\\')) => until(&chars, at + 3, |i| chars[i] == '\'') + 1,
            ('\'', Some(_)) if chars.get(at + 2) == Some(&'\'') => at + 3,
            _ => {
                code.push(chars[at]);
                at += 1;
                continue;
            }
        };
        code.extend(chars[at..end.min(chars.len())].iter().filter(|c| **c == '\n'));
        code.push(' ');
        at = end;
    }
    code
}

fn until(chars: &[char], from: usize, stop: impl Fn(usize) -> bool) -> usize {
    (from..chars.len()).find(|i| stop(*i)).unwrap_or(chars.len())
}

fn text_end(chars: &[char], start: usize) -> usize {
    let mut at = start + 1;
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// The end of `r"…"` or `r#"…"#`; of the `r` alone where it begins a name (`r#type`).
fn raw_text_end(chars: &[char], start: usize) -> usize {
    let hashes = chars[start + 1..].iter().take_while(|c| **c == '#').count();
    if chars.get(start + 1 + hashes) != Some(&'"') {
        return start + 1;
    }
    let closes =
        |i: usize| chars[i] == '"' && chars[i + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes;
    until(chars, start + 2 + hashes, closes) + 1 + hashes
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether `word` stands in `code` with no letter before or after it.
fn names(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| {
        !code[..at].chars().next_back().is_some_and(is_word)
            && !code[at + word.len()..].chars().next().is_some_and(is_word)
    })
}

/// Without the test modules: tests may use what they like.
fn shipped(code: &str) -> &str {
    let mut marks = code.match_indices("#[cfg(test)]");
    // What a `;` ends is a declaration: the module has a file of its own, and code may follow.
    let begins = |rest: &str| rest.find([';', '{']).is_some_and(|end| rest[end..].starts_with('{'));
    marks.find(|(at, _)| begins(&code[*at..])).map_or(code, |(at, _)| &code[..at])
}

fn is_test(path: &str) -> bool {
    path.ends_with("tests.rs") || path.contains("/tests/") || path.starts_with("tests/") || path.contains("conformance")
}

/// A room of the house: a file or a directory of `src/`.
struct Room {
    name: &'static str,
    /// The only rooms that it may import; all that stand below it where there is no list.
    only: Option<&'static [&'static str]>,
}

const fn room(name: &'static str) -> Room {
    Room { name, only: None }
}

const fn narrow(name: &'static str, only: &'static [&'static str]) -> Room {
    Room { name, only: Some(only) }
}

/// From the bottom up: a room imports only what stands before it here.
const ROOMS: &[Room] = &[
    narrow("pace", &[]),
    narrow("background", &[]),
    narrow("measure", &[]),
    narrow("outgoing", &[]),
    narrow("otlp", &["outgoing"]),
    narrow("nats", &["outgoing"]),
    narrow("ids", &[]),
    narrow("faults", &[]),
    narrow("files", &[]),
    narrow("domain", &[]),
    narrow("wire", &["domain", "outgoing"]),
    narrow("clock", &["domain"]),
    narrow("erasures", &["domain", "files"]),
    narrow("sealing", &["domain", "ids"]),
    narrow("links", &["domain"]),
    narrow("portable", &["domain", "wire"]),
    narrow("journal", &["domain", "ids", "clock", "measure", "faults", "files", "background", "nats"]),
    narrow("snapshot", &["domain", "journal", "faults", "files"]),
    narrow("issuer", &["domain", "clock", "background", "outgoing"]),
    narrow("config", &["domain", "issuer", "files"]),
    narrow("recovery", &["domain", "clock", "journal", "snapshot", "faults"]),
    room("actors"),
    narrow("webhooks", &["domain", "wire", "ids", "clock", "background", "outgoing", "sealing", "links", "actors"]),
    narrow(
        "mail",
        &[
            "domain",
            "ids",
            "faults",
            "clock",
            "background",
            "outgoing",
            "links",
            "sealing",
            "config",
            "actors",
            "webhooks",
        ],
    ),
    narrow(
        "cluster",
        &[
            "domain",
            "wire",
            "ids",
            "clock",
            "background",
            "nats",
            "journal",
            "snapshot",
            "erasures",
            "recovery",
            "actors",
        ],
    ),
    room("service"),
    room("http"),
    narrow("storage", &["ids", "journal", "snapshot", "faults", "files"]),
    narrow(
        "offline",
        &[
            "storage", "domain", "clock", "ids", "journal", "snapshot", "erasures", "portable", "recovery", "config",
            "faults", "files",
        ],
    ),
    room("app"),
    room("cli"),
];

/// Words that only some places may name; a place is the beginning of a path below `src/`.
const WORDS: &[(&str, &[&str])] = &[
    ("axum", &["http/"]),
    ("hyper", &["http/"]),
    ("tower_http", &["http/"]),
    ("utoipa", &["wire/", "http/"]),
    ("prometheus", &["http/", "measure.rs"]),
    ("rustls", &["http/", "outgoing/"]),
    ("ring::signature", &["issuer/"]),
    ("governor", &["service/"]),
    ("ractor", &["actors/"]),
    ("sled", &["snapshot/sled_store/"]),
    // What a data directory is kept in. Tests and benches cannot name it.
    ("FileJournal", &["storage/", "journal/file/"]),
    ("DirectoryLock", &["storage/", "journal/file/"]),
    ("journal::file", &["storage/"]),
    ("SledStore", &["storage/", "snapshot/sled_store/"]),
    ("snapshot::sled_store", &["storage/"]),
    ("clap", &["cli/"]),
    ("askama", &["http/satisfaction/"]),
    ("chrono_tz", &["service/zone.rs"]),
    ("rand", &["ids.rs"]),
    ("tokio_util", &["background.rs", "app/server.rs"]),
    (
        "tokio",
        &[
            "background.rs",
            "nats/",
            "journal/nats/",
            "issuer/",
            "actors/",
            "webhooks/",
            "mail/",
            "cluster/",
            "service/",
            "http/",
            "app/",
            "cli/",
        ],
    ),
    ("async_nats", &["nats/", "journal/nats/", "cluster/"]),
    ("lettre", &["config/mail.rs", "mail/", "service/door/"]),
    // The issuer's keys are fetched, webhooks sent and requests passed on to other nodes; `config` checks URLs, and `app`
    // names the error of a client that could not be made.
    (
        "reqwest",
        &[
            "outgoing/",
            "issuer/fetch.rs",
            "webhooks/client/",
            "webhooks/resolver.rs",
            "http/front/proxy.rs",
            "config/",
            "app/server.rs",
            "app/start.rs",
            "cli/",
        ],
    ),
    ("SystemTime::now", &["clock.rs"]),
    ("Instant::now", &["clock.rs"]),
    ("Utc::now", &["clock.rs"]),
    ("Local::now", &["clock.rs"]),
    ("Uuid::new_v4", &["ids.rs"]),
    ("Uuid::now_v7", &["ids.rs"]),
];

/// What the pure rooms never name: neither time nor chance, no file, no network, no thread.
const IMPURE: [&str; 8] =
    ["std::fs", "std::net", "std::env", "std::process", "std::thread", "SystemTime", "Instant", "dashmap"];

/// Of some rooms only these parts may be imported by these others.
const PARTS: [(&str, &str, &[&str]); 3] = [
    ("snapshot", "domain", &["ids::WorkspaceKey", "time::Millis"]),
    ("snapshot", "journal", &["GroupPosition"]),
    ("issuer", "domain", &["reading::normal", "system::Permission", "time::"]),
];

/// Breaches that stay: file, word, and why.
const EXCEPTIONS: [(&str, &str, &str); 1] = [(
    "src/domain/workspace/restore.rs",
    "std::thread",
    "two indexes built side by side come to what they would come to one after the other",
)];

/// The room that a file of `src/` belongs to; none for `lib.rs` and `main.rs`.
fn room_of(path: &str) -> Option<usize> {
    let rest = path.strip_prefix("src/")?;
    let name = rest.split('/').next()?.trim_end_matches(".rs");
    (!["lib", "main"].contains(&name)).then(|| {
        ROOMS.iter().position(|room| room.name == name).unwrap_or_else(|| panic!("{path} is in no room of ROOMS"))
    })
}

/// What is shipped of every room: its place in [`ROOMS`], the path and the code.
fn shipped_sources() -> Vec<(usize, String, String)> {
    let sources = sources("src").into_iter().filter(|source| !is_test(&source.path));
    let placed = sources.filter_map(|Source { path, code, .. }| {
        let room = room_of(&path)?;
        Some((room, path, shipped(&code).to_owned()))
    });
    placed.collect()
}

/// `found` without what [`EXCEPTIONS`] lists; an exception that excuses nothing is a breach, too.
fn without_exceptions(found: &[(String, &str)], words: &[&str]) -> Vec<String> {
    let excused = |path: &str, word: &str| EXCEPTIONS.iter().any(|(file, named, _)| *file == path && *named == word);
    let idle = EXCEPTIONS.iter().filter(|(file, word, _)| {
        words.contains(word) && !found.iter().any(|(path, named)| path == file && named == word)
    });
    let idle: Vec<_> = idle.map(|(file, word, _)| format!("{file} does not name {word} any more")).collect();
    let breaches = found.iter().filter(|(path, word)| !excused(path, word));
    breaches.map(|(path, word)| format!("{path} names {word}")).chain(idle).collect()
}

#[test]
fn rooms_import_only_what_stands_below_them() {
    let mut found = Vec::new();
    for (at, path, code) in shipped_sources() {
        for (other, room) in ROOMS.iter().enumerate().filter(|(other, _)| *other != at) {
            let may = other < at && ROOMS[at].only.is_none_or(|only| only.contains(&room.name));
            if !may && names(&code, &format!("crate::{}", room.name)) {
                found.push(format!("{path} names {}", room.name));
            }
        }
    }
    assert_eq!(found, [""; 0]);
}

#[test]
fn the_table_of_rooms_is_in_order() {
    for (at, room) in ROOMS.iter().enumerate() {
        let below: Vec<_> = ROOMS[..at].iter().map(|room| room.name).collect();
        let above: Vec<_> = room.only.unwrap_or_default().iter().filter(|name| !below.contains(name)).collect();
        assert!(above.is_empty(), "{} lists {above:?}, which do not stand below it", room.name);
    }
}

#[test]
fn libraries_time_and_chance_are_named_where_they_belong() {
    let mut found = Vec::new();
    for (_, path, code) in shipped_sources() {
        for &(word, places) in WORDS {
            let inside = places.iter().any(|place| path["src/".len()..].starts_with(place));
            if !inside && names(&code, word) {
                found.push((path.clone(), word));
            }
        }
    }
    let words: Vec<_> = WORDS.iter().map(|(word, _)| *word).collect();
    assert_eq!(without_exceptions(&found, &words), [""; 0]);
}

#[test]
fn the_domain_and_the_portable_format_are_pure() {
    let mut found = Vec::new();
    for (at, path, code) in shipped_sources() {
        if ["domain", "portable"].contains(&ROOMS[at].name) {
            found.extend(IMPURE.into_iter().filter(|word| names(&code, word)).map(|word| (path.clone(), word)));
        }
    }
    assert_eq!(without_exceptions(&found, &IMPURE), [""; 0]);
}

#[test]
fn some_rooms_know_only_parts_of_others() {
    let mut found = Vec::new();
    for (at, path, code) in shipped_sources() {
        for (_, other, parts) in PARTS.iter().filter(|(room, ..)| *room == ROOMS[at].name) {
            let prefix = format!("crate::{other}::");
            let mut uses = code.split(&prefix).skip(1);
            if uses.any(|rest| !parts.iter().any(|part| rest.starts_with(part))) {
                found.push(format!("{path} names more of {other}"));
            }
        }
    }
    assert_eq!(found, [""; 0]);
}

#[test]
fn sled_is_named_by_no_test_either() {
    let tests = sources("tests").into_iter().filter(|source| names(&source.code, "sled"));
    assert_eq!(tests.map(|source| source.path).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn tokens_are_judged_by_our_own_call_and_clock() {
    let mut found = Vec::new();
    for (at, path, code) in shipped_sources() {
        let library = ["decode_header", "insecure_decode", "get_current_timestamp"];
        let outside = ["tokio", "reqwest", "crate::clock"];
        let all = library.iter().chain(outside.iter().filter(|_| path.starts_with("src/issuer/token/")));
        if ROOMS[at].name == "issuer" {
            found.extend(all.filter(|word| names(&code, word)).map(|word| format!("{path} names {word}")));
        }
    }
    assert_eq!(found, [""; 0]);
}

#[test]
fn nothing_is_left_for_later() {
    let mut found = Vec::new();
    for source in sources("src").iter().chain(&sources("tests")) {
        for word in ["todo!", "unimplemented!", "#[ignore", "#[allow"] {
            if source.code.contains(word) {
                found.push(format!("{} has {word}", source.path));
            }
        }
    }
    assert_eq!(found, [""; 0]);
}

#[test]
fn files_stay_within_500_lines() {
    let all = sources("src").into_iter().chain(sources("tests"));
    let long: Vec<_> = all.filter(|source| source.lines > 500).map(|s| format!("{}: {}", s.path, s.lines)).collect();
    assert_eq!(long, [""; 0]);
}

#[test]
fn functions_stay_within_70_lines() {
    let mut long = Vec::new();
    for source in sources("src").iter().chain(&sources("tests")) {
        for (name, lines) in functions(&source.code) {
            if lines > 70 {
                long.push(format!("{}: {name}: {lines}", source.path));
            }
        }
    }
    assert_eq!(long, [""; 0]);
}

/// Names of functions with bodies, and how many lines from `fn` to the closing brace.
fn functions(code: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        if code[..at].chars().next_back().is_some_and(is_word) {
            continue;
        }
        let name: String = code[at + 3..].chars().take_while(|c| is_word(*c)).collect();
        if let (false, Some(length)) = (name.is_empty(), body_end(&code[at..])) {
            found.push((name, code[at..at + length].lines().count()));
        }
    }
    found
}

/// Where the body that begins after a signature ends; none for a declaration (`;` comes first).
fn body_end(code: &str) -> Option<usize> {
    let (mut braces, mut brackets) = (0_usize, 0_usize);
    for (at, c) in code.char_indices() {
        match c {
            '(' | '[' => brackets += 1,
            ')' | ']' => brackets = brackets.saturating_sub(1),
            ';' if braces == 0 && brackets == 0 => return None,
            '{' => braces += 1,
            '}' if braces == 1 => return Some(at + 1),
            '}' => braces = braces.saturating_sub(1),
            _ => {}
        }
    }
    None
}

#[test]
fn the_checks_themselves_can_fail() {
    let code =
        code_of("use crate::http; // crate::journal\nlet a = \"crate::cli\"; let c = '\"'; let r = r#\"tokio\"#;\n");
    assert!(names(&code, "crate::http"));
    assert!(!names(&code, "crate::journal") && !names(&code, "crate::cli") && !names(&code, "tokio"));
    assert!(!names("my_tokio::x", "tokio") && names("tokio::x", "tokio"));
    let long = format!("fn f(a: [u8; 3]) -> u8 {{\n{}}}\nfn g();\n", "a;\n".repeat(80));
    assert_eq!(functions(&long), [("f".to_owned(), 82)]);
    assert_eq!(shipped("a #[cfg(test)] mod b { c }"), "a ");
    assert_eq!(shipped("a #[cfg(test)] mod b; c #[cfg(test)] mod d { e }"), "a #[cfg(test)] mod b; c ");
}
