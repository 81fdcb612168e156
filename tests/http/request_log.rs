//! What the log says of requests, and what it never says.

use serde_json::{Value, json};

use crate::process::Home;
use crate::support::world::conversation_id;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

#[tokio::test]
async fn each_request_has_one_line_of_json_and_no_line_has_a_secret() {
    let home = Home::new();
    let served = home.serve(&[("TRIPSWITCH__LOG__FORMAT", "json"), ("TRIPSWITCH__LOG__LEVEL", "tripswitch=debug")]);
    let client = tripswitch::outgoing::client().no_proxy().build().expect("a plain client");
    let get = |path: &str, id: &str| {
        let get = client.get(format!("{}{path}", served.url)).bearer_auth(&home.key);
        get.header("x-request-id", id)
    };
    let traced =
        get(&home.at("csat-config"), "r-traced").header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01"));
    assert_eq!(traced.send().await.expect("an answer").status(), 200);
    let wrong =
        get(&home.at("csat-config"), "r-wrong").header("traceparent", format!("00-{TRACE}-0000000000000000-01"));
    assert_eq!(wrong.send().await.expect("an answer").status(), 200);
    let asked = get(&home.at("csat-config?hush=quiet"), "r-query").send().await.expect("an answer");
    assert_eq!(asked.status(), 400);
    assert_eq!(get("/nothing/to-see", "r-none").send().await.expect("an answer").status(), 404);
    let token = "AQA".to_owned() + &"x-3_Z5a".repeat(11);
    for (path, id) in [("?rating=4", "r-link"), ("/opt-out", "r-stop"), ("/more", "r-more")] {
        assert_eq!(get(&format!("/s/{token}{path}"), id).send().await.expect("an answer").status(), 404);
    }
    let data = json!({"conversationId": conversation_id(1), "text": "Dear Quillfeather, these are my own words."});
    let event = json!({"specversion": "1.0", "id": "e", "source": "s", "type": "message.received", "data": data});
    let sent = client.post(format!("{}{}", served.url, home.at("events"))).bearer_auth(&home.key);
    let sent = sent.header("x-request-id", "r-event").json(&event).send().await.expect("an answer");
    assert_eq!(sent.status(), 202);
    assert_eq!(served.stop(), Some(0));

    let log = home.logged();
    for secret in [home.key.as_str(), &home.key[11..], "quiet", "hush", "Quillfeather", "to-see", &token, "x-3_Z5a"] {
        assert!(!log.contains(secret), "{secret}\n{log}");
    }
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect();
    let line = |id: &str| {
        let mut found = lines.iter().filter(|line| line["fields"]["request_id"] == id);
        let line = found.next().unwrap_or_else(|| panic!("no line of {id}:\n{log}"));
        assert!(found.next().is_none(), "one line a request: {log}");
        assert!(line["fields"]["duration_seconds"].as_f64().is_some_and(|seconds| seconds > 0.0), "{line}");
        assert_eq!((&line["level"], &line["target"]), (&"DEBUG".into(), &"tripswitch::http::request".into()));
        line["fields"].clone()
    };
    let traced = line("r-traced");
    assert_eq!(
        (&traced["method"], &traced["status"], &traced["trace_id"]),
        (&"GET".into(), &200.into(), &TRACE.into())
    );
    assert_eq!(traced["route"], "/api/workspaces/{workspaceId}/csat-config");
    assert_eq!(line("r-wrong").get("trace_id"), None, "an invalid one is ignored");
    assert_eq!((&line("r-query")["status"], &line("r-none")["route"]), (&400.into(), &"unmatched".into()));
    let routes = ["r-link", "r-stop", "r-more"].map(|id| line(id)["route"].clone());
    assert_eq!(routes, ["/s/{token}", "/s/{token}/opt-out", "unmatched"], "R13.2: without the token");
    assert_eq!(line("r-event")["status"], 202);
}
