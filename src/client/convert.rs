//! Replies as redis-rs's values: what its parser would have made of the same bytes.

use std::io;

use redis::PushKind;
use redis::RedisError;
use redis::ServerError;
use redis::Value;
use redis::VerbatimFormat;

use crate::number::format_double;
use crate::resp::Protocol;
use crate::resp::Reply;

/// The value that redis-rs reads where a server with this protocol answers `reply`.
pub(super) fn to_value(reply: Reply, protocol: Protocol) -> Value {
    let resp3 = protocol == Protocol::Resp3;
    let items = |items: Vec<Reply>| {
        items
            .into_iter()
            .map(|item| to_value(item, protocol))
            .collect()
    };
    match reply {
        Reply::Simple(text) if text == "OK" => Value::Okay,
        Reply::Simple(text) => Value::SimpleString(text.into_owned()),
        Reply::Error(text) => Value::ServerError(server_error(&text)),
        Reply::Int(number) => Value::Int(number),
        Reply::Bulk(bytes) => Value::BulkString(bytes.to_vec()),
        Reply::Null | Reply::NullArray | Reply::Silence => Value::Nil,
        Reply::Array(array) => Value::Array(items(array)),
        Reply::Map(pairs) if resp3 => {
            let pair = |(key, value)| (to_value(key, protocol), to_value(value, protocol));
            Value::Map(pairs.into_iter().map(pair).collect())
        }
        Reply::Map(pairs) => Value::Array(items(
            pairs
                .into_iter()
                .flat_map(|(key, value)| [key, value])
                .collect(),
        )),
        Reply::Set(members) if resp3 => Value::Set(items(members)),
        Reply::Set(members) => Value::Array(items(members)),
        Reply::Double(number) if resp3 => Value::Double(number),
        Reply::Double(number) => Value::BulkString(format_double(number).into_bytes()),
        Reply::Bool(yes) if resp3 => Value::Boolean(yes),
        Reply::Bool(yes) => Value::Int(i64::from(yes)),
        Reply::Verbatim(format, text) if resp3 => Value::VerbatimString {
            format: match &format {
                b"txt" => VerbatimFormat::Text,
                b"mkd" => VerbatimFormat::Markdown,
                other => VerbatimFormat::Unknown(String::from_utf8_lossy(other).into_owned()),
            },
            text: String::from_utf8_lossy(&text).into_owned(),
        },
        Reply::Verbatim(_, text) | Reply::BigNumber(text) => Value::BulkString(text.to_vec()),
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

/// The connection was closed from the other side.
pub(super) fn closed() -> RedisError {
    io::Error::new(
        io::ErrorKind::BrokenPipe,
        "the connection was closed by the fake",
    )
    .into()
}
