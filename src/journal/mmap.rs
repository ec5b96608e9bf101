//! Read-only memory maps: the only `unsafe` code of the crate.
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
