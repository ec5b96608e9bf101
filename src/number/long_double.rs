//! [`LongDouble`]: the 80-bit floats that INCRBYFLOAT and HINCRBYFLOAT add with.

use std::fmt;
use std::ops::Add;

use rustc_apfloat::Float;
use rustc_apfloat::Round;
use rustc_apfloat::ieee::X87DoubleExtended;

use super::is_infinity;
use super::parse_unsigned;
use super::split_sign;

/// Texts of this length or more are refused.
const MAX_TEXT: usize = 5120;
/// How many digits are printed behind the point.
const DECIMALS: usize = 17;
/// Ten to the power of [`DECIMALS`].
const SCALE: u128 = 10u128.pow(DECIMALS as u32);
/// The exponent of a significand's lowest bit, were the exponent field 0.
const LOWEST_EXPONENT: i32 = -16446;

/// An x87 `long double`. It prints as Redis prints it: 17 digits behind the point, then the zeros cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LongDouble(X87DoubleExtended);

impl LongDouble {
    /// 0
    pub const ZERO: LongDouble = LongDouble(X87DoubleExtended::ZERO);

    /// The number that `text` is, whole: what C's `strtold` takes, without leading space and NaN, and
    /// without numbers that are too large or that would become 0. It may be an infinity.
    pub fn parse(text: &[u8]) -> Option<LongDouble> {
        if text.len() >= MAX_TEXT {
            return None;
        }
        let (negative, unsigned) = split_sign(str::from_utf8(text).ok()?);
        let magnitude = if is_infinity(unsigned) {
            X87DoubleExtended::INFINITY
        } else {
            parse_unsigned(unsigned)?
        };
        Some(LongDouble(if negative { -magnitude } else { magnitude }))
    }

    /// Whether this is neither an infinity nor a NaN.
    pub fn is_finite(self) -> bool {
        self.0.is_finite()
    }

    /// A thousand times this, rounded up; the nearest of the 64 bits where it is beyond them.
    pub fn thousandfold(self) -> i64 {
        let thousand = X87DoubleExtended::from_u128(1000).value;
        let product = (self.0 * thousand).value;
        // A number that is too large becomes the largest.
        product
            .to_i128_r(64, Round::TowardPositive, &mut false)
            .value as i64
    }
}

impl Add for LongDouble {
    type Output = LongDouble;

    fn add(self, other: LongDouble) -> LongDouble {
        LongDouble((self.0 + other.0).value)
    }
}

impl fmt::Display for LongDouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0.is_negative() { "-" } else { "" };
        if !self.0.is_finite() {
            let name = if self.0.is_nan() { "nan" } else { "inf" };
            return write!(f, "{sign}{name}");
        }
        let bits = self.0.to_bits();
        let significand = bits as u64;
        // Subnormal numbers have the exponent of the smallest normal ones.
        let field = ((bits >> 64) as i32 & 0x7FFF).max(1);
        match field + LOWEST_EXPONENT {
            exponent @ 0.. => write_whole(f, sign, significand, exponent as u32),
            exponent => write_fraction(f, sign, significand, exponent.unsigned_abs()),
        }
    }
}

/// Writes `significand` times two to the `exponent`, exactly.
fn write_whole(
    f: &mut fmt::Formatter<'_>,
    sign: &str,
    significand: u64,
    exponent: u32,
) -> fmt::Result {
    if exponent <= 64 {
        return write!(f, "{sign}{}", u128::from(significand) << exponent);
    }
    let limbs = decimal_limbs(significand, exponent);
    let (first, rest) = limbs.split_last().expect("a normal number has digits");
    write!(f, "{sign}{first}")?;
    rest.iter()
        .rev()
        .try_for_each(|limb| write!(f, "{limb:09}"))
}

