//! What can go wrong with a journal, in words that say what, where and what to do.

use super::storage::Storage;
use crate::commit::Seq;
use std::fmt;
use std::io;
use std::path::Path;
use std::path::PathBuf;

/// A journal could not be opened, read or written.
#[derive(Debug)]
#[non_exhaustive]
pub enum JournalError {
    /// The operating system refused.
    Io {
        /// What was tried, and on which file.
        doing: String,
        /// The refusal.
        source: io::Error,
    },
    /// Another process (or another handle of this one) has the journal open for writing.
    Locked {
        /// What that writer wrote into the lock file about itself.
        holder: String,
    },
    /// Recorded data is damaged or missing. Nothing was changed on disk.
    Damaged(Box<Damage>),
    /// The files are of a version or kind that this version does not understand.
    Format {
        /// The file.
        file: String,
        /// What is unknown about it.
        reason: String,
    },
    /// The record is larger than a journal can hold; nothing was recorded.
    TooLarge {
        /// The largest payload, in bytes.
        limit: usize,
    },
    /// An earlier write or sync failed; nothing is recorded until [`Journal::heal`](super::Journal::heal).
    Poisoned(String),
    /// The record was given up when the journal failed; the journal was healed since, without it.
    Lost,
    /// The request does not fit the journal's present state.
    Misuse(String),
}

/// Where a journal is damaged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The damaged file.
    pub file: String,
    /// Where in the file.
    pub offset: u64,
    /// The first record that is lost.
    pub seq: Seq,
    /// What is wrong there.
    pub what: String,
    /// How many records after the damage, in the same file, are whole.
    pub later: u64,
    /// The journal's directory, where it has one.
    pub dir: Option<PathBuf>,
}

impl JournalError {
    pub(super) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> JournalError {
        let doing = doing.into();
        move |source| JournalError::Io { doing, source }
    }

    pub(super) fn damaged(file: &str, offset: u64, seq: Seq, what: impl Into<String>) -> Self {
        JournalError::Damaged(Box::new(Damage::of(file, offset, seq, what)))
    }

    /// Adds what only the journal's storage knows.
    pub(super) fn on(mut self, storage: &dyn Storage) -> Self {
        if let JournalError::Damaged(damage) = &mut self {
            damage.dir = storage.dir();
        }
        self
    }

    /// There is nothing of a journal in the storage.
    pub(super) fn absent(storage: &dyn Storage) -> Self {
        let place = storage.dir().map(|dir| format!(" in {}", dir.display()));
        JournalError::Misuse(format!("there is no journal{}", place.unwrap_or_default()))
    }

    pub(super) fn format(file: &str, reason: impl Into<String>) -> Self {
        JournalError::Format {
            file: file.to_owned(),
            reason: reason.into(),
        }
    }
}

impl Damage {
    pub(super) fn of(file: &str, offset: u64, seq: Seq, what: impl Into<String>) -> Damage {
        Damage {
            file: file.to_owned(),
            offset,
            seq,
            what: what.into(),
            later: 0,
            dir: None,
        }
    }
}

/// The command that shows what can be saved of the journal in `dir`, as it is typed into a shell.
pub fn repair_command(dir: &Path) -> String {
    let dir = dir.to_string_lossy();
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+:@".contains(c);
    match dir.chars().all(is_plain) {
        true => format!("fakeredis-replay repair {dir}"),
        false => format!("fakeredis-replay repair '{}'", dir.replace('\'', "'\\''")),
    }
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JournalError::Io { doing, source } => write!(f, "cannot {doing}: {source}"),
            JournalError::Locked { holder } => write!(
                f,
                "the journal is open for writing elsewhere ({}); close that first, or ask the server that has it: \
                 FAKEREDIS HELP",
                holder.trim()
            ),
            JournalError::Damaged(damage) => write!(f, "the journal is damaged: {damage}"),
            JournalError::Format { file, reason } => write!(f, "{file}: {reason}"),
            JournalError::TooLarge { limit } => {
                write!(f, "the record is larger than {limit} bytes")
            }
            JournalError::Poisoned(reason) => write!(
                f,
                "the journal takes no writes since an earlier failure ({reason}); mend the disk, then heal the journal (FAKEREDIS JOURNAL HEAL)"
            ),
            JournalError::Lost => f.write_str(
                "the record was lost when the journal failed; the journal was healed since: try again",
            ),
            JournalError::Misuse(what) => f.write_str(what),
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} at byte {}, record {}: {}; {} later records in this file are readable. \
             Nothing was changed. `{}` shows what can be saved",
            self.file,
            self.offset,
            self.seq,
            self.what,
            self.later,
            repair_command(self.dir.as_deref().unwrap_or(Path::new("DIR")))
        )
    }
}

impl std::error::Error for JournalError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            JournalError::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
