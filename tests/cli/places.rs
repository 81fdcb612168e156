//! Where an export goes, and directories that cannot be renamed into their place.

use std::fs;
use std::os::unix::fs::{FileTypeExt, symlink};
use std::thread;

use super::*;

/// Says that a test did nothing, and why. Directly, since the output of macros is shown for failing tests only.
pub fn skipped(why: &str) {
    use std::io::Write;
    std::io::stderr().write_all(format!("SKIPPED: {why}\n").as_bytes()).expect("standard error");
}

/// Small segments, since each command reads the whole journal.
pub const SMALL: &str = "[journal]\nsegment_mib = 1\ngroup_max_bytes = 1048576\n";

/// A directory `data` with a workspace in it.
fn with_data() -> Kept {
    let home = Kept::new();
    fs::write(home.path().join("config.toml"), SMALL).expect("a file");
    let made = run(home.path(), &["workspace", "create", "--name", "S", "--tenant", "t", "--data-dir", "data"]);
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    home
}

fn is_export(bytes: &[u8]) -> bool {
    let text = std::str::from_utf8(bytes).expect("text");
    let is_last = |line: &str| line.starts_with("{\"type\":\"end\"");
    text.starts_with("{\"type\":\"export\"") && text.ends_with('\n') && text.lines().last().is_some_and(is_last)
}

/// Everywhere that an export can go, as the verb with these arguments writes it.
fn goes_everywhere(home: &Path, from: &[&str]) {
    let at = |name: &str| home.join(name);
    let export = |file: &str| run(home, &[&["--quiet", "export", file], from].concat());
    for file in ["-", "/dev/stdout"] {
        let printed = export(file);
        assert!(is_export(&printed.stdout), "{file}: {}", stderr(&printed));
    }
    assert!(!at("-").exists());
    assert_eq!(export("/dev/null").status.code(), Some(0));

    let made = Command::new("mkfifo").arg(at("fifo")).status().expect("mkfifo runs");
    assert!(made.success());
    let reader = thread::spawn({
        let fifo = at("fifo");
        move || fs::read(fifo).expect("it can be read")
    });
    assert_eq!(export("fifo").status.code(), Some(0));
    assert!(is_export(&reader.join().expect("it ends")));
    assert!(fs::symlink_metadata(at("fifo")).expect("it stays").file_type().is_fifo());

    // What a shell makes of `>(…)`, and of a file that it has open: what was in it before stays.
    let mut shell = Command::new("sh");
    shell.args(["-c", "echo first >out; exec \"$@\" /dev/stdout >>out", "sh"]).arg(env!("CARGO_BIN_EXE_tripswitch"));
    let status = shell.args(["--quiet", "export"]).args(from).current_dir(home).status().expect("a shell runs");
    let out = fs::read(at("out")).expect("it is there");
    assert!(status.success() && out.starts_with(b"first\n") && is_export(&out[6..]));

    fs::create_dir(at("store")).expect("a directory");
    fs::write(at("store/old"), "old").expect("a file");
    symlink("store/old", at("latest")).expect("a link");
    assert_eq!(export("latest").status.code(), Some(0));
    assert!(at("latest").is_symlink() && is_export(&fs::read(at("store/old")).expect("it is there")));
    assert_eq!(export("store").status.code(), Some(1), "a directory");
    for name in ["fifo", "out", "latest", "store"] {
        let path = at(name);
        if name == "store" { fs::remove_dir_all(path) } else { fs::remove_file(path) }.expect("it is there");
    }
}

#[test]
fn r10_5_an_export_goes_where_its_name_leads() {
    let home = with_data();
    goes_everywhere(home.path(), &["--data-dir", "data"]);
    let key = json(&run(home.path(), &["key", "create", "--server", "-o", "json"]));
    let server = Served::start(home.path());
    let key = key["key"].as_str().expect("a key");
    goes_everywhere(home.path(), &["--url", &server.url, "--admin-key", key]);
}

