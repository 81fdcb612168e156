//! R9.6: one process per data directory.

use crate::support::process::{Home, SERVE, told};

#[test]
fn r9_6_a_second_process_on_the_data_directory_ends_with_75_and_disturbs_nothing() {
    let home = Home::new();
    let server = home.serve();
    let second = home.run(&SERVE);
    assert_eq!(second.status.code(), Some(75), "{}", told(&second));
    assert!(second.stdout.is_empty(), "{}", told(&second));
    assert!(String::from_utf8_lossy(&second.stderr).contains("in use"), "{}", told(&second));

    let create = ["workspace", "create", "--name", "n", "--tenant", "t"];
    for arguments in [&create[..], &["key", "list"], &["workspace", "list"]] {
        let beside = home.run(arguments);
        assert_eq!(beside.status.code(), Some(75), "{arguments:?}: {}", told(&beside));
        assert!(String::from_utf8_lossy(&beside.stderr).contains("--url"), "R10.4: {}", told(&beside));
    }
    let verify = home.run(&["journal", "verify"]);
    assert_eq!(verify.status.code(), Some(75), "{}", told(&verify));
    server.client().get(&home.at("quality/gate")).expect(200);
    drop(server);

    let alone = home.run(&["workspace", "list", "-o", "json"]);
    assert!(alone.status.success(), "the lock goes with the process, also with one that was killed: {}", told(&alone));
    assert!(String::from_utf8_lossy(&alone.stdout).contains(&home.workspace));
}
