//! Where the newest segment's good records end, and whether what follows is a torn write or damage.
//!
//! Only reads and judges; `recovery` acts.

use super::error::Damage;
use super::error::JournalError;
use super::format::ALIGN;
use super::format::Checksum;
use super::format::FRAME_HEADER;
use super::format::FrameHeader;
use super::frames::Cursor;
use super::frames::Fault;
use super::frames::Place;
use super::frames::Step;
use super::frames::Window;
use super::frames::is_sane;
use super::record::kind;
use super::storage::Storage;
use super::storage::StorageFile;
use super::storage::read_fully;
use super::survey::Listed;
use crate::commit::Seq;
use std::io;
use std::sync::Arc;

/// How much of a file is looked through at a time.
const PIECE: usize = 64 << 10;

/// The longest torn batch that is cut without a request, unless options say otherwise.
pub(super) const MAX_TORN_BYTES: u64 = 1 << 20;

/// The good part of a segment, and what follows it.
#[derive(Clone, Debug)]
pub(super) struct Extent {
    /// Where the good records end.
    pub(super) end: Place,
    /// Where the last of them starts; where the walk began if there is none.
    pub(super) last_start: Place,
    /// The kind and clock of the last good record.
    pub(super) last: Option<(u8, i64)>,
    /// The last of them that is a rewind.
    pub(super) last_rewind: Option<Seq>,
    /// What follows.
    pub(super) rest: Rest,
    /// Where that ends, and the file but for zeros.
    pub(super) len: u64,
}

/// What follows the good records of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// Nothing, or zeros: room that a writer made and did not use.
    Nothing,
    /// The beginning of a write that never finished: no whole record.
    TornTail {
        /// How many bytes.
        bytes: u64,
    },
    /// A write that reached the disk in part and out of order: `later` whole records after a gap,
    /// none of which proves that the gap was ever on the disk.
    TornBatch {
        /// How many bytes.
        bytes: u64,
        /// How many whole records.
        later: u64,
    },
    /// Damage to a record that had been on the disk.
    Damage {
        /// What is wrong.
        what: &'static str,
        /// How many whole records follow.
        later: u64,
    },
}

impl Rest {
    /// How many whole records follow the gap.
    pub(super) fn later(&self) -> u64 {
        match self {
            Rest::TornBatch { later, .. } | Rest::Damage { later, .. } => *later,
            Rest::Nothing | Rest::TornTail { .. } => 0,
        }
    }

    /// Why it may not be cut unasked, if so; with room for a torn batch of so many bytes.
    pub(super) fn refusal(&self, max_torn_bytes: u64) -> Option<&'static str> {
        match *self {
            Rest::TornBatch { bytes, .. } if bytes > max_torn_bytes => {
                Some("a write reached the disk only in part, and more than may be cut unasked")
            }
            Rest::Damage { what, .. } => Some(what),
            Rest::Nothing | Rest::TornTail { .. } | Rest::TornBatch { .. } => None,
        }
    }
}

/// What is wrong if the records end at `end` of the last segment and `later` whole ones follow: a checkpoint is made
/// only of records that were on the disk, so it proves that they were.
pub(super) fn contradiction(
    checkpoints: &[Seq],
    last: &Listed,
    end: Place,
    later: u64,
) -> Option<Box<Damage>> {
    let newest = checkpoints.last()?;
    let what = "a checkpoint proves that this record was written, and it is not here";
    let damage = || Damage {
        later,
        ..Damage::of(&last.name, end.offset, end.seq, what)
    };
    (*newest >= end.seq).then(|| Box::new(damage()))
}

/// Walks the newest segment, every check on; a writer may be adding to it meanwhile.
pub(super) fn measure(storage: &dyn Storage, segment: &Listed) -> Result<Extent, JournalError> {
    measure_from(storage, segment, segment.start())
}

