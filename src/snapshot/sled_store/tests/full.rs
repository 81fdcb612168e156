//! R9.5: a disk without room. A limit of the size of files stands for it: beyond it every write fails,
//! in sled's own threads too.

use std::process::{Command, Stdio};

use rustix::process::{Resource, Rlimit, setrlimit};

use super::*;

/// In the process with the limit: where to write.
const ROOT: &str = "TRIPSWITCH_TEST_FULL";
const NAME: &str = "snapshot::sled_store::tests::full::r9_5_a_full_disk_leaves_nothing_and_a_later_snapshot_works";

fn limit(bytes: Option<u64>) {
    setrlimit(Resource::Fsize, Rlimit { current: bytes, maximum: None }).unwrap();
}

fn in_the_process_with_the_limit(root: &Path) {
    for bytes in [0, 10, 100, 5_000, 70_000, 150_000, 300_000, 520_000] {
        let store = SledStore::open(root).unwrap();
        limit(Some(bytes));
        let refused = write(&store, &content(), 3);
        let left: Vec<_> = fs::read_dir(root).unwrap().collect();
        let again = write(&store, &content(), 3);
        limit(None);
        assert!(matches!(refused, Err(SnapshotError::Full { .. })), "{bytes}: {refused:?}");
        assert!(matches!(again, Err(SnapshotError::Full { .. })), "{bytes}: {again:?}");
        assert!(left.is_empty(), "{bytes}: {left:?}");
        let number = write(&store, &content(), 3).unwrap().number;
        assert!(read(&*store.open(number).unwrap()).unwrap() == content());
        store.remove(number).unwrap();
    }
}

#[test]
fn r9_5_a_full_disk_leaves_nothing_and_a_later_snapshot_works() {
    if let Some(root) = std::env::var_os(ROOT) {
        return in_the_process_with_the_limit(Path::new(&root));
    }
    let directory = Directory::new();
    // Beyond the limit the kernel answers with a signal first; ignored, the write fails.
    let run = format!("trap '' XFSZ; exec \"$0\" --exact {NAME} --nocapture");
    let exe = std::env::current_exe().unwrap();
    let mut child = Command::new("sh");
    child.arg("-c").arg(run).arg(exe).env(ROOT, directory.root());
    let output = child.stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
    let told = [String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)].concat();
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
}
