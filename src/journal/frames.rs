//! Walks the frames of one file and trusts none of them before its checks have passed.
//!
//! Knows no directory and decides nothing about damage: it says where the good frames end and why.

use super::codec::MAX_PAYLOAD;
use super::error::JournalError;
use super::format::Checksum;
use super::format::FRAME_HEADER;
use super::format::FrameHeader;
use super::mmap::Mapping;
use super::mmap::Sealed;
use super::storage::StorageFile;
use super::storage::read_fully;
use crate::commit::Seq;
use std::io;
use std::sync::Arc;

/// How much of a file is read first, and at most, at a time.
const FIRST_WINDOW: usize = 4 << 10;
const WINDOW: usize = 256 << 10;

/// A file's bytes, either mapped or read piece by piece.
pub(super) enum Window {
    Mapped(Mapping),
    Read {
        file: Arc<dyn StorageFile>,
        start: u64,
        buffer: Vec<u8>,
    },
}

impl Window {
    /// Reads the file piece by piece.
    pub(super) fn read(file: Arc<dyn StorageFile>) -> Window {
        Window::Read {
            file,
            start: 0,
            buffer: Vec::new(),
        }
    }

    /// Maps the file if it can be mapped; it must be sealed.
    pub(super) fn sealed(file: Arc<dyn StorageFile>) -> io::Result<Window> {
        Ok(match file.map(Sealed(()))? {
            Some(mapping) => Window::Mapped(mapping),
            None => Window::read(file),
        })
    }

    /// The `len` bytes at `offset`, fewer at the end of the file.
    #[inline]
    pub(super) fn bytes(&mut self, offset: u64, len: usize) -> io::Result<&[u8]> {
        self.hold(offset, len)?;
        let (start, held): (u64, &[u8]) = match self {
            Window::Mapped(mapping) => (0, mapping),
            Window::Read { start, buffer, .. } => (*start, buffer),
        };
        let from = held.len().min((offset - start) as usize);
        Ok(&held[from..held.len().min(from + len)])
    }

    /// Reads these bytes, unless they are in memory.
    #[inline]
    fn hold(&mut self, offset: u64, len: usize) -> io::Result<()> {
        match self {
            Window::Read {
                file,
                start,
                buffer,
            } if offset < *start || offset + len as u64 > *start + buffer.len() as u64 => {
                *start = offset;
                refill(&**file, offset, len, buffer)
            }
            _ => Ok(()),
        }
    }
}

/// Reads `len` bytes at `offset`, and some of those that follow.
fn refill(file: &dyn StorageFile, offset: u64, len: usize, buffer: &mut Vec<u8>) -> io::Result<()> {
    let size = (2 * buffer.len()).clamp(FIRST_WINDOW, WINDOW);
    buffer.resize(size.max(len), 0);
    let filled = read_fully(file, offset, buffer);
    buffer.truncate(*filled.as_ref().unwrap_or(&0));
    filled.map(drop)
}

/// Where a frame is expected, and what must link to what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Where the next frame starts.
    pub(super) offset: u64,
    /// The link that the next frame must repeat.
    pub(super) link: u32,
    /// The next frame's number.
    pub(super) seq: Seq,
}

/// Why there is no good frame at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The file ends inside the frame.
    Short,
    /// The bytes are no frame header.
    Header,
    /// The header is good, the payload is not.
    Payload,
    /// The frame is good, but another one belongs here.
    Misplaced,
    /// The frame is good, and says nothing that is understood.
    Undecodable,
}

impl Fault {
    pub(super) fn text(self) -> &'static str {
        match self {
            Fault::Short => "the file ends inside a record",
            Fault::Header => "there is no record where one should start",
            Fault::Payload => "a record's checksum does not match its data",
            Fault::Misplaced => "a record is missing, doubled or out of place",
            Fault::Undecodable => "a record is whole, but its payload does not decode",
        }
    }

    /// Whether no write that was cut short leaves this behind.
    pub(super) fn is_damage(self) -> bool {
        matches!(self, Fault::Misplaced | Fault::Undecodable)
    }
}

