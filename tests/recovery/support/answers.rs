//! Everything that readers can ask about a workspace, to compare before and after.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::http::{Client, Reply};
use super::process::Home;

/// Path → answer.
pub type Answers = BTreeMap<String, Value>;

/// Asks everything about these accounts and conversations. The ranges are fixed, so that the answers
/// do not depend on the day; `ranges` are further ones, as `from=…&to=…`.
pub fn ask(
    home: &Home,
    client: &mut Client,
    accounts: &[String],
    conversations: &[String],
    ranges: &[&str],
) -> Answers {
    let of_side = [
        "quality/circuit-breakers",
        "quality/circuit-breakers/history?limit=100",
        "quality/gate",
        "quality/settings",
        "csat-config",
        "quality/stats?from=2000-01-01&to=2099-12-31",
        "conversations?limit=100",
        "conversations?limit=100&sort=composite",
    ];
    let mut paths: Vec<String> = of_side.map(|path| home.at(path)).into();
    paths.extend(ranges.iter().map(|range| home.at(&format!("quality/stats?{range}"))));
    for account in accounts {
        paths.push(home.at(&format!("quality/gate?accountId={account}")));
        paths.push(format!("/api/accounts/{account}/quality"));
    }
    for conversation in conversations {
        paths.push(format!("/api/conversations/{conversation}/quality"));
        paths.push(format!("/api/conversations/{conversation}/quality/explanation"));
    }
    paths.into_iter().map(|path| (path.clone(), shown(client.get(&path)))).collect()
}

fn shown(reply: Reply) -> Value {
    let mut body = reply.body;
    if let Some(members) = body.as_object_mut() {
        members.remove("requestId");
        // The order that it is of has a random number.
        members.remove("nextCursor");
    }
    json!({"status": reply.status, "etag": reply.etag, "body": body})
}

/// What differs, one line a path; empty for equal answers.
pub fn differences(before: &Answers, after: &Answers) -> Vec<String> {
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>(), "the same questions");
    let pairs = before.iter().zip(after.values()).filter(|((_, before), after)| before != after);
    pairs.map(|((path, before), after)| format!("{path}: {before} -> {after}")).collect()
}
