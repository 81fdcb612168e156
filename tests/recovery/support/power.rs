//! A power cut as the kernel sees it: from a trace of a process' system calls follows what had not reached
//! the disk when it was killed, and may be lost.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use super::journal::overwrite;
use super::process::{Home, Server};
use super::random::Random;
use super::trace::{Call, parse};
use super::twin::files_below;

/// What is lost or kept as a whole.
const PAGE: u64 = 4_096;
const TRACED: &str = "trace=openat,mkdir,mkdirat,write,writev,pwrite64,pwritev,fsync,fdatasync,\
                      rename,renameat,renameat2,unlink,unlinkat,rmdir";

/// A server whose system calls on files are written down.
pub fn traced(home: &Home) -> Result<Server, ExitStatus> {
    let known = files_below(&home.data()).into_iter().map(|path| format!("{}\n", path.display()));
    fs::write(before(home), known.collect::<String>()).unwrap();
    let trace = trace(home);
    let options = ["-f", "-y", "-s", "0", "--seccomp-bpf", "-e", TRACED, "-o", trace.to_str().unwrap()];
    home.try_serve_under(&[&["strace"][..], &options].concat())
}

fn trace(home: &Home) -> PathBuf {
    home.root().join("trace")
}

/// The files that were there when the trace began.
fn before(home: &Home) -> PathBuf {
    home.root().join("before")
}

/// What was not synced.
#[derive(Debug, Default)]
pub struct Unsynced {
    /// Bytes written, and the line of the trace on which the call returned.
    bytes: BTreeMap<PathBuf, Vec<(Range<u64>, usize)>>,
    /// Names that were given, what had the name's file before if it was renamed, and the line.
    names: BTreeMap<PathBuf, (Option<PathBuf>, usize)>,
    /// Files that exist.
    files: BTreeMap<PathBuf, Open>,
}

/// What the trace says of a file.
#[derive(Debug, Default)]
struct Open {
    /// Where the next `write` goes.
    end: u64,
    /// What is behind this may be cut off; none for files that were there before the trace.
    durable: Option<u64>,
}

impl Unsynced {
    /// At the end of the server that [`traced`] has started, of the files below the data directory.
    pub fn read(home: &Home) -> Self {
        let before = fs::read_to_string(before(home)).unwrap();
        let text = fs::read_to_string(trace(home)).unwrap();
        Self::of(&parse(&text), &home.data(), before.lines().map(PathBuf::from))
    }

    fn of(calls: &[Call], data: &Path, before: impl Iterator<Item = PathBuf>) -> Self {
        let mut calls: Vec<_> = calls.iter().collect();
        // What was under way at the end counts as done, except for syncs.
        calls.sort_by_key(|call| call.returned);
        let files = before.map(|path| (path, Open::default())).collect();
        let mut unsynced = Self { files, ..Self::default() };
        for call in calls {
            unsynced.take(call);
        }
        unsynced.bytes.retain(|path, _| path.starts_with(data));
        unsynced.names.retain(|path, _| path.starts_with(data));
        unsynced
    }

    fn take(&mut self, call: &Call) {
        let result = result_of(call);
        if result.is_some_and(|result| result.starts_with('-')) {
            return;
        }
        match call.name.as_str() {
            "openat" if call.text.contains("O_CREAT") => self.open(call),
            "mkdir" | "mkdirat" => drop(self.names.insert(path_at(&call.text, 0), (None, call.returned))),
            "write" | "writev" | "pwrite64" | "pwritev" => self.write(call),
            "fsync" | "fdatasync" if result.is_some() => self.sync(call),
            "rename" | "renameat" | "renameat2" => self.rename(call),
            "unlink" | "unlinkat" | "rmdir" => self.forget(&path_at(&call.text, 0)),
            _ => {}
        }
    }

    fn open(&mut self, call: &Call) {
        let path = path_at(&call.text, 0);
        match self.files.get_mut(&path) {
            Some(known) => known.end = 0,
            None => {
                self.names.insert(path.clone(), (None, call.returned));
                self.files.insert(path, Open { end: 0, durable: Some(0) });
            }
        }
    }

