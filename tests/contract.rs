//! The documents hold together: what is cited is defined, what is linked is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

/// A text file of the repository.
struct Text {
    /// From the repository's root, with slashes.
    path: String,
    content: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect("a text file of the repository")
}

/// Every file whose name ends so, but for what builds and runs have left.
fn texts(extensions: &[&str]) -> Vec<Text> {
    let (mut found, mut waiting) = (Vec::new(), vec![root().to_path_buf()]);
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(&directory).expect("a directory of the repository") {
            let path = entry.expect("an entry of it").path();
            let name = path.file_name().expect("it has a name").to_string_lossy().into_owned();
            let is_of_extension =
                |extension: &&str| name.strip_suffix(*extension).is_some_and(|stem| stem.ends_with('.'));
            if path.is_dir() {
                let is_left =
                    name.starts_with('.') || ["target", "node_modules", "corpus", "artifacts"].contains(&&*name);
                waiting.extend((!is_left).then_some(path));
            } else if extensions.iter().any(is_of_extension) {
                found.extend(fs::read_to_string(&path).ok().map(|content| Text { path: relative(&path), content }));
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).expect("it lies in the repository").to_string_lossy().replace('\\', "/")
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is valid")
}

/// What `pattern`'s first group finds, in order.
fn all(pattern: &str, text: &str) -> Vec<String> {
    regex(pattern).captures_iter(text).map(|found| found[1].to_owned()).collect()
}

/// Numbers of rules and invariants that a text names: in words (`R7.1`, `I6`) and in the names of tests
/// (`r7_1_i6_…`).
fn cited(text: &str) -> BTreeSet<String> {
    let mut cited: BTreeSet<String> = all(r"\b(R\d+\.\d+[a-z]?|I\d+)\b", text).into_iter().collect();
    for name in all(r"\bfn ((?:r\d+_\d+[a-z]?_|i\d+_)+)", text) {
        cited.extend(all(r"(r\d+_\d+[a-z]?|i\d+)_", &name).iter().map(|number| as_cited(number)));
    }
    cited
}

/// `r2_7b` is `R2.7b`.
fn as_cited(number: &str) -> String {
    number.replacen('r', "R", 1).replacen('i', "I", 1).replace('_', ".")
}

#[test]
fn r8_4_the_examples_of_the_pages_are_the_files_that_are_run() {
    let mut shown = BTreeSet::new();
    for Text { path, content } in texts(&["md"]) {
        let blocks = regex(r"(?ms)^\[`(scripts/[^`]+)`\]\([^)]*\):\n\n```[a-z]*\n(.*?)^```$");
        for found in blocks.captures_iter(&content) {
            assert_eq!(&found[2], read(&found[1]), "{path} shows another {} than is run", &found[1]);
            shown.insert(found[1].to_owned());
        }
    }
    let files = fs::read_dir(root().join("scripts/pipeline"))
        .expect("the examples")
        .map(|file| relative(&file.expect("a file").path()));
    let is_example =
        |path: &String| !path.contains("/check") && [".py", ".ts", ".js", ".sh"].iter().any(|end| path.ends_with(end));
    let hidden: Vec<_> = files.filter(is_example).filter(|path| !shown.contains(path)).collect();
    assert_eq!(hidden, [""; 0], "an example that no page shows");
}

#[test]
fn every_rule_and_invariant_that_is_cited_is_defined_once() {
    let rules = all(r"(?m)^- \*\*(R\d+\.\d+[a-z]?)\*\* ", &read("docs/contract.md"));
    let invariants = all(r"(?m)^- \*\*(I\d+) ", &read("ARCHITECTURE.md"));
    let defined: BTreeSet<String> = rules.iter().chain(&invariants).cloned().collect();
    assert_eq!(defined.len(), rules.len() + invariants.len(), "each number is defined once");
    assert!(rules.len() > 70 && invariants.len() == 12, "{} rules, {} invariants", rules.len(), invariants.len());
    let mut dangling = Vec::new();
    for text in texts(&["rs", "md", "toml", "py", "sh", "yml", "service"]) {
        dangling.extend(cited(&text.content).difference(&defined).map(|number| format!("{}: {number}", text.path)));
    }
    assert_eq!(dangling, [""; 0]);
}

#[test]
fn the_architecture_is_read_in_one_sitting() {
    let lines = read("ARCHITECTURE.md").lines().count();
    assert!(lines <= 200, "{lines} lines");
}

#[test]
fn the_constants_of_the_models_are_documented_as_they_are() {
    let profile: serde_json::Value =
        serde_json::from_str(&read("src/domain/scoring/support/profile.json")).expect("the profile is JSON");
    let documented = read("docs/scoring.md").replace('−', "-");
    let numbers: BTreeSet<String> = all(r"(\d+(?:\.\d+)?)", &documented).into_iter().collect();
    let mut missing = Vec::new();
    for part in ["scale", "confidence"] {
        for (name, value) in profile[part].as_object().expect("an object") {
            let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
            let values = values.iter().filter_map(serde_json::Value::as_f64).map(f64::abs);
            missing.extend(
                values.filter(|value| !is_among(*value, &numbers)).map(|value| format!("{part}.{name}: {value}")),
            );
        }
    }
    assert_eq!(missing, [""; 0]);
}

fn is_among(value: f64, numbers: &BTreeSet<String>) -> bool {
    value == 0.0 || numbers.iter().any(|number| number.parse() == Ok(value))
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let mut broken = Vec::new();
    for text in texts(&["md"]) {
        for link in all(r"\]\(([^()\s]+)\)", &text.content) {
            if !link.contains("://") && !link.starts_with("mailto:") && !leads_somewhere(&text.path, &link) {
                broken.push(format!("{}: {link}", text.path));
            }
        }
    }
    assert_eq!(broken, [""; 0]);
}

fn leads_somewhere(from: &str, link: &str) -> bool {
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target: PathBuf = match file {
        "" => root().join(from),
        _ => root().join(from).parent().expect("a file stands in a directory").join(file),
    };
    if anchor.is_empty() || target.extension().is_none_or(|extension| extension != "md") {
        return target.exists();
    }
    fs::read_to_string(&target).is_ok_and(|content| anchors(&content).contains(anchor))
}

/// Names of the headings, as GitHub makes them.
fn anchors(document: &str) -> BTreeSet<String> {
    let mut is_code = false;
    let mut found = BTreeSet::new();
    for line in document.lines() {
        is_code ^= line.starts_with("```");
        if let (false, Some(heading)) = (is_code, line.strip_prefix('#')) {
            let heading = heading.trim_start_matches('#').trim().to_lowercase();
            let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            found.insert(kept.map(|c| if c == ' ' { '-' } else { c }).collect());
        }
    }
    found
}
