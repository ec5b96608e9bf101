//! Every offset, magic number and version of the files; mirrors `docs/journal-format.md`.
//!
//! Knows how the fixed-size headers lie in memory and how they are checked; knows no files and no
//! payloads. All integers are little-endian.

use super::frames::Place;
use crate::commit::Seq;
use crc32fast::Hasher;

/// The version that this code writes.
pub(super) const VERSION: u16 = 1;

/// Bytes in a file header.
pub(super) const FILE_HEADER: usize = 96;

/// Bytes in a frame header.
pub(super) const FRAME_HEADER: usize = 56;

/// Frames start at multiples of this.
pub(super) const ALIGN: usize = 8;

/// The first four bytes of a frame.
const FRAME_MAGIC: [u8; 4] = *b"frj\xf1";

/// The incompat bit of a segment that history begins with, because the records before it were dropped.
const BEGINS: u32 = 1;

/// The two kinds of files that hold frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileKind {
    /// Records, in order.
    Segment,
    /// A state, in chunks.
    Checkpoint,
}

impl FileKind {
    /// The first eight bytes: a text-mode transfer damages them, as it would a PNG's.
    const fn magic(self) -> [u8; 8] {
        match self {
            FileKind::Segment => *b"\x89FRJ\r\n\x1a\n",
            FileKind::Checkpoint => *b"\x89FRS\r\n\x1a\n",
        }
    }

    const fn affixes(self) -> (&'static str, &'static str) {
        match self {
            FileKind::Segment => ("seg-", ".frj"),
            FileKind::Checkpoint => ("snap-", ".frs"),
        }
    }

    /// The name of the file of this kind that belongs to `seq`.
    pub(super) fn name(self, seq: Seq) -> String {
        let (prefix, suffix) = self.affixes();
        format!("{prefix}{seq:020}{suffix}")
    }

    /// The number in a file name of this kind.
    pub(super) fn seq_of(self, name: &str) -> Option<Seq> {
        let (prefix, suffix) = self.affixes();
        let digits = name.strip_prefix(prefix)?.strip_suffix(suffix)?;
        let seq = digits.parse().ok()?;
        (self.name(seq) == name).then_some(seq)
    }

    /// The seed of all checksums in the file: frames of another file do not pass for its own.
    fn salt(self, uuid: u128, seq: Seq) -> u32 {
        let mut hasher = Hasher::new();
        hasher.update(&self.magic());
        hasher.update(&uuid.to_be_bytes());
        hasher.update(&seq.to_le_bytes());
        hasher.finalize()
    }
}

/// CRC-32 (ISO-HDLC) from a seed; made once for many uses, because it asks what the processor can do.
#[derive(Clone)]
pub(super) struct Checksum(Hasher);

impl Checksum {
    pub(super) fn seeded(seed: u32) -> Checksum {
        Checksum(Hasher::new_with_initial(seed))
    }

    #[inline]
    pub(super) fn of(&self, bytes: &[u8]) -> u32 {
        let mut hasher = self.0.clone();
        hasher.update(bytes);
        hasher.finalize()
    }
}

/// CRC-32 (ISO-HDLC) of `bytes`, continued from `seed`.
pub(super) fn crc(seed: u32, bytes: &[u8]) -> u32 {
    Checksum::seeded(seed).of(bytes)
}

#[inline]
fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

#[inline]
fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}

/// The header of a segment or a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileHeader {
    pub(super) kind: FileKind,
    /// Features that a writer must know; a reader need not.
    pub(super) ro_compat: u32,
    /// The journal that the file belongs to.
    pub(super) uuid: u128,
    /// The first record of a segment; the record after which a checkpoint's state was current.
    pub(super) seq: Seq,
    /// The clock when the file was made, 0 in a checkpoint.
    pub(super) created_us: i64,
    /// Where history begins because earlier records were dropped: the first record that the segment had when its
    /// frames were written, which is what their checksums are seeded with.
    pub(super) origin: Option<Seq>,
    /// The length of the segment before, 0 if there is none; where history begins, how many bytes of frames were
    /// dropped before the first that is left.
    pub(super) prev_len: u64,
    /// The last record of the segment before.
    pub(super) prev_last_seq: Seq,
    /// The header checksum of that record's frame, or of that segment's header if it has no record.
    pub(super) prev_crc: u32,
}

