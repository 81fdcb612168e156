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

/// All breaches of "files under `layer` never name `words`".
fn breaches(layer: &str, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources("src").iter().filter(|source| source.path.starts_with(layer) && !is_test(&source.path)) {
        for word in words.iter().filter(|word| names(shipped(&source.code), word)) {
            found.push(format!("{} names {word}", source.path));
        }
    }
    found
}

fn ours_but(own: &str) -> Vec<String> {
    let modules = [
        "actors", "app", "cli", "clock", "config", "erasures", "http", "ids", "issuer", "journal", "offline",
        "portable", "recovery", "service", "snapshot", "storage",
    ];
    let all = modules.iter().filter(|module| **module != own);
    all.map(|module| format!("crate::{module}")).collect()
}

#[test]
fn the_domain_is_pure() {
    let ours = ours_but("domain");
    let mut words: Vec<&str> = ours.iter().map(String::as_str).collect();
    words.extend(["tokio", "axum", "sled", "ractor", "reqwest", "rand", "SystemTime", "Instant", "dashmap", "utoipa"]);
    words.extend(["std::fs", "std::net", "std::env", "std::process", "std::thread"]);
    // Two indexes built side by side come to what they would come to one after the other.
    let allowed = "src/domain/workspace/restore.rs names std::thread";
    let found: Vec<_> = breaches("src/domain/", &words).into_iter().filter(|breach| breach != allowed).collect();
    assert_eq!(found, [""; 0]);
}

#[test]
fn http_knows_neither_journal_nor_actors_framework() {
    assert_eq!(
        breaches("src/http/", &["crate::journal", "sled", "ractor", "crate::app", "crate::cli", "crate::config"]),
        [""; 0]
    );
}

#[test]
fn use_cases_know_no_http() {
    assert_eq!(
        breaches("src/service/", &["axum", "hyper", "utoipa", "crate::http", "crate::journal", "sled", "ractor"]),
        [""; 0]
    );
}

#[test]
fn actors_know_nothing_above_them() {
    assert_eq!(
        breaches("src/actors/", &["axum", "hyper", "crate::http", "crate::service", "crate::cli", "crate::app"]),
        [""; 0]
    );
}

#[test]
fn the_journal_knows_nothing_above_it() {
    let words = [
        "axum",
        "tokio",
        "ractor",
        "sled",
        "crate::actors",
        "crate::http",
        "crate::service",
        "crate::app",
        "crate::cli",
    ];
    assert_eq!(breaches("src/journal/", &words), [""; 0]);
}

#[test]
fn snapshots_know_nothing_above_them_and_of_the_domain_only_names_and_times() {
    let ours = ours_but("snapshot");
    let mut words: Vec<&str> = ours.iter().map(String::as_str).filter(|word| *word != "crate::journal").collect();
    words.extend(["axum", "tokio", "ractor", "rand", "SystemTime", "Instant", "crate::journal::file"]);
    assert_eq!(breaches("src/snapshot/", &words), [""; 0]);
    let allowed = ["ids::WorkspaceKey", "time::Millis", "GroupPosition"];
    let mut found = Vec::new();
    for source in sources("src").iter().filter(|s| s.path.starts_with("src/snapshot/") && !is_test(&s.path)) {
        for module in ["crate::domain::", "crate::journal::"] {
            let uses = shipped(&source.code).split(module).skip(1);
            if uses.into_iter().any(|rest| !allowed.iter().any(|name| rest.starts_with(name))) {
                found.push(format!("{} names more of {module}", source.path));
            }
        }
    }
    assert_eq!(found, [""; 0]);
}

#[test]
fn sled_is_named_where_snapshots_are_kept_in_it_and_nowhere_else() {
    let mut found = Vec::new();
    for source in sources("src").iter().chain(&sources("tests")) {
        let inside = source.path.starts_with("src/snapshot/sled_store");
        if !inside && names(&source.code, "sled") {
            found.push(format!("{} names sled", source.path));
        }
    }
    assert_eq!(found, [""; 0]);
}

#[test]
fn what_a_data_directory_is_kept_in_is_named_where_it_is_opened_and_nowhere_else() {
    let mut found = Vec::new();
    for source in sources("src").iter().chain(&sources("tests")).chain(&sources("benches")).chain(&sources("fuzz")) {
        let own = ["src/storage/", "src/journal/file/", "src/snapshot/sled_store/", "fuzz/target"];
        if own.iter().any(|own| source.path.starts_with(own)) {
            continue;
        }
        for word in ["FileJournal", "DirectoryLock", "SledStore", "journal::file", "snapshot::sled_store"] {
            if names(&source.code, word) {
                found.push(format!("{} names {word}", source.path));
            }
        }
    }
    assert_eq!(found, [""; 0]);
}

#[test]
fn the_list_of_erasures_knows_the_domain_alone() {
    let words = ours_but("erasures");
    let words: Vec<&str> = words.iter().map(String::as_str).chain(["axum", "tokio", "ractor", "sled"]).collect();
    assert_eq!(breaches("src/erasures/", &words), [""; 0]);
}

#[test]
fn the_portable_format_knows_the_domain_alone() {
    let ours = ours_but("domain");
    let mut words: Vec<&str> = ours.iter().map(String::as_str).collect();
    words.extend(["tokio", "axum", "sled", "ractor", "bincode", "std::fs", "std::net", "std::env"]);
    words.retain(|word| *word != "crate::portable");
    assert_eq!(breaches("src/portable/", &words), [""; 0]);
}

#[test]
fn the_issuers_tokens_know_the_clock_and_of_the_domain_scopes_and_times() {
    let ours = ours_but("issuer");
    let mut words: Vec<&str> = ours.iter().map(String::as_str).filter(|word| *word != "crate::clock").collect();
    words.extend(["axum", "hyper", "ractor", "sled", "decode_header", "insecure_decode", "get_current_timestamp"]);
    assert_eq!(breaches("src/issuer/", &words), [""; 0]);
    assert_eq!(breaches("src/issuer/token.rs", &["tokio", "reqwest", "crate::clock"]), [""; 0]);
    let allowed = ["system::Permission", "time::"];
    let mut found = Vec::new();
    for source in sources("src").iter().filter(|s| s.path.starts_with("src/issuer/") && !is_test(&s.path)) {
        let mut uses = shipped(&source.code).split("crate::domain::").skip(1);
        if uses.any(|rest| !allowed.iter().any(|name| rest.starts_with(name))) {
            found.push(format!("{} names more of the domain", source.path));
        }
    }
    assert_eq!(found, [""; 0]);
}

#[test]
fn time_and_chance_come_from_two_files() {
    let mut found = Vec::new();
    for source in sources("src") {
        if ["src/clock.rs", "src/ids.rs"].contains(&source.path.as_str()) {
            continue;
        }
        for call in
            ["SystemTime::now", "Instant::now", "Utc::now", "Local::now", "Uuid::new_v4", "Uuid::now_v7", "rand::rng"]
        {
            if names(&source.code, call) {
                found.push(format!("{} calls {call}", source.path));
            }
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
