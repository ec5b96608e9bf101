//! Doubles: scores, coordinates and RESP3's `,` replies.

use std::fmt::Write;

use rustc_apfloat::Float;
use rustc_apfloat::ieee::Double;

use super::grisu::shortest_digits;
use super::hex_digits;
use super::is_infinity;
use super::is_nonzero;
use super::parse_unsigned;
use super::split_sign;
use super::starts_decimal;

/// Doubles up to this magnitude are printed as integers where they are integers.
const EXACT_INTEGERS: f64 = (1u64 << 62) as f64;

/// How many zeros are appended to digits rather than an exponent.
const MOST_ZEROS: i32 = 7;

/// The double that `text` is, whole: what C's `strtod` takes, without leading space and NaN, and
/// without numbers that are too large or that would become 0.
pub fn parse_f64(text: &[u8]) -> Option<f64> {
    let (negative, unsigned) = split_sign(str::from_utf8(text).ok()?);
    // Redis's reader takes `-+inf` too.
    let name = unsigned.strip_prefix('+').filter(|_| negative);
    let magnitude = if is_infinity(name.unwrap_or(unsigned)) {
        f64::INFINITY
    } else if hex_digits(unsigned).is_some() {
        let bits = parse_unsigned::<Double>(unsigned)?.to_bits();
        f64::from_bits(bits as u64)
    } else {
        parse_decimal(unsigned)?
    };
    Some(if negative { -magnitude } else { magnitude })
}

/// The double that `text` is up to a zero byte, as Redis reads the ends of ranges and what SORT compares: no text is
/// 0, numbers that are too large are infinite, and those that are too small are 0.
pub fn parse_f64_lax(text: &[u8]) -> Option<f64> {
    let text = text.split(|&byte| byte == 0).next().unwrap_or_default();
    if text.is_empty() {
        return Some(0.0);
    }
    let number: f64 = str::from_utf8(text).ok()?.parse().ok()?;
    (!number.is_nan()).then_some(number)
}

fn parse_decimal(text: &str) -> Option<f64> {
    if !starts_decimal(text) {
        return None;
    }
    let number: f64 = text.parse().ok()?;
    let became_zero = number == 0.0 && is_nonzero(text, ['e', 'E']);
    (number.is_finite() && !became_zero).then_some(number)
}

/// The text of `number` as Redis prints scores and doubles. It reads back as `number`.
pub fn format_double(number: f64) -> String {
    if number == 0.0 || !number.is_finite() {
        return special(number).to_owned();
    }
    if number.trunc() == number && number.abs() <= EXACT_INTEGERS {
        return itoa::Buffer::new().format(number as i64).to_owned();
    }
    let mut text = String::with_capacity(24);
    if number < 0.0 {
        text.push('-');
    }
    let (digits, exponent) = shortest_digits(number.abs());
    lay_out(&mut text, itoa::Buffer::new().format(digits), exponent);
    text
}

/// The text of `number` with seventeen digits, as C's `%.17g` prints it and as ZSCAN shows scores.
pub fn format_double_in_full(number: f64) -> String {
    if number == 0.0 || !number.is_finite() {
        return special(number).to_owned();
    }
    let scientific = format!("{:.16e}", number.abs());
    let (digits, exponent) = scientific
        .split_once('e')
        .expect("an exponent was asked for");
    let digits = digits.replace('.', "");
    let digits = digits.trim_end_matches('0');
    let exponent: i32 = exponent.parse().expect("an exponent is a number");
    let mut text = String::from(if number < 0.0 { "-" } else { "" });
    let last = exponent - (digits.len() as i32 - 1);
    match (last, exponent) {
        (0.., ..17) => {
            text.push_str(digits);
            text.extend(std::iter::repeat_n('0', last as usize));
        }
        (_, -4..17) => lay_out_point(&mut text, digits, -last as usize),
        _ => {
            let (sign, places) = (if exponent < 0 { '-' } else { '+' }, exponent.abs());
            lay_out_exponent(&mut text, digits);
            write!(text, "{sign}{places:02}").expect("a string takes all");
        }
    }
    text
}

fn special(number: f64) -> &'static str {
    match number {
        _ if number.is_nan() => "nan",
        f64::INFINITY => "inf",
        f64::NEG_INFINITY => "-inf",
        _ if number.is_sign_negative() => "-0",
        _ => "0",
    }
}

/// Appends `digits` times ten to the `exponent`: plainly, or with an `e` where that is much shorter.
fn lay_out(text: &mut String, digits: &str, exponent: i32) {
    let scientific = exponent + digits.len() as i32 - 1;
    if (0..=MOST_ZEROS).contains(&exponent) {
        text.push_str(digits);
        text.extend(std::iter::repeat_n('0', exponent as usize));
    } else if exponent < 0 && (exponent > -7 || scientific.abs() < 4) {
        lay_out_point(text, digits, -exponent as usize);
    } else {
        lay_out_exponent(text, digits);
        write!(text, "{scientific:+}").expect("a string takes all");
    }
}

/// Appends `digits` with a point behind the first, and the `e` of an exponent.
fn lay_out_exponent(text: &mut String, digits: &str) {
    let (first, rest) = digits.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    write!(text, "{first}{point}{rest}e").expect("a string takes all");
}

