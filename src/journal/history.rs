//! The records of a journal's segments, from any record to any other, in order.
//!
//! Read-only, and fixed when made: records that a writer adds later are not seen. One segment's
//! window is in memory at a time.

use super::codec::CODEC;
use super::damage::Extent;
use super::damage::Rest;
use super::damage::whole_records_after;
use super::error::Damage;
use super::error::JournalError;
use super::format::FrameHeader;
use super::frames::Cursor;
use super::frames::Place;
use super::frames::RawFrame;
use super::frames::Step;
use super::frames::Window;
use super::packed::Packed;
use super::record;
use super::storage::Storage;
use super::survey::Listed;
use super::survey::NOT_CONTINUED;
use super::survey::Survey;
use crate::commit::Entry;
use crate::commit::Record;
use crate::commit::Seq;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

/// Every how many records a place is remembered.
const STRIDE: Seq = 512;

/// The segments of a journal, up to a fixed end.
pub(super) struct History {
    pub(super) storage: Arc<dyn Storage>,
    pub(super) segments: Vec<Listed>,
    /// Where the good records of the last segment end.
    pub(super) end: Place,
    /// Where the last of them starts.
    pub(super) last_start: Place,
    /// Where a walk of the last segment ends: there, or at the damage that follows.
    limit: u64,
    /// Why there is no record after the last, although there was one.
    pub(super) broken: Option<Box<Damage>>,
    /// Places that were passed before: a later search starts there.
    known: Mutex<BTreeMap<Seq, Place>>,
}

impl History {
    pub(super) fn new(
        storage: Arc<dyn Storage>,
        segments: Vec<Listed>,
        extent: &Extent,
    ) -> History {
        let damaged = matches!(extent.rest, Rest::Damage { .. });
        History {
            storage,
            segments,
            end: extent.end,
            last_start: extent.last_start,
            limit: if damaged {
                extent.len
            } else {
                extent.end.offset
            },
            broken: None,
            known: Mutex::default(),
        }
    }

    /// The first record that is there, and the one after the last.
    pub(super) fn range(&self) -> Range<Seq> {
        let first = self
            .segments
            .first()
            .map_or(1, |segment| segment.header.seq);
        first..self.end.seq
    }

    fn is_damaged(&self) -> bool {
        self.limit > self.end.offset || self.broken.is_some()
    }

    /// A cursor over segment `index`, from `place`.
    pub(super) fn cursor(&self, index: usize, place: Place) -> Result<Cursor, JournalError> {
        let segment = &self.segments[index];
        let sealed = index + 1 < self.segments.len();
        let window = self.storage.open(&segment.name).and_then(|file| {
            if sealed {
                Window::sealed(file)
            } else {
                Ok(Window::read(file))
            }
        });
        let window = window.map_err(JournalError::io(format!("open {}", segment.name)))?;
        let end = if sealed { segment.len } else { self.limit };
        Ok(Cursor::new(
            &segment.name,
            window,
            segment.salt(),
            place,
            end,
        ))
    }

    /// A cursor that stands before record `seq`, or at the end of its segment.
    pub(super) fn cursor_at(&self, seq: Seq) -> Result<(usize, Cursor), JournalError> {
        let index = Survey::segment_of(&self.segments, seq);
        let mut cursor = self.cursor(index, self.nearest(index, seq))?;
        while cursor.place.seq < seq {
            match cursor.hop()? {
                Step::Frame(_) => self.remember(cursor.place),
                Step::End | Step::Bad(_) => break,
            }
        }
        Ok((index, cursor))
    }

    /// Takes over the places in the newest segment that `earlier`, which ends in the same one, has passed.
    pub(super) fn learn(&self, earlier: &History) {
        let start = self.segments.last().map_or(0, |last| last.header.seq);
        let known = earlier.known.lock();
        let mut known = known
            .unwrap_or_else(PoisonError::into_inner)
            .split_off(&start);
        // The last record may be another one than it was.
        known.retain(|seq, _| *seq <= earlier.last_start.seq);
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = known;
    }

    fn nearest(&self, index: usize, seq: Seq) -> Place {
        let start = self.segments[index].start();
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let nearest = known.range(start.seq..=seq.max(start.seq)).next_back();
        nearest.map_or(start, |(_, place)| *place)
    }

    #[inline]
    fn remember(&self, place: Place) {
        if place.seq.is_multiple_of(STRIDE) {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert(place.seq, place);
        }
    }

    /// The error for something else than the next record where it should be.
    pub(super) fn damage(&self, index: usize, place: Place, what: &str) -> JournalError {
        damage(&*self.storage, &self.segments[index], place, what)
    }

