//! Numbers as Redis reads and writes them: which texts are integers, and how a double is printed.

/// The integer that `text` is the canonical decimal form of: no sign `+`, no leading zero, no space.
pub fn parse_i64(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    match digits {
        [b'0'] if !negative => return Some(0),
        [b'1'..=b'9', ..] if digits.len() <= 19 => {}
        _ => return None,
    }
    let mut value: i64 = 0;
    for &digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        let digit = i64::from(digit - b'0');
        value = value.checked_mul(10)?;
        value = if negative {
            value.checked_sub(digit)?
        } else {
            value.checked_add(digit)?
        };
    }
    Some(value)
}

/// The shortest text that reads back as `number`, as Redis prints scores and doubles.
pub fn format_double(number: f64) -> String {
    number.to_string()
}
