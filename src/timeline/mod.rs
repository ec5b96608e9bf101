//! Time travel over a journal: what happened, what it changed, why, and what the data looked like then.
//!
//! [`Timeline`] only ever reads: it takes no lock and works beside a running fake. It knows records and states; how
//! either lies on the disk is the journal's business, how answers are printed the caller's.

mod bisect;
mod blame;
mod change;
mod contents;
mod describe;
mod diff;
mod error;
mod filter;
mod history;
mod lineage;
mod log;
mod replay;
mod replies;
mod rerun;
mod rev;
mod stats;
mod steps;
mod touched;
mod view;
mod wait;
mod walk;
mod why;

pub use crate::clock::rfc3339;
pub use bisect::Flip;
pub use blame::Blame;
pub use blame::Blamed;
pub use change::Change;
pub use change::PartChange;
pub use change::Place;
pub use change::Tally;
pub use contents::Contents;
pub use contents::Part;
pub use contents::size_of;
pub use describe::Describe;
pub use describe::Fields;
pub use describe::describe_all;
pub use describe::describe_commands;
pub use describe::describe_slot;
pub use describe::describe_unknown;
pub use describe::kind_of;
pub use describe::origin_word;
pub use describe::plain;
pub use diff::Diff;
pub use error::Error;
pub use filter::Filter;
pub use history::History;
pub use history::Version;
pub use log::Log;
pub use replies::replies_of;
pub use rerun::Aspect;
pub use rerun::Divergence;
pub use rerun::Edit;
pub use rerun::Otherwise;
pub use rerun::Reason;
pub use rerun::Unknown;
pub use rerun::Verified;
pub use rerun::Verify;
pub use rerun::WhatIf;
pub use rev::Rev;
pub use rev::RevRange;
pub use stats::Count;
pub use stats::Ranking;
pub use stats::Stats;
pub use touched::Touched;
pub use touched::commands_of;
pub use view::View;
pub use wait::Awaited;
pub use wait::WaitEnd;
pub use wait::WaitStory;
pub use walk::Walk;
pub use why::AbortStory;
pub use why::CommitStory;
pub use why::Fate;
pub use why::KeyStory;
pub use why::Replaced;
pub use why::Watch;
pub use why::Why;

use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;

use crate::commit::Entry;
use crate::commit::Record;
use crate::commit::Seq;
use crate::journal::CheckReport;
use crate::journal::Info;
use crate::journal::JournalError;
use crate::journal::Reader;
use crate::journal::Storage;
use crate::journal::kind;
use replay::Replay;

/// A recorded history, read-only: as far as it went when it was opened, or [refreshed](Timeline::refresh). A clone is the
/// same history, and costs nothing.
///
/// ```
/// use fakeredis::{FakeRedis, Rev};
/// use redis::Commands;
///
/// let dir = tempfile::tempdir()?;
/// let fake = FakeRedis::open(dir.path())?;
/// let mut con = fake.connection();
/// let _: () = con.set("stock", 10)?;
/// let _: () = con.decr("stock", 3)?;
///
/// let past = fake.timeline()?;
/// let versions = past.history(0, b"stock", &Rev::LAST)?;
/// assert_eq!(versions.count(), 2);
/// assert_eq!(past.at(&Rev::before(1))?.get::<_, i64>("stock")?, 10);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Timeline {
    reader: Arc<Reader>,
    /// No record behind this one is looked at.
    end: Seq,
}

/// A record in full: what it says, and what it changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// The record.
    pub entry: Entry,
    /// The keys that it changed, before and after.
    pub changes: Vec<Change>,
}

impl Timeline {
    /// The history in the journal in `dir`, as far as it is written now.
    ///
    /// # Errors
    ///
    /// There is no journal, or its files are damaged or of an unknown format.
    pub fn open(dir: impl AsRef<Path>) -> Result<Timeline, Error> {
        Ok(Timeline::of(Reader::open(dir.as_ref())?))
    }

    /// The history of a journal in any storage, as far as it is written now.
    ///
    /// # Errors
    ///
    /// As [`open`](Timeline::open).
    pub fn on(storage: Arc<dyn Storage>) -> Result<Timeline, Error> {
        Ok(Timeline::of(Reader::open_with(storage)?))
    }

    fn of(reader: Reader) -> Timeline {
        Timeline {
            reader: Arc::new(reader),
            end: Seq::MAX,
        }
    }

    /// The same history as if record `seq` were its last: `@` is the place after it, and later marks are not there. It is not
    /// to be refreshed.
    #[must_use]
    pub fn up_to(&self, seq: Seq) -> Timeline {
        Timeline {
            reader: Arc::clone(&self.reader),
            end: seq,
        }
    }

