//! [`Failure`]: why a verb has no answer, and the exit code that says so to scripts.

use std::fmt;
use std::io;
use std::process::ExitCode;

use fakeredis::Error;
use fakeredis::exchange;
use fakeredis::journal::JournalError;
use fakeredis::timeline;

/// Why a verb has no answer.
#[derive(Debug)]
pub enum Failure {
    /// The library says why.
    Timeline(timeline::Error),
    /// The library says why, on writing.
    Library(Error),
    /// Standard output, or a file.
    Io(io::Error),
    /// What was asked for is not there.
    Nothing(String),
}

impl Failure {
    /// Whether the reader of our output went away, which is no failure.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Failure::Io(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    pub fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Failure::Timeline(timeline::Error::Journal(error))
            | Failure::Library(Error::Journal(error)) => journal_code(error),
            Failure::Library(Error::Exchange(error)) => exchange_code(error),
            Failure::Io(_) => 4,
            Failure::Timeline(_) | Failure::Library(_) | Failure::Nothing(_) => 1,
        })
    }
}

fn journal_code(error: &JournalError) -> u8 {
    match error {
        JournalError::Damaged(_) => 2,
        JournalError::Format { .. } => 3,
        _ => 4,
    }
}

fn exchange_code(error: &exchange::Error) -> u8 {
    match error {
        exchange::Error::Damaged(_) | exchange::Error::Truncated(_) => 2,
        exchange::Error::Unsupported(_) => 3,
        _ => 4,
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Timeline(error) => write!(f, "{error}"),
            Failure::Library(Error::Exchange(error @ exchange::Error::Truncated(_))) => {
                write!(f, "{error}; --truncated-ok reads what is before that")
            }
            Failure::Library(error) => write!(f, "{error}"),
            Failure::Io(error) => write!(f, "{error}"),
            Failure::Nothing(what) => f.write_str(what),
        }
    }
}

impl From<timeline::Error> for Failure {
    fn from(error: timeline::Error) -> Self {
        Failure::Timeline(error)
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        Failure::Timeline(error.into())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Library(error)
    }
}

impl From<exchange::Error> for Failure {
    fn from(error: exchange::Error) -> Self {
        Failure::Library(error.into())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::Io(error)
    }
}
