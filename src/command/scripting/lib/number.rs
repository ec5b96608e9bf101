//! Numbers as C's library prints and reads them, which is what the libraries in C do.

use std::io::Write;

use crate::number::parse_f64;

/// Appends `number`, which is finite, as `%.{precision}g` prints it.
pub(super) fn format_g(number: f64, precision: usize, out: &mut Vec<u8>) {
    let limit = 10f64.powi(precision as i32);
    let is_integer = number.trunc() == number && number.abs() < limit;
    if is_integer && (number != 0.0 || number.is_sign_positive()) {
        out.extend_from_slice(itoa::Buffer::new().format(number as i64).as_bytes());
        return;
    }
    let scientific = format!("{number:.*e}", precision - 1);
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..precision as i32).contains(&exponent) {
        let decimals = (precision as i32 - 1 - exponent) as usize;
        let fixed = format!("{number:.decimals$}");
        out.extend_from_slice(without_zeros(&fixed).as_bytes());
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        let digits = without_zeros(digits);
        write!(out, "{digits}e{sign}{:02}", exponent.abs()).expect("a Vec takes every write");
    }
}

fn without_zeros(digits: &str) -> &str {
    if digits.contains('.') {
        digits.trim_end_matches('0').trim_end_matches('.')
    } else {
        digits
    }
}

/// The number that `text` starts with, as C's `strtod` finds it, and its length.
pub(super) fn strtod(text: &[u8]) -> Option<(f64, usize)> {
    let sign = usize::from(matches!(text.first(), Some(b'+' | b'-')));
    let negative = text.first() == Some(&b'-');
    let unsigned = &text[sign..];
    let (magnitude, length) = name(unsigned)
        .or_else(|| hexadecimal(unsigned))
        .or_else(|| decimal(unsigned))?;
    Some((if negative { -magnitude } else { magnitude }, sign + length))
}

fn name(text: &[u8]) -> Option<(f64, usize)> {
    let names = [
        ("infinity", f64::INFINITY),
        ("inf", f64::INFINITY),
        ("nan", f64::NAN),
    ];
    let starts = |name: &str| {
        text.get(..name.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()))
    };
    let (name, number) = names.into_iter().find(|(name, _)| starts(name))?;
    Some((number, name.len()))
}

fn count(text: &[u8], is_digit: fn(&u8) -> bool) -> usize {
    text.iter().take_while(|byte| is_digit(byte)).count()
}

/// The length of digits with at most one point; `None` without a digit.
fn significand(text: &[u8], is_digit: fn(&u8) -> bool) -> Option<usize> {
    let whole = count(text, is_digit);
    let fraction = match text.get(whole) {
        Some(b'.') => count(&text[whole + 1..], is_digit),
        _ => return (whole > 0).then_some(whole),
    };
    (whole + fraction > 0).then_some(whole + 1 + fraction)
}

/// The length of an exponent after one of `markers`, 0 when it has no digit.
fn exponent(text: &[u8], markers: [u8; 2]) -> usize {
    if !text.first().is_some_and(|byte| markers.contains(byte)) {
        return 0;
    }
    let sign = usize::from(matches!(text.get(1), Some(b'+' | b'-')));
    match count(&text[1 + sign..], u8::is_ascii_digit) {
        0 => 0,
        digits => 1 + sign + digits,
    }
}

fn decimal(text: &[u8]) -> Option<(f64, usize)> {
    let digits = significand(text, u8::is_ascii_digit)?;
    let length = digits + exponent(&text[digits..], *b"eE");
    let number = str::from_utf8(&text[..length]).ok()?.parse().ok()?;
    Some((number, length))
}

fn hexadecimal(text: &[u8]) -> Option<(f64, usize)> {
    let [b'0', b'x' | b'X', rest @ ..] = text else {
        return None;
    };
    let digits = significand(rest, u8::is_ascii_hexdigit)?;
    let length = 2 + digits + exponent(&rest[digits..], *b"pP");
    Some((parse_f64(&text[..length])?, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(number: f64, precision: usize) -> String {
        let mut out = Vec::new();
        format_g(number, precision, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_are_printed_as_printf_does() {
        for (number, expected) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (100.0, "100"),
            (1e14, "1e+14"),
            (99999999999999.0, "99999999999999"),
            (123456789012345.0, "1.2345678901234e+14"),
            (0.1, "0.1"),
            (1.0 / 3.0, "0.33333333333333"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (-1.5e300, "-1.5e+300"),
            (9.99999999999999e22, "1e+23"),
        ] {
            assert_eq!(text(number, 14), expected);
        }
        assert_eq!(text(1.0 / 3.0, 3), "0.333");
        assert_eq!(text(1234.0, 3), "1.23e+03");
    }

    #[test]
    fn numbers_are_found_as_strtod_finds_them() {
        for (text, expected) in [
            ("12]", Some((12.0, 2))),
            ("1e", Some((1.0, 1))),
            ("1.e5x", Some((1e5, 4))),
            ("-.5", Some((-0.5, 3))),
            ("0x1Fp1", Some((62.0, 6))),
            ("0xg", Some((0.0, 1))),
            ("+INFinity!", Some((f64::INFINITY, 9))),
            ("1e999", Some((f64::INFINITY, 5))),
            ("-", None),
            (".", None),
        ] {
            assert_eq!(strtod(text.as_bytes()), expected, "{text}");
        }
    }
}
