//! `/s/…` (R13.2): what customers see, and what is recorded of what they do.

mod bodies;
mod making;
mod opt_out;
mod pages;
mod rating;
mod refusals;
mod scanner;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tripswitch::domain::ids::{Side, WorkspaceKey};

use crate::support::world::{ACCOUNT, WORKSPACE, World, conversation_id, event, id_of};
use crate::support::{PUBLIC_URL, Reply};

const FORM: &str = "application/x-www-form-urlencoded";

/// A customer is helped, in three events.
fn helped(n: u32) -> [Value; 3] {
    let of = |more: Value| {
        let mut data = json!({"conversationId": conversation_id(n), "accountId": ACCOUNT});
        data.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        data
    };
    [
        event(&format!("in-{n}"), "message.received", of(json!({"text": "Where is my order Quillfeather 4711?"}))),
        event(&format!("out-{n}"), "message.sent", of(json!({"sender": "ai", "text": "It arrives tomorrow."}))),
        event(&format!("end-{n}"), "conversation.resolved", of(json!({"resolution": "ai_resolved"}))),
    ]
}

/// The path of a link for this conversation.
async fn link_for(world: &World, n: u32) -> String {
    let path = format!("/api/conversations/{}/satisfaction-link", conversation_id(n));
    path_of(&world.server.post_nothing(&path, &world.key).await.expect(201))
}

/// Where a proxy leads a link to.
fn path_of(made: &Value) -> String {
    made["url"].as_str().and_then(|url| url.strip_prefix(PUBLIC_URL)).expect("an address of ours").to_owned()
}

/// A world in which the first conversation has ended, and the path of its link.
async fn asked() -> (World, String) {
    let world = World::start().await;
    world.send(WORKSPACE, &world.key, &helped(1)).await;
    let path = link_for(&world, 1).await;
    (world, path)
}

async fn open(world: &World, path: &str) -> Reply {
    world.server.get(path, "").await
}

async fn send(world: &World, path: &str, form: &str) -> Reply {
    let ask = world.server.ask(Method::POST, path, "").header("content-type", FORM);
    ask.bytes(form.to_owned()).send().await
}

/// How many records there are.
async fn records(world: &World) -> u64 {
    let key = WorkspaceKey { id: id_of(WORKSPACE), side: Side::Live };
    world.server.engine.read(key, |workspace| workspace.applied()).await.expect("the workspace answers")
}

/// The text of a page with this status. Panics unless it comes as every page has to.
#[track_caller]
fn page(reply: &Reply, status: u16) -> &str {
    assert_eq!(reply.status.as_u16(), status, "{}", reply.text);
    for (name, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("x-robots-tag", "noindex, nofollow"),
    ] {
        assert_eq!(reply.header(name), value, "{name}");
    }
    let (_, rest) = reply.text.split_once("<style>").expect("a style");
    let (style, _) = rest.split_once("</style>").expect("its end");
    let hash = STANDARD.encode(Sha256::digest(style));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    );
    assert_eq!(reply.header("content-security-policy"), policy);
    assert!(reply.headers.get("set-cookie").is_none());
    let text = reply.text.to_ascii_lowercase();
    for no in ["<script", "javascript:", " onclick", " style=", "<img", "<iframe", "http://", "https://"] {
        assert!(!text.contains(no), "{no}: {text}");
    }
    if status == 503 || status == 507 || status == 429 {
        assert!(reply.headers.contains_key("retry-after"), "R2.8");
    }
    &reply.text
}

/// The heading.
#[track_caller]
fn heading(text: &str) -> &str {
    let (_, rest) = text.split_once("<h1>").expect("a heading");
    rest.split_once("</h1>").expect("its end").0
}

/// What is chosen in the form.
fn chosen(text: &str) -> Option<&str> {
    let at = text.find(" checked>")?;
    let value = text[..at].rfind("value=\"")? + 7;
    text.get(value..value + 1)
}
