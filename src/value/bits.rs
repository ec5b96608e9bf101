//! Strings as arrays of bits, the highest bit of the first byte first: GETBIT, BITCOUNT, BITPOS, BITOP.

use std::ops::Range;

/// What the ends of a range of BITCOUNT and BITPOS count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BitUnit {
    /// Bytes.
    Byte,
    /// Bits.
    Bit,
}

/// How BITOP combines strings. `X` is the first source, `Y` are the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BitOp {
    /// In all sources.
    And,
    /// In some source.
    Or,
    /// In an odd number of sources.
    Xor,
    /// Not in the only source.
    Not,
    /// In `X` and in no `Y`.
    Diff,
    /// In some `Y` and not in `X`.
    Diff1,
    /// In `X` and in some `Y`.
    AndOr,
    /// In exactly one source.
    One,
}

/// The bit at `offset`; 0 beyond the end.
pub fn get_bit(bytes: &[u8], offset: usize) -> bool {
    let byte = bytes.get(offset / 8).copied().unwrap_or(0);
    byte & mask(offset) != 0
}

/// Sets the bit at `offset`, with zeros before it where the string was shorter; the bit before.
pub fn set_bit(bytes: &mut Vec<u8>, offset: usize, bit: bool) -> bool {
    let index = offset / 8;
    if index >= bytes.len() {
        bytes.resize(index + 1, 0);
    }
    let before = bytes[index] & mask(offset) != 0;
    if bit != before {
        bytes[index] ^= mask(offset);
    }
    before
}

fn mask(offset: usize) -> u8 {
    0x80 >> (offset % 8)
}

/// The bits from `start` to `end`, both included and counted from the end where negative, of a string of
/// `len` bytes. Ends outside the string are moved to its border; `None` where no bit is left.
///
/// BITCOUNT takes a start behind its end for empty even where both are before the string; this does not.
pub fn bit_range(len: usize, start: i64, end: i64, unit: BitUnit) -> Option<Range<usize>> {
    let width = match unit {
        BitUnit::Byte => 8,
        BitUnit::Bit => 1,
    };
    let total = (len * 8 / width) as i64;
    let from_start = |index: i64| {
        if index < 0 {
            (total + index).max(0)
        } else {
            index
        }
    };
    let (start, end) = (from_start(start), from_start(end).min(total - 1));
    (start <= end).then(|| start as usize * width..(end as usize + 1) * width)
}

/// The number of ones among `bits` of a string that has them all.
pub fn count_bits(bytes: &[u8], bits: Range<usize>) -> u64 {
    let first = bits.start / 8;
    let Some((&head, rest)) = bytes[first..bits.end.div_ceil(8)].split_first() else {
        return 0;
    };
    let all = ones(rest) + u64::from(head.count_ones());
    let before = head & !(0xFF >> (bits.start % 8));
    let last = bytes[(bits.end - 1) / 8];
    let after = last & (0xFF >> ((bits.end - 1) % 8) >> 1);
    all - u64::from(before.count_ones()) - u64::from(after.count_ones())
}

fn ones(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks();
    let in_words: u64 = words
        .iter()
        .map(|word| u64::from(u64::from_ne_bytes(*word).count_ones()))
        .sum();
    let in_rest: u64 = rest.iter().map(|byte| u64::from(byte.count_ones())).sum();
    in_words + in_rest
}

/// The first offset among `bits`, of a string that has them all, where the bit is `bit`.
pub fn find_bit(bytes: &[u8], bit: bool, bits: Range<usize>) -> Option<usize> {
    // Looking for a one, other bytes than this may have it.
    let flip = if bit { 0 } else { 0xFF };
    let first = bits.start / 8;
    let range = &bytes[first..bits.end.div_ceil(8)];
    let head = (*range.first()? ^ flip) & (0xFF >> (bits.start % 8));
    let offset = if head != 0 {
        first * 8 + head.leading_zeros() as usize
    } else {
        let index = 1 + first_other(&range[1..], flip)?;
        (first + index) * 8 + (range[index] ^ flip).leading_zeros() as usize
    };
    (offset < bits.end).then_some(offset)
}

/// The index of the first byte that is not `byte`.
fn first_other(bytes: &[u8], byte: u8) -> Option<usize> {
    let (words, _) = bytes.as_chunks();
    let same = u64::from_ne_bytes([byte; 8]);
    let skipped = words
        .iter()
        .take_while(|word| u64::from_ne_bytes(**word) == same)
        .count()
        * 8;
    let rest = &bytes[skipped..];
    rest.iter()
        .position(|&other| other != byte)
        .map(|index| skipped + index)
}

/// The combination of `sources`, shorter ones filled up with zeros, in the length of the longest.
pub fn bit_op(op: BitOp, sources: &[&[u8]]) -> Vec<u8> {
    let len = sources.iter().map(|source| source.len()).max().unwrap_or(0);
    let Some((first, others)) = sources.split_first() else {
        return Vec::new();
    };
    let mut result = first.to_vec();
    result.resize(len, 0);
    match op {
        BitOp::Not => result.iter_mut().for_each(|byte| *byte = !*byte),
        BitOp::And => apply_all(&mut result, others, |x, y| x & y),
        BitOp::Or => apply_all(&mut result, others, |x, y| x | y),
        BitOp::Xor => apply_all(&mut result, others, |x, y| x ^ y),
        BitOp::Diff => apply(&mut result, &union(others), |x, y| x & !y),
        BitOp::Diff1 => apply(&mut result, &union(others), |x, y| !x & y),
        BitOp::AndOr => apply(&mut result, &union(others), |x, y| x & y),
        BitOp::One => keep_ones(&mut result, others),
    }
    result
}