    fn write(&mut self, call: &Call) {
        let Some(path) = call.path().map(PathBuf::from) else { return };
        let arguments = call.text.replace(" <unfinished ...>", "");
        let arguments = arguments.rsplit_once(" = ").map_or(&*arguments, |(before, _)| before);
        let arguments = arguments.trim_end().trim_end_matches(')');
        let numbers: Vec<u64> = arguments.rsplit(", ").map_while(|number| number.parse().ok()).collect();
        let written = result_of(call).and_then(|result| result.parse().ok());
        let range = match (call.name.as_str(), &numbers[..]) {
            ("pwrite64", [offset, count, ..]) => *offset..offset + written.unwrap_or(*count),
            ("pwritev", [offset, ..]) => *offset..offset + written.unwrap_or(0),
            _ => {
                let Some(file) = self.files.get_mut(&path) else { return };
                let from = file.end;
                file.end += written.or(numbers.first().copied()).unwrap_or(0);
                from..file.end
            }
        };
        self.bytes.entry(path).or_default().push((range, call.returned));
    }

    fn sync(&mut self, call: &Call) {
        let Some(path) = call.path().map(Path::new) else { return };
        let is_synced = |returned: usize| returned < call.began;
        if let Some(ranges) = self.bytes.get_mut(path) {
            let synced = ranges.iter().filter(|(_, returned)| is_synced(*returned)).map(|(range, _)| range.end).max();
            if let Some(durable) = self.files.get_mut(path).and_then(|file| file.durable.as_mut()) {
                *durable = (*durable).max(synced.unwrap_or(0));
            }
            ranges.retain(|(_, returned)| !is_synced(*returned));
        }
        self.bytes.retain(|_, ranges| !ranges.is_empty());
        self.names.retain(|name, (_, returned)| name.parent() != Some(path) || !is_synced(*returned));
    }

    fn rename(&mut self, call: &Call) {
        let (from, to) = (path_at(&call.text, 0), path_at(&call.text, 1));
        if result_of(call).is_none() && !to.exists() {
            return;
        }
        self.forget(&to);
        self.bytes = moved(std::mem::take(&mut self.bytes), &from, &to);
        self.files = moved(std::mem::take(&mut self.files), &from, &to);
        self.names = moved(std::mem::take(&mut self.names), &from, &to);
        // A name that was never synced takes its file with it.
        let before = if self.names.remove(&to).is_some() { None } else { Some(from) };
        self.names.insert(to, (before, call.returned));
    }

    fn forget(&mut self, gone: &Path) {
        self.bytes.retain(|path, _| !path.starts_with(gone));
        self.names.retain(|path, _| !path.starts_with(gone));
        self.files.retain(|path, _| !path.starts_with(gone));
    }

    /// Paths of what is below `directory` and may be lost, except for bytes that are zero anyway.
    pub fn below(&self, directory: &Path) -> Vec<PathBuf> {
        let is_lost = |(path, ranges): (&PathBuf, &Vec<(Range<u64>, usize)>)| {
            let bytes = fs::read(path).unwrap_or_default();
            let is_zero = |range: &Range<u64>| bytes[clamp(range, bytes.len())].iter().all(|byte| *byte == 0);
            (!ranges.iter().all(|(range, _)| is_zero(range))).then(|| path.clone())
        };
        let bytes = self.bytes.iter().filter_map(is_lost);
        bytes.chain(self.names.keys().cloned()).filter(|path| path.starts_with(directory)).collect()
    }

    /// Cuts the power: each page that was not synced, and each name, is lost with this chance of a hundred;
    /// of files that have grown, the tail too. Answers how many bytes, pages and names were lost.
    pub fn cut(&self, random: &mut Random, chance: u64) -> usize {
        let mut lost = 0;
        for (path, ranges) in &self.bytes {
            // It may have been removed by something that was not traced to its end.
            let Ok(length) = fs::metadata(path).map(|metadata| metadata.len()) else { continue };
            for (range, _) in ranges {
                lost += cut_range(path, range.start..range.end.min(length), random, chance);
            }
            let durable = self.files.get(path).and_then(|file| file.durable).filter(|durable| *durable < length);
            if let Some(durable) = durable.filter(|_| random.below(100) < chance / 4) {
                let left = durable + random.below(length - durable);
                File::options().write(true).open(path).unwrap().set_len(left).unwrap();
                lost += 1;
            }
        }
        // The innermost names first.
        for (path, (before, _)) in self.names.iter().rev() {
            if path.exists() && random.below(100) < chance {
                lost += 1;
                match before {
                    Some(before) => fs::rename(path, before).unwrap(),
                    None if path.is_dir() => fs::remove_dir_all(path).unwrap(),
                    None => fs::remove_file(path).unwrap(),
                }
            }
        }
        lost
    }
}

