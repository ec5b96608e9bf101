//! Ziplists and zipmaps: what Redis packed before it had listpacks. They are only read.

use super::input::Input;
use super::input::Malformed;
use super::listpack::read_i24;
use crate::bytes::Bytes;
use crate::number::format_i64;

const END: u8 = 0xFF;
/// A length that does not fit into one byte follows this.
const LONG: u8 = 0xFE;
/// The number of entries where there are this many or more.
const UNCOUNTED: u16 = u16::MAX;

/// The entries of a ziplist: a header of ten bytes, then for each entry the size of the one before it, its
/// encoding and its data.
pub(super) fn read(block: &[u8]) -> Result<Vec<Bytes>, Malformed> {
    let mut input = Input::new(block);
    let size = u32::from_le_bytes(input.array()?);
    let tail = u32::from_le_bytes(input.array()?);
    let count = u16::from_le_bytes(input.array()?);
    let mut entries = Vec::new();
    let (mut last, mut last_size) = (block.len() - input.rest().len(), 0);
    while input.rest().first() != Some(&END) {
        last = block.len() - input.rest().len();
        expect_previous(&mut input, last_size)?;
        entries.push(read_entry(&mut input)?);
        last_size = block.len() - input.rest().len() - last;
    }
    input.byte()?;
    input.expect_end()?;
    let counted = count == UNCOUNTED || usize::from(count) == entries.len();
    let whole = size as usize == block.len() && tail as usize == last && counted;
    whole.then_some(entries).ok_or(Malformed)
}

/// Reads the size of the entry before, which has to be `size`.
fn expect_previous(input: &mut Input<'_>, size: usize) -> Result<(), Malformed> {
    let told = match input.byte()? {
        LONG => u32::from_le_bytes(input.array()?) as usize,
        short => short.into(),
    };
    (told == size).then_some(()).ok_or(Malformed)
}

fn read_entry(input: &mut Input<'_>) -> Result<Bytes, Malformed> {
    let tag = input.byte()?;
    let length = match tag {
        0x00..0x40 => usize::from(tag),
        0x40..0x80 => usize::from(u16::from_be_bytes([tag & 0x3F, input.byte()?])),
        0x80 => u32::from_be_bytes(input.array()?) as usize,
        _ => return read_int(tag, input).map(format_i64),
    };
    input.take(length).map(Bytes::from)
}

fn read_int(tag: u8, input: &mut Input<'_>) -> Result<i64, Malformed> {
    Ok(match tag {
        0xC0 => i16::from_le_bytes(input.array()?).into(),
        0xD0 => i32::from_le_bytes(input.array()?).into(),
        0xE0 => i64::from_le_bytes(input.array()?),
        0xF0 => read_i24(input)?,
        0xF1..0xFE => i64::from(tag) - 0xF1,
        0xFE => i8::from_le_bytes(input.array()?).into(),
        _ => return Err(Malformed),
    })
}

/// The fields and values of a zipmap, one after another. Behind each value there may be free bytes.
pub(super) fn read_zipmap(block: &[u8]) -> Result<Vec<Bytes>, Malformed> {
    let mut input = Input::new(block);
    let count = input.byte()?;
    let mut entries = Vec::new();
    while input.rest().first() != Some(&END) {
        let length = zipmap_length(&mut input)?;
        entries.push(Bytes::from(input.take(length)?));
        let length = zipmap_length(&mut input)?;
        let free = input.byte()?.into();
        entries.push(Bytes::from(input.take(length)?));
        input.take(free)?;
    }
    input.byte()?;
    input.expect_end()?;
    let counted = count >= LONG || usize::from(count) == entries.len() / 2;
    counted.then_some(entries).ok_or(Malformed)
}

fn zipmap_length(input: &mut Input<'_>) -> Result<usize, Malformed> {
    match input.byte()? {
        END => Err(Malformed),
        LONG => Ok(u32::from_le_bytes(input.array()?) as usize),
        short => Ok(short.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ZIPLIST: &[u8] =
        b"\x17\0\0\0\x13\0\0\0\x04\0\0\x01a\x03\xf2\x02\xc0\x01\x02\x04\xfe\xfd\xff";

    fn texts(entries: Result<Vec<Bytes>, Malformed>) -> Vec<String> {
        let entries = entries.unwrap();
        entries
            .iter()
            .map(|entry| String::from_utf8(entry.to_vec()).unwrap())
            .collect()
    }

    #[test]
    fn the_old_forms_are_read() {
        assert_eq!(texts(read(ZIPLIST)), ["a", "1", "513", "-3"]);
        let zipmap = b"\x02\x01a\x01\x00b\x02cc\x02\x01dd_\xff";
        assert_eq!(texts(read_zipmap(zipmap)), ["a", "b", "cc", "dd"]);
        assert_eq!(read_zipmap(b"\x03\x01a\x01\x00b\xff"), Err(Malformed));
        assert_eq!(read_zipmap(b"\x01\x01a\x01\x00b"), Err(Malformed));
    }

    proptest! {
        #[test]
        fn damage_does_not_panic(at in 0..ZIPLIST.len(), byte: u8, noise: Vec<u8>) {
            let mut block = ZIPLIST.to_vec();
            block[at] = byte;
            let _ = (read(&block), read_zipmap(&block), read(&noise), read_zipmap(&noise));
        }
    }
}
