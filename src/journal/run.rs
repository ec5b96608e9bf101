//! How far records are whole, through all segments, when nobody writes: what repair decides by.

use super::damage::MAX_TORN_BYTES;
use super::damage::judge;
use super::damage::whole_record_after;
use super::error::Damage;
use super::error::JournalError;
use super::frames::Cursor;
use super::frames::Fault;
use super::frames::Place;
use super::frames::Step;
use super::frames::Window;
use super::history::Frame;
use super::record::kind;
use super::storage::Storage;
use super::storage::StorageFile;
use super::survey::Listed;
use super::survey::NOT_CONTINUED;
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
        if let Some(fault) = run.walk(storage, segment, &file)? {
            run.judge(segment, file, fault, run.index + 1 == segments.len())?;
            return Ok(run);
        }
        let Some(next) = segments.get(run.index + 1) else {
            return Ok(run);
        };
        if !next.continues(segment, run.end) {
            let Place { offset, seq, .. } = run.end;
            run.fault = Some(Damage::of(&segment.name, offset, seq, NOT_CONTINUED));
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

impl Run {
    /// Takes the whole records of a segment; what is wrong with what follows them.
    fn walk(
        &mut self,
        storage: &dyn Storage,
        segment: &Listed,
        file: &Arc<dyn StorageFile>,
    ) -> Result<Option<Fault>, JournalError> {
        let window = Window::read(Arc::clone(file));
        let mut cursor = Cursor::new(&segment.name, window, segment.salt(), self.end, segment.len);
        let fault = loop {
            self.end = cursor.place;
            let frame = match cursor.next()? {
                Step::Frame(raw) => Frame::new(raw, segment, storage),
                Step::End => break None,
                Step::Bad(fault) => break Some(fault),
            };
            match frame.decode() {
                Ok(_) if frame.kind() == kind::REWIND => {
                    self.rewinds.push((frame.seq, frame.aux()));
                }
                Ok(_) => {}
                Err(JournalError::Damaged(_)) => break Some(Fault::Undecodable),
                Err(error) => return Err(error),
            }
        };
        self.len = self.end.offset;
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
        let what = match is_newest {
            true => rest.refusal(MAX_TORN_BYTES),
            false => Some(fault.text()),
        };
        let Place { offset, seq, .. } = self.end;
        self.fault = what.map(|what| Damage {
            later: self.later,
            ..Damage::of(&segment.name, offset, seq, what)
        });
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