    /// Calls `visit` with the header of each record from `from` on, in order, until it returns
    /// false; payloads are passed over.
    pub(super) fn headers(
        &self,
        from: Seq,
        mut visit: impl FnMut(&FrameHeader) -> bool,
    ) -> Result<(), JournalError> {
        if self.segments.is_empty() {
            return Ok(());
        }
        let (mut index, mut cursor) = self.cursor_at(from)?;
        loop {
            match cursor.hop()? {
                Step::Frame(header) => {
                    self.remember(cursor.place);
                    if !visit(&header) {
                        return Ok(());
                    }
                }
                Step::Bad(fault) => return Err(self.damage(index, cursor.place, fault.text())),
                Step::End => match self.following(&mut index, &cursor)? {
                    Some(next) => cursor = next,
                    None => return Ok(()),
                },
            }
        }
    }

    /// Checks every byte of the sealed segments that hold record `from` or a later one; the last rewind in them.
    pub(super) fn verify_sealed(&self, from: Seq) -> Result<Option<Seq>, JournalError> {
        let mut last_rewind = None;
        let mut index = Survey::segment_of(&self.segments, from);
        let mut cursor = self.cursor(index, self.segments[index].start())?;
        while index + 1 < self.segments.len() {
            let fault = match cursor.next()? {
                Step::Frame(frame) => {
                    if frame.header.kind == record::kind::REWIND {
                        last_rewind = Some(frame.header.seq);
                    }
                    continue;
                }
                Step::Bad(fault) => fault,
                Step::End => {
                    let next = self.following(&mut index, &cursor)?;
                    cursor = next.expect("this is not the last segment");
                    continue;
                }
            };
            return Err(self.damage(index, cursor.place, fault.text()));
        }
        Ok(last_rewind)
    }

    /// The cursor for the next segment, which must link to the end of this one.
    fn following(&self, index: &mut usize, done: &Cursor) -> Result<Option<Cursor>, JournalError> {
        let Some(next) = self.segments.get(*index + 1) else {
            return Ok(None);
        };
        if !next.continues(&self.segments[*index], done.place) {
            return Err(self.damage(*index, done.place, NOT_CONTINUED));
        }
        *index += 1;
        self.cursor(*index, next.start()).map(Some)
    }
}

fn damage(storage: &dyn Storage, segment: &Listed, place: Place, what: &str) -> JournalError {
    // A disk that fails as well does not make the damage another one.
    let later = whole_records_after(storage, segment, place).unwrap_or(0);
    let damage = Damage {
        later,
        ..Damage::of(&segment.name, place.offset, place.seq, what)
    };
    JournalError::Damaged(Box::new(damage)).on(storage)
}

/// One record as it lies on the disk, checksums verified.
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    /// The place in history.
    pub seq: Seq,
    /// The frozen clock of the unit.
    pub clock_us: i64,
    /// The encoded record: to look for bytes without decoding it.
    pub payload: &'a [u8],
    header: FrameHeader,
    offset: u64,
    segment: &'a Listed,
    storage: &'a dyn Storage,
}

impl<'a> Frame<'a> {
    pub(super) fn new(
        raw: RawFrame<'a>,
        segment: &'a Listed,
        storage: &'a dyn Storage,
    ) -> Frame<'a> {
        Frame {
            seq: raw.header.seq,
            clock_us: raw.header.clock_us,
            payload: raw.payload,
            header: raw.header,
            offset: raw.offset,
            segment,
            storage,
        }
    }

    /// The number that says what kind of record it is, as in `docs/journal-format.md`.
    pub fn kind(&self) -> u8 {
        self.header.kind
    }

    /// The number beside the payload: what a rewind goes back to, what a mark names, the commit that caused this one.
    pub fn aux(&self) -> u64 {
        self.header.aux
    }

    /// The file that holds the record, and where in it.
    pub fn location(&self) -> (&'a str, u64) {
        (&self.segment.name, self.offset)
    }

    /// The record; `None` for a kind from the future that may be passed over.
    ///
    /// # Errors
    ///
    /// When the kind is unknown and may not be passed over, or the payload does not decode.
    pub fn decode(&self) -> Result<Option<Record>, JournalError> {
        if !self.is_known()? {
            return Ok(None);
        }
        let FrameHeader { kind, aux, .. } = self.header;
        record::decode(kind, aux, self.payload).map_err(|error| self.undecodable(&error))
    }

    /// The commit, without a copy of it; `None` for a record of another kind.
    ///
    /// # Errors
    ///
    /// As [`Frame::decode`].
    pub fn commit(&self) -> Result<Option<Packed<'a>>, JournalError> {
        if !self.is_known()? || self.header.kind != record::kind::COMMIT {
            return Ok(None);
        }
        let packed = Packed::parse(self.payload);
        let reason = "the payload holds no commit";
        packed.map(Some).ok_or_else(|| self.undecodable(&reason))
    }

    /// Whether the record is one that can be decoded here; an error if it may not be passed over either.
    fn is_known(&self) -> Result<bool, JournalError> {
        let FrameHeader { kind, codec, .. } = self.header;
        let unknown = |what: &str, number: u8| {
            let reason = format!("record {}: {what} {number} is not known here", self.seq);
            Err(JournalError::format(&self.segment.name, reason))
        };
        if !record::is_acceptable(kind) {
            return unknown("kind", kind);
        }
        match codec {
            CODEC => Ok(true),
            _ if kind >= record::kind::IGNORABLE => Ok(false),
            _ => unknown("codec", codec),
        }
    }

    #[cold]
    fn undecodable(&self, reason: &impl ToString) -> JournalError {
        let place = Place {
            offset: self.offset,
            link: self.header.prev,
            seq: self.seq,
        };
        damage(self.storage, self.segment, place, &reason.to_string())
    }
}

