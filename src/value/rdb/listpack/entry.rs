//! [`Entry`]: a string or an integer of a listpack, and the bytes that it is there.
//!
//! An entry is its head (what follows, or the integer itself), its text, and the size of both so that it is found
//! from behind, too.

use super::super::input::Input;
use super::super::input::Malformed;
use crate::bytes::Bytes;
use crate::number::format_i64;
use crate::number::parse_i64;

/// The most bytes that an entry takes beside its text.
pub(super) const FRAME: usize = 10;

/// An entry as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry<'a> {
    /// The canonical form of an integer.
    Int(i64),
    /// Any other string.
    Text(&'a [u8]),
}

impl<'a> Entry<'a> {
    /// Whether it was made of this string.
    pub(in crate::value) fn is(self, text: &[u8]) -> bool {
        match self {
            Entry::Int(number) => *format_i64(number) == *text,
            Entry::Text(own) => own == text,
        }
    }

    /// The bytes that it takes.
    pub(in crate::value) fn size(self) -> usize {
        let size = match self {
            Entry::Int(number) => int_size(number),
            Entry::Text(text) => match text.len() {
                len @ ..0x40 => 1 + len,
                len @ ..0x1000 => 2 + len,
                len => 5 + len,
            },
        };
        size + back_len(size)
    }

    /// Its head and its text.
    pub(super) fn parts(self) -> (Head, &'a [u8]) {
        match self {
            Entry::Int(number) => (Head::of_int(number), &[]),
            Entry::Text(text) => (Head::of_text(text.len()), text),
        }
    }

    /// Writes itself at `at`, where there is room for its size; where it ends.
    pub(super) fn put(self, bytes: &mut [u8], at: usize) -> usize {
        let (head, text) = self.parts();
        let (head, body) = (head.as_slice(), at + head.as_slice().len());
        let end = body + text.len();
        bytes[at..body].copy_from_slice(head);
        bytes[body..end].copy_from_slice(text);
        put_back_size(bytes, end, end - at)
    }
}

impl<'a> From<&'a [u8]> for Entry<'a> {
    fn from(text: &'a [u8]) -> Entry<'a> {
        parse_i64(text).map_or(Entry::Text(text), Entry::Int)
    }
}

impl From<Entry<'_>> for Bytes {
    fn from(entry: Entry<'_>) -> Bytes {
        match entry {
            Entry::Int(number) => format_i64(number),
            Entry::Text(text) => Bytes::from(text),
        }
    }
}

/// What tells an entry's kind and size; all of an integer.
pub(super) struct Head {
    bytes: [u8; 9],
    len: u8,
}