    /// The last record, 0 if there is none.
    pub fn last_seq(&self) -> Seq {
        self.reader.last_seq().min(self.end)
    }

    /// Sees what was written since this timeline was opened or refreshed; whether that is anything.
    ///
    /// # Errors
    ///
    /// As [`open`](Timeline::open).
    pub fn refresh(&mut self) -> Result<bool, Error> {
        let before = self.last_seq();
        self.reader = Arc::new(self.reader.reopen()?);
        Ok(self.last_seq() > before)
    }

    /// The journal.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// What the journal is and holds.
    ///
    /// # Errors
    ///
    /// The disk fails.
    pub fn info(&self) -> Result<Info, Error> {
        Ok(self.reader.info()?)
    }

    /// Verifies every byte of every record and checkpoint.
    ///
    /// # Errors
    ///
    /// The disk fails; damage is the report's matter.
    pub fn check(&self) -> Result<CheckReport, Error> {
        Ok(self.reader.check()?)
    }

    /// The record that `rev` names: the last one whose effect is part of the state there. 0 is the beginning.
    ///
    /// # Errors
    ///
    /// There is no such record or mark, or the journal can't be read.
    pub fn resolve(&self, rev: &Rev) -> Result<Seq, Error> {
        use rev::Place;
        let (first, last) = (self.reader.first_seq() - 1, self.last_seq());
        match &rev.0 {
            Place::Seq(seq) if (first..=last).contains(seq) => Ok(*seq),
            Place::Seq(seq) if *seq < first => Err(self.forgotten()),
            Place::Seq(seq) => Err(self.no_record(*seq)),
            Place::First => Ok(first),
            Place::Before(records) if first > 0 && last - first < *records => Err(self.forgotten()),
            Place::Before(records) => Ok(last.saturating_sub(*records).max(first)),
            Place::Mark(name) => self.resolve(&Rev::seq(self.marked(name)?)),
            Place::Time(us) => self.by_time(*us),
            Place::Ago(duration) => {
                let us = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
                self.by_time(self.clock_at(last)?.saturating_sub(us))
            }
        }
    }

    /// What had happened by a time; what had before a forgotten record's is not known.
    fn by_time(&self, clock_us: i64) -> Result<Seq, Error> {
        let seq = self.reader.seq_at_time(clock_us)?.min(self.last_seq());
        match seq > 0 && seq < self.reader.first_seq() {
            true => Err(self.forgotten()),
            false => Ok(seq),
        }
    }

    fn forgotten(&self) -> Error {
        Error::Forgotten {
            first: self.reader.first_seq(),
        }
    }

    /// The records of a stretch of history.
    ///
    /// # Errors
    ///
    /// As [`resolve`](Timeline::resolve), and when the range is backwards.
    pub fn range(&self, range: &RevRange) -> Result<RangeInclusive<Seq>, Error> {
        let (from, to) = (self.resolve(&range.from)?, self.resolve(&range.to)?);
        if from > to {
            return Err(Error::Backwards { from, to });
        }
        Ok(from + 1..=to)
    }

    /// The state at `rev`, for read-only commands.
    ///
    /// # Errors
    ///
    /// As [`resolve`](Timeline::resolve).
    pub fn at(&self, rev: &Rev) -> Result<View, Error> {
        let seq = self.resolve(rev)?;
        let world = Replay::at(&self.reader, seq)?.into_world();
        Ok(View::new(world, seq, self.clock_at(seq)?))
    }

    /// The digest of the state at `rev`: the same data gives the same forty digits, whatever the history.
    ///
    /// # Errors
    ///
    /// As [`resolve`](Timeline::resolve).
    pub fn digest(&self, rev: &Rev) -> Result<String, Error> {
        Ok(self.at(rev)?.data_digest())
    }

    /// A place in history that can be moved, at first at `rev`.
    ///
    /// # Errors
    ///
    /// As [`resolve`](Timeline::resolve).
    pub fn walk(&self, rev: &Rev) -> Result<Walk, Error> {
        Walk::new(self.clone(), self.resolve(rev)?)
    }

    /// The record `seq`.
    ///
    /// # Errors
    ///
    /// There is no such record, or the journal can't be read.
    pub fn entry(&self, seq: Seq) -> Result<Entry, Error> {
        replay::entry(&self.reader, seq)?.ok_or_else(|| self.no_record(seq))
    }

    /// The records of a range that pass `filter`, oldest first.
    pub fn log(&self, range: RangeInclusive<Seq>, filter: &Filter) -> Log {
        Log::new(&self.reader, range, filter)
    }

