//! Checkpoints: a state as of one record, in chunks that are opaque here, whole or not at all; and which of them stay.

use super::codec::MAX_PAYLOAD;
use super::error::JournalError;
use super::format::ALIGN;
use super::format::Checksum;
use super::format::FILE_HEADER;
use super::format::FRAME_HEADER;
use super::format::FileHeader;
use super::format::FileKind;
use super::format::HeaderFault;
use super::format::draft;
use super::format::seal;
use super::frames::Cursor;
use super::frames::Step;
use super::frames::Window;
use super::record::kind;
use super::storage::Storage;
use super::storage::StorageFile;
use super::storage::publish;
use super::survey::read_header;
use crate::commit::Seq;
use std::io;
use std::sync::Arc;

/// The codec number of payloads that are bytes as they are.
const RAW: u8 = 0;

/// Each record pays for so many bytes of checkpoints. It takes more itself, so that all checkpoints together take less
/// than the records.
const BYTES_PER_RECORD: u64 = 64;

/// Writes a checkpoint, durably; how many bytes of state it holds.
pub(super) fn write(
    storage: &dyn Storage,
    uuid: u128,
    seq: Seq,
    chunks: &mut dyn Iterator<Item = Vec<u8>>,
) -> Result<u64, JournalError> {
    let name = FileKind::Checkpoint.name(seq);
    let header = FileHeader {
        kind: FileKind::Checkpoint,
        ro_compat: 0,
        origin: None,
        uuid,
        seq,
        created_us: 0,
        prev_len: 0,
        prev_last_seq: 0,
        prev_crc: 0,
    };
    let mut total = 0;
    publish(storage, &name, |file| {
        let mut out = FrameWriter::begin(file, &header)?;
        for chunk in chunks.filter(|chunk| !chunk.is_empty()) {
            total += chunk.len() as u64;
            out.frame(kind::CHUNK, total, &chunk)?;
        }
        out.frame(kind::END, total, b"\n")
    })
    .map_err(JournalError::io(format!("write {name}")))?;
    Ok(total)
}

struct FrameWriter<'a> {
    file: &'a dyn StorageFile,
    checksum: Checksum,
    link: u32,
    offset: u64,
    number: u64,
    buffer: Vec<u8>,
}

impl<'a> FrameWriter<'a> {
    fn begin(file: &'a dyn StorageFile, header: &FileHeader) -> io::Result<FrameWriter<'a>> {
        let bytes = header.encode();
        file.write_at(0, &bytes)?;
        Ok(FrameWriter {
            file,
            checksum: Checksum::seeded(header.salt()),
            link: u32::from_le_bytes(bytes[92..].try_into().expect("four bytes")),
            offset: FILE_HEADER as u64,
            number: 1,
            buffer: Vec::new(),
        })
    }

    /// Writes one frame; `aux` counts the bytes of state so far.
    fn frame(&mut self, kind: u8, aux: u64, payload: &[u8]) -> io::Result<()> {
        if payload.len() > MAX_PAYLOAD {
            return Err(io::Error::other("a chunk is larger than a frame can hold"));
        }
        self.buffer.clear();
        self.buffer.resize(FRAME_HEADER, 0);
        self.buffer.extend_from_slice(payload);
        self.buffer
            .resize(self.buffer.len().next_multiple_of(ALIGN), 0);
        draft(
            &mut self.buffer,
            kind,
            RAW,
            self.number,
            0,
            aux,
            payload.len(),
        );
        self.link = seal(&mut self.buffer, &self.checksum, 0, self.link);
        self.file.write_at(self.offset, &self.buffer)?;
        self.offset += self.buffer.len() as u64;
        self.number += 1;
        Ok(())
    }
}

/// A checkpoint whose every byte was verified.
pub struct Checkpoint {
    seq: Seq,
    size: u64,
    parts: Parts,
}

impl Checkpoint {
    /// The record after which the state was current.
    pub fn seq(&self) -> Seq {
        self.seq
    }

    /// The bytes of the state.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Calls `visit` with the state, chunk by chunk, as it was given when the checkpoint was made. Each chunk is
    /// verified again.
    ///
    /// # Errors
    ///
    /// When the checkpoint was damaged meanwhile; or the first error of `visit`.
    pub fn each_chunk(
        mut self,
        mut visit: impl FnMut(&[u8]) -> Result<(), JournalError>,
    ) -> Result<(), JournalError> {
        while let Part::Chunk(chunk) = self.parts.next()? {
            visit(chunk)?;
        }
        Ok(())
    }

