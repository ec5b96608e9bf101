//! Listpacks: short sequences of strings and integers in one block of bytes.
//!
//! Six bytes of header (the block's size and the number of entries, little-endian), then for each entry its
//! encoding, its data, and the size of both so that it can be walked backwards, then 255.

mod leaf;

use super::input::Input;
use super::input::Malformed;
use crate::bytes::Bytes;
use crate::number::format_i64;
use crate::number::parse_i64;

const HEADER: usize = 6;
const END: u8 = 0xFF;
/// The most bytes that an entry takes beside its text.
const FRAME: usize = 10;
/// The number of entries where there are this many or more.
const UNCOUNTED: u16 = u16::MAX;

/// A listpack that can grow: the block without its end, its header not yet filled in.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::value) struct Listpack {
    bytes: Vec<u8>,
    entries: usize,
}

/// An entry as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry<'a> {
    /// The canonical form of an integer.
    Int(i64),
    /// Any other string.
    Text(&'a [u8]),
}

impl Entry<'_> {
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
        size + back_size(size).count()
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

impl Default for Listpack {
    fn default() -> Listpack {
        Listpack::new()
    }
}

impl Listpack {
    /// Where the first entry begins.
    pub(in crate::value) const START: usize = HEADER;

    pub(in crate::value) fn new() -> Listpack {
        Listpack {
            bytes: vec![0; HEADER],
            entries: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries == 0
    }

    /// The bytes that the finished block would have now.
    pub(in crate::value) fn size(&self) -> usize {
        self.bytes.len() + 1
    }

    /// Appends a string, as an integer where it is the canonical form of one.
    pub(in crate::value) fn push(&mut self, entry: &[u8]) {
        match entry.into() {
            Entry::Int(number) => self.push_int(number),
            Entry::Text(text) => self.push_string(text),
        }
    }

    pub(in crate::value) fn push_int(&mut self, number: i64) {
        let start = self.bytes.len();
        let wide = number.to_le_bytes();
        match number {
            0..=0x7F => self.bytes.push(number as u8),
            -0x1000..=0xFFF => {
                let bits = number as u16 & 0x1FFF;
                self.bytes.extend((0xC000 | bits).to_be_bytes());
            }
            -0x8000..=0x7FFF => self.push_tagged(0xF1, &wide[..2]),
            -0x80_0000..=0x7F_FFFF => self.push_tagged(0xF2, &wide[..3]),
            -0x8000_0000..=0x7FFF_FFFF => self.push_tagged(0xF3, &wide[..4]),
            _ => self.push_tagged(0xF4, &wide),
        }
        self.end_entry(start);
    }

    fn push_string(&mut self, text: &[u8]) {
        self.bytes.reserve(text.len() + FRAME);
        let start = self.bytes.len();
        match text.len() {
            len @ ..0x40 => self.bytes.push(0x80 | len as u8),
            len @ ..0x1000 => self.bytes.extend((0xE000 | len as u16).to_be_bytes()),
            len => self.push_tagged(0xF0, &(len as u32).to_le_bytes()),
        }
        self.bytes.extend(text);
        self.end_entry(start);
    }

    fn push_tagged(&mut self, tag: u8, data: &[u8]) {
        self.bytes.push(tag);
        self.bytes.extend(data);
    }

    fn end_entry(&mut self, start: usize) {
        let size = self.bytes.len() - start;
        self.bytes.extend(back_size(size));
        self.entries += 1;
    }

    /// Gives back the room that was kept for more.
    pub(in crate::value) fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
    }

    /// The entry that begins at `at`, and where the next one does; `None` at the end.
    pub(in crate::value) fn get(&self, at: usize) -> Option<(Entry<'_>, usize)> {
        let mut input = Input::new(self.bytes.get(at..)?);
        let entry = read_entry(&mut input).ok()?;
        let size = self.bytes.len() - at - input.rest().len();
        Some((entry, at + size + back_size(size).count()))
    }

    /// Puts an integer in the place of the entry that begins at `at`.
    ///
    /// # Panics
    ///
    /// When no entry begins there.
    pub(in crate::value) fn set_int(&mut self, at: usize, number: i64) {
        let (_, end) = self.get(at).expect("an entry to replace");
        let mut entry = Listpack::new();
        entry.push_int(number);
        self.bytes.splice(at..end, entry.bytes.drain(HEADER..));
    }

    /// Takes a finished block, if it is whole.
    pub(super) fn parse(block: &[u8]) -> Result<Listpack, Malformed> {
        let mut entries = 0;
        walk(block, |_| entries += 1)?;
        let bytes = block[..block.len() - 1].to_vec();
        Ok(Listpack { bytes, entries })
    }

    /// The finished block.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.bytes.push(END);
        let size = self.bytes.len() as u32;
        let entries = u16::try_from(self.entries).unwrap_or(UNCOUNTED);
        self.bytes[..4].copy_from_slice(&size.to_le_bytes());
        self.bytes[4..HEADER].copy_from_slice(&entries.to_le_bytes());
        self.bytes
    }
}

