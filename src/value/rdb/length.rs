//! Lengths and other unsigned numbers: big-endian, in 6, 14, 32 or 64 bits.

use super::input::Input;
use super::input::Malformed;

/// A length, or one of the special encodings of a string that can stand in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    Plain(u64),
    Special(u8),
}

pub(super) fn write(out: &mut Vec<u8>, length: u64) {
    match length {
        0..0x40 => out.push(length as u8),
        0x40..0x4000 => out.extend((length as u16 | 0x4000).to_be_bytes()),
        0x4000..=0xFFFF_FFFF => {
            out.push(0x80);
            out.extend((length as u32).to_be_bytes());
        }
        _ => {
            out.push(0x81);
            out.extend(length.to_be_bytes());
        }
    }
}

pub(super) fn read_any(input: &mut Input<'_>) -> Result<Length, Malformed> {
    let first = input.byte()?;
    let low = first & 0x3F;
    Ok(match first {
        0x80 => Length::Plain(u32::from_be_bytes(input.array()?).into()),
        0x81 => Length::Plain(u64::from_be_bytes(input.array()?)),
        0x00..0x40 => Length::Plain(low.into()),
        0x40..0x80 => Length::Plain(u16::from_be_bytes([low, input.byte()?]).into()),
        0xC0.. => Length::Special(low),
        _ => return Err(Malformed),
    })
}

pub(super) fn read(input: &mut Input<'_>) -> Result<u64, Malformed> {
    match read_any(input)? {
        Length::Plain(length) => Ok(length),
        Length::Special(_) => Err(Malformed),
    }
}

/// A length of something in memory.
pub(super) fn read_usize(input: &mut Input<'_>) -> Result<usize, Malformed> {
    usize::try_from(read(input)?).map_err(|_| Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_change_their_form_at_the_borders() {
        let sizes = [
            (0, 1),
            (0x3F, 1),
            (0x40, 2),
            (0x3FFF, 2),
            (0x4000, 5),
            (0xFFFF_FFFF, 5),
            (0x1_0000_0000, 9),
            (u64::MAX, 9),
        ];
        for (length, size) in sizes {
            let mut out = Vec::new();
            write(&mut out, length);
            assert_eq!(out.len(), size);
            assert_eq!(read(&mut Input::new(&out)), Ok(length));
            assert!(read(&mut Input::new(&out[..size - 1])).is_err());
        }
        assert_eq!(read(&mut Input::new(&[0x82, 0, 0, 0, 1])), Err(Malformed));
        assert_eq!(read(&mut Input::new(&[0xC0, 1])), Err(Malformed));
    }
}