impl Head {
    pub(super) fn as_slice(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    fn new<const N: usize>(bytes: [u8; N]) -> Head {
        let mut head = Head {
            bytes: [0; 9],
            len: N as u8,
        };
        head.bytes[..N].copy_from_slice(&bytes);
        head
    }

    fn of_int(number: i64) -> Head {
        let [a, b, c, d, ..] = number.to_le_bytes();
        match number {
            0..=0x7F => Head::new([a]),
            -0x1000..=0xFFF => Head::new((0xC000 | number as u16 & 0x1FFF).to_be_bytes()),
            -0x8000..=0x7FFF => Head::new([0xF1, a, b]),
            -0x80_0000..=0x7F_FFFF => Head::new([0xF2, a, b, c]),
            -0x8000_0000..=0x7FFF_FFFF => Head::new([0xF3, a, b, c, d]),
            _ => {
                let mut head = Head::new([0xF4; 9]);
                head.bytes[1..].copy_from_slice(&number.to_le_bytes());
                head
            }
        }
    }

    fn of_text(len: usize) -> Head {
        match len {
            ..0x40 => Head::new([0x80 | len as u8]),
            0x40..0x1000 => Head::new((0xE000 | len as u16).to_be_bytes()),
            _ => {
                let [a, b, c, d] = (len as u32).to_le_bytes();
                Head::new([0xF0, a, b, c, d])
            }
        }
    }
}

fn int_size(number: i64) -> usize {
    match number {
        0..=0x7F => 1,
        -0x1000..=0xFFF => 2,
        -0x8000..=0x7FFF => 3,
        -0x80_0000..=0x7F_FFFF => 4,
        -0x8000_0000..=0x7FFF_FFFF => 5,
        _ => 9,
    }
}

/// The bytes in which an entry's size is found from behind.
fn back_len(size: usize) -> usize {
    match size {
        ..0x80 => 1,
        0x80..0x4000 => 2,
        0x4000..0x20_0000 => 3,
        0x20_0000..0x1000_0000 => 4,
        _ => 5,
    }
}

/// Writes an entry's size: groups of 7 bits, the highest first; all but the first are marked.
fn put_back_size(bytes: &mut [u8], at: usize, size: usize) -> usize {
    let groups = back_len(size);
    for group in 0..groups {
        let mark = if group == 0 { 0 } else { 0x80 };
        bytes[at + group] = (size >> (7 * (groups - 1 - group))) as u8 & 0x7F | mark;
    }
    at + groups
}

/// Where the entry behind the one at `at` begins, in whole entries.
#[inline]
pub(super) fn next(bytes: &[u8], at: usize) -> usize {
    let size = match bytes[at] {
        ..0x80 => return at + 2,
        tag @ 0x80..0xC0 => return at + 2 + usize::from(tag & 0x3F),
        0xC0..0xE0 => return at + 3,
        tag @ 0xE0..0xF0 => 2 + usize::from(u16::from_be_bytes([tag & 0x0F, bytes[at + 1]])),
        tag => long_size(bytes, at, tag),
    };
    at + size + back_len(size)
}

fn long_size(bytes: &[u8], at: usize, tag: u8) -> usize {
    match tag {
        ..=0xF0 => {
            let len = [at + 1, at + 2, at + 3, at + 4].map(|at| bytes[at]);
            5 + u32::from_le_bytes(len) as usize
        }
        0xF1 => 3,
        0xF2 => 4,
        0xF3 => 5,
        0xF4.. => 9,
    }
}

/// Where the entry that ends at `end` begins.
pub(super) fn before(bytes: &[u8], end: usize) -> usize {
    let (mut at, mut size, mut shift) = (end, 0, 0);
    loop {
        at -= 1;
        let byte = bytes[at];
        size |= usize::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            return at - size;
        }
        shift += 7;
    }
}

/// Reads an entry with its size from bytes that may be anything.
pub(super) fn read<'a>(input: &mut Input<'a>) -> Result<Entry<'a>, Malformed> {
    let start = input.rest();
    let entry = read_front(input)?;
    let size = start.len() - input.rest().len();
    let mut back = [0; 5];
    let len = put_back_size(&mut back, 0, size);
    (input.take(len)? == &back[..len])
        .then_some(entry)
        .ok_or(Malformed)
}

/// Reads an entry without its size.
pub(super) fn read_front<'a>(input: &mut Input<'a>) -> Result<Entry<'a>, Malformed> {
    let tag = input.byte()?;
    let length = match tag {
        0x80..0xC0 => usize::from(tag & 0x3F),
        0xE0..0xF0 => usize::from(u16::from_be_bytes([tag & 0x0F, input.byte()?])),
        0xF0 => u32::from_le_bytes(input.array()?) as usize,
        _ => return read_int(tag, input).map(Entry::Int),
    };
    input.take(length).map(Entry::Text)
}

fn read_int(tag: u8, input: &mut Input<'_>) -> Result<i64, Malformed> {
    Ok(match tag {
        0..0x80 => tag.into(),
        0xC0..0xE0 => {
            let bits = i16::from_be_bytes([tag, input.byte()?]);
            i64::from(bits << 3 >> 3)
        }
        0xF1 => i16::from_le_bytes(input.array()?).into(),
        0xF2 => read_i24(input)?,
        0xF3 => i32::from_le_bytes(input.array()?).into(),
        0xF4 => i64::from_le_bytes(input.array()?),
        _ => return Err(Malformed),
    })
}

/// An integer of three bytes.
pub(in super::super) fn read_i24(input: &mut Input<'_>) -> Result<i64, Malformed> {
    let [a, b, c] = input.array()?;
    Ok((i32::from_le_bytes([0, a, b, c]) >> 8).into())
}