/// The same from a place on, up to which the records are known to be good.
pub(super) fn measure_from(
    storage: &dyn Storage,
    segment: &Listed,
    start: Place,
) -> Result<Extent, JournalError> {
    let mut extent = Extent {
        end: start,
        last_start: start,
        last: None,
        last_rewind: None,
        rest: Rest::Nothing,
        len: start.offset,
    };
    let mut fault = walk(storage, segment, &mut extent)?;
    while let Some(found) = fault {
        let end = extent.end;
        let file = storage.open(&segment.name);
        let judged = file.and_then(|file| judge(file, segment.salt(), end, found));
        let (rest, len) = judged.map_err(JournalError::io(format!("read {}", segment.name)))?;
        if rest != Rest::Nothing {
            // What was incomplete when it was met may have been completed before the rest was read,
            // and then looks like damage to a record that was on the disk; or its room was cut off.
            fault = walk(storage, segment, &mut extent)?;
            if extent.end != end || fault.is_none() {
                continue;
            }
        }
        extent.len = len;
        extent.rest = rest;
        break;
    }
    Ok(extent)
}

/// Takes the good records from `extent.end` on into it, as far as the file goes by now; the fault of what
/// follows them, if anything does.
fn walk(
    storage: &dyn Storage,
    segment: &Listed,
    extent: &mut Extent,
) -> Result<Option<Fault>, JournalError> {
    let opened = storage.open(&segment.name);
    let opened = opened.and_then(|file| Ok((file.len()?, file)));
    let (len, file) = opened.map_err(JournalError::io(format!("open {}", segment.name)))?;
    let window = Window::read(file);
    let mut cursor = Cursor::new(&segment.name, window, segment.salt(), extent.end, len);
    let fault = loop {
        let place = cursor.place;
        match cursor.next()? {
            Step::Frame(frame) => {
                extent.last_start = place;
                extent.last = Some((frame.header.kind, frame.header.clock_us));
                if frame.header.kind == kind::REWIND {
                    extent.last_rewind = Some(frame.header.seq);
                }
            }
            Step::End => break None,
            Step::Bad(fault) => break Some(fault),
        }
    };
    extent.end = cursor.place;
    extent.len = cursor.place.offset;
    Ok(fault)
}

/// Where a file ends but for zeros from `start` on, which are room that a writer made.
pub(super) fn written(file: &dyn StorageFile, start: u64) -> io::Result<u64> {
    let mut buffer = vec![0; PIECE];
    let mut at = file.len()?;
    while at > start {
        let from = start.max(at.saturating_sub(PIECE as u64));
        let piece = &mut buffer[..(at - from) as usize];
        let filled = read_fully(file, from, piece)?;
        if let Some(last) = piece[..filled].iter().rposition(|byte| *byte != 0) {
            return Ok(from + last as u64 + 1);
        }
        at = from;
    }
    Ok(start)
}

/// Judges the bytes of a file that start where record `seq` should and does not, and where they end but for zeros.
///
/// A write that was never synced may reach the disk in any part and order, so a whole record after
/// a bad one is no damage by itself. It is damage when the bad record had been synced, which a
/// later record's `durable_seq` tells; or when a record stands where another belongs, because
/// no interrupted write puts it there.
pub(super) fn judge(
    file: Arc<dyn StorageFile>,
    salt: u32,
    place: Place,
    fault: Fault,
) -> io::Result<(Rest, u64)> {
    let end = written(&*file, place.offset)?;
    let bytes = end - place.offset;
    if bytes == 0 {
        return Ok((Rest::Nothing, end));
    }
    let found = later_records(file, salt, place, fault)?;
    let rest = match found.records {
        later if fault.is_damage() || found.proof => Rest::Damage {
            what: fault.text(),
            later,
        },
        0 => Rest::TornTail { bytes },
        later => Rest::TornBatch { bytes, later },
    };
    Ok((rest, end))
}

#[derive(Default)]
struct Found {
    records: u64,
    /// Whether one of them proves that the missing record had been on the disk.
    proof: bool,
}

/// The whole records behind a place, whose own record may have a good header.
fn later_records(
    file: Arc<dyn StorageFile>,
    salt: u32,
    place: Place,
    fault: Fault,
) -> io::Result<Found> {
    let mut search = Search::behind(file, salt, place)?;
    if matches!(fault, Fault::Payload | Fault::Short | Fault::Undecodable) {
        search.pass_over()?;
    }
    let mut found = Found::default();
    while let Some((_, header)) = search.next()? {
        found.records += 1;
        found.proof |= header.durable_seq >= place.seq || header.seq == place.seq;
    }
    Ok(found)
}

