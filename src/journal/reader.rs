//! Reading a journal without touching it: takes no lock, never writes, never cuts.
//!
//! A reader sees what was written when it was opened, also beside a running writer. What an
//! interrupted write left at the end is the end; damage before it is an error where it lies.

use super::checkpoint;
use super::checkpoint::Checkpoint;
use super::damage::Extent;
use super::damage::Rest;
use super::damage::contradiction;
use super::damage::measure;
use super::damage::measure_from;
use super::error::JournalError;
use super::format::FileKind;
use super::history::Entries;
use super::history::Frame;
use super::history::Frames;
use super::history::History;
use super::info::CheckpointInfo;
use super::record::kind;
use super::storage::Disk;
use super::storage::Storage;
use super::survey::Listed;
use super::survey::Survey;
use crate::commit::Seq;
use std::ops::Bound;
use std::ops::Range;
use std::ops::RangeBounds;
use std::path::Path;
use std::sync::Arc;

/// How often a journal is looked at that somebody writes, until what is wrong with it is the same twice: a directory is not
/// listed, nor are its files opened, in one moment.
const LOOKS: u32 = 20;

/// A journal, read-only.
pub struct Reader {
    pub(super) history: Arc<History>,
    pub(super) survey: Survey,
    pub(super) uuid: u128,
    /// What follows the good records of the newest segment.
    pub(super) rest: Rest,
    goes_on: bool,
}

/// What is known of a record without reading its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The place in history.
    pub seq: Seq,
    /// The frozen clock of the unit.
    pub clock_us: i64,
    /// What kind of record it is, from [`kind`].
    pub kind: u8,
    /// The number beside the payload: what a rewind goes back to, what a mark names, the commit that caused this one.
    pub aux: u64,
}

impl Reader {
    /// Opens the journal in `dir`.
    ///
    /// # Errors
    ///
    /// When there is none, when it is of an unknown format, and when the disk fails.
    pub fn open(dir: &Path) -> Result<Reader, JournalError> {
        Reader::open_with(Arc::new(Disk::new(dir)))
    }

    /// Opens a journal in any storage.
    ///
    /// # Errors
    ///
    /// As [`Reader::open`].
    pub fn open_with(storage: Arc<dyn Storage>) -> Result<Reader, JournalError> {
        let opened = Reader::open_fully(&storage, measure);
        opened.map_err(|error| error.on(&*storage))
    }

    /// The same journal as far as it is written now. What was read before is not read again.
    ///
    /// # Errors
    ///
    /// As [`Reader::open`].
    pub fn reopen(&self) -> Result<Reader, JournalError> {
        let storage = Arc::clone(&self.history.storage);
        let mut goes_on = false;
        let reader = Reader::open_fully(&storage, |storage, last| {
            let extent = self.measure_on(last)?;
            goes_on = extent.is_some();
            // It was replaced, or a writer took back what it had not settled.
            extent.map_or_else(|| measure(storage, last), Ok)
        });
        let mut reader = reader.map_err(|error| error.on(&*self.history.storage))?;
        if goes_on {
            reader.history.learn(&self.history);
        }
        reader.goes_on = goes_on;
        Ok(reader)
    }

    /// How far the newest segment's records go by now, if it is still `last` and the last record is still there: read
    /// on from that one. It names the one before it, and so on, so that all before it are the same.
    ///
    /// # Errors
    ///
    /// When the disk fails.
    fn measure_on(&self, last: &Listed) -> Result<Option<Extent>, JournalError> {
        let history = &self.history;
        let known = history.segments.last();
        if known.is_none_or(|known| known.header != last.header) {
            return Ok(None);
        }
        let extent = measure_from(&*history.storage, last, history.last_start)?;
        let is_damaged = matches!(extent.rest, Rest::Damage { .. });
        Ok((!is_damaged && extent.end.seq >= history.end.seq).then_some(extent))
    }

    /// Whether this is a journal that was [opened again](Reader::reopen), and known to hold all records that it held before.
    pub fn goes_on(&self) -> bool {
        self.goes_on
    }

    /// Looks until nothing is wrong, or the same twice in a row, or nobody writes.
    fn open_fully(
        storage: &Arc<dyn Storage>,
        mut measure: impl FnMut(&dyn Storage, &Listed) -> Result<Extent, JournalError>,
    ) -> Result<Reader, JournalError> {
        let mut seen = None;
        for _ in 0..LOOKS {
            let looked = Reader::look(storage, &mut measure);
            let doubt = match &looked {
                Ok(reader) => reader.history.broken.as_ref().map(ToString::to_string),
                Err(error) => Some(error.to_string()),
            };
            if doubt.is_none() || doubt == seen || !storage.is_locked().unwrap_or(false) {
                return looked;
            }
            seen = doubt;
        }
        Reader::look(storage, &mut measure)
    }