/// Why bytes are not a file header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum HeaderFault {
    /// They are damaged.
    Bad(&'static str),
    /// They are whole, but of a kind from the future.
    Unknown(String),
}

impl FileHeader {
    /// The seed of the checksums in this file.
    pub(super) fn salt(&self) -> u32 {
        self.kind.salt(self.uuid, self.origin.unwrap_or(self.seq))
    }

    /// The length that a segment of `len` bytes would have if nothing had been dropped: what the next one states.
    pub(super) fn sealed_len(&self, len: u64) -> u64 {
        len + self.origin.map_or(0, |_| self.prev_len)
    }

    /// The header of what is left of this segment when all frames before `place` are dropped.
    pub(super) fn beginning_at(&self, place: Place) -> FileHeader {
        FileHeader {
            seq: place.seq,
            origin: Some(self.origin.unwrap_or(self.seq)),
            prev_len: self.sealed_len(place.offset) - FILE_HEADER as u64,
            prev_last_seq: place.seq - 1,
            prev_crc: place.link,
            ..*self
        }
    }

    /// The bytes.
    pub(super) fn encode(&self) -> [u8; FILE_HEADER] {
        let mut out = [0; FILE_HEADER];
        out[0..8].copy_from_slice(&self.kind.magic());
        out[8..10].copy_from_slice(&VERSION.to_le_bytes());
        out[10..12].copy_from_slice(&(FILE_HEADER as u16).to_le_bytes());
        // No bit is defined yet of compat (12) and ro_compat (16).
        out[16..20].copy_from_slice(&self.ro_compat.to_le_bytes());
        if let Some(origin) = self.origin {
            out[20..24].copy_from_slice(&BEGINS.to_le_bytes());
            out[76..84].copy_from_slice(&origin.to_le_bytes());
        }
        out[24..40].copy_from_slice(&self.uuid.to_be_bytes());
        out[40..48].copy_from_slice(&self.seq.to_le_bytes());
        out[48..56].copy_from_slice(&self.created_us.to_le_bytes());
        out[56..64].copy_from_slice(&self.prev_len.to_le_bytes());
        out[64..72].copy_from_slice(&self.prev_last_seq.to_le_bytes());
        out[72..76].copy_from_slice(&self.prev_crc.to_le_bytes());
        out[88..92].copy_from_slice(&self.salt().to_le_bytes());
        let crc = crc(0, &out[..92]);
        out[92..96].copy_from_slice(&crc.to_le_bytes());
        out
    }

    /// The header in `bytes`, all checks passed, and the first link of the file's chain: the header's checksum, or
    /// what the first frame repeated before those before it were dropped.
    pub(super) fn decode(kind: FileKind, bytes: &[u8]) -> Result<(FileHeader, u32), HeaderFault> {
        let Some(bytes) = bytes.get(..FILE_HEADER) else {
            return Err(HeaderFault::Bad("the file ends inside its header"));
        };
        if bytes[0..8] != kind.magic() {
            return Err(HeaderFault::Bad(
                "the file's first bytes are not a journal's",
            ));
        }
        let own_crc = u32_at(bytes, 92);
        if crc(0, &bytes[..92]) != own_crc {
            return Err(HeaderFault::Bad(
                "the file header's checksum does not match",
            ));
        }
        check_version(bytes)?;
        let header = FileHeader {
            kind,
            ro_compat: u32_at(bytes, 16),
            uuid: u128::from_be_bytes(bytes[24..40].try_into().expect("sixteen bytes")),
            seq: u64_at(bytes, 40),
            created_us: u64_at(bytes, 48) as i64,
            origin: (u32_at(bytes, 20) & BEGINS != 0).then(|| u64_at(bytes, 76)),
            prev_len: u64_at(bytes, 56),
            prev_last_seq: u64_at(bytes, 64),
            prev_crc: u32_at(bytes, 72),
        };
        if u32_at(bytes, 88) != header.salt() {
            return Err(HeaderFault::Bad("the file header's salt does not match"));
        }
        let link = header.origin.map_or(own_crc, |_| header.prev_crc);
        Ok((header, link))
    }
}

