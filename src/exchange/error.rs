//! [`Error`]: what exchange can fail with, with the file and the place in it.

use std::fmt;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use crate::journal::JournalError;
use crate::timeline;

/// Why nothing was exchanged.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A file can't be read or written.
    Io {
        /// What was being done, with the path.
        doing: String,
        /// Why it failed.
        source: io::Error,
    },
    /// A file is not what it should be.
    Damaged(Flaw),
    /// A file ends too early, as that of a server that was killed may.
    Truncated(Flaw),
    /// A file holds what this fake does not have.
    Unsupported(Flaw),
    /// There is something where the new journal is to be.
    Exists(PathBuf),
    /// The journal can't be read or written.
    Journal(JournalError),
    /// The past has no answer.
    Timeline(timeline::Error),
}

/// What is wrong with a file, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The file.
    pub path: PathBuf,
    /// The place in it.
    pub place: Place,
    /// What is wrong.
    pub what: String,
}

/// A place in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// All of it.
    Whole,
    /// So many bytes are before it.
    Byte(u64),
    /// In this line, the first being 1.
    Line(u64),
}

impl Flaw {
    pub(super) fn new(path: &Path, place: Place, what: impl Into<String>) -> Flaw {
        Flaw {
            path: path.to_owned(),
            place,
            what: what.into(),
        }
    }
}

impl Error {
    pub(super) fn io(doing: &str, path: &Path) -> impl FnOnce(io::Error) -> Error {
        let doing = format!("{doing} {}", path.display());
        |source| Error::Io { doing, source }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match self.place {
            Place::Whole => write!(f, "{path}: {}", self.what),
            Place::Byte(at) => write!(f, "{path} at byte {at}: {}", self.what),
            Place::Line(line) => write!(f, "{path}:{line}: {}", self.what),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Io { doing, source } => write!(f, "can't {doing}: {source}"),
            Error::Damaged(flaw) | Error::Truncated(flaw) | Error::Unsupported(flaw) => {
                write!(f, "{flaw}")
            }
            Error::Exists(path) => write!(
                f,
                "there is something in {} already; a new journal needs a directory that is new or empty",
                path.display()
            ),
            Error::Journal(error) => write!(f, "{error}"),
            Error::Timeline(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Io { source, .. } => Some(source),
            Error::Journal(error) => Some(error),
            Error::Timeline(error) => Some(error),
            _ => None,
        }
    }
}

impl From<JournalError> for Error {
    fn from(error: JournalError) -> Self {
        Error::Journal(error)
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
