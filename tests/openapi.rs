//! `openapi.json` at the top of the repository is what the code says (R2.10). Written anew with
//! `TRIPSWITCH_OPENAPI=write cargo test --test openapi`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};
use tripswitch::http::openapi;

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

fn document() -> Value {
    serde_json::from_str(openapi::text()).expect("the document is JSON")
}

/// Path, method and what is said of them.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let of = |(path, item): (&String, &Value)| {
        let item = item.as_object().expect("an object").clone();
        let path = path.clone();
        item.into_iter().map(move |(method, operation)| (path.clone(), method, operation))
    };
    let operations: Vec<_> = paths.iter().flat_map(of).collect();
    assert!(operations.iter().all(|(_, method, _)| METHODS.contains(&method.as_str())), "nothing but operations");
    operations
}

#[test]
fn r2_10_the_committed_document_is_the_codes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    if std::env::var("TRIPSWITCH_OPENAPI").is_ok_and(|value| value == "write") {
        fs::write(&path, openapi::text()).expect("the document can be written");
    }
    let committed = fs::read_to_string(&path).expect("openapi.json is committed");
    let same = committed == openapi::text();
    assert!(same, "openapi.json is not what the code says: TRIPSWITCH_OPENAPI=write cargo test --test openapi");
}

#[test]
fn r2_10_it_is_the_same_each_time() {
    assert_eq!(openapi::made(), openapi::made());
    assert_eq!(openapi::made(), openapi::text());
}

#[test]
fn r2_10_every_operation_says_what_it_needs_and_answers() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let tags: BTreeSet<_> =
        document["tags"].as_array().unwrap().iter().map(|tag| tag["name"].clone().to_string()).collect();
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        let at = format!("{method} {path}");
        let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{at} has no operationId")).to_owned();
        assert!(ids.insert(id), "{at}: an operationId of its own");
        assert!(operation["summary"].as_str().is_some_and(|summary| summary.len() > 4), "{at} has a summary");
        assert!(tags.contains(&operation["tags"][0].to_string()), "{at} has a tag");
        let open = operation["security"] == json!([{}]);
        let scopes = operation["x-required-scopes"].as_array().map_or(0, Vec::len);
        let any = operation["security"] == json!([{"credential": []}]);
        assert!(open || any || scopes > 0, "{at} says which scopes it needs, or that any credential will do");
        for (status, response) in operation["responses"].as_object().expect("responses") {
            let response = resolved(&document, response);
            let header = &response["headers"]["X-Request-Id"]["$ref"];
            assert_eq!(header, "#/components/headers/X-Request-Id", "{at} {status}: R2.1");
            assert!(
                response["content"].is_object() || ["204", "304"].contains(&status.as_str()),
                "{at} {status} has a body"
            );
        }
        assert!(operation["responses"]["401"].is_object() != open, "{at}: 401 where there is a credential");
        let named: BTreeSet<_> = path.split(['{', '}']).skip(1).step_by(2).collect();
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let said: BTreeSet<_> =
            parameters.iter().filter(|p| p["in"] == "path").map(|p| p["name"].as_str().unwrap()).collect();
        assert_eq!(named, said, "{at}");
    }
}

fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let reference = value["$ref"].as_str().map(|reference| reference.trim_start_matches('#'));
    reference.map_or(value, |pointer| document.pointer(pointer).expect("it leads somewhere"))
}

/// Generated clients send the first media type, and some break on a second one of JSON.
#[test]
fn r2_10_a_body_has_one_media_type_of_json_and_that_is_the_first() {
    let bodies: Vec<_> = openapi::text().split("\"requestBody\": {").skip(1).collect();
    assert!(!bodies.is_empty());
    for body in bodies {
        let content = body.split("\"content\": {").nth(1).expect("a body has content");
        assert!(content.trim_start().starts_with("\"application/json\": {"), "{:.80}", content);
    }
    for (path, method, operation) in operations(&document()) {
        let content = operation["requestBody"]["content"].as_object().cloned().unwrap_or_default();
        let json = content.keys().filter(|name| *name == "application/json" || name.ends_with("+json"));
        assert!(json.count() <= 1, "{method} {path}");
    }
}

#[test]
fn r2_10_failures_of_one_code_are_shared_and_all_have_one_schema() {
    let document = document();
    for (path, method, operation) in operations(&document) {
        for (status, response) in operation["responses"].as_object().expect("responses") {
            let content = &resolved(&document, response)["content"]["application/json"];
            let codes = content["examples"].as_object().map_or(0, Map::len);
            assert_eq!(codes == 1, response["$ref"].is_string(), "{method} {path} {status}");
            if codes > 0 {
                assert_eq!(
                    content["schema"],
                    json!({"$ref": "#/components/schemas/Failure"}),
                    "{method} {path} {status}"
                );
            }
        }
    }
}

#[test]
fn r2_10_every_reference_leads_somewhere_and_every_schema_is_used() {
    let document = document();
    let mut references = BTreeSet::new();
    collect(&document, &mut references);
    for reference in &references {
        let pointer = reference.trim_start_matches('#');
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    for kind in ["schemas", "responses", "headers", "examples"] {
        for name in document["components"][kind].as_object().unwrap().keys() {
            assert!(references.contains(&format!("#/components/{kind}/{name}")), "{name} is used by nothing");
        }
    }
}

fn collect(value: &Value, references: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            references.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| collect(member, references));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