/// How many whole records there are behind the damage at `place`.
pub(super) fn whole_records_after(
    storage: &dyn Storage,
    segment: &Listed,
    place: Place,
) -> io::Result<u64> {
    let file = storage.open(&segment.name)?;
    Ok(later_records(file, segment.salt(), place, Fault::Payload)?.records)
}

/// Where record `seq` is, whole, behind the damage at `place`.
pub(super) fn whole_record_after(
    file: Arc<dyn StorageFile>,
    salt: u32,
    place: Place,
    seq: Seq,
) -> io::Result<Option<Place>> {
    let mut search = Search::behind(file, salt, place)?;
    while let Some((offset, header)) = search.next()? {
        if header.seq == seq {
            let link = header.prev;
            return Ok(Some(Place { offset, link, seq }));
        }
    }
    Ok(None)
}

/// Looks for whole records behind a place where the next one should be and is not. What the header of a record says
/// is its payload is passed over: what looks like a record inside is a value. So no byte is looked at twice, whatever
/// the file holds.
struct Search {
    window: Window,
    checksum: Checksum,
    at: u64,
    /// The file's length when the search began; a writer may cut it meanwhile.
    len: u64,
    /// Records before this one are none that could follow.
    from: Seq,
}

impl Search {
    fn behind(file: Arc<dyn StorageFile>, salt: u32, place: Place) -> io::Result<Search> {
        Ok(Search {
            len: file.len()?,
            window: Window::read(file),
            checksum: Checksum::seeded(salt),
            at: place.offset,
            from: place.seq,
        })
    }

    /// Passes over the record at the present place, if its header is good.
    fn pass_over(&mut self) -> io::Result<()> {
        if let Some(header) = self.header()? {
            self.at += header.frame_len();
        }
        Ok(())
    }

    /// The next whole record, and where it is.
    fn next(&mut self) -> io::Result<Option<(u64, FrameHeader)>> {
        while self.find_start()? {
            let found = self.header()?.filter(|header| header.seq >= self.from);
            let Some(header) = found else {
                self.at += ALIGN as u64;
                continue;
            };
            let start = self.at;
            let is_whole = self.is_whole(&header)?;
            self.at += header.frame_len();
            if is_whole {
                return Ok(Some((start, header)));
            }
        }
        Ok(None)
    }

    /// Moves on to where a frame may start: what begins like one and is not the file's end. Whether there is such a place.
    fn find_start(&mut self) -> io::Result<bool> {
        while self.at + (FRAME_HEADER as u64) < self.len {
            let piece = self.window.bytes(self.at, PIECE)?;
            if piece.is_empty() {
                break;
            }
            if let Some(index) = piece.chunks(ALIGN).position(FrameHeader::may_start) {
                self.at += (index * ALIGN) as u64;
                return Ok(self.at + (FRAME_HEADER as u64) < self.len);
            }
            self.at += piece.len().next_multiple_of(ALIGN) as u64;
        }
        Ok(false)
    }

    fn header(&mut self) -> io::Result<Option<FrameHeader>> {
        let bytes = self.window.bytes(self.at, FRAME_HEADER)?;
        Ok(FrameHeader::decode(bytes, &self.checksum).filter(is_sane))
    }

