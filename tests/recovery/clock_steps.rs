//! R2.16 with a real process: its wall clock jumps while it runs, and over a restart. A small library that
//! is loaded before the C library's moves the wall clock; the monotonic one stays as it is.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use tripswitch::clock::wall;
use tripswitch::domain::time::{HOUR, Millis, format};

use crate::support::answers::{Answers, ask, differences};
use crate::support::events::import;
use crate::support::http::Client;
use crate::support::process::{Home, SERVE, Server, skipped, spawn_quietly, told};

/// Adds the seconds in the file `$WALL_OFFSET` to the wall clock.
const SHIM: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
int clock_gettime(clockid_t id, struct timespec *at) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(id, at);
    const char *path = id == CLOCK_REALTIME ? getenv("WALL_OFFSET") : NULL;
    FILE *file = path ? fopen(path, "r") : NULL;
    if (file) {
        long seconds = 0;
        if (fscanf(file, "%ld", &seconds) == 1) at->tv_sec += seconds;
        fclose(file);
    }
    return result;
}
"#;

const ACCOUNT: &str = "0190b5c0-0000-7000-8000-0000000000c1";
const STEPS: [(&str, i64); 2] = [("two hours back", -2 * 3_600), ("a year ahead", 365 * 86_400)];

struct Stepped {
    home: Home,
    offset: PathBuf,
}

impl Stepped {
    fn new() -> Option<Self> {
        let mut home = Home::new();
        let (source, shim) = (home.root().join("shim.c"), home.root().join("shim.so"));
        fs::write(&source, SHIM).unwrap();
        let arguments = ["-shared", "-fPIC", "-o", shim.to_str().unwrap(), source.to_str().unwrap(), "-ldl"];
        if !spawn_quietly("cc", &arguments) {
            skipped("there is no C compiler: the test of a clock that jumps did nothing");
            return None;
        }
        let offset = home.root().join("offset");
        home.env("LD_PRELOAD", shim.to_str().unwrap());
        home.env("WALL_OFFSET", offset.to_str().unwrap());
        let stepped = Self { home, offset };
        stepped.step(0);
        Some(stepped)
    }

    /// The wall clock is wrong by so much from here on.
    fn step(&self, seconds: i64) {
        let fresh = self.offset.with_extension("fresh");
        fs::write(&fresh, seconds.to_string()).unwrap();
        fs::rename(fresh, &self.offset).unwrap();
    }

    fn post(&self, server: &Server, number: u64, composite: u64) -> Value {
        let event = import("clock", &number.to_string(), &conversation(number), Some(ACCOUNT), composite);
        server.client().post(&self.home.at("events"), &event).expect(202)
    }

    fn ask(&self, server: &Server) -> Answers {
        let conversations: Vec<_> = (0..6).map(conversation).collect();
        ask(&self.home, &mut server.client(), &[ACCOUNT.to_owned()], &conversations, &[])
    }

    /// Low scores until breakers trip; one is acknowledged.
    fn trip(&self, server: &Server) {
        for number in 0..6 {
            assert_eq!(self.post(server, number, 120)["accepted"], 1);
        }
        let list = server.client().get(&self.home.at("quality/circuit-breakers")).expect(200);
        let id = list["items"][0]["id"].as_str().expect("a breaker");
        let path = self.home.at(&format!("quality/circuit-breakers/{id}/acknowledge"));
        server.client().post(&path, &json!({})).expect(200);
    }

    fn breakers(&self, server: &Server) -> Value {
        server.client().get(&self.home.at("quality/circuit-breakers")).expect(200)
    }

    fn stats(&self, server: &Server) -> Value {
        server.client().get(&self.home.at("quality/stats?from=2000-01-01&to=2099-12-31")).expect(200)
    }

    /// What `/readyz` says of the step.
    fn reported(&self) -> Value {
        let log = fs::read_to_string(self.home.log()).unwrap();
        let address = log.rsplit_once("admin=").unwrap().1.split_whitespace().next().unwrap();
        Client::new(address.parse().unwrap(), "").get("/readyz").expect(200)
    }

    fn scored_at(&self, server: &Server, number: u64) -> String {
        let quality = server.client().get(&format!("/api/conversations/{}/quality", conversation(number)));
        quality.expect(200)["scoredAt"].as_str().unwrap().to_owned()
    }
}

fn conversation(number: u64) -> String {
    format!("0190b5c0-0000-7000-8000-0000000c{number:04}")
}

