//! [`StringValue`]: a Redis string, in one of Redis's three encodings.

use std::borrow::Cow;
use std::sync::Arc;

use super::Touch;
use crate::bytes::Bytes;
use crate::bytes::SlimBytes;
use crate::number::format_i64;
use crate::number::parse_i64;

/// The longest string that Redis keeps as `embstr`.
const EMBSTR: usize = 44;

/// A Redis string. Which variant holds it is what `OBJECT ENCODING` shows.
#[derive(Clone, Debug)]
pub enum StringValue {
    /// `int`: the canonical decimal form of an integer.
    Int(i64),
    /// `embstr` up to 44 bytes, `raw` beyond: set whole.
    Whole(SlimBytes),
    /// `raw`: changed in place by APPEND, SETRANGE or SETBIT.
    Buffer(Arc<Vec<u8>>),
}

impl StringValue {
    /// The string that SET stores: an integer where the bytes are one.
    pub fn new(bytes: &[u8]) -> StringValue {
        match parse_i64(bytes) {
            Some(number) => StringValue::Int(number),
            None => StringValue::Whole(SlimBytes::from(bytes)),
        }
    }

    /// Becomes the string that SET stores.
    pub fn assign(&mut self, bytes: &[u8]) {
        match (self, parse_i64(bytes)) {
            (StringValue::Whole(whole), None) => whole.assign(bytes),
            (this, None) => *this = StringValue::Whole(SlimBytes::from(bytes)),
            (this, Some(number)) => *this = StringValue::Int(number),
        }
    }

    /// The bytes.
    pub fn as_bytes(&self) -> Cow<'_, [u8]> {
        match self {
            StringValue::Int(number) => Cow::Owned(format_i64(*number).to_vec()),
            StringValue::Whole(bytes) => Cow::Borrowed(bytes),
            StringValue::Buffer(bytes) => Cow::Borrowed(bytes),
        }
    }

    /// The bytes, as a handle that outlives this value.
    pub fn to_bytes(&self) -> Bytes {
        match self {
            StringValue::Int(number) => format_i64(*number),
            StringValue::Whole(bytes) => Bytes::from(bytes),
            StringValue::Buffer(bytes) => Bytes::from(bytes.as_slice()),
        }
    }

    /// The length in bytes.
    pub fn len(&self) -> usize {
        match self {
            StringValue::Int(_) => self.as_bytes().len(),
            StringValue::Whole(bytes) => bytes.len(),
            StringValue::Buffer(bytes) => bytes.len(),
        }
    }

    /// Whether the string is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The integer that the string is, where it is one.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            StringValue::Int(number) => Some(*number),
            other => parse_i64(&other.as_bytes()),
        }
    }

    /// The bytes, to change in place; from now on the encoding is `raw`.
    pub fn make_mut(&mut self) -> &mut Vec<u8> {
        if !matches!(self, StringValue::Buffer(_)) {
            *self = StringValue::Buffer(Arc::new(self.as_bytes().into_owned()));
        }
        match self {
            StringValue::Buffer(bytes) => Arc::make_mut(bytes),
            StringValue::Int(_) | StringValue::Whole(_) => unreachable!("made a buffer above"),
        }
    }

    /// Takes the encoding of a string that is set whole.
    pub(super) fn reload(&mut self) {
        if let StringValue::Buffer(bytes) = self {
            *self = StringValue::new(bytes);
        }
    }

    /// What `OBJECT ENCODING` answers.
    pub fn encoding(&self) -> &'static str {
        match self {
            StringValue::Int(_) => "int",
            StringValue::Whole(bytes) if bytes.len() <= EMBSTR => "embstr",
            StringValue::Whole(_) | StringValue::Buffer(_) => "raw",
        }
    }
}

impl Touch for StringValue {
    #[inline]
    fn touch(&self) -> u8 {
        match self {
            StringValue::Int(_) => 0,
            StringValue::Whole(bytes) => bytes.first().copied().unwrap_or(0),
            StringValue::Buffer(bytes) => Arc::strong_count(bytes) as u8,
        }
    }
}

impl PartialEq for StringValue {
    /// Equal bytes, whatever the encoding.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (StringValue::Int(a), StringValue::Int(b)) => a == b,
            _ => self.as_bytes() == other.as_bytes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_those_of_redis() {
        for (text, encoding) in [
            ("12", "int"),
            ("-9223372036854775808", "int"),
            ("9223372036854775808", "embstr"),
            ("012", "embstr"),
            ("", "embstr"),
            (&"x".repeat(44), "embstr"),
            (&"x".repeat(45), "raw"),
        ] {
            let value = StringValue::new(text.as_bytes());
            assert_eq!(value.encoding(), encoding, "{text}");
            assert_eq!(&*value.as_bytes(), text.as_bytes());
            assert_eq!(value.len(), text.len());
        }
        let mut value = StringValue::new(b"12");
        value.make_mut().push(b'3');
        assert_eq!((value.encoding(), value.as_i64()), ("raw", Some(123)));
    }
}
