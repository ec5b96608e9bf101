//! Descriptions and replies as JSON.
//!
//! Byte strings become JSON strings without loss: valid UTF-8 stands for itself, but for a backslash, which is
//! doubled; every other byte is written `\xNN`.

use fakeredis::resp::Reply;
use fakeredis::timeline::Describe;
use fakeredis::timeline::Fields;
use fakeredis::timeline::plain;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

/// The fields of an object, in order.
pub type Object = Map<String, Value>;

/// A byte string, without loss.
pub fn text(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(&chunk.valid().replace('\\', "\\\\"));
        chunk
            .invalid()
            .iter()
            .for_each(|byte| out.push_str(&format!("\\x{byte:02x}")));
    }
    out
}

/// What there is to say about a thing, as an object.
pub fn describe(thing: &impl Describe) -> Object {
    object(thing.describe())
}

/// A description.
pub fn object(fields: Fields) -> Object {
    match value(fields.into()) {
        Value::Object(object) => object,
        other => Object::from_iter([("value".to_owned(), other)]),
    }
}

/// What a command answered: strings, numbers, arrays; maps as arrays of pairs; errors as `{"error": …}`.
pub fn reply(reply: Reply) -> Value {
    value(plain(reply))
}

/// A part of a description, whose maps are objects.
pub fn value(part: Reply) -> Value {
    match part {
        Reply::Simple(text) => json!(text),
        Reply::Error(text) => json!({"error": text}),
        Reply::Int(number) => json!(number),
        Reply::BigNumber(digits) => big_number(&text(&digits)),
        Reply::Bulk(bytes) | Reply::Verbatim(_, bytes) => json!(text(&bytes)),
        Reply::Null | Reply::NullArray | Reply::Silence => Value::Null,
        Reply::Array(items) | Reply::Set(items) | Reply::Push(items) => {
            items.into_iter().map(value).collect()
        }
        Reply::Map(pairs) => {
            let pairs = pairs.into_iter();
            Value::Object(pairs.map(|(name, part)| (key(name), value(part))).collect())
        }
        Reply::Double(number) if number.is_finite() => json!(number),
        Reply::Double(number) => json!(number.to_string()),
        Reply::Bool(yes) => json!(yes),
    }
}

fn big_number(digits: &str) -> Value {
    digits
        .parse()
        .map_or(json!(digits), |number: u64| json!(number))
}

/// The name of a field.
fn key(name: Reply) -> String {
    match value(name) {
        Value::String(name) => name,
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rule of the module's documentation, backwards.
    fn bytes(text: &str) -> Vec<u8> {
        let (mut out, mut rest) = (Vec::new(), text);
        while let Some(at) = rest.find('\\') {
            out.extend(&rest.as_bytes()[..at]);
            match rest[at + 1..].strip_prefix('x') {
                Some(hex) => out.push(u8::from_str_radix(&hex[..2], 16).unwrap()),
                None => out.push(b'\\'),
            }
            rest = &rest[at
                + if rest[at + 1..].starts_with('x') {
                    4
                } else {
                    2
                }..];
        }
        out.extend(rest.as_bytes());
        out
    }

    #[test]
    fn byte_strings_lose_nothing() {
        let cases: [&[u8]; 6] = [
            b"",
            b"plain",
            "gr\u{fc}n".as_bytes(),
            b"\xff\x00\\x41",
            b"\\\\",
            b"a\xc3",
        ];
        for case in cases {
            assert_eq!(bytes(&text(case)), case, "{}", text(case));
        }
        assert_eq!(text(b"\xff\\"), "\\xff\\\\");
    }
}
