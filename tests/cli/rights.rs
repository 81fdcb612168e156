//! Whose files are whose: what root makes on another user's directory (R9.6b), and what a user may not touch (R10.9). Only
//! root can try either.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;

use tempfile::TempDir;

use super::places::{SMALL, skipped};
use super::*;

/// A user that owns nothing: `nobody`, on most systems.
const OTHER: u32 = 65_534;

/// A directory that every user can pass through, and the program where every user can run it.
struct Rig {
    home: Kept,
    _programs: TempDir,
    program: PathBuf,
}

impl Rig {
    /// None where this is not root's process, or the other user does not get here.
    fn new() -> Option<Self> {
        let (home, programs) = (Kept::new(), tempfile::tempdir().expect("a directory"));
        let program = programs.path().join("tripswitch");
        fs::write(home.path().join("config.toml"), SMALL).expect("a file");
        for directory in [home.path(), programs.path()] {
            fs::set_permissions(directory, Permissions::from_mode(0o755)).expect("a mode");
        }
        let built = Path::new(env!("CARGO_BIN_EXE_tripswitch"));
        fs::hard_link(built, &program).or_else(|_| fs::copy(built, &program).map(drop)).expect("a program");
        let rig = Self { home, _programs: programs, program };
        let is_root = fs::metadata(rig.home.path()).expect("it is there").uid() == 0;
        let runs = || rig.as_other(&["--version"]).output().is_ok_and(|done| done.status.success());
        if is_root && runs() {
            return Some(rig);
        }
        skipped("only root can act as another user, where that user can run the program: a test of rights did nothing");
        None
    }

    fn path(&self) -> &Path {
        self.home.path()
    }

    fn as_other(&self, args: &[&str]) -> Command {
        let mut as_other = Command::new(&self.program);
        as_other.args(args).current_dir(self.path()).uid(OTHER).gid(OTHER);
        for (name, _) in tripswitch(self.path(), args).get_envs() {
            as_other.env_remove(name);
        }
        as_other
    }

    /// An empty directory of the other user's.
    fn directory(&self, name: &str) {
        let path = self.path().join(name);
        fs::create_dir(&path).expect("a directory");
        fs::set_permissions(&path, Permissions::from_mode(0o700)).expect("a mode");
        chown(&path, Some(OTHER), Some(OTHER)).expect("an owner");
    }

    fn as_root(&self, args: &[&str]) {
        let done = run(self.path(), args);
        assert_eq!(done.status.code(), Some(0), "{args:?}: {}", stderr(&done));
    }

    /// Where a directory has something of root's.
    fn of_root(&self, name: &str) -> Vec<PathBuf> {
        let mut all = everything(&self.path().join(name));
        all.retain(|path| {
            let found = fs::symlink_metadata(path).expect("it is there");
            (found.uid(), found.gid()) != (OTHER, OTHER)
        });
        all
    }
}

#[test]
fn r9_6b_what_root_makes_belongs_to_the_owner_of_the_directory() {
    let Some(rig) = Rig::new() else { return };
    rig.directory("snapshots");
    let id = "0190b5c0-0000-7000-8000-000000000001";
    rig.as_root(&["workspace", "create", "--name", "S", "--tenant", "t", "--id", id]);
    rig.as_root(&["snapshot", "create"]);
    rig.as_root(&["snapshot", "verify", "1"]);
    drop(Served::start(rig.path()));
    rig.as_root(&["workspace", "delete", id]);
    rig.as_root(&["snapshot", "create"]);
    rig.as_root(&["snapshot", "prune", "--keep", "1"]);
    assert!(rig.path().join("snapshots/secret").is_file() && rig.path().join("snapshots/erasures").is_file());
    assert_eq!(rig.of_root("snapshots"), [""; 0].map(PathBuf::from));

    for name in ["renamed", "filled", "place"] {
        rig.directory(name);
    }
    fs::create_dir(rig.path().join("filled/lost+found")).expect("a directory");
    rig.as_root(&["export", "all.ndjson"]);
    assert_eq!(fs::metadata(rig.path().join("all.ndjson")).expect("an export").uid(), 0, "it is root's");
    for to in ["renamed", "filled", "place/new"] {
        rig.as_root(&["snapshot", "restore", "--from", "snapshots", "--to", to]);
    }
    rig.as_root(&["snapshot", "restore", "--from", "snapshots", "--to", "renamed", "--force"]);
    rig.as_root(&["import", "all.ndjson", "--data-dir", "place/imported"]);
    assert_eq!(rig.of_root("filled"), [rig.path().join("filled/lost+found")]);
    for name in ["renamed", "renamed.replaced-1", "place"] {
        assert_eq!(rig.of_root(name), [""; 0].map(PathBuf::from), "{name}");
    }
    for name in ["snapshots", "renamed", "filled", "place/new", "place/imported"] {
        let status = rig.as_other(&["status", "--data-dir", name]).output().expect("the program runs");
        assert_eq!(status.status.code(), Some(0), "{name}: {}", stderr(&status));
    }
}