    /// After how many records it pays to have a checkpoint of so many bytes.
    pub const fn pays_after(bytes: u64) -> u64 {
        bytes / BYTES_PER_RECORD
    }
}

/// The parts of a checkpoint, one after another.
struct Parts {
    cursor: Cursor,
    seq: Seq,
}

enum Part<'a> {
    Chunk(&'a [u8]),
    /// The end: the state's size.
    End(u64),
}

impl Parts {
    fn open(storage: &Arc<dyn Storage>, seq: Seq, uuid: u128) -> Result<Parts, JournalError> {
        let name = FileKind::Checkpoint.name(seq);
        let listed = match read_header(&**storage, FileKind::Checkpoint, seq)? {
            Ok(listed) if listed.header.uuid == uuid => listed,
            Ok(_) => {
                let what = "the checkpoint belongs to another journal";
                return Err(JournalError::damaged(&name, 0, seq, what));
            }
            Err(HeaderFault::Bad(what)) => return Err(JournalError::damaged(&name, 0, seq, what)),
            Err(HeaderFault::Unknown(reason)) => return Err(JournalError::format(&name, reason)),
        };
        let window = storage.open(&name).and_then(Window::sealed);
        let window = window.map_err(JournalError::io(format!("open {name}")))?;
        let (start, salt, len) = (listed.start(), listed.salt(), listed.len);
        let cursor = Cursor::new(&name, window, salt, start, len);
        Ok(Parts { cursor, seq })
    }

    fn next(&mut self) -> Result<Part<'_>, JournalError> {
        let place = self.cursor.place;
        let what = match self.cursor.next()? {
            Step::Frame(frame) if frame.header.kind == kind::CHUNK => {
                return Ok(Part::Chunk(frame.payload));
            }
            Step::Frame(frame) if frame.header.kind == kind::END => {
                return Ok(Part::End(frame.header.aux));
            }
            Step::Frame(_) => "a frame of this kind has no place in a checkpoint",
            Step::End => "the checkpoint has no end",
            Step::Bad(fault) => fault.text(),
        };
        let name = FileKind::Checkpoint.name(self.seq);
        Err(JournalError::damaged(&name, place.offset, self.seq, what))
    }
}

/// Opens a checkpoint after verifying all of it.
pub(super) fn open(
    storage: &Arc<dyn Storage>,
    uuid: u128,
    seq: Seq,
) -> Result<Checkpoint, JournalError> {
    let mut parts = Parts::open(storage, seq, uuid)?;
    let mut total = 0;
    let size = loop {
        match parts.next()? {
            Part::Chunk(chunk) => total += chunk.len() as u64,
            Part::End(size) => break size,
        }
    };
    let Cursor {
        name, place, end, ..
    } = &parts.cursor;
    if size != total || place.offset != *end {
        let what = "the checkpoint's size is wrong";
        return Err(JournalError::damaged(name, place.offset, seq, what));
    }
    Ok(Checkpoint {
        seq,
        size,
        parts: Parts::open(storage, seq, uuid)?,
    })
}

/// Removes checkpoints that don't pay: those that are closer to the one before than `spacing`, or than their size
/// asks for. The newest two stay, whatever they cost: if one is damaged, the other is there.
pub(super) fn prune(storage: &dyn Storage, spacing: u64) -> Result<(), JournalError> {
    let pruned = storage.list().and_then(|names| {
        let seq_of = |name: &String| FileKind::Checkpoint.seq_of(name);
        let mut seqs: Vec<Seq> = names.iter().filter_map(seq_of).collect();
        seqs.sort_unstable();
        // What stands in for dropped records can't be made again.
        let segments = names
            .iter()
            .filter_map(|name| FileKind::Segment.seq_of(name));
        let first = segments.min().unwrap_or(1);
        seqs.retain(|seq| *seq >= first);
        let older = seqs.len().saturating_sub(2);
        let mut before = first.saturating_sub(1);
        for &seq in &seqs[..older] {
            let name = FileKind::Checkpoint.name(seq);
            let bytes = storage.open(&name)?.len()?;
            if seq - before >= spacing.max(Checkpoint::pays_after(bytes)) {
                before = seq;
            } else {
                storage.remove(&name)?;
            }
        }
        Ok(())
    });
    pruned.map_err(JournalError::io("remove an old checkpoint"))
}
