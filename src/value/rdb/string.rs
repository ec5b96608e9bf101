//! Strings: as bytes, as small integers, or compressed.

use std::borrow::Cow;

use super::input::Input;
use super::input::Malformed;
use super::length;
use super::length::Length;
use super::lzf;
use crate::number::format_i64;
use crate::number::parse_i64;

/// The special encodings: an integer of one, two or four bytes, or LZF.
const INT8: u8 = 0;
const INT16: u8 = 1;
const INT32: u8 = 2;
const LZF: u8 = 3;
/// The bits that mark a special encoding.
const SPECIAL: u8 = 0xC0;

/// What compression has to save at least.
const GAIN: usize = 4;
/// The longest decimal form of an integer of four bytes.
const INT_DIGITS: usize = 11;
/// Longer strings are worth a try at compression.
const UNCOMPRESSED: usize = 20;

/// Appends a string in its shortest form.
pub(super) fn write(bytes: &[u8], out: &mut Vec<u8>, compress: bool) {
    if write_int(bytes, out).is_some() {
        return;
    }
    if compress && bytes.len() > UNCOMPRESSED && write_compressed(bytes, GAIN, out).is_some() {
        return;
    }
    length::write(out, bytes.len() as u64);
    out.extend(bytes);
}

/// Writes an integer of at most four bytes; `None` when the string is none.
fn write_int(bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    if bytes.len() > INT_DIGITS {
        return None;
    }
    let number = i32::try_from(parse_i64(bytes)?).ok()?;
    if let Ok(number) = i8::try_from(number) {
        out.extend([SPECIAL | INT8, number as u8]);
    } else if let Ok(number) = i16::try_from(number) {
        out.push(SPECIAL | INT16);
        out.extend(number.to_le_bytes());
    } else {
        out.push(SPECIAL | INT32);
        out.extend(number.to_le_bytes());
    }
    Some(())
}

/// Writes a string compressed, if that saves at least so many bytes.
pub(super) fn write_compressed(bytes: &[u8], gain: usize, out: &mut Vec<u8>) -> Option<()> {
    let compressed = lzf::compress(bytes)?;
    (compressed.len() + gain <= bytes.len()).then_some(())?;
    out.push(SPECIAL | LZF);
    length::write(out, compressed.len() as u64);
    length::write(out, bytes.len() as u64);
    out.extend(compressed);
    Some(())
}

pub(super) fn read<'a>(input: &mut Input<'a>) -> Result<Cow<'a, [u8]>, Malformed> {
    let number = match length::read_any(input)? {
        Length::Plain(length) => {
            let length = usize::try_from(length).map_err(|_| Malformed)?;
            return input.take(length).map(Cow::Borrowed);
        }
        Length::Special(LZF) => return read_compressed(input).map(Cow::Owned),
        Length::Special(INT8) => i8::from_le_bytes(input.array()?).into(),
        Length::Special(INT16) => i16::from_le_bytes(input.array()?).into(),
        Length::Special(INT32) => i32::from_le_bytes(input.array()?).into(),
        Length::Special(_) => return Err(Malformed),
    };
    Ok(Cow::Owned(format_i64(number).to_vec()))
}

fn read_compressed(input: &mut Input<'_>) -> Result<Vec<u8>, Malformed> {
    let compressed = length::read_usize(input)?;
    let length = length::read_usize(input)?;
    lzf::decompress(input.take(compressed)?, length).ok_or(Malformed)
}
