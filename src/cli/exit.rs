//! How the program ends (R10.9).

use std::error::Error;
use std::io;
use std::process::ExitCode;

use crate::clock::StartRefused;
use crate::config::ConfigError;

/// The exit codes, those of `sysexits.h` where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Ok,
    /// Tried, and did not succeed.
    Failed,
    /// The command line is wrong (clap's own code).
    Usage,
    /// Data on disk is damaged.
    Damaged,
    /// An input is not there.
    NoInput,
    /// The server cannot be reached.
    Unreachable,
    /// The target directory is not empty.
    NotEmpty,
    /// Another process holds the data directory.
    InUse,
    /// The credential is unknown, or may not do this; or this user may not touch a file.
    Denied,
    /// The configuration stops the start.
    Configuration,
}

impl Exit {
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Damaged => 65,
            Self::NoInput => 66,
            Self::Unreachable => 69,
            Self::NotEmpty => 73,
            Self::InUse => 75,
            Self::Denied => 77,
            Self::Configuration => 78,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

/// Why a verb did not succeed: what its user is told on standard error, and the exit code.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    pub exit: Exit,
    /// A sentence; empty where there is nothing to say (the reader of a pipe went away).
    pub message: String,
}

impl Failure {
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }

    /// Of an error that ends with this code, unless its cause is that this process may not do what it tried: then it
    /// says so, and that is the code.
    pub fn of(exit: Exit, error: &(dyn Error + 'static)) -> Self {
        let message = error.to_string();
        match refusal(error).map(ToString::to_string) {
            None => Self::new(exit, message),
            Some(refusal) if message.contains(&refusal) => Self::new(Exit::Denied, message),
            Some(refusal) => Self::new(Exit::Denied, format!("{message}: {refusal}")),
        }
    }
}

/// What the operating system has refused, in the causes of an error.
pub fn refusal<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a io::Error> {
    let mut next = Some(error);
    while let Some(cause) = next {
        match cause.downcast_ref::<io::Error>() {
            Some(found) if found.kind() == io::ErrorKind::PermissionDenied => return Some(found),
            Some(_) | None => next = cause.source(),
        }
    }
    None
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let exit = match error {
            ConfigError::Missing(_) => Exit::NoInput,
            ConfigError::Unreadable { .. } | ConfigError::Faults(_) => Exit::Configuration,
        };
        Self::of(exit, &error)
    }
}

impl From<StartRefused> for Failure {
    fn from(error: StartRefused) -> Self {
        Self::of(Exit::Configuration, &error)
    }
}

impl From<io::Error> for Failure {
    /// Of standard output. `tripswitch … | head` ends quietly when `head` has seen enough.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::new(Exit::Ok, ""),
            _ => Self::of(Exit::Failed, &error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::ReadError;
    use crate::recovery::{RecoveryError, ReplayError};
    use crate::snapshot::SnapshotError;

    #[test]
    fn r10_9_exit_codes() {
        let all = [
            (Exit::Ok, 0),
            (Exit::Failed, 1),
            (Exit::Usage, 2),
            (Exit::Damaged, 65),
            (Exit::NoInput, 66),
            (Exit::Unreachable, 69),
            (Exit::NotEmpty, 73),
            (Exit::InUse, 75),
            (Exit::Denied, 77),
            (Exit::Configuration, 78),
        ];
        for (exit, code) in all {
            assert_eq!(exit.code(), code, "{exit:?}");
        }
    }

    #[test]
    fn r10_9_what_a_user_may_not_touch_is_no_damage() {
        let denied = || io::Error::new(io::ErrorKind::PermissionDenied, "it is root's");
        let unread = ReadError::Storage { source: denied().into() };
        let failure = Failure::of(Exit::Damaged, &RecoveryError::from(ReplayError::from(unread)));
        assert_eq!(failure.exit, Exit::Denied);
        assert_eq!(failure.message, "the journal could not be read: it is root's");
        let path = std::path::PathBuf::from("f");
        let failure = Failure::of(Exit::Failed, &SnapshotError::Io { path, source: denied() });
        assert_eq!((failure.exit, failure.message.as_str()), (Exit::Denied, "f: it is root's"));
        assert_eq!(Failure::of(Exit::Damaged, &RecoveryError::Thread).exit, Exit::Damaged);
    }

    #[test]
    fn a_reader_that_went_away_is_no_failure() {
        let failure = Failure::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!((failure.exit, failure.message.as_str()), (Exit::Ok, ""));
    }
}
