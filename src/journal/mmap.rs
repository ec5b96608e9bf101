//! Files as memory: the only `unsafe` code of the crate.
#![expect(unsafe_code, reason = "memmap2 asks its caller to vouch for the file")]

use memmap2::Mmap;
use std::fs::File;
use std::io;
use std::ops::Deref;

/// The bytes of a file that nobody changes any more.
///
/// That nobody does is assumed of the disk, like all that `docs/journal-format.md` lists: no program can keep others
/// from a file. The journal never writes to a sealed file again. Repair and compaction put another in its place by a
/// rename, and the map stays with the old one. Only an opening that gives up all that follows damage
/// (`Tolerance::Prefix`) cuts a segment that was sealed; this process maps it no more by then, but a reader
/// in another process may.
pub struct Mapping(Mmap);

/// Says that a file is sealed. Only the journal can: nobody else knows of a file that nobody changes it.
pub struct Sealed(pub(super) ());

impl Mapping {
    /// Maps a sealed file.
    ///
    /// If another program cuts the file, reading the map beyond its new end stops the process (SIGBUS).
    pub(super) fn new(file: &File) -> io::Result<Mapping> {
        // SAFETY: the bytes do not change while the map lives, because the file is sealed (see `Mapping`); in this process
        // nothing stores into it, for a `MappedRoom` is dropped before its segment is sealed.
        unsafe { Mmap::map(file) }.map(Mapping)
    }
}

impl Deref for Mapping {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

/// Bytes at the end of a file, as memory to store into.
///
/// What is stored is in the file for every other process at once, and stays there if this one is
/// killed: the map is the system's own copy of the file.
#[cfg(target_os = "linux")]
pub(super) struct MappedRoom {
    map: memmap2::MmapMut,
    start: u64,
}

#[cfg(target_os = "linux")]
impl MappedRoom {
    /// Maps the `len` bytes from `start`, all of which the file has.
    ///
    /// The file must keep them while they are mapped, on a disk that has set space aside for them, or
    /// storing stops the process (SIGBUS). The journal's one writer drops the map before it cuts the file, and its
    /// lock keeps other writers out.
    pub(super) fn new(file: &File, start: u64, len: usize) -> io::Result<MappedRoom> {
        let mut options = memmap2::MmapOptions::new();
        // SAFETY: only `store` touches the map, through `&mut self`, and it never reads: no value depends on what others do
        // to these bytes. Readers of a segment that is not sealed read the file and do not map it, so that nothing in
        // this process borrows the same memory; an older room of the file is not stored into once there is a newer one.
        let map = unsafe { options.offset(start).len(len).map_mut(file) }?;
        Ok(MappedRoom { map, start })
    }
}

#[cfg(target_os = "linux")]
impl super::storage::Room for MappedRoom {
    fn store(&mut self, offset: u64, bytes: &[u8]) -> bool {
        let at = offset.checked_sub(self.start).map(usize::try_from);
        let Some(Ok(at)) = at else {
            return false;
        };
        let place = self
            .map
            .get_mut(at..)
            .and_then(|rest| rest.get_mut(..bytes.len()));
        place.map(|place| place.copy_from_slice(bytes)).is_some()
    }
}
