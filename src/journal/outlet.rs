//! How bytes get to the end of a file that grows: stored into room that was made for them, which takes
//! no call, or written.
//!
//! Knows nothing of what the bytes mean. Room is made ahead of what is stored, so that the file ends
//! in zeros until it is cut.

use super::failing::Failing;
use super::storage::Room;
use super::storage::StorageFile;
use std::io;
use std::sync::Arc;

/// The room that is made first, and at most, at a time.
const FIRST_ROOM: usize = 16 << 10;
const MOST_ROOM: usize = 256 << 10;

/// From this size on, bytes are written: one call for so many costs less than room.
const LARGE: usize = FIRST_ROOM;

/// The end of a file that grows.
pub(super) struct Outlet {
    pub(super) file: Arc<dyn StorageFile>,
    room: Option<Box<dyn Room>>,
    /// How much room is made next; none after it could not be made.
    next: usize,
}

impl Outlet {
    pub(super) fn new(file: Arc<dyn StorageFile>) -> Outlet {
        Outlet {
            file,
            room: None,
            next: FIRST_ROOM,
        }
    }

    /// Puts `bytes` at `offset`, where those before them end. After an error a part of them may be there.
    #[inline]
    pub(super) fn put(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        match bytes.len() < LARGE && self.store(offset, bytes) {
            true => Ok(()),
            false => self.put_beyond(offset, bytes),
        }
    }

    /// Puts what does not fit into the room that there is.
    fn put_beyond(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        if bytes.len() < LARGE && self.make_room(offset) && self.store(offset, bytes) {
            return Ok(());
        }
        self.file.write_at(offset, bytes)
    }

    /// Whether bytes are stored rather than written at present.
    pub(super) fn has_room(&self) -> bool {
        self.room.is_some()
    }

    #[inline]
    fn store(&mut self, offset: u64, bytes: &[u8]) -> bool {
        let room = self.room.as_mut();
        room.is_some_and(|room| room.store(offset, bytes))
    }

    /// A disk that has no space for room may have some for the bytes: writing them will tell.
    fn make_room(&mut self, offset: u64) -> bool {
        self.room = match self.next {
            0 => None,
            len => self.file.room(offset, len).unwrap_or_default(),
        };
        self.next = match self.room {
            None => 0,
            Some(_) => (2 * self.next).min(MOST_ROOM),
        };
        self.room.is_some()
    }

    /// Has the next change of the file fail, or the next sync alone. Storing into room can't.
    pub(super) fn fail_next(&mut self, error: io::Error, at_sync: bool) {
        self.room = None;
        self.file = Arc::new(Failing::new(Arc::clone(&self.file), error, at_sync));
    }

    /// Gives up room, so that the file ends at `len`; whether that changed it.
    pub(super) fn cut(&mut self, len: u64) -> io::Result<bool> {
        self.room = None;
        let longer = self.file.len()? > len;
        if longer {
            self.file.set_len(len)?;
        }
        Ok(longer)
    }
}
