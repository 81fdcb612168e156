//! Processes that are measured: their start, memory and end.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::FileExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::contender::Fallible;
use crate::time::now;

/// A started process. While it runs, a file that is named by its id is in a directory, so that a clean-up after an
/// interruption knows what to end.
#[derive(Debug)]
pub struct Process {
    child: Child,
    note: PathBuf,
}

impl Process {
    pub fn start(command: &mut Command, notes: &Path) -> Fallible<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command.spawn().map_err(|error| format!("{name} does not start: {error}"))?;
        let note = notes.join(child.id().to_string());
        std::fs::write(&note, &name)?;
        Ok(Self { child, note })
    }

    /// The first line of its standard output, which must be a pipe; it ends the process that keeps
    /// it waiting for longer than `limit`.
    pub fn first_line(&mut self, limit: Duration) -> Fallible<String> {
        let output = self.child.stdout.take().ok_or("its output is no pipe")?;
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            let read = BufReader::new(output).read_line(&mut line);
            sender.send(read.map(|_| line.trim().to_owned())).ok();
        });
        if let Ok(line) = receiver.recv_timeout(limit) {
            return Ok(line?);
        }
        self.kill()?;
        Err(format!("it said nothing for {} s", limit.as_secs()).into())
    }

    /// Waits for its end by itself.
    pub fn wait(&mut self) -> Fallible<ExitStatus> {
        let status = self.child.wait()?;
        std::fs::remove_file(&self.note).ok();
        Ok(status)
    }

    /// Tries `ready` until it answers, the process ends or five minutes have passed: a recovery
    /// may take long.
    pub fn await_ready<T>(&mut self, mut ready: impl FnMut() -> Fallible<T>) -> Fallible<T> {
        let began = now();
        loop {
            match ready() {
                Ok(answer) => return Ok(answer),
                Err(error) if began.elapsed() > Duration::from_secs(300) => return Err(error),
                Err(_) => {}
            }
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("the server ended with {status} before it was ready").into());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// The process and those it started.
    fn family(&self) -> Vec<u32> {
        let own = self.child.id();
        let stats = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let ids = stats.filter_map(|entry| entry.file_name().to_string_lossy().parse::<u32>().ok());
        let children = ids.filter(|id| parent(*id) == Some(own));
        std::iter::once(own).chain(children).collect()
    }

    /// Bytes of memory of the family; what is shared counts once.
    pub fn resident(&self) -> u64 {
        self.family().into_iter().map(proportional).sum()
    }

    /// The most memory that the process itself ever had. To read it costs nothing, unlike
    /// [`resident`](Self::resident), which makes the kernel look at every page.
    pub fn peak(&self) -> u64 {
        kibibytes(&format!("/proc/{}/status", self.child.id()), "VmHWM:").unwrap_or(0) << 10
    }

    /// kill -9 for the whole family at once.
    pub fn kill(&mut self) -> Fallible<()> {
        if self.child.try_wait()?.is_none() {
            let family = self.family();
            let ids = family.iter().map(u32::to_string);
            Command::new("kill").arg("-9").args(ids).stderr(Stdio::null()).status()?;
            self.child.wait()?;
            for id in family {
                while Path::new(&format!("/proc/{id}")).exists() {
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
        }
        std::fs::remove_file(&self.note).ok();
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Err(error) = self.kill() {
            eprintln!("process {} is left over: {error}", self.child.id());
        }
    }
}

fn parent(id: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name, in brackets, may hold anything; state and parent follow it.
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

/// Resident bytes, shared ones divided by those who share them.
fn proportional(id: u32) -> u64 {
    kibibytes(&format!("/proc/{id}/smaps_rollup"), "Pss:").unwrap_or(0) << 10
}

/// Resident bytes of this process.
pub fn own_resident() -> u64 {
    kibibytes("/proc/self/status", "VmRSS:").unwrap_or(0) << 10
}

fn kibibytes(path: &str, name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Bytes of all files under `path`, by `size`, but for directories named `except`.
pub fn bytes_under(path: &Path, except: Option<&str>, size: fn(&Path) -> std::io::Result<u64>) -> u64 {
    let Ok(entries) = std::fs::read_dir(path) else { return 0 };
    let of = |entry: std::fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() && except.is_some_and(|name| entry.file_name() == name) => 0,
        Ok(kind) if kind.is_dir() => bytes_under(&entry.path(), except, size),
        Ok(kind) if kind.is_file() => size(&entry.path()).unwrap_or(0),
        Ok(_) | Err(_) => 0,
    };
    entries.flatten().map(of).sum()
}

/// A file's whole length.
pub fn length(path: &Path) -> std::io::Result<u64> {
    Ok(path.metadata()?.len())
}

/// A file's length without the zeros at its end: room that was made in advance.
pub fn used(path: &Path) -> std::io::Result<u64> {
    const PIECE: u64 = 1 << 16;
    let file = std::fs::File::open(path)?;
    let (mut end, mut piece) = (file.metadata()?.len(), vec![0; PIECE as usize]);
    while end > 0 {
        let begin = (end - 1) / PIECE * PIECE;
        let piece = &mut piece[..(end - begin) as usize];
        file.read_exact_at(piece, begin)?;
        if let Some(last) = piece.iter().rposition(|&byte| byte != 0) {
            return Ok(begin + last as u64 + 1);
        }
        end = begin;
    }
    Ok(0)
}

/// Runs as `user` where we are root: some servers refuse to run as root.
pub fn as_user(command: &mut Command, user: Option<(u32, u32)>) -> &mut Command {
    match user {
        Some((uid, gid)) => command.uid(uid).gid(gid),
        None => command,
    }
}

/// User and group id of `name`, where we are root.
pub fn user_if_root(name: &str) -> Fallible<Option<(u32, u32)>> {
    let id = |args: &[&str]| -> Fallible<u32> {
        let output = Command::new("id").args(args).output()?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        text.parse().map_err(|_| format!("there is no user {name}").into())
    };
    if id(&["-u"])? != 0 {
        return Ok(None);
    }
    Ok(Some((id(&["-u", name])?, id(&["-g", name])?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_at_the_end_of_a_file_are_not_used() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| std::fs::write(directory.path().join(name), bytes).unwrap();
        let mut prepared = vec![0; 200_000];
        prepared[69_999] = 1;
        write("prepared", &prepared);
        write("zeros", &[0; 70_000]);
        write("full", &[7; 10]);
        std::fs::create_dir(directory.path().join("log")).unwrap();
        write("log/full", &[7; 5]);
        assert_eq!(bytes_under(directory.path(), None, used), 70_015);
        assert_eq!(bytes_under(directory.path(), Some("log"), used), 70_010);
        assert_eq!(bytes_under(directory.path(), None, length), 270_015);
    }
}
