//! Files as memory: the only `unsafe` code of the crate.
#![expect(unsafe_code, reason = "memmap2 asks its caller to vouch for the file")]

use memmap2::Mmap;
use std::fs::File;
use std::io;
use std::ops::Deref;

/// The bytes of a file that nobody changes any more.
pub struct Mapping(Mmap);

impl Mapping {
    /// Maps a sealed file.
    ///
    /// The file must not be truncated while it is mapped, or reading the map stops the process. The
    /// journal itself never changes a sealed file: repair replaces it by another under the same name.
    pub fn new(file: &File) -> io::Result<Mapping> {
        // SAFETY: see above; nothing is borrowed from the map beyond its bytes, and every value is
        // copied out and checked before it is used.
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
    /// storing stops the process.
    pub(super) fn new(file: &File, start: u64, len: usize) -> io::Result<MappedRoom> {
        let mut options = memmap2::MmapOptions::new();
        // SAFETY: the map is only stored into, never read, so that it does not matter who else changes
        // the file. The journal's lock keeps other writers out, and its one writer drops the map before
        // it cuts the file.
        let map = unsafe { options.offset(start).len(len).map_mut(file) }?;
        Ok(MappedRoom { map, start })
    }
}

#[cfg(target_os = "linux")]
impl super::storage::Room for MappedRoom {
    fn store(&mut self, offset: u64, bytes: &[u8]) -> bool {
        let place = offset.checked_sub(self.start).map(|at| at as usize);
        let place = place.and_then(|at| self.map.get_mut(at..at + bytes.len()));
        place.map(|place| place.copy_from_slice(bytes)).is_some()
    }
}