fn union(sources: &[&[u8]]) -> Vec<u8> {
    bit_op(BitOp::Or, sources)
}

/// Keeps the bits that are in no other source, and adds those that are in exactly one other.
fn keep_ones(result: &mut [u8], others: &[&[u8]]) {
    let mut more = vec![0; result.len()];
    for source in others {
        for ((more, once), byte) in more.iter_mut().zip(&*result).zip(*source) {
            *more |= once & byte;
        }
        apply(result, source, |x, y| x | y);
    }
    apply(result, &more, |x, y| x & !y);
}

fn apply_all(target: &mut [u8], sources: &[&[u8]], op: impl Fn(u8, u8) -> u8) {
    for source in sources {
        apply(target, source, &op);
    }
}

/// Combines every byte of `target` with that of `source`, or with 0 beyond its end.
fn apply(target: &mut [u8], source: &[u8], op: impl Fn(u8, u8) -> u8) {
    let (within, beyond) = target.split_at_mut(source.len().min(target.len()));
    for (byte, other) in within.iter_mut().zip(source) {
        *byte = op(*byte, *other);
    }
    for byte in beyond {
        *byte = op(*byte, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [BitOp; 7] = [
        BitOp::And,
        BitOp::Or,
        BitOp::Xor,
        BitOp::Diff,
        BitOp::Diff1,
        BitOp::AndOr,
        BitOp::One,
    ];

    /// Whether a bit is in the combination of the sources that `bits` stand for.
    fn model(op: BitOp, bits: &[bool]) -> bool {
        let count = bits.iter().filter(|&&bit| bit).count();
        let (first, others) = (bits[0], count - usize::from(bits[0]) > 0);
        match op {
            BitOp::And => count == bits.len(),
            BitOp::Or => count > 0,
            BitOp::Xor => count % 2 == 1,
            BitOp::Not => !first,
            BitOp::Diff => first && !others,
            BitOp::Diff1 => !first && others,
            BitOp::AndOr => first && others,
            BitOp::One => count == 1,
        }
    }

    #[test]
    fn ranges_are_those_of_redis() {
        use BitUnit::Bit;
        use BitUnit::Byte;
        assert_eq!(bit_range(3, 0, -1, Byte), Some(0..24));
        assert_eq!(bit_range(3, -100, 100, Byte), Some(0..24));
        assert_eq!(bit_range(3, 9, 12, Bit), Some(9..13));
        assert_eq!(bit_range(3, 5, 30, Bit), Some(5..24));
        assert_eq!(bit_range(3, -100, -50, Byte), Some(0..8));
        assert_eq!(bit_range(3, 2, 1, Byte), None);
        assert_eq!(bit_range(3, 3, -1, Byte), None);
        assert_eq!(bit_range(0, 0, -1, Byte), None);
        assert_eq!(bit_range(3, i64::MIN, i64::MAX, Bit), Some(0..24));
    }

    #[test]
    fn setting_a_bit_grows_the_string() {
        let mut bytes = Vec::new();
        assert!(!set_bit(&mut bytes, 9, true));
        assert_eq!(bytes, [0, 0x40]);
        assert!(set_bit(&mut bytes, 9, false));
        assert!(!set_bit(&mut bytes, 16, false));
        assert_eq!(bytes, [0, 0, 0]);
        assert!(!get_bit(&bytes, 1000));
    }

    proptest! {
        #[test]
        fn counting_and_finding_look_at_each_bit(
            bytes in prop::collection::vec(prop::sample::select(vec![0u8, 0xFF, 0x10, 0xEF]), 1..40),
            ends: (usize, usize),
        ) {
            let (a, b) = (ends.0 % (bytes.len() * 8), ends.1 % (bytes.len() * 8));
            let bits = a.min(b)..a.max(b) + 1;
            let ones = bits.clone().filter(|&offset| get_bit(&bytes, offset)).count();
            prop_assert_eq!(count_bits(&bytes, bits.clone()), ones as u64);
            for bit in [false, true] {
                let found = bits.clone().find(|&offset| get_bit(&bytes, offset) == bit);
                prop_assert_eq!(find_bit(&bytes, bit, bits.clone()), found);
            }
        }

        #[test]
        fn combinations_hold_for_each_bit(sources in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 2..5)) {
            let sources: Vec<&[u8]> = sources.iter().map(Vec::as_slice).collect();
            let ops = ALL.into_iter().map(|op| (op, sources.as_slice()));
            for (op, sources) in ops.chain([(BitOp::Not, &sources[..1])]) {
                let result = bit_op(op, sources);
                prop_assert_eq!(Some(result.len()), sources.iter().map(|source| source.len()).max());
                for offset in 0..result.len() * 8 {
                    let bits: Vec<_> = sources.iter().map(|source| get_bit(source, offset)).collect();
                    prop_assert_eq!(get_bit(&result, offset), model(op, &bits), "{:?} at {}", op, offset);
                }
            }
        }
    }
}
