//! Bytes to replies: what a client reads.

use std::fmt;

use super::Reply;
use crate::bytes::Bytes;
use crate::number::parse_i64;

/// Bytes that are not RESP. Redis sends the text as `-ERR Protocol error: …` and closes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError(String);

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Protocol error: {}", self.0)
    }
}

impl std::error::Error for DecodeError {}

/// Reads one reply, RESP2 or RESP3, from the start of `input`: the reply and its length, or `None`
/// while it is incomplete.
///
/// # Errors
///
/// When `input` is not RESP.
pub fn decode_reply(input: &[u8]) -> Result<Option<(Reply, usize)>, DecodeError> {
    let mut at = 0;
    let reply = reply_at(input, &mut at, 0)?;
    Ok(reply.map(|reply| (reply, at)))
}

/// Deeper replies than any server sends; beyond it the bytes are an attack on the stack.
const MAX_DEPTH: usize = 128;

fn reply_at(input: &[u8], at: &mut usize, depth: usize) -> Result<Option<Reply>, DecodeError> {
    if depth > MAX_DEPTH {
        return Err(error("reply is nested too deeply"));
    }
    let Some((text, next)) = line(input, *at) else {
        return Ok(None);
    };
    let Some((&marker, text)) = text.split_first() else {
        return Err(error("empty line where a reply should start"));
    };
    *at = next;
    let utf8 = || String::from_utf8_lossy(text).into_owned();
    let number = || parse_i64(text).ok_or_else(|| error(format!("invalid number '{}'", utf8())));
    let count = || {
        let count = number()?;
        usize::try_from(count).map_err(|_| error(format!("invalid length {count}")))
    };
    let items = |at: &mut usize, count: usize| -> Result<Option<Vec<Reply>>, DecodeError> {
        let mut items = Vec::with_capacity(count.min(1024));
        for _ in 0..count {
            match reply_at(input, at, depth + 1)? {
                Some(item) => items.push(item),
                None => return Ok(None),
            }
        }
        Ok(Some(items))
    };
    let blob = |at: &mut usize, len: usize| {
        let bytes = input.get(*at..*at + len)?;
        input.get(*at + len..*at + len + 2)?;
        *at += len + 2;
        Some(bytes)
    };
    Ok(match marker {
        b'+' => Some(Reply::Simple(utf8().into())),
        b'-' => Some(Reply::Error(utf8().into())),
        b':' => Some(Reply::Int(number()?)),
        b'_' => Some(Reply::Null),
        b'$' if text == b"-1" => Some(Reply::Null),
        b'$' => blob(at, count()?).map(Reply::bulk),
        b'*' if text == b"-1" => Some(Reply::NullArray),
        b'*' => items(at, count()?)?.map(Reply::Array),
        b'~' => items(at, count()?)?.map(Reply::Set),
        b'>' => items(at, count()?)?.map(Reply::Push),
        b'%' => items(at, 2 * count()?)?.map(|flat| {
            let mut flat = flat.into_iter();
            let mut pairs = Vec::with_capacity(flat.len() / 2);
            while let (Some(key), Some(value)) = (flat.next(), flat.next()) {
                pairs.push((key, value));
            }
            Reply::Map(pairs)
        }),
        b',' => {
            let number = utf8()
                .parse()
                .map_err(|_| error(format!("invalid double '{}'", utf8())))?;
            Some(Reply::Double(number))
        }
        b'#' if text == b"t" => Some(Reply::Bool(true)),
        b'#' if text == b"f" => Some(Reply::Bool(false)),
        b'(' => Some(Reply::BigNumber(Bytes::from(text))),
        b'=' => match blob(at, count()?) {
            Some([a, b, c, b':', text @ ..]) => Some(Reply::Verbatim([*a, *b, *c], text.into())),
            Some(_) => return Err(error("verbatim string without a format")),
            None => None,
        },
        other => return Err(error(format!("unknown reply type '{}'", other as char))),
    })
}

/// The line at `at` without its end, and the start of the next.
pub(super) fn line(input: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let rest = input.get(at..)?;
    let end = rest.iter().position(|&byte| byte == b'\r')?;
    // The byte after '\r' is taken for '\n' unseen, as Redis does.
    (end + 1 < rest.len()).then(|| (&rest[..end], at + end + 2))
}

pub(super) fn error(text: impl Into<String>) -> DecodeError {
    DecodeError(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::Protocol;
    use crate::resp::encode;

    #[test]
    fn replies_round_trip_in_resp3_and_wait_for_their_last_byte() {
        let reply = Reply::Array(vec![
            Reply::OK,
            Reply::Error("ERR no".into()),
            Reply::Int(-5),
            Reply::bulk(b"a\r\nb"),
            Reply::Null,
            Reply::Map(vec![(Reply::Int(1), Reply::Set(vec![Reply::Bool(false)]))]),
            Reply::Double(2.5),
            Reply::BigNumber(b"123456789012345678901".into()),
            Reply::Verbatim(*b"mkd", b"*".into()),
            Reply::Push(vec![]),
        ]);
        let mut bytes = Vec::new();
        encode(&reply, Protocol::Resp3, &mut bytes);
        assert_eq!(decode_reply(&bytes), Ok(Some((reply, bytes.len()))));
        for end in 0..bytes.len() {
            assert_eq!(decode_reply(&bytes[..end]), Ok(None));
        }
        assert!(decode_reply(&b"*1\r\n".repeat(200)).is_err());
    }
}
