//! What the program asks of a file system beyond reading and writing: whom its files belong to, whose file stands in
//! the way, and where a name leads.
//!
//! **Whom files belong to.** What root makes belongs to the owner of the directory that it is made in
//! ([`hand_over`]). So a verb that root runs on the directory of a server's user leaves nothing there that the server
//! may not read or remove, and a copy that root makes beside it belongs to the owner of the place.

use std::collections::VecDeque;
use std::fmt;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// As many links are followed from one name, which is what Linux allows.
const MOST_LINKS: usize = 40;

/// So many entries of a directory are looked at to find one of somebody else.
const MOST_ENTRIES: usize = 1_000;

/// The directory that a name stands in.
pub fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => path,
    }
}

/// Makes the names in a directory durable.
pub fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Where a name leads: to itself, or to the end of the chain of links that begins there, whether or not something is
/// there. A file that a process has open (`/dev/stdout`, `/dev/fd/3`) ends the chain: its link says no name that
/// could be used.
pub fn target(path: &Path) -> io::Result<PathBuf> {
    let mut at = path.to_path_buf();
    for _ in 0..MOST_LINKS {
        if is_open_elsewhere(&at) {
            return Ok(at);
        }
        match fs::read_link(&at) {
            Ok(next) => at = parent(&at).join(next),
            // Nothing, or no link.
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidInput) => {
                // `.` and `..` stand in no directory that could be named.
                return if at.file_name().is_some() { Ok(at) } else { fs::canonicalize(&at) };
            }
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("too many links lead from one to the next"))
}

/// Whether the name is that of a file that a process has open.
pub fn is_open_elsewhere(path: &Path) -> bool {
    fs::canonicalize(parent(path)).is_ok_and(|directory| directory.starts_with("/proc"))
}

/// Whether something else is mounted there, so that nothing can be renamed over it.
pub fn is_mount_point(directory: &Path) -> bool {
    let device = |path: &Path| fs::metadata(path).map(|found| found.dev()).ok();
    is_mount_root(directory).unwrap_or_else(|| device(directory) != device(&directory.join("..")))
}

/// `None` where the kernel does not tell (Linux before 5.8).
#[cfg(target_os = "linux")]
fn is_mount_root(directory: &Path) -> Option<bool> {
    use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};
    let told = statx(CWD, directory, AtFlags::empty(), StatxFlags::empty()).ok()?;
    let is_told = told.stx_attributes_mask.contains(StatxAttributes::MOUNT_ROOT);
    is_told.then(|| told.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}

#[cfg(not(target_os = "linux"))]
const fn is_mount_root(_directory: &Path) -> Option<bool> {
    None
}

/// The user whose rights this process has.
#[cfg(target_os = "linux")]
fn user() -> Option<u32> {
    Some(rustix::process::geteuid().as_raw())
}

#[cfg(not(target_os = "linux"))]
const fn user() -> Option<u32> {
    None
}

/// Gives what this process has just made to the owner of the directory that it lies in, if this is root's process.
/// Where root may not do that (in some containers) it stays as it is: whoever cannot read it later is told whose it is.
pub fn hand_over(path: &Path) {
    if user() == Some(0)
        && let Err(cause) = give_to_owner_of(parent(path), path)
    {
        tracing::debug!(%cause, path = %path.display(), "a new file stays root's");
    }
}

/// The same for everything that a directory holds, itself first.
pub fn hand_over_all(directory: &Path) {
    if user() != Some(0) {
        return;
    }
    let mut waiting = vec![directory.to_path_buf()];
    while let Some(path) = waiting.pop() {
        hand_over(&path);
        if fs::symlink_metadata(&path).is_ok_and(|found| found.is_dir()) {
            waiting.extend(fs::read_dir(&path).into_iter().flatten().flatten().map(|entry| entry.path()));
        }
    }
}

/// Gives `path` the owner, and of the rights those of owner and group, that `like` has. For a directory that takes the
/// place of another.
pub fn become_like(path: &Path, like: &Metadata) -> io::Result<()> {
    const OTHERS: u32 = 0o007;
    fs::set_permissions(path, fs::Permissions::from_mode(like.permissions().mode() & 0o7777 & !OTHERS))?;
    if user() == Some(0) { give(path, like) } else { Ok(()) }
}

fn give_to_owner_of(directory: &Path, path: &Path) -> io::Result<()> {
    give(path, &fs::metadata(directory)?)
}

