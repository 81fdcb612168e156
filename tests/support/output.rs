//! What commands print, kept beside their data directory for `scripts/check-secrets`.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::Output;

/// Adds to `stdout.<verb>.<verb>` and `stderr.commands` in `directory`, where things are kept at all.
pub fn note(directory: &Path, arguments: &[&str], output: &Output) {
    if std::env::var_os("TRIPSWITCH_TEST_KEEP").is_none() {
        return;
    }
    let verbs: Vec<_> = arguments.iter().take(2).take_while(|argument| !argument.starts_with('-')).copied().collect();
    let stdout = format!("stdout.{}", verbs.join(".").replace('/', "_"));
    for (name, bytes) in [(stdout.as_str(), &output.stdout), ("stderr.commands", &output.stderr)] {
        let file = File::options().create(true).append(true).open(directory.join(name));
        file.and_then(|mut file| file.write_all(bytes)).expect("a file of the test's own");
    }
}
