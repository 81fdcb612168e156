//! The key of `--url`, as files and variables bring it.

use super::*;

#[test]
fn r10_9_a_key_that_ends_with_a_line_feed_says_so_from_every_verb() {
    let home = tempfile::tempdir().expect("a directory");
    let id = "0190b5c0-0000-7000-8000-000000000001";
    let verbs: [&[&str]; 15] = [
        &["workspace", "create", "--name", "S", "--tenant", "t"],
        &["workspace", "list"],
        &["workspace", "delete", id],
        &["key", "create", "--tenant", "t", "--scope", "admin"],
        &["key", "list"],
        &["key", "revoke", id],
        &["snapshot", "create"],
        &["snapshot", "list"],
        &["snapshot", "status"],
        &["snapshot", "verify", "1"],
        &["snapshot", "prune"],
        &["journal", "status"],
        &["status"],
        &["export"],
        &["export", "all.ndjson"],
    ];
    let secret = format!("sf_live_v1_{}\n", "q".repeat(32));
    for verb in verbs {
        let args = [verb, &["--url", "http://127.0.0.1:9"]].concat();
        let mut command = tripswitch(home.path(), &args);
        let by_variable = command.env("TRIPSWITCH_ADMIN_KEY", &secret).output().expect("the program runs");
        let by_flag = run(home.path(), &[&args[..], &["--admin-key", &secret]].concat());
        for refused in [by_variable, by_flag] {
            assert_eq!(refused.status.code(), Some(77), "{verb:?}");
            assert_eq!(stderr(&refused), "error: The key ends with a line feed: take that away.\n", "{verb:?}");
        }
    }
    assert!(!home.path().join("all.ndjson").exists());
}
