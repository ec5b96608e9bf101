//! LZF compression, with the choices of the library that Redis uses: the output is the same byte for byte.
//!
//! The `lzf` crate is given up by its author, and its output differs.
//!
//! A control byte below 32 is followed by that many literals and one more. In others the upper 3 bits are the
//! length less 2 of a copy (7: another byte is to be added), and the lower 5 the high bits of how far back it
//! begins, less 1; the low bits follow.

/// How far back a copy may begin.
const MAX_DISTANCE: usize = 1 << 13;
/// The longest copy.
const MAX_COPY: usize = (1 << 8) + (1 << 3);
/// The longest run of literals.
const MAX_LITERALS: usize = 1 << 5;
/// The number of bits of a hash.
const HASH_BITS: u32 = 16;
/// Output that is not this much shorter is not worth it.
const MIN_GAIN: usize = 4;

/// The compressed form of `input`; `None` where that is not clearly shorter.
pub(super) fn compress(input: &[u8]) -> Option<Vec<u8>> {
    let limit = input.len().checked_sub(MIN_GAIN)?;
    let mut seen = vec![0u32; 1 << HASH_BITS];
    let mut out = Output::new(limit);
    let mut at = 0;
    while at + 2 < input.len() {
        let slot = &mut seen[hash(input, at)];
        // Position 0 stands for an empty slot: no copy begins there.
        let before = std::mem::replace(slot, at as u32) as usize;
        if before > 0
            && at - before <= MAX_DISTANCE
            && input[before..before + 3] == input[at..at + 3]
        {
            let length = copy_length(input, before, at);
            out.copy(at - before - 1, length)?;
            at += length;
            if at + 2 >= input.len() {
                break;
            }
            for inside in [at - 2, at - 1] {
                seen[hash(input, inside)] = inside as u32;
            }
        } else {
            out.literal(input[at])?;
            at += 1;
        }
    }
    out.finish(&input[at..])
}

/// A number for the three bytes at `at`.
fn hash(input: &[u8], at: usize) -> usize {
    let bytes = u32::from_be_bytes([0, input[at], input[at + 1], input[at + 2]]);
    let hash = (bytes >> (24 - HASH_BITS)).wrapping_sub(bytes.wrapping_mul(5));
    hash as usize & ((1 << HASH_BITS) - 1)
}

/// How many bytes from `at` on are taken from `before` on; the first 3 are the same.
fn copy_length(input: &[u8], before: usize, at: usize) -> usize {
    let most = (input.len() - at - 2).min(MAX_COPY);
    // The original compares 3 bytes, or 19 where there are plenty, before it looks at its limit.
    let most = most.max(if most > 16 { 19 } else { 3 });
    let pairs = input[before..].iter().zip(&input[at..]);
    pairs.take(most).take_while(|(old, new)| old == new).count()
}

struct Output {
    bytes: Vec<u8>,
    limit: usize,
    /// Where the control byte of the run of literals at the end is.
    run: usize,
}

impl Output {
    fn new(limit: usize) -> Output {
        Output {
            bytes: vec![0],
            limit,
            run: 0,
        }
    }

    fn literals(&self) -> usize {
        self.bytes.len() - self.run - 1
    }

    fn literal(&mut self, byte: u8) -> Option<()> {
        (self.bytes.len() < self.limit).then_some(())?;
        self.push_literal(byte);
        Some(())
    }

    fn push_literal(&mut self, byte: u8) {
        self.bytes.push(byte);
        if self.literals() == MAX_LITERALS {
            self.end_run();
            self.start_run();
        }
    }

    fn copy(&mut self, distance: usize, length: usize) -> Option<()> {
        let empty_run = usize::from(self.literals() == 0);
        (self.bytes.len() - empty_run + 4 < self.limit).then_some(())?;
        self.end_run();
        let high = (distance >> 8) as u8;
        match length - 2 {
            short @ ..7 => self.bytes.push(high + ((short as u8) << 5)),
            long => self.bytes.extend([high + (7 << 5), (long - 7) as u8]),
        }
        self.bytes.push(distance as u8);
        self.start_run();
        Some(())
    }

    fn finish(mut self, rest: &[u8]) -> Option<Vec<u8>> {
        (self.bytes.len() + 3 <= self.limit).then_some(())?;
        rest.iter().for_each(|&byte| self.push_literal(byte));
        self.end_run();
        Some(self.bytes)
    }

    fn start_run(&mut self) {
        self.run = self.bytes.len();
        self.bytes.push(0);
    }

    /// Writes the control byte, or takes it away where there are no literals.
    fn end_run(&mut self) {
        match self.literals().checked_sub(1) {
            Some(control) => self.bytes[self.run] = control as u8,
            None => self.bytes.truncate(self.run),
        }
    }
}

/// The `length` bytes that `input` was made of; `None` where it was not.
pub(super) fn decompress(mut input: &[u8], length: usize) -> Option<Vec<u8>> {
    // Three bytes make the longest copy: a greater `length` is a lie.
    if length > input.len().saturating_mul(MAX_COPY) {
        return None;
    }
    let mut out = Vec::with_capacity(length);
    while let Some((&control, rest)) = input.split_first() {
        input = match control {
            0..32 => {
                let (literals, rest) = rest.split_at_checked(usize::from(control) + 1)?;
                out.extend(literals);
                rest
            }
            _ => expand_copy(control, rest, &mut out)?,
        };
        if out.len() > length {
            return None;
        }
    }
    (out.len() == length).then_some(out)
}

/// Appends the copy that `control` and the first of `input` tell; the rest of `input`.
fn expand_copy<'a>(control: u8, input: &'a [u8], out: &mut Vec<u8>) -> Option<&'a [u8]> {
    let (length, input) = match control >> 5 {
        7 => {
            let (&more, input) = input.split_first()?;
            (usize::from(more) + 9, input)
        }
        short => (usize::from(short) + 2, input),
    };
    let (&low, input) = input.split_first()?;
    let distance = usize::from(u16::from_be_bytes([control & 0x1F, low])) + 1;
    let start = out.len().checked_sub(distance)?;
    // The copy may reach into itself.
    for at in start..start + length {
        out.push(out[at]);
    }
    Some(input)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_output_is_that_of_redis() {
        let recorded: [(&[u8], &[u8]); 3] = [
            (&b"abc".repeat(10), b"\x03abca\xe0\x0f\x02\x01bc"),
            (&b"a".repeat(21), b"\x01aa\xe0\x0a\x00"),
            (&b"ab".repeat(100), b"\x02aba\xe0\xba\x01\x01ab"),
        ];
        for (input, compressed) in recorded {
            assert_eq!(compress(input).as_deref(), Some(compressed));
        }
        assert_eq!(compress(b"abcdefghijklmnopqrstuvwxyz"), None);
    }

    #[test]
    fn a_length_that_the_input_cannot_reach_costs_nothing() {
        assert_eq!(decompress(b"\xe0\xff\x00", usize::MAX), None);
    }

    proptest! {
        #[test]
        fn decompression_is_the_inverse(pieces in prop::collection::vec("[ab]{1,9}|[a-z]{20}", 0..200)) {
            let input = pieces.concat().into_bytes();
            if let Some(compressed) = compress(&input) {
                prop_assert!(compressed.len() + MIN_GAIN <= input.len());
                prop_assert_eq!(decompress(&compressed, input.len()), Some(input));
            }
        }

        #[test]
        fn nothing_panics(input: Vec<u8>, length in 0usize..5000) {
            let _ = compress(&input);
            let _ = decompress(&input, length);
        }
    }
}
