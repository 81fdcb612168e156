//! System calls, as strace reports them.

use std::collections::HashMap;

/// A system call: the text of its line or lines, and the lines on which it began and returned.
#[derive(Debug)]
pub struct Call {
    pub name: String,
    pub text: String,
    pub began: usize,
    pub returned: usize,
}

impl Call {
    pub fn is_one_of(&self, names: &[&str]) -> bool {
        names.contains(&self.name.as_str())
    }

    /// The path of its first file descriptor.
    pub fn path(&self) -> Option<&str> {
        Some(self.text.split_once('<')?.1.split_once('>')?.0)
    }

    /// The segment file it works on.
    pub fn segment(&self) -> Option<&str> {
        self.path().filter(|path| path.ends_with(".segment"))
    }

    pub fn succeeded(&self) -> bool {
        self.text.trim_end().ends_with("= 0")
    }
}

/// Reads what `strace -f -y -o` writes. Its lines stand in the order in which things happened; a call
/// during which another thread was seen takes two. Those that never returned come last, and have
/// `usize::MAX` there.
pub fn parse(trace: &str) -> Vec<Call> {
    let (mut calls, mut open) = (Vec::new(), HashMap::new());
    for (number, line) in trace.lines().enumerate() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        if let Some(resumed) = rest.strip_prefix("<... ") {
            let began: Option<Call> = open.remove(thread);
            if let (Some(mut call), Some((_, text))) = (began, resumed.split_once("resumed>")) {
                call.text.push_str(text);
                call.returned = number;
                calls.push(call);
            }
        } else if let Some((name, text)) = rest.split_once('(') {
            let mut call = Call { name: name.to_owned(), text: text.to_owned(), began: number, returned: number };
            if rest.ends_with("<unfinished ...>") {
                call.returned = usize::MAX;
                open.insert(thread.to_owned(), call);
            } else {
                calls.push(call);
            }
        }
    }
    calls.extend(open.into_values());
    calls
}