#[test]
fn r10_5_an_export_is_imported_with_the_mark_that_an_editor_puts_before_it() {
    let home = with_data();
    let text = run(home.path(), &["export", "--data-dir", "data"]).stdout;
    for (before, code) in [(&b"\xef\xbb\xbf"[..], 0), (b"\xff\xfe", 65), (b"\xef\xbb", 65)] {
        fs::write(home.path().join("marked"), [before, &text[..]].concat()).expect("a file");
        let done = run(home.path(), &["import", "marked", "--data-dir", &format!("imported-{code}")]);
        assert_eq!(done.status.code(), Some(code), "{before:?}: {}", stderr(&done));
    }
    assert!(!home.path().join("imported-65").exists());
}

/// An empty directory that cannot be renamed over: a fresh file system.
fn fresh(home: &Path, name: &str) {
    fs::create_dir_all(home.join(name).join("lost+found")).expect("a directory");
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<_> = entries.map(|name| name.into_string().expect("text")).collect();
    names.sort();
    names
}

#[test]
fn r10_6_a_fresh_file_system_counts_as_empty_and_is_filled_in_its_place() {
    let home = with_data();
    let code = |args: &[&str]| run(home.path(), args).status.code();
    assert_eq!(code(&["export", "all.ndjson", "--data-dir", "data"]), Some(0));
    for name in ["restored", "imported", "begun", "linked"] {
        fresh(home.path(), name);
    }
    symlink("linked", home.path().join("link")).expect("a link");
    assert_eq!(code(&["snapshot", "restore", "--from", "data", "--to", "restored"]), Some(0));
    assert_eq!(code(&["snapshot", "restore", "--from", "data", "--to", "link"]), Some(0));
    assert_eq!(code(&["import", "all.ndjson", "--data-dir", "imported"]), Some(0));
    for name in ["restored", "imported", "link"] {
        let list = json(&run(home.path(), &["workspace", "list", "-o", "json", "--data-dir", name]));
        assert_eq!(list.as_array().map(Vec::len), Some(1), "{name}");
        assert_eq!(names(&home.path().join(name)), ["journal", "lock", "lost+found", "snapshots"], "{name}");
        assert_eq!(code(&["snapshot", "restore", "--from", "data", "--to", name]), Some(73), "{name}");
    }
    assert!(home.path().join("link").is_symlink());
    assert_eq!(code(&["workspace", "list", "--data-dir", "begun"]), Some(0), "R10.4: it is initialised");
    symlink("nowhere", home.path().join("dangling")).expect("a link");
    let create = ["workspace", "create", "--name", "S", "--tenant", "t", "--data-dir", "dangling"];
    assert_eq!(code(&create), Some(0));
    assert!(home.path().join("dangling").is_symlink() && home.path().join("nowhere/journal").is_dir());
    fs::create_dir(home.path().join("here")).expect("a directory");
    let here = home.path().join("here");
    let here = tripswitch(&here, &["import", "../all.ndjson", "--data-dir", "."]).output().expect("the program runs");
    assert_eq!(here.status.code(), Some(0), "{}", stderr(&here));
    assert_eq!(names(&home.path().join("here")), ["journal", "lock", "snapshots"]);
    fs::create_dir(home.path().join("real")).expect("a directory");
    symlink("real", home.path().join("to")).expect("a link");
    assert_eq!(code(&["snapshot", "restore", "--from", "data", "--to", "to"]), Some(0));
    assert!(home.path().join("to").is_symlink() && home.path().join("real/journal").is_dir(), "the link stays");
}