fn check_version(bytes: &[u8]) -> Result<(), HeaderFault> {
    let version = u16::from_le_bytes([bytes[8], bytes[9]]);
    let incompat = u32_at(bytes, 20) & !BEGINS;
    if version != VERSION {
        return Err(HeaderFault::Unknown(format!(
            "format version {version} is not known here (this version reads {VERSION}); use a newer fakeredis"
        )));
    }
    if incompat != 0 {
        return Err(HeaderFault::Unknown(format!(
            "feature bits incompat {incompat:#x} are not known here; use a newer fakeredis"
        )));
    }
    Ok(())
}

/// The header of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHeader {
    /// The checksum of everything below: the link that the next frame repeats.
    pub(super) crc: u32,
    pub(super) len: u32,
    pub(super) payload_crc: u32,
    /// The link of the frame (or file header) before.
    pub(super) prev: u32,
    pub(super) kind: u8,
    pub(super) codec: u8,
    pub(super) seq: Seq,
    pub(super) clock_us: i64,
    /// The last record known to be on stable storage when this frame was written.
    pub(super) durable_seq: Seq,
    /// A number that can be read without decoding the payload; its meaning depends on the kind.
    pub(super) aux: u64,
}

impl FrameHeader {
    /// Whether a frame's magic number stands at the beginning of `bytes`.
    pub(super) fn may_start(bytes: &[u8]) -> bool {
        bytes.starts_with(&FRAME_MAGIC)
    }

    /// The header in `bytes` if its magic number and checksum are right.
    #[inline]
    pub(super) fn decode(bytes: &[u8], checksum: &Checksum) -> Option<FrameHeader> {
        let bytes: &[u8; FRAME_HEADER] = bytes.first_chunk()?;
        let link = u32_at(bytes, 4);
        if bytes[0..4] != FRAME_MAGIC || checksum.of(&bytes[8..]) != link {
            return None;
        }
        Some(FrameHeader {
            crc: link,
            len: u32_at(bytes, 8),
            payload_crc: u32_at(bytes, 12),
            prev: u32_at(bytes, 16),
            kind: bytes[20],
            codec: bytes[22],
            seq: u64_at(bytes, 24),
            clock_us: u64_at(bytes, 32) as i64,
            durable_seq: u64_at(bytes, 40),
            aux: u64_at(bytes, 48),
        })
    }

    /// The bytes of the whole frame, with its padding.
    #[inline]
    pub(super) fn frame_len(&self) -> u64 {
        frame_len(self.len as usize) as u64
    }

    /// Whether the rest of the frame is this header's.
    #[inline]
    pub(super) fn holds(&self, body: &[u8], checksum: &Checksum) -> bool {
        let (payload, padding) = body.split_at(self.len as usize);
        checksum.of(payload) == self.payload_crc && padding.iter().all(|byte| *byte == 0)
    }
}

/// The bytes of a frame with a payload of `len` bytes.
pub(super) const fn frame_len(len: usize) -> usize {
    FRAME_HEADER + len.next_multiple_of(ALIGN)
}

/// Writes into the header at the start of `frame` what is known when the record is made.
#[inline]
pub(super) fn draft(
    frame: &mut [u8],
    kind: u8,
    codec: u8,
    seq: Seq,
    clock_us: i64,
    aux: u64,
    len: usize,
) {
    let header: &mut [u8; FRAME_HEADER] = frame.first_chunk_mut().expect("a frame has a header");
    header[0..4].copy_from_slice(&FRAME_MAGIC);
    header[8..12].copy_from_slice(&(len as u32).to_le_bytes());
    header[20] = kind;
    header[22] = codec;
    header[24..32].copy_from_slice(&seq.to_le_bytes());
    header[32..40].copy_from_slice(&clock_us.to_le_bytes());
    header[48..56].copy_from_slice(&aux.to_le_bytes());
}

