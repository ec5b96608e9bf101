//! Checkpoints: a state as of one record, in chunks that are opaque here, whole or not at all.

use super::codec::MAX_PAYLOAD;
use super::error::JournalError;
use super::format::ALIGN;
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

/// Writes a checkpoint, durably.
pub(super) fn write(
    storage: &dyn Storage,
    uuid: u128,
    seq: Seq,
    chunks: &mut dyn Iterator<Item = Vec<u8>>,
    digest: &str,
) -> Result<(), JournalError> {
    let name = FileKind::Checkpoint.name(seq);
    let header = FileHeader {
        kind: FileKind::Checkpoint,
        ro_compat: 0,
        uuid,
        seq,
        created_us: 0,
        prev_len: 0,
        prev_last_seq: 0,
        prev_crc: 0,
    };
    publish(storage, &name, |file| {
        let mut out = FrameWriter::begin(file, &header)?;
        let mut total = 0;
        for chunk in chunks.filter(|chunk| !chunk.is_empty()) {
            total += chunk.len() as u64;
            out.frame(kind::CHUNK, total, &chunk)?;
        }
        // A digest is never empty on the disk: a frame has at least one byte.
        out.frame(kind::DIGEST, total, format!("{digest}\n").as_bytes())
    })
    .map_err(JournalError::io(format!("write {name}")))?;
    Ok(())
}

struct FrameWriter<'a> {
    file: &'a dyn StorageFile,
    salt: u32,
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
            salt: header.salt(),
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
        self.link = seal(&mut self.buffer, self.salt, 0, self.link);
        self.file.write_at(self.offset, &self.buffer)?;
        self.offset += self.buffer.len() as u64;
        self.number += 1;
        Ok(())
    }
}

/// A checkpoint whose every byte was verified.
pub struct Checkpoint {
    seq: Seq,
    digest: String,
    size: u64,
    chunks: Chunks,
}

impl Checkpoint {
    /// The record after which the state was current.
    pub fn seq(&self) -> Seq {
        self.seq
    }

    /// The digest of the state, as it was given when the checkpoint was made.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The bytes of the state.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The state, chunk by chunk, as it was given when the checkpoint was made.
    pub fn into_chunks(self) -> Chunks {
        self.chunks
    }
}

/// The chunks of a checkpoint's state, each verified again when it is read.
pub struct Chunks {
    cursor: Cursor,
    seq: Seq,
}

impl Chunks {
    fn open(storage: &Arc<dyn Storage>, seq: Seq, uuid: u128) -> Result<Chunks, JournalError> {
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
        let file = storage
            .open(&name)
            .map_err(JournalError::io(format!("open {name}")))?;
        let (start, salt, len) = (listed.start(), listed.salt(), listed.len);
        let cursor = Cursor::new(&name, Window::read(file), salt, start, len);
        Ok(Chunks { cursor, seq })
    }

    fn damaged(&self, what: &str) -> JournalError {
        JournalError::damaged(&self.cursor.name, self.cursor.place.offset, self.seq, what)
    }

    /// The next part: a chunk, or at the end the digest and the state's size.
    fn part(&mut self) -> Result<Part, JournalError> {
        let what = match self.cursor.next()? {
            Step::Frame(frame) if frame.header.kind == kind::CHUNK => {
                return Ok(Part::Chunk(frame.payload.to_vec()));
            }
            Step::Frame(frame) if frame.header.kind == kind::DIGEST => {
                let text = String::from_utf8_lossy(frame.payload);
                let digest = text.trim_end_matches('\n').to_owned();
                return Ok(Part::Digest(digest, frame.header.aux));
            }
            Step::Frame(_) => "a frame of this kind has no place in a checkpoint",
            Step::End => "the checkpoint has no end",
            Step::Bad(fault) => fault.text(),
        };
        Err(self.damaged(what))
    }
}

enum Part {
    Chunk(Vec<u8>),
    Digest(String, u64),
}

impl Iterator for Chunks {
    type Item = Result<Vec<u8>, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.part() {
            Ok(Part::Chunk(chunk)) => Some(Ok(chunk)),
            Ok(Part::Digest(..)) => None,
            Err(error) => Some(Err(error)),
        }
    }
}

/// Opens a checkpoint after verifying all of it.
pub(super) fn open(
    storage: &Arc<dyn Storage>,
    uuid: u128,
    seq: Seq,
) -> Result<Checkpoint, JournalError> {
    let mut chunks = Chunks::open(storage, seq, uuid)?;
    let mut total = 0;
    let (digest, size) = loop {
        match chunks.part()? {
            Part::Chunk(chunk) => total += chunk.len() as u64,
            Part::Digest(digest, size) => break (digest, size),
        }
    };
    if size != total || chunks.cursor.place.offset != chunks.cursor.end {
        return Err(chunks.damaged("the checkpoint's size is wrong"));
    }
    Ok(Checkpoint {
        seq,
        digest,
        size,
        chunks: Chunks::open(storage, seq, uuid)?,
    })
}

/// Removes all but the newest `keep` checkpoints.
pub(super) fn prune(storage: &dyn Storage, keep: usize) -> Result<(), JournalError> {
    let pruned = storage.list().and_then(|names| {
        let seq_of = |name: &String| FileKind::Checkpoint.seq_of(name);
        let mut seqs: Vec<Seq> = names.iter().filter_map(seq_of).collect();
        seqs.sort_unstable();
        let surplus = seqs.len().saturating_sub(keep);
        for &seq in &seqs[..surplus] {
            storage.remove(&FileKind::Checkpoint.name(seq))?;
        }
        Ok(())
    });
    pruned.map_err(JournalError::io("remove an old checkpoint"))
}
