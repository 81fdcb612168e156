//! The file `secret` of the data directory (R4.8): keys the hashes of content and words. It is in
//! no snapshot, export or log; the state holds its id.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::files;
use crate::ids::Ids;

const FILE: &str = "secret";
const NEW_FILE: &str = "secret.new";
const LEN: usize = 32;
/// Reading and writing for the owner, nothing else.
const MODE: u32 = 0o600;

/// 32 secret bytes. Never shown: `Debug` writes its id.
#[derive(Clone)]
pub struct Secret([u8; LEN]);

/// Why there is no secret to work with.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("cannot read or write {}: {source}", .path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{} must be a regular file", .0.display())]
    NotAFile(PathBuf),
    #[error("{} has mode {mode:04o}, which lets others at it: `chmod 600` it, and replace it if it may have been read", .path.display())]
    TooOpen { path: PathBuf, mode: u32 },
    #[error("{} must be {LEN} bytes long; restore it from its own backup, or remove it to begin with a new one", .0.display())]
    BadLength(PathBuf),
}

impl SecretError {
    fn io(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), source: files::explained(path, source) }
    }
}

impl Secret {
    pub const fn new(bytes: [u8; LEN]) -> Self {
        Self(bytes)
    }

    /// Reads `secret` in the data directory `dir`, or makes it from fresh random bytes. Only for
    /// who holds the directory's lock.
    pub fn load_or_create(dir: &Path, ids: &dyn Ids) -> Result<Self, SecretError> {
        let path = dir.join(FILE);
        match File::open(&path) {
            Ok(file) => load(&path, &file),
            Err(e) if e.kind() == io::ErrorKind::NotFound => create(dir, &path, ids.secret()),
            Err(source) => Err(SecretError::io(&path, source)),
        }
    }

    /// Reads the `secret` of the data directory `dir`.
    pub fn load(dir: &Path) -> Result<Self, SecretError> {
        Self::load_file(&dir.join(FILE))
    }

    /// The same of a file of any name.
    pub fn load_file(path: &Path) -> Result<Self, SecretError> {
        let file = File::open(path).map_err(|source| SecretError::io(path, source))?;
        load(path, &file)
    }

    /// Names the secret without revealing it; settings contain it.
    pub fn id(&self) -> [u8; 8] {
        let digest = self.derive("tripswitch 2026 secret id");
        digest.first_chunk().copied().expect("32 bytes have a first 8")
    }

    /// The secret's bytes, for [`conversation_word_key`](crate::domain::scoring::task::text::conversation_word_key).
    pub(super) const fn bytes(&self) -> &[u8; LEN] {
        &self.0
    }

    /// What resources are sealed with ([`Sealer`](crate::sealing::Sealer)).
    pub fn sealing_key(&self) -> [u8; 32] {
        self.derive("tripswitch 2026 resources")
    }

    /// What satisfaction links are signed with ([`Links`](crate::links::Links)).
    pub fn links_key(&self) -> [u8; 32] {
        self.derive("tripswitch 2026 satisfaction links")
    }

    /// What nodes of a cluster show each other that a request comes from one of them.
    pub fn hop_key(&self) -> [u8; 32] {
        self.derive("tripswitch 2026 requests between nodes")
    }

    /// A key of its own for one purpose.
    pub(super) fn derive(&self, purpose: &str) -> [u8; 32] {
        blake3::derive_key(purpose, &self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(")?;
        self.id().iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

fn load(path: &Path, mut file: &File) -> Result<Secret, SecretError> {
    let io = |source| SecretError::io(path, source);
    let metadata = file.metadata().map_err(io)?;
    if !metadata.is_file() {
        return Err(SecretError::NotAFile(path.to_owned()));
    }
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & !MODE != 0 {
        return Err(SecretError::TooOpen { path: path.to_owned(), mode });
    }
    if metadata.len() != LEN as u64 {
        return Err(SecretError::BadLength(path.to_owned()));
    }
    let mut bytes = [0; LEN];
    file.read_exact(&mut bytes).map_err(io)?;
    Ok(Secret(bytes))
}

/// Written aside, synced, renamed, directory synced: after a crash there is all of it or nothing.
fn create(dir: &Path, path: &Path, bytes: [u8; LEN]) -> Result<Secret, SecretError> {
    let new = dir.join(NEW_FILE);
    let io = |source| SecretError::io(&new, source);
    match fs::remove_file(&new) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(io(e)),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(&new).map_err(io)?;
    files::hand_over(&new);
    file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(io)?;
    fs::rename(&new, path).map_err(io)?;
    files::sync_directory(dir).map_err(io)?;
    Ok(Secret(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::SeededIds;

    fn load(dir: &Path) -> Result<Secret, SecretError> {
        Secret::load_or_create(dir, &SeededIds::new(7))
    }

    #[test]
    fn r4_8_the_secret_is_made_once_and_only_its_owner_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(NEW_FILE), b"left by a crash").unwrap();
        let made = load(dir.path()).unwrap();
        let mode = fs::metadata(dir.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, MODE);
        assert!(!dir.path().join(NEW_FILE).exists());
        let read = Secret::load_or_create(dir.path(), &SeededIds::new(8)).unwrap();
        assert_eq!(read.bytes(), made.bytes());
        assert_eq!(read.id(), made.id());
    }

    #[test]
    fn r4_8_a_secret_that_others_can_reach_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        load(dir.path()).unwrap();
        for mode in [0o640, 0o604, 0o700, 0o620] {
            fs::set_permissions(dir.path().join(FILE), fs::Permissions::from_mode(mode)).unwrap();
            let error = load(dir.path()).unwrap_err();
            assert!(matches!(error, SecretError::TooOpen { mode: m, .. } if m == mode), "{error}");
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
        fs::set_permissions(dir.path().join(FILE), fs::Permissions::from_mode(0o400)).unwrap();
        assert!(load(dir.path()).is_ok());
    }

    #[test]
    fn r4_8_a_secret_of_another_length_is_refused_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        load(dir.path()).unwrap();
        for bytes in [&b""[..], &[1; 31], &[1; 33]] {
            fs::write(dir.path().join(FILE), bytes).unwrap();
            assert!(matches!(load(dir.path()), Err(SecretError::BadLength(_))));
            assert_eq!(fs::read(dir.path().join(FILE)).unwrap(), bytes);
        }
    }

    #[test]
    fn r4_8_a_secret_is_never_shown() {
        let secret = Secret::new([0xab; LEN]);
        let shown = format!("{secret:?}");
        assert!(!shown.contains("abab") && !shown.contains("171, 171"), "{shown}");
        assert_ne!(secret.id(), Secret::new([0xac; LEN]).id());
    }
}
