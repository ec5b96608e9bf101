//! [`Error`]: what looking into the past can fail with, in words that say what to do.

use std::fmt;
use std::ops::RangeInclusive;

use crate::commit::Seq;
use crate::journal::JournalError;

/// Why a question about the past has no answer.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The journal can't be read.
    Journal(JournalError),
    /// The text is no revision.
    BadRev(String),
    /// The journal has no such record.
    NoRecord {
        /// The record that was asked for.
        seq: Seq,
        /// The records that there are.
        there_are: RangeInclusive<Seq>,
    },
    /// The journal was compacted: what was before its first record is not known.
    Forgotten {
        /// The first record that there is.
        first: Seq,
    },
    /// No mark has this name.
    NoMark {
        /// The name that was asked for.
        name: String,
        /// The names that there are, newest first.
        there_are: Vec<String>,
    },
    /// A rewind goes back to before the range, so that the state at its end does not follow from the one before it.
    Elsewhere {
        /// The rewind.
        at: Seq,
        /// The record that it goes back to.
        to: Seq,
    },
    /// The record is there by itself: nobody sent a command that could be left out or replaced.
    NoCommand {
        /// The record.
        seq: Seq,
    },
    /// The range ends before it starts.
    Backwards {
        /// The place before the first record.
        from: Seq,
        /// The last record.
        to: Seq,
    },
    /// Nothing was changed yet, or all of it is undone.
    NothingToUndo,
    /// Nothing was undone since the last change, or all of it is redone.
    NothingToRedo,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Journal(error) => write!(f, "{error}"),
            Error::BadRev(text) => write!(
                f,
                "'{text}' is no revision; write 42, @ (the last record), @-3, @0 (the beginning), \
                 mark:NAME, ts:2026-08-01T12:00:00Z or -5m"
            ),
            Error::NoRecord { seq, there_are } if there_are.is_empty() => {
                write!(f, "there is no record {seq}: the journal is empty")
            }
            Error::NoRecord { seq, there_are } => write!(
                f,
                "there is no record {seq}; the journal holds {} to {}",
                there_are.start(),
                there_are.end()
            ),
            Error::Forgotten { first } => write!(
                f,
                "history begins with record {first}: what came before was compacted; @0 is the state that it came to"
            ),
            Error::NoMark { name, there_are } if there_are.is_empty() => {
                write!(f, "there is no mark '{name}', nor any other")
            }
            Error::NoMark { name, there_are } => write!(
                f,
                "there is no mark '{name}'; there are: {}",
                there_are.join(", ")
            ),
            Error::NothingToUndo => {
                f.write_str("there is nothing to undo: nothing was changed, or all of it is undone")
            }
            Error::NothingToRedo => f.write_str(
                "there is nothing to redo: nothing was undone since the last change, or all of it is redone",
            ),
            Error::Elsewhere { at, to } => write!(
                f,
                "record {at} goes back to record {to}, which is before the range; begin the range there or earlier: {to}.."
            ),
            Error::NoCommand { seq } => write!(
                f,
                "record {seq} holds no command of a client; only such records can be left out or replaced"
            ),
            Error::Backwards { from, to } => write!(
                f,
                "the range ends with record {to}, before it starts after record {from}; \
                 write the earlier revision first"
            ),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Journal(error) => Some(error),
            _ => None,
        }
    }
}

impl From<JournalError> for Error {
    fn from(error: JournalError) -> Self {
        Error::Journal(error)
    }
}