/// Appends `digits` with the last `decimals` of them behind the point.
fn lay_out_point(text: &mut String, digits: &str, decimals: usize) {
    match digits.len().checked_sub(decimals) {
        None | Some(0) => {
            text.push_str("0.");
            text.extend(std::iter::repeat_n('0', decimals - digits.len()));
            text.push_str(digits);
        }
        Some(whole) => {
            text.push_str(&digits[..whole]);
            text.push('.');
            text.push_str(&digits[whole..]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What ZSCAN of Redis 8.2.3 answers, with `zset-max-listpack-entries 0`.
    #[test]
    fn in_full_there_are_seventeen_digits() {
        for (number, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (f64::NEG_INFINITY, "-inf"),
            (1.0, "1"),
            (0.1, "0.10000000000000001"),
            (-1.797, "-1.7969999999999999"),
            (1.5e-7, "1.4999999999999999e-07"),
            (0.00015, "0.00014999999999999999"),
            (12345.678901234567, "12345.678901234567"),
            (1e16, "10000000000000000"),
            (1e17, "1e+17"),
            (123456789012345680.0, "1.2345678901234568e+17"),
            (1e300, "1.0000000000000001e+300"),
            (5e-324, "4.9406564584124654e-324"),
        ] {
            assert_eq!(format_double_in_full(number), text);
        }
    }

    /// What ZADD and ZSCORE of Redis 8.2.3 answer, with `zset-max-listpack-entries 0`.
    const RECORDED: &[(&str, &str)] = &[
        ("-0", "-0"),
        ("0e99999999999999999999", "0"),
        ("1e17", "100000000000000000"),
        ("1e18", "1000000000000000000"),
        ("5e18", "5e+18"),
        ("1e21", "1e+21"),
        ("4611686018427387905", "4611686018427387904"),
        ("4611686018427388928", "4611686018427389000"),
        ("-16610138.311216285399e16", "-166101383112162850000000"),
        ("-4611686018427387904", "-4611686018427387904"),
        ("9223372036854775808", "9223372036854776000"),
        ("123456789012345680000", "123456789012345680000"),
        ("12345.678e10", "123456780000000"),
        ("1e-6", "0.000001"),
        ("1e-7", "1e-7"),
        ("0.000001234", "1.234e-6"),
        ("123456789.123", "123456789.123"),
        ("0.30000000000000004", "0.30000000000000004"),
        ("5e-324", "5e-324"),
        ("3e-324", "5e-324"),
        ("2.2250738585072014e-308", "2.2250738585072014e-308"),
        ("1.7976931348623158e308", "1.7976931348623157e+308"),
        ("0x1.fffffffffffffp1023", "1.7976931348623157e+308"),
        ("0x1.8p-1075", "5e-324"),
        ("0x10", "16"),
        ("-0X1P3", "-8"),
        ("0x.8", "0.5"),
        ("+.5", "0.5"),
        ("5.e3", "5000"),
        ("1e0005", "100000"),
        ("inFInity", "inf"),
        ("-INF", "-inf"),
        ("-+inf", "-inf"),
        // Not always the closest and shortest digits: see `grisu`.
        ("80466160404092.38", "80466160404092.37"),
        ("739076028784162.2", "739076028784162.3"),
        ("6529763.965409311", "6.5297639654093105e+6"),
        ("121472.3942379", "1.2147239423789999e+5"),
        ("55.31691074261607", "55.316910742616074"),
        ("8.93150884676966e-13", "8.931508846769659e-13"),
    ];

    const REFUSED: &[&str] = &[
        "",
        " 1",
        "1 ",
        "\t1",
        "1\0",
        "nan",
        "-nan",
        "nan(1)",
        "infin",
        "in",
        "inf ",
        "+-inf",
        "-+1",
        "+-1",
        "--1",
        "+",
        "-",
        ".",
        "e5",
        ".e3",
        "1e",
        "1e+",
        "1e 5",
        "1e5.5",
        "1.0.0",
        "1,5",
        "1_0",
        "1d",
        "0x",
        "0xp1",
        "0x1p",
        "0x1p1.",
        "0x-10",
        "0x1g",
        "0b1",
        "1e400",
        "1e-400",
        "-1e-400",
        "1e99999999999999999999",
        "1e-99999999999999999999",
        "2.47e-324",
        "0x1p-1075",
        "0x1p1024",
        "0x1.fffffffffffff8p1023",
        "1.7976931348623159e308",
    ];

    #[test]
    fn texts_are_read_and_printed_as_recorded() {
        for (text, printed) in RECORDED {
            let number = parse_f64(text.as_bytes()).unwrap_or_else(|| panic!("{text} is a float"));
            assert_eq!(format_double(number), *printed, "{text}");
        }
        for text in REFUSED {
            assert_eq!(parse_f64(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn ends_of_ranges_may_be_too_large_or_missing() {
        let read = ["", "1\0x", "1e400", "-1e400", "1e-400", "+1", "-inf"];
        let numbers = read.map(|text| parse_f64_lax(text.as_bytes()));
        let (infinity, least) = (f64::INFINITY, f64::NEG_INFINITY);
        let expected = [0.0, 1.0, infinity, least, 0.0, 1.0, least];
        assert_eq!(numbers, expected.map(Some));
        for text in [" 1", "1 ", "nan", "-nan", "0x1", "-", "+", "."] {
            assert_eq!(parse_f64_lax(text.as_bytes()), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(bits: u64) {
            let number = f64::from_bits(bits);
            prop_assume!(!number.is_nan());
            let read = parse_f64(format_double(number).as_bytes());
            prop_assert_eq!(read.map(f64::to_bits), Some(bits));
        }
    }
}
