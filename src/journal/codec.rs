//! The payload encoding, version 1: the only file that names bincode.
//!
//! `docs/journal-format.md` specifies the bytes without reference to any crate. What is decoded has
//! passed its checksum before; the limits keep even a forged payload from exhausting memory.

use bincode::config::Configuration;
use bincode::config::LittleEndian;
use bincode::config::Varint;
use bincode::enc::write::Writer;
use bincode::error::EncodeError;
use serde::Deserialize;
use serde::Serialize;
use std::fmt;

/// The number of this encoding in a frame header.
pub(super) const CODEC: u8 = 1;

/// The largest payload.
pub(super) const MAX_PAYLOAD: usize = 1 << 30;

/// Payloads up to this size are decoded under the small limit.
const SMALL: usize = 1 << 20;

type Limited<const N: usize> = Configuration<LittleEndian, Varint, bincode::config::Limit<N>>;

// A decoder counts eight bytes for a one-byte integer, hence the factor.
const SMALL_LIMIT: usize = 8 * SMALL;
const LARGE_LIMIT: usize = 8 * MAX_PAYLOAD;

/// The payload would be larger than [`MAX_PAYLOAD`].
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLarge;

/// The payload is not an encoding of the expected type.
#[derive(Debug)]
pub(super) struct Undecodable(String);

impl fmt::Display for Undecodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Appends to a buffer, up to a length.
struct Appender<'a> {
    buffer: &'a mut Vec<u8>,
    end: usize,
}

impl Writer for Appender<'_> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        if bytes.len() > self.end - self.buffer.len() {
            return Err(EncodeError::UnexpectedEnd);
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }
}

/// Appends the encoding of `value` to `buffer`; on an error the buffer is as it was.
pub(super) fn encode<T: Serialize>(value: &T, buffer: &mut Vec<u8>) -> Result<(), TooLarge> {
    encode_within(MAX_PAYLOAD, value, buffer)
}

fn encode_within<T: Serialize>(
    limit: usize,
    value: &T,
    buffer: &mut Vec<u8>,
) -> Result<(), TooLarge> {
    let start = buffer.len();
    let end = start + limit;
    let appender = Appender { buffer, end };
    let done = bincode::serde::encode_into_writer(value, appender, bincode::config::standard());
    done.map_err(|_| {
        buffer.truncate(start);
        TooLarge
    })
}

/// The value whose encoding is exactly `payload`.
pub(super) fn decode<'a, T: Deserialize<'a>>(payload: &'a [u8]) -> Result<T, Undecodable> {
    use bincode::serde::borrow_decode_from_slice;
    let decoded = if payload.len() <= SMALL {
        let config: Limited<SMALL_LIMIT> = bincode::config::standard().with_limit();
        borrow_decode_from_slice(payload, config)
    } else {
        let config: Limited<LARGE_LIMIT> = bincode::config::standard().with_limit();
        borrow_decode_from_slice(payload, config)
    };
    match decoded {
        Ok((value, consumed)) if consumed == payload.len() => Ok(value),
        Ok((_, consumed)) => Err(Undecodable(format!(
            "{} bytes follow the payload's value",
            payload.len() - consumed
        ))),
        Err(error) => Err(Undecodable(format!("the payload does not decode: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commit::Commit;
    use crate::rng::Rng;

    #[test]
    fn encoding_appends_and_decoding_takes_all() {
        let mut buffer = b"before".to_vec();
        encode(&("x", 300u32), &mut buffer).unwrap();
        assert_eq!(buffer, b"before\x01x\xfb\x2c\x01");
        assert_eq!(decode::<(&str, u32)>(&buffer[6..]).unwrap(), ("x", 300));
    }

    #[test]
    fn what_is_too_large_leaves_the_buffer_alone() {
        let mut buffer = b"before".to_vec();
        assert_eq!(encode_within(3, &("x", 300u32), &mut buffer), Err(TooLarge));
        assert_eq!(buffer, b"before");
        assert_eq!(encode_within(5, &("x", 300u32), &mut buffer), Ok(()));
    }

    #[test]
    fn leftovers_and_forged_lengths_are_errors() {
        assert!(decode::<u8>(&[1, 2]).is_err());
        assert!(decode::<String>(&[0xfd, 0, 0, 0, 0, 0, 1, 0, 0]).is_err());
        assert!(decode::<Vec<Vec<u8>>>(&[0xfc, 0xff, 0xff, 0xff, 0xff]).is_err());
    }

    #[test]
    fn any_bytes_decode_or_do_not() {
        let mut rng = Rng::new(1);
        let mut decoded = 0;
        for _ in 0..20_000 {
            let len = rng.below(40);
            // Small numbers are likely lengths and choices.
            let bytes: Vec<u8> = (0..len)
                .map(|_| (rng.next_u64() >> 56) as u8 & 0x83)
                .collect();
            decoded += u32::from(decode::<Commit>(&bytes).is_ok());
        }
        assert!(decoded > 0);
    }
}
