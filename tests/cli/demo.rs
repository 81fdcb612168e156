//! `demo` (R10.2).

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

use super::{Kept, output, run, stderr, tripswitch};

/// A demo under way, with its directory below `home`.
struct Demo {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Demo {
    fn start(home: &Path, args: &[&str]) -> Self {
        let mut command = tripswitch(home, &[&["demo"], args].concat());
        command.env("TMPDIR", home).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let stdout = BufReader::new(child.stdout.take().expect("its output is a pipe"));
        Self { child, stdout }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert!(self.stdout.read_line(&mut line).expect("text") > 0, "it has ended");
        line.trim_end().to_owned()
    }

    /// The rest of the line that begins so.
    fn line_of(&mut self, name: &str) -> String {
        loop {
            if let Some(rest) = self.line().strip_prefix(name) {
                return rest.trim().to_owned();
            }
        }
    }

    /// Ctrl-C.
    fn signal(&mut self, name: &str) {
        let killed = Command::new("kill").args([name, &self.child.id().to_string()]).status().expect("kill runs");
        assert!(killed.success());
    }

    /// It ends well, and nothing of it is left.
    fn ends(mut self, home: &Path) {
        std::io::copy(&mut self.stdout, &mut std::io::sink()).expect("text");
        assert_eq!(self.child.wait().expect("it ends").code(), Some(0));
        assert_eq!(std::fs::read_dir(home).expect("a directory").count(), 0, "its directory is removed");
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The body of an answer of 200.
fn get(url: &str, key: &str) -> Value {
    let (address, path) = url.strip_prefix("http://").and_then(|rest| rest.split_once('/')).expect("a URL");
    let mut stream = TcpStream::connect(address).expect("it listens");
    // Before HTTP/1.1 there are no chunks.
    write!(stream, "GET /{path} HTTP/1.0\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\n\r\n").expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    assert!(head.contains(" 200 "), "{url}: {answer}");
    serde_json::from_str(body).expect("JSON")
}

/// A text of a member of each of the rows.
fn texts<'a>(rows: &'a Value, member: &str) -> Vec<&'a str> {
    rows.as_array().expect("a list").iter().filter_map(|row| row[member].as_str()).collect()
}

#[test]
fn r10_2_the_demo_has_a_past_and_a_breaker_trips_within_a_minute() {
    let home = Kept::new();
    let mut demo = Demo::start(home.path(), &["--seconds", "60"]);
    let first = demo.line();
    let opens = first.strip_prefix("dashboard").expect("the address comes first").trim();
    let (base, key) = opens.split_once("/#key=").expect("the key in the fragment");
    let server_key = demo.line_of("server key");
    let server_key = server_key.split_once(' ').expect("a key and what it is for").0;
    assert_eq!(get(&format!("{base}/api/admin/status"), server_key)["workspaces"]["workspaces"], 1);
    for _ in 0..3 {
        let curl = demo.line_of("curl");
        let pasted: Vec<_> = curl.split('\'').collect();
        assert_eq!(pasted[1], format!("Authorization: Bearer {key}"));
        get(pasted[3], key);
    }

    let me = get(&format!("{base}/api/admin/workspaces"), key);
    let of_workspace = format!("{base}/api/workspaces/{}", me["items"][0]["id"].as_str().expect("an id"));
    let past = get(&format!("{of_workspace}/quality/circuit-breakers/history?state=resolved"), key);
    assert!(texts(&past["data"], "acknowledgedBy").len() >= 2, "{past}");
    let accounts = get(&format!("{of_workspace}/accounts?limit=100"), key);
    let risks = texts(&accounts["data"], "churnRisk");
    assert!(risks.len() == 20 && ["high", "medium", "low"].iter().all(|risk| risks.contains(risk)), "{risks:?}");
    let series = get(&format!("{of_workspace}/quality/timeseries?bucket=week"), key);
    let weeks = series["buckets"].as_array().expect("a list").iter();
    assert!(weeks.filter(|week| week["conversationsScored"].as_u64() > Some(50)).count() >= 4, "{series}");
    let settings = get(&format!("{of_workspace}/quality/settings/history"), key);
    assert!(settings["data"].as_array().is_some_and(|changes| changes.len() >= 2), "{settings}");
    let webhooks = get(&format!("{of_workspace}/webhooks"), key);
    let alerts = webhooks["items"][0]["id"].as_str().expect("an endpoint");
    let deliveries = get(&format!("{of_workspace}/webhooks/{alerts}/deliveries"), key);
    let attempts = deliveries["data"].as_array().expect("a list").iter().map(|one| one["attempts"].as_array());
    assert!(attempts.flatten().any(|attempts| attempts.len() > 1), "{deliveries}");

    // The line comes before the minute is over, or never.
    let reason = demo.line_of("BREAKER TRIPPED:");
    assert!(reason.ends_with("Nordic Parts ApS"), "{reason}");
    let active = get(&format!("{of_workspace}/quality/circuit-breakers"), key);
    assert_eq!(texts(&active["items"], "reason"), [reason]);
    demo.signal("-INT");
    demo.ends(home.path());
}

#[test]
fn r10_2_the_demo_takes_another_port_and_ends_by_itself() {
    let home = Kept::new();
    // Where it is taken already, that is as good.
    let _taken = TcpListener::bind("127.0.0.1:8080");
    let mut demo = Demo::start(home.path(), &["--seconds", "0", "--quiet"]);
    let opens = demo.line();
    assert!(opens.starts_with("dashboard  http://127.0.0.1:") && !opens.contains(":8080/"), "{opens}");
    let mut told = String::new();
    demo.child.stderr.take().expect("a pipe").read_to_string(&mut told).expect("text");
    assert_eq!(told, "");
    demo.ends(home.path());
}

#[test]
fn r10_2_the_demo_can_be_ended_while_it_writes_its_past() {
    let home = Kept::new();
    let mut demo = Demo::start(home.path(), &[]);
    let mut told = String::new();
    let mut stderr = BufReader::new(demo.child.stderr.take().expect("a pipe"));
    stderr.read_line(&mut told).expect("text");
    assert!(told.contains("history"), "{told}");
    // As a terminal that is closed does.
    demo.signal("-HUP");
    demo.ends(home.path());
    assert_eq!(run(home.path(), &["demo", "--seconds"]).status.code(), Some(2));
}

#[test]
fn r10_2_the_demo_of_a_cluster_loses_nothing_when_a_node_is_killed() {
    let home = Kept::new();
    let args = ["demo", "--cluster", "--kills", "1"];
    let output = tripswitch(home.path(), &args).env("TMPDIR", home.path()).output().expect("the program runs");
    output::note(home.path(), &args, &output);
    let noted = stderr(&output);
    if output.status.code() == Some(66) {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{noted}");
        eprintln!("SKIPPED: {noted}");
        return;
    }
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{told}{noted}");
    let mut lines = told.lines();
    for expected in ["dashboard  ", "n1 is killed", "served again", "n1 is back", "accepted", "nothing is lost"] {
        assert!(lines.any(|line| line.contains(expected)), "{expected:?} in {told}");
    }
    let left = std::fs::read_dir(home.path()).expect("a directory").filter_map(Result::ok);
    let left: Vec<_> =
        left.map(|entry| entry.file_name()).filter(|name| name.to_string_lossy().contains("demo-")).collect();
    assert!(left.is_empty(), "its directory is removed: {left:?}");
}

#[test]
fn r10_2_the_demo_of_a_cluster_says_what_it_lacks() {
    let home = Kept::new();
    let mut demo = tripswitch(home.path(), &["demo", "--cluster"]);
    demo.env("PATH", home.path()).env_remove("TRIPSWITCH_NATS_SERVER").env("TMPDIR", home.path());
    let refused = demo.output().expect("the program runs");
    assert_eq!(refused.status.code(), Some(66));
    assert!(stderr(&refused).contains("nats-server 2.14 or newer"), "{}", stderr(&refused));
    for wrong in [&["demo", "--cluster", "6"][..], &["demo", "--cluster", "1"], &["demo", "--kills", "1"]] {
        assert_eq!(run(home.path(), wrong).status.code(), Some(2), "{wrong:?}");
    }
}
