//! Replies and commands to bytes.

use std::borrow::Cow;

use super::Protocol;
use super::Reply;
use crate::number::format_double;

/// Appends the bytes of `reply` in `protocol` to `out`.
pub fn encode(reply: &Reply, protocol: Protocol, out: &mut Vec<u8>) {
    let resp3 = protocol == Protocol::Resp3;
    match reply {
        // A text of our own has no line ends.
        Reply::Simple(Cow::Borrowed(text)) => plain_line(b'+', text.as_bytes(), out),
        Reply::Simple(text) => line(b'+', text.as_bytes(), out),
        // Line ends at the end are dropped, as Redis does for errors alone.
        Reply::Error(text) => line(b'-', text.trim_end_matches(['\r', '\n']).as_bytes(), out),
        Reply::Int(number) => integer(b':', *number, out),
        Reply::Bulk(bytes) => blob(b'$', &[], bytes, out),
        Reply::Null if resp3 => out.extend_from_slice(b"_\r\n"),
        Reply::NullArray if resp3 => out.extend_from_slice(b"_\r\n"),
        Reply::Null => out.extend_from_slice(b"$-1\r\n"),
        Reply::NullArray => out.extend_from_slice(b"*-1\r\n"),
        Reply::Array(items) => sequence(b'*', items, protocol, out),
        Reply::Map(pairs) => {
            if resp3 {
                integer(b'%', pairs.len() as i64, out);
            } else {
                integer(b'*', 2 * pairs.len() as i64, out);
            }
            for (key, value) in pairs {
                encode(key, protocol, out);
                encode(value, protocol, out);
            }
        }
        Reply::Set(items) => sequence(if resp3 { b'~' } else { b'*' }, items, protocol, out),
        Reply::Double(number) if resp3 => line(b',', format_double(*number).as_bytes(), out),
        Reply::Double(number) => blob(b'$', &[], format_double(*number).as_bytes(), out),
        Reply::Bool(yes) if resp3 => {
            out.extend_from_slice(if *yes { b"#t\r\n" } else { b"#f\r\n" })
        }
        Reply::Bool(yes) => integer(b':', i64::from(*yes), out),
        Reply::BigNumber(digits) if resp3 => line(b'(', digits, out),
        Reply::BigNumber(digits) => blob(b'$', &[], digits, out),
        Reply::Verbatim(format, text) if resp3 => {
            blob(b'=', &[format[0], format[1], format[2], b':'], text, out);
        }
        Reply::Verbatim(_, text) => blob(b'$', &[], text, out),
        Reply::Push(items) => sequence(if resp3 { b'>' } else { b'*' }, items, protocol, out),
        Reply::Silence => {}
    }
}

/// Appends a command as a client sends it: an array of bulk strings.
pub fn encode_command<A: AsRef<[u8]>>(argv: &[A], out: &mut Vec<u8>) {
    integer(b'*', argv.len() as i64, out);
    for arg in argv {
        blob(b'$', &[], arg.as_ref(), out);
    }
}

fn sequence(marker: u8, items: &[Reply], protocol: Protocol, out: &mut Vec<u8>) {
    integer(marker, items.len() as i64, out);
    for item in items {
        encode(item, protocol, out);
    }
}

/// A line must not hold a line end: Redis replaces each with a space.
fn line(marker: u8, text: &[u8], out: &mut Vec<u8>) {
    out.push(marker);
    out.extend(text.iter().map(|&byte| {
        if matches!(byte, b'\r' | b'\n') {
            b' '
        } else {
            byte
        }
    }));
    out.extend_from_slice(b"\r\n");
}

fn plain_line(marker: u8, text: &[u8], out: &mut Vec<u8>) {
    out.reserve(text.len() + 3);
    out.push(marker);
    out.extend_from_slice(text);
    out.extend_from_slice(b"\r\n");
}

fn integer(marker: u8, number: i64, out: &mut Vec<u8>) {
    match number {
        0..10 => out.extend_from_slice(&[marker, b'0' + number as u8, b'\r', b'\n']),
        10..100 => {
            let [tens, ones] = [number / 10, number % 10].map(|digit| b'0' + digit as u8);
            out.extend_from_slice(&[marker, tens, ones, b'\r', b'\n']);
        }
        _ => plain_line(marker, itoa::Buffer::new().format(number).as_bytes(), out),
    }
}

fn blob(marker: u8, prefix: &[u8], bytes: &[u8], out: &mut Vec<u8>) {
    // The longest length has twenty digits.
    out.reserve(prefix.len() + bytes.len() + 25);
    integer(marker, (prefix.len() + bytes.len()) as i64, out);
    out.extend_from_slice(prefix);
    out.extend_from_slice(bytes);
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::decode_reply;

    #[test]
    fn resp2_lowers_what_only_resp3_can_say() {
        let reply = Reply::Array(vec![
            Reply::Map(vec![(Reply::bulk(b"a"), Reply::Double(1.5))]),
            Reply::Null,
            Reply::NullArray,
            Reply::Bool(true),
            Reply::Verbatim(*b"txt", b"hi".into()),
        ]);
        let bytes = |protocol| {
            let mut out = Vec::new();
            encode(&reply, protocol, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(
            bytes(Protocol::Resp2),
            "*5\r\n*2\r\n$1\r\na\r\n$3\r\n1.5\r\n$-1\r\n*-1\r\n:1\r\n$2\r\nhi\r\n"
        );
        let resp3 = bytes(Protocol::Resp3);
        assert_eq!(
            resp3,
            "*5\r\n%1\r\n$1\r\na\r\n,1.5\r\n_\r\n_\r\n#t\r\n=6\r\ntxt:hi\r\n"
        );
        assert!(decode_reply(resp3.as_bytes()).unwrap().is_some());
    }

    #[test]
    fn a_line_end_inside_an_error_becomes_a_space() {
        let mut out = Vec::new();
        encode(
            &Reply::Error("ERR a\r\nb\r\n".into()),
            Protocol::Resp2,
            &mut out,
        );
        assert_eq!(out, b"-ERR a  b\r\n");
    }
}