    /// The newest `count` records of a range that pass `filter`, oldest of them first. However many they are, one at a
    /// time is held.
    ///
    /// # Errors
    ///
    /// The journal can't be read.
    pub fn newest(
        &self,
        range: RangeInclusive<Seq>,
        filter: &Filter,
        count: usize,
    ) -> Result<Log, Error> {
        let newest = log::newest(range, count, |range| self.log(range, filter))?;
        Ok(self.log(newest, filter))
    }

    /// A record in full.
    ///
    /// # Errors
    ///
    /// There is no such record, or the journal can't be read up to there.
    pub fn show(&self, seq: Seq) -> Result<Shown, Error> {
        let entry = self.entry(seq)?;
        let changes = if replay::is_change(&entry.record) {
            Replay::at(&self.reader, seq - 1)?.step_with_changes(&entry)?
        } else {
            vec![]
        };
        Ok(Shown { entry, changes })
    }

    /// What became of the keys that match `pattern` (a glob; all keys without) between two places in history.
    ///
    /// # Errors
    ///
    /// As [`resolve`](Timeline::resolve).
    pub fn diff(&self, a: &Rev, b: &Rev, pattern: Option<&[u8]>) -> Result<Vec<Change>, Error> {
        Ok(self.compare(a, b, pattern)?.changes().collect())
    }

    /// The states at two places in history side by side, of the keys that match `pattern` (a glob; all keys without).
    ///
    /// # Errors
    ///
    /// As [`resolve`](Timeline::resolve).
    pub fn compare(&self, a: &Rev, b: &Rev, pattern: Option<&[u8]>) -> Result<Diff, Error> {
        let (a, b) = (self.resolve(a)?, self.resolve(b)?);
        let mut replay = Replay::at(&self.reader, a.min(b))?;
        let earlier = replay.keyspace();
        replay.go_to(a.max(b))?;
        let later = replay.keyspace();
        let (before, after) = match a <= b {
            true => (earlier, later),
            false => (later, earlier),
        };
        let pattern = pattern.map(<[u8]>::to_vec);
        let sides = (a, b);
        Ok(Diff {
            sides,
            before,
            after,
            pattern,
        })
    }

    /// The versions of `key` up to `to`, oldest first.
    ///
    /// # Errors
    ///
    /// As [`resolve`](Timeline::resolve).
    pub fn history(&self, db: usize, key: &[u8], to: &Rev) -> Result<History, Error> {
        let to = self.resolve(to)?;
        Ok(History::new(&self.reader, db, key, to)?)
    }

    /// The newest record up to `to` that changed `key`, and what it changed.
    ///
    /// # Errors
    ///
    /// The journal can't be read up to there.
    pub fn last_version(&self, db: usize, key: &[u8], to: Seq) -> Result<Option<Version>, Error> {
        Ok(history::last_version(&self.reader, db, key, to)?)
    }

    fn no_record(&self, seq: Seq) -> Error {
        Error::NoRecord {
            seq,
            there_are: self.reader.first_seq()..=self.last_seq(),
        }
    }

    /// The clock of record `seq`; of the first one for the beginning.
    fn clock_at(&self, seq: Seq) -> Result<i64, Error> {
        let seq = seq.max(self.reader.first_seq());
        let clock = self.reader.with_frame(seq, |frame| frame.clock_us)?;
        Ok(clock.unwrap_or(0))
    }

    fn marked(&self, name: &str) -> Result<Seq, Error> {
        let mut marks = Vec::new();
        for seq in self.seqs_of(kind::MARK)?.into_iter().rev() {
            let Record::Mark(mark) = self.entry(seq)?.record else {
                continue;
            };
            if mark.name == name {
                return Ok(mark.at.unwrap_or(seq));
            }
            marks.push(mark.name);
        }
        Err(Error::NoMark {
            name: name.to_owned(),
            there_are: marks,
        })
    }

    /// The marks, oldest first: the places that they name, and their names.
    ///
    /// # Errors
    ///
    /// The journal can't be read.
    pub fn marks(&self) -> Result<Vec<(Seq, String)>, Error> {
        let mut marks = Vec::new();
        for seq in self.seqs_of(kind::MARK)? {
            if let Record::Mark(mark) = self.entry(seq)?.record {
                marks.push((mark.at.unwrap_or(seq), mark.name));
            }
        }
        Ok(marks)
    }

    fn seqs_of(&self, kind: u8) -> Result<Vec<Seq>, JournalError> {
        let mut seqs = Vec::new();
        self.reader.headers(0, |header| {
            let is_there = header.seq <= self.last_seq();
            if is_there && header.kind == kind {
                seqs.push(header.seq);
            }
            is_there
        })?;
        Ok(seqs)
    }
}
