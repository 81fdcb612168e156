//! The program as a process: what it prints, and how it ends (section 10 of the contract).

mod backtest;
mod calibrate;
mod demo;
#[path = "../support/keep.rs"]
mod keep;
mod keys;
#[path = "../support/output.rs"]
mod output;
mod places;
mod rights;

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use keep::Kept;
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
    let output = tripswitch(directory, args).output().expect("the program runs");
    output::note(directory, args, &output);
    output
}

fn json(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("one line of JSON")
}

/// The same where new files are open to everyone.
fn run_openly(directory: &Path, args: &[&str]) -> Output {
    let program = tripswitch(directory, args);
    let mut shell = Command::new("sh");
    shell.args(["-c", "umask 0; exec \"$@\"", "sh"]).arg(program.get_program()).args(args).current_dir(directory);
    for (name, _) in program.get_envs() {
        shell.env_remove(name);
    }
    let output = shell.output().expect("a shell runs");
    output::note(directory, args, &output);
    output
}

/// A server that ends with its test.
struct Served {
    child: Child,
    url: String,
}

impl Served {
    fn start(directory: &Path) -> Self {
        let args = ["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
        let log = File::options().create(true).append(true).open(directory.join("stderr.log")).expect("a file");
        let mut command = tripswitch(directory, &args);
        command.env("TRIPSWITCH__LOG__LEVEL", "trace").stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().expect("it starts");
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
    let home = Kept::new();
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
fn r2_17_a_workspace_is_deleted_on_a_data_directory_and_on_a_running_server() {
    let home = Kept::new();
    let make = ["workspace", "create", "--name", "S", "--tenant", "t", "--with-key", "-o", "json"];
    let [first, second, third] =
        [(); 3].map(|()| json(&run(home.path(), &make))["id"].as_str().expect("an id").to_owned());
    let server_key = json(&run(home.path(), &["key", "create", "--server", "-o", "json"]));
    let admin = server_key["key"].as_str().expect("a key");
    let delete = |id: &str, more: &[&str]| run(home.path(), &[&["workspace", "delete", id], more].concat());
    assert_eq!(delete(&first, &[]).status.code(), Some(0));
    let again = delete(&first, &["--force"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(stderr(&again).contains("No workspace exists"), "{}", stderr(&again));
    assert_eq!(run(home.path(), &[&make[..], &["--id", &first]].concat()).status.code(), Some(1), "its id is taken");

    let server = Served::start(home.path());
    assert_eq!(delete(&second, &[]).status.code(), Some(75));
    let remote = ["--url", &server.url, "--admin-key", admin, "-o", "json"];
    assert_eq!(json(&delete(&second, &remote))["deleted"], true);
    assert_eq!(delete(&second, &remote).status.code(), Some(1));
    // It is killed, and nothing comes back.
    drop(server);
    let left = json(&run(home.path(), &["workspace", "list", "-o", "json"]));
    assert_eq!(
        left.as_array().map(|left| left.iter().map(|one| &one["id"]).collect::<Vec<_>>()),
        Some(vec![&third.into()])
    );
    assert_eq!(json(&run(home.path(), &["key", "list", "-o", "json"])).as_array().map(Vec::len), Some(2));
    assert_eq!(run(home.path(), &["journal", "verify"]).status.code(), Some(0));
    let list = std::fs::read_to_string(home.path().join("snapshots/erasures")).expect("the kept list");
    assert_eq!(list.matches("\"kind\":\"workspace\"").count(), 2, "{list}");
}

/// Everything in a directory, itself first.
fn everything(directory: &Path) -> Vec<PathBuf> {
    let mut all = vec![directory.to_owned()];
    let mut next = 0;
    while let Some(path) = all.get(next) {
        if path.is_dir() {
            let entries = std::fs::read_dir(path).expect("a directory");
            let entries: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
            all.extend(entries);
        }
        next += 1;
    }
    all
}

#[test]
fn what_the_program_writes_is_its_users_alone() {
    let home = Kept::new();
    for args in [
        &["workspace", "create", "--name", "S", "--tenant", "t", "--data-dir", "data"][..],
        &["snapshot", "create", "--data-dir", "data"],
        &["export", "all.ndjson", "--data-dir", "data"],
        &["snapshot", "restore", "--from", "data", "--to", "restored"],
        &["import", "all.ndjson", "--data-dir", "imported"],
    ] {
        let done = run_openly(home.path(), args);
        assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    }
    let made = ["data", "restored", "imported", "all.ndjson"].map(|name| everything(&home.path().join(name)));
    assert!(made.iter().map(Vec::len).sum::<usize>() > 15, "{made:?}");
    for path in made.iter().flatten() {
        let mode = path.metadata().expect("it is there").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", path.display());
    }
}

#[test]
fn r9_6_what_every_user_may_write_is_not_served_and_a_server_leaves_no_core() {
    let home = Kept::new();
    let open = home.path().join("open");
    std::fs::create_dir(&open).expect("a directory");
    std::fs::set_permissions(&open, PermissionsExt::from_mode(0o777)).expect("a mode");
    for args in [
        &["serve", "--data-dir", "open", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"][..],
        &["workspace", "create", "--name", "S", "--tenant", "t", "--data-dir", "open"],
    ] {
        let refused = run(home.path(), args);
        assert_eq!(refused.status.code(), Some(78));
        assert!(stderr(&refused).contains("every user may write here"), "{}", stderr(&refused));
    }
    assert_eq!(everything(&open).len(), 1, "nothing was made");
    if cfg!(target_os = "linux") {
        let server = Served::start(home.path());
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.child.id())).expect("its limits");
        let cores = limits.lines().find(|line| line.starts_with("Max core file size")).expect("a line");
        let found: Vec<_> = cores.split_whitespace().skip(4).take(2).collect();
        assert_eq!(found, ["0", "0"]);
    }
}

/// The numbers in a list, as `snapshot list -o json` prints it, and the states.
fn listed(list: &Value) -> Vec<(u64, &str)> {
    let items = list.as_array().expect("a list").iter();
    items.map(|item| (item["number"].as_u64().expect("a number"), item["state"].as_str().expect("a state"))).collect()
}

fn stderr(output: &Output) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(&output.stderr)
}

/// Flips a bit in the largest file of a snapshot of a data directory in `home`.
fn damage(home: &Path, snapshot: &Value) {
    let files = everything(&home.join(snapshot["path"].as_str().expect("a path"))).into_iter();
    let largest = files
        .filter(|path| path.is_file())
        .max_by_key(|path| path.metadata().expect("a file").len())
        .expect("it has files");
    let mut bytes = std::fs::read(&largest).expect("it can be read");
    bytes[0] ^= 1;
    std::fs::write(largest, bytes).expect("it can be written");
}

#[test]
fn r10_5_snapshots_of_a_data_directory() {
    let home = Kept::new();
    let ask = |args: &[&str]| json(&run(home.path(), &[args, &["-o", "json"]].concat()));
    ask(&["workspace", "create", "--name", "S", "--tenant", "t", "--with-key"]);
    assert_eq!(listed(&ask(&["snapshot", "list"])), []);
    let status = ask(&["snapshot", "status"]);
    assert_eq!((&status["last"], &status["tail"]["frames"]), (&Value::Null, &3.into()));

    let made = ask(&["snapshot", "create"]);
    assert_eq!((&made["number"], &made["state"], &made["position"]), (&1.into(), &"whole".into(), &3.into()));
    let status = ask(&["snapshot", "status"]);
    assert_eq!((&status["last"]["number"], &status["tail"]["frames"]), (&1.into(), &0.into()));
    let page = ask(&["status"]);
    assert_eq!((&page["workspaces"], &page["snapshots"], &page["snapshotsListed"]), (&1.into(), &status, &1.into()));
    let journal = ask(&["journal", "status"]);
    assert_eq!(page["journal"]["lastGroup"], journal["last"]["group"]);
    assert_eq!(page["journal"]["segments"], journal["segments"].as_array().expect("a list").len());

    for _ in 0..2 {
        ask(&["snapshot", "create"]);
    }
    assert_eq!(listed(&ask(&["snapshot", "list"])), [(3, "whole"), (2, "whole"), (1, "whole")]);
    assert_eq!(ask(&["snapshot", "prune"])["removed"], serde_json::json!([]), "three are kept by default");
    let pruned = run(home.path(), &["snapshot", "prune", "--keep", "2", "-o", "json"]);
    assert_eq!(json(&pruned)["removed"], serde_json::json!([1]));
    assert!(stderr(&pruned).contains("The journal stays as it is"), "{}", stderr(&pruned));
    assert_eq!(ask(&["journal", "status"]), journal, "and so it does");

    assert_eq!(ask(&["snapshot", "verify", "3"])["state"], "whole");
    assert_eq!(run(home.path(), &["snapshot", "verify", "1"]).status.code(), Some(66));
    damage(home.path(), &ask(&["snapshot", "list"])[0]);
    let found = run(home.path(), &["snapshot", "verify", "3", "-o", "json"]);
    assert_eq!(found.status.code(), Some(65), "{}", stderr(&found));
    let told: Value = serde_json::from_slice(&found.stdout).expect("one line of JSON");
    assert_eq!((&told["number"], &told["state"]), (&3.into(), &"damaged".into()));
    assert_eq!(ask(&["snapshot", "status"])["last"]["number"], 2, "as a start would");
    assert_eq!(listed(&ask(&["snapshot", "list"])), [(3, "whole"), (2, "whole")], "nothing was set aside");
    ask(&["snapshot", "create"]);
    assert_eq!(listed(&ask(&["snapshot", "list"])), [(4, "whole"), (3, "setAside"), (2, "whole")]);
    let table = run(home.path(), &["snapshot", "list"]);
    let lines: Vec<_> = std::str::from_utf8(&table.stdout).expect("text").lines().collect();
    assert!(lines.len() == 4 && lines[0].starts_with("NUMBER STATE") && lines[2].contains("set aside"), "{lines:?}");
}

#[test]
fn r10_5_snapshots_of_a_running_server() {
    let home = Kept::new();
    let key = |args: &[&str]| json(&run(home.path(), &[args, &["-o", "json"]].concat()))["key"].clone();
    let server_key = key(&["key", "create", "--server"]);
    let tenants = key(&["workspace", "create", "--name", "S", "--tenant", "t", "--with-key"]);
    let server = Served::start(home.path());
    let verbs: [&[&str]; 7] = [
        &["snapshot", "create"],
        &["snapshot", "list"],
        &["snapshot", "status"],
        &["snapshot", "verify", "1"],
        &["snapshot", "prune"],
        &["journal", "status"],
        &["status"],
    ];
    let as_ = |key: &Value, args: &[&str]| {
        let key = key.as_str().expect("a key");
        run(home.path(), &[args, &["--url", &server.url, "--admin-key", key, "-o", "json"]].concat())
    };
    for verb in verbs {
        let held = run(home.path(), verb);
        assert_eq!(held.status.code(), Some(75), "R9.6: {verb:?}");
        assert!(stderr(&held).contains("use --url"), "{}", stderr(&held));
        assert_eq!(as_(&tenants, verb).status.code(), Some(77), "R2.14: {verb:?}");
        let done = as_(&server_key, verb);
        assert_eq!(done.status.code(), Some(0), "{verb:?}: {}", stderr(&done));
        let quiet = run(home.path(), &["--quiet", "status", "--url", &server.url]);
        assert_eq!(quiet.status.code(), Some(77), "no key");
    }
    let made = json(&as_(&server_key, &["snapshot", "create"]));
    assert_eq!((&made["number"], &made["state"]), (&2.into(), &"whole".into()));
    let list = json(&as_(&server_key, &["snapshot", "list"]));
    assert_eq!(listed(&list), [(2, "whole"), (1, "whole")]);
    assert_eq!(json(&as_(&server_key, &["snapshot", "verify", "1"])), list[1]);
    assert_eq!(as_(&server_key, &["snapshot", "verify", "9"]).status.code(), Some(66));
    damage(home.path(), &list[1]);
    assert_eq!(as_(&server_key, &["snapshot", "verify", "1"]).status.code(), Some(65));
    assert_eq!(json(&as_(&server_key, &["snapshot", "prune", "--keep", "1"]))["removed"], serde_json::json!([1]));
    let page = json(&as_(&server_key, &["status"]));
    assert_eq!((&page["phase"], &page["eventsSkipped"]["count"]), (&"serving".into(), &0.into()));
    let directory = home.path().join("snapshots").canonicalize().expect("the data directory");
    assert_eq!(page["dataDirectory"].as_str().map(Path::new), Some(directory.as_path()));
    assert_eq!(page["journal"], json(&as_(&server_key, &["journal", "status"])));
    assert!(page["journal"]["bytes"].as_u64() > Some(0) && page["snapshots"]["last"]["number"] == 2, "{page}");
    let told = run(home.path(), &["status", "--url", &server.url, "--admin-key", server_key.as_str().expect("a key")]);
    let told = String::from_utf8_lossy(&told.stdout);
    assert!(told.lines().any(|line| line.starts_with("events skipped") && line.ends_with(" 0")), "{told}");
}

#[test]
fn r10_6_a_directory_is_restored_exported_and_imported() {
    let home = Kept::new();
    let with = |args: &[&str]| run(home.path(), &[args, &["-o", "json"]].concat());
    let code = |args: &[&str]| run(home.path(), args).status.code();
    json(&with(&["workspace", "create", "--name", "S", "--tenant", "t", "--with-key"]));
    json(&with(&["snapshot", "create"]));
    json(&with(&["key", "create", "--tenant", "t", "--scope", "admin"]));
    let keys = |data: &str| json(&with(&["key", "list", "--data-dir", data])).as_array().map_or(0, Vec::len);

    let dry = json(&with(&["snapshot", "restore", "--to", "restored", "--dry-run"]));
    assert_eq!((&dry["to"], &dry["snapshot"], &dry["framesReplayed"]), (&Value::Null, &1.into(), &1.into()));
    assert!(!home.path().join("restored").exists(), "a dry run writes nothing");
    let done = json(&with(&["snapshot", "restore", "--to", "restored"]));
    assert_eq!((&done["to"], &done["replaced"]), (&"restored".into(), &Value::Null));
    assert_eq!(keys("restored"), 2);
    assert_eq!(code(&["snapshot", "restore", "--to", "restored"]), Some(73));
    let earlier = json(&with(&["snapshot", "restore", "--to", "restored", "--snapshot", "1", "--force"]));
    assert_eq!(earlier["replaced"], "./restored.replaced-1");
    assert_eq!((keys("restored"), keys("restored.replaced-1")), (1, 2), "as of the snapshot");
    assert_eq!(code(&["snapshot", "restore", "--to", "x", "--until", "1999-01-01T00:00:00Z"]), Some(66));
    assert_eq!(code(&["snapshot", "restore", "--to", "x", "--until", "soon"]), Some(2));
    assert_eq!(code(&["snapshot", "restore", "--to", "x", "--from", "none"]), Some(66));
    assert_eq!(code(&["snapshot", "restore", "--to", "x", "--erasures", "none"]), Some(66));

    assert_eq!(code(&["export", "all.ndjson"]), Some(0));
    assert_eq!(code(&["import", "all.ndjson", "--data-dir", "imported"]), Some(0));
    assert_eq!(code(&["import", "all.ndjson", "--data-dir", "imported"]), Some(73));
    assert_eq!(code(&["import", "none", "--data-dir", "other"]), Some(66));
    assert_eq!(keys("imported"), 2);
    let text = std::fs::read_to_string(home.path().join("all.ndjson")).expect("an export");
    std::fs::write(home.path().join("cut.ndjson"), &text[..text.len() / 2]).expect("a file");
    assert_eq!(code(&["import", "cut.ndjson", "--data-dir", "other"]), Some(65));
    assert!(!home.path().join("other").exists());
}

#[test]
fn r10_9_exit_codes_tell_what_went_wrong() {
    let home = Kept::new();
    std::fs::write(home.path().join("wrong.toml"), "[server]\nlisen = 1\n[log]\nformat = \"x\"\n").expect("a file");
    std::fs::create_dir(home.path().join("other")).expect("a directory");
    std::fs::write(home.path().join("other/notes.txt"), "x").expect("a file");
    let id = "0190b5c0-0000-7000-8000-000000000001";
    let cases: [(&[&str], i32); 20] = [
        (&["workspace", "list", "--data-dir", "none"], 66),
        (&["key", "list", "--data-dir", "none"], 66),
        (&["key", "revoke", id, "--data-dir", "none"], 66),
        (&["workspace", "list", "--data-dir", "other"], 66),
        (&["snapshot", "create", "--data-dir", "none"], 66),
        (&["snapshot", "list", "--data-dir", "none"], 66),
        (&["snapshot", "status", "--data-dir", "none"], 66),
        (&["snapshot", "verify", "1", "--data-dir", "none"], 66),
        (&["snapshot", "prune", "--data-dir", "none"], 66),
        (&["status", "--data-dir", "none"], 66),
        (&["snapshot", "verify"], 2),
        (&["snapshot", "prune", "--keep", "0"], 2),
        (&["status", "--url", "http://127.0.0.1:9", "--admin-key", "k"], 69),
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
    assert!(!home.path().join("none").exists(), "nothing was made");
    assert_eq!(everything(&home.path().join("other")).len(), 2, "nothing was made");
    let told = run(home.path(), &["check-config", "--config", "wrong.toml"]).stderr;
    let told = String::from_utf8_lossy(&told);
    assert!(
        told.contains("wrong.toml:2: server.lisen: unknown key") && told.contains("wrong.toml:4: log.format"),
        "{told}"
    );
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let home = Kept::new();
    for args in [["check-config", "--effective"], ["completions", "bash"]] {
        let mut child =
            tripswitch(home.path(), &args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{args:?}");
    }
}

#[test]
fn r10_5_openapi_prints_the_committed_document() {
    let home = tempfile::tempdir().expect("a directory");
    let printed = run(home.path(), &["openapi"]);
    assert_eq!(printed.status.code(), Some(0));
    let committed = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json")).expect("it is committed");
    assert!(printed.stdout == committed, "tripswitch openapi and openapi.json differ");
}

/// An authority in `ca.pem`, and a certificate that it has made for this machine in `c.pem` and `k.pem`.
fn certify(home: &Path) {
    let mut params = rcgen::CertificateParams::new([]).expect("no names");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = || rcgen::KeyPair::generate().expect("a key");
    let authority = rcgen::CertifiedIssuer::self_signed(params, key()).expect("an authority");
    let params = rcgen::CertificateParams::new(["127.0.0.1".to_owned()]).expect("an address");
    let key = key();
    let certificate = params.signed_by(&key, &authority).expect("a certificate");
    let files = [("ca.pem", authority.pem()), ("c.pem", certificate.pem()), ("k.pem", key.serialize_pem())];
    for (name, pem) in files {
        std::fs::write(home.join(name), pem).expect("it can be written");
    }
}

fn hang_up(server: &Served) {
    let status = Command::new("kill").args(["-HUP", &server.child.id().to_string()]).status().expect("kill runs");
    assert!(status.success());
}

#[test]
fn a_certificate_is_read_at_the_start_and_at_sighup() {
    let home = Kept::new();
    let admin = json(&run(home.path(), &["key", "create", "--server", "-o", "json"]));
    let config = "[server]\ntls_certificate = \"c.pem\"\n";
    std::fs::write(home.path().join("config.toml"), config).expect("it can be written");
    let serve = ["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
    let faulty = run(home.path(), &serve);
    assert_eq!(faulty.status.code(), Some(78));
    assert!(stderr(&faulty).contains("config.toml:2: server.tls_certificate: needs server.tls_key"), "{faulty:?}");
    std::fs::write(home.path().join("config.toml"), format!("{config}tls_key = \"k.pem\"\n"))
        .expect("it can be written");
    let missing = run(home.path(), &serve);
    assert_eq!(missing.status.code(), Some(78));
    assert!(stderr(&missing).contains("c.pem"), "{missing:?}");
    let check = || run(home.path(), &["check-config"]);
    assert_eq!(stderr(&check()), stderr(&missing), "it says what a start says");

    certify(home.path());
    assert_eq!(check().status.code(), Some(0));
    let key = std::fs::read(home.path().join("k.pem")).expect("it was written");
    let other = rcgen::KeyPair::generate().expect("a key").serialize_pem();
    std::fs::write(home.path().join("k.pem"), other).expect("it can be written");
    let (checked, served) = (check(), run(home.path(), &serve));
    assert_eq!((checked.status.code(), served.status.code()), (Some(78), Some(78)), "{checked:?}");
    assert_eq!(stderr(&checked), stderr(&served));
    std::fs::write(home.path().join("k.pem"), key).expect("it can be written");
    let server = Served::start(home.path());
    assert!(server.url.starts_with("https://127.0.0.1:"), "{}", server.url);
    let remote = ["key", "list", "--url", &server.url, "--admin-key", admin["key"].as_str().expect("a key")];
    let list = |ca: &[&str]| run(home.path(), &[&remote[..], ca].concat()).status.code();
    assert_eq!(list(&["--ca", "ca.pem"]), Some(0));
    assert_eq!(list(&[]), Some(69), "an authority that the system does not know");
    assert_eq!(list(&["--ca", "none.pem"]), Some(66));

    // Another authority: its certificate is shown once the signal has been seen.
    certify(home.path());
    assert_eq!(list(&["--ca", "ca.pem"]), Some(69));
    hang_up(&server);
    assert!((0..200).any(|_| list(&["--ca", "ca.pem"]) == Some(0)), "the certificate is not read again");
    std::fs::write(home.path().join("k.pem"), "broken").expect("it can be written");
    hang_up(&server);
    assert_eq!(list(&["--ca", "ca.pem"]), Some(0));
}

#[test]
fn sighup_does_not_end_a_server_without_tls() {
    let home = Kept::new();
    let admin = json(&run(home.path(), &["key", "create", "--server", "-o", "json"]));
    let mut server = Served::start(home.path());
    hang_up(&server);
    let args = ["key", "list", "--url", &server.url, "--admin-key", admin["key"].as_str().expect("a key")];
    assert_eq!(run(home.path(), &args).status.code(), Some(0));
    assert!(server.child.try_wait().expect("it is a child").is_none());
}
