//! The program as a process: what it prints, and how it ends (section 10 of the contract).

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// The program, without the environment's own settings, in a directory without a configuration.
fn tripswitch(directory: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tripswitch"));
    command.args(args).current_dir(directory).env_remove("TRIPSWITCH_ADMIN_KEY");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TRIPSWITCH__")) {
        command.env_remove(name);
    }
    command
}

fn run(directory: &Path, args: &[&str]) -> Output {
    tripswitch(directory, args).output().expect("the program runs")
}

fn json(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("one line of JSON")
}

/// A server that ends with its test.
struct Served {
    child: Child,
    url: String,
}

impl Served {
    fn start(directory: &Path) -> Self {
        let args = ["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
        let mut child =
            tripswitch(directory, &args).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("its output is a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("it says where it listens");
        let url = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("not ready: {line:?}")).to_owned();
        Self { child, url }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn r10_4_workspaces_and_keys_on_a_data_directory_and_on_a_running_server() {
    let home = tempfile::tempdir().expect("a directory");
    let made =
        json(&run(home.path(), &["workspace", "create", "--name", "S", "--tenant", "t", "--with-key", "-o", "json"]));
    let server_key = json(&run(home.path(), &["key", "create", "--server", "-o", "json"]));
    let (admin, key) = (server_key["key"].as_str().expect("a key"), made["key"].as_str().expect("a key"));
    assert!(key.starts_with("sf_live_v1_") && key.len() == 43, "{key}");

    let server = Served::start(home.path());
    assert_eq!(run(home.path(), &["workspace", "list"]).status.code(), Some(75), "R9.6");
    assert_eq!(run(home.path(), &["journal", "status"]).status.code(), Some(75));
    let remote = ["--url", &server.url, "--admin-key", admin, "-o", "json"];
    let list = json(&run(home.path(), &[&["workspace", "list"], &remote[..]].concat()));
    assert_eq!((&list[0]["id"], &list[0]["name"]), (&made["id"], &"S".into()));
    let scope = ["key", "create", "--tenant", "t", "--scope", "quality:read"];
    let second = json(&run(home.path(), &[&scope[..], &remote[..]].concat()));
    let id = second["id"].as_str().expect("an id");
    let revoked = run(home.path(), &["key", "revoke", id, "--url", &server.url, "--admin-key", admin]);
    assert_eq!(revoked.status.code(), Some(0));
    let denied = run(home.path(), &["key", "list", "--url", &server.url, "--admin-key", "sf_live_v1_wrong"]);
    assert_eq!(denied.status.code(), Some(77));
    drop(server);

    let keys = json(&run(home.path(), &["key", "list", "-o", "json"]));
    let keys = keys.as_array().expect("a list");
    let state = |id: &Value| keys.iter().find(|key| key["id"] == *id).expect("a listed key")["revokedAt"].is_string();
    assert_eq!((keys.len(), state(&second["id"]), state(&made["keyId"])), (3, true, false));
    assert_eq!(run(home.path(), &["journal", "verify"]).status.code(), Some(0));
}

#[test]
fn r10_9_exit_codes_tell_what_went_wrong() {
    let home = tempfile::tempdir().expect("a directory");
    std::fs::write(home.path().join("wrong.toml"), "[server]\nlisen = 1\n[log]\nformat = \"x\"\n").expect("a file");
    let cases: [(&[&str], i32); 7] = [
        (&["check-config"], 0),
        (&["nonsense"], 2),
        (&["check-config", "--config", "none.toml"], 66),
        (&["journal", "status", "--data-dir", "none"], 66),
        (&["score", "none.ndjson"], 66),
        (&["key", "list", "--url", "http://127.0.0.1:9", "--admin-key", "k"], 69),
        (&["serve", "--config", "wrong.toml"], 78),
    ];
    for (args, code) in cases {
        assert_eq!(run(home.path(), args).status.code(), Some(code), "{args:?}");
    }
    let told = run(home.path(), &["check-config", "--config", "wrong.toml"]).stderr;
    let told = String::from_utf8_lossy(&told);
    assert!(
        told.contains("wrong.toml:2: server.lisen: unknown key") && told.contains("wrong.toml:4: log.format"),
        "{told}"
    );
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let home = tempfile::tempdir().expect("a directory");
    for args in [["check-config", "--effective"], ["completions", "bash"]] {
        let mut child =
            tripswitch(home.path(), &args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{args:?}");
    }
}