#[test]
fn r10_9_what_a_user_may_not_touch_is_denied_by_name_and_never_damage() {
    let Some(rig) = Rig::new() else { return };
    rig.directory("snapshots");
    rig.as_root(&["workspace", "create", "--name", "S", "--tenant", "t"]);
    rig.as_root(&["snapshot", "create"]);
    drop(Served::start(rig.path()));
    let serve: &[&str] = &["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
    let snapshot = "snapshots/snapshots/0000000001";
    let verbs = [serve, &["status"], &["export"], &["snapshot", "verify", "1"], &["snapshot", "create"]];
    for (file, verbs) in [
        ("snapshots", &verbs[..]),
        ("snapshots/lock", &verbs),
        ("snapshots/journal", &verbs),
        ("snapshots/journal/00000000000000000001.segment", &verbs),
        ("snapshots/secret", &verbs[..1]),
        ("snapshots/snapshots", &verbs),
        (snapshot, &verbs),
        (&format!("{snapshot}/manifest.json"), &verbs),
        (&format!("{snapshot}/part-0001"), &verbs),
        (&format!("{snapshot}/part-0001/db"), &verbs),
    ] {
        let path = rig.path().join(file);
        chown(&path, Some(0), Some(0)).expect("an owner");
        for args in verbs {
            let denied = rig.as_other(args).output().expect("the program runs");
            let told = stderr(&denied);
            assert_eq!(denied.status.code(), Some(77), "{file}, {args:?}: {told}");
            let whose = told.contains(&format!("{file} belongs to ")) && told.contains("(user 0)");
            assert!(whose && told.contains(&format!("user {OTHER}")) && !told.contains("damaged"), "{file}: {told}");
        }
        chown(&path, Some(OTHER), Some(OTHER)).expect("an owner");
    }
    let input = rig.path().join("private");
    fs::write(&input, "").expect("a file");
    fs::set_permissions(&input, Permissions::from_mode(0o600)).expect("a mode");
    rig.directory("closed");
    chown(rig.path().join("closed"), Some(0), Some(0)).expect("an owner");
    let restore = ["snapshot", "restore", "--to", "x", "--dry-run"];
    for args in [
        &["score", "private"][..],
        &[&restore[..], &["--from", "closed/backup"]].concat(),
        &[&restore[..], &["--from", "snapshots", "--erasures", "closed/erasures"]].concat(),
        &["import", "private", "--data-dir", "x"],
        &["check-config", "--config", "private"],
        &["export", "new.ndjson"],
        &["status", "--url", "https://127.0.0.1:9", "--admin-key", "k", "--ca", "private"],
    ] {
        let denied = rig.as_other(args).output().expect("the program runs");
        assert_eq!(denied.status.code(), Some(77), "{args:?}: {}", stderr(&denied));
        assert!(stderr(&denied).contains(" belongs to "), "{args:?}: {}", stderr(&denied));
    }
}

#[test]
fn r10_6_a_directory_in_one_that_is_somebody_elses_is_filled_in_its_place() {
    let Some(rig) = Rig::new() else { return };
    rig.directory("snapshots");
    rig.as_root(&["workspace", "create", "--name", "S", "--tenant", "t"]);
    rig.as_root(&["export", "all.ndjson"]);
    chown(rig.path().join("all.ndjson"), Some(OTHER), None).expect("an owner");
    rig.directory("restored");
    rig.directory("imported");
    for args in [
        &["snapshot", "restore", "--from", "snapshots", "--to", "restored"][..],
        &["import", "all.ndjson", "--data-dir", "imported"],
        &["workspace", "list", "--data-dir", "restored"],
        &["workspace", "list", "--data-dir", "imported"],
    ] {
        let done = rig.as_other(args).output().expect("the program runs");
        assert_eq!(done.status.code(), Some(0), "{args:?}: {}", stderr(&done));
    }
    let refused = rig.as_other(&["snapshot", "restore", "--from", "snapshots", "--to", "none"]).output();
    assert_eq!(refused.expect("the program runs").status.code(), Some(77), "nothing can be made here");
}