    fn is_whole(&mut self, header: &FrameHeader) -> io::Result<bool> {
        let len = header.frame_len();
        // A forged length takes no memory.
        if self.at + len > self.len {
            return Ok(false);
        }
        let frame = self.window.bytes(self.at, len as usize)?;
        let body = frame.get(FRAME_HEADER..len as usize);
        Ok(body.is_some_and(|body| header.holds(body, &self.checksum)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::format::draft;
    use crate::journal::format::frame_len;
    use crate::journal::format::seal;
    use std::io::Read;
    use std::io::Write;

    const SALT: u32 = 77;

    /// What is thought of bytes that stand where record 5 should.
    fn judge(bytes: &[u8], fault: Fault) -> Rest {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        let place = Place {
            offset: 0,
            link: 0,
            seq: 5,
        };
        super::judge(Arc::new(file), SALT, place, fault).unwrap().0
    }

    /// Frames 5, 6, 7 written when record `durable` was known to be on the disk.
    fn frames(durable: Seq) -> Vec<u8> {
        let mut bytes = vec![b'x'; 3 * frame_len(8)];
        for (at, seq) in [5, 6, 7].into_iter().enumerate() {
            let frame = &mut bytes[at * frame_len(8)..][..frame_len(8)];
            frame[..FRAME_HEADER].fill(0);
            draft(frame, 1, 1, seq, 0, 0, 8);
        }
        seal(&mut bytes, &Checksum::seeded(SALT), durable, 0);
        bytes
    }

    #[test]
    fn whole_records_after_a_hole_are_a_torn_batch_unless_the_hole_was_synced() {
        let mut unsynced = frames(4);
        let bytes = unsynced.len() as u64;
        unsynced[0] ^= 1;
        let torn = Rest::TornBatch { bytes, later: 2 };
        assert_eq!(judge(&unsynced, Fault::Header), torn);
        let mut synced = frames(5);
        synced[60] ^= 1;
        let verdict = judge(&synced, Fault::Payload);
        assert!(
            matches!(verdict, Rest::Damage { later: 2, .. }),
            "{verdict:?}"
        );
    }

    #[test]
    fn garbage_is_a_torn_tail_and_zeros_are_nothing() {
        for byte in [0xff, b'f'] {
            let mut tail = [byte; 1000];
            let verdict = judge(&tail, Fault::Header);
            assert_eq!(verdict, Rest::TornTail { bytes: 1000 });
            tail[300..].fill(0);
            let verdict = judge(&tail, Fault::Header);
            assert_eq!(verdict, Rest::TornTail { bytes: 300 });
        }
        let verdict = judge(&[0; 1000], Fault::Header);
        assert_eq!(verdict, Rest::Nothing);
    }

    /// A record of zeros before whole ones is no room.
    #[test]
    fn zeros_before_records_are_judged_as_any_hole() {
        for (durable, is_damage) in [(4, false), (5, true)] {
            let mut bytes = frames(durable);
            bytes[..frame_len(8)].fill(0);
            bytes.resize(10_000, 0);
            let verdict = judge(&bytes, Fault::Header);
            assert_eq!(verdict.later(), 2);
            assert_eq!(matches!(verdict, Rest::Damage { .. }), is_damage);
        }
    }

    /// A file that is cut as soon as its length is known.
    struct Cut(Vec<u8>);

    impl StorageFile for Cut {
        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
            (&self.0[self.0.len().min(offset as usize)..]).read(buffer)
        }

        fn len(&self) -> io::Result<u64> {
            Ok(100_000)
        }

        fn write_at(&self, _: u64, _: &[u8]) -> io::Result<()> {
            unreachable!("only read")
        }

        fn set_len(&self, _: u64) -> io::Result<()> {
            unreachable!("only read")
        }

        fn sync(&self) -> io::Result<()> {
            unreachable!("only read")
        }
    }

    #[test]
    fn looking_for_records_ends_where_the_file_is_cut_meanwhile() {
        let place = Place {
            offset: 0,
            link: 0,
            seq: 5,
        };
        for cut in [0, 8, 150, 3 * frame_len(8)] {
            let file = Arc::new(Cut(frames(4)[..cut].to_vec()));
            let found = later_records(file.clone(), SALT, place, Fault::Header).unwrap();
            assert_eq!(found.records, (cut / frame_len(8)) as u64);
            let ninth = whole_record_after(file, SALT, place, 9).unwrap();
            assert_eq!(ninth, None);
        }
    }

    #[test]
    fn a_record_in_anothers_place_is_damage() {
        let bytes = frames(4);
        let verdict = judge(&bytes[frame_len(8)..], Fault::Misplaced);
        assert!(
            matches!(verdict, Rest::Damage { later: 2, .. }),
            "{verdict:?}"
        );
    }
}
