//! Replies as redis-rs's values: what its parser would have made of the same bytes.

use std::io;

use redis::PushInfo;
use redis::PushKind;
use redis::RedisError;
use redis::ServerError;
use redis::Value;
use redis::VerbatimFormat;

use crate::resp::Protocol;
use crate::resp::Reply;
use crate::resp::encode;

/// The value that redis-rs reads where a server with this protocol answers `reply`.
pub(super) fn to_value(reply: Reply, protocol: Protocol) -> Value {
    match protocol {
        Protocol::Resp2 => parsed(reply.lowered()),
        Protocol::Resp3 => parsed(reply),
    }
}

/// What redis-rs passes on of a reply that belongs to no request.
pub(super) fn to_push(reply: &Reply) -> Option<PushInfo> {
    let mut bytes = Vec::new();
    encode(reply, Protocol::Resp3, &mut bytes);
    match redis::parse_redis_value(&bytes) {
        Ok(Value::Push { kind, data }) => Some(PushInfo { kind, data }),
        _ => None,
    }
}

fn parsed(reply: Reply) -> Value {
    let items = |items: Vec<Reply>| items.into_iter().map(parsed).collect();
    match reply {
        Reply::Simple(text) if text == "OK" => Value::Okay,
        Reply::Simple(text) => Value::SimpleString(text.into_owned()),
        Reply::Error(text) => Value::ServerError(server_error(&text)),
        Reply::Int(number) => Value::Int(number),
        Reply::Bulk(bytes) => Value::BulkString(bytes.to_vec()),
        Reply::Null | Reply::NullArray | Reply::Silence => Value::Nil,
        Reply::Array(array) => Value::Array(items(array)),
        Reply::Map(pairs) => {
            let pair = |(key, value)| (parsed(key), parsed(value));
            Value::Map(pairs.into_iter().map(pair).collect())
        }
        Reply::Set(members) => Value::Set(items(members)),
        Reply::Double(number) => Value::Double(number),
        Reply::Bool(yes) => Value::Boolean(yes),
        Reply::Verbatim(format, text) => Value::VerbatimString {
            format: match &format {
                b"txt" => VerbatimFormat::Text,
                b"mkd" => VerbatimFormat::Markdown,
                other => VerbatimFormat::Unknown(String::from_utf8_lossy(other).into_owned()),
            },
            text: String::from_utf8_lossy(&text).into_owned(),
        },
        Reply::BigNumber(text) => Value::BulkString(text.to_vec()),
        Reply::Push(parts) => {
            let mut data: Vec<Value> = items(parts);
            let kind = (!data.is_empty()).then(|| data.remove(0));
            let name = match kind {
                Some(Value::BulkString(name)) => String::from_utf8_lossy(&name).into_owned(),
                _ => String::new(),
            };
            Value::Push {
                kind: PushKind::Other(name),
                data,
            }
        }
    }
}

/// An error reply as redis-rs's own type. Its parser is the only way to one.
pub(super) fn server_error(text: &str) -> ServerError {
    let line = format!("-{}\r\n", text.replace(['\r', '\n'], " "));
    match redis::parse_redis_value(line.as_bytes()) {
        Ok(Value::ServerError(error)) => error,
        other => unreachable!("an error line is read as an error, not as {other:?}"),
    }
}

/// The connection was closed from the other side while a reply was expected.
pub(super) fn cut() -> RedisError {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "the connection was closed by the fake before its reply was complete",
    )
    .into()
}

/// The connection was closed from the other side.
pub(super) fn closed() -> RedisError {
    io::Error::new(
        io::ErrorKind::BrokenPipe,
        "the connection was closed by the fake",
    )
    .into()
}