fn clamp(range: &Range<u64>, length: usize) -> Range<usize> {
    let at = |offset: u64| usize::try_from(offset).unwrap().min(length);
    at(range.start)..at(range.end)
}

fn cut_range(path: &Path, range: Range<u64>, random: &mut Random, chance: u64) -> usize {
    let (mut at, mut lost) = (range.start, 0);
    while at < range.end {
        let end = (at + 1).next_multiple_of(PAGE).min(range.end);
        if random.below(100) < chance {
            overwrite(path, at, &vec![0; usize::try_from(end - at).unwrap()]);
            lost += 1;
        }
        at = end;
    }
    lost
}

/// Everything below `from` under its other name.
fn moved<T>(all: BTreeMap<PathBuf, T>, from: &Path, to: &Path) -> BTreeMap<PathBuf, T> {
    let other = |path: PathBuf| match path.strip_prefix(from) {
        Ok(rest) if rest.as_os_str().is_empty() => to.to_owned(),
        Ok(rest) => to.join(rest),
        Err(_) => path,
    };
    all.into_iter().map(|(path, value)| (other(path), value)).collect()
}

/// What a call answered; none if it did not return.
fn result_of(call: &Call) -> Option<&str> {
    let result = call.text.rsplit_once(" = ").map(|(_, result)| result.trim());
    result.filter(|result| call.returned != usize::MAX && !result.starts_with('?'))
}

/// The `index`th path among the arguments; one that is relative lies in the directory before it.
fn path_at(text: &str, index: usize) -> PathBuf {
    let mut quoted = text.split('"').skip(1).step_by(2);
    let path = Path::new(quoted.nth(index).unwrap_or_default());
    let directory = text.split('<').nth(1 + index).and_then(|rest| rest.split('>').next()).unwrap_or_default();
    if path.is_absolute() { path.to_owned() } else { Path::new(directory).join(path) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unsynced(trace: &[&str]) -> Unsynced {
        Unsynced::of(&parse(&trace.join("\n")), Path::new("/d"), std::iter::empty())
    }

    const MADE: [&str; 7] = [
        "1 mkdir(\"/d/s/1.tmp\", 0777) = 0",
        "1 openat(AT_FDCWD</w>, \"/d/s/1.tmp/db\", O_RDWR|O_CREAT|O_CLOEXEC, 0666) = 3</d/s/1.tmp/db>",
        "1 pwrite64(3</d/s/1.tmp/db>, \"\"..., 512, 8192) = 512",
        "1 fsync(3</d/s/1.tmp/db>) = 0",
        "1 fsync(4</d/s/1.tmp>) = 0",
        "1 rename(\"/d/s/1.tmp\", \"/d/s/1\") = 0",
        "1 fsync(4</d/s>) = 0",
    ];

    #[test]
    fn what_was_synced_in_order_is_not_lost() {
        let all = unsynced(&MADE);
        assert!(all.bytes.is_empty() && all.names.is_empty(), "{all:?}");
    }

    #[test]
    fn what_was_not_synced_or_too_early_may_be_lost() {
        let without = |index: usize| {
            let mut trace = MADE.to_vec();
            trace.remove(index);
            unsynced(&trace)
        };
        assert_eq!(without(3).bytes[Path::new("/d/s/1/db")][0].0, 8192..8704, "under its new name");
        assert!(without(4).names.contains_key(Path::new("/d/s/1/db")));
        let renamed = without(6);
        assert_eq!(renamed.names[Path::new("/d/s/1")].0, None, "its first name was not durable either");
        let mut trace = MADE;
        trace.swap(2, 3);
        assert!(unsynced(&trace).bytes.contains_key(Path::new("/d/s/1/db")), "synced before it was written");
    }

    #[test]
    fn a_sync_covers_only_what_was_written_before_it_began() {
        let trace = [
            "2 fsync(3</d/f> <unfinished ...>",
            "1 pwrite64(3</d/f>, \"\"..., 10, 0) = 10",
            "2 <... fsync resumed>) = 0",
            "1 pwrite64(3</d/g>, \"\"..., 10, 0 <unfinished ...>",
            "2 fdatasync(3</d/h>) = -1 EIO (Input/output error)",
        ];
        let lost = unsynced(&trace);
        assert_eq!(lost.bytes.keys().collect::<Vec<_>>(), [Path::new("/d/f"), Path::new("/d/g")]);
    }
}