    fn look(
        storage: &Arc<dyn Storage>,
        measure: impl FnOnce(&dyn Storage, &Listed) -> Result<Extent, JournalError>,
    ) -> Result<Reader, JournalError> {
        let mut survey = Survey::read(&**storage)?;
        let Some(last) = survey.segments.last_mut() else {
            if let Some(damage) = survey.broken {
                return Err(JournalError::Damaged(damage));
            }
            return Err(JournalError::absent(&**storage));
        };
        let extent = measure(&**storage, last)?;
        last.len = extent.len;
        let uuid = last.header.uuid;
        let segments = survey.segments.clone();
        let mut history = History::new(Arc::clone(storage), segments, &extent);
        let (end, later) = (extent.end, extent.rest.later());
        let missing = || contradiction(&survey.checkpoints, survey.segments.last()?, end, later);
        history.broken = survey.broken.clone().or_else(missing);
        Ok(Reader {
            history: Arc::new(history),
            survey,
            uuid,
            rest: extent.rest,
            goes_on: false,
        })
    }

    /// The first record, 1 unless the journal was compacted.
    pub fn first_seq(&self) -> Seq {
        self.history.range().start
    }

    /// The last record, 0 if there is none.
    pub fn last_seq(&self) -> Seq {
        self.history.range().end - 1
    }

    /// The records of a range, in order.
    pub fn entries(&self, range: impl RangeBounds<Seq>) -> Entries {
        Entries(self.frames(range))
    }

    /// The records of a range, in order, as they lie on the disk: to pass over most of them
    /// without decoding.
    pub fn frames(&self, range: impl RangeBounds<Seq>) -> Frames {
        Frames::new(Arc::clone(&self.history), half_open(range))
    }

    /// Calls `visit` with the header of each record from `from` on, until it returns false.
    ///
    /// # Errors
    ///
    /// When a record on the way is damaged.
    pub fn headers(
        &self,
        from: Seq,
        mut visit: impl FnMut(Header) -> bool,
    ) -> Result<(), JournalError> {
        self.history.headers(from.max(self.first_seq()), |header| {
            visit(Header {
                seq: header.seq,
                clock_us: header.clock_us,
                kind: header.kind,
                aux: header.aux,
            })
        })
    }

    /// Calls `visit` with the record `seq`; `None` if there is no such record.
    ///
    /// # Errors
    ///
    /// When the record is damaged.
    pub fn with_frame<T>(
        &self,
        seq: Seq,
        visit: impl FnOnce(&Frame<'_>) -> T,
    ) -> Result<Option<T>, JournalError> {
        let mut frames = self.frames(seq..=seq);
        match frames.next() {
            Some(frame) => frame.map(|frame| Some(visit(&frame))),
            None => Ok(None),
        }
    }

    /// The newest whole checkpoint of a state at or before record `seq`.
    ///
    /// # Errors
    ///
    /// When the disk fails. Damaged checkpoints are passed over.
    pub fn checkpoint_before(&self, seq: Seq) -> Result<Option<Checkpoint>, JournalError> {
        let eligible = self.survey.checkpoints.iter().filter(|at| **at <= seq);
        for &at in eligible.rev() {
            match checkpoint::open(&self.history.storage, self.uuid, at) {
                Ok(checkpoint) => return Ok(Some(checkpoint)),
                // The writer may have removed it meanwhile.
                Err(JournalError::Io { source, .. })
                    if source.kind() == std::io::ErrorKind::NotFound => {}
                Err(JournalError::Damaged(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// The last record before the first one with a later clock: what had happened by then.
    ///
    /// # Errors
    ///
    /// When a record on the way is damaged.
    pub fn seq_at_time(&self, clock_us: i64) -> Result<Seq, JournalError> {
        let mut seq = self.first_seq() - 1;
        self.history.headers(self.first_seq(), |header| {
            let reached = header.clock_us <= clock_us;
            if reached {
                seq = header.seq;
            }
            reached
        })?;
        Ok(seq)
    }

    /// Where history was rewound, in some records: each `Rewind` record, and the record that it goes back to.
    ///
    /// # Errors
    ///
    /// When a record is damaged.
    pub fn rewinds(&self, range: impl RangeBounds<Seq>) -> Result<Vec<(Seq, Seq)>, JournalError> {
        let range = half_open(range);
        let mut rewinds = Vec::new();
        if range.is_empty() {
            return Ok(rewinds);
        }
        self.headers(range.start, |header| {
            if header.kind == kind::REWIND {
                rewinds.push((header.seq, header.aux));
            }
            header.seq + 1 < range.end
        })?;
        Ok(rewinds)
    }

    /// The checkpoints that there are, in order; their contents are not verified.
    pub fn checkpoints(&self) -> Vec<CheckpointInfo> {
        let seqs = self.survey.checkpoints.iter();
        seqs.map(|&seq| CheckpointInfo {
            file: FileKind::Checkpoint.name(seq),
            seq,
        })
        .collect()
    }
}

fn half_open(range: impl RangeBounds<Seq>) -> Range<Seq> {
    let start = match range.start_bound() {
        Bound::Included(&seq) => seq,
        Bound::Excluded(&seq) => seq.saturating_add(1),
        Bound::Unbounded => 0,
    };
    let end = match range.end_bound() {
        Bound::Included(&seq) => seq.saturating_add(1),
        Bound::Excluded(&seq) => seq,
        Bound::Unbounded => Seq::MAX,
    };
    start..end
}
