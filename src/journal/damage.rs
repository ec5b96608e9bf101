//! Where the newest segment's good records end, and whether what follows is a torn write or damage.
//!
//! Only reads and judges; `recovery` acts.

use super::error::JournalError;
use super::format::ALIGN;
use super::format::FRAME_HEADER;
use super::format::FrameHeader;
use super::frames::Cursor;
use super::frames::Fault;
use super::frames::Place;
use super::frames::Step;
use super::frames::Window;
use super::frames::is_sane;
use super::storage::Storage;
use super::storage::read_from;
use super::survey::Listed;
use crate::commit::Seq;

/// The good part of a segment, and what follows it.
#[derive(Clone, Debug)]
pub(super) struct Extent {
    /// Where the good records end.
    pub(super) end: Place,
    /// The kind and clock of the last good record.
    pub(super) last: Option<(u8, i64)>,
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
}

/// Walks the newest segment, every check on; a writer may be adding to it meanwhile.
pub(super) fn measure(storage: &dyn Storage, segment: &Listed) -> Result<Extent, JournalError> {
    let mut extent = Extent {
        end: segment.start(),
        last: None,
        rest: Rest::Nothing,
        len: segment.start().offset,
    };
    let mut fault = walk(storage, segment, &mut extent)?;
    while let Some(found) = fault {
        let end = extent.end;
        let bytes = read_rest(storage, segment, end)?;
        let rest = judge(&bytes, segment.salt(), end.seq, found);
        if rest != Rest::Nothing {
            // What was incomplete when it was met may have been completed before the rest was read,
            // and then looks like damage to a record that was on the disk.
            fault = walk(storage, segment, &mut extent)?;
            if extent.end != end {
                continue;
            }
        }
        extent.len = end.offset + written(&bytes);
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
        match cursor.next()? {
            Step::Frame(frame) => {
                extent.last = Some((frame.header.kind, frame.header.clock_us));
            }
            Step::End => break None,
            Step::Bad(fault) => break Some(fault),
        }
    };
    extent.end = cursor.place;
    extent.len = cursor.place.offset;
    Ok(fault)
}

/// All bytes after the good records.
fn read_rest(storage: &dyn Storage, segment: &Listed, end: Place) -> Result<Vec<u8>, JournalError> {
    let file = storage.open(&segment.name);
    let bytes = file.and_then(|file| read_from(&*file, end.offset));
    bytes.map_err(JournalError::io(format!("read {}", segment.name)))
}

/// How many bytes there are before the zeros at the end, which are room that a writer made.
pub(super) fn written(bytes: &[u8]) -> u64 {
    let last = bytes.iter().rposition(|byte| *byte != 0);
    last.map_or(0, |last| last as u64 + 1)
}

/// Judges the bytes that start where record `seq` should and does not.
///
/// A write that was never synced may reach the disk in any part and order, so a whole record after
/// a bad one is no damage by itself. It is damage when the bad record had been synced, which a
/// later record's `durable_seq` tells; or when a record stands where another belongs, because
/// no interrupted write puts it there.
fn judge(rest: &[u8], salt: u32, seq: Seq, fault: Fault) -> Rest {
    let damage = |later| Rest::Damage {
        what: fault.text(),
        later,
    };
    let bytes = written(rest);
    if bytes == 0 {
        return Rest::Nothing;
    }
    let found = later_records(rest, salt, seq, fault);
    if fault == Fault::Misplaced || found.proof {
        return damage(found.records);
    }
    match found.records {
        0 => Rest::TornTail { bytes },
        later => Rest::TornBatch { bytes, later },
    }
}

#[derive(Default)]
struct Found {
    records: u64,
    /// Whether one of them proves that the missing record had been on the disk.
    proof: bool,
}

/// Looks for whole records from `seq` on. The payload of a record whose header is good is passed
/// over: what looks like a record inside is a value.
fn later_records(rest: &[u8], salt: u32, seq: Seq, fault: Fault) -> Found {
    let mut found = Found::default();
    let mut offset = match (fault, FrameHeader::decode(rest, salt)) {
        (Fault::Payload | Fault::Short, Some(header)) => header.frame_len() as usize,
        _ => 0,
    };
    while offset + FRAME_HEADER < rest.len() {
        match whole_record(&rest[offset..], salt) {
            Some(header) if header.seq >= seq => {
                found.records += 1;
                found.proof |= header.durable_seq >= seq || header.seq == seq;
                offset += header.frame_len() as usize;
            }
            _ => offset += ALIGN,
        }
    }
    found
}

fn whole_record(bytes: &[u8], salt: u32) -> Option<FrameHeader> {
    let header = FrameHeader::decode(bytes, salt).filter(is_sane)?;
    let body = bytes.get(FRAME_HEADER..header.frame_len() as usize)?;
    header.holds(body, salt).then_some(header)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::format::Checksum;
    use crate::journal::format::draft;
    use crate::journal::format::frame_len;
    use crate::journal::format::seal;

    const SALT: u32 = 77;

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
        assert_eq!(judge(&unsynced, SALT, 5, Fault::Header), torn);
        let mut synced = frames(5);
        synced[60] ^= 1;
        let verdict = judge(&synced, SALT, 5, Fault::Payload);
        assert!(
            matches!(verdict, Rest::Damage { later: 2, .. }),
            "{verdict:?}"
        );
    }

    #[test]
    fn garbage_is_a_torn_tail_and_zeros_are_nothing() {
        for byte in [0xff, b'f'] {
            let mut tail = [byte; 1000];
            let verdict = judge(&tail, SALT, 5, Fault::Header);
            assert_eq!(verdict, Rest::TornTail { bytes: 1000 });
            tail[300..].fill(0);
            let verdict = judge(&tail, SALT, 5, Fault::Header);
            assert_eq!(verdict, Rest::TornTail { bytes: 300 });
        }
        let verdict = judge(&[0; 1000], SALT, 5, Fault::Header);
        assert_eq!(verdict, Rest::Nothing);
    }

    /// A record of zeros before whole ones is no room.
    #[test]
    fn zeros_before_records_are_judged_as_any_hole() {
        for (durable, is_damage) in [(4, false), (5, true)] {
            let mut bytes = frames(durable);
            bytes[..frame_len(8)].fill(0);
            bytes.resize(10_000, 0);
            let verdict = judge(&bytes, SALT, 5, Fault::Header);
            assert_eq!(verdict.later(), 2);
            assert_eq!(matches!(verdict, Rest::Damage { .. }), is_damage);
        }
    }

    #[test]
    fn a_record_in_anothers_place_is_damage() {
        let bytes = frames(4);
        let verdict = judge(&bytes[frame_len(8)..], SALT, 5, Fault::Misplaced);
        assert!(
            matches!(verdict, Rest::Damage { later: 2, .. }),
            "{verdict:?}"
        );
    }
}
