//! Answers against the document (R2.10): path, method and status lead to a schema, and the answer has
//! to fit it. What the document does not have is no answer of ours.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::Validator;
use reqwest::Method;
use serde_json::{Value, json};

use super::Reply;

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(tripswitch::http::openapi::text()).expect("the document is JSON"));

/// Headers that stand in some of the answers only.
const SOMETIMES: [&str; 1] = ["X-Retention-From"];

/// Panics unless the document allows the answer.
#[track_caller]
pub fn check(method: &Method, path: &str, reply: &Reply) {
    if let Some(fault) = fault(method, path, reply) {
        panic!("{method} {path}: {} {}: the document: {fault}", reply.status, reply.text);
    }
}

/// What the document has against the answer. The page is not in it.
pub fn fault(method: &Method, path: &str, reply: &Reply) -> Option<String> {
    let status = reply.status.as_u16();
    let Some(template) = template(path) else {
        return (path.starts_with("/api") && status != 404).then(|| "there is no such path".to_owned());
    };
    let name = if method == Method::HEAD { "get".to_owned() } else { method.as_str().to_lowercase() };
    let operation = &DOCUMENT["paths"][template][&name];
    if operation.is_null() {
        return (status != 405).then(|| "there is no such method".to_owned());
    }
    let response = resolved(&operation["responses"][status.to_string()]);
    if response.is_null() {
        return Some("no such status".to_owned());
    }
    for name in response["headers"].as_object().into_iter().flat_map(|headers| headers.keys()) {
        let is_there = reply.headers.contains_key(name) || SOMETIMES.contains(&name.as_str());
        if !(is_there || name == "ETag" && is_stale(reply)) {
            return Some(format!("the header {name} is missing"));
        }
    }
    match response["content"].as_object() {
        None => (!reply.text.is_empty()).then(|| "it has no body".to_owned()),
        Some(_) if method == Method::HEAD => None,
        Some(content) => match content.get(reply.header("content-type")) {
            None => Some(format!("{} is not its content type", reply.header("content-type"))),
            Some(_) if reply.header("content-type") != "application/json" => None,
            Some(media) => {
                let body = reply.json();
                mismatch(&format!("{name} {template} {status}"), &media["schema"], &body)
                    .or_else(|| foreign(media, &body))
            }
        },
    }
}

/// The last known state of a gate has no tag.
fn is_stale(reply: &Reply) -> bool {
    reply.json()["stale"] == true
}

/// What a reference leads to; everything else is itself.
fn resolved(value: &'static Value) -> &'static Value {
    let reference = value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    reference.map_or(value, |pointer| DOCUMENT.pointer(pointer).expect("it leads somewhere"))
}

/// The examples of failures are named by the codes that their route can give.
fn foreign(media: &Value, body: &Value) -> Option<String> {
    let failure = media["schema"]["$ref"] == "#/components/schemas/Failure";
    let code = body["code"].as_str().unwrap_or_default();
    (failure && media["examples"][code].is_null()).then(|| format!("{code} is no code of this route"))
}

/// The path of the document that this one is; literal segments come before parameters.
fn template(path: &str) -> Option<&'static str> {
    let segments: Vec<_> = path.split('/').collect();
    let fits = |template: &&String| {
        let parts: Vec<_> = template.split('/').collect();
        let same = |(part, segment): (&&str, &&str)| part == segment || part.starts_with('{');
        parts.len() == segments.len() && parts.iter().zip(&segments).all(same)
    };
    let paths = DOCUMENT["paths"].as_object().expect("paths");
    let found = paths.keys().filter(fits).min_by_key(|template| template.matches('{').count());
    found.map(String::as_str)
}

fn mismatch(key: &str, schema: &Value, body: &Value) -> Option<String> {
    let faults: Vec<_> = validator(key, schema)
        .iter_errors(body)
        .map(|error| format!("{} at {:?}", error, error.instance_path().to_string()))
        .collect();
    (!faults.is_empty()).then(|| faults.join("; "))
}

/// Made once for each answer of the document.
fn validator(key: &str, schema: &Value) -> Arc<Validator> {
    static MADE: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);
    let mut made = MADE.lock().expect("nobody panics with it");
    let make = || {
        let whole = json!({"allOf": [schema], "components": DOCUMENT["components"]});
        let options = jsonschema::draft202012::options().should_validate_formats(true);
        Arc::new(options.build(&whole).expect("the document's schemas are schemas"))
    };
    Arc::clone(made.entry(key.to_owned()).or_insert_with(make))
}
