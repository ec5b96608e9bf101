//! Integers of any width inside strings: what BITFIELD reads and writes.

use crate::number::parse_i64;

/// The type of an integer: `i1` to `i64` or `u1` to `u63`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BitType {
    signed: bool,
    bits: u32,
}

/// What happens to a number that its type cannot hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overflow {
    /// The bits that do not fit are dropped.
    #[default]
    Wrap,
    /// The nearest number that fits is taken.
    Sat,
    /// Nothing is written.
    Fail,
}

/// How many bytes an integer can touch.
const WINDOW: usize = 9;

impl BitType {
    /// The type that `text` names, if there is one.
    pub fn parse(text: &[u8]) -> Option<BitType> {
        let (signed, bits) = match text {
            [b'i', bits @ ..] => (true, parse_i64(bits)?),
            [b'u', bits @ ..] => (false, parse_i64(bits)?),
            _ => return None,
        };
        let most = if signed { 64 } else { 63 };
        let bits = u32::try_from(bits).ok()?;
        (1..=most)
            .contains(&bits)
            .then_some(BitType { signed, bits })
    }

    /// Its width in bits.
    pub fn bits(self) -> u32 {
        self.bits
    }

    /// `number` plus `increment`, as the type holds it; `None` when `overflow` is to fail.
    pub fn add(self, number: i64, increment: i64, overflow: Overflow) -> Option<i64> {
        self.fit(i128::from(number) + i128::from(increment), overflow)
    }

    /// `number` as the type holds it; `None` when `overflow` is to fail. A negative number is far too
    /// large for an unsigned type, and Redis takes one that is lower than a signed type's largest by more
    /// than 64 bits can tell for too large as well.
    pub fn convert(self, number: i64, overflow: Overflow) -> Option<i64> {
        let exact = if self.signed {
            i128::from(number)
        } else {
            i128::from(number as u64)
        };
        let (_, max) = self.range();
        if overflow == Overflow::Sat && self.bits < 64 && max - exact > i128::from(i64::MAX) {
            return Some(max as i64);
        }
        self.fit(exact, overflow)
    }

    /// The integer at bit `offset`; bits beyond the end are 0.
    pub fn get(self, bytes: &[u8], offset: usize) -> i64 {
        let bits = load(bytes, offset / 8) >> self.shift(offset);
        self.truncate(bits as i128)
    }

    /// Writes the low bits of `number` at bit `offset`, with zeros before it where the string was shorter.
    pub fn set(self, bytes: &mut Vec<u8>, offset: usize, number: i64) {
        let first = offset / 8;
        let end = (offset + self.bits as usize).div_ceil(8);
        if bytes.len() < end {
            bytes.resize(end, 0);
        }
        let shift = self.shift(offset);
        let cleared = load(bytes, first) & !(self.mask() << shift);
        let window = cleared | (number as u128 & self.mask()) << shift;
        let window = window.to_be_bytes();
        bytes[first..end].copy_from_slice(&window[window.len() - WINDOW..][..end - first]);
    }

    /// How far the integer is from the low end of its window.
    fn shift(self, offset: usize) -> u32 {
        WINDOW as u32 * 8 - (offset % 8) as u32 - self.bits
    }

    fn mask(self) -> u128 {
        (1 << self.bits) - 1
    }

    /// The lowest and the largest number of the type.
    fn range(self) -> (i128, i128) {
        if self.signed {
            (-1 << (self.bits - 1), (1 << (self.bits - 1)) - 1)
        } else {
            (0, (1 << self.bits) - 1)
        }
    }

    fn fit(self, exact: i128, overflow: Overflow) -> Option<i64> {
        let (min, max) = self.range();
        match overflow {
            Overflow::Wrap => Some(self.truncate(exact)),
            Overflow::Sat => Some(exact.clamp(min, max) as i64),
            Overflow::Fail => (min..=max).contains(&exact).then_some(exact as i64),
        }
    }

    /// The low bits, read as the type does.
    fn truncate(self, bits: i128) -> i64 {
        let unused = 128 - self.bits;
        if self.signed {
            (bits << unused >> unused) as i64
        } else {
            ((bits as u128) << unused >> unused) as i64
        }
    }
}

/// The bytes from `first` on that an integer can touch, 0 beyond the end.
fn load(bytes: &[u8], first: usize) -> u128 {
    let mut window = [0; 16];
    let rest = bytes.get(first..).unwrap_or_default();
    let len = rest.len().min(WINDOW);
    window[16 - WINDOW..][..len].copy_from_slice(&rest[..len]);
    u128::from_be_bytes(window)
}

#[cfg(test)]
mod tests {
    use super::super::get_bit;
    use super::*;
    use proptest::prelude::*;

    fn any_type() -> impl Strategy<Value = BitType> {
        "[iu][1-9][0-9]?".prop_filter_map("a type", |name| BitType::parse(name.as_bytes()))
    }

    #[test]
    fn overflow_is_handled_as_asked() {
        let u8 = BitType::parse(b"u8").unwrap();
        let i8 = BitType::parse(b"i8").unwrap();
        let i64 = BitType::parse(b"i64").unwrap();
        let every = |add: &dyn Fn(Overflow) -> Option<i64>| {
            [Overflow::Wrap, Overflow::Sat, Overflow::Fail].map(add)
        };
        assert_eq!(every(&|o| u8.add(250, 10, o)), [Some(4), Some(255), None]);
        assert_eq!(every(&|o| u8.add(5, -10, o)), [Some(251), Some(0), None]);
        assert_eq!(every(&|o| u8.convert(-1, o)), [Some(255), Some(255), None]);
        assert_eq!(
            every(&|o| i8.add(-128, -1, o)),
            [Some(127), Some(-128), None]
        );
        assert_eq!(every(&|o| i8.convert(-128, o)), [Some(-128); 3]);
        let lowest = i64::MIN;
        assert_eq!(i8.convert(lowest + 127, Overflow::Sat), Some(127));
        assert_eq!(i8.convert(lowest + 128, Overflow::Sat), Some(-128));
        assert_eq!(i64.convert(lowest, Overflow::Sat), Some(lowest));
        let most = i64::MAX;
        assert_eq!(
            every(&|o| i64.add(most, 1, o)),
            [Some(i64::MIN), Some(most), None]
        );
    }

    #[test]
    fn only_types_of_redis_have_names() {
        for name in ["i1", "i64", "u1", "u63"] {
            assert!(BitType::parse(name.as_bytes()).is_some(), "{name}");
        }
        for name in [
            "", "i", "u0", "u64", "i65", "I8", "i08", "i+8", "i-8", "x8", "i8 ",
        ] {
            assert_eq!(BitType::parse(name.as_bytes()), None, "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn writing_changes_the_bits_of_the_integer_only(
            mut bytes: Vec<u8>, offset in 0usize..2000, number: i64, kind in any_type(),
        ) {
            let before = bytes.clone();
            let stored = kind.convert(number, Overflow::Wrap).unwrap();
            kind.set(&mut bytes, offset, number);
            prop_assert_eq!(kind.get(&bytes, offset), stored);
            let end = offset + kind.bits() as usize;
            prop_assert_eq!(bytes.len(), before.len().max(end.div_ceil(8)));
            for other in (0..bytes.len() * 8).filter(|other| !(offset..end).contains(other)) {
                prop_assert_eq!(get_bit(&bytes, other), get_bit(&before, other));
            }
            for (place, bit) in (offset..end).rev().enumerate() {
                prop_assert_eq!(get_bit(&bytes, bit), number >> place & 1 == 1);
            }
        }
    }
}
