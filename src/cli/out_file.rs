//! The file that a verb writes to.
//!
//! A regular file appears under its name when it is whole, also where the name is a link: the link stays. Everything
//! else that can be named (a device, a FIFO, `/dev/stdout`, a shell's `>(…)`) is there already, and is written to as
//! it is; what a process has in a file that it has open stays before it. `-` is standard output.

use std::fs::{self, File, Metadata};
use std::io::{self, BufWriter, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::exit::Failure;
use crate::files;

/// What a name stands for.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    StandardOutput,
    /// Written to as it is.
    AsItIs,
    /// Replaced, or made, as a whole, under this name: the end of the links.
    Whole(PathBuf),
}

/// Has `put` write to `file`; to standard output without one.
pub fn write(file: Option<&Path>, put: impl FnOnce(&mut dyn Write) -> Result<(), Failure>) -> Result<(), Failure> {
    let Some(file) = file else { return to_standard_output(put) };
    let failed = |error: io::Error| -> Failure { named(file, &files::explained(file, error)).into() };
    match place(file).map_err(failed)? {
        Place::StandardOutput => to_standard_output(put),
        Place::AsItIs => {
            // What a process has in its file already is not lost.
            let regular = fs::metadata(file).is_ok_and(|found| found.is_file());
            let out = File::options().write(true).append(regular).open(file).map_err(failed)?;
            through(file, &out, put)
        }
        Place::Whole(target) => {
            let making = unfinished(&target).map_err(failed)?;
            through(file, making.as_file(), put)?;
            making.as_file().sync_all().map_err(failed)?;
            let kept = making.persist(&target).map_err(|error| failed(error.error))?;
            drop(kept);
            files::sync_directory(files::parent(&target)).map_err(failed)
        }
    }
}

/// A file beside the target whose name says what it is, if the program is killed before it is whole.
fn unfinished(target: &Path) -> io::Result<NamedTempFile> {
    let mut prefix = target.file_name().unwrap_or_default().to_os_string();
    prefix.push(".");
    tempfile::Builder::new().prefix(&prefix).suffix(".unfinished").tempfile_in(files::parent(target))
}

fn to_standard_output(put: impl FnOnce(&mut dyn Write) -> Result<(), Failure>) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    put(&mut out)?;
    Ok(out.flush()?)
}

fn through(file: &Path, out: &File, put: impl FnOnce(&mut dyn Write) -> Result<(), Failure>) -> Result<(), Failure> {
    let mut out = BufWriter::new(Named { file, out });
    put(&mut out)?;
    Ok(out.flush()?)
}

fn place(file: &Path) -> io::Result<Place> {
    if file == Path::new("-") {
        return Ok(Place::StandardOutput);
    }
    match fs::metadata(file) {
        Ok(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(found) if is_standard_output(&found) => Ok(Place::StandardOutput),
        Ok(found) if !found.is_file() => Ok(Place::AsItIs),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(_) | Err(_) => {
            let target = files::target(file)?;
            Ok(if files::is_open_elsewhere(&target) { Place::AsItIs } else { Place::Whole(target) })
        }
    }
}

/// Opened once more by its name, it would be written from its beginning.
fn is_standard_output(found: &Metadata) -> bool {
    let own = io::stdout().as_fd().try_clone_to_owned().and_then(|own| File::from(own).metadata());
    own.is_ok_and(|own| (own.dev(), own.ino()) == (found.dev(), found.ino()))
}

/// An error that says which file it is about.
fn named(file: &Path, error: &io::Error) -> io::Error {
    let why = match error.kind() {
        // Of a pipe that was named it is known only here whether somebody has read all of it.
        io::ErrorKind::BrokenPipe => "its reader went away before everything was written".to_owned(),
        io::ErrorKind::ResourceBusy => {
            format!("{error}: it cannot be replaced by a whole one; name another file, or - for standard output")
        }
        _ => error.to_string(),
    };
    let kind = if error.kind() == io::ErrorKind::BrokenPipe { io::ErrorKind::Other } else { error.kind() };
    io::Error::new(kind, format!("{}: {why}", file.display()))
}

/// A file whose errors have its name.
struct Named<'a> {
    file: &'a Path,
    out: &'a File,
}

impl Write for Named<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => error,
            _ => named(self.file, &error),
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::exit::Exit;
    use std::os::unix::fs::symlink;

    fn put(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
        write(Some(file), |out| Ok(out.write_all(bytes)?))
    }

    #[test]
    fn r10_5_a_file_is_replaced_as_a_whole_and_a_link_stays_one() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        fs::create_dir(at("store")).unwrap();
        fs::write(at("store/a"), "old").unwrap();
        symlink("store/a", at("latest")).unwrap();
        symlink("store/b", at("next")).unwrap();
        let mut old = File::open(at("store/a")).unwrap();
        for name in ["latest", "next", "new"] {
            put(&at(name), b"whole").unwrap();
            assert_eq!(fs::read(at(name)).unwrap(), b"whole", "{name}");
        }
        assert!(at("latest").is_symlink() && at("next").is_symlink() && !at("store/b").is_symlink());
        assert_eq!(io::read_to_string(&mut old).unwrap(), "old", "whoever reads it reads on");
        let broken = write(Some(&at("latest")), |out| {
            out.write_all(b"half")?;
            Err(Failure::new(Exit::Unreachable, "gone"))
        });
        assert_eq!((broken.unwrap_err().exit, fs::read(at("latest")).unwrap()), (Exit::Unreachable, b"whole".into()));
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 4, "nothing half is left");
    }

    #[test]
    fn r10_5_a_device_is_written_to_and_a_directory_is_not() {
        let null = Path::new("/dev/null");
        put(null, b"nothing").unwrap();
        assert_eq!(place(null).unwrap(), Place::AsItIs);
        assert_eq!(place(Path::new("-")).unwrap(), Place::StandardOutput);
        let home = tempfile::tempdir().unwrap();
        let refused = put(home.path(), b"x").unwrap_err();
        assert!(refused.exit == Exit::Failed && refused.message.contains(&*home.path().to_string_lossy()), "{refused}");
        if cfg!(target_os = "linux") {
            let full = put(Path::new("/dev/full"), b"x").unwrap_err();
            assert!(full.exit == Exit::Failed && full.message.starts_with("/dev/full: "), "{full}");
        }
    }

    #[test]
    fn a_reader_of_a_named_pipe_that_went_away_is_a_failure() {
        let told = named(Path::new("fifo"), &io::ErrorKind::BrokenPipe.into());
        let failure = Failure::from(told);
        assert_eq!(failure.exit, Exit::Failed);
        assert_eq!(failure.message, "fifo: its reader went away before everything was written");
    }
}
