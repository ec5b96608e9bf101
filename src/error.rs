//! [`Error`]: what opening, loading and time travel can fail with. It wraps the errors of the layers below.

use std::fmt;

use crate::exchange;
use crate::fixtures::FixtureError;
use crate::journal::JournalError;
use crate::timeline;

/// Why a fake could not do what it was asked. A Redis error reply is not one of these: it is a value.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The journal can't be opened, read or written.
    Journal(JournalError),
    /// The past has no answer.
    Timeline(timeline::Error),
    /// The fake has no journal, so it has no history.
    NoJournal,
    /// An address can't be listened on, a file can't be read.
    Io {
        /// What was being done, with the address or path.
        what: String,
        /// Why it failed.
        source: std::io::Error,
    },
    /// A dataset can't be read or loaded.
    Fixture(FixtureError),
    /// A real server's file can't be read or written.
    Exchange(exchange::Error),
    /// A setting that can't be.
    Config(String),
    /// The fake refuses what it was told, with this error reply.
    Refused(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Journal(error) => write!(f, "{error}"),
            Error::Fixture(error) => write!(f, "{error}"),
            Error::Timeline(error) => write!(f, "{error}"),
            Error::Exchange(error) => write!(f, "{error}"),
            Error::NoJournal => f.write_str(
                "this fake keeps no history; make it with FakeRedis::open(dir), or with \
                 FakeRedis::builder().journal_in_memory()",
            ),
            Error::Io { what, source } => write!(f, "{what}: {source}"),
            Error::Config(what) | Error::Refused(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Journal(error) => Some(error),
            Error::Fixture(error) => Some(error),
            Error::Timeline(error) => Some(error),
            Error::Exchange(error) => Some(error),
            Error::Io { source, .. } => Some(source),
            Error::NoJournal | Error::Config(_) | Error::Refused(_) => None,
        }
    }
}

impl From<JournalError> for Error {
    fn from(error: JournalError) -> Self {
        Error::Journal(error)
    }
}

impl From<FixtureError> for Error {
    fn from(error: FixtureError) -> Self {
        Error::Fixture(error)
    }
}

impl From<exchange::Error> for Error {
    fn from(error: exchange::Error) -> Self {
        match error {
            exchange::Error::Journal(error) => Error::Journal(error),
            exchange::Error::Timeline(error) => Error::Timeline(error),
            error => Error::Exchange(error),
        }
    }
}

impl From<timeline::Error> for Error {
    fn from(error: timeline::Error) -> Self {
        match error {
            timeline::Error::Journal(error) => Error::Journal(error),
            error => Error::Timeline(error),
        }
    }
}
