//! Replies as redis-cli prints them on a terminal.

use super::Reply;
use crate::number::format_double;

/// The text of `reply` in redis-cli's notation, without a line end after the last line.
pub fn pretty(reply: &Reply) -> String {
    let mut out = String::new();
    write(reply, "", &mut out);
    out.pop();
    out
}

/// A byte string in double quotes, with redis-cli's escapes.
pub fn quote(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() + 2);
    out.push('"');
    for &byte in bytes {
        match byte {
            b'\\' | b'"' => out.extend(['\\', byte as char]),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            0x07 => out.push_str("\\a"),
            0x08 => out.push_str("\\b"),
            0x20..=0x7e => out.push(byte as char),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push('"');
    out
}

fn write(reply: &Reply, indent: &str, out: &mut String) {
    let scalar = |text: &str, out: &mut String| {
        out.push_str(text);
        out.push('\n');
    };
    match reply {
        Reply::Simple(text) => scalar(text, out),
        Reply::Error(text) => scalar(&format!("(error) {text}"), out),
        Reply::Int(number) => scalar(&format!("(integer) {number}"), out),
        Reply::Bulk(bytes) => scalar(&quote(bytes), out),
        Reply::Null | Reply::NullArray => scalar("(nil)", out),
        Reply::Double(number) => scalar(&format!("(double) {}", format_double(*number)), out),
        Reply::Bool(yes) => scalar(if *yes { "(true)" } else { "(false)" }, out),
        Reply::BigNumber(digits) => scalar(&String::from_utf8_lossy(digits), out),
        Reply::Verbatim(_, text) => scalar(&String::from_utf8_lossy(text), out),
        Reply::Silence => scalar("", out),
        Reply::Array(items) => sequence(items, ')', "(empty array)", indent, out),
        Reply::Set(items) => sequence(items, '~', "(empty set)", indent, out),
        Reply::Push(items) => sequence(items, '>', "(empty push)", indent, out),
        Reply::Map(pairs) if pairs.is_empty() => scalar("(empty hash)", out),
        Reply::Map(pairs) => {
            let width = pairs.len().to_string().len();
            for (index, (key, value)) in pairs.iter().enumerate() {
                if index > 0 {
                    out.push_str(indent);
                }
                out.push_str(&format!("{:>width$}# {} => ", index + 1, pretty(key)));
                write(value, &format!("{indent}{:1$}", "", width + 2), out);
            }
        }
    }
}

fn sequence(items: &[Reply], mark: char, empty: &str, indent: &str, out: &mut String) {
    if items.is_empty() {
        out.push_str(empty);
        out.push('\n');
        return;
    }
    let width = items.len().to_string().len();
    let deeper = format!("{indent}{:1$}", "", width + 2);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(indent);
        }
        out.push_str(&format!("{:>width$}{mark} ", index + 1));
        write(item, &deeper, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_replies_are_indented_as_redis_cli_does() {
        let inner = Reply::Array(vec![Reply::Int(1), Reply::Null]);
        let reply = Reply::Array(vec![inner, Reply::bulk(b"a\"\x00"), Reply::OK]);
        assert_eq!(
            pretty(&reply),
            "1) 1) (integer) 1\n   2) (nil)\n2) \"a\\\"\\x00\"\n3) OK"
        );
    }
}
