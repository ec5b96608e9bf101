//! Numbers as Redis reads and writes them: which texts are numbers, and how numbers are printed.
//!
//! It knows text and arithmetic only, no command and no reply.

mod double;
mod grisu;
mod integer;
mod long_double;

pub use double::format_double;
pub use double::format_double_in_full;
pub use double::parse_f64;
pub use double::parse_f64_lax;
pub use integer::format_i64;
pub use integer::parse_i64;
pub use long_double::LongDouble;

use rustc_apfloat::Float;
use rustc_apfloat::Round;
use rustc_apfloat::StatusAnd;

/// A number's text without its sign, and whether the sign was a minus.
fn split_sign(text: &str) -> (bool, &str) {
    match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    }
}

/// Whether C's `strtod` takes the unsigned `text` for infinity.
fn is_infinity(text: &str) -> bool {
    text.eq_ignore_ascii_case("inf") || text.eq_ignore_ascii_case("infinity")
}

/// The digits of a C hexadecimal float: what follows `0x`.
fn hex_digits(text: &str) -> Option<&str> {
    text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))
}

/// Whether a digit before the exponent is not 0: such a number must not become 0.
fn is_nonzero(digits: &str, exponent: [char; 2]) -> bool {
    let significand = digits.split(exponent).next().unwrap_or(digits);
    significand.bytes().any(|c| c != b'0' && c != b'.')
}

/// Reads unsigned `text`, decimal or hexadecimal, as C's `strtod` does; `None` beyond `F`'s range.
fn parse_unsigned<F: Float>(text: &str) -> Option<F> {
    let nonzero = match hex_digits(text) {
        Some(digits) => is_nonzero(digits, ['p', 'P']),
        None => is_nonzero(text, ['e', 'E']),
    };
    let number = match hex_digits(text) {
        Some(digits) => from_hex(digits)?,
        None => from_decimal::<F>(text)?,
    };
    (number.is_finite() && number.is_zero() != nonzero).then_some(number)
}

fn from_hex<F: Float>(digits: &str) -> Option<F> {
    // The exponent is optional in C only.
    let exponent = if digits.contains(['p', 'P']) {
        ""
    } else {
        "p0"
    };
    nearest(&format!("0x{digits}{exponent}"))
}

fn from_decimal<F: Float>(text: &str) -> Option<F> {
    // The standard library is strict where `Float` is lax, as with an exponent without digits.
    let strict = starts_decimal(text) && text.parse::<f64>().is_ok();
    strict.then(|| nearest(text)).flatten()
}

/// Whether `text` begins as a number and not as the name of one.
fn starts_decimal(text: &str) -> bool {
    text.starts_with(|c: char| c == '.' || c.is_ascii_digit())
}

fn nearest<F: Float>(text: &str) -> Option<F> {
    let StatusAnd { value, .. } = F::from_str_r(text, Round::NearestTiesToEven).ok()?;
    Some(value)
}