#[cfg(feature = "faults")]
#[test]
fn r10_6_a_restore_that_dies_in_its_place_is_recognised_and_refused_until_it_is_emptied() {
    let home = with_data();
    let id = "0190b5c0-0000-7000-8000-000000000001";
    assert_eq!(run(home.path(), &["export", "all.ndjson", "--data-dir", "data"]).status.code(), Some(0));
    let verbs: [&[&str]; 14] = [
        &["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"],
        &["workspace", "create", "--name", "S", "--tenant", "t"],
        &["workspace", "list"],
        &["key", "revoke", id],
        &["snapshot", "create"],
        &["snapshot", "list"],
        &["snapshot", "status"],
        &["snapshot", "verify", "1"],
        &["snapshot", "prune"],
        &["journal", "status"],
        &["journal", "verify"],
        &["status"],
        &["export"],
        &["import", "all.ndjson"],
    ];
    let all = verbs.map(|verb| [verb, &["--data-dir", "new"]].concat());
    let restores = [&["snapshot", "restore", "--from", "new", "--to", "x"], RESTORE].map(<[&str]>::to_vec);
    for step in ["snapshot-block", "snapshot-verified", "before-restore-placed", "restore-placed", "restore-placed@2"] {
        fresh(home.path(), "new");
        let mut dying = tripswitch(home.path(), RESTORE);
        let died = dying.env("TRIPSWITCH_FAULT_STEP", step).output().expect("the program runs");
        assert_eq!(died.status.code(), None, "{step}: {}", stderr(&died));
        // Every verb where much is there already, some where little is.
        let few = if step == "restore-placed" { all.len() } else { 4 };
        for args in all.iter().take(few).chain(&restores) {
            let refused = run(home.path(), args);
            assert_eq!(refused.status.code(), Some(65), "{step}, {args:?}: {}", stderr(&refused));
            assert!(stderr(&refused).contains("did not finish: empty it, and do that again"), "{}", stderr(&refused));
        }
        for name in names(&home.path().join("new")).iter().filter(|name| *name != "lost+found") {
            let path = home.path().join("new").join(name);
            if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.expect("it is there");
        }
        let again = run(home.path(), RESTORE);
        assert_eq!(again.status.code(), Some(0), "{step}: {}", stderr(&again));
        let served = run(home.path(), &["snapshot", "verify", "1", "--data-dir", "new"]);
        assert_eq!(served.status.code(), Some(0), "{step}: {}", stderr(&served));
        fs::remove_dir_all(home.path().join("new")).expect("a directory");
    }
}

#[cfg(feature = "faults")]
const RESTORE: &[&str] = &["snapshot", "restore", "--from", "data", "--to", "new"];

#[test]
fn r10_6_an_empty_mount_point_is_filled_in_its_place() {
    let can_mount = Command::new("unshare").args(["-m", "true"]).output().is_ok_and(|done| done.status.success());
    if !can_mount {
        return skipped("only root may mount: a test of volumes did nothing");
    }
    let home = with_data();
    let made = run(home.path(), &["export", "all.ndjson", "--data-dir", "data"]);
    assert_eq!(made.status.code(), Some(0));
    let script = "set -e; mkdir one two bound over; \
        for at in one two; do mount -t tmpfs -o size=400m tmpfs $at; done; \
        mkdir under; mount --bind under bound; \
        \"$0\" snapshot restore --from data --to one >&2; \"$0\" import all.ndjson --data-dir two; \
        \"$0\" snapshot restore --from data --to bound >&2; \
        for at in one two bound; do \"$0\" workspace list --data-dir $at; ls $at; done; \
        ! \"$0\" snapshot restore --from data --to one --force || exit 9; \
        for at in one two bound; do umount $at; done; ls under";
    let mut shell = Command::new("unshare");
    shell.args(["-m", "sh", "-c", script, env!("CARGO_BIN_EXE_tripswitch")]).current_dir(home.path());
    let done = shell.output().expect("a shell runs");
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    let told = String::from_utf8_lossy(&done.stdout);
    assert_eq!((told.matches(" S ").count(), told.matches("journal\n").count()), (3, 4), "{told}");
    assert!(stderr(&done).contains("one is a mount point and not empty"), "{}", stderr(&done));
}
