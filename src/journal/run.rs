//! How far records are whole, through all segments, when nobody writes: what repair decides by.

use super::damage::Rest;
use super::damage::judge;
use super::damage::whole_record_after;
use super::error::Damage;
use super::error::JournalError;
use super::frames::Cursor;
use super::frames::Fault;
use super::frames::Place;
use super::frames::Step;
use super::frames::Window;
use super::record::kind;
use super::storage::Storage;
use super::storage::StorageFile;
use super::survey::Listed;
use crate::commit::Seq;
use std::sync::Arc;

/// Records that are whole, and what ends them.
#[derive(Clone, Debug)]
pub(super) struct Run {
    /// The segment in which they end, among those that were walked.
    pub(super) index: usize,
    /// Where they end.
    pub(super) end: Place,
    /// What is wrong there; an interrupted write at the journal's end is not.
    pub(super) fault: Option<Damage>,
    /// Where the segment ends, but for zeros.
    pub(super) len: u64,
    /// How many whole records follow in the segment.
    pub(super) later: u64,
    /// The records that went back, and to where.
    pub(super) rewinds: Vec<(Seq, Seq)>,
}

/// Walks the records from `place` in the first of `segments`, which are in order but may have gaps.
pub(super) fn run_from(
    storage: &dyn Storage,
    segments: &[Listed],
    place: Place,
) -> Result<Run, JournalError> {
    let mut run = Run {
        index: 0,
        end: place,
        fault: None,
        len: place.offset,
        later: 0,
        rewinds: Vec::new(),
    };
    loop {
        let segment = &segments[run.index];
        let file = open(storage, segment)?;
        if let Some(fault) = run.walk(segment, &file)? {
            run.judge(segment, file, fault, run.index + 1 == segments.len())?;
            return Ok(run);
        }
        let Some(next) = segments.get(run.index + 1) else {
            return Ok(run);
        };
        if !continues(next, segment, run.end) {
            let what = "the next segment does not continue this one";
            run.fault = Some(Damage::of(&segment.name, run.end.offset, run.end.seq, what));
            return Ok(run);
        }
        run.index += 1;
        run.end = next.start();
        run.len = run.end.offset;
    }
}

fn open(storage: &dyn Storage, segment: &Listed) -> Result<Arc<dyn StorageFile>, JournalError> {
    let opened = storage.open(&segment.name);
    opened.map_err(JournalError::io(format!("open {}", segment.name)))
}

/// Whether `next` begins where `segment` ends, whose records end at `end`.
fn continues(next: &Listed, segment: &Listed, end: Place) -> bool {
    let header = &next.header;
    header.uuid == segment.header.uuid
        && header.seq == end.seq
        && header.prev_crc == end.link
        && header.prev_len == segment.header.sealed_len(end.offset)
}

impl Run {
    /// Takes the whole records of a segment; what is wrong with what follows them.
    fn walk(
        &mut self,
        segment: &Listed,
        file: &Arc<dyn StorageFile>,
    ) -> Result<Option<Fault>, JournalError> {
        let window = Window::read(Arc::clone(file));
        let mut cursor = Cursor::new(&segment.name, window, segment.salt(), self.end, segment.len);
        let fault = loop {
            match cursor.next()? {
                Step::Frame(frame) if frame.header.kind == kind::REWIND => {
                    self.rewinds.push((frame.header.seq, frame.header.aux));
                }
                Step::Frame(_) => {}
                Step::End => break None,
                Step::Bad(fault) => break Some(fault),
            }
        };
        self.end = cursor.place;
        self.len = cursor.place.offset;
        Ok(fault)
    }

    /// Says what a fault is: at the end of the newest segment it may be none.
    fn judge(
        &mut self,
        segment: &Listed,
        file: Arc<dyn StorageFile>,
        fault: Fault,
        is_newest: bool,
    ) -> Result<(), JournalError> {
        let judged = judge(file, segment.salt(), self.end, fault);
        let (rest, len) = judged.map_err(JournalError::io(format!("read {}", segment.name)))?;
        self.len = len;
        self.later = rest.later();
        if !is_newest || matches!(rest, Rest::Damage { .. } | Rest::TornBatch { .. }) {
            let Place { offset, seq, .. } = self.end;
            self.fault = Some(Damage {
                later: self.later,
                ..Damage::of(&segment.name, offset, seq, fault.text())
            });
        }
        Ok(())
    }
}

/// Where record `seq` is in a segment, or would be if it were the next; also behind damage.
pub(super) fn place_of(
    storage: &dyn Storage,
    segment: &Listed,
    seq: Seq,
) -> Result<Option<Place>, JournalError> {
    let file = open(storage, segment)?;
    let window = Window::read(Arc::clone(&file));
    let start = segment.start();
    let mut cursor = Cursor::new(&segment.name, window, segment.salt(), start, segment.len);
    while cursor.place.seq < seq {
        match cursor.next()? {
            Step::Frame(_) => {}
            Step::End => return Ok(None),
            Step::Bad(_) => {
                let found = whole_record_after(file, segment.salt(), cursor.place, seq);
                return found.map_err(JournalError::io(format!("read {}", segment.name)));
            }
        }
    }
    Ok((cursor.place.seq == seq).then_some(cursor.place))
}
