//! The segment that is being written, and how one is made, continued and replaced.

use super::damage::written;
use super::error::JournalError;
use super::format::Checksum;
use super::format::FILE_HEADER;
use super::format::FileHeader;
use super::format::FileKind;
use super::format::seal;
use super::frames::Place;
use super::outlet::Outlet;
use super::queue::Batch;
use super::storage::Storage;
use super::storage::StorageFile;
use super::storage::publish;
use super::storage::read_fully;
use crate::commit::Seq;
use std::io;
use std::ops::Range;
use std::sync::Arc;

/// The folder for bytes that were cut off.
pub(super) const QUARANTINE: &str = "quarantine";

/// The newest segment, open for writing.
pub(super) struct Tail {
    pub(super) outlet: Outlet,
    pub(super) header: FileHeader,
    /// Seeded for the segment.
    checksum: Checksum,
    /// Where the next frame goes.
    pub(super) place: Place,
    /// Where the frames end that were settled: what a failure falls back to.
    pub(super) settled: Place,
}

impl Tail {
    pub(super) fn new(file: Arc<dyn StorageFile>, header: FileHeader, place: Place) -> Tail {
        Tail {
            outlet: Outlet::new(file),
            header,
            checksum: Checksum::seeded(header.salt()),
            place,
            settled: place,
        }
    }

    /// Makes a segment, durably: header first, then its name.
    pub(super) fn create(storage: &dyn Storage, header: FileHeader) -> Result<Tail, JournalError> {
        let name = FileKind::Segment.name(header.seq);
        let bytes = header.encode();
        let file = publish(storage, &name, |file| file.write_at(0, &bytes))
            .map_err(JournalError::io(format!("create {name}")))?;
        let place = Place {
            offset: FILE_HEADER as u64,
            link: u32::from_le_bytes(bytes[92..].try_into().expect("four bytes")),
            seq: header.seq,
        };
        Ok(Tail::new(file, header, place))
    }

    /// The header of the segment that continues this one.
    pub(super) fn successor(&self, created_us: i64) -> FileHeader {
        FileHeader {
            kind: FileKind::Segment,
            ro_compat: 0,
            origin: None,
            uuid: self.header.uuid,
            seq: self.place.seq,
            created_us,
            prev_len: self.header.sealed_len(self.place.offset),
            prev_last_seq: self.place.seq - 1,
            prev_crc: self.place.link,
        }
    }

    pub(super) fn name(&self) -> String {
        FileKind::Segment.name(self.header.seq)
    }

    /// Writes a batch, with one call at most. After an error the file may hold a part of it.
    #[inline]
    pub(super) fn write(&mut self, batch: &mut Batch, durable_seq: Seq) -> io::Result<()> {
        let frames = &mut batch.frames;
        let link = seal(frames, &self.checksum, durable_seq, self.place.link);
        if let Err(error) = self.outlet.put(self.place.offset, frames) {
            // Healing replaces the file anyway; this only spares readers the torn part.
            let _ = self.cut();
            return Err(error);
        }
        self.place = Place {
            offset: self.place.offset + frames.len() as u64,
            link,
            seq: batch.last_seq + 1,
        };
        Ok(())
    }

    /// Ends the file where its frames end; whether that changed it.
    pub(super) fn cut(&mut self) -> io::Result<bool> {
        self.outlet.cut(self.place.offset)
    }
}

/// Puts a fresh, durable copy of a segment's first `keep` bytes in its place, and what follows
/// them, if anything, into quarantine first.
///
/// A copy, because a file whose last sync failed may look whole in memory and not be so on the
/// disk, and because an interrupted replacement leaves either the old file or the new.
pub(super) fn replace(
    storage: &dyn Storage,
    name: &str,
    keep: u64,
    why: &str,
) -> Result<(Arc<dyn StorageFile>, Option<String>), JournalError> {
    let old = storage
        .open(name)
        .map_err(JournalError::io(format!("open {name}")))?;
    let quarantined = set_aside(storage, &*old, name, keep, why)
        .map_err(JournalError::io(format!("quarantine the end of {name}")))?;
    let new = publish(storage, name, |new| copy(&*old, 0..keep, new, 0))
        .map_err(JournalError::io(format!("rewrite {name}")))?;
    Ok((new, quarantined))
}

fn set_aside(
    storage: &dyn Storage,
    old: &dyn StorageFile,
    name: &str,
    keep: u64,
    why: &str,
) -> io::Result<Option<String>> {
    let end = written(old, keep)?;
    if end == keep {
        return Ok(None);
    }
    let target = copy_aside(storage, old, keep..end, &format!("{name}-off-{keep}"))?;
    let note = storage.create(&format!("{target}.why.txt"))?;
    note.write_at(0, why.as_bytes())?;
    note.sync()?;
    storage.sync_dir(Some(QUARANTINE))?;
    Ok(Some(target))
}

/// Copies a part of a file to the quarantine, under `name` if that is free; the copy's name, which is durable when the
/// folder is synced.
pub(super) fn copy_aside(
    storage: &dyn Storage,
    file: &dyn StorageFile,
    part: Range<u64>,
    name: &str,
) -> io::Result<String> {
    storage.make_dir(Some(QUARANTINE))?;
    let target = free_name(storage, &format!("{QUARANTINE}/{name}"))?;
    let copied = storage.create(&target)?;
    copy(file, part, &*copied, 0)?;
    copied.sync()?;
    Ok(target)
}

/// Moves a file to the quarantine, durably; its name there.
pub(super) fn move_aside(storage: &dyn Storage, name: &str) -> io::Result<String> {
    storage.make_dir(Some(QUARANTINE))?;
    let target = free_name(storage, &format!("{QUARANTINE}/{name}"))?;
    storage.rename(name, &target)?;
    storage.sync_dir(Some(QUARANTINE))?;
    storage.sync_dir(None)?;
    Ok(target)
}

/// The name itself, or the first of `name.2`, `name.3`, … that no file has.
fn free_name(storage: &dyn Storage, name: &str) -> io::Result<String> {
    let mut free = name.to_owned();
    let mut number = 2;
    loop {
        match storage.open(&free) {
            Ok(_) => free = format!("{name}.{number}"),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(free),
            // What can't be opened is there all the same, and not to be written over.
            Err(error) => return Err(error),
        }
        number += 1;
    }
}

/// Copies a part of a file to another one, to `at`.
pub(super) fn copy(
    from: &dyn StorageFile,
    part: Range<u64>,
    to: &dyn StorageFile,
    mut at: u64,
) -> io::Result<()> {
    let mut buffer = vec![0; (part.end - part.start).min(1 << 20) as usize];
    let mut offset = part.start;
    while offset < part.end {
        let want = buffer.len().min((part.end - offset) as usize);
        let got = read_fully(from, offset, &mut buffer[..want])?;
        if got == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        to.write_at(at, &buffer[..got])?;
        offset += got as u64;
        at += got as u64;
    }
    Ok(())
}
