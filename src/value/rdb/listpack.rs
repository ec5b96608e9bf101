//! Listpacks: short sequences of strings and integers in one block of bytes.
//!
//! Six bytes of header (the block's size and the number of entries, little-endian), then for each entry its
//! encoding, its data, and the size of both so that it can be walked backwards, then 255.

use super::input::Input;
use super::input::Malformed;
use crate::bytes::Bytes;
use crate::number::format_i64;
use crate::number::parse_i64;

const HEADER: usize = 6;
const END: u8 = 0xFF;
/// The number of entries where there are this many or more.
const UNCOUNTED: u16 = u16::MAX;

/// A listpack in the making.
pub(super) struct Listpack {
    bytes: Vec<u8>,
    entries: usize,
}

impl Listpack {
    pub(super) fn new() -> Listpack {
        Listpack {
            bytes: vec![0; HEADER],
            entries: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries == 0
    }

    /// The bytes that the finished block would have now.
    pub(super) fn size(&self) -> usize {
        self.bytes.len() + 1
    }

    /// Appends a string, as an integer where it is the canonical form of one.
    pub(super) fn push(&mut self, entry: &[u8]) {
        match parse_i64(entry) {
            Some(number) => self.push_int(number),
            None => self.push_string(entry),
        }
    }

    pub(super) fn push_int(&mut self, number: i64) {
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
    let size = match (parse_i64(entry), entry.len()) {
        (Some(number), _) => int_size(number),
        (None, len @ ..0x40) => 1 + len,
        (None, len @ ..0x1000) => 2 + len,
        (None, len) => 5 + len,
    };
    size + back_size(size).count()
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
    let mut input = Input::new(block);
    let size = u32::from_le_bytes(input.array()?);
    let count = u16::from_le_bytes(input.array()?);
    let mut entries = Vec::new();
    while input.rest().first() != Some(&END) {
        let start = input.rest();
        entries.push(read_entry(&mut input)?);
        let size = start.len() - input.rest().len();
        for byte in back_size(size) {
            (input.byte()? == byte).then_some(()).ok_or(Malformed)?;
        }
    }
    input.byte()?;
    input.expect_end()?;
    let counted = count == UNCOUNTED || usize::from(count) == entries.len();
    (size as usize == block.len() && counted)
        .then_some(entries)
        .ok_or(Malformed)
}

fn read_entry(input: &mut Input<'_>) -> Result<Bytes, Malformed> {
    let tag = input.byte()?;
    let length = match tag {
        0x80..0xC0 => usize::from(tag & 0x3F),
        0xE0..0xF0 => usize::from(u16::from_be_bytes([tag & 0x0F, input.byte()?])),
        0xF0 => u32::from_le_bytes(input.array()?) as usize,
        _ => return read_int(tag, input).map(format_i64),
    };
    input.take(length).map(Bytes::from)
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