/// Whoever may write in the directory could have put a link or another name of somebody's file there meanwhile. So a
/// link is not followed, and a file with several names stays as it is.
#[cfg(target_os = "linux")]
fn give(path: &Path, owner: &Metadata) -> io::Result<()> {
    use rustix::fs::{Mode, OFlags, open};
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(open(path, flags, Mode::empty())?);
    let found = file.metadata()?;
    let is_new = found.uid() == 0 && (found.is_dir() || found.nlink() == 1);
    if is_new && (found.uid(), found.gid()) != (owner.uid(), owner.gid()) {
        std::os::unix::fs::fchown(&file, Some(owner.uid()), Some(owner.gid()))?;
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn give(_path: &Path, _owner: &Metadata) -> io::Result<()> {
    Ok(())
}

/// The error of what was tried with `path`; if this process may not do it, with what its reader needs to mend that:
/// which file stands in the way, whose it is, and who we are.
pub fn explained(path: &Path, error: io::Error) -> io::Error {
    let is_told = error.get_ref().is_some_and(|inner| inner.is::<Denied>());
    if error.kind() != io::ErrorKind::PermissionDenied || is_told {
        return error;
    }
    match Denied::of(path) {
        Some(denied) => io::Error::new(io::ErrorKind::PermissionDenied, denied),
        None => error,
    }
}

/// Which file this process may not touch.
#[derive(Debug)]
struct Denied {
    path: PathBuf,
    owner: u32,
    mode: u32,
    user: u32,
}

impl Denied {
    fn of(path: &Path) -> Option<Self> {
        let user = user()?;
        let (path, found) = obstacle(path, user)?;
        Some(Self { path, owner: found.uid(), mode: found.permissions().mode() & 0o7777, user })
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, owner, mode, user } = self;
        let (path, owner, user) = (path.display(), named(*owner), named(*user));
        write!(f, "permission denied: {path} belongs to {owner} and has mode {mode:04o}; this process runs as {user}")
    }
}

impl std::error::Error for Denied {}

/// With its name where the machine has one.
fn named(user: u32) -> String {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, id) = (fields.next()?, fields.nth(1)?);
        (id.parse() == Ok(user)).then_some(name)
    });
    name.map_or_else(|| format!("user {user}"), |name| format!("{name} (user {user})"))
}

/// What keeps `user` from `path`, most likely: of what can be seen, the first that belongs to somebody else. That is
/// `path`, something in it, or the directory that it lies in; or further up the first directory that is there.
fn obstacle(path: &Path, user: u32) -> Option<(PathBuf, Metadata)> {
    let mut ancestors = path.ancestors().filter(|path| !path.as_os_str().is_empty()).chain([Path::new(".")]);
    let (nearest, found) = ancestors.find_map(|at| Some((at, fs::metadata(at).ok()?)))?;
    if nearest != path || found.uid() != user {
        return Some((nearest.to_path_buf(), found));
    }
    let above = fs::metadata(parent(path)).ok().map(|found| (parent(path).to_path_buf(), found));
    let mut candidates = within(path).into_iter().chain(above);
    Some(candidates.find(|(_, found)| found.uid() != user).unwrap_or_else(|| (path.to_path_buf(), found)))
}

/// Some of what a directory holds.
fn within(directory: &Path) -> Vec<(PathBuf, Metadata)> {
    let (mut all, mut waiting) = (Vec::new(), VecDeque::from([directory.to_path_buf()]));
    while let Some(next) = waiting.pop_front() {
        for entry in fs::read_dir(&next).into_iter().flatten().flatten() {
            let Ok(found) = entry.metadata() else { continue };
            if found.is_dir() {
                waiting.push_back(entry.path());
            }
            all.push((entry.path(), found));
            if all.len() == MOST_ENTRIES {
                return all;
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_name_leads_to_the_end_of_its_links_even_if_nothing_is_there() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        fs::create_dir(at("store")).unwrap();
        symlink("store/a", at("second")).unwrap();
        symlink("second", at("first")).unwrap();
        assert_eq!(target(&at("first")).unwrap(), at("store/a"));
        assert_eq!(target(&at("none")).unwrap(), at("none"));
        symlink("round", at("round")).unwrap();
        assert!(target(&at("round")).is_err());
        if cfg!(target_os = "linux") {
            symlink("/proc/self/fd/1", at("stdout")).unwrap();
            let open = target(&at("stdout")).unwrap();
            assert!(open == Path::new("/proc/self/fd/1") && is_open_elsewhere(&open));
            assert!(!is_open_elsewhere(&at("first")));
        }
    }

    #[test]
    fn r10_9_a_refusal_says_whose_file_it_is_and_who_asks() {
        let Some(user) = user() else { return };
        let home = tempfile::tempdir().unwrap();
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o750)).unwrap();
        let refused = |path: &Path| explained(path, io::ErrorKind::PermissionDenied.into());
        let here = refused(home.path());
        let told = here.to_string();
        assert!(told.contains(&format!("{} belongs to ", home.path().display())), "{told}");
        assert!(told.contains("has mode 0750") && told.matches(&format!("user {user}")).count() == 2, "{told}");
        assert_eq!(refused(&home.path().join("none/x")).to_string(), told, "of what is not there the directory");
        assert_eq!(explained(home.path(), here).to_string(), told, "once is enough");
        let other = explained(home.path(), io::ErrorKind::NotFound.into());
        assert_eq!(other.kind(), io::ErrorKind::NotFound);
        assert!(refused(Path::new("/proc/1/none")).kind() == io::ErrorKind::PermissionDenied);
    }

    #[test]
    fn a_fresh_directory_is_no_mount_point_and_the_root_is_one() {
        let home = tempfile::tempdir().unwrap();
        assert!(!is_mount_point(home.path()));
        if cfg!(target_os = "linux") {
            assert!(is_mount_point(Path::new("/proc")));
        }
    }
}