impl fmt::Debug for Frame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = f.debug_struct("Frame");
        all.field("header", &self.header);
        all.field("location", &self.location());
        all.finish_non_exhaustive()
    }
}

/// Records in order, as they lie on the disk: a lending iterator.
pub struct Frames {
    history: Arc<History>,
    range: Range<Seq>,
    at: Option<(usize, Cursor)>,
    /// An error ends the iteration.
    failed: bool,
}

impl Frames {
    /// The records of `range` as far as there are any. If damage follows the last good one, a
    /// range that goes beyond it ends with an error.
    pub(super) fn new(history: Arc<History>, range: Range<Seq>) -> Frames {
        let whole = history.range();
        let end = whole.end + Seq::from(history.is_damaged());
        Frames {
            range: range.start.max(whole.start)..range.end.min(end),
            history,
            at: None,
            failed: false,
        }
    }

    /// The next record; `None` at the end of the range and after an error.
    #[expect(
        clippy::should_implement_trait,
        reason = "a frame borrows the iterator"
    )]
    pub fn next(&mut self) -> Option<Result<Frame<'_>, JournalError>> {
        if self.failed || self.range.is_empty() {
            return None;
        }
        if let Err(error) = self.advance() {
            self.failed = true;
            return Some(Err(error));
        }
        self.take().transpose()
    }

    /// Moves to where the next record is.
    fn advance(&mut self) -> Result<(), JournalError> {
        let (index, cursor) = match &mut self.at {
            None => self.at.insert(self.history.cursor_at(self.range.start)?),
            Some(at) => at,
        };
        while cursor.place.offset >= cursor.end {
            match self.history.following(index, cursor)? {
                Some(next) => *cursor = next,
                None => break,
            }
        }
        Ok(())
    }

    fn take(&mut self) -> Result<Option<Frame<'_>>, JournalError> {
        let Frames {
            history,
            range,
            at,
            failed,
        } = self;
        let (index, cursor) = at.as_mut().expect("advance has set it");
        let segment = &history.segments[*index];
        let place = cursor.place;
        history.remember(place);
        let what = match cursor.next() {
            Ok(Step::Frame(raw)) => {
                range.start = raw.header.seq + 1;
                return Ok(Some(Frame::new(raw, segment, &*history.storage)));
            }
            Ok(Step::Bad(fault)) => fault.text(),
            Ok(Step::End) => "the file ends before the record",
            Err(error) => {
                *failed = true;
                return Err(error);
            }
        };
        *failed = true;
        if let Some(damage) = &history.broken {
            return Err(JournalError::Damaged(damage.clone()));
        }
        Err(history.damage(*index, place, what))
    }
}

/// Records in order, decoded. Records of unknown kinds that may be ignored are left out.
pub struct Entries(pub(super) Frames);

impl Iterator for Entries {
    type Item = Result<Entry, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let decoded = self.0.next()?.and_then(|frame| {
                let record = frame.decode()?;
                Ok(record.map(|record| Entry {
                    seq: frame.seq,
                    clock_us: frame.clock_us,
                    record,
                }))
            });
            match decoded.transpose() {
                Some(entry) => return Some(entry),
                None => continue,
            }
        }
    }
}