/// Completes all drafted `frames` with what is known when they are written; returns the last link.
#[inline]
pub(super) fn seal(frames: &mut [u8], checksum: &Checksum, durable_seq: Seq, mut link: u32) -> u32 {
    let mut rest = frames;
    while let Some((header, after)) = rest.split_first_chunk_mut::<FRAME_HEADER>() {
        let len = u32_at(header, 8) as usize;
        let (body, after) = after.split_at_mut(len.next_multiple_of(ALIGN));
        let payload_crc = checksum.of(&body[..len]);
        header[12..16].copy_from_slice(&payload_crc.to_le_bytes());
        header[16..20].copy_from_slice(&link.to_le_bytes());
        header[40..48].copy_from_slice(&durable_seq.to_le_bytes());
        link = checksum.of(&header[8..]);
        header[4..8].copy_from_slice(&link.to_le_bytes());
        rest = after;
    }
    link
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: FileHeader = FileHeader {
        kind: FileKind::Segment,
        ro_compat: 0,
        uuid: 0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10,
        seq: 7,
        created_us: -1,
        origin: None,
        prev_len: 96,
        prev_last_seq: 6,
        prev_crc: 5,
    };

    #[test]
    fn a_file_header_round_trips_and_every_bit_counts() {
        let bytes = HEADER.encode();
        let (header, link) = FileHeader::decode(FileKind::Segment, &bytes).unwrap();
        assert_eq!((header, link), (HEADER, u32_at(&bytes, 92)));
        assert!(FileHeader::decode(FileKind::Checkpoint, &bytes).is_err());
        for bit in 0..FILE_HEADER * 8 {
            let mut damaged = bytes;
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(
                FileHeader::decode(FileKind::Segment, &damaged).is_err(),
                "bit {bit}"
            );
        }
    }

    /// Its frames keep their seed and their link, and the next segment what it states of this one.
    #[test]
    fn what_is_left_of_a_segment_goes_on_as_before() {
        let place = Place {
            offset: 500,
            link: 77,
            seq: 12,
        };
        let left = HEADER.beginning_at(place);
        let (decoded, link) = FileHeader::decode(FileKind::Segment, &left.encode()).unwrap();
        assert_eq!((decoded, link), (left, 77));
        assert_eq!((left.seq, left.salt()), (12, HEADER.salt()));
        assert_eq!(left.sealed_len(FILE_HEADER as u64 + 100), 600);
        let offset = FILE_HEADER as u64 + 40;
        let again = left.beginning_at(Place {
            offset,
            link: 78,
            seq: 13,
        });
        assert_eq!((again.origin, again.salt()), (Some(7), HEADER.salt()));
        assert_eq!(again.sealed_len(FILE_HEADER as u64 + 60), 600);
    }

    #[test]
    fn an_unknown_version_or_feature_is_named() {
        for (at, word) in [(8, "version 3"), (20, "incompat 0x2")] {
            let mut bytes = HEADER.encode();
            bytes[at] ^= 2;
            let sum = crc(0, &bytes[..92]);
            bytes[92..].copy_from_slice(&sum.to_le_bytes());
            match FileHeader::decode(FileKind::Segment, &bytes) {
                Err(HeaderFault::Unknown(reason)) => assert!(reason.contains(word), "{reason}"),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn names_carry_their_number() {
        assert_eq!(FileKind::Segment.name(1), "seg-00000000000000000001.frj");
        let name = FileKind::Checkpoint.name(u64::MAX);
        assert_eq!(FileKind::Checkpoint.seq_of(&name), Some(u64::MAX));
        for name in [
            "seg-1.frj",
            "seg-+0000000000000000001.frj",
            "snap-00000000000000000001.frs",
        ] {
            assert_eq!(FileKind::Segment.seq_of(name), None);
        }
    }

    #[test]
    fn sealed_frames_are_linked() {
        let mut frames = vec![0; frame_len(3) + frame_len(8)];
        draft(&mut frames, 1, 1, 4, -9, 2, 3);
        draft(&mut frames[frame_len(3)..], 1, 1, 5, -8, 0, 8);
        let checksum = &Checksum::seeded(99);
        let last = seal(&mut frames, checksum, 3, 42);
        let first = FrameHeader::decode(&frames, checksum).unwrap();
        let second = FrameHeader::decode(&frames[frame_len(3)..], checksum).unwrap();
        assert_eq!(
            (first.prev, first.seq, first.clock_us, first.aux),
            (42, 4, -9, 2)
        );
        assert_eq!(
            (second.prev, second.crc, second.durable_seq),
            (first.crc, last, 3)
        );
        assert!(first.holds(&frames[FRAME_HEADER..frame_len(3)], checksum));
        assert_eq!(FrameHeader::decode(&frames, &Checksum::seeded(98)), None);
    }
}