/// The digits of `significand` times two to the `exponent`, nine to a limb, the lowest first.
fn decimal_limbs(significand: u64, mut exponent: u32) -> Vec<u32> {
    const LIMB: u64 = 1_000_000_000;
    let mut limbs = vec![
        significand % LIMB,
        significand / LIMB % LIMB,
        significand / LIMB / LIMB,
    ];
    while exponent > 0 {
        let shift = exponent.min(32);
        let mut carry = 0;
        for limb in &mut limbs {
            let shifted = (*limb << shift) + carry;
            *limb = shifted % LIMB;
            carry = shifted / LIMB;
        }
        if carry > 0 {
            limbs.extend([carry % LIMB, carry / LIMB]);
        }
        exponent -= shift;
    }
    let digits = limbs
        .iter()
        .rposition(|&limb| limb != 0)
        .map_or(0, |last| last + 1);
    limbs[..digits].iter().map(|&limb| limb as u32).collect()
}

/// Writes `significand` divided by two to the `shift`, rounded to [`DECIMALS`] digits behind the point.
fn write_fraction(
    f: &mut fmt::Formatter<'_>,
    sign: &str,
    significand: u64,
    shift: u32,
) -> fmt::Result {
    let scaled = round_shift(u128::from(significand) * SCALE, shift);
    let (whole, decimals) = (scaled / SCALE, scaled % SCALE);
    match (whole, decimals) {
        (0, 0) => f.write_str("0"),
        (whole, 0) => write!(f, "{sign}{whole}"),
        _ => {
            let decimals = format!("{decimals:0DECIMALS$}");
            write!(f, "{sign}{whole}.{}", decimals.trim_end_matches('0'))
        }
    }
}

/// `number` divided by two to the `shift`, rounded to the nearest, ties to even.
fn round_shift(number: u128, shift: u32) -> u128 {
    // `number` is below 2^121: shifted this far it is less than a half.
    if shift > 122 {
        return 0;
    }
    let quotient = number >> shift;
    let rest = number - (quotient << shift);
    let half = 1 << (shift - 1);
    let up = rest > half || (rest == half && quotient % 2 == 1);
    quotient + u128::from(up)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(a: &str, b: &str) -> Option<String> {
        let sum = LongDouble::parse(a.as_bytes())? + LongDouble::parse(b.as_bytes())?;
        sum.is_finite().then(|| sum.to_string())
    }

    /// What INCRBYFLOAT of Redis 8.2.3 answers; `None` where it refuses.
    #[test]
    fn sums_are_printed_as_recorded() {
        let recorded = [
            ("0", "-0", Some("0")),
            ("0", "0x10", Some("16")),
            ("0", "0x1p-3", Some("0.125")),
            ("0.1", "0.2", Some("0.3")),
            ("5.0e3", "2.0e2", Some("5200")),
            ("0", "1e-17", Some("0.00000000000000001")),
            ("0", "5e-18", Some("0")),
            ("0", "-1e-30", Some("0")),
            ("0", "3.6e-4951", Some("0")),
            ("0", "12345678901234567890.5", Some("12345678901234567890")),
            (
                "0",
                "100000000000000000000000000000000000000001",
                Some("99999999999999999996656269301985151287296"),
            ),
            ("0", "1e-4960", None),
            ("0", "1e4933", None),
            ("1e4932", "1e4932", None),
            ("0", "inf", None),
            ("inf", "-inf", None),
            ("0", "nan", None),
            ("0", " 1", None),
            ("0", "1 ", None),
            ("0", "", None),
            ("0", "0x", None),
            ("0", "1e", None),
            ("0", "1\0", None),
        ];
        for (a, b, sum) in recorded {
            assert_eq!(add(a, b).as_deref(), sum, "{a} + {b:?}");
        }
    }

    #[test]
    fn the_longest_text_and_the_largest_number_are_exact() {
        let zeros = "0".repeat(MAX_TEXT - 2);
        assert_eq!(add("0", &format!("{zeros}1")).as_deref(), Some("1"));
        assert_eq!(add("0", &format!("0{zeros}1")), None);
        let largest = add("0", "1.18973149535723176502e4932").unwrap();
        assert_eq!(largest.len(), 4933);
        assert!(largest.starts_with(
            "1189731495357231765021263853030970205169063322294624200440323733891737005"
        ));
        assert_eq!(LongDouble::parse(b"-inf").unwrap().to_string(), "-inf");
    }
}
