//! How the program ends (R10.9).

use std::process::ExitCode;

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
    /// The credential is unknown, or may not do this.
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
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let exit = match error {
            ConfigError::Missing(_) => Exit::NoInput,
            ConfigError::Unreadable { .. } | ConfigError::Faults(_) => Exit::Configuration,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<std::io::Error> for Failure {
    /// Of standard output. `tripswitch … | head` ends quietly when `head` has seen enough.
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self::new(Exit::Ok, ""),
            _ => Self::new(Exit::Failed, error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_reader_that_went_away_is_no_failure() {
        let failure = Failure::from(std::io::Error::from(std::io::ErrorKind::BrokenPipe));
        assert_eq!((failure.exit, failure.message.as_str()), (Exit::Ok, ""));
    }
}
