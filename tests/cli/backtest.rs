//! `backtest` (R10.7).

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use super::{Kept, Served, json as read, run, stderr};

const ACCOUNT: &str = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa";

/// Sends three low conversations of an account.
fn send(server: &Served, workspace: &str, key: &str) {
    let event = |n: u32| {
        let data = json!({"conversationId": format!("cccccccc-cccc-4ccc-8ccc-00000000000{n}"), "accountId": ACCOUNT,
            "accountName": "Nordic Parts ApS", "resolved": false, "outcomeScore": 1.5, "processScore": 1.5,
            "environmentScore": 1.5});
        json!({"specversion": "1.0", "id": n.to_string(), "source": "test", "type": "conversation.scored", "data": data})
    };
    post(server, workspace, key, &json!([event(1), event(2), event(3)]).to_string());
}

/// Sends events.
pub fn post(server: &Served, workspace: &str, key: &str, body: &str) {
    let address = server.url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).expect("it listens");
    write!(
        stream,
        "POST /api/workspaces/{workspace}/events HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Authorization: Bearer {key}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    assert!(answer.starts_with("HTTP/1.1 202 "), "{answer}");
}

/// Without what depends on the time of the question.
fn timeless(mut backtest: Value) -> Value {
    for list in ["asIs", "whatIf"] {
        for breaker in backtest[list]["breakers"].as_array_mut().expect("a list") {
            breaker["secondsActive"] = Value::Null;
        }
    }
    backtest
}

#[test]
fn r10_7_a_server_and_its_directory_say_the_same() {
    let home = Kept::new();
    let make = ["workspace", "create", "--name", "S", "--tenant", "t", "--with-key", "-o", "json"];
    let made = read(&run(home.path(), &make));
    let (workspace, key) = (made["id"].as_str().expect("an id"), made["key"].as_str().expect("a key"));
    let scope = ["key", "create", "--tenant", "t", "--scope", "quality:read", "-o", "json"];
    let reader = read(&run(home.path(), &scope));
    let reader = reader["key"].as_str().expect("a key");
    let backtest = ["backtest", "--set", "circuitBreakerCount=2", "--from", "2026-01-01"];
    let server = Served::start(home.path());
    send(&server, workspace, key);
    let remote = ["--url", &server.url, "--admin-key", reader];
    assert_eq!(run(home.path(), &backtest).status.code(), Some(75), "R9.6");
    let named = [&backtest[..], &remote, &["--workspace", workspace, "-o", "json"]].concat();
    let on_server = read(&run(home.path(), &named));
    let trips = |list: &str| {
        let breaker = &on_server[list]["breakers"][0];
        (on_server[list]["total"].clone(), breaker["runLength"].clone(), breaker["accountName"].clone())
    };
    assert_eq!(trips("asIs"), (json!(1), json!(3), json!("Nordic Parts ApS")));
    assert_eq!(trips("whatIf"), (json!(1), json!(2), json!("Nordic Parts ApS")));
    let unnamed = ["-o", "json", "--url", &server.url, "--admin-key"];
    let unnamed = [&backtest[..], &unnamed[..]].concat();
    let by_administrator = read(&run(home.path(), &[&unnamed[..], &[key]].concat()));
    assert_eq!(timeless(by_administrator), timeless(on_server.clone()));
    let by_reader = run(home.path(), &[&unnamed[..], &[reader]].concat());
    assert_eq!(by_reader.status.code(), Some(77), "{}", stderr(&by_reader));
    let foreign = run(home.path(), &[&backtest[..], &remote, &["--workspace", ACCOUNT]].concat());
    assert_eq!(foreign.status.code(), Some(1), "{}", stderr(&foreign));
    drop(server);

    let on_directory = read(&run(home.path(), &[&backtest[..], &["-o", "json"]].concat()));
    assert_eq!(timeless(on_directory), timeless(on_server));
    let page = run(home.path(), &backtest);
    let page = String::from_utf8_lossy(&page.stdout);
    let rows = page.lines().filter(|line| line.contains("Nordic Parts ApS") && line.contains("active")).count();
    assert!(rows == 2 && page.contains("\nWOULD HAVE TRIPPED\n"), "{page}");
}

#[test]
fn r10_7_what_is_wrong_is_told_before_anything_is_read() {
    let home = Kept::new();
    let make = ["workspace", "create", "--name", "S", "--tenant", "t"];
    assert_eq!(run(home.path(), &["backtest", "--data-dir", "none"]).status.code(), Some(66));
    run(home.path(), &make);
    let wrong = run(home.path(), &["backtest", "--set", "windowDays=3", "--set", "minSignals=x", "--from", "soon"]);
    assert_eq!(wrong.status.code(), Some(2));
    for pointer in ["/settings/windowDays: ", "/settings/minSignals: ", "/from: "] {
        assert!(stderr(&wrong).contains(pointer), "{}", stderr(&wrong));
    }
    let empty = read(&run(home.path(), &["backtest", "--set", "minSignals=2", "-o", "json"]));
    assert_eq!((&empty["asIs"]["total"], &empty["whatIf"]["breakers"]), (&json!(0), &json!([])));
    run(home.path(), &make);
    let which = run(home.path(), &["backtest"]);
    assert_eq!(which.status.code(), Some(2));
    assert!(stderr(&which).contains("--workspace"), "{}", stderr(&which));
    assert_eq!(run(home.path(), &["backtest", "--workspace", ACCOUNT]).status.code(), Some(66));
}