/// The bytes that a string takes as an entry.
pub(in crate::value) fn entry_size(entry: &[u8]) -> usize {
    Entry::from(entry).size()
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

/// An entry's size as it is found from behind: groups of 7 bits, the highest first; all but the first are
/// marked.
fn back_size(size: usize) -> impl Iterator<Item = u8> {
    let groups = (usize::BITS - size.leading_zeros()).div_ceil(7).max(1);
    (0..groups).rev().map(move |group| {
        let bits = (size >> (group * 7)) as u8 & 0x7F;
        if group + 1 == groups {
            bits
        } else {
            bits | 0x80
        }
    })
}

/// The entries of a block.
pub(super) fn read(block: &[u8]) -> Result<Vec<Bytes>, Malformed> {
    let mut entries = Vec::new();
    walk(block, |entry| entries.push(Bytes::from(entry)))?;
    Ok(entries)
}

fn walk(block: &[u8], mut each: impl FnMut(Entry<'_>)) -> Result<(), Malformed> {
    let mut input = Input::new(block);
    let size = u32::from_le_bytes(input.array()?);
    let count = u16::from_le_bytes(input.array()?);
    let mut entries = 0;
    while input.rest().first() != Some(&END) {
        let start = input.rest();
        each(read_entry(&mut input)?);
        entries += 1;
        let size = start.len() - input.rest().len();
        for byte in back_size(size) {
            (input.byte()? == byte).then_some(()).ok_or(Malformed)?;
        }
    }
    input.byte()?;
    input.expect_end()?;
    let counted = count == UNCOUNTED || usize::from(count) == entries;
    (size as usize == block.len() && counted)
        .then_some(())
        .ok_or(Malformed)
}

fn read_entry<'a>(input: &mut Input<'a>) -> Result<Entry<'a>, Malformed> {
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
pub(super) fn read_i24(input: &mut Input<'_>) -> Result<i64, Malformed> {
    let [a, b, c] = input.array()?;
    Ok((i32::from_le_bytes([0, a, b, c]) >> 8).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_width_comes_back() {
        let borders = [0, 0x7F, 0xFFF, 0x7FFF, 0x7F_FFFF, 0x7FFF_FFFF, i64::MAX];
        let ints = borders.iter().flat_map(|&border| {
            [border, border.wrapping_add(1), -border, -border - 1]
                .map(|number| format_i64(number).to_vec())
        });
        let texts = [0, 1, 0x3F, 0x40, 0xFFF, 0x1000, 0x4000, 0x20_0000].map(|len| vec![b'x'; len]);
        let entries: Vec<_> = ints.chain(texts).collect();
        let mut listpack = Listpack::new();
        for entry in &entries {
            let before = listpack.bytes.len();
            listpack.push(entry);
            assert_eq!(listpack.bytes.len() - before, entry_size(entry));
        }
        let read = read(&listpack.finish()).unwrap();
        assert!(
            read.iter()
                .map(|entry| &**entry)
                .eq(entries.iter().map(Vec::as_slice))
        );
    }

    #[test]
    fn entries_are_found_and_replaced_in_place() {
        let mut listpack = Listpack::new();
        for entry in ["7", "seven", "8"] {
            listpack.push(entry.as_bytes());
        }
        listpack.set_int(Listpack::START, 70_000);
        let (first, second) = listpack.get(Listpack::START).unwrap();
        let (text, third) = listpack.get(second).unwrap();
        assert_eq!((first, text), (Entry::Int(70_000), Entry::Text(b"seven")));
        assert!(text.is(b"seven") && first.is(b"70000") && !first.is(b"070000"));
        let (_, end) = listpack.get(third).unwrap();
        assert_eq!(listpack.get(end), None);
        let block = listpack.clone().finish();
        assert_eq!(Listpack::parse(&block).unwrap().finish(), block);
    }

    #[test]
    fn the_block_is_that_of_redis() {
        let mut listpack = Listpack::new();
        for entry in ["f", "v", "12", "345"] {
            listpack.push(entry.as_bytes());
        }
        assert_eq!(
            listpack.finish(),
            b"\x12\0\0\0\x04\0\x81f\x02\x81v\x02\x0c\x01\xc1\x59\x02\xff"
        );
    }

    #[test]
    fn what_redis_calls_corrupt_is_refused() {
        for block in [
            "0d0000000300816602817602ff",
            "0d0000000200816603817602ff",
            "0e0000000200816602817602ff",
            "0f00000002008166028176020000ff",
            "070000000000",
            "",
        ] {
            assert_eq!(read(&unhex(block)), Err(Malformed), "{block}");
        }
        assert_eq!(
            read(&unhex("0d000000ffff816602817602ff")).map(|entries| entries.len()),
            Ok(2)
        );
    }

    fn unhex(text: &str) -> Vec<u8> {
        let digits = (0..text.len()).step_by(2).map(|at| &text[at..at + 2]);
        digits
            .map(|pair| u8::from_str_radix(pair, 16).unwrap())
            .collect()
    }

    proptest! {
        #[test]
        fn damage_does_not_panic(entries in prop::collection::vec("-?[0-9]{1,20}|[a-z]{0,80}", 0..9), at: usize, byte: u8) {
            let mut listpack = Listpack::new();
            entries.iter().for_each(|entry| listpack.push(entry.as_bytes()));
            let mut block = listpack.finish();
            let at = at % block.len();
            block[at] = byte;
            let _ = read(&block);
        }
    }
}