/// Answers that look back from now: a year that was accepted has passed for them.
fn ages(path: &str) -> bool {
    path.starts_with("/api/accounts/") || path.ends_with("/explanation")
}

#[test]
fn r2_16_a_step_of_two_hours_or_a_year_is_not_followed_but_reported_and_changes_no_answer() {
    let Some(stepped) = Stepped::new() else { return };
    let server = stepped.home.serve();
    stepped.trip(&server);
    assert_eq!(stepped.reported()["clockStepNotFollowed"], Value::Null);
    let mut number = 6;
    for (what, seconds) in STEPS {
        let before = stepped.ask(&server);
        stepped.step(seconds);
        let posted = wall();
        assert_eq!(stepped.post(&server, number, 450)["accepted"], 1, "{what}");
        let (at, now) = (stepped.scored_at(&server, number), wall());
        assert!((format(posted - 1_000)..=format(now + 1_000)).contains(&at), "{what}: received at {at}");
        let ready = stepped.reported();
        let step = ready["clockStepNotFollowed"].as_i64().unwrap_or_else(|| panic!("{what}: {ready}"));
        assert!((step - seconds * 1_000).abs() < 60_000, "{what}: {ready}");
        assert!(ready["warnings"].to_string().contains("wall clock"), "{what}: {ready}");
        let mut after = stepped.ask(&server);
        for path in before
            .keys()
            .filter(|path| path.contains("stats") || path.contains("conversations?") || path.contains(ACCOUNT))
        {
            // They have the conversation that has come.
            after.insert(path.clone(), before[path].clone());
        }
        assert_eq!(differences(&before, &after), [""; 0], "{what}");
        stepped.step(0);
        number += 1;
        stepped.post(&server, number, 450);
        number += 1;
        assert_eq!(stepped.reported()["clockStepNotFollowed"], Value::Null, "{what}: the clock is right again");
    }
}

#[test]
fn r2_16_a_restart_with_the_step_is_refused_and_once_accepted_loses_and_repeats_nothing() {
    for (what, seconds) in STEPS {
        let Some(stepped) = Stepped::new() else { return };
        let server = stepped.home.serve();
        stepped.trip(&server);
        let before = stepped.ask(&server);
        // With a snapshot: the last receipt is known from it, too.
        assert_eq!(server.terminate().code(), Some(0));
        stepped.step(seconds);
        let refused = stepped.home.run(&SERVE);
        assert_eq!(refused.status.code(), Some(78), "{what}: {}", told(&refused));
        assert!(told(&refused).contains("--accept-clock"), "{what}: {}", told(&refused));
        let mut command = stepped.home.command(&SERVE);
        command.arg("--accept-clock");
        let server = stepped.home.serve_with(command);
        let mut after = stepped.ask(&server);
        for path in before.keys().filter(|path| seconds > 0 && ages(path)) {
            after.insert(path.clone(), before[path].clone());
        }
        assert_eq!(differences(&before, &after), [""; 0], "{what}");
        let (breakers, stats) = (stepped.breakers(&server), stepped.stats(&server));
        assert_eq!(stepped.post(&server, 6, 450)["accepted"], 1, "{what}");
        let (list, count) = (stepped.breakers(&server), stepped.stats(&server));
        assert_eq!(list["items"], breakers["items"], "{what}: none is lost, none is triggered again");
        let scored = |stats: &Value| stats["conversationsScored"].as_u64().unwrap();
        assert_eq!(scored(&count), scored(&stats) + 1, "{what}: nothing is removed in the first hour");
        let at = stepped.scored_at(&server, 6);
        let latest: Millis = wall() + seconds.max(0) * 1_000;
        assert!((format(latest - HOUR)..=format(latest + HOUR)).contains(&at), "{what}: received at {at}");
    }
}

#[test]
fn the_library_moves_the_wall_clock() {
    let Some(stepped) = Stepped::new() else { return };
    stepped.step(365 * 86_400);
    let shown = Command::new("date")
        .arg("+%s")
        .env("LD_PRELOAD", stepped.home.root().join("shim.so"))
        .env("WALL_OFFSET", &stepped.offset)
        .output()
        .unwrap();
    let shown: Millis = String::from_utf8(shown.stdout).unwrap().trim().parse().unwrap();
    assert!((shown * 1_000 - wall() - 365 * 24 * HOUR).abs() < HOUR, "{shown}");
}