/// One good frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawFrame<'a> {
    pub(super) header: FrameHeader,
    pub(super) offset: u64,
    pub(super) payload: &'a [u8],
}

/// What a step of a [`Cursor`] met.
pub(super) enum Step<T> {
    Frame(T),
    /// The frames end where they should.
    End,
    /// The frames end before they should.
    Bad(Fault),
}

/// Walks frames from one place to the end.
pub(super) struct Cursor {
    pub(super) name: String,
    window: Window,
    checksum: Checksum,
    /// Where the frames should end.
    pub(super) end: u64,
    pub(super) place: Place,
}

impl Cursor {
    pub(super) fn new(name: &str, window: Window, salt: u32, place: Place, end: u64) -> Cursor {
        Cursor {
            name: name.to_owned(),
            window,
            checksum: Checksum::seeded(salt),
            end,
            place,
        }
    }

    /// The next frame, payload and all.
    #[inline]
    pub(super) fn next(&mut self) -> Result<Step<RawFrame<'_>>, JournalError> {
        let header = match self.peek()? {
            Step::Frame(header) => header,
            Step::End => return Ok(Step::End),
            Step::Bad(fault) => return Ok(Step::Bad(fault)),
        };
        let offset = self.place.offset;
        let frame_len = header.frame_len() as usize;
        let frame = self.window.bytes(offset, frame_len);
        let frame = frame.map_err(unreadable(&self.name))?;
        if frame.len() < frame_len {
            return Ok(Step::Bad(Fault::Short));
        }
        let body = &frame[FRAME_HEADER..];
        if !header.holds(body, &self.checksum) {
            return Ok(Step::Bad(Fault::Payload));
        }
        if header.seq != self.place.seq || header.prev != self.place.link {
            return Ok(Step::Bad(Fault::Misplaced));
        }
        self.place = after(self.place, &header);
        Ok(Step::Frame(RawFrame {
            header,
            offset,
            payload: &body[..header.len as usize],
        }))
    }

    /// The next frame's header; the payload is passed over unread.
    #[inline]
    pub(super) fn hop(&mut self) -> Result<Step<FrameHeader>, JournalError> {
        let step = self.peek()?;
        if let Step::Frame(header) = &step {
            if header.seq != self.place.seq || header.prev != self.place.link {
                return Ok(Step::Bad(Fault::Misplaced));
            }
            self.place = after(self.place, header);
        }
        Ok(step)
    }

    /// The header at the present place, if the whole frame lies before the end.
    #[inline]
    fn peek(&mut self) -> Result<Step<FrameHeader>, JournalError> {
        let left = self.end.saturating_sub(self.place.offset);
        if left == 0 {
            return Ok(Step::End);
        }
        if left < FRAME_HEADER as u64 {
            return Ok(Step::Bad(Fault::Short));
        }
        let bytes = self.window.bytes(self.place.offset, FRAME_HEADER);
        let bytes = bytes.map_err(unreadable(&self.name))?;
        Ok(match FrameHeader::decode(bytes, &self.checksum) {
            None => Step::Bad(Fault::Header),
            Some(header) if !is_sane(&header) => Step::Bad(Fault::Header),
            Some(header) if header.frame_len() > left => Step::Bad(Fault::Short),
            Some(header) => Step::Frame(header),
        })
    }
}

/// The error of a file that can't be read; its words are put together only then.
fn unreadable(name: &str) -> impl FnOnce(io::Error) -> JournalError {
    move |error| JournalError::io(format!("read {name}"))(error)
}

/// Whether a verified header's length is one that a writer would write.
#[inline]
pub(super) fn is_sane(header: &FrameHeader) -> bool {
    (1..=MAX_PAYLOAD).contains(&(header.len as usize))
}

#[inline]
fn after(place: Place, header: &FrameHeader) -> Place {
    Place {
        offset: place.offset + header.frame_len(),
        link: header.crc,
        seq: place.seq + 1,
    }
}
